"""Panels that are set anew for the room there is: in the best of some grids, with nothing written cut off."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec
from matplotlib.text import Text

from course.live import looks
from course.live.looks import BETTER, CAPTION_HEIGHT, SCREEN_DPI, Look, Margins, Panels

APART = 0.06
"""Inches between what is written round one panel and what is written round the next."""
_WORD = re.compile(r"(?:\$[^$]*\$|\S)+")
"""A word of a title; a formula is one, whatever spaces it has."""


class Layout:
    """A figure's size and the places of its panels; `grids` are all in which they may stand, today's first.

    `page_size` is the picture's width and height in pixels of the page, `margins` are what the panels leave free, and
    `heights` say how high it may be, in each grid.
    """

    def __init__(self, figure: Figure, grids: Sequence[str]):
        self._figure, self._built = figure, tuple(figure.get_size_inches())
        today = [axes.get_subplotspec() for axes in figure.axes]
        self._grids: list[Panels] = [today, *(looks.panels_in(figure, grid) for grid in grids[1:])]
        self._panels, self._least = today, looks.margins_of(figure, _grid(today))
        self.heights = [looks.heights(self._least, _grid(panels)) for panels in self._grids]

    def set_look(self, look: Look) -> None:
        """Give the picture its size, and the panels the grid in which they are seen best."""
        lowest = min(height.low for height in self.heights) / SCREEN_DPI
        self._look, self._size = look, looks.size_for(self._built, look, lowest)
        self.page_size = tuple(round(self._size.dpi * side) for side in (self._size.width, self._size.height))
        self._set_pixels()
        grids = self._grids if look.room is not None else self._grids[:1]
        self._panels = max(grids, key=self._fitness)
        for axes, place in self._placed():
            axes.set_subplotspec(place)
        self._set_margins(self._wanted())
        self.fit()

    def fit(self) -> None:
        """Break titles into lines and make room for what is written now; without a room of the page's, do neither."""
        if self._look.room is None:
            for axes in self._figure.axes:
                axes._left_title.set_text(axes._left_title.get_text().replace("\n", " "))
            return
        width, _ = looks.panel_size(self.margins, self._size, _grid(self._panels))
        for axes, place in self._placed():
            across = len(place.colspan)
            wide = across * width + (across - 1) * self.margins.column_gap + APART
            _break(axes._left_title, wide * self._figure.dpi)
        self._set_margins(self._wanted().largest(self._written()))

    def _wanted(self) -> Margins:
        """Return the margins that the picture was built with, and room for a caption."""
        return self._least._replace(top=self._least.top + self._caption)

    @property
    def _caption(self) -> float:
        return CAPTION_HEIGHT if self._look.captioned else 0.0

    def _written(self) -> Margins:
        """Return the margins that are needed for what is written round the panels now."""
        grid, renderer = _grid(self._panels), self._figure.canvas.get_renderer()
        before, after = np.zeros((2, grid.ncols))
        above, below = np.zeros((2, grid.nrows))
        for axes, place in self._placed():
            rows, columns = place.rowspan, place.colspan
            ends = (before, columns.start), (after, columns.stop - 1), (below, rows.stop - 1), (above, rows.start)
            for (written, at), needed in zip(ends, _written_round(axes, renderer), strict=True):
                written[at] = max(written[at], needed / self._figure.dpi + APART / 2)
        between = [(one[:-1] + other[1:]).max(initial=0.0) for one, other in ((after, before), (below, above))]
        return Margins(before[0], after[-1], below[-1], above[0] + self._caption, *between)

    def _fitness(self, panels: Panels) -> float:
        fitness = looks.fitness(looks.panel_size(self._wanted(), self._size, _grid(panels)))
        return fitness * BETTER if panels is self._panels else fitness

    def _placed(self) -> Iterator[tuple[Axes, SubplotSpec]]:
        return zip(self._figure.axes, self._panels, strict=False)

    def _set_margins(self, margins: Margins) -> None:
        self.margins = margins
        self._figure.subplots_adjust(**vars(looks.arranged(margins, self._size, _grid(self._panels))))

    def _set_pixels(self) -> None:
        """Let the picture have the page's pixels times the pixel ratio, whole ones: the page need not stretch it."""
        pixels = np.rint(np.array(self.page_size) * self._look.pixel_ratio)
        dpi = pixels[0] / self._size.width
        self._figure.set_dpi(dpi)
        self._figure.set_size_inches(pixels * (1 + 1e-12) / dpi)  # a figure drops what is short of a whole pixel


def _grid(panels: Panels) -> GridSpec:
    return panels[0].get_gridspec()


def _written_round(axes: Axes, renderer: object) -> tuple[float, float, float, float]:
    """Return how far what is written reaches out of a panel: left, right, below and above, in pixels."""
    box, (across, up) = axes.bbox, (axis.get_tightbbox(renderer) or axes.bbox for axis in (axes.xaxis, axes.yaxis))
    whole = axes.get_tightbbox(renderer, for_layout_only=True)
    return box.x0 - up.x0, max(across.x1, up.x1) - box.x1, box.y0 - min(across.y0, up.y0), whole.y1 - box.y1


def _break(title: Text, width: float) -> None:
    """Break a title into lines that are at most so many pixels wide, if its words are."""
    lines: list[str] = []
    for word in _WORD.findall(title.get_text()):
        longer = f"{lines[-1]} {word}" if lines else word
        title.set_text(longer)
        fits = not lines or title.get_window_extent().width <= width
        lines[-1:] = [longer] if fits else [*lines[-1:], word]
    title.set_text("\n".join(lines))
