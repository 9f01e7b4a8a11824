"""The predictions: against closed forms, against a second quadrature, and against the literature's figures."""

import math
import warnings

import numpy as np
import pytest
from claims import asserts

from course import theory
from course.activations import ACTIVATIONS, leaky_relu

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
EXACT = 1e-11  # the quadrature promises about 13 digits


def second_moment(activation, variance):
    """E[φ(√q z)²] by way of the public names: one layer whose preactivations have the variance q."""
    return theory.activation_second_moments(activation, 1, variance)[0]


def slope_second_moment(activation, variance):
    """E[φ'(√q z)²]: what one step back from layer 2 to layer 1 multiplies by."""
    return theory.gradient_variances(activation, 2, [variance, 1.0])[0]


def trapezoid(function, variance):
    """E[f(√q z)] by the trapezoidal rule on a grid that is fine enough for 0.01 < q < 100."""
    z, step = np.linspace(-12.0, 12.0, 240_001, retstep=True)
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return step * float(function(math.sqrt(variance) * z) @ density)


# Expectations

VARIANCES = [1e-30, 1e-12, 1e-3, 0.4, 1.0, 17.0, 1e4, 1e12, 1e30]
every_variance = pytest.mark.parametrize("variance", VARIANCES)


@every_variance
@pytest.mark.parametrize("slope", [0.0, 0.01, 0.1, -0.5, 1.0, 3.0])
def test_leaky_relu_scales_the_second_moment_by_half_of_1_plus_its_slope_squared(variance, slope):
    activation = leaky_relu(slope)
    share = (1 + slope**2) / 2
    assert second_moment(activation, variance) == pytest.approx(share * variance, rel=EXACT)
    assert slope_second_moment(activation, variance) == pytest.approx(share, rel=EXACT)


@every_variance
def test_relu_halves_and_linear_keeps_the_second_moment(variance):
    assert second_moment("relu", variance) == pytest.approx(variance / 2, rel=EXACT)
    assert slope_second_moment("relu", variance) == pytest.approx(0.5, rel=EXACT)
    assert second_moment("linear", variance) == pytest.approx(variance, rel=EXACT)
    assert slope_second_moment("linear", variance) == pytest.approx(1.0, rel=EXACT)


@every_variance
def test_elu_has_the_moments_of_the_lognormal_integrals(variance):
    # With s = √q and erfcx(x) = exp(x²) erfc(x): E[exp(k √q z); z < 0] = erfcx(k s / √2) / 2.
    def below_0(k):
        x = k * math.sqrt(variance / 2)
        return 0.5 * math.exp(x**2) * math.erfc(x) if x < 20 else 0.5 * series(x)

    def series(x):  # erfcx(x) = (1 - 1/(2x²) + 3/(4x⁴) - 15/(8x⁶) + ...) / (x √π)
        y = 1 / (2 * x**2)
        return (1 - y + 3 * y**2 - 15 * y**3 + 105 * y**4) / (x * math.sqrt(math.pi))

    assert slope_second_moment("elu", variance) == pytest.approx(0.5 + below_0(2), rel=EXACT)
    if variance >= 1e-3:  # below, the sum of the three terms cancels
        expected = variance / 2 + below_0(2) - 2 * below_0(1) + 0.5
        assert second_moment("elu", variance) == pytest.approx(expected, rel=1e-10)


@every_variance
def test_gelu_has_the_second_moment_of_its_closed_form(variance):
    # E[z² Phi(z)²] for z ~ N(0, q), by two integrations by parts from P(x < z, y < z).
    q = variance
    tail = math.asin(q / (1 + q)) + 2 * q / ((1 + q) * math.sqrt(1 + 2 * q))
    assert second_moment("gelu", q) == pytest.approx(q / 4 + q / (2 * math.pi) * tail, rel=EXACT)


