"""What pages that train several starts side by side share: the runs, what theory says of them, words for their end."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from course import initializers, theory, training
from course.live.controls import slider
from course.live.marks import Mark, curve
from course.live.words import number, say
from course.style import STARTS, lost_point, marked_line
from course.training import TASKS, History, Setup, Training, Trial
from course.training.round_robin import RoundRobin

SEEDS_CONTROL = slider(0, 0, 9, label="seeds")
"""Which group of seeds is trained: `seed_group` counts them out."""


PLACES = range(len(STARTS))
"""As many starts can race."""
MARKERS = 10
"""At most so many markers stand on each line of a loss."""


def loss_lines() -> list[Mark]:
    """Return the losses of all starts, `loss.0` and so on, and where each was lost, `loss.0.lost`."""
    lines = [curve(f"loss.{at}", marked_line(*STARTS[at]), pin=False, markers=(at, MARKERS)) for at in PLACES]
    return lines + [curve(f"loss.{at}.lost", lost_point(STARTS[at][0]), pin=False) for at in PLACES]


def loss_curves(history: Any, place: int, edge: float) -> dict[str, np.ndarray | tuple]:
    """Return what `loss_lines` show of one run: its losses, and at the `edge` of the axis the step of its divergence.

    `history` has `steps`, `losses` of shape `(records, runs)` and `diverged_at`, by run.
    """
    lost = history.diverged_at[place : place + 1]
    lost = lost[lost >= 0]
    return {
        f"loss.{place}": (history.steps, history.losses[:, place]),
        f"loss.{place}.lost": (lost, np.full(len(lost), edge)),
    }


def standing(history: Any, place: int, outcome: Callable[[Any, int], str]) -> str:
    """Return a run's last loss, if it is a number, and the words of its `outcome`; before the first record, "ready"."""
    if len(history.steps) == 0:
        return say("ready")
    words, loss = outcome(history, place), history.losses[-1, place]
    return words if np.isnan(loss) else f"{number(loss)}, {words}"


def layer_lines(key: str) -> list[Mark]:
    """Return what each start has by layer, `key.0` and so on."""
    return [curve(f"{key}.{at}", marked_line(*STARTS[at], linewidth=0.8), pin=False) for at in PLACES]


def seed_group(place: int, size: int) -> range:
    """Return the seeds of a group: groups of one size have none in common."""
    return range(size * place, size * (place + 1))


def record_at(steps: np.ndarray, moment: float, total: int) -> int:
    """Return the place of the last record, 0 where there is none yet, up to a `moment`, a share of all steps."""
    return max(np.searchsorted(steps, moment * total, side="right") - 1, 0)


class Start(NamedTuple):
    """How a network begins: a scheme, a gain, and a title.

    It may have an activation function and a learning rate of its own, where others have those of the race.
    """

    title: str
    scheme: str
    gain: float = 1.0
    activation: str | None = None
    learning_rate: float | None = None


class Race(RoundRobin):
    """Starts that are trained on the same batches, some seeds of each.

    Those of one activation share a `Training`, or, where not `together`, each has its own, and the very numbers that
    it would have alone. `setups` are those of the starts, in their order.
    """

    def __init__(
        self,
        starts: Sequence[Start],
        setup: Setup,
        seeds: Sequence[int],
        *,
        learning_rate: float = 0.05,
        steps: int = 300,
        records: int = 30,
        together: bool = True,
    ):
        self.starts, self.seeds = list(starts), list(seeds)
        self.setups = [setup._replace(activation=start.activation or setup.activation) for start in starts]
        self._keys = [(own, 0 if together else place) for place, own in enumerate(self.setups)]
        runs: dict[tuple[Setup, int], list[Trial]] = {key: [] for key in self._keys}
        for start, key in zip(self.starts, self._keys, strict=True):
            rate = start.learning_rate or learning_rate
            runs[key] += [Trial(start.scheme, seed, start.gain, rate) for seed in self.seeds]
        self.trainings = {key: Training(key[0], own, steps=steps, records=records) for key, own in runs.items()}
        super().__init__(self.trainings.values())

    def histories(self) -> list[History]:
        """Return what was recorded of each start, of the same moments for all."""
        histories = {key: job.history for key, job in self.trainings.items()}
        records = min(len(history.steps) for history in histories.values())
        found, first = [], dict.fromkeys(histories, 0)
        for key in self._keys:
            runs = slice(first[key], first[key] + len(self.seeds))
            found.append(training.part_of(histories[key], records, runs))
            first[key] = runs.stop
        return found


def predicted_rms(start: Start, setup: Setup) -> tuple[np.ndarray, np.ndarray]:
    """Return theory's rms of a start's activations by hidden layer, and of its gradients relative to the last layer."""
    width, hidden = setup.width, setup.depth - 1
    fans = [TASKS[setup.task]().features] + [width] * (hidden - 1)
    variances = [
        fan_in * initializers.standard_deviation(start.scheme, (fan_in, width), start.gain) ** 2 for fan_in in fans
    ]
    signal = theory.activation_second_moments(setup.activation, hidden, variances)
    gradient = theory.gradient_variances(setup.activation, hidden, variances)
    return np.sqrt(signal), np.sqrt(gradient)


def seed_range(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the least, median and greatest of `(records, seeds)` over seeds that still run, NaN where none does."""
    alive = np.isfinite(losses).any(axis=1)
    found = np.full((3, len(losses)), np.nan)
    if alive.any():
        found[:, alive] = np.nanquantile(losses[alive], [0, 0.5, 1], axis=1)
    return tuple(found)


def outcome_words(history: History) -> str:
    """Say how many runs came to what, the most frequent first: "4 of 5 learned, 1 diverged by step 12"."""
    if len(history.steps) == 0:
        return say("ready")
    last = history.diverged_at.max()
    kinds = [
        say("diverged by step {step}", step=last) if outcome.startswith("diverged") else say(outcome)
        for outcome in training.outcomes(history)
    ]
    (outcome, count), *others = Counter(kinds).most_common()
    first = say("{count} of {runs} {outcome}", count=count, runs=len(kinds), outcome=outcome)
    return ", ".join([first, *(f"{count} {outcome}" for outcome, count in others)])
