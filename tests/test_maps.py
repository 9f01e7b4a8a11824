"""Both maps of a layer, their depth scales, and the phase diagram: closed forms, and each against the other."""

import math

import numpy as np
import pytest
from random_states import mostly_long
from scipy.special import erf

from course import theory
from course.activations import ACTIVATIONS, Activation, leaky_relu
from course.theory import expectations

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
PLACES = [(0.4, 0.3), (1.2, 0.05), (1.5, 0.0), (2.0, 0.1), (2.5, 0.0)]
every_place = pytest.mark.parametrize("place", PLACES)
CLOSED = 1e-6

ERF = Activation(
    "erf", "erf(z)", lambda z: z, erf, lambda z: 2 / math.sqrt(math.pi) * np.exp(-(np.asarray(z) ** 2)), 1.13
)
"""Its integrals are elementary: E[erf(u) erf(u')] = (2/π) arcsin(2qc / (1 + 2q)) (Williams 1997)."""


def erf_moment(variance, correlation=1.0):
    return 2 / math.pi * np.arcsin(2 * variance * correlation / (1 + 2 * variance))


def erf_slope_product(variance, correlation=1.0):
    """E[φ'(u) φ'(u')] = (4/π) / √((1 + 2q)² - 4q²c²)."""
    return 4 / math.pi / math.sqrt((1 + 2 * variance) ** 2 - (2 * variance * correlation) ** 2)


def erf_fixed_point(weight_variance, bias_variance):
    """Iterate the closed map until nothing moves."""
    variance = 1.0
    for _layer in range(10_000):
        variance = weight_variance * erf_moment(variance) + bias_variance
    return variance


def cho_and_saul(cosine):
    angle = np.arccos(cosine)
    return (np.sin(angle) + (np.pi - angle) * cosine) / np.pi


# The length map

LENGTHS = np.array([0.0, 1e-3, 0.4, 1.0, 7.0, 1e4])


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.3, 1.0])
def test_the_length_map_of_leaky_relu_is_a_line(slope):
    found = theory.length_map(leaky_relu(slope), 1.7, 0.2, LENGTHS)
    np.testing.assert_allclose(found, 1.7 * (1 + slope**2) / 2 * LENGTHS + 0.2, rtol=CLOSED)


def test_the_length_map_of_erf_is_an_arcsine():
    np.testing.assert_allclose(theory.length_map(ERF, 1.7, 0.2, LENGTHS), 1.7 * erf_moment(LENGTHS) + 0.2, rtol=CLOSED)


@every_activation
def test_walking_over_the_length_map_is_going_through_the_layers(name):
    layers = theory.preactivation_variances(name, 6, 1.3, 0.1)
    np.testing.assert_allclose(theory.length_map(name, 1.3, 0.1, layers[:-1]), layers[1:], rtol=1e-12)


@every_activation
@every_place
def test_a_fixed_point_is_where_the_length_map_meets_the_diagonal(name, place):
    settled = theory.fixed_point(name, *place)
    if 0 < settled < math.inf:
        assert theory.length_map(name, *place, settled) == pytest.approx(settled, rel=1e-9)


def test_the_map_keeps_the_shape_of_its_argument():
    assert theory.length_map("tanh", 1.0, 0.0, 0.5).shape == ()
    assert theory.length_map("tanh", 1.0, 0.0, np.ones((2, 3))).shape == (2, 3)
    assert theory.correlation_map("tanh", 1.5, 0.0, np.ones((2, 3))).shape == (2, 3)


def test_a_network_that_starts_elsewhere_can_settle_elsewhere():
    assert theory.fixed_point("relu", 2.0, start=0.7) == 0.7
    # gelu's length of 1 is kept, and those beside it are not: one grows, the other dies.
    weight_variance = theory.gain("gelu") ** 2
    assert theory.fixed_point("gelu", weight_variance, start=1.01) == math.inf
    assert theory.fixed_point("gelu", weight_variance, start=0.99) == 0.0
    assert theory.fixed_point("tanh", 2.0, start=50.0) == pytest.approx(theory.fixed_point("tanh", 2.0), rel=1e-9)


# The correlation map

CORRELATIONS = np.array([-1.0, -0.6, 0.0, 0.3, 0.9, 0.999, 1.0])


def test_the_correlation_map_of_relu_is_the_arc_cosine_kernel():
    np.testing.assert_allclose(
        theory.correlation_map("relu", 2.0, 0.0, CORRELATIONS), cho_and_saul(CORRELATIONS), atol=CLOSED
    )