@pytest.mark.parametrize("variance", [1e8, 1e16, 1e30])
def test_a_wide_distribution_makes_a_step_of_sigmoid_and_tanh(variance):
    # 1 - E[tanh²] = E[sech²] ≈ 2 / √(2 π q) and E[sech⁴] ≈ (4/3) / √(2 π q), each up to a relative 1/q.
    density = 1 / math.sqrt(2 * math.pi * variance)
    assert 1 - second_moment("tanh", variance) == pytest.approx(2 * density, rel=1e-7, abs=1e-13)
    assert slope_second_moment("tanh", variance) == pytest.approx(4 / 3 * density, rel=1e-7)
    assert second_moment("sigmoid", variance) == pytest.approx(0.5 - density, rel=1e-11)
    assert slope_second_moment("sigmoid", variance) == pytest.approx(density / 6, rel=1e-7)


@pytest.mark.parametrize("variance", [1e-30, 1e-20])
@pytest.mark.parametrize(
    ("name", "value", "below", "above"),
    [
        ("sigmoid", 0.5, 1 / 4, 1 / 4),
        ("tanh", 0.0, 1.0, 1.0),
        ("elu", 0.0, 1.0, 1.0),
        ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772, 1.0507009873554805),
        ("gelu", 0.0, 0.5, 0.5),
        ("silu", 0.0, 0.5, 0.5),
        ("softplus", math.log(2), 0.5, 0.5),
    ],
)
def test_a_narrow_distribution_sees_the_value_and_the_slopes_at_0(name, value, below, above, variance):
    share = (below**2 + above**2) / 2
    # The next order is √q, here 1e-10 or less.
    expected = value**2 if value else share * variance
    assert second_moment(name, variance) == pytest.approx(expected, rel=2e-9)
    assert slope_second_moment(name, variance) == pytest.approx(share, rel=2e-9)


@every_activation
@pytest.mark.parametrize("variance", [0.05, 1.0, 30.0])
def test_quadrature_agrees_with_a_fine_trapezoidal_sum(name, variance):
    activation = ACTIVATIONS[name]
    mean = theory.activation_means(name, 1, variance)[0]
    # A trapezoidal sum is out by its step squared, 1e-8, at a kink, and by its step, 1e-4, at a jump of φ'².
    expected = trapezoid(lambda z: activation.array_function(z) ** 2, variance)
    assert second_moment(name, variance) == pytest.approx(expected, rel=1e-8)
    assert mean == pytest.approx(trapezoid(activation.array_function, variance), rel=1e-8, abs=1e-8)
    expected = trapezoid(lambda z: activation.array_slope(z) ** 2, variance)
    assert slope_second_moment(name, variance) == pytest.approx(expected, abs=1e-4)


# Gains


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", math.sqrt(2)),
        ("linear", 1.0),
        ("selu", 1.0),
        ("leaky_relu", math.sqrt(2 / (1 + 0.01**2))),
        (leaky_relu(0.1), math.sqrt(2 / (1 + 0.1**2))),
        (leaky_relu(-1.0), 1.0),
    ],
)
def test_the_gain_has_its_closed_form(activation, expected):
    assert theory.gain(activation) == pytest.approx(expected, rel=EXACT)


def test_the_gain_of_tanh_is_1_5925_and_not_5_thirds():
    assert theory.gain("tanh") == pytest.approx(1.5925, abs=5e-5)
    assert theory.gain(leaky_relu(0.1)) == pytest.approx(1.4072, abs=5e-5)


@every_activation
def test_the_gain_keeps_preactivations_of_variance_1_at_every_depth(name):
    weight_variances = [1.0] + 5 * [theory.gain(name) ** 2]
    np.testing.assert_allclose(theory.preactivation_variances(name, 6, weight_variances), 1.0, rtol=100 * EXACT)


# Forward


def test_relu_halves_the_second_moment_a_layer_without_he():
    layers = np.arange(1, 101)
    moments = theory.activation_second_moments("relu", 100, 1.0)
    np.testing.assert_allclose(moments, 0.5**layers, rtol=100 * EXACT)


def test_he_keeps_the_second_moment_of_relu():
    np.testing.assert_allclose(theory.activation_second_moments("relu", 100, 2.0), 1.0, rtol=100 * EXACT)
    np.testing.assert_allclose(theory.preactivation_variances("relu", 100, 2.0), 2.0, rtol=100 * EXACT)


