"""The loss against the learning rate for networks of many widths, in the standard parametrization and in μP."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from course import theory, training
from course.live.axes import fixed
from course.live.controls import menu, slider
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import NETWORK_WIDTHS, PAIR, PREDICTED_LINE, RING, marked_line
from course.training.parametrizations import BASE_WIDTH, PARAMETRIZATIONS
from course.training.widths import WIDTHS, WidthSweep, width_runs

STEPS = 100
OPTIMIZERS: Mapping[str, str] = MappingProxyType({"adam": "Adam", "sgd": "SGD"})


class Rates(NamedTuple):
    """Which learning rates are tried with an optimizer: powers of 2 from the first to the last."""

    first: int
    last: int

    def every(self, octaves: int) -> tuple[float, ...]:
        """Return the rates in steps of so many factors of 2."""
        return tuple(2.0**power for power in range(self.first, self.last + 1, octaves))


RATES: Mapping[str, Rates] = MappingProxyType({"adam": Rates(-13, -5), "sgd": Rates(-7, 1)})


class Grid(NamedTuple):
    """How fine a sweep is: its widths, the factors of 2 between two rates, and the seeds of each network."""

    widths: tuple[int, ...]
    octaves: int
    seeds: int


GRIDS: Mapping[str, Grid] = MappingProxyType(
    {"coarse": Grid((32, 128, 512), 2, 3), "medium": Grid(WIDTHS, 2, 3), "fine": Grid(WIDTHS, 1, 3)}
)
"""Sweeps by size."""
TOP = 3.0
"""The axis of the loss ends here, a little above the loss of guessing."""
_SIDES = tuple(zip(PARAMETRIZATIONS, ("left", "right"), strict=True))
_TICKS = {0.03: "0.03", 0.1: "0.1", 0.3: "0.3", 1.0: "1", TOP: "3"}


class Sweep(WidthSweep):
    """A sweep that knows its grid."""

    def __init__(self, optimizer: str, size: str, seed: int):
        self.grid, self.rates = GRIDS[size], RATES[optimizer].every(GRIDS[size].octaves)
        seeds = range(self.grid.seeds * seed, self.grid.seeds * (seed + 1))
        super().__init__(
            width_runs(tuple(PARAMETRIZATIONS), self.grid.widths, self.rates, seeds), optimizer, steps=STEPS
        )

    def medians(self) -> np.ndarray:
        """Return the median losses over the seeds, `(parametrizations, widths, rates)`; NaN where one still runs."""
        shape = len(PARAMETRIZATIONS), len(self.grid.widths), len(self.rates), self.grid.seeds
        return np.median(self.losses.reshape(shape), axis=-1)


def begin(optimizer: str, size: str, seed: int) -> Sweep:
    """Return the runs of a sweep."""
    return Sweep(optimizer, size, seed)


def best_rates(losses: np.ndarray, rates: tuple[float, ...]) -> np.ndarray:
    """Return the rate of the least loss of each row `(widths, rates)`, NaN for a row that still runs."""
    whole = ~np.isnan(losses).any(axis=1)
    return np.where(whole, np.array(rates)[np.where(np.isnan(losses), np.inf, losses).argmin(axis=1)], np.nan)


def predicted_rates(name: str, optimizer: str, best: np.ndarray, widths: tuple[int, ...]) -> np.ndarray:
    """Return the best rate of the narrowest network, times the power of the width that theory asks for."""
    rule = PARAMETRIZATIONS[name]
    return best[0] * (np.array(widths) / widths[0]) ** theory.rate_slope(rule.std, rule.rates[optimizer], optimizer)


def _rate_axis(optimizer: str, label: str = "learning rate"):
    low, high = (2.0 ** (power + shift) for power, shift in zip(RATES[optimizer], (-0.5, 0.5), strict=True))
    ticks = {10.0**power: f"{10.0**power:g}" for power in range(-6, 3) if low < 10.0**power < high}
    return fixed(low, high, ticks, label=label, log=True)


_AXES = {name: _rate_axis(name) for name in RATES}
_UPRIGHT = {name: _rate_axis(name, "") for name in RATES}


def _panel(side: str, label: str) -> Panel:
    marks = [
        curve(f"{side}.{width}", marked_line(*NETWORK_WIDTHS[place]), f"width {width}", pin=False)
        for place, width in enumerate(WIDTHS)
    ]
    marks.append(curve(f"{side}.best", RING, "best rate of a width", pin=False))
    return Panel("", _AXES["adam"], fixed(0.03, TOP, _TICKS, label=label, log=True), marks, key=side)


_WIDTH_AXIS = fixed(
    25, 1300, {width: str(width) for width in WIDTHS if width not in (64, 256)}, label="width", log=True
)
PICTURE = Picture(
    (
        _panel("left", "loss, held out"),
        _panel("right", ""),
        Panel(
            "best learning rate",
            _WIDTH_AXIS,
            _UPRIGHT["adam"],
            (
                *(
                    curve(f"found.{side}", marked_line(*look), PARAMETRIZATIONS[name].title, pin=False)
                    for (name, side), look in zip(_SIDES, PAIR[::-1], strict=True)
                ),
                *(
                    curve(f"theory.{side}", PREDICTED_LINE, "theory: equal hidden steps", pin=False)
                    for _name, side in _SIDES
                ),
            ),
            key="found",
        ),
    ),
    grids=("ABC",),
    height=4.6,
    legend=(*(f"left.{width}" for width in WIDTHS), "left.best", "found.left", "found.right", "theory.left"),
    columns=5,
    left=0.7,
)


@explorer(
    "The best learning rate by width",
    {
        "optimizer": menu({title: name for name, title in OPTIMIZERS.items()}, "adam"),
        "size": menu(tuple(GRIDS), "coarse", label="sweep"),
        "seed": slider(0, 0, 9, label="seeds"),
    },
    PICTURE,
    begin=begin,
)
def rates_by_width(sweep: Sweep, **_settings) -> View:
    """Train networks of many widths with many learning rates, in two parametrizations that agree at width 32.

    `state` sets controls by name.
    """
    losses, curves, best = sweep.medians(), {}, {}
    for (name, side), of_one in zip(_SIDES, losses, strict=True):
        best[name] = best_rates(of_one, sweep.rates)
        curves |= _losses(side, of_one, best[name], sweep)
        curves[f"found.{side}"] = np.array(sweep.grid.widths), best[name]
        curves[f"theory.{side}"] = (
            np.array(sweep.grid.widths),
            predicted_rates(name, sweep.optimizer, best[name], sweep.grid.widths),
        )
    titles = {"left": say("standard, {optimizer}"), "right": say("μP, {optimizer}")}
    names = {key: text.format(optimizer=say(OPTIMIZERS[sweep.optimizer])) for key, text in titles.items()}
    axes = {f"{side}.x": _AXES[sweep.optimizer] for _name, side in _SIDES} | {"found.y": _UPRIGHT[sweep.optimizer]}
    return View(curves, describe(sweep, best), table(sweep, losses), names, axes)


def _losses(side: str, losses: np.ndarray, best: np.ndarray, sweep: Sweep) -> dict[str, Any]:
    """Return the curves of one panel; a loss above its top, or infinite, is left out."""
    rates = np.array(sweep.rates)
    shown = np.where(losses < TOP, losses, np.nan)
    curves = {f"{side}.{width}": (rates, row) for width, row in zip(sweep.grid.widths, shown, strict=True)}
    least = np.where(np.isnan(best), np.nan, np.where(np.isnan(losses), np.inf, losses).min(axis=1))
    return curves | {f"{side}.best": (best, least)}


def table(sweep: Sweep, losses: np.ndarray) -> Table:
    """Return the numbers behind the picture, a row for each width and rate."""
    widths, rates = np.meshgrid(sweep.grid.widths, sweep.rates, indexing="ij")
    columns = {"width": ("width", widths.ravel()), "rate": ("learning rate", rates.ravel())}
    for name, of_one in zip(PARAMETRIZATIONS, losses, strict=True):
        columns[name] = say("{name}: loss", name=say(PARAMETRIZATIONS[name].title)), of_one.ravel()
    return Table(columns)


def describe(sweep: Sweep, best: Mapping[str, np.ndarray]) -> str:
    """Say how far the sweep is, and how the best rate of either parametrization has moved."""
    if not sweep.done:
        return say(
            "Nothing has run yet: {runs} networks, {seeds} of each kind, of the widths {widths} are ready for {steps} "
            "steps with {optimizer}. At width {base} both parametrizations are one network.",
            runs=sweep.total,
            seeds=sweep.grid.seeds,
            widths=", ".join(map(str, sweep.grid.widths)),
            steps=sweep.steps,
            optimizer=say(OPTIMIZERS[sweep.optimizer]),
            base=BASE_WIDTH,
        )
    parts = [_moved(say(PARAMETRIZATIONS[name].title), rates, sweep) for name, rates in best.items()]
    return say(
        "{done} of {total} networks have been trained for {steps} steps with {optimizer} (guessing: {guessing}). Best "
        "learning rate in the median of {seeds} seeds: {parts}.",
        done=sweep.done,
        total=sweep.total,
        seeds=sweep.grid.seeds,
        steps=sweep.steps,
        optimizer=say(OPTIMIZERS[sweep.optimizer]),
        guessing=number(training.guessing_loss(training.Setup())),
        parts="; ".join(parts),
    )


def _moved(title: str, rates: np.ndarray, sweep: Sweep) -> str:
    known = np.flatnonzero(~np.isnan(rates))
    if len(known) == 0:
        return say("{title} not known yet", title=title)
    first, last = known[0], known[-1]
    return say(
        "{title} {first:.2g} at width {narrow}, {last:.2g} at width {wide} (a factor of {factor:.3g})",
        title=title,
        first=rates[first],
        last=rates[last],
        narrow=sweep.grid.widths[first],
        wide=sweep.grid.widths[last],
        factor=rates[first] / rates[last],
    )
