"""Exercises: symmetry."""

from typing import Any

import jax
import numpy as np

from course.activations import ACTIVATIONS
from course.exercises import reading
from course.exercises.judges import Case, Mistake, choice, function, generator, knowing, number, standard_error
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_DIFFERENT = number(
    5,
    {
        "all are free": Mistake(33, "33 are free only if the units differ. Here the eight are equal."),
        "one left out": Mistake(
            4, "One is left out: the two incoming weights of a unit come apart, and the output has a bias."
        ),
        "as at the start": Mistake(2, "That is so before training: 0.5 and 0. What comes apart, and what cannot?"),
        "the copies": Mistake(28, "28 are the copies. How many are left of 33?"),
        "counted for every unit": Mistake(
            33 - 8, "Equal units share all their numbers: they have one bias, and not eight."
        ),
    },
    praise="Two incoming weights, one bias and one outgoing weight for all eight units, and the output's bias.",
    otherwise="Count the numbers of a single unit, and what is not in any unit.",
    whole=True,
    low=1,
    tolerance=1e-9,
)


def _hidden_layers(rng: np.random.Generator) -> list[Case]:
    """Return incoming weights `(inputs, units)` of which some units are copies; their numbers occur in many units."""
    times = rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], size=4, replace=False)
    cases = [(np.outer([1.0, 2.0], times)[:, rng.permutation([0, 1, 2, 3, 0, 2])],)]  # four columns of rank 1
    for _layer in range(6):
        inputs, kinds = int(rng.integers(2, 4)), int(rng.integers(2, 6))
        while True:
            columns = rng.integers(-2, 3, size=(inputs, kinds)).astype(float)
            if np.unique(columns, axis=1).shape[1] == kinds > np.unique(columns[0]).size:
                break
        cases.append((columns[:, rng.permutation([*range(kinds), *rng.integers(kinds, size=3)])],))
    return cases


_COUNT_UNITS = function(
    lambda weights: np.unique(weights, axis=1).shape[1],
    _hidden_layers,
    {
        "numbers for units": Mistake(
            lambda weights: np.unique(weights).size,
            "That is how many different numbers there are. A unit is a column: how many different columns?",
        ),
        "rows for columns": Mistake(
            lambda weights: np.unique(weights, axis=0).shape[0],
            "These are the different rows, one for each input. A unit is a column.",
        ),
        "the rank for the number": Mistake(
            np.linalg.matrix_rank,
            "The rank counts independent columns. Two units whose weights are (1, 2) and (2, 4) differ all the same.",
        ),
        "all units": Mistake(lambda weights: weights.shape[1], "That is how many units there are, equal ones too."),
        "the first input alone": Mistake(
            lambda weights: np.unique(weights[0]).size,
            "You compare the first incoming weight only. Two units may agree in it and differ in the next.",
        ),
        "sums for columns": Mistake(
            lambda weights: np.unique(weights.sum(axis=0)).size,
            "You compare the columns' sums: (1, 2) and (2, 1) have the same one, and are different units.",
        ),
    },
    praise="This is the number in the sentence below the picture.",
    otherwise="How many columns are there that differ in at least one number?",
)

_EXCEPTIONS = choice(
    {"sigmoid", "softplus"},
    {
        "one is missing": Mistake({"sigmoid"}, "Right, and there is one more. Evaluate each of them at 0."),
        "sigmoid is missing": Mistake({"softplus"}, "Right, and you have seen another one on this page."),
        "tanh like sigmoid": Mistake({"sigmoid", "tanh"}, "tanh has sigmoid's shape and goes through 0: tanh 0 = 0."),
        "relu": Mistake({"relu"}, "ReLU's corner is at 0, and its value there is 0."),
        "softplus like relu": Mistake({"sigmoid", "relu"}, "ReLU is 0 at 0. Its smooth relative is not."),
        "all of them": Mistake(set(ACTIVATIONS), "Most go through 0, and with them a network of zeros outputs zeros."),
    },
    praise="Sigmoid gives 0.5 and softplus ln 2 = 0.693. All others pass through the origin.",
    known=ACTIVATIONS,
)

_UNITS = 8


