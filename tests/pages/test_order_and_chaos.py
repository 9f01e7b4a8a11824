"""What the page says about lengths, correlations and the border between order and chaos, measured on drawn networks."""

import functools
import math

import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from samples import assert_mean

from course import theory, training
from course.activations import ACTIVATIONS
from course.initializers import Scheme
from course.pages.order_and_chaos.order_and_chaos import BIAS_VARIANCES, WEIGHT_VARIANCES, plane, point
from course.probes.pairs import measure_pairs
from course.training import Setup, Training

PYTORCH = 25 / 9
GIVES_AWAY = (r"strangers?", r"part until", r"does the opposite", r"1\.210", r"chaotic phase", r"tell apart what")
"""That tanh with the gain 5/3 takes the cosine of two inputs to 0."""
LAYERS = np.array([1, 2, 4, 8, 16, 32, 64, 100])


@functools.cache
def runs(activation, weight_variance, bias_variance=0.0, depth=50, cosine=0.0, seeds=10):
    setting = {"weight_variance": weight_variance, "bias_variance": bias_variance, "cosine": cosine}
    return [measure_pairs(seed, depth=depth, activation=activation, **setting) for seed in range(seeds)]


# The gain


def test_two_preactivations_by_hand():
    assert math.tanh(1) == pytest.approx(0.7616, abs=5e-5)
    assert math.tanh(2) == pytest.approx(0.9640, abs=5e-5)
    assert [math.tanh(z) ** 2 / z**2 for z in (1, 2)] == pytest.approx([0.580, 0.232], abs=5e-4)


def test_every_gain_is_a_sum_over_a_fine_grid():
    z, step = np.linspace(-8, 8, 1601, retstep=True)
    density = step * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    for name, row in ACTIVATIONS.items():
        # The trapezoidal rule errs by the order of step² = 1e-4 at a kink.
        assert 1 / math.sqrt(density @ row.array_function(z) ** 2) == pytest.approx(theory.gain(name), abs=5e-5)
    found = [theory.gain(name) for name in ("relu", "tanh", "selu")]
    assert found == pytest.approx([math.sqrt(2), 1.5925, 1.0], abs=5e-5)


def test_the_gain_of_the_sine_is_15209():
    assert 1 / math.sqrt((1 - math.exp(-2)) / 2) == pytest.approx(1.5209, abs=5e-5)
    assert (1 - math.exp(-2)) / 2 == pytest.approx(0.4323, abs=5e-5)


# Lengths


@pytest.mark.long
@asserts("The recommended gain for")
def test_with_five_thirds_tanh_settles_at_1178_in_theory_and_in_drawn_networks():
    assert round((5 / 3) ** 2, 2) == 2.78
    assert theory.fixed_point("tanh", PYTORCH) == pytest.approx(1.178, abs=5e-4)
    assert theory.fixed_point("tanh", theory.gain("tanh") ** 2) == pytest.approx(1.0, rel=1e-9)
    settled = [run.preactivation_variance[30] for run in runs("tanh", PYTORCH)]
    assert_mean(settled, 1.178, slack=0.01)  # the map is bent: a spread of 1/256 in length lowers the mean


def test_with_xavier_tanh_falls_as_one_over_twice_the_layer():
    moments = theory.activation_second_moments("tanh", 100, 1.0)[LAYERS - 1]
    stated = [0.394, 0.236, 0.128, 0.065, 0.0325, 0.0161, 0.0080, 0.0051]
    assert np.all(np.abs(moments - stated) < np.repeat([5e-4, 5e-5], 4))
    np.testing.assert_allclose(moments[3:] * 2 * LAYERS[3:], 1.0, atol=0.05)
    # The map is q - 2q² + (17/3) q³ - …: what is left after q - 2q² is of the order of q³.
    lengths = np.array([1e-3, 1e-2])
    assert np.all(np.abs(theory.length_map("tanh", 1.0, 0.0, lengths) - (lengths - 2 * lengths**2)) < 6 * lengths**3)


