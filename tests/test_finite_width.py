"""How far one draw strays: against exact laws, and against many draws in NumPy."""

import math
import re

import numpy as np
import pytest

from course import theory
from course.activations import ACTIVATIONS, named
from course.diagnosis.functions import KNOWN
from course.theory import finite_width
from course.theory.finite_width import band, log_means, log_variances

DRAWS, WIDTH, DEPTH = 300, 64, 6
EULER = 0.57721566490153286
STARTS = {"relu": 2.0, "leaky_relu": 2 / (1 + 0.01**2), "sigmoid": 16.0, "softplus": 1.0}


def measured(activation, weight_variance, seed=0, depth=DEPTH, width=WIDTH):
    """Logarithms of the three mean squares of one input of mean square 1, each of shape (draws, depth)."""
    random, row = np.random.default_rng(seed), named(activation)
    signal, inputs, preactivations, weights = np.ones((DRAWS, width)), [], [], []
    for _ in range(depth):
        weights.append(math.sqrt(weight_variance / width) * random.standard_normal((DRAWS, width, width)))
        inputs.append(signal)
        preactivations.append(np.einsum("di,dij->dj", signal, weights[-1]))
        signal = row.array_function(preactivations[-1])
    gradients = [random.standard_normal((DRAWS, width))]
    for later, z in zip(weights[:0:-1], preactivations[-2::-1], strict=True):
        gradients.append(np.einsum("dj,dij->di", gradients[-1], later) * row.array_slope(z))
    rows = preactivations, [*inputs[1:], signal], gradients[::-1]
    z, h, gradient = (np.log(np.mean(np.square(values), axis=2)).T for values in rows)
    return z, h, gradient - gradient[:, -1:]


def test_the_logarithm_of_a_gamma_variable_has_the_known_moments_of_1_and_one_half():
    mean, variance = finite_width._log_gamma(1.0)
    assert (mean, variance) == pytest.approx((-EULER, math.pi**2 / 6), rel=1e-9)
    mean, variance = finite_width._log_gamma(0.5)
    assert (mean, variance) == pytest.approx((-EULER - 2 * math.log(2) + math.log(2), math.pi**2 / 2), rel=1e-9)


@pytest.mark.parametrize("width", [1, 2, 100])
def test_a_linear_layer_adds_the_logarithm_of_a_chi_square_variable_exactly(width):
    mean, variance = finite_width._log_gamma(width / 2)
    layers = np.arange(1, 8)
    for what in (0, 1):
        assert log_variances("linear", 7, width, 1.0)[what] == pytest.approx(variance * layers, rel=1e-7)
        assert log_means("linear", 7, width, 1.0)[what] == pytest.approx(mean * layers, rel=1e-7)
    assert log_variances("linear", 7, width, 1.0).gradients == pytest.approx(variance * (7 - layers), rel=1e-7)


def test_a_relu_layer_adds_5_over_its_width_forward_and_backward():
    width, layers = 10**6, np.arange(1, 51)
    variances = log_variances("relu", 50, width, 2.0)
    assert variances.activations == pytest.approx(5 * layers / width, rel=1e-4)
    assert variances.gradients == pytest.approx(5 * (50 - layers) / width, rel=1e-4)
    assert variances.preactivations == pytest.approx((5 * (layers - 1) + 2) / width, rel=1e-4)


