"""From an answer to a verdict, whatever the answer is."""

from typing import Any

import numpy as np

from course.exercises import reading, table
from course.exercises.guard import ReaderFault
from course.exercises.verdict import NOTHING_YET, RIGHT, Verdict, not_yet, wrong
from course.live.words import say


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
        return verdict._replace(sentence=say(verdict.sentence))
    except (ReaderFault, reading.Unreadable) as fault:
        sentence = str(fault)
        return wrong(sentence[:1].upper() + sentence[1:])


def grade(name: str, *answers: Any) -> str:
    """Return the sentence for a right answer; `NotRight`, with the sentence, for any other."""
    verdict = judge(name, *answers)
    if verdict.state != RIGHT:
        text = "Exercise {name}, {state}: {sentence}"
        raise NotRight(say(text, name=name, state=say(verdict.state), sentence=verdict.sentence))
    return verdict.sentence
