"""What the page says about ReLU and He (Kaiming) initialization, measured on drawn networks."""

import functools
import math

import jax
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from samples import assert_mean, gradient_ratio

from course import initializers, probes, theory
from course.activations import leaky_relu
from course.initializers import Scheme
from course.probes.spread import he_relu_draws

DEPTH, WIDTH = 50, 100
DIVIDED = Scheme("divided", "Xavier's bound, divided by 2", 1 / 4, "fan_avg", "uniform", "CSDN, 2022-02-07")
LAYERS = np.arange(1, DEPTH + 1)


def measured(seed, scheme="he_normal", activation="relu", depth=DEPTH, width=WIDTH, **others):
    return probes.measure(seed, depth=depth, width=width, activation=activation, scheme=scheme, **others)


def mean_squares(seed, scheme="he_normal", **others):
    return measured(seed, scheme, **others).activation_rms ** 2


GIVES_AWAY = (
    r"8\.9.{0,12}-16",
    r"9\.8.{0,12}-0?4",
    r"ReLU (halves|keeps half|keeps 0\.50)",
    r"half of (the|its) (signal|mean square|signal's mean square)",
    r"1\.25",
)
"""That ReLU keeps half of the mean square, and what is left of it after 10 and 50 layers."""


# The halving


def test_four_symmetric_numbers_keep_half_of_their_mean_square_and_less_of_their_variance():
    z = np.array([-2.0, -1.0, 1.0, 2.0])
    h = np.maximum(z, 0)
    assert (np.mean(z**2), np.mean(h**2), z.var(), h.var()) == (2.5, 1.25, 2.5, 0.6875)


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
def test_relu_halves_the_mean_square_of_every_symmetric_distribution(distribution):
    z = np.asarray(initializers.noise(jax.random.key(0), distribution, (1000, 1000)), float).ravel()
    assert_mean(np.maximum(z, 0) ** 2 - z**2 / 2, 0.0)


def test_relu_leaves_a_variance_of_0341_and_the_next_layer_takes_the_mean_square():
    mean, second_moment = (f("relu", 1, 1.0)[0] for f in (theory.activation_means, theory.activation_second_moments))
    assert second_moment == pytest.approx(1 / 2, rel=1e-11)
    assert mean == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-11)
    assert second_moment - mean**2 == pytest.approx(0.341, abs=5e-4)
    runs = [measured(seed, depth=2) for seed in range(200)]
    by_mean_square = [run.preactivation_variance[1] / (2 * run.activation_rms[0] ** 2) for run in runs]
    by_variance = [
        run.preactivation_variance[1] / (2 * (run.activation_rms[0] ** 2 - run.activation_mean[0] ** 2)) for run in runs
    ]
    # The preactivations have a mean in each network, from the mean of its activations, and none over networks:
    # a unit's mean has variance 2 E[h]² = 0.32 Var z, and the mean over 100 units a hundredth of that.
    assert np.mean(by_mean_square) == pytest.approx(1, abs=0.0064 + 5 * np.std(by_mean_square) / math.sqrt(200))
    assert np.mean(by_variance) > 1.4


# He's rule


@asserts("For ReLU the weights' std")
def test_he_is_a_normal_of_std_root_2_over_fan_in_or_a_uniform_of_bound_root_6_over_fan_in():
    for scheme in ("he_normal", "he_uniform"):
        assert initializers.standard_deviation(scheme, (100, 300)) == pytest.approx(math.sqrt(2 / 100), rel=1e-12)
    uniform = abs(np.asarray(initializers.draw(jax.random.key(0), "he_uniform", (100, 10_000))))
    assert uniform.max() <= math.sqrt(6 / 100) * (1 + 1e-6)
    assert uniform.max() > math.sqrt(6 / 100) * (1 - 2e-5)  # the chance that a million stay below is e^-20


@asserts("For ReLU the weights' std")
def test_jaxs_he_normal_is_a_truncated_normal_of_the_same_std():
    w = np.asarray(jax.nn.initializers.he_normal()(jax.random.key(0), (1000, 1000))) / math.sqrt(2 / 1000)
    assert_mean(w**2, 1.0)
    assert abs(w).max() == pytest.approx(2.27, abs=0.005)
    ours = np.asarray(initializers.draw(jax.random.key(0), "he_normal", (1000, 1000))) / math.sqrt(2 / 1000)
    assert abs(ours).max() > 4


