"""Three papers' comparisons at a larger size, without a picture: `python -m course.training.papers FOLDER`.

Glorot and Bengio 2010 have 1,000 units, 100,000 steps and a grid of learning rates, and the error is that on 10,000
fresh images of Shapeset-3×2. He et al. 2015 and Klambauer et al. 2017 trained on photographs and on tables; here their
networks see digits, as on page the_papers, at its larger size. Every record is written to FOLDER as it is made, and a
run that was interrupted goes on from the last one. It runs on whatever device JAX has.
"""

import argparse
import functools
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course.networks.classifier import classify
from course.training.programs import Evaluation
from course.training.runs import Training
from course.training.setups import Setup, trials
from course.training.tasks import TASKS

FRESH = 10_000
"""As many images that nobody has trained on measure the error."""
KEPT_EVERY = 60.0
"""Seconds between two writings of a state."""
TOGETHER = 500
"""As many of them are run at once."""
RATES = (0.003, 0.01, 0.03, 0.1, 0.3)


class Comparison(NamedTuple):
    """One network of a paper: what all runs share, the schemes, the learning rates, seeds, steps and records."""

    setup: Setup
    schemes: tuple[str, ...]
    rates: tuple[float, ...] = RATES
    seeds: int = 5
    steps: int = 100_000
    records: int = 200


def _shapeset(activation: str, hidden: int) -> Comparison:
    setup = Setup(hidden + 1, 1000, activation, "shapeset", batch=10)
    return Comparison(setup, ("standard_uniform", "glorot_uniform"))


def _digits(activation: str, depth: int, schemes: tuple[str, ...], rates: tuple[float, ...]) -> Comparison:
    return Comparison(Setup(depth, 256, activation, batch=128), schemes, rates, steps=20_000)


COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        "glorot_sigmoid": _shapeset("sigmoid", 4),
        "glorot_tanh": _shapeset("tanh", 5),
        "he_22": _digits("relu", 22, ("glorot_normal", "he_normal"), (0.005, 0.02)),
        "he_30": _digits("relu", 30, ("glorot_normal", "he_normal"), (0.005, 0.02)),
        "klambauer_relu": _digits("relu", 100, ("he_normal",), (0.0005, 0.001, 0.002)),
        "klambauer_selu": _digits("selu", 100, ("lecun_normal",), (0.0002, 0.0005, 0.001)),
    }
)
"""The comparisons by the names of their files."""


def tiny(comparison: Comparison) -> Comparison:
    """Return the same comparison at a size of seconds: few units and steps, two rates, one seed."""
    setup = comparison.setup._replace(width=8, batch=4)
    return comparison._replace(setup=setup, rates=comparison.rates[:2], seeds=1, steps=6, records=3)


