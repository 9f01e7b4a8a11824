"""The searches: what each strategy tries, what becomes of runs that diverge, and the two pictures of page tuning."""

import itertools
import json
import math

import numpy as np
import pytest
from random_states import canvas_of, pixels
from scipy import integrate, stats

from course import tuning
from course.live.words import number
from course.pages.tuning.batch_sizes import (
    COMPARISONS,
    RULES,
    BatchSizes,
    Measured,
    batch_sizes,
    between_neighbours,
    describe,
    is_power_of_two,
    sweep,
)
from course.pages.tuning.search_race import BUDGET, GAINS, RATES, SPACE, LossTable, search_race, shared_table
from course.tuning import STRATEGIES, Parameter, Search, search

SQUARE = {"x": Parameter(-1.0, 1.0), "y": Parameter(0.01, 100.0, log=True)}


def bowl(point: dict[str, float]) -> float:
    """Least, 0, at x = 0.3 and y = 10; only finite left of x = 0.8."""
    return math.inf if point["x"] > 0.8 else (point["x"] - 0.3) ** 2 + (math.log10(point["y"]) - 1) ** 2


each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


# The space


def test_a_log_parameter_has_its_geometric_mean_in_the_middle_and_a_linear_one_its_mean():
    assert math.isclose(SQUARE["y"].at(0.5), 1.0)
    assert SQUARE["x"].at(0.5) == 0.0


@pytest.mark.parametrize("parameter", SQUARE.values())
def test_a_parameter_reaches_from_its_low_end_to_its_high_end(parameter):
    assert parameter.at(0) == parameter.low
    assert math.isclose(parameter.at(1), parameter.high)


# All strategies


@each_strategy
def test_a_search_makes_as_many_tries_as_it_may_all_inside_the_box(strategy):
    found = search(strategy, bowl, SQUARE, 10)
    assert len(found.points) == len(found.losses) == 10
    for name, (low, high, _) in SQUARE.items():
        assert all(low <= point[name] <= high for point in found.points)


@each_strategy
def test_the_losses_are_those_of_the_points_in_order(strategy):
    found = search(strategy, bowl, SQUARE, 8)
    assert found.losses.tolist() == [bowl(point) for point in found.points]


@each_strategy
def test_the_same_seed_gives_the_same_search_and_another_seed_another(strategy):
    first, again, other = (search(strategy, bowl, SQUARE, 7, seed).points for seed in (1, 1, 2))
    assert first == again
    assert first != other


@each_strategy
def test_a_search_of_fewer_tries_with_no_grid_to_lay_is_the_beginning_of_a_longer_one(strategy):
    short, long = (search(strategy, bowl, SQUARE, budget).points for budget in (5, 8))
    assert (short == long[:5]) is (strategy != "grid")


@each_strategy
def test_runs_that_diverge_stay_in_the_record(strategy):
    found = search(strategy, lambda _point: math.inf, SQUARE, 7)
    assert np.isposinf(found.losses).all()
    assert len(found.points) == 7


@each_strategy
def test_a_loss_may_be_integer_and_the_budget_one(strategy):
    assert search(strategy, lambda _point: 3, SQUARE, 1).best_so_far.tolist() == [3.0]


def test_the_best_so_far_never_rises_and_ends_at_the_loss_of_the_best_point():
    found = Search([{"x": 1.0}, {"x": 2.0}, {"x": 3.0}, {"x": 4.0}], np.array([np.inf, 2.0, 1.0, 1.5]))
    assert found.best_so_far.tolist() == [np.inf, 2.0, 1.0, 1.0]
    assert found.best == {"x": 3.0}


# Grid and random: how many values of a parameter they try (Bergstra and Bengio 2012, figure 1)


def values_tried(strategy: str, budget: int) -> list[int]:
    points = search(strategy, bowl, SQUARE, budget).points
    return [len({point[name] for point in points}) for name in SQUARE]


def test_nine_points_of_a_grid_try_three_values_of_each_parameter_and_nine_random_ones_nine():
    assert values_tried("grid", 9) == [3, 3]
    assert values_tried("random", 9) == [9, 9]


