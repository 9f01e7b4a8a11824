"""Print a sum of the exercises: how many a page, mistakes known by name, checks run, seconds that a check takes.

Every right answer of the tests and every mistake is checked REPEATS times on fresh cases, as a reader's is:
`python tests/benchmarks/exercises.py [REPEATS]`. The first check of a page, which loads what the page needs and may
compile, is given apart.
"""

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from course import exercises
from course.exercises import table
from course.exercises.judges import Mistake
from course.pages import topics

REPEATS = 5


class Sum(NamedTuple):
    """What one page has, and what its checks took in seconds; `first` is the first check of all."""

    exercises: int
    mistakes: int
    first: float
    seconds: np.ndarray


def checks(page: str) -> Iterator[tuple]:
    """Yield the name of an exercise and an answer to it, right and wrong ones."""
    for number, answers in importlib.import_module(f"answers.{page}").RIGHT.items():
        yield from ((f"{page}.{number}", Mistake(answer).given) for answer in answers)
    for name, exercise in table.of_page(page).items():
        yield from ((name, mistake.given) for mistake in exercise.judge.mistakes.values())


def timed(name: str, given: tuple, seed: int) -> float:
    start = time.perf_counter()
    exercises.judge(name, *given, seed=seed)
    return time.perf_counter() - start


def sum_of(page: str, repeats: int) -> Sum:
    """Check every answer of a page, and count."""
    seconds = [timed(name, given, seed) for name, given in checks(page) for seed in range(repeats)]
    judges = [exercise.judge for exercise in table.of_page(page).values()]
    return Sum(len(judges), sum(len(judge.mistakes) for judge in judges), seconds[0], np.array(seconds[1:]))


def row(title: str, found: Sum) -> str:
    counts = f"{found.exercises:>9} {found.mistakes:>8} {found.seconds.size + 1:>6}"
    slow = np.quantile(found.seconds, [0.5, 0.99, 1])
    return f"{title:>22} {counts} {found.first:>8.2f} " + " ".join(f"{value:>8.3f}" for value in slow)


def main(repeats: int = REPEATS) -> None:
    print("                       exercises mistakes checks  first s median s   99 % s   most s")
    sums = {page: sum_of(page, repeats) for page in topics()}
    for page, found in sums.items():
        print(row(page, found))
    exercise_counts, mistakes, firsts, seconds = zip(*sums.values(), strict=True)
    print(row("all", Sum(sum(exercise_counts), sum(mistakes), max(firsts), np.concatenate(seconds))))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
