"""What a sweep of training runs is made of: the setup that all share, and the trials that differ."""

import itertools
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from course import activations, initializers
from course.initializers import Scheme
from course.networks.classifier import Architecture
from course.networks.normalization import NORMALIZATIONS
from course.training.optimizers import OPTIMIZERS, SCHEDULES
from course.training.tasks import TASKS

LOSSES = ("cross_entropy", "squared")
"""What is minimized: −ln of the probability given to the label, or half the squared distance to its one-hot vector."""
MAX_RUNS = 10_000
"""As many runs can be asked for at once."""


class Setup(NamedTuple):
    """What all runs of a sweep share; each setup is one compiled program.

    `depth` counts weight layers, from 2; `batch` examples are drawn for a step, the same ones for every run. The
    names are those of `ACTIVATIONS`, `TASKS`, `OPTIMIZERS`, `SCHEDULES`, `NORMALIZATIONS` and `LOSSES`.
    """

    depth: int = 10
    width: int = 64
    activation: str = "relu"
    task: str = "digits"
    batch: int = 32
    optimizer: str = "sgd"
    schedule: str = "constant"
    normalization: str = "none"
    residual: bool = False
    loss: str = "cross_entropy"

    @property
    def architecture(self) -> Architecture:
        """The network that is trained."""
        return Architecture(self.depth, self.width, self.activation, self.normalization, self.residual)


def guessing_loss(setup: Setup) -> float:
    """Return what it costs to answer each example held out with the shares of the labels."""
    labels = TASKS[setup.task]().labels
    shares = np.bincount(labels) / len(labels)
    if setup.loss == "squared":
        return float(1 - np.sum(shares**2)) / 2
    return float(-np.sum(shares * np.log(shares)))


class Trial(NamedTuple):
    """What one run of a sweep has of its own: its start, and its learning rate.

    The start is a scheme, by name or built by a reader, times a gain. A seed decides the weights and nothing else;
    trials of one seed have the same noise, scaled.
    """

    scheme: str | Scheme
    seed: int = 0
    gain: float = 1.0
    learning_rate: float = 0.05


def trials(
    schemes: Sequence[str | Scheme] = ("he_normal",),
    seeds: Sequence[int] = (0,),
    gains: Sequence[float] = (1.0,),
    learning_rates: Sequence[float] = (0.05,),
) -> list[Trial]:
    """Return all combinations, the last named varying fastest; `ValueError` where one of them has no entry."""
    axes = {"schemes": schemes, "seeds": seeds, "gains": gains, "learning_rates": learning_rates}
    for name, axis in axes.items():
        if isinstance(axis, str):
            raise ValueError(f"{name} is the text {axis!r}; allowed is a sequence, [{axis!r}] for example")
        if len(axis) == 0:
            raise ValueError(f"{name} is empty; a sweep has at least one run")
    return list(itertools.starmap(Trial, itertools.product(*axes.values())))


def validated(setup: Setup, runs: Iterable[Trial], steps: int, records: int, data_seed: int) -> list[Trial]:
    """Return the trials as a list; `ValueError` that names the value for whatever cannot be run."""
    _validate_setup(setup)
    runs = list(runs)
    if not 1 <= len(runs) <= MAX_RUNS:
        raise ValueError(f"there are {len(runs)} trials; allowed are from 1 to {MAX_RUNS}")
    for trial in runs:
        _validate_trial(trial)
    _validate_int("steps", steps, 1)
    _validate_int("records", records, 1)
    _validate_seed("data_seed", data_seed)
    return runs


def _validate_setup(setup: Setup) -> None:
    activations.named(setup.activation)
    allowed = {
        "task": TASKS,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "normalization": NORMALIZATIONS,
        "loss": LOSSES,
    }
    for name, table in allowed.items():
        if getattr(setup, name) not in table:
            raise ValueError(f"{name} is {getattr(setup, name)!r}; allowed are {', '.join(table)}")
    for name, least in (("depth", 2), ("width", 1), ("batch", 1)):
        _validate_int(name, getattr(setup, name), least)
    if setup.normalization == "batch" and setup.batch == 1:
        raise ValueError("batch is 1; batch normalization needs 2 examples or more")
    if not isinstance(setup.residual, bool):
        raise ValueError(f"residual is {setup.residual!r}; allowed is True or False")


def _validate_int(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is {value!r}; allowed is a whole number, {least} or more")


def _validate_seed(name: str, seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise ValueError(f"{name} is {seed!r}; allowed is a whole number from 0 to {2**32 - 1}")


def _validate_trial(trial: Trial) -> None:
    if not isinstance(trial, Trial):
        raise ValueError(f"a trial is {trial!r}; allowed are training.Trial, or what training.trials gives")
    initializers.standard_deviation(trial.scheme, (1, 1), trial.gain)
    _validate_seed("seed", trial.seed)
    rate = trial.learning_rate
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate < math.inf:
        raise ValueError(f"learning_rate is {rate!r}; allowed is a finite number above 0")
