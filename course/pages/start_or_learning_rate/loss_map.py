"""The map of the loss over gain and learning rate, for two networks and optimizers side by side."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from course import initializers, theory, training
from course.activations import ACTIVATIONS
from course.explorers.training_runs import SEEDS_CONTROL, record_at, seed_group
from course.live.axes import cells, fixed
from course.live.controls import menu, slider, stops
from course.live.declare import explorer
from course.live.marks import curve, heat, level, span
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import BEST_ON_MAP, CROSS, LOSS_COLOURS, PREDICTED_ON_MAP, WORSE
from course.training import LEARNED, History, Setup, Training
from course.training.round_robin import RoundRobin

WIDTH, BATCH, SEEDS, STEPS, RECORDS = 32, 32, 3, 200, 10
SCHEME = "he_normal"
DEPTHS = (3, 6, 10, 20)
OPTIMIZERS: Mapping[str, str] = MappingProxyType({"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam"})
GAIN_TICKS = {1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1: "1", 2: "2", 4: "4", 8: "8"}
RATE_TICKS = {10.0**power: f"{10.0**power:g}" for power in range(-3, 1)}
TOP, END = 1.05, 1.12
"""The colours end at `TOP` times the loss of guessing; what is above has a colour of its own, to the bar's `END`."""


class Network(NamedTuple):
    """A kind of network in the menu: what differs in its setup, and what theory says of its signal before training.

    With `one_gain` it is a single gain, `{kept}`, that keeps the signal.
    """

    setup: Mapping[str, Any]
    theory: str
    one_gain: bool = False


NETWORKS: Mapping[str, Network] = MappingProxyType(
    {
        "plain": Network({}, "theory: gain {kept:.2f} keeps the signal", one_gain=True),
        "residual": Network({"residual": True}, "theory: no small gain loses the signal, a large one makes it grow"),
        "layer normalization": Network({"normalization": "layer"}, "theory: every gain keeps the signal"),
        "batch normalization": Network({"normalization": "batch"}, "theory: every gain keeps the signal"),
    }
)
"""The networks that can be compared, by the name in the menu."""


class Grid(NamedTuple):
    """How fine a map is: its gains and its learning rates, each in equal ratios."""

    gains: tuple[float, ...]
    rates: tuple[float, ...]


def _powers_of_2(first: float, last: float, step: float) -> tuple[float, ...]:
    return tuple(float(2.0**power) for power in np.arange(first, last + step / 2, step))


GRIDS: Mapping[str, Grid] = MappingProxyType(
    {
        "coarse": Grid(_powers_of_2(-3, 3, 1), _powers_of_2(-11, 2, 2)),
        "medium": Grid(_powers_of_2(-3, 3, 0.5), _powers_of_2(-11, 2, 1)),
        "fine": Grid(_powers_of_2(-3, 3, 0.25), _powers_of_2(-11, 2, 0.5)),
    }
)
"""Maps by size. Two steps of the gain are as large a factor as one of the learning rate, but where it is coarse."""


class TwoMaps(RoundRobin):
    """The training runs of two maps of these networks, which take turns; both may be the same."""

    def __init__(self, left: Training, right: Training, networks: tuple[str, str], grid: Grid):
        super().__init__([left, right])
        self.left, self.right, self.networks, self.grid = left, right, networks, grid


class Comparisons:
    """Begins comparisons of two maps; a map that stands in several of them is run once."""

    def __init__(self):
        self._maps: WeakValueDictionary[tuple, Training] = WeakValueDictionary()

    def __call__(self, left_optimizer, left_network, right_optimizer, right_network, size, **shared) -> TwoMaps:
        left = self._map_of(left_optimizer, left_network, size, **shared)
        right = self._map_of(right_optimizer, right_network, size, **shared)
        return TwoMaps(left, right, (left_network, right_network), GRIDS[size])

    def _map_of(self, optimizer: str, network: str, size: str, *, seed: int, **shared) -> Training:
        """Return the runs of a map: every gain, learning rate and seed of one setup."""
        setup = Setup(width=WIDTH, batch=BATCH, optimizer=optimizer, **NETWORKS[network].setup, **shared)
        runs = training.trials((SCHEME,), seed_group(seed, SEEDS), *GRIDS[size])
        known = self._maps.get((setup, size, seed))
        found = known or Training(setup, runs, steps=STEPS, records=RECORDS, layers=False)
        self._maps[setup, size, seed] = found
        return found