def test_a_bias_lifts_the_correlation_map_of_relu_towards_1():
    # q* = 2 σ_b² / (2 - σ_w²), and c' = (σ_w² q* k(c) / 2 + σ_b²) / q*.
    settled = 2 * 0.3 / (2 - 1.2)
    expected = (1.2 * settled * cho_and_saul(CORRELATIONS) / 2 + 0.3) / settled
    np.testing.assert_allclose(theory.correlation_map("relu", 1.2, 0.3, CORRELATIONS), expected, atol=CLOSED)


def test_the_correlation_map_of_erf_is_an_arcsine():
    settled = erf_fixed_point(3.0, 0.1)
    expected = (3.0 * erf_moment(settled, CORRELATIONS) + 0.1) / settled
    np.testing.assert_allclose(theory.correlation_map(ERF, 3.0, 0.1, CORRELATIONS), expected, atol=CLOSED)


def test_a_linear_network_keeps_every_correlation_dead_or_alive():
    for weight_variance in (0.5, 1.0, 2.0):
        np.testing.assert_allclose(
            theory.correlation_map("linear", weight_variance, 0.0, CORRELATIONS), CORRELATIONS, atol=CLOSED
        )


def test_nothing_differs_where_nothing_arrives():
    np.testing.assert_array_equal(theory.correlation_map("tanh", 0.0, 0.0, [0.0, 0.5]), 1.0)


@every_activation
@every_place
def test_the_slope_of_the_correlation_map_at_1_is_chi(name, place):
    settled = theory.fixed_point(name, *place)
    if not 0 < settled < math.inf:
        return
    assert place[0] * expectations.slope_product(ACTIVATIONS[name], settled, 0.0) == pytest.approx(
        theory.chi(name, *place), rel=1e-9
    )
    apart = 1e-8  # a kink bends the map by the order of the angle, √(2e-8)
    rise = (1 - theory.correlation_map(name, *place, 1 - apart)) / apart
    assert rise == pytest.approx(theory.chi(name, *place), rel=2e-3)


@every_activation
@pytest.mark.parametrize("apart", [0.03, 0.4, 1.0, 1.7])
def test_the_slope_product_is_the_slope_of_the_map(name, apart):
    # d/dc E[φ(u) φ(u')] = q E[φ'(u) φ'(u')]; a central difference over h errs by the order of h².
    row, variance, h = ACTIVATIONS[name], 1.3, 1e-4
    rise = expectations.half_distance(row, variance, apart + h) - expectations.half_distance(row, variance, apart - h)
    assert expectations.slope_product(row, variance, apart) == pytest.approx(rise / (2 * h * variance), rel=1e-4)


@every_activation
@pytest.mark.parametrize("variance", [0.01, 1.0, 30.0])
def test_the_slope_of_the_second_moment_is_that_of_a_difference(name, variance):
    row, h = ACTIVATIONS[name], 1e-4 * variance
    rise = expectations.second_moment(row, variance + h) - expectations.second_moment(row, variance - h)
    assert expectations.second_moment_slope(row, variance) == pytest.approx(rise / (2 * h), rel=1e-6)


# Where correlations settle


def test_two_inputs_become_one_in_order_and_stay_apart_in_chaos():
    assert theory.fixed_correlation("tanh", 1.5, 0.2) == 1.0
    assert theory.fixed_correlation("relu", 2.0, 0.0) == 1.0
    assert theory.fixed_correlation("tanh", 2.0, 0.0) == 0.0
    assert 0 < theory.fixed_correlation("tanh", 2.5, 0.1) < 1


@pytest.mark.parametrize("activation", ["tanh", "elu", "selu", ERF], ids=["tanh", "elu", "selu", "erf"])
@pytest.mark.parametrize("excess", [1e-3, 0.05])
def test_the_settled_correlation_is_where_the_map_meets_the_diagonal(activation, excess):
    weight_variance = theory.critical_weight_variance(activation, 0.1) * (1 + excess)
    settled = theory.fixed_correlation(activation, weight_variance, 0.1)
    assert settled < 1
    assert theory.correlation_map(activation, weight_variance, 0.1, settled) == pytest.approx(settled, abs=1e-11)


def test_a_chaotic_network_walks_to_the_settled_correlation():
    walk = theory.correlations("tanh", 400, 2.5, 0.1, correlation=0.1)
    after = theory.fixed_correlation("tanh", 2.5, 0.1)
    # `correlations` gives the cosine of the activations: c = (σ_w² E[h h'] + σ_b²) / q.
    q = theory.fixed_point("tanh", 2.5, 0.1)
    assert (walk[-1] * (q - 0.1) + 0.1) / q == pytest.approx(after, abs=1e-9)


# Depth scales