def test_he_relu_keeps_every_length_and_any_other_weight_variance_none():
    lengths = np.array([0.1, 1.0, 30.0])
    np.testing.assert_allclose(theory.length_map("relu", 2.0, 0.0, lengths), lengths, rtol=1e-12)
    assert (theory.fixed_point("relu", 1.9), theory.fixed_point("relu", 2.1)) == (0.0, math.inf)


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_gelu_and_silu_leave_the_length_that_their_gain_keeps(name):
    weight_variance = theory.gain(name) ** 2
    assert theory.length_map(name, weight_variance, 0.0, 1.0) == pytest.approx(1.0, rel=1e-12)
    assert theory.fixed_point(name, weight_variance, start=1.01) == math.inf
    assert theory.fixed_point(name, weight_variance, start=0.99) == 0.0


# Two inputs


@pytest.mark.long
@asserts("In a deep ReLU network different")
def test_two_orthogonal_inputs_become_one_through_he_relu():
    layers = np.array([1, 2, 5, 10, 20, 50, 100])
    found = theory.correlations("relu", 100, 2.0)[layers - 1]
    np.testing.assert_allclose(found, [0.318, 0.494, 0.736, 0.872, 0.948, 0.988, 0.996], atol=5e-4)
    for layer in (1, 2, 5):
        assert_mean([run.cosine[layer - 1] for run in runs("relu", 2.0)], found[list(layers).index(layer)], 0.02)


@pytest.mark.long
def test_pytorchs_gain_makes_strangers_of_two_inputs_and_weaker_weights_make_them_one():
    assert theory.fixed_correlation("tanh", PYTORCH) == 0.0
    assert abs(theory.correlations("tanh", 50, 2.78, correlation=0.5)[-1]) < 0.02
    assert_mean([run.cosine[-1] for run in runs("tanh", PYTORCH, cosine=0.5)], 0.0, slack=0.01)
    alike = [run.cosine[-1] for run in runs("tanh", 1.5, 0.2, cosine=0.5)]
    assert min(alike) > 0.99


# Chi


@pytest.mark.parametrize(("weight_variance", "chi"), [(2.0, 1.106), (PYTORCH, 1.210)])
def test_chi_is_what_a_layer_does_to_gradients(weight_variance, chi):
    assert theory.chi("tanh", weight_variance) == pytest.approx(chi, abs=5e-4)
    gradients = np.array([run.preactivation_gradient_variance for run in runs("tanh", weight_variance)])
    logs = np.log(gradients[:, 19] / gradients[:, 39]) / 20
    # A mean of logarithms lies below the logarithm of the mean: the spread of one layer's factor is about 2/width.
    assert_mean(logs, math.log(chi), slack=2 / 256)


@pytest.mark.parametrize("weight_variance", [2.0, PYTORCH])
def test_chi_is_what_a_layer_does_to_small_differences(weight_variance):
    apart = 1e-6
    parted = 1 - theory.correlation_map("tanh", weight_variance, 0.0, 1 - apart)
    assert parted / apart == pytest.approx(theory.chi("tanh", weight_variance), rel=1e-4)


def test_over_fifty_layers_pytorchs_gain_lets_the_gradient_grow_6400_times():
    assert theory.gradient_variances("tanh", 50, PYTORCH)[0] == pytest.approx(6400, abs=50)


def test_the_square_of_the_mean_slope_says_095_where_chi_is_1106():
    z, step = np.linspace(-8, 8, 1601, retstep=True)
    density = step * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    slopes = ACTIVATIONS["tanh"].array_slope(math.sqrt(0.618) * z)
    assert theory.fixed_point("tanh", 2.0) == pytest.approx(0.618, abs=5e-4)
    assert 2 * (density @ slopes) ** 2 == pytest.approx(0.95, abs=5e-3)
    assert 2 * density @ slopes**2 == pytest.approx(1.106, abs=5e-4)


