"""What the page says about tuning: what each strategy finds in twelve tries, and what a batch size does."""

import functools
import math

import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts

from course import tuning
from course.pages.tuning.batch_sizes import RULES, SIZES, BatchSizes
from course.pages.tuning.search_race import BUDGET, GAINS, RATES, REPEATS, SEEDS, SETUP, SPACE, STEPS, LossTable
from course.training.history import LEARNED
from course.tuning import INITIAL_TRIES, STRATEGIES, Parameter, search


@functools.cache
def table() -> LossTable:
    found = LossTable()
    while not found.finished:
        found.advance(1.0)
    return found


def good_below() -> float:
    return LEARNED * table().guessing_loss


@functools.cache
def ends(strategy: str) -> np.ndarray:
    return np.array([found.losses.min() for found in table().searches[strategy]])


def medians(tries: int = BUDGET) -> dict[str, float]:
    searches = table().searches
    return {n: float(np.median([s.best_so_far[tries - 1] for s in searches[n]])) for n in STRATEGIES}


GIVES_AWAY = (r"(?i)median 0\.\d", r"(?i)(bayesian|model)[^.]* (wins|beats|below random)", r"(?i)random beats grid")
"""Which strategy ends lowest."""

# The Setting: darts


@pytest.mark.parametrize(
    ("share", "darts", "chance"), [(1 / 5, 2, 0.64), (1 / 5, 12, 0.0687), (1 / 20, 58, 0.0510), (1 / 20, 59, 0.0485)]
)
def test_the_chance_that_all_darts_miss(share, darts, chance):
    assert math.isclose((1 - share) ** darts, chance, abs_tol=5e-5)


def test_fifty_nine_tries_find_the_best_twentieth_with_95_percent_and_299_the_best_hundredth():
    for share, tries in ((1 / 20, 59), (1 / 100, 299)):
        assert math.ceil(math.log(0.05) / math.log(1 - share)) == tries
    assert math.isclose(math.log(0.05), -3, rel_tol=0.002)


# The problem and its table


def test_the_problem_is_the_one_that_the_page_describes():
    assert (SETUP.depth, SETUP.activation, SETUP.task, STEPS, BUDGET, INITIAL_TRIES, REPEATS) == (
        5,
        "relu",
        "digits",
        150,
        12,
        4,
        50,
    )
    assert (len(GAINS), len(RATES), SEEDS) == (13, 17, 3)
    assert list(SPACE.items()) == [("gain", (0.25, 4.0, True)), ("learning_rate", (0.001, 10.0, True))]
    assert tuning.grid_sides(12, 2) == [4, 3]
    assert REPEATS * len(STRATEGIES) * BUDGET == 1800
    assert GAINS[6] == 1.0


@pytest.mark.long
def test_about_a_fifth_of_the_map_is_good_and_with_hes_own_gain_about_twice_as_large_a_share():
    good = table().losses < good_below()
    assert 0.15 < good.mean() < 0.22
    assert 1.6 < good[:, 6].mean() / good.mean() < 2.4


@pytest.mark.long
def test_some_runs_diverge_and_count_as_guessing():
    history = table().training.history
    assert np.any(history.diverged_at >= 0)
    assert not np.isnan(table().losses).any()
    assert table().losses.max() == pytest.approx(history.guessing_loss)


# Random points and the grid


@pytest.mark.long
def test_random_search_misses_as_often_as_the_share_of_the_box_says():
    share = np.mean(search("random", table().loss, SPACE, 4000).losses < good_below())
    missed = np.mean(
        [search("random", table().loss, SPACE, 12, seed).losses.min() > good_below() for seed in range(1000)]
    )
    chance = (1 - share) ** 12
    of_the_share = 12 * (1 - share) ** 11 * math.sqrt(share * (1 - share) / 4000)  # p is itself measured
    assert abs(missed - chance) < 5 * math.hypot(math.sqrt(chance * (1 - chance) / 1000), of_the_share)
    assert 0.03 < chance < 0.12


@pytest.mark.parametrize(("strategy", "rates"), [("grid", 3), ("random", 9)])
def test_nine_tries_are_so_many_values_of_the_one_setting_that_matters(strategy, rates):
    unit = {"gain": Parameter(0.0, 1.0), "rate": Parameter(0.0, 1.0)}
    assert len({point["rate"] for point in search(strategy, lambda _point: 0.0, unit, 9).points}) == rates


def miss(strategy: str, right: float, seed: int) -> float:
    unit = {"gain": Parameter(0.0, 1.0), "rate": Parameter(0.0, 1.0)}
    return search(strategy, lambda point: abs(point["rate"] - right), unit, 9, seed).losses.min()