def test_the_laws_of_relu_are_the_exact_ones_up_to_the_second_order_in_1_over_width():
    # k of n units are on, binomial(n, 1/2), and the mean square is a chi-square variable of k degrees over n/2.
    for width in (32, 64, 128):
        on = np.arange(1, width + 1)
        share = np.exp([math.lgamma(width + 1) - math.lgamma(k + 1) - math.lgamma(width - k + 1) for k in on])
        share /= share.sum()
        given = np.array([finite_width._log_gamma(k / 2) for k in on])
        centre = given[:, 0] + np.log(on / (width / 2))
        mean = share @ centre
        variance = share @ (given[:, 1] + (centre - mean) ** 2)
        assert abs(log_means("relu", 1, width, 2.0).activations[0] - mean) < 5 / width**2
        assert abs(log_variances("relu", 1, width, 2.0).activations[0] - variance) < 10 / width**2


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_draws_stray_as_far_as_predicted(name):
    # Five standard errors of a sample variance, √(2/draws) of it; the law is of first order in its own size,
    # so what is left out is at most of the size of its square.
    weight_variance = STARTS.get(name, 1.0)
    predicted = log_variances(name, DEPTH, WIDTH, weight_variance)
    for values, variances in zip(measured(name, weight_variance), predicted, strict=True):
        error = 5 * math.sqrt(2 / DRAWS) * variances + variances**2
        np.testing.assert_array_less(abs(values.var(axis=0) - variances), error + 1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_typical_draw_lies_where_predicted(name):
    weight_variance = STARTS.get(name, 1.0)
    predicted = band(name, DEPTH, WIDTH, weight_variance, deviations=0)
    variances = log_variances(name, DEPTH, WIDTH, weight_variance)
    for values, low, variance in zip(measured(name, weight_variance, 1), predicted.low, variances, strict=True):
        error = 5 * np.sqrt(variance / DRAWS) + variance / 2  # the curvature left out is of the variance's size
        np.testing.assert_array_less(abs(values.mean(axis=0) - np.log(low)), error + 1e-12)


def test_two_standard_deviations_hold_about_95_of_100_draws():
    edges = band("relu", DEPTH, WIDTH, 2.0, deviations=2.0)
    for values, low, high in zip(measured("relu", 2.0, 2), *edges, strict=True):
        inside = np.mean((values[:, 2] > np.log(low[2])) & (values[:, 2] < np.log(high[2])))
        assert abs(inside - 0.9545) < 5 * math.sqrt(0.9545 * 0.0455 / DRAWS)


def test_a_saturating_layer_forgets_how_far_the_layers_before_it_strayed():
    tanh = log_variances("tanh", 100, 100, 2.0).activations
    assert tanh[-1] == pytest.approx(tanh[20], rel=0.01)
    assert tanh[-1] < log_variances("relu", 100, 100, 2.0).activations[-1] / 100


def test_biases_hold_the_signal_so_that_it_strays_less():
    without = log_variances("relu", 30, 100, 1.5).activations[-1]
    assert log_variances("relu", 30, 100, 1.5, 0.5).activations[-1] < without / 3


def test_every_layer_may_have_a_width_of_its_own():
    narrow_first = log_variances("relu", 3, (10, 1000, 1000), 2.0).activations
    assert narrow_first[0] == log_variances("relu", 1, 10, 2.0).activations[0]
    assert np.diff(narrow_first) == pytest.approx(np.full(2, log_variances("relu", 1, 1000, 2.0).activations[0]))


def test_the_band_is_drawn_round_the_curves_of_a_wide_network():
    edges = band("tanh", 5, 10**9, 1.3, 0.1, input_second_moment=0.7, backward_weight_variance=2.0)
    start = ("tanh", 5, 1.3, 0.1)
    expected = (
        theory.preactivation_variances(*start, input_second_moment=0.7),
        theory.activation_second_moments(*start, input_second_moment=0.7),
        theory.gradient_variances(*start, input_second_moment=0.7, backward_weight_variance=2.0),
    )
    for low, high, curve in zip(*edges, expected, strict=True):
        assert low == pytest.approx(curve, rel=1e-3)
        assert high == pytest.approx(curve, rel=1e-3)


def test_a_dead_signal_does_not_stray():
    assert not np.any(log_variances("relu", 3, 8, 0.0).activations)


def test_a_signal_that_leaves_the_range_of_numbers_strays_as_before_in_the_layers_before():
    squares = KNOWN["squared relu"]
    for weight_variance in (1e-3, 1e3):
        strays = [log_variances(squares, depth, 8, weight_variance).preactivations[0] for depth in (2, 12)]
        assert strays[0] == strays[1] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu", 3, 0, 2.0), "width is 0; allowed is a whole number, 1 or more"),
        (("relu", 3, (4, 4), 2.0), "width has 2 entries; allowed is a number, or one for each of 3 layers"),
        (("relu", 2, (4, 2.5), 2.0), "width is 2.5"),
        (("relu", 0, 4, 2.0), "depth is 0"),
        (("typo", 3, 4, 2.0), "activation is 'typo'"),
        (("relu", 3, 4, -2.0), "weight_variance is -2.0"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        log_variances(*arguments)


def test_a_band_of_a_negative_width_is_refused():
    with pytest.raises(ValueError, match=r"deviations is -1\.0; allowed is a finite number, 0 or more"):
        band("relu", 3, 4, 2.0, deviations=-1.0)
