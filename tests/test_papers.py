"""The papers' experiments: how runs take turns, how a learning time is read off, and what the pictures say."""

import io
import math
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from course import initializers, theory, training
from course.explorers.training_runs import Start
from course.live.panels import Drawing
from course.pages.the_papers.layers_in_training import (
    PICTURE,
    gradients_at_start,
    layers_in_training,
    layers_shown,
    mean_of_seeds,
)
from course.pages.the_papers.learning_time import learning_time
from course.pages.the_papers.papers import (
    EXPERIMENTS,
    HERE,
    PAPER,
    SAXE,
    SAXE_STARTS,
    DepthSweep,
    LearningTimes,
    Size,
    fastest,
    reproduction,
    steps_to_learn,
)
from course.pages.the_papers.shapeset_samples import COLUMNS, sheet
from course.training import History, Setup, Training
from course.training.history import LayerHistory

SMALL = Size(depth=3, width=8, batch=4, steps=6, records=3)
SWEEP = DepthSweep((2, 3), width=16, batch=8, steps=20, every=2, rates=(1e-9, 0.05))


def finished(job):
    while not job.finished:
        job.advance(0.1)
    return job


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))


# The tables


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_names_known_schemes_and_has_both_sizes(name):
    experiment = EXPERIMENTS[name]
    assert name.startswith(experiment.source)
    assert set(experiment.sizes) == {HERE, PAPER}
    assert experiment.sizes[HERE].depth == experiment.sizes[PAPER].depth
    assert experiment.sizes[HERE].width < experiment.sizes[PAPER].width
    for start in experiment.starts:
        assert initializers.named(start.scheme).name == start.scheme


def test_the_number_of_layers_in_a_name_is_that_of_the_network():
    counts = {name: experiment.sizes[HERE].depth for name, experiment in EXPERIMENTS.items()}
    for name, depth in counts.items():
        layers = depth - 1 if "hidden" in name else depth
        assert f" {layers} " in name


# Two starts that take turns


def test_both_starts_of_a_reproduction_give_what_each_gives_alone():
    experiment = EXPERIMENTS["Klambauer et al. 2017: SELU and ReLU, 100 layers"]
    run = finished(reproduction(experiment, SMALL, [3, 4]))
    for start, history in zip(experiment.starts, run.histories(), strict=True):
        trials = training.trials([start.scheme], [3, 4], learning_rates=[start.learning_rate])
        alone = Training(Setup(3, 8, start.activation, experiment.task, 4), trials, steps=6, records=3).run()
        np.testing.assert_array_equal(history.losses, alone.losses)


def test_a_reproduction_counts_the_steps_that_both_starts_have_behind_them():
    run = reproduction(EXPERIMENTS["He et al. 2015: ReLU, 22 layers"], SMALL, [0])
    seen = []
    while not run.finished:
        assert len({len(history.steps) for history in run.histories()}) == 1
        seen.append(run.done)
        run.advance(0.01)
    assert seen == sorted(seen)
    assert (seen[0], run.done, run.total) == (0, 6, 6)


# Learning times


def test_depths_run_one_after_the_other_and_only_those_at_their_end_are_told():
    run = LearningTimes(SWEEP, [0, 1, 2])
    assert run.steps().shape == (0, 2, 3, 2)
    told = []
    while not run.finished:
        run.advance(0.01)
        told.append(len(run.steps()))
    assert told == sorted(told)
    assert set(told) == {0, 1, 2}
    assert run.done == run.total == (2 + 3) * 20


def test_a_learning_time_is_the_first_recorded_step_below_half_of_the_loss_of_guessing():
    found = finished(LearningTimes(SWEEP, [0, 1])).steps()
    assert np.all(np.isinf(found[..., 0]))  # at a rate of a billionth nothing is learned
    runs = training.trials(list(SAXE_STARTS.values()), [0, 1], learning_rates=SWEEP.rates)
    history = Training(Setup(3, 16, "linear", batch=8, loss="squared"), runs, steps=20, records=10, layers=False).run()
    expected = [
        next(
            (step for step, loss in zip(history.steps, run, strict=True) if loss < history.guessing_loss / 2), math.inf
        )
        for run in history.losses.T
    ]
    np.testing.assert_array_equal(found[1].ravel(), expected)


