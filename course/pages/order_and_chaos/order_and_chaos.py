"""Order and chaos: a point in the plane of weight and bias variances, and a real network that is drawn there."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from course import theory
from course.activations import ACTIVATIONS
from course.explorers.signals import by_layer, columns, pairs
from course.live.axes import decades, fixed, layers
from course.live.controls import SEED, menu, slider
from course.live.declare import explorer
from course.live.marks import curve, image, level, note
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.pairs import measure_pairs
from course.style import HANDLE, MEASURED_POINTS, PANEL_NOTE, PHASES, PREDICTED_LINE

WEIGHT_VARIANCES, BIAS_VARIANCES = np.linspace(0.0, 5.0, 126), np.linspace(0.0, 1.0, 81)
"""The plane that is drawn."""
FAINTEST, DEEPEST_SHADE, LONGEST = 0.12, 0.75, 100.0
"""How strongly a phase is coloured: the weakest for a depth scale of a layer, the strongest from 100 layers on."""
SMALLEST_NAMED = 0.04
"""A phase that takes less than this share of the plane goes without its name."""
ORDER, CHAOS, UNBOUNDED = range(3)
NAMES = {"order": "order", "chaos": "chaos", "unbounded": "lengths grow for ever"}
"""The phases in the order of their numbers, by the keys of their names in the picture."""
TITLES = {
    "variance": "variance of the preactivations",
    "cosine": "cosine",
    "gradient": "variance of ∂C/∂z over the last layer's",
}


class Plane(NamedTuple):
    """The phase diagram: arrays of shape `(bias variances, weight variances)`, phases by number, ξ_c in layers.

    `border` has the weight variance of the critical line for each bias variance, NaN where there is none.
    """

    phase: np.ndarray
    depth_scale: np.ndarray
    border: np.ndarray


class Point(NamedTuple):
    """What theory says of one place: the phase by number, q*, χ, ξ_c, and where the cosine of activations settles.

    `settled_cosine` is NaN where no length is kept at which it could settle.
    """

    phase: int
    fixed_point: float
    chi: float
    settled_cosine: float
    depth_scale: float


LAYERS = layers()
UNNAMED_LAYERS = replace(LAYERS, label="")
PICTURE = Picture(
    (
        Panel(
            "Phases: drag the point",
            fixed(*WEIGHT_VARIANCES[[0, -1]], label=r"weight variance $\sigma_w^2$ = fan_in · Var w"),
            fixed(*BIAS_VARIANCES[[0, -1]], label=r"bias variance $\sigma_b^2$"),
            (
                image("plane", still=True, interpolation="bilinear"),
                curve("border", PREDICTED_LINE, "χ = 1", pin=False),
                *(note(key, name, PANEL_NOTE) for key, name in NAMES.items()),
                level("weight_variance", upright=True),
                level("bias_variance"),
                curve("point", HANDLE),
            ),
        ),
        by_layer("variance", "Variance of the preactivations", UNNAMED_LAYERS, decades(2, 12, 40)),
        Panel(
            "Cosine of the two inputs",
            UNNAMED_LAYERS,
            fixed(-0.25, 1.1, (0, 0.5, 1)),
            (level("settled"), curve("cosine", MEASURED_POINTS), curve("cosine.theory", PREDICTED_LINE)),
        ),
        by_layer("gradient", "Variance of ∂C/∂z, over the last layer's", LAYERS, decades(6, 20, 80)),
    ),
    grids=("AB;AC;AD", "ABCD"),
    height=5.2,
    widths=(1.12, 1),
    legend=("border", "variance", "variance.theory"),
    between=0.52,
)


@explorer(
    "Order and chaos",
    {
        "activation": menu(tuple(ACTIVATIONS), "tanh"),
        "weight_variance": slider(2.78, 0.0, 5.0, label="σ_w²"),
        "bias_variance": slider(0.0, 0.0, 1.0, label="σ_b²"),
        "depth": slider(50, 2, 100),
        "cosine": slider(0.5, 0.0, 1.0),
        "seed": SEED,
    },
    PICTURE,
    drag=("weight_variance", "bias_variance", 0),
)
def order_and_chaos(
    activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float, seed: int
) -> View:
    """Drag a point over the phase diagram: a network of 256 units is drawn there, and two inputs are run through it.

    `weight_variance` is fan_in · Var w, from 0 to 5, and `bias_variance` from 0 to 1; `cosine` is that of the two
    inputs. `state` sets controls by name.
    """
    place = activation, weight_variance, bias_variance
    here = point(*place)
    curves = pairs(_measured(*place, depth, cosine, seed), _predicted(*place, depth, cosine))
    still = {"weight_variance": weight_variance, "bias_variance": bias_variance, "settled": here.settled_cosine}
    return View(
        {**curves, **diagram(activation), **still, "point": ([weight_variance], [bias_variance])},
        describe(place, here, curves),
        Table(layer=("layer", np.arange(1, depth + 1)), **columns(curves, TITLES)),
    )


@lru_cache(maxsize=len(ACTIVATIONS))
def plane(activation: str) -> Plane:
    """Return the phases over the plane, and the line where χ crosses 1."""
    diagram = theory.phase_diagram(activation, WEIGHT_VARIANCES, BIAS_VARIANCES)
    phase = np.where(np.isinf(diagram.fixed_point), UNBOUNDED, diagram.chi > 1)
    return Plane(phase, diagram.depth_scales.correlation, _border(diagram.chi))


def _border(chi: np.ndarray) -> np.ndarray:
    """Return the weight variance at which χ first crosses 1, for each bias variance, between two grid columns."""
    crossed = chi > 1
    right = np.maximum(crossed.argmax(axis=1), 1)
    rows = np.arange(len(chi))
    before, after = chi[rows, right - 1], chi[rows, right]
    share = (1 - before) / np.where(after > before, after - before, 1)
    step = WEIGHT_VARIANCES[1] - WEIGHT_VARIANCES[0]
    return np.where(crossed.any(axis=1), WEIGHT_VARIANCES[right - 1] + share * step, np.nan)


@lru_cache(maxsize=len(ACTIVATIONS))
def diagram(activation: str) -> Mapping[str, Any]:
    """Return what the picture shows of a plane, by key: its colours, the border, and where the phases' names stand."""
    found = plane(activation)
    names = {key: _middle(found.phase == phase) for phase, key in enumerate(NAMES)}
    return {"plane": shades(found), "border": (found.border, BIAS_VARIANCES), **names}


