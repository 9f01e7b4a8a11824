"""The main explorer: a real network, run forward and backward, with the theory drawn over it."""

from typing import NamedTuple

import numpy as np

from course import probes
from course.activations import ACTIVATIONS
from course.explorers.signals import (
    ACTIVATION,
    BATCH,
    CURVES,
    Curves,
    Piece,
    backward_words,
    by_layer,
    columns,
    flat_slope_words,
    forward_words,
    measured_curves,
    pairs,
    predicted_curves,
    scheme,
    theory_words,
    verdict,
)
from course.live.axes import decades, fixed, layers
from course.live.controls import SEED, buttons, slider, stops
from course.live.declare import explorer
from course.live.marks import strip
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say

TITLE = "Signal propagation"
MANY = 100
LAYERS = layers()
LAYER = Piece(
    "layer",
    overflow="Forward: overflow at layer {place}, where the numbers pass float32's 3.4e38.",
    nothing="Forward: nothing is left at layer {place}, where every activation is exactly 0.",
    forward="Forward: layer {place} carries {ratio} of the input's mean square{theory}: {verdict}.",
    backward="Backward: layer 1 receives {ratio} of the gradient's variance{theory}: {verdict}.",
)
NO_WAY_BACK = "With a single layer there is no way back to lose anything on."


class Band(NamedTuple):
    """The middle 80 % of many networks, layer by layer; their median is the measured curve."""

    networks: int
    low: Curves
    high: Curves


PICTURE = Picture(
    (
        Panel("Activations h of each layer", LAYERS, fixed(-3, 3), (strip("densities"),), key="activations"),
        by_layer("forward", "Forward: mean square E[h²]", LAYERS, decades(), legend="lower left"),
        by_layer("gradient", "Backward: variance of ∂C/∂z", LAYERS, decades()),
        by_layer("weight_gradient", "Backward: variance of ∂C/∂W per example", LAYERS, decades()),
    ),
    grids=("AB;CD", "ABCD"),
    height=5.4,
)


CONTROLS = {
    "scheme": scheme("glorot_uniform"),
    "activation": ACTIVATION,
    "depth": slider(50, 1, probes.DEEPEST),
    "width": stops(probes.WIDTHS, probes.FIRST_WIDTH),
    "gain": slider(1.0, 0.1, 4.0),
    "seed": SEED,
    "networks": buttons((1, MANY)),
}


@explorer(TITLE, CONTROLS, PICTURE)
def signal_propagation(
    seed: int, depth: int, width: int, activation: str, scheme: str, gain: float, networks: int
) -> View:
    """Run a real network at every move: scheme, activation, depth, width, gain and seed, forward and backward.

    `networks` is 1 or 100: then the curves are medians, in a band that holds the middle 80 % (fewer networks where
    100 would take longer than a second or two). `state` sets controls by name.
    """
    limits = ACTIVATIONS[activation].shown
    network = {"depth": depth, "width": width, "activation": activation, "scheme": scheme, "gain": gain}
    stats, histograms = probes.observe(seed, limits=probes.Limits(limits, None, None), **network)
    measured, saturated, spread = measured_curves(stats), stats.saturated_share, None
    if networks > 1:
        measured, saturated, spread = _many(seed, **network)
    predicted = predicted_curves(**network)
    curves = pairs(measured._asdict(), predicted._asdict())
    edges = () if spread is None else zip(CURVES, spread.low, spread.high, strict=True)
    bands = {f"{key}.band": (low, high) for key, low, high in edges}
    return View(
        curves | bands | {"densities": histograms.activations},
        describe(measured, predicted, saturated, spread),
        _table(curves, saturated, spread),
        names=_names(spread),
        axes={"activations.y": fixed(*limits)},
    )


def _many(seed: int, *, width: int, scheme: str, **network) -> tuple[Curves, np.ndarray, Band]:
    """Measure many networks: the medians of their curves and of their saturated share, and the middle 80 %."""
    networks = probes.affordable_networks(width, scheme)
    stats = probes.measure_many(seed, networks=networks, width=width, scheme=scheme, batch=BATCH, **network)
    everyone = measured_curves(stats)
    # Values that were measured, none between two: between a number and an overflow there is nothing.
    low, median, high = (
        Curves(*(np.quantile(curve, share, axis=0, method="inverted_cdf") for curve in everyone))
        for share in (0.1, 0.5, 0.9)
    )
    return median, np.median(stats.saturated_share, axis=0), Band(networks, low, high)


def _names(spread: Band | None) -> dict[str, str]:
    if spread is None:
        return {}
    count = {"networks": spread.networks}
    return {
        "activations": say("Activations h, of the first of {networks} networks", **count),
        "forward": say("median"),
        "forward.band": say("middle 80 % of {networks}", **count),
    }


def _table(curves: dict[str, np.ndarray], saturated: np.ndarray, spread: Band | None) -> Table:
    found = {"layer": ("layer", np.arange(1, len(saturated) + 1)), **columns(curves, CURVES)}
    for edge, words in () if spread is None else (("low", "10 % below"), ("high", "90 % below")):
        for key, values in getattr(spread, edge)._asdict().items():
            found[f"{key}.{edge}"] = f"{say(CURVES[key])}, {say(words)}", values
    return Table(found, saturated=("share of nearly flat slopes", saturated))


def describe(measured: Curves, predicted: Curves, saturated_share: np.ndarray, spread: Band | None = None) -> str:
    """Say what the network does to the signal and to the gradient, computed from the numbers of the picture."""
    if spread is not None:
        return _spread_words(measured, predicted, spread)
    forward = forward_words(LAYER, measured.forward, predicted.forward[-1])
    backward = backward_words(LAYER, measured.gradient, predicted.gradient[0])
    if len(saturated_share) == 1:
        backward = say(NO_WAY_BACK)
    return f"{forward} {backward} {flat_slope_words(LAYER, saturated_share)}"


def _spread_words(median: Curves, predicted: Curves, spread: Band) -> str:
    forward, low, high = (curves.forward[-1] for curves in (median, spread.low, spread.high))
    backward, least, most = (_received(curves.gradient) for curves in (median, spread.low, spread.high))
    return say(
        "In the median of {networks} networks layer {depth} carries {forward} of the input's mean square{theory}, and "
        "in the middle 80 % of them from {low} to {high}: {verdict}. Backward, layer 1 receives {backward} of the "
        "gradient's variance{theory_back}, in the middle 80 % from {least} to {most}: {verdict_back}.",
        networks=spread.networks,
        depth=len(median.forward),
        theory=theory_words(predicted.forward[-1]),
        verdict=verdict(forward),
        theory_back=theory_words(predicted.gradient[0]),
        verdict_back=verdict(backward),
        **_numbers(forward=forward, low=low, high=high, backward=backward, least=least, most=most),
    )


def _numbers(**values: float) -> dict[str, str]:
    return {name: number(value) for name, value in values.items()}


def _received(variance: np.ndarray) -> float:
    return variance[0] / variance[-1]
