"""Pictures for every screen: sharp, with larger type for the back row, with a caption; nothing written is cut off."""

import io
import math
import random

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from random_states import NAMES, ONE, PINNING, canvas_of, mostly_long, opened, pixels, somewhere
from written import faults

from course.live import looks
from course.live.canvas import Canvas
from course.live.ghosts import ghost, reach
from course.live.looks import CAPTION_HEIGHT, PROJECTOR_WIDTH, PROJECTOR_ZOOM, TALLEST, Look, Margins
from course.style import course_style

LOOKS = [Look(projector=projector, captioned=captioned) for projector in (False, True) for captioned in (False, True)]
GRIDS = [(1, 1), (1, 3), (2, 2), (4, 2)]
SIDES = {"left": 0.065, "right": 0.985, "top": 0.94, "bottom": 0.09, "wspace": 0.17, "hspace": 0.42}
LAPTOP, LARGE = (1186, 370), (1740, 760)
"""What a page leaves for the main explorer's picture on a laptop and on a large screen."""
PHONE = (400, 1)


def built(rows: int, columns: int) -> Figure:
    """A figure with panels in a grid, with nothing written round them."""
    with course_style():
        figure = Figure(figsize=(9.2, 5.4))
        figure.subplots(rows, columns, subplot_kw={"xticks": [], "yticks": []})
        figure.subplots_adjust(**SIDES)
    return figure


def inches(figure: Figure) -> Margins:
    """Let matplotlib place the panels, and measure what lies round them and between two of them."""
    size, panels = figure.get_size_inches(), [axes.get_position() for axes in figure.axes]
    left, right, bottom = panels[0].x0, panels[-1].x1, panels[-1].y0
    across = [other.x0 - panels[0].x1 for other in panels if other.x0 > panels[0].x1]
    down = [panels[0].y0 - other.y1 for other in panels if other.y1 < panels[0].y0]
    shares = [left, 1 - right, bottom, 1 - panels[0].y1, min(across, default=0.0), min(down, default=0.0)]
    return Margins(*np.array(shares) * size[[0, 0, 1, 1, 0, 1]])


@pytest.mark.parametrize("look", [*LOOKS, *(look._replace(room=LARGE) for look in LOOKS)])
@pytest.mark.parametrize("grid", GRIDS)
def test_margins_and_gaps_keep_their_inches_and_a_caption_has_its_own(grid, look):
    figure = built(*grid)
    before = inches(figure)
    Canvas(figure, []).set_look(look)
    caption = CAPTION_HEIGHT if look.captioned else 0.0
    # A page has whole pixels, 100 or more to an inch.
    np.testing.assert_allclose(inches(figure), before._replace(top=before.top + caption), atol=0.01)


@pytest.mark.parametrize("look", LOOKS)
def test_type_takes_more_of_the_width_on_a_projector(look):
    size = looks.size_for((9.2, 5.4), look, 2.0)
    zoom = PROJECTOR_ZOOM if look.projector else 1.0
    assert size.width == pytest.approx(9.2 / zoom, rel=1e-15)
    assert size.width * size.dpi == pytest.approx(PROJECTOR_WIDTH if look.projector else 920)


def test_type_keeps_its_size_in_a_page_s_room_and_is_no_smaller_on_a_projector():
    assert looks.size_for((9.2, 5.4), Look(room=LAPTOP), 2.0) == (11.86, 3.7, 100)
    sizes = [looks.size_for((9.2, 5.4), Look(room=room, projector=True), 2.0) for room in (LAPTOP, LARGE)]
    assert 100 <= sizes[0].dpi < sizes[1].dpi
    assert looks.size_for((9.2, 5.4), Look(room=LAPTOP), 4.2).height == 4.2


def test_the_look_that_a_figure_was_built_with_changes_nothing():
    figure = built(2, 2)
    Canvas(figure, []).set_look(Look())
    np.testing.assert_allclose(figure.get_size_inches(), (9.2, 5.4), rtol=1e-11)
    for name, value in SIDES.items():
        assert getattr(figure.subplotpars, name) == pytest.approx(value, rel=1e-14)


def test_in_a_page_s_room_panels_stand_in_the_grid_in_which_they_are_seen_best():
    figure = built(2, 2)
    canvas = Canvas(figure, [], grids=("AB;CD", "ABCD"))
    for room, grid in ((LAPTOP, (1, 4)), (LARGE, (2, 2)), (LAPTOP, (1, 4)), (None, (2, 2))):
        canvas.set_look(Look(room=room))
        found = figure.axes[0].get_gridspec()
        assert (found.nrows, found.ncols) == grid
        assert [axes.get_subplotspec().num1 for axes in figure.axes] == [0, 1, 2, 3]
        assert canvas.page_size == (room or (920, 540))


def test_a_room_that_changes_a_little_leaves_the_panels_where_they_stand():
    figure = built(2, 2)
    canvas, grids = Canvas(figure, [], grids=("AB;CD", "ABCD")), set()
    for height in (*range(500, 350, -5), *range(350, 500, 5)):
        canvas.set_look(Look(room=(1186, height)))
        grids.add((height, figure.axes[0].get_gridspec().nrows))
    both = {height for height, rows in grids if (height, 3 - rows) in grids}
    assert len(both) > 5


def test_a_grid_may_be_told_by_letters():
    figure = built(3, 2)
    places = looks.panels_in(figure, "ACE;BDE")
    assert [(place.num1, place.num2) for place in places] == [(0, 0), (3, 3), (1, 1), (4, 4), (2, 5)]


