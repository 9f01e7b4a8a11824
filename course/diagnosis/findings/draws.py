"""Findings about how weights were drawn: all alike, twice the same, round the wrong mean, with the wrong fan."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from course.diagnosis import starts, trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Change, Found, advice, deviations, scaling, severity
from course.live.words import number

OFF_CENTRE = 0.25
"""A mean beyond this share of the standard deviation, the weights' own or the one that suits, adds up over a fan."""
ROUNDING = 1e-6
"""Weights whose standard deviation is a smaller share of their mean are one number."""
Fan = Callable[[Evidence], float]
FANS: tuple[Fan, ...] = (
    lambda layer: layer.fan_in,
    lambda layer: (layer.fan_in + layer.fan_out) / 2,
    lambda layer: layer.fan_out,
)
COPIES = {
    "PyTorch": (
        "one is a copy of the other, as nn.TransformerEncoder and copy.deepcopy make them, or the seed was set again",
        "draw each layer anew: call its reset_parameters(), or an nn.init function on its weights",
    ),
    "Keras": ("both were drawn by one initializer with a seed", "give every layer an initializer of its own"),
    "JAX": ("both were drawn from the same seed or key", "split the key, or use one generator for all layers"),
}
"""Why two layers are equal, and what to do, by framework."""
SHORTEST_RUN = 3
"""Fans are compared over layers that follow one another, so many at least."""
COMMON: tuple[tuple[Fan, float], ...] = (
    (lambda layer: layer.own_fan_in or layer.fan_in, 1.0),
    (FANS[0], 2.0),
    (lambda layer: layer.own_fan_in or layer.fan_in, 1 / 3),
    (FANS[1], 1.0),
)
"""What Var w · fan is by the rules of libraries: LeCun's, He's, U(-1/√fan_in, 1/√fan_in) of PyTorch, and Glorot's."""
AS_IT_IS = 0.05
"""A remedy that multiplies by less than 5 % more or less is none."""
MOSTLY = 0.5
"""Of an identity's numbers, and of a mask's, a larger share is 0."""
SHORTEST_TWIN = 8
"""Fewer weights may be alike by chance."""


def identical_units(network: Network) -> Iterator[Found]:
    """More than half of a layer's units have a twin with the same weights and bias, and the same gradient.

    Equal weights alone are no symmetry: units that others weight differently get different gradients and part. Where
    all units are alike in that way only one number passes until they have.
    """
    for layer in network.layers:
        if _is_one_number(layer):
            yield _one_number(layer)
            continue
        differ = layer.different_units > layer.units / 2 if layer.units > 1 else layer.weight_variance > 0
        if differ or trend.starts_at_zero(layer) or not layer.trainable:
            continue
        if layer.is_nulled or (layer.weight_variance == 0 and _leads_to_a_branch(layer, network)):
            continue  # whether a gradient of 0 stays 0 is measured for the whole network
        different = f"only {layer.different_units} of its {layer.units} units differ from one another"
        different = f"its {layer.units} units are all alike" if layer.different_units == 1 else different
        yield Found(
            layer.number,
            "fault",
            different if layer.weight_variance > 0 else "all its weights are 0",
            "units that start alike get the same gradient and stay alike",
            f"draw every weight on its own, {advice(layer)}",
        )


def _is_one_number(layer: Evidence) -> bool:
    """Whether all units make one sum of several inputs that they share, or multiples of it, though they will part.

    Weights that are made so of a parameter may be meant so. Those of a last layer are the answers, and part by what
    they are to be; nothing behind them receives one number.
    """
    alike = layer.projections == 1 or (layer.rank_one and layer.groups == 1 and layer.times is not None)
    alike = alike and layer.weight_variance > 0 and layer.different_units > layer.units / 2
    return alike and layer.trainable and layer.units > layer.groups and layer.fan_in > 1 and not layer.last


def _one_number(layer: Evidence) -> Found:
    """A fault where it lasts: what the data's layer does not pass is lost, and a normalization makes up for any size.

    Small weights are overtaken by the first steps, which differ from unit to unit.
    """
    lasts = layer.normalized or layer.from_data or layer.number == 1
    seen, passes = f"its {layer.units} units weight their inputs alike", "of each example one number passes"
    if layer.projections > 1:
        seen = f"the weights of its {layer.units} units are multiples of one another"
        passes = f"it is a matrix of rank 1, as a row or a column that is broadcast makes it: {passes}"
    return Found(
        layer.number,
        severity(lasts and layer.weight_variance >= trend.accepted(layer)[0]),
        seen,
        f"{passes}, until the units have parted",
        f"draw every weight on its own, {advice(layer)}",
    )


