"""Which fan should divide the variance: a tapered network, where the forward and the backward answer differ."""

import itertools
from collections.abc import Mapping

import numpy as np

from course import initializers, probes, theory
from course.explorers.signals import CURVES, by_layer, columns, pairs
from course.initializers import Scheme
from course.live.axes import Axis, Range, decades, fixed, layers, step
from course.live.controls import SEED, menu, slider, stops
from course.live.declare import explorer
from course.live.marks import bars
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import REFERENCE

MODES = {
    "fan_in, for the signal": "fan_in",
    "fan_out, for the gradient": "fan_out",
    "their mean, Xavier": "fan_avg",
}
WIDEST = probes.TAPERED_WIDTH
TAPERS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0)
"""The last layer's units over the inputs'."""
DEPTHS = (10, 20)
LAYERS = layers(*DEPTHS)
LEVEL = 1.5
"""A curve whose ends are within this factor of each other is called level."""


def scheme(mode: str) -> Scheme:
    """Return the scheme Var w = 1/fan with this fan, normal weights."""
    return Scheme(mode, f"Normal, variance 1/{mode}", 1.0, mode, "normal", "Glorot and Bengio 2010, section 4.2.1")


def tapered_widths(taper: float, depth: int) -> np.ndarray:
    """Return the units of the inputs and of `depth` layers: each about the same multiple of the one before.

    The wider end has 128 units, except that a network of one width has 64.
    """
    if taper == 1:
        return np.full(depth + 1, WIDEST // 2)
    first, last = (WIDEST, WIDEST * taper) if taper < 1 else (WIDEST / taper, WIDEST)
    return np.rint(np.geomspace(first, last, depth + 1)).astype(int)


def _from_inputs(values: np.ndarray) -> Range:
    last = int(step(DEPTHS, values.max(initial=1)))
    return Range(-0.6, last + 0.6, (0, last // 2, last))


PICTURE = Picture(
    (
        Panel(
            "Units (0: inputs)",
            Axis("layer", _from_inputs),
            fixed(0, 132, (0, 32, 64, 96, 128)),
            (bars("units", color=REFERENCE),),
        ),
        by_layer("forward", "Forward: mean square E[h²]", LAYERS, decades(2, 4), legend="lower left"),
        by_layer("gradient", "Backward: variance of ∂C/∂z", LAYERS, decades(2, 4)),
    ),
    grids=("ABC",),
    height=3.3,
    widths=(0.55, 1, 1),
)


@explorer(
    "fan_in against fan_out",
    {
        "mode": menu(MODES, label="1/Var w ="),
        "taper": stops({"{} → {}".format(*tapered_widths(taper, 1)): taper for taper in TAPERS}, label="units"),
        "depth": slider(10, 2, 20),
        "activation": menu(("linear", "tanh")),
        "seed": SEED,
    },
    PICTURE,
)
def tapered_network(mode: str, taper: float, depth: int, activation: str, seed: int) -> View:
    """Set Var w = 1/fan in a network that narrows or widens: the signal and the gradient want different fans.

    `mode` is "fan_in", "fan_out" or "fan_avg"; `taper` is the last width over the first, from 1/8 to 8.
    """
    widths = tapered_widths(taper, depth)
    stats = probes.measure_tapered(seed, widths=widths, activation=activation, scheme=scheme(mode))
    measured = {"forward": stats.activation_rms**2, "gradient": stats.preactivation_gradient_variance}
    curves = pairs(measured, predicted(widths, mode, activation))
    shape = {"inputs": ("inputs", widths[:-1]), "units": ("units", widths[1:])}
    table = Table(layer=("layer", np.arange(1, depth + 1)), **shape, **columns(curves, CURVES))
    return View(curves | {"units": (widths, np.arange(depth + 2) - 0.5)}, describe(widths, mode, curves), table)


def predicted(widths: np.ndarray, mode: str, activation: str) -> dict[str, np.ndarray]:
    """Return E[h²] and the relative variance of ∂C/∂z by layer, as the theory predicts them."""
    shapes = [tuple(map(int, shape)) for shape in itertools.pairwise(widths)]
    variance = np.array([initializers.standard_deviation(scheme(mode), shape) ** 2 for shape in shapes])
    depth, forward, backward = len(shapes), widths[:-1] * variance, widths[1:] * variance
    return {
        "forward": theory.activation_second_moments(activation, depth, forward),
        "gradient": theory.gradient_variances(activation, depth, forward, backward_weight_variance=backward),
    }


def describe(widths: np.ndarray, mode: str, curves: Mapping[str, np.ndarray]) -> str:
    """Say how the network tapers and what the two ends of each curve are."""
    first, last, depth = widths[0], widths[-1], len(widths) - 1
    shape = "The network narrows from {first} to {last} units over {depth} layers, and {mode} divides the variance of "
    if first <= last:
        shape = shape.replace("narrows from {first} to", "keeps its" if first == last else "widens from {first} to")
    up, gradient = curves["forward"][-1], curves["gradient"]
    back = gradient[0] / gradient[-1]
    return say(
        shape + "its weights. Forward, the signal {up_words}: layer {depth} carries {up} of the input's mean square "
        "(theory: {up_theory}). Backward, the gradient {back_words}: layer 1 receives {back} of the last layer's "
        "variance (theory: {back_theory}).",
        first=first,
        last=last,
        depth=depth,
        mode=mode,
        up_words=_course(up),
        up=number(up),
        up_theory=number(curves["forward.theory"][-1]),
        back_words=_course(back),
        back=number(back),
        back_theory=number(curves["gradient.theory"][0]),
    )


def _course(ratio: float) -> str:
    """Name what a curve does on its way."""
    if ratio > LEVEL:
        return say("grows")
    return say("falls") if ratio < 1 / LEVEL else say("stays level")
