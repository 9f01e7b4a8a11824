"""Exercises: what is wrong with a network."""

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from operator import eq
from typing import Any

import numpy as np

from course import mistakes
from course.diagnosis import LayerReport, read
from course.diagnosis.judging import Judgement
from course.exercises import reading
from course.exercises.judges import Case, Mistake, close, function, knowing, recognized, shared_part, standard_error
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_FACTORS = {3: math.sqrt(1 / 2), 4: math.sqrt(2.0 / 4.1), 6: 10.0}
"""What each wrong layer's std lacks: the root of what went in, over what came out."""
_READ_OFF = 0.03
"""Relative tolerance: mean squares of two digits, 0.05/2 = 2.5 % for a factor, half of it for its root."""
_CHANGES = {
    "the messenger accused": Mistake(
        {3: 0.7, 4: 0.7, 5: 1.01, 6: 10}, "Layer 5 is only the messenger: 4.1 in, 4.0 out."
    ),
    "judged by size": Mistake(
        {3: 0.7, 4: 0.5, 5: 0.5}, "Judge a layer by what it is given: with 4.1 in and 4.0 out, layer 5 is fine."
    ),
    "one each": Mistake(
        {3: 0.7, 6: 10}, "Layer 4 was given 2.0 and made 4.1 of it: that is a second fault of the same kind."
    ),
    "only the smallest": Mistake({6: 10}, "Layer 6 is one of them. Two earlier ones double what they are given."),
    "variance": Mistake(
        {layer: factor**2 for layer, factor in _FACTORS.items()},
        "These are factors of the mean square, and so of the variance. The std is its root.",
    ),
    "the fault for the remedy": Mistake(
        {layer: 1 / factor for layer, factor in _FACTORS.items()},
        "These are what the layers do wrong. The remedy is one over it.",
    ),
}


@knowing(_CHANGES)
def _remedies(_rng: np.random.Generator, answer: object) -> Verdict:
    if not isinstance(answer, Mapping) or not answer:
        raise reading.Unreadable(f"the answer should be a dict from layer to factor, not {reading.spelled(answer)}.")
    given = {
        reading.whole(layer, "a layer", low=1, high=6): reading.number(factor, "a factor", low=0, high=1e6)
        for layer, factor in answer.items()
    }
    changed = {layer: factor for layer, factor in given.items() if factor != 1}
    if not changed:
        return wrong("A factor of 1 changes nothing: some of these layers do not keep what they are given.")
    if _same_factors(changed, _FACTORS):
        return right("Layers 3 and 4 double the mean square, layer 6 keeps a hundredth, and 5 is only the messenger.")
    if known := recognized(changed, _CHANGES, same=_same_change):
        return known
    return _wrong_layers(set(changed) - set(_FACTORS), set(_FACTORS) - set(changed))


def _same_factors(changed: Mapping[int, float], wanted: Mapping[int, float]) -> bool:
    return set(changed) == set(wanted) and all(close(changed[layer], wanted[layer], _READ_OFF) for layer in wanted)


def _same_change(changed: Mapping[int, float], known: Mapping[int, float]) -> bool:
    """Return whether these are a mistake's layers, and where they are the right ones, its factors too."""
    return _same_factors(changed, known) if set(known) == set(_FACTORS) else set(changed) == set(known)


def _wrong_layers(sound: set[int], missing: set[int]) -> Verdict:
    if not sound | missing:
        return wrong(
            "The layers are the right ones. The mean square goes with the std squared: which std undoes its factor?"
        )
    words = [f"Layer {layer} keeps what it is given." for layer in sorted(sound)]
    words += [f"{len(missing)} of the wrong layers {'is' if len(missing) == 1 else 'are'} missing."] if missing else []
    return wrong(f"{' '.join(words)} Divide each number by the one before it.")


def _weights(rng: np.random.Generator) -> list[Case]:
    """Return networks of a few layers of any shape, whose weights have a mean."""
    return [(_layers(rng),) for _network in range(3)]


def _layers(rng: np.random.Generator) -> list[np.ndarray]:
    shapes = itertools.pairwise(rng.choice(np.arange(5, 30), 4, replace=False))
    return [rng.normal(rng.uniform(0.2, 1), rng.uniform(0.2, 1), shape) for shape in shapes]


def _each(statistic: Callable[[np.ndarray], float]) -> Callable[[list[np.ndarray]], list[float]]:
    return lambda layers: [statistic(weights) for weights in layers]