class Side(NamedTuple):
    """One of the two maps at a moment; `losses` and `diverged` have shape `(gains, rates)`.

    The median loss of the seeds is infinite where most have diverged, and NaN before any has run; `diverged` is their
    share. `kept` is the gain that theory says keeps the signal, NaN where there is not just one.
    """

    title: str
    losses: np.ndarray
    diverged: np.ndarray
    kept: float
    theory: str


GAIN = cells(GAIN_TICKS, "gain, times He initialization")


def _panel(key: str, rate_label: str = "") -> Panel:
    marks = (
        heat(f"{key}.losses", LOSS_COLOURS, 0, TOP),
        curve(f"{key}.lost", CROSS, "diverged", pin=False),
        level(f"{key}.kept", PREDICTED_ON_MAP, "theory: this gain keeps the signal", upright=True),
        curve(f"{key}.best", BEST_ON_MAP, "best rate of a gain", pin=False),
    )
    return Panel("", GAIN, cells(RATE_TICKS, rate_label), marks, key=key)


BAR = (heat("bar", LOSS_COLOURS, 0, TOP), span("worse", WORSE, "worse than guessing"))
IN_BAR = {"bar": ([0.5], [0.5], np.linspace(0, END, 256)[None]), "worse": (TOP, END)}
PICTURE = Picture(
    (
        _panel("left", "learning rate"),
        _panel("right"),
        Panel("loss", fixed(0, 1, ()), fixed(0, END, {0: "0", LEARNED: "learned\nbelow", 1: "guessing"}), BAR),
    ),
    grids=("ABC",),
    height=5.0,
    widths=(1, 1, 0.07),
    left=0.75,
    legend=("left.best", "left.kept", "left.lost", "worse"),
)


@explorer(
    "Start or learning rate?",
    {
        "left_optimizer": menu({title: name for name, title in OPTIMIZERS.items()}, "sgd"),
        "left_network": menu(tuple(NETWORKS), "plain"),
        "right_optimizer": menu({title: name for name, title in OPTIMIZERS.items()}, "sgd"),
        "right_network": menu(tuple(NETWORKS), "layer normalization"),
        "activation": menu(tuple(ACTIVATIONS), "relu"),
        "depth": stops(DEPTHS, 6),
        "size": menu(tuple(GRIDS), "medium", label="map"),
        "seed": SEEDS_CONTROL,
        "moment": slider(1.0, 0.0, 1.0),
    },
    PICTURE,
    begin=Comparisons,
    views=("moment",),
)
def loss_map(maps: TwoMaps, moment: float, **_settings) -> View:
    """Show where networks learn: the median loss of three seeds over gain and learning rate, two maps side by side.

    `moment` is a share of the steps: the maps are shown as they were then. `state` sets controls by name.
    """
    histories, guessing = (maps.left.history, maps.right.history), training.guessing_loss(maps.left.setup)
    records = min(len(history.steps) for history in histories)
    steps = histories[0].steps[:records]
    record = record_at(steps, moment, maps.total) if records else None
    left, right = (
        _side(part.setup, network, maps.grid, history, record)
        for part, network, history in zip((maps.left, maps.right), maps.networks, histories, strict=True)
    )
    return View(
        _curves("left", left, maps.grid, guessing) | _curves("right", right, maps.grid, guessing) | IN_BAR,
        describe(left, right, maps.grid, steps[record] if records else None, guessing),
        table(left, right, maps.grid),
        names={"left": left.title, "right": right.title},
    )


def kept_gain(activation: str) -> float:
    """Return the gain, times He initialization, at which theory says that a plain network keeps its signal."""
    of_he = np.sqrt(WIDTH) * initializers.standard_deviation(SCHEME, (WIDTH, WIDTH))
    return float(theory.gain(activation) / of_he)


