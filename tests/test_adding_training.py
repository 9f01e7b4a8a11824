"""Small recurrent networks in training: the task, their draws, runs that are what they would be alone, the picture."""

import jax
import numpy as np
import pytest

from course.live.panels import Drawing
from course.pages.recurrent.recurrent_race import LINE_UPS, PICTURE, begin, outcome, recurrent_race
from course.training.adding import (
    GUESSING,
    AddingHistory,
    AddingSetup,
    AddingTraining,
    AddingTrial,
    draw_model,
    sequences,
)

SMALL = AddingSetup(length=6, width=8, batch=4)
LINE_UP = next(iter(LINE_UPS))


def test_two_steps_are_marked_one_in_each_half_and_the_target_is_their_sum():
    inputs, targets = map(np.asarray, sequences(jax.random.key(0), 500, 7))
    numbers, marks = inputs[..., 0], inputs[..., 1]
    assert marks[:3].sum(axis=0).tolist() == marks[4:].sum(axis=0).tolist() == [1.0] * 500
    np.testing.assert_allclose(targets, (numbers * marks).sum(axis=0))
    assert (numbers.min() >= 0) & (numbers.max() <= 1)
    assert abs(np.mean((targets - 1) ** 2) - GUESSING) < 5 * 0.2 / 500**0.5


def test_gates_and_recurrent_weights_are_drawn_as_asked():
    assert draw_model(SMALL, AddingTrial()).recurrent.shape == (1, 8, 8)
    gated = draw_model(SMALL, AddingTrial("LSTM", "orthogonal", "chrono"))
    for matrix in gated.recurrent:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(8), atol=1e-5)
    np.testing.assert_array_equal(gated.biases[0], -gated.biases[1])
    assert np.all((gated.biases[1] >= 0) & (gated.biases[1] <= np.log(5)))
    np.testing.assert_array_equal(draw_model(SMALL, AddingTrial("ReLU", "identity")).recurrent[0], np.eye(8))


SIMPLE = (AddingTrial(), AddingTrial("ReLU", "identity", seed=1))


@pytest.mark.parametrize("trials", [pytest.param(SIMPLE, marks=pytest.mark.long), (AddingTrial("LSTM"),)])
def test_runs_side_by_side_are_what_they_are_alone(trials):
    trials = [*trials, trials[0]._replace(seed=2)]
    together = AddingTraining(trials, SMALL, steps=6, records=2).run()
    alone = AddingTraining(trials[:1], SMALL, steps=6, records=2).run()
    assert together.steps.tolist() == [0, 3, 6]
    assert together.gradient_rms.shape == (3, len(trials), 6)
    np.testing.assert_allclose(together.losses[:, :1], alone.losses, rtol=1e-4)


@pytest.mark.parametrize(
    ("trials", "named"),
    [
        ([AddingTrial("GRU")], "cell"),
        ([AddingTrial(weights="zeros")], "weights"),
        ([AddingTrial("LSTM", forget="5")], "forget"),
        ([AddingTrial(), AddingTrial("LSTM")], "trials"),
    ],
)
def test_a_trial_that_there_cannot_be_is_refused_by_name(trials, named):
    with pytest.raises(ValueError, match=named):
        AddingTraining(trials)


class Job:
    """A race that has come to an end."""

    done, total, finished = 300, 300, True

    def __init__(self, last: list[float], diverged: list[int]):
        losses = np.array([[1.0] * len(last), last])
        self.history = AddingHistory(np.array([0, 300]), losses, np.ones((2, len(last), 60)), np.array(diverged))


def test_the_picture_tells_who_adds_who_guesses_and_who_was_lost():
    job = Job([0.01, 0.08, 0.09, 0.17, 0.2, np.nan], [-1, -1, -1, -1, -1, 17])
    words = [outcome(job.history, place) for place in range(6)]
    assert words == ["adds", "adds", "guesses", "guesses", "guesses", "diverged by step 17"]
    view = recurrent_race.view(job, 1.0, LINE_UP)
    assert "tanh, normal: 0.01, adds" in view.sentence
    assert view.curves["loss.5.lost"][0].tolist() == [17]
    assert Drawing(PICTURE).show(view).image.startswith(b"\x89PNG")


def test_before_the_run_nothing_has_been_trained():
    race = begin(LINE_UP, 0.01, 0, 300)
    view = recurrent_race.view(race, 0.0, LINE_UP)
    assert "Nothing has run yet: 6 networks are ready for 300 steps on sequences of 60." in view.sentence
    assert Drawing(PICTURE).show(view).image.startswith(b"\x89PNG")


@pytest.mark.parametrize("line_up", LINE_UPS)
def test_simple_cells_stand_before_lstms_so_that_their_histories_can_be_joined(line_up):
    gated = [runner.trial.cell == "LSTM" for runner in LINE_UPS[line_up]]
    assert gated == sorted(gated)
