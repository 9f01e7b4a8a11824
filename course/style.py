"""Every colour, marker and size of the course's pictures: the one place to change the palette.

Measured is blue points, predicted a dashed black line, a reference thin and grey, what is pinned purple, what a reader
expected teal, in every picture. The colours can be told apart by colour-blind readers (Okabe and Ito 2008; Tol 2021).
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib.style

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
REFERENCE_LINE = look(color=REFERENCE, linewidth=0.9)
BAND = look(color=MEASURED, alpha=0.25, linewidth=0)
EDGE = look(color=ACCENT, linestyle="none", markersize=6, clip_on=False)
"""A value that is 0 or infinite, at the edge of a logarithmic axis."""
RING = look(color=ACCENT, linestyle="none", marker="o", markersize=12, markerfacecolor="none", markeredgewidth=1.8)
"""Which of several points the controls have chosen."""
STARTS = tuple(zip((BLUE, YELLOW, GREEN, ORANGE, SKY, PINK), "os^DvP", strict=True))
"""A colour and a marker for each of several starts, so that neither is needed alone."""
FOUR_STARTS = (
    look(color=MEASURED, marker="o", markersize=8, markerfacecolor=SURE, linestyle="none"),
    look(color=ACCENT, marker="s", markersize=4, linestyle="none"),
    look(color=GREEN, marker="^", markersize=5, linestyle="none"),
    look(color=SKY, marker="D", markersize=4, linestyle="none"),
)
"""Points of starts in one panel; the first are large and hollow, and so are seen around others that lie on them."""
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

STYLE = Path(__file__).with_name("course.mplstyle")


def course_style():
    """Return the context in which figures are built: the course's style, and nothing of it outside."""
    return matplotlib.style.context(STYLE)
