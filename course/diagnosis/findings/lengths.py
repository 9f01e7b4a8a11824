"""Findings about the length of signal and gradient, from layer to layer and from one time step to the next."""

import math
from collections.abc import Iterator

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Change, Whole, listed, severity
from course.diagnosis.reading import ParameterReading
from course.live.words import number

UNEQUAL, LOST = 100.0, 1000.0
"""A gradient that is so much longer or shorter where the data enter than farther on: a word, and a fault."""
FAINT, LOUD = 1e-4, 1e4
"""A layer's inputs of a root mean square beyond these are no signal to learn from."""
LEAST_DIFFERENCE = 100 * FAINT**2
"""Data whose examples differ by a mean square below this are alike themselves."""
SHRUNK = 1e-3
"""A mean square behind a normalization below this is no longer about 1."""
SCALE = 1e-3
"""A learned scale below this is small on purpose."""


def leveled(network: Network) -> Iterator[Whole]:
    """The first layer whose answers are far too large, though they or its weights have been normalized."""
    least = 1.0 if network.inputs is None else max(1.0, network.inputs.second_moment)
    for layer in () if network.fresh else network.layers:
        inner = layer.leveled and not layer.last and layer.kind != "scores"
        size, suits = layer.preactivation_second_moment, trend.accepted(layer)[1]
        large = LOST * least < size < math.inf
        if inner and large and (layer.leveled == "answers" or layer.weight_variance > suits):
            yield Whole("signal explodes", "fault", *_still_large(layer, size), layer.number)
            return


def _still_large(layer: Evidence, size: float) -> tuple[str, str, str]:
    seen = f"what layer {layer.number} ({layer.name}) answers has a mean square of {number(size)}, although"
    if layer.leveled == "answers":
        return (
            f"{seen} it goes through a normalization",
            "this normalization does not bring it to a mean square of about 1",
            "start the scale of the normalization at 1, and so the variance that it divides by in evaluation",
        )
    return (
        f"{seen} its weights are normalized",
        f"they are brought to fan_in · Var w = {number(layer.weight_variance)} where "
        f"{number(trend.advised(layer))} suits",
        "divide the normalized weights by √fan_in, or normalize what the layer answers",
    )


def small_scales(network: Network) -> Iterator[Whole]:
    """Scales of normalizations that make what another layer receives small; of what is added to a stream it is meant.

    A scale is a vector whose size explains the size of answers that come out of a normalization.
    """
    made = [layer for layer in network.layers if layer.leveled == "answers" and not (layer.ends_branch or layer.last)]
    small = [layer for layer in made if 0 < layer.preactivation_second_moment < SHRUNK]
    scales = {(layer.units, one.name): one for layer in small for one in network.parameters if _explains(one, layer)}
    if network.fresh or not scales or 2 * len(small) <= len(made):
        return
    names = [one.name for one in scales.values()]
    sizes = math.sqrt(small[0].preactivation_second_moment)
    lost = any(0 < layer.input_second_moment <= FAINT**2 for layer in network.layers)
    yield Whole(
        "scales too small",
        severity(lost),
        f"what layer {small[0].number} ({small[0].name}) answers has a root mean square of {number(sizes)} behind its "
        f"normalization, and so have {len(small)} of {len(made)} such layers",
        f"the scales of the normalizations are as small: {listed(names)}",
        "start the scale of a normalization at 1; at 0 only where a branch is added to something",
        small[0].number,
        tuple(Change(name, "one") for name in names),
    )


def _explains(one: ParameterReading, layer: Evidence) -> bool:
    """Whether a vector is as small as the answers of a layer that it may scale."""
    square = one.mean**2 + one.std**2
    fits = one.use == "vector" and one.size == layer.units
    return fits and 0.5 < square / layer.preactivation_second_moment < 2.0


def differences(network: Network) -> Iterator[Whole]:
    """The part of a signal that differs between the examples, where something common holds up the whole of it.

    It is lost where it is so in most layers that follow: what goes another way than a branch meets them again.
    """
    entering = [layer.differing_second_moment for layer in network.layers if layer.from_data]
    rows = [layer for layer in network.layers if not layer.from_data and layer.kind != "recurrent"]
    first = next((place for place, layer in enumerate(rows) if _are_alike(layer)), len(rows))
    lost = [layer.differing_second_moment <= FAINT**2 for layer in rows[first:]]
    if network.fresh or not network.varied or 2 * sum(lost) <= len(lost) or max(entering, default=0) < LEAST_DIFFERENCE:
        return
    layer = rows[first]
    yield Whole(
        "signal vanishes",
        "fault",
        f"what layer {layer.number} ({layer.name}) receives differs between the examples by a root mean square of "
        f"{number(math.sqrt(layer.differing_second_moment))} only",
        "something common to all examples holds up the signal, and what tells them apart is lost from layer to layer",
        "draw the layers before with a larger standard deviation, add what enters a block to its answer, or normalize",
        layer.number,
    )


