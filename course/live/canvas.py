"""A picture drawn once and updated in place: only what moves is drawn again, over a kept background."""

import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from course.live.expectation import expectation
from course.live.ghosts import Ghost
from course.live.looks import CAPTION_HEIGHT, Look, arranged, layout_of, page_width
from course.live.png import png
from course.live.tables import Table
from course.live.words import say
from course.style import MEASURED, PINNED, course_style

FILE_DPI = 200
"""Pixels to an inch in a saved PNG."""
HINTING = 0.98
"""Smaller letters, set on whole pixels, can be wider than their size says, by less than this allows."""
FORMATS = ("png", "svg")


class Frame(NamedTuple):
    """One state of a picture: PNG bytes, a sentence that says what it shows, and the numbers behind it."""

    image: bytes
    sentence: str
    table: Table = Table()


class Canvas:
    """A figure with a kept background; `moving` artists are drawn over it at each `render`.

    Build the figure inside `course_style()`, hand over the artists that move, then change them with their own
    setters and call `render`. Call `redraw_background` after changing anything else: limits, ticks, titles.
    `ghosts` are the lines that `pin` keeps.
    """

    def __init__(
        self, figure: Figure, moving: Iterable[Artist], ghosts: Iterable[Ghost] = (), grids: Sequence[str] = ()
    ):
        self.figure, self.look = figure, Look()
        self._canvas = FigureCanvasAgg(figure)
        self._built, self._layout = layout_of(figure), layout_of(figure)
        self._ghosts = list(ghosts)
        self._caption = [figure.text(0, 0, "", color=colour, visible=False) for colour in (MEASURED, PINNED)]
        self._moving = [*moving, *self._caption]
        self._set_animated(True)
        self._expected: list[Artist] = []
        self._sizes: dict[Text, float] = {}
        self._background = None
        self.set_look(self.look)  # so that a look that is left and taken up again is the same to the last pixel

    @property
    def can_pin(self) -> bool:
        """Whether the picture has curves that can be kept for comparison."""
        return bool(self._ghosts)

    @property
    def page_size(self) -> tuple[int, int]:
        """The picture's width and height in pixels of the page."""
        width = page_width(self._layout, self.look)
        return width, round(width * self._layout.height / self._layout.width)

    def release(self) -> None:
        """Give back the memory that drawing needs; the next picture takes it again."""
        self._canvas, self._background = FigureCanvasAgg(self.figure), None

    def redraw_background(self) -> None:
        """Forget the kept background: something other than the moving artists has changed."""
        self._background = None

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

    def expect(self, panel: int, x: Sequence[float], y: Sequence[float], words: str) -> None:
        """Draw what somebody expected into a panel, counted from 0, in place of what was expected before."""
        self.forget()
        with course_style():
            self._expected = expectation(self.figure.axes[panel], x, y, words)
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
        """Draw for another screen from now on, or with room for a caption."""
        grid = self.figure.axes[0].get_gridspec()
        self.look, self._layout = look, arranged(self._built, look, grid.nrows, grid.ncols)
        self._set_pixels()
        self.figure.subplots_adjust(**vars(self._layout.panels))
        self._place_caption()
        self.redraw_background()

    def _set_pixels(self) -> None:
        """Let the picture have the page's pixels times the pixel ratio, whole ones: the page need not stretch it."""
        pixels = np.rint(np.array(self.page_size) * self.look.pixel_ratio)
        dpi = pixels[0] / self._layout.width
        self.figure.set_dpi(dpi)
        self.figure.set_size_inches(pixels * (1 + 1e-12) / dpi)  # a figure drops what is short of a whole pixel

    def _place_caption(self) -> None:
        left = self._layout.panels.left
        for line, text in enumerate(self._caption):
            text.set_position((left, 1 - (0.07 + line * CAPTION_HEIGHT / 2) / self._layout.height))
            text.set(va="top", visible=self.look.captioned)

    def caption(self, now: str, pinned: str) -> None:
        """Say what the moving curves are and what the pinned ones."""
        captions = say("● now: {settings}", settings=now), say("○ pinned: {settings}", settings=pinned)
        for text, words in zip(self._caption, captions, strict=True):
            text.set_text(words)
            self.fit(text, self.figure.axes[-1].get_position().x1 - self._layout.panels.left)

    def fit(self, text: Text, share: float) -> None:
        """Set a moving text in smaller type, if it has to be, so that it takes at most this share of the width."""
        text.set_fontsize(self._sizes.setdefault(text, text.get_fontsize()))
        width = text.get_window_extent(self._canvas.get_renderer()).width
        room = share * self.figure.bbox.width
        if width > room:
            text.set_fontsize(text.get_fontsize() * HINTING * room / width)

    def render(self) -> bytes:
        """Draw the moving artists over the background and give the picture as PNG bytes."""
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self.figure.draw_artist(artist)
        return png(np.asarray(self._canvas.buffer_rgba()))

    def file(self, form: str, *, title: str, sentence: str, source: str) -> bytes:
        """Give the picture as a file of the form "png" or "svg", with its words and its source as metadata."""
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
            self.redraw_background()
        return stream.getvalue()

    def _set_animated(self, animated: bool) -> None:
        for artist in self._moving:
            artist.set_animated(animated)
