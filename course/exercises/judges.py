"""General judges: they compare an answer with the right one and with those that known mistakes would give.

A mistake is not described but made, and told once: as the number, the set or the function of somebody who makes it.
A judge measures it as it measures the reader's, and so recognizes it in any answer; the tests answer with it. Numbers
that could not be told apart are noticed when the table is built, and functions by the tests.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from course.exercises import guard, randomness, reading
from course.exercises.verdict import ALMOST, Verdict, almost, not_yet, right, wrong
from course.live.words import say

Case = tuple[Any, ...]

ROUNDED = 0.005
"""Relative tolerance for a number worked out by hand: what rounding to three digits can change, 0.5/100."""
FLOAT32 = 1e-4
"""Relative tolerance for computed numbers: a sum of a thousand terms in 32 bits strays by less (1000 · 6e-8)."""
CANCELLED = 1e-6
"""Of the greatest of several sums, what 32 bits leave where the terms of another one cancel (16 · 6e-8)."""
FEWEST_DIGITS = 2
"""Digits that an answer needs where nobody has asked for a number of them."""
MOST_DIGITS = 6
BOTH_DRAW = math.sqrt(2)
"""By how much two measurements that both stray differ more than one of them from what is exact."""


class Mistake(NamedTuple):
    """A known mistake, in a mapping by its name: the answer of somebody who makes it, and the sentence that helps.

    `answer` is what is handed to `check`, a tuple where that is several answers. `state` is `NOT_YET` for code that is
    still as it was given, and `RIGHT` for an answer of another kind that is as good.
    """

    answer: Any
    sentence: str = ""
    state: str = ALMOST

    @property
    def given(self) -> tuple[Any, ...]:
        """What is handed to `check` after the exercise's name."""
        return self.answer if isinstance(self.answer, tuple) else (self.answer,)


Mistakes = Mapping[str, Mistake]


class Judge(NamedTuple):
    """`verdict(rng, *answers)`, where `rng` is a NumPy generator for fresh cases, and the mistakes known by name."""

    verdict: Callable[..., Verdict]
    mistakes: Mistakes


def knowing(mistakes: Mapping[str, Mistake] = {}, examples: Mapping[str, Any] = {}) -> Callable[..., Judge]:
    """Return a decorator that makes a judge of a function `(rng, *answers) -> Verdict`.

    `examples` are answers to mistakes that the function finds words for itself, because it says what it has measured:
    by the mistake's name, one answer of the many that make it.
    """
    known = {**mistakes, **{name: Mistake(answer) for name, answer in examples.items()}}
    return lambda verdict: Judge(verdict, known)


def shared_part(weights: np.ndarray) -> float:
    """Return the part of the mean square of weights `(rows, columns)` that all of a row or of a column have in common.

    1 for copies of one number, 3/4 for U(0, b), and about 0 for independent weights of mean 0; 0 for zeros.
    """
    common = max(np.mean(weights.mean(axis=axis) ** 2) for axis in (0, 1))
    return float(common / max(np.mean(weights**2), np.finfo(float).tiny))


def standard_error(draws: int, kurtosis: float = 3.0) -> float:
    """Return the relative standard error of a variance measured from so many draws: sqrt((kurtosis - 1)/draws)."""
    return float(np.sqrt((kurtosis - 1) / draws))


