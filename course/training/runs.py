"""Many training runs at once: every trial of a sweep, in one compiled program, on all devices that JAX has."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import numpy as np

from course.training import programs
from course.training.devices import run_sharding, shared_out, use_every_core
from course.training.drawing import draw_parameters
from course.training.history import NOT_DIVERGED, History, LayerHistory
from course.training.programs import BATCHES_DRAWN, Batches, Evaluation, Programs, State
from course.training.setups import Setup, Trial, guessing_loss, validated
from course.training.tasks import TASKS

use_every_core()

SLICE_SECONDS = 0.2
"""Seconds of work between two moments at which a run can be watched or stopped."""


class _Record(NamedTuple):
    step: int
    evaluation: Evaluation
    diverged_at: np.ndarray


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let an interrupt wait until the end: one in the middle of JAX's own work breaks what JAX holds."""
    if threading.current_thread() is not threading.main_thread():  # no other thread is interrupted
        yield
        return
    waiting = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting:
        signal.raise_signal(signal.SIGINT)


def to_its_end(work: Any, parts: str, watch: Callable[[Any], object] = lambda work: None) -> None:
    """Let work advance until it is finished, calling `watch` after each piece; `parts` are what `done` counts.

    An interrupt waits for the end of a piece, ends this early and says so; the work can go on from there.
    """
    try:
        while not work.finished:
            with _interrupts_held_back():
                work.advance()
            watch(work)
    except KeyboardInterrupt:
        print(f"Stopped after {work.done} of {work.total} {parts}. They are kept; run() goes on from there.")


class RecordedWork:
    """Runs that go on together, step by step, and are recorded at about `records` moments and at the start.

    `done` of `total` steps are behind. Who inherits this begins the runs' state, goes on to a step, and records.
    """

    def __init__(self, steps: int, records: int):
        self.done, self.total = 0, steps
        self._record_steps = sorted({round(moment * steps / records) for moment in range(records + 1)})
        self._state: Any = None
        self._steps_per_slice = 1
        self._recorded: list[Any] = []

    @property
    def finished(self) -> bool:
        """Whether all steps are done, and recorded."""
        return len(self._recorded) == len(self._record_steps)

    def advance(self, seconds: float = SLICE_SECONDS) -> None:
        """Go on for about so long: at least one step, and at most to the next record; the first call compiles."""
        if self.finished:
            return
        if self._state is None:
            self._begin()
        due = self._record_steps[len(self._recorded)]
        if self.done < due:
            self._advance_to(min(due, self.done + self._steps_per_slice), seconds)
        if self.done == due:
            self._record()

    def run(self, watch: Callable[[Any], object] = lambda work: None) -> Any:
        """Go on to the end, calling `watch` about five times a second, and return the history.

        An interrupt (Ctrl+C, or the kernel's stop button) ends this early and says so: what was computed is kept,
        and `run` goes on from there.
        """
        to_its_end(self, "steps", watch)
        return self.history

    def _advance_to(self, stop: int, seconds: float) -> None:
        started, steps = time.perf_counter(), stop - self.done
        self._state, self.done = jax.block_until_ready(self._go(stop)), stop
        a_step = (time.perf_counter() - started) / steps
        self._steps_per_slice = max(1, min(2 * self._steps_per_slice, round(seconds / a_step)))


