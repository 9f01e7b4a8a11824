"""From an answer to a verdict, whatever the answer is."""

import re
from typing import Any

import numpy as np

from course.exercises import reading, stubs, table
from course.exercises.guard import ReaderFault
from course.exercises.verdict import NOT_YET, NOTHING_YET, RIGHT, Verdict, not_yet, wrong
from course.live.words import say

_AS_GIVEN = re.compile(r"^This is (?:still )?the \w+ as it was given")


class NotRight(AssertionError):
    """An answer that was graded is not right; the message says why."""


def judge(name: str, *answers: Any, seed: int | None = None) -> Verdict:
    """Judge the answers to an exercise, "xavier.1", on cases that are new each time unless a `seed` is given.

    What the reader's own code does wrong, and what cannot be read as an answer, becomes the sentence of a verdict;
    `ValueError` for an exercise that there is not.
    """
    exercise = table.named(name)
    if any(reading.is_blank(answer) for answer in answers):
        return not_yet(say(NOTHING_YET))
    try:
        verdict = exercise.judge.verdict(np.random.default_rng(seed), *answers)
    except (ReaderFault, reading.Unreadable) as fault:
        sentence = str(fault)
        return wrong(sentence[:1].upper() + sentence[1:])
    if verdict.state == NOT_YET and any(stubs.is_changed(name, answer) for answer in answers):
        verdict = _changed_in_vain(verdict)
    return verdict._replace(sentence=say(verdict.sentence))


def _changed_in_vain(verdict: Verdict) -> Verdict:
    """Return the verdict on code that was changed and gives what it gave before."""
    if not verdict.mistake:
        return wrong(say("Your function gives back nothing. Is a `return` missing?"))
    return wrong(_AS_GIVEN.sub("This gives what the code that was given does", verdict.sentence), verdict.mistake)


def grade(name: str, *answers: Any) -> str:
    """Return the sentence for a right answer; `NotRight`, with the sentence, for any other."""
    verdict = judge(name, *answers)
    if verdict.state != RIGHT:
        text = "Exercise {name}, {state}: {sentence}"
        raise NotRight(say(text, name=name, state=say(verdict.state), sentence=verdict.sentence))
    return verdict.sentence