def generator(key: Any) -> np.random.Generator:
    """Return a generator of NumPy's for a JAX key: drawing with it compiles nothing."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


def close(found: Any, wanted: Any, tolerance: float, cancelled: float = 0.0) -> bool:
    """Return whether all numbers agree within a relative `tolerance`; for 0, within that times the greatest.

    Numbers may stray by `cancelled` times the greatest too: sums of one size, some of whose terms cancel.
    """
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape:
        return False
    greatest = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    allowed = tolerance * np.where(wanted == 0, greatest, np.abs(wanted))
    allowed = np.maximum(allowed, cancelled * greatest)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):  # inf - inf
        return bool(np.all(same | (np.abs(found - wanted) <= allowed) & np.isfinite(wanted)))


def rounded(found: Any, wanted: Any) -> bool:
    """Return whether numbers agree to three digits."""
    return close(found, wanted, ROUNDED)


def digits_of(found: float, wanted: float) -> int:
    """Return to how many digits `found` is `wanted` rounded, at most `MOST_DIGITS`; 0 if it is no rounding of it."""
    roundings = (float(f"{wanted:.{digits - 1}e}") for digits in range(1, MOST_DIGITS + 1))
    return max((digits for digits, one in enumerate(roundings, 1) if math.isclose(one, found, rel_tol=1e-6)), default=0)


def recognized(
    found: Any, mistakes: Mistakes, seen: str = "", *, same: Callable[[Any, Any], bool] = rounded
) -> Verdict | None:
    """Return the verdict on an answer that is the `same(found, answer)` as that of a mistake, or `None`.

    `seen` is what the answer does, said after the mistake's sentence.
    """
    for name, mistake in mistakes.items():
        if same(found, mistake.answer):
            return Verdict(mistake.state, f"{say(mistake.sentence)} {seen}".rstrip(), name)
    return None


def number(
    value: float,
    mistakes: Mistakes,
    *,
    praise: str,
    otherwise: str,
    tolerance: float = ROUNDED,
    low: float = -np.inf,
    high: float = np.inf,
    whole: bool = False,
    digits: int | None = None,
) -> Judge:
    """Judge one number by its relative distance from the right `value` and from those of known mistakes.

    Where the question asks for so many `digits`, the last of them may be off by one, and an answer rounded to fewer is
    almost right. Where it asks for none, two digits will do. Numbers without a tolerance are not rounded.
    `praise` is what to take along when it is right, and `otherwise` is said of a number that no mistake explains;
    both may use `{answer}`. Outside `low` to `high`, and where a `whole` number is asked for, a sentence says so.
    """
    _tell_apart(value, mistakes, tolerance)

    @knowing(mistakes)
    def judge(_rng: np.random.Generator, answer: Any) -> Verdict:
        found = reading.number(answer, low=low, high=high, whole=whole)
        if _within(found, value, tolerance, digits):
            return right(say(praise, answer=found))
        if known := recognized(found, mistakes, same=lambda *pair: close(*pair, tolerance)):
            return known
        if tolerance > FLOAT32 and not whole:
            needed, given = digits or FEWEST_DIGITS, digits_of(found, value)
            if given >= needed:
                return right(say(praise, answer=found))
            if given:
                text = "{answer:.5g} is the right number, rounded too far. Round to {digits}."
                return almost(say(text, answer=found, digits=_digits(needed)), "rounded")
            if known := recognized(found, mistakes, same=lambda *pair: digits_of(*pair) >= FEWEST_DIGITS):
                return known
        direction = "{answer:.5g} is too large." if found > value else "{answer:.5g} is too small."
        return wrong(f"{say(direction, answer=found)} {say(otherwise, answer=found)}")

    return judge


def _within(found: float, value: float, tolerance: float, digits: int | None) -> bool:
    """Return whether a number is right: to within the last of the `digits` that were asked for, or `tolerance`."""
    if digits is None:
        return close(found, value, tolerance)
    return abs(found - value) < 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)


def _digits(number: int) -> str:
    return say(("one digit", "two digits", "three digits", "four digits", "five digits", "six digits")[number - 1])


def _tell_apart(value: float, mistakes: Mistakes, tolerance: float) -> None:
    answers = {"the right answer": value, **{name: mistake.answer for name, mistake in mistakes.items()}}
    for (name, one), (other_name, other) in itertools.combinations(answers.items(), 2):
        if close(other, one, 2 * tolerance):
            raise ValueError(f"{other_name!r} cannot be told from {name!r}: both give {other!r}")


def choice(answer: Any, mistakes: Mistakes, *, praise: str, known: Iterable[str]) -> Judge:
    """Judge names among the `known` ones: `answer` and each mistake's is one name or a set of names."""
    options = list(known)
    wanted = reading.names(answer, known=options)

    @knowing(mistakes)
    def judge(_rng: np.random.Generator, given: Any) -> Verdict:
        found = reading.names(given, known=options)
        if found == wanted:
            return right(praise)
        if known := recognized(found, mistakes, same=lambda _, made: found == reading.names(made, known=options)):
            return known
        surplus, missing = sorted(found - wanted), len(wanted - found)
        if surplus:
            text = "{names} do not belong there." if len(surplus) > 1 else "{names} does not belong there."
            return wrong(say(text, names=reading.listed(surplus)))
        return wrong(say("{count} names are missing." if missing > 1 else "One name is missing.", count=missing))

    return judge


