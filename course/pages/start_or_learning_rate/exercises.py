"""Exercises: start or learning rate."""

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_FIRST_RATE = number(
    0.1 * 2**8,
    {
        "the weights forgotten": Mistake(
            0.1 * 2**9, "With this rate the step is as long as before, but the weights are only half as large."
        ),
        "outputs for steps": Mistake(0.1 * 2**10, "2¹⁰ is what the outputs lose, and not the steps."),
        "the wrong way": Mistake(0.1 / 2**8, "A smaller gain makes the gradients smaller: the rate has to grow."),
        "one layer only": Mistake(0.2, "Twice would do for one layer: a gradient contains the gains of 9 others."),
        "as without a change": Mistake(0.1, "That is the rate from before. How much smaller has the gradient become?"),
    },
    praise="256 times as large. Once the weights have grown, the network will not survive such a rate.",
    otherwise="A layer's gradient contains the gains of the 9 others, and the weights have their own.",
    low=0,
)


def _tables(rng: np.random.Generator) -> list[Case]:
    """Return losses `(initializations, rates)`, some runs diverged: infinite, or not a number."""
    tables = []
    for _table in range(5):
        losses = rng.uniform(0.1, 3, rng.integers(3, 7, size=2))
        losses[:2, :2] = (np.inf, np.nan), (np.nan, np.inf)  # `min` passes over a NaN unless it comes first
        tables.append((losses,))
    return tables


_BEST_OF_EACH = function(
    lambda losses: np.nanmin(losses, axis=1),
    _tables,
    {
        "NaN wins": Mistake(
            lambda losses: np.min(losses, axis=1),
            "A row with one run that is not a number gets no result at all: such a run should lose, not win.",
        ),
        "NaN wins where it comes first": Mistake(
            lambda losses: np.array([min(row) for row in losses]),
            "Python's `min` keeps a NaN that comes first in its row: every comparison with it is false.",
        ),
        "one rate for all": Mistake(
            lambda losses: losses[:, np.nanargmin(np.nanmean(losses, axis=0))],
            "You choose one learning rate for all initializations. Each should have its own best one.",
        ),
        "the best of each rate": Mistake(
            lambda losses: np.nanmin(losses, axis=0),
            "That is the best initialization for each rate: a row is an initialization.",
        ),
        "the rate for its loss": Mistake(
            lambda losses: np.nanargmin(losses, axis=1),
            "That is the place of the best rate in its row. The loss there was asked for.",
        ),
        "the best of all": Mistake(
            lambda losses: np.nanmin(losses), "That is the smallest loss of the whole table. Return one for each row."
        ),
        "NaN as 0": Mistake(
            lambda losses: np.min(np.nan_to_num(losses), axis=1),
            "A run that is not a number counts as a loss of 0 here, and wins. It should lose.",
        ),
        "the mean over rates": Mistake(
            lambda losses: np.nanmean(np.where(np.isinf(losses), np.nan, losses), axis=1),
            "A mean over rates punishes an initialization for rates that nobody would use with it.",
        ),
    },
    praise="Every initialization is now judged at the rate that suits it, and a run that diverges only loses.",
    otherwise="One number for each row: its smallest loss, where NaN does not count.",
)

_LAYERS, _AT_LEAST = 18, 1 / 32
_RESIDUAL_MISTAKES = {
    "as without a mean": Mistake(
        _LAYERS**-0.5, "1/√N suits outputs of mean 0. Here h and φ(hW) are never negative: look at the term 2g/π."
    ),
    "He's own gain": Mistake(1, "That is He initialization as it is."),
    "the wrong way": Mistake(_LAYERS, "That makes the weights larger."),
}


def growth(gain: float, layers: int = _LAYERS) -> float:
    """Return by how much residual layers h + φ(hW) multiply the mean square that a ReLU layer hands them, on average.

    Weights of He initialization times the gain add outputs of mean square g² E[h²] and of mean g √(E[h²]/π).
    """
    mean, square = np.pi**-0.5, 1.0
    for _layer in range(layers):
        added = gain * np.sqrt(square / np.pi)
        mean, square = mean + added, square + 2 * mean * added + gain**2 * square
    return float(square)


@knowing(_RESIDUAL_MISTAKES, {"off": 0.01})
def _residual_gain(_rng: np.random.Generator, answer: object) -> Verdict:
    gain = reading.number(answer, "the gain", low=1e-6, high=100)
    seen = f"The mean square grows {growth(gain):.3g}-fold in {_LAYERS} layers."
    if known := recognized(gain, _RESIDUAL_MISTAKES, seen):
        return known
    if growth(gain) > np.e:
        return wrong(f"{seen} It should stay below e = 2.72.")
    if gain < _AT_LEAST * (1 - 1e-6):
        return almost(f"{seen} The layers hardly contribute: a gain of at least 1/32 was asked for.", "off")
    return right(f"{seen} With 1/N it stays below e for any number N of such layers.")


