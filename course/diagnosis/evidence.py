"""All that is judged: every layer in numbers, the batch, and what the network answered, gathered from a reading."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course import initializers
from course.diagnosis import layer_statistics
from course.diagnosis.layer_statistics import mean_square
from course.diagnosis.reading import (
    UNTOLD,
    LayerDefinition,
    LayerReading,
    LayerSignals,
    NetworkReading,
    ParameterReading,
)

ROUNDING = 0.01
"""What a layer answers and what the next one receives differ by less if nothing lies between them, in bfloat16 too."""


UNIFORM = 1.6, 2.1
"""Weights of a kurtosis between these are uniform, 1.8; those of two values have 1, normal ones 2.4 to 3."""


class Evidence(NamedTuple):
    """One layer of weights in numbers; `number` counts from 1.

    `parent` is the number of the layer whose answers are its inputs, and nothing else; `fed_by` is then the name of
    that layer's activation, and `passed` the factor of the mean square in between. `ends_branch` says that nobody
    follows it for certain: its answers are added to others, multiplied with them, or go through something unknown.
    `groups` counts the parts into which its units fall by the inputs that they see.
    `weights` counts them, `weight_variance` is fan_in · E[w²], and `weight_error` how far that of one draw strays,
    relative to itself. `exponential` and `time_steps` are the reading's. `distinct_units` answer differently,
    `different_units` do or have another gradient, and `projections` are the weighted sums that they make of inputs;
    `dead_share` of the units answer 0 to the whole batch, and `dead_by_chance` would with biases of 0 and inputs as
    alike as these. `noise` holds the first weights over their standard deviation. Second moments are taken over the
    batch and the units, the `differing` one of inputs less their mean over the batch; they are inf or nan where
    numbers are out of range. `times` is that of `LayerDefinition`, `tied` says that the parameter is a table of
    inputs too, `radial` is that of `ParameterReading`; `positive` says that the network makes the weights so, whatever
    their parameter is.
    """

    number: int
    name: str
    fan_in: int
    fan_out: int
    units: int
    groups: int
    weights: int
    dtype: str
    activation: str | None
    fed_by: str | None
    parent: int | None
    passed: float
    ends_branch: bool
    summed: bool
    plus: bool
    gated: bool
    added: bool
    evened: bool
    from_data: bool
    sees_data: bool
    straight: bool
    squared: bool
    last: bool
    kind: str
    trainable: bool
    step: float | None
    exponential: float | None
    time_steps: tuple[float, ...]
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
    projections: int
    bias_mean: float
    bias_second_moment: float
    input_second_moment: float
    differing_second_moment: float
    preactivation_second_moment: float
    activation_second_moment: float
    gradient_second_moment: float
    greatest: float
    slope_second_moment: float
    saturated_share: float
    dead_share: float
    dead_by_chance: float
    gradient_norm: float
    places: int
    noise: np.ndarray
    times: float | None = 1.0
    tied: bool = False
    radial: float = math.nan
    positive: bool = False

    @property
    def uniform(self) -> bool:
        """Whether its weights look drawn evenly between two bounds."""
        return UNIFORM[0] < 1.0 + self.weights * self.weight_error**2 < UNIFORM[1]

    @property
    def chained(self) -> bool:
        """Whether its inputs are one layer's answers, and nothing else."""
        return self.parent is not None

    @property
    def weighted_inputs(self) -> float:
        """The mean square of what its weights make of its inputs, without the biases."""
        return self.weight_variance * self.input_second_moment

    @property
    def through_time(self) -> tuple[float, float]:
        """How many times longer the gradient is at the first time step than at the last, in all and per time step."""
        if len(self.time_steps) < 2 or not (self.time_steps[0] >= 0 and 0 < self.time_steps[-1] < math.inf):
            return 1.0, 1.0
        ratio = self.time_steps[0] / self.time_steps[-1]
        return ratio, ratio ** (1 / (len(self.time_steps) - 1))

    @property
    def common_growth(self) -> float:
        """By what positive weights multiply the square of what all inputs have in common, as a logarithm; 0 of others.

        It is fan_in times their mean: 1 keeps it, as a softmax's weights do.
        """
        return 2 * math.log(self.fan_in * self.weight_mean) if self.positive else 0.0

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
    says that its examples differ, `others` are the mean squares of further arrays, `told`
    says that the values of the network were followed.
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
    others: tuple[float, ...] = ()
    examples: int | None = None
    of_targets: float | None = None


