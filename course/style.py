"""Every colour, marker and size of the course's pictures: the one place to change the palette.

Measured is blue points, predicted a dashed black line, a reference thin and grey, what is pinned purple, what a reader
expected teal, in every picture. The colours can be told apart by colour-blind readers (Okabe and Ito 2008; Tol 2021).
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib
import matplotlib.style
from matplotlib.colors import to_rgb

BLUE, ORANGE, GREEN, SKY, YELLOW, PINK = "#0072b2", "#d55e00", "#009e73", "#56b4e9", "#e69f00", "#cc79a7"
MEASURED, PREDICTED, REFERENCE, ACCENT = BLUE, "black", "#999999", ORANGE
PINNED, EXPECTED, EXPECTED_WORDS = "#aa3377", "#009988", "#00665c"
QUIET = "#666666"
"""Words that name a reference."""
NO_DATA = "#f2f2f2"
SURE, WARNING, FAULT = "#d5e8f3", "#f0e442", ORANGE
"""The states of a diagnosed layer."""

Look = Mapping[str, Any]
"""How a line is drawn, in matplotlib's words."""


def look(**words: Any) -> Look:
    """Return a look that cannot be changed."""
    return MappingProxyType(words)


MEASURED_POINTS = look(color=MEASURED, linestyle="none", marker="o", markersize=4)
PREDICTED_LINE = look(color=PREDICTED, linestyle=(0, (4, 2)), linewidth=1.5)
PREDICTED_DASHES = look(color=PREDICTED, linestyle="none", marker="_", markersize=9, markeredgewidth=2, zorder=5)
"""What theory predicts at one place."""
REFERENCE_LINE = look(color=REFERENCE, linewidth=0.9)
MOMENT = look(color=REFERENCE, linestyle=":", linewidth=1.2)
"""The moment of a run at which something else is shown."""
NOTE = look(color=QUIET, fontsize=8, ha="right", xytext=(-3, 3))
"""Words on a reference line, at its right end."""
PANEL_NOTE = look(fontsize=11, ha="center", va="center", xytext=(0, 0))
"""What a part of a panel is called."""
BAND = look(color=MEASURED, alpha=0.25, linewidth=0)
EDGE = look(color=ACCENT, linestyle="none", markersize=6, clip_on=False)
"""A value that is 0 or infinite, at the edge of a logarithmic axis."""
RING = look(color=ACCENT, linestyle="none", marker="o", markersize=12, markerfacecolor="none", markeredgewidth=1.8)
"""Which of several points the controls have chosen."""
STAIRS = look(color=ACCENT, linewidth=1.2)
"""A walk between a map and the diagonal."""
FIXED_POINT = look(
    color="black", linestyle="none", marker="s", markersize=9, markerfacecolor="none", markeredgewidth=1.8
)
HANDLE = look(
    color="black",
    linestyle="none",
    marker="D",
    markersize=9,
    markeredgecolor="white",
    markeredgewidth=1.4,
    clip_on=False,
)
"""A point that a hand can drag."""
PHASES = tuple(map(to_rgb, (MEASURED, ACCENT, REFERENCE)))
"""Order, chaos, and where lengths grow for ever: shares of red, green and blue, to be made fainter."""
STARTS = tuple(zip((BLUE, YELLOW, GREEN, ORANGE, SKY, PINK), "os^DvP", strict=True))
"""A colour and a marker for each of several starts, so that neither is needed alone."""
PAIR = ((BLUE, "o"), (ORANGE, "s"))
"""The same for two starts."""
LAYERS = tuple(zip(map(matplotlib.colormaps["viridis"], (0.0, 0.215, 0.43, 0.645, 0.86)), "os^Dv", strict=True))
"""The same for each of five layers, the first one darkest."""


def marked_line(colour: str, marker: str, **more: Any) -> Look:
    """Return the look of one of several curves."""
    return look(color=colour, marker=marker, **{"markersize": 4, "linewidth": 1.5, **more})


def seed_band(colour: str) -> Look:
    """Return the look of the range of a curve's seeds."""
    return look(color=colour, alpha=0.16, linewidth=0)


def lost_point(colour: str) -> Look:
    """Return the look of the point at the edge of a panel where a curve was lost."""
    return look(color=colour, linestyle="none", marker="x", markersize=7, markeredgewidth=2, clip_on=False, zorder=6)


def never_point(colour: str) -> Look:
    """Return the look of the point at the edge of a panel that stands for what never came."""
    return look(color=colour, linestyle="none", marker="^", markersize=8, clip_on=False, zorder=5)


STYLE = Path(__file__).with_name("course.mplstyle")


def course_style():
    """Return the context in which figures are built: the course's style, and nothing of it outside."""
    return matplotlib.style.context(STYLE)
