"""Cobwebs: a map from one layer to the next, the diagonal, and the staircase between them that a network walks."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

LENGTH_STEPS = (0.5, 1, 2, 3, 5, 10, 20, 50, 100, 1000)
"""The lengths' axes end at one of these."""


class Web(NamedTuple):
    """One map: its curve `values` over `grid`, its staircase, a real network's layers, and where it settles.

    `stairs` has the predicted quantity layer by layer, `(depth,)`, and `measured` the same of a real network;
    `settled` is inf or nan where it does not settle.
    """

    grid: np.ndarray
    values: np.ndarray
    stairs: np.ndarray
    measured: np.ndarray
    settled: float


class MapSetting(NamedTuple):
    """Which network is shown, and χ, the slope of the correlation map at 1 where lengths have settled."""

    activation: str
    weight_variance: float
    bias_variance: float
    chi: float


class MapPanel:
    """One cobweb, from 0 to `end` on both axes."""

    def __init__(self, axes: Axes, title: str, this: str, after: str):
        self._axes, self._end = axes, 0.0
        axes.set_title(title)
        axes.set_xlabel(this)
        axes.set_ylabel(after, labelpad=2)
        (self._diagonal,) = axes.plot([], [], **REFERENCE_LINE)
        (self._stairs,) = axes.plot([], [], color=ACCENT, linewidth=1.2, label="the walk, layer by layer")
        (self._curve,) = axes.plot([], [], label="theory", **PREDICTED_LINE)
        (self._measured,) = axes.plot([], [], label="measured, layer to layer", **MEASURED_POINTS)
        style = {"marker": "s", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.8}
        (self._settled,) = axes.plot([], [], color="black", linestyle="none", label="settles here", **style)
        self.moving = [self._diagonal, self._stairs, self._measured, self._curve, self._settled]
        self.ghosts = [ghost(self._curve), ghost(self._measured)]

    def legend(self) -> None:
        """Name the curves, in a corner."""
        self._axes.legend(loc="upper left")

    def update(self, web: Web, end: float) -> bool:
        """Show a map up to `end`; give whether the axes have changed."""
        self._diagonal.set_data([0, end], [0, end])
        self._curve.set_data(web.grid, web.values)
        self._stairs.set_data(*stairs(web.stairs))
        self._measured.set_data(web.measured[:-1], web.measured[1:])
        settled = [web.settled] if web.settled <= end else []
        self._settled.set_data(settled, settled)
        changed, self._end = end != self._end, end
        if changed:
            self._axes.set_xlim(0, end)
            self._axes.set_ylim(0, end)
        return changed


def stairs(walk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the corners of the staircase: up to the map from each value, then across to the diagonal."""
    corners = np.repeat(walk, 2)
    return corners[:-1], np.append(0.0, corners[2:])


class MapsPicture:
    """Left the length map, right the correlation map."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 4.5))
            left, right = figure.subplots(1, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.93, bottom=0.115, wspace=0.2)
            self._lengths = MapPanel(left, "Length map", "variance of z in this layer, q", "variance in the next layer")
            self._cosines = MapPanel(
                right, "Correlation map, at q*", "correlation of z in this layer, c", "correlation in the next layer"
            )
            self._lengths.legend()
        panels = self._lengths, self._cosines
        moving = [artist for panel in panels for artist in panel.moving]
        self.canvas = Canvas(figure, moving, [kept for panel in panels for kept in panel.ghosts])

    @staticmethod
    def room_for(length: float) -> float:
        """Give the end of the axes that have room for a length."""
        return step(LENGTH_STEPS, 1.05 * length)

    def update(self, setting: MapSetting, lengths: Web, cosines: Web) -> Frame:
        """Show both maps of a network; `lengths.grid` ends where its axes end."""
        end = max(float(lengths.grid[-1]), step(LENGTH_STEPS, reach(self._lengths.ghosts[1:])[0]))
        if any([self._lengths.update(lengths, end), self._cosines.update(cosines, 1.05)]):
            self.canvas.redraw_background()
        return Frame(self.canvas.render(), describe(setting, lengths, cosines), table(lengths, cosines))


def table(lengths: Web, cosines: Web) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    return {
        "layer": np.arange(1, len(lengths.stairs) + 1),
        "variance of z, measured": lengths.measured,
        "variance of z, theory": lengths.stairs,
        "correlation of z, measured": cosines.measured,
        "correlation of z, theory at q*": cosines.stairs,
    }


def describe(setting: MapSetting, lengths: Web, cosines: Web) -> str:
    """Say where the two walks begin, where they have come, and where they settle."""
    place = f"{setting.activation} with σ_w² = {setting.weight_variance:.2f} and σ_b² = {setting.bias_variance:.2f}"
    first, *_, last = lengths.stairs
    return (
        f"{place}: the variance of z walks from {number(first)} in layer 1 to {number(lengths.measured[-1])} in layer "
        f"{len(lengths.stairs)} (theory: {number(last)}), and {_settling(lengths.settled)}. "
        f"{_cosines(setting, cosines)}"
    )


def _cosines(setting: MapSetting, cosines: Web) -> str:
    walk = f"the correlation of two inputs walks from {cosines.stairs[0]:.2f} to {cosines.stairs[-1]:.2f}"
    if math.isnan(cosines.settled):
        return f"No length is kept; in the limit {walk}, and χ is {setting.chi:.3f}."
    return (
        f"At q* {walk}, and settles at {cosines.settled:.2f}; the map's slope at c = 1 is χ = {setting.chi:.3f}, "
        f"{_verdict(setting.chi)}."
    )


def _settling(settled: float) -> str:
    if math.isinf(settled):
        return "never settles"
    return "dies out" if settled == 0 else f"settles at {number(settled)}"


def _verdict(chi: float) -> str:
    if abs(chi - 1) < 0.005:
        return "just the diagonal's"
    return "so that near inputs part" if chi > 1 else "so that near inputs meet"