def _side(setup: Setup, network: str, grid: Grid, history: History, record: int | None) -> Side:
    losses = np.full(len(history.diverged_at), np.nan) if record is None else history.losses[record]
    losses = losses.reshape(SEEDS, len(grid.gains), len(grid.rates))
    diverged = np.isnan(losses) & (record is not None)
    kept, (_, words, one_gain) = kept_gain(setup.activation), NETWORKS[network]
    title = say("{optimizer}, {network}", optimizer=say(OPTIMIZERS[setup.optimizer]), network=say(network))
    median = np.median(np.where(diverged, np.inf, losses), axis=0)
    return Side(title, median, diverged.mean(axis=0), kept if one_gain else np.nan, say(words, kept=kept))


def _curves(key: str, side: Side, grid: Grid, guessing: float) -> dict[str, Any]:
    gains, rates = np.array(grid.gains), np.array(grid.rates)
    lost = np.isinf(side.losses)
    best = best_rates(side.losses, guessing / TOP)
    return {
        f"{key}.losses": (gains, rates, np.where(lost, np.nan, side.losses / guessing)),
        f"{key}.lost": tuple(values[places] for values, places in zip((gains, rates), lost.nonzero(), strict=True)),
        f"{key}.kept": side.kept,
        f"{key}.best": (gains[best[0]], rates[best[1]]),
    }


def best_rates(losses: np.ndarray, below: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the gains at which some loss is `below` a bound, by place, and the place of the best rate for each."""
    rates = np.where(np.isnan(losses), np.inf, losses).argmin(axis=1)
    gains = np.flatnonzero(losses[np.arange(len(losses)), rates] < below)
    return gains, rates[gains]


def table(left: Side, right: Side, grid: Grid) -> Table:
    """Return the numbers behind the picture: a row for each gain and rate, infinite losses where it diverged."""
    gains, rates = np.meshgrid(*grid, indexing="ij")
    columns = {"gain": ("gain", gains.ravel()), "rate": ("learning rate", rates.ravel())}
    for key, where, side in (("left", say("left"), left), ("right", say("right"), right)):
        title = f"{where}, {side.title}"
        columns[f"{key}.loss"] = say("{side}: median loss", side=title), side.losses.ravel()
        columns[f"{key}.diverged"] = say("{side}: share of seeds that diverged", side=title), side.diverged.ravel()
    return Table(columns)


def describe(left: Side, right: Side, grid: Grid, step: int | None, guessing: float) -> str:
    """Say for both sides how much of the map has learned, between which gains and rates, and where best."""
    if step is None:
        return say(
            "Nothing has run yet: {runs} networks on each side are ready for {steps} steps. "
            "Left, {left}: {left_theory}. Right, {right}: {right_theory}.",
            runs=SEEDS * left.losses.size,
            steps=STEPS,
            left=left.title,
            left_theory=left.theory,
            right=right.title,
            right_theory=right.theory,
        )
    return say(
        "After {step} of {steps} steps (learned: the median loss of {seeds} seeds is below {learned}). "
        "Left, {left}. Right, {right}.",
        step=step,
        steps=STEPS,
        seeds=SEEDS,
        learned=number(LEARNED * guessing),
        left=_found(left, grid, LEARNED * guessing),
        right=_found(right, grid, LEARNED * guessing),
    )


def _found(side: Side, grid: Grid, bound: float) -> str:
    """Say what one map shows."""
    losses, learned = side.losses, side.losses < bound
    lost = np.isinf(losses).mean()
    end = f"{say(', {share:.0%} diverged', share=lost) if lost else ''}; {side.theory}"
    if not learned.any():
        return say("{side}: no point has learned", side=side.title) + end
    gain, rate = np.unravel_index(losses.argmin(), losses.shape)
    found = say(
        "{side}: {share:.0%} of the map has learned, gains {gains}, learning rates {rates}, best {loss} at gain "
        "{gain:.3g} and rate {rate:.3g}",
        side=side.title,
        share=learned.mean(),
        gains=_range(np.array(grid.gains)[learned.any(axis=1)]),
        rates=_range(np.array(grid.rates)[learned.any(axis=0)]),
        loss=number(losses.min()),
        gain=grid.gains[gain],
        rate=grid.rates[rate],
    )
    return found + end


def _range(values: np.ndarray) -> str:
    low, high = values[0], values[-1]
    if low == high:
        return say("of {value:.3g} alone", value=low)
    return say("from {low:.3g} to {high:.3g} (a factor of {factor:.3g})", low=low, high=high, factor=high / low)
