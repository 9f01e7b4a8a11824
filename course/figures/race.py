"""A race: the loss of several starts while they train, and what their layers do meanwhile."""

from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import PREDICTED_LINE, REFERENCE, REFERENCE_LINE, course_style

LOOKS = (("#0072b2", "o"), ("#e69f00", "s"), ("#009e73", "^"), ("#d55e00", "D"), ("#56b4e9", "v"), ("#cc79a7", "P"))
"""Colour (Okabe and Ito 2008) and marker of each start, so that neither is needed alone."""
MOST = len(LOOKS)
LAYER_STEPS = (5, 10, 20, 30, 50, 100)
DECADE_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 38)
TOP = 1.6
"""The axis of the loss ends at this many times the loss of guessing."""
MARKS = 10
"""About as many markers stand on each line."""


class Lane(NamedTuple):
    """One start in the race, by its name: `losses` has shape `(records, seeds)`, NaN after a run has diverged.

    `signal` and `gradient` are rms values by layer `(hidden,)` at the moment shown, the medians of the seeds;
    `predicted_signal` and `predicted_gradient` are those that theory gives for the start. `diverged_at` `(seeds,)` is
    a step or −1, and `words` say what became of the seeds.
    """

    title: str
    losses: np.ndarray
    signal: np.ndarray
    gradient: np.ndarray
    predicted_signal: np.ndarray
    predicted_gradient: np.ndarray
    diverged_at: np.ndarray
    words: str


