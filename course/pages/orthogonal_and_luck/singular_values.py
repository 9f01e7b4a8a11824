"""Singular values of a network's Jacobian: normal weights against orthogonal ones, in one picture."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import theory
from course.figures.singular_values import SingularValuesPicture, Stretches
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.products import WIDTH, jacobian_spectra
from course.theory import products

CRITICAL = {"linear": 1.0, "tanh": 1.0, "relu": 2.0**0.5}
DEPTHS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100)


def singular_values(text: str = "", **state) -> Explorer:
    """Show how far a network of 100 units a layer stretches each direction at its start.

    `gain` multiplies each activation's own: 1 for linear and tanh, √2 for relu. `input_rms` is the size of the digit at
    which the Jacobian is taken. `state` sets controls by name.
    """
    picture = SingularValuesPicture()

    def draw(depth: int, activation: str, gain: float, input_rms: float, seed: int) -> Frame:
        settings = depth, activation, gain * CRITICAL[activation], input_rms
        normal, orthogonal = (_stretches(seed, distribution, *settings) for distribution in ("normal", "orthogonal"))
        return picture.update(normal, orthogonal, depth)

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="singular_values",
        title="What happens to a direction",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "depth": widgets.SelectionSlider(options=DEPTHS, value=1, description="depth"),
        "activation": widgets.ToggleButtons(options=tuple(CRITICAL), description="activation"),
        "gain": widgets.FloatSlider(1.0, min=0.5, max=1.5, step=0.01, description="gain"),
        "input_rms": widgets.SelectionSlider(options=(0.01, 0.1, 1.0), value=1.0, description="input rms"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


@lru_cache(maxsize=64)
def _stretches(seed: int, distribution: str, depth: int, activation: str, gain: float, input_rms: float) -> Stretches:
    measured = jacobian_spectra(
        seed, depth=depth, activation=activation, distribution=distribution, gain=gain, input_rms=input_rms
    )
    return Stretches(
        *measured,
        _quantiles(distribution, depth, activation, gain),
        _rms(depth, activation, gain, input_rms),
    )


def _quantiles(distribution: str, depth: int, activation: str, gain: float) -> np.ndarray:
    """Of a linear network all singular values are predicted; of others only their root mean square."""
    if activation != "linear":
        return np.empty(0)
    shares = (np.arange(WIDTH)[::-1] + 0.5) / WIDTH
    ones = np.ones(WIDTH) if distribution == "orthogonal" else products.quantiles(depth, shares)
    return gain**depth * ones


def _rms(depth: int, activation: str, gain: float, input_rms: float) -> np.ndarray:
    """The root mean square singular value by layer: each layer multiplies its square by σ_w² E[φ'²]."""
    variances = theory.gradient_variances(activation, depth + 1, gain**2, input_second_moment=input_rms**2)
    # Counted from the last layer, they are the products of the layers' factors; from the first, these ratios.
    return np.sqrt(variances[0] / variances[1:])
