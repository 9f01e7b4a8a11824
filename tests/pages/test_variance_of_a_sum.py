"""What the page says about the variance of sums and products, and about the second layer, measured."""

import functools
import itertools
import math

import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from samples import assert_mean

from course import activations, pages, probes, theory
from course.initializers import standard_deviation
from course.pages.variance_of_a_sum.sum_of_inputs import EDGE, TITLES, WEIGHTS, measured, predicted, sum_of_inputs
from course.probes.sums import DRAWS, FAN_INS, INPUTS, TERMS, sums_of_products
from course.theory import sums

DEPTH, WIDTH, SEEDS = 10, 128, 20
GIVES_AWAY = (r"(every|any) (number|d\b)", r"stays (the same|where it is)\W", r"1/\(?3", r"0\.33")
"""That the variance of z does not depend on the number of inputs, and what it is."""


@functools.cache
def drawn(d, draws, weights="uniform", inputs="normal", seed=0):
    """Sums of d products, with weights of variance 1/(3d)."""
    rng = np.random.default_rng(seed)
    w, x = (TERMS[name].draw(rng, draws * d).reshape(draws, d) for name in (weights, inputs))
    return (w * x).sum(axis=1) / math.sqrt(3 * d)


@functools.cache
def variances(activation):
    """The preactivation variances of the course's networks, of shape `(SEEDS, DEPTH)`."""
    network = {"depth": DEPTH, "width": WIDTH, "activation": activation, "scheme": "standard_uniform"}
    return np.array([probes.measure(seed, **network).preactivation_variance for seed in range(SEEDS)])


# Uniform variables, sums and products


@asserts("Var U(a, b) = (b − a)²/12")
@pytest.mark.parametrize(("a", "b"), [(2, 5), (0, 1), (-0.1, 0.1)])
def test_a_uniform_variable_has_the_variance_of_its_length_squared_over_12(a, b):
    sample = np.random.default_rng(0).uniform(a, b, 1_000_000)
    assert_mean((sample - (a + b) / 2) ** 2, (b - a) ** 2 / 12)
    # n evenly spaced points have it exactly, but for a relative 1/n².
    assert np.var(np.linspace(a, b, 1001)) == pytest.approx((b - a) ** 2 / 12 * (1 + 2 / 1000), rel=1e-5)


@asserts("Var U(a, b) = (b − a)²/12")
@pytest.mark.parametrize(("faces", "of_the_product"), [((-1, 1), 1), ((0, 2), 3)])
def test_the_variances_of_two_coins_add_and_multiply_only_if_both_means_are_0(faces, of_the_product):
    pairs = np.array(list(itertools.product(faces, faces)))
    assert np.var(faces) == 1
    assert np.var(pairs.sum(axis=1)) == 2
    assert np.var(pairs.prod(axis=1)) == of_the_product


def test_one_mean_of_1_already_breaks_the_product_rule():
    assert np.var([x * y for x in (-1, 1) for y in (0, 2)]) == 2


@pytest.mark.parametrize(("mean_x", "mean_y", "expected"), [(0, 0, 1), (0, 1, 2), (1, 1, 3)])
def test_a_product_of_normal_variables_has_the_variance_of_the_full_formula(mean_x, mean_y, expected):
    rng = np.random.default_rng(0)
    x, y = rng.normal(mean_x, 1, 1_000_000), rng.normal(mean_y, 1, 1_000_000)
    assert_mean((x * y - mean_x * mean_y) ** 2, expected)
    assert_mean((x + y - mean_x - mean_y) ** 2, 2)


# One unit


@asserts("Weights from U(±1/√d) and")
@pytest.mark.parametrize("d", [1, 10, 100, 1000])
def test_the_standard_start_gives_z_the_mean_0_and_the_variance_a_third_for_every_number_of_inputs(d):
    z = drawn(d, 5000)
    assert_mean(z, 0.0)
    assert_mean(z**2, 1 / 3)
    assert d * (2 / math.sqrt(d)) ** 2 / 12 == pytest.approx(1 / 3, rel=1e-12)


def test_without_the_root_the_sum_has_the_variance_d_thirds_and_leaves_the_interval():
    z = drawn(1000, 5000) * math.sqrt(1000)
    assert_mean(z**2, 1000 / 3)
    assert_mean(abs(z) > 4, 0.83, slack=0.005)
    assert sums.normal_share_outside(4, 1000 / 3) == pytest.approx(0.83, abs=0.005)