def function(
    correct: Callable[..., Any],
    cases: Callable[[np.random.Generator], Sequence[Case]],
    mistakes: Mistakes,
    *,
    praise: str,
    otherwise: str,
    tolerance: float | Callable[..., float] = FLOAT32,
    cancelled: float = 0.0,
    read: Callable[..., Any] = lambda output, *_case: output,
    seeded: bool = False,
) -> Judge:
    """Judge a function by running it on fresh `cases(rng)`, tuples of arguments.

    Its output, passed through `read(output, *case)`, is compared with `correct(*case)`, which is exact, and with what
    `read` makes of each mistake's answer on the same case. `tolerance` is relative, or a function of a case: five
    standard errors where the function draws at random, and `BOTH_DRAW` times that between it and a mistake's answer.
    `cancelled` is what `close` allows besides. A mistake is recognized if it explains every case. A function of a
    generator or a key, or `seeded` by its first argument, is right only if it draws from that and from nothing else.
    """

    @knowing(mistakes)
    def judge(rng: np.random.Generator, answer: Any) -> Verdict:
        drawn = list(cases(rng))
        outputs = guard.call(_run_all, reading.function(answer), drawn)
        if all(reading.is_blank(output) for output in outputs):
            return not_yet()
        wanted = [np.asarray(correct(*case), dtype=float) for case in drawn]
        found = [_read(read, output, case) for output, case in zip(outputs, drawn, strict=True)]
        limits = [tolerance(*case) if callable(tolerance) else tolerance for case in drawn]
        agree = [close(*row, cancelled) for row in zip(found, wanted, limits, strict=True)]
        if all(agree):
            draws = seeded or randomness.place(drawn[0]) is not None
            return (draws and randomness.ignored(answer, drawn[0], rng)) or right(praise)
        rows = list(zip(drawn, found, limits, strict=True))
        known = recognized(rows, mistakes, same=lambda rows, made: _explains(made, read, rows))
        return known or _unexplained(drawn, found, wanted, agree, otherwise)

    return judge


def _run_all(answer: Callable[..., Any], cases: Sequence[Case]) -> list[Any]:
    return [_run(answer, case) for case in cases]


def _run(answer: Callable[..., Any], case: Case) -> Any:
    # Copies, so that a function which writes into its arguments changes nobody else's.
    try:
        return answer(*(part.copy() if isinstance(part, np.ndarray) else part for part in case))
    except Exception as failure:
        failure.add_note(say(guard.CALLED_WITH, case=_call(case)))
        raise


def _explains(
    made: Callable[..., Any], read: Callable[..., Any], rows: Sequence[tuple[Case, np.ndarray, float]]
) -> bool:
    """Return whether a mistake's answer gives what was found in every case; our own code needs no guard."""
    with np.errstate(all="ignore"):
        return all(close(found, read(made(*case), *case), BOTH_DRAW * limit) for case, found, limit in rows)


def _read(read: Callable[..., Any], output: Any, case: Case) -> np.ndarray:
    if reading.is_blank(output):
        text = "Your function gives back nothing for {case}. Is a `return` missing?"
        raise reading.Unreadable(say(text, case=_call(case)))
    return reading.array(guard.call(read, output, *case), "what your function gives back")


def _unexplained(
    cases: Sequence[Case], found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], agree: list[bool], otherwise: str
) -> Verdict:
    at = agree.index(False)
    if found[at].shape != wanted[at].shape:
        text = "For {case} the result should have the shape {wanted}, not {found}."
        return wrong(say(text, case=_call(cases[at]), wanted=wanted[at].shape, found=found[at].shape))
    text = "For {case} your function returns {found}."
    seen = f"{say(text, case=_call(cases[at]), found=_result(found[at]))} {say(otherwise)}"
    if any(agree):
        right_ones = say("Right in {right} of {all} cases.", right=sum(agree), all=len(agree))
        return almost(f"{right_ones} {seen}")
    return wrong(seen)


def _result(found: np.ndarray) -> str:
    """Say an array in a few words, a long one with how it begins."""
    if found.size <= reading.SHORT:
        return reading.spelled(found)
    first = ", ".join(f"{value:.4g}" for value in found.ravel()[:3])
    return say("{array}, which begins {first}", array=reading.spelled(found), first=first)


def _call(case: Case) -> str:
    return reading.listed([reading.spelled(part) for part in case])
