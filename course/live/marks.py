"""Marks as data: a curve, a band, densities, bars. Each has the key of the numbers that it shows, and a look.

`curve("forward", MEASURED_POINTS)` declares one; `mark.on(axes)` makes its artists in a figure, which `show` moves.
Numbers along layers are given by their heights alone, `(layers,)`, all others with their places, `(x, y)`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LogNorm, Normalize

from course.live.axes import drawable
from course.live.ghosts import ghost
from course.live.words import say
from course.style import BAND, EDGE, MEASURED, REFERENCE_LINE, Look

Values = tuple[np.ndarray, np.ndarray]
"""The places and the heights for which axes must have room."""
NOTHING: Values = (np.empty(0), np.empty(0))


class Live:
    """The artists of a mark in one figure, in drawing order; `named`, the first of them, is its sign in a legend."""

    def __init__(
        self, axes: Axes, moving: Sequence[Artist], pinned: Sequence[Artist] = (), named: Artist | None = None
    ):
        self.axes, self.moving, self.named = axes, list(moving), named or moving[0]
        self.ghosts = [ghost(line) for line in pinned]

    def values(self, data: Any) -> Values:
        """Return what the axes must have room for: the data, and what is pinned."""
        kept = [tuple(np.asarray(part, float) for part in one.twin.get_data()) for one in self.ghosts]
        parts = [*kept, NOTHING if data is None else self.extent(data)]
        return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])

    def extent(self, data: Any) -> Values:
        """Return the places and heights of some data; an axis that does not follow them needs none."""
        return NOTHING

    def show(self, data: Any) -> bool | None:
        """Draw data within the limits that the axes have now; return whether what stands still has changed."""
        raise NotImplementedError


class Mark(NamedTuple):
    """What a panel shows under a key: `on(axes)` makes its artists; `label` is its name in a legend."""

    key: str
    on: Callable[[Axes], Live]
    label: str = ""


def xy(data: Any) -> Values:
    """Return places and heights; heights alone stand over the layers 1, 2, …"""
    if isinstance(data, tuple):
        x, y = data
        return np.asarray(x, float), np.asarray(y, float)
    return np.arange(1.0, len(data) + 1), np.asarray(data, float)


class Curve(Live):
    """A line or points; what has no place on a logarithmic axis, 0 and infinity, is a triangle at its edge."""

    def __init__(self, axes: Axes, *, look: Look, pin: bool, edges: bool, room: bool, markers: tuple[int, int] | None):
        self._room, self._markers = room, markers
        (self._line,) = axes.plot([], [], **look)
        self._edges = [axes.plot([], [], marker=marker, **EDGE)[0] for marker in "v^"] if edges else []
        super().__init__(axes, [self._line, *self._edges], [self._line] if pin else [])

    def values(self, data: Any) -> Values:
        return super().values(data) if self._room else NOTHING

    def extent(self, data: Any) -> Values:
        return xy(data)

    def show(self, data: Any) -> None:
        x, y = NOTHING if data is None else xy(data)
        log = self.axes.get_yscale() == "log"
        self._line.set_data(x, np.where(drawable(y, log), y, np.nan))
        if self._markers is not None:
            first, most = self._markers
            self._line.set_markevery((first, every(most, len(x))))
        gone = (y == 0) & log, np.isinf(y) & log
        for edge, there, at in zip(self._edges, gone, self.axes.get_ylim(), strict=False):
            edge.set_data(x[there], np.full(there.sum(), at))


class Band(Live):
    """What lies between two curves: `(low, high)` over the layers, or `(x, low, high)`."""

    def __init__(self, axes: Axes, *, look: Look):
        super().__init__(axes, [axes.fill_between([], [], [], **look)])

    @staticmethod
    def _edges(data: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        *x, low, high = data
        return (*xy((x[0], low) if x else low), np.asarray(high, float))

    def extent(self, data: Any) -> Values:
        x, low, high = self._edges(data)
        return np.tile(x, 2), np.concatenate([low, high])

    def show(self, data: Any) -> None:
        x, low, high = (np.empty(0),) * 3 if data is None else self._edges(data)
        self.named.set_data(x, *(np.clip(edge, *self.axes.get_ylim()) for edge in (low, high)))


class Strip(Live):
    """Densities side by side, `(layers, bins)`: a column a layer, the darker the more of its values are there."""

    def __init__(self, axes: Axes):
        axes.grid(False)
        how = {"aspect": "auto", "origin": "lower", "interpolation": "nearest"}
        super().__init__(axes, [axes.imshow(np.zeros((2, 2)), cmap="Blues", vmin=0, vmax=1, **how)])

    def extent(self, data: Any) -> Values:
        return np.array([1.0, len(data)]), np.empty(0)

    def show(self, data: Any) -> None:
        last = round(self.axes.get_xlim()[1] - 0.5)
        columns = np.zeros((data.shape[1], last))  # a layer without a number stays empty
        columns[:, : len(data)] = (data / np.maximum(data.max(axis=1, keepdims=True), 1e-9)).T
        self.named.set_data(columns**0.5)  # the square root lets thin tails be seen
        self.named.set_extent((0.5, last + 0.5, *self.axes.get_ylim()))


class Bars(Live):
    """Steps filled to the axis: `(heights, edges)`; with `orientation="horizontal"` in the look, sideways."""

    def __init__(self, axes: Axes, *, look: Look):
        super().__init__(axes, [axes.stairs([0.0], [0.1, 1.0], fill=True, **look)])

    def extent(self, data: Any) -> Values:
        heights, edges = data
        middles = (np.asarray(edges)[1:] + np.asarray(edges)[:-1]) / 2
        sideways = self.named.orientation == "horizontal"
        return (np.asarray(heights, float), middles) if sideways else (middles, np.asarray(heights, float))

    def show(self, data: Any) -> None:
        self.named.set_data(*([0.0], [0.1, 1.0]) if data is None else data)


class Paths(Live):
    """Many curves at once: heights of shape `(curves, layers)`, or `(x, heights)`; or upright bars of two heights.

    With `upright`, data are `(x, low, high)`, each of shape `(bars,)`.
    """

    def __init__(self, axes: Axes, *, look: Look, upright: bool):
        self._upright = upright
        super().__init__(axes, [axes.add_collection(LineCollection([], **look), autolim=False)])

    def _segments(self, data: Any) -> np.ndarray:
        if self._upright:
            x, low, high = (np.asarray(part, float) for part in data)
            return np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
        x, heights = data if isinstance(data, tuple) else (np.arange(1.0, data.shape[1] + 1), data)
        return np.stack([np.broadcast_to(x, heights.shape), heights], axis=2)

    def extent(self, data: Any) -> Values:
        x, y = self._segments(data).reshape(-1, 2).T
        return x, y

    def show(self, data: Any) -> None:
        segments = np.empty((0, 2, 2)) if data is None else self._segments(data)
        log = self.axes.get_yscale() == "log"
        y = segments[..., 1:]
        self.named.set_segments(np.concatenate([segments[..., :1], np.where(drawable(y, log), y, np.nan)], axis=-1))


class Level(Live):
    """A straight line across the panel at one height, or at one place where `upright`; NaN for none."""

    def __init__(self, axes: Axes, *, look: Look, upright: bool):
        self._upright = upright
        super().__init__(axes, [axes.axvline(1.0, **look) if upright else axes.axhline(1.0, **look)])

    def show(self, data: Any) -> None:
        (self.named.set_xdata if self._upright else self.named.set_ydata)([np.nan if data is None else data] * 2)


class Span(Live):
    """A shaded stretch `(low, high)` of an axis: of the vertical one, or where `upright` of the horizontal one."""

    def __init__(self, axes: Axes, *, look: Look, upright: bool):
        self._upright = upright
        super().__init__(axes, [(axes.axvspan if upright else axes.axhspan)(0.1, 1.0, **look)])

    def show(self, data: Any) -> None:
        low, high = (0.0, 0.0) if data is None else data
        (self.named.set_x if self._upright else self.named.set_y)(low)
        (self.named.set_width if self._upright else self.named.set_height)(high - low)


def curve(
    key: str,
    look: Look,
    label: str = "",
    *,
    pin: bool = True,
    edges: bool = False,
    room: bool = True,
    markers: tuple[int, int] | None = None,
) -> Mark:
    """Return a curve; `pin` lets it be kept for comparison, `edges` mark 0 and infinity on a logarithmic axis.

    Without `room` the axes do not follow it. `markers=(first, most)` marks at most so many points in even steps, from
    point `first` on, in place of them all.
    """
    return Mark(key, partial(Curve, look=look, pin=pin, edges=edges, room=room, markers=markers), label)


def band(key: str, look: Look = BAND, label: str = "") -> Mark:
    """Return the area between two curves."""
    return Mark(key, partial(Band, look=look), label)


def strip(key: str) -> Mark:
    """Return densities, a column a layer."""
    return Mark(key, Strip)


def bars(key: str, label: str = "", **look: Any) -> Mark:
    """Return filled steps."""
    return Mark(key, partial(Bars, look={"color": MEASURED, **look}), label)


def paths(key: str, look: Look, label: str = "", *, upright: bool = False) -> Mark:
    """Return many thin curves, or bars from a low to a high value where `upright`."""
    return Mark(key, partial(Paths, look=look, upright=upright), label)


def level(key: str, look: Look = REFERENCE_LINE, label: str = "", *, upright: bool = False) -> Mark:
    """Return a straight line across the panel that may move."""
    return Mark(key, partial(Level, look=look, upright=upright), label)


def span(key: str, look: Look, label: str = "", *, upright: bool = False) -> Mark:
    """Return a shaded stretch that may move."""
    return Mark(key, partial(Span, look=look, upright=upright), label)


class Heat(Live):
    """Numbers as colours, in cells that fill the panel: `(x, y, values)`, `values` of shape `(len(x), len(y))`."""

    def __init__(self, axes: Axes, *, norm: Normalize, colours: Colormap):
        axes.grid(False)
        how = {"aspect": "auto", "origin": "lower", "interpolation": "nearest", "extent": (0, 1, 0, 1)}
        image = axes.imshow(np.full((1, 1), np.nan), norm=norm, cmap=colours, transform=axes.transAxes, **how)
        super().__init__(axes, [image])

    def extent(self, data: Any) -> Values:
        x, y, _values = data
        return np.asarray(x, float), np.asarray(y, float)

    def show(self, data: Any) -> None:
        self.named.set_data(np.full((1, 1), np.nan) if data is None else data[2].T)


def heat(key: str, colours: Colormap, low: float, high: float, *, log: bool = False) -> Mark:
    """Return a map of numbers, whose colours go from `low` to `high`, in equal ratios where `log`."""
    return Mark(key, lambda axes: Heat(axes, norm=(LogNorm if log else Normalize)(low, high), colours=colours))


def every(most: int, points: int) -> int:
    """Return the step that takes at most `most` of some points."""
    return max(1, -(-points // most))


class Note(Live):
    """Words at a place `(x, y)`; they are drawn with what stands still, and so should seldom move."""

    def __init__(self, axes: Axes, *, words: str, look: Look):
        words = axes.annotate(say(words), (0, 0), visible=False, textcoords="offset points", **look)
        super().__init__(axes, [], named=words)

    def show(self, data: Any) -> bool:
        shown = self.named.xy if self.named.get_visible() else None
        self.named.set_visible(data is not None)
        self.named.xy = (0, 0) if data is None else data
        return data != shown


def note(key: str, words: str, look: Look) -> Mark:
    """Return words that stand at a place."""
    return Mark(key, partial(Note, words=words, look=look))


class Image(Live):
    """An image that fills the panel, its first row at the lower edge; `still` ones are drawn with what stands still."""

    def __init__(self, axes: Axes, *, still: bool, how: Look):
        axes.grid(False)
        image = axes.imshow(np.zeros((1, 1)), **{"aspect": "auto", "origin": "lower", **how})
        self._still, self._shown = still, None
        super().__init__(axes, [] if still else [image], named=image)

    def show(self, data: Any) -> bool:
        if data is self._shown:
            return False
        self._shown = data
        self.named.set_data(data)
        self.named.set_extent((*self.axes.get_xlim(), *self.axes.get_ylim()))
        return self._still


def image(key: str, *, still: bool = False, **how: Any) -> Mark:
    """Return an image: colours of shape `(rows, columns, 3)`, or `(rows, columns)` of a `cmap`; `how` as in imshow."""
    return Mark(key, partial(Image, still=still, how=how))
