"""What the page on saturation says, and what the literature says wrongly, computed afresh."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts

from course import explorers, probes, theory
from course.activations import ACTIVATIONS
from course.probes.chain import run_chain

SIGMOID = ACTIVATIONS["sigmoid"]
GIVES_AWAY = (
    r"2[,\s]?2\d\d times|231[23]",
    r"22[,\s]?0(00|28)",
    r"0\.0000|\de-0?5",
    r"5507",
    r"22[,\s]?063",
    r"1 ?- ?\\sigma|y.{0,3}1 ?- ?y",
)
"""How flat the sigmoid is at 10, and the formula from which it follows."""


def slope(z):
    """By a formula that the page does not use for its numbers, σ' = 1 / (4 cosh²(z/2))."""
    return 1 / (4 * np.cosh(np.asarray(z) / 2) ** 2)


def constant_chain(weight, bias=0.0, start=0.5, depth=20):
    return run_chain(np.full(depth, weight), np.full(depth, bias), start)


def random_chains(std, centred):
    key = np.random.default_rng(7)
    weights, inputs = std * key.normal(size=(20, 20_000)), key.uniform(size=20_000)
    return run_chain(weights, -weights / 2 if centred else 0 * weights, inputs)


# The slope


@asserts("The sigmoid's slope σ′ =")
def test_the_slope_is_the_sigmoid_times_its_complement_and_rise_over_run():
    z = np.linspace(-12, 12, 241)
    value = SIGMOID.array_function(z)
    rise = SIGMOID.array_function(z + 5e-4) - SIGMOID.array_function(z - 5e-4)
    np.testing.assert_allclose(value * (1 - value), slope(z), rtol=1e-9)
    # The error of a symmetric difference is at most h² |σ'''| / 6, and |σ'''| is at most 1/8.
    np.testing.assert_allclose(rise / 1e-3, slope(z), atol=(5e-4) ** 2 / 48 + 1e-12)


@asserts("The sigmoid's slope σ′ =")
def test_the_slope_peaks_at_0_with_a_quarter():
    z = np.linspace(-12, 12, 2401)
    assert slope(z).max() == slope(0) == SIGMOID.peak_slope == 0.25
    assert z[np.argmax(slope(z))] == pytest.approx(0, abs=1e-12)


@asserts("At 2 it is about 1/10, at")
@pytest.mark.parametrize(("z", "inverse"), [(0, "4"), (2, "9.52"), (4, "56.6"), (10, "22028")])
def test_the_inverse_of_the_slope_is_the_figure_of_the_page(z, inverse):
    digits = len(inverse.partition(".")[2])
    assert f"{1 / slope(z):.{digits}f}" == inverse


@asserts("So learning at 10 is 2200")
def test_a_tenth_and_1_over_22000_are_fair_roundings_but_their_ratio_is_not():
    assert slope(2) == pytest.approx(1 / 10, rel=0.05)
    assert slope(10) == pytest.approx(1 / 22000, rel=0.002)
    assert f"{slope(2) / slope(10):.1f}" == "2312.8"
    assert 0.048 < 1 - 2200 / (slope(2) / slope(10)) < 0.05


@asserts("A sigmoid's inputs should")
@pytest.mark.parametrize(("edge", "lost"), [(3, "5.5"), (4, "14.2"), (5, "38")])
def test_at_the_edge_of_a_band_the_slope_has_lost_this_factor(edge, lost):
    digits = len(lost.partition(".")[2])
    assert f"{0.25 / slope(edge):.{digits}f}" == lost


def test_half_of_the_slope_is_lost_at_1_76_and_a_hundredth_is_left_at_5_99():
    assert slope(1.763) == pytest.approx(1 / 8, rel=1e-3)
    assert slope(2 * math.acosh(10)) == pytest.approx(1 / 400, rel=1e-12)
    assert round(2 * math.acosh(10), 2) == 5.99


@pytest.mark.parametrize("z", range(4, 12))
def test_one_more_unit_beyond_4_costs_about_a_factor_of_e(z):
    # σ'(z) = e^-z / (1 + e^-z)², so the ratio is e ((1 + e^-(z+1)) / (1 + e^-z))².
    assert slope(z) / slope(z + 1) == pytest.approx(math.e, rel=2 * math.exp(-z))


# Learning


def steps(z, gradient):
    count = 0
    while z > 0:
        z, count = z - gradient(z), count + 1
    return count


