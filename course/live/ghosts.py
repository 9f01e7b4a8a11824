"""Curves kept for comparison: a pinned line stays as a hollow, dotted twin while the line itself moves on."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from course.style import PINNED


class Ghost(NamedTuple):
    """A moving line, and the twin that keeps what was pinned of it."""

    line: Line2D
    twin: Line2D

    def pin(self) -> None:
        """Let the twin lie where the line is now."""
        self.twin.set_data(*(np.array(values, dtype=float) for values in self.line.get_data()))

    def clear(self) -> None:
        """Let nothing be pinned."""
        self.twin.set_data(np.empty((2, 0)))


def ghost(line: Line2D) -> Ghost:
    """Return a line with a twin in its axes, empty until something is pinned: hollow, or dotted for a plain line."""
    marker = line.get_marker()
    (twin,) = line.axes.plot([], [], color=PINNED, marker=marker, markersize=line.get_markersize() + 1)
    twin.set(markerfacecolor="none", markeredgewidth=1.1, linewidth=1.3, clip_on=line.get_clip_on())
    twin.set_linestyle("none" if line.get_linestyle() in ("None", "none") else ":")
    twin.set_zorder(line.get_zorder() - 0.1)
    made = Ghost(line, twin)
    made.clear()
    return made


def reach(ghosts: Iterable[Ghost]) -> tuple[float, float]:
    """Return the greatest x and |y| that are pinned, 0 where nothing is: an axis has to have room for them."""
    pinned = np.concatenate([kept.twin.get_xydata() for kept in ghosts])
    x, y = np.nanmax(np.abs(pinned), axis=0, initial=0.0)
    return float(x), float(y)
