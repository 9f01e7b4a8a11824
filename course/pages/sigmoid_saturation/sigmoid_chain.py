"""A chain of one-unit sigmoid layers: how much of the gradient reaches the first."""

import ipywidgets as widgets
import numpy as np

from course.activations import ACTIVATIONS
from course.figures.sigmoid_chain import DEEPEST, ChainPicture
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.chain import run_chain


def sigmoid_chain(text: str = "", **state) -> Explorer:
    """Run a chain of up to 20 sigmoid layers of one unit, all with one weight and one bias, forward and backward.

    `state` sets controls by name: `depth`, `weight`, `bias`, and `input`, the number that enters layer 1.
    """
    picture = ChainPicture()
    peak = ACTIVATIONS["sigmoid"].peak_slope

    def draw(depth: int, weight: float, bias: float, input: float) -> Frame:
        chain = run_chain(np.full(depth, weight), np.full(depth, bias), input)
        # ∂y/∂b_l passes the slope of layer l, and a factor of at most |w| / 4 in each layer above it.
        greatest = peak * (abs(weight) * peak) ** np.arange(depth)[::-1]
        return picture.update(chain.preactivations, chain.factors, chain.bias_gradients, abs(weight) * peak, greatest)

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="sigmoid_chain",
        title="A chain of sigmoid layers",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "depth": widgets.IntSlider(4, 1, DEEPEST, description="layers"),
        "weight": widgets.FloatSlider(1.0, min=-10.0, max=10.0, step=0.1, readout_format=".1f", description="weight w"),
        "bias": widgets.FloatSlider(0.0, min=-5.0, max=5.0, step=0.1, readout_format=".1f", description="bias b"),
        "input": widgets.FloatSlider(0.5, min=0.0, max=1.0, step=0.01, description="input x"),
    }
