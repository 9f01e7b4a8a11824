"""A chain of one-unit sigmoid layers: how much of the gradient reaches the first."""

import numpy as np

from course.activations import ACTIVATIONS
from course.live.axes import Axis, Range, fixed, layer_range, step
from course.live.controls import slider
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.chain import Chain, run_chain
from course.style import MEASURED_POINTS, PREDICTED_LINE, REFERENCE

DEEPEST = 20
DECADES = (16, 40, 120)
"""The axis of the gradient reaches down to 10^-d for one of these d, and up to 10^9."""
LAYERS = Axis("layer", lambda _values: layer_range(DEEPEST))


def _downwards(values: np.ndarray) -> Range:
    decades = step(DECADES, -np.log10(values.min(initial=1)))
    return Range(10.0**-decades, 1e9, 10.0 ** np.linspace(-decades, 0, 5))


PICTURE = Picture(
    (
        Panel(
            "z (grey: |z| below 4)",
            LAYERS,
            fixed(-16, 16),
            (curve("z", MEASURED_POINTS),),
            reference=0.0,
            backdrop=lambda axes: axes.axhspan(-4, 4, color=REFERENCE, alpha=0.16, linewidth=0),
        ),
        Panel(
            "Factor |w σ'(z)|",
            LAYERS,
            fixed(1e-7, 10.0, log=True),
            (
                curve("factor", MEASURED_POINTS, "measured", edges=True),
                curve("factor.theory", PREDICTED_LINE, "theory: at most"),
            ),
            reference=1.0,
            legend="lower left",
            columns=1,
        ),
        Panel(
            "Gradient |∂y/∂b|",
            LAYERS,
            Axis("", _downwards, log=True),
            (curve("gradient", MEASURED_POINTS, edges=True), curve("gradient.theory", PREDICTED_LINE)),
            reference=1.0,
        ),
    ),
    grids=("ABC",),
    height=3.5,
)


@explorer(
    "A chain of sigmoid layers",
    {
        "depth": slider(4, 1, DEEPEST, label="layers"),
        "weight": slider(1.0, -10.0, 10.0, step=0.1, label="weight w"),
        "bias": slider(0.0, -5.0, 5.0, step=0.1, label="bias b"),
        "input": slider(0.5, 0.0, 1.0, label="input x"),
    },
    PICTURE,
)
def sigmoid_chain(depth: int, weight: float, bias: float, input: float) -> View:
    """Run a chain of up to 20 sigmoid layers of one unit, all with one weight and one bias, forward and backward.

    `state` sets controls by name: `depth`, `weight`, `bias`, and `input`, the number that enters layer 1.
    """
    chain, peak = run_chain(np.full(depth, weight), np.full(depth, bias), input), ACTIVATIONS["sigmoid"].peak_slope
    # ∂y/∂b_l passes the slope of layer l, and a factor of at most |w| / 4 in each layer above it.
    greatest = peak * (abs(weight) * peak) ** np.arange(depth)[::-1]
    curves = {
        "z": chain.preactivations,
        "factor": np.abs(chain.factors),
        "factor.theory": np.full(depth, abs(weight) * peak),
        "gradient": np.abs(chain.bias_gradients),
        "gradient.theory": greatest,
    }
    table = Table(
        layer=("layer", np.arange(1, depth + 1)),
        z=("z", chain.preactivations),
        factor=("factor w σ'(z)", chain.factors),
        gradient=("gradient ∂y/∂b", chain.bias_gradients),
        greatest=("|∂y/∂b| at most, theory", greatest),
    )
    return View(curves, describe(chain, greatest), table)


def describe(chain: Chain, greatest: np.ndarray) -> str:
    """Say how much of the gradient reaches layer 1, and which layer above it passes least of it."""
    z, factors, gradients = chain.preactivations, chain.factors, np.abs(chain.bias_gradients)
    depth = len(factors)
    if depth == 1:
        one = "One layer only: z = {z:.1f}, and ∂y/∂b is the slope there, {slope}."
        return say(one, z=z[0], slope=number(gradients[0]))
    if not factors.any():
        return say("With w = 0 no layer listens to the one below: only layer {depth} has a gradient.", depth=depth)
    here = say(
        "At layer 1 the gradient is {first} (theory: at most {greatest}), at layer {depth} it is {last}: layer 1 "
        "learns {pace}.",
        first=number(gradients[0]),
        greatest=number(greatest[0]),
        depth=depth,
        last=number(gradients[-1]),
        pace=_pace(gradients[0] / gradients[-1]),
    )
    sizes = np.abs(factors[1:])  # the gradient of b_1 does not pass through w_1
    tightest = int(np.argmin(sizes)) + 1
    factor = "Layer {layer}, at z = {z:.1f}, has the smallest factor, {factor}."
    if number(sizes.min()) == number(sizes.max()):
        factor = "Every layer above layer 1 has the factor {factor}."
    return f"{here} {say(factor, layer=tightest + 1, z=z[tightest], factor=number(sizes.min()))}"


def _pace(ratio: float) -> str:
    if ratio < 1:
        return say("{times} times slower", times=number(1 / ratio))
    return say("{times} times faster", times=number(ratio))