def test_after_100_steps_the_first_unit_outputs_0_09_and_the_second_what_it_did():
    z = np.array([2.0, 10.0])
    first = SIGMOID.array_function(z)
    for _step in range(100):
        z = z - SIGMOID.array_function(z) * slope(z)
    outputs = SIGMOID.array_function(z)
    assert [f"{first[0]:.2f}", f"{outputs[0]:.2f}"] == ["0.88", "0.09"]
    assert f"{first[1]:.5f}" == f"{outputs[1]:.5f}" == "0.99995"


def test_squared_error_needs_16_steps_from_2_and_22063_from_10():
    def gradient(z):
        return math.exp(-z) / (1 + math.exp(-z)) ** 3

    assert steps(2.0, gradient) == 16
    assert steps(10.0, gradient) == 22063
    # The limit of small steps: the integral of 1 / (σ² (1 − σ)) from 0 to z.
    taken = [math.exp(z) + 3 * z - 3 * math.exp(-z) - math.exp(-2 * z) / 2 + 2.5 for z in (2, 10)]
    assert taken == pytest.approx([16, 22063], rel=0.05)


def test_cross_entropy_needs_3_steps_from_2_and_11_from_10():
    assert [steps(z, lambda z: 1 / (1 + math.exp(-z))) for z in (2.0, 10.0)] == [3, 11]
    # ∂C/∂z for C = −log(1 − σ(z)) is σ(z): the slope has cancelled.
    gradient = jax.grad(lambda z: -jnp.log(1 - jax.nn.sigmoid(z)))(2.0)
    assert float(gradient) == pytest.approx(float(SIGMOID.array_function(2.0)), rel=1e-5)


# The chain


def test_the_chain_multiplies_slopes_and_weights_as_automatic_differentiation_does():
    key = np.random.default_rng(3)
    weights, biases = key.normal(size=(2, 6))

    def output(biases):
        signal = 0.3
        for weight, bias in zip(weights, biases, strict=True):
            signal = jax.nn.sigmoid(weight * signal + bias)
        return signal

    expected = jax.grad(output)(jnp.asarray(biases))
    np.testing.assert_allclose(run_chain(weights, biases, 0.3).bias_gradients, expected, rtol=1e-5)


@asserts("The gradient of a chain of")
def test_the_gradient_of_four_layers_is_the_product_of_the_page():
    weights = np.array([0.5, -1.0, 0.8, 1.0])
    chain = run_chain(weights, np.zeros(4), 0.5)
    s = slope(chain.preactivations)
    product = s[3] * weights[3] * s[2] * weights[2] * s[1] * weights[1] * s[0]
    assert chain.bias_gradients[0] == pytest.approx(product, rel=1e-12)
    assert round(product, 5) == -0.00257


def test_many_chains_at_once_are_the_same_as_one_after_the_other():
    weights, biases = np.random.default_rng(5).normal(size=(2, 7, 3))
    together = run_chain(weights, biases, np.array([0.1, 0.5, 0.9]))
    for number, start in enumerate((0.1, 0.5, 0.9)):
        alone = run_chain(weights[:, number], biases[:, number], start)
        for whole, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[:, number], single, rtol=1e-13)


@pytest.mark.parametrize(("weights", "biases"), [([], []), ([1.0], [0.0, 0.0]), (1.0, 0.0)])
def test_a_chain_without_layers_or_with_two_lengths_is_refused(weights, biases):
    with pytest.raises(ValueError, match="one shape"):
        run_chain(np.array(weights), np.array(biases), 0.5)


@asserts("The gradient of a chain of")
@pytest.mark.parametrize("greatest", [1.0, 4.0, 10.0])
def test_no_chain_passes_the_bound_and_with_weights_up_to_1_it_is_a_quarter_a_layer(greatest):
    key = np.random.default_rng(11)
    weights, biases = key.uniform(-greatest, greatest, size=(2, 4, 10_000))
    first = np.abs(run_chain(weights, biases, key.uniform(size=10_000)).bias_gradients[0])
    bound = 0.25 * (greatest / 4) ** 3
    assert first.max() <= bound
    assert bound == 0.25**4 or greatest > 1


# Large weights


