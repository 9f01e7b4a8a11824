"""What the page says about vanishing and exploding signals, measured on drawn networks."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from samples import assert_mean, gradient_ratio

from course import probes, theory

DEPTH, WIDTH = 50, 100
OPEN = 2.18  # |z| of a tanh unit whose slope is 5 % of the steepest


def measured(seed, activation="linear", std=1.0, depth=DEPTH, width=WIDTH):
    return probes.measure(seed, depth=depth, width=width, activation=activation, scheme="normal_1", gain=std)


GIVES_AWAY = (
    r"0\.64\b",
    r"2(\.0)?e-10",
    r"power of (fifty|the depth)|each factor|factors? multipl",
    r"3\^\{?-\w|a third (a|per|in every) layer",
)
"""What a layer of the prediction keeps, what fifty keep, and that factors multiply."""


# One layer, and many


@pytest.mark.parametrize(("std", "factor"), [(0.01, 0.01), (0.1, 1.0), (0.2, 4.0), (1.0, 100.0)])
def test_a_linear_layer_multiplies_signal_and_gradient_by_width_times_std_squared(std, factor):
    forward = theory.activation_second_moments("linear", 3, WIDTH * std**2)
    backward = theory.gradient_variances("linear", 3, WIDTH * std**2)
    assert forward == pytest.approx(factor ** np.array([1, 2, 3]), rel=1e-11)
    assert backward == pytest.approx(factor ** np.array([2, 1, 0]), rel=1e-11)
    runs = [measured(seed, std=std, depth=10) for seed in range(40)]
    assert_mean([stats.activation_rms[-1] ** 2 for stats in runs], factor**10)
    assert_mean([gradient_ratio(stats) for stats in runs], factor**9)


def test_the_formula_needs_neither_independent_inputs_nor_a_mean_of_zero():
    weights = np.random.default_rng(1).normal(0, 0.2, size=(100, 10_000))
    assert_mean((np.ones(100) @ weights) ** 2, 4.0)


def test_a_product_of_equal_factors_is_exponential_in_the_depth():
    layers = np.arange(1, DEPTH + 1)
    steps = np.diff(np.log(theory.activation_second_moments("linear", DEPTH, 64 * 0.1**2)))
    assert steps == pytest.approx(np.log(0.64), rel=1e-9)
    assert 0.64**50 < 1e-6 < 0.64**25
    assert theory.activation_second_moments("linear", DEPTH, 1.0) == pytest.approx(np.ones_like(layers), rel=1e-11)


def test_over_twenty_networks_a_typical_layer_keeps_063_where_the_mean_says_064():
    left = [measured(seed, std=0.1, width=64).activation_rms[-1] ** 2 for seed in range(20)]
    assert np.mean(np.power(left, 1 / DEPTH)) == pytest.approx(0.63, abs=0.005)


@pytest.mark.parametrize(("depth", "percent"), [(2, 77.8), (10, 12.2), (50, 2.3), (100, 1.2)])
def test_the_std_may_be_off_by_so_much_before_the_mean_square_is_off_by_ten(depth, percent):
    std = (1 + percent / 100) * WIDTH**-0.5
    rounding = 2 * depth * 5e-4  # the percentage is rounded to a tenth, and enters 2 · depth times
    assert theory.activation_second_moments("linear", depth, WIDTH * std**2)[-1] == pytest.approx(10, rel=rounding)


@pytest.mark.parametrize("width", [64, 128, 256])
def test_the_std_of_one_over_root_width_keeps_the_mean_square_through_fifty_layers(width):
    assert_mean([measured(seed, std=width**-0.5, width=width).activation_rms[-1] ** 2 for seed in range(15)], 1.0)


# What float32 makes of it


@asserts("Small Gaussian weights, std")
def test_width_100_and_std_1_overflow_at_layer_38_forward_and_twelve_layers_from_the_input_backward():
    stats = measured(0)
    assert np.argmax(np.isinf(stats.activation_rms)) + 1 == 38
    assert np.flatnonzero(np.isinf(stats.preactivation_gradient_variance))[-1] + 1 == 12


def test_whatever_the_seed_std_1_overflows_at_layer_38_or_39():
    layers = [np.argmax(np.isinf(measured(seed).activation_rms)) + 1 for seed in range(20)]
    assert set(layers) <= {38, 39}
    assert layers.count(38) > 10


def test_every_weight_gradient_overflows_even_where_signal_and_gradient_are_finite():
    stats = measured(0)
    middle = slice(13 - 1, 37)
    assert np.isfinite(stats.activation_rms[middle]).all()
    assert np.isfinite(stats.preactivation_gradient_variance[middle]).all()
    assert np.isinf(stats.weight_gradient_variance).all()


def test_float32_ends_where_the_page_says():
    limits = np.finfo(np.float32)
    assert float(limits.max) == pytest.approx(3.4e38, rel=0.01)
    assert float(limits.tiny) == pytest.approx(1.2e-38, rel=0.03)
    assert float(limits.smallest_subnormal) == pytest.approx(1.4e-45, rel=0.01)


@asserts("Small Gaussian weights, std")
@pytest.mark.parametrize("seed", range(10))
def test_where_denormals_are_kept_std_001_is_exactly_zero_at_layer_45_or_46(seed):
    rng = np.random.default_rng(seed)
    signal, layers = np.ones(WIDTH, np.float32), 0
    while signal.any():
        weights = rng.normal(0, 0.01, size=(WIDTH, WIDTH)).astype(np.float32)
        signal, layers = (signal[:, None] * weights).sum(axis=0), layers + 1
    assert layers in (45, 46)


def flushes_denormals():
    return float(jnp.multiply(np.float32(1e-30), np.float32(1e-10))) == 0


@pytest.mark.parametrize("seed", range(5))
def test_where_denormals_are_flushed_std_001_is_exactly_zero_at_layer_39(seed):
    first = np.argmax(measured(seed, std=0.01).activation_rms == 0) + 1
    assert first in ((39,) if flushes_denormals() else (45, 46, 47))
    assert np.float32(1e-30) * np.float32(1e-10) > 0  # NumPy keeps them


# What saturation makes of it


def test_tanh_below_one_over_root_width_loses_the_gradient_and_at_it_keeps_a_hundredth():
    for std, share in ((0.05, 2e-30), (0.1, 0.0146)):
        predicted = theory.gradient_variances("tanh", DEPTH, WIDTH * std**2)[0]
        assert predicted == pytest.approx(share, rel=0.05)
        stray = np.log(gradient_ratio(measured(0, "tanh", std)) / share)
        assert abs(stray) < 5 * np.sqrt(2 * DEPTH / WIDTH)  # each factor is a χ² of 100 over 100: variance 2/100


def test_with_82_percent_of_its_units_saturated_tanh_still_makes_the_gradient_explode():
    for seed in range(5):
        stats = measured(seed, "tanh", 1.0)
        assert stats.saturated_share[24] == pytest.approx(0.82, abs=0.02)
        assert gradient_ratio(stats) > 1e30
        assert stats.activation_rms.max() <= 1


def test_the_backward_factor_of_tanh_grows_like_root_width_times_std():
    for std in (2.0, 10.0, 100.0):
        assert theory.chi("tanh", WIDTH * std**2) == pytest.approx(0.53 * np.sqrt(WIDTH) * std, rel=0.03)


@asserts("Too large explodes, too small")
def test_tanh_explodes_at_four_and_vanishes_at_a_hundred_where_theory_explodes_at_both():
    for std in (4.0, 100.0):
        assert theory.gradient_variances("tanh", DEPTH, WIDTH * std**2)[0] > 1e60
    assert all(gradient_ratio(measured(seed, "tanh", 4.0)) > 1e40 for seed in range(5))
    assert all(measured(seed, "tanh", 100.0).preactivation_gradient_variance[0] == 0 for seed in range(5))
    # Whether a slope of 1 − tanh² is 0 or 1e-7 is a matter of rounding: one open door leaves a trace at std 30.
    assert all(measured(seed, "tanh", 30.0).preactivation_gradient_variance[0] < 1e-20 for seed in range(5))


def test_at_std_30_fewer_than_one_unit_of_a_layer_is_not_saturated():
    runs = [measured(seed, "tanh", 30.0) for seed in range(5)]
    assert 1 - np.mean([stats.saturated_share for stats in runs]) == pytest.approx(0.006, abs=0.001)
    drawn = probes.network(0, depth=DEPTH, width=WIDTH, activation="tanh", scheme="normal_1", gain=30.0)
    signal, closed = np.asarray(drawn.inputs)[:1], 0
    for weights in drawn.weights:
        preactivations = signal @ weights
        closed += (np.abs(preactivations) > OPEN).all()
        signal = np.tanh(preactivations)
    assert closed > DEPTH / 2


@asserts("Too large explodes, too small")
def test_sigmoid_loses_the_gradient_below_a_std_of_about_one_and_then_explodes_and_then_vanishes():
    ratios = {std: gradient_ratio(measured(0, "sigmoid", std)) for std in (0.1, 0.5, 0.9, 1.0, 1.2, 4.0)}
    assert ratios[0.1] < 1e-50
    assert ratios[0.5] < 1e-10
    assert ratios[0.9] < 0.01 < ratios[1.0] < 1
    assert 10 < ratios[1.2] < 1e15 < ratios[4.0]
    assert measured(0, "sigmoid", 100.0).preactivation_gradient_variance[0] == 0


# A good start


@asserts("A good initialization: no")
def test_no_saturated_and_no_zero_activations_sort_out_both_ends_and_leave_a_gradient_that_explodes():
    runs = {std: measured(0, "tanh", std) for std in (0.01, 0.05, 0.1, 0.2, 1.0)}
    assert runs[0.01].activation_rms.min() == 0
    assert runs[0.05].activation_rms.min() < 1e-10
    assert runs[0.01].saturated_share.max() == runs[0.05].saturated_share.max() == 0
    assert runs[1.0].saturated_share.max() == pytest.approx(0.83, abs=0.02)
    assert runs[0.2].saturated_share.max() == pytest.approx(0.27, abs=0.02)
    assert runs[0.2].activation_rms.min() > 0.5
    assert gradient_ratio(runs[0.2]) > 1e6


@asserts("A good initialization: no")
def test_one_over_root_width_passes_all_three_conditions_best():
    stats = measured(0, "tanh", 0.1)
    assert stats.saturated_share.max() < 0.05
    assert stats.activation_rms.min() > 0.05
    assert 0.005 < gradient_ratio(stats) < 1


@asserts("Small Gaussian weights, std")
def test_small_gaussian_weights_suit_the_one_layer_of_an_rbm_and_kill_fifty():
    stats = measured(0, "sigmoid", 0.01)
    assert stats.saturated_share[0] == 0
    assert stats.activation_mean[0] == pytest.approx(0.5, abs=0.005)
    assert stats.preactivation_gradient_variance[0] == 0


# The exercises


def test_a_width_of_400_and_a_std_of_006_grow_by_about_1470_in_twenty_layers():
    assert theory.activation_second_moments("linear", 20, 400 * 0.06**2)[-1] == pytest.approx(1470, abs=5)


@pytest.mark.parametrize(("std", "passes"), [(0.09, False), (0.1, True), (0.11, True), (0.12, False)])
def test_the_window_of_good_stds_for_thirty_layers_of_tanh_is_narrow(std, passes):
    stats = measured(1, "tanh", std, depth=30)
    good = stats.saturated_share.max() <= 0.05 and stats.activation_rms.min() >= 0.1
    assert bool(good and 0.01 <= gradient_ratio(stats) <= 100) == passes


@pytest.mark.parametrize(("std", "overflows"), [(1.0, False), (1.2, True), (2.0, True), (20.0, False)])
def test_bounded_activations_do_not_keep_a_gradient_from_overflowing(std, overflows):
    stats = measured(0, "tanh", std, depth=100)
    assert np.isfinite(stats.activation_rms).all()
    assert np.isinf(stats.preactivation_gradient_variance).any() == overflows


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "A level line": {
        "std 0.125": lambda: seen.weight_std("normal_0.1", 64, 1.25),
        "64 times the square of 0.125 is 1": lambda: 64 * 64 * 0.125**2,
        "all dashes are level": lambda: np.allclose(theory.gradient_variances("linear", 50, 1.0), 1),
    },
    "Std 0.1, fifty layers": {
        "0.1,": lambda: seen.weight_std("normal_0.1", 64),
        "a fifth less": lambda: math.isclose(
            seen.weight_std("normal_0.1", 64, 1.0), 0.8 * seen.weight_std("normal_0.1", 64, 1.25)
        ),
        "0.64": lambda: seen.mean_squares("linear", 1, 64 * seen.weight_std("normal_0.1", 64) ** 2)[0],
        "64 %": lambda: 64 * 0.1**2 * 100,
        "2.0e-10": "(theory: 2.0e-10)",
    },
    "Four percent too much": {
        "4 %": lambda: 100 * (1.3 / 1.25 - 1),
        "1.08": lambda: 64 * seen.weight_std("normal_0.1", 64, 1.3) ** 2,
        "2.2 after 10": lambda: seen.mean_squares("linear", 10, 64 * seen.weight_std("normal_0.1", 64, 1.3) ** 2)[-1],
        "51 after 50": lambda: seen.mean_squares("linear", 50, 64 * seen.weight_std("normal_0.1", 64, 1.3) ** 2)[-1],
        "2551": "(theory: 2551)",
    },
    "Std 1 overflows": {
        "Std 1 ": lambda: seen.weight_std("normal_1", 64),
        "8 times": lambda: math.sqrt(64) * seen.weight_std("normal_1", 64),
        "3.4e38": "3.4e38",
        "42": "overflow at layer 42",
        "layer 8, after as many steps": lambda: 50 - 42,
        "layer 8": "overflows at layer 8",
    },
    "Does tanh save it?": {
        "from −1 to 1": lambda: abs(np.tanh([-np.inf, np.inf])).max(),
        "0.9.": "(theory: 0.9)",
        "80 %": "Layer 1 has the most slopes that are nearly flat: 80%",
        "8.1e+31": "(theory: 8.1e+31)",
        "8 times too large": lambda: seen.weight_std("normal_1", 64) / 64**-0.5,
    },
    "Std 0.01 falls silent": {
        "0.08": lambda: math.sqrt(64) * seen.weight_std("normal_0.01", 64),
        "1.2e-38": lambda: seen.TINY,
        "36": "nothing is left at layer 36",
    },
}