def test_depth_scales_of_relu_with_a_bias_are_both_those_of_its_line():
    expected = 1 / math.log(2 / 1.2)
    assert theory.depth_scales("relu", 1.2, 0.3) == pytest.approx((expected, expected), rel=CLOSED)


@pytest.mark.parametrize("weight_variance", [1.5, 3.0])
@pytest.mark.parametrize("bias_variance", [0.05, 0.4])
def test_depth_scales_of_erf_are_those_of_the_closed_forms(weight_variance, bias_variance):
    settled = erf_fixed_point(weight_variance, bias_variance)
    # d/dq (2/π) arcsin(2q/(1+2q)) = (4/π) / ((1 + 2q) √(1 + 4q))
    length = weight_variance * 4 / math.pi / ((1 + 2 * settled) * math.sqrt(1 + 4 * settled))
    correlation = 0.0
    for _layer in range(20_000):
        correlation = (weight_variance * erf_moment(settled, correlation) + bias_variance) / settled
    slope = weight_variance * erf_slope_product(settled, correlation)
    found = theory.depth_scales(ERF, weight_variance, bias_variance)
    assert found.length == pytest.approx(-1 / math.log(length), rel=CLOSED)
    assert found.correlation == pytest.approx(-1 / math.log(slope), rel=CLOSED)


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "softplus"])
@pytest.mark.parametrize("place", [(0.5, 0.2), (0.9, 0.3), (1.2, 0.4)])
def test_depth_scales_are_what_walking_through_layers_shows(name, place):
    # Far down every walk is a pure exponential; a difference of 1e-4 has still ten digits.
    scales, settled = theory.depth_scales(name, *place), theory.fixed_point(name, *place)
    lengths = np.abs(theory.preactivation_variances(name, 200, *place) - settled)
    apart = 1 - theory.correlations(name, 200, *place, correlation=0.2)
    for walk, scale in ((lengths, scales.length), (apart, scales.correlation)):
        at = np.flatnonzero((walk < 1e-5 * max(1, settled)) & (walk > 1e-8))[:2]
        # relu's kink leaves a term of the order of the angle, √(2 · 1e-5) = 0.4 %.
        assert math.log(walk[at[0]] / walk[at[1]]) == pytest.approx(1 / scale, rel=6e-3)


@pytest.mark.parametrize("place", [(2.5, 0.1), (4.0, 0.3)])
def test_the_depth_scale_in_chaos_is_what_walking_shows(place):
    settled = theory.fixed_correlation("tanh", *place)
    walk = np.array([0.0])
    for _layer in range(200):
        walk = np.append(walk, theory.correlation_map("tanh", *place, walk[-1]))
    left = settled - walk
    at = np.flatnonzero((left < 1e-5) & (left > 1e-8))[:2]
    assert math.log(left[at[0]] / left[at[1]]) == pytest.approx(
        1 / theory.depth_scales("tanh", *place).correlation, rel=1e-4
    )


@pytest.mark.parametrize("bias_variance", [0.05, 0.5])
def test_the_correlations_scale_grows_without_bound_towards_the_critical_line_of_tanh(bias_variance):
    # Poole et al. 2016 and Schoenholz et al. 2017: ξ_c diverges at χ = 1, from both sides; in order it is 1/|log χ|.
    border = theory.critical_weight_variance("tanh", bias_variance)
    for side in (-1, 1):
        far, near = (theory.depth_scales("tanh", border * (1 + side * gap), bias_variance) for gap in (1e-2, 1e-4))
        assert near.correlation > 90 * far.correlation
        assert near.length == pytest.approx(far.length, rel=0.02)
    below = border * 0.9
    assert theory.depth_scales("tanh", below, bias_variance).correlation == pytest.approx(
        1 / abs(math.log(theory.chi("tanh", below, bias_variance))), rel=1e-12
    )


def test_the_scale_is_the_same_just_inside_and_just_outside_chaos():
    # With f(c) = 1 - χ(1-c) + κ(1-c)²/2 the slope at c* is 2 - χ, so that both sides have the same ξ at equal |χ - 1|.
    border = theory.critical_weight_variance("tanh", 0.1)
    scales = [theory.depth_scales("tanh", border * factor, 0.1).correlation for factor in (1 - 1e-4, 1 + 1e-4)]
    assert scales[0] == pytest.approx(scales[1], rel=1e-2)


def test_scales_at_the_ends_of_the_range():
    assert theory.depth_scales("relu", 2.0) == (math.inf, math.inf)
    assert theory.depth_scales("linear", 1.0) == (math.inf, math.inf)
    assert theory.depth_scales("tanh", 0.0, 0.3) == (0.0, 0.0)
    dying = 1 / abs(math.log(0.9))
    assert theory.depth_scales("tanh", 0.9) == pytest.approx((dying, dying), rel=1e-9)
    growing = theory.depth_scales("relu", 3.0)
    assert growing.length == pytest.approx(1 / math.log(1.5), rel=1e-9)
    assert growing.correlation == math.inf


