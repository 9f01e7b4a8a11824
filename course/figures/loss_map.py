"""Two maps of a loss over gain and learning rate, side by side: where a network learns, and where it does not."""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import MEASURED, PREDICTED_LINE, course_style

GAIN_TICKS = {1 / 16: "1/16", 1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1: "1", 2: "2", 4: "4", 8: "8", 16: "16"}
RATE_TICKS = {10.0**power: f"{10.0**power:g}" for power in range(-6, 4)}
TOP = 1.05
"""The colours end at this many times the loss of guessing; what is above has a colour of its own."""
NOTHING_YET, WORSE, CROSS = "#eeeeee", "#8f8f8f", "#404040"
HALO = [withStroke(linewidth=3, foreground="white")]
"""Lines lie over dark colours and light ones."""


class Sweep(NamedTuple):
    """What both maps share: `gains` and `rates` in equal ratios, and the moment, a step of a run of `steps`.

    `guessing_loss` is what it costs to ignore the inputs; below `learned_loss` we say that a network has learned.
    """

    gains: np.ndarray
    rates: np.ndarray
    seeds: int
    step: int
    steps: int
    guessing_loss: float
    learned_loss: float


class Side(NamedTuple):
    """One of the two maps: `losses` and `diverged` have shape `(gains, rates, seeds)`.

    Losses are NaN where nothing has run yet, and where a run has diverged. `kept` is the gain that theory says keeps
    the signal, or `None` where there is not just one; `theory` says it in words.
    """

    title: str
    losses: np.ndarray
    diverged: np.ndarray
    kept: float | None
    theory: str


class LossMapPicture:
    """Two maps with one scale of colours: the median loss of the seeds over gain and learning rate."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 5.0))
            grid = figure.add_gridspec(1, 3, width_ratios=(1, 1, 0.045))
            figure.subplots_adjust(left=0.075, right=0.915, top=0.93, bottom=0.2, wspace=0.14)
            self._maps = [_Map(figure.add_subplot(grid[0, place])) for place in (0, 1)]
            self._maps[0].axes.set_ylabel("learning rate")
            self._maps[1].axes.tick_params(labelleft=False)
            self._colours = ScalarMappable(Normalize(0, 1), _colours())
            self._bar = figure.colorbar(self._colours, figure.add_subplot(grid[0, 2]), extend="max", extendfrac=0.06)
            self._bar.ax.set_title("loss")
            names = ["best rate of a gain", "theory: this gain keeps the signal", "diverged", "worse than guessing"]
            figure.legend([*self._maps[0].named, Patch(color=WORSE)], names, loc="lower center", ncols=4)
            self.canvas = Canvas(figure, [artist for part in self._maps for artist in part.moving])
        self._shown: tuple = ()

    def update(self, left: Side, right: Side, sweep: Sweep) -> Frame:
        """Show both sides of a sweep."""
        for part, side in zip(self._maps, (left, right), strict=True):
            part.update(side, sweep)
        shown = left.title, right.title, tuple(sweep.gains), tuple(sweep.rates), sweep.guessing_loss
        if shown != self._shown:
            self._shown = shown
            self._set_background(left, right, sweep)
        return Frame(self.canvas.render(), describe(left, right, sweep), table(left, right, sweep))

    def _set_background(self, left: Side, right: Side, sweep: Sweep) -> None:
        with course_style():
            for part, side in zip(self._maps, (left, right), strict=True):
                part.set_axes(side.title, sweep)
            self._set_bar(sweep)
        self.canvas.redraw_background()

    def _set_bar(self, sweep: Sweep) -> None:
        self._colours.set_clim(0, TOP * sweep.guessing_loss)
        marks = {0: "0", sweep.learned_loss: "learned\nbelow", sweep.guessing_loss: "guessing"}
        self._bar.set_ticks(list(marks), labels=list(marks.values()))


def _colours() -> Colormap:
    return matplotlib.colormaps["viridis_r"].with_extremes(over=WORSE, bad=NOTHING_YET)


class _Map:
    """One map: an image, crosses where runs diverged, the best rate of each gain, and theory's gain."""

    def __init__(self, axes: Axes):
        self.axes = axes
        axes.grid(False)
        axes.set_xlabel("gain of the start, times He's")
        self._image = axes.imshow(np.zeros((1, 1)), cmap=_colours(), aspect="auto", origin="lower")
        self._crosses = axes.plot([], [], color=CROSS, linestyle="none", marker="x", markersize=4.5)[0]
        self._kept = axes.plot([], [], **PREDICTED_LINE, path_effects=HALO)[0]
        style = {"color": MEASURED, "marker": "o", "markersize": 6, "markeredgecolor": "white", "linewidth": 1.2}
        self._best = axes.plot([], [], **style, path_effects=HALO)[0]

    @property
    def moving(self) -> list[Artist]:
        """The artists that move, in drawing order."""
        return [self._image, self._crosses, self._kept, self._best]

    @property
    def named(self) -> list[Artist]:
        """The artists that the legend names."""
        return [self._best, self._kept, self._crosses]

    def update(self, side: Side, sweep: Sweep) -> None:
        """Show one side at a moment of the sweep."""
        losses = median(side)
        x, y = np.log10(sweep.gains), np.log10(sweep.rates)
        self._image.set_data(np.where(np.isinf(losses), np.nan, losses).T)
        self._image.set_clim(0, TOP * sweep.guessing_loss)
        self._image.set_extent((*_edges(x), *_edges(y)))
        lost = np.argwhere(np.isinf(losses))
        self._crosses.set_data(x[lost[:, 0]], y[lost[:, 1]])
        self._crosses.set_markersize(60 / len(x))
        gains, rates = best_rates(losses, TOP**-1 * sweep.guessing_loss)
        self._best.set_data(x[gains], y[rates])
        kept = [] if side.kept is None else [np.log10(side.kept)] * 2
        self._kept.set_data(kept, [*_edges(y)][: len(kept)])

    def set_axes(self, title: str, sweep: Sweep) -> None:
        """Set the title, the limits and the ticks."""
        x, y = np.log10(sweep.gains), np.log10(sweep.rates)
        self.axes.set_title(title)
        self.axes.set(xlim=_edges(x), ylim=_edges(y))
        for axis, ticks, (low, high) in (
            (self.axes.xaxis, GAIN_TICKS, _edges(x)),
            (self.axes.yaxis, RATE_TICKS, _edges(y)),
        ):
            inside = {tick: name for tick, name in ticks.items() if low < np.log10(tick) < high}
            axis.set_ticks(np.log10(list(inside)), list(inside.values()))