def _leads_to_a_branch(layer: Evidence, network: Network) -> bool:
    """Whether a layer belongs to a branch: it, or one that follows it, ends one that is added to something."""
    while not trend.is_added(layer):
        layer = next((other for other in network.layers if other.parent == layer.number), None)
        if layer is None:
            return False
    return True


def repeated_weights(network: Network) -> Iterator[Found]:
    """Two layers whose weights come from the same random numbers, though they are no shared parameter."""
    for position, layer in enumerate(network.layers):
        if layer.shared_with is not None or not layer.trainable:
            continue
        if _repeats_one_matrix(layer):
            yield Found(
                layer.number,
                "warning",
                f"its {layer.units // layer.projections} matrices are all the same",
                "what starts alike and learns from the same data stays alike, unless something else tells it apart",
                "draw every matrix on its own: split the key, or draw the whole stack at once",
            )
            continue
        others = (other for other in network.layers[:position] if other.trainable)
        twin = next((other for other in others if _one_draw(layer, other)), None)
        if twin is None:
            continue
        same = (layer.fan_in, layer.units) == (twin.fan_in, twin.units)
        yield Found(
            layer.number,
            "warning",  # networks drawn so train as well as others: the data and the layers between tell them apart
            f"its weights {'are those' if same else 'begin with the same numbers as those'} of layer {twin.number}",
            *COPIES.get(network.framework, COPIES["JAX"]),
        )


def _repeats_one_matrix(layer: Evidence) -> bool:
    """Whether a stack holds one matrix over and over, which is more than zeros and a few ones, as identities have."""
    copies = layer.units // layer.projections
    stacked = len(layer.shape) > 2 and copies in layer.shape and layer.kind != "convolution"
    full = layer.weight_std > 0 and np.mean(layer.noise == 0) < MOSTLY
    return stacked and full and copies > 1 and layer.weights >= SHORTEST_TWIN * copies


def _one_draw(layer: Evidence, other: Evidence) -> bool:
    length = min(len(layer.noise), len(other.noise))
    if length < SHORTEST_TWIN or min(layer.projections, other.projections) == 1 or layer.picks:
        return False
    one, two = layer.noise[:length], other.noise[:length]
    return float(one @ two) > 0.999 * float(np.linalg.norm(one) * np.linalg.norm(two))


def not_centred(network: Network) -> Iterator[Found]:
    """A mean of the weights that is no luck, and large enough to matter."""
    for layer in network.layers:
        spread = min(layer.weight_std, math.sqrt(trend.accepted(layer)[0] / layer.fan_in))
        draws = min(layer.units, layer.weights / layer.units) if layer.rank_one else layer.weights
        error = layer.weight_std / math.sqrt(draws)
        if (
            layer.different_units == 1
            or layer.groups >= layer.units > 1  # then no two units see the same inputs
            or not layer.trainable
            or _cancels(layer)
            or layer.picks
            or _answers_little(layer)
            or abs(layer.weight_mean) < max(deviations(network) * error, OFF_CENTRE * spread)
        ):
            continue
        if layer.positive:
            yield from _made_positive(layer, network)
            continue
        one = abs(layer.weight_std - 1) < 0.1
        mean, std = number(layer.weight_mean), number(layer.weight_std)
        constant = layer.weight_std <= ROUNDING * abs(layer.weight_mean)
        yield Found(
            layer.number,
            "fault",
            f"its weights are all {mean}" if constant else f"its weights have mean {mean} and standard deviation {std}",
            "a call normal_(std) takes its one argument for the mean" if one else "all units answer to one sum",
            f"draw weights of mean 0, {advice(layer)}",
        )


def _made_positive(layer: Evidence, network: Network) -> Iterator[Found]:
    """Weights that cannot have mean 0, and add up what their inputs have in common (Hoedt and Klambauer 2023)."""
    if layer.common_growth > trend.KEPT:
        factor = 1 / (layer.fan_in * layer.weight_mean)
        yield Found(
            layer.number,
            severity(sum(max(other.common_growth, 0.0) for other in network.layers) > trend.LOST),
            f"its weights are made positive and have mean {number(layer.weight_mean)}, fan_in times which is "
            f"{number(1 / factor)}",
            "such weights add up what their inputs have in common",
            f"let {layer.parameter or 'them'} begin so that the mean is 1/fan_in = {number(1 / layer.fan_in)}",
            None if layer.times is None else Change(layer.parameter, "scale", factor),
        )


def _answers_little(layer: Evidence) -> bool:
    """Whether a last layer answers no more than centred weights of a usual size would: there is nothing to centre."""
    _low, high = trend.accepted(layer)
    return layer.last and layer.preactivation_second_moment <= high * layer.input_second_moment