@pytest.mark.parametrize(
    ("budget", "parameters", "sides"),
    [
        (1, 2, [1, 1]),
        (2, 2, [2, 1]),
        (9, 2, [3, 3]),
        (12, 2, [4, 3]),
        (64, 3, [4, 4, 4]),
        (11, 1, [11]),
        (17, 3, [3, 2, 2]),
    ],
)
def test_a_grid_has_sides_as_equal_as_the_budget_lets_them_be(budget, parameters, sides):
    assert tuning.grid_sides(budget, parameters) == sides


def test_a_grid_tries_every_one_of_its_points_once_in_the_centre_of_its_cell():
    points = search("grid", bowl, SQUARE, 6, 3).points
    x, y = [-2 / 3, 0, 2 / 3], [0.1, 10.0]
    found = sorted((point["x"], point["y"]) for point in points)
    np.testing.assert_allclose(found, sorted(itertools.product(x, y)), atol=1e-12)


def test_what_a_budget_leaves_over_of_a_grid_is_drawn_at_random():
    over = search("grid", bowl, SQUARE, 11, 5).points  # a grid of 3 times 3, and 2 more
    drawn = search("random", bowl, SQUARE, 11, 5).points
    assert over[9:] == drawn[9:]
    assert over[0] != drawn[0]


def test_random_points_are_uniform_in_the_box():
    tries = np.array(
        [[search("random", bowl, SQUARE, 1, seed).points[0][name] for name in SQUARE] for seed in range(500)]
    )
    shares = np.column_stack([(tries[:, 0] + 1) / 2, (np.log10(tries[:, 1]) + 2) / 4])
    errors = 5 * math.sqrt(1 / 12 / 500)
    np.testing.assert_allclose(shares.mean(axis=0), 0.5, atol=errors)


# Bayesian optimization


@pytest.mark.parametrize(("mean", "std", "best"), [(0.3, 0.2, 0.5), (0.9, 0.2, 0.5), (0.5, 1.0, 0.5), (-1.0, 0.1, 0.5)])
def test_the_expected_improvement_is_the_integral_that_it_stands_for(mean, std, best):
    def weighed(loss: float) -> float:
        return (best - loss) * stats.norm.pdf(loss, mean, std)

    expected, _ = integrate.quad(weighed, mean - 12 * std, best)
    assert math.isclose(tuning.expected_improvement(np.array(mean), np.array(std), best), expected, abs_tol=1e-8)


def test_where_nothing_is_unknown_the_improvement_is_that_of_the_mean():
    improvement = tuning.expected_improvement(np.array([0.2, 0.9]), np.zeros(2), 0.5)
    np.testing.assert_allclose(improvement, [0.3, 0.0], atol=1e-11)


def test_bayesian_optimization_begins_with_the_tries_of_random_search_of_the_same_seed():
    first = tuning.INITIAL_TRIES
    model, drawn = (search(name, bowl, SQUARE, first + 1, 4).points for name in ("bayesian", "random"))
    assert model[:first] == drawn[:first]
    assert model[first] != drawn[first]


def test_on_a_smooth_bowl_bayesian_optimization_ends_lower_than_random_search_in_most_of_twenty_seeds():
    ends = {
        name: np.array([search(name, bowl, SQUARE, 14, seed).best_so_far[-1] for seed in range(20)])
        for name in ("bayesian", "random")
    }
    assert np.sum(ends["bayesian"] < ends["random"]) >= 16  # a fair coin shows 16 heads in 20 once in 170 times


def test_an_infinite_loss_is_to_the_model_what_the_largest_finite_one_is():
    def capped(point: dict[str, float]) -> float:
        return min(bowl(point), worst)

    found = search("bayesian", bowl, SQUARE, 6, 9)
    assert np.isinf(found.losses).any()
    worst = found.losses[np.isfinite(found.losses)].max()
    places = np.random.default_rng(0).random((6, 2))
    finite = np.where(np.isfinite(found.losses), found.losses, worst)
    proposals = [tuning.bayesian(tuning.Tries(places, losses), 12, 0) for losses in (found.losses, finite)]
    np.testing.assert_array_equal(*proposals)


