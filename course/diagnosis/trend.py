"""What a start's weight variances do to signal and gradient over many layers, and what suitable ones would do.

Luck plays no part here: a layer's weight variance is known from thousands of weights, and what follows from it is
theory's. So a network of width 16 whose signal happens to vanish is not taken for one that was started too small.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from course import theory
from course.diagnosis import starts
from course.diagnosis.evidence import Evidence
from course.diagnosis.functions import GATES, named

KEPT = math.log(10.0)
"""A mean square that stays within a factor of 10 of what it would be after a suitable start is kept."""
LOST = math.log(1000.0)
"""One beyond a factor of 1000 is lost: gradients of layers then differ 30 times, more than one learning rate fits."""

FACTOR = 2 * LOST
"""A layer whose answers are multiplied with something else may be this small: a mean square of a millionth."""
LEAST = 0.02
"""A weight variance that is off by less than 2 % is not named, whatever else is off in its run."""

SMALL_BIASES = 0.1
"""Biases of a mean square below this are usual, on the edge of chaos too."""


class Run(NamedTuple):
    """Layers that feed one another and nothing else, without a normalization, and the logarithms that tell of them.

    `distances` `(layers,)`: how far each weight variance is from those that suit, 0 within. `forward` and `backward`
    `(layers,)` are logarithms of the mean square after each layer over the first one's inputs, and of the mean square
    of the gradient over the last layer's; the `suitable` ones are what the nearest variances that suit would give.
    `biased` are the two for those variances and the biases as they are. `forgiven` says that a layer with a
    normalization comes next, whose answer does not depend on the scale.
    """

    layers: tuple[Evidence, ...]
    distances: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    suitable_forward: np.ndarray
    suitable_backward: np.ndarray
    biased: tuple[np.ndarray, np.ndarray]
    forgiven: bool = False

    @property
    def strain(self) -> float:
        """The greatest change of signal or gradient between two hidden layers, as a logarithm."""
        if self.layers[0].input_second_moment == 0:
            return 0.0  # whoever receives nothing can show nothing
        with np.errstate(invalid="ignore"):
            return self._strain(self.forward - self.forward[0], self.backward)

    @property
    def excess(self) -> float:
        """How much of the change is due to variances that do not suit; 0 where suitable ones would do no better."""
        if self.layers[0].input_second_moment == 0:
            return 0.0
        if self._strain(self.forward, self.backward) < self._strain(self.suitable_forward, self.suitable_backward):
            return max(0.0, float(self.distances[-1])) if self.layers[-1].last else 0.0
        return self._beyond(self.suitable_forward, self.suitable_backward)

    @property
    def by_weights(self) -> float:
        """How much of the excess other weights alone would take away, whatever the biases do."""
        return min(self.excess, self._beyond(*self.biased))

    def _beyond(self, forward: np.ndarray, backward: np.ndarray) -> float:
        """How far the run is from these; answers that are multiplied with one another count twice."""
        twice = 2.0 if self.layers[-1].squared and self.distances[-1] > 0 else 1.0
        with np.errstate(invalid="ignore"):
            return twice * max(_range(self.forward - forward), _range(self.backward - backward))

    def _strain(self, forward: np.ndarray, backward: np.ndarray) -> float:
        """Without the last layer, which many make small on purpose."""
        if self.layers[-1].last and len(self.layers) > 1:
            with np.errstate(invalid="ignore"):
                forward, backward = forward[:-1], backward[:-1] - backward[-2]
        return max(_range(forward), _range(backward))

    @property
    def error(self) -> float:
        """The standard error of these sums: each layer's weight variance is known from one draw."""
        return math.sqrt(sum(layer.weight_error**2 for layer in self.layers))

    @property
    def blamed(self) -> list[tuple[Evidence, float]]:
        """The layers that are far off, with their distances: at least a quarter as far as the farthest."""
        farthest = np.abs(self.distances).max()
        found = zip(self.layers, self.distances.tolist(), strict=True)
        return [(layer, distance) for layer, distance in found if abs(distance) >= max(farthest / 4, LEAST)]