# The plane


@pytest.mark.parametrize(
    ("bias_variance", "border", "settled"),
    [(0.0, 1.0, 0.0), (0.05, 1.761, 0.570), (0.2, 2.285, 1.164), (1.0, 3.443, 3.036)],
)
def test_the_critical_line_of_tanh_runs_where_the_page_says(bias_variance, border, settled):
    found = theory.critical_weight_variance("tanh", bias_variance)
    assert found == pytest.approx(border, abs=5e-4)
    assert theory.fixed_point("tanh", found, bias_variance) == pytest.approx(settled, abs=5e-4)


def test_the_published_point_of_the_critical_line_is_on_it():
    # Schoenholz et al. 2017: σ_w² = 1.76 at σ_b² = 0.05. Poole et al. 2016: it begins at σ_w = 1 without biases.
    assert theory.critical_weight_variance("tanh", 0.05) == pytest.approx(1.76, abs=5e-3)
    assert theory.chi("tanh", 1.76, 0.05) == pytest.approx(1.0, abs=5e-4)
    assert theory.critical_weight_variance("tanh", 0.0) == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("bias_variance", [0.0, 0.3, 1.0])
def test_for_relu_chi_is_half_the_weight_variance_and_the_line_stands_at_2(bias_variance):
    assert theory.critical_weight_variance("relu", bias_variance) == pytest.approx(2.0, rel=1e-9)
    assert theory.chi("relu", 1.3, bias_variance) == pytest.approx(0.65, rel=1e-9)
    assert theory.fixed_point("relu", 2.1, bias_variance) == math.inf


@pytest.mark.parametrize("name", ["tanh", "relu", "selu", "elu"])
def test_the_line_that_is_drawn_is_the_critical_line(name):
    drawn = plane(name)
    width = WEIGHT_VARIANCES[1] - WEIGHT_VARIANCES[0]
    for row in (8, 40, 80):
        expected = theory.critical_weight_variance(name, BIAS_VARIANCES[row])
        # Beside a grid point where chi is 1 up to rounding, the crossing may be found a column later.
        assert drawn.border[row] == pytest.approx(expected, abs=1.01 * width)


def test_the_phase_of_a_point_is_that_of_the_plane():
    drawn = plane("tanh")
    for row, column in ((5, 20), (5, 80), (60, 40), (60, 120)):
        place = point("tanh", float(WEIGHT_VARIANCES[column]), float(BIAS_VARIANCES[row]))
        assert place.phase == drawn.phase[row, column]
        assert place.depth_scale == pytest.approx(drawn.depth_scale[row, column], rel=1e-5)


# Depth scales


@asserts("A network can be trained")
@pytest.mark.parametrize(("weight_variance", "scale"), [(0.5, 1.2), (1.3, 7.8), (1.7, 74.9), (2.0, 25.2), (2.5, 11.8)])
def test_depth_scales_of_tanh_at_bias_variance_005(weight_variance, scale):
    length, correlation = theory.depth_scales("tanh", weight_variance, 0.05)
    assert correlation == pytest.approx(scale, abs=0.05)
    assert 1 <= round(length, 1) < 2


def test_what_is_left_of_a_difference_after_a_depth_scale_is_37_percent():
    assert math.exp(-1) == pytest.approx(0.37, abs=5e-3)


def test_at_the_border_relus_inputs_meet_by_a_power_of_the_layer():
    # 1 - c falls as 9π²/(2 l²): twice as deep, a quarter is left.
    left = 1 - theory.correlations("relu", 1000, 2.0)
    assert left[499] / left[999] == pytest.approx(4, rel=0.1)


# Training, sigmoid


