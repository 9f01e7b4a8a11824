"""The length map and the correlation map of a network as cobwebs, with a real network's layers on them."""

from collections.abc import Callable
from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import theory
from course.activations import ACTIVATIONS
from course.figures.maps import MapSetting, MapsPicture, Web
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.pairs import measure_pairs

POINTS = 61


def length_map(text: str = "", **state) -> Explorer:
    """Follow a signal from layer to layer over its map: lengths left, the correlation of two inputs right.

    `start` is the variance of the preactivations in layer 1, `correlation` that of the two inputs there. `state` sets
    controls by name.
    """
    picture = MapsPicture()

    def draw(
        activation: str,
        weight_variance: float,
        bias_variance: float,
        start: float,
        correlation: float,
        depth: int,
        seed: int,
    ) -> Frame:
        place = activation, weight_variance, bias_variance
        left = _lengths(*place, start, depth, seed, picture.room_for)
        return picture.update(
            MapSetting(*place, theory.chi(*place)), left, _correlations(*place, correlation, depth, seed)
        )

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="length_map",
        title="The length map and the correlation map",
        text=text,
        state=state,
    )


_GRID = np.cos(np.linspace(np.pi / 2, 0.0, POINTS))
"""Correlations from 0 to 1, dense towards 1, where the map is steep."""


def _controls() -> dict[str, widgets.ValueWidget]:
    two = {"step": 0.01, "readout_format": ".2f"}
    return {
        "activation": widgets.Dropdown(options=tuple(ACTIVATIONS), value="tanh", description="activation"),
        "weight_variance": widgets.FloatSlider(1.5, min=0.05, max=5.0, description="σ_w²", **two),
        "bias_variance": widgets.FloatSlider(0.05, min=0.0, max=1.0, description="σ_b²", **two),
        "start": widgets.FloatSlider(2.0, min=0.05, max=5.0, description="q of layer 1", **two),
        "correlation": widgets.FloatSlider(0.2, min=0.0, max=1.0, description="c of layer 1", **two),
        "depth": widgets.IntSlider(20, 2, 50, description="depth"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


def _lengths(
    activation: str,
    weight_variance: float,
    bias_variance: float,
    start: float,
    depth: int,
    seed: int,
    room_for: Callable[[float], float],
) -> Web:
    place = activation, weight_variance, bias_variance
    first = beginning_with(start, weight_variance, bias_variance, depth)
    walk = theory.preactivation_variances(activation, depth, *first)
    settled = theory.fixed_point(*place, start=start)
    measured = measure_pairs(
        seed, depth=depth, activation=activation, weight_variance=first[0], bias_variance=first[1]
    ).preactivation_variance
    grid = np.linspace(0.0, room_for(max(walk.max(), measured.max())), POINTS)
    return Web(grid, theory.length_map(*place, grid), walk, measured, settled)


def _correlations(
    activation: str, weight_variance: float, bias_variance: float, correlation: float, depth: int, seed: int
) -> Web:
    """The map at q*: the network's layer 1 begins there, or with a variance of 1 where lengths never settle."""
    place = activation, weight_variance, bias_variance
    settled = theory.fixed_point(*place)
    settles = 0 < settled < np.inf
    start = settled if settles else 1.0
    weights, biases = beginning_with(start, weight_variance, bias_variance, depth)
    measured = measure_pairs(
        seed, depth=depth, activation=activation, weight_variance=weights, bias_variance=biases, cosine=correlation
    ).preactivation_cosine
    walk = _walk(*place, correlation, depth)
    return Web(
        _GRID, _correlation_curve(*place), walk, measured, theory.fixed_correlation(*place) if settles else np.nan
    )


def beginning_with(
    start: float, weight_variance: float, bias_variance: float, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give weight and bias variances by layer with which layer 1's preactivations have the variance `start`."""
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
def _correlation_curve(activation: str, weight_variance: float, bias_variance: float) -> np.ndarray:
    return theory.correlation_map(activation, weight_variance, bias_variance, _GRID)
