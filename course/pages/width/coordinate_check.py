"""The coordinate check: by how much the first steps change each layer's activations, against the width."""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course import theory
from course.live.axes import fixed
from course.live.controls import menu, slider, stops
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.pages.width.rates_by_width import OPTIMIZERS
from course.style import FOUR_STARTS, PREDICTED_LINE
from course.training.parametrizations import PARAMETRIZATIONS
from course.training.widths import WIDTHS, first_steps, width_runs

STEPS, SEEDS = 4, 3
GREAT = 128
"""From this width on theory's powers, which are those of great widths, are compared with the measured ones."""
LARGEST: Mapping[str, float] = MappingProxyType({"adam": 1e-3, "sgd": 1e-1})
"""Rates at which a network of the base width learns; the rates of the picture are shares of them."""
SHARES = {"1/1000": 1e-3, "1/100": 1e-2, "1/10": 0.1, "1": 1.0}
LAYERS = ("hidden layer 1", "hidden layer 2", "outputs")
_SIDES = tuple(zip(PARAMETRIZATIONS, ("left", "right"), strict=True))


class Slope(NamedTuple):
    """A power of the width, fitted to every seed: its mean over the seeds, and that mean's standard error."""

    mean: float
    error: float


@functools.lru_cache(maxsize=16)
def measured(optimizer: str, share: float, seed: int, seeds: int = SEEDS) -> np.ndarray:
    """Return the rms of the changes, `(parametrizations, widths, seeds, steps, 3)`."""
    names = tuple(PARAMETRIZATIONS)
    runs = width_runs(names, WIDTHS, (share * LARGEST[optimizer],), range(seeds * seed, seeds * (seed + 1)))
    squares = first_steps(runs, optimizer, steps=STEPS)
    return np.sqrt(squares).reshape(len(names), len(WIDTHS), seeds, STEPS, len(LAYERS))


def fitted(changes: np.ndarray) -> Slope:
    """Fit log change `(widths, seeds)` against log width from `GREAT` on, by least squares, each seed by itself."""
    centred = _centred()
    slopes = centred @ np.log(changes[-len(centred) :]) / np.sum(centred**2)
    return Slope(float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(len(slopes))))


def _centred() -> np.ndarray:
    """Return the logarithms of the great widths, less their mean."""
    logs = np.log([width for width in WIDTHS if width >= GREAT])
    return logs - logs.mean()


def predicted(name: str, optimizer: str) -> theory.Slopes:
    """Return theory's powers of the width for the first step of a parametrization."""
    rule = PARAMETRIZATIONS[name]
    return theory.step_slopes(rule.std, rule.rates[optimizer], optimizer)


def through(changes: np.ndarray, slope: float) -> np.ndarray:
    """Return the line of a slope through the middle of the points of great width: theory does not know its level."""
    great = len(_centred())
    logs = np.log(WIDTHS)
    return np.exp(np.mean(np.log(changes[-great:])) + slope * (logs - logs[-great:].mean()))


def _panel(side: str, label: str) -> Panel:
    marks = [
        curve(f"{side}.{place}", look, name, pin=False)
        for place, (name, look) in enumerate(zip(LAYERS, FOUR_STARTS[1:], strict=True))
    ]
    marks += [
        curve(f"{side}.{place}.theory", PREDICTED_LINE, "theory's slope", pin=False) for place in range(len(LAYERS))
    ]
    ticks = {10.0**power: f"$10^{{{power}}}$" for power in range(-6, 4, 2)}
    y = fixed(3e-7, 1e3, ticks, label=label, log=True)
    return Panel("", fixed(27, 1200, {w: str(w) for w in WIDTHS}, label="width", log=True), y, marks, key=side)


PICTURE = Picture(
    (_panel("left", "rms change"), _panel("right", "")),
    grids=("AB",),
    height=4.4,
    legend=("left.0", "left.1", "left.2", "left.0.theory"),
    left=0.75,
)


@explorer(
    "The coordinate check",
    {
        "optimizer": menu({title: name for name, title in OPTIMIZERS.items()}, "sgd"),
        "share": stops(SHARES, 1e-3, label="rate, times 0.1 (Adam: 0.001)"),
        "step": slider(1, 1, STEPS, label="steps"),
        "seed": slider(0, 0, 9, label="seeds"),
    },
    PICTURE,
)
def coordinate_check(optimizer: str, share: float, step: int, seed: int) -> View:
    """Measure by how much a few steps change the activations of each layer, for widths from 32 to 1,024.

    `state` sets controls by name.
    """
    changes = measured(optimizer, share, seed)[..., step - 1, :]
    curves, columns, words = {}, {"width": ("width", np.array(WIDTHS))}, []
    for (name, side), of_one in zip(_SIDES, changes, strict=True):
        title, found = say(PARAMETRIZATIONS[name].title), []
        for place, (layer, slope) in enumerate(zip(LAYERS, predicted(name, optimizer), strict=True)):
            values = np.maximum(of_one[..., place], 1e-30)
            mean = np.sqrt(np.mean(values**2, axis=1))
            curves[f"{side}.{place}"] = np.array(WIDTHS), mean
            curves[f"{side}.{place}.theory"] = np.array(WIDTHS), through(values, slope)
            columns[f"{side}.{place}"] = say("{title}, {layer}: rms change", title=title, layer=say(layer)), mean
            found.append(
                say(
                    "{layer} {slope:.2f} (theory {theory:g})", layer=say(layer), slope=fitted(values).mean, theory=slope
                )
            )
        words.append(f"{title}: {', '.join(found)}")
    names = {side: f"{say(PARAMETRIZATIONS[name].title)}, {say(OPTIMIZERS[optimizer])}" for name, side in _SIDES}
    return View(curves, _sentence(step, words), Table(columns), names)


def _sentence(step: int, words: list[str]) -> str:
    return say(
        "By which power of the width the change grows from width {great} on, after step {step}, with {seeds} seeds. "
        "{left}. {right}.",
        great=GREAT,
        step=step,
        seeds=SEEDS,
        left=words[0],
        right=words[1],
    )
