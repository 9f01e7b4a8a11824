"""Exercises: vanishing and exploding."""

import numpy as np

from course import probes
from course.exercises import reading
from course.exercises.judges import Case, Mistake, close, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_FACTOR = 400 * 0.06**2
_GROWTH = number(
    _FACTOR**20,
    {
        "rms for mean square": Mistake(_FACTOR**10, "That is the growth of the rms. The mean square is its square."),
        "factors added": Mistake(20 * _FACTOR, "Twenty factors of 1.44 multiply: they make a power and not a sum."),
        "std for variance": Mistake((400 * 0.06) ** 20, "400 · 0.06 = 24 is not a layer's factor: the std is squared."),
        "the width left out": Mistake((0.06**2) ** 20, "A unit adds up 400 terms: the width belongs to the factor."),
        "one layer short": Mistake(_FACTOR**19, "That is 19 layers. The first one multiplies too."),
        "one layer too many": Mistake(_FACTOR**21, "That is 21 layers. The input is not one of them."),
        "one layer": Mistake(_FACTOR, "1.44 is the factor of one layer. There are 20."),
    },
    praise="× 1.44 a layer makes × 1470 after 20: a fifth too much in the std, and the signal explodes.",
    otherwise="The factor of one layer is width · std², 20 times over.",
    low=0,
    digits=3,
)


def _networks(rng: np.random.Generator) -> list[Case]:
    """Return widths, stds near 1/√width, depths."""
    widths, depths = rng.integers(16, 300, 5), rng.integers(5, 40, 5)
    return [
        (int(n), float(rng.uniform(0.6, 1.5) * n**-0.5), int(depth)) for n, depth in zip(widths, depths, strict=True)
    ]


_MEAN_SQUARES = function(
    lambda width, std, depth: (width * std**2) ** np.arange(1, depth + 1),
    _networks,
    {
        "the input counted as a layer": Mistake(
            lambda width, std, depth: (width * std**2) ** np.arange(depth),
            "Your first number is the input's own 1. Layer 1 has multiplied once already.",
        ),
        "std not squared": Mistake(
            lambda width, std, depth: (width * std) ** np.arange(1, depth + 1),
            "The factor of a layer is the width times the variance of the weights: square the std.",
        ),
        "the rms": Mistake(
            lambda width, std, depth: (width * std**2) ** (np.arange(1, depth + 1) / 2),
            "These are the rms of the layers, the roots of their mean squares.",
        ),
        "the width left out": Mistake(
            lambda width, std, depth: std ** (2 * np.arange(1, depth + 1)),
            "A unit adds up `width` terms, and their variances add: the width belongs to the factor.",
        ),
        "added for multiplied": Mistake(
            lambda width, std, depth: width * std**2 * np.arange(1, depth + 1),
            "Each layer multiplies what the layer before has made. You add the factors up.",
        ),
        "from the last layer": Mistake(
            lambda width, std, depth: (width * std**2) ** np.arange(depth, 0, -1),
            "These run from the last layer to the first. Layer 1 comes first.",
        ),
    },
    praise="These are the black dashes of the picture's second panel, for a linear network.",
    otherwise="Layer 1 multiplies the input's mean square of 1 by width · std², and so does each layer after it.",
)

_STD_MISTAKES = {
    "variance for std": Mistake(0.01, "1/100 is the variance that is needed. The std is its root."),
    "nothing divided": Mistake(1, "With std 1 a unit adds up 100 terms of size 1."),
    "depth for width": Mistake(30**-0.5, "1/√30 divides by the depth. What a unit adds up are the 100 units below it."),
    "He's factor": Mistake(0.02**0.5, "√(2/100) is for ReLU, which loses half of its inputs."),
}


@knowing(_STD_MISTAKES, {"too large": 0.12, "too small": 0.09})
def _good_std(_rng: np.random.Generator, answer: object) -> Verdict:
    std = reading.number(answer, "the std", low=1e-6, high=1e6)
    # One network, the same for every reader: near the edges of the window another draw may decide otherwise.
    stats = probes.measure(1, depth=30, width=100, activation="tanh", scheme="normal_1", gain=std)
    saturated, rms = stats.saturated_share.max(), stats.activation_rms.min()
    gradient = stats.preactivation_gradient_variance[0] / stats.preactivation_gradient_variance[-1]
    seen = f"{saturated:.1%} of a layer saturated, rms at least {rms:.2g}, gradient × {gradient:.2g}"
    if known := recognized(std, _STD_MISTAKES, f"{seen}."):
        return known
    if saturated > 0.05:
        return wrong(f"{seen}: too large.", "too large")
    if rms < 0.1 or not 0.01 <= gradient <= 100:
        return wrong(f"{seen}: too small.", "too small")
    return right(f"{seen}. The rule 1/√n lies in this narrow window.")


