"""The units of a hidden layer while they learn: do they ever differ?"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

MOST_UNITS = 8
STEP_STEPS = (50, 200, 1000)
WEIGHT_STEPS = (1, 3, 5, 10, 20)
LOSS_STEPS = (0.8, 1.8)
LOWEST, HIGHEST = 1e-8, 1e2
"""The axis of the differences; a difference of exactly 0 is a triangle on its lower edge."""


class UnitsRun(NamedTuple):
    """A training run up to the last step shown: `weights` of shape `(steps + 1, units)`, the others `(steps + 1,)`."""

    weights: np.ndarray
    differences: np.ndarray
    losses: np.ndarray


class UnitsPrediction(NamedTuple):
    """What units that stay identical would do: one weight and the loss, of shape `(steps + 1,)`."""

    weight: np.ndarray
    losses: np.ndarray


class UnitsPicture:
    """Three panels over the steps: one weight of every unit, the largest difference between units, the loss."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.7))
            grid = figure.add_gridspec(1, 3, width_ratios=(1.5, 1, 1))
            self._axes = [figure.add_subplot(cell) for cell in grid]
            figure.subplots_adjust(left=0.055, right=0.985, top=0.9, bottom=0.22, wspace=0.22)
            self._build_weights(self._axes[0])
            self._build_differences(self._axes[1])
            self._build_losses(self._axes[2])
            figure.legend(
                [self._numbers[0], self._ends, self._weight, self._zero],
                ["a unit: its number on its line", "measured", "predicted if all stay identical", "exactly 0"],
                loc="lower center",
                ncols=4,
            )
        weights = [*self._lines, self._weight, self._halos, *self._numbers, self._ends]
        moving = [*weights, self._difference, self._zero, self._loss, self._predicted_loss]
        self._ghosts = [ghost(line) for line in (*self._lines, self._weight)]
        self._loss_ghosts = [ghost(line) for line in (self._loss, self._predicted_loss)]
        others = [ghost(line) for line in (self._difference, self._zero)]
        self.canvas = Canvas(figure, moving, [*self._ghosts, *self._loss_ghosts, *others])
        self._shown = None

    def _build_weights(self, axes: Axes) -> None:
        axes.set_title("Weight of each unit's first input")
        axes.axhline(0.0, **REFERENCE_LINE)
        self._lines = [axes.plot([], [], color=MEASURED, linewidth=1.0)[0] for _ in range(MOST_UNITS)]
        (self._halos,) = axes.plot([], [], color="white", linestyle="none", marker="o", markersize=8)
        style = {"color": MEASURED, "linestyle": "none", "markersize": 7, "markeredgewidth": 0.4}
        self._numbers = [axes.plot([], [], marker=f"${unit + 1}$", **style)[0] for unit in range(MOST_UNITS)]
        (self._ends,) = axes.plot([], [], **MEASURED_POINTS)
        (self._weight,) = axes.plot([], [], **PREDICTED_LINE)

    def _build_differences(self, axes: Axes) -> None:
        axes.set_title("Largest difference of two units")
        axes.set_yscale("log")
        axes.set_ylim(LOWEST, HIGHEST)
        axes.set_yticks(10.0 ** np.arange(-8, 3, 2))
        axes.minorticks_off()
        (self._difference,) = axes.plot([], [], **MEASURED_POINTS)
        (self._zero,) = axes.plot(
            [], [], color=ACCENT, linestyle="none", marker="v", markersize=6, clip_on=False, zorder=5
        )

    def _build_losses(self, axes: Axes) -> None:
        axes.set_title("Loss")
        (self._loss,) = axes.plot([], [], **MEASURED_POINTS)
        (self._predicted_loss,) = axes.plot([], [], **PREDICTED_LINE)

    def update(self, run: UnitsRun, prediction: UnitsPrediction, distinct: int, weight_limit: float) -> Frame:
        """Show a run: at its end `distinct` units can be told apart, and `weight_limit` bounds its weights.

        The limit is the same for every step of one run, so that the axis stands still while steps are added.
        """
        steps = len(run.losses) - 1
        pinned_steps, pinned_weight = reach(self._ghosts)
        last = step(STEP_STEPS, max(steps, pinned_steps))
        losses = max(run.losses.max(), reach(self._loss_ghosts)[1])
        self._set_axes(last, step(WEIGHT_STEPS, max(weight_limit, pinned_weight)), step(LOSS_STEPS, losses))
        self._show_weights(run.weights, last)
        shown = np.append(np.arange(0, steps, last // 25), steps)
        exactly_0 = run.differences[shown] == 0
        self._difference.set_data(shown[~exactly_0], run.differences[shown][~exactly_0])
        self._zero.set_data(shown[exactly_0], np.full(exactly_0.sum(), LOWEST))
        self._loss.set_data(shown, run.losses[shown])
        self._weight.set_data(np.arange(steps + 1), prediction.weight)
        self._predicted_loss.set_data(np.arange(steps + 1), prediction.losses)
        return Frame(self.canvas.render(), describe(run, prediction, distinct), table(run, prediction, shown))

    def _show_weights(self, weights: np.ndarray, last: int) -> None:
        """Each unit's line, and its number at steps of its own, so that equal lines can be counted."""
        steps, units = len(weights) - 1, weights.shape[1]
        spacing = last // 14
        for line, label in zip(self._lines[units:], self._numbers[units:], strict=True):
            line.set_data([], [])
            label.set_data([], [])
        halos = []
        for unit, path in enumerate(weights.T):
            own = np.arange((unit + 1) * spacing, steps - spacing // 3, (units + 1) * spacing)
            self._lines[unit].set_data(np.arange(steps + 1), path)
            self._numbers[unit].set_data(own, path[own])
            halos.append(np.column_stack([own, path[own]]))
        self._halos.set_data(*np.concatenate(halos).T)
        self._ends.set_data(np.full(units, steps), weights[-1])

    def _set_axes(self, last: int, weight: float, loss: float) -> None:
        if (last, weight, loss) == self._shown:
            return
        self._shown = last, weight, loss
        self._axes[0].set_ylim(-weight, weight)
        self._axes[2].set_ylim(0, loss)
        for axes in self._axes:
            axes.set_xlim(-0.02 * last, 1.02 * last)
            axes.set_xticks(np.linspace(0, last, 5 if last % 4 == 0 else 6))
            axes.set_xlabel("step of training", labelpad=2)
        self.canvas.redraw_background()


def table(run: UnitsRun, prediction: UnitsPrediction, shown: np.ndarray) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row for each of the steps that are shown as points."""
    weights = {f"weight into unit {unit + 1}": path for unit, path in enumerate(run.weights.T)}
    columns = {
        **weights,
        "largest difference": run.differences,
        "loss": run.losses,
        "weight, if all stay identical": prediction.weight,
        "loss, if all stay identical": prediction.losses,
    }
    return {"step": shown} | {title: values[shown] for title, values in columns.items()}


def describe(run: UnitsRun, prediction: UnitsPrediction, distinct: int) -> str:
    """Say how many different units there are at the last step, how far apart they are, and what the loss is."""
    steps, units, difference = len(run.losses) - 1, run.weights.shape[1], run.differences[-1]
    when = f"After {steps} steps of training" if steps else "Before training"
    loss = f"the loss is {run.losses[-1]:.3f} (identical units: {prediction.losses[-1]:.3f})"
    if difference == 0:
        return f"{when} the {units} units are 1 distinct unit: no weight of theirs differs in any digit, and {loss}."
    apart = f"weights of two of them differ by up to {number(difference)}"
    if distinct == 1:
        return f"{when} the {units} units still act as 1 unit: {apart}, less than can be seen, and {loss}."
    return f"{when} the {units} units are {distinct} distinct units: {apart}, and {loss}."