def test_xavier_does_not_keep_the_second_moment_of_tanh():
    layers = np.array([1, 2, 4, 8, 16, 32, 64, 100])
    moments = theory.activation_second_moments("tanh", 100, 1.0)[layers - 1]
    # Three digits of each; the trapezoidal sum of another test confirms the first two.
    np.testing.assert_allclose(moments, [0.394, 0.236, 0.128, 0.0652, 0.0325, 0.0161, 0.00796, 0.00507], rtol=3e-3)
    second = trapezoid(lambda z: np.tanh(z) ** 2, trapezoid(lambda z: np.tanh(z) ** 2, 1.0))
    assert moments[1] == pytest.approx(second, rel=1e-9)


@pytest.mark.long
def test_xavier_on_tanh_falls_as_1_over_twice_the_depth():
    moments = theory.activation_second_moments("tanh", 100_000, 1.0)
    assert 2 * 100_000 * moments[-1] == pytest.approx(1.0, rel=1e-3)


def test_leaky_relu_has_a_mean_that_is_not_0():
    activation = leaky_relu(0.1)
    mean = theory.activation_means(activation, 1, 1.0)[0]
    moment = theory.activation_second_moments(activation, 1, 1.0)[0]
    assert mean == pytest.approx(0.9 / math.sqrt(2 * math.pi), rel=EXACT)
    np.testing.assert_allclose([mean, moment, moment - mean**2], [0.359, 0.505, 0.376], atol=5e-4)


@pytest.mark.parametrize("name", ["tanh", "linear"])
def test_an_odd_activation_has_the_mean_0_exactly(name):
    assert not theory.activation_means(name, 30, 3.0).any()


@asserts("With SELU and LeCun's weights")
def test_selu_settles_at_mean_0_and_second_moment_1():
    # Klambauer et al. 2017 choose its two constants so; from another start it goes there.
    for start in (0.2, 1.0, 5.0):
        moments = theory.activation_second_moments("selu", 200, 1.0, input_second_moment=start)
        assert moments[-1] == pytest.approx(1.0, rel=1e-10)
    assert theory.activation_means("selu", 1, 1.0)[0] == pytest.approx(0.0, abs=EXACT)


def test_the_input_and_the_bias_enter_the_first_layer_as_the_formula_says():
    variances = theory.preactivation_variances("relu", 3, 1.5, 0.2, input_second_moment=4.0)
    expected = [1.5 * 4 + 0.2, 0.75 * 6.2 + 0.2, 0.75 * (0.75 * 6.2 + 0.2) + 0.2]
    np.testing.assert_allclose(variances, expected, rtol=EXACT)


def test_every_layer_may_have_variances_of_its_own():
    variances = theory.preactivation_variances("linear", 3, [2.0, 3.0, 5.0], np.array([0.1, 0.2, 0.3]))
    np.testing.assert_allclose(variances, [2.1, 3 * 2.1 + 0.2, 5 * 6.5 + 0.3], rtol=EXACT)


# Backward


def test_gradients_of_a_linear_net_are_a_product_of_backward_variances():
    np.testing.assert_allclose(theory.gradient_variances("linear", 4, 3.0), [27.0, 9.0, 3.0, 1.0], rtol=EXACT)
    backward = theory.gradient_variances("linear", 3, 1.0, backward_weight_variance=[2.0, 3.0, 5.0])
    np.testing.assert_allclose(backward, [15.0, 5.0, 1.0], rtol=EXACT)


def test_a_step_back_multiplies_by_the_slope_of_the_layer_that_it_enters():
    forward = theory.preactivation_variances("tanh", 6, 1.7, 0.1)
    slopes = [slope_second_moment("tanh", variance) for variance in forward]
    expected = np.append(np.cumprod([1.7 * slope for slope in slopes[4::-1]])[::-1], 1.0)
    np.testing.assert_allclose(theory.gradient_variances("tanh", 6, 1.7, 0.1), expected, rtol=EXACT)


def test_he_keeps_gradients_and_forward_signal_of_a_relu_net_at_once():
    np.testing.assert_allclose(theory.gradient_variances("relu", 100, 2.0), 1.0, rtol=100 * EXACT)


def test_gradients_of_one_layer_are_1():
    np.testing.assert_array_equal(theory.gradient_variances("tanh", 1, 3.0), [1.0])


def test_weight_gradients_multiply_inputs_gradients_and_batch():
    found = theory.weight_gradient_variances("linear", 3, 2.0, batch=10, input_second_moment=0.5)
    # Inputs 0.5, 1, 2; gradients 4, 2, 1.
    np.testing.assert_allclose(found, 10 * np.array([0.5 * 4, 1.0 * 2, 2.0 * 1]), rtol=EXACT)


def test_tapered_layers_pull_forward_and_backward_apart():
    # fan_in 400, 200, 100 into 200, 100, 50: Glorot's Var w = 2 / (fan_in + fan_out).
    fan_in, fan_out = np.array([400, 200, 100]), np.array([200, 100, 50])
    weight = 2 / (fan_in + fan_out)
    forward = theory.activation_second_moments("linear", 3, fan_in * weight)
    backward = theory.gradient_variances("linear", 3, fan_in * weight, backward_weight_variance=fan_out * weight)
    np.testing.assert_allclose(forward, (4 / 3) ** np.arange(1, 4), rtol=EXACT)
    np.testing.assert_allclose(backward, (2 / 3) ** np.arange(2, -1, -1), rtol=EXACT)


# Correlation


def cho_and_saul(cosine):
    """The arc-cosine kernel of degree 1 (Cho and Saul 2009): relu's correlation map at σ_w² = 2."""
    angle = math.acos(cosine)
    return (math.sin(angle) + (math.pi - angle) * cosine) / math.pi


@pytest.mark.parametrize("weight_variance", [1e-6, 1.0, 2.0, 1e6])
@pytest.mark.parametrize("correlation", [-1.0, -0.9, -0.3, 0.0, 0.3, 0.9, 0.999, 1.0])
def test_relu_follows_the_arc_cosine_kernel(correlation, weight_variance):
    expected = []
    for _ in range(20):
        expected.append(cho_and_saul(expected[-1] if expected else correlation))
    found = theory.correlations("relu", 20, weight_variance, correlation=correlation)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_orthogonal_inputs_become_one_in_a_he_network():
    layers = np.array([1, 2, 5, 10, 20, 50, 100])
    found = theory.correlations("relu", 100, 2.0)[layers - 1]
    assert found[0] == pytest.approx(1 / math.pi, rel=1e-10)
    np.testing.assert_allclose(found, [0.318, 0.494, 0.736, 0.872, 0.948, 0.988, 0.996], atol=5e-4)


@pytest.mark.parametrize("slope", [0.01, 0.1, -1.0])
def test_leaky_relu_mixes_relu_and_linear(slope):
    # φ(z) = (1 - a) relu(z) + a z, and E[relu(u) u'] = E[u u'] / 2.
    cosine = 0.4
    product = (1 - slope) ** 2 * cho_and_saul(cosine) / 2 + slope * (1 - slope) * cosine + slope**2 * cosine
    found = theory.correlations(leaky_relu(slope), 1, 1.0, correlation=cosine)[0]
    assert found == pytest.approx(2 * product / (1 + slope**2), rel=1e-10)


def test_a_linear_network_keeps_every_correlation():
    np.testing.assert_allclose(theory.correlations("linear", 30, 1.3, correlation=-0.7), -0.7, rtol=1e-10)


@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.5, 0.99])
def test_a_wide_distribution_makes_the_arcsine_law_of_signs(correlation):
    # Sheppard 1899: E[sign u sign u'] = (2/π) arcsin ρ; tanh's step is 1/√q = 1e-4 wide.
    found = theory.correlations("tanh", 1, 1e8, correlation=correlation)[0]
    assert found == pytest.approx(2 / math.pi * math.asin(correlation), abs=1e-3)


@every_activation
def test_correlations_agree_with_a_plain_double_sum(name):
    # Trapezoidal sum over a grid of independent normal pairs: out by its step squared, 0.01².
    z, step = np.linspace(-9.0, 9.0, 1801, retstep=True)
    density = step * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    variance, correlation = 1.7, 0.3
    phi = ACTIVATIONS[name].array_function
    u = math.sqrt(variance) * z
    other = math.sqrt(variance) * (correlation * z[:, None] + math.sqrt(1 - correlation**2) * z)
    expected = density @ (phi(u)[:, None] * phi(other)) @ density / (density @ phi(u) ** 2)
    found = theory.correlations(name, 1, variance, correlation=correlation)[0]
    assert found == pytest.approx(expected, abs=1e-4)


@every_activation
def test_inputs_that_are_the_same_stay_the_same(name):
    np.testing.assert_array_equal(theory.correlations(name, 30, 1.7, 0.2, correlation=1.0), 1.0)


def test_a_bias_shared_by_both_inputs_brings_them_together():
    # Layer 1's preactivations: (σ_w² c + σ_b²) / (σ_w² + σ_b²).
    found = theory.correlations("linear", 2, 1.0, 0.5, correlation=0.2)
    first = (0.2 + 0.5) / 1.5
    np.testing.assert_allclose(found, [first, (0.7 + 0.5) / 2.0], rtol=1e-10)


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid"])
def test_two_near_inputs_part_at_the_rate_chi(name):
    # χ₁ is the slope of the correlation map at 1 (Poole et al. 2016), here from the fixed point on.
    weight_variance, bias_variance, apart = 1.4, 0.3, 1e-7
    settled = theory.fixed_point(name, weight_variance, bias_variance)
    moment = theory.activation_second_moments(name, 1, settled)[0]
    inside = theory.correlations(name, 1, settled, correlation=1 - apart)[0]
    growth = weight_variance * moment * (1 - inside) / (settled * apart)
    # A kink adds a relative term of the order of the angle, √(2 · 1e-7); 1 - cosine keeps nine digits.
    assert growth == pytest.approx(theory.chi(name, weight_variance, bias_variance), rel=1e-3)


# Fixed point, chi, critical line


@every_activation
@pytest.mark.parametrize(("weight_variance", "bias_variance"), [(0.4, 0.3), (1.2, 0.05), (1.5, 0.0), (0.3, 0.0)])
def test_the_fixed_point_is_where_a_deep_network_settles(name, weight_variance, bias_variance):
    found = theory.fixed_point(name, weight_variance, bias_variance)
    variances = theory.preactivation_variances(name, 1000, weight_variance, bias_variance)
    if math.isinf(found):
        assert variances[-1] > 1e9
    else:
        assert variances[-1] == pytest.approx(found, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "weight_variance", "bias_variance", "expected"),
    [
        ("relu", 1.0, 0.5, 1.0),
        ("relu", 1.9, 0.1, 2.0),
        ("relu", 1.0, 1e12, 2e12),
        ("relu", 1.0, 1e-12, 2e-12),
        ("relu", 1.9, 0.0, 0.0),
        ("relu", 2.0, 0.0, 2.0),
        ("relu", 2.0, 0.1, math.inf),
        ("relu", 2.0, 1e-4, math.inf),
        ("relu", 2.1, 0.0, math.inf),
        ("linear", 0.5, 3.0, 6.0),
        ("linear", 1.0, 0.0, 1.0),
        ("linear", 1.0, 1.0, math.inf),
        ("selu", 1.0, 0.0, 1.0),
        ("tanh", 1.0, 0.0, 0.0),
        ("tanh", 0.0, 0.0, 0.0),
        ("tanh", 0.0, 0.7, 0.7),
    ],
)
def test_fixed_points_that_can_be_worked_out_by_hand(name, weight_variance, bias_variance, expected):
    assert theory.fixed_point(name, weight_variance, bias_variance) == pytest.approx(expected, rel=1e-8)


def test_tanh_near_its_border_settles_where_the_series_says():
    # E[tanh²] = q - 2 q² + (17/3) q³ - ..., so that q* ≈ (1 - 1/σ_w²) / 2 up to a relative (17/6) q.
    excess = 1e-4
    expected = (1 - 1 / (1 + excess)) / 2
    assert theory.fixed_point("tanh", 1 + excess) == pytest.approx(expected, rel=3 * excess)


@asserts("The recommended gain for")
def test_pytorch_gain_of_tanh_settles_in_chaos():
    assert theory.fixed_point("tanh", 25 / 9) == pytest.approx(1.178, abs=5e-4)
    assert theory.chi("tanh", 25 / 9) == pytest.approx(1.210, abs=5e-4)


@asserts("Sigmoid needs weights 4 times")
def test_the_4_for_sigmoid_does_not_bring_it_to_the_border():
    assert theory.chi("sigmoid", 1.0) == pytest.approx(0.056, abs=5e-4)
    assert theory.chi("sigmoid", 16.0) == pytest.approx(0.399, abs=5e-4)


@pytest.mark.parametrize("weight_variance", [0.3, 1.0, 1.99, 2.0, 5.0])
def test_chi_of_relu_is_half_the_weight_variance_dead_or_alive(weight_variance):
    assert theory.chi("relu", weight_variance) == pytest.approx(weight_variance / 2, rel=EXACT)


@pytest.mark.parametrize("weight_variance", [0.3, 1.0])
def test_chi_of_a_tanh_net_whose_signal_dies_is_its_weight_variance(weight_variance):
    assert theory.chi("tanh", weight_variance) == pytest.approx(weight_variance, rel=EXACT)


@every_activation
def test_chi_is_the_ratio_of_gradients_deep_inside(name):
    weight_variance, bias_variance = 1.1, 0.3
    gradients = theory.gradient_variances(name, 1000, weight_variance, bias_variance)
    ratio = gradients[-2] / gradients[-1]
    assert theory.chi(name, weight_variance, bias_variance) == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize(
    ("activation", "bias_variance", "expected"),
    [
        ("relu", 0.0, 2.0),
        ("relu", 0.5, 2.0),
        ("linear", 0.5, 1.0),
        ("tanh", 0.0, 1.0),
        ("elu", 0.0, 1.0),
        (leaky_relu(0.1), 0.0, 2 / 1.01),
    ],
)
def test_the_border_can_be_worked_out_by_hand(activation, bias_variance, expected):
    assert theory.critical_weight_variance(activation, bias_variance) == pytest.approx(expected, rel=1e-9)


def test_the_border_of_tanh_at_bias_variance_0_05_is_that_of_the_literature():
    # Schoenholz et al. 2017 give 1.76.
    assert theory.critical_weight_variance("tanh", 0.05) == pytest.approx(1.76, abs=5e-3)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "selu"])
@pytest.mark.parametrize("bias_variance", [0.05, 1.0])
def test_chi_is_1_on_the_border(name, bias_variance):
    border = theory.critical_weight_variance(name, bias_variance)
    assert theory.chi(name, border, bias_variance) == pytest.approx(1.0, abs=1e-9)


def test_the_border_is_infinitely_far_for_a_flat_activation():
    flat = ACTIVATIONS["linear"]._replace(name="flat", array_function=np.zeros_like, array_slope=np.zeros_like)
    assert theory.critical_weight_variance(flat, 0.0) == math.inf


# Overflow, underflow, caching


def test_growth_is_followed_up_to_the_end_of_float64_and_then_is_infinite():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moments = theory.activation_second_moments("linear", 400, 100.0)
        gradients = theory.gradient_variances("linear", 400, 100.0)
        means = theory.activation_means("relu", 400, 100.0)
        cosines = theory.correlations("relu", 400, 100.0)
    assert moments[99] == pytest.approx(1e200, rel=1e-9)
    assert moments[-1] == gradients[0] == means[-1] == math.inf
    assert math.isnan(cosines[-1])


def test_bounded_activations_stay_finite_after_the_largest_weights():
    moments = theory.activation_second_moments("tanh", 3, 1e300, input_second_moment=1e300)
    np.testing.assert_allclose(moments, 1.0, rtol=EXACT)


@pytest.mark.parametrize("name", ["relu", "tanh", "linear", "gelu", "selu"])
def test_nothing_stays_nothing(name):
    assert not theory.preactivation_variances(name, 5, 2.0, input_second_moment=0.0).any()
    assert not theory.activation_second_moments(name, 5, 0.0).any()
    assert np.isnan(theory.correlations(name, 5, 0.0)).all()


@pytest.mark.parametrize(
    "predict",
    [
        theory.preactivation_variances,
        theory.activation_second_moments,
        theory.activation_means,
        theory.gradient_variances,
        theory.correlations,
    ],
)
def test_predictions_have_the_shape_depth_and_are_read_only(predict):
    found = predict("tanh", 7, 1.3, 0.1)
    assert found.shape == (7,)
    assert found.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1.0
    np.testing.assert_array_equal(found, predict(ACTIVATIONS["tanh"], 7, np.full(7, 1.3), 0.1))


# Errors


@pytest.mark.parametrize("depth", [0, -3, 2.0, "5", True, None])
def test_a_depth_must_be_a_positive_integer(depth):
    with pytest.raises(ValueError, match="allowed is a whole number, 1 or more") as error:
        theory.preactivation_variances("relu", depth, 2.0)
    assert f"depth is {depth!r}" in str(error.value)


@pytest.mark.parametrize("batch", [0, 1.5])
def test_a_batch_must_be_a_positive_integer(batch):
    with pytest.raises(ValueError, match=f"batch is {batch}; allowed is a whole number, 1 or more"):
        theory.weight_gradient_variances("relu", 3, 2.0, batch=batch)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_variances_must_be_finite_and_not_negative(wrong):
    allowed = f"is {wrong}; allowed is a finite number, 0 or more"
    with pytest.raises(ValueError, match=f"^weight_variance {allowed}"):
        theory.preactivation_variances("relu", 3, wrong)
    with pytest.raises(ValueError, match=f"^bias_variance {allowed}"):
        theory.correlations("relu", 3, 1.0, wrong)
    with pytest.raises(ValueError, match=f"^input_second_moment {allowed}"):
        theory.activation_means("relu", 3, 1.0, input_second_moment=wrong)
    with pytest.raises(ValueError, match=f"^backward_weight_variance {allowed}"):
        theory.gradient_variances("relu", 3, 1.0, backward_weight_variance=wrong)
    with pytest.raises(ValueError, match=f"^weight_variance {allowed}"):
        theory.fixed_point("relu", wrong)
    with pytest.raises(ValueError, match=f"^bias_variance {allowed}"):
        theory.critical_weight_variance("relu", wrong)


def test_variances_by_layer_must_be_one_for_every_layer():
    with pytest.raises(ValueError, match=r"weight_variance has shape \(2,\); allowed is .* shape \(3,\)"):
        theory.preactivation_variances("relu", 3, [1.0, 2.0])


@pytest.mark.parametrize("correlation", [-1.1, 1.1, math.nan])
def test_a_correlation_must_lie_between_minus_1_and_1(correlation):
    with pytest.raises(ValueError, match=f"correlation is {correlation}; allowed is a number from -1 to 1"):
        theory.correlations("relu", 3, 1.0, correlation=correlation)


def test_an_unknown_activation_is_refused_everywhere():
    for predict in (theory.gain, lambda name: theory.fixed_point(name, 1.0), lambda name: theory.chi(name, 1.0)):
        with pytest.raises(ValueError, match="activation is 'step'; allowed are sigmoid"):
            predict("step")
    with pytest.raises(ValueError, match="activation is 'step'; allowed are sigmoid"):
        theory.correlations("step", 3, 1.0)


def test_a_flat_activation_has_no_gain():
    flat = ACTIVATIONS["linear"]._replace(name="flat", array_function=np.zeros_like)
    with pytest.raises(ValueError, match="activation is 0 everywhere"):
        theory.gain(flat)
