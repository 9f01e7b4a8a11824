"""A search for the best settings: where its tries lie in the plane, and how fast the best of them gets better."""

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import ACCENT, REFERENCE_LINE, course_style

LOOKS: Mapping[str, tuple[str, str, str]] = {
    "grid": ("grid", "#009e73", "s"),
    "random": ("random", "#0072b2", "^"),
    "bayesian": ("Bayesian", "#cc79a7", "D"),
}
"""Title, colour (Okabe and Ito 2008) and marker of each strategy, so that the colour is not needed alone."""
LOSSES = 0.05, 3.0
"""The axis of the losses, and the colours, go from the one to the other."""
LOSS_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
GAIN_TICKS = {0.25: "1/4", 0.5: "1/2", 1.0: "1", 2.0: "2", 4.0: "4"}
HIDDEN = "#f2f2f2"
HALO = [withStroke(linewidth=3, foreground="white")]
MARK = {"linestyle": "none", "markersize": 8, "markeredgewidth": 1.2}


class Tries(NamedTuple):
    """Tries in order, arrays of shape `(tries,)`; a loss is NaN where the run is not there yet."""

    gains: np.ndarray
    rates: np.ndarray
    losses: np.ndarray


class Landscape(NamedTuple):
    """The losses `(gains, rates)` of one network, all finite or, before the runs, all NaN; `shown` uncovers them."""

    gains: np.ndarray
    rates: np.ndarray
    losses: np.ndarray
    shown: bool
    guessing_loss: float


class SearchRacePicture:
    """Two panels: the plane of gain and learning rate with the tries, and the best loss by number of tries."""

    def __init__(self, budget: int):
        self._budget = budget
        with course_style():
            figure = Figure(figsize=(9.2, 4.7))
            grid = figure.add_gridspec(1, 3, width_ratios=(1, 0.045, 1.05))
            self._plane, bar, self._race = (figure.add_subplot(grid[0, place]) for place in range(3))
            figure.subplots_adjust(left=0.07, right=0.985, top=0.93, bottom=0.245, wspace=0.2)
            self._build_plane(self._plane)
            self._build_bar(figure, bar)
            self._build_race(self._race)
            handles = [self._mine, self._chosen, *self._others.values()]
            self._legend = figure.legend(handles, [""] * len(handles), loc="lower center", ncols=3)
        moving = [self._image, self._chosen, self._mine, self._here, *self._numbers]
        moving += [
            *self._bands.values(),
            *self._others.values(),
            self._best,
            self._floor,
            self._floor_name,
            self._legend,
        ]
        self.canvas = Canvas(figure, moving)
        self._axis: tuple = ()

    def _build_plane(self, axes: Axes) -> None:
        axes.grid(False)
        axes.set_title("The tries")
        axes.set_xlabel("gain of the start, times He's")
        axes.set_ylabel("learning rate")
        axes.set_facecolor(HIDDEN)
        colours = matplotlib.colormaps["viridis_r"].with_extremes(bad=HIDDEN)
        self._image = axes.imshow(np.full((1, 1), np.nan), cmap=colours, aspect="auto", origin="lower")
        self._image.set_clim(*np.log10(LOSSES))
        (self._chosen,) = axes.plot([], [], **MARK, markeredgecolor="white")
        (self._mine,) = axes.plot(
            [], [], marker="o", color=ACCENT, **MARK | {"markersize": 10}, markeredgecolor="white"
        )
        (self._here,) = axes.plot([], [], marker="+", color="black", path_effects=HALO, **MARK | {"markersize": 13})
        place = {"xytext": (8, 4), "textcoords": "offset points", "color": ACCENT, "path_effects": HALO}
        self._numbers = [
            axes.annotate(str(n + 1), (0, 0), fontsize=9, fontweight="bold", visible=False, **place)
            for n in range(self._budget)
        ]

    def _build_bar(self, figure: Figure, axes: Axes) -> None:
        colours = ScalarMappable(Normalize(*np.log10(LOSSES)), matplotlib.colormaps["viridis_r"])
        figure.colorbar(colours, axes).set_ticks([])  # its numbers are those of the axis beside it
        axes.set_title("loss")

    def _build_race(self, axes: Axes) -> None:
        axes.set_title("Best loss so far: median and middle 80 %")
        axes.set_xlabel("number of tries")
        axes.set_yscale("log")
        axes.set_ylim(*LOSSES)
        axes.set_yticks(LOSS_TICKS, [f"{tick:g}" for tick in LOSS_TICKS])
        axes.minorticks_off()
        axes.set_xlim(0.5, self._budget + 0.5)
        axes.set_xticks(range(1, self._budget + 1))
        self._guess = axes.axhline(1.0, **REFERENCE_LINE)
        self._floor = axes.axhline(1.0, linestyle=":", **REFERENCE_LINE)
        text = {"xytext": (-3, 3), "textcoords": "offset points", "ha": "right", "color": "#666666", "fontsize": 8}
        at = {"xy": (1.0, 1.0), "xycoords": ("axes fraction", "data")}
        self._guess_name = axes.annotate("guessing", **at, **text)
        self._floor_name = axes.annotate("least of this map", **at, **text | {"xytext": (-3, -9)})
        self._bands = {
            name: axes.fill_between([], [], [], color=c, alpha=0.14, lw=0) for name, (_, c, _) in LOOKS.items()
        }
        style = {"markersize": 5, "linewidth": 1.6}
        self._others = {name: axes.plot([], [], color=c, marker=m, **style)[0] for name, (_, c, m) in LOOKS.items()}
        (self._best,) = axes.plot([], [], color=ACCENT, marker="o", markersize=6, linewidth=2.4)

    def update(
        self,
        land: Landscape,
        here: tuple[float, float],
        mine: Tries,
        chosen: str,
        other: Tries,
        repeats: Mapping[str, np.ndarray],
    ) -> Frame:
        """Show the reader's tries and one search of the `chosen` strategy, and where the sliders are.

        `repeats` are the best losses so far by strategy, `(repeats, budget)`; of no rows before the first.
        """
        self._set_axes(land)
        hidden = not land.shown or np.isnan(land.losses).any()
        self._image.set_data(np.full((1, 1), np.nan) if hidden else np.log10(np.clip(land.losses, *LOSSES)).T)
        self._chosen.set_data(other.gains, other.rates)
        _, colour, marker = LOOKS[chosen]
        self._chosen.set(color=colour, marker=marker, markeredgecolor="white")
        self._mine.set_data(mine.gains, mine.rates)
        self._here.set_data([here[0]], [here[1]])
        for place, text in enumerate(self._numbers):
            text.set_visible(place < len(mine.gains))
            text.xy = (mine.gains[place], mine.rates[place]) if place < len(mine.gains) else (1, 1)
        self._show_race(land, mine, repeats)
        self._name(chosen, repeats)
        sentence = describe(land, mine, repeats, self._budget)
        return Frame(self.canvas.render(), sentence, table(mine, repeats, self._budget))

    def _show_race(self, land: Landscape, mine: Tries, repeats: Mapping[str, np.ndarray]) -> None:
        best = best_of(mine.losses)
        self._best.set_data(np.arange(1, len(best) + 1), best)
        known = not np.isnan(land.losses).any()
        least = land.losses.min() if known else LOSSES[0]
        self._floor.set_ydata([least] * 2)
        self._floor_name.xy = 1.0, least
        for artist in (self._floor, self._floor_name):
            artist.set_visible(known)
        for name, line in self._others.items():
            low, median, high = spread(repeats[name], self._budget)
            tries = np.arange(1, self._budget + 1)
            line.set_data(tries, median)
            self._bands[name].set_data(tries, low, high)

    def _name(self, chosen: str, repeats: Mapping[str, np.ndarray]) -> None:
        title, colour, marker = LOOKS[chosen]
        names = ["you", f"{title}: the repeat shown"]
        names += [f"{LOOKS[name][0]}: {len(runs)} repeats" for name, runs in repeats.items()]
        self._legend.legend_handles[1].set(color=colour, marker=marker)
        for text, name in zip(self._legend.texts, names, strict=True):
            text.set_text(name)

    def _set_axes(self, land: Landscape) -> None:
        axis = tuple(land.gains), tuple(land.rates), land.guessing_loss
        if axis == self._axis:
            return
        self._axis = axis
        self._plane.set(xscale="log", yscale="log", xlim=edges(land.gains), ylim=edges(land.rates))
        self._plane.set_xticks(list(GAIN_TICKS), list(GAIN_TICKS.values()))
        self._plane.minorticks_off()
        self._image.set(extent=(0, 1, 0, 1), transform=self._plane.transAxes)
        self._guess.set_ydata([land.guessing_loss] * 2)
        self._guess_name.xy = 1.0, land.guessing_loss
        self.canvas.redraw_background()