@pytest.mark.parametrize("scheme", ["he_normal", "he_uniform"])
def test_he_keeps_signal_and_gradient_in_the_mean_over_draws(scheme):
    runs = [measured(seed, scheme, depth=10) for seed in range(60)]
    assert_mean([run.activation_rms[-1] ** 2 for run in runs], 1.0)
    assert_mean([gradient_ratio(run) for run in runs], 1.0)


# What other starts do to ReLU


@asserts("A linear layer is initialized")
@pytest.mark.parametrize(
    ("scheme", "he", "factor"),
    [
        ("glorot_normal", "he_normal", 1 / 2),
        ("glorot_uniform", "he_uniform", 1 / 2),
        ("standard_uniform", "he_uniform", 1 / 6),
        (DIVIDED, "he_uniform", 1 / 8),
    ],
)
def test_every_other_start_is_he_times_a_power(scheme, he, factor):
    # ReLU carries a factor on the weights through: the same draw, scaled, gives the same network, scaled.
    # 50 layers of float32 arithmetic may each be off by about 1e-6.
    ratio = mean_squares(3, scheme) / mean_squares(3, he)
    assert ratio == pytest.approx(factor**LAYERS, rel=1e-4)
    runs = [mean_squares(seed, scheme, depth=10)[-1] for seed in range(40)]
    assert_mean(runs, factor**10)


@pytest.mark.parametrize(
    ("weight_variance", "depth", "left"),
    [(1, 10, 9.8e-4), (1, 50, 8.9e-16), (1 / 3, 10, 1.7e-8), (1 / 4, 10, 9.3e-10)],
)
def test_what_is_left_is_what_the_page_says(weight_variance, depth, left):
    predicted = theory.activation_second_moments("relu", depth, weight_variance)[-1]
    assert predicted == pytest.approx(left, rel=0.03)


@asserts("Half of the units are off")
def test_the_wrong_bound_is_half_of_xaviers_and_falls_by_8_a_layer():
    shape = (WIDTH, WIDTH)
    bound = math.sqrt(3) * initializers.standard_deviation(DIVIDED, shape)
    assert bound == pytest.approx(math.sqrt(6) / (2 * math.sqrt(WIDTH + WIDTH)), rel=1e-12)
    assert theory.activation_second_moments("relu", 1, WIDTH * bound**2 / 3)[0] == pytest.approx(1 / 8, rel=1e-11)


@asserts("A linear layer is initialized")
def test_pytorchs_biases_keep_the_output_from_zero_and_do_not_depend_on_the_input():
    settings = {"scheme": "standard_uniform", "bias_variance": 1 / (3 * WIDTH)}
    digits, noise = (mean_squares(0, inputs=inputs, **settings) for inputs in ("digits", "gaussian"))
    assert digits[-1] == pytest.approx(noise[-1], rel=1e-4)
    assert digits[-1] > 1e-4 > mean_squares(0, "standard_uniform")[-1]


# Leaky ReLU


@asserts("The gain for leaky ReLU is")
def test_leaky_relu_of_slope_01_has_this_gain_mean_second_moment_and_variance():
    leaky = leaky_relu(0.1)
    h = leaky.array_function(np.random.default_rng(2).normal(size=1_000_000))
    mean, second_moment = theory.activation_means(leaky, 1, 1.0)[0], theory.activation_second_moments(leaky, 1, 1.0)[0]
    assert theory.gain(leaky) == pytest.approx(math.sqrt(2 / (1 + 0.1**2)), rel=1e-11)
    assert theory.gain(leaky) == pytest.approx(1.4072, abs=5e-5)
    assert (mean, second_moment, second_moment - mean**2) == pytest.approx((0.359, 0.505, 0.376), abs=5e-4)
    assert_mean(h, mean)
    assert_mean(h**2, second_moment)
    assert_mean((h - h.mean()) ** 2, second_moment - mean**2)


@pytest.mark.parametrize(("gain", "factor"), [(math.sqrt(2 / 1.25), 1.0), (math.sqrt(2), 1.25)])
def test_leaky_networks_keep_the_mean_square_with_their_own_gain_and_not_with_relus(gain, factor):
    rng, leaky, left = np.random.default_rng(3), leaky_relu(0.5), []
    for _draw in range(200):
        h = np.ones(WIDTH)
        for _layer in range(10):
            h = leaky.array_function(h @ rng.normal(0, gain / math.sqrt(WIDTH), (WIDTH, WIDTH)))
        left.append(np.mean(h**2))
    assert_mean(left, factor**10)


