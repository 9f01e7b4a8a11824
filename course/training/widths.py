"""Networks of many widths, trained in few compiled programs: a narrow one is padded with units that do nothing.

`WidthSweep` trains them all to the end, a run for each parametrization, width, learning rate and seed; `first_steps`
measures by how much the first steps change the activations.
"""

import functools
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course.networks.three_layers import ThreeLayers, signals
from course.training import parametrizations
from course.training.devices import mesh, run_sharding
from course.training.optimizers import OPTIMIZERS
from course.training.programs import BATCHES_DRAWN, COSTS, batch_sampler, sharded
from course.training.runs import SLICE_SECONDS, to_its_end
from course.training.tasks import TASKS, Task

WIDTHS = (32, 64, 128, 256, 512, 1024)
TASK, BATCH = "digits", 32
CHECKED_TASK = "spirals"
"""What the first steps are measured on: two inputs, so that a hidden layer of any width has many times as many."""
_TOGETHER = {128: 32, 512: 8, 1024: 4}
"""A program for each of these sizes trains so many networks of at most that width together."""
PROBED = 50
"""As many of the examples held out are run to see by how much the activations have changed."""


class WidthRun(NamedTuple):
    """A network of a sweep: how it is parametrized, its width, its rate at the base width, the seed of its weights."""

    parametrization: str
    width: int
    learning_rate: float
    seed: int = 0


def width_runs(
    names: Sequence[str], widths: Sequence[int], learning_rates: Sequence[float], seeds: Sequence[int] = (0,)
) -> list[WidthRun]:
    """Return all combinations, the last named varying fastest."""
    return list(itertools.starmap(WidthRun, itertools.product(names, widths, learning_rates, seeds)))


def size_of(width: int) -> int:
    """Return the size of the program in which a network of this width runs; `ValueError` for one that has no room."""
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= max(_TOGETHER):
        raise ValueError(f"width is {width!r}; allowed is a whole number from 1 to {max(_TOGETHER)}")
    return next(size for size in _TOGETHER if width <= size)


class _State(NamedTuple):
    weights: ThreeLayers
    optimizer: Any


class _Programs(NamedTuple):
    begin: Callable[..., _State]
    advance: Callable[..., _State]
    loss: Callable[..., jax.Array]
    changes: Callable[..., jax.Array]


@functools.cache
def _programs(optimizer: str) -> _Programs:
    task = TASKS[TASK]()
    return _Programs(
        sharded(jax.vmap(lambda weights: _State(weights, OPTIMIZERS[optimizer](1.0).init(weights)))),
        sharded(functools.partial(_advance, optimizer), shared=3),
        sharded(jax.vmap(lambda weights: _cost(weights, jnp.asarray(task.inputs), jnp.asarray(task.labels)))),
        sharded(functools.partial(_changes, optimizer), shared=3),
    )


def _cost(weights: ThreeLayers, inputs, labels) -> jax.Array:
    return jnp.mean(COSTS["cross_entropy"](signals(weights, inputs).outputs, labels))


def _step(optimizer: str, inputs, labels, state: _State, rates: ThreeLayers) -> _State:
    gradients = jax.grad(_cost)(state.weights, inputs, labels)
    updates, kept = OPTIMIZERS[optimizer](1.0).update(gradients, state.optimizer, state.weights)
    return _State(jax.tree.map(lambda own, rate, by: own + rate * by, state.weights, rates, updates), kept)


def _advance(optimizer: str, state: _State, rates: ThreeLayers, batches, start, stop) -> _State:
    def step(number, state):
        inputs, labels = (drawn[number - batches.first] for drawn in (batches.inputs, batches.labels))
        return jax.vmap(functools.partial(_step, optimizer, inputs, labels))(state, rates)

    return lax.fori_loop(start, stop, step, state)


def _changes(optimizer: str, state: _State, rates: ThreeLayers, counts: jax.Array, inputs, labels, steps) -> jax.Array:
    """Return the mean squares of the changes, `(runs, steps, 3)`, over the units that are no padding."""
    probe = jnp.asarray(TASKS[CHECKED_TASK]().inputs[:PROBED])

    def of_one(state, rates, count):
        before = signals(state.weights, probe)

        def step(state, _number):
            state = _step(optimizer, inputs, labels, state, rates)
            squares = jax.tree.map(
                lambda one, other: jnp.sum((one - other) ** 2), signals(state.weights, probe), before
            )
            return state, jnp.stack(squares) / (PROBED * count)

        return lax.scan(step, state, steps)[1]

    return jax.vmap(of_one)(state, rates, counts)


def drawn(run: WidthRun, task: Task, size: int) -> ThreeLayers:
    """Draw the weights of a run, padded with zeros to `size` units; runs of one seed and width have the same noise."""
    n, classes = run.width, task.classes
    shapes, padded = ((task.features, n), (n, n), (n, classes)), ((task.features, size), (size, size), (size, classes))
    random = np.random.default_rng((run.seed, n))
    stds = parametrizations.stds(run.parametrization, n, task.features)
    noise = [std * random.standard_normal(shape, np.float32) for std, shape in zip(stds, shapes, strict=True)]
    room = (
        tuple((0, more - own) for own, more in zip(*pair, strict=True)) for pair in zip(shapes, padded, strict=True)
    )
    return ThreeLayers(*(np.pad(part, pad).astype(np.float32) for part, pad in zip(noise, room, strict=True)))