# What there cannot be


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": "by hand"}, "strategy is 'by hand'; allowed are grid, random, bayesian"),
        ({"budget": 0}, "budget is 0"),
        ({"budget": True}, "budget is True"),
        ({"budget": 2.5}, "budget is 2.5"),
        ({"space": {}}, "space is empty"),
        ({"space": {"x": Parameter(2.0, 1.0)}}, "x goes from 2.0 to 1.0"),
        ({"space": {"x": Parameter(1.0, 1.0)}}, "x goes from 1.0 to 1.0"),
        ({"space": {"x": Parameter(0.0, math.inf)}}, "x goes from 0.0 to inf"),
        ({"space": {"x": Parameter(0.0, 1.0, log=True)}}, "x begins at 0.0"),
        ({"objective": lambda _point: math.nan}, "is nan; allowed are finite numbers, and inf"),
        ({"objective": lambda _point: -math.inf}, "is -inf; allowed are finite numbers, and inf"),
    ],
)
def test_a_search_that_there_cannot_be_is_refused_in_words(change, message):
    asked = {"strategy": "random", "objective": bowl, "space": SQUARE, "budget": 3} | change
    with pytest.raises(ValueError, match=message):
        search(**asked)


# The explorer of the race, on a table that is made up


@pytest.fixture
def race():
    shared_table.cache_clear()
    explorer = search_race()
    explorer.job.training = Made()
    explorer.job.repeats = 2
    yield explorer
    shared_table.cache_clear()


class Made:
    """Training runs that are at their end: the loss is that of the gain's and the rate's distance from 1 and 0.1."""

    done, total, finished = 150, 150, True

    @property
    def history(self):
        distances = np.add.outer(np.log(GAINS) ** 2, np.log(np.array(RATES) / 0.1) ** 2)
        losses = np.broadcast_to(0.1 + 0.1 * distances, (3, *distances.shape)).ravel().copy()
        losses[-1] = np.nan

        class History:
            guessing_loss = 2.3

        History.losses = losses[None]
        return History


def test_a_run_that_diverged_counts_as_guessing_and_so_does_a_loss_above_it(race):
    losses = race.job.losses
    assert losses[-1, -1, -1] == 2.3 == losses.max()
    assert not np.isnan(losses).any()


def test_a_point_off_the_grid_has_the_loss_of_the_nearest_one(race):
    on, off = ({"gain": g, "learning_rate": r} for g, r in ((1.0, 0.1), (1.1, 0.09)))
    assert race.job.loss(on) == race.job.loss(off) == 0.1


def test_the_map_s_axes_run_over_the_searched_space_in_equal_ratios():
    for values, (low, high, _) in zip((GAINS, RATES), SPACE.values(), strict=True):
        np.testing.assert_allclose(values, np.geomspace(low, high, len(values)), rtol=0.005)


def tries_of(race) -> list[list[float]]:
    return [list(pair) for pair in race.state["tries"]]


def test_the_reader_s_tries_are_kept_in_the_state_and_in_its_text(race):
    race.state = {"gain": GAINS[6], "learning_rate": RATES[8]}
    race.controls["tries"].click()
    race.state = {"gain": GAINS[2]}
    race.controls["tries"].click()
    assert race.state["tries"] == ((GAINS[6], RATES[8]), (GAINS[2], RATES[8]))
    assert race.state_string.endswith(f"&tries={GAINS[6]}:{RATES[8]},{GAINS[2]}:{RATES[8]}")
    again = search_race(race.state_string)
    assert again.state == race.state == search_race(**json.loads(json.dumps(race.state))).state
    assert again.state_string == race.state_string
    again.restore(search_race().state_string)
    assert again.state["tries"] == ()
    assert "tries" not in again.state_string


def test_a_pasted_text_brings_the_tries_and_a_bad_one_is_answered_in_words(race):
    race._text.value = "search_race?gain=1.0&tries=1.0:0.1,2.0:0.1"
    assert tries_of(race) == [[1.0, 0.1], [2.0, 0.1]]
    race._text.value = "search_race?tries=1.0:7"
    assert "tries must be at most 12 pairs of a gain and a learning_rate" in race.error
    assert tries_of(race) == [[1.0, 0.1], [2.0, 0.1]]


