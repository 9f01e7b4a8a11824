"""The maps of the loss: what is drawn for made-up losses, and the explorer that fills them."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from course import theory, training
from course.live.panels import View
from course.live.running import RunningExplorer
from course.pages.start_or_learning_rate.loss_map import (
    GRIDS,
    NETWORKS,
    OPTIMIZERS,
    SEEDS,
    STEPS,
    TOP,
    TwoMaps,
    best_rates,
    kept_gain,
    loss_map,
)
from course.training import History, Setup

COARSE = GRIDS["coarse"]
GUESSING = training.guessing_loss(Setup())


def losses(value: float = 0.5) -> np.ndarray:
    """Losses `(seeds, gains, rates)` of one value; in the last cell two of three seeds have diverged, beside it one."""
    made = np.full((SEEDS, 7, 7), value)
    made[:2, 6, 6] = made[0, 6, 5] = np.nan
    return made


def shown(left: np.ndarray, right: np.ndarray | None = None, *, records: int = 2, network: str = "plain") -> View:
    """Show two maps, after one of two steps or at their beginning."""

    def part(values: np.ndarray) -> SimpleNamespace:
        rows = np.tile(values.ravel(), (records, 1))
        history = History(np.arange(records) * 100, rows, rows, None, np.full(values.size, -1), GUESSING)
        return SimpleNamespace(history=history, setup=Setup(activation="relu"))

    parts = part(left), part(losses() if right is None else right)
    maps = SimpleNamespace(left=parts[0], right=parts[1], networks=(network, "residual"), grid=COARSE, total=STEPS)
    return loss_map.view(maps, moment=1.0)


def test_a_point_has_diverged_where_most_of_its_seeds_have():
    x, y = shown(losses()).curves["left.lost"]
    assert (x.tolist(), y.tolist()) == ([COARSE.gains[6]], [COARSE.rates[6]])


def test_the_median_is_that_of_the_seeds():
    values = np.broadcast_to(np.reshape([0.1, 5.0, 0.4], (3, 1, 1)), (3, 7, 7))
    assert np.all(shown(values).table["left.loss"] == 0.4)


def test_the_best_rates_are_the_least_losses_of_each_gain_that_has_one_below_the_bound():
    rows = np.array([[3.0, 1.0, 2.0], [3.0, 3.0, np.inf], [np.nan, np.nan, np.nan], [np.inf, 0.3, 0.2]])
    gains, rates = best_rates(rows, below=2.5)
    assert (gains.tolist(), rates.tolist()) == ([0, 3], [1, 2])


@pytest.mark.parametrize(("factor", "above"), [(1.01, True), (0.99, False)])
def test_a_loss_above_that_of_guessing_is_above_the_colours(factor, above):
    _, _, colours = shown(losses(factor * TOP * GUESSING)).curves["left.losses"]
    assert (colours[0, 0] > TOP) == above


def test_the_dashed_line_stands_at_the_gain_that_theory_names_and_only_there():
    curves = shown(losses()).curves
    assert curves["left.kept"] == kept_gain("relu")
    assert np.isnan(curves["right.kept"])


def test_the_sentence_names_share_ranges_best_point_and_what_diverged():
    half = losses(3.0)
    half[:, 2:4, 3:5] = 0.5
    half[:, 3, 4] = 0.25
    sentence = shown(half, losses(3.0)).sentence
    assert "After 100 of 200 steps (learned: the median loss of 3 seeds is below 1.1)." in sentence
    assert "Left, SGD, plain: 8% of the map has learned, gains from 0.5 to 1 (a factor of 2)" in sentence
    assert "rates from 0.0312 to 0.125 (a factor of 4), best 0.25 at gain 1 and rate 0.125, 2% diverged" in sentence
    assert "Right, SGD, residual: no point has learned, 2% diverged; theory" in sentence


def test_one_gain_alone_is_no_range():
    one = losses(3.0)
    one[:, 2, :2] = 0.5
    assert "gains of 0.5 alone, learning rates from 0.000488 to 0.00195 (a factor of 4)" in shown(one).sentence


def test_before_anything_has_run_the_sentence_says_so_and_nothing_is_called_learned_or_diverged():
    sentence = shown(losses(), records=0).sentence
    assert sentence.startswith("Nothing has run yet: 147 networks on each side are ready for 200 steps.")
    assert "nan" not in sentence
    assert not {"learned", "diverged"} & set(sentence.split())


def test_the_table_has_a_row_a_point_and_an_infinite_loss_where_it_diverged():
    table = shown(losses(), losses(1.5)).table
    assert {values.shape for values in table.values()} == {(49,)}
    assert (table["gain"][-1], table["rate"][-1]) == (8.0, 2.0)
    assert np.isinf(table["left.loss"][-1])
    assert table["left.diverged"][-1] == 2 / 3
    assert table["right.loss"][0] == 1.5
    assert "left, SGD, plain: median loss" in table.titles


# The explorer


@functools.cache
def finished() -> RunningExplorer:
    explorer = loss_map(size="coarse", depth=3)
    explorer.finish()
    return explorer


def test_the_sizes_have_equal_ratios_and_hold_the_gain_of_he():
    for grid in GRIDS.values():
        for axis in grid:
            np.testing.assert_allclose(np.diff(np.log2(axis)), np.diff(np.log2(axis))[0], rtol=1e-12)
        assert 1.0 in grid.gains
        assert (grid.gains[0], grid.gains[-1], grid.rates[0]) == (1 / 8, 8, 2**-11)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 1.0), ("linear", 0.5**0.5)])
def test_the_gain_that_keeps_the_signal_is_theorys_over_that_of_he(activation, gain):
    assert kept_gain(activation) == pytest.approx(gain, rel=1e-9)


@pytest.mark.parametrize("activation", ["relu", "tanh", "selu"])
def test_at_the_kept_gain_preactivations_of_variance_1_stay_so(activation):
    # gain · √2 is the std of the weights times √fan_in
    weight_variance = 2 * kept_gain(activation) ** 2
    second_moment = theory.gain(activation) ** -2
    variances = theory.preactivation_variances(activation, 5, weight_variance, input_second_moment=second_moment)
    np.testing.assert_allclose(variances, 1, rtol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_says_what_theory_says_and_only_the_plain_one_has_a_line(network):
    explorer = loss_map(left_network=network, size="coarse")
    assert np.isnan(loss_map.view(explorer.job, moment=1.0).curves["left.kept"]) == (network != "plain")
    assert f"Left, SGD, {network}: theory: " in explorer.sentence
    assert "{" not in explorer.sentence


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_is_named_in_the_heading(optimizer):
    explorer = loss_map(left_optimizer=optimizer, size="coarse")
    assert f"Left, {OPTIMIZERS[optimizer]}, plain" in explorer.sentence


@pytest.mark.long
def test_both_maps_come_to_their_end_and_show_what_was_recorded():
    explorer = finished()
    assert explorer.job.finished
    assert explorer.job.done == explorer.job.total == STEPS
    assert f"After {STEPS} of {STEPS} steps" in explorer.sentence
    history, grid = explorer.job.right.history, COARSE
    by_hand = np.median(history.losses[-1].reshape(SEEDS, len(grid.gains) * len(grid.rates)), axis=0)
    np.testing.assert_allclose(explorer.table["right.loss"], by_hand)


def test_a_trial_stands_at_its_own_gain_and_rate():
    explorer, gain, rate = finished(), 0.5, 2.0**-5
    trials, losses = explorer.job.left.trials, explorer.job.left.history.losses[-1]
    own = [place for place, trial in enumerate(trials) if (trial.gain, trial.learning_rate) == (gain, rate)]
    assert len(own) == SEEDS
    row = (explorer.table["gain"] == gain) & (explorer.table["rate"] == rate)
    assert explorer.table["left.loss"][row] == np.median(losses[own])


def test_the_moment_shows_an_earlier_record_of_the_same_runs():
    explorer = finished()
    explorer.state = {"moment": 0.0}
    assert "After 0 of 200 steps" in explorer.sentence
    before = explorer.table["left.loss"].reshape(len(COARSE.gains), -1)
    np.testing.assert_array_equal(before, before[:, :1].repeat(before.shape[1], axis=1))  # no rate has been used yet
    explorer.state = {"moment": 0.5}
    assert "After 100 of 200 steps" in explorer.sentence
    explorer.state = {"moment": 1.0}


def test_a_map_is_computed_once_for_both_sides_and_for_every_comparison_it_is_in():
    explorer = loss_map(size="coarse", depth=3)
    plain = explorer.job.left
    explorer.state = {"right_network": "plain"}
    assert explorer.job.left is explorer.job.right is plain
    explorer.state = {"left_network": "residual"}
    assert explorer.job.right is plain
    explorer.state = {"seed": 1}
    assert explorer.job.right is not plain


class Counted:
    """A training that counts its pieces."""

    def __init__(self, total: int):
        self.done, self.total = 0, total

    @property
    def finished(self) -> bool:
        return self.done == self.total

    def advance(self, _seconds: float) -> None:
        assert not self.finished
        self.done += 1


@pytest.mark.parametrize("alike", [False, True])
def test_two_maps_take_turns_and_one_map_on_both_sides_is_run_once(alike):
    left = Counted(3)
    right = left if alike else Counted(3)
    maps, pieces, apart = TwoMaps(left, right, ("plain", "plain"), COARSE), 0, 0
    while not maps.finished:
        maps.advance(0.1)
        pieces, apart = pieces + 1, max(apart, abs(left.done - right.done))
        assert maps.done == min(left.done, right.done)
    assert pieces == (3 if alike else 6)
    assert apart == (0 if alike else 1)
