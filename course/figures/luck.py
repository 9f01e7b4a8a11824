"""Hundreds of draws at several widths: the middle draw and the spread, by depth or by depth over width."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import ACCENT, MEASURED, PREDICTED_LINE, REFERENCE_LINE, course_style

STYLES = ({"color": ACCENT, "marker": "^"}, {"color": "#009e73", "marker": "s"}, {"color": MEASURED, "marker": "o"})
"""One for each width, narrow to wide; told apart by their markers too."""
POINTS = 24
AXES = ("depth", "depth / width")
REACH = {"depth": 100.0, "depth / width": 2.0}
LOWEST, HIGHEST = 1e-5, 1e2
MOST_VARIANCE = 12.0


class Draws(NamedTuple):
    """What draws of one width keep, by layer: arrays of shape `(depth,)`, measured and predicted.

    `log_variance` is the variance over draws of the logarithm of what is kept.
    """

    width: int
    mean: np.ndarray
    median: np.ndarray
    log_variance: np.ndarray
    predicted_median: np.ndarray
    predicted_log_variance: np.ndarray


class LuckPicture:
    """Two panels, a curve for each of three widths: the median of all draws, and the variance of their logarithm."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.9))
            grid = figure.add_gridspec(1, 2)
            self._axes = [figure.add_subplot(cell) for cell in grid]
            figure.subplots_adjust(left=0.065, right=0.985, top=0.91, bottom=0.23, wspace=0.16)
            median, variance = self._axes
            median.set_title("Mean square that the middle draw keeps")
            median.set_yscale("log")
            median.set_ylim(LOWEST, HIGHEST)
            median.set_yticks(10.0 ** np.arange(-5, 3))
            median.minorticks_off()
            median.axhline(1.0, **REFERENCE_LINE)
            variance.set_title("Variance of its logarithm")
            variance.set_ylim(0, MOST_VARIANCE)
            self._widths = [_Width(median, variance, style) for style in STYLES]
            self._labels = [
                figure.text(0.1 + 0.16 * place, 0.03, "", color=style["color"], fontsize="medium", fontweight="bold")
                for place, style in enumerate(STYLES)
            ]
            figure.legend([self._widths[0].predicted[0]], ["exact law"], loc="lower right")
        lines = [line for width in self._widths for line in width.lines]
        self.canvas = Canvas(figure, [*lines, *self._labels])
        self._shown: str | None = None

    def update(self, draws: Sequence[Draws], axis: str, networks: int, weights: str) -> Frame:
        """Show three widths, narrow to wide, over one of `AXES`; `networks` were drawn of each, with such `weights`."""
        if axis != self._shown:
            self._shown = axis
            for axes in self._axes:
                axes.set_xlim(0, REACH[axis])
                axes.set_xticks(np.linspace(0, REACH[axis], 5))
                axes.xaxis.set_major_formatter("{x:g}")
                axes.set_xlabel("layer" if axis == "depth" else "layer / width")
            self.canvas.redraw_background()
        for place, (width, label, one) in enumerate(zip(self._widths, self._labels, draws, strict=True)):
            layers = np.arange(1, len(one.mean) + 1)
            width.update(one, layers if axis == "depth" else layers / one.width, place)
            label.set_text(f"{'▲■●'[place]} width {one.width}")
        return Frame(self.canvas.render(), describe(draws, networks, weights), table(draws))


class _Width:
    """The artists of one width."""

    def __init__(self, median: Axes, variance: Axes, style: dict[str, str]):
        self.predicted = [axes.plot([], [], **PREDICTED_LINE)[0] for axes in (median, variance)]
        points = {**style, "linestyle": "none", "markersize": 5}
        self.measured = [axes.plot([], [], **points)[0] for axes in (median, variance)]
        self.lines = [*self.measured, *self.predicted]

    def update(self, draws: Draws, x: np.ndarray, place: int) -> None:
        measured, predicted = (draws.median, draws.log_variance), (draws.predicted_median, draws.predicted_log_variance)
        # So many points of each curve, those of another width in between.
        spacing = max(1, len(x) // POINTS)
        shown = slice(min(place * spacing // 3, len(x) - 1), None, spacing)
        for line, values in zip(self.measured, measured, strict=True):
            line.set_data(x[shown], np.where(values[shown] > 0, values[shown], np.nan))
        for line, values in zip(self.predicted, predicted, strict=True):
            line.set_data(x, values)


def table(draws: Sequence[Draws]) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    columns = {"layer": np.arange(1, len(draws[0].mean) + 1)}
    for one in draws:
        columns |= {
            f"width {one.width}: mean": one.mean,
            f"width {one.width}: median": one.median,
            f"width {one.width}: median, theory": one.predicted_median,
            f"width {one.width}: variance of the log": one.log_variance,
            f"width {one.width}: variance of the log, theory": one.predicted_log_variance,
        }
    return columns


def describe(draws: Sequence[Draws], networks: int, weights: str) -> str:
    """Say what the middle draw of each width keeps at the last layer, and how far the logarithm strays."""
    depth = len(draws[0].mean)
    kept = "; ".join(
        f"width {one.width}: {number(one.median[-1])} (theory: {number(one.predicted_median[-1])}), "
        f"variance of the logarithm {number(one.log_variance[-1])} (theory: {number(one.predicted_log_variance[-1])})"
        for one in draws
    )
    return f"What the middle one of {networks} ReLU networks with {weights} weights keeps after {depth} layers: {kept}."