@pytest.mark.parametrize("tries", [[[1.0]], [[1.0, 0.12345]], 3, [[1.0, 0.1]] * 13, [1.0, 0.1], "1:0.1", None])
def test_tries_that_are_not_on_the_map_are_refused_and_nothing_moves(race, tries):
    before = race.state
    with pytest.raises(ValueError, match="tries must be at most 12 pairs"):
        race.state = {"gain": 2.0, "tries": tries}
    assert race.state == before


def test_after_the_last_try_the_button_rests_and_the_map_is_uncovered(race):
    one_more = race.controls["tries"]

    def seen() -> tuple[str, bool, bool]:
        curves = search_race.view(race.job, **race.state).curves
        return one_more.description, one_more.disabled, curves["losses"] is None

    race.state = {"gain": 1.0, "learning_rate": 0.1, "tries": [[1.0, 0.1]] * (BUDGET - 1)}
    covered = pixels(race.image)
    assert seen() == ("Try this point (1 left)", False, True)
    one_more.click()
    assert seen() == ("Try this point (0 left)", True, False)
    one_more.click()
    assert tries_of(race) == [[1.0, 0.1]] * BUDGET
    race.state = {"tries": [[1.0, 0.1]] * (BUDGET - 1)}
    assert pixels(race.image) == covered


def test_reset_goes_back_to_the_tries_of_the_start_and_a_scene_begins_with_its_own(race):
    race.controls["tries"].click()
    race.reset()
    assert tries_of(race) == []
    race.begin({"tries": [[1.0, 0.1]]})
    race.controls["tries"].click()
    race.reset()
    assert tries_of(race) == [[1.0, 0.1]]
    race.begin({})
    assert tries_of(race) == []


def test_before_the_networks_have_run_a_try_has_no_loss():
    shared_table.cache_clear()
    race = search_race(tries=[[1.0, 0.1]])
    assert race.sentence.startswith("You have made 1 of 12 tries. The networks of the map have not run yet; guessing")
    assert np.isnan(race.table["mine.loss"]).all()
    assert "nan" not in race.sentence


def test_the_race_says_what_the_reader_has_found_and_what_the_strategies_have(race):
    race.state = {"tries": [[GAINS[0], 0.1], [1.0, 0.1]]}
    race.finish()
    assert "You have made 2 of 12 tries, the best a loss of 0.1 at gain 1 and learning rate 0.1" in race.sentence
    medians = [np.median([found.losses.min() for found in race.job.searches[name]]) for name in STRATEGIES]
    assert "grid {}, random {}, Bayesian {}".format(*map(number, medians)) in race.sentence
    assert "the least loss of the three draws is 0.1, guessing costs 2.3." in race.sentence


def test_the_table_has_a_row_for_each_try_and_nothing_in_those_not_made(race):
    race.state = {"tries": [[GAINS[0], 0.1], [1.0, 0.1], [GAINS[-1], 0.1]]}
    race.finish()
    losses, best = race.table["mine.loss"], race.table["mine.best"]
    assert losses[0] > losses[1] == 0.1 < losses[2]
    assert best[:3].tolist() == [losses[0], 0.1, 0.1]
    assert np.isnan(losses[3:]).all()
    found = [search.best_so_far for search in race.job.searches["grid"]]
    np.testing.assert_array_equal(race.table["grid.median"], np.median(found, axis=0))


def test_the_legend_says_of_which_strategy_a_repeat_is_on_the_map(race):
    race.finish()
    (legend,) = canvas_of(race).figure.legends
    for repeat, words in ((0, "grid: 2 repeats, one of them on the map"), (2, "grid: 2 repeats")):
        race.state = {"strategy": "grid", "repeat": repeat}
        assert words in [text.get_text() for text in legend.texts]


def test_the_searches_of_a_race_are_those_of_tuning_by_repeat(race):
    race.finish()
    job: LossTable = race.job
    for name in STRATEGIES:
        expected = search(name, job.loss, SPACE, BUDGET, 1)
        assert job.searches[name][1].points == expected.points
    assert "median of 2 repeats" in race.sentence
    race.state = {"repeat": 1, "strategy": "grid"}
    assert race.error is None