def test_the_first_step_below_the_threshold_counts_and_not_the_last():
    losses = np.array([[3, 3, 3], [0.4, 2, 3], [0.6, 0.3, 3]])
    history = Training(Setup(2, 4), [training.Trial("zeros")]).history
    history = history._replace(steps=np.array([0, 10, 20]), losses=losses, guessing_loss=1.0)
    np.testing.assert_array_equal(steps_to_learn(history), [10, 20, np.inf])


def test_the_fastest_rate_has_the_least_median_and_no_depth_has_none():
    steps = np.array([[[np.inf, 20, 30], [np.inf, 40, 10], [np.inf, 30, 90]], [[np.inf] * 3] * 3])
    best, places = fastest(steps)  # medians of the first depth: inf, 30, 30
    np.testing.assert_array_equal(places, [1, 0])
    np.testing.assert_array_equal(best, [[20, 40, 30], [np.inf] * 3])
    best, places = fastest(np.zeros((0, 3, 2)))
    assert best.shape == (0, 3)
    assert places.shape == (0,)


# Layers of many seeds


FIVE_OF = {1: [1], 3: [1, 2, 3], 5: [1, 2, 3, 4, 5], 21: [1, 6, 11, 16, 21], 29: [1, 8, 15, 22, 29]}


@pytest.mark.parametrize(("hidden", "layers"), FIVE_OF.items())
def test_at_most_five_layers_are_shown_evenly_spread(hidden, layers):
    np.testing.assert_array_equal(layers_shown(hidden), layers)


def test_runs_that_have_diverged_are_left_out_of_the_mean():
    values = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [np.nan, np.nan]], [[np.nan] * 2] * 2])
    np.testing.assert_array_equal(mean_of_seeds(values), [[2, 3], [1, 2], [np.nan, np.nan]])


def test_theory_is_shown_for_the_gradients_before_training_and_for_nothing_else():
    run = finished(reproduction(EXPERIMENTS["Glorot and Bengio 2010: tanh, 5 hidden layers"], SMALL, [0, 1]))
    normalized, setup, history = run.starts[1], run.setups[1], run.histories()[1]
    # Layer 1 has 1,024 inputs and 8 units, so that fan_in · Var w = 2 · 1024 / 1032; layer 2 is square.
    left = theory.gradient_variances("tanh", 2, [2048 / 1032, 1.0])
    last = history.layers.preactivation_gradient_rms[0, :, -1].mean()
    expected = np.sqrt(left) * last
    assert gradients_at_start(normalized, setup, history) == pytest.approx(expected)
    shown = layers_in_training.view(run, lower="gradients ∂C/∂z").curves
    np.testing.assert_allclose(shown["right.theory"], [[0, 0], expected])
    assert "right.theory" not in layers_in_training.view(run, lower="saturated share").curves


# What the explorers say and show


class Ran(NamedTuple):
    """A run as it would be with this history of both starts."""

    histories: Callable
    total: int = 30
    seeds: range = range(3)
    starts: tuple = (Start("A", "he_normal"), Start("B", "lecun_normal"))
    setups: tuple = (Setup(depth=5),) * 2


def history(records=4, seeds=3, layers=4, lost=False):
    values = np.linspace(0.1, 0.5, records * layers).reshape(records, 1, layers) * np.ones((1, seeds, 1))
    losses = np.full((records, seeds), np.nan if lost else 0.8)
    parts = LayerHistory(values, values / 2, values, values / 5, values, values)
    ends = np.full(seeds, 2 if lost else -1)
    return History(10 * np.arange(records), losses, losses / 4, parts, ends, 2.3)


def view(*histories, lower="saturated share", **changed):
    return layers_in_training.view(Ran(lambda: list(histories), **changed), lower=lower)


def test_the_picture_of_two_starts_says_where_each_stands():
    shown = view(history(), history())
    assert "After 30 of 30 steps, 3 seeds each" in shown.sentence
    assert "A: 3 of 3 learned, median loss 0.8, error 80%; layer 1 has h = 0.42 ± 0.21" in shown.sentence
    assert "layer 4 has h = 0.50 ± 0.25, share of h that is saturated 0.1" in shown.sentence
    np.testing.assert_array_equal(shown.table["step"], [0, 10, 20, 30])
    np.testing.assert_array_equal(shown.table["right.std.4"], history().layers.activation_std[:, 0, 3])
    assert "B: std of h, layer 4" in shown.table.titles


