"""The phase diagram with a point in it, and beside it what a network of that point does, layer by layer."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from course.figures.layers import DEPTH_STEPS, LogPanel, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.plane import Plane
from course.live.words import number
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE, REFERENCE_LINE, course_style

LENGTH_DECADES, GRADIENT_DECADES = (2, 12, 40), (6, 20, 80)
FAINTEST, DEEPEST_SHADE, LONGEST = 0.12, 0.75, 100.0
"""How strongly a phase is coloured: the weakest for a depth scale of a layer, the strongest from 100 layers on."""
SMALLEST_NAMED = 0.04
"""A phase that takes less than this share of the plane goes without its name."""
PHASES = {"order": MEASURED, "chaos": ACCENT, "lengths grow for ever": REFERENCE}
"""The phases and their colours, as `PlaneMap.phase` counts them."""


class PlaneMap(NamedTuple):
    """The diagram: two axes, and arrays of shape `(bias variances, weight variances)`.

    `phase` is 0 in order, 1 in chaos, 2 where lengths grow without bound; `depth_scale` is ξ_c in layers. `border` has
    the weight variance of the critical line for each bias variance, nan where there is none.
    """

    weight_variances: np.ndarray
    bias_variances: np.ndarray
    phase: np.ndarray
    depth_scale: np.ndarray
    border: np.ndarray


class Point(NamedTuple):
    """Where the network lies, and what theory says of that place: the phase by number, q*, χ, a cosine, ξ_c.

    `settled_cosine` is where that of the activations goes, nan where no length is kept at which it could settle.
    """

    activation: str
    weight_variance: float
    bias_variance: float
    phase: int
    fixed_point: float
    chi: float
    settled_cosine: float
    depth_scale: float


class Depths(NamedTuple):
    """Three quantities by layer, measured or predicted: arrays of shape `(depth,)`."""

    lengths: np.ndarray
    cosines: np.ndarray
    gradients: np.ndarray


class CosinePanel:
    """The cosine of two inputs by layer, from -1 or 0 to 1, and where theory says that it settles."""

    def __init__(self, axes: Axes):
        self._axes, self._last = axes, 0
        axes.set_title("Cosine of the two inputs")
        axes.set_ylim(-0.25, 1.1)
        axes.set_yticks([0, 0.5, 1])
        (self._settled,) = axes.plot([], [], color=REFERENCE, linewidth=1.2)
        (self._predicted,) = axes.plot([], [], **PREDICTED_LINE)
        (self._measured,) = axes.plot([], [], **MEASURED_POINTS)
        self.moving = [self._settled, self._measured, self._predicted]
        self.ghosts = [ghost(line) for line in (self._predicted, self._measured)]

    def update(self, measured: np.ndarray, predicted: np.ndarray, settled: float, last: int) -> bool:
        """Show two curves and the level at which they settle; give whether the axis has changed."""
        layers = np.arange(1, len(measured) + 1)
        self._measured.set_data(layers, measured)
        self._predicted.set_data(layers, predicted)
        self._settled.set_data([0.5, last + 0.5], [settled, settled])
        changed, self._last = last != self._last, last
        if changed:
            set_layer_axis(self._axes, last)
        return changed


class PhasePicture:
    """Left the plane with the critical line and a point; right lengths, cosines and gradients by layer."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.0))
            grid = figure.add_gridspec(3, 2, width_ratios=(1.12, 1))
            figure.subplots_adjust(left=0.062, right=0.985, top=0.945, bottom=0.095, wspace=0.17, hspace=0.42)
            self._axes = figure.add_subplot(grid[:, 0])
            right = [figure.add_subplot(grid[row, 1]) for row in range(3)]
            self._build_plane(self._axes)
            self._lengths = LogPanel(right[0], "Variance of the preactivations", LENGTH_DECADES)
            self._cosines = CosinePanel(right[1])
            self._gradients = LogPanel(right[2], "Variance of ∂C/∂z, over the last layer's", GRADIENT_DECADES)
            for axes in right[:2]:
                axes.set_xlabel("")
                axes.tick_params(labelbottom=False)
        self._shown: PlaneMap | None = None
        self.plane = Plane(self._axes)
        panels = self._lengths, self._cosines, self._gradients
        self._ghosts = [*self._lengths.ghosts, *self._cosines.ghosts, *self._gradients.ghosts]
        moving = [artist for panel in panels for artist in panel.moving]
        self.canvas = Canvas(figure, [*moving, *self._cross, self._point], [*self._ghosts, ghost(self._point)])

    def _build_plane(self, axes: Axes) -> None:
        axes.set_title("Phases: drag the point")
        axes.set_xlabel(r"weight variance $\sigma_w^2$ = fan_in · Var w")
        axes.set_ylabel(r"bias variance $\sigma_b^2$", labelpad=2)
        axes.grid(False)
        self._image = axes.imshow(np.ones((2, 2, 3)), aspect="auto", origin="lower", interpolation="bilinear")
        (self._border,) = axes.plot([], [], label="χ = 1", **PREDICTED_LINE)
        axes.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")
        self._names = [axes.text(0, 0, name, ha="center", va="center", fontsize=11) for name in PHASES]
        self._cross = [axes.plot([], [], **REFERENCE_LINE)[0] for _axis in range(2)]
        style = {"marker": "D", "markersize": 9, "markeredgecolor": "white", "markeredgewidth": 1.4}
        (self._point,) = axes.plot([], [], color="black", linestyle="none", clip_on=False, **style)

    def update(self, plane: PlaneMap, point: Point, measured: Depths, predicted: Depths) -> Frame:
        """Show a point of the plane, and a network there, measured and predicted; curves have shape `(depth,)`."""
        if plane is not self._shown:
            self._show_plane(plane)
        self._point.set_data([point.weight_variance], [point.bias_variance])
        self._cross[0].set_data([point.weight_variance] * 2, self._axes.get_ylim())
        self._cross[1].set_data(self._axes.get_xlim(), [point.bias_variance] * 2)
        last = step(DEPTH_STEPS, max(len(measured.lengths), int(reach(self._ghosts)[0])))
        changed = [
            self._lengths.update(measured.lengths, predicted.lengths, last),
            self._cosines.update(measured.cosines, predicted.cosines, point.settled_cosine, last),
            self._gradients.update(measured.gradients, predicted.gradients, last),
        ]
        if any(changed):
            self.canvas.redraw_background()
        return Frame(self.canvas.render(), describe(point, measured, predicted), table(measured, predicted))

    def _show_plane(self, plane: PlaneMap) -> None:
        self._shown = plane
        self._image.set_data(shades(plane))
        self._image.set_extent((*plane.weight_variances[[0, -1]], *plane.bias_variances[[0, -1]]))
        self._border.set_data(plane.border, plane.bias_variances)
        for phase, name in enumerate(self._names):
            here = plane.phase == phase
            name.set_visible(here.mean() > SMALLEST_NAMED)
            if here.any():
                name.set_position(_middle(plane, here))
        self.canvas.redraw_background()