class Training(RecordedWork):
    """Training runs of one setup that go on together and can be watched, stopped and gone on with.

    `history` holds what was recorded so far, at about `records` moments and at the start; `done` of `total` steps
    are behind. Nothing is drawn or compiled before the first `advance`. Memory grows with the number of runs and of
    records, not with the number of steps. With `layers=False` losses and accuracies are all that is recorded, and half
    as much is compiled. Raises `ValueError`, naming the value, for a setup, a trial, a number of `steps` or `records`,
    or a `data_seed` that there cannot be.
    """

    def __init__(
        self,
        setup: Setup,
        runs: Iterable[Trial],
        *,
        steps: int = 300,
        records: int = 30,
        data_seed: int = 0,
        layers: bool = True,
    ):
        self.setup, self.trials = setup, validated(setup, runs, steps, records, data_seed)
        super().__init__(steps, records)
        self._data_seed, self._layers = np.uint32(data_seed), layers
        self._programs: Programs | None = None
        self._batches: Batches | None = None

    @property
    def history(self) -> History:
        """What was recorded so far; before the first `advance`, nothing, in arrays of no rows."""
        recorded, runs = list(self._recorded), len(self.trials)
        if not recorded:
            none = np.zeros((0, runs, self.setup.depth - 1))
            layers = LayerHistory(*[none] * len(LayerHistory._fields)) if self._layers else None
            none = np.zeros((0, runs))
            return History(np.zeros(0, int), none, none, layers, np.full(runs, NOT_DIVERGED), guessing_loss(self.setup))
        steps, diverged = zip(*[(record.step, record.diverged_at) for record in recorded], strict=True)
        evaluations = jax.tree.map(lambda *rows: np.stack(rows), *[record.evaluation for record in recorded])
        return History(np.array(steps), *evaluations, diverged[-1], guessing_loss(self.setup))

    @property
    def parameters(self) -> Any:
        """The weights and biases of all runs as they are now."""
        return jax.tree.map(lambda part: part[: len(self.trials)], self._state.parameters)

    def snapshot(self) -> list[np.ndarray]:
        """Return what `resume` needs to go on from the last record, beside the records."""
        return [np.asarray(leaf) for leaf in jax.tree.leaves(self._state)]

    def resume(self, records: Iterable[tuple[int, Evaluation, np.ndarray]], leaves: Iterable[np.ndarray]) -> None:
        """Go on from the records and the snapshot of another training of the same runs."""
        self._begin()
        structure = jax.tree.structure(self._state)
        self._state = jax.device_put(jax.tree.unflatten(structure, leaves), run_sharding())
        self._recorded = [_Record(*record) for record in records]
        self.done = self._recorded[-1].step
        if self.done % BATCHES_DRAWN:
            self._batches = self._programs.draw(self._data_seed, np.int32(self.done - self.done % BATCHES_DRAWN))

    def _begin(self) -> None:
        task = TASKS[self.setup.task]()
        runs = shared_out(self.trials)
        parameters = draw_parameters(self.setup.architecture, runs, task.features, task.classes)
        with np.errstate(over="ignore"):  # a rate too large for 32 bits diverges, as it should
            rates = np.array([trial.learning_rate for trial in runs], np.float32)
        self._rates = jax.device_put(rates, run_sharding())
        steps = None if self.setup.schedule == "constant" else self.total
        self._programs = programs.programs(self.setup, steps, self._layers)
        self._state = self._programs.begin(jax.device_put(parameters, run_sharding()), self._rates)
        self._batches = self._programs.draw(self._data_seed, np.int32(0))
        no_step = self._state, self._rates, self._batches, np.int32(0), np.int32(0)
        with ThreadPoolExecutor(1) as pool:  # both programs are compiled at once; no thread is left behind
            pool.submit(self._programs.advance, *no_step)
            self._programs.evaluate(self._state.parameters)

    def _advance_to(self, stop: int, seconds: float) -> None:
        """Go on to the step `stop`, or as far as batches are drawn."""
        super()._advance_to(min(stop, self.done - self.done % BATCHES_DRAWN + BATCHES_DRAWN), seconds)

    def _go(self, stop: int) -> State:
        if self.done % BATCHES_DRAWN == 0 < self.done:  # the first ones were drawn when the runs began
            self._batches = self._programs.draw(self._data_seed, np.int32(self.done))
        span = np.int32(self.done), np.int32(stop)
        return self._programs.advance(self._state, self._rates, self._batches, *span)

    def _record(self) -> None:
        evaluation = jax.tree.map(np.asarray, self._programs.evaluate(self._state.parameters))
        evaluation, lost = jax.tree.map(
            lambda values: values[: len(self.trials)], (evaluation, np.asarray(self._state.diverged_at))
        )
        lost = np.where((lost == NOT_DIVERGED) & ~np.isfinite(evaluation.loss), self.done, lost)
        if self._recorded:  # a run that was lost on the examples held out stays so, from the step where it was seen
            before = self._recorded[-1].diverged_at
            lost = np.where(before == NOT_DIVERGED, lost, before)
        alive = lost == NOT_DIVERGED
        evaluation = jax.tree.map(
            lambda values: np.where(alive.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan), evaluation
        )
        self._recorded.append(_Record(self.done, evaluation, lost))