def test_a_start_whose_runs_have_all_diverged_is_named_without_numbers():
    shown = view(history(lost=True), history(), lower="gradients ∂C/∂z")
    assert "A: 3 of 3 diverged by step 2; B" in shown.sentence
    assert "nan" not in shown.sentence


def test_a_picture_is_the_same_whatever_was_shown_before():
    used, fresh = Drawing(PICTURE), Drawing(PICTURE)
    six_layers = {"setups": (Setup(depth=7),) * 2, "starts": (Start("C", "he_normal"), Start("D", "zeros"))}
    used.show(view(history(layers=6), history(layers=6), total=60, **six_layers))
    last = view(history(), history(), lower="gradients ∂C/∂z")
    np.testing.assert_array_equal(*[pixels(drawing.show(last).image) for drawing in (used, fresh)])


def test_the_picture_of_learning_times_says_how_long_each_start_took_and_which_never_got_there():
    steps = np.full((2, 2, 3, 2), np.inf)
    steps[:, 0, :, 1] = [[10, 20, 30], [np.inf, np.inf, 40]]
    sweep = DepthSweep((3, 9, 27), width=4, batch=4, steps=100, every=5, rates=(0.05, 0.1))
    shown = learning_time.view(SimpleNamespace(steps=lambda: steps, sweep=sweep))
    assert shown.sentence.startswith("2 of 3 depths have run.")
    assert "orthogonal: 20 with 3 layers, not within 100 with 9 layers" in shown.sentence
    assert "Gaussian: not within 100 with 3 layers, not within 100 with 9 layers" in shown.sentence
    np.testing.assert_array_equal(shown.table["depth"], [3, 9])
    np.testing.assert_array_equal(shown.table["orthogonal.fewest"], [10, 40])
    np.testing.assert_array_equal(shown.table["orthogonal.rate"], [0.1, np.nan])
    np.testing.assert_array_equal(shown.curves["orthogonal.range"][1:], [[10, 40], [30, 40]])
    assert [len(shown.curves[f"{key}.never"][0]) for key in SAXE_STARTS.values()] == [1, 2]


def test_a_sheet_of_samples_shows_the_first_images_of_every_class():
    images, labels = np.zeros((30, 8, 8)), np.repeat([0, 1], [20, 10])
    images[labels == 1] = 0.5
    tiles = sheet(images, labels).reshape(9, 10, COLUMNS, 10).transpose(0, 2, 1, 3)[::-1, :, ::-1]
    assert np.all(tiles[0, :, 1:-1, 1:-1] == 0)
    assert np.all(tiles[1, :10, 1:-1, 1:-1] == 0.5)
    assert np.all(tiles[1, 10:] == 1)
    images[COLUMNS:20] = 0.7  # the first class has more images than a row holds
    np.testing.assert_array_equal(sheet(images, labels)[-10:, :], tiles[0].transpose(1, 0, 2).reshape(10, -1))


# Explorers


def test_the_layers_are_those_of_the_experiment_and_a_look_at_something_else_runs_nothing_anew(monkeypatch):
    name = "Glorot and Bengio 2010: tanh, 5 hidden layers"
    small = EXPERIMENTS[name]._replace(sizes={HERE: SMALL, PAPER: SMALL})
    monkeypatch.setattr(sys.modules[layers_in_training.__module__], "EXPERIMENTS", {name: small})
    explorer = layers_in_training()
    assert "Nothing has run yet: standard and normalized are ready, 10 seeds each, 6 steps" in explorer.sentence
    explorer.finish()
    job = explorer.job
    assert "After 6 of 6 steps, 10 seeds each: standard: " in explorer.sentence
    explorer.controls["lower"].value = "gradients ∂C/∂z"
    assert explorer.job is job
    assert "rms of ∂C/∂z" in explorer.sentence
    assert explorer.error is None


def test_learning_times_appear_depth_by_depth(monkeypatch):
    monkeypatch.setattr(sys.modules[learning_time.__module__], "SAXE", {HERE: SWEEP, PAPER: SAXE[PAPER]})
    explorer = learning_time()
    assert "Nothing has run yet" in explorer.sentence
    explorer.finish()
    assert explorer.sentence.startswith("2 of 2 depths have run.")
    assert explorer.error is None
