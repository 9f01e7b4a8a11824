"""Which fan should divide the variance: a tapered network, where the forward and the backward answer differ."""

import itertools

import ipywidgets as widgets
import numpy as np

from course import initializers, probes, theory
from course.figures.taper import Pair, TaperPicture
from course.initializers import Scheme
from course.live.canvas import Frame
from course.live.explorer import Explorer

MODES = {
    "fan_in, for the signal": "fan_in",
    "fan_out, for the gradient": "fan_out",
    "their mean, Xavier": "fan_avg",
}
WIDEST = probes.TAPERED_WIDTH
TAPERS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0)
"""The last layer's units over the inputs'."""


def tapered_network(text: str = "", **state) -> Explorer:
    """Set Var w = 1/fan in a network that narrows or widens: the signal and the gradient want different fans.

    `mode` is "fan_in", "fan_out" or "fan_avg"; `taper` is the last width over the first, from 1/8 to 8.
    """
    picture = TaperPicture()

    def draw(mode: str, taper: float, depth: int, activation: str, seed: int) -> Frame:
        widths = tapered_widths(taper, depth)
        stats = probes.measure_tapered(seed, widths=widths, activation=activation, scheme=scheme(mode))
        forward, backward = predicted(widths, mode, activation)
        signal = Pair(stats.activation_rms**2, forward)
        return picture.update(widths, mode, signal, Pair(stats.preactivation_gradient_variance, backward))

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="tapered_network",
        title="fan_in against fan_out",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    shapes = [("{} → {}".format(*tapered_widths(taper, 1)), taper) for taper in TAPERS]
    return {
        "mode": widgets.Dropdown(options=MODES.items(), value="fan_in", description="1/Var w ="),
        "taper": widgets.SelectionSlider(options=shapes, value=1 / 8, description="units"),
        "depth": widgets.IntSlider(10, 2, 20, description="depth"),
        "activation": widgets.Dropdown(options=["linear", "tanh"], value="linear", description="activation"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


def scheme(mode: str) -> Scheme:
    """Give the scheme Var w = 1/fan with this fan, normal weights."""
    return Scheme(mode, f"Normal, variance 1/{mode}", 1.0, mode, "normal", "Glorot and Bengio 2010, section 4.2.1")


def tapered_widths(taper: float, depth: int) -> np.ndarray:
    """Give the units of the inputs and of `depth` layers: each about the same multiple of the one before.

    The wider end has 128 units, except that a network of one width has 64.
    """
    if taper == 1:
        return np.full(depth + 1, WIDEST // 2)
    first, last = (WIDEST, WIDEST * taper) if taper < 1 else (WIDEST / taper, WIDEST)
    return np.rint(np.geomspace(first, last, depth + 1)).astype(int)


def predicted(widths: np.ndarray, mode: str, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Give E[h²] and the relative variance of ∂C/∂z by layer, as the theory predicts them."""
    shapes = [tuple(map(int, shape)) for shape in itertools.pairwise(widths)]
    variance = np.array([initializers.standard_deviation(scheme(mode), shape) ** 2 for shape in shapes])
    depth, forward, backward = len(shapes), widths[:-1] * variance, widths[1:] * variance
    return (
        theory.activation_second_moments(activation, depth, forward),
        theory.gradient_variances(activation, depth, forward, backward_weight_variance=backward),
    )