@asserts("Random search beats a grid")
def test_where_one_setting_matters_a_grid_of_nine_misses_by_a_twelfth_and_random_points_by_less():
    right = (np.arange(1000) + 0.5) / 1000
    means = {name: np.mean([miss(name, r, seed) for seed, r in enumerate(right)]) for name in ("grid", "random")}
    assert math.isclose(means["grid"], 1 / 12, rel_tol=1e-3)
    # E min |U_i − t| = ∫∫ P(no point within d of t) dd dt, over t and d, by the midpoint rule.
    d, t = np.meshgrid(right, right)
    covered = np.minimum(t + d, 1) - np.maximum(t - d, 0)
    expected = np.mean((1 - covered) ** 9)
    assert round(expected, 3) == 0.055
    assert abs(means["random"] - expected) < 5 * 0.055 / math.sqrt(1000)  # about as wide as an exponential


@pytest.mark.long
def test_in_the_race_the_grid_falls_sooner_than_random_search_and_both_end_close_together():
    assert medians(3)["grid"] < medians(3)["random"]
    assert abs(medians()["grid"] - medians()["random"]) < 0.1


@pytest.mark.long
def test_the_grid_has_a_good_point_for_every_draw_of_the_weights_so_it_never_misses():
    points = search("grid", lambda _point: 0.0, SPACE, BUDGET).points
    for seed in range(SEEDS):
        assert min(table().loss(point, seed) for point in points) < good_below()
    assert ends("grid").max() < good_below()


@pytest.mark.long
def test_random_search_fails_in_some_repeats_and_comes_lower_than_any_grid_in_its_lucky_ones():
    assert np.sum(ends("random") > good_below()) >= 1
    assert np.quantile(ends("random"), 0.1) < np.quantile(ends("grid"), 0.1)


@pytest.mark.long
def test_four_random_rates_with_gain_1_do_better_than_twelve_tries_in_the_large_box_and_never_fail():
    line = {"learning_rate": Parameter(0.02, 0.5, log=True)}
    found = np.array(
        [
            search("random", lambda p, s=s: table().loss({"gain": 1.0} | p, s % 3), line, 4, s).losses.min()
            for s in range(50)
        ]
    )
    assert np.median(found) < 0.9 * min(medians()["grid"], medians()["random"])
    assert abs(np.median(found) - medians()["bayesian"]) < 0.05
    assert found.max() < good_below()


# Bayesian optimization


def test_three_places_and_what_they_promise():
    mean, std = np.array([0.24, 0.30, 0.90]), np.array([0.01, 0.15, 0.60])
    np.testing.assert_allclose(tuning.expected_improvement(mean, std, 0.25), [0.011, 0.038, 0.043], atol=5e-4)
    below = 0.5 * math.erfc((0.90 - 0.25) / 0.60 / math.sqrt(2))
    assert abs(below - 1 / 7) < 0.01


@asserts("Bayesian optimization with")
@pytest.mark.long
def test_bayesian_optimization_ends_lowest_in_the_median_and_below_random_search_in_most_repeats():
    assert medians()["bayesian"] < 0.85 * min(medians()["grid"], medians()["random"])
    below, above = np.sum(ends("bayesian") < ends("random")), np.sum(ends("bayesian") > ends("random"))
    assert below > 2 * above


@asserts("Bayesian optimization with")
@pytest.mark.long
def test_bayesian_optimization_is_no_guarantee_but_fails_less_often_than_random_search():
    failed = {name: np.sum(ends(name) > good_below()) for name in ("bayesian", "random")}
    assert 1 <= failed["bayesian"] <= failed["random"]


@pytest.mark.long
def test_four_random_tries_with_hes_gain_end_below_twelve_of_the_grid_and_of_random_search_and_never_fail():
    line = {"learning_rate": Parameter(0.02, 0.5, log=True)}

    def line_search(repeat: int) -> float:
        def loss(point: dict[str, float]) -> float:
            return table().loss({"gain": 1.0} | point, repeat % SEEDS)

        return search("random", loss, line, 4, repeat).losses.min()

    found = np.array([line_search(repeat) for repeat in range(REPEATS)])
    assert np.median(found) < min(medians()["grid"], medians()["random"])
    assert found.max() < good_below()


@pytest.mark.long
def test_the_small_box_of_exercise_3_gives_a_good_setting_in_at_least_95_of_100_searches():
    box = {"gain": Parameter(0.8, 1.25, log=True), "learning_rate": Parameter(0.02, 0.5, log=True)}
    found = [search("random", table().loss, box, 6, seed).losses.min() for seed in range(100)]
    assert np.sum(np.array(found) < good_below()) >= 95


