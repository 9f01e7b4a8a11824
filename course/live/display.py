"""What an explorer shows of a state: the picture, what is pinned in it, and the words that belong to both."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from course.live import settings
from course.live.canvas import Canvas, Frame
from course.live.screen import Screen
from course.live.settings import Controls
from course.live.words import say

Settings = Mapping[str, Any]


class Pinned(NamedTuple):
    """What is kept for comparison: the settings of the pinned curves, and the sentence they had."""

    settings: dict[str, Any]
    sentence: str


class Expected(NamedTuple):
    """What a reader expected: points in a panel, counted from 0, or none; its label there; what to say of it."""

    panel: int
    x: Sequence[float]
    y: Sequence[float]
    label: str
    words: str


class Display:
    """Draws settings on a canvas by `draw(**settings)`, puts the picture into the page, and says what is seen.

    `frame` is the last good picture; `pinned` is what `keep` has kept, and `expected` says what somebody expected.
    """

    def __init__(self, controls: Controls, draw: Callable[..., Frame], canvas: Canvas, title: str):
        self.canvas, self.title, self.screen = canvas, title, Screen(title=title)
        self.pinned: Pinned | None = None
        self.frame: Frame | None = None
        self._controls, self._draw = controls, draw
        self._shown: Settings = {}
        self.expected = ""

    def keep(self, kept: Settings | None) -> None:
        """Draw settings and keep their curves as ghosts, or let the ghosts go."""
        self.canvas.unpin()
        self.pinned = None
        if kept is not None:
            self.pinned = Pinned(dict(kept), self._draw(**kept).sentence)
            self.canvas.pin()

    def show(self, shown: Settings, *, projector: bool) -> None:
        """Draw settings and put their picture into the page."""
        look = self.canvas.look._replace(pixel_ratio=self.screen.pixel_ratio, projector=projector)
        if look != self.canvas.look:
            self.canvas.set_look(look)
        if self.pinned is not None:
            self.canvas.caption(*self._caption(shown))
        self.frame, self._shown = self._draw(**shown), shown
        self.screen.show(self.frame.image, self.canvas.page_size, self.sentence)

    def table_of(self, settings: Settings) -> Mapping[str, np.ndarray]:
        """Draw settings aside, and give the numbers behind that picture; `show` must be called next."""
        return self._draw(**settings).table

    @property
    def sentence(self) -> str:
        """What the picture shows, in words, and what is pinned in it."""
        seen = f"{self.frame.sentence} {self.expected}".rstrip()
        if self.pinned is None:
            return seen
        text = "{seen} Pinned for comparison, {settings}: {pinned}"
        return say(text, seen=seen, settings=self._caption(self._shown)[1], pinned=self.pinned.sentence)

    def _caption(self, shown: Settings) -> tuple[str, str]:
        """Say what differs between the settings shown and the pinned ones, each in its own words."""
        pair = shown, self.pinned.settings
        names = settings.differences(self._controls, *pair)
        now, pinned = (", ".join(settings.words(self._controls[name], state[name]) for name in names) for state in pair)
        return now or say("the same setting"), pinned or say("the same setting")

    def file(self, form: str, source: str) -> bytes:
        """Give the picture as "png" or "svg", with its title, its sentence and its source as metadata."""
        return self.canvas.file(form, title=self.title, sentence=self.sentence, source=source)
