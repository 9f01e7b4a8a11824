"""Two starts side by side while they train: what the layers' activations do, and what the loss does."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from course.figures.race import spread
from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import ACCENT, MEASURED, PREDICTED, REFERENCE_LINE, course_style

MOST_LAYERS = 5
LAYER_COLOURS = tuple(colormaps["viridis"](place) for place in np.linspace(0.0, 0.86, MOST_LAYERS))
LAYER_MARKERS = "os^Dv"
START_LOOKS = ((MEASURED, "o"), (ACCENT, "s"))
BARS = 8
"""As many vertical bars stand on each line."""
TOP = 1.25
"""The axis of the loss ends at this many times the loss of guessing."""
LEAST, GREATEST = 1e-6, 1e1
"""The logarithmic axis of gradients; what lies below or above is not drawn."""
SHARE_TITLE = "share of h that is saturated"


class Start(NamedTuple):
    """One of two starts, by its title; arrays of layers have shape `(records, layers)`, the first being layer 1.

    `mean` and `std` are those of the activations; `lower` is what the lower panel shows, and `predicted` `(layers,)`
    what theory says of it before training, NaN where it says nothing. `losses` and `errors` have shape
    `(records, seeds)`, NaN after a run has diverged, and `words` say what became of the seeds.
    """

    title: str
    mean: np.ndarray
    std: np.ndarray
    lower: np.ndarray
    losses: np.ndarray
    errors: np.ndarray
    words: str
    predicted: np.ndarray


class Moments(NamedTuple):
    """When the starts were looked at: `steps` `(records,)` of `last`, in `seeds` seeds, at `layers` of the network."""

    steps: np.ndarray
    last: int
    seeds: int
    layers: np.ndarray


class Lower(NamedTuple):
    """What the lower panels show: a title, and whether on a logarithmic axis; a share from 0 to 1 is not."""

    title: str = SHARE_TITLE
    logarithmic: bool = False


class LayersInTrainingPicture:
    """Six panels over the steps: two starts with activations above a second quantity, then loss and error of both."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.6))
            grid = figure.subplots(2, 3)
            figure.subplots_adjust(left=0.055, right=0.985, top=0.945, bottom=0.195, wspace=0.2, hspace=0.26)
            self._above = [_LayerLines(axes, bars=True) for axes in grid[0, :2]]
            self._below = [_LayerLines(axes, bars=False) for axes in grid[1, :2]]
            self._build_losses(grid[0, 2], grid[1, 2])
            self._axes = list(grid.flat)
            self._titles = [axes.set_title("") for axes in (*grid[0, :2], *grid[1, :2])]
            for axes in grid[1]:
                axes.set_xlabel("step of training", labelpad=2)
            looks = {"color": PREDICTED, "linestyle": "none", "marker": "_", "markersize": 9, "markeredgewidth": 2}
            self._theory = [panel.axes.plot([], [], zorder=5, **looks)[0] for panel in self._below]
            lines = [*self._above[0].lines, *self._losses, self._theory[0]]
            self._legend = figure.legend(lines, [""] * len(lines), loc="lower center", ncols=4)
        moving = [artist for panel in (*self._above, *self._below) for artist in panel.moving]
        moving += [*self._bands, *self._losses, *self._errors, *self._theory, self._guess, self._legend]
        self.canvas = Canvas(figure, moving)
        self._shown: tuple = ()

    def _build_losses(self, above: Axes, below: Axes) -> None:
        above.set_title("Loss, held out")
        below.set_title("Error, held out")
        below.set_ylim(0, 1)
        self._guess = above.axhline(1.0, **REFERENCE_LINE)
        self._bands = [above.fill_between([], [], [], color=c, alpha=0.16, linewidth=0) for c, _ in START_LOOKS]
        self._losses, self._errors = (
            [axes.plot([], [], marker=m, color=c, markersize=4)[0] for c, m in START_LOOKS] for axes in (above, below)
        )

    def update(
        self,
        starts: Sequence[Start],
        moments: Moments,
        lower: Lower,
        guessing_loss: float,
        activations: tuple[float, float],
    ) -> Frame:
        """Show two starts; `activations` are the limits of the axis for their mean and spread."""
        self._set_axes([start.title for start in starts], moments.last, lower, guessing_loss, activations)
        self._guess.set_ydata([guessing_loss, guessing_loss])
        for start, above, below in zip(starts, self._above, self._below, strict=True):
            above.update(moments, start.mean, start.std)
            below.update(moments, np.where(start.lower > 0, start.lower, np.nan) if lower.logarithmic else start.lower)
        for place, start in enumerate(starts):
            self._theory[place].set_data(np.zeros(len(start.predicted)), start.predicted)
            low, median, high = spread(start.losses)
            self._bands[place].set_data(moments.steps, low, high)
            self._losses[place].set_data(moments.steps, median)
            self._errors[place].set_data(moments.steps, spread(start.errors)[1])
            for line in (self._losses[place], self._errors[place]):
                line.set_markevery(max(1, len(moments.steps) // BARS))
        self._name(starts, moments.layers)
        return Frame(self.canvas.render(), describe(starts, moments, lower), table(starts, moments, lower))

    def _set_axes(self, titles: list[str], last: int, lower: Lower, guessing_loss: float, limits: tuple) -> None:
        if (titles, last, lower, guessing_loss, limits) == self._shown:
            return
        self._shown = titles, last, lower, guessing_loss, limits
        for axes in self._axes:
            axes.set_xlim(-0.045 * last, 1.045 * last)
            axes.set_xticks(np.linspace(0, last, 3))
        self._axes[2].set_ylim(0, TOP * guessing_loss)
        names = [f"{title}: mean ± std of h" for title in titles] + [lower.title] * len(titles)
        for title, name in zip(self._titles, names, strict=True):
            title.set_text(name)
        for above, below in zip(self._axes[:2], self._axes[3:5], strict=True):
            above.set_ylim(*limits)
            below.set_yscale("log" if lower.logarithmic else "linear")
            below.set_ylim(*((LEAST, GREATEST) if lower.logarithmic else (-0.02, 1.02)))
            below.minorticks_off()
        self.canvas.redraw_background()

    def _name(self, starts: Sequence[Start], layers: np.ndarray) -> None:
        names = [f"layer {layer}" for layer in layers] + [""] * (MOST_LAYERS - len(layers))
        names += [*(start.title for start in starts), "theory, at step 0"]
        for name, handle, text in zip(names, self._legend.legend_handles, self._legend.texts, strict=True):
            text.set_text(name)
            handle.set_visible(bool(name))


class _LayerLines:
    """One line a layer over the steps; with `bars`, vertical ones for the spread, each layer's a little aside."""

    def __init__(self, axes: Axes, bars: bool):
        looks, self.axes = zip(LAYER_COLOURS, LAYER_MARKERS, strict=True), axes
        self.lines = [axes.plot([], [], color=c, marker=m, markersize=4, linewidth=1.2)[0] for c, m in looks]
        self._bars = [LineCollection([], colors=[c], linewidths=1.2) for c in LAYER_COLOURS] if bars else []
        for collection in self._bars:
            axes.add_collection(collection, autolim=False)

    @property
    def moving(self) -> list[Artist]:
        """The artists that move."""
        return [*self._bars, *self.lines]

    def update(self, moments: Moments, values: np.ndarray, std: np.ndarray | None = None) -> None:
        """Show `values` `(records, layers)`, and `std` of the same shape as bars."""
        marked = np.unique(np.rint(np.linspace(0, len(moments.steps) - 1, BARS)).astype(int)) if len(values) else []
        for place, line in enumerate(self.lines):
            shown = place < len(moments.layers) and len(values) > 0
            aside = (place - MOST_LAYERS / 2) * 0.012 * moments.last
            line.set_data(*((moments.steps + aside, values[:, place]) if shown else ([], [])))
            line.set_markevery(list(marked) if shown else None)
            if std is not None:
                middle, half = (part[marked, place] if shown else np.empty(0) for part in (values, std))
                x = (moments.steps + aside)[marked] if shown else middle
                ends = np.stack([np.stack([x, middle - half], axis=1), np.stack([x, middle + half], axis=1)], axis=1)
                self._bars[place].set_segments(ends)


def table(starts: Sequence[Start], moments: Moments, lower: Lower) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a record."""
    columns = {"step": moments.steps}
    for start in starts:
        columns[f"{start.title}: median loss"] = spread(start.losses)[1]
        columns[f"{start.title}: median error"] = spread(start.errors)[1]
        for place, layer in enumerate(moments.layers):
            columns[f"{start.title}: mean of h, layer {layer}"] = start.mean[:, place]
            columns[f"{start.title}: std of h, layer {layer}"] = start.std[:, place]
            columns[f"{start.title}: {lower.title}, layer {layer}"] = start.lower[:, place]
    return columns


def describe(starts: Sequence[Start], moments: Moments, lower: Lower) -> str:
    """Say how far the training is, and where each start and its first and last layer stand."""
    names = " and ".join(start.title for start in starts)
    if len(moments.steps) == 0:
        return f"Nothing has run yet: {names} are ready, {moments.seeds} seeds each, {moments.last} steps."
    parts = "; ".join(f"{start.title}: {_standing(start, moments.layers, lower)}" for start in starts)
    return f"After {moments.steps[-1]} of {moments.last} steps, {moments.seeds} seeds each: {parts}."


def _standing(start: Start, layers: np.ndarray, lower: Lower) -> str:
    if not np.isfinite(start.losses[-1]).any():
        return start.words
    said = [
        f"layer {layers[place]} has h = {start.mean[-1, place]:.2f} ± {start.std[-1, place]:.2f}, "
        f"{lower.title} {number(start.lower[-1, place])}"
        for place in (0, -1)
    ]
    loss, error = spread(start.losses[-1:])[1][0], spread(start.errors[-1:])[1][0]
    return f"{start.words}, median loss {number(loss)}, error {error:.0%}; {', '.join(said)}"
