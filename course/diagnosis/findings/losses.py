"""Findings about the first answers beside the targets: the first loss, and targets far from it."""

import math
from collections.abc import Iterator

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import SCALE_FREE, Evidence, Network
from course.diagnosis.findings import entering
from course.diagnosis.findings.found import Change, Whole, advice, drawn
from course.diagnosis.findings.zeros import hidden
from course.live.words import number

FAR = 100.0
"""Targets of a larger mean square around the first answers should have been divided by their standard deviation."""
LOUD_ANSWERS = 1000.0
"""Answers of a larger mean square are no start where the targets are not known; `FAR` times theirs where they are."""


def loss(network: Network) -> Iterator[Whole]:
    """A first loss far above that of guessing."""
    if network.loss is None:
        return
    loss, classes = network.loss
    guessing = math.log(classes)
    if loss > 1.5 * guessing + 0.5 or not math.isfinite(loss):
        yield Whole(
            "first loss too high",
            "fault" if loss > 3 * guessing + 1 or not math.isfinite(loss) else "warning",
            f"the first loss is {number(loss)}; guessing among {classes} classes costs {number(guessing)}",
            "the answers are large before anything is learned: the network is confident and wrong",
            *_smaller_answers(network),
        )


def _smaller_answers(network: Network) -> tuple[str, int, tuple[Change, ...]]:
    """What to do about what makes the answers large: data, a table or the layer farthest off, or else the last."""
    found = [(one.mean_square, one.remedy, 0, ()) for one in entering.arrays(network)]
    for layer in network.layers:
        if not (layer.last or layer.normalized or layer.kind in trend.UNSCALED):
            factor = layer.weight_variance / trend.accepted(layer)[1]
            words = f"draw {layer.name or f'layer {layer.number}'} smaller, {advice(layer)}"
            found.append((factor, words, layer.number, (drawn(layer),) if layer.parameter else ()))
    last = max((layer.weight_variance / trend.accepted(layer)[1] for layer in network.layers if layer.last), default=0)
    farthest = max(found, key=lambda one: one[0], default=(0.0,))
    return farthest[1:] if farthest[0] > max(last, 2.0) else _quieter(network)


def _quieter(network: Network) -> tuple[str, int, tuple[Change, ...]]:
    """What makes the first answers small: smaller weights in the last layers, if the answers grow with them."""
    ends = {layer.parameter: layer for layer in network.layers if layer.last}
    scaled = [layer for layer in ends.values() if _scales_answers(layer)]
    if not scaled:
        return "make the first answers smaller: lower what multiplies them, or the biases behind them", 0, ()
    received = max(layer.input_second_moment for layer in scaled)
    if not received < math.exp(trend.KEPT):
        return f"mend what comes before: the last layer receives a mean square of {number(received)}", 0, ()
    tied = next((layer for layer in scaled if layer.tied), None)
    if tied is not None:
        std = math.sqrt(trend.advised(tied) / tied.fan_in)
        change = Change(tied.parameter, "scale", std * math.sqrt(tied.fan_in / tied.weight_variance), std)
        said = f"draw {tied.parameter}, the table of the inputs that is the last layer too, {advice(tied)}"
        return said, tied.number, (change,)
    answers = np.where(hidden(network), np.nan, np.asarray(network.outputs, float))
    spread = float(np.sqrt(np.nanmean(np.nanvar(answers, axis=-1))))
    factor = 1 / max(spread, 1.0) if math.isfinite(spread) else 0.0
    names = " and ".join(layer.parameter or "the last layer's weights" for layer in scaled)
    changes = tuple(Change(layer.parameter, "scale", factor) for layer in scaled if layer.parameter)
    return f"multiply {names} by {factor:.2g}, or start there at 0", scaled[0].number, changes


def _scales_answers(layer: Evidence) -> bool:
    """Whether a layer's answers grow with its parameter: not if that is normalized, nor where its biases are louder."""
    free = layer.normalized or abs(layer.radial) < SCALE_FREE
    signal = layer.weight_variance * layer.input_second_moment
    return layer.trainable and not free and signal > layer.bias_second_moment


def targets(network: Network) -> Iterator[Whole]:
    """Targets far from the first answers."""
    if network.distance is None or not network.distance > FAR:
        return
    yield Whole(
        "unscaled targets",
        "warning",
        f"the targets have a root mean square of {number(math.sqrt(network.distance))} around the mean answer",
        "the first errors, and so the first gradients, are as large",
        "divide the targets by their standard deviation, and start the last bias at their mean or subtract it",
    )


def products(network: Network) -> Iterator[Whole]:
    """Answers of tables alone that are large: products of two vectors of d numbers are √d times both sizes."""
    tables = [one for one in network.parameters if one.use == "table" and one.shape[-1] > 1]
    loud = {
        one.name: one.shape[-1] ** -0.25 for one in tables if math.hypot(one.mean, one.std) > one.shape[-1] ** -0.25
    }
    if network.loss is not None or not loud or any(layer.last for layer in network.layers):
        return
    answers = float(np.mean(np.square(network.outputs, dtype=float)))
    if LOUD_ANSWERS < answers < math.inf if network.of_targets is None else answers > FAR * network.of_targets:
        said = " and ".join(f"{name} {number(std)}" for name, std in loud.items())
        beside = "" if network.of_targets is None else f", the targets one of {number(math.sqrt(network.of_targets))}"
        yield Whole(
            "answers too large",
            "warning",
            f"the answers have a root mean square of {number(math.sqrt(answers))}{beside}",
            "they are made of vectors that are looked up, and of those it is the length that counts",
            f"draw vectors of d numbers with std d^(-1/4) where two are multiplied: {said}",
            changes=tuple(Change(name, "draw", std, std) for name, std in loud.items()),
        )
