"""A picture drawn once and updated in place: only what moves is drawn again, over a kept background."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

STYLE = Path(__file__).with_name("course.mplstyle")
MEASURED, PREDICTED, REFERENCE = "#0072b2", "black", "#999999"
"""Measured is blue points, predicted a dashed black line, a reference thin and grey, in every picture."""
ACCENT = "#d55e00"
"""A second colour, told from the first by colour-blind readers too (Okabe and Ito, 2008)."""
PREDICTED_LINE = {"color": PREDICTED, "linestyle": (0, (4, 2)), "linewidth": 1.5}
MEASURED_POINTS = {"color": MEASURED, "linestyle": "none", "marker": "o", "markersize": 4}
REFERENCE_LINE = {"color": REFERENCE, "linewidth": 0.9}


class Frame(NamedTuple):
    """One state of a picture: the image as PNG bytes, and what it shows as a sentence, its alternative text."""

    image: bytes
    sentence: str


class Canvas:
    """A figure with a kept background; `moving` artists are drawn over it at each `render`.

    Build the figure inside `course_style()`, hand over the artists that move, then change them with their own
    setters and call `render`. Call `redraw_background` after changing anything else: limits, ticks, titles.
    """

    def __init__(self, figure: Figure, moving: Iterable[Artist]):
        self.figure = figure
        self._canvas = FigureCanvasAgg(figure)
        self._moving = list(moving)
        for artist in self._moving:
            artist.set_animated(True)
        self._background = None

    def redraw_background(self) -> None:
        """Forget the kept background: something other than the moving artists has changed."""
        self._background = None

    def render(self) -> bytes:
        """Draw the moving artists over the background and give the picture as PNG bytes."""
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self.figure.draw_artist(artist)
        return _png(self._canvas.buffer_rgba(), self._canvas.get_width_height())


def _png(pixels: memoryview, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.frombuffer("RGBA", size, pixels).convert("RGB").save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def course_style():
    """Give the context in which figures are built: the course's style, and nothing of it outside."""
    return matplotlib.style.context(STYLE)
