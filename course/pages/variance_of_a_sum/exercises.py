"""Exercises: the variance of a sum."""

import math
from collections.abc import Callable

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, number, standard_error
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET

_BOUND = number(
    math.sqrt(3 / 300),
    {
        "b² for the variance": Mistake(
            300**-0.5, "1/√d makes the variance of z 1/3: U(±b) has the variance b²/3, and not b²."
        ),
        "variance for the bound": Mistake(3 / 300, "That is b², the square of the bound. Take its root."),
        "d/3 for 3/d": Mistake(
            math.sqrt(300 / 3),
            "Many inputs need small weights: 3/d, not d/3. This bound gives z the variance 10,000.",
        ),
        "length for bound": Mistake(math.sqrt(12 / 300), "That is the length of the interval from −b to b, twice b."),
    },
    praise="With b = {answer:.3g} each of the 300 terms has the variance b²/3, and their sum 1.",
    otherwise="Solve 300 · b²/3 = 1 for b.",
    low=0,
)


def _layer_sizes(rng: np.random.Generator) -> list[Case]:
    """Return units with enough inputs to measure a variance well, and inputs of any mean square."""
    sizes, squares = rng.integers(50_000, 100_000, 3), rng.uniform(0.1, 8, 3)
    return [(np.random.default_rng(rng.integers(2**32)), int(d), float(q)) for d, q in zip(sizes, squares, strict=True)]


def _variance_and_kurtosis(weights: np.ndarray, _rng: object, d: int, mean_square: float) -> np.ndarray:
    """Return the variance of z with these weights, their kurtosis, 9/5 for uniform ones, and 1 if they have no mean."""
    weights = reading.array(weights, "what your function gives back", (d,))
    if not weights.any():
        raise reading.Unreadable("All weights are 0, and so is every z.")
    squares = weights**2
    square = np.mean(squares)
    return np.array([d * square * mean_square, np.mean(squares**2) / square**2, 1 + np.mean(weights) ** 2 / square])


def _up_to(bound: Callable[[int, float], float]) -> Callable[..., np.ndarray]:
    """Return a function that draws uniform weights up to `bound(d, mean_square)`."""
    return lambda rng, d, mean_square: bound(d, mean_square) * rng.uniform(-1, 1, d)


_UNIFORM_WEIGHTS = function(
    lambda _rng, _d, _mean_square: [1, 9 / 5, 1],
    _layer_sizes,
    {
        "1/√d: variance 1/3": Mistake(
            _up_to(lambda d, _mean_square: math.sqrt(1 / d)),
            "These are U(±1/√d): z gets a third of the inputs' mean square as its variance.",
        ),
        "mean square left out": Mistake(
            _up_to(lambda d, _mean_square: math.sqrt(3 / d)),
            "Right for inputs of mean square 1 only: the terms are w·x, and z has the variance d · Var w · E[x²].",
        ),
        "mean square for its root": Mistake(
            _up_to(lambda d, mean_square: math.sqrt(3 / d) / mean_square),
            "You divide the bound by the mean square: it is the bound's square that is divided by it.",
        ),
        "bound for std": Mistake(
            _up_to(lambda d, mean_square: math.sqrt(1 / (d * mean_square))),
            "1/√(d·E[x²]) is the std that the weights need. The bound of uniform weights is √3 times as large.",
        ),
        "normal for uniform": Mistake(
            lambda rng, d, mean_square: rng.normal(0, math.sqrt(1 / (d * mean_square)), d),
            "The variance is right, but these weights are normal: their tails reach further than any bound.",
        ),
        "only one sign": Mistake(
            lambda rng, d, mean_square: rng.uniform(0, math.sqrt(3 / (d * mean_square)), d),
            "These weights have one sign only: draw around 0, from −bound to bound. Inputs with a mean would add up.",
        ),
    },
    praise="Every unit has a z of variance 1, whatever its number of inputs and their mean square.",
    otherwise="The first number is the variance of z: which one do the weights need, so that d · Var w · E[x²] = 1? "
    "The second, their kurtosis, is 9/5 for uniform weights, and the third is 1 if their mean is 0.",
    # The fourth powers of normal weights stray most: twice a normal variance's standard error covers all of these.
    tolerance=lambda _rng, d, _mean_square: 10 * standard_error(d),
    read=_variance_and_kurtosis,
)

