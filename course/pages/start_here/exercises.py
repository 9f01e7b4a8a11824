"""Exercises: how exercises work, on what the picture's axes say."""

import math

import numpy as np

from course import probes, theory
from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, right, wrong

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

_DEPTH, _KEPT = 50, 10
_GAIN_MISTAKES = {
    "as it was": Mistake(1, "Gain 1 is where you began: each layer halves the mean square."),
    "the gain squared": Mistake(
        2, "2 is by how much the variance has to grow. The gain multiplies the weights themselves."
    ),
    "the wrong way": Mistake(math.sqrt(0.5), "That makes the weights smaller, and the signal still weaker."),
    "half for double": Mistake(
        0.5, "That makes the weights smaller: a quarter of their variance, and the signal still weaker."
    ),
}


@knowing(_GAIN_MISTAKES)
def _relu_gain(rng: np.random.Generator, answer: object) -> Verdict:
    gain = reading.number(answer, "the gain", low=0.01, high=10)
    kept = float(theory.activation_second_moments("relu", _DEPTH, gain**2)[-1])
    if known := recognized(gain, _GAIN_MISTAKES, f"After {_DEPTH} layers {kept:.1g} is left."):
        return known
    if not 1 / _KEPT <= kept <= _KEPT:
        size = "large" if kept > 1 else "small"
        return wrong(f"After {_DEPTH} layers {kept:.1g} of the mean square is left: the gain is too {size}.")
    network = {"depth": _DEPTH, "width": 128, "activation": "relu", "scheme": "glorot_uniform", "gain": gain}
    measured = probes.measure(int(rng.integers(100)), **network).activation_rms[-1] ** 2
    seen = f"One network, just drawn, keeps {measured:.2g}"
    return right(f"In the mean over draws {kept:.2g} of the mean square is left. {seen}: there is luck in it too.")


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
        ("Square every value: what becomes of the signs?", "9, 1, 1 and 1: what is their mean?"),
    ),
    Exercise(
        "the mean square of a layer",
        "write",
        _WRITE_MEAN_SQUARE,
        ("`h**2` squares every number of an array.", "`np.mean` of an array is the mean over all its numbers."),
    ),
    Exercise(
        "a gain for ReLU",
        "change",
        _relu_gain,
        (
            "Set the picture to relu, and move the gain until the dashed line of the second panel is level.",
            "It lies between 1.3 and 1.5, and its square is a whole number.",
        ),
    ),
    Exercise(
        "the factor a layer",
        "find the bug",
        _FACTOR,
        ("With two layers the factor should be last / first. Is it?", "A root undoes a power: of which order here?"),
    ),
)
