"""Scenes: named states of the explorers, with what a speaker asks and shows, in the order of a lesson.

A scene is opened by bringing all controls of its explorer to their defaults and then setting its state.
"""

from course.scenes.learning import LEARNING
from course.scenes.past_he import PAST_HE
from course.scenes.practice import PRACTICE
from course.scenes.scene import Scene
from course.scenes.units import UNITS
from course.scenes.variances import VARIANCES

__all__ = ["SCENES", "Scene", "of"]

SCENES: tuple[Scene, ...] = (*UNITS, *VARIANCES, *PAST_HE, *LEARNING, *PRACTICE)
"""All scenes, in the order of the pages; the first of a page opens where the page's own picture does."""


def of(page: str) -> tuple[Scene, ...]:
    """The scenes of a page, in teaching order; `ValueError` for a page that has none."""
    found = tuple(scene for scene in SCENES if scene.page == page)
    if not found:
        pages = ", ".join(dict.fromkeys(scene.page for scene in SCENES))
        raise ValueError(f"page is {page!r}; the pages that have scenes are {pages}")
    return found