_LARGE = 2.0
"""From this std on a gradient that does not overflow wants a smaller std, and below it a larger one."""


@knowing(examples={"too large": 100, "too few left": 14, "no explosion": 0.1, "just": 1, "not enough": 0.5})
def _breaking_std(_rng: np.random.Generator, answer: object) -> Verdict:
    std = reading.number(answer, "the std", low=1e-6, high=1e30)
    stats = probes.measure(0, depth=100, width=100, activation="tanh", scheme="normal_1", gain=std)
    variances = stats.preactivation_gradient_variance
    overflow = np.flatnonzero(np.isinf(variances))
    if overflow.size and np.isfinite(stats.activation_rms).all():
        layer = overflow[-1] + 1
        return right(
            f"Every activation is within ±1, and in the backward pass the gradient overflows at layer {layer}."
        )
    if std >= _LARGE and variances[0] < variances[-1]:
        return almost("Now hardly a unit is left unsaturated, and the gradient vanishes instead.", "too large")
    if std <= 0.12:
        return wrong("At this std a tanh network loses its gradient, or keeps it.", "no explosion")
    seen = f"The gradient's variance reaches {variances.max():.0e}"
    if std >= _LARGE:
        return almost(f"{seen} and no more: too few units are left unsaturated. Take a smaller std.", "too few left")
    if close(std, 1.0, 0.005):
        return almost(
            f"{seen}. Float32 ends at 3.4e38 for the gradient, at 1e77 for its variance. A little more.", "just"
        )
    return wrong(f"{seen}: it explodes, and does not overflow yet.", "not enough")


def _large_activations(_rng: np.random.Generator) -> list[Case]:
    """Return activations in 32 bits: ordinary ones, and some whose squares no 32 bits can hold."""
    draws = [_rng.normal(_rng.uniform(-1, 1), 1, _rng.integers(3, 9, 2)).astype(np.float32) for _layer in range(4)]
    return [(scale * draw,) for scale, draw in zip(np.float32([1, 1e-3, 1e25, 3e30]), draws, strict=True)]


def _in_float64(h: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.asarray(h, dtype=np.float64) ** 2)))


_RMS = function(
    _in_float64,
    _large_activations,
    {
        "as given": Mistake(
            lambda h: np.sqrt(np.mean(h**2)),
            "Activations of 1e25 fit into float32, and their squares do not: this overflows as the given one.",
            NOT_YET,
        ),
        "not multiplied back": Mistake(
            lambda h: _in_float64(h) / np.abs(h).max(),
            "You have divided by the largest value, so that no square overflows. Multiply the root by it again.",
        ),
        "the largest value": Mistake(lambda h: np.abs(h).max(), "That is the largest value, and not the rms."),
        "the mean of the sizes": Mistake(
            lambda h: np.mean(np.abs(h)), "That is the mean of the sizes, without squares."
        ),
        "the spread alone": Mistake(
            lambda h: np.std(np.asarray(h, dtype=np.float64)),
            "That is the std: it leaves out the mean, which is a part of the rms.",
        ),
        "no root": Mistake(lambda h: _in_float64(h) ** 2, "That is the mean square. Take its root."),
        "the sum for the mean": Mistake(
            lambda h: np.linalg.norm(np.asarray(h, dtype=np.float64)),
            "That is the root of the sum of the squares: divide by their number before you take it.",
        ),
    },
    praise="The instrument now holds as long as the network does.",
    otherwise="What is right for small activations has to be right for 1e25 as well.",
)

EXERCISES = (
    Exercise(
        "growth of a linear network",
        "compute",
        _GROWTH,
        "By what does one layer multiply the mean square?",
        "400 · 0.06² = 1.44, twenty times over.",
    ),
    Exercise(
        "the mean square of every layer",
        "write",
        _MEAN_SQUARES,
        "Layer l has multiplied l times. Which is the first l?",
        "`(width * std**2) ** np.arange(1, depth + 1)` is nearly all there is to write.",
    ),
    Exercise(
        "a good std for tanh",
        "change",
        _good_std,
        "Which std keeps the signal of a linear network of 100 units?",
        "The window is narrow, and 1/√100 lies in it.",
    ),
    Exercise(
        "an overflow between bounds",
        "break",
        _breaking_std,
        "The gradient's variance must grow by more than 10⁷⁶ in 99 steps: which factor a layer is that?",
        "Between 1 and 10: too large a std leaves no unit unsaturated.",
    ),
    Exercise(
        "an instrument that overflows first",
        "find the bug",
        _RMS,
        "At which size does a square leave float32, which ends at 3.4e38?",
        "Divide by the largest value before you square, or square in float64.",
    ),
)
