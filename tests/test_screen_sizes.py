"""Pictures for every screen: sharp, with larger type for the back row, with a caption; nothing written is cut off."""

import io
import random
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotParams
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image
from random_states import NAMES, PINNING, canvas_of, mostly_long, opened, pixels, somewhere

from course.live.explorer import Explorer
from course.live.ghosts import ghost, reach
from course.live.looks import CAPTION_HEIGHT, PROJECTOR_WIDTH, PROJECTOR_ZOOM, Layout, Look, arranged, page_width

LOOKS = [Look(projector=projector, captioned=captioned) for projector in (False, True) for captioned in (False, True)]
BUILT = Layout(9.2, 5.4, SubplotParams(left=0.065, right=0.985, top=0.94, bottom=0.09, wspace=0.17, hspace=0.42))


class Inches(NamedTuple):
    """What lies round the panels of a layout, and between two of them, in inches."""

    left: float
    right: float
    bottom: float
    top: float
    column_gap: float
    row_gap: float


def inches(layout: Layout, rows: int, columns: int) -> Inches:
    """Let matplotlib place the panels, and measure."""
    figure = Figure(figsize=(layout.width, layout.height))
    panels = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(**vars(layout.panels))
    first, last = (panels[place].get_position() for place in ((0, 0), (-1, -1)))
    beside = panels[0, 1].get_position().x0 - first.x1 if columns > 1 else 0.0
    below = first.y0 - panels[1, 0].get_position().y1 if rows > 1 else 0.0
    across, up = np.array([first.x0, 1 - last.x1, beside]), np.array([last.y0, 1 - first.y1, below])
    (left, right, column_gap), (bottom, top, row_gap) = across * layout.width, up * layout.height
    return Inches(left, right, bottom, top, column_gap, row_gap)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 3), (2, 2), (4, 2)])
def test_margins_and_gaps_keep_their_inches_and_a_caption_has_its_own(rows, columns, look):
    before, after = (inches(layout, rows, columns) for layout in (BUILT, arranged(BUILT, look, rows, columns)))
    caption = CAPTION_HEIGHT if look.captioned else 0.0
    # Rounding: a handful of sums and products of numbers below 10, with 16 digits each.
    np.testing.assert_allclose(after, before._replace(top=before.top + caption), atol=1e-13)


@pytest.mark.parametrize("look", LOOKS)
def test_type_takes_more_of_the_width_on_a_projector(look):
    layout = arranged(BUILT, look, 2, 2)
    zoom = PROJECTOR_ZOOM if look.projector else 1.0
    assert layout.width == pytest.approx(BUILT.width / zoom, rel=1e-15)
    assert page_width(layout, look) == (PROJECTOR_WIDTH if look.projector else 920)


def test_the_look_that_a_figure_was_built_with_changes_nothing():
    again = arranged(BUILT, Look(), 2, 2)
    assert (again.width, again.height) == (BUILT.width, BUILT.height)
    for name, value in vars(BUILT.panels).items():
        assert getattr(again.panels, name) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_a_dense_screen_gets_more_pixels_on_the_same_page_size(name, moved):
    explorer, chance = moved[name], random.Random(name)
    projector = chance.random() < 0.5
    pinned = {"pinned": somewhere(explorer, chance)} if explorer.can_pin else {}
    explorer.state = {"projector": projector, **somewhere(explorer, chance), **pinned}
    before = pixels(explorer.image)
    page = explorer.screen.width, explorer.screen.height
    for ratio in (1.25, 2.0, 1.0):
        explorer.screen.pixel_ratio = ratio
        assert explorer.error is None
        assert (explorer.screen.width, explorer.screen.height) == page
        assert Image.open(io.BytesIO(explorer.image)).size == tuple(round(side * ratio) for side in page)
    assert pixels(explorer.image) == before


class Written(NamedTuple):
    """Words in a figure, and where they stand."""

    words: str
    place: Bbox


