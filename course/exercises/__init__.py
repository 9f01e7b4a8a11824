"""Exercises that check themselves: an answer is run on fresh cases, and the mistake in it is called by its name.

- `check(name, *answers)` judges an answer and shows a card with the verdict and, on demand, two hints;
- `grade(name, *answers)` is the same for a grader: it raises `NotRight` unless the answer is right;
- `judge(name, *answers)` gives the bare verdict;
- `progress(page)` shows how far the reader has come, and can forget it.
"""

from course.exercises.card import check, progress
from course.exercises.marking import NotRight, grade, judge

__all__ = ["NotRight", "check", "grade", "judge", "progress"]