def _are_alike(layer: Evidence) -> bool:
    """Whether almost nothing of a layer's inputs differs between the examples; where nothing does, it may be meant."""
    return 0 < layer.differing_second_moment <= FAINT**2 < layer.input_second_moment


def gradient(network: Network) -> Iterator[Whole]:
    """The gradient at the layers that the data enter, beside the longest and the usual one of the hidden layers."""
    inner = [layer for layer in network.layers if not layer.last and layer.gradient_norm > 0]
    if any(layer.kind == "recurrent" for layer in network.layers):
        return  # of a state's many steps one was measured
    first = [layer for layer in inner if layer.from_data]
    if not first or len(inner) < 3 or network.fresh:
        return
    # before a normalization a gradient is as long as the signal is short
    longest = max(layer.gradient_norm * (min(1.0, _rms(layer)) if layer.normalized else 1.0) for layer in inner)
    ends = [layer.gradient_norm for layer in network.layers if layer.last]
    usual = max([float(np.median([layer.gradient_norm for layer in inner])), *ends])
    vanished = longest / max(layer.gradient_norm * max(1.0, _rms(layer)) for layer in inner if layer.sees_data)
    exploded = max(layer.gradient_norm * min(1.0, _rms(layer)) for layer in first) / usual
    for ratio, word, verb in ((vanished, "shorter", "vanishes"), (exploded, "longer", "explodes")):
        if ratio > UNEQUAL and not (verb == "vanishes" and _scales_that_grow(network)):
            yield Whole(
                f"gradient {verb}",
                "fault" if ratio > LOST else "warning",
                f"the gradient is {number(ratio)} times {word} where the data enter than farther on",
                "one learning rate cannot serve both ends",
                "look at what scales the signal on the way: normalizations' scales, branches, weights",
                first[0].number,
            )


def is_forgotten(layer: Evidence) -> bool:
    """Return whether the gradient is divided by more than e from one time step to the next until it is lost.

    A state that lasts one time step keeps 1/e of it; gates that start half open keep half, and tanh with PyTorch's
    weights about as much.
    """
    ratio, each = layer.through_time
    return ratio < 1 / LOST and each < 1 / math.e


def through_time(network: Network) -> Iterator[Whole]:
    """The gradient at the first time step beside the last, where weights are applied to a state at every time step."""
    recurrent = [layer for layer in network.layers if len(layer.time_steps) > 1]
    recurrent.sort(key=lambda layer: (layer.through_time[0], layer.weight_variance))
    if recurrent and recurrent[-1].through_time[0] > UNEQUAL:
        ratio, each = recurrent[-1].through_time
        seen = (
            f"{number(ratio)} times longer at the first of {len(recurrent[-1].time_steps)} time steps than at the last"
        )
        yield _lost_in_time("explodes", recurrent[-1], seen, f"multiplies it by {number(each)}", fault=ratio > LOST)
    elif recurrent and is_forgotten(recurrent[0]):
        ratio, each = recurrent[0].through_time
        seen = f"{number(1 / ratio)} times shorter at the first" if ratio else "exactly 0 at the first"
        seen += f" of {len(recurrent[0].time_steps)} time steps{' than' if ratio else ', and not'} at the last"
        reason = f"divides it by {number(1 / each)}" if each else "divides it further"
        yield _lost_in_time("vanishes", recurrent[0], seen, reason)


def _lost_in_time(verb: str, layer: Evidence, seen: str, reason: str, *, fault: bool = True) -> Whole:
    return Whole(
        f"gradient {verb}",
        "fault" if fault else "warning",
        f"the gradient is {seen}",
        f"the way through the state that {layer.name} belongs to {reason} from one time step to the next",
        "draw the weights of the state orthogonal, or with std √(1/fan_in); start a forget gate's biases at 1",
        layer.number,
    )


def _scales_that_grow(network: Network) -> bool:
    """Whether learned scales make branches small on purpose, as LayerScale does; they grow as they are learned."""
    scales = [math.hypot(one.mean, one.std) for one in network.parameters if one.use == "vector"]
    return any(0 < scale < SCALE for scale in scales)


def _rms(layer: Evidence) -> float:
    return math.sqrt(layer.preactivation_second_moment) if layer.preactivation_second_moment < math.inf else 1.0
