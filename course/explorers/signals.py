"""What the pictures of a network by layer have in common: three curves, measured and predicted, and words for them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course import initializers, probes, theory
from course.activations import ACTIVATIONS
from course.initializers import SCHEMES
from course.live.axes import Axis
from course.live.controls import menu
from course.live.marks import band, curve
from course.live.panels import Panel
from course.live.quantities import Series
from course.live.words import number, say
from course.style import MEASURED_POINTS, PREDICTED_LINE

BATCH = 128
CURVES = {
    "forward": "mean square E[h²]",
    "gradient": "variance of ∂C/∂z",
    "weight_gradient": "variance of ∂C/∂W per example",
}
"""The curves' titles by their keys."""
KEPT = 10.0
"""A signal within this factor of where it started is called kept, one beyond its cube lost."""
SIGNAL = Series("the mean square of the signal", "forward", 1)
"""What pages ask a reader to sketch in the main explorer's second panel."""
ACTIVATION = menu(tuple(ACTIVATIONS), "tanh")


def scheme(value: str, **label: str):
    """Return the menu of all schemes by their titles."""
    return menu({row.title: name for name, row in SCHEMES.items()}, value, **label)


class Curves(NamedTuple):
    """Three quantities by layer, arrays of shape `(depth,)`: E[h²], Var ∂C/∂z, and Var ∂C/∂W over the batch size."""

    forward: np.ndarray
    gradient: np.ndarray
    weight_gradient: np.ndarray


def measured_curves(stats: probes.LayerStats) -> Curves:
    """Return the curves that a run has measured."""
    return Curves(
        stats.activation_rms**2, stats.preactivation_gradient_variance, stats.weight_gradient_variance / BATCH
    )


def predicted_curves(*, depth: int, width: int, activation: str, scheme: str, gain: float) -> Curves:
    """Return what theory predicts for a network of infinite width; NaN where all weights are one constant."""
    row = initializers.named(scheme)
    if row.distribution == "constant" and row.scale > 0:
        return Curves(*np.full((3, depth), np.nan))
    weight_variance = width * initializers.standard_deviation(scheme, (width, width), gain) ** 2
    return Curves(
        theory.activation_second_moments(activation, depth, weight_variance),
        theory.gradient_variances(activation, depth, weight_variance),
        np.asarray(theory.weight_gradient_variances(activation, depth, weight_variance, batch=BATCH)) / BATCH,
    )


def by_layer(key: str, title: str, x: Axis, y: Axis, *, pin: bool = True, **panel) -> Panel:
    """Return a panel of one quantity by layer: "key" is measured, "key.theory" predicted, "key.band" a spread."""
    marks = (
        band(f"{key}.band"),
        curve(key, MEASURED_POINTS, "measured", pin=pin, edges=True),
        curve(f"{key}.theory", PREDICTED_LINE, "theory", pin=pin),
    )
    return Panel(title, x, y, marks, reference=1.0, **panel)


def pairs(measured: Mapping[str, np.ndarray], predicted: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return measured and predicted curves by the keys of their marks."""
    return {
        f"{key}{end}": curves[key]
        for key in measured
        for end, curves in (("", measured), (".theory", predicted))
        if key in curves
    }


def columns(curves: Mapping[str, np.ndarray], titles: Mapping[str, str], where: str = "") -> dict[str, tuple]:
    """Return columns of curves by their keys: the title of "forward.theory" is that of "forward", and "theory".

    `where` begins the titles.
    """
    ends = {"": "measured", "theory": "theory"}
    return {
        key: (f"{where}{say(titles[key.partition('.')[0]])}, {say(ends[key.partition('.')[2]])}", values)
        for key, values in curves.items()
    }


THEORY = " (theory: {value})"
VERDICTS = ("exploding", "growing", "kept", "shrinking", "vanishing")


def verdict(ratio: float) -> str:
    """Name what a ratio of mean squares says: kept, shrinking or growing, vanishing or exploding."""
    exploding, growing, kept, shrinking, vanishing = VERDICTS
    if ratio > KEPT**3:
        return say(exploding)
    if ratio > KEPT:
        return say(growing)
    if ratio >= 1 / KEPT:
        return say(kept)
    return say(shrinking) if ratio >= 1 / KEPT**3 else say(vanishing)


def theory_words(predicted: float) -> str:
    """Return what theory says, in brackets; nothing where it says nothing."""
    return "" if np.isnan(predicted) else say(THEORY, value=number(predicted))


class Piece(NamedTuple):
    """How a picture speaks of a network's layers, or of its blocks: the word, and what it says in other words of each.

    The sentences have the fields `place`, `ratio`, `theory` and `verdict`, or `place`, `piece` and `share`, as they
    need them.
    """

    word: str
    overflow: str
    nothing: str
    forward: str
    backward: str
    gradient_overflow: str = "Backward: the gradient overflows at {piece} {place}."
    gradient_nothing: str = "Backward: the gradient is exactly 0 at {piece} {place} and below."
    flat: str = "{piece} {place} has the most slopes that are nearly flat: {share:.0%}."
    no_flat: str = "In no {piece} are slopes nearly flat."


def forward_words(piece: Piece, second_moment: np.ndarray, predicted: float) -> str:
    """Say what the pieces leave of the signal: a ratio of mean squares, or where it overflows or ends."""
    infinite, nothing = np.isinf(second_moment), second_moment == 0
    if infinite.any():
        return say(piece.overflow, place=np.argmax(infinite) + 1)
    if nothing.any():
        return say(piece.nothing, place=np.argmax(nothing) + 1)
    return _ratio_words(piece.forward, second_moment[-1], predicted, place=len(second_moment))


def backward_words(piece: Piece, variance: np.ndarray, predicted: float) -> str:
    """Say what the pieces leave of the gradient's variance on its way back, or where it overflows or ends."""
    infinite, nothing = np.isinf(variance), variance == 0
    if infinite.any():
        return say(piece.gradient_overflow, piece=say(piece.word), place=np.flatnonzero(infinite)[-1] + 1)
    if nothing.any():
        return say(piece.gradient_nothing, piece=say(piece.word), place=np.flatnonzero(nothing)[-1] + 1)
    return _ratio_words(piece.backward, variance[0] / variance[-1], predicted)


def _ratio_words(text: str, ratio: float, predicted: float, **place: int) -> str:
    return say(text, ratio=number(ratio), theory=theory_words(predicted), verdict=verdict(ratio), **place)


def flat_slope_words(piece: Piece, share: np.ndarray) -> str:
    """Say which piece has the largest share of nearly flat slopes, if it is one in a hundred or more."""
    worst = int(np.argmax(share))
    if share[worst] < 0.01:
        return say(piece.no_flat, piece=say(piece.word))
    return say(piece.flat, piece=say(piece.word).capitalize(), place=worst + 1, share=share[worst])


RANDOM_SCHEMES = {row.title: name for name, row in SCHEMES.items() if row.distribution != "constant"}
"""The schemes whose weights are drawn, by their titles."""