# The phase diagram


def rate(layers):
    with np.errstate(divide="ignore"):
        return 1 / np.asarray(layers, float)


@every_activation
def test_the_diagram_says_what_the_functions_of_one_point_say(name):
    rng = np.random.default_rng(0)
    weights, biases = rng.uniform(0, 6, 9), np.append(0.0, rng.uniform(0, 2, 8))
    diagram = theory.phase_diagram(name, weights, biases)
    for row, bias_variance in enumerate(biases):
        for column, weight_variance in enumerate(weights):
            place, at = (name, weight_variance, bias_variance), (row, column)
            found = [diagram.fixed_point[at], diagram.chi[at], diagram.correlation[at]]
            expected = [theory.fixed_point(*place), theory.chi(*place), theory.fixed_correlation(*place)]
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
            rates = rate([scale[at] for scale in diagram.depth_scales])
            np.testing.assert_allclose(rates, rate(theory.depth_scales(*place)), rtol=1e-6, atol=1e-6)


def test_the_diagram_is_right_beside_the_critical_line():
    border = theory.critical_weight_variance("tanh", 0.1)
    weights = border * (1 + np.array([-1e-3, -1e-6, 1e-6, 1e-3]))
    diagram = theory.phase_diagram("tanh", weights, [0.1])
    expected = [theory.fixed_correlation("tanh", weight, 0.1) for weight in weights]
    np.testing.assert_allclose(diagram.correlation[0], expected, rtol=0, atol=1e-6)
    assert (diagram.chi[0] > 1).tolist() == [False, False, True, True]


def test_the_border_of_the_diagram_is_the_critical_line():
    biases = np.linspace(0.01, 1.0, 12)
    weights = np.linspace(0.5, 4.0, 701)
    chaotic = theory.phase_diagram("tanh", weights, biases).chi > 1
    first = weights[chaotic.argmax(axis=1)]
    borders = np.array([theory.critical_weight_variance("tanh", bias) for bias in biases])
    assert np.all((first >= borders) & (first - borders < weights[1] - weights[0]))


@pytest.mark.parametrize("name", mostly_long(list(ACTIVATIONS), ("tanh", "relu")))
def test_a_diagram_is_kept(name):
    weights, biases = np.linspace(0.013, 5.0, 64), np.linspace(0.0, 1.01, 64)
    first = theory.phase_diagram(name, weights, biases)
    assert first.chi.shape == first.depth_scales.correlation.shape == (64, 64)
    assert theory.phase_diagram(name, weights, biases) is first


def test_diagrams_are_read_only():
    diagram = theory.phase_diagram("relu", [1.0, 2.0], [0.0])
    with pytest.raises(ValueError, match="read-only"):
        diagram.chi[0, 0] = 1.0


# Errors


@pytest.mark.parametrize("wrong", [-1.0, math.nan, 1e7])
def test_a_plane_has_variances_from_0_to_a_million(wrong):
    with pytest.raises(ValueError, match=r"weight_variances are .*; allowed are numbers from 0 to 1e6"):
        theory.phase_diagram("tanh", [1.0, wrong], [0.0])
    with pytest.raises(ValueError, match=r"bias_variances are .*; allowed are numbers from 0 to 1e6"):
        theory.phase_diagram("tanh", [1.0], [wrong])


@pytest.mark.parametrize("wrong", [[], 1.0, [[1.0]]])
def test_an_axis_of_a_plane_is_a_list(wrong):
    with pytest.raises(ValueError, match=r"weight_variances have shape .*; allowed is a list of one number or more"):
        theory.phase_diagram("tanh", wrong, [0.0])


def test_maps_refuse_what_is_no_length_or_no_correlation():
    with pytest.raises(ValueError, match=r"variances are .*; allowed are finite numbers, 0 or more"):
        theory.length_map("tanh", 1.0, 0.0, [-0.1])
    with pytest.raises(ValueError, match=r"correlations are .*; allowed are numbers from -1 to 1"):
        theory.correlation_map("tanh", 1.0, 0.0, [1.1])
    with pytest.raises(ValueError, match="activation is 'step'; allowed are sigmoid"):
        theory.depth_scales("step", 1.0)
    with pytest.raises(ValueError, match="weight_variance is -1"):
        theory.depth_scales("tanh", -1.0)
    with pytest.raises(ValueError, match="start is -1"):
        theory.fixed_point("tanh", 1.0, start=-1.0)
