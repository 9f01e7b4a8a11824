"""The course's main picture: what becomes of the signal and of its gradient, layer by layer."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course.figures.layers import DEPTH_STEPS, LogPanel, StripPanel, step
from course.live.canvas import Canvas, Frame, course_style

CURVES = ("mean square E[h²]", "variance of ∂C/∂z", "variance of ∂C/∂W ÷ batch")
KEPT = 10.0
"""A signal within this factor of where it started is called kept, one beyond its cube lost."""


class Curves(NamedTuple):
    """Three quantities by layer, arrays of shape `(depth,)`: E[h²], Var ∂C/∂z, and Var ∂C/∂W over the batch size."""

    second_moment: np.ndarray
    gradient_variance: np.ndarray
    weight_gradient_variance: np.ndarray


class Band(NamedTuple):
    """The middle 80 % of many networks, layer by layer; their median is the measured curve."""

    networks: int
    low: Curves
    high: Curves


class SignalPicture:
    """Four panels: densities of the activations, the forward signal, the gradient, the weight gradient."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.4))
            axes = figure.subplots(2, 2)
            figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.09, wspace=0.17, hspace=0.42)
            self._strip = StripPanel(axes[0, 0], "")
            self._forward = LogPanel(axes[0, 1], "Forward: mean square E[h²]")
            self._gradient = LogPanel(axes[1, 0], "Backward: variance of ∂C/∂z")
            self._weight_gradient = LogPanel(axes[1, 1], "Backward: variance of ∂C/∂W ÷ batch")
        self._curves = self._forward, self._gradient, self._weight_gradient
        moving = [artist for panel in (self._strip, *self._curves) for artist in panel.moving]
        self.canvas = Canvas(figure, moving, [ghost for panel in self._curves for ghost in panel.ghosts])
        self._networks = 0

    def update(
        self,
        measured: Curves,
        predicted: Curves,
        shares: np.ndarray,
        limits: tuple[float, float],
        saturated_share: np.ndarray,
        band: Band | None = None,
    ) -> Frame:
        """Show one network, or the median of many and their `band`; what theory does not predict is NaN.

        `shares` of shape `(depth, bins)` are the densities between `limits`, `saturated_share` is `(depth,)`.
        """
        last = step(DEPTH_STEPS, max(len(measured.second_moment), self._forward.pinned_depth))
        edges = [{}] * 3 if band is None else [{"band": pair} for pair in zip(band.low, band.high, strict=True)]
        rows = zip(self._curves, measured, predicted, edges, strict=True)
        changed = [panel.update(curve, theory, last, **edge) for panel, curve, theory, edge in rows]
        named = self._name(1 if band is None else band.networks)
        if any([self._strip.update(shares, limits, last), named, *changed]):
            self.canvas.redraw_background()
        sentence = describe(measured, predicted, saturated_share, band)
        return Frame(self.canvas.render(), sentence, table(measured, predicted, saturated_share, band))

    def _name(self, networks: int) -> bool:
        """Say what is shown of how many networks; give whether this has changed."""
        if networks == self._networks:
            return False
        self._networks, many = networks, networks > 1
        whose = f", of the first of {networks} networks" if many else " of each layer"
        self._strip.set_title(f"Activations h{whose}")
        names = {"measured": "median", "band": f"middle 80 % of {networks}"} if many else {"measured": "measured"}
        self._forward.show_legend({"theory": "theory", **names})
        return True


def table(
    measured: Curves, predicted: Curves, saturated_share: np.ndarray, band: Band | None = None
) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    columns = {"layer": np.arange(1, len(saturated_share) + 1)}
    for title, curve, theory in zip(CURVES, measured, predicted, strict=True):
        columns |= {f"{title}, measured": curve, f"{title}, theory": theory}
    for edge, curves in () if band is None else (("10 % below", band.low), ("90 % below", band.high)):
        columns |= {f"{title}, {edge}": curve for title, curve in zip(CURVES, curves, strict=True)}
    return columns | {"share of nearly flat slopes": saturated_share}


def describe(measured: Curves, predicted: Curves, saturated_share: np.ndarray, band: Band | None = None) -> str:
    """Say what the network does to the signal and to the gradient, computed from the numbers of the picture."""
    depth = len(saturated_share)
    if band is not None:
        return _spread_words(measured, predicted, band)
    forward = _forward_words(measured.second_moment, predicted.second_moment[-1])
    backward = _backward_words(measured.gradient_variance, predicted.gradient_variance[0])
    if depth == 1:
        backward = "With a single layer there is no way back to lose anything on."
    return f"{forward} {backward} {_saturation_words(saturated_share)}"


def _spread_words(median: Curves, predicted: Curves, band: Band) -> str:
    depth = len(median.second_moment)
    forward, low, high = (curves.second_moment[-1] for curves in (median, band.low, band.high))
    theory = _theory_words(predicted.second_moment[-1])
    kept = f"layer {depth} carries {number(forward)} of the input's mean square{theory}"
    backward, *edges = (_received(curves.gradient_variance) for curves in (median, band.low, band.high))
    theory = _theory_words(predicted.gradient_variance[0])
    received = f"layer 1 receives {number(backward)} of the gradient's variance{theory}"
    return (
        f"In the median of {band.networks} networks {kept}, and in the middle 80 % of them from {number(low)} to "
        f"{number(high)}: {verdict(forward)}. Backward, {received}, in the middle 80 % from {number(edges[0])} to "
        f"{number(edges[1])}: {verdict(backward)}."
    )


def _received(variance: np.ndarray) -> float:
    return variance[0] / variance[-1]


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
    if np.isinf(value):
        return "more than 3.4e38"
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
