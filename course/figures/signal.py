"""The course's main picture: what becomes of the signal and of its gradient, layer by layer."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course.figures.canvas import Canvas, Frame, course_style
from course.figures.layers import DEPTH_STEPS, LogPanel, StripPanel, step

KEPT = 10.0
"""A signal within this factor of where it started is called kept, one beyond its cube lost."""


class Curves(NamedTuple):
    """Three quantities by layer, arrays of shape `(depth,)`: E[h²], Var ∂C/∂z, and Var ∂C/∂W over the batch size."""

    second_moment: np.ndarray
    gradient_variance: np.ndarray
    weight_gradient_variance: np.ndarray


class SignalPicture:
    """Four panels: densities of the activations, the forward signal, the gradient, the weight gradient."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.4))
            axes = figure.subplots(2, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.09, wspace=0.17, hspace=0.42)
            self._strip = StripPanel(axes[0, 0], "Activations h: where each layer's values lie")
            self._forward = LogPanel(axes[0, 1], "Forward: mean square E[h²]")
            self._gradient = LogPanel(axes[1, 0], "Backward: variance of ∂C/∂z")
            self._weight_gradient = LogPanel(axes[1, 1], "Backward: variance of ∂C/∂W ÷ batch")
            above = {"loc": "lower right", "bbox_to_anchor": (1.01, 0.985), "borderaxespad": 0.0}
            axes[0, 1].legend(**above, ncols=2, columnspacing=0.9, handletextpad=0.4, handlelength=1.8)
        panels = self._strip, self._forward, self._gradient, self._weight_gradient
        self._canvas = Canvas(figure, [artist for panel in panels for artist in panel.moving])

    def update(
        self,
        measured: Curves,
        predicted: Curves,
        shares: np.ndarray,
        limits: tuple[float, float],
        saturated_share: np.ndarray,
    ) -> Frame:
        """Show one network; what theory does not predict is NaN.

        `shares` of shape `(depth, bins)` are the densities between `limits`, `saturated_share` is `(depth,)`.
        """
        last = step(DEPTH_STEPS, len(measured.second_moment))
        panels = self._forward, self._gradient, self._weight_gradient
        changed = [panel.update(*curves, last) for panel, *curves in zip(panels, measured, predicted, strict=True)]
        if any([self._strip.update(shares, limits, last), *changed]):
            self._canvas.redraw_background()
        return Frame(self._canvas.render(), describe(measured, predicted, saturated_share))


def describe(measured: Curves, predicted: Curves, saturated_share: np.ndarray) -> str:
    """Say what the network does to the signal and to the gradient, computed from the numbers of the picture."""
    depth = len(saturated_share)
    forward = _forward_words(measured.second_moment, predicted.second_moment[-1])
    backward = _backward_words(measured.gradient_variance, predicted.gradient_variance[0])
    if depth == 1:
        backward = "With a single layer there is no way back to lose anything on."
    return f"{forward} {backward} {_saturation_words(saturated_share)}"


def _saturation_words(share: np.ndarray) -> str:
    worst = int(np.argmax(share))
    if share[worst] < 0.01:
        return "In no layer are slopes nearly flat."
    return f"Layer {worst + 1} has the most slopes that are nearly flat: {share[worst]:.0%}."


def _forward_words(second_moment: np.ndarray, predicted: float) -> str:
    depth = len(second_moment)
    if np.isinf(second_moment).any():
        layer = int(np.argmax(np.isinf(second_moment))) + 1
        return f"Forward: overflow at layer {layer}, where the numbers pass float32's 3.4e38."
    if (second_moment == 0).any():
        layer = int(np.argmax(second_moment == 0)) + 1
        return f"Forward: nothing is left at layer {layer}, where every activation is exactly 0."
    ratio = second_moment[-1]
    carried = f"layer {depth} carries {number(ratio)} of the input's mean square"
    return f"Forward: {carried}{_theory_words(predicted)}: {verdict(ratio)}."


def _backward_words(variance: np.ndarray, predicted: float) -> str:
    if np.isinf(variance).any():
        layer = int(np.flatnonzero(np.isinf(variance))[-1]) + 1
        return f"Backward: the gradient overflows at layer {layer}."
    if (variance == 0).any():
        layer = int(np.flatnonzero(variance == 0)[-1]) + 1
        return f"Backward: the gradient is exactly 0 at layer {layer} and below."
    ratio = variance[0] / variance[-1]
    received = f"layer 1 receives {number(ratio)} of the gradient's variance"
    return f"Backward: {received}{_theory_words(predicted)}: {verdict(ratio)}."


def _theory_words(predicted: float) -> str:
    return "" if np.isnan(predicted) else f" (theory: {number(predicted)})"


def number(value: float) -> str:
    """Write a number with two digits, as a person would: 0.39, 12, 3.1e-09."""
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.1e}"


def verdict(ratio: float) -> str:
    """Name what a ratio of mean squares says: kept, shrinking or growing, vanishing or exploding."""
    if ratio > KEPT**3:
        return "exploding"
    if ratio > KEPT:
        return "growing"
    if ratio >= 1 / KEPT:
        return "kept"
    return "shrinking" if ratio >= 1 / KEPT**3 else "vanishing"
