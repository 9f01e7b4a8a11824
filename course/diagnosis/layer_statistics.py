"""Numbers taken from one layer's arrays: sizes, how far they stray, alike and dead units, flat slopes."""

import math

import numpy as np

from course import activations
from course.diagnosis.functions import named
from course.diagnosis.reading import LayerDefinition

SOME = 64
"""As many inputs' weights tell whether all stand at right angles."""
STAND_INS = 512
"""Units drawn to learn how many would be dead by chance."""
MOST_VALUES = 2**18
"""As many of a layer's answers are looked at; means of more are no better known."""
LINES, ROUNDED = 3, 1e-6
"""Fewer rows or columns may be multiples by luck; a singular value so much less than the first is rounding alone."""
NOISE_LENGTH = 256
"""Two layers whose first weights are alike up to a factor this far come from one draw."""
FEWEST, NEXT = 256, 0.02
"""A function without a name shows in so many values: those next to each other differ by so little of their spread."""
ALIKE = 2.0
"""What multiplies the squares of small and of large values by factors closer than this keeps a signal's shape."""


def mean_square(values: np.ndarray) -> float:
    """Return the second moment of an array."""
    return float(np.mean(np.square(values, dtype=float)))


def differing(inputs: np.ndarray) -> float:
    """Return the second moment of what differs between the examples of an array, which come first; nan for one."""
    return float(np.mean(np.var(inputs, axis=0, dtype=float))) if len(inputs) > 1 else math.nan


def sampled_rows(values: np.ndarray) -> np.ndarray:
    """Return answers `(rows, units)`, a row an example and a place, evenly taken from all of them if there are many."""
    rows = values.reshape(-1, values.shape[-1])
    return rows[:: math.ceil(rows.size / MOST_VALUES)]


def mean_square_error(weights: np.ndarray, second_moment: float) -> float:
    """Return the standard error of the mean of w², relative to it: √((kurtosis − 1) / count), normal weights having 3.

    They are taken to be normal where the weights are nearly all of one size, for a constant has no error.
    """
    kurtosis = float(np.mean(weights**4)) / second_moment**2 if second_moment else 3.0
    return math.sqrt(max(kurtosis - 1.0, 0.5) / weights.size)


def orthogonal(weights: np.ndarray) -> bool:
    """Return whether the inputs, fewer than the units, have weights of one length that stand at right angles.

    Their products are compared with those of random weights, which stray by 1/√units.
    """
    matrix = weights.reshape(-1, weights.shape[-1])
    inputs, units = matrix.shape
    if not 1 < inputs < units:
        return False
    some = matrix[:SOME].astype(float)
    products = some @ some.T
    size = float(np.trace(products)) / len(some)
    return bool(np.abs(products - size * np.eye(len(some))).max() < 0.1 * size / math.sqrt(units))


def picks(weights: np.ndarray) -> bool:
    """Return whether each unit weights one channel of several at most, as an identity and a kernel that enlarges do."""
    channels = np.any(weights.reshape(-1, *weights.shape[-2:]) != 0, axis=0)
    return len(channels) > 1 and bool(channels.any()) and bool(np.all(channels.sum(axis=0) <= 1))


def distinct_units(weights: np.ndarray, biases: np.ndarray) -> int:
    """Return how many units differ in a weight or in the bias: units of one random projection count as the same."""
    matrix = weights.reshape(-1, weights.shape[-1])
    if np.size(biases) not in (1, weights.shape[-1]):  # of a grouped kernel a unit's bias is not one number
        biases = np.zeros(1)
    columns = np.vstack([matrix, np.broadcast_to(biases, weights.shape[-1:])])
    scale = np.abs(columns).max()
    if scale == 0:
        return 1
    projected = np.random.default_rng(0).standard_normal(len(columns)) @ (columns / scale)
    return len(np.unique(np.round(projected, 7)))


def different_units(weights: np.ndarray, biases: np.ndarray, gradients: np.ndarray) -> int:
    """Return how many units differ in a weight, in the bias, or in the gradient of their weights."""
    weights = weights.reshape(-1, weights.shape[-1])
    gradients = gradients.reshape(weights.shape)
    scales = np.abs(weights).max(), np.abs(gradients).max()
    if not all(map(math.isfinite, scales)) or np.size(biases) not in (1, weights.shape[-1]):
        return distinct_units(weights, biases)
    both = [part / (scale or 1.0) for part, scale in zip((weights, gradients), scales, strict=True)]
    both = np.vstack([*both, np.broadcast_to(biases, weights.shape[-1:])])
    projected = np.random.default_rng(0).standard_normal(len(both)) @ both
    return len(np.unique(np.round(projected, 4)))