@pytest.mark.long
def test_of_rates_drawn_uniformly_nine_in_ten_are_above_1_where_this_network_with_hes_gain_learns_nothing():
    assert math.isclose((10 - 1) / (10 - 0.001), 0.9, rel_tol=1e-3)
    above = np.array(RATES) > 1
    assert np.all(table().losses[:, 6, above] > good_below())


def test_the_report_of_exercise_4_says_a_half_where_it_was_a_third():
    losses = np.array([0.3] * 4 + [2.3] * 4 + [np.inf] * 4)
    assert math.isclose(np.mean(losses < 1), 1 / 3)
    assert np.mean(losses[np.isfinite(losses)] < 1) == 0.5


# Batch sizes: the losses (speeds are those of a machine, and the page says so)


@functools.cache
def batches() -> BatchSizes:
    job = BatchSizes(sizes=(8, 31, 32, 33, 256), rounds=0)
    while not job.finished:
        job.advance(1.0)
    return job


def loss(size: int, after: str, rule: str) -> float:
    return float(batches().losses(after, rule).median[batches().sizes.index(size)])


@pytest.mark.long
def test_there_are_seventeen_sizes_and_sixteen_networks():
    assert len(SIZES) == 17
    assert {len(job.trials) for jobs in batches().trainings.values() for job in jobs.values()} == {16}


@pytest.mark.long
def test_as_many_examples_are_1600_steps_of_size_8_and_50_of_size_256():
    assert [batches().trainings["examples"][size].total for size in (8, 256)] == [1600, 50]


@asserts("The batch size should be")
@pytest.mark.long
@pytest.mark.parametrize("after", ["examples", "steps"])
@pytest.mark.parametrize("rule", RULES)
def test_thirty_two_differs_from_its_neighbours_by_far_less_than_its_seeds_do(after, rule):
    low, _, high = (values[batches().sizes.index(32)] for values in batches().losses(after, rule))
    neighbours = (loss(31, after, rule) + loss(33, after, rule)) / 2
    assert abs(loss(32, after, rule) - neighbours) < (high - low) / 4


@pytest.mark.long
def test_after_as_many_examples_with_one_rate_small_batches_win_by_far():
    assert loss(256, "examples", "same") > 5 * loss(8, "examples", "same")
    assert loss(8, "examples", "same") < loss(32, "examples", "same") < loss(256, "examples", "same")


@pytest.mark.long
def test_after_as_many_steps_with_one_rate_large_batches_win_by_less_and_less():
    small, middle, large = (loss(size, "steps", "same") for size in (8, 32, 256))
    assert small > middle > large
    assert middle / large < small / middle


@asserts("With the batch, multiply")
@pytest.mark.long
def test_with_a_rate_in_proportion_to_the_batch_the_difference_is_gone_from_8_to_256():
    losses = batches().losses("examples", "proportional")
    assert losses.median.max() < 1.4 * losses.median.min()
    assert losses.low.max() < losses.median.min()  # the ranges of the seeds overlap, all of them


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Twelve tries by hand": {
        "twelve tries": lambda: BUDGET == 12,
    },
    "The grid": {
        "Four gains, three learning rates": lambda: tuning.grid_sides(BUDGET, 2) == [4, 3],
        "no repeat fails": lambda: not seen.fails("grid").any(),
    },
    "Random points that all miss": {
        "none in the good part": lambda: bool(seen.fails("random")[30]),
        "0.8": lambda: 1 - 1 / 5,
        "power 12": lambda: BUDGET,
        "7 %": lambda: 100 * 0.8**12,
    },
    "What a model does": {
        "the same first four tries": lambda: (
            seen.searches("random")[30].points[:4] == seen.searches("bayesian")[30].points[:4]
        ),
    },
    "A power of two?": {
        "32,": lambda: 32 if 32 in SIZES else 0,
        "64,": lambda: 64 if 64 in SIZES else 0,
        "128.": lambda: 128 if 128 in SIZES else 0,
        "small batches win here": lambda: bool(seen.batch_losses("A power of two?").argmin() == 0),
    },
    "As many steps": {
        "100": "Median loss after 100 steps",
        "The order is reversed": lambda: bool(seen.batch_losses("As many steps").argmax() == 0),
    },
    "A rate for each batch": {
        "No more than two seeds differ": lambda: (
            seen.batch_losses("A rate for each batch").max() < 1.4 * seen.batch_losses("A rate for each batch").min()
        ),
    },
}