def gathered(reading: NetworkReading) -> Network:
    """Take the numbers of a reading."""
    readings = reading.layers
    told = any(layer.place.follows != UNTOLD for layer in readings) or bool(reading.parameters)
    with np.errstate(all="ignore"):  # an overflow is a finding, not an error
        parents = _parents(readings)
        parameters = {one.name: one for one in reading.parameters}
        layers = [_layer(number, parents, readings, parameters) for number in range(1, len(readings) + 1)]
        return Network(
            layers=tuple(layers),
            inputs=_data(reading, told),
            framework=reading.framework,
            parameters=reading.parameters,
            outputs=reading.outputs,
            fresh=reading.fresh,
            loss=reading.loss,
            told=told,
            note=reading.note,
            distance=reading.distance,
            varied=_varied(reading, told),
            others=reading.others,
            examples=reading.examples,
            of_targets=reading.of_targets,
        )


def _parents(readings: tuple[LayerReading, ...]) -> list[int | None]:
    """The place of the layer that each layer follows."""
    befores = [None, *readings][: len(readings)]
    return [
        (place - 1 if before is not None and _feeds(before.signals, layer.signals) else None)
        if layer.place.follows == UNTOLD
        else layer.place.follows
        for place, (before, layer) in enumerate(zip(befores, readings, strict=True))
    ]


