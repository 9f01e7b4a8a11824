"""Exercises: how today's networks start."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.exercises import guard, reading
from course.exercises.judges import (
    Case,
    Mistake,
    close,
    function,
    knowing,
    number,
    recognized,
    shared_part,
    standard_error,
)
from course.exercises.table import Exercise
from course.exercises.verdict import Verdict, almost, not_yet, right, wrong
from course.probes.blocks import measure_blocks
from course.probes.precision import range_of
from course.theory.residual import stack

_KERNEL_STD = number(
    math.sqrt(2 / 800),
    {
        "channels only": Mistake(math.sqrt(2 / 32), "A unit sees 25 positions of each channel, and not one of each."),
        "one side of the kernel": Mistake(math.sqrt(2 / 160), "The kernel has 5 · 5 places, not 5."),
        "fan_out for fan_in": Mistake(math.sqrt(2 / 3200), "That is the way back, with 128 channels out: fan_in here."),
        "variance for std": Mistake(2 / 800, "That is the variance. The standard deviation is its root."),
        "the factor 2 is missing": Mistake(math.sqrt(1 / 800), "The factor 2 for the ReLU in front is missing."),
        "bound for std": Mistake(
            math.sqrt(6 / 800), "That is the bound of a uniform distribution, √3 times the standard deviation."
        ),
        "Xavier for He": Mistake(math.sqrt(2 / 4000), "That takes both fans, as Xavier does. He divides by fan_in."),
    },
    praise="fan_in is 5 · 5 · 32 = 800. The channels out do not matter on the way up.",
    otherwise="How many numbers does one unit add up?",
    low=0,
)

_RMS = 3e-7


@knowing(
    examples={
        "no power of 2": 203.5,
        "exponent for the power": 8,
        "subnormal for normal": 1,
        "too small": 128,
        "larger than needed": 512,
        "up to 1": 2.0**22,
    }
)
def _smallest_scale(_rng: np.random.Generator, answer: object) -> Verdict:
    scale = reading.number(answer, "the loss scale", low=2.0**-40, high=2.0**40)
    floor, lifted = range_of("float16").smallest_normal, scale * _RMS
    if close(scale, floor / _RMS, 0.01):
        return almost("So much lifts it to the floor itself. Asked for is a power of 2 above.", "no power of 2")
    if close(scale, math.ceil(math.log2(floor / _RMS)), 1e-6):
        return almost("That is the exponent: the loss scale is 2 to that power.", "exponent for the power")
    if not math.log2(scale).is_integer():
        return wrong(f"{scale:g} is no power of 2, and would round every gradient.")
    if scale == 1:
        sentence = "it is above the smallest subnormal number, and so not 0, but has lost most of its digits"
        return almost(f"Unscaled, {sentence}.", "subnormal for normal")
    if lifted < floor:
        return almost(f"Lifted to {lifted:.1e}, still below {floor:.1e}: digits are lost.", "too small")
    if lifted >= 1:
        return almost(f"It lifts the rms to {lifted:.2g}. Only the floor, {floor:.1e}, has to be passed.", "up to 1")
    if lifted >= 2 * floor:
        return almost("Half of it would be enough, and leaves more room above.", "larger than needed")
    return right(f"It lifts the rms to {lifted:.1e}, just above {floor:.1e}. In practice one takes more.")


_SHAPES = ((1, 180), (3, 60), (5, 36))
"""Sizes and channels in of kernels with enough weights to measure a variance well: few, as JAX compiles for each."""


def _branches(rng: np.random.Generator) -> list[Case]:
    """Return kernels of every size, four times as many channels out as in, in networks of some dozens of branches."""
    shapes = [_SHAPES[place] for place in rng.permutation(len(_SHAPES))]
    return [(np.random.default_rng(rng.integers(2**32)), k, n, 4 * n, int(rng.integers(8, 60))) for k, n in shapes]


def _kernel_factor(
    kernel: Any, _rng: object, size: int, channels_in: int, channels_out: int, branches: int
) -> np.ndarray:
    """Return E[w²] of this kernel over 2/(fan_in · branches), and 1 if no two weights share anything."""
    kernel = reading.array(kernel, "what your function gives back", (size, size, channels_in, channels_out))
    factor = size**2 * channels_in * branches * np.mean(kernel**2) / 2
    return np.array([factor, 1 + shared_part(kernel.reshape(-1, channels_out))])


def _up_to(bound: Callable[..., float], low: float = -1) -> Callable[..., np.ndarray]:
    """Return a function that draws uniform kernels, from `low` to 1 times `bound(size, channels_in, …, branches)`."""
    return lambda rng, k, n, m, branches: bound(k, n, m, branches) * rng.uniform(low, 1, (k, k, n, m))


_LAST_KERNEL = function(
    lambda _rng, *_case: [1, 1],
    _branches,
    {
        "branches left out": Mistake(
            _up_to(lambda k, n, _m, _branches: math.sqrt(6 / (k**2 * n))),
            "These are He's weights, unscaled: the sum of all branches grows like 3 to their number.",
        ),
        "1/L for 1/√L": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(6 / (k**2 * n)) / branches),
            "The variance should be divided by the number of branches, and so the weights by its root only.",
        ),
        "channels only": Mistake(
            _up_to(lambda _k, n, _m, branches: math.sqrt(6 / (n * branches))),
            "Right for 1×1 kernels only: fan_in counts the positions of a kernel too.",
        ),
        "fan_out for fan_in": Mistake(
            _up_to(lambda k, _n, m, branches: math.sqrt(6 / (k**2 * m * branches))),
            "fan_out stands where fan_in belongs: these are right for as many channels out as in.",
        ),
        "the factor 2 is missing": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(3 / (k**2 * n * branches))),
            "The factor 2 is missing: in front of a branch's last weights there is a ReLU.",
        ),
        "variance for std": Mistake(
            _up_to(lambda k, n, _m, branches: 2 * math.sqrt(3) / (k**2 * n * branches)),
            "You draw with the variance where the standard deviation belongs.",
        ),
        "std for bound": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(2 / (k**2 * n * branches))),
            "A uniform distribution from −std to std has a third of the variance: its bound is √3 · std.",
        ),
        "both fans": Mistake(
            _up_to(lambda k, n, m, branches: math.sqrt(12 / (k**2 * (n + m) * branches))),
            "The mean of both fans is Xavier's compromise. He's rule divides by fan_in alone.",
        ),
        "one side of the kernel": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(6 / (k * n * branches))),
            "A kernel has size · size positions, not size.",
        ),
        "one number for all": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(2 / (k**2 * n * branches)), 1),
            "All weights are the same number, and all channels out are copies: draw them.",
        ),
        "only one sign, uniform": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(6 / (k**2 * n * branches)), 0),
            "These weights have one sign only, so their mean is not 0: draw from −bound to bound.",
        ),
        "only one sign": Mistake(
            lambda rng, k, n, m, branches: math.sqrt(2 / (k**2 * n * branches)) * np.abs(rng.normal(size=(k, k, n, m))),
            "These weights have one sign only, so their mean is not 0.",
        ),
    },
    praise="Var w = 2/(fan_in · branches): the whole network grows by less than e², however deep.",
    otherwise="The first number, half of fan_in · E[w²] times the number of branches, should be 1. The second is 1 if "
    "no two weights share anything.",
    # Normal or uniform: a normal sample's variance strays the most.
    tolerance=lambda _rng, k, n, m, _branches: 5 * standard_error(k**2 * n * m),
    read=_kernel_factor,
)

_BLOCKS = 24
_DOUBLING = math.sqrt((2 ** (1 / _BLOCKS) - 1) / 2)
_NEAR = 0.05
"""How near to 2 the growth has to be: the exponential for the power gives a = 0.120 and 1.98, which will do."""
_FACTOR_MISTAKES = {
    "1/√L": Mistake(_BLOCKS**-0.5, "That is 1/√L, which comes near e². A doubling needs less."),
    "1/L": Mistake(
        1 / _BLOCKS, "1/L takes too much away: it is the square of the factor that adds up over the blocks."
    ),
    "the square of the factor": Mistake(_DOUBLING**2, "That is its square: a factor a of the weights counts as a²."),
    "LeCun's weights": Mistake(
        2 * _DOUBLING, "That would do with LeCun's weights in both layers. With He's, a block adds 2a²."
    ),
    "a² for 2a²": Mistake(
        math.sqrt(2) * _DOUBLING,
        "With He's weights in both layers a block adds 2a², not a²: the first weights make up for a ReLU too many.",
    ),
    "4a² for 2a²": Mistake(
        _DOUBLING / math.sqrt(2), "A block adds ½ · 2 · 2a² = 2a²: the ReLU inside the branch takes half."
    ),
    "unscaled": Mistake(1, "That leaves the weights as they are, and every block multiplies by 3."),
}


@knowing(_FACTOR_MISTAKES)
def _branch_factor(_rng: np.random.Generator, answer: object) -> Verdict:
    factor = reading.number(answer, "the factor", low=0, high=10)
    growth = float(stack("relu", _BLOCKS, 2.0, 2.0 * factor**2).signal[-1])
    if abs(growth - 2) <= _NEAR:
        return right(
            f"The mean square grows × {growth:.2f} in {_BLOCKS} blocks, × {growth ** (1 / _BLOCKS):.3f} in each."
        )
    known = recognized(factor, _FACTOR_MISTAKES, f"The mean square grows × {growth:.3g} in {_BLOCKS} blocks.")
    return known or wrong(f"With {factor:.4g} the mean square grows × {growth:.3g} in {_BLOCKS} blocks.")


_KINDS, _NORMALIZATIONS = ("plain", "residual"), ("none", "layer", "batch")


def _one_of(answer: object, name: str, known: tuple[str, ...]) -> str:
    found = reading.names(answer, name, known=known)
    if len(found) != 1:
        raise reading.Unreadable(f"{name} should be one word: {' or '.join(known)}.")
    return found.pop()


@knowing(
    examples={
        "no normalization": ("plain", "none", 50),
        "skip connections": ("residual", "batch", 50),
        "layer normalization": ("plain", "layer", 50),
        "too few blocks": ("plain", "batch", 30),
    }
)
def _exploding(_rng: np.random.Generator, kind: object, normalization: object, blocks: object) -> Verdict:
    kind, normalization = _one_of(kind, "the kind", _KINDS), _one_of(normalization, "normalization", _NORMALIZATIONS)
    depth = reading.whole(blocks, "the number of blocks", low=1, high=100)
    network = {"layer": "fully connected", "activation": "relu", "scheme": "he_normal", "branches": kind == "residual"}
    run = measure_blocks(0, depth=depth, normalization=normalization, **network)
    signal, growth = run.signal_second_moment[-1], run.signal_gradient_variance[0] / run.signal_gradient_variance[-1]
    seen = f"In this network the signal ends at {signal:.2g} and the gradient's variance grows × {growth:.2g}"
    if normalization == "none":
        return almost(f"The claim is about networks with normalization, and this has none. {seen}.", "no normalization")
    if kind == "residual":
        return almost(f"{seen}: the skip connections hold it. Take them away.", "skip connections")
    if normalization == "layer":
        return almost(f"{seen}. Layer normalization has the factor 1 for ReLU. Which has more?", "layer normalization")
    if growth <= 1e6:
        return almost(f"{seen}. The kind is the right one: which power of 1.467 passes a million?", "too few blocks")
    return right(f"{seen}. Looking at the activations alone would not have shown it.")


def _gradients(first: np.ndarray, last: np.ndarray) -> tuple[float, float, float]:
    """Return the greatest number that the branch adds, and the greatest gradients of its weights, for one batch."""
    x, directions = np.random.default_rng(0).standard_normal((2, 8, 16))
    z = x @ first
    h = np.maximum(z, 0)
    down = x.T @ ((directions @ last.T) * (z > 0))
    return tuple(float(np.abs(values).max()) for values in (h @ last, down, h.T @ directions))


def _of(first: np.ndarray, last: np.ndarray) -> Callable[[Any], tuple[np.ndarray, np.ndarray]]:
    """Return a branch of these weights for every key."""
    return lambda _key: (first, last)


@knowing(
    examples={
        "both random": _of(np.eye(16), np.eye(16)),
        "the first zero": _of(np.zeros((16, 16)), np.eye(16)),
        "identical units": _of(np.ones((16, 16)), np.zeros((16, 16))),
        "one key for all": _of(np.eye(16), np.zeros((16, 16))),
    }
)
def _branch(rng: np.random.Generator, answer: object) -> Verdict:
    branch = reading.function(answer)
    keys = [jax.random.key(int(rng.integers(2**31))) for _draw in range(2)]
    drawn = guard.call(lambda: [branch(key) for key in keys])
    if all(reading.is_blank(weights) for weights in drawn):
        return not_yet()
    (first, last), (other, _last) = (_both(weights) for weights in drawn)
    if not (np.isfinite(first).all() and np.isfinite(last).all()):
        return wrong("Some of the weights are not finite numbers.")
    added, first_gradient, last_gradient = _gradients(first, last)
    if not first.any() and not last.any():
        return not_yet("Both are zero, as given: each gradient has the other's weights as a factor, and both are zero.")
    if not last.any():
        return _first_weights(first, other, last_gradient)
    if not first.any():
        sentence = (
            f"The gradient of the last weights is {last_gradient:.2g}, and ReLU's of the first {first_gradient:.2g}"
        )
        return almost(f"Nothing is added, but nothing passes the zeros either. {sentence}.", "the first zero")
    return almost(f"The branch adds up to {added:.2g} already, where nothing should be added.", "both random")


def _first_weights(first: np.ndarray, other: np.ndarray, last_gradient: float) -> Verdict:
    if np.ptp(first, axis=1).max() == 0:
        return almost("The units of the branch are identical, and will stay so (page symmetry).", "identical units")
    if last_gradient == 0:
        return wrong("The last weights get no gradient: no unit answers to any input.")
    if np.array_equal(first, other):
        return almost(
            "Two keys, and the same weights: every branch would be a copy. Draw with the key.", "one key for all"
        )
    return right(f"Nothing is added, and the last weights' gradient reaches {last_gradient:.2g}: they move first.")


def _both(weights: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(weights, tuple | list) or len(weights) != 2:
        raise reading.Unreadable(f"Your function should give BlockWeights, not {reading.spelled(weights)}.")
    return tuple(reading.array(part, name, (16, 16)) for part, name in zip(weights, ("first", "last"), strict=True))


EXERCISES = (
    Exercise(
        "a kernel's standard deviation",
        "compute",
        _KERNEL_STD,
        ("fan_in of a convolution: positions times channels in.", "fan_in is 5 · 5 · 32. He's variance is 2/fan_in."),
    ),
    Exercise(
        "the smallest loss scale",
        "compute",
        _smallest_scale,
        (
            '`range_of("float16").smallest_normal` is the number to pass.',
            "6.1e-5 divided by 3e-7 is about 203. Which is the next power of 2?",
        ),
    ),
    Exercise(
        "the last kernel of a branch",
        "write",
        _LAST_KERNEL,
        (
            "Start with He's std for this kernel. What does 1/√L do to it?",
            "The std is √(2/(size² · channels_in)) divided by √branches.",
        ),
    ),
    Exercise(
        "a network that doubles",
        "change",
        _branch_factor,
        (
            "A factor a of the last weights makes the growth of a block 1 + 2a².",
            "(1 + 2a²)²⁴ = 2. Take the 24th root first.",
        ),
    ),
    Exercise(
        "a normalized network that explodes",
        "break",
        _exploding,
        (
            "The section on what normalization does not forgive has a table of factors.",
            "1.467 a layer, in plain blocks: how many layers make a million?",
        ),
    ),
    Exercise(
        "a branch that cannot learn",
        "find the bug",
        _branch,
        (
            "The gradient for W₂ has φ(W₁x) in it, the one for W₁ has W₂.",
            "Only one of the two has to be zero for the branch to add nothing: the one that writes.",
        ),
    ),
)
