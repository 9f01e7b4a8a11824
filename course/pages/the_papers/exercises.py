"""Exercises: the papers' experiments."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course import theory
from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, number
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET

_ENOUGH = number(
    16,
    {
        "one in twenty": Mistake(15, "Luck reaches 15 of 20 in 2.1 % of cases: enough for 5 %, and not for 1 %."),
        "one too many": Mistake(17, "17 is enough, and one seed fewer would be too."),
        "the share of ten seeds": Mistake(
            18, "Of 10 seeds all ten are needed. Of 20 a smaller share than nine tenths is enough."
        ),
        "all": Mistake(20, "All 20 come about once in a million cases. That is far more than was asked for."),
        "half": Mistake(10, "Half of the seeds is what luck gives: count from the upper end."),
        "one in twenty, nearly": Mistake(14, "Luck reaches 14 of 20 in 5.8 % of cases: that is not even 5 %."),
    },
    praise="Luck reaches 16 of 20 in 0.6 % of cases. With more seeds a smaller share is enough.",
    otherwise="Add the chances of n, n + 1, … 20 heads in 20 tosses of a coin.",
    low=0,
    high=20,
    whole=True,
    tolerance=1e-9,
)


def _records(rng: np.random.Generator) -> list[Case]:
    """Return steps, losses `(records, runs)` that fall and rise again, a threshold; run 0 never learns, 1 at once."""
    cases = []
    for _case in range(4):
        records, runs = rng.integers(6, 15), rng.integers(3, 7)
        losses = rng.uniform(0.6, 3, (records, runs))
        for run in range(1, runs):
            first = rng.integers(1, records - 2) if run > 1 else 0
            losses[first, run], losses[-1, run] = rng.uniform(0.1, 0.4, 2)
        cases.append((np.cumsum(rng.integers(1, 20, records)), losses, 0.5))
    return cases


def _learning_times(steps: np.ndarray, losses: np.ndarray, threshold: float) -> np.ndarray:
    learned = losses < threshold
    return np.where(learned.any(axis=0), steps[learned.argmax(axis=0)], np.inf)


def _from_the_last_time_above(steps: np.ndarray, losses: np.ndarray, threshold: float) -> np.ndarray:
    above = losses >= threshold
    last = len(steps) - 1 - above[::-1].argmax(axis=0)
    return np.where(above[-1], np.inf, steps[np.minimum(last + 1, len(steps) - 1)])


_TIMES = function(
    _learning_times,
    _records,
    {
        "never is step one": Mistake(
            lambda steps, losses, threshold: steps[(losses < threshold).argmax(axis=0)],
            "A run that never gets there has the first step here: argmax of nothing but False is 0.",
        ),
        "places for steps": Mistake(
            lambda steps, losses, threshold: np.where(
                (losses < threshold).any(axis=0), (losses < threshold).argmax(axis=0), np.inf
            ),
            "Those are places in the record. Which steps are they?",
        ),
        "at once is never": Mistake(
            lambda steps, losses, threshold: np.where(
                (losses < threshold).argmax(axis=0) > 0, steps[(losses < threshold).argmax(axis=0)], np.inf
            ),
            "A run that is below from its first record on counts as never here: 0 may be the place of a True, too.",
        ),
        "for good": Mistake(
            _from_the_last_time_above,
            "That is when a run is below for good. The first time was asked for, even if it rises again.",
        ),
        "the step of the least loss": Mistake(
            lambda steps, losses, threshold: np.where(
                (losses < threshold).any(axis=0), steps[losses.argmin(axis=0)], np.inf
            ),
            "That is when the loss is least. The threshold may have been passed before.",
        ),
        "how many records": Mistake(
            lambda steps, losses, threshold: np.sum(losses < threshold, axis=0),
            "That is how many records of each run are below the threshold. When is the first one?",
        ),
    },
    praise="Learning times, with infinity for never: a median over seeds can then be taken of all of them.",
    otherwise="For each column: the first step at which the loss is below the threshold, else infinity.",
)

_STANDARD_GAIN = number(
    math.sqrt(3),
    {
        "as it is": Mistake(1, "That is the standard initialization as it is: its variance is 1/(3n)."),
        "variance for std": Mistake(
            3, "3 is the factor of the variance. A gain multiplies the weights: take the root."
        ),
        "the wrong way": Mistake(3**-0.5, "The standard weights are too small already, and this makes them smaller."),
        "a third": Mistake(
            1 / 3, "The variance is a third of what it should be, so the weights have to grow, not to shrink."
        ),
        "He's factor": Mistake(
            math.sqrt(2), "√2 makes up for ReLU. Here a variance of 1/(3n) is to become one of 1/n."
        ),
        "half of 6": Mistake(math.sqrt(6), "√6 is the bound's factor for a variance of 2/n. Here it is to be 1/n."),
    },
    praise="The gradient's variance at layer 1 rises from {before:.1g} to {after:.1g} of that at layer 5.".format(
        before=theory.gradient_variances("tanh", 5, 1 / 3)[0], after=theory.gradient_variances("tanh", 5, 1.0)[0]
    ),
    otherwise="1/(3n) has to become 1/n.",
    low=0,
    digits=3,
)


def _race(rng: np.random.Generator) -> list[Case]:
    """Return losses of several initializations over learning rates: each has its best rate elsewhere."""
    starts, cases = ("glorot_normal", "he_normal", "standard_uniform"), []
    for _case in range(4):
        losses = rng.uniform(1, 3, (3, 5))
        losses[np.arange(3), rng.permutation(5)[:3]] = rng.uniform(0.1, 0.9, 3)
        cases.append((dict(zip(starts, losses, strict=True)),))
    return cases


def _of_each(output: Any, losses: Mapping[str, np.ndarray]) -> list[Any]:
    if not isinstance(output, Mapping) or set(output) != set(losses):
        raise reading.Unreadable("Your function should give a dict with one loss for each initialization.")
    return [output[start] for start in losses]


def _for_each(pick: Callable[..., float]) -> Callable[..., dict[str, float]]:
    """Return a comparison that gives `pick(losses of one, losses of all)` for every initialization."""
    return lambda losses: {start: pick(row, losses) for start, row in losses.items()}


_FAIR = function(
    lambda losses: [row.min() for row in losses.values()],
    _race,
    {
        "as given": Mistake(
            _for_each(lambda row, losses: row[losses["he_normal"].argmin()]),
            "This is the comparison as it was given. For whom was the learning rate chosen?",
            NOT_YET,
        ),
        "the other one's rate": Mistake(
            _for_each(lambda row, losses: row[losses["glorot_normal"].argmin()]),
            "Now the rate is Xavier's best, and He initialization has to make do with it.",
        ),
        "one compromise for all": Mistake(
            _for_each(lambda row, losses: row[sum(losses.values()).argmin()]),
            "One rate for all, chosen by the sum: still somebody else's rate for most of them.",
        ),
        "the rate for its loss": Mistake(
            _for_each(lambda row, _losses: row.argmin()),
            "That is the place of each initialization's best rate. Return the loss there.",
        ),
        "the mean over rates": Mistake(
            _for_each(lambda row, _losses: row.mean()),
            "A mean over rates punishes an initialization for rates that nobody would use with it.",
        ),
        "the worst": Mistake(_for_each(lambda row, _losses: row.max()), "That is the loss at the worst rate of each."),
    },
    praise="Each initialization is judged at its own best rate, as Saxe and his co-authors did for every depth.",
    otherwise="Each initialization should get the learning rate at which its own loss is least.",
    read=_of_each,
)

EXERCISES = (
    Exercise(
        "how many of twenty seeds",
        "compute",
        _ENOUGH,
        "The formula of this page, with n = 20, has to fall below 0.01.",
        "`math.comb(20, k)` counts the ways; sum from the top until 1 % of 2²⁰ is passed.",
    ),
    Exercise(
        "learning times",
        "write",
        _TIMES,
        "`(losses < threshold).argmax(axis=0)` is the first place that is True, or 0 if there is none.",
        "`np.where(learned.any(axis=0), …, np.inf)` tells the two apart.",
    ),
    Exercise(
        "a gain for the standard initialization",
        "change",
        _STANDARD_GAIN,
        "Which variance has U(±1/√n), and which has Xavier initialization for n inputs and n outputs?",
        "1/(3n) has to become 1/n: what multiplies the weights if 3 multiplies their variance?",
    ),
    Exercise(
        "an unfair comparison",
        "find the bug",
        _FAIR,
        "The same rates are on offer. Who gets to choose among them?",
        "`row.min()` for every row.",
    ),
)
