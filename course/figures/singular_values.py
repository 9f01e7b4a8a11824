"""How far a network stretches each direction: its singular values, for normal and for orthogonal weights."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import DEPTH_STEPS, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost
from course.live.words import number
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

DECADES = (2, 4, 8, 16)
"""The vertical axis reaches down to 10^-d for one of these d."""
ORTHOGONAL_POINTS = {**MEASURED_POINTS, "color": ACCENT, "marker": "s", "markersize": 3.5}
NAMES = ("normal", "orthogonal")


class Stretches(NamedTuple):
    """What one kind of weights makes of all directions.

    `depths` of shape `(marks,)` ends with the depth shown; `singular_values` `(marks, width)`, the largest first, 0
    where they are 0 or lost in rounding. Predicted are `quantiles`, shaped like the last row (empty where there is no
    theory), and the root mean square by layer, `rms`, of shape `(depth,)`.
    """

    depths: np.ndarray
    singular_values: np.ndarray
    quantiles: np.ndarray
    rms: np.ndarray


class SingularValuesPicture:
    """Two panels: the last layer's singular values, sorted, and the largest and the rms by depth."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.9))
            grid = figure.add_gridspec(1, 2, width_ratios=(1.25, 1))
            self._sorted, self._by_depth = (figure.add_subplot(cell) for cell in grid)
            figure.subplots_adjust(left=0.075, right=0.985, top=0.91, bottom=0.23, wspace=0.16)
            self._kinds = [
                _Kind(self._sorted, self._by_depth, points) for points in (MEASURED_POINTS, ORTHOGONAL_POINTS)
            ]
            (self._lost,) = self._sorted.plot(
                [], [], color=MEASURED, linestyle="none", marker="v", markersize=5, clip_on=False
            )
            self._label()
            first, second = self._kinds
            handles = [first.sorted, second.sorted, first.largest, first.rms, first.predicted, self._lost]
            figure.legend(
                handles,
                ["normal", "orthogonal", "largest", "rms", "theory", "0, or lost in rounding"],
                loc="lower center",
                ncols=6,
                columnspacing=1.2,
            )
        self._ghosts = [ghost(kind.sorted) for kind in self._kinds]
        moving = [artist for kind in self._kinds for artist in kind.moving]
        self.canvas = Canvas(figure, [*moving, self._lost], self._ghosts)
        self._axis: tuple[int, int] | None = None

    def _label(self) -> None:
        self._sorted.set_title("Singular values after the last layer, sorted")
        self._sorted.set_xlabel("share of directions that are stretched less")
        self._sorted.set_xlim(0, 1)
        self._by_depth.set_title("Largest, and root mean square, by layer")
        self._by_depth.set_xlabel("layer")
        for axes in (self._sorted, self._by_depth):
            axes.set_yscale("log")
            axes.axhline(1.0, **REFERENCE_LINE)

    def update(self, normal: Stretches, orthogonal: Stretches, last: int) -> Frame:
        """Show both kinds of weights; the layer axis has room for the layer `last`."""
        both = normal, orthogonal
        self._set_axes(both, last)
        low = self._sorted.get_ylim()[0]
        lost = [kind.update(stretches, low) for kind, stretches in zip(self._kinds, both, strict=True)]
        shares = np.concatenate(lost)
        self._lost.set_data(shares, np.full(len(shares), low))
        return Frame(self.canvas.render(), describe(normal, orthogonal), table(normal, orthogonal))

    def _set_axes(self, both: tuple[Stretches, Stretches], last: int) -> None:
        seen = np.concatenate([values.ravel() for one in both for values in one[1:]])
        seen = np.concatenate([seen, *(kept.twin.get_ydata() for kept in self._ghosts)])
        lowest = np.log10(np.min(seen[seen > 1e-300], initial=1.0))
        axis = step(DECADES, max(-lowest, np.log10(np.max(seen, initial=1.0)) * 4)), step(DEPTH_STEPS, last)
        if axis == self._axis:
            return
        self._axis = axis
        for axes in (self._sorted, self._by_depth):
            axes.set_ylim(10.0 ** -axis[0], 10.0 ** (axis[0] / 4))
            axes.set_yticks(10.0 ** np.arange(-axis[0], axis[0] / 4 + 0.1, max(axis[0] / 4, 1)))
            axes.minorticks_off()
        set_layer_axis(self._by_depth, axis[1])
        self.canvas.redraw_background()


class _Kind:
    """The artists of one kind of weights."""

    def __init__(self, sorted_axes: Axes, depth_axes: Axes, points: dict):
        (self.quantiles,) = sorted_axes.plot([], [], **PREDICTED_LINE)
        (self.sorted,) = sorted_axes.plot([], [], **points)
        (self.predicted,) = depth_axes.plot([], [], **PREDICTED_LINE)
        (self.largest,) = depth_axes.plot([], [], **{**points, "marker": "^", "markersize": 6})
        (self.rms,) = depth_axes.plot([], [], **{**points, "markersize": 5})
        self.moving = [self.sorted, self.quantiles, self.largest, self.rms, self.predicted]

    def update(self, stretches: Stretches, low: float) -> np.ndarray:
        """Show one kind; give the places of the values that lie below the axis."""
        values = stretches.singular_values[-1][::-1]
        places = (np.arange(len(values)) + 0.5) / len(values)
        self.sorted.set_data(places[values >= low], values[values >= low])
        self.quantiles.set_data(places[: len(stretches.quantiles)], stretches.quantiles[::-1])
        self.largest.set_data(stretches.depths, stretches.singular_values[:, 0])
        self.rms.set_data(stretches.depths, np.sqrt(np.mean(stretches.singular_values**2, axis=1)))
        self.predicted.set_data(np.arange(1, len(stretches.rms) + 1), stretches.rms)
        return places[values < low]


def table(normal: Stretches, orthogonal: Stretches) -> dict[str, np.ndarray]:
    """Give the numbers behind the left panel, a row for each direction."""
    width = normal.singular_values.shape[1]
    columns = {"direction": np.arange(1, width + 1)}
    for name, stretches in zip(NAMES, (normal, orthogonal), strict=True):
        columns[f"{name}: singular value"] = stretches.singular_values[-1]
        if len(stretches.quantiles):
            columns[f"{name}: theory"] = stretches.quantiles
    return columns


def describe(normal: Stretches, orthogonal: Stretches) -> str:
    """Say how far apart the largest and the smallest singular value are, for both kinds of weights."""
    depth = normal.depths[-1]
    layers = "1 layer" if depth == 1 else f"{depth} layers"
    return f"After {layers}, {_words('normal', normal)}; {_words('orthogonal', orthogonal)}."


def _words(name: str, stretches: Stretches) -> str:
    values = stretches.singular_values[-1]
    top, zeros = f"{name} weights stretch a direction by up to {number(values[0])}", np.mean(values == 0)
    if zeros:
        return f"{top} and flatten {zeros:.0%} of all directions to nothing that can be computed"
    if values[0] / values[-1] < 1.001:
        return f"{name} weights stretch every direction by {number(values[0])}"
    return f"{top} and by as little as {number(values[-1])}, condition number {number(values[0] / values[-1])}"
