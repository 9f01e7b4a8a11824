"""How large a picture is drawn, and where its panels stand: for a page's room, a dense screen, or the back row."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotParams, SubplotSpec

SCREEN_DPI = 100
"""Pixels of the page to an inch of the picture."""
PROJECTOR_WIDTH = 1240
"""The picture's width on a projector, in pixels of the page, where no page says how much room there is."""
PROJECTOR_ZOOM = 1.15
"""On a projector type takes up this many times as much of the picture's width."""
PROJECTOR_HEIGHT = 3.4
"""Inches of height that a picture has on a projector, if it can: in less room, type is smaller."""
CAPTION_HEIGHT = 0.44
"""What two lines above the panels take, in inches."""
LEGEND_LINE = 0.18
"""What one line of the legend under the panels takes, in inches."""
PLEASANT = 1.6
"""A panel is best so many times as wide as it is high."""
BETTER = 1.1
"""Another grid is taken where panels are seen so many times as well in it: a small change of the room leaves it."""
NARROW = 600
"""A room of less than so many pixels of the page is a phone's: panels stand one below the other there."""
PHONE_ROW, PHONE_REST = 1.6, 1.2
"""Inches of height that a row of panels takes there, with what is written round it, and all of them together."""
TALLEST, LOWEST = 1.3, 0.45
"""A panel is at least so many times as wide as it is high, if its picture can be lower; and so high, in inches."""

Panels = Sequence[SubplotSpec]
"""Where panels stand in a grid, one after the other."""


class Look(NamedTuple):
    """How a picture is to be drawn: pixels of the screen to one of the page, for a projector, with a caption.

    `room` is the width and the height that the page has for the picture, in its pixels; without one the picture has the
    size that it was built with, and in a narrow one it is as high as its panels need.
    """

    pixel_ratio: float = 1.0
    projector: bool = False
    captioned: bool = False
    room: tuple[int, int] | None = None

    @property
    def narrow(self) -> bool:
        """Whether panels do not fit beside one another."""
        return self.room is not None and self.room[0] < NARROW


class Size(NamedTuple):
    """A picture's width and height in inches, and pixels of the page to an inch."""

    width: float
    height: float
    dpi: float


class Margins(NamedTuple):
    """Inches round the panels, and between two of them: what is written there keeps its size."""

    left: float
    right: float
    bottom: float
    top: float
    column_gap: float
    row_gap: float

    def largest(self, other: "Margins") -> "Margins":
        """Return the greater ones of both."""
        return Margins(*map(max, self, other))


def panels_in(figure: Figure, grid: str) -> Panels:
    """Return places for panels, a letter for each in turn: "AB;AC" is one beside two."""
    lines = grid.split(";")
    whole = figure.add_gridspec(len(lines), len(lines[0]))
    cells: dict[str, list[tuple[int, int]]] = {}
    for row, line in enumerate(lines):
        for column, letter in enumerate(line):
            cells.setdefault(letter, []).append((row, column))
    corners = [(cells[letter][0], cells[letter][-1]) for letter in sorted(cells)]
    return [whole[first[0] : last[0] + 1, first[1] : last[1] + 1] for first, last in corners]


def narrow_grid(count: int, grid: str) -> str:
    """Return the grid for a narrow room: one column, or two for many panels; `grid` is that of a wide one, if known."""
    if count <= 4 or not grid:
        return ";".join(ascii_uppercase[:count])
    lines = grid.split(";")
    return ";".join(map("".join, zip(*lines, strict=True))) if len(lines) == 2 else grid


def margins_of(figure: Figure, grid: GridSpec) -> Margins:
    """Return the margins that the figure was built with."""
    (width, height), given = figure.get_size_inches(), figure.subplotpars
    column_gap = given.wspace * _panel(width * (given.right - given.left), grid.ncols, given.wspace)
    row_gap = given.hspace * _panel(height * (given.top - given.bottom), grid.nrows, given.hspace)
    sides = given.left * width, (1 - given.right) * width, given.bottom * height, (1 - given.top) * height
    return Margins(*sides, column_gap if grid.ncols > 1 else 0.0, row_gap if grid.nrows > 1 else 0.0)


def _panel(room: float, count: int, gap_share: float) -> float:
    """Return the mean size of one of `count` panels whose gaps are this share of it."""
    return room / (count + gap_share * (count - 1))


def size_for(built: tuple[float, float], look: Look, lowest: float) -> Size:
    """Return the size for a look of a picture that was built with a width and a height in inches.

    In a room of the page's it is at least `lowest` inches high, on a projector by type that is smaller.
    """
    zoom = PROJECTOR_ZOOM if look.projector else 1.0
    width, height = built[0] / zoom, built[1] / zoom + (CAPTION_HEIGHT if look.captioned else 0.0)
    if look.room is None:
        return Size(width, height, PROJECTOR_WIDTH / width if look.projector else SCREEN_DPI)
    dpi = SCREEN_DPI
    if look.projector:
        dpi = max(dpi, min(look.room[0] / width, look.room[1] / max(PROJECTOR_HEIGHT, lowest)))
    return Size(look.room[0] / dpi, max(look.room[1] / dpi, lowest), dpi)


def panel_size(margins: Margins, size: Size, grid: GridSpec) -> tuple[float, float]:
    """Return the mean width and height of a panel, in inches."""
    across = size.width - margins.left - margins.right - margins.column_gap * (grid.ncols - 1)
    up = size.height - margins.bottom - margins.top - margins.row_gap * (grid.nrows - 1)
    return across / grid.ncols, up / grid.nrows


def fitness(panel: tuple[float, float]) -> float:
    """Return how well something is seen in a panel: the width of what is of a pleasant shape and fits in."""
    return min(panel[0], PLEASANT * panel[1])


def arranged(margins: Margins, size: Size, grid: GridSpec) -> SubplotParams:
    """Return where the panels of a grid lie in a picture: the margins keep their inches, the panels take the rest."""
    width, height = panel_size(margins, size, grid)
    return SubplotParams(
        left=margins.left / size.width,
        right=1 - margins.right / size.width,
        bottom=margins.bottom / size.height,
        top=1 - margins.top / size.height,
        wspace=margins.column_gap / width,
        hspace=margins.row_gap / height,
    )


class Heights(NamedTuple):
    """How high a picture may be, in pixels of the page: at least `low`, at most `fixed` and a share of its width."""

    low: float
    fixed: float
    share: float


def heights(margins: Margins, grid: GridSpec) -> Heights:
    """Return how high a picture of such a grid may be: no panel is lower than can be read, or too narrow."""
    beside = margins.left + margins.right + margins.column_gap * (grid.ncols - 1)
    above = margins.bottom + margins.top + margins.row_gap * (grid.nrows - 1)
    share = grid.nrows / (grid.ncols * TALLEST)
    return Heights(SCREEN_DPI * (above + LOWEST * grid.nrows), SCREEN_DPI * (above - share * beside), share)