# He on tanh


def test_he_makes_tanhs_gradient_grow_and_xavier_makes_it_shrink():
    assert theory.fixed_point("tanh", 2.0) == pytest.approx(0.62, abs=0.005)
    assert theory.chi("tanh", 2.0) == pytest.approx(1.106, abs=5e-4)
    for scheme, weight_variance, expected in (("he_normal", 2.0, 59), ("glorot_normal", 1.0, 0.015)):
        predicted = theory.gradient_variances("tanh", DEPTH, weight_variance)[0]
        assert predicted == pytest.approx(expected, rel=0.03)
        stray = np.log(gradient_ratio(measured(0, scheme, "tanh")) / predicted)
        assert abs(stray) < 5 * math.sqrt(5 * DEPTH / WIDTH)  # no more than ReLU's, whose slopes scatter most


def test_a_hundred_tanh_layers_grow_8900_times_which_is_more_than_the_square_of_what_fifty_do():
    fifty, hundred = (theory.gradient_variances("tanh", depth, 2.0)[0] for depth in (50, 100))
    assert hundred == pytest.approx(8900, rel=0.01)
    assert hundred > 2 * fifty**2  # the first layers, whose signal has not settled yet, multiply it by less


def test_he_on_tanh_saturates_more_than_xavier():
    he, glorot = (measured(0, scheme, "tanh").saturated_share[0] for scheme in ("he_normal", "glorot_normal"))
    assert he == pytest.approx(0.13, abs=0.02)
    assert glorot == pytest.approx(0.03, abs=0.01)


# "He keeps the signal at every depth"


@functools.cache
def left_by_400_draws():
    return np.array([mean_squares(seed, batch=1)[-1] for seed in range(400)])


@functools.cache
def dice(depth, width, draws=100_000):
    """The exact law for one input: each layer multiplies by 2/n times a χ² of as many degrees as units are on."""
    rng, logarithm = np.random.default_rng(0), np.zeros(draws)
    for _layer in range(depth):
        logarithm += np.log(2 / width * rng.chisquare(rng.binomial(width, 0.5, draws)))
    return logarithm


@pytest.mark.long
@asserts("He initialization keeps the")
def test_he_keeps_the_mean_square_in_the_mean_over_draws_at_depth_50():
    assert_mean(left_by_400_draws(), 1.0)


@pytest.mark.long
@asserts("He initialization keeps the")
@pytest.mark.parametrize(("quantile", "share"), [(0.284, 0.5), (0.035, 0.1), (2.2, 0.9)])
def test_a_single_draw_strays_median_028_and_eight_of_ten_from_0035_to_22(quantile, share):
    exact = np.exp(dice(DEPTH, WIDTH))
    assert np.mean(exact < quantile) == pytest.approx(share, abs=0.005)
    spread = math.sqrt(share * (1 - share) / 400)
    assert np.mean(left_by_400_draws() < quantile) == pytest.approx(share, abs=0.005 + 5 * spread)


@asserts("He initialization keeps the")
@pytest.mark.parametrize(("depth", "width"), [(50, 100), (10, 100), (50, 1000)])
def test_the_logarithms_variance_grows_as_about_5_depth_over_width(depth, width):
    assert np.var(dice(depth, width)) == pytest.approx(5 * depth / width, rel=0.05)


def test_the_drawn_networks_scatter_as_the_dice_do():
    variance = np.var(np.log(left_by_400_draws()), ddof=1)
    assert variance == pytest.approx(np.var(dice(DEPTH, WIDTH)), rel=5 * math.sqrt(2 / 399))


def test_the_first_network_that_the_page_shows_is_level_up_to_layer_35_and_then_strays():
    left = mean_squares(0, width=128)
    assert np.abs(np.log10(left[:35])).max() < 0.5
    assert left[-1] < 0.1


def test_one_factor_of_the_dice_has_mean_1_and_variance_5_over_width():
    factors = np.exp(dice(1, WIDTH))
    assert_mean(factors, 1.0)
    assert_mean((factors - 1) ** 2, 5 / WIDTH)


# Two inputs become one


COSINES = {1: 0.318, 2: 0.494, 5: 0.736, 10: 0.872, 20: 0.948, 50: 0.988, 100: 0.996}


@asserts("In a deep ReLU network different")
def test_theory_brings_orthogonal_inputs_together_as_the_page_says():
    predicted = theory.correlations("relu", 100, 2.0)
    assert predicted[0] == pytest.approx(1 / math.pi, rel=1e-9)
    assert {layer: round(float(predicted[layer - 1]), 3) for layer in COSINES} == COSINES


