"""The picture of a race: every start by its name, what became of it in words, and never a NaN for a reader."""

import functools
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from course.explorers.training_runs import Race, Start, seed_range
from course.live.panels import Drawing
from course.pages.training.training_race import PICTURE, training_race
from course.style import STARTS
from course.training import Setup

NAN = float("nan")


@functools.cache
def race(*titles: str, steps: int = 30):
    """A small race that has ended: starts named "wild" diverge, the others do not."""
    starts = [Start(title, "he_normal", learning_rate=1e6 if title == "wild" else 0.05) for title in titles]
    job = Race(starts, Setup(depth=4, width=8, batch=4), [0, 1, 2], steps=steps, records=3)
    while not job.finished:
        job.advance(1.0)
    return job


def until(job, records):
    """The same race when it had so many records."""

    def cut(history):
        layers = type(history.layers)(*(part[:records] for part in history.layers))
        parts = {"steps": history.steps[:records], "losses": history.losses[:records], "layers": layers}
        return history._replace(**parts, accuracies=history.accuracies[:records])

    histories = [cut(history) for history in job.histories()]
    return SimpleNamespace(
        starts=job.starts, setups=job.setups, seeds=job.seeds, total=job.total, histories=lambda: histories
    )


def pixels(frame):
    return np.asarray(Image.open(io.BytesIO(frame.image)))


def show(job, moment=1.0, drawing=None):
    return (drawing or Drawing(PICTURE)).show(training_race.view(job, moment))


def test_the_sentence_says_how_far_the_race_is_and_where_each_start_stands():
    sentence = training_race.view(race("calm", "wild"), 1.0).sentence
    assert sentence.startswith("After 30 of 30 steps, 3 seeds each, median loss on examples held out (guessing: 2.")
    assert "; wild: 3 of 3 diverged by step " in sentence
    assert "calm: " in sentence


def test_before_the_first_step_the_picture_says_what_is_ready():
    frame = show(until(race("calm", "wild"), 0), 0.0)
    assert frame.sentence.startswith("Nothing has run yet: 2 initializations with 3 seeds each are ready for 30 steps.")
    assert all(column.shape == (0,) for column in frame.table.values())
    assert pixels(frame).shape[1] == 920


@pytest.mark.parametrize("titles", [("calm",), ("wild",), ("calm", "wild"), ("calm",) * len(STARTS)])
def test_no_sentence_has_a_nan(titles):
    for records in range(1, 5):
        assert "nan" not in training_race.view(until(race(*titles), records), 0.5).sentence.lower()


def test_the_table_has_a_row_a_record_and_the_seeds_that_still_run():
    job = race("calm", "wild")
    table, (calm, wild) = training_race.view(job, 1.0).table, job.histories()
    np.testing.assert_array_equal(table["step"], calm.steps)
    for key, values in zip(("least", "median", "greatest"), seed_range(calm.losses), strict=True):
        np.testing.assert_array_equal(table[f"1.{key}"], values)
    assert np.isnan(table["2.median"][-1])
    assert np.isnan(wild.losses[-1]).all()
    assert table.titles[1] == "calm: least loss"


def test_least_median_and_greatest_are_those_of_the_seeds_that_are_finite():
    low, median, high = seed_range(np.array([[1.0, 5.0, 3.0], [4.0, NAN, 2.0], [NAN, NAN, NAN]]))
    np.testing.assert_array_equal(low, [1, 2, NAN])
    np.testing.assert_array_equal(median, [3, 3, NAN])
    np.testing.assert_array_equal(high, [5, 4, NAN])


def test_the_legend_names_every_start_and_what_became_of_it_and_no_other():
    drawing = Drawing(PICTURE)
    show(race("calm", "wild", "calm"), drawing=drawing)
    show(race("wild"), drawing=drawing)
    legend = drawing.figure.legends[0]
    texts = [text.get_text() for text in legend.texts]
    assert texts[0].startswith("wild: 3 of 3 diverged by step ")
    assert texts[1:-2] == [""] * (len(STARTS) - 1)
    assert texts[-2].startswith("theory")
    assert texts[-1] == "guessing"
    assert [bool(text) for text in texts] == [handle.get_visible() for handle in legend.legend_handles]


def test_a_cross_marks_the_first_step_at_which_a_start_lost_a_seed():
    curves = training_race.view(race("calm", "wild"), 1.0).curves
    (_calm, wild) = race("calm", "wild").histories()
    assert len(curves["loss.0.lost"][0]) == 0
    assert curves["loss.1.lost"][0].tolist() == [wild.diverged_at.min()]


@pytest.mark.long
def test_a_picture_updated_in_place_has_the_pixels_of_a_fresh_one_in_any_order():
    states = [
        (race("calm", "wild"), 1.0),
        (until(race("calm", "wild"), 0), 0.0),
        (race(*["calm"] * len(STARTS)), 0.0),
        (race("wild"), 1.0),
        (until(race("calm", steps=300), 2), 1.0),
    ]
    fresh = [pixels(show(*state)) for state in states]
    drawing = Drawing(PICTURE)
    for number in (0, 1, 2, 3, 4, 2, 0, 4, 3, 1, 0):
        np.testing.assert_array_equal(pixels(show(*states[number], drawing)), fresh[number], err_msg=str(number))
