"""Two starts side by side, in Glorot and Bengio's four comparisons: activations, both gradients, and a variance."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from course.explorers.signals import CURVES, Curves
from course.figures.layers import LogPanel, StripPanel, step
from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import course_style

DEPTH_STEPS = (5, 10, 20)
TITLES = (
    "Activations h of each layer",
    "Gradients of the preactivations, ∂C/∂z",
    "Gradients of the weights, ∂C/∂W",
)


class Strips(NamedTuple):
    """Shares of each layer's values in bins, arrays of shape `(depth, bins)`; or the two values that the bins cover."""

    activations: np.ndarray | tuple[float, float]
    preactivation_gradients: np.ndarray | tuple[float, float]
    weight_gradients: np.ndarray | tuple[float, float]


class Side(NamedTuple):
    """One of the two networks: the name of its start, its densities, its curves measured and predicted."""

    title: str
    strips: Strips
    measured: Curves
    predicted: Curves


class ComparisonPicture:
    """Two columns of four panels: three strips of densities, and the variance of the weight gradients by layer."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 7.6))
            axes = figure.subplots(4, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.925, bottom=0.065, wspace=0.17, hspace=0.47)
            self._strips = [[StripPanel(axes[row, side], TITLES[row]) for row in range(3)] for side in (0, 1)]
            self._variances = [LogPanel(axes[3, side], "Variance of ∂C/∂W ÷ batch") for side in (0, 1)]
            self._headings = [_heading(panel) for panel in axes[0]]
            for panel in axes[:3].flat:
                panel.set_xlabel("")
            self._variances[1].show_legend({"theory": "theory", "measured": "measured"})
        panels = [*self._strips[0], *self._strips[1], *self._variances]
        self.canvas = Canvas(figure, [*(artist for panel in panels for artist in panel.moving), *self._headings])

    def update(self, sides: tuple[Side, Side], limits: Strips) -> Frame:
        """Show two networks of one depth, left and right, on the same axes."""
        last = step(DEPTH_STEPS, len(sides[0].measured.second_moment))
        changed = [self._update_side(column, sides, limits, last) for column in (0, 1)]
        if any(changed):
            self.canvas.redraw_background()
        return Frame(self.canvas.render(), describe(*sides), table(*sides))

    def _update_side(self, column: int, sides: tuple[Side, Side], limits: Strips, last: int) -> bool:
        side, other = sides[column], sides[1 - column]
        heading = self._headings[column]
        heading.set_text(side.title)
        self.canvas.fit(heading, heading.axes.get_position().width)
        changed = [
            panel.update(*strip, last) for panel, *strip in zip(self._strips[column], side.strips, limits, strict=True)
        ]
        curves = side.measured.weight_gradient_variance, side.predicted.weight_gradient_variance
        beside = other.measured.weight_gradient_variance, other.predicted.weight_gradient_variance
        return any([self._variances[column].update(*curves, last, beside=beside), *changed])


def _heading(axes: Axes) -> Text:
    """Give the words above a column, over the title of its first panel."""
    place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (0, 26), "textcoords": "offset points"}
    return axes.annotate("", fontsize=9.2, fontweight="bold", annotation_clip=False, **place)


def table(left: Side, right: Side) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer; of the first two curves the picture shows densities."""
    columns = {"layer": np.arange(1, len(left.measured.second_moment) + 1)}
    for side, where in ((left, "left"), (right, "right")):
        for title, measured, predicted in zip(CURVES, side.measured, side.predicted, strict=True):
            columns |= {f"{where}: {title}, measured": measured, f"{where}: {title}, theory": predicted}
    return columns


def describe(left: Side, right: Side) -> str:
    """Say what the two starts differ in, computed from the numbers of the picture."""
    depth = len(left.measured.second_moment)
    signals = [number(side.measured.second_moment[-1]) for side in (left, right)]
    gradients = [number(side.measured.gradient_variance[0]) for side in (left, right)]
    first, last = "layer 1", f"layer {depth}"
    return (
        f"On the left {left.title}, on the right {right.title}. The activations of {last} have the mean square "
        f"{signals[0]} on the left and {signals[1]} on the right. At {first} the gradient's variance is {gradients[0]} "
        f"on the left and {gradients[1]} on the right, against 1 at {last}. The variance of the weight gradients "
        f"{_range_words(left.measured.weight_gradient_variance)} on the left; on the right it "
        f"{_range_words(right.measured.weight_gradient_variance)}."
    )


def _range_words(variance: np.ndarray) -> str:
    if np.isinf(variance).any():
        return f"overflows at layer {np.argmax(np.isinf(variance)) + 1}"
    if (variance == 0).any():
        return f"is exactly 0 at layer {np.argmax(variance == 0) + 1}"
    low, high = np.argmin(variance), np.argmax(variance)
    if low == high:
        return f"is {number(variance[0])} times the batch size"
    factor = number(variance[high] / variance[low])
    return f"is {factor} times as large at layer {high + 1} as at layer {low + 1}"
