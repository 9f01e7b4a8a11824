"""A sum of many random terms: how its draws are spread, and how its variance depends on the number of terms."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

REACHES = (5, 20, 80, 160)
"""The axis of z ends at one of these; it has room for three and a half standard deviations."""
PEAK = 7.5
"""The density axis ends at this number over the reach, so that a curve keeps its place when the axis steps."""
BINS = 60
COLUMNS = "variance", "excess kurtosis", "share outside ±4"
EDGE = 4.0
"""A unit beyond ±4 is counted as outside."""
NEARLY_NORMAL = 0.1
"""An excess kurtosis below this is called close to normal."""


class SumStatistics(NamedTuple):
    """Of each sum, by number of terms: its variance, its excess kurtosis, and the share of it beyond ±`EDGE`."""

    variance: np.ndarray
    excess_kurtosis: np.ndarray
    share_outside: np.ndarray


class SumPicture:
    """Two panels: the density of one sum against the normal curve, and the variance of all against their size."""

    def __init__(self, terms: tuple[int, ...]):
        self._terms, self._reach, self._height = terms, 0, 0.0
        with course_style():
            figure = Figure(figsize=(9.2, 3.7))
            self._density, growth = figure.subplots(1, 2, width_ratios=(1.35, 1))
            figure.subplots_adjust(left=0.065, right=0.985, top=0.9, bottom=0.14, wspace=0.18)
            self._density.set_title("One sum z: density of its draws")
            self._density.set_xlabel("z")
            for edge in (-EDGE, EDGE):
                self._density.axvline(edge, **REFERENCE_LINE)
            (self._points,) = self._density.plot([], [], label="measured", **MEASURED_POINTS)
            (self._curve,) = self._density.plot([], [], label="normal, predicted variance", **PREDICTED_LINE)
            self._density.legend(loc="upper right", frameon=True, facecolor="white", edgecolor="none", framealpha=1.0)
            _set_growth_axes(growth)
            (self._variances,) = growth.plot([], [], label="measured", **MEASURED_POINTS)
            (self._predicted,) = growth.plot([], [], label="theory", **PREDICTED_LINE)
            ring = {"marker": "o", "markersize": 12, "markerfacecolor": "none", "markeredgewidth": 1.8}
            (self._present,) = growth.plot([], [], color=ACCENT, linestyle="none", label="shown on the left", **ring)
            growth.legend(loc="upper left")
        moving = [self._points, self._curve, self._variances, self._predicted, self._present]
        self._ghosts = [ghost(line) for line in (self._curve, self._points, self._predicted, self._variances)]
        self.canvas = Canvas(figure, moving, self._ghosts)

    def update(self, terms: int, draws: np.ndarray, measured: SumStatistics, predicted: SumStatistics) -> Frame:
        """Show the `draws` of the sum of `terms` terms, and the statistics, arrays over all numbers of terms."""
        place = self._terms.index(terms)
        pinned_reach, pinned_peak = reach(self._ghosts[:2])
        self._set_axes(max(3.5 * np.sqrt(predicted.variance[place]), pinned_reach), pinned_peak)
        counts, edges = np.histogram(draws, BINS, range=(-self._reach, self._reach))
        density = counts / (len(draws) * (edges[1] - edges[0]))
        self._points.set_data((edges[1:] + edges[:-1]) / 2, np.where(counts > 0, density, np.nan))
        z = np.linspace(-self._reach, self._reach, 400)
        self._curve.set_data(z, _normal_density(z, predicted.variance[place]))
        self._variances.set_data(self._terms, measured.variance)
        self._predicted.set_data(self._terms, predicted.variance)
        self._present.set_data([terms], [measured.variance[place]])
        here = [SumStatistics(*(part[place] for part in statistics)) for statistics in (measured, predicted)]
        return Frame(self.canvas.render(), describe(terms, len(draws), *here), self._table(measured, predicted))

    def _table(self, measured: SumStatistics, predicted: SumStatistics) -> dict[str, np.ndarray]:
        columns = {"d, inputs added up": np.array(self._terms)}
        for title, seen, theory in zip(COLUMNS, measured, predicted, strict=True):
            columns |= {f"{title}, measured": seen, f"{title}, theory": theory}
        return columns

    def _set_axes(self, needed: float, pinned_peak: float) -> None:
        reach = step(REACHES, needed)
        height = max(PEAK / reach, 1.05 * pinned_peak)
        if (reach, height) == (self._reach, self._height):
            return
        self._reach, self._height = reach, height
        self._density.set_xlim(-reach, reach)
        self._density.set_ylim(0, height)
        self.canvas.redraw_background()


def _set_growth_axes(axes: Axes) -> None:
    axes.set_title("Variance of z for every d")
    axes.set_xlabel("d, inputs added up")
    axes.set(xscale="log", yscale="log", xlim=(0.7, 1400), ylim=(0.01, 1e5))
    axes.axhline(1.0, **REFERENCE_LINE)
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    axes.set_yticks([0.01, 1, 100, 10_000], ["0.01", "1", "100", "10,000"])
    axes.minorticks_off()


def _normal_density(z: np.ndarray, variance: float) -> np.ndarray:
    return np.exp(-(z**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def describe(terms: int, draws: int, measured: SumStatistics, predicted: SumStatistics) -> str:
    """Say how large the sum is, how far from normal, and how often it lies beyond ±`EDGE`."""
    added = f"{terms} inputs" if terms > 1 else "1 input"
    variance = f"variance {number(measured.variance)} (theory: {number(predicted.variance)})"
    near = abs(predicted.excess_kurtosis) < NEARLY_NORMAL
    verdict = "close to a normal variable" if near else "not yet a normal variable"
    kurtosis = f"excess kurtosis {measured.excess_kurtosis:.2f} (theory: {predicted.excess_kurtosis:.2f}), {verdict}"
    outside = f"{number(100 * measured.share_outside)} % of {draws:,} draws lie outside [−4, 4]"
    normal = f"a normal variable: {number(100 * predicted.share_outside)} %"
    return f"The sum over {added} has {variance} and {kurtosis}. {outside} ({normal})."
