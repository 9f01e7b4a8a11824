"""The luck of a draw at three widths: by depth the curves differ, by depth over width they are one."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course.figures.luck import AXES, Draws, LuckPicture
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.draws import DEEPEST
from course.probes.luck import relu_draws
from course.theory.luck import DISTRIBUTIONS, relu_log_factor

WIDTHS = (16, 32, 64)


def luck(text: str = "", **state) -> Explorer:
    """Draw hundreds of ReLU networks of 16, 32 and 64 units a layer, and lay their middle and their spread together.

    The weights have the variance 2/width. `axis` is "depth" or "depth / width". `state` sets controls by name.
    """
    picture = LuckPicture()

    def draw(weights: str, axis: str, depth: int, networks: int, seed: int) -> Frame:
        draws = [_draws(seed, width, networks, weights, depth) for width in WIDTHS]
        return picture.update(draws, axis, networks, weights)

    return Explorer(_controls(), draw, picture.canvas, name="luck", title="The luck of a draw", text=text, state=state)


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "weights": widgets.ToggleButtons(options=DISTRIBUTIONS, description="weights"),
        "axis": widgets.ToggleButtons(options=AXES, description="axis"),
        "depth": widgets.IntSlider(DEEPEST, 2, DEEPEST, description="depth"),
        "networks": widgets.SelectionSlider(options=(50, 100, 200, 400), value=200, description="networks"),
        "seed": widgets.IntSlider(0, 0, 4, description="seed"),
    }


@lru_cache(maxsize=256)
def _draws(seed: int, width: int, networks: int, distribution: str, depth: int) -> Draws:
    kept = relu_draws(seed, width=width, draws=networks, distribution=distribution)[:, :depth]
    factor, layers = relu_log_factor(width, distribution), np.arange(1, depth + 1)
    alive = np.where(kept > 0, kept, np.nan)  # a narrow network may die: its logarithm is left out
    return Draws(
        width,
        kept.mean(axis=0),
        np.median(kept, axis=0),
        np.nanvar(np.log(alive), axis=0),
        np.exp(layers * factor.mean),
        layers * factor.variance,
    )
