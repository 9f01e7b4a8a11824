"""Exercises: training."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from course import theory
from course.exercises import guard, reading
from course.exercises.judges import Case, Mistake, function, generator, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong

_WEIGHT = (1 / (0.1 * 18 * 1000)) ** (1 / 18)
_START_WEIGHT = number(
    _WEIGHT,
    {
        "the power for the weight": Mistake(1 / 1800, "That is the 18th power of the weight: take its root."),
        "the 20th root": Mistake(1800 ** (-1 / 20), "That is the 20th root: the formula has the power depth − 2."),
        "a share of the wait": Mistake(
            0.5 / 145.636,
            "A wait 146 times shorter does not need a weight 146 times smaller, but a somewhat larger one.",
        ),
        "the rate left out": Mistake(18_000 ** (-1 / 18), "You have left out the learning rate of 0.1."),
        "the depth left out": Mistake(100 ** (-1 / 18), "You have left out the factor of 18 in front of the power."),
        "as it was": Mistake(0.5, "That is the weight with which it waits 145,636 steps."),
    },
    digits=3,
    praise="A weight 1.3 times as large shortens the wait 146-fold.",
    otherwise="Solve 1/(0.1 · 18 · w¹⁸) = 1000 for w.",
    low=0,
    high=1,
)


def _steps(rng: np.random.Generator) -> list[Case]:
    """Return weights, velocities, gradients and learning rates of single steps."""
    return [tuple(float(part) for part in row) for row in rng.uniform(0.1, 2, (6, 4))]


_MOMENTUM = function(
    lambda weight, velocity, gradient, rate: (
        weight - rate * (0.9 * velocity + gradient),
        0.9 * velocity + gradient,
    ),
    _steps,
    {
        "uphill": Mistake(
            lambda weight, velocity, gradient, rate: (
                weight + rate * (0.9 * velocity + gradient),
                0.9 * velocity + gradient,
            ),
            "This climbs: the step goes against the velocity.",
        ),
        "the old velocity": Mistake(
            lambda weight, velocity, gradient, rate: (weight - rate * velocity, 0.9 * velocity + gradient),
            "The weight moves with the old velocity: update the velocity first.",
        ),
        "nothing forgotten": Mistake(
            lambda weight, velocity, gradient, rate: (weight - rate * (velocity + gradient), velocity + gradient),
            "The whole old velocity stays in the new one. Only 0.9 of it should.",
        ),
        "a mean of gradients": Mistake(
            lambda weight, velocity, gradient, rate: (
                weight - rate * (0.9 * velocity + 0.1 * gradient),
                0.9 * velocity + 0.1 * gradient,
            ),
            "You take 0.1 of the gradient: a mean. Here the whole gradient is added.",
        ),
        "no velocity": Mistake(
            lambda weight, velocity, gradient, rate: (weight - rate * gradient, gradient),
            "That is a plain step of gradient descent: the old velocity is lost.",
        ),
        "in the other order": Mistake(
            lambda weight, velocity, gradient, rate: (
                0.9 * velocity + gradient,
                weight - rate * (0.9 * velocity + gradient),
            ),
            "Both are right, in the other order: the weight comes first.",
        ),
        "the rate in the velocity": Mistake(
            lambda weight, velocity, gradient, rate: (
                weight - 0.9 * velocity - rate * gradient,
                0.9 * velocity + rate * gradient,
            ),
            "Your velocity has the learning rate in it. Here it adds the bare gradient, and the step has the rate.",
        ),
        "the rate twice": Mistake(
            lambda weight, velocity, gradient, rate: (
                weight - rate * (0.9 * velocity + rate * gradient),
                0.9 * velocity + rate * gradient,
            ),
            "The learning rate is in the velocity and in the step. It belongs in the step alone.",
        ),
    },
    praise="A gradient that keeps its direction adds up to ten times itself.",
    otherwise="First the velocity, 0.9 of the old one plus the gradient; then the weight, less rate times velocity.",
)

_DEPTH, _KEPT = 10, 10
_GAIN_MISTAKES = {
    "as it is": Mistake(1, "With a gain of 1 nothing changes."),
    "variance for std": Mistake(
        6, "6 is the factor for the variance. The gain multiplies the weights, and so their std: take the root."
    ),
    "He's factor alone": Mistake(
        2**0.5, "√2 is what ReLU needs on top of a variance of 1/n. These weights have 1/(3n)."
    ),
    "Xavier's": Mistake(
        3**0.5, "√3 makes it Xavier initialization, and then ReLU still loses half of the mean square in every layer."
    ),
    "the wrong way": Mistake(6**-0.5, "That makes the weights even smaller."),
}


@knowing(_GAIN_MISTAKES)
def _standard_gain(_rng: np.random.Generator, answer: object) -> Verdict:
    gain = reading.number(answer, "the gain", low=0.01, high=100)
    kept = float(theory.activation_second_moments("relu", _DEPTH, gain**2 / 3)[-1])
    seen = f"On average {kept:.2g} of the mean square is left after {_DEPTH} layers."
    if known := recognized(gain, _GAIN_MISTAKES, seen):
        return known
    if not 1 / _KEPT <= kept <= _KEPT:
        return wrong(f"{seen} The gain is too {'large' if kept > 1 else 'small'}.")
    return right(f"{seen} √6 makes it the uniform He initialization.")


_EXAMPLES, _STEPS, _BATCH = 1000, 6, 16


def _batches(answer: Any, key: int) -> np.ndarray:
    """Return the reader's batches, one row for each step."""
    given = guard.call(answer, jax.random.key(key), _STEPS, _BATCH, _EXAMPLES)
    if reading.is_blank(given):
        raise reading.Unreadable("Your function returns nothing. Is a `return` missing?")
    rows = reading.array(given if hasattr(given, "shape") else _stacked(given), "the list of batches", (_STEPS, _BATCH))
    if np.any((rows < 0) | (rows >= _EXAMPLES) | (rows != np.round(rows))):
        raise reading.Unreadable(f"Each example should be a whole number from 0 to {_EXAMPLES - 1}.")
    return rows