@asserts("In a deep ReLU network different")
def test_two_orthogonal_inputs_come_together_in_drawn_networks():
    rng, width, cosines = np.random.default_rng(4), 256, []
    for _network in range(20):
        pair, row = np.kron(np.eye(2), np.ones(width // 2)), []
        for _layer in range(50):
            pair = np.maximum(pair @ rng.normal(0, math.sqrt(2 / width), (width, width)), 0)
            row.append(pair[0] @ pair[1] / np.linalg.norm(pair[0]) / np.linalg.norm(pair[1]))
        cosines.append(row)
    cosines = np.array(cosines)
    for layer in (1, 2, 5, 10, 20, 50):
        assert_mean(cosines[:, layer - 1], COSINES[layer])


# The exercises


def test_xavier_with_a_gain_of_root_2_keeps_relus_mean_square():
    assert_mean([mean_squares(seed, "glorot_uniform", gain=math.sqrt(2), depth=10)[-1] for seed in range(40)], 1.0)


@pytest.mark.long
def test_at_width_16_and_depth_100_more_than_half_of_the_draws_lose_over_99_percent():
    left = np.array([mean_squares(seed, depth=100, width=16, batch=1)[-1] for seed in range(50)])
    assert np.mean(left < 0.01) > 0.5
    assert np.var(np.log(left)) > 20  # about 42 in the limit of many draws


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "He initialization, ReLU": {
        "the half": lambda: math.isclose(theory.gain("relu") ** -2, 0.5),
        "layer 35": lambda: np.all(abs(np.log2(seen.he_path(0)[:35])) < 1) and 35,
        "layer 50": "layer 50",
        "less than a tenth": lambda: seen.he_path(0)[-1] < 0.1,
    },
    "Xavier's weights, then He's": {
        "8.9e-16": lambda: seen.mean_squares("relu", 50, 1.0)[-1],
        "after 50": "layer 50",
        "1.41": lambda: theory.gain("relu"),
    },
    "He initialization, tanh": {
        "0.31": "(theory: 0.31)",
        "layer 50": "layer 50",
        "0.01.": lambda: seen.mean_squares("tanh", 50, 1.0)[-1],
        "1.106": lambda: theory.chi("tanh", 2.0),
        "59": "(theory: 59)",
        "0.015": lambda: seen.first_gradient("tanh", 50, 1.0),
        "100 layers": lambda: seen.first_gradient("tanh", 100, 2.0) > seen.first_gradient("tanh", 50, 2.0) > 10,
    },
    "Another seed": {
        "layer 50": "layer 50",
        "more than ten times apart": lambda: seen.he_path(1)[-1] > 10 * seen.he_path(0)[-1],
        "one above the line, one below": lambda: seen.he_path(1)[-1] > 1 > seen.he_path(0)[-1],
    },
    "A hundred networks": {
        "theory's 1 is": "(theory: 1)",
        "layer 50": "layer 50",
        "it lies below the band": lambda: bool(
            seen.he_path(0)[-1] < np.quantile(seen.last_mean_squares("he_normal"), 0.1)
        ),
        "the median is below": lambda: bool(np.median(seen.last_mean_squares("he_normal")) < 1),
        "a few large ones hold it up": lambda: bool(
            np.sort(seen.last_mean_squares("he_normal"))[-10:].sum() > 0.5 * seen.last_mean_squares("he_normal").sum()
        ),
    },
    "Narrower layers": {
        "promises, 1": "(theory: 1)",
        "Ten of": lambda: bool(np.sum(he_relu_draws(0, width=32)[:, 49] >= 1) == 10),
        "the 100 keep": "100 networks",
        "0.016": "half of them keep less than 0.016",
        "5.2e-04": "one in ten less than 5.2e-04",
    },
    "Narrow and deep": {
        "Theory's mean is still 1": "(theory: 1)",
        "2.3e-08": "half of them keep less than 2.3e-08",
        "One network": lambda: bool(np.sum(he_relu_draws(0, width=16)[:, 99] >= 1) == 1),
        "of the 100 does": "100 networks",
        "100 layers": "At layer 100",
        "that one makes nearly all": lambda: (
            he_relu_draws(0, width=16)[:, 99].max() > 0.9 * he_relu_draws(0, width=16)[:, 99].sum()
        ),
    },
}