@knowing(
    examples={
        "all zero": [0] * 8,
        "none is zero": [1, 2, 3, 4, 5, 6, 7, 8],
        "several zeros": [0, 0, 1, 2, 3, 4, 5, 6],
        "all equal": [0.5] * 8,
        "some equal": [0, 1, 1, 2, 3, 4, 5, 6],
    }
)
def _first_weights(_rng: np.random.Generator, answer: object) -> Verdict:
    weights = reading.array(answer, "the weights", (_UNITS,)).astype(np.float32)  # as they are trained
    kinds, zeros = np.unique(weights).size, int(np.sum(weights == 0))
    if kinds == _UNITS and zeros == 1:
        if np.isin(-weights[weights != 0], weights).any():
            return right(
                "They stay different, though w and −w mirror each other: two such tanh units compute what one does."
            )
        return right("One unit may be zero: it stays so for ever, and differs from the others by staying.")
    if zeros == _UNITS:
        return wrong("With zeros alone nothing ever moves but the output's bias.", "all zero")
    if kinds == _UNITS:
        return almost(
            "All eight will differ. One of them may start at 0 and still be unlike all others.", "none is zero"
        )
    if zeros > 1:
        return almost(f"{zeros} units start at 0, and stay equal to each other for ever.", "several zeros")
    if kinds == 1:
        return wrong("All eight start equal, and equal they stay.", "all equal")
    return almost(f"Only {kinds} of the eight numbers differ. Units that start equal stay equal.", "some equal")


_STD, _SHAPES = 0.5, ((30, 40), (40, 30))


def _layers_to_draw(rng: np.random.Generator) -> list[Case]:
    return [(jax.random.key(int(rng.integers(2**31))), *shape) for shape in _SHAPES]


def _normal(key: Any, *shape: int) -> np.ndarray:
    return _STD * generator(key).normal(size=shape)


def _kinds_and_variance(weights: Any, _key: object, fan_in: int, fan_out: int) -> np.ndarray:
    """Return how many units and how many inputs' weights differ, the variance over the right one, and the sign.

    The last number is 1 if the weights have no mean, and 2 if they are all equal.
    """
    drawn = reading.array(weights, "what your function gives back", (fan_in, fan_out))
    kinds = [np.unique(drawn, axis=axis).shape[axis] for axis in (1, 0)]
    if kinds != [fan_out, fan_in]:  # copies are too few to measure a variance
        return np.array([*kinds, 1, 1])
    square = np.mean(drawn**2)
    return np.array([*kinds, square / _STD**2, 1 + np.mean(drawn) ** 2 / max(square, np.finfo(float).tiny)])


_START = function(
    lambda _key, fan_in, fan_out: [fan_out, fan_in, 1, 1],
    _layers_to_draw,
    {
        "as given": Mistake(
            lambda key, fan_in, fan_out: _normal(key, fan_in, 1) + np.zeros(fan_out),
            "This is the function as it was given: one column is drawn, and every unit gets a copy of it.",
            NOT_YET,
        ),
        "copies of a row": Mistake(
            lambda key, fan_in, fan_out: _normal(key, fan_out) + np.zeros((fan_in, 1)),
            "Now the units differ, and every unit weighs all its inputs alike. Draw every number.",
        ),
        "one number": Mistake(
            lambda key, fan_in, fan_out: np.full((fan_in, fan_out), _normal(key)),
            "One number is drawn for the whole layer. Draw one for each weight.",
        ),
        "the factor lost": Mistake(
            lambda key, fan_in, fan_out: _normal(key, fan_in, fan_out) / _STD,
            "All weights differ now, and their std is 1 instead of 0.5.",
        ),
        "the factor squared": Mistake(
            lambda key, fan_in, fan_out: _normal(key, fan_in, fan_out) * _STD,
            "All weights differ now. Their variance is 1/16: 0.5 multiplies a number, and 0.25 its variance.",
        ),
        "only one sign": Mistake(
            lambda key, fan_in, fan_out: np.abs(_normal(key, fan_in, fan_out)),
            "All weights have the same sign now. Normal ones lie on both sides of 0.",
        ),
    },
    praise="No two units start alike, and so none need ever be alike.",
    otherwise="These are the units that differ, the inputs that are weighed differently, the variance over 0.5², which "
    "should be 1, and a number that is 1 if the weights' mean is 0.",
    tolerance=lambda _key, fan_in, fan_out: 5 * standard_error(fan_in * fan_out),
    read=_kinds_and_variance,
)

EXERCISES = (
    Exercise(
        "numbers of equal units",
        "compute",
        _DIFFERENT,
        "Equal units have equal numbers. How many has one of them?",
        "Two, one and one for a unit, one for the output.",
    ),
    Exercise(
        "how many units differ",
        "write",
        _COUNT_UNITS,
        "A unit is a column of the weights.",
        "`np.unique(weights, axis=1)` keeps the different columns.",
    ),
    Exercise(
        "zeros that do not give zeros",
        "change",
        _EXCEPTIONS,
        "A unit with zero weights has z = 0. What does its activation make of it?",
        "Loop over `activations.ACTIVATIONS` and print the value at 0.",
    ),
    Exercise(
        "the fewest numbers",
        "break",
        _first_weights,
        "Two units that start with the same number stay equal. And two zeros?",
        "Seven different numbers, and one 0.",
    ),
    Exercise(
        "a layer of twins",
        "find the bug",
        _START,
        "Which shape is drawn, and which is needed?",
        "`jax.random.normal(key, (fan_in, fan_out))` draws every weight.",
    ),
)
