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
        "channels only": Mistake(
            math.sqrt(2 / 32), "A unit adds up 25 positions of each channel, and here only one is counted."
        ),
        "one side of the kernel": Mistake(math.sqrt(2 / 160), "The kernel has 5 · 5 places, not 5."),
        "fan_out for fan_in": Mistake(
            math.sqrt(2 / 3200), "That is fan_out, with 128 channels out. He initialization divides by fan_in."
        ),
        "variance for std": Mistake(2 / 800, "That is the variance. The standard deviation is its root."),
        "the factor 2 is missing": Mistake(math.sqrt(1 / 800), "The factor 2 for the ReLU in front is missing."),
        "bound for std": Mistake(
            math.sqrt(6 / 800), "That is the bound of a uniform distribution, √3 times the standard deviation."
        ),
        "PyTorch's default": Mistake(
            math.sqrt(1 / 2400), "That is what PyTorch draws by default. He initialization has 6 times that variance."
        ),
        "Xavier for He": Mistake(
            math.sqrt(2 / 4000),
            "That takes both fans, as Xavier initialization does. He initialization divides by fan_in.",
        ),
    },
    praise="fan_in is 5 · 5 · 32 = 800. The channels out do not matter on the forward pass.",
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
        return almost(
            "That lifts it exactly to the smallest normal number. The answer is the next power of 2.", "no power of 2"
        )
    if close(scale, math.ceil(math.log2(floor / _RMS)), 1e-6):
        return almost("That is the exponent: the loss scale is 2 to that power.", "exponent for the power")
    if not math.log2(scale).is_integer():
        return wrong(f"{scale:g} is not a power of 2, so it would round every gradient.")
    if scale == 1:
        sentence = "Without a scale it is above the smallest subnormal number, but has lost most of its digits."
        return almost(sentence, "subnormal for normal")
    if lifted < floor:
        return almost(f"That lifts it to {lifted:.1e}, which is still below {floor:.1e}: digits are lost.", "too small")
    if lifted >= 1:
        return almost(f"That lifts the rms to {lifted:.2g}; it only has to be above {floor:.1e}.", "up to 1")
    if lifted >= 2 * floor:
        return almost("Half of that would be enough and leave more room above.", "larger than needed")
    return right(f"That lifts the rms to {lifted:.1e}, just above {floor:.1e}. In practice one takes more.")


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
            "This is He initialization without the scaling: every branch multiplies the mean square by 3.",
        ),
        "1/L for 1/√L": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(6 / (k**2 * n)) / branches),
            "The variance should be divided by the number of branches, and therefore the weights by its square root.",
        ),
        "channels only": Mistake(
            _up_to(lambda _k, n, _m, branches: math.sqrt(6 / (n * branches))),
            "That is right for 1×1 kernels only: fan_in counts the positions of a kernel too.",
        ),
        "fan_out for fan_in": Mistake(
            _up_to(lambda k, _n, m, branches: math.sqrt(6 / (k**2 * m * branches))),
            "You divide by fan_out, and it should be fan_in: the two agree only for as many channels out as in.",
        ),
        "the factor 2 is missing": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(3 / (k**2 * n * branches))),
            "The factor 2 is missing: there is a ReLU in front of a branch's last weights.",
        ),
        "variance for std": Mistake(
            _up_to(lambda k, n, _m, branches: 2 * math.sqrt(3) / (k**2 * n * branches)),
            "You use the variance as the standard deviation.",
        ),
        "std for bound": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(2 / (k**2 * n * branches))),
            "A uniform distribution from −std to std has a third of the variance: its bound is √3 · std.",
        ),
        "both fans": Mistake(
            _up_to(lambda k, n, m, branches: math.sqrt(12 / (k**2 * (n + m) * branches))),
            "The mean of both fans is Xavier's compromise. He initialization divides by fan_in alone.",
        ),
        "one side of the kernel": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(6 / (k * n * branches))),
            "A kernel has size · size positions, not size.",
        ),
        "one number for all": Mistake(
            _up_to(lambda k, n, _m, branches: math.sqrt(2 / (k**2 * n * branches)), 1),
            "All weights are the same number, so all channels out are copies: draw the weights.",
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
    "1/√L": Mistake(
        _BLOCKS**-0.5,
        "That is 1/√L, with which the mean square grows by nearly e². For a doubling the factor has to be smaller.",
    ),
    "1/L": Mistake(
        1 / _BLOCKS, "1/L makes the branches too weak: what adds up over the blocks is the square of the factor."
    ),
    "the square of the factor": Mistake(
        _DOUBLING**2, "That is the square of the answer: a factor a on the weights is a² on the mean square."
    ),
    "LeCun's weights": Mistake(
        2 * _DOUBLING, "That is right for LeCun initialization in both layers. With He initialization a block adds 2a²."
    ),
    "a² for 2a²": Mistake(
        math.sqrt(2) * _DOUBLING,
        "With He initialization in both layers a block adds 2a², not a²: no ReLU stands in front of the first.",
    ),
    "4a² for 2a²": Mistake(
        _DOUBLING / math.sqrt(2), "A block adds ½ · 2 · 2a² = 2a²: the ReLU in the branch keeps half."
    ),
    "unscaled": Mistake(
        1, "With the factor 1 the weights stay as they are, and every block multiplies the mean square by 3."
    ),
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
        return almost(f"{seen}. The skip connections keep the gradient small: take them away.", "skip connections")
    if normalization == "layer":
        return almost(
            f"{seen}. For ReLU the factor of layer normalization is 1. Which normalization has a larger one?",
            "layer normalization",
        )
    if growth <= 1e6:
        return almost(
            f"{seen}. You have the right kind of network: which power of 1.467 is above a million?", "too few blocks"
        )
    return right(f"{seen}. The activations alone would not have shown it.")


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
        return not_yet(
            "Both are zero, as given. Each gradient has the other weights as a factor, so both gradients are zero."
        )
    if not last.any():
        return _first_weights(first, other, last_gradient)
    if not first.any():
        gradients = f"{last_gradient:.2g} for the last weights and {first_gradient:.2g} for the first"
        return almost(f"Nothing is added, but the largest gradients are {gradients}.", "the first zero")
    return almost(f"The branch adds numbers of up to {added:.2g}, and at first it should add nothing.", "both random")


def _first_weights(first: np.ndarray, other: np.ndarray, last_gradient: float) -> Verdict:
    if np.ptp(first, axis=1).max() == 0:
        return almost("The units of the branch are identical, and will stay so (page symmetry).", "identical units")
    if last_gradient == 0:
        return wrong("The last weights get no gradient, because no unit of the branch is active for any input.")
    if np.array_equal(first, other):
        return almost(
            "Two keys give the same weights, so all branches would be copies. Draw with the key.", "one key for all"
        )
    return right(
        f"Nothing is added, and the last weights have a gradient (up to {last_gradient:.2g}), so they move first."
    )


def _both(weights: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(weights, tuple | list) or len(weights) != 2:
        raise reading.Unreadable(f"Your function should return BlockWeights, not {reading.spelled(weights)}.")
    return tuple(reading.array(part, name, (16, 16)) for part, name in zip(weights, ("first", "last"), strict=True))


EXERCISES = (
    Exercise(
        "a kernel's standard deviation",
        "compute",
        _KERNEL_STD,
        "fan_in of a convolution is positions times channels in.",
        "fan_in is 5 · 5 · 32, and the variance is 2/fan_in.",
    ),
    Exercise(
        "the smallest loss scale",
        "compute",
        _smallest_scale,
        '`range_of("float16").smallest_normal` is the number to pass.',
        "6.1e-5 divided by 3e-7 is about 203. Which is the next power of 2?",
    ),
    Exercise(
        "the last kernel of a branch",
        "write",
        _LAST_KERNEL,
        "Begin with the std of He initialization for this kernel. What does 1/√L do to it?",
        "The std is √(2/(size² · channels_in)) divided by √branches.",
    ),
    Exercise(
        "a network that doubles",
        "change",
        _branch_factor,
        "A factor a of the last weights makes the growth of a block 1 + 2a².",
        "(1 + 2a²)²⁴ = 2. Take the 24th root first.",
    ),
    Exercise(
        "a normalized network that explodes",
        "break",
        _exploding,
        "The section on batch normalization and gradients gives the factor of a layer.",
        "1.467 a layer, in plain blocks: how many layers make a million?",
    ),
    Exercise(
        "a branch that cannot learn",
        "find the bug",
        _branch,
        "The gradient for W₂ has φ(xW₁) in it, the one for W₁ has W₂.",
        "For the branch to add nothing, only one of the two has to be zero: the last one.",
    ),
)
