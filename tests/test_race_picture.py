"""The picture of a race: every start by its name, what became of it in words, and never a NaN for a reader."""

import io
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from course.explorers.training_runs import Start, outcome_words, seed_range
from course.live.panels import Drawing
from course.pages.training.training_race import PICTURE, PLACES, TOP, training_race
from course.training import History, Setup
from course.training.history import LayerHistory

STEPS, HIDDEN = np.array([0, 10, 20, 30]), 4
GUESSING, NAN = 2.3, float("nan")


class Ran(NamedTuple):
    """A race that has run so far."""

    starts: list
    found: list
    total: int = 30

    @property
    def setups(self):
        return [Setup(depth=HIDDEN + 1)] * len(self.starts)

    @property
    def seeds(self):
        return range(3)

    def histories(self):
        return self.found


def recorded(losses, diverged_at=(-1, -1, -1), size=1.0):
    """What was recorded of three seeds, whose layers are powers of `size`."""
    losses = np.array(losses, float)
    layers = np.broadcast_to(size ** np.arange(HIDDEN), (*losses.shape, HIDDEN))
    layers = np.where(np.isnan(losses)[..., None], NAN, layers)
    layers = LayerHistory(*[layers] * len(LayerHistory._fields))
    return History(STEPS[: len(losses)], losses, losses, layers, np.array(diverged_at), GUESSING)


def good(size=1.0, records=4):
    """A start that learns with every seed."""
    losses = [[2.5, 2.4, 2.6], [2.0, 1.5, 1.8], [1.0, 0.9, 1.1], [0.5, 0.3, 0.4]]
    return recorded(losses[:records], size=size)


def half_lost():
    """A start of which one seed diverges at step 12."""
    return recorded([[3.0, 2.9, 2.8], [2.5, 3.5, 2.4], [2.3, NAN, 2.1], [2.2, NAN, 2.2]], (-1, 12, -1), size=3.0)


def lost():
    """A start of which no seed is finite at any record."""
    return recorded(np.full((4, 3), NAN), (0, 0, 0))


def ready():
    """A start before the first step."""
    return recorded(np.zeros((0, 3)))


def race(total=30, **histories):
    """A race of starts by name."""
    return Ran([Start(title, "he_normal") for title in histories], list(histories.values()), total)


def view(shown, moment=0.7):
    return training_race.view(shown, moment=moment)


def image(drawing, shown, moment=0.7):
    """The picture of a race as numbers."""
    frame = drawing.show(view(shown, moment))
    return np.asarray(Image.open(io.BytesIO(frame.image)))


def test_the_sentence_says_how_far_the_race_is_and_where_each_start_stands():
    assert view(race(Good=good(), Half=half_lost(), Wild=lost())).sentence == (
        "After 30 of 30 steps, 3 seeds each, median loss on examples held out (guessing: 2.30): "
        "Good: 0.4, 3 of 3 learned; Half: 2.2, 2 of 3 no better than guessing, 1 diverged by step 12; "
        "Wild: 3 of 3 diverged by step 0."
    )


def test_before_the_first_step_the_picture_says_what_is_ready():
    shown = view(race(Good=ready(), Wild=ready()))
    assert shown.sentence.startswith("Nothing has run yet: 2 starts with 3 seeds each are ready for 30 steps.")
    assert all(column.shape == (0,) for column in shown.table.values())
    assert shown.names["loss.1"] == "Wild: ready"


@pytest.mark.parametrize("history", [good(), half_lost(), lost()], ids=["good", "half lost", "lost"])
def test_no_word_is_a_nan(history):
    shown = view(race(One=history, Two=lost()))
    assert "nan" not in f"{shown.sentence} {shown.names}".lower()