_OWN_FACTORS = function(
    _each(lambda w: len(w) * np.mean(w**2)),
    _weights,
    {
        "fan_out for fan_in": Mistake(
            _each(lambda w: w.shape[1] * np.mean(w**2)),
            "fan_out stands where fan_in belongs: right for square layers only.",
        ),
        "variance for mean square": Mistake(
            _each(lambda w: len(w) * np.var(w)),
            "Right for centred weights only. Weights that are all equal have Var w = 0, and yet they pass a signal on.",
        ),
        "the fan left out": Mistake(_each(lambda w: np.mean(w**2)), "That is E[w²] alone: fan_in is missing."),
        "the root": Mistake(_each(lambda w: math.sqrt(len(w) * np.mean(w**2))), "That is the root of what was asked."),
        "the sum of all": Mistake(
            _each(lambda w: np.sum(w**2)), "The sum over all weights is fan_in · fan_out times E[w²]."
        ),
    },
    praise="2 suits a layer behind a ReLU, 1 one behind a tanh; a number that follows the width tells of the line.",
    otherwise="A layer's number is fan_in, the rows of its matrix, times the mean of its squared weights.",
)


_WIDTHS = (64, *(128,) * 6, 10)
"""Widths of the network that is diagnosed twice: small, so that an answer takes no second."""


@functools.lru_cache(maxsize=32)
def _with_biases(factor: float) -> tuple[LayerReport, ...]:
    """Return what is found in He's network with biases of `factor` times the weights' std; always the same draw."""
    network, batch = mistakes.draw(mistakes.Recipe(widths=_WIDTHS, bias_std=factor))
    return Judgement(read(network, batch)).layers


def _found(layers: tuple[LayerReport, ...]) -> str:
    return ", ".join(dict.fromkeys(layer.finding for layer in layers if layer.state != "ok")) or "nothing"


@knowing(
    examples={"the two exchanged": (6, 10), "not loud enough": (5, 4), "not quiet": (12, 10), "too far apart": (10, 2)}
)
def _loud_and_quiet(_rng: np.random.Generator, loud: object, quiet: object) -> Verdict:
    loud = reading.number(loud, "the loud factor", low=0, high=1000)
    quiet = reading.number(quiet, "the quiet factor", low=0, high=1000)
    if loud < quiet:
        return almost(f"{quiet:g} is more than {loud:g}: the louder one comes first.", "the two exchanged")
    heard, overheard = _found(_with_biases(loud)), _found(_with_biases(quiet))
    if "biases out of scale" not in heard:
        return almost(f"At {loud:g} it finds {heard}: the data still drown the biases.", "not loud enough")
    if overheard != "nothing":
        return almost(f"At {quiet:g} it is not quiet: it finds {overheard}.", "not quiet")
    if quiet < loud / 2:
        return almost(
            f"{loud:g} is found and {quiet:g} is not, but they are more than a factor 2 apart.", "too far apart"
        )
    return right(f"{loud:g} is found and {quiet:g} is not. Biases win near the root of layer 1's fan_in, √64 = 8.")


_SIZES = (100, 100, 100, 160, 100)
_SHAPES = list(itertools.pairwise(_SIZES))


def _seeds(rng: np.random.Generator) -> list[Case]:
    return [(int(seed), list(_SIZES)) for seed in rng.integers(2**31, size=2)]


def _variances_and_likeness(layers: Any, _seed: int, widths: list[int]) -> np.ndarray:
    """Return half of fan_in · E[w²] of each layer, how alike two of one shape are, and how much one layer shares.

    The last two are 1 if nothing is, and 2 for copies and for one number in all places.
    """
    weights = _matrices(layers, widths)
    halves = [shape[0] * np.mean(w**2) / 2 for w, shape in zip(weights, _SHAPES, strict=True)]
    return np.array([*halves, 1 + _likeness(weights[0], weights[1]), 1 + shared_part(weights[0])])


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two layers' weights, 0 where one of them does not vary."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1]) if np.ptp(one) and np.ptp(other) else 0.0


def _matrices(layers: Any, widths: list[int]) -> list[np.ndarray]:
    if not isinstance(layers, list | tuple) or len(layers) != len(widths) - 1:
        raise reading.Unreadable(f"Your function should give a list of {len(widths) - 1} layers for these widths.")
    if not all(isinstance(layer, list | tuple) and len(layer) >= 2 for layer in layers):
        raise reading.Unreadable("Every layer should be a pair of weights and the name of its activation.")
    shapes = itertools.pairwise(widths)
    return [reading.array(layer[0], "a layer's weights", shape) for layer, shape in zip(layers, shapes, strict=True)]


def _uniform(bound: Callable[[int, int], float], low: float = -1, *, one_key: bool = False) -> Callable[..., Any]:
    """Return a function that draws uniform weights, from `low` to 1 times `bound(fan_in, fan_out)`."""

    def layers(seed: int, widths: list[int]) -> list[tuple[np.ndarray, str]]:
        rng = np.random.default_rng(seed)
        shapes = itertools.pairwise(widths)
        numbers = ((np.random.default_rng(seed) if one_key else rng).uniform(low, 1, shape) for shape in shapes)
        return [(bound(*drawn.shape) * drawn, "relu") for drawn in numbers]

    return layers


