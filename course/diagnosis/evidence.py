"""What is measured of each layer before it is judged: a few numbers, taken from a reading's arrays."""

import math
from typing import NamedTuple

import numpy as np

from course import activations, initializers
from course.diagnosis.functions import named
from course.diagnosis.reading import UNTOLD, LayerReading, NetworkReading, ParameterReading

STAND_INS = 512
"""Units drawn to learn how many would be dead by chance."""
MOST_VALUES = 2**18
"""As many of a layer's answers are looked at; means of more are no better known."""
ROUNDING = 0.01
"""What a layer answers and what the next one receives differ by less if nothing lies between them, in bfloat16 too."""
NOISE_LENGTH = 256
"""Two layers whose first weights are alike up to a factor this far come from one draw."""


class Evidence(NamedTuple):
    """One layer of weights in numbers; `number` counts from 1.

    `parent` is the number of the layer whose answers are its inputs, and nothing else; `fed_by` is then the name of
    that layer's activation, and `passed` the factor of the mean square in between. `ends_branch` says that nobody
    follows it for certain: its answers are added to others, multiplied with them, or go through something unknown.
    `weights` counts them, `weight_variance` is fan_in · E[w²], and `weight_error` how far
    that of one draw strays, relative to itself. `distinct_units` answer differently, and
    `different_units` do or have another gradient; `dead_share` of the units answer
    0 to the whole batch, and `dead_by_chance` would with biases of 0 and inputs as alike as these. `noise` holds the
    first weights over their standard deviation. Second moments are taken over the batch and the units; they are inf
    or nan where numbers are out of range.
    """

    number: int
    name: str
    fan_in: int
    fan_out: int
    units: int
    weights: int
    dtype: str
    activation: str | None
    fed_by: str | None
    parent: int | None
    passed: float
    ends_branch: bool
    summed: bool
    gated: bool
    added: bool
    evened: bool
    from_data: bool
    last: bool
    kind: str
    trainable: bool
    step: float | None
    parameter: str
    bias: str
    own_fan_in: int
    normalized: bool
    shared_with: str | None
    weight_mean: float
    weight_std: float
    weight_variance: float
    weight_error: float
    distinct_units: int
    different_units: int
    bias_mean: float
    bias_second_moment: float
    input_second_moment: float
    preactivation_second_moment: float
    activation_second_moment: float
    gradient_second_moment: float
    weight_gradient_second_moment: float
    greatest: float
    slope_second_moment: float
    saturated_share: float
    dead_share: float
    dead_by_chance: float
    gradient_norm: float
    places: int
    noise: np.ndarray

    @property
    def chained(self) -> bool:
        """Whether its inputs are one layer's answers, and nothing else."""
        return self.parent is not None

    @property
    def finite(self) -> bool:
        """Whether every number of the forward pass is within range."""
        return math.isfinite(self.input_second_moment) and math.isfinite(self.preactivation_second_moment)


class Inputs(NamedTuple):
    """The batch as the first layer receives it.

    `common_share` of its mean square is the same for all examples, and `loudest_share` comes from one feature.
    """

    examples: int
    features: int
    mean: float
    std: float
    second_moment: float
    common_share: float
    loudest_share: float


class Network(NamedTuple):
    """All that is judged.

    `inputs` is `None` where the batch is no array of real numbers that the first layer receives as they are; `varied`
    says that its examples differ, `told` that the values of the network were followed.
    """

    layers: tuple[Evidence, ...]
    inputs: Inputs | None
    framework: str
    parameters: tuple[ParameterReading, ...] = ()
    outputs: np.ndarray | None = None
    fresh: bool = False
    loss: tuple[float, int] | None = None
    told: bool = False
    note: str = ""
    distance: float | None = None
    varied: bool = True


def gathered(reading: NetworkReading) -> Network:
    """Take the numbers of a reading."""
    readings = reading.layers
    told = any(layer.follows != UNTOLD for layer in readings) or bool(reading.parameters)
    with np.errstate(all="ignore"):  # an overflow is a finding, not an error
        parents = _parents(readings)
        layers = [_layer(place, parents, readings) for place in range(len(readings))]
        return Network(
            tuple(layers),
            _data(reading, told),
            reading.framework,
            reading.parameters,
            reading.outputs,
            reading.fresh,
            reading.loss,
            told,
            reading.note,
            reading.distance,
            _varied(reading, told),
        )


def _parents(readings: tuple[LayerReading, ...]) -> list[int | None]:
    """The place of the layer that each layer follows."""
    befores = [None, *readings][: len(readings)]
    return [
        (place - 1 if before is not None and _feeds(before, layer) else None)
        if layer.follows == UNTOLD
        else layer.follows
        for place, (before, layer) in enumerate(zip(befores, readings, strict=True))
    ]


