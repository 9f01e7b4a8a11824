"""The sigmoid and its slope, with a point that moves along both."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost
from course.style import ACCENT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE, REFERENCE_LINE, course_style

TANGENT = 1.8
"""The tangent is drawn this far to either side of the point."""
SHORTEST = 1e-6
"""Where the logarithmic axis of the slope ends."""


class SlopeCurves(NamedTuple):
    """The curves that stand still: σ over a fine grid, the slope that the formula gives, the slope measured.

    `grid`, `values` and `slopes` have one shape; `measured_at` and `measured` another.
    """

    grid: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    measured_at: np.ndarray
    measured: np.ndarray


class Point(NamedTuple):
    """A place on the curve: z, σ(z) and σ'(z)."""

    z: float
    value: float
    slope: float


class SlopePicture:
    """Two panels: the sigmoid with a tangent, and its slope, measured points over the formula."""

    def __init__(self, curves: SlopeCurves):
        with course_style():
            figure = Figure(figsize=(9.2, 3.6))
            self._left, self._right = figure.subplots(1, 2)
            figure.subplots_adjust(left=0.06, right=0.985, top=0.9, bottom=0.14, wspace=0.2)
            self._left_band, self._right_band = (_band(axes) for axes in (self._left, self._right))
            self._tangent, self._on_curve = self._draw_sigmoid(curves)
            self._drop, self._on_slope = self._draw_slope(curves)
        self._logarithmic = False
        moving = self._left_band, self._right_band, self._tangent, self._on_curve, self._drop, self._on_slope
        kept = self._tangent, self._on_curve, self._drop, self._on_slope
        self.canvas = Canvas(figure, moving, [ghost(line) for line in kept])

    def _draw_sigmoid(self, curves: SlopeCurves):
        axes = self._left
        _fix_axes(axes, "The sigmoid σ(z), and its tangent at the point", curves.grid, (-0.12, 1.12))
        axes.plot(curves.grid, curves.values, color=REFERENCE, linewidth=1.6)
        return _point(axes)

    def _draw_slope(self, curves: SlopeCurves):
        axes = self._right
        _fix_axes(axes, "The slope σ'(z)", curves.grid, (-0.012, 0.3))
        axes.plot(curves.measured_at, curves.measured, label="measured: rise over run", **MEASURED_POINTS)
        axes.plot(curves.grid, curves.slopes, label="theory: σ(1 − σ)", **PREDICTED_LINE)
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
        return _point(axes)

    def update(self, point: Point, peak: float, limit: float, edge_slope: float, logarithmic: bool) -> Frame:
        """Move to `point`; `peak` is the greatest slope, and `edge_slope` the one at ±`limit`, the band's edge."""
        if logarithmic != self._logarithmic:
            self._set_scale(logarithmic)
        for band in (self._left_band, self._right_band):
            band.set_x(-limit)
            band.set_width(2 * limit)
        run = np.array([-TANGENT, TANGENT])
        self._tangent.set_data(point.z + run, point.value + point.slope * run)
        self._on_curve.set_data([point.z], [point.value])
        self._drop.set_data([point.z, point.z], [SHORTEST if logarithmic else 0, point.slope])
        self._on_slope.set_data([point.z], [point.slope])
        columns = "z", "σ(z)", "σ'(z)", "slope at the peak over σ'(z)"
        row = (np.array([number]) for number in (*point, peak / point.slope))
        sentence = describe(point, peak, limit, edge_slope)
        return Frame(self.canvas.render(), sentence, dict(zip(columns, row, strict=True)))

    def _set_scale(self, logarithmic: bool) -> None:
        self._logarithmic = logarithmic
        self._right.set_yscale("log" if logarithmic else "linear")
        self._right.set_ylim(*((SHORTEST, 10.0) if logarithmic else (-0.012, 0.3)))
        self._right.minorticks_off()
        self.canvas.redraw_background()


def _fix_axes(axes: Axes, title: str, grid: np.ndarray, limits: tuple[float, float]) -> None:
    axes.set_title(title)
    axes.set_xlabel("z, what the unit receives")
    axes.set_xlim(grid[0], grid[-1])
    axes.set_xticks(np.arange(grid[0], grid[-1] + 1, 4))
    axes.set_ylim(*limits)


def _band(axes: Axes):
    axes.axhline(0.0, **REFERENCE_LINE)
    return axes.axvspan(-1.0, 1.0, color=REFERENCE, alpha=0.16, linewidth=0)


def _point(axes: Axes):
    (line,) = axes.plot([], [], color=ACCENT, linewidth=2.0)
    (point,) = axes.plot([], [], color=ACCENT, marker="D", markersize=8, linestyle="none", clip_on=False)
    return line, point


def describe(point: Point, peak: float, limit: float, edge_slope: float) -> str:
    """Say how steep the sigmoid is at the point and at the band's edge, and how fast a unit learns there."""
    where = f"At z = {point.z:.1f} the unit answers {point.value:.5g} and the slope is {point.slope:.3g}"
    speed = f"{where}, 1/{_inverse(point.slope)}: it learns {_pace(peak / point.slope)}."
    band = f"At the edge of the grey band, z = ±{limit:.1f}, the slope is 1/{_inverse(edge_slope)}"
    return f"{speed} {band}, {_pace(peak / edge_slope)}."


def _inverse(slope: float) -> str:
    return f"{1 / slope:.0f}" if slope < 0.001 else f"{1 / slope:.3g}"


def _pace(times_slower: float) -> str:
    if times_slower < 1.005:
        return "as fast as at the peak"
    times = f"{times_slower:.0f}" if times_slower >= 100 else f"{times_slower:.3g}"
    return f"{times} times slower than at the peak"