@asserts("Large weights make this product")
def test_a_large_weight_vanishes_where_the_bound_would_let_it_explode():
    assert f"{constant_chain(10.0).bias_gradients[0]:.0e}" == "2e-66"
    assert f"{0.25 * 2.5**19:.0e}" == "9e+06"


@asserts("Large weights make this product")
def test_a_chain_explodes_on_a_knife_edge_only():
    on_the_edge, beside = constant_chain(10.0, -5.0), constant_chain(10.0, -5.0, 0.52)
    assert on_the_edge.bias_gradients[0] == pytest.approx(0.25 * 2.5**19, rel=1e-9)
    assert f"{beside.bias_gradients[0]:.0e}" == "5e-19"
    a_thousandth_off = constant_chain(10.0, -5.0, 0.501)
    assert abs(a_thousandth_off.bias_gradients[0]) < 1e-6
    grown = a_thousandth_off.activations - 0.5
    assert grown[3] / grown[2] == pytest.approx(2.5, rel=0.02)
    assert grown[5] > 0.2
    assert a_thousandth_off.factors[-1] == pytest.approx(0.07, rel=0.03)


def test_weight_4_and_bias_minus_2_keep_the_gradient():
    np.testing.assert_allclose(constant_chain(4.0, -2.0).bias_gradients, 0.25, rtol=1e-12)


def test_the_slope_of_an_output_taken_for_z_never_falls_below_0_19():
    assert round(float(slope(np.linspace(0, 1, 101)).min()), 4) == round(float(slope(1.0)), 4) == 0.1966


@pytest.mark.parametrize("weight", [0.5, 2.0, 4.0, 5.0, 6.9, 10.0, 100.0])
def test_a_factor_is_above_1_only_for_weights_above_4_and_inside_the_window(weight):
    z = np.linspace(-12, 12, 24_001)
    above = weight * slope(z) > 1
    assert above.any() == (weight > 4)
    if weight > 4:
        reach = 2 * math.acosh(math.sqrt(weight) / 2)
        assert np.abs(z[above]).max() == pytest.approx(reach, abs=1e-3)


def test_the_window_is_widest_at_6_9_where_it_is_0_45_and_a_tenth_at_100():
    weights = np.linspace(4, 100, 96_001)
    window = 4 * np.arccosh(np.sqrt(weights) / 2) / weights
    assert weights[np.argmax(window)] == pytest.approx(6.9, abs=0.02)
    assert window.max() == pytest.approx(0.448, abs=5e-4)
    assert window[-1] == pytest.approx(0.09, abs=5e-3)


@pytest.mark.parametrize("std", [0.5, 1, 2, 4, 6, 10, 20, 100])
def test_random_chains_without_a_bias_never_explode(std):
    assert np.abs(random_chains(std, centred=False).bias_gradients[0]).max() < 1


def test_random_chains_with_a_fitting_bias_explode_in_one_of_a_hundred():
    exploding = np.abs(random_chains(10, centred=True).bias_gradients[0]) > 1
    # The page's draws gave 0.0126 of 20,000: two such shares differ by less than five standard errors.
    assert exploding.mean() == pytest.approx(0.0126, abs=5 * math.sqrt(2 * 0.0126 / 20_000))
    for std in (1, 4, 100):
        assert not (np.abs(random_chains(std, centred=True).bias_gradients[0]) > 1).any()


# A real network


NETWORK = {"depth": 30, "width": 128, "activation": "sigmoid", "scheme": "lecun_normal"}


def first_variances(std):
    runs = [probes.measure(seed, gain=std, **NETWORK) for seed in range(10)]
    return np.array([stats.preactivation_gradient_variance[0] for stats in runs])


@asserts("Large weights make this product")
def test_the_gradient_of_a_wide_network_explodes_above_a_weight_std_of_10_1():
    border = math.sqrt(theory.critical_weight_variance("sigmoid", 0.0))
    assert round(border, 1) == 10.1
    assert theory.chi("sigmoid", (border * 1.01) ** 2) > 1 > theory.chi("sigmoid", (border * 0.99) ** 2)
    assert (first_variances(8.0) < 1).all()
    assert (first_variances(16.0) > 1).all()