def runs(layers: Sequence[Evidence]) -> list[Run]:
    """Cut a network into runs; layers whose scale does not matter belong to none.

    These are the layers before a normalization, and what is small in a residual branch on purpose: its last layer, and
    where that is 0 the others too (Zhang, Dauphin and Ma 2019 draw them 1/√blocks times as wide).
    """
    groups: list[list[Evidence]] = [[]]
    for layer in layers:
        before = groups[-1][-1] if groups[-1] else None
        if before is None or layer.parent != before.number or (before.summed and not before.ends_branch):
            groups.append([])
        if layer.ends_branch and layer.weight_variance == 0 and not is_added(layer):
            groups[-1] = [other for other in groups[-1] if other.number == 1 or not _is_small(other)]
        if is_added(layer) and not layer.normalized:
            groups[-1].append(layer)  # what comes before may be small too: see `_run`
        elif _does_not_count(layer) or (layer.ends_branch and _is_small(layer)):
            groups.append([])
        else:
            groups[-1].append(layer)
    kept = [(_counting(group), group[-1]) for group in groups if group and not _is_gate(group)]
    runs = [_run_that_ends(tuple(group), end) for group, end in kept if group]
    return [run._replace(forgiven=_before_a_normalization(run, layers)) for run in runs]


def _run_that_ends(layers: tuple[Evidence, ...], end: Evidence) -> Run:
    """A run; what is small at its end may be meant.

    A branch may be small, for what it is added to carries the signal, and so may a signal that branches are added to
    before a normalization; scores that a softmax makes equal; and a factor, up to a point.
    """
    branch = end.summed and (end.ends_branch or end.evened)
    run = _run(layers, forgiving=branch or end.kind == "scores")
    slight = end.ends_branch and end.gated and run.excess < (FACTOR if len(layers) == 1 else LOST)
    return _run(layers, forgiving=True) if slight else run


def _before_a_normalization(run: Run, layers: Sequence[Evidence]) -> bool:
    next_ones = [layer for layer in layers if layer.parent == run.layers[-1].number]
    told = any(layer.from_data for layer in layers)
    return told and bool(next_ones) and all(layer.normalized for layer in next_ones)


def _counting(group: list[Evidence]) -> list[Evidence]:
    """A stretch of layers, and if it is a branch that is added to something, without those that are 0 on purpose."""
    if not is_added(group[-1]):
        return group
    return [layer for layer in group if layer.weight_variance > 0 and not _does_not_count(layer)]


def is_added(layer: Evidence) -> bool:
    """Whether a layer ends a branch for certain: its answers are added to others or multiplied with them."""
    return layer.ends_branch and (layer.summed or layer.gated)


def _does_not_count(layer: Evidence) -> bool:
    """Whether a layer's scale says nothing: a normalization follows, or it is none that can be judged by its fan."""
    none = layer.normalized or not layer.trainable or layer.kind in UNSCALED or layer.positive
    return none or starts_at_zero(layer) or _passes_on(layer)


UNSCALED = ("recurrent", "bilinear")


def _is_gate(group: list[Evidence]) -> bool:
    """Whether a stretch of layers makes a gate: its answers go through a function that ends, and are multiplied."""
    return len(group) > 1 and group[-1].gated and group[-1].activation in GATES


def starts_at_zero(layer: Evidence) -> bool:
    """Whether all weights are 0 where that is good practice: in the last layer, or at the end of a residual branch."""
    return layer.weight_variance == 0 and (layer.last or layer.ends_branch)


def _passes_on(layer: Evidence) -> bool:
    """Whether each unit passes on one channel about as it is: no sum of random terms, of which theory tells."""
    return layer.picks and abs(math.log(layer.weight_variance)) < KEPT


def _is_small(layer: Evidence) -> bool:
    return layer.weight_variance < accepted(layer)[0]


def _run(layers: tuple[Evidence, ...], *, forgiving: bool) -> Run:
    distances = np.array([_distance(layer) for layer in layers])
    if forgiving:
        distances = np.maximum(distances, 0.0)
    elif layers[-1].last and np.all(distances[:-1] >= 0):  # a last layer may begin at almost 0
        distances[-1] = max(distances[-1], 0.0)
    variances = np.array([layer.weight_variance for layer in layers])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        suitable = np.where(
            variances > 0,
            variances * np.exp(-distances),
            [starts.suitable(row.fed_by).best / row.factor**2 for row in layers],
        )
        biases = np.array([0.0 if layer.last else layer.bias_second_moment for layer in layers])
        return Run(
            layers,
            distances,
            *propagated(layers, variances, biases),
            *propagated(layers, suitable, np.minimum(biases, SMALL_BIASES)),
            propagated(layers, suitable, biases),
        )