def has_rank_one(weights: np.ndarray) -> bool:
    """Return whether the weights of all units are multiples of one another, as those of a row or column repeated are.

    Of a matrix with fewer than three rows or columns that may be luck.
    """
    matrix = weights.reshape(-1, weights.shape[-1])
    largest = np.abs(matrix).max()
    if min(matrix.shape) < LINES or not 0 < largest < math.inf:
        return False
    sketch = np.random.default_rng(0).standard_normal((LINES, len(matrix))) @ (matrix / largest)
    first, second, *_ = np.linalg.svd(sketch, compute_uv=False)
    return bool(second <= ROUNDED * first)


def alike(table: np.ndarray, gradient: np.ndarray) -> bool:
    """Return whether each vector of a table `(…, numbers)` is one number, and its numbers have one gradient, not 0."""
    if table.ndim < 2 or table.shape[-1] < 2 or np.any(table != table[..., :1]):
        return False
    largest = float(np.abs(gradient).max())
    return 0 < largest < math.inf and float(np.ptp(gradient, axis=-1).max()) < 1e-4 * largest


def one_row(table: np.ndarray) -> bool:
    """Return whether all vectors of a table `(…, numbers)` are the same."""
    rows = table.reshape(-1, table.shape[-1]) if table.ndim > 1 else table[None]
    return len(rows) > 1 and bool(np.all(rows == rows[:1]))


def slopes(activation: str | None, z: np.ndarray) -> tuple[float, float]:
    """Return the mean square of φ'(z), and the share of slopes below a twentieth of the steepest; nan for unknown φ."""
    if activation is None:
        return math.nan, math.nan
    row = named(activation)
    found = np.abs(row.array_slope(z))
    return mean_square(found), float(np.mean(found < activations.SATURATION * row.peak_slope))


def is_function(z: np.ndarray, h: np.ndarray) -> bool:
    """Return whether one array is a function of another, value by value: next to each other in z is next in h."""
    if z.shape != h.shape or z.size < FEWEST or not (np.isfinite(z).all() and np.isfinite(h).all()):
        return False
    stride = z.size // (16 * FEWEST) | 1
    order, answers = np.argsort(z.ravel()[::stride]), h.ravel()[::stride]
    return float(np.median(np.abs(np.diff(answers[order])))) < NEXT * float(np.std(answers))


def multiplies(z: np.ndarray, h: np.ndarray) -> float:
    """Return E[h²]/E[z²] of a function that multiplies small values about as it does large ones; nan of any other."""
    one, two = np.ravel(z).astype(float) ** 2, np.ravel(h).astype(float) ** 2
    large = one > np.median(one)
    ratios = [float(np.sum(two[part]) / np.sum(one[part])) for part in (large, ~large)]
    alike = 0 < max(ratios) < ALIKE * min(ratios) < math.inf
    return float(np.sum(two) / np.sum(one)) if alike else math.nan


def dead_shares(definition: LayerDefinition, z: np.ndarray, biases: np.ndarray) -> tuple[float, float]:
    """Return the share of units that answer 0 to the whole batch, and the share that would by chance, φ flat below 0.

    Stand-ins for the units are normal mixtures of all of them without their biases: drawn from the distribution
    that theory gives to a unit's answers to these examples, mean 0 and the covariance that they have here.
    """
    if definition.activation is None or _passes_below(definition.activation) or not np.isfinite(z).all():
        return 0.0, 0.0
    centred = z if definition.normalized else z - biases
    mixing = np.random.default_rng(0).standard_normal((z.shape[1], STAND_INS))
    return float(np.mean(np.all(z <= 0, axis=0))), float(np.mean(np.all(centred @ mixing <= 0, axis=0)))


def _passes_below(activation: str) -> bool:
    """Whether a function is not flat below 0."""
    return bool(np.any(np.abs(named(activation).array_slope([-1.0, -5.0])) > 1e-9))


def noise(weights: np.ndarray) -> np.ndarray:
    """Return the first weights in units of their size, in the order in which they were drawn."""
    return weights.ravel()[:NOISE_LENGTH] / (np.std(weights) or 1.0)