class Progress:
    """A comparison that writes each record to a file, and now and then its state beside it, to go on from there.

    The file of a state may be a gigabyte; it is deleted at the end.
    """

    def __init__(self, comparison: Comparison, path: Path, fresh: int = FRESH):
        self.path, self.fresh = path, fresh
        self.trials = trials(comparison.schemes, range(comparison.seeds), learning_rates=comparison.rates)
        self.training = Training(
            comparison.setup, self.trials, steps=comparison.steps, records=comparison.records, layers=False
        )
        self.errors: list[np.ndarray] = []
        self._state_path, self._kept_at = path.with_suffix(".state.npz"), -np.inf
        self.finished = path.exists() and self._go_on()

    def run(self) -> None:
        """Train to the end."""
        training = self.training
        while not self.finished:
            records = len(training.history.steps)
            training.advance(5.0)
            if len(training.history.steps) > records:
                self._write()
                print(f"{self.path.stem}: step {training.done} of {training.total}", flush=True)
            self.finished = training.finished
        self._state_path.unlink(missing_ok=True)

    def _write(self) -> None:
        history = self.training.history
        self.errors.append(fresh_errors(self.training.setup, self.training.parameters, self.fresh))
        _save(
            self.path,
            **self._runs(),
            steps=history.steps,
            losses=history.losses,
            accuracies=history.accuracies,
            diverged_at=history.diverged_at,
            fresh_errors=self.errors,
        )
        if time.monotonic() - self._kept_at > KEPT_EVERY:
            state = {f"{place:03}": leaf for place, leaf in enumerate(self.training.snapshot())}
            _save(self._state_path, records=len(history.steps), **state)
            self._kept_at = time.monotonic()

    def _runs(self) -> dict[str, list]:
        schemes, seeds, rates = zip(
            *((trial.scheme, trial.seed, trial.learning_rate) for trial in self.trials), strict=True
        )
        return {"schemes": list(schemes), "seeds": list(seeds), "rates": list(rates)}

    def _go_on(self) -> bool:
        """Take up what is there, and return whether nothing is left to do."""
        with np.load(self.path) as found:
            kept = dict(found)
        if not all(np.array_equal(kept[name], values) for name, values in self._runs().items()):
            raise ValueError(f"{self.path} has other runs; allowed is a file of these runs, or none")
        self.errors = list(kept["fresh_errors"])
        if kept["steps"][-1] == self.training.total:
            return True
        if not self._state_path.exists():  # nothing to go on from: records are made again
            self.errors = []
            return False
        with np.load(self._state_path) as found:
            count, leaves = int(found["records"]), [found[name] for name in sorted(set(found) - {"records"})]
        self.errors = self.errors[:count]
        rows = zip(*(kept[name][:count] for name in ("steps", "losses", "accuracies")), strict=True)
        records = [(int(step), Evaluation(loss, right, None), kept["diverged_at"]) for step, loss, right in rows]
        self.training.resume(records, leaves)
        return False


def _save(path: Path, **arrays: object) -> None:
    """Write a file that is whole or not there."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(path)


def fresh_errors(setup: Setup, parameters, count: int) -> np.ndarray:
    """Return the share of fresh examples that each run gets wrong: of Shapeset new images, of digits those held out."""
    inputs, labels = _fresh(setup.task, count)
    wrong = [
        np.asarray(_wrong(setup, parameters, inputs[start : start + TOGETHER], labels[start : start + TOGETHER]))
        for start in range(0, len(labels), TOGETHER)
    ]
    return np.sum(wrong, axis=0) / len(labels)


@functools.partial(jax.jit, static_argnums=0)
def _wrong(setup: Setup, parameters, inputs, labels):
    def one(parameters):
        outputs, _ = classify(parameters, inputs, setup.architecture)
        return jnp.sum(jnp.argmax(outputs, axis=1) != labels)

    return jax.vmap(one)(parameters)


@functools.cache
def _fresh(task: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    if task != "shapeset":
        return TASKS[task]().inputs, TASKS[task]().labels
    parts = [TASKS[task]().batch(jax.random.key(2**30 + place), TOGETHER) for place in range(-(-count // TOGETHER))]
    inputs, labels = (np.concatenate([np.asarray(part[side]) for part in parts]) for side in range(2))
    return inputs[:count], labels[:count]


def main(arguments: list[str] | None = None) -> None:
    """Run the comparisons that are asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m course.training.papers", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where records are written, and looked for to go on from")
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS), metavar="NAME")
    parser.add_argument("--tiny", action="store_true", help="a size of seconds, to see that it runs")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name in asked.only:
        comparison, fresh = COMPARISONS[name], FRESH
        if asked.tiny:
            comparison, fresh = tiny(comparison), TOGETHER
        started = time.perf_counter()
        progress = Progress(comparison, asked.folder / f"{name}.npz", fresh)
        progress.run()
        _report(name, progress, time.perf_counter() - started)


def _report(name: str, progress: Progress, seconds: float) -> None:
    device = jax.devices()[0].device_kind
    print(f"{name}: {seconds:.0f} s on {len(jax.devices())} × {device}")
    found: dict[tuple[str, float], list[float]] = {}
    for trial, error in zip(progress.trials, progress.errors[-1], strict=True):
        found.setdefault((trial.scheme, trial.learning_rate), []).append(float(error))
    for (scheme, rate), errors in found.items():
        print(f"  {scheme:16} rate {rate:<7g} error {np.mean(errors):.2%}, from {min(errors):.2%} to {max(errors):.2%}")


if __name__ == "__main__":
    main()
