"""Pictures as data: panels in a grid, each with a title, two axes and marks; `Drawing.show` takes named curves.

    FORWARD = Panel("Forward", layers(), decades(), [curve("forward", MEASURED_POINTS, "measured", edges=True)])
    PICTURE = Picture((FORWARD, ...), grids=("AB;CD", "ABCD"))

Limits and ticks stand still until the numbers need others; then, and when a title or a name changes, the background is
drawn again.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from course.live.axes import Axis, Placed, apply, keep_style, place
from course.live.canvas import Canvas, Frame
from course.live.looks import LEGEND_LINE
from course.live.marks import Mark
from course.live.tables import Table
from course.live.words import say
from course.style import REFERENCE_LINE, course_style

WIDTH = 9.2
"""A picture's width in inches, where no page asks for another."""
LEFT, RIGHT, TOP, BOTTOM = 0.6, 0.14, 0.33, 0.49
"""Inches round the panels, for what is written there: numbers of an axis, a title, the name of an axis."""
ACROSS, BETWEEN = 0.64, 0.84
"""Inches between panels side by side, and one under another."""
IN_PANEL = MappingProxyType(
    {"columnspacing": 1.2, "handletextpad": 0.5, "frameon": True, "framealpha": 1, "edgecolor": "none"}
)
"""A legend in a panel lies on a ground of its own, so that no line of the grid goes through its words."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Panel(NamedTuple):
    """One panel: what is drawn in it, along which axes.

    `key` is the panel's name in `View.names` and `View.axes`. `reference` is the height of a thin grey line, `legend`
    the place of a legend of the labelled marks, in matplotlib's words, in `columns`, and `backdrop` draws what else
    stands still.
    """

    title: str
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    key: str = ""
    reference: float | None = None
    legend: str | None = None
    columns: int = 3
    backdrop: Callable[[Axes], object] | None = None


class Picture(NamedTuple):
    """Panels in one of some grids: a letter a panel in order, rows separated by semicolons, as in "AB;AC".

    `height` is in inches for the first grid, `widths` are ratios of its columns. `legend` names marks of all panels
    under them, by key, in `columns`; with `renamed` their names change with the curves. In inches, `left` is for the
    numbers and the name of the first panel's axis, `top` for what stands above the panels, and `between` lies between
    two rows of them. `heights` are ratios of the rows.
    """

    panels: Sequence[Panel]
    grids: Sequence[str] = ("A",)
    height: float = 4.0
    widths: Sequence[float] | None = None
    legend: Sequence[str] = ()
    columns: int = 4
    renamed: bool = False
    left: float = LEFT
    top: float = TOP
    between: float = BETWEEN
    heights: Sequence[float] | None = None


class View(NamedTuple):
    """One state of a picture: curves by the keys of the marks, a sentence, and the numbers behind it.

    `names` are other names of marks in a legend, and other titles of panels, by key; `axes` are other axes than those
    declared, by the panel's key and "x" or "y": `{"activations.y": fixed(0, 1)}`. Marks without a curve are not seen.
    """

    curves: Mapping[str, Any]
    sentence: str
    table: Table
    names: Mapping[str, str] = NOTHING
    axes: Mapping[str, Axis] = NOTHING


class Drawing:
    """A picture in a figure of its own; `canvas` draws it."""

    def __init__(self, picture: Picture):
        self._picture = picture
        with course_style():
            self.figure = Figure(figsize=(WIDTH, picture.height))
            self._axes = self._arrange()
            self._live = {
                mark.key: mark.on(axes)
                for panel, axes in zip(picture.panels, self._axes, strict=True)
                for mark in panel.marks
            }
            for panel, axes in zip(picture.panels, self._axes, strict=True):
                self._stand_still(panel, axes)
                keep_style(axes)
            self._title_texts = [axes.set_title("") for axes in self._axes]
            of_legend = {"fontsize": "legend.fontsize", "labelcolor": "text.color", "facecolor": "axes.facecolor"}
            self._legend_style = {name: matplotlib.rcParams[key] for name, key in of_legend.items()}
        self._placed: dict[tuple[int, str], Placed] = {}
        self._names: Mapping[str, str] | None = None
        self._titles: list[str] = []
        self._legend = self._under_all() if picture.legend else None
        moving = [artist for live in self._live.values() for artist in live.moving]
        ghosts = [ghost for live in self._live.values() for ghost in live.ghosts]
        if picture.renamed:
            moving.append(self._legend)
        self.canvas = Canvas(self.figure, moving, ghosts, picture.grids)

    def _arrange(self) -> list[Axes]:
        picture = self._picture
        rows, columns = (len(part) for part in (picture.grids[0].split(";"), picture.grids[0].split(";")[0]))
        lines = -(-len(picture.legend) // picture.columns)
        ratios = {"width_ratios": picture.widths, "height_ratios": picture.heights}
        named = self.figure.subplot_mosaic(picture.grids[0], **ratios)
        bottom = BOTTOM + LEGEND_LINE * lines + (0.12 if lines else 0)
        room = (
            WIDTH - picture.left - RIGHT - ACROSS * (columns - 1),
            picture.height - picture.top - bottom - picture.between * (rows - 1),
        )
        self.figure.subplots_adjust(
            left=picture.left / WIDTH,
            right=1 - RIGHT / WIDTH,
            bottom=bottom / picture.height,
            top=1 - picture.top / picture.height,
            wspace=ACROSS / (room[0] / columns),
            hspace=picture.between / (room[1] / rows),
        )
        return [named[letter] for letter in sorted(named)]

    def _stand_still(self, panel: Panel, axes: Axes) -> None:
        """Draw what does not move."""
        if panel.reference is not None:
            axes.axhline(panel.reference, **REFERENCE_LINE)
        if panel.backdrop is not None:
            panel.backdrop(axes)

    def show(self, view: View) -> Frame:
        """Draw a view; `ValueError` for a curve that no mark shows."""
        unknown = set(view.curves) - set(self._live)
        if unknown:
            raise ValueError(f"curves must be among {', '.join(self._live)}, not {', '.join(sorted(unknown))}")
        self._place(view)
        self._name(view.names)
        self.canvas.stand_still(self._still())
        for key, live in self._live.items():
            if live.show(view.curves.get(key)):
                self.canvas.redraw_background()
        return Frame(self.canvas.render(), view.sentence, view.table)

    def _still(self) -> tuple:
        """Return what the background shows: axes, titles, and names in a legend that does not move."""
        names = () if self._picture.renamed else tuple(sorted(self._names.items()))
        return tuple(self._placed.values()), tuple(self._titles), names

    def _place(self, view: View) -> None:
        """Give every axis room for what is drawn along it, in all panels."""
        along: dict[Callable, list[np.ndarray]] = {}
        chosen = []
        for number, panel in enumerate(self._picture.panels):
            found = [self._live[mark.key].values(view.curves.get(mark.key)) for mark in panel.marks]
            for which, declared, values in zip("xy", (panel.x, panel.y), zip(*found, strict=True), strict=True):
                axis = view.axes.get(f"{panel.key}.{which}", declared)
                along.setdefault(axis.range, []).extend(values)
                chosen.append((number, which, axis))
        placed = {axis: place(axis, np.concatenate(along[axis.range])) for _number, _which, axis in chosen}
        for number, which, axis in chosen:
            if self._placed.get((number, which)) != placed[axis]:
                self._placed[number, which] = placed[axis]
                apply(self._axes[number], which, placed[axis], say(axis.label))

    def _name(self, names: Mapping[str, str]) -> None:
        """Write titles and legends."""
        if names == self._names:
            return
        titles = [names.get(panel.key) or say(panel.title) for panel in self._picture.panels]
        self._names, self._titles = dict(names), titles
        for panel, axes, text, title in zip(self._picture.panels, self._axes, self._title_texts, titles, strict=True):
            text.set_text(title)
            if panel.legend is not None:
                named = {mark.key: self._label(mark) for mark in panel.marks}
                shown = [key for key, label in named.items() if label]
                artists, labels = [self._live[key].named for key in shown], [named[key] for key in shown]
                style = self._legend_style | IN_PANEL
                axes.legend(artists, labels, loc=panel.legend, ncols=panel.columns, **style)
        if self._legend is not None:
            self._rename(self._legend)

    def _label(self, mark: Mark) -> str:
        return self._names.get(mark.key, "" if not mark.label else say(mark.label))

    def _under_all(self) -> Legend:
        """Draw the legend under all panels, without words."""
        with course_style():
            handles = [self._live[key].named for key in self._picture.legend]
            return self.figure.legend(handles, [" "] * len(handles), loc="lower center", ncols=self._picture.columns)

    def _rename(self, legend: Legend) -> None:
        """Give the marks their names; one without a name is not shown."""
        marks = {mark.key: mark for panel in self._picture.panels for mark in panel.marks}
        for key, handle, text in zip(self._picture.legend, legend.legend_handles, legend.texts, strict=True):
            words = self._label(marks[key])
            text.set_text(words)
            handle.set_visible(bool(words))
