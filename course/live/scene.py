"""What a scene is."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple


class Scene(NamedTuple):
    """A state of an explorer to show in front of a class.

    `state` holds what differs from the defaults, and under "pinned" the controls of the curves that stay as a ghost.
    `title` fits on a button, `note` is for the speaker; `page`, the topic of its page, is filled in by `pages.scenes`.
    `controls` names those that the scene needs, the others are folded away; without names all stand there. `slides`
    names one control with values of it, the scene's own among them, which a reader without a kernel can go through.
    """

    title: str
    explorer: str
    state: Mapping[str, Any]
    note: str
    page: str = ""
    controls: tuple[str, ...] = ()
    slides: Mapping[str, Sequence[Any]] = MappingProxyType({})
