"""Somebody's network, layer by layer: what is measured, what is expected, and which layers are at fault."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from course.figures.layers import LogPanel, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.style import ACCENT, course_style

DEPTH_STEPS = (10, 15, 20, 25, 50, 100, 200)
STATES = ("ok", "warning", "fault")
COLOURS = ("#d5e8f3", "#f0e442", ACCENT)
MARKS = ("$✓$", "$!$", "X")
LABELS = ("as it should be", "a warning", "a fault")
TITLES = ("Forward: mean square E[h²]", "Backward: mean square of ∂C/∂z (last layer: 1)")
MARK_SIZES, CELLS = (6.0, 8.0), 330
"""A mark is at most so large in points, and smaller where many layers leave less room, of `CELLS` points in all."""
MOST_MARKS = 50
"""Of many layers that are as they should be only some are marked; a warning or a fault always is."""


class Curve(NamedTuple):
    """A mean square by layer, measured and expected: arrays of shape `(layers,)`, nan where nothing is expected."""

    measured: np.ndarray
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


class DiagnosisPicture:
    """Two panels over the layers, forward and backward, and under them a strip with a mark for every layer."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 4.1))
            grid = figure.add_gridspec(2, 2, height_ratios=(1, 0.13))
            panels = [figure.add_subplot(grid[0, column]) for column in (0, 1)]
            self._strip = figure.add_subplot(grid[1, :])
            figure.subplots_adjust(left=0.065, right=0.985, top=0.92, bottom=0.19, wspace=0.16, hspace=0.5)
            self._panels = [LogPanel(axes, title) for axes, title in zip(panels, TITLES, strict=True)]
            self._panels[0].show_legend({"theory": "expected", "measured": "measured", "band": "one draw"})
            self._build_strip(self._strip)
            figure.legend(self._marks, LABELS, loc="lower center", ncols=3, handletextpad=0.4)
        moving = [artist for panel in self._panels for artist in panel.moving]
        ghosts = [ghost for panel in self._panels for ghost in panel.ghosts]
        self.canvas = Canvas(figure, [*moving, self._cells, *self._marks], ghosts)
        self._last = 0

    def _build_strip(self, axes: Axes) -> None:
        axes.set_title("Layers")
        axes.grid(False)
        axes.set_yticks([])
        axes.set_ylim(0, 1)
        self._cells = axes.imshow(
            np.zeros((1, 1)), aspect="auto", cmap=ListedColormap(COLOURS), vmin=0, vmax=2, interpolation="nearest"
        )
        style = {"linestyle": "none", "color": "black", "markeredgewidth": 0.0}
        self._marks = [axes.plot([], [], marker=mark, **style)[0] for mark in MARKS]

    def update(
        self,
        forward: Curve,
        gradient: Curve,
        states: Sequence[str],
        sentence: str,
        table: Mapping[str, np.ndarray],
    ) -> Frame:
        """Show a network whose layers are in these `states`, each one of `STATES`, in words and numbers too."""
        depth = len(states)
        last = step(DEPTH_STEPS, max(depth, *(panel.pinned_depth for panel in self._panels)))
        changed = [
            panel.update(curve.measured, curve.expected, last, band=(curve.low, curve.high))
            for panel, curve in zip(self._panels, (forward, gradient), strict=True)
        ]
        if any([self._show_states(np.array([STATES.index(state) for state in states]), last), *changed]):
            self.canvas.redraw_background()
        return Frame(self.canvas.render(), sentence, table)

    def _show_states(self, states: np.ndarray, last: int) -> bool:
        """Colour and mark every layer; give whether the background has changed."""
        cells = np.ma.masked_all((1, last))
        cells[0, : len(states)] = states
        self._cells.set_data(cells)
        for state, marks in enumerate(self._marks):
            layers = np.flatnonzero(states == state) + 1
            layers = layers if state else layers[:: max(1, last // MOST_MARKS)]
            marks.set_data(layers, np.full(len(layers), 0.5))
            marks.set_markersize(float(np.clip(CELLS / last, *MARK_SIZES)))
        if last == self._last:
            return False
        self._last = last
        self._cells.set_extent((0.5, last + 0.5, 0, 1))
        set_layer_axis(self._strip, last)
        return True
