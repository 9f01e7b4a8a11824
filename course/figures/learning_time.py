"""How long networks of growing depth take to learn, from two starts, each with its best learning rate."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.style import ACCENT, MEASURED, course_style

START_LOOKS = ((MEASURED, "o"), (ACCENT, "s"))
NEVER = 1.6
"""A start that does not get there is a triangle on the upper edge, this many times the steps of a run."""


class Times(NamedTuple):
    """Learning times of one start, by its title: `steps` of shape `(depths, seeds)`, infinite where there was no end.

    `rates` `(depths,)` are the learning rates that were best, NaN where none got there. Depths that have not run yet
    are left out.
    """

    title: str
    steps: np.ndarray
    rates: np.ndarray


class LearningTimePicture:
    """Two panels over the depth: steps until the task is learned, and the learning rate that was fastest."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 4.0))
            self._time, self._rate = figure.subplots(1, 2, width_ratios=(1.35, 1))
            figure.subplots_adjust(left=0.065, right=0.985, top=0.915, bottom=0.225, wspace=0.17)
            self._medians, self._ranges, self._never = self._build_times(self._time)
            self._rates = self._build_rates(self._rate)
            self._legend = figure.legend(self._medians, ["", ""], loc="lower center", ncols=2)
        moving = [*self._ranges, *self._medians, *self._never, *self._rates, self._legend]
        self.canvas = Canvas(figure, moving)
        self._shown: tuple = ()

    def _build_times(self, axes: Axes) -> tuple[list, list, list]:
        axes.set_title("Steps until learned: median and range of the seeds")
        axes.set_yscale("log")
        medians = [axes.plot([], [], color=c, marker=m, markersize=6)[0] for c, m in START_LOOKS]
        ranges = [LineCollection([], colors=[c], linewidths=1.4) for c, _ in START_LOOKS]
        for collection in ranges:
            axes.add_collection(collection, autolim=False)
        edge = {"linestyle": "none", "marker": "^", "markersize": 8, "clip_on": False, "zorder": 5}
        return medians, ranges, [axes.plot([], [], color=c, **edge)[0] for c, _ in START_LOOKS]

    def _build_rates(self, axes: Axes) -> list:
        axes.set_title("The fastest learning rate")
        axes.set_yscale("log")
        return [axes.plot([], [], color=c, marker=m, markersize=6)[0] for c, m in START_LOOKS]

    def update(
        self, times: Sequence[Times], depths: Sequence[int], rates: Sequence[float], last: int, least: int
    ) -> Frame:
        """Show two starts at the first of `depths`; runs have `last` steps, and the axis begins at `least`."""
        self._set_axes(tuple(depths), tuple(rates), last, least)
        for place, start in enumerate(times):
            done = np.array(depths[: len(start.steps)], float) * (1.015 if place else 1 / 1.015)
            median = np.median(start.steps, axis=1) if len(done) else np.empty(0)
            ended = np.isfinite(median)
            self._medians[place].set_data(done[ended], median[ended])
            self._never[place].set_data(done[~ended], np.full(np.sum(~ended), NEVER * last))
            reached = [row[np.isfinite(row)] for row in start.steps]
            ends = [(x, row.min(), row.max()) for x, row in zip(done, reached, strict=True) if len(row)]
            self._ranges[place].set_segments([[(x, low), (x, high)] for x, low, high in ends])
            self._rates[place].set_data(done, start.rates)
            self._legend.texts[place].set_text(f"{start.title} (▲ not within {last} steps)")
        return Frame(self.canvas.render(), describe(times, depths, last), table(times, depths))

    def _set_axes(self, depths: tuple[int, ...], rates: tuple[float, ...], last: int, least: int) -> None:
        if (depths, rates, last, least) == self._shown:
            return
        self._shown = depths, rates, last, least
        for axes in (self._time, self._rate):
            axes.set_xscale("log")
            axes.set_xlim(depths[0] / 1.2, depths[-1] * 1.2)
            axes.set_xticks(depths, [str(depth) for depth in depths])
            axes.set_xlabel("depth: weight layers", labelpad=2)
            axes.minorticks_off()
        self._time.set_ylim(least, NEVER * last)
        ticks = [tick for tick in (10, 30, 100, 300, 1000, 3000) if least <= tick <= NEVER * last]
        self._time.set_yticks(ticks, [str(tick) for tick in ticks])
        self._time.minorticks_off()
        self._rate.set_ylim(rates[0] / 1.5, rates[-1] * 1.5)
        named = rates[:: max(1, len(rates) // 5)]
        self._rate.set_yticks(named, [f"{rate:.2g}" for rate in named])
        self._rate.minorticks_off()
        self.canvas.redraw_background()


def table(times: Sequence[Times], depths: Sequence[int]) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a depth."""
    columns = {"depth": np.array(depths[: len(times[0].steps)])}
    for start in times:
        found = zip(("fewest", "median", "most"), _spread(start.steps), strict=True)
        columns |= {f"{start.title}: {which} steps": values for which, values in found}
        columns[f"{start.title}: fastest learning rate"] = start.rates
    return columns


def _spread(steps: np.ndarray) -> list[np.ndarray]:
    return [pick(steps, axis=1) if len(steps) else np.empty(0) for pick in (np.min, np.median, np.max)]


def describe(times: Sequence[Times], depths: Sequence[int], last: int) -> str:
    """Say how long each start took at the least and at the greatest depth that has run."""
    done = len(times[0].steps)
    names = " and ".join(start.title for start in times)
    if done == 0:
        return f"Nothing has run yet: {names} are ready, at {len(depths)} depths from {depths[0]} to {depths[-1]}."
    parts = "; ".join(f"{start.title}: {_words(start, depths, last)}" for start in times)
    return f"{done} of {len(depths)} depths have run. Median steps until learned, at the fastest rate: {parts}."


def _words(start: Times, depths: Sequence[int], last: int) -> str:
    medians = np.median(start.steps, axis=1)
    said = [
        f"{median:.0f} with {depth} layers" if np.isfinite(median) else f"not within {last} with {depth} layers"
        for median, depth in zip(medians, depths, strict=False)
    ]
    return said[0] if len(said) == 1 else f"{said[0]}, {said[-1]}"