def _layer(
    number: int,
    parents: list[int | None],
    readings: tuple[LayerReading, ...],
    parameters: Mapping[str, ParameterReading],
) -> Evidence:
    (definition, signals, place), parent = readings[number - 1], parents[number - 1]
    before = None if parent is None else readings[parent]
    weights, biases = definition.weights, np.zeros(1) if definition.biases is None else definition.biases
    fan_in, fan_out = definition.fans or initializers.fans(weights.shape)
    second_moment = float(np.mean(weights**2, dtype=float))
    z = layer_statistics.sampled_rows(signals.preactivations)
    dead, by_chance = layer_statistics.dead_shares(definition, z, biases)
    slope, saturated = layer_statistics.slopes(_answers(readings[number - 1]), z)
    input_second_moment = mean_square(signals.inputs)
    passed = input_second_moment / (mean_square(_after(before.signals)) or 1.0) if before is not None else 1.0
    told = place.follows != UNTOLD
    last = number == len(readings) if place.last is None else place.last
    follows = number < len(readings) and parents[number] != number - 1
    gradient = mean_square(signals.preactivation_gradients)
    values = signals.values or math.prod(signals.preactivations.shape[1:])
    own = parameters.get(definition.parameter)
    return Evidence(
        number=number,
        name=definition.name,
        fan_in=fan_in,
        fan_out=fan_out,
        units=weights.shape[-1],
        groups=_groups(definition, fan_out),
        weights=weights.size,
        dtype=definition.dtype,
        activation=_answers(readings[number - 1]),
        fed_by=None if before is None else _answers(before),
        parent=None if parent is None else parent + 1,
        passed=passed if told and math.isfinite(passed) and passed > 0 else 1.0,
        ends_branch=not place.feeds and (place.summed or place.gated or not last) if told else follows,
        summed=place.summed,
        plus=place.plus,
        gated=place.gated and not place.feeds,
        added=place.added if told else number > 1 and parent is None,
        evened=place.evened,
        from_data=place.from_data,
        sees_data=place.sees_data,
        straight=place.straight,
        squared=place.squared,
        last=last,
        kind=definition.kind,
        trainable=definition.trainable,
        step=signals.step,
        exponential=signals.exponential,
        time_steps=signals.time_steps,
        parameter=definition.parameter,
        bias=definition.bias,
        own_fan_in=definition.own_fan_in,
        normalized=definition.normalized,
        shared_with=definition.shared_with,
        weight_mean=float(weights.mean(dtype=float)),
        weight_std=float(weights.std(dtype=float)),
        weight_variance=fan_in * second_moment,
        weight_error=layer_statistics.mean_square_error(weights, second_moment),
        distinct_units=layer_statistics.distinct_units(weights, biases),
        different_units=layer_statistics.different_units(weights, biases, signals.weight_gradients),
        projections=layer_statistics.distinct_units(weights, np.zeros(1)),
        bias_mean=float(biases.mean()),
        bias_second_moment=float(np.mean(biases**2)),
        input_second_moment=input_second_moment,
        differing_second_moment=layer_statistics.differing(signals.inputs),
        preactivation_second_moment=mean_square(signals.preactivations),
        activation_second_moment=mean_square(_after(signals)),
        gradient_second_moment=gradient,
        greatest=float(np.max(np.abs(signals.preactivations))),
        slope_second_moment=slope,
        saturated_share=saturated,
        dead_share=dead,
        dead_by_chance=by_chance,
        gradient_norm=math.sqrt(gradient * values),
        places=max(1, values // weights.shape[-1]),
        noise=layer_statistics.noise(weights),
        times=definition.times,
        tied=own is not None and own.use == "tied",
        radial=math.nan if own is None else own.radial,
        positive=own is not None and _is_made_positive(weights, definition.times, own.mean),
    )


def _is_made_positive(weights: np.ndarray, times: float | None, mean: float) -> bool:
    """Whether no weight is negative, and their mean is not that of the parameter from which they come."""
    own = 0.0 if times is None else times * abs(mean)
    return bool(np.all(weights >= 0)) and own < 0.5 * float(weights.mean(dtype=float))


def _groups(definition: LayerDefinition, fan_out: int) -> int:
    """Into how many groups a layer's units fall, each with inputs of its own: of channels, or of stacked matrices."""
    if definition.kind == "recurrent":
        return 1  # its gates share their inputs
    *_, units = shape = definition.weights.shape
    return max(1, round(units * math.prod(shape[:-2]) / fan_out))


def _after(signals: LayerSignals) -> np.ndarray:
    return signals.preactivations if signals.activations is None else signals.activations


def _answers(layer: LayerReading) -> str | None:
    """The name of what a layer's preactivations go through."""
    return "linear" if layer.signals.activations is None else layer.definition.activation


def _feeds(before: LayerSignals, layer: LayerSignals) -> bool:
    """Whether a layer receives what the layer before answers, perhaps in another shape."""
    answers = _after(before)
    if answers.size != layer.inputs.size:
        return False
    one, two = answers.ravel(), layer.inputs.ravel()
    held = np.isfinite(one) & np.isfinite(two)
    return bool(np.linalg.norm((one - two)[held]) <= ROUNDING * np.linalg.norm(two[held]))


def _varied(reading: NetworkReading, told: bool) -> bool:
    """Whether the examples of the batch differ."""
    data = reading.data if told else reading.layers[0].signals.inputs
    return data is None or len(data) < 2 or bool(np.any(data != data[:1]))


def _data(reading: NetworkReading, told: bool) -> Inputs | None:
    """The batch in numbers, if the network receives it as it is: one that scales it first knows why."""
    if not told:
        return _inputs(reading.layers[0].signals.inputs)
    if reading.data is None:
        return None
    found = _inputs(reading.data)
    first = [mean_square(layer.signals.inputs) for layer in reading.layers if layer.place.from_data]
    as_it_is = any(0.25 < one / (found.second_moment or 1.0) < 4.0 for one in first)
    return found if as_it_is else None


def _inputs(inputs: np.ndarray) -> Inputs:
    rows = inputs.reshape(-1, inputs.shape[-1])
    second_moment = mean_square(rows)
    features = np.mean(np.square(rows, dtype=float), axis=0)
    return Inputs(
        examples=len(inputs),
        features=rows.shape[1],
        mean=float(rows.mean()),
        std=float(rows.std()),
        second_moment=second_moment,
        common_share=mean_square(rows.mean(axis=0)) / second_moment if second_moment else 0.0,
        loudest_share=float(features.max() / features.sum()) if second_moment else 0.0,
    )
