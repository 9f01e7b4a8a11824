"""The table of all exercises: a file a page, loaded when one of its exercises is first asked for."""

from typing import NamedTuple

from course import pages
from course.exercises.judges import Judge

KINDS = ("compute", "write", "change", "break", "find the bug")


class Exercise(NamedTuple):
    """What is asked in a few words, which of `KINDS` it is, who judges it, and two hints."""

    title: str
    kind: str
    judge: Judge
    first_hint: str
    second_hint: str

    @property
    def hints(self) -> tuple[str, str]:
        """The hints, the second nearly telling."""
        return self.first_hint, self.second_hint


def of_page(page: str) -> dict[str, Exercise]:
    """Return the exercises of a page, "xavier", by name, "xavier.1" and so on; `ValueError` for a page without any."""
    return {f"{page}.{number}": exercise for number, exercise in enumerate(pages.exercises(page), start=1)}


def named(name: str) -> Exercise:
    """Return the exercise of this name, "xavier.1"; `ValueError` for a name that there is not."""
    known = of_page(str(name).partition(".")[0])
    if name not in known:
        raise ValueError(f"exercise must be one of {', '.join(known)}, not {name!r}")
    return known[name]