def _together(runs: Sequence[WidthRun], task: Task, optimizer: str) -> tuple[ThreeLayers, ThreeLayers]:
    """Return weights and learning rates of runs of one size, the runs along the first axis."""
    size = size_of(runs[0].width)
    weights = jax.tree.map(lambda *parts: np.stack(parts), *(drawn(run, task, size) for run in runs))
    rates = [parametrizations.rates(run.parametrization, optimizer, run.width, run.learning_rate) for run in runs]
    return jax.device_put((weights, ThreeLayers(*np.array(rates, np.float32).T)), run_sharding())


def _chunks(runs: Sequence[WidthRun]) -> list[list[int]]:
    """Return the places of runs that are trained together, those of the smallest programs first."""
    chunks = []
    for size, most in _TOGETHER.items():
        places = [place for place, run in enumerate(runs) if size_of(run.width) == size]
        chunks += [places[first : first + most] for first in range(0, len(places), most)]
    return chunks


def _filled(chunk: list[int], size: int) -> list[int]:
    """Return a chunk with as many places as its program has, the first one again where there are fewer."""
    return chunk + chunk[:1] * (-(-_TOGETHER[size] // mesh().size) * mesh().size - len(chunk))


class WidthSweep:
    """Runs of many widths, each trained for `steps` steps of the same batches; `losses` grows, narrow networks first.

    `done` of `total` runs are at their end. Nothing is drawn or compiled before the first `advance`. Raises
    `ValueError` for a run, an optimizer or a number of steps that there cannot be.
    """

    def __init__(self, runs: Iterable[WidthRun], optimizer: str = "sgd", *, steps: int = 100):
        self.runs, self.optimizer, self.steps = list(runs), optimizer, steps
        _check(self.runs, optimizer, steps)
        self.losses = np.full(len(self.runs), np.nan)
        self._waiting, self._step, self._steps_per_slice = _chunks(self.runs), 0, 1
        self._state: _State | None = None

    @property
    def done(self) -> int:
        """Runs that are at their end."""
        return len(self.runs) - sum(map(len, self._waiting))

    @property
    def total(self) -> int:
        """All runs."""
        return len(self.runs)

    @property
    def finished(self) -> bool:
        """Whether all runs are at their end."""
        return not self._waiting

    def advance(self, seconds: float = SLICE_SECONDS) -> None:
        """Go on for about so many seconds with the networks that are trained now."""
        if self.finished:
            return
        programs, chunk = _programs(self.optimizer), self._waiting[0]
        if self._state is None:
            size = size_of(self.runs[chunk[0]].width)
            here = [self.runs[place] for place in _filled(chunk, size)]
            weights, self._rates = _together(here, TASKS[TASK](), self.optimizer)
            self._state, self._step, self._steps_per_slice = programs.begin(weights), 0, 1
        started, first = time.perf_counter(), self._step - self._step % BATCHES_DRAWN
        stop = min(self._step + self._steps_per_slice, first + BATCHES_DRAWN, self.steps)
        batches = batch_sampler(TASK, BATCH)(np.uint32(0), np.int32(first))
        span = np.int32(self._step), np.int32(stop)
        self._state = jax.block_until_ready(programs.advance(self._state, self._rates, batches, *span))
        a_step = (time.perf_counter() - started) / (stop - self._step)
        self._step, self._steps_per_slice = stop, max(1, min(2 * self._steps_per_slice, round(seconds / a_step)))
        if stop == self.steps:
            losses = np.asarray(programs.loss(self._state.weights), float)[: len(chunk)]
            self.losses[chunk] = np.where(np.isfinite(losses), losses, np.inf)
            self._state = None
            del self._waiting[0]

    def run(self) -> np.ndarray:
        """Go on to the end, or to an interrupt, and return the losses on the examples held out, `(runs,)`.

        A loss is infinite where a run diverged, and NaN where it has not come to its end.
        """
        to_its_end(self, "runs")
        return self.losses


def first_steps(runs: Sequence[WidthRun], optimizer: str = "sgd", *, steps: int = 4) -> np.ndarray:
    """Return by how much the first steps, all with one batch, change activations and outputs: `(runs, steps, 3)`.

    The mean squares, over units and examples held out, of what the two hidden layers and the outputs have changed by
    since before the first step. Raises `ValueError` as `WidthSweep` does.
    """
    _check(runs, optimizer, steps)
    programs, task = _programs(optimizer), TASKS[CHECKED_TASK]()
    batch = jax.tree.map(lambda part: part[0], batch_sampler(CHECKED_TASK, BATCH)(np.uint32(0), np.int32(0))[1:])
    found = np.zeros((len(runs), steps, 3))
    for chunk in _chunks(runs):
        here = [runs[place] for place in _filled(chunk, size_of(runs[chunk[0]].width))]
        weights, rates = _together(here, task, optimizer)
        counts = np.array([[run.width, run.width, task.classes] for run in here], np.float32)
        squares = programs.changes(programs.begin(weights), rates, counts, *batch, np.zeros(steps))
        found[chunk] = np.asarray(squares)[: len(chunk)]
    return found


def _check(runs: Sequence[WidthRun], optimizer: str, steps: int) -> None:
    if not runs:
        raise ValueError("there are no runs; a sweep has at least one")
    for run in runs:
        size_of(run.width)
        parametrizations.rates(run.parametrization, optimizer, run.width, run.learning_rate)
        if not 0 < run.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {run.learning_rate!r}; allowed is a finite number above 0")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps is {steps!r}; allowed is a whole number, 1 or more")
