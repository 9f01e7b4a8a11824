"""How large a picture is drawn: sharp on dense screens, with larger type for the back row, with room for a caption."""

from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotParams

SCREEN_DPI = 100
"""Pixels of the page to an inch of the picture."""
PROJECTOR_WIDTH = 1240
"""The picture's width on a projector, in pixels of the page."""
PROJECTOR_ZOOM = 1.15
"""On a projector type takes up this many times as much of the picture's width."""
CAPTION_HEIGHT = 0.44
"""What two lines above the panels take, in inches."""


class Look(NamedTuple):
    """How a picture is to be drawn: pixels of the screen to one of the page, for a projector, with a caption."""

    pixel_ratio: float = 1.0
    projector: bool = False
    captioned: bool = False


class Layout(NamedTuple):
    """The size of a figure in inches, and where its panels lie: they keep all that is written round them whole."""

    width: float
    height: float
    panels: SubplotParams


def layout_of(figure: Figure) -> Layout:
    """Return the layout that the figure was built with."""
    return Layout(*figure.get_size_inches(), SubplotParams(**vars(figure.subplotpars)))


def arranged(built: Layout, look: Look, rows: int, columns: int) -> Layout:
    """Return the layout for a look: margins and gaps keep their inches, the panels take what is left."""
    zoom = PROJECTOR_ZOOM if look.projector else 1.0
    above = CAPTION_HEIGHT if look.captioned else 0.0
    width, height = built.width / zoom, built.height / zoom + above
    panels = built.panels
    left, right = panels.left * built.width, (1 - panels.right) * built.width
    bottom, top = panels.bottom * built.height, (1 - panels.top) * built.height + above
    column_gap = panels.wspace * _panel(built.width - left - right, columns, panels.wspace)
    row_gap = panels.hspace * _panel(built.height - bottom - top + above, rows, panels.hspace)
    sides = {"left": left / width, "right": 1 - right / width, "bottom": bottom / height, "top": 1 - top / height}
    wspace = _share(column_gap, width - left - right, columns)
    hspace = _share(row_gap, height - bottom - top, rows)
    return Layout(width, height, SubplotParams(**sides, wspace=wspace, hspace=hspace))


def _panel(room: float, count: int, gap_share: float) -> float:
    """Return the mean size of one of `count` panels whose gaps are this share of it."""
    return room / (count + gap_share * (count - 1))


def _share(gap: float, room: float, count: int) -> float:
    """Return the gap as a share of a panel's mean size."""
    return gap / ((room - gap * (count - 1)) / count)


def page_width(layout: Layout, look: Look) -> int:
    """Return the picture's width in pixels of the page."""
    return PROJECTOR_WIDTH if look.projector else round(layout.width * SCREEN_DPI)