_GREY = number(
    1 / 9,
    {
        "nine times too wide": Mistake(1, "Nine times too wide: U(±1/√d) has the variance 1/(3d), and not 3/d."),
        "variance for mean square": Mistake(
            1 / 36, "1/36 is what Var x = 1/12 gives. Grey values have a mean: take E[x²]."
        ),
        "inputs of mean square 1": Mistake(1 / 3, "1/3 is for inputs of mean square 1. What is E[x²] between 0 and 1?"),
        "mean for mean square": Mistake(
            1 / 6, "1/6 takes the inputs' mean, 1/2. What counts is their mean square, E[x²]."
        ),
        "squared mean for mean square": Mistake(1 / 12, "1/12 takes E[x]² = 1/4. The mean of the squares is larger."),
    },
    praise="E[x²] = 1/3 makes d · 1/(3d) · 1/3 = 1/9, three times less than with inputs of mean square 1.",
    otherwise="The rule is d · Var w · E[x²], and Var w = 1/(3d).",
    low=0,
)


_MIDDLE = number(
    4 / 1000,
    {
        "the root of d": Mistake(
            4 / 1000**0.5, "That gives a mean of 126: nothing cancels in the means, so they add up like d, not like √d."
        ),
        "one term": Mistake(4, "That gives every single term a mean of 4. There are 1000 of them."),
        "the upper end": Mistake(4 / 1000 + 1000**-0.5, "That is the upper end of the interval. Where is its middle?"),
        "the lower end": Mistake(4 / 1000 - 1000**-0.5, "That is the lower end of the interval. Where is its middle?"),
        "the other side": Mistake(-4 / 1000, "The mean is −4 then: the inputs have the mean +1."),
        "none below 0": Mistake(1000**-0.5, "With weights between 0 and 2/√1000 the mean of z is 32 already."),
    },
    praise="An eighth of the half length is enough. The variance of the weights is what it was.",
    otherwise="The mean of z is the sum of the means of 1000 terms w·x, and each is the middle times 1.",
)


def _moments(rng: np.random.Generator) -> list[Case]:
    """Return means and variances of two variables, some means 0."""
    drawn = [(mx, vx, my, vy) for mx, my, vx, vy in zip(*rng.uniform(0.5, 3, (4, 4)), strict=True)]
    return [*drawn, (0.0, *drawn[0][1:]), (0.0, drawn[1][1], 0.0, drawn[1][3])]


_PRODUCT_VARIANCE = function(
    lambda mx, vx, my, vy: vx * vy + mx**2 * vy + my**2 * vx,
    _moments,
    {
        "as given": Mistake(
            lambda mx, vx, my, vy: vx * vy, "This is still Var X · Var Y: right if both means are 0.", NOT_YET
        ),
        "means crossed": Mistake(
            lambda mx, vx, my, vy: vx * vy + mx**2 * vx + my**2 * vy,
            "Each mean goes with the variance of the other: μ_X moves Y's spread, and not its own.",
        ),
        "product of mean squares": Mistake(
            lambda mx, vx, my, vy: (vx + mx**2) * (vy + my**2),
            "That is E[X²Y²]. The variance of the product is smaller by the square of its mean, μ_X² μ_Y².",
        ),
        "means not squared": Mistake(
            lambda mx, vx, my, vy: vx * vy + mx * vy + my * vx,
            "Square the means: a variance of 1 in Y, multiplied by 3, becomes one of 9.",
        ),
    },
    praise="The rule holds for any means, and with both 0 it is the short one again.",
    otherwise="Start from E[X²] E[Y²] − μ_X² μ_Y².",
)

EXERCISES = (
    Exercise(
        "the bound for variance 1",
        "compute",
        _BOUND,
        "U(±b) has the variance b²/3. How many such terms does z have?",
        "300 · b²/3 = 1. Solve it for b.",
    ),
    Exercise(
        "uniform weights for any inputs",
        "write",
        _UNIFORM_WEIGHTS,
        "z has the variance d · Var w · E[x²]. Which Var w makes it 1?",
        "Var w = 1/(d · mean_square) is b²/3: the bound is the root of 3/(d · mean_square).",
    ),
    Exercise(
        "grey values",
        "change",
        _GREY,
        "With weights of mean 0, what counts of an input is its mean square.",
        "E[x²] is the integral of x² from 0 to 1.",
    ),
    Exercise(
        "weights with a mean",
        "break",
        _MIDDLE,
        "What is the mean of one term w·x, if w and x are independent?",
        "It is the middle times 1, and the means of 1000 terms add up to 4.",
    ),
    Exercise(
        "a product with a mean",
        "find the bug",
        _PRODUCT_VARIANCE,
        "Try the coins of the beginning: means 1, variances 1. What should come out?",
        "Var(XY) = Var X Var Y + μ_X² Var Y + μ_Y² Var X.",
    ),
)