def shades(plane: Plane) -> np.ndarray:
    """Return the plane's colours, of shape `(bias variances, weight variances, 3)`: strong where signals go deep."""
    deep = np.clip(np.log(np.maximum(plane.depth_scale, 1.0)) / math.log(LONGEST), 0.0, 1.0)
    deep = np.where(plane.phase == UNBOUNDED, 0.0, deep)
    strength = (FAINTEST + (DEEPEST_SHADE - FAINTEST) * deep)[..., None]
    return 1.0 - strength * (1.0 - np.array(PHASES)[plane.phase])


def _middle(here: np.ndarray) -> tuple[float, float] | None:
    """Return a place well inside a phase, half-way along the row that halves it; none in a phase too small to name."""
    if here.mean() <= SMALLEST_NAMED:
        return None
    row = int(np.median(np.nonzero(here)[0]))
    column = int(np.median(np.flatnonzero(here[row])))
    return WEIGHT_VARIANCES[column], BIAS_VARIANCES[row]


@lru_cache(maxsize=256)
def point(activation: str, weight_variance: float, bias_variance: float) -> Point:
    """Return what theory says of one place of the plane."""
    place = activation, weight_variance, bias_variance
    settled, chi = theory.fixed_point(*place), theory.chi(*place)
    phase = UNBOUNDED if np.isinf(settled) else int(chi > 1)
    cosine = _settled_cosine(*place, settled) if 0 < settled < np.inf else np.nan
    return Point(phase, settled, chi, cosine, theory.depth_scales(*place).correlation)


