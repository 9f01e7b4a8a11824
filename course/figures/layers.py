"""Panels whose horizontal axis is the layer: their limits and ticks stand still while the values move."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from course.live.ghosts import Ghost, ghost, reach
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE, course_style

DEPTH_STEPS = (10, 25, 50, 100)
"""The layer axis ends at one of these; between two steps the curve moves and the axis does not."""
DECADE_STEPS = (4, 12, 40, 80)
"""A logarithmic axis reaches from 10^-d to 10^d for one of these d, unless a panel is given others."""

NOTHING = np.empty(0)


def step(steps: tuple[int, ...], needed: float) -> int:
    """Give the smallest of `steps` that is at least `needed`, or the greatest."""
    return next((candidate for candidate in steps if candidate >= needed), steps[-1])


def set_layer_axis(axes: Axes, last: int) -> None:
    """Let the horizontal axis cover layers 1 to `last`."""
    axes.set_xlim(0.5, last + 0.5)
    axes.set_xticks(sorted({1, *np.linspace(0, last, 5 if last == 20 else 6, dtype=int)[1:].tolist()}))


class LogPanel:
    """Measured points and predicted dashes over layers, on a logarithmic axis centred on 1.

    A measured value of 0 is a triangle on the lower edge, an infinite one a triangle on the upper edge. The axis
    reaches from 10^-d to 10^d for one d of `decade_steps`.
    """

    def __init__(self, axes: Axes, title: str, decade_steps: tuple[int, ...] = DECADE_STEPS):
        self._axes, self._decade_steps = axes, decade_steps
        self._decades = self._last = 0
        axes.set_title(title)
        axes.set_yscale("log")
        axes.set_xlabel("layer")
        axes.axhline(1.0, color=REFERENCE, linewidth=0.9)
        self._band = axes.fill_between([], [], [], color=MEASURED, alpha=0.25, linewidth=0)
        (self._predicted,) = axes.plot([], [], label="theory", **PREDICTED_LINE)
        (self._measured,) = axes.plot([], [], label="measured", **MEASURED_POINTS)
        edge = {"color": ACCENT, "linestyle": "none", "markersize": 6, "clip_on": False}
        (self._zero,) = axes.plot([], [], marker="v", **edge)
        (self._infinite,) = axes.plot([], [], marker="^", **edge)
        self.ghosts: list[Ghost] = [ghost(line) for line in (self._predicted, self._measured)]

    @property
    def moving(self) -> list[Artist]:
        """The artists that move, in drawing order."""
        return [self._band, self._measured, self._predicted, self._zero, self._infinite]

    def show_legend(self, names: Mapping[str, str]) -> None:
        """Name the "theory", the "measured" points and the "band", those that are given, in a corner."""
        artists = {"theory": self._predicted, "measured": self._measured, "band": self._band}
        with course_style():
            handles, labels = [artists[what] for what in names], list(names.values())
            self._axes.legend(handles, labels, loc="lower left", ncols=3, columnspacing=1.2, handletextpad=0.5)

    @property
    def pinned_depth(self) -> int:
        """The layers of the pinned curve, 0 where none is pinned."""
        return int(reach(self.ghosts)[0])

    def update(
        self,
        measured: np.ndarray,
        predicted: np.ndarray,
        last: int,
        *,
        band: tuple[np.ndarray, np.ndarray] = (NOTHING, NOTHING),
        beside: Sequence[np.ndarray] = (),
    ) -> bool:
        """Show two arrays of shape `(depth,)`; give whether the axis, and so the background, has changed.

        `band` has the lower and the upper edge of a band to shade. `beside` are curves of another panel that the
        axis must have room for, so that the two can be compared.
        """
        layers = np.arange(1, len(measured) + 1)
        seen = np.isfinite(measured) & (measured > 0)
        self._measured.set_data(layers[seen], measured[seen])
        drawn = np.where(np.isfinite(predicted) & (predicted > 0), predicted, np.nan)
        self._predicted.set_data(np.arange(1, len(predicted) + 1), drawn)
        pinned = [kept.twin.get_ydata() for kept in self.ghosts]
        needed = max(_decades_needed(curve) for curve in (measured, predicted, *band, *pinned, *beside))
        changed = self._set_axis(step(self._decade_steps, needed), last)
        low, high = self._axes.get_ylim()
        self._band.set_data(np.arange(1, len(band[0]) + 1), *(np.clip(edge, low, high) for edge in band))
        self._zero.set_data(layers[measured == 0], np.full(np.sum(measured == 0), low))
        self._infinite.set_data(layers[np.isinf(measured)], np.full(np.sum(np.isinf(measured)), high))
        return changed

    def _set_axis(self, decades: int, last: int) -> bool:
        if (decades, last) == (self._decades, self._last):
            return False
        self._decades, self._last = decades, last
        self._axes.set_ylim(10.0**-decades, 10.0**decades)
        self._axes.set_yticks(10.0 ** np.linspace(-decades, decades, 5))
        self._axes.minorticks_off()
        set_layer_axis(self._axes, last)
        return True


def _decades_needed(curve: np.ndarray) -> float:
    seen = curve[np.isfinite(curve) & (curve > 0)]
    return np.abs(np.log10(seen)).max(initial=0)


class StripPanel:
    """Densities side by side: one column a layer, the darker the more of the layer's values are there."""

    def __init__(self, axes: Axes, title: str):
        self._axes, self._axis = axes, None
        self.set_title(title)
        axes.set_xlabel("layer")
        axes.grid(False)
        self._image = axes.imshow(
            np.zeros((2, 2)), aspect="auto", origin="lower", cmap="Blues", vmin=0, vmax=1, interpolation="nearest"
        )

    @property
    def moving(self) -> list[Artist]:
        """The artists that move."""
        return [self._image]

    def set_title(self, title: str) -> None:
        """Say what is shown; the background has to be drawn anew."""
        with course_style():
            self._axes.set_title(title)

    def update(self, shares: np.ndarray, limits: tuple[float, float], last: int) -> bool:
        """Show shares of shape `(depth, bins)` between `limits`; give whether the background has changed.

        A row of zeros, a layer without a number, stays empty.
        """
        columns = np.zeros((shares.shape[1], last))
        columns[:, : len(shares)] = (shares / np.maximum(shares.max(axis=1, keepdims=True), 1e-9)).T
        self._image.set_data(columns**0.5)  # the square root lets thin tails be seen
        if self._axis == (limits, last):
            return False
        self._axis = limits, last
        self._image.set_extent((0.5, last + 0.5, *limits))
        self._axes.set_ylim(*limits)
        set_layer_axis(self._axes, last)
        return True
