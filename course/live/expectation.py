"""What somebody expected to see, drawn into a panel in a colour of its own, and marked at an edge that it leaves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from course.style import EXPECTED, EXPECTED_WORDS

WORDS = "your prediction"
_LOOK = {
    "color": EXPECTED_WORDS,
    "zorder": 4,
    "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
}


class Expected(NamedTuple):
    """What a reader expected: points in a panel, counted from 0, or none; its label there; what to say of it."""

    panel: int
    x: Sequence[float]
    y: Sequence[float]
    label: str
    words: str


def expectation(axes: Axes, x: Sequence[float], y: Sequence[float], words: str = WORDS) -> list[Artist]:
    """Draw an expected curve, or a single point, within the axes as they are; what lies outside is marked at the edge.

    Returns the artists, the `words` beside the last point among them; without points they stand in a corner.
    """
    if not len(x):
        corner = {"xycoords": "axes fraction", "ha": "right", "va": "top", "annotation_clip": False}
        return [axes.annotate(words, (0.99, 0.98), **corner, **_LOOK)]
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    inside_x, inside_y = np.clip(x, *sorted(axes.get_xlim())), np.clip(y, *sorted(axes.get_ylim()))
    style = {"color": EXPECTED, "zorder": 3.5, "scalex": False, "scaley": False, "clip_on": False}
    (line,) = axes.plot(inside_x, inside_y, linewidth=5, alpha=0.5, solid_capstyle="round", **style)
    points = []
    for marker, chosen in (("s", y == inside_y), ("^", y > inside_y), ("v", y < inside_y)):
        if chosen.any():
            points += axes.plot(
                inside_x[chosen], inside_y[chosen], linestyle="none", marker=marker, markersize=8, **style
            )
    return [line, *points, _beside(axes, inside_x[-1], inside_y[-1], words)]


def _beside(axes: Axes, x: float, y: float, words: str) -> Artist:
    """Write words beside a point, towards the middle of the panel."""
    across, up = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
    right, top = across > 0.5, up > 0.5
    return axes.annotate(
        words,
        (x, y),
        xytext=(-8 if right else 8, -12 if top else 12),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top" if top else "bottom",
        annotation_clip=False,
        **_LOOK,
    )