@pytest.mark.parametrize("name", TERMS)
def test_terms_have_variance_1_and_the_moments_that_their_rows_name(name):
    x = TERMS[name].draw(np.random.default_rng(1), 200_000)
    mean = 1.0 if name == "normal of mean 1" else 0.0
    assert_mean(x, mean)
    assert_mean((x - mean) ** 2, 1.0)
    assert_mean(x**2, TERMS[name].second_moment)
    assert_mean(x**4, TERMS[name].fourth_moment, slack=1e-12)


def test_every_sum_is_kept_on_its_way_to_the_next():
    kept = sums_of_products("coin", "coin", 0)
    assert kept.shape == (len(FAN_INS), DRAWS)
    assert set(np.unique(kept[0])) == {-1.0, 1.0}
    for d, z in zip(FAN_INS, kept, strict=True):
        assert (z % 2 == d % 2).all()
        assert (abs(z) <= d).all()
    for few, many, added in zip(kept, kept[1:], np.diff(FAN_INS), strict=False):
        assert (abs(many - few) <= added).all()


@pytest.mark.parametrize("wrong", [("gauss", "normal", 0), ("normal", "gauss", 0), ("normal", "normal", -1)])
def test_a_sum_that_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=r"gauss|-1"):
        sums_of_products(*wrong)


@pytest.mark.parametrize("terms", [0, -3])
def test_a_sum_of_no_terms_has_no_kurtosis(terms):
    with pytest.raises(ValueError, match=f"terms is {terms}"):
        sums.excess_kurtosis(terms, 3, 3)
    with pytest.raises(ValueError, match=r"kurtosis is 0\.5"):
        sums.excess_kurtosis(1, 3, 0.5)
    with pytest.raises(ValueError, match="variance is 0"):
        sums.normal_share_outside(4, 0)
    with pytest.raises(ValueError, match="limit is nan"):
        sums.normal_share_outside(math.nan, 1)


# How normal, how soon


def test_a_uniform_weight_and_a_normal_input_make_a_kurtosis_of_5_4():
    assert TERMS["uniform"].kurtosis == pytest.approx(9 / 5)
    assert TERMS["uniform"].kurtosis * TERMS["normal"].kurtosis == pytest.approx(5.4)


@asserts("That sum is normal.")
@pytest.mark.parametrize("d", [1, 2, 5, 10])
def test_the_excess_kurtosis_falls_as_2_4_over_the_number_of_inputs(d):
    assert sums.excess_kurtosis(d, 9 / 5, 3) == pytest.approx(2.4 / d)
    assert_mean(drawn(d, 400_000) ** 4, (3 + 2.4 / d) / 9)


def test_the_excess_kurtosis_of_coins_is_exact_by_counting():
    for d in (1, 2, 3, 8):
        z = np.array(list(itertools.product((-1, 1), repeat=d))).sum(axis=1)
        assert np.mean(z**4) / np.mean(z**2) ** 2 - 3 == pytest.approx(sums.excess_kurtosis(d, 1, 1))


@asserts("That sum is normal.")
def test_one_input_is_not_normal_and_a_hundred_nearly_are():
    """At |z| < 0.1 a normal z has the probability 0.137; one input has twice as much there."""
    normal = 1 - sums.normal_share_outside(0.1, 1 / 3)
    assert normal == pytest.approx(0.137, abs=0.001)
    assert np.mean(abs(drawn(1, 400_000)) < 0.1) > 1.9 * normal
    # The density at 0 is off by an eighth of the excess kurtosis (Edgeworth), here 0.3 %.
    assert_mean(abs(drawn(100, 40_000)) < 0.1, normal, slack=0.003 * normal)


@asserts("It falls outside ±4 with")
def test_outside_4_lies_4e_minus_12_in_the_normal_limit_and_700000_times_more_with_one_input():
    limit = sums.normal_share_outside(4, 1 / 3)
    assert limit == pytest.approx(4.26e-12, rel=1e-3)
    weights = (np.arange(1000) + 0.5) / 1000
    single = np.mean([sums.normal_share_outside(4, w**2) for w in weights])
    assert single == pytest.approx(3.2e-6, abs=5e-8)
    assert single / limit > 700_000
    assert 4 / math.sqrt(1 / 3) == pytest.approx(6.93, abs=0.01)


