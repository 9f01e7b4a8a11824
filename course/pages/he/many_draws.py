"""Many networks with the same start: what He's rule keeps on average, and what a single draw keeps."""

import ipywidgets as widgets
import numpy as np

from course.figures.spread import SpreadPicture, Summary
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.draws import DEEPEST
from course.probes.spread import he_relu_draws


def many_draws(text: str = "", **state) -> Explorer:
    """Draw 100 ReLU networks with He's weights, and follow one input through each of them.

    `state` sets controls by name: `depth`, `width`, and `seed`, another 100 networks each.
    """
    picture = SpreadPicture()

    def draw(depth: int, width: int, seed: int) -> Frame:
        mean_squares = he_relu_draws(seed, width=width)[:, :depth]
        low, median = np.quantile(mean_squares, [0.1, 0.5], axis=0)
        return picture.update(mean_squares, Summary(mean_squares.mean(axis=0), median, low))

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="many_draws",
        title="100 networks, drawn by the same rule",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "depth": widgets.IntSlider(50, 1, DEEPEST, description="depth"),
        "width": widgets.SelectionSlider(options=(16, 32, 64), value=32, description="width"),
        "seed": widgets.IntSlider(0, 0, 4, description="seed"),
    }
