"""From an answer to a verdict, whatever the answer is."""

from typing import Any

import numpy as np

from course.exercises import reading, table
from course.exercises.guard import ReaderFault
from course.exercises.verdict import RIGHT, Verdict, not_yet, wrong


class NotRight(AssertionError):
    """An answer that was graded is not right; the message says why."""


def judge(name: str, *answers: Any, seed: int | None = None) -> Verdict:
    """Judge the answers to an exercise, "xavier.1", on cases that are new each time unless a `seed` is given.

    What the reader's own code does wrong, and what cannot be read as an answer, becomes the sentence of a verdict;
    `ValueError` for an exercise that there is not.
    """
    exercise = table.named(name)
    if any(reading.is_blank(answer) for answer in answers):
        return not_yet()
    try:
        return exercise.judge.verdict(np.random.default_rng(seed), *answers)
    except (ReaderFault, reading.Unreadable) as fault:
        sentence = str(fault)
        return wrong(sentence[:1].upper() + sentence[1:])


def grade(name: str, *answers: Any) -> str:
    """Return the sentence for a right answer; `NotRight`, with the sentence, for any other."""
    verdict = judge(name, *answers)
    if verdict.state != RIGHT:
        raise NotRight(f"Exercise {name}, {verdict.state}: {verdict.sentence}")
    return verdict.sentence
