"""Panels that are set anew for the room there is: in the best of some grids, with nothing written cut off."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec
from matplotlib.legend import Legend
from matplotlib.offsetbox import VPacker
from matplotlib.text import Text

from course.live import looks
from course.live.looks import BETTER, CAPTION_HEIGHT, LEGEND_LINE, SCREEN_DPI, Look, Margins, Panels

APART = 0.06
"""Inches between what is written round one panel and what is written round the next."""
_WORD = re.compile(r"(?:\$[^$]*\$|\S)+")
"""A word of a title; a formula is one, whatever spaces it has."""


class Fitted(NamedTuple):
    """What fits what is written: the margins round the panels, and their titles in lines."""

    margins: Margins
    titles: tuple[str, ...]


class Layout:
    """A figure's size and the places of its panels; `grids` are all in which they may stand, today's first.

    `page_size` is the picture's width and height in pixels of the page, `margins` are what the panels leave free, and
    `heights` say how high it may be, in each grid.
    """

    def __init__(self, figure: Figure, grids: Sequence[str]):
        self._figure, self._built, self._look = figure, tuple(figure.get_size_inches()), Look()
        today = [axes.get_subplotspec() for axes in figure.axes]
        self._grids: list[Panels] = [today, *(looks.panels_in(figure, grid) for grid in grids[1:])]
        self._narrow = looks.panels_in(figure, looks.narrow_grid(len(today), grids[0] if grids else ""))
        self._legend, self._lines = next(iter(figure.legends), None), 0
        self._built_columns = len(_columns(self._legend)) if self._legend else 0
        self._panels, self._least = today, looks.margins_of(figure, _grid(today))
        self.heights = [looks.heights(self._least, _grid(panels)) for panels in self._grids]

    def set_look(self, look: Look) -> None:
        """Give the picture its size, and the panels the grid in which they are seen best."""
        lowest = min(height.low for height in self.heights) / SCREEN_DPI
        was_narrow = self._look.narrow
        self._look, self._size = look, looks.size_for(self._built, look, lowest)
        if look.narrow or was_narrow:
            self._fold_legend()
        if look.narrow:
            self._size = self._size._replace(height=self._narrow_height())
        self.page_size = tuple(round(self._size.dpi * side) for side in (self._size.width, self._size.height))
        self._set_pixels()
        grids = self._grids if look.room is not None else self._grids[:1]
        self._panels = self._narrow if look.narrow else max(grids, key=self._fitness)
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
            _break(axes._left_title, wide * self._figure.dpi, self._figure.canvas.get_renderer())
        self._set_margins(self._wanted().largest(self._written()))

    @property
    def fitted(self) -> Fitted:
        """What `fit` has found."""
        return Fitted(self.margins, tuple(axes._left_title.get_text() for axes in self._figure.axes))

    def bring_back(self, fitted: Fitted) -> None:
        """Give titles and panels what was found for what is written now before."""
        for axes, title in zip(self._figure.axes, fitted.titles, strict=True):
            axes._left_title.set_text(title)
        self._set_margins(fitted.margins)

    def _narrow_height(self) -> float:
        """Return the inches that all rows of panels need, or as much as the picture was built with for its width."""
        rows, (width, height) = _grid(self._narrow).nrows, self._built
        least = max(rows * looks.PHONE_ROW + looks.PHONE_REST, self._size.width * height / width)
        return least + self._lines * LEGEND_LINE + self._caption

    def _wanted(self) -> Margins:
        """Return the margins that the picture was built with, and room for a caption."""
        bottom = self._least.bottom + self._lines * LEGEND_LINE
        return self._least._replace(top=self._least.top + self._caption, bottom=bottom)

    def _fold_legend(self) -> None:
        """Set the legend under the panels in the columns that fit; `_lines` are those it has more than as built."""
        if self._legend is None:
            return
        columns, count = self._built_columns, sum(map(len, _columns(self._legend)))
        _fold(self._legend, columns)
        room = self._size.width * self._figure.dpi
        while self._look.narrow and columns > 1 and self._legend.get_window_extent().width > room:
            columns -= 1
            _fold(self._legend, columns)
        self._lines = -(-count // columns) - -(-count // self._built_columns)

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


def _columns(legend: Legend) -> list[list]:
    """Return the columns of a legend, with the entries of each."""
    return [column.get_children() for column in legend._legend_handle_box.get_children()]


def _fold(legend: Legend, columns: int) -> None:
    """Set the entries of a legend in so many columns."""
    box, entries = legend._legend_handle_box, [entry for column in _columns(legend) for entry in column]
    apart = box.get_children()[0].sep
    parts = np.array_split(np.arange(len(entries)), columns)
    packed = ([entries[place] for place in part] for part in parts if len(part))
    box._children = [VPacker(sep=apart, pad=0, align="baseline", children=column) for column in packed]
    box.set_figure(legend.get_figure())


def _written_round(axes: Axes, renderer: object) -> tuple[float, float, float, float]:
    """Return how far what is written reaches out of a panel: left, right, below and above, in pixels."""
    axes.apply_aspect()
    box, (across, up) = axes.bbox, (axis.get_tightbbox(renderer) or axes.bbox for axis in (axes.xaxis, axes.yaxis))
    words = [text for text in (axes._left_title, *axes.texts) if text.get_text() and text.get_visible()]
    top = max([box.y1, *(text.get_window_extent(renderer).y1 for text in words)])
    return box.x0 - up.x0, max(across.x1, up.x1) - box.x1, box.y0 - min(across.y0, up.y0), top - box.y1


def _break(title: Text, width: float, renderer: object) -> None:
    """Break a title into lines that are at most so many pixels wide, if its words are.

    Without a renderer, a text is measured with the one that drew it last, which may have been a file's.
    """
    lines: list[str] = []
    for word in _WORD.findall(title.get_text()):
        longer = f"{lines[-1]} {word}" if lines else word
        title.set_text(longer)
        fits = not lines or title.get_window_extent(renderer).width <= width
        lines[-1:] = [longer] if fits else [*lines[-1:], word]
    title.set_text("\n".join(lines))
