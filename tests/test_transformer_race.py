"""The race of transformers: what the picture says of histories that are made up, and of one that has not begun."""

import numpy as np
import pytest

from course.live.panels import Drawing
from course.pages.transformers.transformer_race import LINE_UPS, PICTURE, SETUP, begin, outcome, transformer_race
from course.training.text import TextHistory

LINE_UP = next(iter(LINE_UPS))
RUNNERS = LINE_UPS[LINE_UP]


def history(last: list[float], diverged: list[int] | None = None) -> TextHistory:
    """Return a history of two records that ends with these losses; guessing costs 3, pairs of characters 2."""
    losses = np.array([[4.5] * len(last), last])
    layers = np.ones((2, len(last), SETUP.blocks))
    lost = np.full(len(last), -1) if diverged is None else np.array(diverged)
    return TextHistory(np.array([0, 300]), losses, layers, 2 * layers, lost, 3.0, 2.0)


class Job:
    """A race that has come to an end."""

    done, total, finished, setup = 300, 300, True, SETUP

    def __init__(self, found: TextHistory):
        self.history = found


def shown(found: TextHistory, moment: float = 0.0):
    return transformer_race.view(Job(found), moment, LINE_UP)


def test_what_a_run_has_come_to_is_told_by_the_two_losses_that_need_no_network():
    found = history([1.9, 2.5, 2.9, 3.4, 4.0, np.nan], [-1, -1, -1, -1, -1, 17])
    assert [outcome(found, place) for place in range(6)] == [
        "reads more than one character",
        "reads one character",
        "no better than frequencies",
        "no better than frequencies",
        "no better than frequencies",
        "diverged by step 17",
    ]
    sentence = shown(found).sentence
    assert "pre-LN: 1.9, reads more than one character; post-LN: 2.5, reads one character" in sentence
    assert "nan" not in sentence.lower()


def test_the_picture_and_the_table_show_the_losses_and_where_a_run_was_lost():
    found = history([1.9, 2.5, 2.9, 3.4, 4.0, np.nan], [-1, -1, -1, -1, -1, 17])
    view = shown(found, 1.0)
    np.testing.assert_array_equal(view.table["1"], [4.5, 1.9])
    assert view.curves["loss.5.lost"][0].tolist() == [17]
    assert view.curves["moment"] == 300
    assert Drawing(PICTURE).show(view).image.startswith(b"\x89PNG")


def test_before_the_run_nothing_has_been_trained():
    race = begin(LINE_UP, 0.01, 0, 300)
    view = transformer_race.view(race, 0.0, LINE_UP)
    assert "Nothing has run yet: 6 transformers of 4 blocks are ready for 300 steps." in view.sentence
    assert race.done == 0
    assert Drawing(PICTURE).show(view).image.startswith(b"\x89PNG")


@pytest.mark.parametrize("line_up", LINE_UPS)
def test_runs_that_warm_up_do_so_over_a_third_of_the_steps_and_the_others_not_at_all(line_up):
    race = begin(line_up, 0.003, 5, 600)
    for trial, runner in zip(race.trials, LINE_UPS[line_up], strict=True):
        assert trial.warmup == (200 if runner.warms_up else 1)
        assert (trial.learning_rate, trial.seed) == (0.003, 5)
