"""One network, and the weights that each framework draws when nothing is said."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course import initializers, probes, theory
from course.activations import ACTIVATIONS
from course.explorers.signals import CURVES, columns, pairs
from course.initializers import Scheme
from course.live.axes import decades, layers
from course.live.controls import SEED, checkbox, menu, slider, stops
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import FOUR_STARTS, PREDICTED_LINE


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
STARTS = {**DEFAULTS, CHOSEN: Default(initializers.SCHEMES["he_normal"], 0.0)}
LAYERS, SIZES = layers(), decades(4, 12, 40, 120)


def _panel(key: str, title: str) -> Panel:
    """Return a panel of one quantity by layer, for all starts."""
    measured = [curve(f"{name}.{key}", points, name) for name, points in zip(STARTS, FOUR_STARTS, strict=True)]
    predicted = [curve(f"{name}.{key}.theory", PREDICTED_LINE, "theory", pin=False) for name in STARTS]
    return Panel(title, LAYERS, SIZES, (*measured, *predicted), reference=1.0)


PICTURE = Picture(
    (_panel("forward", "Forward: mean square E[h²]"), _panel("gradient", "Backward: variance of ∂C/∂z")),
    grids=("AB",),
    height=3.9,
    legend=(*(f"{name}.forward" for name in STARTS), f"{CHOSEN}.forward.theory"),
    columns=5,
)


@explorer(
    "What frameworks do when nothing is said",
    {
        "activation": menu(tuple(ACTIVATIONS), "relu"),
        "depth": slider(10, 1, probes.DEEPEST),
        "width": stops(probes.WIDTHS, probes.FIRST_WIDTH),
        "biases": checkbox(),
        "seed": SEED,
    },
    PICTURE,
)
def framework_defaults(biases: bool, depth: int, **network) -> View:
    """Start one network as Flax, Keras and PyTorch do by default, and with He's weights beside them.

    `biases` says whether PyTorch's default biases are drawn too. `state` sets controls by name.
    """
    starts = {name: _curves(default, biases, depth=depth, **network) for name, default in STARTS.items()}
    table = {f"{name}.{key}": row for name in starts for key, row in columns(starts[name], CURVES, f"{name}: ").items()}
    return View(
        {key: values for key, (_title, values) in table.items()},
        describe(starts, depth),
        Table({"layer": ("layer", np.arange(1, depth + 1)), **table}),
    )


def _curves(
    default: Default, biases: bool, *, activation: str, depth: int, width: int, seed: int
) -> Mapping[str, np.ndarray]:
    """Return E[h²], and Var ∂C/∂z relative to the last layer's, measured and predicted."""
    bias_variance = default.bias_scale / width if biases else 0.0
    network = {"depth": depth, "activation": activation, "bias_variance": bias_variance}
    stats = probes.measure(seed, width=width, scheme=default.scheme, **network)
    weight_variance = width * initializers.standard_deviation(default.scheme, (width, width)) ** 2
    predicted = activation, depth, weight_variance, bias_variance
    return pairs(
        {"forward": stats.activation_rms**2, "gradient": stats.preactivation_gradient_variance},
        {
            "forward": theory.activation_second_moments(*predicted),
            "gradient": theory.gradient_variances(*predicted),
        },
    )


def describe(starts: Mapping[str, Mapping[str, np.ndarray]], depth: int) -> str:
    """Say what each start leaves of the signal and of the gradient."""
    forward = [
        say(
            "{kept} with {start} (theory: {theory})",
            kept=number(curves["forward"][-1]),
            start=say(name),
            theory=number(curves["forward.theory"][-1]),
        )
        for name, curves in starts.items()
    ]
    words = say("Of the input's mean square layer {depth} carries {kept}.", depth=depth, kept=", ".join(forward))
    if depth == 1:
        return words
    ratios = {name: curves["gradient"][0] / curves["gradient"][-1] for name, curves in starts.items()}
    backward = [
        say("{received} with {start}", received=number(ratio), start=say(name)) for name, ratio in ratios.items()
    ]
    more = say("Of the gradient's variance layer 1 receives {received}.", received=", ".join(backward))
    return f"{words} {more}"
