"""Order and chaos: a point in the plane of weight and bias variances, and a real network that is drawn there."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import theory
from course.activations import ACTIVATIONS
from course.figures.phases import Depths, PhasePicture, PlaneMap, Point
from course.live.canvas import Frame
from course.live.dragging import Dragging
from course.live.explorer import Explorer
from course.probes.pairs import measure_pairs

WEIGHT_VARIANCES, BIAS_VARIANCES = np.linspace(0.0, 5.0, 126), np.linspace(0.0, 1.0, 81)
"""The plane that is drawn."""


def order_and_chaos(text: str = "", **state) -> Explorer:
    """Drag a point over the phase diagram: a network of 256 units is drawn there, and two inputs are run through it.

    `weight_variance` is fan_in · Var w, from 0 to 5, and `bias_variance` from 0 to 1; `cosine` is that of the two
    inputs. `state` sets controls by name.
    """
    picture = PhasePicture()

    def draw(
        activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float, seed: int
    ) -> Frame:
        place = activation, weight_variance, bias_variance
        measured = _measured(*place, depth, cosine, seed)
        return picture.update(plane(activation), point(*place), measured, _predicted(*place, depth, cosine))

    explorer = Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="order_and_chaos",
        title="Order and chaos",
        text=text,
        state=state,
    )
    Dragging(explorer, picture.plane, "weight_variance", "bias_variance")
    return explorer


def _controls() -> dict[str, widgets.ValueWidget]:
    two = {"step": 0.01, "readout_format": ".2f"}
    return {
        "activation": widgets.Dropdown(options=tuple(ACTIVATIONS), value="tanh", description="activation"),
        "weight_variance": widgets.FloatSlider(2.78, min=0.0, max=5.0, description="σ_w²", **two),
        "bias_variance": widgets.FloatSlider(0.0, min=0.0, max=1.0, description="σ_b²", **two),
        "depth": widgets.IntSlider(50, 2, 100, description="depth"),
        "cosine": widgets.FloatSlider(0.5, min=0.0, max=1.0, description="cosine", **two),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


@lru_cache(maxsize=len(ACTIVATIONS))
def plane(activation: str) -> PlaneMap:
    """Give the phases over the plane, and the line where χ crosses 1."""
    diagram = theory.phase_diagram(activation, WEIGHT_VARIANCES, BIAS_VARIANCES)
    phase = np.where(np.isinf(diagram.fixed_point), 2, diagram.chi > 1)
    return PlaneMap(WEIGHT_VARIANCES, BIAS_VARIANCES, phase, diagram.depth_scales.correlation, _border(diagram.chi))


def _border(chi: np.ndarray) -> np.ndarray:
    """The weight variance at which χ first crosses 1, for each bias variance, between two columns of the grid."""
    crossed = chi > 1
    right = np.maximum(crossed.argmax(axis=1), 1)
    rows = np.arange(len(chi))
    before, after = chi[rows, right - 1], chi[rows, right]
    share = (1 - before) / np.where(after > before, after - before, 1)
    step = WEIGHT_VARIANCES[1] - WEIGHT_VARIANCES[0]
    return np.where(crossed.any(axis=1), WEIGHT_VARIANCES[right - 1] + share * step, np.nan)


@lru_cache(maxsize=256)
def point(activation: str, weight_variance: float, bias_variance: float) -> Point:
    """Give what theory says of one place of the plane."""
    place = activation, weight_variance, bias_variance
    settled, chi = theory.fixed_point(*place), theory.chi(*place)
    phase = 2 if np.isinf(settled) else int(chi > 1)
    cosine = _settled_cosine(*place, settled) if 0 < settled < np.inf else np.nan
    return Point(*place, phase, settled, chi, cosine, theory.depth_scales(*place).correlation)


def _settled_cosine(activation: str, weight_variance: float, bias_variance: float, settled: float) -> float:
    """Where the cosine of the activations settles: c* is that of the preactivations, to which biases add their part."""
    correlation = theory.fixed_correlation(activation, weight_variance, bias_variance)
    if correlation == 1.0:
        return 1.0
    return (correlation * settled - bias_variance) / (settled - bias_variance)


@lru_cache(maxsize=256)
def _measured(
    activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float, seed: int
) -> Depths:
    stats = measure_pairs(
        seed,
        depth=depth,
        activation=activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        cosine=cosine,
    )
    gradients = stats.preactivation_gradient_variance
    return Depths(stats.preactivation_variance, stats.cosine, gradients / gradients[-1])


def _predicted(activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float) -> Depths:
    place = activation, depth, weight_variance, bias_variance
    return Depths(
        theory.preactivation_variances(*place),
        theory.correlations(*place, correlation=cosine),
        theory.gradient_variances(*place),
    )