def test_beyond_2_one_input_has_twelve_times_the_share_of_a_normal_variable():
    weights = (np.arange(1000) + 0.5) / 1000
    exact = np.mean([sums.normal_share_outside(2, w**2) for w in weights])
    assert exact == pytest.approx(0.0065, abs=5e-5)
    assert_mean(abs(drawn(1, 400_000)) > 2, exact)
    assert sums.normal_share_outside(2, 1 / 3) == pytest.approx(0.00053, abs=5e-6)


@asserts("A sigmoid's inputs should")
def test_at_4_the_sigmoid_has_lost_a_factor_of_14_of_its_slope():
    slope = activations.named("sigmoid").array_slope(np.array([0.0, 4.0]))
    assert slope[0] / slope[1] == pytest.approx(14, abs=0.5)


# The second layer


@asserts("So the variance does not")
def test_a_linear_network_keeps_a_third_a_layer_so_its_variance_does_depend_on_the_number_of_layers():
    expected = theory.preactivation_variances("linear", DEPTH, 1 / 3)
    np.testing.assert_allclose(expected, 3.0 ** -np.arange(1, DEPTH + 1), rtol=1e-12)
    for layer in range(DEPTH):
        # The variance is taken about the mean of a layer's 128 units, so 1/128 of it is missing.
        assert_mean(variances("linear")[:, layer], expected[layer], slack=expected[layer] / WIDTH)
    assert abs(np.mean(variances("linear")[:, 1]) - 1 / 3) > 0.2


@asserts("So the variance does not")
def test_at_layer_2_of_a_sigmoid_network_only_the_mean_square_predicts_the_variance():
    mean, mean_square = (f("sigmoid", 1, 1 / 3)[0] for f in (theory.activation_means, theory.activation_second_moments))
    assert mean == pytest.approx(0.5, rel=1e-12)
    assert mean_square == pytest.approx(0.268, abs=5e-4)
    assert mean_square - mean**2 == pytest.approx(0.018, abs=5e-4)
    assert mean**2 / mean_square == pytest.approx(0.93, abs=0.005)
    second = variances("sigmoid")[:, 1]
    assert_mean(second, mean_square / 3, slack=mean_square / 3 / WIDTH)
    assert mean_square / 3 == pytest.approx(0.089, abs=5e-4)
    assert (mean_square - mean**2) / 3 == pytest.approx(0.006, abs=5e-5)
    assert (second > 10 * (mean_square - mean**2) / 3).all()
    assert (second < 1 / 6).all()


def test_a_sigmoid_unit_of_layer_2_gives_nearly_the_same_z_to_all_images():
    within = []
    for seed in range(SEEDS):
        network = probes.network(seed, depth=2, width=WIDTH, activation="sigmoid", scheme="standard_uniform")
        hidden = activations.named("sigmoid").array_function(np.asarray(network.inputs) @ network.weights[0])
        within.append(np.mean(np.var(hidden @ network.weights[1], axis=0)))
    # The variance of z over images is a little below 1/3: the 128 images have a small mean of their own.
    assert np.mean(within) == pytest.approx(0.006, abs=0.0005)


def test_from_layer_2_on_a_sigmoid_network_stays_at_a_variance_of_0085():
    expected = theory.preactivation_variances("sigmoid", DEPTH, 1 / 3)
    np.testing.assert_allclose(expected[2:], 0.085, atol=5e-4)
    for layer in range(2, DEPTH):
        assert_mean(variances("sigmoid")[:, layer], expected[layer], slack=expected[layer] / WIDTH)


# The exercises


def test_the_bound_of_a_tenth_gives_300_inputs_the_variance_1():
    assert math.sqrt(3 / 300) == pytest.approx(0.1)
    assert_mean((drawn(300, 5000) * math.sqrt(3)) ** 2, 1.0)


def test_weights_around_a_thousandth_times_4_give_1000_inputs_of_mean_1_a_mean_of_4_and_positive_weights_32():
    rng = np.random.default_rng(0)
    inputs = rng.normal(1, 1, (5000, 1000))
    for middle, mean in ((0.004, 4), (1000**-0.5, 31.6)):
        weights = middle + rng.uniform(-1, 1, inputs.shape) / np.sqrt(1000)
        assert_mean((weights * inputs).sum(axis=1), 1000 * middle)
        assert 1000 * middle == pytest.approx(mean, abs=0.05)


