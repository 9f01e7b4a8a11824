"""The table of all exercises: a file a page, loaded when one of its exercises is first asked for."""

import importlib
import pkgutil
from typing import NamedTuple

from course.exercises import pages
from course.exercises.judges import Judge

KINDS = ("compute", "write", "change", "break", "find the bug")


class Exercise(NamedTuple):
    """What is asked in a few words, which of `KINDS` it is, who judges it, and two hints, the second nearly telling."""

    title: str
    kind: str
    judge: Judge
    hints: tuple[str, str]


def all_pages() -> list[str]:
    """The numbers of the pages that have exercises, in order: "00", "01" and so on."""
    return sorted(module.name.removeprefix("page_") for module in pkgutil.iter_modules(pages.__path__))


def of_page(page: str) -> dict[str, Exercise]:
    """The exercises of a page, "03", by their names, "03.1" and so on; `ValueError` for a page without any."""
    if page not in all_pages():
        raise ValueError(f"page must be one of {', '.join(all_pages())}, not {page!r}")
    listed = importlib.import_module(f"course.exercises.pages.page_{page}").EXERCISES
    return {f"{page}.{number}": exercise for number, exercise in enumerate(listed, start=1)}


def named(name: str) -> Exercise:
    """The exercise of this name, "03.1"; `ValueError` for a name that there is not."""
    page = str(name).partition(".")[0]
    known = of_page(page)
    if name not in known:
        raise ValueError(f"exercise must be one of {', '.join(known)}, not {name!r}")
    return known[name]