# The picture of the batch sizes, and its explorer


SIZES = np.array([8, 15, 16, 17, 24])


def measured(middle: float, first: int = 5) -> Measured:
    values = np.where(np.arange(5) < first, middle * np.arange(1.0, 6.0), np.nan)
    return Measured(0.9 * values, values, 1.2 * values)


def test_powers_of_two_are_told_from_other_sizes():
    assert is_power_of_two(SIZES).tolist() == [True, False, True, False, False]


def test_a_power_of_two_is_compared_with_the_mean_of_its_neighbours():
    values = np.array([9.0, 2.0, 6.0, 4.0, 9.0])
    assert between_neighbours(SIZES, values) == {16: 2.0}


def test_the_comparison_says_how_a_power_of_two_stands_to_its_neighbours():
    speed = measured(1e6)
    sentence = describe(SIZES, speed, measured(0.2), "100 steps")
    assert "16: 1.00" in sentence  # 3 million, between 2 and 4
    assert "5 million, come at 24" in sentence


@pytest.mark.parametrize(("losses", "speeds"), [(0, 0), (2, 0), (5, 0), (5, 5)])
def test_the_comparison_speaks_of_what_is_there_already(losses, speeds):
    sentence = describe(SIZES, measured(1e6, speeds), measured(0.2, losses), "100 steps")
    assert ("Median loss" in sentence, "million" in sentence) == (losses == 5, speeds == 5)
    assert "nan" not in sentence


def test_a_loss_above_the_axis_stands_on_its_edge_and_powers_of_two_have_their_own_marker():
    job = BatchSizes(sizes=(8, 9), rounds=0, seeds=1)
    job.losses = lambda _after, _rule: Measured(*np.array([[0.1, 9.0], [0.2, np.inf], [0.3, np.inf]]))
    curves = batch_sizes.view(job, "steps", "same").curves
    for key, place, loss in (("powers", 8, 0.2), ("others", 9, 5.0)):
        x, y = curves[f"loss.{key}"]
        assert (x.tolist(), y.tolist()) == ([place], [loss])


def test_each_batch_size_runs_with_both_rates_which_agree_at_thirty_two():
    rates = {size: [trial.learning_rate for trial in sweep(size, 3, 2).trials] for size in (8, 32, 64)}
    assert rates[32] == [0.05] * 4
    assert rates[64] == [0.05, 0.05, 0.1, 0.1]
    assert rates[8] == [0.05, 0.05, 0.0125, 0.0125]


def test_the_job_measures_every_loss_and_every_round_of_speeds():
    job = BatchSizes(sizes=(128, 200), rounds=2, seeds=2)
    assert np.isnan(job.losses("steps", "same").median).all()
    while not job.finished:
        job.advance(0.2)
    assert job.done == job.total == 2 * (2 + 2)
    for after, rule in itertools.product(COMPARISONS, RULES):
        low, middle, high = job.losses(after, rule)
        assert np.all((low <= middle) & (middle <= high))
    assert np.all(job.speed().low > 0)
    np.testing.assert_array_equal(job.losses("examples", "same").median, job.losses("examples", "same").median)


def test_all_pictures_show_one_measurement_until_one_of_them_runs_anew(race, monkeypatch):
    for first, second in ((race, search_race()), (batch_sizes(), batch_sizes())):
        assert first.job is second.job
        monkeypatch.setattr(first, "run", lambda: None)
        first.run_anew()
        assert first.job is not second.job


def test_as_many_examples_are_as_many_for_every_size_to_half_a_batch():
    for size, job in BatchSizes().trainings["examples"].items():
        assert abs(job.total * size - 12_800) <= size / 2


def test_the_explorer_of_the_batch_sizes_says_what_it_waits_for():
    explorer = batch_sizes()
    assert "The losses of 0 of 17 batch sizes have been measured" in explorer.sentence
    for after, rates in itertools.product(COMPARISONS, RULES):
        explorer.state = {"after": after, "rates": rates}
        assert explorer.error is None
