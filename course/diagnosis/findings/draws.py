"""Findings about how weights were drawn: all alike, twice the same, round the wrong mean, with the wrong fan."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Found, advice, deviations, scaling
from course.figures.signal import number

OFF_CENTRE = 0.25
"""A mean beyond this share of the standard deviation that suits does more than a rounding would."""
SHORTEST_TWIN = 8
"""Fewer weights may be alike by chance."""


def identical_units(network: Network) -> Iterator[Found]:
    """More than half of a layer's units have a twin with the same weights and bias."""
    for layer, following in itertools.zip_longest(network.layers, network.layers[1:]):
        if layer.units == 1 or layer.distinct_units > layer.units / 2 or trend.starts_at_zero(layer, following):
            continue
        yield Found(
            layer.number,
            "fault",
            f"its {layer.units} units are only {layer.distinct_units} different ones",
            "units that start alike get the same gradient and stay alike",
            f"draw every weight on its own, {advice(layer)}",
        )


def repeated_weights(network: Network) -> Iterator[Found]:
    """Two layers whose weights come from the same random numbers, though they are no shared parameter."""
    for position, layer in enumerate(network.layers):
        twin = next((other for other in network.layers[:position] if _one_draw(layer, other)), None)
        if twin is None or layer.shared_with is not None:
            continue
        yield Found(
            layer.number,
            "fault",
            f"its weights are those of layer {twin.number}",
            "both were drawn from the same seed or key",
            "split the key, or use one generator for all layers",
        )


def _one_draw(layer: Evidence, other: Evidence) -> bool:
    length = min(len(layer.noise), len(other.noise))
    if length < SHORTEST_TWIN or min(layer.distinct_units, other.distinct_units) == 1:
        return False
    one, two = layer.noise[:length], other.noise[:length]
    return float(one @ two) > 0.999 * float(np.linalg.norm(one) * np.linalg.norm(two))


def not_centred(network: Network) -> Iterator[Found]:
    """A mean of the weights that is no luck, and large enough to matter."""
    for layer in network.layers:
        suits = math.sqrt(trend.accepted(layer)[0] / layer.fan_in)
        error = layer.weight_std / math.sqrt(layer.weights)
        if layer.distinct_units == 1 or abs(layer.weight_mean) < max(deviations(network) * error, OFF_CENTRE * suits):
            continue
        one = abs(layer.weight_std - 1) < 0.1
        yield Found(
            layer.number,
            "fault",
            f"its weights have mean {number(layer.weight_mean)} and standard deviation {number(layer.weight_std)}",
            "a call normal_(std) takes its one argument for the mean" if one else "all units answer to one sum",
            f"draw weights of mean 0, {advice(layer)}",
        )


def wrong_fan(network: Network) -> Iterator[Found]:
    """Var w · fan_out is one constant over the layers, Var w · fan_in and Var w · fan_avg are not, and it shows."""
    rows = [layer for layer in network.layers if not layer.normalized and layer.weight_variance > 0]
    unequal = [layer for layer in rows if layer.fan_in != layer.fan_out]
    if len(unequal) < 2:
        return
    limit = deviations(network)
    spread_in, spread_average, spread_out = (_spread(rows, mode) for mode in ("fan_in", "fan_avg", "fan_out"))
    if spread_out < limit < min(spread_in, spread_average) and _harm(rows) > trend.KEPT:
        yield from (_of_fan_out(layer) for layer in unequal)


def _spread(layers: list[Evidence], mode: str) -> float:
    """How far Var w · fan is from being one constant: the greatest deviation of its logarithm, in standard errors."""
    fans = {"fan_in": lambda row: row.fan_in, "fan_out": lambda row: row.fan_out, "fan_avg": _average}[mode]
    logarithms = np.array([math.log(layer.weight_variance / layer.fan_in * fans(layer)) for layer in layers])
    errors = np.array([layer.weight_error for layer in layers])
    centre = np.average(logarithms, weights=errors**-2.0)
    return float(np.max(np.abs(logarithms - centre) / errors))


def _average(layer: Evidence) -> float:
    return (layer.fan_in + layer.fan_out) / 2


def _harm(layers: list[Evidence]) -> float:
    """How far the signal strays from its start because fan_out stands for fan_in, as a logarithm."""
    strayed = np.cumsum([math.log(layer.fan_in / layer.fan_out) for layer in layers])
    return float(max(strayed.max(), 0) - min(strayed.min(), 0))


def _of_fan_out(layer: Evidence) -> Found:
    factor = layer.fan_in / layer.fan_out
    return Found(
        layer.number,
        "fault",
        f"its weights have variance {number(layer.weight_variance / factor)}/fan_out, which multiplies the mean square "
        f"by {number(factor)}",
        f"the fan_out of {layer.fan_out} stands where the fan_in of {layer.fan_in} belongs",
        scaling(layer),
    )
