"""Should a batch size be a power of two? Speed and loss of many sizes, measured where the reader is."""

import threading
import time
from collections.abc import Sequence
from functools import cache

import ipywidgets as widgets
import numpy as np

from course import training
from course.figures.batch_sizes import BatchSizesPicture, Measured
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.training import Setup, Training

SIZES = (8, 12, 16, 24, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 192, 256)
SETUP = Setup(depth=5, width=32)
EXAMPLES, STEPS = 12_800, 100
SEEDS, ROUNDS = 8, 21
RATE, RATE_AT = 0.05, 32
"""The learning rate; where it grows with the batch, that of a batch of `RATE_AT`."""
PIECE = 0.05
"""Seconds of one timed piece."""
COMPARISONS = {"examples": f"{EXAMPLES:,} examples", "steps": f"{STEPS} steps"}
RULES = {"same": "the same for all", "proportional": "in proportion to the batch"}


def sweep(size: int, steps: int, seeds: int = SEEDS) -> Training:
    """Give the runs of one batch size: every seed with both learning rates, first the same, then in proportion."""
    rates = [RATE, RATE * size / RATE_AT]
    runs = [training.Trial("he_normal", seed, 1.0, rate) for rate in rates for seed in range(seeds)]
    return Training(SETUP._replace(batch=size), runs, steps=steps, records=1, layers=False)


class BatchSizes:
    """The losses of all sizes, one size after the other, and then their speeds, in rounds through all of them.

    Each round goes through the sizes in another random order, so that no size always follows the same one.
    """

    def __init__(self, sizes: Sequence[int] = SIZES, rounds: int = ROUNDS, seeds: int = SEEDS):
        self.sizes, self.rounds, self.seeds = list(sizes), rounds, seeds
        ends = {"examples": lambda size: round(EXAMPLES / size), "steps": lambda _size: STEPS}
        self.trainings = {
            after: {size: sweep(size, steps(size), seeds) for size in self.sizes} for after, steps in ends.items()
        }
        self._timed = {size: sweep(size, 2**31 - 1, seeds) for size in self.sizes}
        self.speeds: dict[int, list[float]] = {size: [] for size in self.sizes}
        chance = np.random.default_rng(0)
        self._order = [int(size) for _round in range(rounds) for size in chance.permutation(self.sizes)]
        self._turn = threading.Lock()

    @property
    def done(self) -> int:
        """Trainings at their end, and timed pieces."""
        ended = sum(job.finished for jobs in self.trainings.values() for job in jobs.values())
        return ended + sum(map(len, self.speeds.values()))

    @property
    def total(self) -> int:
        """All trainings and all pieces that are to be timed."""
        return len(self.sizes) * (len(self.trainings) + self.rounds)

    @property
    def finished(self) -> bool:
        """Whether all is measured."""
        return self.done == self.total

    def advance(self, seconds: float) -> None:
        """Go on with the training that is next, or time one piece of the size whose turn it is."""
        with self._turn:  # several pictures may wait for these measurements
            waiting = [
                job for size in self.sizes for jobs in self.trainings.values() if not (job := jobs[size]).finished
            ]
            if waiting:
                waiting[0].advance(seconds)
            elif not self.finished:
                self.time(self._order[sum(map(len, self.speeds.values()))])

    def time(self, size: int) -> None:
        """Time one piece of training at a size."""
        job, found = self._timed[size], self.speeds[size]
        while not found and _duration(job) < PIECE / 2:  # the first pieces are short, and not yet at full speed
            pass
        before, duration = job.done, _duration(job)
        found.append((job.done - before) * size * len(job.trials) / duration)

    def losses(self, after: str, rule: str) -> Measured:
        """Give the losses by size after the same `after`, with the rates of a `rule`; infinite where a run diverged."""
        place = list(RULES).index(rule)
        runs = slice(self.seeds * place, self.seeds * (place + 1))
        losses = np.full((len(self.sizes), self.seeds), np.nan)
        for row, job in zip(losses, self.trainings[after].values(), strict=True):
            if job.finished:
                row[:] = np.where(job.history.diverged_at < 0, job.history.losses[-1], np.inf)[runs]
        return Measured(losses.min(axis=1), np.median(losses, axis=1), losses.max(axis=1))

    def speed(self) -> Measured:
        """Give the examples that all runs together learn from in a second: quartiles and median of the pieces."""
        rows = [np.quantile(found, [0.25, 0.5, 0.75]) if found else [np.nan] * 3 for found in self.speeds.values()]
        return Measured(*np.transpose(rows))


def _duration(job: Training) -> float:
    started = time.perf_counter()
    job.advance(PIECE)
    return time.perf_counter() - started


@cache
def shared_measurement() -> BatchSizes:
    """Give the measurement that all pictures of this kernel show: it is made once."""
    return BatchSizes()


class BatchSizesExplorer(RunningExplorer):
    """The comparison of batch sizes; Run anew measures everything again."""

    def run_anew(self) -> None:
        """Forget what was measured, and start over."""
        shared_measurement.cache_clear()
        super().run_anew()


def batch_sizes(text: str = "", **state) -> BatchSizesExplorer:
    """Compare batch sizes, powers of two and others: examples a second, and the loss after as many examples or steps.

    `state` sets controls by name.
    """
    picture = BatchSizesPicture()

    def show(job: BatchSizes, after: str, rates: str) -> Frame:
        guessing = job.trainings["steps"][job.sizes[0]].history.guessing_loss
        return picture.update(np.array(job.sizes), job.speed(), job.losses(after, rates), COMPARISONS[after], guessing)

    controls = _controls()
    return BatchSizesExplorer(
        controls,
        shared_measurement,
        show,
        picture.canvas,
        name="batch_sizes",
        title="Should a batch size be a power of two?",
        views=controls,
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    afters = [(f"the same {title}", name) for name, title in COMPARISONS.items()]
    rules = [(title, name) for name, title in RULES.items()]
    return {
        "after": widgets.Dropdown(options=afters, value="examples", description="loss after"),
        "rates": widgets.Dropdown(options=rules, value="same", description="learning rate"),
    }