def test_grey_values_make_a_ninth_and_not_a_thirty_sixth():
    rng = np.random.default_rng(0)
    z = (rng.uniform(-0.1, 0.1, (20_000, 100)) * rng.uniform(0, 1, (20_000, 100))).sum(axis=1)
    assert_mean(z**2, 1 / 9)
    assert abs(np.var(z) - 1 / 36) > 0.05


# The picture


def test_the_explorer_shows_a_third_for_every_number_of_inputs_and_names_both_kurtoses():
    explorer = sum_of_inputs(d=1)
    for d in FAN_INS:
        explorer.state = {"d": d}
        assert "(theory: 0.33)" in explorer.sentence
        assert f"(theory: {2.4 / d:.2f})" in explorer.sentence


def test_the_explorer_measures_what_it_predicts_for_all_weights_and_inputs():
    assert list(TITLES) == list(WEIGHTS)
    for scheme, inputs in itertools.product(WEIGHTS.values(), INPUTS):
        stds = np.array([standard_deviation(scheme, (d, 1)) for d in FAN_INS])
        z = stds[:, None] * sums_of_products(scheme.distribution, inputs, 7)
        theirs, ours = measured(z), predicted(stds, scheme.distribution, inputs)
        # Var of a measured variance: (kurtosis − 1) Var² / draws.
        error = ours.variance * np.sqrt((ours.excess_kurtosis + 2) / DRAWS)
        assert (abs(theirs.variance - ours.variance) < 5 * error + ours.variance / DRAWS).all()


def test_inputs_of_mean_1_double_the_variance():
    explorer = sum_of_inputs(d=10, inputs="normal of mean 1")
    assert "(theory: 0.67)" in explorer.sentence


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Ten inputs": {
        "of variance 1,": lambda: TERMS["normal"].second_moment,
        "uniform ±1/√d": lambda: math.isclose(seen.weight_std("standard_uniform", 10), 10**-0.5 / math.sqrt(3)),
        "1/3": lambda: theory.preactivation_variances("linear", 1, 10 * seen.weight_std("standard_uniform", 10) ** 2)[
            0
        ],
        "0.58": lambda: math.sqrt(1 / 3),
    },
    "A single input": {
        "0.33": "(theory: 0.33)",
        "2.40": "(theory: 2.40)",
        "0.24": lambda: theory.sums.excess_kurtosis(10, TERMS["uniform"].kurtosis, TERMS["normal"].kurtosis),
        "2.4/d": lambda: TERMS["uniform"].kurtosis * TERMS["normal"].kurtosis - 3,
    },
    "A thousand inputs": {
        "A hundred times as many": lambda: seen.whole_state(pages.scenes("variance_of_a_sum")[0])["d"] * 100 == 1000,
        "0.33": "(theory: 0.33)",
        "±4": lambda: EDGE,
        "4.3e-10 %": "a normal variable: 4.3e-10 %",
    },
    "Weights not scaled": {
        "333": "(theory: 333)",
        "83 %": "a normal variable: 83 %",
        "±4": lambda: EDGE,
    },
    "Coins as inputs": {
        "+1 or −1": lambda: TERMS["coin"].second_moment == TERMS["coin"].fourth_moment == 1,
        "−1.20": "(theory: -1.20)",
        "0.33": "(theory: 0.33)",
    },
    "Inputs with a mean": {
        "still have variance 1, but mean 1": lambda: TERMS["normal of mean 1"].second_moment - 1**2,
        "0.33": lambda: theory.preactivation_variances("linear", 1, 1 / 3)[0],
        "0.67": "(theory: 0.67)",
        "which is 2": lambda: TERMS["normal of mean 1"].second_moment,
    },
    "Variance one again": {
        "the variance 1 that": "(theory: 1)",
        "variance 1/d": lambda: math.isclose(seen.weight_std("lecun_normal", 10) ** 2, 1 / 10),
        "three times": lambda: math.isclose(
            seen.weight_std("lecun_normal", 10) ** 2, 3 * seen.weight_std("standard_uniform", 10) ** 2
        ),
    },
}
