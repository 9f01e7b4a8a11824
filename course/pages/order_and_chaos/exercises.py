"""Exercises: order and chaos."""

import math
from collections.abc import Callable

import numpy as np

from course import theory
from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_SINE = (1 - math.exp(-2)) / 2
_SINE_GAIN = number(
    _SINE**-0.5,
    {
        "weight variance for gain": Mistake(1 / _SINE, "That is 1/E[φ²], the weight variance. The gain is its root."),
        "the slope at 0": Mistake(1, "A slope of 1 at 0 is not enough: at z = 2 the sine keeps a fifth of z²."),
        "the mean square": Mistake(_SINE, "That is E[sin² z]. The gain makes up for it: one over its root."),
        "upside down": Mistake(
            _SINE**0.5, "Upside down: the sine makes signals smaller, so the weights must be larger."
        ),
        "not halved": Mistake((2 * _SINE) ** -0.5, "The formula for sin² z has a half in front: E[sin² z] is 0.4323."),
        "a half": Mistake(math.sqrt(2), "E[sin² z] is a half if z goes round evenly. A normal z stays near 0."),
    },
    praise="{answer:.4g} keeps the mean square of a sine network.",
    otherwise="The gain is one over the root of E[sin² z].",
    digits=3,
    low=0,
)

_BIAS_VARIANCE = 0.3
_CRITICAL = theory.critical_weight_variance("tanh", _BIAS_VARIANCE)


def _maps(rng: np.random.Generator) -> list[Case]:
    """Return maps of a cosine or a length from layer to layer, where to start, how many layers."""
    cases = []
    for slope in rng.uniform(0.3, 0.9, 4):
        shift = float(rng.uniform(0.05, 0.3))
        cases.append((_straight(float(slope), shift), float(rng.uniform(-0.5, 2)), int(rng.integers(3, 12))))
    return cases


def _straight(slope: float, shift: float) -> Callable[[float], float]:
    return lambda value: slope * value + shift


def _iterated(layer: Callable[[float], float], start: float, depth: int) -> list[float]:
    values = [start]
    for _layer in range(depth):
        values.append(layer(values[-1]))
    return values[1:]


_ITERATE = function(
    _iterated,
    _maps,
    {
        "the input counted as a layer": Mistake(
            lambda layer, start, depth: [start, *_iterated(layer, start, depth)][:depth],
            "Your first number is the start itself. Layer 1 has been applied once.",
        ),
        "the input too": Mistake(
            lambda layer, start, depth: [start, *_iterated(layer, start, depth)],
            "These are depth + 1 numbers: leave out the start, which is no layer's.",
        ),
        "always from the start": Mistake(
            lambda layer, start, depth: [layer(start)] * depth,
            "Every layer begins at the start here. It receives what the layer before has made.",
        ),
        "the last one alone": Mistake(
            lambda layer, start, depth: _iterated(layer, start, depth)[-1],
            "That is the last layer's. One number for each layer was asked for.",
        ),
        "from the last layer": Mistake(
            lambda layer, start, depth: _iterated(layer, start, depth)[::-1],
            "These run from the last layer to the first.",
        ),
        "steps for values": Mistake(
            lambda layer, start, depth: np.diff([start, *_iterated(layer, start, depth)]),
            "These are the steps from layer to layer, and not the values.",
        ),
    },
    praise="This is the staircase between the curve and the diagonal.",
    otherwise="Layer 1 gives layer(start), layer 2 gives layer of that, and so on, depth times.",
)

_BORDER_MISTAKES = {
    "std for variance": Mistake(_CRITICAL**0.5, "That is the std σ_w. The picture's axis is σ_w²."),
    "as without biases": Mistake(
        1, "1 is the border without biases. They lengthen the preactivations, and slopes get smaller."
    ),
    "squared once more": Mistake(_CRITICAL**2, "The axis is σ_w² already: you have squared it once more."),
    "PyTorch's gain": Mistake(
        (5 / 3) ** 2, "(5/3)² is what PyTorch's gain for tanh gives. It knows nothing of biases."
    ),
    "He's": Mistake(2, "2 is for ReLU: He initialization."),
}


@knowing(_BORDER_MISTAKES)
def _border(_rng: np.random.Generator, answer: object) -> Verdict:
    variance = reading.number(answer, "the weight variance", low=1e-3, high=1e3)
    chi = theory.chi("tanh", variance, _BIAS_VARIANCE)
    if known := recognized(variance, _BORDER_MISTAKES, f"chi is {chi:.3f} there."):
        return known
    if abs(variance - _CRITICAL) < 0.05:
        return right(f"chi is {chi:.3f} there: the gradient neither grows nor shrinks.")
    return wrong(
        f"chi is {chi:.3f} there: {'the chaotic phase, so less' if chi > 1 else 'the ordered phase, so more'}."
    )