def _layer(place: int, parents: list[int | None], readings: tuple[LayerReading, ...]) -> Evidence:
    layer, parent = readings[place], parents[place]
    before = None if parent is None else readings[parent]
    weights, biases = layer.weights, np.zeros(1) if layer.biases is None else layer.biases
    fan_in, fan_out = layer.fans or initializers.fans(weights.shape)
    second_moment = float(np.mean(weights**2, dtype=float))
    z = _rows(layer.preactivations)
    dead, by_chance = _dead(layer, z, biases)
    slope, saturated = _slopes(layer, z)
    input_second_moment = _mean_square(layer.inputs)
    passed = input_second_moment / (_mean_square(_after(before)) or 1.0) if before is not None else 1.0
    told = layer.follows != UNTOLD
    last = place == len(readings) - 1 if layer.last is None else layer.last
    follows = place + 1 < len(readings) and parents[place + 1] != place
    gradient = _mean_square(layer.preactivation_gradients)
    return Evidence(
        number=place + 1,
        name=layer.name,
        fan_in=fan_in,
        fan_out=fan_out,
        units=weights.shape[-1],
        weights=weights.size,
        dtype=layer.dtype,
        activation=_answers(layer),
        fed_by=None if before is None else _answers(before),
        parent=None if parent is None else parent + 1,
        passed=passed if told and math.isfinite(passed) and passed > 0 else 1.0,
        ends_branch=not layer.feeds and (layer.summed or layer.gated or not last) if told else follows,
        summed=layer.summed,
        gated=layer.gated and not layer.feeds,
        added=layer.added if told else place > 0 and parent is None,
        evened=layer.evened,
        from_data=layer.from_data,
        last=last,
        kind=layer.kind,
        trainable=layer.trainable,
        step=layer.step,
        parameter=layer.parameter,
        bias=layer.bias,
        own_fan_in=layer.own_fan_in,
        normalized=layer.normalized,
        shared_with=layer.shared_with,
        weight_mean=float(weights.mean(dtype=float)),
        weight_std=float(weights.std(dtype=float)),
        weight_variance=fan_in * second_moment,
        weight_error=_error(weights, second_moment),
        distinct_units=_distinct(weights, biases),
        different_units=_different(layer, biases),
        bias_mean=float(biases.mean()),
        bias_second_moment=float(np.mean(biases**2)),
        input_second_moment=input_second_moment,
        preactivation_second_moment=_mean_square(layer.preactivations),
        activation_second_moment=_mean_square(_after(layer)),
        gradient_second_moment=gradient,
        weight_gradient_second_moment=_mean_square(layer.weight_gradients),
        greatest=float(np.max(np.abs(layer.preactivations))),
        slope_second_moment=slope,
        saturated_share=saturated,
        dead_share=dead,
        dead_by_chance=by_chance,
        gradient_norm=math.sqrt(gradient * (layer.values or math.prod(layer.preactivations.shape[1:]))),
        places=max(1, (layer.values or math.prod(layer.preactivations.shape[1:])) // weights.shape[-1]),
        noise=_noise(weights),
    )


def _after(layer: LayerReading) -> np.ndarray:
    return layer.preactivations if layer.activations is None else layer.activations


def _answers(layer: LayerReading) -> str | None:
    """The name of what a layer's preactivations go through."""
    return "linear" if layer.activations is None else layer.activation


def _mean_square(values: np.ndarray) -> float:
    return float(np.mean(np.square(values, dtype=float)))


def _rows(values: np.ndarray) -> np.ndarray:
    """Answers `(rows, units)`, a row an example and a place, evenly taken from all of them if there are many."""
    rows = values.reshape(-1, values.shape[-1])
    return rows[:: math.ceil(rows.size / MOST_VALUES)]


def _feeds(before: LayerReading, layer: LayerReading) -> bool:
    """Whether a layer receives what the layer before answers, perhaps in another shape."""
    answers = _after(before)
    if answers.size != layer.inputs.size:
        return False
    one, two = answers.ravel(), layer.inputs.ravel()
    held = np.isfinite(one) & np.isfinite(two)
    return bool(np.linalg.norm((one - two)[held]) <= ROUNDING * np.linalg.norm(two[held]))


def _error(weights: np.ndarray, second_moment: float) -> float:
    """The standard error of the mean of w², relative to it: √((kurtosis − 1) / count), normal weights having 3.

    Taken to be normal where the weights are nearly all of one size, for a constant has no error.
    """
    kurtosis = float(np.mean(weights**4)) / second_moment**2 if second_moment else 3.0
    return math.sqrt(max(kurtosis - 1.0, 0.5) / weights.size)


def _distinct(weights: np.ndarray, biases: np.ndarray) -> int:
    """How many units differ in a weight or in the bias: units of one random projection are taken to be the same."""
    matrix = weights.reshape(-1, weights.shape[-1])
    if np.size(biases) not in (1, weights.shape[-1]):  # of a grouped kernel a unit's bias is not one number
        biases = np.zeros(1)
    columns = np.vstack([matrix, np.broadcast_to(biases, weights.shape[-1:])])
    scale = np.abs(columns).max()
    if scale == 0:
        return 1
    projected = np.random.default_rng(0).standard_normal(len(columns)) @ (columns / scale)
    return len(np.unique(np.round(projected, 7)))


def _different(layer: LayerReading, biases: np.ndarray) -> int:
    """How many units differ in a weight, in the bias, or in the gradient of their weights."""
    weights = layer.weights.reshape(-1, layer.weights.shape[-1])
    gradients = layer.weight_gradients.reshape(weights.shape)
    scales = np.abs(weights).max(), np.abs(gradients).max()
    if not all(map(math.isfinite, scales)) or np.size(biases) not in (1, weights.shape[-1]):
        return _distinct(weights, biases)
    both = [part / (scale or 1.0) for part, scale in zip((weights, gradients), scales, strict=True)]
    both = np.vstack([*both, np.broadcast_to(biases, weights.shape[-1:])])
    projected = np.random.default_rng(0).standard_normal(len(both)) @ both
    return len(np.unique(np.round(projected, 4)))


def _slopes(layer: LayerReading, z: np.ndarray) -> tuple[float, float]:
    """The mean square of φ'(z), and the share of slopes below a twentieth of the steepest; nan for an unknown φ."""
    activation = _answers(layer)
    if activation is None:
        return math.nan, math.nan
    row = named(activation)
    slopes = np.abs(row.array_slope(z))
    return _mean_square(slopes), float(np.mean(slopes < activations.SATURATION * row.peak_slope))


def _dead(layer: LayerReading, z: np.ndarray, biases: np.ndarray) -> tuple[float, float]:
    """The share of units that answer 0 to the whole batch, and the share that would by chance, if φ is flat below 0.

    Stand-ins for the units are normal mixtures of all of them without their biases: drawn from the distribution
    that theory gives to a unit's answers to these examples, mean 0 and the covariance that they have here.
    """
    if layer.activation is None or _passes_below(layer.activation) or not np.isfinite(z).all():
        return 0.0, 0.0
    centred = z if layer.normalized else z - biases
    mixing = np.random.default_rng(0).standard_normal((z.shape[1], STAND_INS))
    return float(np.mean(np.all(z <= 0, axis=0))), float(np.mean(np.all(centred @ mixing <= 0, axis=0)))


def _passes_below(activation: str) -> bool:
    """Whether a function is not flat below 0."""
    return bool(np.any(np.abs(named(activation).array_slope([-1.0, -5.0])) > 1e-9))


def _noise(weights: np.ndarray) -> np.ndarray:
    """The first weights in units of their size, in the order in which they were drawn."""
    return weights.ravel()[:NOISE_LENGTH] / (np.std(weights) or 1.0)


def _varied(reading: NetworkReading, told: bool) -> bool:
    """Whether the examples of the batch differ."""
    data = reading.data if told else reading.layers[0].inputs
    return data is None or len(data) < 2 or bool(np.any(data != data[:1]))


def _data(reading: NetworkReading, told: bool) -> Inputs | None:
    """The batch in numbers, if the network receives it as it is: one that scales it first knows why."""
    if not told:
        return _inputs(reading.layers[0].inputs)
    if reading.data is None:
        return None
    found = _inputs(reading.data)
    first = [_mean_square(layer.inputs) for layer in reading.layers if layer.from_data]
    as_it_is = any(0.25 < one / (found.second_moment or 1.0) < 4.0 for one in first)
    return found if as_it_is else None


def _inputs(inputs: np.ndarray) -> Inputs:
    rows = inputs.reshape(-1, inputs.shape[-1])
    second_moment = _mean_square(rows)
    features = np.mean(np.square(rows, dtype=float), axis=0)
    return Inputs(
        examples=len(inputs),
        features=rows.shape[1],
        mean=float(rows.mean()),
        std=float(rows.std()),
        second_moment=second_moment,
        common_share=_mean_square(rows.mean(axis=0)) / second_moment if second_moment else 0.0,
        loudest_share=float(features.max() / features.sum()) if second_moment else 0.0,
    )
