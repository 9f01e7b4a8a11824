"""Many draws of one network: the way of each through its layers, and where they end."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from course.figures.layers import DEPTH_STEPS, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

DECADES = (2, 4, 8, 16, 32)
"""The vertical axis reaches down to 10^-d for one of these d, and up to the root of 10^d."""
BINS = 24
COLUMNS = "mean of the networks", "median", "one in ten is below"


class Summary(NamedTuple):
    """What the draws have in common, by layer: arrays of shape `(depth,)`; `low` is undercut by one draw in ten."""

    mean: np.ndarray
    median: np.ndarray
    low: np.ndarray


class SpreadPicture:
    """Two panels on one vertical axis: a thin line for every network, and a histogram of the last layer."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.7))
            paths, ends = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1.1))
            figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.14, wspace=0.08)
            paths.set_title("Mean square E[h²] of each network")
            paths.set_xlabel("layer")
            paths.set_yscale("log")
            ends.set_title("Networks at the last layer")
            ends.set_xlabel("how many")
            self._lines = paths.add_collection(LineCollection([], colors=MEASURED, linewidths=0.7, alpha=0.3))
            (self._mean,) = paths.plot([], [], label="measured mean", **MEASURED_POINTS)
            (self._median,) = paths.plot([], [], color=ACCENT, linewidth=2.2, label="measured median")
            paths.axhline(1.0, label="theory: mean over all draws", **PREDICTED_LINE)
            paths.legend(loc="lower left", frameon=True, facecolor="white", edgecolor="none", framealpha=0.85)
            ends.axhline(1.0, **REFERENCE_LINE)
            self._bars = ends.stairs([0.0], [0.1, 1.0], orientation="horizontal", fill=True, color=MEASURED, alpha=0.6)
        self._paths, self._ends = paths, ends
        self._axis: tuple[int, int] | None = None
        self._ghosts = [ghost(line) for line in (self._median, self._mean)]
        self.canvas = Canvas(figure, [self._lines, self._median, self._mean, self._bars], self._ghosts)

    def update(self, mean_squares: np.ndarray, summary: Summary) -> Frame:
        """Show draws of shape `(draws, depth)`; a network whose signal is exactly 0 ends where it dies."""
        draws, depth = mean_squares.shape
        layers = np.arange(1, depth + 1)
        alive = np.where(mean_squares > 0, mean_squares, np.nan)
        self._set_axis(alive, depth, draws)
        self._lines.set_segments([np.column_stack([layers, path]) for path in alive])
        self._mean.set_data(layers, summary.mean)
        self._median.set_data(layers, np.where(summary.median > 0, summary.median, np.nan))
        lowest, highest = self._paths.get_ylim()
        edges = np.geomspace(lowest, highest, BINS + 1)
        counts, _ = np.histogram(np.clip(mean_squares[:, -1], lowest, highest), edges)
        self._bars.set_data(counts, edges)
        columns = {"layer": layers} | {
            f"E[h²], {title}": values for title, values in zip(COLUMNS, summary, strict=True)
        }
        return Frame(self.canvas.render(), describe(summary, draws), columns)

    def _set_axis(self, alive: np.ndarray, depth: int, draws: int) -> None:
        lowest = np.nanmin([np.nanmin(alive), *(y for kept in self._ghosts for y in kept.twin.get_ydata())])
        axis = step(DECADES, -np.log10(lowest)), step(DEPTH_STEPS, max(depth, reach(self._ghosts)[0]))
        if axis == self._axis:
            return
        self._axis = axis
        self._paths.set_ylim(10.0 ** -axis[0], 10.0 ** (axis[0] / 2))
        self._paths.set_yticks(10.0 ** np.linspace(-axis[0], axis[0] / 2, 4))
        self._paths.minorticks_off()
        set_layer_axis(self._paths, axis[1])
        self._ends.set_xlim(0, 0.6 * draws)
        self.canvas.redraw_background()


def describe(summary: Summary, draws: int) -> str:
    """Say what the mean, the middle and the unlucky tenth of the networks keep at the last layer."""
    depth, mean = len(summary.mean), summary.mean[-1]
    half = f"half of them keep less than {number(summary.median[-1])}, one in ten less than {number(summary.low[-1])}"
    text = f"At layer {depth}, {draws} networks keep {number(mean)} of the mean square on average (theory: 1); {half}."
    if mean < 0.5:
        return f"{text} The draws that would lift the mean to 1 are too rare to be among these."
    return text
