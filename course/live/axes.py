"""Axes as data: a label, a scale, and limits and ticks that stand still until the values need others.

An `Axis` finds its limits from all values that are drawn along it, in every panel that names it, or one with another
label, `replace(axis, label="")`: two panels with the same axis can be compared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from course.live.words import say

Ticks = Sequence[float] | Mapping[float, str]
"""Where ticks stand, or their words by place."""
DEPTHS = (10, 25, 50, 100)
"""A layer axis ends at one of these."""
DECADES = (4, 12, 40, 80)
"""A logarithmic axis reaches from 10^-d to 10^d for one of these d."""


class Range(NamedTuple):
    """Where an axis begins and ends, and its ticks; `None` leaves them to matplotlib."""

    low: float
    high: float
    ticks: Ticks | None = None


@dataclass(frozen=True, eq=False)
class Axis:
    """A label, the range for some values (finite; positive where `log`; perhaps none), and a scale.

    `base` is that of a logarithmic scale.
    """

    label: str
    range: Callable[[np.ndarray], Range]
    log: bool = False
    base: int = 10


def step(steps: Sequence[float], needed: float) -> float:
    """Return the smallest of `steps` that is at least `needed`, or the greatest."""
    return next((candidate for candidate in steps if candidate >= needed), steps[-1])


def fixed(low: float, high: float, ticks: Ticks | None = None, *, label: str = "", **scale) -> Axis:
    """Return an axis that never moves."""
    return Axis(label, lambda _values: Range(low, high, ticks), **scale)


def layers(*steps: int, label: str = "layer") -> Axis:
    """Return an axis of layers 1 to the first of `steps` (10, 25, 50, 100) that has room for them."""
    return Axis(label, lambda values: layer_range(int(step(steps or DEPTHS, values.max(initial=1)))))


def layer_range(last: int) -> Range:
    """Return the range of an axis of the layers 1 to `last`."""
    places = np.linspace(0, last, 5 if last == 20 else 6, dtype=int)[1:]
    return Range(0.5, last + 0.5, sorted({1, *places.tolist()}))


def decades(*steps: int, label: str = "") -> Axis:
    """Return a logarithmic axis that is centred on 1, from 10^-d to 10^d for the first of the d that has room."""

    def needed(values: np.ndarray) -> Range:
        reach = step(steps or DECADES, np.abs(np.log10(values)).max(initial=0))
        return Range(10.0**-reach, 10.0**reach, 10.0 ** np.linspace(-reach, reach, 5))

    return Axis(label, needed, log=True)


def growing(*steps: float, symmetric: bool = False, label: str = "", count: int | None = None) -> Axis:
    """Return an axis from 0, or from -s where `symmetric`, to the first of `steps` that has room; `count` ticks."""

    def needed(values: np.ndarray) -> Range:
        high = step(steps, np.abs(values).max(initial=0))
        low = -high if symmetric else 0.0
        return Range(low, high, None if count is None else np.linspace(low, high, count))

    return Axis(label, needed)


def drawable(values: np.ndarray, log: bool) -> np.ndarray:
    """Say which values have a place on an axis: finite ones, and only positive ones on a logarithmic scale."""
    return np.isfinite(values) & (values > 0) if log else np.isfinite(values)


class Placed(NamedTuple):
    """What an axis shows now; equal ones need no new drawing."""

    label: str
    log: bool
    base: int
    low: float
    high: float
    ticks: tuple[float, ...] | None
    names: tuple[str, ...] | None


def place(axis: Axis, values: np.ndarray) -> Placed:
    """Find what an axis shows for the values along it."""
    low, high, ticks = axis.range(values[drawable(values, axis.log)])
    names = tuple(ticks.values()) if isinstance(ticks, Mapping) else None
    return Placed(axis.label, axis.log, axis.base, low, high, None if ticks is None else tuple(ticks), names)


def apply(axes: Axes, which: str, shown: Placed, label: str) -> None:
    """Give the axes' "x" or "y" axis this scale, range, ticks and label."""
    scale = {"base": shown.base} if shown.log else {}
    getattr(axes, f"set_{which}scale")("log" if shown.log else "linear", **scale)
    getattr(axes, f"set_{which}lim")(shown.low, shown.high)
    getattr(axes, f"set_{which}label")(label, labelpad=2)
    if shown.ticks is not None:
        getattr(axes, f"set_{which}ticks")(shown.ticks, shown.names and [say(name) for name in shown.names])
    getattr(axes, f"{which}axis").minorticks_off()


def keep_style(axes: Axes) -> None:
    """Let ticks that are made later look as those of now, whatever style is in force then.

    A style is in force in the whole process: a picture that took it up while it moves would change what a cell draws at
    that moment on another thread.
    """
    style = matplotlib.rcParams
    grid = {"grid_color": style["grid.color"], "grid_linewidth": style["grid.linewidth"]}
    for which in "xy":
        colour, size = style[f"{which}tick.color"], style[f"{which}tick.labelsize"]
        axes.tick_params(axis=which, which="both", color=colour, labelcolor=colour, labelsize=size, **grid)


def cells(ticks: Mapping[float, str], label: str = "") -> Axis:
    """Return a logarithmic axis that ends where the cells round values in equal ratios do; it shows `ticks` within."""
    return Axis(label, lambda values: cell_range(np.unique(values), ticks), log=True)


def cell_range(values: Sequence[float], ticks: Mapping[float, str]) -> Range:
    """Return where the cells round rising values in equal ratios begin and end, and which `ticks` lie within."""
    half = (values[1] / values[0]) ** 0.5
    low, high = values[0] / half, values[-1] * half
    return Range(low, high, {tick: name for tick, name in ticks.items() if low < tick < high})


def powers(*steps: int, label: str = "") -> Axis:
    """Return a logarithmic axis that holds 1, from 10^-d to 10^u for the first of these d and u that have room."""

    def needed(values: np.ndarray) -> Range:
        exponents = np.log10(values)
        low, high = -step(steps, -exponents.min(initial=0)), step(steps, exponents.max(initial=0))
        return Range(10.0**low, 10.0**high, 10.0 ** np.unique(np.rint(np.linspace(low, high, 5))))

    return Axis(label, needed, log=True)
