"""The length map and the correlation map of a network as cobwebs, with a real network's layers on them."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from course import theory
from course.activations import ACTIVATIONS
from course.live.axes import Axis, Range, fixed, step
from course.live.controls import SEED, menu, slider
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.pages.order_and_chaos.order_and_chaos import place_words
from course.probes.pairs import measure_pairs
from course.style import FIXED_POINT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, STAIRS

POINTS = 61
CORRELATIONS = np.cos(np.linspace(np.pi / 2, 0.0, POINTS))
"""Correlations from 0 to 1, dense towards 1, where the map is steep."""
ENDS = (0.5, 1, 2, 3, 5, 10, 20, 50, 100, 1000)
"""The axes of the variances end at one of these."""


def _room(values: np.ndarray) -> Range:
    return Range(0.0, step(ENDS, 1.05 * values.max(initial=0)))


def _cobweb(key: str, title: str, x: Axis, y_label: str) -> Panel:
    marks = (
        curve(f"{key}.walk", STAIRS, "the walk, layer by layer", pin=False),
        curve(key, MEASURED_POINTS, "measured, layer to layer"),
        curve(f"{key}.theory", PREDICTED_LINE, "theory", room=False),
        curve(f"{key}.settled", FIXED_POINT, "settles here", pin=False, room=False),
    )
    diagonal = {"xy1": (0, 0), "slope": 1, **REFERENCE_LINE}
    return Panel(title, x, replace(x, label=y_label), marks, backdrop=lambda axes: axes.axline(**diagonal))


PICTURE = Picture(
    (
        _cobweb("variance", "Length map", Axis("variance of z in this layer, q", _room), "variance in the next layer"),
        _cobweb(
            "correlation",
            "Correlation map, at q*",
            fixed(0, 1.05, label="correlation of z in this layer, c"),
            "correlation in the next layer",
        ),
    ),
    grids=("AB",),
    height=4.7,
    legend=("variance.walk", "variance.theory", "variance", "variance.settled"),
)


@explorer(
    "The length map and the correlation map",
    {
        "activation": menu(tuple(ACTIVATIONS), "tanh"),
        "weight_variance": slider(1.5, 0.05, 5.0, label="σ_w²"),
        "bias_variance": slider(0.05, 0.0, 1.0, label="σ_b²"),
        "start": slider(2.0, 0.05, 5.0, label="q of layer 1"),
        "correlation": slider(0.2, 0.0, 1.0, label="c of layer 1"),
        "depth": slider(20, 2, 50),
        "seed": SEED,
    },
    PICTURE,
)
def length_map(
    activation: str,
    weight_variance: float,
    bias_variance: float,
    start: float,
    correlation: float,
    depth: int,
    seed: int,
) -> View:
    """Follow a signal from layer to layer over its map: lengths left, the correlation of two inputs right.

    `start` is the variance of the preactivations in layer 1, `correlation` that of the two inputs there. `state` sets
    controls by name.
    """
    place = activation, weight_variance, bias_variance
    lengths, variances = _lengths(*place, start, depth, seed)
    cosines, correlations = _correlations(*place, correlation, depth, seed)
    table = Table(
        {
            "layer": ("layer", np.arange(1, depth + 1)),
            "variance": ("variance of z, measured", lengths),
            "variance.theory": ("variance of z, theory", variances),
            "correlation": ("correlation of z, measured", cosines),
            "correlation.theory": ("correlation of z, theory at q*", correlations),
        }
    )
    settled = theory.fixed_point(*place, start=start), _settled_correlation(*place)
    grid = np.linspace(0.0, _room(np.append(variances, lengths)).high, POINTS)
    curves = {
        **_curves("variance", lengths, variances, settled[0]),
        **_curves("correlation", cosines, correlations, settled[1]),
        "variance.theory": (grid, theory.length_map(*place, grid)),
        "correlation.theory": (CORRELATIONS, _correlation_map(*place)),
    }
    return View(curves, describe(place, table, *settled), table)


def _curves(key: str, measured: np.ndarray, predicted: np.ndarray, settled: float) -> dict[str, tuple]:
    return {
        key: (measured[:-1], measured[1:]),
        f"{key}.walk": stairs(predicted),
        f"{key}.settled": ([settled], [settled]),
    }


def stairs(walk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the staircase: up to the map from each value, then across to the diagonal."""
    corners = np.repeat(walk, 2)
    return corners[:-1], np.append(0.0, corners[2:])


def _lengths(
    activation: str, weight_variance: float, bias_variance: float, start: float, depth: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances of the preactivations by layer, as measured and as predicted."""
    weights, biases = beginning_with(start, weight_variance, bias_variance, depth)
    stats = measure_pairs(seed, depth=depth, activation=activation, weight_variance=weights, bias_variance=biases)
    return stats.preactivation_variance, theory.preactivation_variances(activation, depth, weights, biases)


def _correlations(
    activation: str, weight_variance: float, bias_variance: float, correlation: float, depth: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlations by layer, as measured and as predicted, at q*.

    The network's layer 1 begins there, or with a variance of 1 where lengths never settle.
    """
    place = activation, weight_variance, bias_variance
    settled = theory.fixed_point(*place)
    start = settled if 0 < settled < np.inf else 1.0
    weights, biases = beginning_with(start, weight_variance, bias_variance, depth)
    stats = measure_pairs(
        seed, depth=depth, activation=activation, weight_variance=weights, bias_variance=biases, cosine=correlation
    )
    return stats.preactivation_cosine, _walk(*place, correlation, depth)


def _settled_correlation(*place) -> float:
    """Return where correlations settle, NaN where no length is kept."""
    return theory.fixed_correlation(*place) if 0 < theory.fixed_point(*place) < np.inf else np.nan


def beginning_with(
    start: float, weight_variance: float, bias_variance: float, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return weight and bias variances by layer with which layer 1's preactivations have the variance `start`."""
    weights, biases = np.full(depth, weight_variance), np.full(depth, bias_variance)
    weights[0], biases[0] = start, 0.0
    return weights, biases


@lru_cache(maxsize=256)
def _walk(activation: str, weight_variance: float, bias_variance: float, correlation: float, depth: int) -> np.ndarray:
    walk = [correlation]
    while len(walk) < depth:
        walk.append(float(theory.correlation_map(activation, weight_variance, bias_variance, walk[-1])))
    return np.array(walk)


@lru_cache(maxsize=64)
def _correlation_map(activation: str, weight_variance: float, bias_variance: float) -> np.ndarray:
    return theory.correlation_map(activation, weight_variance, bias_variance, CORRELATIONS)


def describe(place: tuple[str, float, float], table: Table, settled: float, settled_correlation: float) -> str:
    """Say where the two walks begin, where they have come, and where they settle."""
    return say(
        "{place}: the variance of z walks from {first} in layer 1 to {last} in layer {depth} (theory: {last_theory}), "
        "and {settling}. {correlations}",
        place=place_words(*place),
        first=number(table["variance.theory"][0]),
        last=number(table["variance"][-1]),
        depth=len(table["layer"]),
        last_theory=number(table["variance.theory"][-1]),
        settling=_settling(settled),
        correlations=_correlation_words(table["correlation.theory"], settled_correlation, theory.chi(*place)),
    )


def _correlation_words(walk: np.ndarray, settled: float, chi: float) -> str:
    if math.isnan(settled):
        return say(
            "No length is kept; in the limit the correlation of two inputs walks from {first:.2f} to {last:.2f}, and χ "
            "is {chi:.3f}.",
            first=walk[0],
            last=walk[-1],
            chi=chi,
        )
    return say(
        "At q* the correlation of two inputs walks from {first:.2f} to {last:.2f}, and settles at {settled:.2f}; the "
        "map's slope at c = 1 is χ = {chi:.3f}, {verdict}.",
        first=walk[0],
        last=walk[-1],
        settled=settled,
        chi=chi,
        verdict=_verdict(chi),
    )


def _settling(settled: float) -> str:
    if math.isinf(settled):
        return say("never settles")
    return say("dies out") if settled == 0 else say("settles at {length}", length=number(settled))


def _verdict(chi: float) -> str:
    if abs(chi - 1) < 0.005:
        return say("just the diagonal's")
    return say("so that near inputs part") if chi > 1 else say("so that near inputs meet")
