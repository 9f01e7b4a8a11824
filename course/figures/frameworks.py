"""Several starts of one network on the same axes: what each does to the signal and to its gradient."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course.figures.layers import DEPTH_STEPS, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED, PREDICTED_LINE, REFERENCE, course_style

STYLES = (
    (MEASURED, "o", 8, "#d6e8f4"),
    (ACCENT, "s", 4, ACCENT),
    ("#009e73", "^", 5, "#009e73"),
    ("#56b4e9", "D", 4, "#56b4e9"),
)
"""Colours that colour-blind readers can tell apart (Okabe and Ito, 2008), each with its own marker, its size and fill.

The first is large and hollow, so that it is seen around another that lies on it.
"""
DECADE_STEPS = (4, 12, 40, 120)


class Start(NamedTuple):
    """One start, measured and predicted by layer: E[h²], and Var ∂C/∂z relative to the last layer's."""

    name: str
    second_moment: np.ndarray
    gradient_variance: np.ndarray
    predicted_second_moment: np.ndarray
    predicted_gradient_variance: np.ndarray


class FrameworksPicture:
    """Two panels, the signal and the gradient by layer, with one line of points for each of up to four starts."""

    def __init__(self, starts: int):
        with course_style():
            figure = Figure(figsize=(9.2, 3.9))
            self._axes = figure.subplots(1, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.92, bottom=0.24, wspace=0.17)
            for axes, title in zip(
                self._axes, ("Forward: mean square E[h²]", "Backward: variance of ∂C/∂z"), strict=True
            ):
                axes.set_title(title)
                axes.set_yscale("log")
                axes.set_xlabel("layer")
                axes.axhline(1.0, color=REFERENCE, linewidth=0.9)
            self._predicted = [[axes.plot([], [], **PREDICTED_LINE)[0] for _ in range(starts)] for axes in self._axes]
            self._measured = [[_points(axes, style) for style in STYLES[:starts]] for axes in self._axes]
            self._legend = figure.legend(
                [*self._measured[0], self._predicted[0][0]],
                [" "] * starts + ["theory"],
                loc="lower center",
                ncols=starts + 1,
            )
        lines = [line for rows in (*self._measured, *self._predicted) for line in rows]
        self._ghosts = [ghost(line) for rows in self._measured for line in rows]
        self.canvas = Canvas(figure, lines, self._ghosts)
        self._shown = None

    def update(self, starts: list[Start]) -> Frame:
        """Show as many starts as the picture was made for, of one depth."""
        depth = len(starts[0].second_moment)
        curves = [(start.second_moment, start.gradient_variance) for start in starts]
        theory = [(start.predicted_second_moment, start.predicted_gradient_variance) for start in starts]
        layers = np.arange(1, depth + 1)
        for lines, values in ((self._measured, curves), (self._predicted, theory)):
            for panel in (0, 1):
                for line, pair in zip(lines[panel], values, strict=True):
                    line.set_data(layers, np.where(pair[panel] > 0, pair[panel], np.nan))
        self._set_axes(tuple(start.name for start in starts), depth)
        return Frame(self.canvas.render(), describe(starts), table(starts))

    def _set_axes(self, names: tuple[str, ...], depth: int) -> None:
        lines = [line for rows in (*self._measured, *self._predicted) for line in rows]
        shown = [np.asarray(line.get_ydata(), float) for line in (*lines, *(kept.twin for kept in self._ghosts))]
        sizes = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in shown])
        decades = step(DECADE_STEPS, np.abs(np.log10(sizes)).max(initial=0))
        last = step(DEPTH_STEPS, max(depth, int(reach(self._ghosts)[0])))
        if (names, decades, last) == self._shown:
            return
        self._shown = names, decades, last
        for text, name in zip(self._legend.get_texts(), names, strict=False):
            text.set_text(name)
        for axes in self._axes:
            axes.set_ylim(10.0**-decades, 10.0**decades)
            axes.set_yticks(10.0 ** np.linspace(-decades, decades, 5))
            axes.minorticks_off()
            set_layer_axis(axes, last)
        self.canvas.redraw_background()


def _points(axes: Axes, style: tuple[str, str, int, str]) -> Line2D:
    colour, marker, size, fill = style
    look = {"color": colour, "marker": marker, "markersize": size, "markerfacecolor": fill, "linestyle": "none"}
    return axes.plot([], [], **look)[0]


def table(starts: list[Start]) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    columns = {"layer": np.arange(1, len(starts[0].second_moment) + 1)}
    for start in starts:
        columns |= {
            f"{start.name}: mean square E[h²], measured": start.second_moment,
            f"{start.name}: mean square E[h²], theory": start.predicted_second_moment,
            f"{start.name}: variance of ∂C/∂z, measured": start.gradient_variance,
            f"{start.name}: variance of ∂C/∂z, theory": start.predicted_gradient_variance,
        }
    return columns


def describe(starts: list[Start]) -> str:
    """Say what each start leaves of the signal and of the gradient."""
    depth = len(starts[0].second_moment)
    forward = ", ".join(
        f"{number(start.second_moment[-1])} with {start.name} (theory: {number(start.predicted_second_moment[-1])})"
        for start in starts
    )
    backward = ", ".join(
        f"{number(start.gradient_variance[0] / start.gradient_variance[-1])} with {start.name}" for start in starts
    )
    words = f"Of the input's mean square layer {depth} carries {forward}."
    return words if depth == 1 else f"{words} Of the gradient's variance layer 1 receives {backward}."