@pytest.mark.long
@asserts("A network can be trained")
def test_thirty_layers_of_tanh_train_near_the_border_and_not_far_from_it():
    variances = (0.5, 1.3, 6.0)
    scales = [theory.depth_scales("tanh", variance).correlation for variance in variances]
    assert scales == pytest.approx([1.4, 112.0, 5.8], abs=0.05)
    starts = [Scheme(f"tanh_{w}", f"σ_w² = {w}", w, "fan_in", "normal", "this page") for w in variances]
    sweep = Training(
        Setup(depth=30, activation="tanh"), training.trials(starts, seeds=range(3)), steps=400, records=1, layers=False
    )
    order, border, chaos = sweep.run().accuracies[-1].reshape(3, 3)
    # Guessing is right in 10 %; 360 digits are held out, so that a guesser's share has a standard error of 1.6 %.
    assert order.max() < 0.1 + 5 * 0.016
    assert border.min() > 0.5
    assert chaos.max() < border.min()


@pytest.mark.long
def test_sixteen_times_the_variance_does_not_let_a_sigmoid_networks_gradient_live():
    assert [theory.chi("sigmoid", w) for w in (1.0, 16.0)] == pytest.approx([0.056, 0.399], abs=5e-4)
    assert theory.fixed_point("sigmoid", 16.0) == pytest.approx(5.86, abs=5e-3)
    left = [theory.gradient_variances("sigmoid", 10, w)[0] for w in (1.0, 16.0)]
    assert left == pytest.approx([4.1e-12, 1.6e-4], rel=0.03)
    assert theory.critical_weight_variance("sigmoid", 0.0) == pytest.approx(103, abs=0.5)
    gradients = np.array([run.preactivation_gradient_variance for run in runs("sigmoid", 16.0, depth=10)])
    measured = np.log(gradients[:, 0] / gradients[:, -1])
    assert_mean(measured, math.log(left[1]), slack=10 * 2 / 256)


# The exercises and the check


def test_the_border_at_a_bias_variance_of_03_is_248():
    assert theory.critical_weight_variance("tanh", 0.3) == pytest.approx(2.5, abs=0.03)


def test_far_in_chaos_near_inputs_become_strangers():
    assert max(run.cosine[-1] for run in runs("tanh", 10.0, depth=20, cosine=0.99)) < 0.3
    assert theory.fixed_correlation("tanh", 10.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("place", [(1.5, 0.2), (2.5, 0.05), (4.0, 0.0), (4.0, 0.3), (8.0, 1.0)])
def test_the_grey_line_is_where_the_cosine_of_the_activations_settles(place):
    deep = theory.correlations("tanh", 1000, *place, correlation=0.5)[-1]
    assert point("tanh", *place).settled_cosine == pytest.approx(deep, abs=1e-6)


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "A recommended gain": {
        "5/3, is a weight variance of 2.78": lambda: seen.as_written("2.78", (5 / 3) ** 2),
        "a cosine of 0.5": lambda: seen.defaults("order_and_chaos")["cosine"] == 0.5,
        "6434": "(theory: 6434)",
    },
    "Everything looks alike": {
        "the cosine of 0.5": lambda: seen.defaults("order_and_chaos")["cosine"] == 0.5,
        "To 1, within": "on its way to 1.00",
        "twenty layers": lambda: theory.correlations("tanh", 20, 1.5, 0.2, correlation=0.5)[-1] > 0.98,
    },
    "On the border": {
        "The gradient is nearly level": "lies on the border",
    },
    "He initialization is a point": {
        "upright at 2": lambda: math.isclose(theory.critical_weight_variance("relu", 0.5), 2.0),
        "0.99 after layer 50": "after layer 50 (theory: 0.99)",
    },
    "A staircase to the end": {
        "begins at 2": "from 2 in layer 1",
        "settles at 0.42": "settles at 0.42",
        "begins at 0.2 and climbs to 1": "settles at 1.00",
        "below 1": "slope at c = 1",
    },
    "A map without a bend": {
        "0.94 in 20 layers": "from 0.00 to 0.94",
    },
}
