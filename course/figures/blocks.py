"""Today's networks, block by block: the signal that is passed on, and what of the gradient comes back."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course.explorers.signals import verdict
from course.figures.layers import DEPTH_STEPS, LogPanel, StripPanel, step
from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import course_style

CURVES = (
    "mean square E[x²]",
    "variance of ∂C/∂x",
    "variance of ∂C/∂W ÷ batch",
)


class BlockCurves(NamedTuple):
    """Quantities by block, arrays of shape `(depth,)`: E[x²] and Var ∂C/∂x of the signal that a block passes on, and
    Var ∂C/∂W over all of its weights, divided by the batch."""

    second_moment: np.ndarray
    gradient_variance: np.ndarray
    weight_gradient_variance: np.ndarray


class BlocksPicture:
    """Four panels: densities of the signal, its mean square, its gradient, and the gradient of the weights."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.4))
            axes = figure.subplots(2, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.09, wspace=0.17, hspace=0.42)
            self._strip = StripPanel(axes[0, 0], "Signal x that each block passes on")
            self._curves = [
                LogPanel(axes[0, 1], "Forward: mean square E[x²]"),
                LogPanel(axes[1, 0], "Backward: variance of ∂C/∂x"),
                LogPanel(axes[1, 1], "Backward: variance of ∂C/∂W ÷ batch"),
            ]
            for panel in axes.flat:
                panel.set_xlabel("block")
            self._curves[0].show_legend({"theory": "theory", "measured": "measured"})
        moving = [artist for panel in (self._strip, *self._curves) for artist in panel.moving]
        self.canvas = Canvas(figure, moving, [ghost for panel in self._curves for ghost in panel.ghosts])

    def update(
        self,
        measured: BlockCurves,
        predicted: BlockCurves,
        shares: np.ndarray,
        limits: tuple[float, float],
        saturated_share: np.ndarray,
        silent_first: bool = False,
    ) -> Frame:
        """Show one network; `shares` of shape `(depth, bins)` are the densities of the signal between `limits`.

        `silent_first` says that the first weights of all branches receive a gradient of exactly 0.
        """
        last = step(DEPTH_STEPS, max(len(measured.second_moment), self._curves[0].pinned_depth))
        rows = zip(self._curves, measured, predicted, strict=True)
        changed = [panel.update(curve, theory, last) for panel, curve, theory in rows]
        if any([self._strip.update(shares, limits, last), *changed]):
            self.canvas.redraw_background()
        sentence = describe(measured, predicted, saturated_share, silent_first)
        return Frame(self.canvas.render(), sentence, table(measured, predicted, saturated_share))


def table(measured: BlockCurves, predicted: BlockCurves, saturated_share: np.ndarray) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a block."""
    columns = {"block": np.arange(1, len(saturated_share) + 1)}
    for title, curve, theory in zip(CURVES, measured, predicted, strict=True):
        columns |= {f"{title}, measured": curve, f"{title}, theory": theory}
    return columns | {"share of nearly flat slopes": saturated_share}


def describe(measured: BlockCurves, predicted: BlockCurves, saturated_share: np.ndarray, silent_first: bool) -> str:
    """Say what the network does to the signal and to the gradient, computed from the numbers of the picture."""
    forward, backward = measured.second_moment, measured.gradient_variance
    words = [_forward_words(forward, predicted.second_moment[-1])]
    if len(forward) > 1:
        words.append(_backward_words(backward, predicted.gradient_variance[0]))
    if silent_first:
        words.append("The first weights of every branch get a gradient of exactly 0, the last ones do not.")
    worst = int(np.argmax(saturated_share))
    share = saturated_share[worst]
    words.append(
        "In no block are slopes nearly flat."
        if share < 0.01
        else f"Block {worst + 1} has the most slopes that are nearly flat: {share:.0%}."
    )
    return " ".join(words)


def _forward_words(second_moment: np.ndarray, predicted: float) -> str:
    if np.isinf(second_moment).any():
        return f"Forward: overflow at block {np.argmax(np.isinf(second_moment)) + 1}."
    if (second_moment == 0).any():
        return f"Forward: nothing is left at block {np.argmax(second_moment == 0) + 1}."
    last = second_moment[-1]
    words = f"Forward: block {len(second_moment)} passes on {number(last)} times the input's mean square"
    return f"{words} (theory: {number(predicted)}): {verdict(last)}."


def _backward_words(variance: np.ndarray, predicted: float) -> str:
    if np.isinf(variance).any():
        return f"Backward: the gradient overflows at block {np.flatnonzero(np.isinf(variance))[-1] + 1}."
    if (variance == 0).any():
        return f"Backward: the gradient is exactly 0 at block {np.flatnonzero(variance == 0)[-1] + 1} and below."
    ratio = variance[0] / variance[-1]
    words = f"Backward: block 1 receives {number(ratio)} times the gradient's variance"
    return f"{words} (theory: {number(predicted)}): {verdict(ratio)}."