def test_titles_are_broken_where_they_are_too_long_and_mended_where_they_are_not():
    figure = built(1, 4)
    canvas, words = Canvas(figure, []), r"Backward: variance of $a b$, over the last layer's"
    with course_style():
        titles = [axes.set_title(words) for axes in figure.axes]
    canvas.set_look(Look(room=LAPTOP))
    assert "$a b$" in titles[0].get_text()
    for title in titles:
        assert "\n" in title.get_text()
        assert title.get_window_extent().width <= title.axes.bbox.width + figure.dpi * 0.1
        assert figure.bbox.contains(*title.get_window_extent().max)
    canvas.set_look(Look())
    assert [title.get_text() for title in titles] == [words] * 4


@pytest.mark.parametrize("grid", GRIDS)
def test_a_picture_of_the_greatest_height_has_panels_that_are_wide_enough(grid):
    figure = built(*grid)
    canvas = Canvas(figure, [])
    ((low, fixed, share),) = canvas.heights
    canvas.set_look(Look(room=(1740, round(fixed + share * 1740))))
    panel = figure.axes[0].bbox
    assert panel.width / panel.height == pytest.approx(TALLEST, rel=0.01)
    canvas.set_look(Look(room=(1740, 100)))
    assert canvas.page_size[1] == round(low)


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
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


@pytest.mark.parametrize("states", [1, pytest.param(4, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("projector", "name"),
    mostly_long(
        [(look, name) for look in (False, True) for name in NAMES], [(False, "signal_propagation"), (False, *ONE)]
    ),
)
def test_nothing_written_is_cut_off_or_written_over(projector, name, states, moved):
    explorer, chance = moved[name], random.Random(f"{name} {projector}")
    for pinned in (False, True) if explorer.can_pin else (False,):
        for _ in range(states):
            kept = {"pinned": somewhere(explorer, chance) if pinned else None} if explorer.can_pin else {}
            explorer.state = {**somewhere(explorer, chance), "projector": projector, **kept}
            assert explorer.error is None
            assert faults(explorer.canvas.figure) == [], explorer.state_string


@pytest.mark.parametrize("room", [LAPTOP, pytest.param(LARGE, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", mostly_long(NAMES, ("signal_propagation",)))
def test_nothing_written_is_cut_off_or_written_over_in_a_page_s_room(name, room, moved):
    explorer, chance = moved[name], random.Random(f"{name} {room}")
    low = math.ceil(min(height.low for height in explorer.canvas.heights))
    explorer.screen.room = [room[0], max(room[1], low)]
    assert (explorer.screen.width, explorer.screen.height) == tuple(explorer.screen.room)
    for pinned in (False, True) if explorer.can_pin else (False,):
        kept = {"pinned": somewhere(explorer, chance) if pinned else None} if explorer.can_pin else {}
        explorer.state = {**somewhere(explorer, chance), **kept}
        assert explorer.error is None
        assert faults(explorer.canvas.figure) == [], explorer.state_string


@pytest.mark.parametrize("name", mostly_long(NAMES, ("signal_propagation",)))
def test_on_a_phone_panels_stand_in_a_column_or_two_and_nothing_written_is_cut_off(name, moved):
    explorer = moved[name]
    figure = canvas_of(explorer).figure
    explorer.screen.room = list(PHONE)
    assert explorer.error is None
    assert explorer.screen.width == PHONE[0]
    assert len({round(axes.get_position().x0, 3) for axes in figure.axes}) == (2 if len(figure.axes) > 4 else 1)
    assert faults(figure) == []


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_a_room_that_is_left_leaves_no_trace(name, moved):
    explorer = moved[name]
    before = pixels(explorer.image), explorer.screen.width, explorer.screen.height
    for room, ratio in ((LAPTOP, 1.0), (PHONE, 2.0), (LARGE, 2.0)):
        explorer.screen.pixel_ratio, explorer.screen.room = ratio, list(room)
        assert pixels(explorer.image) != before[0]
    explorer.screen.pixel_ratio, explorer.screen.room = 1.0, []
    assert (pixels(explorer.image), explorer.screen.width, explorer.screen.height) == before


def longest(control) -> list:
    """The two values of a choice whose names are longest."""
    return [value for _, value in sorted(control.options, key=lambda option: -len(option[0]))[:2]]


@pytest.mark.parametrize("projector", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_longest_caption_and_the_longest_headings_are_whole(projector, moved):
    main, two = moved["signal_propagation"], moved["two_schemes"]
    first, second = longest(main.controls["scheme"])
    now = {"scheme": first, "activation": "leaky_relu", "depth": 100, "gain": 1.11, "seed": 99, "networks": 1}
    kept = {"scheme": second, "activation": "softplus", "depth": 99, "gain": 2.22, "seed": 88, "width": 256}
    main.state = {**now, "width": 128, "projector": projector, "pinned": kept}
    two.state = {"left": first, "right": first, "projector": projector}
    assert (main.error, two.error) == (None, None)
    assert faults(main.canvas.figure) == faults(two.canvas.figure) == []


def test_words_cut_off_and_words_upon_words_are_found(moved):
    explorer = opened("sigmoid_slope")
    figure = explorer.canvas.figure
    figure.text(0.97, 0.5, "cut off at the side")
    figure.axes[0].set_title("a title that is much too long for a panel of its size, and runs on and on and on")
    assert len(faults(explorer.canvas.figure)) >= 2
    assert "cut off at the side" in faults(explorer.canvas.figure)


@pytest.mark.parametrize("name", mostly_long(PINNING))
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
