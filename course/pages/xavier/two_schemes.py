"""Two initializations of one network side by side, in Glorot and Bengio's four comparisons: 2010, figures 6 to 9."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course import initializers, probes
from course.activations import ACTIVATIONS
from course.explorers import signals
from course.live.axes import decades, fixed, layers
from course.live.canvas import fit
from course.live.controls import SEED, slider
from course.live.declare import explorer
from course.live.marks import Live, Mark, strip
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say

WIDTH = 128
WIDEST = (-3.0, 3.0)
"""The range shown of activations without bounds, and of the gradients of preactivations."""
WEIGHT_GRADIENT_LIMITS = (-20.0, 20.0)
SIDES = ("left", "right")
VARIANCES = "weight_gradient", "weight_gradient.theory"
DEPTHS = (5, 10, 20)
LAYERS, UNNAMED_LAYERS, VARIANCE = layers(*DEPTHS), layers(*DEPTHS, label=""), decades()


class Heading(Live):
    """Words above a panel's title, in smaller type where half of the picture has no room for them."""

    def __init__(self, axes: Axes):
        place = {"xycoords": axes.set_title(""), "xytext": (0, 5), "textcoords": "offset points"}
        super().__init__(axes, [axes.annotate("", (0, 1), fontweight="bold", annotation_clip=False, **place)])

    def show(self, data: str) -> None:
        self.named.set_text(data)
        fit(self.named, 9.2, min(0.42, 0.98 - self.axes.get_position().x0) * self.axes.figure.bbox.width)


def _densities(side: str, key: str, title: str, limits: tuple[float, float], *more: Mark) -> Panel:
    return Panel(title, UNNAMED_LAYERS, fixed(*limits), (strip(f"{side}.{key}"), *more), key=key)


def _variance(side: str, title: str) -> Panel:
    return signals.by_layer(f"{side}.weight_gradient", title, LAYERS, VARIANCE, pin=False)


PICTURE = Picture(
    (
        *(_densities(side, "activations", "Activations h", WIDEST, Mark(side, Heading)) for side in SIDES),
        *(_densities(side, "preactivation_gradients", "Gradients ∂C/∂z", WIDEST) for side in SIDES),
        *(_densities(side, "weight_gradients", "Gradients ∂C/∂W", WEIGHT_GRADIENT_LIMITS) for side in SIDES),
        *(_variance(side, "Var ∂C/∂W per example") for side in SIDES),
    ),
    grids=("AB;CD;EF;GH", "ACBD;EGFH"),
    height=7.8,
    legend=("left.weight_gradient", "left.weight_gradient.theory"),
    top=0.6,
    between=0.6,
)


@explorer(
    "Two initializations side by side",
    {
        "left": signals.scheme("standard_uniform"),
        "right": signals.scheme("glorot_uniform"),
        "activation": signals.ACTIVATION,
        "depth": slider(5, 1, 20),
        "seed": SEED,
    },
    PICTURE,
)
def two_schemes(left: str, right: str, activation: str, depth: int, seed: int) -> View:
    """Compare two schemes, `left` and `right`, on one network of width 128: Glorot and Bengio 2010, figures 6 to 9.

    `state` sets controls by name.
    """
    limits = probes.Limits(ACTIVATIONS[activation].shown, WIDEST, WEIGHT_GRADIENT_LIMITS)
    titles = [say(initializers.named(name).title) for name in (left, right)]
    shown, rows, measured = {}, {"layer": ("layer", np.arange(1, depth + 1))}, []
    for side, name, title in zip(SIDES, (left, right), titles, strict=True):
        network = {"depth": depth, "width": WIDTH, "activation": activation, "scheme": name, "gain": 1.0}
        stats, histograms = probes.observe(seed, limits=limits, **network)
        measured.append(signals.measured_curves(stats))
        curves = signals.pairs(measured[-1]._asdict(), signals.predicted_curves(**network)._asdict())
        shown |= {side: title} | _on(side, histograms._asdict() | {key: curves[key] for key in VARIANCES})
        rows |= _on(side, signals.columns(curves, signals.CURVES, say("{side}: ", side=say(side))))
    return View(shown, describe(titles, *measured), Table(rows), axes={"activations.y": fixed(*limits.activations)})


def _on(side: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by keys that begin with their side."""
    return {f"{side}.{key}": value for key, value in values.items()}


def describe(titles: Sequence[str], left: signals.Curves, right: signals.Curves) -> str:
    """Say what the two initializations differ in, computed from the numbers of the picture."""
    return say(
        "On the left {title}, on the right {title_right}. The activations of layer {depth} have the mean square "
        "{signal} on the left and {signal_right} on the right. At layer 1 the gradient's variance is {gradient} on "
        "the left and {gradient_right} on the right, against 1 at layer {depth}. The variance of the weight gradients "
        "{course} on the left; on the right it {course_right}.",
        title=titles[0],
        title_right=titles[1],
        depth=len(left.forward),
        signal=number(left.forward[-1]),
        signal_right=number(right.forward[-1]),
        gradient=number(left.gradient[0]),
        gradient_right=number(right.gradient[0]),
        course=_course(left.weight_gradient),
        course_right=_course(right.weight_gradient),
    )


def _course(variance: np.ndarray) -> str:
    """Say between which layers a variance differs most."""
    if np.isinf(variance).any():
        return say("overflows at layer {layer}", layer=np.argmax(np.isinf(variance)) + 1)
    if (variance == 0).any():
        return say("is exactly 0 at layer {layer}", layer=np.argmax(variance == 0) + 1)
    low, high = np.argmin(variance), np.argmax(variance)
    if low == high:
        return say("is {variance} times the batch size", variance=number(variance[0]))
    factor = number(variance[high] / variance[low])
    text = "is {factor} times as large at layer {high} as at layer {low}"
    return say(text, factor=factor, high=high + 1, low=low + 1)
