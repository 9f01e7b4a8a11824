"""The explorer's picture in the page: its image, its alternative text, its sentence, and the line for failures."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course.live.words import say
from course.style import style_sheet

HERE = Path(__file__).parent


class Screen(anywidget.AnyWidget):
    """What the reader looks at; the sentence is read out when it changes, and is the image's alternative text too.

    `width` and `height` are in pixels of the page. The page sets `pixel_ratio`, its screen's pixels to one of the
    page, and `room`, the width and the height that it has for the picture, within one of the `heights` (see
    `looks.Heights`). It sends `{"kind": "seen"}` when it first shows the picture, and `{"kind": "step", "number": …}`
    while `playing`, each time picture `number` has been shown. Where `region` has the left, top, width and height of a
    part of the picture, as shares, a point is dragged there: the page sends
    `{"kind": "point", "across": …, "up": …, "number": …}`, shares of the region from its lower left corner, and waits
    until `answered` is that number and the picture shown.
    """

    _esm = HERE.joinpath("screen.js").read_text(encoding="utf-8")
    _css = style_sheet(HERE / "screen.css")
    title = traitlets.Unicode().tag(sync=True)
    image = traitlets.Bytes().tag(sync=True)
    number = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    failure = traitlets.Unicode().tag(sync=True)
    playing = traitlets.Bool().tag(sync=True)
    region = traitlets.List(traitlets.Float()).tag(sync=True)
    answered = traitlets.Int().tag(sync=True)
    pixel_ratio = traitlets.Float(1.0).tag(sync=True)
    room = traitlets.List(traitlets.Int()).tag(sync=True)
    heights = traitlets.List().tag(sync=True)
    readout_name = traitlets.Unicode().tag(sync=True)

    @traitlets.default("readout_name")
    def _readout_name(self) -> str:
        return say("{label}, as a number")

    def show(self, image: bytes, size: tuple[int, int], sentence: str) -> None:
        """Put a picture of a size, in pixels of the page, and its sentence into the page, in one message."""
        with self.hold_sync():
            self.image, (self.width, self.height), self.sentence = image, size, sentence
            self.number += 1

    def offer(self, name: str, content_type: str, content: bytes) -> None:
        """Let the page that was touched last save a file."""
        self.send({"kind": "save", "name": name, "type": content_type}, [content])

    def copy(self, text: str) -> None:
        """Let the page that was touched last put a text on its clipboard."""
        self.send({"kind": "copy", "text": text})

    def on_message(self, kind: str, answer: Any) -> None:
        """Call `answer(content)` for every message of a kind from the page."""
        self.on_msg(lambda _widget, content, _buffers: answer(content) if content.get("kind") == kind else None)
