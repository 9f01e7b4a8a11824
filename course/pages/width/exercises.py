"""Exercises: width."""

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, RIGHT, Verdict, almost, right, wrong

_RATE_AT_1024 = number(
    0.01 / 16,
    {
        "as it is": Mistake(0.01, "That is right for the first layer. In a hidden layer n terms of one sign add up."),
        "the wrong way": Mistake(0.16, "A wider layer adds more terms up: its rate has to be smaller."),
        "the root": Mistake(0.01 / 4, "A root belongs to random terms. Those of an update have one sign."),
        "squared": Mistake(0.01 / 256, "That is the ratio of the widths twice."),
        "the width itself": Mistake(0.01 / 1024, "0.01 was found at width 64 and belongs there: take the ratio."),
        "the width's root": Mistake(0.01 / 32, "Neither is it a root, nor does the rate belong to width 1."),
    },
    praise="The network is 16 times as wide, and so a hidden layer's rate is a sixteenth.",
    otherwise="How many times as many terms does a preactivation of the wide network add up?",
    low=0,
)

_BRANCHES = 64


def added(factor: float, branches: int = _BRANCHES) -> float:
    """Return by what share of itself branches of mean 0 and mean square factor² make a signal's mean square grow."""
    return (1 + factor**2) ** branches - 1


_ADDED = number(
    added(1 / _BRANCHES),
    {
        "one over the root": Mistake(added(_BRANCHES**-0.5), "That is what branches times 1/√64 add."),
        "the growth": Mistake(1 + added(1 / _BRANCHES), "That is the factor. What has been added is this less 1."),
        "one branch": Mistake(1 / _BRANCHES**2, "That is the share of one branch, and there are 64."),
        "not compounded": Mistake(
            1 / _BRANCHES,
            "Right to two digits. Each branch adds its share of what has already grown: (1 + 1/64²)⁶⁴ − 1 is 0.0157.",
            RIGHT,
        ),
        "added as numbers": Mistake(1.0, "64 times 1/64 would do for branches of one sign. Of these the squares add."),
        "not squared": Mistake(
            (1 + 1 / _BRANCHES**2) ** (_BRANCHES / 2) - 1, "That is the growth of the rms, and not of the mean square."
        ),
        "no factor": Mistake(added(1.0), "That is what branches without any factor add."),
    },
    praise="At initialization such a network hardly differs from one without its branches. 1/√64 would add 170 %.",
    otherwise="A branch multiplies the mean square by 1 + 1/64², and there are 64 of them.",
    low=0,
    tolerance=0.003,
)


def _growths(rng: np.random.Generator) -> list[Case]:
    """Return learning rates, and how many times as wide as the base a network is."""
    return [(float(rng.uniform(0.01, 1)), int(ratio)) for ratio in rng.choice(np.arange(3, 40), 4, replace=False)]


_LAYER_RATES = function(
    lambda rate, ratio: [rate * ratio, rate, rate / ratio],
    _growths,
    {
        "one for all": Mistake(
            lambda rate, ratio: [rate, rate, rate], "That is the standard parametrization: one rate for all layers."
        ),
        "Adam's": Mistake(
            lambda rate, ratio: [rate, rate / ratio, rate / ratio],
            "These are μP's rates for Adam. SGD's step is smaller where the gradient is.",
        ),
        "upside down": Mistake(
            lambda rate, ratio: [rate / ratio, rate, rate * ratio],
            "The other way round: it is the output that adds up more terms in a wider network.",
        ),
        "roots": Mistake(
            lambda rate, ratio: [rate * ratio**0.5, rate, rate / ratio**0.5],
            "A root belongs to weights that are random. The terms of an update have one sign.",
        ),
        "the input forgotten": Mistake(
            lambda rate, ratio: [rate, rate, rate / ratio],
            "The output is right. The first layer's gradient has become smaller, as the weights of the last have.",
        ),
        "the output forgotten": Mistake(
            lambda rate, ratio: [rate * ratio, rate, rate],
            "The first layer is right. The output adds up more terms, and so its rate has to be smaller.",
        ),
        "the hidden layer too": Mistake(
            lambda rate, ratio: [rate * ratio, rate / ratio, rate / ratio],
            "In the hidden layer the gradient is smaller by the ratio and the terms are as many times more: keep it.",
        ),
    },
    praise="With μP's initialization every layer now learns at any width as it does at the base width.",
    otherwise="Three rates, for the first, the hidden and the last layer.",
)

_FLAT, _STEEP = 19.0, 20.0


@knowing(
    examples={
        "one over the sharpness": 1 / _STEEP,
        "at the edge": 2 / _STEEP,
        "at the other edge": 2 / _FLAT,
        "too large for both": 0.15,
        "the other way up": 2 * _STEEP,
        "half of it": 1 / (2 * _STEEP),
    }
)
def _between_the_edges(_rng: np.random.Generator, answer: object) -> Verdict:
    rate = reading.number(answer, "the rate", low=1e-9, high=1e6)
    flat, steep = (abs(1 - rate * sharpness) for sharpness in (_FLAT, _STEEP))
    seen = (
        f"A step multiplies w by {1 - rate * _STEEP:.4g} where λ is 20, and by {1 - rate * _FLAT:.4g} where it is 19."
    )
    if np.isclose(rate, 2 / _STEEP, rtol=1e-5):
        return almost(f"{seen} Exactly at 2/λ it jumps from side to side for ever, and neither grows.", "at the edge")
    if np.isclose(rate, 2 / _FLAT, rtol=1e-5):
        return almost(f"{seen} At the edge of λ = 19 that one does not shrink any more.", "at the other edge")
    if steep > 1 > flat:
        return right(f"{seen} So 2/η lies between the two: one is beyond the edge of stability, the other is not.")
    if rate > 1:
        return almost(f"{seen} Both diverge: the sharpness belongs below the line, 2/λ.", "the other way up")
    if flat > 1:
        return almost(f"{seen} Both diverge: that is too large.", "too large for both")
    if np.isclose(rate, 1 / _STEEP, rtol=1e-3):
        return almost(
            f"{seen} 1/λ is the rate that reaches the minimum in one step, half of the largest.",
            "one over the sharpness",
        )
    if rate < 1 / _STEEP:
        return almost(f"{seen} Both converge, and w does not even change its sign.", "half of it")
    return wrong(f"{seen} Both converge: it can be larger.")


def _activations(rng: np.random.Generator) -> list[Case]:
    """Return activations of layers of several widths, before and after a step."""
    cases = []
    for width in (16, 64, 256):
        before = rng.normal(size=(8, width))
        cases.append((before, before + rng.uniform(0.01, 0.1) * rng.normal(size=(8, width))))
    return cases


_COORDINATES = function(
    lambda before, after: np.sqrt(np.mean((after - before) ** 2)),
    _activations,
    {
        "as given": Mistake(
            lambda before, after: np.linalg.norm(after - before),
            "This is the function as it was given. Give it layers of all ones and all twos: what does it say by width?",
            NOT_YET,
        ),
        "divided by the number": Mistake(
            lambda before, after: np.linalg.norm(after - before) / before.size,
            "The length grows as the root of the number. Divided by the number itself, it now falls with the width.",
        ),
        "the mean": Mistake(
            lambda before, after: np.mean(after - before), "Changes up and down cancel. Take their squares first."
        ),
        "the mean size": Mistake(
            lambda before, after: np.mean(np.abs(after - before)),
            "The mean of the absolute changes passes such a check too. The root of the mean square was asked for.",
        ),
        "without the root": Mistake(
            lambda before, after: np.mean((after - before) ** 2),
            "That is the mean square. Its slopes would be twice those of the theory.",
        ),
        "sizes subtracted": Mistake(
            lambda before, after: np.sqrt(np.mean(after**2)) - np.sqrt(np.mean(before**2)),
            "Activations can turn without becoming larger: subtract first, and then take the size.",
        ),
        "relative": Mistake(
            lambda before, after: np.linalg.norm(after - before) / np.linalg.norm(before),
            "That is the change relative to the activations. Here the change itself was asked for.",
        ),
    },
    praise="A change that is the same in every unit now has the same size at every width.",
    otherwise="The root of the mean, over all units and examples, of the squared change.",
)

EXERCISES = (
    Exercise(
        "a hidden layer's rate",
        "compute",
        _RATE_AT_1024,
        "How many times as wide is the network?",
        "μP divides the rate of a hidden layer by that, with Adam.",
    ),
    Exercise(
        "one over the depth",
        "compute",
        _ADDED,
        "What does one branch of mean square x²/64² add to the mean square of x?",
        "(1 + 1/64²)⁶⁴ is the growth; what was added is this less 1.",
    ),
    Exercise(
        "the rates of the layers",
        "write",
        _LAYER_RATES,
        "The powers of the width are 1, 0 and −1 with SGD.",
        "A power of 1 means that the rate is multiplied by the ratio of the widths.",
    ),
    Exercise(
        "between two edges",
        "break",
        _between_the_edges,
        "A step multiplies w by 1 − ηλ.",
        "It grows where ηλ is above 2: for λ = 20, and not for 19.",
    ),
    Exercise(
        "a coordinate check",
        "find the bug",
        _COORDINATES,
        "All units change by 1: what does the function return for 4 units, and for 400?",
        "np.linalg.norm adds squares up. What is wanted is their mean.",
    ),
)
