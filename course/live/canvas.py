"""A picture drawn once and updated in place: only what moves is drawn again, over a kept background."""

import io
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from course.live.expectation import Expected, expectation
from course.live.ghosts import Ghost
from course.live.layout import Fitted, Layout
from course.live.looks import CAPTION_HEIGHT, Look
from course.live.png import FASTEST, png
from course.live.tables import Table
from course.live.words import say
from course.style import MEASURED, PINNED

FILE_DPI = 200
"""Pixels to an inch in a saved PNG."""
HINTING = 0.98
"""Smaller letters, set on whole pixels, can be wider than their size says, by less than this allows."""
CAPTION_SIZE = 10.0
FORMATS = ("png", "svg")
BACKGROUNDS = 8
"""So many backgrounds are kept, compressed: a slider that goes back and forth finds its axes drawn."""


class Frame(NamedTuple):
    """One state of a picture: PNG bytes, a sentence that says what it shows, and the numbers behind it."""

    image: bytes
    sentence: str
    table: Table = Table()


class Background(NamedTuple):
    """What stands still in a picture, drawn: compressed pixels, and how titles and panels stand."""

    pixels: bytes
    fitted: Fitted


class Canvas:
    """A figure with a kept background; `moving` artists are drawn over it at each `render`.

    Build the figure inside `course_style()`, hand over the artists that move, then change them with their own
    setters and call `render`. After changing anything else (limits, ticks, titles) call `stand_still` with a name for
    what they are now, or `redraw_background`.
    `ghosts` are the lines that `pin` keeps. `grids` are those in which the figure's axes may stand in their order, the
    present one first, a letter for each: "AB;AC". Where the page says how much room there is, the one is taken in which
    they are seen best. `page_size` is the picture's width and height in pixels of the page, `heights`
    say how high it may be.
    """

    def __init__(
        self, figure: Figure, moving: Iterable[Artist], ghosts: Iterable[Ghost] = (), grids: Sequence[str] = ()
    ):
        self.figure, self.look = figure, Look()
        self._canvas = FigureCanvasAgg(figure)
        self._layout = Layout(figure, grids)
        self.heights = self._layout.heights
        self._ghosts = list(ghosts)
        self._caption = [figure.text(0, 0, "", color=colour, visible=False) for colour in (MEASURED, PINNED)]
        self._moving = [*moving, *self._caption]
        self._set_animated(True)
        self._expected: list[Artist] = []
        self._background = None
        self._still: Hashable = None
        self._drawn: OrderedDict[Hashable, Background] = OrderedDict()
        self.set_look(self.look)  # so that a look that is left and taken up again is the same to the last pixel

    @property
    def can_pin(self) -> bool:
        """Whether the picture has curves that can be kept for comparison."""
        return bool(self._ghosts)

    def release(self) -> None:
        """Let go of the memory that drawing needs; the next picture takes it again."""
        self._canvas, self._background = FigureCanvasAgg(self.figure), None

    def redraw_background(self) -> None:
        """Forget all kept backgrounds: something other than the moving artists has changed."""
        self._background = None
        self._drawn.clear()

    def stand_still(self, what: Hashable) -> None:
        """Say what stands still from now on; equal ones look the same, and the last few need no new drawing."""
        if what != self._still:
            self._still, self._background = what, None

    def pin(self) -> None:
        """Keep the curves as they are now, as ghosts."""
        for ghost in self._ghosts:
            ghost.pin()
        self.set_look(self.look._replace(captioned=True))

    def unpin(self) -> None:
        """Let the ghosts go."""
        for ghost in self._ghosts:
            ghost.clear()
        self.set_look(self.look._replace(captioned=False))

    def expect(self, expected: Expected) -> None:
        """Draw what somebody expected, in place of what was expected before."""
        self.forget()
        self._expected = expectation(self.figure.axes[expected.panel], expected.x, expected.y, expected.label)
        for artist in self._expected:
            artist.set_animated(True)
        self._moving += self._expected

    def forget(self) -> None:
        """Take away what somebody expected."""
        self._moving = [artist for artist in self._moving if artist not in self._expected]
        for artist in self._expected:
            artist.remove()
        self._expected = []

    def set_look(self, look: Look) -> None:
        """Draw for another screen, in other room, or with a caption from now on."""
        self.look = look
        self._layout.set_look(look)
        self.page_size = self._layout.page_size
        self._place_caption()
        self.redraw_background()

    def _place_caption(self) -> None:
        width, height = self.figure.get_size_inches()
        for line, text in enumerate(self._caption):
            text.set_position((self._layout.margins.left / width, 1 - (0.07 + line * CAPTION_HEIGHT / 2) / height))
            text.set(va="top", visible=self.look.captioned)

    def caption(self, now: str, pinned: str) -> None:
        """Say what the moving curves are and what the pinned ones."""
        room = max(axes.get_position().x1 for axes in self.figure.axes) - self._caption[0].get_position()[0]
        captions = say("● now: {settings}", settings=now), say("○ pinned: {settings}", settings=pinned)
        for text, words in zip(self._caption, captions, strict=True):
            text.set_text(words)
            fit(text, CAPTION_SIZE, room * self.figure.bbox.width)

    def render(self) -> bytes:
        """Draw the moving artists over the background and return the picture as PNG bytes."""
        if self._background is None:
            self._draw_background()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self.figure.draw_artist(artist)
        return png(np.asarray(self._canvas.buffer_rgba()))

    def _draw_background(self) -> None:
        """Draw what stands still, or take what was drawn for the same before."""
        drawn = self._drawn.pop(self._still, None)
        if drawn is None:
            self._layout.fit()
            self._canvas.draw()
            drawn = Background(zlib.compress(self._canvas.buffer_rgba(), FASTEST), self._layout.fitted)
        else:
            self._layout.bring_back(drawn.fitted)
            pixels = np.asarray(self._canvas.buffer_rgba())
            pixels[:] = np.frombuffer(zlib.decompress(drawn.pixels), np.uint8).reshape(pixels.shape)
        self._drawn[self._still] = drawn
        if len(self._drawn) > BACKGROUNDS:
            self._drawn.popitem(last=False)

    def file(self, form: str, *, title: str, sentence: str, source: str) -> bytes:
        """Return the picture as a file of the form "png" or "svg", with its words and its source as metadata."""
        if form not in FORMATS:
            raise ValueError(f"a picture is saved as one of {', '.join(FORMATS)}, not {form!r}")
        metadata = {"Title": title, "Description": sentence, "Source": source}
        if form == "svg":
            metadata |= {"Date": None}
        stream = io.BytesIO()
        self._set_animated(False)  # a figure leaves animated texts of its own out of a file
        try:
            with matplotlib.rc_context({"svg.hashsalt": source}):  # the same picture is the same file
                self.figure.savefig(stream, format=form, dpi=FILE_DPI, metadata=metadata)
        finally:
            self._set_animated(True)
        return stream.getvalue()

    def _set_animated(self, animated: bool) -> None:
        for artist in self._moving:
            artist.set_animated(animated)


def fit(text: Text, size: float, room: float) -> None:
    """Set a text in this size, or in a smaller one so that it is at most `room` pixels wide."""
    text.set_fontsize(size)
    width = text.get_window_extent(text.figure.canvas.get_renderer()).width
    if width > room:
        text.set_fontsize(size * HINTING * room / width)
