"""The maps of the loss: what is drawn for made-up losses, and the explorer that fills them."""

import functools
import io

import numpy as np
import pytest
from PIL import Image

from course import theory
from course.explorers.loss_map import GRIDS, NETWORKS, OPTIMIZERS, SEEDS, STEPS, TwoMaps, kept_gain, loss_map
from course.figures.loss_map import TOP, WORSE, LossMapPicture, Side, Sweep, best_rates, describe, median, table
from course.live.canvas import Frame
from course.live.running import RunningExplorer

GAINS, RATES = 2.0 ** np.arange(-2, 3), 10.0 ** np.arange(-3, 1)
SWEEP = Sweep(GAINS, RATES, 3, 100, 200, 2.0, 1.0)


def side(title: str = "SGD, plain", value: float = 0.5, kept: float | None = 1.0) -> Side:
    """Losses of one value; at the largest gain and rate two of three seeds have diverged, beside it one."""
    losses, diverged = np.full((5, 4, 3), value), np.zeros((5, 4, 3), bool)
    diverged[4, 3, :2] = diverged[4, 2, :1] = True
    return Side(title, np.where(diverged, np.nan, losses), diverged, kept, "theory: gain 1 keeps the signal")


def waiting() -> Side:
    return side()._replace(losses=np.full((5, 4, 3), np.nan), diverged=np.zeros((5, 4, 3), bool))


def pixels(frame: Frame) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(frame.image)))


def test_a_point_has_diverged_where_most_of_its_seeds_have():
    losses = median(side())
    assert np.isinf(losses[4, 3])
    assert np.sum(np.isinf(losses)) == 1
    assert np.isfinite(losses[4, 2])


def test_the_median_is_that_of_the_seeds():
    losses = np.broadcast_to([0.1, 5.0, 0.4], (5, 4, 3))
    assert np.all(median(side()._replace(losses=losses, diverged=np.zeros((5, 4, 3), bool))) == 0.4)


def test_the_best_rates_are_the_least_losses_of_each_gain_that_has_one_below_the_bound():
    losses = np.array([[3.0, 1.0, 2.0], [3.0, 3.0, np.inf], [np.nan, np.nan, np.nan], [np.inf, 0.3, 0.2]])
    gains, rates = best_rates(losses, below=2.5)
    assert (gains.tolist(), rates.tolist()) == ([0, 3], [1, 2])


def test_a_map_updated_in_place_has_the_pixels_of_a_fresh_one():
    moved = LossMapPicture()
    fine = SWEEP._replace(gains=np.geomspace(0.1, 10, 5), rates=np.geomspace(1e-4, 10, 4), guessing_loss=3.0)
    states = [
        (waiting(), waiting(), SWEEP),
        (side(), side("Adam, residual", 1.5, None), SWEEP),
        (side(value=2.5), side("Adam, plain"), fine),
        (side(), side("Adam, residual", 1.5, None), SWEEP),
    ]
    for state in states:
        np.testing.assert_array_equal(pixels(moved.update(*state)), pixels(LossMapPicture().update(*state)))


def test_a_loss_above_that_of_guessing_has_a_colour_of_its_own():
    grey = np.array([int(WORSE[place : place + 2], 16) for place in (1, 3, 5)])

    def share_of_grey(value: float) -> float:
        return np.mean(
            np.all(pixels(LossMapPicture().update(side(value=value), side(value=0.1), SWEEP)) == grey, axis=2)
        )

    above, below = (share_of_grey(factor * TOP * SWEEP.guessing_loss) for factor in (1.01, 0.99))
    assert above > below + 0.2  # a map is about a third of the picture, its lines and points lie over it


def test_the_dashed_line_stands_at_the_gain_that_theory_names_and_only_there():
    picture = LossMapPicture()
    picture.update(side(kept=0.5), side(kept=None), SWEEP)
    places = [axes.lines[1].get_xdata() for axes in picture.canvas.figure.axes[:2]]
    np.testing.assert_array_equal(places[0], np.log10([0.5, 0.5]))
    assert len(places[1]) == 0


