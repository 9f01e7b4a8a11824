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
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke

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
"""Words at the end of a line, above it."""
PANEL_NOTE = look(fontsize=11, ha="center", va="center", xytext=(0, 0))
"""What a part of a panel is called."""
DOTTED_LINE = look(**REFERENCE_LINE, linestyle=":")
BAND = look(color=MEASURED, alpha=0.25, linewidth=0)
EDGE = look(color=ACCENT, linestyle="none", markersize=6, clip_on=False)
"""A value that is 0 or infinite, at the edge of a logarithmic axis."""
RING = look(color=ACCENT, linestyle="none", marker="o", markersize=12, markerfacecolor="none", markeredgewidth=1.8)
"""Which of several points the controls have chosen."""
SQUARE = look(color=ACCENT, linestyle="none", marker="s", markersize=10, markerfacecolor="none", markeredgewidth=1.8)
"""Values with something special among others."""
RANGE_LINE = look(color="#777777", linewidth=1.3)
"""What lies between a low and a high value of one point."""
HALO = [withStroke(linewidth=3, foreground="white")]
"""Lines on a map lie over dark colours and light ones."""
PREDICTED_ON_MAP = look(**PREDICTED_LINE, path_effects=HALO)
BEST_ON_MAP = look(color=MEASURED, marker="o", markeredgecolor="white", linewidth=1.2, path_effects=HALO)
CROSS = look(color="#404040", linestyle="none", marker="x", markersize=4.5)
POINT_ON_MAP = look(linestyle="none", markersize=8, markeredgewidth=1.2, markeredgecolor="white")
OWN_POINTS = look(**{**POINT_ON_MAP, "markersize": 10}, color=ACCENT, marker="o")
OWN_LINE = look(color=ACCENT, marker="o", markersize=6, linewidth=2.4)
"""What the reader has tried."""
HERE = look(linestyle="none", color="black", marker="+", markersize=13, markeredgewidth=1.2, path_effects=HALO)
"""Where the controls stand."""
NUMERAL = look(color=ACCENT, fontsize=9, fontweight="bold", xytext=(8, 4), path_effects=HALO)
WORSE = look(color="#8f8f8f", linewidth=0)
LOSS_COLOURS = matplotlib.colormaps["viridis_r"].with_extremes(over=WORSE["color"], bad=NO_DATA)
"""The colours of losses on a map; what is `WORSE` than all of them has a colour of its own."""
FOUR_STARTS = (
    look(color=MEASURED, marker="o", markersize=8, markerfacecolor=SURE, linestyle="none"),
    look(color=ACCENT, marker="s", markersize=4, linestyle="none"),
    look(color=GREEN, marker="^", markersize=5, linestyle="none"),
    look(color=SKY, marker="D", markersize=4, linestyle="none"),
)
"""Points of starts in one panel; the first are large and hollow, and so are seen around others that lie on them."""
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
NETWORK_WIDTHS = tuple(zip(map(matplotlib.colormaps["viridis_r"], np.linspace(0.1, 1.0, 6)), "os^DvP", strict=True))
"""The same for networks of six widths, the widest one darkest."""


def marked_line(colour: str, marker: str, **more: Any) -> Look:
    """Return the look of one of several curves."""
    return look(color=colour, marker=marker, **{"markersize": 4, "linewidth": 1.5, **more})


def seed_band(colour: str) -> Look:
    """Return the look of the range of a curve's seeds."""
    return look(color=colour, alpha=0.16, linewidth=0)


def lost_point(colour: str) -> Look:
    """Return the look of the point at the edge of a panel where a curve was lost."""
    return look(color=colour, linestyle="none", marker="x", markersize=7, markeredgewidth=2, clip_on=False, zorder=6)


THIN_LINES = look(colors=MEASURED, linewidths=0.7, alpha=0.3)
"""Each of many curves."""
ACCENT_LINE = look(color=ACCENT, linewidth=2.0)
MEASURED_LINE = look(color=MEASURED, linewidth=1.0)
LINE_NUMBER = look(color=MEASURED, linestyle="none", markersize=7, markeredgewidth=0.4)
GROUND = look(color="white", linestyle="none", marker="o", markersize=8)
"""What a number on a line stands on."""
ZERO = look(**EDGE, marker="v", zorder=5)
CHOICE = look(color=ACCENT, linestyle="none", marker="v", markersize=9)
"""Points from above at what the controls have chosen."""
OUTSIDE, LOSES = look(color=ACCENT, linewidth=0, alpha=0.3), look(color=ACCENT, linewidth=0, alpha=0.12)
"""Where a number format holds no numbers, and where it holds them with fewer digits."""
ORTHOGONAL_POINTS = look(color=ACCENT, linestyle="none", marker="s", markersize=3.5)
"""Measured with orthogonal weights, where those with normal ones are measured too."""
LOST = look(color=MEASURED, linestyle="none", marker="v", markersize=5, clip_on=False)
THREE_WIDTHS = tuple(
    look(color=colour, marker=marker, linestyle="none", markersize=5)
    for colour, marker in ((ACCENT, "^"), (GREEN, "s"), (MEASURED, "o"))
)
"""Points of three widths, narrow to wide."""
SIGN = look(color="black", linestyle="none", markersize=7, markeredgewidth=0)
STATES = {
    "ok": (SURE, look(**SIGN, marker="$✓$")),
    "warning": (WARNING, look(**SIGN, marker="$!$")),
    "fault": (FAULT, look(**SIGN, marker="X")),
}
"""The colour of a diagnosed layer, and its sign, by which its state can be told without the colour."""


def never_point(colour: str) -> Look:
    """Return the look of the point at the edge of a panel that stands for what never came."""
    return look(color=colour, linestyle="none", marker="^", markersize=8, clip_on=False, zorder=5)


STYLE = Path(__file__).with_name("course.mplstyle")


PAGE = MappingProxyType(
    {"focus": BLUE, "focus-on-dark": SKY, "expected": EXPECTED, "alarm": "#b00020", "alarm-on-dark": "#ff8a80"}
)
"""The colours of what stands round a picture in the page."""


def style_sheet(path: Path) -> str:
    """Return a style sheet of the page, with the colours of `PAGE` as variables, `var(--course-focus)`, before it."""
    variables = " ".join(f"--course-{name}: {colour};" for name, colour in PAGE.items())
    return f":root {{ {variables} }}\n{path.read_text(encoding='utf-8')}"


def course_style():
    """Return the context in which figures are built: the course's style, and nothing of it outside."""
    return matplotlib.style.context(STYLE)
