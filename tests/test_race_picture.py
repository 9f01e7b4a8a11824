"""The picture of a race: every start by its name, what became of it in words, and never a NaN for a reader."""

import io

import numpy as np
import pytest
from PIL import Image

from course.figures.race import LOOKS, MOST, Lane, RacePicture, describe, spread, table

STEPS, LAST, GUESSING, HIDDEN, SEEDS = np.array([0, 10, 20, 30]), 30, 2.3, 4, 3
NAN = float("nan")


def lane(title, losses, words, diverged_at=(-1, -1, -1), size=1.0):
    """One start of three seeds, whose layers are powers of `size`."""
    by_layer = size ** np.arange(HIDDEN)
    losses = np.array(losses, float)
    return Lane(title, losses, by_layer, 0.1 * by_layer, 1.1 * by_layer, 0.11 * by_layer, np.array(diverged_at), words)


def good(title="Good", size=1.0):
    """A start that learns with every seed."""
    return lane(
        title, [[2.5, 2.4, 2.6], [2.0, 1.5, 1.8], [1.0, 0.9, 1.1], [0.5, 0.3, 0.4]], "3 of 3 learned", size=size
    )


def half_lost():
    """A start of which one seed diverges at step 12."""
    losses = [[3.0, 2.9, 2.8], [2.5, 3.5, 2.4], [2.3, NAN, 2.1], [2.2, NAN, 2.0]]
    words = "2 of 3 no better than guessing, 1 diverged by step 12"
    return lane("Half", losses, words, (-1, 12, -1), size=3.0)


def lost():
    """A start of which no seed is finite at any record."""
    gone = lane("Wild", np.full((4, 3), NAN), "3 of 3 diverged by step 0", (0, 0, 0))
    nowhere = np.full(HIDDEN, NAN)
    return gone._replace(signal=nowhere, gradient=nowhere)


def ready(title):
    """A start before the first step."""
    nowhere, empty = np.full(HIDDEN, NAN), lane(title, np.zeros((0, 3)), "ready")
    return empty._replace(signal=nowhere, gradient=nowhere, predicted_gradient=nowhere)


def show(picture, lanes, steps=STEPS, last=LAST, moment=20):
    """Draw a race."""
    return picture.update(lanes, steps, last, GUESSING, moment, SEEDS)


def pixels(image):
    """The picture as numbers."""
    return np.asarray(Image.open(io.BytesIO(image)))


def share_of_colour(image, place):
    """How many pixels have a start's own colour, within the rounding of a blend."""
    colour = [int(LOOKS[place][0][at : at + 2], 16) for at in (1, 3, 5)]
    return np.mean(np.all(abs(pixels(image)[:, :, :3].astype(int) - colour) < 12, axis=2))


def test_the_sentence_says_how_far_the_race_is_and_where_each_start_stands():
    sentence = show(RacePicture(), [good(), half_lost(), lost()]).sentence
    assert sentence == (
        "After 30 of 30 steps, 3 seeds each, median loss on examples held out (guessing: 2.30): "
        "Good: 0.4, 3 of 3 learned; Half: 2.1, 2 of 3 no better than guessing, 1 diverged by step 12; "
        "Wild: 3 of 3 diverged by step 0."
    )


def test_before_the_first_step_the_picture_says_what_is_ready():
    frame = show(RacePicture(), [ready("Good"), ready("Wild")], np.zeros(0, int), moment=0)
    assert frame.sentence.startswith("Nothing has run yet: 2 starts with 3 seeds each are ready for 30 steps.")
    assert all(column.shape == (0,) for column in frame.table.values())
    assert pixels(frame.image).shape[1] == 920


@pytest.mark.parametrize("lanes", [[good()], [half_lost(), lost()], [lost()] * MOST, [good()] * MOST])
def test_no_sentence_has_a_nan(lanes):
    for records in range(1, 5):
        shown = [one._replace(losses=one.losses[:records]) for one in lanes]
        assert "nan" not in describe(shown, STEPS[:records], LAST, GUESSING, SEEDS).lower()