def test_the_sentence_names_share_ranges_best_point_and_what_diverged():
    half = side(value=3.0)
    half.losses[1:3, 1:3] = 0.5
    half.losses[2, 2] = 0.25
    sentence = describe(half, side("Adam, plain", 3.0), SWEEP)
    assert "After 100 of 200 steps (learned: the median loss of 3 seeds is below 1)." in sentence
    assert "Left, SGD, plain: 20% of the map has learned, gains from 0.5 to 1 (a factor of 2)" in sentence
    assert "learning rates from 0.01 to 0.1 (a factor of 10), best 0.25 at gain 1 and rate 0.1, 5% diverged" in sentence
    assert "Right, Adam, plain: no point has learned, 5% diverged; theory" in sentence


def test_one_gain_alone_is_no_range():
    one = side(value=3.0)
    one.losses[2, :2] = 0.5
    assert "gains of 1 alone, learning rates from 0.001 to 0.01 (a factor of 10)" in describe(one, one, SWEEP)


def test_before_anything_has_run_the_sentence_says_so_and_nothing_is_called_learned_or_diverged():
    frame = LossMapPicture().update(waiting(), side(), SWEEP)
    assert frame.sentence.startswith("Nothing has run yet: 60 networks on each side are ready for 200 steps.")
    assert "nan" not in frame.sentence
    assert not {"learned", "diverged"} & set(frame.sentence.split())


def test_the_table_has_a_row_a_point_and_an_infinite_loss_where_it_diverged():
    columns = table(side(), side("Adam, residual", 1.5, None), SWEEP)
    assert {values.shape for values in columns.values()} == {(20,)}
    row = np.flatnonzero((columns["gain"] == 4) & (columns["learning rate"] == 1))
    assert np.isinf(columns["left, SGD, plain: median loss"][row])
    assert columns["left, SGD, plain: share of seeds that diverged"][row] == 2 / 3
    assert columns["right, Adam, residual: median loss"][0] == 1.5


# The explorer


@functools.cache
def finished() -> RunningExplorer:
    explorer = loss_map(size="coarse", depth=3)
    explorer.finish()
    return explorer


def columns_of(explorer: RunningExplorer, start: str) -> np.ndarray:
    return next(values for name, values in explorer.table.items() if name.startswith(start))


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
    lines = [axes.lines[1].get_xdata() for axes in explorer.canvas.figure.axes[:2]]
    assert len(lines[0]) == (2 if network == "plain" else 0)
    assert f"Left, SGD, {network}: theory: " in explorer.sentence
    assert "{" not in explorer.sentence


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_is_named_in_the_heading(optimizer):
    explorer = loss_map(left_optimizer=optimizer, size="coarse")
    assert f"Left, {OPTIMIZERS[optimizer]}, plain" in explorer.sentence


def test_both_maps_come_to_their_end_and_show_what_was_recorded():
    explorer = finished()
    assert explorer.job.finished
    assert explorer.job.done == explorer.job.total == STEPS
    assert f"After {STEPS} of {STEPS} steps" in explorer.sentence
    history, grid = explorer.job.right.history, GRIDS["coarse"]
    by_hand = np.median(history.losses[-1].reshape(SEEDS, len(grid.gains) * len(grid.rates)), axis=0)
    np.testing.assert_allclose(columns_of(explorer, "right"), by_hand)


def test_a_trial_stands_at_its_own_gain_and_rate():
    explorer, gain, rate = finished(), 0.5, 2.0**-5
    trials, losses = explorer.job.left.trials, explorer.job.left.history.losses[-1]
    own = [place for place, trial in enumerate(trials) if (trial.gain, trial.learning_rate) == (gain, rate)]
    assert len(own) == SEEDS
    row = (explorer.table["gain"] == gain) & (explorer.table["learning rate"] == rate)
    assert columns_of(explorer, "left")[row] == np.median(losses[own])


def test_the_moment_shows_an_earlier_record_of_the_same_runs():
    explorer = finished()
    explorer.state = {"moment": 0.0}
    assert "After 0 of 200 steps" in explorer.sentence
    before = columns_of(explorer, "left").reshape(len(GRIDS["coarse"].gains), -1)
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
    maps, pieces, apart = TwoMaps(left, right, ("plain", "plain"), GRIDS["coarse"]), 0, 0
    while not maps.finished:
        maps.advance(0.1)
        pieces, apart = pieces + 1, max(apart, abs(left.done - right.done))
        assert maps.done == min(left.done, right.done)
    assert pieces == (3 if alike else 6)
    assert apart == (0 if alike else 1)