def _cancels(layer: Evidence) -> bool:
    """Whether weights that are all one number meet inputs whose sum cancels, or are 0."""
    if layer.weight_variance == 0:
        return True
    if layer.weight_std > 0.01 * abs(layer.weight_mean):
        return False
    return layer.preactivation_second_moment <= 4 * layer.weight_variance * layer.input_second_moment


def wrong_fan(network: Network) -> Iterator[Found]:
    """Weights that fan_out explains, and neither fan_in nor Glorot's mean of the two, where that lets the signal stray.

    Either Var w · fan is one constant over the layers only with fan_out, or its value suits only with fan_out and is
    none that libraries give. Orthogonal weights have the larger fan by their nature, and a last layer any size below.
    """
    for found in strayed(network):
        if not found.lecun:
            yield from (_of_fan_out(layer, found.severity) for layer in found.layers)


class Strayed(NamedTuple):
    """Layers whose fan_out explains their variances, which let the signal stray; LeCun's rule may explain them too."""

    layers: list[Evidence]
    severity: str
    lecun: bool


def strayed(network: Network) -> Iterator[Strayed]:
    """Find what fan_out explains and fan_in does not, in layers that follow one another."""
    runs = [list(run.layers) for run in trend.runs(network.layers) if len(run.layers) >= SHORTEST_RUN]
    for layers in runs if network.told else [list(network.layers)]:
        yield from _strayed(layers, deviations(network))


def _strayed(layers: list[Evidence], limit: float) -> Iterator[Strayed]:
    drawn = [layer for layer in layers if not layer.normalized and layer.weight_variance > 0]
    rows = [layer for layer in drawn if not (layer.orthogonal or _ends_small(layer, limit))]
    unequal = [layer for layer in rows if layer.fan_in != layer.fan_out]
    if len(unequal) < 2 or _harm(rows) < trend.KEPT:
        return
    for how in (_spread, _misfit):
        by_in, by_average, by_out = (how(rows, mode) for mode in FANS)
        if by_out < limit < min(by_in, by_average):
            wrong = [layer for layer in unequal if not _is_right(layer)]
            lecun = all(_is_common(layer, limit, COMMON[:1]) for layer in unequal)
            if lecun or not all(_is_common(layer, limit, COMMON) for layer in unequal):
                yield Strayed(wrong, severity(_harm(rows) > trend.LOST), lecun)
            return


def _ends_small(layer: Evidence, limit: float) -> bool:
    """Whether a last layer is smaller than a hidden one would be, by its fan_out too: that says nothing of a fan."""
    hidden = starts.accepted(layer.fed_by, layer.activation, first=not layer.chained, last=False)
    return layer.last and starts.distance(_variance(layer, FANS[2]), hidden) < -limit * layer.weight_error


def _is_common(layer: Evidence, limit: float, rules: Sequence[tuple[Fan, float]]) -> bool:
    """Whether a layer has a variance that libraries give, which some fan_out may explain by chance."""
    away = (abs(math.log(value / _variance(layer, fan))) for fan, value in rules)
    return min(away) < limit * layer.weight_error


def _is_right(layer: Evidence) -> bool:
    return abs(math.log(trend.advised(layer) / layer.weight_variance)) / 2 < AS_IT_IS


def _spread(layers: list[Evidence], fan: Fan) -> float:
    """How far Var w · fan is from being one constant: the greatest deviation of its logarithm, in standard errors."""
    logarithms = np.array([math.log(_variance(layer, fan)) for layer in layers])
    errors = np.array([layer.weight_error for layer in layers])
    centre = np.average(logarithms, weights=errors**-2.0)
    return float(np.max(np.abs(logarithms - centre) / errors))


def _misfit(layers: list[Evidence], fan: Fan) -> float:
    """How far Var w · fan is from what suits, in the layer where it is farthest, in standard errors."""
    return max(
        abs(starts.distance(_variance(layer, fan), trend.accepted(layer))) / layer.weight_error for layer in layers
    )


def _variance(layer: Evidence, fan: Fan) -> float:
    return layer.weight_variance / layer.fan_in * fan(layer)


def _harm(layers: list[Evidence]) -> float:
    """How far the signal strays from its start because fan_out stands for fan_in, as a logarithm."""
    strayed = np.cumsum([math.log(layer.fan_in / layer.fan_out) for layer in layers])
    return float(max(strayed.max(), 0) - min(strayed.min(), 0))


def _of_fan_out(layer: Evidence, severity: str) -> Found:
    factor = layer.fan_in / layer.fan_out
    return Found(
        layer.number,
        severity,
        f"its weights have variance {number(layer.weight_variance / factor)}/fan_out, which multiplies the mean square "
        f"by {number(factor)}",
        f"the fan_out of {layer.fan_out} stands where the fan_in of {layer.fan_in} belongs",
        scaling(layer),
    )