def _settled_cosine(activation: str, weight_variance: float, bias_variance: float, settled: float) -> float:
    """Where the cosine of the activations settles: c* is that of the preactivations, to which biases add their part."""
    correlation = theory.fixed_correlation(activation, weight_variance, bias_variance)
    if correlation == 1.0:
        return 1.0
    return (correlation * settled - bias_variance) / (settled - bias_variance)


@lru_cache(maxsize=256)
def _measured(
    activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float, seed: int
) -> Mapping[str, np.ndarray]:
    stats = measure_pairs(
        seed,
        depth=depth,
        activation=activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        cosine=cosine,
    )
    gradients = stats.preactivation_gradient_variance
    return {
        "variance": stats.preactivation_variance,
        "cosine": stats.cosine,
        "gradient": gradients / gradients[-1],
    }


def _predicted(
    activation: str, weight_variance: float, bias_variance: float, depth: int, cosine: float
) -> Mapping[str, np.ndarray]:
    network = activation, depth, weight_variance, bias_variance
    return {
        "variance": theory.preactivation_variances(*network),
        "cosine": theory.correlations(*network, correlation=cosine),
        "gradient": theory.gradient_variances(*network),
    }


def describe(place: tuple[str, float, float], point: Point, curves: Mapping[str, np.ndarray]) -> str:
    """Say in which phase the network lies, and what becomes of lengths, of two inputs and of the gradient."""
    return say(
        "{place} {phase}: χ is {chi:.3f}, {scale}. {lengths} The cosine of two inputs is {cosine} after layer {depth} "
        "(theory: {cosine_theory}){aim}. Back at layer 1 the gradient's variance is {gradient} times the last layer's "
        "(theory: {gradient_theory}).",
        place=place_words(*place),
        phase=_phase(point),
        chi=point.chi,
        scale=_scale(point.depth_scale),
        lengths=_lengths(point.fixed_point),
        cosine=_plain(curves["cosine"][-1]),
        depth=len(curves["cosine"]),
        cosine_theory=_plain(curves["cosine.theory"][-1]),
        aim="" if math.isnan(point.settled_cosine) else say(", on its way to {x}", x=_plain(point.settled_cosine)),
        gradient=number(curves["gradient"][0]),
        gradient_theory=number(curves["gradient.theory"][0]),
    )


def place_words(activation: str, weight_variance: float, bias_variance: float) -> str:
    """Name a place of the plane."""
    return say(
        "{activation} with σ_w² = {weight_variance:.2f} and σ_b² = {bias_variance:.2f}",
        activation=say(activation),
        weight_variance=weight_variance,
        bias_variance=bias_variance,
    )


def _phase(point: Point) -> str:
    if point.phase == UNBOUNDED:
        return say("has no length to settle at")
    if abs(point.chi - 1.0) < 0.005:
        return say("lies on the border")
    return say("is in the chaotic phase") if point.phase == CHAOS else say("is in the ordered phase")


def _scale(layers: float) -> str:
    if layers > 9999:
        return say("and two inputs meet more slowly than by a factor a layer, if at all")
    return say("the depth scale {layers:.1f} layers", layers=layers)


def _lengths(fixed_point: float) -> str:
    if math.isinf(fixed_point):
        return say("Lengths grow without bound.")
    if fixed_point == 0:
        return say("Lengths die out.")
    return say("Lengths settle at q* = {length}.", length=number(fixed_point))


def _plain(cosine: float) -> str:
    return say("not defined") if math.isnan(cosine) else f"{cosine:.2f}".replace("-0.00", "0.00")