@pytest.mark.parametrize(("std", "factor"), [(1.0, "0.055"), (4.0, "0.39"), (16.0, "1.5")])
def test_measured_and_predicted_factor_a_layer_agree(std, factor):
    logs = np.log(first_variances(std)) / 29
    predicted = theory.gradient_variances("sigmoid", 30, std**2)[0] ** (1 / 29)
    # Finite width shifts the mean logarithm by about a half of its variance.
    allowed = 5 * logs.std(ddof=1) / math.sqrt(10) + 29 * logs.var(ddof=1)
    assert np.mean(logs) == pytest.approx(math.log(predicted), abs=allowed)
    assert f"{np.exp(np.mean(logs)):.2g}" == f"{predicted:.2g}" == factor


def test_at_weight_std_1_a_layer_leaves_less_than_a_sixteenth_of_the_variance():
    assert theory.chi("sigmoid", 1.0) < 1 / 16


# The pictures' sentences


def test_the_slope_picture_says_what_the_page_says():
    explorer = explorers.sigmoid_slope(z=10.0)
    assert "1/22028" in explorer.sentence
    assert "5507 times slower" in explorer.sentence
    assert "z = ±4.0, the slope is 1/56.6, 14.2 times slower" in explorer.sentence
    explorer.state = {"z": 0.0}
    assert "as fast as at the peak" in explorer.sentence


def test_the_chain_picture_says_what_the_page_says():
    explorer = explorers.sigmoid_chain(depth=20, weight=10.0)
    assert "gradient is 2.2e-66 (theory: at most 9.1e+06)" in explorer.sentence
    explorer.state = {"bias": -5.0}
    assert "gradient is 9.1e+06 (theory: at most 9.1e+06)" in explorer.sentence
    assert "times faster" in explorer.sentence
    assert "Every layer above layer 1 has the factor 2.5." in explorer.sentence
    explorer.state = {"weight": 0.0}
    assert "only layer 20 has a gradient" in explorer.sentence


def test_the_moved_point_changes_the_picture_and_comes_back():
    explorer = explorers.sigmoid_slope(z=2.0)
    before = explorer.image
    explorer.state = {"z": 6.0, "axis": "logarithmic"}
    assert explorer.image != before
    explorer.state = {"z": 2.0, "axis": "linear"}
    assert explorer.image == before


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Two away from zero": {
        "1/9.52": "1/9.52",
        "1/4": lambda: seen.sigmoid_slope(0),
        "2.38": "2.38 times slower",
        "z = 0": lambda: seen.times_slower(0) == 1,
        "1.76": lambda: 2 * math.acosh(math.sqrt(2)),
        "half of the peak": lambda: math.isclose(seen.times_slower(2 * math.acosh(math.sqrt(2))), 2),
    },
    "Ten away from zero": {
        "0.99995": "outputs 0.99995",
        "1/22028": "1/22028",
        "2313 times less than at 2": lambda: seen.times_slower(10, against=2),
    },
    "Is ±4 a law?": {
        "from −4 to 4": "±4.0",
        "2.66 from 4 to 5": lambda: seen.times_slower(5, against=4),
        "5.53 times slower at 3": lambda: seen.times_slower(3),
        "14.2": "14.2 times slower",
        "37.6 times at 5": lambda: seen.times_slower(5),
    },
    "Four layers in a row": {
        "at most 1/4": lambda: seen.sigmoid_slope(0),
        "0.0027": "layer 1 the gradient is 0.0027",
        "0.0039": "at most 0.0039",
        "power of 1/4": lambda: round(seen.sigmoid_slope(0) ** 4, 4) == 0.0039 and seen.sigmoid_slope(0),
    },
    "Twenty layers": {
        "1.1e-13": "layer 1 the gradient is 1.1e-13",
        "9.1e-13": "at most 9.1e-13",
        "2.0e+12": "learns 2.0e+12 times slower",
    },
    "Do large weights explode?": {
        "9.1e+06": "at most 9.1e+06",
        "2.2e-66": "layer 1 the gradient is 2.2e-66",
        "about 10": "at z = 10.0",
        "from layer 2 on": lambda: bool(
            np.all(abs(run_chain(np.full(20, 10.0), np.zeros(20), 0.5).preactivations[1:] - 10) < 0.1)
        ),
    },
    "On a knife's edge": {
        "z = 0, and the gradient reaches the bound, 9.1e+06": lambda: np.allclose(
            seen.chain(**seen.KNIFE, input=0.5)[0], seen.BOUND
        ),
        "9.1e+06": "at most 9.1e+06",
        "4.8e-19": "layer 1 the gradient is 4.8e-19",
    },
}
