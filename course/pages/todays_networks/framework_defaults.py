"""One network, and the weights that each framework draws when nothing is said."""

from typing import NamedTuple

import ipywidgets as widgets

from course import initializers, probes, theory
from course.activations import ACTIVATIONS
from course.figures.frameworks import FrameworksPicture, Start
from course.initializers import Scheme
from course.live.canvas import Frame
from course.live.explorer import Explorer


class Default(NamedTuple):
    """What a framework draws for a dense layer or a convolution: its weights' scheme, and fan_in · Var b."""

    scheme: Scheme
    bias_scale: float


LECUN = Scheme("flax", "LeCun, normal, cut at two", 1.0, "fan_in", "truncated_normal", "LeCun et al. 1998, equation 16")
DEFAULTS = {
    "Flax": Default(LECUN, 0.0),
    "Keras": Default(initializers.SCHEMES["glorot_uniform"], 0.0),
    # Equinox draws what PyTorch draws: weights and biases from U(±1/√fan_in).
    "PyTorch, Equinox": Default(initializers.SCHEMES["standard_uniform"], 1 / 3),
}
"""What the layers of each framework draw by default; a test holds this table against the frameworks themselves."""
CHOSEN = "He, chosen by hand"


def framework_defaults(text: str = "", **state) -> Explorer:
    """Start one network as Flax, Keras and PyTorch do by default, and with He's weights beside them.

    `biases` says whether PyTorch's default biases are drawn too. `state` sets controls by name.
    """
    starts = {**DEFAULTS, CHOSEN: Default(initializers.SCHEMES["he_normal"], 0.0)}
    picture = FrameworksPicture(len(starts))

    def draw(biases: bool, **network) -> Frame:
        return picture.update([_start(name, default, biases, **network) for name, default in starts.items()])

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="framework_defaults",
        title="What frameworks do when nothing is said",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="relu", description="activation"),
        "depth": widgets.IntSlider(10, 1, probes.DEEPEST, description="depth"),
        "width": widgets.SelectionSlider(options=probes.WIDTHS, value=probes.FIRST_WIDTH, description="width"),
        "biases": widgets.Checkbox(value=False, description="biases", indent=False),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


def _start(name: str, default: Default, biases: bool, *, activation: str, depth: int, width: int, seed: int) -> Start:
    bias_variance = default.bias_scale / width if biases else 0.0
    network = {"depth": depth, "activation": activation, "bias_variance": bias_variance}
    stats = probes.measure(seed, width=width, scheme=default.scheme, **network)
    weight_variance = width * initializers.standard_deviation(default.scheme, (width, width)) ** 2
    predicted = activation, depth, weight_variance, bias_variance
    return Start(
        name,
        stats.activation_rms**2,
        stats.preactivation_gradient_variance,
        theory.activation_second_moments(*predicted),
        theory.gradient_variances(*predicted),
    )