_EPSILON, _MARGIN = 1e-8, 100


@knowing(
    examples={
        "a gain near 1": (20, 0.95),
        "near ε": (20, 0.38),
        "two layers": (2, 0.25),
        "too shallow": (10, 0.25),
        "Adam copes": (10, 0.5),
    }
)
def _too_small_for_adam(_rng: np.random.Generator, depth: object, gain: object) -> Verdict:
    layers = reading.whole(depth, "the depth", low=2, high=20)
    factor = reading.number(gain, "the gain", low=1e-6, high=1)
    gradient = factor ** (layers - 1)
    seen = f"The gradients are about {factor:.3g}^{layers - 1} = {gradient:.1e}"
    if gradient <= _EPSILON / _MARGIN:
        return right(f"{seen}, far below ε = 1e-08. So Adam's steps vanish with them.")
    if factor > 0.9:
        return almost(f"{seen}: at this gain nothing vanishes. Choose a smaller one.", "a gain near 1")
    if gradient <= 10 * _EPSILON:
        return almost(f"{seen}, not yet a hundredth of ε: Adam's steps are shorter, and do not vanish yet.", "near ε")
    if layers == 2:
        return almost(
            f"{seen}: with two layers there is one other gain only. Only depth makes it a power.", "two layers"
        )
    if factor**19 <= _EPSILON / _MARGIN:
        return almost(f"{seen}. The gain is small enough: it needs more layers.", "too shallow")
    return wrong(f"{seen}: Adam divides by them, and its steps are as long as ever.", "Adam copes")


def _moments(rng: np.random.Generator) -> list[Case]:
    """Return means and mean squares of gradients from 1 down to far below ε, and learning rates."""
    cases = []
    for scale in (1.0, 1e-3, 1e-8, 1e-11):
        gradients = scale * rng.normal(size=(5, 4))
        cases.append((gradients.mean(axis=0), np.mean(gradients**2, axis=0), float(rng.uniform(0.001, 0.1))))
    return cases


_ADAM = function(
    lambda mean, square, rate: -rate * mean / (np.sqrt(square) + _EPSILON),
    _moments,
    {
        "as given": Mistake(
            lambda mean, square, rate: -rate * mean / (square + _EPSILON),
            "This is the function as it was given. With a gradient of 1/1000: how long is its step?",
            NOT_YET,
        ),
        "ε under the root": Mistake(
            lambda mean, square, rate: -rate * mean / np.sqrt(square + _EPSILON),
            "ε stands under the root here, where it already matters for gradients of 10⁻⁴. Add it to the root.",
        ),
        "without ε": Mistake(
            lambda mean, square, rate: -rate * mean / np.sqrt(square),
            "Without ε: a gradient of 10⁻¹¹, which is mostly rounding, gets a full step, and one of 0 divides 0 by 0.",
        ),
        "uphill": Mistake(
            lambda mean, square, rate: rate * mean / (np.sqrt(square) + _EPSILON),
            "This climbs: the step goes against the gradient.",
        ),
        "the sign alone": Mistake(
            lambda mean, square, rate: -rate * mean / (np.abs(mean) + _EPSILON),
            "You divide by the mean's own size: that leaves its sign alone. Divide by the root of the mean square.",
        ),
    },
    praise="A step is about as long as the learning rate, whatever the size of the gradient, down to ε.",
    otherwise="Divide the mean by the root of the mean square, plus ε, times the learning rate, downhill.",
)

EXERCISES = (
    Exercise(
        "a rate for half the gain",
        "compute",
        _FIRST_RATE,
        "How many gains does the gradient of one layer contain?",
        "The gradient is 2⁹ times smaller, and the weights are half as large: what is left of their ratio?",
    ),
    Exercise(
        "a fair comparison",
        "write",
        _BEST_OF_EACH,
        "A row is an initialization, and each has a best rate of its own.",
        "`np.nanmin(losses, axis=1)` leaves NaN out.",
    ),
    Exercise(
        "a gain for residual layers",
        "change",
        _residual_gain,
        "A layer multiplies the mean square by 1 + 2g/π + g²: which term decides for a small gain?",
        "For small g it is nearly 1 + 2g/π: for which g do 18 of them multiply to about 2? Or try 1/18.",
    ),
    Exercise(
        "too small for Adam",
        "break",
        _too_small_for_adam,
        "The gradient of each layer contains the gains of all others.",
        "g^(L − 1) is to be below 10⁻¹⁰: try the greatest depth.",
    ),
    Exercise(
        "a step of Adam",
        "find the bug",
        _ADAM,
        "With gradients of 0.001, mean and mean square are 0.001 and 0.000001. The step should be −rate.",
        "What has the same unit as the mean: the mean square, or its root?",
    ),
)