def test_the_table_has_a_row_a_record_and_the_seeds_that_still_run():
    table = view(race(Good=good(), Half=half_lost(), Wild=lost())).table
    np.testing.assert_array_equal(table["step"], STEPS)
    np.testing.assert_array_equal(table["1.median"], [2.5, 1.8, 1.0, 0.4])
    np.testing.assert_array_equal(table["1.least"], [2.4, 1.5, 0.9, 0.3])
    np.testing.assert_array_equal(table["2.greatest"], [3.0, 3.5, 2.3, 2.2])
    assert np.isnan(table["3.median"]).all()
    assert table.titles[:3] == ["step", "Good: least loss", "Good: median loss"]


def test_least_median_and_greatest_are_those_of_the_seeds_that_are_finite():
    low, median, high = seed_range(np.array([[1.0, 5.0, 3.0], [4.0, NAN, 2.0], [NAN, NAN, NAN]]))
    np.testing.assert_array_equal(low, [1, 2, NAN])
    np.testing.assert_array_equal(median, [3, 3, NAN])
    np.testing.assert_array_equal(high, [5, 4, NAN])


def test_the_most_frequent_outcome_comes_first():
    history = recorded([[0.1, NAN, NAN]], (-1, 3, 12))
    assert outcome_words(history) == "2 of 3 diverged by step 12, 1 learned"


def test_a_cross_marks_the_first_step_at_which_a_start_lost_a_seed():
    curves = view(race(Good=good(), Half=half_lost(), Wild=lost())).curves
    crosses = [np.column_stack(curves[f"loss.{place}.lost"]).tolist() for place in range(3)]
    assert crosses == [[], [[12, TOP * GUESSING]], [[0, TOP * GUESSING]]]


def test_the_moment_chooses_the_record_whose_layers_are_shown():
    history = good()._replace(layers=LayerHistory(*[np.arange(4.0)[:, None, None] + np.ones((4, 3, HIDDEN))] * 6))
    found = [view(race(Good=history), moment) for moment in (0.0, 0.34, 0.66, 1.0)]
    assert [shown.curves["signal.0"][0] for shown in found] == [1, 2, 2, 4]
    assert [shown.curves["moment"] for shown in found] == [0, 10, 10, 30]


def test_the_legend_names_every_start_and_what_became_of_it_and_no_other():
    drawing = Drawing(PICTURE)
    drawing.show(view(race(Alpha=good(), Beta=good(), Wild=lost())))
    drawing.show(view(race(Gamma=good(), Half=half_lost())))
    (legend,) = drawing.figure.legends
    texts = [text.get_text() for text in legend.texts]
    assert texts[:2] == ["Gamma: 3 of 3 learned", "Half: 2 of 3 no better than guessing, 1 diverged by step 12"]
    assert texts[2:] == [""] * (len(PLACES) - 2) + ["theory, for the start"]
    assert [handle.get_visible() for handle in legend.legend_handles] == [True] * 2 + [False] * 4 + [True]


def test_a_picture_updated_in_place_has_the_pixels_of_a_fresh_one_in_any_order():
    six = {f"Start {place}": good(size=10.0) for place in PLACES}
    races = [
        race(Good=good(), Half=half_lost(), Wild=lost()),
        race(Good=ready(), Wild=ready()),
        race(**six),
        race(Wild=lost()),
        race(total=300, Good=good(records=2)),
    ]
    fresh = [image(Drawing(PICTURE), shown) for shown in races]
    drawing = Drawing(PICTURE)
    for number in (0, 1, 2, 3, 4, 2, 0, 4, 3, 1, 0):
        np.testing.assert_array_equal(image(drawing, races[number]), fresh[number], err_msg=str(number))


def test_starts_with_layers_of_nothing_are_drawn_without_a_complaint():
    odd = np.broadcast_to([1e-30, 1.0, np.inf, NAN], (4, 3, HIDDEN))
    for layers in (np.zeros((4, 3, HIDDEN)), odd):
        history = good()._replace(layers=LayerHistory(*[layers] * 6))
        assert image(Drawing(PICTURE), race(Odd=history)).shape[1] == 920