def test_the_table_has_a_row_a_record_and_the_seeds_that_still_run():
    columns = table([good(), half_lost(), lost()], STEPS)
    np.testing.assert_array_equal(columns["step"], STEPS)
    np.testing.assert_array_equal(columns["Good: median loss"], [2.5, 1.8, 1.0, 0.4])
    np.testing.assert_array_equal(columns["Good: least loss"], [2.4, 1.5, 0.9, 0.3])
    np.testing.assert_array_equal(columns["Half: greatest loss"], [3.0, 3.5, 2.3, 2.2])
    assert columns["Half: median loss"][3] == pytest.approx(2.1)
    assert np.isnan(columns["Wild: median loss"]).all()
    assert {column.shape for column in columns.values()} == {(4,)}


def test_least_median_and_greatest_are_those_of_the_seeds_that_are_finite():
    low, median, high = spread(np.array([[1.0, 5.0, 3.0], [4.0, NAN, 2.0], [NAN, NAN, NAN]]))
    np.testing.assert_array_equal(low, [1, 2, NAN])
    np.testing.assert_array_equal(median, [3, 3, NAN])
    np.testing.assert_array_equal(high, [5, 4, NAN])


def test_the_legend_names_every_start_and_what_became_of_it_and_no_other():
    picture = RacePicture()
    show(picture, [good("Alpha"), good("Beta"), lost()])
    show(picture, [good("Gamma"), half_lost()])
    texts = [text.get_text() for text in picture._legend.texts]
    assert texts[:2] == ["Gamma: 3 of 3 learned", "Half: 2 of 3 no better than guessing, 1 diverged by step 12"]
    assert texts[2:MOST] == [""] * (MOST - 2)
    assert texts[MOST].startswith("theory")
    assert [handle.get_visible() for handle in picture._legend.legend_handles] == [True] * 2 + [False] * 4 + [True]


def test_a_cross_marks_the_first_step_at_which_a_start_lost_a_seed():
    picture = RacePicture()
    show(picture, [good(), half_lost(), lost()])
    assert [place for place, _ in picture._lost.get_offsets()] == [12, 0]
    show(picture, [good()])
    assert len(picture._lost.get_offsets()) == 0


@pytest.mark.parametrize("place", range(MOST))
def test_a_start_is_drawn_in_its_own_colour_where_it_runs_and_not_where_it_is_lost(place):
    others = [good(str(number)) for number in range(place)]
    runs, gone = (show(RacePicture(), [*others, last]).image for last in (good(), lost()))
    assert share_of_colour(runs, place) > 2 * share_of_colour(gone, place) > 0


def test_a_picture_updated_in_place_has_the_pixels_of_a_fresh_one_in_any_order():
    states = [
        {"lanes": [good(), half_lost(), lost()]},
        {"lanes": [ready("Good"), ready("Wild")], "steps": np.zeros(0, int), "moment": 0},
        {"lanes": [good(size=10.0)] * MOST, "moment": 0},
        {"lanes": [lost()]},
        {"lanes": [good()._replace(losses=good().losses[:2])], "steps": STEPS[:2], "last": 300},
    ]
    fresh = [pixels(show(RacePicture(), **state).image) for state in states]
    picture = RacePicture()
    for number in (0, 1, 2, 3, 4, 2, 0, 4, 3, 1, 0):
        np.testing.assert_array_equal(pixels(show(picture, **states[number]).image), fresh[number], err_msg=str(number))


def test_starts_with_layers_of_nothing_are_drawn_without_a_complaint():
    zeros = good()._replace(signal=np.zeros(HIDDEN), gradient=np.zeros(HIDDEN), predicted_signal=np.zeros(HIDDEN))
    everything = np.array([1e-30, 1.0, np.inf, NAN])
    odd = good()._replace(signal=everything, gradient=everything)
    for lanes in ([zeros], [odd], [zeros, odd]):
        assert show(RacePicture(), lanes).image.startswith(b"\x89PNG")
