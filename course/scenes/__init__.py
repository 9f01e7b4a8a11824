"""Scenes: named states of the explorers, with what a speaker asks and shows, in the order of a lesson.

A scene is opened by bringing all controls of its explorer to their defaults and then setting its state.
"""

from course.scenes.learning import LEARNING
from course.scenes.scene import Scene
from course.scenes.walk import WALK

__all__ = ["SCENES", "Scene", "of"]

SCENES: tuple[Scene, ...] = (*WALK, *LEARNING)
"""All scenes, in the order of the pages."""


def of(page: str) -> tuple[Scene, ...]:
    """The scenes of a page, in teaching order; `ValueError` for a page that has none."""
    found = tuple(scene for scene in SCENES if scene.page == page)
    if not found:
        pages = ", ".join(dict.fromkeys(scene.page for scene in SCENES))
        raise ValueError(f"page is {page!r}; the pages that have scenes are {pages}")
    return found
