"""Exercises: tuning what is left."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course import tuning
from course.exercises import guard, reading
from course.exercises.judges import Case, Mistake, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong
from course.live.words import say
from course.tuning import Parameter

_TRIES = number(
    math.ceil(math.log(0.05) / math.log(0.99)),
    {
        "chances added": Mistake(
            95, "95 tries of 1 % each do not add up to 95 %: several of them may hit the good part."
        ),
        "rounded down": Mistake(298, "298 tries still miss with a probability of 5.004 %, so round up."),
        "the mean wait": Mistake(100, "100 = 1/p tries are needed on average, but 37 % of the searches need more."),
        "the median wait": Mistake(69, "With 69 tries the chance is a half: 0.99⁶⁹ = 0.5. It should be 0.05."),
        "99 % for 95 %": Mistake(459, "459 tries are enough for 99 %; the question asks for 95 %."),
        "a rule of thumb": Mistake(
            300, "Three divided by the share is a good rule of thumb. Exactly, one try fewer is enough."
        ),
    },
    praise="{answer:.0f} tries miss with a chance just below 5 %; three divided by the share is the rule of thumb.",
    otherwise="All n tries miss with the chance 0.99ⁿ.",
    tolerance=1e-9,
    low=1,
    whole=True,
)

_DRAWS, _OWN_DRAWS = 2000, 500
"""As many rates are drawn of a reader's function, and of one that makes a mistake."""
_STRAY = 3.0
"""The greatest distance between the shares of two samples, over √(1/n + 1/m), exceeds 3 with the chance 2·exp(−18)."""
_RATE_MISTAKES = {
    "the rate itself is uniform": Mistake(
        lambda generator, low, high: generator.uniform(low, high),
        "Uniform in the rate: nearly all draws are in the highest power of ten. Draw its logarithm.",
    ),
    "the logarithm is returned": Mistake(
        lambda generator, low, high: generator.uniform(math.log(low), math.log(high)),
        "That is the logarithm of a rate. Take the exponential of what you have drawn.",
    ),
    "the decimal logarithm is returned": Mistake(
        lambda generator, low, high: generator.uniform(math.log10(low), math.log10(high)),
        "That is the decimal logarithm of a rate: ten to its power is the rate.",
    ),
    "exponents of the ends": Mistake(
        lambda generator, low, high: math.exp(generator.uniform(low, high)),
        "You draw the exponent between the ends themselves. It lies between their logarithms.",
    ),
    "ten to the power of the ends": Mistake(
        lambda generator, low, high: 10 ** generator.uniform(low, high),
        "You draw the power of ten between the ends themselves. It lies between their logarithms.",
    ),
    "ten to the power of natural logarithms": Mistake(
        lambda generator, low, high: 10 ** generator.uniform(math.log(low), math.log(high)),
        "You mix natural logarithms, which belong to exp, with powers of ten.",
    ),
}


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two samples may have one distribution (Kolmogorov and Smirnov)."""
    both = np.concatenate([one, other])
    below, other_below = (np.searchsorted(np.sort(part), both, side="right") / part.size for part in (one, other))
    return bool(np.abs(below - other_below).max() < _STRAY * math.sqrt(1 / one.size + 1 / other.size))


def _single(drawn: Any) -> Any:
    """Return the number in an array of one number, and anything else as it is."""
    return np.asarray(drawn).item() if np.size(drawn) == 1 else drawn


@knowing(
    _RATE_MISTAKES,
    {
        "another generator": lambda _generator, low, high: low * (high / low) ** np.random.default_rng().random(),
        "the same draw": lambda _generator, low, _high: low,
    },
)
def _random_rate(rng: np.random.Generator, answer: object) -> Verdict:
    low, high = float(10 ** rng.uniform(-4, -2)), float(10 ** rng.uniform(0, 1))
    seed = rng.integers(2**32)
    draw = reading.function(answer)

    def draws() -> list[Any]:
        generator = np.random.default_rng(seed)
        return [_single(draw(generator, low, high)) for _ in range(_DRAWS)]

    def same(drawn: np.ndarray, made: Callable[..., float]) -> bool:
        return _alike(drawn, np.array([made(rng, low, high) for _ in range(_OWN_DRAWS)]))

    outputs = guard.call(draws)
    if reading.is_blank(outputs):
        return Verdict(NOT_YET, "Your function returns nothing yet.")
    drawn = reading.array(outputs, "what your function returns", (_DRAWS,))
    if np.ptp(drawn) == 0:
        return wrong("Every draw is the same number. Use the generator that the function is given.", "the same draw")
    within = low * (1 - 1e-6) <= drawn.min() and drawn.max() <= high * (1 + 1e-6)
    if within and _alike(drawn, np.geomspace(low, high, 10 * _DRAWS)):
        if (reading.array(guard.call(draws), "what your function returns", (_DRAWS,)) != drawn).any():
            return almost(
                "With the same generator your rates are different the second time: draw with the one that is given.",
                "another generator",
            )
        return right("A rate between 0.001 and 0.01 is now as likely as one between 1 and 10.")
    if known := recognized(drawn, _RATE_MISTAKES, same=same):
        return known
    text = (
        "For {low:.2g} to {high:.2g} your rates lie between {least:.2g} and {most:.2g}, half of them below "
        "{median:.2g}. It should be {middle:.2g}."
    )
    seen = {"least": drawn.min(), "most": drawn.max(), "median": np.median(drawn)}
    return wrong(say(text, low=low, high=high, middle=math.sqrt(low * high), **seen))


_LARGE_BOX = {"gain": (0.25, 4.0), "learning_rate": (0.001, 10.0)}
_LEAST_ROOM = 3
_SEARCHES, _TRIES_EACH, _FOUND = 100, 6, 95
_GOOD = math.log(10) / 2
"""Half the loss of guessing one of ten digits."""


def _box(answer: object) -> dict[str, Parameter]:
    """Read a box of a gain and a learning rate within the large one."""
    if not isinstance(answer, Mapping) or set(answer) != set(_LARGE_BOX):
        text = "The box should be a dict with a Parameter for each of {names}."
        raise reading.Unreadable(say(text, names=", ".join(_LARGE_BOX)))
    return {name: _parameter(answer[name], name) for name in _LARGE_BOX}


def _parameter(given: Any, name: str) -> Parameter:
    if not isinstance(given, Parameter):
        text = "The {name} should be a Parameter, such as Parameter(0.1, 1.0, log=True)."
        raise reading.Unreadable(say(text, name=name))
    low, high = _LARGE_BOX[name]
    slack = 1e-6  # the ends of the large box, stored in 32 bits
    least = reading.number(given.low, say("the low end of the {name}", name=name), low=low * (1 - slack), high=high)
    most = reading.number(given.high, say("the high end of the {name}", name=name), low=least, high=high * (1 + slack))
    if least == most:
        text = "The {name} needs a little room: a search wants a low end below its high end."
        raise reading.Unreadable(say(text, name=name))
    return Parameter(least, most, bool(given.log))


def stand_in(point: Mapping[str, float]) -> float:
    """Return a loss as the page's map has it: good near gain 1 at rates from 0.015 to 0.6, with a slope outside."""
    away = max(abs(math.log2(point["gain"])) - 0.8, 0) + max(abs(math.log10(point["learning_rate"] / 0.095)) - 0.8, 0)
    return min(0.3 + 5 * away, math.log(10))


