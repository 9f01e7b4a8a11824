"""A tapered network: what its fans do to the signal on the way up and to the gradient on the way down."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course.figures.layers import LogPanel, step
from course.figures.signal import CURVES, number
from course.live.canvas import REFERENCE, Canvas, Frame, course_style

DEPTH_STEPS = (10, 20)
DECADE_STEPS = (2, 4)
LEVEL = 1.5
"""A curve whose ends are within this factor of each other is called level."""


class Pair(NamedTuple):
    """One quantity by layer, measured and predicted: two arrays of shape `(depth,)`."""

    measured: np.ndarray
    predicted: np.ndarray


class TaperPicture:
    """Three panels: the units of each layer, the forward signal, and the gradient."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.3))
            shape, forward, backward = figure.subplots(1, 3, width_ratios=(0.55, 1, 1))
            figure.subplots_adjust(left=0.055, right=0.985, top=0.9, bottom=0.15, wspace=0.2)
            self._shape_axes = shape
            shape.set_title("Units (0: inputs)")
            shape.set_xlabel("layer")
            shape.set_ylim(0, 132)
            shape.set_yticks([0, 32, 64, 96, 128])
            self._units = shape.stairs([1.0], [0, 1], fill=True, color=REFERENCE)
            self._forward = LogPanel(forward, "Forward: mean square E[h²]", DECADE_STEPS)
            self._backward = LogPanel(backward, "Backward: variance of ∂C/∂z", DECADE_STEPS)
            forward.legend(loc="lower left", ncols=2)
        self._last = 0
        moving = [self._units, *self._forward.moving, *self._backward.moving]
        self.canvas = Canvas(figure, moving, [*self._forward.ghosts, *self._backward.ghosts])

    def update(self, widths: np.ndarray, mode: str, forward: Pair, backward: Pair) -> Frame:
        """Show a network of `widths` units, inputs first, so one number more than the layers of the two pairs."""
        last = step(DEPTH_STEPS, max(len(widths) - 1, self._forward.pinned_depth))
        self._units.set_data(widths, np.arange(len(widths) + 1) - 0.5)
        changed = [self._forward.update(*forward, last), self._backward.update(*backward, last)]
        if any([self._set_shape_axis(last), *changed]):
            self.canvas.redraw_background()
        columns = {"layer": np.arange(1, len(widths)), "inputs": widths[:-1], "units": widths[1:]}
        for title, pair in zip(CURVES, (forward, backward), strict=False):
            columns |= {f"{title}, measured": pair.measured, f"{title}, theory": pair.predicted}
        return Frame(self.canvas.render(), describe(widths, mode, forward, backward), columns)

    def _set_shape_axis(self, last: int) -> bool:
        if self._last == last:
            return False
        self._last = last
        self._shape_axes.set_xlim(-0.6, last + 0.6)
        self._shape_axes.set_xticks([0, last // 2, last])
        return True


def describe(widths: np.ndarray, mode: str, forward: Pair, backward: Pair) -> str:
    """Say how the network tapers and what the two ends of each curve are."""
    depth, first, last = len(widths) - 1, widths[0], widths[-1]
    shape = "keeps its" if first == last else f"{'narrows' if first > last else 'widens'} from {first} to"
    up, back = forward.measured[-1], backward.measured[0] / backward.measured[-1]
    return (
        f"The network {shape} {last} units over {depth} layers, and {mode} divides the variance of its weights. "
        f"Forward, the signal {_course(up)}: layer {depth} carries {number(up)} of the input's mean square "
        f"(theory: {number(forward.predicted[-1])}). Backward, the gradient {_course(back)}: layer 1 receives "
        f"{number(back)} of the last layer's variance (theory: {number(backward.predicted[0])})."
    )


def _course(ratio: float) -> str:
    """Name what a curve does on its way."""
    if ratio > LEVEL:
        return "grows"
    return "falls" if ratio < 1 / LEVEL else "stays level"