def _stacked(given: Any) -> Any:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise reading.Unreadable(f"Your function should return a list of {_STEPS} arrays.")
    return [reading.array(batch, "a batch") for batch in given]


def _drawn(key: Any, steps: int, batch: int, examples: int) -> np.ndarray:
    return generator(key).integers(examples, size=(steps, batch))


@knowing(
    examples={
        "reordered": lambda key, steps, batch, _all: generator(key).permuted([[*range(batch)]] * steps, axis=1),
        "a key used again": lambda key, steps, *case: np.tile(_drawn(key, steps // 2, *case), (2, 1)),
        "in the file's order": lambda _key, steps, batch, _all: np.arange(steps * batch).reshape(steps, batch),
        "neighbours": lambda key, steps, batch, examples: (
            generator(key).choice(examples - batch, (steps, 1), replace=False) + np.arange(batch)
        ),
        "a fixed seed": lambda _key, *case: _drawn(jax.random.key(0), *case),
        "another run each time": lambda _key, *case: _drawn(
            jax.random.key(np.random.default_rng().integers(9**9)), *case
        ),
        "a part of the examples": lambda key, steps, batch, examples: _drawn(key, steps, batch, examples // 10),
    }
)
def _fresh_batches(rng: np.random.Generator, answer: object) -> Verdict:
    draw = reading.function(answer)
    first, second = (int(key) for key in rng.integers(2**31, size=2))
    rows = _batches(draw, first)
    kinds = {tuple(sorted(row)) for row in rows}
    if (rows == rows[0]).all():
        return Verdict(NOT_YET, f"All {_STEPS} steps see the same {_BATCH} examples, as they did before.", "as given")
    if len(kinds) == 1:
        return almost(
            "The same examples at every step, in another order: each step needs a draw of its own.", "reordered"
        )
    if len(kinds) < _STEPS:
        return almost(f"Only {len(kinds)} of the {_STEPS} batches differ: some key is used again.", "a key used again")
    if (np.diff(rows.ravel()) == 1).all():
        return almost("One after the other, as they lie in the file: nothing is drawn.", "in the file's order")
    if (np.diff(rows, axis=1) == 1).all():
        return almost("Each batch is a run of neighbours in the file: draw every example.", "neighbours")
    if (_batches(draw, second) == rows).all():
        return almost(
            "Every step has its own batch, and the key changes nothing: use the one that is given.", "a fixed seed"
        )
    if (_batches(draw, first) != rows).any():
        return almost(
            "The same key gives other batches the second time: no run could be repeated. Draw from the key alone.",
            "another run each time",
        )
    # All of 96 fair draws fall into one half of the examples with a chance of 2·2⁻⁹⁶.
    if rows.max() < _EXAMPLES / 2 or rows.min() >= _EXAMPLES / 2:
        return almost(
            f"All examples lie between {rows.min():.0f} and {rows.max():.0f}, of {_EXAMPLES}: others are never seen.",
            "a part of the examples",
        )
    return right("Every step sees examples of its own, and the same key gives the same run again.")


EXERCISES = (
    Exercise(
        "a shorter wait",
        "compute",
        _START_WEIGHT,
        "The formula is 1/(η (L − 2) w^(L − 2)).",
        "w¹⁸ = 1/1800: take the 18th root.",
    ),
    Exercise(
        "a step with momentum",
        "write",
        _MOMENTUM,
        "Two lines: the velocity first, then the weight.",
        "`velocity = 0.9 * velocity + gradient`, and the weight goes against it.",
    ),
    Exercise(
        "a gain for a uniform initialization",
        "change",
        _standard_gain,
        "How much of the mean square does a layer keep?",
        "A sixth: by what must the variance be multiplied?",
    ),
    Exercise(
        "learned by heart",
        "find the bug",
        _fresh_batches,
        "One key gives the same numbers each time. What changes from step to step?",
        "`jax.random.fold_in(key, step)` makes a key for each step.",
    ),
)