def searched(
    gain: tuple[float, float], rate: tuple[float, float], *, log: bool = True
) -> tuple[dict[str, Parameter], Callable[[Mapping[str, float]], float]]:
    """Return an answer for a box with these ends."""
    return {"gain": Parameter(*gain, log), "learning_rate": Parameter(*rate, log)}, stand_in


@knowing(
    examples={
        "no room left": searched((0.9, 1.1), (0.1, 0.2)),
        "the large box": searched(*_LARGE_BOX.values()),
        "He's gain left out": searched((2.5, 4), (0.02, 0.5)),
        "the gain left open": searched((0.25, 4), (0.001, 1)),
        "no logarithm": searched((0.9, 1.1), (0.5, 9), log=False),
        "the wrong rates": searched((0.9, 1.1), (2, 9)),
    }
)
def _small_box(_rng: np.random.Generator, answer: object, loss: object) -> Verdict:
    box = _box(answer)
    room = box["learning_rate"].high / box["learning_rate"].low
    if room < _LEAST_ROOM * (1 - 1e-6):
        text = "Your rates lie within a factor of {room:.2g}, and a factor of {least} should be left to search."
        return wrong(say(text, room=room, least=_LEAST_ROOM), "no room left")
    measured = reading.function(loss, "the loss")
    found = guard.call(_found, box, measured)
    if found >= _FOUND:
        text = "{found} of {searches} searches found a good setting with {tries} tries."
        return right(say(text, found=found, searches=_SEARCHES, tries=_TRIES_EACH))
    seen = say("{found} of {searches} searches found a good setting.", found=found, searches=_SEARCHES)
    verdict = _too_large(box)
    return verdict._replace(sentence=f"{seen} {say(verdict.sentence)}")


