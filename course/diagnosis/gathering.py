"""From what was read of a network to the evidence: each layer's numbers, and those of what lies between two layers."""

import math
from collections.abc import Mapping

import numpy as np

from course import initializers
from course.diagnosis import layer_statistics
from course.diagnosis.evidence import Evidence, Inputs, Network
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
UNEVEN = 100.0
"""Of data whose features are of one kind, such as pixels, none has a mean square so many times the usual one's."""


def gathered(reading: NetworkReading) -> Network:
    """Take the numbers of a reading."""
    told = any(layer.place.follows != UNTOLD for layer in reading.layers) or bool(reading.parameters)
    with np.errstate(all="ignore"):  # an overflow is a finding, not an error
        readings = _judged(reading.layers)
        parents = _parents(readings)
        parameters = {one.name: one for one in reading.parameters}
        layers = [_layer(number, parents, readings, parameters) for number in range(1, len(readings) + 1)]
        return Network(
            layers=_before_enlarging(layers),
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


def _before_enlarging(layers: list[Evidence]) -> tuple[Evidence, ...]:
    """Layers of which one whose answers are only enlarged counts as the last, and what enlarges them does not."""
    last: dict[int | None, bool] = {}
    for layer in reversed(layers):
        if last.get(layer.number, layer.last) and layer.picks and layer.fed_by == "linear":
            last |= {layer.number: False, layer.parent: True}
    return tuple(layer._replace(last=last.get(layer.number, layer.last)) for layer in layers)


def _parents(readings: tuple[LayerReading, ...]) -> list[int | None]:
    """The place of the layer that each layer follows."""
    befores = [None, *readings][: len(readings)]
    return [
        (place - 1 if before is not None and _feeds(before.signals, layer.signals) else None)
        if layer.place.follows == UNTOLD
        else layer.place.follows
        for place, (before, layer) in enumerate(zip(befores, readings, strict=True))
    ]


def _judged(readings: tuple[LayerReading, ...]) -> tuple[LayerReading, ...]:
    """The layers; where what suits a function is not known and cannot be measured, nobody follows, and z is judged."""
    unknown = {
        place
        for place, layer in enumerate(readings)
        if _answers(layer) is None and math.isnan(_multiplies(layer.signals))
    }
    return tuple(
        layer._replace(
            signals=layer.signals._replace(activations=None) if place in unknown else layer.signals,
            place=layer.place._replace(follows=None) if layer.place.follows in unknown else layer.place,
        )
        for place, layer in enumerate(readings)
    )


def _multiplies(signals: LayerSignals) -> float:
    return layer_statistics.multiplies(signals.preactivations, signals.activations)


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
    factor, added = (1.0, False) if before is None else _constants(_after(before.signals), signals.inputs)
    told, feeds = place.follows != UNTOLD, number - 1 in parents
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
        ends_branch=not feeds and (place.summed or place.gated or not last) if told else follows,
        summed=place.summed,
        plus=place.plus,
        gated=place.gated and not feeds,
        added=place.added if told else number > 1 and parent is None,
        evened=place.evened,
        from_data=place.from_data,
        sees_data=place.sees_data,
        straight=place.straight,
        squared=place.squared,
        leveled=place.leveled,
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
        rank_one=layer_statistics.has_rank_one(weights),
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
        shape=() if own is None else own.shape,
        factor=factor,
        keeps=math.nan if before is None else _keeps(before, added=added),
        positive=own is not None and _is_made_positive(weights, definition.times, own.mean),
        orthogonal=layer_statistics.orthogonal(weights),
        picks=layer_statistics.picks(weights),
        made_of=definition.made_of,
        scales=definition.scales,
        shifts=definition.shifts,
        scales_before=definition.scales_before,
        sources=tuple(source + 1 for source in place.sources),
    )


def _constants(answers: np.ndarray, inputs: np.ndarray) -> tuple[float, bool]:
    """The constant that multiplies a layer's answers before they are the next one's inputs, and whether one is added.

    The factor is 1 where inputs are made of answers otherwise, or in another shape.
    """
    if answers.size != inputs.size:
        return 1.0, False
    means = float(np.mean(answers, dtype=float)), float(np.mean(inputs, dtype=float))
    one, two = np.ravel(answers) - means[0], np.ravel(inputs) - means[1]
    factor = float(one @ two / (one @ one))
    if not (factor > 0 and np.linalg.norm(two - factor * one) <= ROUNDING * np.linalg.norm(two)):
        return 1.0, False
    factor = factor if abs(factor - 1) > ROUNDING else 1.0
    return factor, abs(means[1] - factor * means[0]) > ROUNDING * math.sqrt(mean_square(inputs))


def _keeps(before: LayerReading, *, added: bool) -> float:
    """The weight variance of the next layer that brings what differs in a layer's answers back to E[z²]."""
    if _answers(before) is None:
        return 1 / _multiplies(before.signals)
    if not added:
        return math.nan
    found = mean_square(before.signals.preactivations) / float(np.var(_after(before.signals), dtype=float))
    return found if math.isfinite(found) else math.nan


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
        uneven=second_moment > 0 and _is_uneven(features, rows.mean(axis=0, dtype=float)),
    )


def _is_uneven(second_moments: np.ndarray, means: np.ndarray) -> bool:
    """Whether one feature is far louder than the usual one, or the means differ more than the examples do."""
    usual = float(np.median(second_moments[second_moments > 0]))
    return bool(second_moments.max() > UNEVEN * usual or means.var() > 10 * np.mean(second_moments - means**2))
