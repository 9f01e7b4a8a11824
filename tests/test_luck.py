"""The exact law of a ReLU network's luck against its own sums, and against networks that were drawn."""

import math

import numpy as np
import pytest
from claims import asserts

from course import initializers
from course.probes import luck as measured
from course.theory import finite_width, luck


def factors(distribution, width, draws):
    """One layer's factor, thrown as dice."""
    rng = np.random.default_rng(0)
    units_on = rng.binomial(width, 0.5, size=draws)
    if distribution == "normal":
        return 2 / width * rng.chisquare(units_on)
    return 2 * rng.beta(units_on / 2, (width - units_on) / 2)


@pytest.mark.parametrize("distribution", luck.DISTRIBUTIONS)
@pytest.mark.parametrize("width", [32, 64, 100])  # narrower layers are all off, or all on, now and then
def test_the_law_is_that_of_dice(distribution, width):
    drawn = factors(distribution, width, 200_000)
    assert abs(drawn.mean() - 1) < 5 * drawn.std() / math.sqrt(len(drawn))
    error = np.std((drawn - 1) ** 2) / math.sqrt(len(drawn))
    assert abs(drawn.var() - luck.relu_factor_variance(width, distribution)) < 5 * error
    logs, law = np.log(drawn), luck.relu_log_factor(width, distribution)
    assert abs(logs.mean() - law.mean) < 5 * logs.std() / math.sqrt(len(logs))
    assert abs(logs.var() - law.variance) < 5 * np.std((logs - law.mean) ** 2) / math.sqrt(len(logs))


def test_two_units_can_be_counted_by_hand():
    # K = 1 with chance 2/3 and K = 2 with 1/3, given that not both are off. ψ(1/2) = −γ − 2 log 2, ψ(1) = −γ.
    digamma, trigamma = [-np.euler_gamma - 2 * math.log(2), -np.euler_gamma], [math.pi**2 / 2, math.pi**2 / 6]
    mean = (2 * digamma[0] + digamma[1]) / 3
    spread = (2 * (digamma[0] - mean) ** 2 + (digamma[1] - mean) ** 2) / 3
    law = luck.relu_log_factor(2)
    assert law.mean == pytest.approx(mean + math.log(2), rel=1e-12)
    assert law.variance == pytest.approx((2 * trigamma[0] + trigamma[1]) / 3 + spread, rel=1e-12)


@pytest.mark.parametrize(("distribution", "factor"), [("normal", 5), ("orthogonal", 3)])
def test_a_wide_layer_adds_five_or_three_over_its_width(distribution, factor):
    law = luck.relu_log_factor(10_000, distribution)
    assert law.variance == pytest.approx(factor / 10_000, rel=2e-3)
    assert law.mean == pytest.approx(-factor / 20_000, rel=2e-3)


def test_the_law_agrees_with_the_theory_of_finite_width():
    general = finite_width.log_variances("relu", 50, 100, 2.0).activations[-1]
    # That theory takes each layer's mean square for a gamma variable: right to the first order in 1/width.
    assert 50 * luck.relu_log_factor(100).variance == pytest.approx(general, rel=5 / 100)


