"""Tuning by hand against a grid, random points and Bayesian optimization, on a map of losses measured here."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import ipywidgets as widgets
import numpy as np

from course import training, tuning
from course.figures.search_race import Landscape, SearchRacePicture, Tries
from course.live import settings
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.live.toolbar import button
from course.training import Setup, Training
from course.tuning import STRATEGIES, Parameter, Search

SETUP = Setup(depth=5, width=32, batch=32)
STEPS, SEEDS, BUDGET, REPEATS = 150, 3, 12, 50
SPACE = {"gain": Parameter(0.25, 4.0, log=True), "learning_rate": Parameter(0.001, 10.0, log=True)}
SIDES = {"gain": 13, "learning_rate": 17}
TRIES = "tries"
"""What a state says besides the controls: the reader's tries, pairs of a gain and a learning rate."""


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
        return self.training.done + min(map(len, self.searches.values()))

    @property
    def total(self) -> int:
        """All steps of training and all rounds of searches."""
        return self.training.total + self.repeats

    @property
    def finished(self) -> bool:
        """Whether every network is trained and every search at its end."""
        return self.training.finished and min(map(len, self.searches.values())) == self.repeats

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
        """Give the loss at the measured point nearest to this one."""
        gain, rate = (_nearest(values, point[name]) for name, values in zip(SPACE, (GAINS, RATES), strict=True))
        return float(self.losses[seed, gain, rate])

    def _search(self) -> None:
        repeat = min(map(len, self.searches.values()))
        for name, found in self.searches.items():
            found.append(tuning.search(name, lambda point: self.loss(point, repeat % SEEDS), SPACE, BUDGET, repeat))


@cache
def shared_table() -> LossTable:
    """Give the table that all pictures of this kernel search in: it is measured once."""
    return LossTable()


def _nearest(values: Sequence[float], value: float) -> int:
    return int(np.argmin(np.abs(np.log(values) - math.log(value))))


class SearchRace(RunningExplorer):
    """The race, and the reader's own `tries` in it: they are part of the state and of its text."""

    def __init__(self, text: str = "", **state: Any):
        self._picture, self._tries = SearchRacePicture(BUDGET), []
        self._try = button("Try this point", "Spend one of the tries on the gain and the rate set here", self.attempt)
        controls, (rest, tries) = _controls(), _split(text)
        super().__init__(
            controls,
            shared_table,
            self._show_table_of,
            self._picture.canvas,
            name="search_race",
            title="Who tunes best?",
            views=controls,
            text=rest,
            state=({TRIES: tries} if text else {}) | state,
        )

    def attempt(self) -> None:
        """Spend a try on the point that the sliders show; without any left, nothing happens."""
        point = [self.controls["gain"].value, self.controls["learning_rate"].value]
        if len(self._tries) < BUDGET:
            self.state = {TRIES: [*self._tries, point]}

    @RunningExplorer.state.getter
    def state(self) -> dict[str, Any]:
        """The values of all controls by name, and `tries` where there are any; assign some or all to move there."""
        return super().state | ({TRIES: [list(point) for point in self._tries]} if self._tries else {})

    @property
    def state_string(self) -> str:
        """The whole state as a short text, which `restore` and every explorer's function take."""
        pairs = ",".join(f"{gain}:{rate}" for gain, rate in self._tries)
        return settings.write(self.name, self.controls, self.state) + (f"&{TRIES}={pairs}" if pairs else "")

    def restore(self, text: str) -> None:
        """Bring back the state that a text describes; `ValueError` for one that is not of this explorer."""
        self.state = self._read(text)

    def reset(self) -> None:
        """Go back to where the explorer began, with the tries of then."""
        self._start = {TRIES: [], **self._start}
        super().reset()

    def run_anew(self) -> None:
        """Forget the table and all searches, and start over."""
        shared_table.cache_clear()
        super().run_anew()

    def begin(self, state: Mapping[str, Any]) -> None:
        """Begin anew in a state, with its tries alone; `reset` comes back here."""
        super().begin({TRIES: [], **state})

    def _read(self, text: str) -> dict[str, Any]:
        rest, tries = _split(text)
        return {**settings.read(rest, self.name, self.controls), TRIES: tries}

    def _pasted(self, text: str) -> None:
        with self._answering("This state could not be read"):
            if text != self.state_string:
                self._go(self._read(text))

    def _children(self) -> list[widgets.Widget]:
        first, box, *others = super()._children()
        return [first, box, widgets.HBox([self._try]), *others]

    def _check(self, wanted: Mapping[str, Any]) -> None:
        super()._check({name: value for name, value in wanted.items() if name != TRIES})
        _check_tries(wanted.get(TRIES, []))

    def _go(self, wanted: Mapping[str, Any]) -> None:
        self._check(wanted)
        if TRIES in wanted:
            self._tries = [tuple(point) for point in wanted[TRIES]]
        super()._go(wanted)

    def _show(self) -> None:
        left = BUDGET - len(self._tries)
        self._try.description, self._try.disabled = f"Try this point ({left} left)", left == 0
        self._try.layout.width = "auto"
        super()._show()

    def _show_table_of(
        self, job: LossTable, gain: float, learning_rate: float, strategy: str, repeat: int, uncovered: bool
    ) -> Frame:
        shown = uncovered or len(self._tries) == BUDGET
        land = Landscape(np.array(GAINS), np.array(RATES), job.losses[0], shown, job.guessing_loss)
        mine = _tries([{"gain": g, "learning_rate": r} for g, r in self._tries], job)
        found = job.searches[strategy][repeat : repeat + 1]
        other = _tries(found[0].points if found else [], job)
        done = min(map(len, job.searches.values()))
        repeats = {
            name: np.array([search.best_so_far for search in found[:done]]).reshape(done, BUDGET)
            for name, found in job.searches.items()
        }
        return self._picture.update(land, (gain, learning_rate), mine, strategy, other, repeats)


