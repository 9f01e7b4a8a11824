"""Exercises: Xavier."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercises import guard, reading
from course.exercises.judges import Case, Mistake, function, knowing, number, shared_part, standard_error
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_FAN_IN, _FAN_OUT = 300, 100
_BOUND = number(
    math.sqrt(6 / (_FAN_IN + _FAN_OUT)),
    {
        "as the tutorial has it": Mistake(
            math.sqrt(6 / _FAN_IN + _FAN_OUT),
            "That is the tutorial's line as it stands: division binds first, so it divides 6 by 300 only.",
        ),
        "std for bound": Mistake(
            math.sqrt(2 / (_FAN_IN + _FAN_OUT)),
            "That is the std. The bound of a uniform distribution is √3 times as large.",
        ),
        "no root": Mistake(6 / (_FAN_IN + _FAN_OUT), "That is the square of the bound: take its root."),
        "only the 6 under the root": Mistake(
            math.sqrt(6) / (_FAN_IN + _FAN_OUT), "The root belongs to all of it, to the sum of the fans as well."
        ),
        "the mean for the sum": Mistake(
            math.sqrt(12 / (_FAN_IN + _FAN_OUT)),
            "You divide 6 by the mean of the fans. With their sum the variance is 2/(fan_in + fan_out).",
        ),
        "only the outputs": Mistake(math.sqrt(6 / _FAN_OUT), "That divides by fan_out alone. Xavier takes both fans."),
        "only the inputs": Mistake(
            math.sqrt(6 / _FAN_IN),
            "That divides by fan_in alone, as one does for ReLU. Xavier initialization takes both.",
        ),
        "the product of the fans": Mistake(
            math.sqrt(6 / (_FAN_IN * _FAN_OUT)), "You have multiplied the fans. Xavier takes their mean."
        ),
        "the mean not halved": Mistake(
            math.sqrt(3 / (_FAN_IN + _FAN_OUT)),
            "The mean of the fans is half of their sum: 3 over the mean is 6 over the sum.",
        ),
    },
    praise="√(6/400) = 0.1225. The tutorial's line gives 10.00, and about 98 of 100 tanh units would be saturated.",
    otherwise="The variance 2/(300 + 100) is b²/3.",
    low=0,
    digits=3,
)


def _layers(rng: np.random.Generator) -> list[Case]:
    """Return generators and fans of layers whose two sides differ."""
    fans = ((200, 600), (500, 150), (300, 300))
    return [(np.random.default_rng(rng.integers(2**32)), *shape) for shape in fans]


def _variance_and_shape(weights: Any, _rng: object, fan_in: int, fan_out: int) -> np.ndarray:
    """Return the mean square in units of 1/fan_avg, the kurtosis, 9/5 for uniform weights, and 1 if nothing is shared.

    What a row or a column shares, a mean that is not 0 or one number for all, adds its part of the mean square to 1.
    """
    drawn = reading.array(weights, "what your function gives back", (fan_in, fan_out))
    squares = drawn**2
    square = max(np.mean(squares), np.finfo(float).tiny)
    return np.array([square * (fan_in + fan_out) / 2, np.mean(squares**2) / square**2, 1 + shared_part(drawn)])


def _up_to(bound: Callable[[int, int], float]) -> Callable[..., np.ndarray]:
    """Return a function that draws uniform weights up to `bound(fan_in, fan_out)`."""
    return lambda rng, n, m: bound(n, m) * rng.uniform(-1, 1, (n, m))


_DRAW = function(
    lambda _rng, _fan_in, _fan_out: [1, 9 / 5, 1],
    _layers,
    {
        "fan_in alone": Mistake(
            _up_to(lambda n, _m: math.sqrt(3 / n)),
            "Right for square layers only: this keeps the signal and forgets the gradient. Take both fans.",
        ),
        "fan_out alone": Mistake(
            _up_to(lambda _n, m: math.sqrt(3 / m)),
            "That is fan_out alone: it keeps the gradient and forgets the signal. Take both fans.",
        ),
        "the standard initialization": Mistake(
            _up_to(lambda n, _m: 1 / math.sqrt(n)), "That is U(±1/√fan_in), whose variance is a third of 1/fan_in."
        ),
        "nine times too wide: 3/n for 1/(3n)": Mistake(
            _up_to(lambda n, _m: 3 / math.sqrt(n)),
            "Nine times too wide: 3/n for the 1/(3n) of U(±1/√n). A bound three times as large makes nine times the "
            "variance; and take both fans.",
        ),
        "std for bound": Mistake(
            _up_to(lambda n, m: math.sqrt(2 / (n + m))),
            "√(2/(fan_in + fan_out)) is the std. As a bound it gives a third of the variance.",
        ),
        "sum for mean": Mistake(
            _up_to(lambda n, m: math.sqrt(3 / (n + m))),
            "You divide by the sum of the fans. Their mean is half of it: the variance is 2/(fan_in + fan_out).",
        ),
        "normal for uniform": Mistake(
            lambda rng, n, m: rng.normal(0, math.sqrt(2 / (n + m)), (n, m)),
            "The variance is right, but these are normal weights. Uniform ones were asked for.",
        ),
        "He's": Mistake(_up_to(lambda n, _m: math.sqrt(6 / n)), "That is He's variance, for ReLU."),
        "only one sign": Mistake(
            lambda rng, n, m: rng.uniform(0, math.sqrt(6 / (n + m)), (n, m)),
            "These weights have one sign only, so their mean is not 0. Draw from −b to b, and not from 0 to b.",
        ),
        "the mean for the sum": Mistake(
            _up_to(lambda n, m: math.sqrt(12 / (n + m))),
            "You divide 6 by the mean of the fans: the variance is twice what it should be.",
        ),
        "as the tutorial has it": Mistake(
            _up_to(lambda n, m: math.sqrt(6 / n + m)),
            "That is the tutorial's line of exercise 1: its sum needs parentheses.",
        ),
        "no root": Mistake(
            _up_to(lambda n, m: 6 / (n + m)), "6/(fan_in + fan_out) is the square of the bound: take its root."
        ),
        "variance for bound": Mistake(
            _up_to(lambda n, m: 2 / (n + m)), "2/(fan_in + fan_out) is the variance. Which b has b²/3 equal to it?"
        ),
    },
    praise="This is Xavier initialization: between the rule for the signal and the rule for the gradient.",
    otherwise="The first number, the mean square over Xavier's 2/(fan_in + fan_out), should be 1. The second tells the "
    "distribution, 1.8 for a uniform one, and the third is 1 if no two weights share anything.",
    # Normal weights' fourth powers stray most: twice the standard error of their variance covers all of these.
    tolerance=lambda _rng, n, m: 10 * standard_error(n * m),
    read=_variance_and_shape,
)

_LEAST, _MOST, _LAYERS = 16, 128, 10


@knowing(
    examples={
        "one width": [64] * 11,
        "widening": [*range(28, 128, 9)][:11],
        "narrowing": [*range(127, 27, -9)][:11],
        "not enough": [64, 48] * 5 + [64],
    }
)
def _both_lost(_rng: np.random.Generator, answer: object) -> Verdict:
    units = reading.array(answer, "the list of units")
    if units.shape != (_LAYERS + 1,):
        return wrong(f"The inputs and {_LAYERS} layers make {_LAYERS + 1} numbers, and this has {units.size}.")
    widths = [reading.whole(n, "each number", low=_LEAST, high=_MOST) for n in units]
    pairs = list(itertools.pairwise(widths))
    signal = math.prod(2 * n / (n + m) for n, m in pairs)
    # The gradient goes from layer 10 back to layer 1, through all layers but the first.
    gradient = math.prod(2 * m / (n + m) for n, m in pairs[1:])
    seen = f"On average the signal keeps {signal:.2g} and the gradient {gradient:.2g}"
    if max(signal, gradient) < 0.1:
        return right(f"{seen}. A mean of two fans is never less than their geometric mean.")
    if len(set(widths)) == 1:
        return almost(f"{seen}: with one width Xavier's rule is exact both ways.", "one width")
    if widths == sorted(widths):
        return almost(f"{seen}: widening costs the signal alone.", "widening")
    if widths == sorted(widths, reverse=True):
        return almost(f"{seen}: narrowing costs the gradient alone.", "narrowing")
    return wrong(f"{seen}. A pair of layers n to m to n multiplies both by 4nm/(n + m)².", "not enough")


_SHAPE, _FARTHEST = (100, 100), 2.0


def _weights_apart(rng: np.random.Generator) -> list[np.ndarray]:
    """Return uniform weights and normal ones of equal variance, each at three gains."""
    bound = math.sqrt(3)
    unit = (rng.uniform(-bound, bound, _SHAPE), rng.normal(size=_SHAPE))
    return [gain * drawn / math.sqrt(_SHAPE[0]) for drawn in unit for gain in (0.1, 1.0, 10.0)]


@knowing(
    {"as given": Mistake(np.mean, state=NOT_YET)},
    examples={
        "the std": np.std,
        "reversed": lambda w: w.std() / abs(w).max(),
        "the gain counts": lambda w: abs(w).max(),
        "another border": lambda w: np.mean(w**4) / np.var(w) ** 2 - 3,
        "not the tails": np.size,
    },
)
def _telltale(rng: np.random.Generator, answer: object) -> Verdict:
    telling = reading.function(answer)
    drawn = _weights_apart(rng)
    outputs = guard.call(lambda: [telling(weights.copy()) for weights in drawn])
    if all(reading.is_blank(output) for output in outputs):
        return Verdict(NOT_YET, "Nothing is given back yet.")
    values = [reading.number(output, "what your function gives back") for output in outputs]
    uniform, normal = values[:3], values[3:]
    seen = f"{min(uniform):.3g} to {max(uniform):.3g} for uniform and {min(normal):.3g} to {max(normal):.3g} for normal"
    if max(uniform) < _FARTHEST < min(normal):
        return right(f"{seen} weights: the tails tell them apart.")
    stds = [weights.std() for weights in drawn]
    if np.allclose(values, [weights.mean() for weights in drawn]):
        return Verdict(NOT_YET, "This is the mean as it was given, and the mean of both is 0.", "as given")
    if np.allclose(values, stds) or np.allclose(values, np.square(stds)):
        return almost(f"{seen}: std and variance of the two agree, as they should.", "the std")
    if max(normal) < min(uniform):
        return almost(
            f"{seen}: told apart, and the wrong way round: normal weights should come out above 2.", "reversed"
        )
    larger = all(one > other > 0 for one, other in zip(normal, uniform, strict=True))
    if larger and not np.allclose(normal, normal[0], rtol=0.01):
        return almost(
            f"{seen}. Right at one gain: measure in units of the std, so that no gain counts.", "the gain counts"
        )
    if max(uniform) < min(normal) and all(np.allclose(values, values[0], rtol=0.01) for values in (uniform, normal)):
        return almost(f"{seen}: told apart at every gain. Scale or shift it, so that 2 lies between.", "another border")
    return wrong(f"{seen}: what differs is the tails, in units of the std.", "not the tails")


EXERCISES = (
    Exercise(
        "a bound from a tutorial",
        "compute",
        _BOUND,
        "What has to be divided by what?",
        "√(6/(fan_in + fan_out)), with the parentheses.",
    ),
    Exercise(
        "Xavier's weights",
        "write",
        _DRAW,
        "Which variance does Xavier ask for, and which variance has U(±b)?",
        "b = √(6/(fan_in + fan_out)), and `rng.uniform(-b, b, (fan_in, fan_out))`.",
    ),
    Exercise(
        "lost in both directions",
        "break",
        _both_lost,
        "What does a layer from 128 to 16 do to the signal, and what a layer from 16 to 128?",
        "Let wide and narrow layers take turns.",
    ),
    Exercise(
        "uniform or normal",
        "find the bug",
        _telltale,
        "Two distributions of one mean and one variance: where do they differ?",
        "How many standard deviations is the largest weight away from 0?",
    ),
)
