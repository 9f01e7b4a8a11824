"""A network in 16 bits: which of its numbers fit, and what a loss scale brings back."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from course import initializers, theory
from course.activations import ACTIVATIONS
from course.explorers.signals import RANDOM_SCHEMES
from course.live.axes import fixed, layers
from course.live.controls import SEED, buttons, menu, slider, stops
from course.live.declare import explorer
from course.live.marks import band, curve, span
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes import DEEPEST
from course.probes.precision import BATCH, FORMATS, WIDTH, Range, Sizes, measure_precision, range_of
from course.style import CHOICE, LOSES, MEASURED_POINTS, OUTSIDE, PREDICTED_LINE, REFERENCE

RANGES = {name: range_of(name) for name in FORMATS}
LOSS_SCALES = {f"{2.0**power:.0f}": 2.0**power for power in range(0, 25, 4)}
NARROW = fixed(1e-11, 1e7, 10.0 ** np.arange(-10, 7, 4), log=True)
WIDE = fixed(1e-48, 1e42, 10.0 ** np.arange(-40, 41, 20), log=True)
"""The axis of sizes, for float16 and for the others."""
LAYERS = layers(10, 20, 30, 50, 100)
QUANTITIES = {"activations": "h", "gradients": "∂C/∂z"}
"""The numbers whose sizes are shown, and their symbols."""


def _draw_ranges(axes: Axes) -> None:
    """Draw a bar for each format, lighter where numbers have lost digits."""
    axes.grid(False, axis="x")
    for place, (largest, normal, subnormal, _digits) in enumerate(RANGES.values()):
        axes.bar(place, largest - normal, 0.6, bottom=normal, color=REFERENCE)
        axes.bar(place, normal - subnormal, 0.6, bottom=subnormal, color=REFERENCE, alpha=0.4)


def _sizes(key: str, title: str) -> Panel:
    """Return a panel of the sizes of some numbers by layer, over the range of a format."""
    marks = (
        span(f"{key}.above", OUTSIDE, "out of range"),
        span(f"{key}.below", OUTSIDE),
        span(f"{key}.rounded", LOSES, "loses digits"),
        band(f"{key}.band", label="smallest to largest"),
        curve(key, MEASURED_POINTS, "measured rms"),
        curve(f"{key}.theory", PREDICTED_LINE, "theory"),
    )
    return Panel(title, LAYERS, NARROW, marks, key=key)


PICTURE = Picture(
    (
        Panel(
            "What a format can hold",
            fixed(-0.6, len(FORMATS) - 0.4, dict(enumerate(FORMATS))),
            WIDE,
            (curve("format", CHOICE, "chosen format", pin=False),),
            backdrop=_draw_ranges,
        ),
        _sizes("activations", "Activations h"),
        _sizes("gradients", "Gradients ∂C/∂z"),
    ),
    grids=("ABC",),
    height=4.2,
    widths=(0.75, 1, 1),
    legend=(
        "format",
        "activations",
        "activations.theory",
        "activations.band",
        "activations.above",
        "activations.rounded",
    ),
    columns=6,
)


@explorer(
    "Half precision",
    {
        "format": buttons(FORMATS),
        "loss_scale": stops(LOSS_SCALES),
        "scheme": menu(RANDOM_SCHEMES, "glorot_normal"),
        "activation": menu(tuple(ACTIVATIONS), "relu"),
        "depth": slider(30, 1, DEEPEST),
        "gain": slider(1.0, 0.1, 4.0),
        "seed": SEED,
    },
    PICTURE,
)
def half_precision(format: str, seed: int, depth: int, **network) -> View:
    """Run one network in float16, bfloat16 or float32, and lay its activations and gradients over what fits.

    `format` is a name of `FORMATS`, `loss_scale` the factor on the cost. `state` sets controls by name.
    """
    stats = measure_precision(seed, precision=format, depth=depth, **network)
    measured, predicted = stats._asdict(), _predicted(depth=depth, **network)
    curves, columns = {"format": ([FORMATS.index(format)], [3e39])}, {}
    for key, symbol in QUANTITIES.items():
        curves |= _curves(key, measured[key], predicted[key], RANGES[format])
        columns |= _columns(key, symbol, measured[key], predicted[key])
    axis = NARROW if format == "float16" else WIDE
    return View(
        curves,
        describe(format, RANGES[format], stats.activations, stats.gradients),
        Table({"layer": ("layer", np.arange(1, depth + 1)), **columns}),
        axes={f"{key}.y": axis for key in QUANTITIES},
    )


@lru_cache(maxsize=64)
def _predicted(*, depth: int, scheme: str, activation: str, gain: float, loss_scale: float) -> Mapping[str, np.ndarray]:
    """Return the rms of activations and gradients by layer, in numbers without limits."""
    weight_variance = WIDTH * initializers.standard_deviation(scheme, (WIDTH, WIDTH), gain) ** 2
    forward = theory.activation_second_moments(activation, depth, weight_variance)
    backward = theory.gradient_variances(activation, depth, weight_variance)
    return {"activations": np.sqrt(forward), "gradients": loss_scale / BATCH * np.sqrt(backward)}


def _curves(key: str, sizes: Sizes, predicted: np.ndarray, limits: Range) -> dict[str, np.ndarray | tuple]:
    return {
        key: sizes.rms,
        f"{key}.theory": predicted,
        f"{key}.band": (sizes.smallest, sizes.largest),
        f"{key}.above": (limits.largest, 1e42),
        f"{key}.rounded": (limits.smallest_subnormal, limits.smallest_normal),
        f"{key}.below": (1e-48, limits.smallest_subnormal),
    }


def _columns(key: str, symbol: str, sizes: Sizes, predicted: np.ndarray) -> dict[str, tuple[str, np.ndarray]]:
    return {
        key: (f"rms of {symbol}, measured", sizes.rms),
        f"{key}.theory": (f"rms of {symbol}, theory", predicted),
        f"{key}.smallest": (f"smallest |{symbol}|", sizes.smallest),
        f"{key}.largest": (f"largest |{symbol}|", sizes.largest),
        f"{key}.overflow": (f"share of {symbol} too large", sizes.overflow_share),
        f"{key}.zero": (f"share of {symbol} rounded to 0", sizes.zero_share),
    }


def describe(form: str, limits: Range, activations: Sizes, gradients: Sizes) -> str:
    """Say at which layers the numbers leave the format, in the order in which they are computed."""
    overflown = np.flatnonzero(activations.overflow_share)
    if len(overflown):
        return say(
            "In {format} activations overflow at layer {layer}, past the largest number {largest}. "
            "No gradient of this network is worth anything.",
            format=form,
            layer=overflown[0] + 1,
            largest=number(limits.largest),
        )
    forward = say(
        "In {format} {activations}.", format=form, activations=_small_words("activations", activations, limits, 0)
    )
    overflown = np.flatnonzero(gradients.overflow_share)
    if len(overflown):
        return f"{forward} {say('Backward, gradients overflow at layer {layer}.', layer=overflown[-1] + 1)}"
    small, zeros = _small_words("gradients", gradients, limits, -1), _zero_words(gradients.zero_share[0])
    return f"{forward} {say('Backward, {gradients}; {zeros}.', gradients=small, zeros=zeros)}"


def _small_words(what: str, sizes: Sizes, limits: Range, first: int) -> str:
    """Say where numbers lose digits; `first` is 0 if layer 1 is computed first, and −1 if the last one is."""
    small = np.flatnonzero(sizes.rms < limits.smallest_normal)
    if not len(small):
        return say("{what} keep their digits at every layer", what=say(what))
    return say(
        "{what} fall below {smallest} and lose digits at layer {layer}",
        what=say(what),
        smallest=number(limits.smallest_normal),
        layer=small[first] + 1,
    )


def _zero_words(share: float) -> str:
    if share == 0:
        return say("none of layer 1 is rounded to 0")
    if share < 0.01:
        return say("less than 1 % of layer 1 are rounded to 0")
    return say("{share:.0%} of layer 1 are rounded to 0", share=share)