@pytest.mark.long
@pytest.mark.parametrize("distribution", luck.DISTRIBUTIONS)
@pytest.mark.parametrize("width", [32, 64])
def test_drawn_networks_follow_the_law(distribution, width):
    kept = np.log(measured.relu_draws(0, width=width, draws=400, distribution=distribution)[:, width // 2 - 1])
    law, depth = luck.relu_log_factor(width, distribution), width // 2
    error = math.sqrt(depth * law.variance / 400)
    assert abs(kept.mean() - depth * law.mean) < 5 * error
    assert abs(kept.var() - depth * law.variance) < 5 * np.std((kept - kept.mean()) ** 2) / 20
    # The median of a normal sample has an error 1.25 times that of its mean; exp(mean) is its value but for the skew.
    assert abs(np.median(kept) - math.log(luck.relu_median(depth, width, distribution))) < 5 * 1.25 * error


def test_matrices_that_are_written_out_are_as_lucky_as_those_that_are_not():
    width, draws, rng = 32, 2000, np.random.default_rng(1)
    signal = rng.normal(size=width)
    kept = []
    for _draw in range(draws):
        weights = math.sqrt(2 / width) * initializers.array_noise(rng, "orthogonal", (width, width))
        kept.append(np.sum(np.maximum(signal @ weights, 0) ** 2) / np.sum(signal**2))
    kept = np.array(kept)
    assert abs(kept.mean() - 1) < 5 * kept.std() / math.sqrt(draws)
    error = np.std((kept - 1) ** 2) / math.sqrt(draws)
    assert abs(kept.var() - luck.relu_factor_variance(width, "orthogonal")) < 5 * error


@asserts("The spread of a ReLU network's")
def test_with_unequal_widths_the_sum_of_their_reciprocals_counts():
    rng, widths, logs = np.random.default_rng(0), (20, 80, 40, 30), []
    for _draw in range(2000):
        signal = np.ones(20)
        for width in widths:
            weights = rng.normal(size=(len(signal), width)) * math.sqrt(2 / len(signal))
            signal = np.maximum(signal @ weights, 0)
        logs.append(math.log(np.mean(signal**2)))
    logs, laws = np.array(logs), [luck.relu_log_factor(width) for width in widths]
    variance = sum(law.variance for law in laws)
    assert abs(logs.mean() - sum(law.mean for law in laws)) < 5 * logs.std() / math.sqrt(len(logs))
    assert abs(logs.var() - variance) < 5 * np.std((logs - logs.mean()) ** 2) / math.sqrt(len(logs))
    # What 5 / width leaves out is of first order in 1/width, here 1/20 at most, with a factor of some units.
    assert variance == pytest.approx(sum(5 / width for width in widths), rel=5 / 20)


def same_turn(rows):
    """Turn all these rows by one and the same matrix: the generator is begun anew for each."""
    return np.concatenate([measured.turned(np.random.default_rng(7), row[None]) for row in rows])


def test_a_turn_is_linear_and_keeps_every_length_and_angle():
    matrix = same_turn(np.eye(12))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(12), atol=1e-12)
    row = np.arange(12.0)[None]
    np.testing.assert_allclose(same_turn(row), row @ matrix, atol=1e-12)


def test_turns_are_uniform_over_all_orthogonal_matrices():
    size, draws = 5, 4000
    turns = measured.turned(np.random.default_rng(0), np.eye(size)[:1].repeat(draws, 0))
    # Each entry of a uniform direction has mean 0, E[x²] = 1/n and E[x⁴] = 3/(n(n+2)).
    for power, expected in ((1, 0.0), (2, 1 / size), (4, 3 / (size * (size + 2)))):
        values = turns**power
        assert np.all(np.abs(values.mean(axis=0) - expected) < 5 * values.std(axis=0) / math.sqrt(draws))
    traces = []
    for seed in range(500):
        rows = [measured.turned(np.random.default_rng(seed), row[None])[0] for row in np.eye(size)]
        traces.append(np.trace(rows))
    traces = np.array(traces)
    # The trace of a uniform orthogonal matrix has mean 0 and variance 1 (Diaconis and Shahshahani 1994).
    assert abs(traces.mean()) < 5 * traces.std() / math.sqrt(len(traces))
    assert abs(traces.var() - 1) < 5 * np.std(traces**2) / math.sqrt(len(traces))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: luck.relu_log_factor(1), "width is 1; allowed is a whole number from 2 to 10000"),
        (lambda: luck.relu_log_factor(2.5), "width is 2.5"),
        (lambda: luck.relu_log_factor(10, "uniform"), "distribution is 'uniform'; allowed are normal, orthogonal"),
        (lambda: luck.relu_median(0, 10), "depth is 0"),
        (lambda: measured.relu_draws(0, width=300, distribution="orthogonal"), "width.*300"),
        (lambda: measured.relu_draws(0, width=16, draws=0, distribution="orthogonal"), "draws.*not 0"),
        (lambda: measured.relu_draws(0, width=16, distribution="cauchy"), "distribution.*'cauchy'"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
