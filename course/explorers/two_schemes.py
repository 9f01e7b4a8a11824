"""Two starts of the same network side by side: what each does to signals, gradients and weight gradients."""

import ipywidgets as widgets

from course import initializers, probes
from course.activations import ACTIVATIONS
from course.explorers.signal_propagation import measured_curves, predicted_curves
from course.figures.comparison import ComparisonPicture, Side, Strips
from course.initializers import SCHEMES
from course.live.canvas import Frame
from course.live.explorer import Explorer

WIDTH = 128
GRADIENT_LIMITS, WEIGHT_GRADIENT_LIMITS = (-3.0, 3.0), (-20.0, 20.0)


def two_schemes(text: str = "", **state) -> Explorer:
    """Compare two schemes, `left` and `right`, on one network of width 128: Glorot and Bengio 2010, figures 6 to 9.

    `state` sets controls by name.
    """
    picture = ComparisonPicture()

    def draw(left: str, right: str, activation: str, depth: int, seed: int) -> Frame:
        limits = Strips(ACTIVATIONS[activation].shown, GRADIENT_LIMITS, WEIGHT_GRADIENT_LIMITS)
        sides = [_side(scheme, activation, depth, seed, limits) for scheme in (left, right)]
        return picture.update(tuple(sides), limits)

    return Explorer(
        _controls(), draw, picture.canvas, name="two_schemes", title="Two starts side by side", text=text, state=state
    )


def _side(scheme: str, activation: str, depth: int, seed: int, limits: Strips) -> Side:
    network = {"depth": depth, "width": WIDTH, "activation": activation, "scheme": scheme, "gain": 1.0}
    stats, histograms = probes.observe(seed, limits=probes.Limits(*limits), **network)
    measured, predicted = measured_curves(stats), predicted_curves(**network)
    return Side(initializers.named(scheme).title, Strips(*histograms), measured, predicted)


def _controls() -> dict[str, widgets.ValueWidget]:
    schemes = [(scheme.title, name) for name, scheme in SCHEMES.items()]
    return {
        "left": widgets.Dropdown(options=schemes, value="standard_uniform", description="left"),
        "right": widgets.Dropdown(options=schemes, value="glorot_uniform", description="right"),
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="tanh", description="activation"),
        "depth": widgets.IntSlider(5, 1, 20, description="depth"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }
