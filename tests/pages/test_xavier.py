"""What the page says about Xavier (Glorot) initialization, measured on drawn networks."""

import functools
import itertools
import math

import jax
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from samples import assert_mean, gradient_ratio

from course import activations, initializers, networks, probes, theory
from course.pages.xavier.tapered_network import scheme as tapered_scheme

WIDTH, BATCH = 128, 128
GIVES_AWAY = (
    r"1\.06\b|1\.31\b",
    r"[Ww]eight gradients? .{0,40}(level|same|hardly|in every layer)",
    r"has dropped out",
    r"gradients? of its \*?weights",
)
"""What the weight gradients of layer 1 are over those of layer 5, and that they are level."""
SCHEMES = {"standard_uniform": 1 / 3, "glorot_uniform": 1.0}  # each with n · Var w
NARROWING = np.rint(np.geomspace(128, 16, 11)).astype(int)
ZIGZAG = [128, 16] * 5 + [128]


@functools.cache
def runs(scheme, activation="tanh", depth=5, gain=1.0, width=WIDTH, draws=40):
    return [
        probes.measure(seed, depth=depth, width=width, activation=activation, scheme=scheme, gain=gain)
        for seed in range(draws)
    ]


@functools.cache
def tapered(scheme, widths, draws=50):
    return [probes.measure_tapered(seed, widths=widths, activation="linear", scheme=scheme) for seed in range(draws)]


def assert_ratio(sample, expected, finite_width):
    """The mean lies within five standard errors and a relative `finite_width` of the limit of infinite width."""
    assert_mean(sample, expected, slack=finite_width * np.asarray(expected))


# Both derivations


@pytest.mark.parametrize(("variance", "up", "down"), [(1 / 4, 1, 1 / 2), (1 / 2, 2, 1), (1 / 3, 4 / 3, 2 / 3)])
def test_a_layer_of_4_inputs_and_2_outputs_cannot_have_both_factors_at_1(variance, up, down):
    weights = np.random.default_rng(1).normal(0, math.sqrt(variance), (100_000, 4, 2))
    assert_mean(np.ravel(weights.sum(axis=1)) ** 2, up)
    assert_mean(np.ravel(weights.sum(axis=2)) ** 2, down)


@asserts("The signal needs fan_in ·")
@pytest.mark.parametrize("variance", [1 / 200, 1 / 40, 2 / 240])
def test_the_signal_is_multiplied_by_fan_in_and_the_gradient_by_fan_out_times_var_w(variance):
    rng = np.random.default_rng(2)
    weights = rng.normal(0, math.sqrt(variance), (2000, 200, 40))
    assert_mean(np.einsum("i,kij->kj", rng.choice([-1.0, 1.0], 200), weights)[:, 0] ** 2, 200 * variance)
    assert_mean(np.einsum("kij,j->ki", weights, rng.choice([-1.0, 1.0], 40))[:, 0] ** 2, 40 * variance)


def test_the_gradient_that_the_page_derives_is_the_one_jax_finds():
    rng = np.random.default_rng(3)
    h, w, v = rng.normal(size=(1, 7)), rng.normal(size=(7, 3)), rng.normal(size=3)
    found = jax.grad(lambda h: (h @ w).ravel() @ v)(h)
    assert np.asarray(found)[0] == pytest.approx([sum(w[i, j] * v[j] for j in range(3)) for i in range(7)], rel=1e-5)


@asserts("The signal needs fan_in ·")
def test_xaviers_variance_is_two_over_the_sum_of_the_fans_and_solves_both_conditions_only_when_square():
    for fan_in, fan_out in ((100, 100), (300, 100), (16, 128)):
        variance = initializers.standard_deviation("glorot_normal", (fan_in, fan_out)) ** 2
        assert variance == pytest.approx(2 / (fan_in + fan_out), rel=1e-12)
        both = math.isclose(fan_in * variance, 1) and math.isclose(fan_out * variance, 1)
        assert both == (fan_in == fan_out)


@pytest.mark.long
@asserts("The signal needs fan_in ·")
@pytest.mark.parametrize(
    ("scheme", "widths", "signal", "gradient"),
    [
        ("lecun_normal", tuple(NARROWING), 1.0, 0.154),
        ("glorot_normal", tuple(NARROWING), 2.68, 0.374),
        ("glorot_normal", tuple(ZIGZAG), 0.395**5, 0.0433),
    ],
)
def test_on_layers_that_are_not_square_signal_and_gradient_pull_apart_as_theory_says(scheme, widths, signal, gradient):
    shapes = [tuple(map(int, shape)) for shape in itertools.pairwise(widths)]
    variance = np.array([initializers.standard_deviation(scheme, shape) ** 2 for shape in shapes])
    forward, backward = np.array(widths[:-1]) * variance, np.array(widths[1:]) * variance
    assert (np.prod(forward), np.prod(backward[1:])) == (
        pytest.approx(signal, rel=5e-3),
        pytest.approx(gradient, rel=5e-3),
    )
    drawn = tapered(scheme, widths)
    assert_mean([stats.activation_rms[-1] ** 2 for stats in drawn], np.prod(forward))
    assert_mean([gradient_ratio(stats) for stats in drawn], np.prod(backward[1:]))


def test_twenty_linear_layers_from_1000_to_10_with_a_level_signal_leave_a_hundredth_of_the_gradient():
    widths = np.rint(np.geomspace(1000, 10, 21))
    assert np.prod(widths[2:] / widths[1:-1]) == pytest.approx(0.01, abs=0.005)


def test_a_pair_of_layers_from_128_to_16_and_back_keeps_0395_with_xavier():
    assert abs(128 * 16 / 72**2 - 0.395) < 5e-4


# Distributions, gain and fans


@asserts("Uniform bound √(6/(fan_in")
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_xaviers_uniform_bound_and_normal_std_are_as_stated_and_the_gain_multiplies_both(gain):
    shape = (300, 100)
    bound, std = gain * math.sqrt(6 / 400), gain * math.sqrt(2 / 400)
    uniform, normal = (
        np.asarray(initializers.draw(jax.random.key(0), scheme, shape, gain=gain), float)
        for scheme in ("glorot_uniform", "glorot_normal")
    )
    assert 0.999 * bound < np.abs(uniform).max() <= bound * (1 + 1e-6)  # all of 30,000 miss that edge with e^-30
    for weights in (uniform, normal):
        assert_mean(weights.ravel() ** 2, std**2)


@asserts("The bound is sqrt(6/fan_in+fan_out)")
def test_a_blogs_sqrt_6_over_fan_in_plus_fan_out_without_parentheses_is_another_number():
    assert math.sqrt(6 / (300 + 100)) == pytest.approx(0.1225, abs=5e-5)
    assert math.sqrt(6 / 300 + 100) == pytest.approx(10.00, abs=5e-3)


@asserts("The second of its code examples")
def test_tails_tell_uniform_weights_from_normal_ones_of_the_same_std():
    for seed, gain in itertools.product(range(5), (1.0, 3.0)):
        uniform, normal = (
            np.asarray(initializers.draw(jax.random.key(seed), scheme, (100, 100), gain=gain), float)
            for scheme in ("glorot_uniform", "glorot_normal")
        )
        assert_mean(uniform.ravel() ** 2 - normal.ravel() ** 2, 0.0)
        assert abs(uniform).max() / uniform.std() < 1.02 * math.sqrt(3) < 2 < 3 < abs(normal).max() / normal.std()
        kurtosis = [np.mean(w**4) / np.mean(w**2) ** 2 for w in (uniform, normal)]
        assert kurtosis == [pytest.approx(1.8, abs=0.1), pytest.approx(3, abs=5 * math.sqrt(24 / 10_000))]


@asserts("A 1-1-3×3 convolution has")
def test_a_3_by_3_convolution_from_1_to_1_channels_has_the_fans_9_and_9():
    assert initializers.fans((3, 3, 1, 1)) == (9, 9)
    assert initializers.fans((3, 3, 64, 128)) == (576, 1152)
    assert initializers.standard_deviation("glorot_normal", (3, 3, 1, 1)) == pytest.approx(1 / 3, rel=1e-12)


# The four comparisons


@asserts("On tanh, Xavier's activations")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_four_comparisons_agree_with_theory_layer_by_layer(scheme):
    depth, variance = 5, SCHEMES[scheme]
    drawn = runs(scheme)
    finite_width = 4 / WIDTH  # a correction of order 1 / width
    assert_ratio(
        [stats.activation_rms**2 for stats in drawn],
        theory.activation_second_moments("tanh", depth, variance),
        finite_width,
    )
    assert_ratio(
        [stats.preactivation_gradient_variance for stats in drawn],
        theory.gradient_variances("tanh", depth, variance),
        finite_width,
    )
    assert_ratio(
        [stats.weight_gradient_variance for stats in drawn],
        theory.weight_gradient_variances("tanh", depth, variance, batch=BATCH),
        finite_width,
    )


@asserts("On tanh, Xavier's activations")
def test_xaviers_activations_are_larger_than_the_standard_ones_at_every_layer_and_not_smaller():
    for xavier, standard in zip(runs("glorot_uniform"), runs("standard_uniform"), strict=True):
        assert np.all(xavier.activation_rms > standard.activation_rms)
    assert theory.activation_second_moments("tanh", 5, 1.0)[-1] == pytest.approx(0.10, abs=5e-3)
    assert theory.activation_second_moments("tanh", 5, 1 / 3)[-1] == pytest.approx(0.0022, abs=5e-5)


@asserts("With the standard scheme")
def test_the_standard_schemes_weight_gradient_variance_hardly_depends_on_the_layer():
    for depth in (5, 20):
        predicted = theory.weight_gradient_variances("tanh", depth, 1 / 3, batch=BATCH)
        assert predicted.max() / predicted.min() == pytest.approx(1.055, abs=5e-4)
    measured = np.mean([stats.weight_gradient_variance for stats in runs("standard_uniform")], axis=0)
    assert measured.max() / measured.min() < 1.2
    signal, gradient = (
        np.mean([getattr(stats, field) for stats in runs("standard_uniform")], axis=0)
        for field in ("activation_rms", "preactivation_gradient_variance")
    )
    assert signal[0] ** 2 > 50 * signal[-1] ** 2  # falls on the way up
    assert gradient[-1] > 50 * gradient[0]  # falls on the way down


def test_in_a_linear_network_the_layer_drops_out_of_the_weight_gradients_variance():
    predicted = theory.weight_gradient_variances("linear", 10, 1 / 3, batch=1)
    assert predicted == pytest.approx(np.full(10, 3.0**-9), rel=1e-9)


# Tanh


@asserts("With tanh, Xavier initialization")
def test_with_tanh_xaviers_mean_square_falls_as_one_over_twice_the_layer():
    stated = {1: 0.394, 2: 0.236, 4: 0.128, 8: 0.065, 16: 0.0325, 32: 0.0161, 64: 0.0080, 100: 0.0051}
    predicted = theory.activation_second_moments("tanh", 100, 1.0)
    for layer, value in stated.items():
        digits = 3 if layer < 16 else 4
        assert round(float(predicted[layer - 1]), digits) == value
    later = np.arange(8, 101)
    assert np.abs(2 * later * predicted[7:] - 1).max() < 0.05


@asserts("With tanh, Xavier initialization")
def test_drawn_tanh_networks_follow_that_fall():
    drawn = runs("glorot_normal", depth=100, width=256, draws=10)
    layers = np.array([1, 2, 4, 8, 16, 32])
    measured = [stats.activation_rms[layers - 1] ** 2 for stats in drawn]
    predicted = theory.activation_second_moments("tanh", 100, 1.0)
    assert_ratio(measured, predicted[layers - 1], finite_width=2 * layers / 256)  # the correction grows with depth
    last = np.mean([stats.activation_rms[-1] ** 2 for stats in drawn])
    assert 0.5 * predicted[-1] < last < predicted[-1]  # a little sooner than in the limit


@pytest.mark.long
@pytest.mark.parametrize(("gain", "settled", "chi"), [(1.5925, 1.0, 1.178), (5 / 3, 1.178, 1.210)])
def test_a_gain_that_levels_tanhs_signal_makes_its_gradient_grow(gain, settled, chi):
    assert theory.fixed_point("tanh", gain**2) == pytest.approx(settled, abs=6e-4)
    assert theory.chi("tanh", gain**2) == pytest.approx(chi, abs=6e-4)
    drawn = runs("glorot_normal", depth=50, gain=gain, draws=20)
    assert_ratio([stats.preactivation_variance[-1] for stats in drawn], settled, finite_width=4 / WIDTH)
    back = [
        np.log(stats.preactivation_gradient_variance[9] / stats.preactivation_gradient_variance[39]) / 30
        for stats in drawn
    ]
    assert_ratio(np.exp(back), chi, finite_width=4 / WIDTH)


@asserts("The recommended gain for")
def test_the_gain_that_preserves_tanh_exactly_is_15925_and_not_five_thirds():
    assert theory.gain("tanh") == pytest.approx(1.5925, abs=5e-5)
    z = np.random.default_rng(4).normal(size=1_000_000)
    assert_mean(theory.gain("tanh") ** 2 * np.tanh(z) ** 2, 1.0)


def test_with_gain_1_tanhs_gradient_keeps_about_one_and_a_half_percent_over_fifty_layers():
    assert theory.gradient_variances("tanh", 50, 1.0)[0] == pytest.approx(0.015, abs=5e-4)
    kept = [gradient_ratio(stats) for stats in runs("glorot_normal", depth=50, draws=20)]
    assert_ratio(kept, 0.015, finite_width=0.1)


# ReLU and the sigmoid


@asserts("Xavier is not for ReLU and")
def test_xavier_halves_relus_mean_square_at_every_layer():
    predicted = theory.activation_second_moments("relu", 50, 1.0)
    assert (predicted[9], predicted[49]) == (pytest.approx(9.8e-4, rel=5e-3), pytest.approx(8.9e-16, rel=5e-3))
    drawn = runs("glorot_normal", "relu", depth=50, draws=50)
    assert_mean([stats.activation_rms[9] ** 2 for stats in drawn], 0.5**10)
    # the median's logarithm lies below the mean's by half the variance 5 · depth / width of the logarithm
    logarithms = np.log([stats.activation_rms[49] ** 2 for stats in drawn])
    assert abs(logarithms.mean() - 50 * math.log(0.5)) < 5 * 50 / WIDTH


@asserts("Xavier is not for ReLU and")
def test_with_xavier_the_sigmoids_variance_falls_and_what_is_left_does_not_depend_on_the_input():
    moments = theory.activation_second_moments("sigmoid", 10, 1.0) - theory.activation_means("sigmoid", 10, 1.0) ** 2
    assert moments[0] == pytest.approx(0.043, abs=5e-4)
    assert np.all(np.diff(moments) < 1e-12)
    assert moments[-1] == pytest.approx(0.0147, abs=5e-5)
    drawn = probes.network(0, depth=6, width=WIDTH, activation="sigmoid", scheme="glorot_uniform")
    layers = [np.asarray(layer.activations, float) for layer in networks.forward(*drawn[:3], "sigmoid")]
    over_examples = np.array([h.var(axis=0).mean() for h in layers])
    assert over_examples[1:] / over_examples[:-1] == pytest.approx(np.full(5, 0.056), rel=0.1)
    assert layers[-1].var() > 1e5 * over_examples[-1]


@asserts("Sigmoid needs weights 4 times")
@pytest.mark.parametrize(
    ("scheme", "variance", "chi"), [("glorot_uniform", 1, 0.056), ("glorot_sigmoid_uniform", 16, 0.399)]
)
def test_four_times_wider_weights_do_not_keep_a_deep_sigmoid_networks_gradient(scheme, variance, chi):
    assert theory.chi("sigmoid", variance) == pytest.approx(chi, abs=5e-4)
    gradients = [stats.preactivation_gradient_variance for stats in runs(scheme, "sigmoid", depth=20)]
    factors = [(gradient[4] / gradient[14]) ** (1 / 10) for gradient in gradients]
    assert_ratio(factors, chi, finite_width=4 / WIDTH)
    assert np.all(np.array(factors) < 0.5)


def test_with_the_four_sigmoids_preactivations_spread_to_a_variance_of_59_and_ten_layers_keep_a_ten_thousandth():
    assert theory.fixed_point("sigmoid", 16) == pytest.approx(5.9, abs=0.05)
    assert abs(0.399**10 - 1e-4) < 5e-6
    settled = [stats.preactivation_variance[-1] for stats in runs("glorot_sigmoid_uniform", "sigmoid", depth=20)]
    assert_ratio(settled, theory.fixed_point("sigmoid", 16), finite_width=4 / WIDTH)


@asserts("The bound is sqrt(6/fan_in+fan_out)")
def test_the_bound_typed_without_parentheses_would_saturate_about_98_of_100_tanh_units():
    # z over 300 inputs of mean square 1 has variance 300 · bound² / 3; the unsaturated lie where tanh' ≥ 0.05.
    spread = math.sqrt(300 * (6 / 300 + 100) / 3)
    edge = math.atanh(math.sqrt(1 - activations.SATURATION))
    assert 1 - math.erf(edge / spread / math.sqrt(2)) == pytest.approx(0.98, abs=0.005)


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Five layers, two schemes": {
        "0.1 ": lambda: seen.mean_squares("tanh", 5, 1.0)[-1],
        "0.0022": lambda: seen.mean_squares("tanh", 5, 1 / 3)[-1],
    },
    "Level is not large": {
        "5.5 %": lambda: 100 * (seen.weight_gradients(1 / 3).max() / seen.weight_gradients(1 / 3).min() - 1),
        "4.8e-10": lambda: seen.weight_gradients(1 / 3)[0],
        "0.038": lambda: seen.weight_gradients(1.0)[0],
    },
    "Sigmoid, four times wider": {
        "1/4": lambda: seen.sigmoid_slope(0),
        "4 times wider": lambda: (
            seen.weight_std("glorot_sigmoid_uniform", 128) / seen.weight_std("glorot_uniform", 128)
        ),
        "0.056": lambda: theory.chi("sigmoid", 1.0),
        "0.399": lambda: theory.chi("sigmoid", 16.0),
        "1.6e-04": lambda: seen.first_gradient("sigmoid", 10, 16.0),
    },
    "fan_in for the signal": {
        "1/fan_in": lambda: math.isclose(initializers.standard_deviation(tapered_scheme("fan_in"), (9, 4)) ** 2, 1 / 9),
        "from 128 units to 16": "narrows from 128 to 16 units",
        "The signal's": "Forward, the signal",
        "0.15": "(theory: 0.15)",
    },
    "fan_out for the gradient": {
        "128 units narrow to 16": "narrows from 128 to 16 units",
        "The gradient is level": "(theory: 1)",
        "8 times": "(theory: 8)",
    },
    "Xavier's compromise": {
        "2.7": "(theory: 2.7)",
        "0.37": "(theory: 0.37)",
        "0.15": lambda: 0.5**0.9 * 0.25**0.9,
    },
}
