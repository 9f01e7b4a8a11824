"""A network in 16 bits: which of its numbers fit, and what a loss scale brings back."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import initializers, theory
from course.activations import ACTIVATIONS
from course.figures.precision import Format, Magnitudes, PrecisionPicture
from course.initializers import SCHEMES
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes import DEEPEST, precision
from course.probes.precision import BATCH, FORMATS, WIDTH, Sizes

LOSS_SCALES = tuple(2.0**power for power in range(0, 25, 4))


def half_precision(text: str = "", **state) -> Explorer:
    """Run one network in float16, bfloat16 or float32, and lay its activations and gradients over what fits.

    `format` is a name of `FORMATS`, `loss_scale` the factor on the cost. `state` sets controls by name.
    """
    ranges = (precision.range_of(name) for name in FORMATS)
    formats = (Format(row.largest, row.smallest_normal, row.smallest_subnormal) for row in ranges)
    picture = PrecisionPicture(dict(zip(FORMATS, formats, strict=True)))

    def draw(format: str, seed: int, **network) -> Frame:
        stats = precision.measure_precision(seed, precision=format, **network)
        both = zip(stats, _predicted(**network), strict=True)
        return picture.update(format, *(_magnitudes(sizes, predicted) for sizes, predicted in both))

    return Explorer(
        _controls(), draw, picture.canvas, name="half_precision", title="Half precision", text=text, state=state
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    schemes = [(row.title, name) for name, row in SCHEMES.items() if row.distribution != "constant"]
    scales = [(f"{scale:.0f}", scale) for scale in LOSS_SCALES]
    return {
        "format": widgets.ToggleButtons(options=FORMATS, value="float16", description="format"),
        "loss_scale": widgets.SelectionSlider(options=scales, value=1.0, description="loss scale"),
        "scheme": widgets.Dropdown(options=schemes, value="glorot_normal", description="scheme"),
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="relu", description="activation"),
        "depth": widgets.IntSlider(30, 1, DEEPEST, description="depth"),
        "gain": widgets.FloatSlider(1.0, min=0.1, max=4.0, step=0.01, description="gain"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


@lru_cache(maxsize=64)
def _predicted(
    *, depth: int, scheme: str, activation: str, gain: float, loss_scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give the rms of activations and gradients by layer, in numbers without limits."""
    weight_variance = WIDTH * initializers.standard_deviation(scheme, (WIDTH, WIDTH), gain) ** 2
    forward = theory.activation_second_moments(activation, depth, weight_variance)
    backward = theory.gradient_variances(activation, depth, weight_variance)
    return np.sqrt(forward), loss_scale / BATCH * np.sqrt(backward)


def _magnitudes(sizes: Sizes, predicted: np.ndarray) -> Magnitudes:
    return Magnitudes(*sizes, predicted)
