"""How far random draws stray at three widths: by depth the curves differ, by depth over width they nearly coincide."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from course.live.axes import Axis, fixed
from course.live.controls import buttons, slider, stops
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.draws import DEEPEST
from course.probes.luck import relu_draws
from course.style import PREDICTED_LINE, THREE_WIDTHS
from course.theory.luck import DISTRIBUTIONS, relu_log_factor

WIDTHS = (16, 32, 64)
POINTS = 24
"""So many points of a curve are shown, those of another width in between."""
COLUMNS = {
    "mean": "mean",
    "median": "median",
    "median.theory": "median, theory",
    "log_variance": "variance of the log",
    "log_variance.theory": "variance of the log, theory",
}
"""What draws of one width keep, by key: over the draws, and of the logarithm."""


def _up_to(end: float, label: str) -> Axis:
    return fixed(0, end, {tick: f"{tick:g}" for tick in np.linspace(0, end, 5)}, label=label)


AXES = {"depth": _up_to(100, "layer"), "depth / width": _up_to(2, "layer / width")}


def _panel(key: str, title: str, y: Axis, **panel) -> Panel:
    """Return a panel of one quantity by layer, for all widths."""
    points = zip(WIDTHS, THREE_WIDTHS, strict=True)
    measured = [curve(f"{width}.{key}", look, f"width {width}", pin=False) for width, look in points]
    predicted = [curve(f"{width}.{key}.theory", PREDICTED_LINE, "exact law", pin=False) for width in WIDTHS]
    return Panel(title, AXES["depth"], y, (*measured, *predicted), key=key, **panel)


PICTURE = Picture(
    (
        _panel(
            "median",
            "Mean square: median of the networks",
            fixed(1e-5, 1e2, 10.0 ** np.arange(-5, 3), log=True),
            reference=1.0,
        ),
        _panel("log_variance", "Variance of its logarithm", fixed(0, 12)),
    ),
    grids=("AB",),
    height=3.9,
    legend=(*(f"{width}.median" for width in WIDTHS), f"{WIDTHS[0]}.median.theory"),
)


@explorer(
    "From one random draw to the next",
    {
        "weights": buttons(DISTRIBUTIONS),
        "axis": buttons(tuple(AXES)),
        "depth": slider(DEEPEST, 2, DEEPEST),
        "networks": stops((50, 100, 200, 400), 200),
        "seed": slider(0, 0, 4),
    },
    PICTURE,
)
def luck(weights: str, axis: str, depth: int, networks: int, seed: int) -> View:
    """Draw hundreds of ReLU networks of 16, 32 and 64 units a layer, and show their median and their spread.

    The weights have the variance 2/width. `axis` is "depth" or "depth / width". `state` sets controls by name.
    """
    layers = np.arange(1, depth + 1)
    draws = {width: _draws(seed, width, networks, weights, depth) for width in WIDTHS}
    curves, columns = {}, {}
    for place, (width, kept) in enumerate(draws.items()):
        spacing = max(1, depth // POINTS)
        shown = slice(min(place * spacing // 3, depth - 1), None, spacing)
        x = layers if axis == "depth" else layers / width
        for key, title in COLUMNS.items():
            columns[f"{width}.{key}"] = f"width {width}: {title}", kept[key]
            if key != "mean":
                points = slice(None) if key.endswith(".theory") else shown
                curves[f"{width}.{key}"] = x[points], kept[key][points]
    return View(
        curves,
        describe(draws, depth, networks, weights),
        Table({"layer": ("layer", layers), **columns}),
        axes={"median.x": AXES[axis], "log_variance.x": AXES[axis]},
    )


@lru_cache(maxsize=256)
def _draws(seed: int, width: int, networks: int, distribution: str, depth: int) -> Mapping[str, np.ndarray]:
    """Return what draws of one width keep by layer, measured and predicted, by the keys of `COLUMNS`."""
    kept = relu_draws(seed, width=width, draws=networks, distribution=distribution)[:, :depth]
    factor, layers = relu_log_factor(width, distribution), np.arange(1, depth + 1)
    alive = np.where(kept > 0, kept, np.nan)  # a narrow network may die: its logarithm is left out
    return {
        "mean": kept.mean(axis=0),
        "median": np.median(kept, axis=0),
        "median.theory": np.exp(layers * factor.mean),
        "log_variance": np.nanvar(np.log(alive), axis=0),
        "log_variance.theory": layers * factor.variance,
    }


def describe(draws: Mapping[int, Mapping[str, np.ndarray]], depth: int, networks: int, weights: str) -> str:
    """Say what the median network of each width keeps at the last layer, and how far the logarithm strays."""
    kept = [
        say(
            "width {width}: {median} (theory: {median_theory}), variance of the logarithm {variance} "
            "(theory: {variance_theory})",
            width=width,
            median=number(one["median"][-1]),
            median_theory=number(one["median.theory"][-1]),
            variance=number(one["log_variance"][-1]),
            variance_theory=number(one["log_variance.theory"][-1]),
        )
        for width, one in draws.items()
    ]
    return say(
        "Median of the mean squares of {networks} ReLU networks with {weights} weights after {depth} layers: {kept}.",
        networks=networks,
        weights=say(weights),
        depth=depth,
        kept="; ".join(kept),
    )