def _edges(places: np.ndarray) -> tuple[float, float]:
    """Give where the cells of equally spaced places begin and end."""
    half = (places[1] - places[0]) / 2
    return places[0] - half, places[-1] + half


def median(side: Side) -> np.ndarray:
    """Give the median loss of the seeds `(gains, rates)`: infinite where most have diverged, NaN before any ran."""
    return np.median(np.where(side.diverged, np.inf, side.losses), axis=2)


def best_rates(losses: np.ndarray, below: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the gains at which some loss is `below` a bound, by place, and the place of the best rate for each."""
    rates = np.where(np.isnan(losses), np.inf, losses).argmin(axis=1)
    gains = np.flatnonzero(losses[np.arange(len(losses)), rates] < below)
    return gains, rates[gains]


def table(left: Side, right: Side, sweep: Sweep) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture: a row for each gain and learning rate, infinite losses where it diverged."""
    gains, rates = np.meshgrid(sweep.gains, sweep.rates, indexing="ij")
    columns = {"gain": gains.ravel(), "learning rate": rates.ravel()}
    for name, side in (("left", left), ("right", right)):
        columns[f"{name}, {side.title}: median loss"] = median(side).ravel()
        columns[f"{name}, {side.title}: share of seeds that diverged"] = side.diverged.mean(axis=2).ravel()
    return columns


def describe(left: Side, right: Side, sweep: Sweep) -> str:
    """Say for both sides how much of the map has learned, between which gains and rates, and where best."""
    if any(np.isnan(median(side)).all() for side in (left, right)):
        runs = left.losses.size
        return (
            f"Nothing has run yet: {runs} networks on each side are ready for {sweep.steps} steps. "
            f"Left, {left.title}: {left.theory}. Right, {right.title}: {right.theory}."
        )
    learned = f"learned: the median loss of {sweep.seeds} seeds is below {number(sweep.learned_loss)}"
    sides = f"Left, {_described(left, sweep)}. Right, {_described(right, sweep)}."
    return f"After {sweep.step} of {sweep.steps} steps ({learned}). {sides}"


def _described(side: Side, sweep: Sweep) -> str:
    losses = median(side)
    lost = np.isinf(losses).mean()
    end = f"{f', {lost:.0%} diverged' if lost else ''}; {side.theory}"
    learned = losses < sweep.learned_loss
    if not learned.any():
        return f"{side.title}: no point has learned{end}"
    gains, rates = sweep.gains[learned.any(axis=1)], sweep.rates[learned.any(axis=0)]
    gain, rate = np.unravel_index(losses.argmin(), losses.shape)
    return (
        f"{side.title}: {learned.mean():.0%} of the map has learned, gains {_range(gains)}, learning rates "
        f"{_range(rates)}, best {number(losses.min())} at gain {sweep.gains[gain]:.3g} and rate "
        f"{sweep.rates[rate]:.3g}{end}"
    )


def _range(values: np.ndarray) -> str:
    low, high = values[0], values[-1]
    if low == high:
        return f"of {low:.3g} alone"
    return f"from {low:.3g} to {high:.3g} (a factor of {high / low:.3g})"