_DEPTH, _COSINE, _FAR = 20, 0.99, 0.3


@knowing(examples={"order": (0.5, 0.1), "border": (1, 0), "biases": (10, 1), "near the border": (1.3, 0)})
def _torn_apart(_rng: np.random.Generator, weight_variance: object, bias_variance: object) -> Verdict:
    weights = reading.number(weight_variance, "the weight variance", low=1e-3, high=20)
    biases = reading.number(bias_variance, "the bias variance", low=0, high=20)
    chi = theory.chi("tanh", weights, biases)
    cosine = float(theory.correlations("tanh", _DEPTH, weights, biases, correlation=_COSINE)[-1])
    seen = f"chi is {chi:.2f}, and a cosine of {_COSINE} becomes {cosine:.2f}"
    if cosine < _FAR:
        return right(f"{seen} in {_DEPTH} layers.")
    if abs(chi - 1) < 0.01:
        return almost(f"{seen}: this is the border, where near inputs stay about as near as they are.", "border")
    if chi < 1:
        return almost(f"{seen}: in the ordered phase near inputs come nearer. You need the chaotic one.", "order")
    if biases > 0 and theory.correlations("tanh", _DEPTH, weights, 0.0, correlation=_COSINE)[-1] < _FAR:
        return almost(f"{seen}. Both inputs receive the same biases, which keeps them alike.", "biases")
    return almost(f"{seen}: this is the chaotic phase, but too near the border for {_DEPTH} layers.", "near the border")


def _slopes(rng: np.random.Generator) -> list[Case]:
    """Return a weight variance, slopes at several points, and the points' weights, which add up to 1."""
    cases = []
    for points in rng.integers(5, 40, 5):
        density = rng.uniform(0.1, 1, points)
        cases.append((float(rng.uniform(0.5, 3)), rng.uniform(0, 1, points), density / density.sum()))
    return cases


_CHI = function(
    lambda variance, slopes, density: variance * (density @ slopes**2),
    _slopes,
    {
        "as given": Mistake(
            lambda variance, slopes, density: variance * (density @ slopes) ** 2,
            "This is the function as it was given: the square of a mean is not the mean of the squares.",
            NOT_YET,
        ),
        "not squared": Mistake(
            lambda variance, slopes, density: variance * (density @ slopes),
            "That is the mean slope. A gradient is squared before it is averaged.",
        ),
        "a variance squared": Mistake(
            lambda variance, slopes, density: variance**2 * (density @ slopes**2),
            "A weight variance is squared already.",
        ),
        "the std of the weights": Mistake(
            lambda variance, slopes, density: math.sqrt(variance) * (density @ slopes**2),
            "You take the root of the weight variance: it belongs into chi as it is.",
        ),
        "a variance of the slopes": Mistake(
            lambda variance, slopes, density: variance * (density @ slopes**2 - (density @ slopes) ** 2),
            "That is the variance of the slopes: their mean is taken off. A gradient feels the slopes whole.",
        ),
        "all points alike": Mistake(
            lambda variance, slopes, density: variance * np.mean(slopes**2),
            "You count all points alike. Some z are more likely than others: the density knows.",
        ),
        "the density squared": Mistake(
            lambda variance, slopes, density: variance * np.sum((density * slopes) ** 2),
            "You square the density too. It says how often, and is no part of the slope.",
        ),
    },
    praise="The mean of the squares is larger than the square of the mean, here by enough to turn order into chaos.",
    otherwise="chi is σ_w² times the mean of the squared slopes.",
)

EXERCISES = (
    Exercise(
        "a gain for the sine",
        "compute",
        _SINE_GAIN,
        "The gain is one over the root of E[sin² z].",
        "E[sin² z] = (1 − E[cos 2z])/2: the expectation of a difference is the difference of the expectations.",
    ),
    Exercise(
        "a map, layer after layer",
        "write",
        _ITERATE,
        "Keep a value, apply `layer` to it, and write down what comes out.",
        "A loop of `depth` rounds, with a list.",
    ),
    Exercise(
        "the border with biases",
        "change",
        _border,
        "Watch the lowest panel while you drag: on the border the gradient is level.",
        "The sentence below the picture says χ. It has to be 1.",
    ),
    Exercise(
        "near inputs torn apart",
        "break",
        _torn_apart,
        "A small difference grows by χ a layer in its square.",
        "What both inputs receive alike, the biases, keeps them alike. Leave it out.",
    ),
    Exercise(
        "order or chaos",
        "find the bug",
        _CHI,
        "E[φ′²] or E[φ′]²?",
        "`slopes**2` before the product with the density.",
    ),
)