def _found(box: dict[str, Parameter], loss: Callable[[Mapping[str, float]], float]) -> int:
    searches = (tuning.search("random", loss, box, _TRIES_EACH, seed).losses for seed in range(_SEARCHES))
    return sum(float(losses.min()) < _GOOD for losses in searches)


def _too_large(box: dict[str, Parameter]) -> Verdict:
    gain, rate = box["gain"], box["learning_rate"]
    if all(part.high / part.low > 0.9 * _LARGE_BOX[name][1] / _LARGE_BOX[name][0] for name, part in box.items()):
        return almost("This is still the large box. What has the course derived about the gain?", "the large box")
    if not gain.low <= 1 <= gain.high:
        return wrong("Your gains leave out 1, which is He initialization.", "He's gain left out")
    if gain.high / gain.low > 4:
        text = "The gain is still open by a factor of {factor:.3g}."
        return almost(say(text, factor=gain.high / gain.low), "the gain left open")
    if not rate.log and rate.high / rate.low > 10:
        return almost("Rates are searched on a logarithmic scale: log=True.", "no logarithm")
    return wrong("Which rates are good at gain 1 on the map?", "the wrong rates")


def _runs(rng: np.random.Generator) -> list[Case]:
    """Return losses of runs that learned (below 1), did not, and diverged, in any order."""
    counts = rng.integers(2, 30, size=(4, 3))
    kinds = [(rng.uniform(0.1, 0.9, a), rng.uniform(1.1, 2.3, b), np.full(c, np.inf)) for a, b, c in counts]
    return [(rng.permutation(np.concatenate(kind)),) for kind in kinds]


_SHARE_LEARNED = function(
    lambda losses: np.mean(losses < 1),
    _runs,
    {
        "as given": Mistake(
            lambda losses: np.mean(losses[np.isfinite(losses)] < 1),
            "This is the function as it was given. Try it with 12 losses, 4 of them infinite.",
            NOT_YET,
        ),
        "a count": Mistake(
            lambda losses: np.sum(losses < 1), "That is how many have learned. The question is their share."
        ),
        "turned round": Mistake(lambda losses: np.mean(losses >= 1), "That is the share that has not learned."),
        "diverged runs count as learned": Mistake(
            lambda losses: np.mean((losses < 1) | np.isinf(losses)),
            "Runs that diverged count as learned here: what is put in place of an infinite loss must be large.",
        ),
        "the share that ended": Mistake(
            lambda losses: np.mean(np.isfinite(losses)),
            "That is the share of the runs that did not diverge, whether they have learned or not.",
        ),
    },
    praise="A run that diverges is a try like any other, and it has not learned.",
    otherwise="Every run counts in the share, also those that diverged.",
)

EXERCISES = (
    Exercise(
        "tries for a hundredth",
        "compute",
        _TRIES,
        "All n tries miss with the chance 0.99ⁿ.",
        "Solve 0.99ⁿ = 0.05 with logarithms, and round up.",
    ),
    Exercise(
        "a random learning rate",
        "write",
        _random_rate,
        "Which quantity should be uniform? Not the rate.",
        "Draw between the logarithms of the two ends, and take the exponential.",
    ),
    Exercise(
        "a smaller box",
        "change",
        _small_box,
        "Page he derived the gain. Must it be searched at all?",
        "Gains from 0.8 to 1.25, and the rates at which the map is good for gain 1, both on a logarithmic scale.",
    ),
    Exercise(
        "a share that looks too good",
        "find the bug",
        _SHARE_LEARNED,
        "A run that diverges is a result too. Where does it get lost?",
        "Divide by the number of all runs.",
    ),
)
