"""Pictures that are updated in place look exactly like pictures drawn anew."""

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from course.explorers.main import PICTURE, describe
from course.explorers.signals import Curves, pairs
from course.live import canvas
from course.live.panels import Drawing, View
from course.live.png import png
from course.live.tables import Table
from course.live.words import number

FLAT = np.full(20, 0.1)


def pixels(image: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image)))


def curves(depth: int, factor: float) -> Curves:
    up = factor ** np.arange(1.0, depth + 1)
    return Curves(up, up[::-1] / up[0], np.ones(depth))


def show(drawing: Drawing, depth: int, factor: float, **titles: str) -> canvas.Frame:
    shares = np.tile(np.exp(-(np.linspace(-2, 2, 61) ** 2)), (depth, 1))
    rows = curves(depth, factor)._asdict()
    return drawing.show(View(pairs(rows, rows) | {"densities": shares}, "", Table(), titles))


def test_a_picture_updated_in_place_has_the_pixels_of_a_fresh_one():
    moved = Drawing(PICTURE)
    for depth, factor in ((20, 1.0), (5, 0.5), (20, 3.0), (12, 0.9)):
        image = show(moved, depth, factor).image
        np.testing.assert_array_equal(pixels(image), pixels(show(Drawing(PICTURE), depth, factor).image))


@pytest.mark.parametrize("room", [None, (1300, 420)])
def test_axes_that_come_back_are_not_drawn_again_and_look_as_before(room, monkeypatch):
    moved = Drawing(PICTURE)
    moved.canvas.set_look(moved.canvas.look._replace(room=room))
    states = (20, 1.0), (100, 1.2), (20, 3.0), (20, 1.0)  # two depths' axes, two ranges of decades
    images = [show(moved, *state).image for state in states]
    monkeypatch.setattr(moved.canvas._canvas, "draw", lambda: pytest.fail("axes that were kept are drawn again"))
    for state, image in zip(states, images, strict=True):
        assert show(moved, *state).image == image


def test_a_title_that_comes_back_stands_in_its_lines_in_a_saved_file_too():
    long, words = "A title that is far too long for one panel, " * 3, {"title": "", "sentence": "", "source": ""}
    once, back = Drawing(PICTURE), Drawing(PICTURE)
    for drawing, titles in ((once, [long]), (back, [long, "Short", long])):
        drawing.canvas.set_look(drawing.canvas.look._replace(room=(800, 420)))
        for title in titles:
            show(drawing, 20, 1.0, activations=title)
    assert once.canvas.file("png", **words) == back.canvas.file("png", **words)


@pytest.mark.parametrize("room", [None, (800, 420), (1300, 420)])
@pytest.mark.parametrize("state", [(20, 1.0), (100, 1.2)])
def test_a_saved_file_leaves_no_trace_in_the_next_picture(room, state):
    kept, saved = Drawing(PICTURE), Drawing(PICTURE)
    for drawing in (kept, saved):
        drawing.canvas.set_look(drawing.canvas.look._replace(room=room))
        show(drawing, 20, 1.0)
    saved.canvas.file("png", title="", sentence="", source="")
    assert show(saved, *state).image == show(kept, *state).image


def test_of_axes_that_keep_changing_only_the_last_few_are_kept():
    moved = Drawing(PICTURE)
    for turn in range(canvas.BACKGROUNDS + 2):
        moved.canvas.stand_still(f"a title of turn {turn}")
        moved.canvas.render()
    assert len(moved.canvas._drawn) == canvas.BACKGROUNDS


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (540, 920)])
def test_pixels_come_back_from_the_file_as_they_were(shape):
    drawn = np.random.default_rng(0).integers(0, 256, (*shape, 4), np.uint8)
    with Image.open(io.BytesIO(png(drawn))) as read:
        assert (read.format, read.mode) == ("PNG", "RGB")
        np.testing.assert_array_equal(np.asarray(read), drawn[:, :, :3])


def test_a_moving_artist_is_drawn_and_only_a_forgotten_background_is_drawn_anew():
    figure = Figure(figsize=(2, 2))
    axes = figure.subplots()
    (line,) = axes.plot([0, 1], [0, 0])
    picture = canvas.Canvas(figure, [line])
    before = picture.render()
    line.set_ydata([0, 0.04])
    moved = picture.render()
    assert moved != before
    axes.set_xlim(0, 5)
    stale = picture.render()
    assert stale != moved  # the line follows the new limits, the ticks do not
    picture.redraw_background()
    assert picture.render() != stale


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(1e-9, "vanishing"), (0.05, "shrinking"), (0.4, "kept"), (3.0, "kept"), (50.0, "growing"), (1e5, "exploding")],
)
def test_the_sentence_names_the_layer_the_ratio_and_the_verdict(ratio, word):
    forward = np.geomspace(1.0, ratio, 20)
    rows = Curves(forward, np.ones(20), np.ones(20))
    sentence = describe(rows, rows, FLAT)
    assert f"layer 20 carries {number(ratio)} of" in sentence
    assert f"): {word}. Backward" in sentence


def test_overflow_and_silence_are_named_by_layer():
    overflow = Curves(np.array([1.0, 1e30, np.inf]), np.array([np.inf, 1e9, 1.0]), np.full(3, np.inf))
    sentence = describe(overflow, overflow, FLAT[:3])
    assert "overflow at layer 3" in sentence
    assert "gradient overflows at layer 1" in sentence
    silent = Curves(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.zeros(3))
    sentence = describe(silent, silent, FLAT[:3])
    assert "nothing is left at layer 2" in sentence
    assert "exactly 0 at layer 2 and below" in sentence


def test_a_single_layer_has_a_sentence_of_its_own():
    one = Curves(np.ones(1), np.ones(1), np.ones(1))
    assert "single layer" in describe(one, one, FLAT[:1])


@pytest.mark.parametrize(
    ("value", "text"), [(0.394, "0.39"), (12.3, "12"), (328.4, "328"), (3.14e-9, "3.1e-09"), (0, "0")]
)
def test_numbers_are_written_with_two_digits(value, text):
    assert number(value) == text


def test_the_style_stays_inside_its_context():
    import matplotlib as mpl

    before = mpl.rcParams["axes.spines.top"]
    Drawing(PICTURE)
    assert mpl.rcParams["axes.spines.top"] == before


def test_pyplot_is_never_loaded():
    command = "import sys, course.explorers as e; e.signal_propagation(); sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
