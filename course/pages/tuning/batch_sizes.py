"""Should a batch size be a power of two? Speed and loss of many sizes, measured where the reader is."""

import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from course import training
from course.live.axes import Axis, fixed, growing
from course.live.controls import menu
from course.live.declare import explorer
from course.live.marks import Mark, curve, level, paths
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import MEASURED_POINTS, RANGE_LINE, REFERENCE_LINE, SQUARE
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
LOSSES = 0.05, 5.0
"""The axis of the losses goes from the one to the other; what is above is shown on its edge."""
LOSS_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SPEEDS = (0.5, 1, 2, 5, 10, 20, 50, 100)
"""The axis of the speeds ends at one of these, in millions."""


class Measured(NamedTuple):
    """What was measured of each batch size, arrays `(sizes,)`: low, middle and high; NaN where it is not there yet."""

    low: np.ndarray
    median: np.ndarray
    high: np.ndarray


def sweep(size: int, steps: int, seeds: int = SEEDS) -> Training:
    """Return the runs of one batch size: every seed with both learning rates, first the same, then in proportion."""
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
        """Return the losses by size after the same `after`, with a rule's rates; infinite where a run diverged."""
        place = list(RULES).index(rule)
        runs = slice(self.seeds * place, self.seeds * (place + 1))
        losses = np.full((len(self.sizes), self.seeds), np.nan)
        for row, job in zip(losses, self.trainings[after].values(), strict=True):
            if job.finished:
                row[:] = np.where(job.history.diverged_at < 0, job.history.losses[-1], np.inf)[runs]
        return Measured(losses.min(axis=1), np.median(losses, axis=1), losses.max(axis=1))

    def speed(self) -> Measured:
        """Return the examples that all runs together learn from in a second: quartiles and median of the pieces."""
        rows = [np.quantile(found, [0.25, 0.5, 0.75]) if found else [np.nan] * 3 for found in self.speeds.values()]
        return Measured(*np.transpose(rows))


def _duration(job: Training) -> float:
    started = time.perf_counter()
    job.advance(PIECE)
    return time.perf_counter() - started


@cache
def shared_measurement() -> BatchSizes:
    """Return the measurement that all pictures of this kernel show: it is made once."""
    return BatchSizes()


def is_power_of_two(sizes: np.ndarray) -> np.ndarray:
    """Return for each whole number whether it is a power of two."""
    return np.log2(sizes) % 1 == 0


POWERS = [size for size in SIZES if is_power_of_two(size)]
BATCH = fixed(
    SIZES[0] / 1.15, SIZES[-1] * 1.15, {size: str(size) for size in POWERS}, label="batch size", log=True, base=2
)


def _by_size(key: str, title: str, y: Axis, *more: Mark) -> Panel:
    """Return a panel of one quantity by batch size; powers of two have a marker of their own."""
    marks = (
        curve(f"{key}.median", REFERENCE_LINE, pin=False),
        paths(f"{key}.range", RANGE_LINE, upright=True),
        curve(f"{key}.powers", SQUARE, "powers of two", pin=False),
        curve(f"{key}.others", MEASURED_POINTS, "other sizes", pin=False),
    )
    return Panel(title, BATCH, y, (*marks, *more), key=key)


PICTURE = Picture(
    (
        _by_size("speed", "Million examples a second: median, quartiles", growing(*SPEEDS)),
        _by_size(
            "loss",
            "",
            fixed(*LOSSES, {tick: f"{tick:g}" for tick in LOSS_TICKS}, log=True),
            level("guessing", label="the loss of guessing"),
        ),
    ),
    grids=("AB",),
    height=4.2,
    legend=("speed.powers", "speed.others", "guessing"),
    columns=3,
)


@explorer(
    "Should a batch size be a power of two?",
    {
        "after": menu({f"the same {words}": name for name, words in COMPARISONS.items()}, label="loss after"),
        "rates": menu({words: name for name, words in RULES.items()}, label="learning rate"),
    },
    PICTURE,
    begin=shared_measurement,
    views=("after", "rates"),
)
def batch_sizes(job: BatchSizes, after: str, rates: str) -> View:
    """Compare batch sizes, powers of two and others: examples a second, and the loss after as many examples or steps.

    `state` sets controls by name.
    """
    sizes, speed, loss, ended = np.array(job.sizes), job.speed(), job.losses(after, rates), say(COMPARISONS[after])
    curves = _curves("speed", sizes, *(values / 1e6 for values in speed))
    curves |= _curves("loss", sizes, *(np.minimum(values, LOSSES[1]) for values in loss))
    columns = {
        f"{key}.{part}": (f"{title}, {part}", values)
        for key, title, measured in (("speed", "examples a second", speed), ("loss", "loss", loss))
        for part, values in measured._asdict().items()
    }
    return View(
        curves | {"guessing": training.guessing_loss(SETUP)},
        describe(sizes, speed, loss, ended),
        Table({"batch": ("batch", sizes), **columns}),
        names={"loss": say("Loss after {after}: median, range", after=ended)},
    )


def _curves(key: str, sizes: np.ndarray, low: np.ndarray, median: np.ndarray, high: np.ndarray) -> dict[str, tuple]:
    powers = is_power_of_two(sizes)
    return {
        f"{key}.median": (sizes, median),
        f"{key}.range": (sizes, low, high),
        f"{key}.powers": (sizes[powers], median[powers]),
        f"{key}.others": (sizes[~powers], median[~powers]),
    }


def between_neighbours(sizes: np.ndarray, values: np.ndarray) -> dict[int, float]:
    """Return, for each power of two 2^k with both 2^k − 1 and 2^k + 1, its value over the mean of these two."""
    known = dict(zip(sizes.tolist(), values.tolist(), strict=True))
    powers = [n for n in known if n - 1 in known and n + 1 in known and n & (n - 1) == 0]
    return {n: 2 * known[n] / (known[n - 1] + known[n + 1]) for n in powers}


def describe(sizes: np.ndarray, speed: Measured, loss: Measured, after: str) -> str:
    """Say how the powers of two compare with their neighbours, in speed and in loss."""
    done = int(np.isfinite(loss.median).sum())
    if done < len(sizes):
        return say(
            "The losses of {done} of {count} batch sizes have been measured, their speeds come after.",
            done=done,
            count=len(sizes),
        )
    powers = sizes[is_power_of_two(sizes)]
    apart = [abs(ratio - 1) for ratio in between_neighbours(sizes, loss.median).values()]
    text = say(
        "Median loss after {after}: {losses}; a power of two is at most {apart:.0%} off its neighbours' mean.",
        after=after,
        losses=", ".join(
            say("{loss} at {size}", loss=number(loss.median[sizes == size][0]), size=size) for size in powers
        ),
        apart=max(apart),
    )
    if np.isnan(speed.median).any():
        return f"{text} {say('The speeds come next.')}"
    fastest = say(
        "Speed of a power of two over that of its neighbours one below and one above: {ratios}. "
        "The most examples a second, {most:.2g} million, come at {size}.",
        ratios=", ".join(f"{size}: {ratio:.2f}" for size, ratio in between_neighbours(sizes, speed.median).items()),
        most=speed.median.max() / 1e6,
        size=sizes[np.argmax(speed.median)],
    )
    return f"{fastest} {text}"
