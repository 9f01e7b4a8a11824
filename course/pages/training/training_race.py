"""The race: several starts of one network, trained side by side on the same batches, several seeds each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np

from course import initializers, theory, training
from course.activations import ACTIVATIONS
from course.figures.race import Lane, RacePicture
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.training import OPTIMIZERS, TASKS, History, Setup, Training
from course.training.round_robin import RoundRobin

WIDTH, BATCH, SEEDS, RECORDS = 64, 32, 5, 30
DEPTHS = (2, 3, 5, 10, 15, 20, 30, 50)
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
STEPS = (300, 1000, 3000)


class Entry(NamedTuple):
    """One start in a race: a scheme, a gain, a title; an activation where it is not that of the control."""

    title: str
    scheme: str
    gain: float = 1.0
    activation: str | None = None


def _scheme(name: str) -> Entry:
    return Entry(initializers.named(name).title, name)


LINE_UPS: Mapping[str, Sequence[Entry]] = MappingProxyType(
    {
        "six schemes": tuple(
            _scheme(name)
            for name in ("normal_0.01", "standard_uniform", "glorot_uniform", "he_normal", "orthogonal", "normal_1")
        ),
        "Xavier and He": (_scheme("glorot_normal"), _scheme("he_normal")),
        "He's weights times a gain": tuple(
            Entry(f"He times {gain}", "he_normal", gain) for gain in (0.5, 0.7, 1.0, 1.4, 2.0)
        ),
        "ReLU and SELU": (
            Entry("ReLU with He's weights", "he_normal", 1.0, "relu"),
            Entry("SELU with LeCun's weights", "lecun_normal", 1.0, "selu"),
        ),
    }
)
"""Who races, by the name in the menu."""


class Race(RoundRobin):
    """The training runs of a race: one `Training` for each activation in it, which take turns.

    `lanes` are the entries, each with the number of its training and where its seeds stand in it.
    """

    def __init__(self, entries: Sequence[Entry], setup: Setup, learning_rate: float, seeds: Sequence[int], steps: int):
        self.entries, self.seeds = entries, list(seeds)
        self.activations = [entry.activation or setup.activation for entry in entries]
        self.trainings: dict[str, Training] = {}
        for activation in dict.fromkeys(self.activations):
            runs = [
                training.Trial(entry.scheme, seed, entry.gain, learning_rate)
                for entry, own in zip(entries, self.activations, strict=True)
                if own == activation
                for seed in self.seeds
            ]
            self.trainings[activation] = Training(
                setup._replace(activation=activation), runs, steps=steps, records=RECORDS
            )
        super().__init__(self.trainings.values())

    def histories(self) -> list[History]:
        """Give what was recorded of each entry, of the same moments for all."""
        histories = {activation: job.history for activation, job in self.trainings.items()}
        records = min(len(history.steps) for history in histories.values())
        taken: dict[str, int] = dict.fromkeys(histories, 0)
        found = []
        for activation in self.activations:
            first = taken[activation]
            taken[activation] = first + len(self.seeds)
            found.append(training.part_of(histories[activation], records, slice(first, taken[activation])))
        return found


def training_race(text: str = "", **state) -> RunningExplorer:
    """Train several starts of one network side by side, on the same batches, with five seeds each.

    `moment` is a share of the steps: the layers are shown as they were then. `state` sets controls by name.
    """
    picture = RacePicture()

    def begin(line_up: str, learning_rate: float, seed: int, steps: int, **setup) -> Race:
        seeds = range(SEEDS * seed, SEEDS * (seed + 1))
        return Race(LINE_UPS[line_up], Setup(width=WIDTH, batch=BATCH, **setup), learning_rate, seeds, steps)

    def show(race: Race, moment: float, **_settings) -> Frame:
        histories = race.histories()
        steps = histories[0].steps
        record = max(np.searchsorted(steps, moment * race.total, side="right") - 1, 0)
        lanes = [_lane(race, place, history, record) for place, history in enumerate(histories)]
        at = steps[record] if len(steps) else 0
        return picture.update(lanes, steps, race.total, histories[0].guessing_loss, at, len(race.seeds))

    return RunningExplorer(
        _controls(),
        begin,
        show,
        picture.canvas,
        name="training_race",
        title="A race of starts",
        views=("moment",),
        text=text,
        state=state,
    )


def _lane(race: Race, place: int, history: History, record: int) -> Lane:
    entry, layers = race.entries[place], history.layers
    setup = race.trainings[race.activations[place]].setup
    signal, gradient = predicted(entry, setup)
    measured = [np.full(setup.depth - 1, np.nan)] * 2
    if len(history.steps):
        measured = [_median(part[record]) for part in (layers.activation_rms, layers.preactivation_gradient_rms)]
        gradient = gradient * _median(layers.preactivation_gradient_rms[0])[-1]
    else:
        gradient = np.full(setup.depth - 1, np.nan)
    words = count_words(training.outcomes(history)) if len(history.steps) else "ready"
    return Lane(entry.title, history.losses, *measured, signal, gradient, history.diverged_at, words)


def _median(values: np.ndarray) -> np.ndarray:
    """The median over seeds that are still running, `(hidden,)` of `(seeds, hidden)`; NaN where none is."""
    alive = np.isfinite(values).all(axis=1)
    return np.median(values[alive], axis=0) if alive.any() else np.full(values.shape[1], np.nan)


def predicted(entry: Entry, setup: Setup) -> tuple[np.ndarray, np.ndarray]:
    """Give theory's rms of a start's activations by hidden layer, and of its gradients relative to the last of them."""
    features, width, hidden = TASKS[setup.task]().features, setup.width, setup.depth - 1
    fans = [features] + [width] * (hidden - 1)
    variances = [
        fan_in * initializers.standard_deviation(entry.scheme, (fan_in, width), entry.gain) ** 2 for fan_in in fans
    ]
    signal = theory.activation_second_moments(setup.activation, hidden, variances)
    gradient = theory.gradient_variances(setup.activation, hidden, variances)
    return np.sqrt(signal), np.sqrt(gradient)


def count_words(outcomes: Sequence[str]) -> str:
    """Say how many runs came to what, the most frequent first: "4 of 5 learned, 1 diverged by step 12"."""
    steps = [int(word.rsplit(" ", 1)[1]) for word in outcomes if word.startswith("diverged")]
    kinds = [f"diverged by step {max(steps)}" if word.startswith("diverged") else word for word in outcomes]
    (first, count), *others = Counter(kinds).most_common()
    return ", ".join([f"{count} of {len(outcomes)} {first}", *(f"{count} {word}" for word, count in others)])


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "line_up": widgets.Dropdown(options=list(LINE_UPS), description="starts"),
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="relu", description="activation"),
        "depth": widgets.SelectionSlider(options=DEPTHS, value=10, description="depth"),
        "learning_rate": widgets.SelectionSlider(options=RATES, value=0.05, description="learning rate"),
        "optimizer": widgets.Dropdown(options=list(OPTIMIZERS), value="sgd", description="optimizer"),
        "task": widgets.Dropdown(options=list(TASKS), value="digits", description="task"),
        "steps": widgets.SelectionSlider(options=STEPS, value=300, description="steps"),
        "seed": widgets.IntSlider(0, 0, 9, description="seeds"),
        "moment": widgets.FloatSlider(1.0, min=0.0, max=1.0, step=0.01, description="moment"),
    }