class RacePicture:
    """Three panels: the loss by step, one line and band a start, and two statistics by layer."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.6))
            grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1))
            self._loss = figure.add_subplot(grid[:, 0])
            self._panels = [_LayerPanel(figure.add_subplot(grid[row, 1]), title) for row, title in enumerate(TITLES)]
            figure.subplots_adjust(left=0.06, right=0.985, top=0.945, bottom=0.235, wspace=0.17, hspace=0.42)
            self._build_losses(self._loss)
            handles = [*self._medians, self._panels[0].predicted[0]]
            self._legend = figure.legend(handles, [""] * len(handles), loc="lower left", ncols=2)
            self._legend.set_bbox_to_anchor((0.045, 0.0))
        moving = [*self._bands, *self._medians, self._lost, self._moment, self._guess, self._guess_name, self._legend]
        for panel in self._panels:
            moving += panel.moving
        self.canvas = Canvas(figure, moving)
        self._axis: tuple = ()

    def _build_losses(self, axes: Axes) -> None:
        axes.set_title("Loss, held out: median and range of the seeds")
        axes.set_xlabel("step of training")
        self._guess = axes.axhline(1.0, **REFERENCE_LINE)
        place = {"xycoords": ("axes fraction", "data"), "xytext": (-3, 3), "textcoords": "offset points", "ha": "right"}
        self._guess_name = axes.annotate("guessing", (1.0, 1.0), color="#666666", fontsize=8, **place)
        self._moment = axes.axvline(0.0, color=REFERENCE, linestyle=":", linewidth=1.2)
        self._bands = [axes.fill_between([], [], [], color=colour, alpha=0.16, linewidth=0) for colour, _ in LOOKS]
        self._medians = [axes.plot([], [], marker=m, color=c, markersize=4.5, linewidth=1.5)[0] for c, m in LOOKS]
        self._lost = axes.scatter([], [], marker="x", s=45, linewidths=2.0, clip_on=False, zorder=6)

    def update(
        self, lanes: list[Lane], steps: np.ndarray, last: int, guessing_loss: float, moment: int, seeds: int
    ) -> Frame:
        """Show up to six starts, recorded at `steps` of a race of `last` steps; layers are those of step `moment`."""
        self._set_axes(last, guessing_loss)
        self._guess.set_ydata([guessing_loss, guessing_loss])
        self._guess_name.xy = 1.0, guessing_loss
        self._moment.set_xdata([moment, moment])
        for place in range(MOST):
            self._show_losses(place, lanes[place] if place < len(lanes) else None, steps)
        self._show_lost(lanes, guessing_loss)
        hidden = len(lanes[0].predicted_signal)
        curves = [
            [(lane.signal, lane.predicted_signal) for lane in lanes],
            [(lane.gradient, lane.predicted_gradient) for lane in lanes],
        ]
        changed = [panel.update(pairs, hidden) for panel, pairs in zip(self._panels, curves, strict=True)]
        if any(changed):
            self.canvas.redraw_background()
        self._name(lanes)
        return Frame(self.canvas.render(), describe(lanes, steps, last, guessing_loss, seeds), table(lanes, steps))

    def _show_losses(self, place: int, lane: Lane | None, steps: np.ndarray) -> None:
        if lane is None or len(steps) == 0:
            self._medians[place].set_data([], [])
            self._bands[place].set_data([], [], [])
            return
        low, median, high = spread(lane.losses)
        self._medians[place].set_data(steps, median)
        self._medians[place].set_markevery((place, max(1, len(steps) // MARKS)))
        self._bands[place].set_data(steps, low, high)

    def _show_lost(self, lanes: list[Lane], guessing_loss: float) -> None:
        """A cross on the upper edge where runs of a start have diverged."""
        crosses = [
            (lane.diverged_at[lane.diverged_at >= 0].min(), place)
            for place, lane in enumerate(lanes)
            if np.any(lane.diverged_at >= 0)
        ]
        self._lost.set_offsets([(at, TOP * guessing_loss) for at, _ in crosses] or np.empty((0, 2)))
        self._lost.set_color([LOOKS[place][0] for _, place in crosses] or ["none"])

    def _name(self, lanes: list[Lane]) -> None:
        names = [f"{lane.title}: {lane.words}" for lane in lanes] + [""] * (MOST - len(lanes))
        names.append("theory, for the start")
        for place, (handle, text) in enumerate(zip(self._legend.legend_handles, self._legend.texts, strict=True)):
            text.set_text(names[place])
            handle.set_visible(bool(names[place]))

    def _set_axes(self, last: int, guessing_loss: float) -> None:
        if (last, guessing_loss) != self._axis:
            self._axis = last, guessing_loss
            self._loss.set_xlim(-0.01 * last, 1.01 * last)
            self._loss.set_ylim(0, TOP * guessing_loss)
            self.canvas.redraw_background()


TITLES = "Activations h: rms by layer", "Gradients ∂C/∂z: rms by layer"


class _LayerPanel:
    """One line a start over the layers, on a logarithmic axis that holds 1, and what theory says as black dashes."""

    def __init__(self, axes: Axes, title: str):
        self._axes, self._axis = axes, ()
        axes.set_title(title)
        axes.set_yscale("log")
        axes.set_xlabel("layer")
        self._lines = [axes.plot([], [], marker=m, color=c, markersize=4, linewidth=0.8)[0] for c, m in LOOKS]
        self.predicted = [axes.plot([], [], **PREDICTED_LINE)[0] for _ in LOOKS]

    @property
    def moving(self) -> list[Artist]:
        """The artists that move."""
        return [*self._lines, *self.predicted]

    def update(self, pairs: list[tuple[np.ndarray, np.ndarray]], hidden: int) -> bool:
        """Show measured and predicted curves; give whether the axis has changed."""
        for place in range(MOST):
            measured, predicted = pairs[place] if place < len(pairs) else (np.empty(0), np.empty(0))
            self._lines[place].set_data(np.arange(1, len(measured) + 1), _drawable(measured))
            self.predicted[place].set_data(np.arange(1, len(predicted) + 1), _drawable(predicted))
        values = np.concatenate([_drawable(curve) for pair in pairs for curve in pair])
        exponents = np.log10(values[np.isfinite(values)])
        down, up = -min(exponents.min(initial=0), 0), max(exponents.max(initial=0), 0)
        return self._set_axis(step(DECADE_STEPS, down), step(DECADE_STEPS, up), step(LAYER_STEPS, hidden))

    def _set_axis(self, down: int, up: int, last: int) -> bool:
        if (down, up, last) == self._axis:
            return False
        self._axis = down, up, last
        self._axes.set_ylim(10.0**-down, 10.0**up)
        self._axes.set_yticks(10.0 ** np.unique(np.rint(np.linspace(-down, up, 5))))
        self._axes.minorticks_off()
        set_layer_axis(self._axes, last)
        return True


def _drawable(curve: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(curve) & (curve > 0), curve, np.nan)


def spread(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the least, the median and the greatest loss of the seeds still running, each `(records,)`; NaN if none."""
    alive = np.isfinite(losses).any(axis=1)
    found = np.full((3, len(losses)), np.nan)
    if alive.any():
        found[:, alive] = np.nanquantile(losses[alive], [0, 0.5, 1], axis=1)
    return tuple(found)


def table(lanes: list[Lane], steps: np.ndarray) -> dict[str, np.ndarray]:
    """Give the losses behind the picture, a row a record."""
    columns = {"step": steps}
    for lane in lanes:
        parts = zip(("least loss", "median loss", "greatest loss"), spread(lane.losses), strict=True)
        columns |= {f"{lane.title}: {what}": values for what, values in parts}
    return columns


def describe(lanes: list[Lane], steps: np.ndarray, last: int, guessing_loss: float, seeds: int) -> str:
    """Say how far the race is and where each start stands."""
    if len(steps) == 0:
        return (
            f"Nothing has run yet: {len(lanes)} starts with {seeds} seeds each are ready for {last} steps. "
            "Black dashes are what theory predicts of each start, by layer."
        )
    where = "; ".join(f"{lane.title}: {_standing(lane)}" for lane in lanes)
    return (
        f"After {steps[-1]} of {last} steps, {seeds} seeds each, median loss on examples held out "
        f"(guessing: {guessing_loss:.2f}): {where}."
    )


def _standing(lane: Lane) -> str:
    median = spread(lane.losses[-1:])[1][0]
    return lane.words if np.isnan(median) else f"{number(median)}, {lane.words}"
