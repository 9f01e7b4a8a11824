"""What is written in a picture: where each word stands, what is cut off or written over, and how small type gets."""

from itertools import combinations
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from course.live.canvas import Canvas


class Written(NamedTuple):
    """Words in a figure, and where they stand."""

    words: str
    place: Bbox


def texts(figure: Figure) -> list[Text]:
    """Everything that is written in a figure, but for legends: titles, names of axes, numbers at ticks, captions."""
    found = [text for text in figure.texts if text.get_visible()]
    found += [text for axes in figure.axes for text in axes_texts(axes)]
    return [text for text in found if text.get_text()]


def legends(figure: Figure) -> list[Legend]:
    return [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]


def written(figure: Figure) -> list[Written]:
    """Words and legends, and where they stand."""
    found = [Written(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    return found + [Written("legend", legend.get_window_extent()) for legend in legends(figure)]


def smallest_type(canvas: Canvas) -> float:
    """The size of the smallest letters, but for exponents, in pixels of the page."""
    figure = canvas.figure
    named = [text for legend in legends(figure) for text in legend.texts]
    points = min(text.get_fontsize() for text in (*texts(figure), *named))
    return points / 72 * figure.dpi / canvas.look.pixel_ratio


def axes_texts(axes: Axes) -> list[Text]:
    inside = [text for text in axes.texts if text.get_visible()]
    found = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *inside]
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        room = 1e-9 * (high - low)  # a tick at an end of the axis is there, whatever its last digit
        ticks = (*axis.get_major_ticks(), *axis.get_minor_ticks())
        shown = [tick for tick in ticks if low - room <= tick.get_loc() <= high + room]
        found += [axis.get_offset_text(), *(tick.label1 for tick in shown if tick.label1.get_visible())]
    return found


def faults(figure: Figure) -> list[str]:
    """Words that are cut off, and pairs of words that lie upon each other."""
    found, page = written(figure), figure.bbox
    cut = [words for words, place in found if not (page.containsx(place.x0) and page.containsx(place.x1))]
    cut += [words for words, place in found if not (page.containsy(place.y0) and page.containsy(place.y1))]
    pairs = [f"{a.words} / {b.words}" for a, b in combinations(found, 2) if a.place.overlaps(b.place)]
    return [*cut, *pairs]