_DRAW = function(
    lambda _seed, widths: [1] * (len(widths) + 1),
    _seeds,
    {
        "as given": Mistake(
            _uniform(lambda _n, m: math.sqrt(6 / m), one_key=True),
            "This is the function as it was given. What do two layers of one shape have in common?",
            NOT_YET,
        ),
        "the same key for every layer": Mistake(
            _uniform(lambda n, _m: math.sqrt(6 / n), one_key=True),
            "The fan is fixed. Layers of one shape are still copies: the generator is the same for every layer.",
        ),
        "fan_out for fan_in": Mistake(
            _uniform(lambda _n, m: math.sqrt(6 / m)),
            "No layer repeats another now. Still fan_out stands where fan_in belongs: right for square layers only.",
        ),
        "both fans": Mistake(
            _uniform(lambda n, m: math.sqrt(12 / (n + m))),
            "The mean of both fans is Xavier's compromise. On the way forward fan_in is what counts.",
        ),
        "Xavier for He": Mistake(
            _uniform(lambda n, m: math.sqrt(6 / (n + m))),
            "No layer repeats another now. But that is Xavier's bound: behind a ReLU it is the root of 6/fan_in.",
        ),
        "1 for 6": Mistake(
            _uniform(lambda n, _m: math.sqrt(1 / n)),
            "The root of 1/fan_in is the default of some libraries. He's bound is √6 times as wide.",
        ),
        "one number for all": Mistake(
            _uniform(lambda n, _m: math.sqrt(2 / n), 1),
            "All weights of a layer are the same number: its units are identical, and will stay so (page symmetry).",
        ),
        "only one sign": Mistake(
            _uniform(lambda n, _m: math.sqrt(6 / n), 0),
            "The weights have one sign only, so their mean is not 0. Draw from −bound to bound.",
        ),
        "3 for 6": Mistake(
            _uniform(lambda n, _m: math.sqrt(3 / n)),
            "Behind a ReLU the bound is the root of 6/fan_in: the 2 is missing.",
        ),
        "std for bound": Mistake(
            _uniform(lambda n, _m: math.sqrt(2 / n)),
            "√(2/fan_in) is the std. A uniform distribution reaches √3 times as far.",
        ),
    },
    praise="Both are fixed: fan_in is the first number of a shape here, and one generator serves all layers.",
    otherwise="All numbers should be 1: half of fan_in · E[w²] for each layer, then one that is 2 if layers are "
    "copies, and one that is larger if a layer's weights share something.",
    # Normal or uniform: a normal sample's variance strays the most, and in the smallest layer.
    tolerance=lambda _seed, _widths: 5 * standard_error(min(n * m for n, m in _SHAPES)),
    read=_variances_and_likeness,
    seeded=True,
)

_NAMES = [f"layer {number}" for number in range(1, 21)]
_ORDERS = {
    "as given": Mistake(
        sorted(_NAMES), "As given: layer 1, layer 10, layer 11 come first. Is that the order of the network?", NOT_YET
    ),
    "backwards": Mistake(_NAMES[::-1], "Sorted from the last layer to the first. Layer 1 comes first."),
    "last digit": Mistake(
        sorted(_NAMES, key=lambda name: name[-1]),
        "Only the last digit was read: 10 and 20 come before 1. Read the whole number.",
    ),
}


@knowing(_ORDERS, {"names left out": _NAMES[:9]})
def _order(_rng: np.random.Generator, answer: object) -> Verdict:
    if not isinstance(answer, list | tuple) or not all(isinstance(name, str) for name in answer):
        raise reading.Unreadable(f"order should be a list of names, not {reading.spelled(answer)}.")
    order = list(answer)
    if order == _NAMES:
        return right("The gradient falls from layer to layer towards the input, and nothing is broken.")
    if known := recognized(order, _ORDERS, same=eq):
        return known
    if sorted(order) != sorted(_NAMES):
        return almost("Every one of the 20 names belongs there once: sort them, and leave none out.", "names left out")
    return wrong(f"After {order[0]} comes {order[1]} here. Which comes next in the network?")


EXERCISES = (
    Exercise(
        "causes and messengers",
        "compute",
        _remedies,
        "Divide each mean square by the one before it: which quotients are far from 1?",
        "The quotients are 1, 1, 2, 2.05, 0.98 and 0.01. The mean square goes with the std squared.",
    ),
    Exercise(
        "a layer by itself",
        "write",
        _OWN_FACTORS,
        "Weights have the shape (fan_in, fan_out).",
        "For one matrix: `len(weights) * np.mean(weights**2)`.",
    ),
    Exercise(
        "when biases are heard",
        "break",
        _loud_and_quiet,
        "Compare the two terms of E[z²] in layer 1: 64 inputs of mean square 1, and the biases.",
        "They are equal where the factor is the root of 64. Take one number above it and one below.",
    ),
    Exercise(
        "two mistakes in one function",
        "find the bug",
        _DRAW,
        "Print the first weights of two layers of one shape. And which of the two fans is `shape[1]`?",
        "The generator belongs in front of the loop, and fan_in is `shape[0]`.",
    ),
    Exercise(
        "every tenth layer is broken",
        "find the bug",
        _order,
        "Print `order`. What comes after layer 1?",
        'Sort by the number: `int(name.split()[1])` for "layer 10" is 10.',
    ),
)