def shades(plane: PlaneMap) -> np.ndarray:
    """Give the plane's colours, of shape `(bias variances, weight variances, 3)`: strong where signals go deep."""
    deep = np.clip(np.log(np.maximum(plane.depth_scale, 1.0)) / math.log(LONGEST), 0.0, 1.0)
    deep = np.where(plane.phase == 2, 0.0, deep)
    strength = (FAINTEST + (DEEPEST_SHADE - FAINTEST) * deep)[..., None]
    colours = np.array([to_rgb(colour) for colour in PHASES.values()])
    return 1.0 - strength * (1.0 - colours[plane.phase])


def _middle(plane: PlaneMap, here: np.ndarray) -> tuple[float, float]:
    """A place well inside a phase: half-way along the row that halves it."""
    row = int(np.median(np.nonzero(here)[0]))
    column = int(np.median(np.flatnonzero(here[row])))
    return plane.weight_variances[column], plane.bias_variances[row]


def table(measured: Depths, predicted: Depths) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    titles = "variance of the preactivations", "cosine", "variance of ∂C/∂z over the last layer's"
    columns = {"layer": np.arange(1, len(measured.lengths) + 1)}
    for title, points, curve in zip(titles, measured, predicted, strict=True):
        columns |= {f"{title}, measured": points, f"{title}, theory": curve}
    return columns


def describe(point: Point, measured: Depths, predicted: Depths) -> str:
    """Say in which phase the network lies, and what becomes of lengths, of two inputs and of the gradient."""
    depth = len(measured.lengths)
    place = f"{point.activation} with σ_w² = {point.weight_variance:.2f} and σ_b² = {point.bias_variance:.2f}"
    return (
        f"{place} {_phase(point)}: χ is {point.chi:.3f}, {_scale(point.depth_scale)}. {_lengths(point)} "
        f"The cosine of two inputs is {_plain(measured.cosines[-1])} after layer {depth} "
        f"(theory: {_plain(predicted.cosines[-1])}){_aim(point.settled_cosine)}. "
        f"Back at layer 1 the gradient's variance is {number(measured.gradients[0])} times the last layer's "
        f"(theory: {number(predicted.gradients[0])})."
    )


def _phase(point: Point) -> str:
    if point.phase == 2:
        return "has no length to settle at"
    if abs(point.chi - 1.0) < 0.005:
        return "lies on the border"
    return "is in " + list(PHASES)[point.phase]


def _scale(layers: float) -> str:
    if layers > 9999:
        return "and two inputs meet more slowly than by a factor a layer, if at all"
    return f"the depth scale {layers:.1f} layers"


def _lengths(point: Point) -> str:
    if math.isinf(point.fixed_point):
        return "Lengths grow without bound."
    if point.fixed_point == 0:
        return "Lengths die out."
    return f"Lengths settle at q* = {number(point.fixed_point)}."


def _aim(settled: float) -> str:
    return "" if math.isnan(settled) else f", on its way to {_plain(settled)}"


def _plain(cosine: float) -> str:
    return "not defined" if math.isnan(cosine) else f"{cosine:.2f}".replace("-0.00", "0.00")
