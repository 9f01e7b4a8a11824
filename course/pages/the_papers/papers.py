"""The reproductions: which two starts a paper compares, in which networks, and at which size they run here."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course import training
from course.explorers.training_runs import Race, Start
from course.training import History, Setup, Training

SEEDS = 10
HERE, PAPER = "here", "as in the paper"


class Size(NamedTuple):
    """How large a reproduction is: weight layers, units in each, examples in a batch, steps, and moments recorded."""

    depth: int
    width: int
    batch: int
    steps: int
    records: int = 30


class Experiment(NamedTuple):
    """A comparison of two starts: who published it, the task, the starts, and its size by name."""

    source: str
    task: str
    starts: tuple[Start, Start]
    sizes: Mapping[str, Size]


def _glorot(activation: str, hidden: int) -> Experiment:
    starts = (
        Start("standard", "standard_uniform", activation=activation, learning_rate=0.1),
        Start("normalized", "glorot_uniform", activation=activation, learning_rate=0.1),
    )
    sizes = {HERE: Size(hidden + 1, 50, 10, 1000), PAPER: Size(hidden + 1, 1000, 10, 100_000, 200)}
    return Experiment("Glorot and Bengio 2010", "shapeset", starts, sizes)


def _he(depth: int) -> Experiment:
    starts = (
        Start("Xavier", "glorot_normal", activation="relu", learning_rate=0.02),
        Start("He", "he_normal", activation="relu", learning_rate=0.02),
    )
    return Experiment(
        "He et al. 2015", "digits", starts, {HERE: Size(depth, 64, 32, 1500), PAPER: Size(depth, 256, 128, 20_000, 200)}
    )


def _selu() -> Experiment:
    # Each has the best of the rates 0.0002, 0.0005, 0.001 and 0.002.
    starts = (
        Start("ReLU, He", "he_normal", activation="relu", learning_rate=0.002),
        Start("SELU, LeCun", "lecun_normal", activation="selu", learning_rate=0.0005),
    )
    return Experiment(
        "Klambauer et al. 2017",
        "digits",
        starts,
        {HERE: Size(100, 64, 32, 300), PAPER: Size(100, 256, 128, 20_000, 200)},
    )


EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "Glorot and Bengio 2010: sigmoid, 4 hidden layers": _glorot("sigmoid", 4),
        "Glorot and Bengio 2010: tanh, 5 hidden layers": _glorot("tanh", 5),
        "He et al. 2015: ReLU, 22 layers": _he(22),
        "He et al. 2015: ReLU, 30 layers": _he(30),
        "Klambauer et al. 2017: SELU and ReLU, 100 layers": _selu(),
    }
)
"""The comparisons of two starts while they train, by their names in the menu."""


def reproduction(experiment: Experiment, size: Size, seeds: Sequence[int]) -> Race:
    """Return the training runs of an experiment, `seeds` of each start."""
    setup = Setup(size.depth, size.width, task=experiment.task, batch=size.batch)
    return Race(experiment.starts, setup, seeds, steps=size.steps, records=size.records, together=False)


class DepthSweep(NamedTuple):
    """A sweep of learning times: linear networks of several depths, two starts, and a grid of learning rates."""

    depths: tuple[int, ...]
    width: int
    batch: int
    steps: int
    every: int
    rates: tuple[float, ...]


SAXE_STARTS = MappingProxyType({"orthogonal": "orthogonal", "scaled Gaussian": "glorot_normal"})
"""The starts that Saxe, McClelland and Ganguli compare in figure 6, by title, with their schemes."""
SAXE = MappingProxyType(
    {
        HERE: DepthSweep((3, 5, 10, 20), 64, 32, 300, 5, (0.008, 0.016, 0.032, 0.064)),
        PAPER: DepthSweep((3, 5, 10, 20, 50, 100), 1000, 128, 2000, 10, tuple(np.geomspace(1e-4, 0.1, 20).round(6))),
    }
)
LEARNED = 0.5
"""A network has learned when its loss is below this share of the loss of guessing."""


class LearningTimes:
    """The runs of a sweep, one depth after the other, the shallowest first."""

    def __init__(self, sweep: DepthSweep, seeds: Sequence[int]):
        self.sweep, self.seeds = sweep, list(seeds)
        runs = training.trials(list(SAXE_STARTS.values()), self.seeds, learning_rates=sweep.rates)
        setups = [Setup(depth, sweep.width, "linear", batch=sweep.batch, loss="squared") for depth in sweep.depths]
        self._trainings = [
            Training(setup, runs, steps=sweep.steps, records=sweep.steps // sweep.every, layers=False)
            for setup in setups
        ]
        self.total = sum(sweep.depths) * sweep.steps

    @property
    def done(self) -> int:
        """Weight layers times steps that are behind: what the work is in proportion to."""
        return sum(depth * job.done for depth, job in zip(self.sweep.depths, self._trainings, strict=True))

    @property
    def finished(self) -> bool:
        """Whether every depth is at its end."""
        return all(job.finished for job in self._trainings)

    def advance(self, seconds: float) -> None:
        """Let the shallowest depth that is not at its end go on."""
        next(job for job in self._trainings if not job.finished).advance(seconds)

    def steps(self) -> np.ndarray:
        """Return the steps until learned, infinite where there was no end: `(depths, starts, seeds, rates)`.

        Depths that are not at their end are left out.
        """
        shape = len(SAXE_STARTS), len(self.seeds), len(self.sweep.rates)
        found = [steps_to_learn(job.history).reshape(shape) for job in self._trainings if job.finished]
        return np.array(found).reshape(-1, *shape)


def steps_to_learn(history: History) -> np.ndarray:
    """Return the first recorded step at which each run has learned, `(runs,)`; infinite for runs that never do."""
    learned = history.losses < LEARNED * history.guessing_loss
    return np.where(learned.any(axis=0), history.steps[learned.argmax(axis=0)], np.inf)


def fastest(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choose one rate a depth, that of the least median: steps `(depths, seeds)` of `(depths, seeds, rates)`, places.

    The places `(depths,)` are those of the rates. Of two rates with one median the smaller is taken.
    """
    places = np.median(steps, axis=1).argmin(axis=1) if len(steps) else np.zeros(0, int)
    return steps[np.arange(len(steps)), :, places], places
