"""Tuning by hand against a grid, random points and Bayesian optimization, on a map of losses measured here."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from course import training, tuning
from course.live.axes import cell_range, fixed
from course.live.controls import checkbox, menu, pairs, slider, stops
from course.live.declare import explorer
from course.live.marks import Live, Mark, band, curve, heat, level
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import (
    BLUE,
    DOTTED_LINE,
    GREEN,
    HERE,
    LOSS_COLOURS,
    NUMERAL,
    OWN_LINE,
    OWN_POINTS,
    PINK,
    POINT_ON_MAP,
    look,
)
from course.training import Setup, Training
from course.tuning import STRATEGIES, Parameter, Search

SETUP = Setup(depth=5, width=32, batch=32)
STEPS, SEEDS, BUDGET, REPEATS = 150, 3, 12, 50
SPACE = {"gain": Parameter(0.25, 4.0, log=True), "learning_rate": Parameter(0.001, 10.0, log=True)}
SIDES = {"gain": 13, "learning_rate": 17}
TITLES = {"grid": "grid", "random": "random", "bayesian": "Bayesian"}
LOOKS = {"grid": (GREEN, "s"), "random": (BLUE, "^"), "bayesian": (PINK, "D")}
LOSSES = 0.05, 3.0
"""The axis of the losses, and the colours, go from the one to the other."""
LOSS_TICKS = {tick: f"{tick:g}" for tick in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)}
GAIN_TICKS = {0.25: "1/4", 0.5: "1/2", 1.0: "1", 2.0: "2", 4.0: "4"}
RATE_TICKS = {10.0**power: f"{10.0**power:g}" for power in range(-3, 2)}


def _values(name: str) -> tuple[float, ...]:
    return tuple(float(f"{SPACE[name].at(share):.3g}") for share in np.linspace(0, 1, SIDES[name]))


GAINS, RATES = _values("gain"), _values("learning_rate")
"""The gains and the learning rates of the map, in equal ratios, to three digits."""


class LossTable:
    """Losses measured at every gain, learning rate and seed, and then the repeated searches in them.

    A search is given the loss of the measured point that lies nearest; repeats take the seeds of the network in turn.
    """

    def __init__(self, repeats: int = REPEATS):
        runs = training.trials(("he_normal",), range(SEEDS), GAINS, RATES)
        self.training = Training(SETUP, runs, steps=STEPS, records=5, layers=False)
        self.repeats = repeats
        self.searches: dict[str, list[Search]] = {name: [] for name in STRATEGIES}
        self._losses: np.ndarray | None = None
        self._turn = threading.Lock()

    @property
    def done(self) -> int:
        """Steps of training and rounds of searches that are behind."""
        return self.training.done + self.rounds

    @property
    def total(self) -> int:
        """All steps of training and all rounds of searches."""
        return self.training.total + self.repeats

    @property
    def finished(self) -> bool:
        """Whether every network is trained and every search at its end."""
        return self.training.finished and self.rounds == self.repeats

    @property
    def rounds(self) -> int:
        """As many repeats have been made of every search."""
        return min(map(len, self.searches.values()))

    def advance(self, seconds: float) -> None:
        """Train on; when the table is there, search in it, one round of all strategies at the least."""
        with self._turn:  # several pictures may wait for this table
            if not self.training.finished:
                self.training.advance(seconds)
                return
            end = time.perf_counter() + seconds
            while not self.finished:
                self._search()
                if time.perf_counter() > end:
                    return

    @property
    def guessing_loss(self) -> float:
        """What it costs to ignore the inputs; no loss of the table counts for more."""
        return self.training.history.guessing_loss

    @property
    def losses(self) -> np.ndarray:
        """The losses `(seeds, gains, rates)`, NaN before the end of training; at most that of guessing."""
        if self._losses is not None:
            return self._losses
        if not self.training.finished:
            return np.full((SEEDS, len(GAINS), len(RATES)), np.nan)
        history = self.training.history
        self._losses = np.fmin(history.losses[-1], history.guessing_loss).reshape(SEEDS, len(GAINS), len(RATES))
        return self._losses

    def loss(self, point: Mapping[str, float], seed: int = 0) -> float:
        """Return the loss at the measured point nearest to this one."""
        gain, rate = (_nearest(values, point[name]) for name, values in zip(SPACE, (GAINS, RATES), strict=True))
        return float(self.losses[seed, gain, rate])

    def spread(self, strategy: str) -> np.ndarray:
        """Return the tenth percentile, the median and the ninetieth of the best losses so far, `(3, tries)`, or NaN."""
        if not self.rounds:
            return np.full((3, BUDGET), np.nan)
        found = self.searches[strategy][: self.rounds]
        return np.quantile([search.best_so_far for search in found], [0.1, 0.5, 0.9], axis=0)

    def _search(self) -> None:
        repeat = self.rounds
        for name, found in self.searches.items():
            found.append(tuning.search(name, lambda point: self.loss(point, repeat % SEEDS), SPACE, BUDGET, repeat))


def _nearest(values: Sequence[float], value: float) -> int:
    return int(np.argmin(np.abs(np.log(values) - math.log(value))))


class Numerals(Live):
    """The numbers 1, 2, … of tries, beside their points `(x, y)`; a point that was tried again has both."""

    def __init__(self, axes: Axes):
        super().__init__(
            axes,
            [axes.annotate(str(place + 1), (1, 1), textcoords="offset points", **NUMERAL) for place in range(BUDGET)],
        )

    def show(self, data: tuple[np.ndarray, np.ndarray]) -> None:
        tried: dict[tuple[float, float], list[str]] = {}
        for turn, point in enumerate(zip(*data, strict=True), 1):
            tried.setdefault(point, []).append(str(turn))
        for place, numeral in enumerate(self.moving):
            point, numbers = list(tried.items())[place] if place < len(tried) else ((1, 1), [])
            numeral.set_text(", ".join(numbers))
            numeral.xy = point


GAIN = fixed(*cell_range(GAINS, GAIN_TICKS), label="gain of He initialization", log=True)
RATE = fixed(*cell_range(RATES, RATE_TICKS), label="learning rate", log=True)
LOSS = fixed(*LOSSES, LOSS_TICKS, log=True)
TRIES = fixed(0.5, BUDGET + 0.5, range(1, BUDGET + 1), label="number of tries")
BAR = np.geomspace(*LOSSES, 256)[None]
PLANE = (
    heat("losses", LOSS_COLOURS, *LOSSES, log=True),
    *(
        curve(f"{name}.tries", look(**POINT_ON_MAP, color=colour, marker=marker), pin=False)
        for name, (colour, marker) in LOOKS.items()
    ),
    curve("mine", OWN_POINTS, pin=False),
    curve("here", HERE, "where the sliders are", pin=False),
    Mark("numerals", Numerals),
)
RACE = (
    level("guessing", label="guessing"),
    level("least", DOTTED_LINE, "least of the three draws"),
    *(band(f"{name}.spread", look(color=colour, alpha=0.14, linewidth=0)) for name, (colour, _marker) in LOOKS.items()),
    *(
        curve(f"{name}.median", look(color=colour, marker=marker, markersize=5), TITLES[name], pin=False)
        for name, (colour, marker) in LOOKS.items()
    ),
    curve("best", OWN_LINE, "you", pin=False),
)
PICTURE = Picture(
    (
        Panel("The tries", GAIN, RATE, PLANE),
        Panel("loss", fixed(0, 1, ()), fixed(*LOSSES, (), log=True), (heat("bar", LOSS_COLOURS, *LOSSES, log=True),)),
        Panel("Best loss so far: median, middle 80 %", TRIES, LOSS, RACE),
    ),
    grids=("ABC",),
    height=4.7,
    widths=(1, 0.045, 1.05),
    legend=("here", "best", "guessing", "grid.median", "random.median", "bayesian.median", "least"),
    columns=3,
    left=0.75,
)
CONTROLS = {
    "gain": stops(GAINS, GAINS[-3]),
    "learning_rate": stops(RATES, RATES[3]),
    "strategy": menu({TITLES[name]: name for name in STRATEGIES}, "random", label="against"),
    "repeat": slider(0, 0, REPEATS - 1, label="its repeat"),
    "uncovered": checkbox(label="uncover the map"),
    "tries": pairs(
        "gain",
        "learning_rate",
        most=BUDGET,
        label="Try this point ({left} left)",
        tooltip="Spend one of the tries on the gain and the rate set here",
    ),
}


@cache
def shared_table() -> LossTable:
    """Return the table that all pictures of this kernel search in: it is measured once."""
    return LossTable()


@explorer("Who tunes best?", CONTROLS, PICTURE, begin=shared_table, views=CONTROLS)
def search_race(
    job: LossTable,
    gain: float,
    learning_rate: float,
    strategy: str,
    repeat: int,
    uncovered: bool,
    tries: tuple[tuple[float, float], ...],
) -> View:
    """Tune a gain and a learning rate by hand in twelve tries, against 50 repeats of each strategy.

    `state` sets controls by name, and `tries`, pairs of a gain and a learning rate on the map.
    """
    mine = _tried([{"gain": gain, "learning_rate": rate} for gain, rate in tries], job)
    other = _tried(job.searches[strategy][repeat].points if repeat < len(job.searches[strategy]) else [], job)
    shown = uncovered or len(tries) == BUDGET
    curves = {
        "losses": (GAINS, RATES, np.clip(job.losses[0], *LOSSES)) if shown else None,
        "here": ([gain], [learning_rate]),
        "mine": (mine.gains, mine.rates),
        "numerals": (mine.gains, mine.rates),
        f"{strategy}.tries": (other.gains, other.rates),
        "bar": (GAINS, RATES, BAR),
        "guessing": job.guessing_loss,
        "least": job.losses.min(),
        "best": best_of(mine.losses),
    }
    for name in STRATEGIES:
        low, median, high = job.spread(name)
        curves |= {f"{name}.spread": (low, high), f"{name}.median": median}
    names = {f"{name}.median": _name(name, job, shown=name == strategy and len(other.gains) > 0) for name in STRATEGIES}
    return View(curves, describe(mine, job), _table(mine, job), names)


class Tried(NamedTuple):
    """Tries in order, arrays `(tries,)`; a loss is NaN before the networks have run."""

    gains: np.ndarray
    rates: np.ndarray
    losses: np.ndarray


def _tried(points: Sequence[Mapping[str, float]], job: LossTable) -> Tried:
    rows = [(point["gain"], point["learning_rate"], job.loss(point)) for point in points]
    return Tried(*np.array(rows).reshape(-1, 3).T)


def best_of(losses: np.ndarray) -> np.ndarray:
    """Return the least loss after each try, NaN as long as none is known."""
    return np.fmin.accumulate(losses)


def _name(strategy: str, job: LossTable, *, shown: bool) -> str:
    words = "{strategy}: {count} repeats, one of them on the map" if shown else "{strategy}: {count} repeats"
    return say(words, strategy=say(TITLES[strategy]), count=job.rounds)


def _table(mine: Tried, job: LossTable) -> Table:
    """Return the numbers behind the picture, a row for each try."""
    own = {"gain": "gain", "rate": "learning rate", "loss": "loss", "best": "best so far"}
    rows = np.full((len(own), BUDGET), np.nan)
    rows[:, : len(mine.losses)] = *mine, best_of(mine.losses)
    columns = {f"mine.{key}": (f"you: {title}", row) for (key, title), row in zip(own.items(), rows, strict=True)}
    parts = {"low": "1 in 10 is below", "median": "median", "high": "9 in 10 are below"}
    columns |= {
        f"{name}.{key}": (f"{TITLES[name]}: {title}", row)
        for name in STRATEGIES
        for (key, title), row in zip(parts.items(), job.spread(name), strict=True)
    }
    return Table({"try": ("try", np.arange(1, BUDGET + 1)), **columns})


def describe(mine: Tried, job: LossTable) -> str:
    """Say what the reader has found, and what each strategy has."""
    you = say("You have made {count} of {budget} tries", count=len(mine.losses), budget=BUDGET)
    if np.isfinite(mine.losses).any():
        best = np.nanargmin(mine.losses)
        you += say(
            ", the best a loss of {loss} at gain {gain:.3g} and learning rate {rate:.3g}",
            loss=number(mine.losses[best]),
            gain=mine.gains[best],
            rate=mine.rates[best],
        )
    least, guessing = number(job.losses.min()), number(job.guessing_loss)
    if not job.training.finished:
        text = "{you}. The networks of the map have not run yet; guessing costs {guessing}."
        return say(text, you=you, guessing=guessing)
    if not job.rounds:
        text = "{you}; the least loss of the three draws is {least}, guessing costs {guessing}."
        return say(text, you=you, least=least, guessing=guessing)
    return say(
        "{you}. After {budget} tries, median of {done} repeats: {medians}; the least loss of the three draws is "
        "{least}, guessing costs {guessing}.",
        you=you,
        budget=BUDGET,
        done=job.rounds,
        medians=", ".join(f"{say(TITLES[name])} {number(job.spread(name)[1, -1])}" for name in STRATEGIES),
        least=least,
        guessing=guessing,
    )
