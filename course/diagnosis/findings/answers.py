"""Findings about what layers answer: biases that drown the data, units that are off, gradients that die anyway."""

import math
from collections.abc import Iterator

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Found, advice, deviations, severity
from course.diagnosis.trend import Run
from course.figures.signal import number

SMALL_BIASES = 0.1
"""Biases of a mean square below this are usual, on the edge of chaos too."""
SHIFT = 0.25
"""A shift of all units alike, its square over that of the weighted inputs, is no longer small."""
MANY_DEAD, MOST_DEAD = 0.1, 0.5


def biases(network: Network) -> Iterator[Found]:
    """Biases that are larger than what the data contribute, or that shift all units alike."""
    for layer in network.layers:
        signal, bias = layer.weight_variance * layer.input_second_moment, layer.bias_second_moment
        drowned = bias > max(signal, SMALL_BIASES)
        shifted = layer.bias_mean**2 > max(SHIFT * signal, SMALL_BIASES)
        if layer.normalized or not layer.finite or not (drowned or shifted):
            continue
        yield Found(
            layer.number,
            severity(drowned or layer.bias_mean < 0),
            f"its biases have mean {number(layer.bias_mean)} and mean square {number(bias)}, its weighted inputs have "
            f"mean square {number(signal)}",
            "the units answer to their biases more than to the data" if drowned else "all units are shifted alike",
            "start the biases at 0",
        )


def dead_units(network: Network) -> Iterator[Found]:
    """More units off for the whole batch than inputs as alike as these explain."""
    limit = deviations(network)
    for layer in network.layers:
        chance = layer.dead_by_chance
        # The count is binomial; the chance itself is known from stand-ins, to about one unit in so many.
        luck = limit * math.sqrt((chance * (1 - chance) + 1 / layer.units) / layer.units)
        if layer.dead_share > chance + max(luck, MANY_DEAD):
            yield _dead(layer)


def _dead(layer: Evidence) -> Found:
    below = layer.bias_mean < 0
    return Found(
        layer.number,
        severity(layer.dead_share > MOST_DEAD),
        f"{layer.dead_share:.0%} of its units answer 0 to the whole batch, {layer.dead_by_chance:.0%} would by chance",
        f"its biases have mean {number(layer.bias_mean)}" if below else "no gradient reaches a unit that is always off",
        "start the biases at 0" if below else f"draw the weights anew with mean 0, {advice(layer)}",
    )


def gradient(network: Network) -> Iterator[Found]:
    """Signal or gradient lost although every weight variance suits: too many layers for this activation."""
    for run in trend.runs(network.layers):
        if run.strain > trend.LOST + deviations(network) * run.error and run.excess < trend.KEPT:
            yield from _lost(run)


def _lost(run: Run) -> Iterator[Found]:
    """Layers whose signal or gradient has changed too much, counted from where it is largest."""
    per_layer = math.exp((run.backward[-1] - run.backward[0]) / max(len(run.layers) - 1, 1))
    lost = abs(run.backward - run.backward[-1]) > trend.LOST
    if not lost.any():
        lost = abs(run.forward) > trend.LOST
    for layer, is_lost, size in zip(run.layers, lost, run.backward, strict=True):
        if is_lost:
            yield Found(
                layer.number,
                "fault",
                f"its gradient's mean square should be about {number(math.exp(size))} times the last layer's",
                f"with these weights {layer.activation} divides it by {number(per_layer)} from layer to layer",
                f"use fewer layers, a normalization, or another function than {layer.activation}",
            )