def _distance(layer: Evidence) -> float:
    """How far the weight variance is from those that suit, by the fan that fits best, or by what the layer answers.

    Where one says too small and another too large, the fan_in decides: it is what the signal goes by.
    """
    interval = accepted(layer)
    variances = [layer.weight_variance, layer.weight_variance * (layer.fan_in + layer.fan_out) / (2 * layer.fan_in)]
    if layer.last and not layer.chained and not layer.from_data:  # its inputs may have been scaled for it
        variances.append(layer.weight_variance * layer.input_second_moment)
    distances = [starts.distance(variance, interval) for variance in variances]
    return distances[0] if min(distances) < 0 < max(distances) else min(distances, key=abs)


def accepted(layer: Evidence) -> tuple[float, float]:
    """The weight variances that suit a layer.

    A sine that receives the data may have any larger one: it sets the frequencies, and E[sin²] stays below 1. Constants
    between the function and the layer count: what multiplies its answers multiplies the weights, what is added to them
    may take out their mean. A function without a name is taken as it was measured.
    """
    low, high = starts.accepted(layer.fed_by, layer.activation, first=not layer.chained, last=layer.last)
    if layer.keeps > 0 and layer.fed_by is None:
        low, high = min(low, layer.keeps) if layer.last else layer.keeps, layer.keeps
    elif layer.keeps > 0:
        low, high = min(low, layer.keeps), max(high, layer.keeps)
    low, high = low / layer.factor**2, high / layer.factor**2
    return low, math.inf if layer.activation == "sin" and layer.from_data else high


def advised(layer: Evidence) -> float:
    """The weight variance to advise: the best that suits what feeds the layer.

    Of a table that is the last layer too, a row answers to itself: what the stream still holds of it comes back √fan_in
    times its length, which stays near 1 for a std of 1/fan_in.
    """
    if layer.tied and layer.last:
        return max(1 / layer.fan_in, accepted(layer)[0])
    if layer.kind == "recurrent":
        return 1.0  # what a state receives of itself comes by again, and its gradient with it
    if layer.fed_by == layer.activation == "sin":
        return starts.SINE / layer.factor**2
    if layer.chained:
        return (layer.keeps if layer.keeps > 0 else starts.suitable(layer.fed_by).best) / layer.factor**2
    low, high = accepted(layer)
    return min(max(starts.suitable(layer.activation).best, low), high)


def propagated(layers: Sequence[Evidence], variances: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the mean squares forward and backward, as `Run` has them, by the length map.

    `variances` and `biases` `(layers,)` are the weight variances and the biases' mean squares. A function that is not
    in the table is taken to multiply as it was measured to.
    """
    signal = layers[0].input_second_moment
    forward, slopes, between = [], [], 1.0
    for place, (layer, variance, bias) in enumerate(zip(layers, variances, biases, strict=True)):
        passed, factor = (layer.passed, layer.factor) if place else (1.0, 1.0)
        signal, between = signal * passed, between * passed / factor**2
        preactivation = variance * signal + bias
        signal, slope = through(layer, preactivation)
        forward.append(signal / between)
        slopes.append(slope)
    with np.errstate(divide="ignore", invalid="ignore"):  # a signal may be 0 or beyond all numbers
        steps = np.log(variances[1:]) + np.log(slopes[:-1]) + 2 * np.log([layer.factor for layer in layers[1:]])
        backward = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
        return np.log(forward) - np.log(layers[0].input_second_moment), backward


def through(layer: Evidence, preactivation: float) -> tuple[float, float]:
    """Return E[φ²] and E[φ'²] for normal preactivations of this variance."""
    if not preactivation < math.inf:
        return preactivation, math.nan
    if layer.activation is None:
        ratio = layer.activation_second_moment / (layer.preactivation_second_moment or 1.0)
        return ratio * preactivation, ratio
    return _moments(layer.activation, float(preactivation))


@lru_cache(maxsize=4096)
def _moments(activation: str, preactivation: float) -> tuple[float, float]:
    row = named(activation)
    answer = theory.activation_second_moments(row, 1, preactivation)[0]
    slope = theory.gradient_variances(row, 2, [preactivation, 1.0])[0]
    return float(answer), float(slope)


def _range(curve: np.ndarray) -> float:
    """The greatest difference of two entries, 0 being one of them; inf where a signal dies altogether."""
    if not np.all(np.isfinite(curve)):
        return math.inf
    return float(max(curve.max(), 0.0) - min(curve.min(), 0.0))