def search_race(text: str = "", **state) -> SearchRace:
    """Tune a gain and a learning rate by hand in twelve tries, against 50 repeats of each strategy.

    `state` sets controls by name, and `tries`, a list of pairs of a gain and a learning rate on the map.
    """
    return SearchRace(text, **state)


def _tries(points: list[dict[str, float]], job: LossTable) -> Tries:
    gains, rates = (np.array([point[name] for point in points]) for name in SPACE)
    return Tries(gains, rates, np.array([job.loss(point) for point in points]))


def _split(text: str) -> tuple[str, list[list[float]]]:
    """Part a state's text into what the controls say and the tries, texts where they are no numbers."""
    name, mark, query = text.partition("?")
    pairs = [part.partition("=") for part in query.split("&")]
    own = [pair.split(":") for key, _, value in pairs if key == TRIES for pair in value.split(",")]
    rest = "&".join("".join(pair) for pair in pairs if pair[0] != TRIES)
    return name + mark + rest, [[_number(value) for value in pair] for pair in own]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _check_tries(tries: Any) -> None:
    good = isinstance(tries, Sequence) and len(tries) <= BUDGET and all(_on_map(point) for point in tries)
    if not good:
        allowed = f"at most {BUDGET} pairs of a gain ({GAINS[0]} to {GAINS[-1]}) and a learning rate of the map"
        raise ValueError(f"{TRIES} must be {allowed}, not {tries!r}")


def _on_map(point: Any) -> bool:
    return isinstance(point, Sequence) and len(point) == 2 and point[0] in GAINS and point[1] in RATES


def _controls() -> dict[str, widgets.ValueWidget]:
    named = [("grid", "grid"), ("random", "random"), ("Bayesian", "bayesian")]
    return {
        "gain": widgets.SelectionSlider(options=GAINS, value=GAINS[-3], description="gain"),
        "learning_rate": widgets.SelectionSlider(options=RATES, value=RATES[3], description="learning rate"),
        "strategy": widgets.Dropdown(options=named, value="random", description="against"),
        "repeat": widgets.IntSlider(0, 0, REPEATS - 1, description="its repeat"),
        "uncovered": widgets.Checkbox(False, description="uncover the map"),
    }
