"""The map of the loss over gain and learning rate, for two networks and optimizers side by side."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import ipywidgets as widgets
import numpy as np

from course import initializers, theory, training
from course.activations import ACTIVATIONS
from course.figures.loss_map import LossMapPicture, Side, Sweep
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.training import LEARNED, History, Setup, Training
from course.training.round_robin import RoundRobin

WIDTH, BATCH, SEEDS, STEPS, RECORDS = 32, 32, 3, 200, 10
SCHEME = "he_normal"
DEPTHS = (3, 6, 10, 20)
OPTIMIZERS: Mapping[str, str] = MappingProxyType({"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam"})


class Network(NamedTuple):
    """A kind of network in the menu: what differs in its setup, and what theory says of its signal at the start.

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


def map_of(setup: Setup, grid: Grid, seeds: range, steps: int = STEPS) -> Training:
    """Give the runs of a map: every gain, learning rate and seed of one setup."""
    runs = training.trials((SCHEME,), tuple(seeds), grid.gains, grid.rates)
    return Training(setup, runs, steps=steps, records=RECORDS, layers=False)


class TwoMaps(RoundRobin):
    """The training runs of two maps of these networks, which take turns; both may be the same."""

    def __init__(self, left: Training, right: Training, networks: tuple[str, str], grid: Grid):
        super().__init__([left, right])
        self.left, self.right, self.networks, self.grid = left, right, networks, grid


def loss_map(text: str = "", **state) -> RunningExplorer:
    """Show where networks learn: the median loss of three seeds over gain and learning rate, two maps side by side.

    `moment` is a share of the steps: the maps are shown as they were then. `state` sets controls by name.
    """
    picture = LossMapPicture()
    known: WeakValueDictionary[tuple, Training] = WeakValueDictionary()  # a map may stand in several comparisons

    def map_for(optimizer: str, network: str, size: str, seed: int, **shared) -> Training:
        key = optimizer, network, size, seed, *shared.values()
        setup = Setup(width=WIDTH, batch=BATCH, optimizer=optimizer, **NETWORKS[network].setup, **shared)
        found = known.get(key) or map_of(setup, GRIDS[size], range(SEEDS * seed, SEEDS * (seed + 1)))
        known[key] = found
        return found

    def begin(left_optimizer, left_network, right_optimizer, right_network, size, **shared) -> TwoMaps:
        left = map_for(left_optimizer, left_network, size, **shared)
        right = map_for(right_optimizer, right_network, size, **shared)
        return TwoMaps(left, right, (left_network, right_network), GRIDS[size])

    def show(maps: TwoMaps, moment: float, **_settings) -> Frame:
        left, right = maps.left.history, maps.right.history
        records = min(len(left.steps), len(right.steps))
        record = max(np.searchsorted(left.steps[:records], moment * maps.total, side="right") - 1, 0)
        sides = [
            _side(part.setup, network, maps.grid, _losses(history, record if records else None))
            for part, network, history in zip((maps.left, maps.right), maps.networks, (left, right), strict=True)
        ]
        step = int(left.steps[record]) if records else 0
        axes = np.array(maps.grid.gains), np.array(maps.grid.rates)
        sweep = Sweep(*axes, SEEDS, step, maps.total, left.guessing_loss, LEARNED * left.guessing_loss)
        return picture.update(*sides, sweep)

    return RunningExplorer(
        _controls(),
        begin,
        show,
        picture.canvas,
        name="loss_map",
        title="Start or learning rate?",
        views=("moment",),
        text=text,
        state=state,
    )


def kept_gain(activation: str) -> float:
    """Give the gain, in units of He's start, at which theory says that a plain network keeps its signal."""
    of_he = np.sqrt(WIDTH) * initializers.standard_deviation(SCHEME, (WIDTH, WIDTH))
    return float(theory.gain(activation) / of_he)


def _losses(history: History, record: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Give the losses of all runs at a record, and which of them have diverged by then; NaN before any ran."""
    losses = np.full(len(history.diverged_at), np.nan) if record is None else history.losses[record]
    return losses, np.isnan(losses) & (record is not None)


def _side(setup: Setup, network: str, grid: Grid, losses: tuple[np.ndarray, np.ndarray]) -> Side:
    shape = SEEDS, len(grid.gains), len(grid.rates)
    arrays = (np.moveaxis(values.reshape(shape), 0, 2) for values in losses)
    kept, (_, words, one_gain) = kept_gain(setup.activation), NETWORKS[network]
    title = f"{OPTIMIZERS[setup.optimizer]}, {network}"
    return Side(title, *arrays, kept if one_gain else None, words.format(kept=kept))


def _controls() -> dict[str, widgets.ValueWidget]:
    optimizers = [(title, name) for name, title in OPTIMIZERS.items()]
    menus = {
        f"{side}_{what}": widgets.Dropdown(options=options, value=values[place], description=f"{side} {what}")
        for place, side in enumerate(("left", "right"))
        for what, options, values in (
            ("optimizer", optimizers, ("sgd", "sgd")),
            ("network", list(NETWORKS), ("plain", "layer normalization")),
        )
    }
    return menus | {
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="relu", description="activation"),
        "depth": widgets.SelectionSlider(options=DEPTHS, value=6, description="depth"),
        "size": widgets.Dropdown(options=list(GRIDS), value="medium", description="map"),
        "seed": widgets.IntSlider(0, 0, 9, description="seeds"),
        "moment": widgets.FloatSlider(1.0, min=0.0, max=1.0, step=0.01, description="moment"),
    }
