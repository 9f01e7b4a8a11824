"""The pages: a folder each, named by topic, with the exercises and the scenes of the notebook of that name.

Only a notebook's file name holds its number, and only there is it read: as the page's place among the others.
"""

import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course.live.scene import Scene

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
"""Where the notebooks are in a copy of the repository: beside the package."""


def topic_of(notebook: str) -> str:
    """Return the topic in a notebook's name: "xavier" for "05_xavier"."""
    return notebook.partition("_")[2]


def notebooks(folder: Path = NOTEBOOKS) -> dict[str, str]:
    """Return the names of the notebooks by topic, `{"xavier": "05_xavier"}`, in the reader's order."""
    return {topic_of(path.stem): path.stem for path in sorted(folder.glob("[0-9]*_*.ipynb"))}


def topics() -> list[str]:
    """Return the topics of all pages in the reader's order; last, by name, those whose notebooks are not there."""
    known = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    order = list(notebooks())
    return [topic for topic in order if topic in known] + sorted(set(known) - set(order))


def scenes(topic: str) -> tuple[Scene, ...]:
    """Return the scenes of a page in teaching order; `ValueError` for a page that has none."""
    return tuple(scene._replace(page=topic) for scene in _listed(topic, "scenes"))


def all_scenes() -> tuple[Scene, ...]:
    """Return the scenes of all pages; the first of a page opens where the page's own picture does."""
    return tuple(scene for topic in topics() if _part(topic, "scenes") for scene in scenes(topic))


def exercises(topic: str) -> Sequence[Any]:
    """Return the exercises of a page; `ValueError` for a page that has none."""
    return _listed(topic, "exercises")


def _listed(topic: str, part: str) -> Sequence[Any]:
    found = _part(topic, part)
    if not found:
        having = ", ".join(page for page in topics() if _part(page, part))
        raise ValueError(f"page must be one of {having}, not {topic!r}")
    return found


@functools.cache
def _part(topic: str, part: str) -> Sequence[Any]:
    """Return what a file of a page's folder lists, and nothing where there is no such file."""
    if topic not in topics() or importlib.util.find_spec(f"{__name__}.{topic}.{part}") is None:
        return ()
    return getattr(importlib.import_module(f"{__name__}.{topic}.{part}"), part.upper())
