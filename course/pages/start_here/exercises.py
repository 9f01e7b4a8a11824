"""Exercises: how exercises work, on what the picture's axes say."""

import math

import numpy as np

from course.exercises.judges import Case, Mistake, function, number
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET

_VALUES = np.array([3.0, -1.0, 1.0, -1.0])

_MEAN_SQUARE = number(
    float(np.mean(_VALUES**2)),
    {
        "a sum": Mistake(12, "12 is the sum of the squares. Divide by how many there are."),
        "the root": Mistake(
            math.sqrt(3), "√3 is the root of the mean square, called rms. The mean square was asked for."
        ),
        "the variance": Mistake(
            2.75, "2.75 is the variance: the mean was taken away first. Square the values as they are."
        ),
        "the mean of the sizes": Mistake(
            1.5, "1.5 is the mean of the values without their signs. Square them instead."
        ),
        "the squared mean": Mistake(0.25, "0.25 is the square of the mean. Square first, then take the mean."),
        "one too few": Mistake(4, "12/3 divides by one less than there are values. There are four."),
    },
    praise="Minus signs do not matter to a mean square, and large values matter most.",
    otherwise="Square each of the four values, add, and divide by four.",
    low=0,
)


def _layers_of_values(rng: np.random.Generator) -> list[Case]:
    """Return activations `(batch, units)` of all sizes, with a mean."""
    return [(rng.normal(rng.uniform(0.5, 2), rng.uniform(0.5, 3), rng.integers(2, 9, 2)),) for _layer in range(5)]


_WRITE_MEAN_SQUARE = function(
    lambda h: np.mean(h**2),
    _layers_of_values,
    {
        "as given": Mistake(np.mean, "This is the mean still, and not the mean square.", NOT_YET),
        "the squared mean": Mistake(
            lambda h: np.mean(h) ** 2, "You square the mean. Square first, then take the mean."
        ),
        "the variance": Mistake(
            np.var, "That is the variance: it leaves out the mean, and a mean is part of a signal."
        ),
        "the root": Mistake(
            lambda h: np.sqrt(np.mean(h**2)), "That is the root of the mean square. Leave out the root."
        ),
        "the squares": Mistake(lambda h: h**2, "These are the squares, one for every number. Take their mean."),
        "a sum": Mistake(lambda h: np.sum(h**2), "That is the sum of the squares. Divide by how many there are."),
        "a row for each": Mistake(
            lambda h: np.mean(h**2, axis=0), "That is one number a unit. Take the mean over all."
        ),
        "an example for each": Mistake(
            lambda h: np.mean(h**2, axis=1), "That is one number an example. One is wanted."
        ),
    },
    praise="This is what the second panel of the picture shows, for every layer.",
    otherwise="Square every number of the array, then take the mean over all of them.",
)

_FEWEST_LAYERS = number(
    11,
    {
        "the last that keeps more": Mistake(10, "At 10 layers 0.052 is left, still more than 0.05. One more."),
        "one share for all layers": Mistake(
            33,
            "You gave every layer the same share of what 50 layers lose. The curve bends: the first layers lose more.",
        ),
        "a tenth": Mistake(5, "At 5 layers 0.1 is left, and not 0.05."),
    },
    praise="At {answer:.0f} layers 0.047 is left, at 50 still 0.01: tanh takes a smaller share from a smaller signal.",
    otherwise="Move the depth until the sentence's theory falls below 0.05 for the first time.",
    whole=True,
    low=1,
    tolerance=1e-9,
)


def _ends(rng: np.random.Generator) -> list[Case]:
    """Return the strengths of the first and the last of several layers."""
    firsts, factors, layers = rng.uniform(0.5, 2, 5), rng.uniform(0.5, 1.5, 5), rng.integers(5, 60, 5)
    rows = zip(firsts, factors, layers, strict=True)
    return [(float(first), float(first * factor ** (n - 1)), int(n)) for first, factor, n in rows]


_FACTOR = function(
    lambda first, last, layers: (last / first) ** (1 / (layers - 1)),
    _ends,
    {
        "as given": Mistake(
            lambda first, last, layers: last / first / layers,
            "This is the function as it was given. Factors multiply: what is their product?",
            NOT_YET,
        ),
        "steps for layers": Mistake(
            lambda first, last, layers: (last / first) ** (1 / layers),
            "Nearly. From the first layer to the last there is one step less than there are layers.",
        ),
        "turned round": Mistake(
            lambda first, last, layers: (first / last) ** (1 / (layers - 1)),
            "That is the factor on the way back, from the last layer to the first.",
        ),
        "a difference": Mistake(
            lambda first, last, layers: (last - first) / (layers - 1),
            "That is what is added a layer. On a logarithmic axis a straight line multiplies.",
        ),
        "its logarithm": Mistake(
            lambda first, last, layers: np.log(last / first) / (layers - 1),
            "That is the logarithm of the factor: take the exponential of it.",
        ),
    },
    praise="It is the slope of a straight line on the picture's axis, and the number that the course is about.",
    otherwise="Multiplied once for each step from the first layer to the last, it makes last / first.",
)

EXERCISES = (
    Exercise(
        "a mean square by hand",
        "compute",
        _MEAN_SQUARE,
        "Square every value: what becomes of the signs?",
        "9, 1, 1 and 1: what is their mean?",
    ),
    Exercise(
        "the mean square of a layer",
        "write",
        _WRITE_MEAN_SQUARE,
        "`h**2` squares every number of an array.",
        "`np.mean` of an array is the mean over all its numbers.",
    ),
    Exercise(
        "how deep",
        "change",
        _FEWEST_LAYERS,
        "Move the depth and read what the sentence says of theory at the last layer.",
        "It lies between 5 and 20: 0.1 is left at 5 layers, and 0.026 at 20.",
    ),
    Exercise(
        "the factor a layer",
        "find the bug",
        _FACTOR,
        "With two layers the factor should be last / first. Is it?",
        "A root undoes a power: of which order here?",
    ),
)