def written(figure: Figure) -> list[Written]:
    """Everything that is written in a figure: titles, names of axes, numbers at ticks, legends, captions."""
    texts = [text for text in figure.texts if text.get_visible()]
    texts += [text for axes in figure.axes for text in axes_texts(axes)]
    legends = [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]
    found = [Written(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    return found + [Written("legend", legend.get_window_extent()) for legend in legends]


def axes_texts(axes: Axes) -> list[Text]:
    inside = [text for text in axes.texts if text.get_visible()]
    texts = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *inside]
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        room = 1e-9 * (high - low)  # a tick at an end of the axis is there, whatever its last digit
        ticks = (*axis.get_major_ticks(), *axis.get_minor_ticks())
        shown = [tick for tick in ticks if low - room <= tick.get_loc() <= high + room]
        texts += [axis.get_offset_text(), *(tick.label1 for tick in shown if tick.label1.get_visible())]
    return texts


def faults(explorer: Explorer) -> list[str]:
    """Words that are cut off, and pairs of words that lie upon each other."""
    figure = canvas_of(explorer).figure
    found, page = written(figure), figure.bbox
    cut = [words for words, place in found if not (page.containsx(place.x0) and page.containsx(place.x1))]
    cut += [words for words, place in found if not (page.containsy(place.y0) and page.containsy(place.y1))]
    pairs = [f"{a.words} / {b.words}" for a, b in combinations(found, 2) if a.place.overlaps(b.place)]
    return [*cut, *pairs]


@pytest.mark.parametrize("states", [1, pytest.param(4, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("projector", "name"),
    mostly_long([(look, name) for look in (False, True) for name in NAMES], [(False, name) for name in NAMES]),
)
def test_nothing_written_is_cut_off_or_written_over(projector, name, states, moved):
    explorer, chance = moved[name], random.Random(f"{name} {projector}")
    for pinned in (False, True) if explorer.can_pin else (False,):
        for _ in range(states):
            kept = {"pinned": somewhere(explorer, chance) if pinned else None} if explorer.can_pin else {}
            explorer.state = {**somewhere(explorer, chance), "projector": projector, **kept}
            assert explorer.error is None
            assert faults(explorer) == [], explorer.state_string


def longest(control) -> list:
    """The two values of a choice whose names are longest."""
    return [value for _, value in sorted(control.options, key=lambda option: -len(option[0]))[:2]]


@pytest.mark.parametrize("projector", [False, True])
def test_the_longest_caption_and_the_longest_headings_are_whole(projector, moved):
    main, two = moved["signal_propagation"], moved["two_schemes"]
    first, second = longest(main.controls["scheme"])
    now = {"scheme": first, "activation": "leaky_relu", "depth": 100, "gain": 1.11, "seed": 99, "networks": 1}
    kept = {"scheme": second, "activation": "softplus", "depth": 99, "gain": 2.22, "seed": 88, "width": 256}
    main.state = {**now, "width": 128, "projector": projector, "pinned": kept}
    two.state = {"left": first, "right": first, "projector": projector}
    assert (main.error, two.error) == (None, None)
    assert faults(main) == faults(two) == []


def test_words_cut_off_and_words_upon_words_are_found(moved):
    explorer = opened("sigmoid_slope")
    figure = canvas_of(explorer).figure
    figure.text(0.97, 0.5, "cut off at the side")
    figure.axes[0].set_title("a title that is much too long for a panel of its size, and runs on and on and on")
    assert len(faults(explorer)) >= 2
    assert "cut off at the side" in faults(explorer)


@pytest.mark.parametrize("name", PINNING)
def test_ghosts_are_told_from_the_curves_without_their_colour(name, moved):
    for line, twin in canvas_of(moved[name])._ghosts:
        assert twin.get_color() != line.get_color()
        hollow = twin.get_markerfacecolor() == "none" != line.get_markerfacecolor()
        assert hollow or twin.get_linestyle() == ":" != line.get_linestyle()
        assert twin.get_zorder() < line.get_zorder()


def test_a_ghost_keeps_a_copy_and_reach_says_how_far_all_of_them_go():
    (line,) = Figure().subplots().plot([1.0, 2.0, 7.0], [3.0, -9.0, np.nan])
    kept = ghost(line)
    assert reach([kept]) == (0.0, 0.0)
    kept.pin()
    line.get_ydata()[1] = 5.0
    line.set_data([0.0], [0.0])
    np.testing.assert_array_equal(kept.twin.get_xydata(), [[1, 3], [2, -9], [7, np.nan]])
    assert reach([kept]) == (7.0, 9.0)
    kept.clear()
    assert reach([kept, kept]) == (0.0, 0.0)