def edges(values: np.ndarray) -> tuple[float, float]:
    """Give where the cells of values in equal ratios begin and end."""
    half = np.sqrt(values[1] / values[0])
    return values[0] / half, values[-1] * half


def best_of(losses: np.ndarray) -> np.ndarray:
    """Give the least loss after each try, NaN as long as none is known."""
    return np.fmin.accumulate(losses) if len(losses) else losses


def spread(best_so_far: np.ndarray, budget: int) -> np.ndarray:
    """Give the tenth percentile, the median and the ninetieth of the repeats, `(3, budget)`; NaN without any."""
    if len(best_so_far) == 0:
        return np.full((3, budget), np.nan)
    return np.quantile(best_so_far, [0.1, 0.5, 0.9], axis=0)


def table(mine: Tries, repeats: Mapping[str, np.ndarray], budget: int) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row for each try."""
    missing = np.full(budget - len(mine.losses), np.nan)
    columns = {"try": np.arange(1, budget + 1)}
    own = {"gain": mine.gains, "learning rate": mine.rates, "loss": mine.losses, "best so far": best_of(mine.losses)}
    columns |= {f"you: {title}": np.concatenate([values, missing]) for title, values in own.items()}
    for name, runs in repeats.items():
        titles = "1 in 10 is below", "median", "9 in 10 are below"
        columns |= {f"{LOOKS[name][0]}: {t}": row for t, row in zip(titles, spread(runs, budget), strict=True)}
    return columns


def describe(land: Landscape, mine: Tries, repeats: Mapping[str, np.ndarray], budget: int) -> str:
    """Say what the reader has found, and what each strategy has."""
    count = len(mine.losses)
    known = mine.losses[np.isfinite(mine.losses)]
    you = f"You have made {count} of {budget} tries"
    if len(known):
        first = int(np.nanargmin(mine.losses))
        you += f", the best a loss of {number(known.min())} at gain {mine.gains[first]:.3g} and learning rate "
        you += f"{mine.rates[first]:.3g}"
    if np.isnan(land.losses).any():
        return f"{you}. The networks of the map have not run yet; guessing costs {number(land.guessing_loss)}."
    done = len(next(iter(repeats.values())))
    least = f"the least loss of this map is {number(land.losses.min())}, guessing costs {number(land.guessing_loss)}"
    if not done:
        return f"{you}; {least}."
    medians = ", ".join(f"{LOOKS[name][0]} {number(spread(runs, budget)[1, -1])}" for name, runs in repeats.items())
    return f"{you}. After {budget} tries, median of {done} repeats: {medians}; {least}."
