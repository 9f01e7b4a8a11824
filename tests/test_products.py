"""The law of a normal product's singular values against itself, and against matrices that were drawn."""

import math

import numpy as np
import pytest
from claims import asserts

from course import theory
from course.activations import ACTIVATIONS, named
from course.distributions import DISTRIBUTIONS
from course.probes import products as measured
from course.theory import products

DEPTHS = (1, 2, 3, 10, 50, 100)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_moments_of_the_density_are_the_fuss_catalan_numbers(depth, order):
    law = products.law(depth)
    found = np.sum(law.weights * law.singular_values ** (2 * order))
    assert found == pytest.approx(products.moment(depth, order), rel=1e-9)


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_density_adds_up_to_1_and_ends_at_the_largest_value(depth):
    law = products.law(depth)
    assert law.weights.sum() == pytest.approx(1, abs=1e-9)
    assert np.all(np.diff(law.singular_values) < 0)
    assert law.singular_values[0] < products.largest(depth)
    assert law.singular_values[0] == pytest.approx(products.largest(depth), rel=1e-7)


def test_one_matrix_has_the_law_of_marchenko_and_pastur():
    law = products.law(1)
    s = law.singular_values
    # The density of s is √(4 − s²)/π.
    below = (s * np.sqrt(4 - s**2) / 2 + 2 * np.arcsin(s / 2)) / np.pi
    np.testing.assert_allclose(law.share_below, below, atol=1e-5)


def test_the_first_moments_are_what_one_can_count():
    assert [products.moment(depth, 1) for depth in (1, 7, 100)] == [1, 1, 1]
    assert [products.moment(depth, 2) for depth in (1, 7, 100)] == [2, 8, 101]
    assert [products.moment(1, order) for order in (1, 2, 3, 4)] == [1, 2, 5, 14]  # Catalan


def test_the_largest_value_is_2_and_grows_like_the_root_of_e_times_the_depth():
    assert products.largest(1) == pytest.approx(2, rel=1e-14)
    assert products.largest(3) == pytest.approx(math.sqrt(256 / 27), rel=1e-14)
    assert products.largest(1000) == pytest.approx(math.sqrt(math.e * 1000.5), rel=1e-6)


def test_moments_of_high_order_find_the_largest_value():
    # By Stirling's formula the m-th moment grows like edge^m · m^(−3/2), and the ratio is right up to 1/m².
    ratio = products.moment(4, 100) / products.moment(4, 99) * (100 / 99) ** 1.5
    assert ratio == pytest.approx(products.largest(4) ** 2, rel=2 / 100**2)
    assert products.moment(4, 1000) == math.inf


@pytest.mark.parametrize("depth", [1, 2, 10, 50])
def test_quantiles_undo_the_shares(depth):
    law = products.law(depth)
    np.testing.assert_allclose(products.quantiles(depth, law.share_below), law.singular_values, rtol=1e-9)
    low, high = products.quantiles(depth, [0.0, 1.0])
    assert (low, high) == (0.0, pytest.approx(products.largest(depth)))
    shares = np.linspace(0, 1, 1000)
    assert np.all(np.diff(products.quantiles(depth, shares)) > 0)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_drawn_matrices_have_the_moments_of_the_law(depth):
    draws = [
        measured.jacobian_spectra(seed, depth=depth, activation="linear", distribution="normal").singular_values[-1]
        for seed in range(40)
    ]
    for order in (1, 2):
        means = np.mean(np.array(draws) ** (2 * order), axis=1)
        # A real matrix of width n departs from the law by a term of about depth²/n, for s⁴ of its depth + 1.
        slack = 0 if order == 1 else (depth + 1) * depth**2 / measured.WIDTH
        error = means.std(ddof=1) / math.sqrt(len(means))
        assert abs(means.mean() - products.moment(depth, order)) < 5 * error + slack


def test_the_mean_of_the_fourth_power_at_a_finite_width_is_exact_for_one_matrix():
    # E tr (WᵀW)² / n = 2 + 1/n for real normal matrices of variance 1/n (Wishart).
    values = [
        measured.jacobian_spectra(seed, depth=1, activation="linear", distribution="normal", width=20).singular_values
        for seed in range(400)
    ]
    means = np.mean(np.array(values) ** 4, axis=(1, 2))
    assert abs(means.mean() - (2 + 1 / 20)) < 5 * means.std(ddof=1) / 20


@pytest.mark.parametrize("depth", [1, 10, 100])
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_orthogonal_layers_stretch_every_direction_by_the_power_of_the_gain(depth, gain):
    spectra = measured.jacobian_spectra(1, depth=depth, activation="linear", distribution="orthogonal", gain=gain)
    expected = np.broadcast_to(gain ** spectra.depths[:, None].astype(float), spectra.singular_values.shape)
    # The weights are float32: each layer is orthogonal to about 1e-6.
    np.testing.assert_allclose(spectra.singular_values, expected, rtol=1e-6 * depth)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_jacobian_is_that_of_a_plain_network(activation):
    width, depth, step = 8, 3, 1e-6
    row = named(activation)

    def output(inputs):
        for layer in range(1, depth + 1):
            inputs = row.array_function(inputs @ measured.layer_weights(2, layer, "normal", 1.2, width))
        return inputs

    digit = 0.7 * measured.data.standardized_digits(1, width)[0].astype(float)
    both = [output(digit + side * step * np.eye(width)) for side in (1, -1)]
    jacobian = (both[0] - both[1]) / (2 * step)
    spectra = measured.jacobian_spectra(
        2, depth=depth, activation=activation, distribution="normal", gain=1.2, input_rms=0.7, width=width
    )
    np.testing.assert_allclose(spectra.singular_values[-1], np.linalg.svd(jacobian, compute_uv=False), atol=1e-7)


@pytest.mark.parametrize(("activation", "gain"), [("tanh", 1.0), ("relu", 2**0.5), ("linear", 1.1)])
@pytest.mark.parametrize("distribution", ["normal", "orthogonal"])
def test_the_mean_squared_singular_value_is_the_product_of_the_layers_factors(activation, gain, distribution):
    draws = [
        np.mean(
            measured.jacobian_spectra(
                seed, depth=5, activation=activation, distribution=distribution, gain=gain, width=256
            ).singular_values[-1]
            ** 2
        )
        for seed in range(12)
    ]
    predicted = theory.gradient_variances(activation, 6, gain**2)[0]
    # Of first order in 1/width the mean itself departs from the wide limit: by some units of depth/width.
    slack = 2 * 5 / 256 * predicted
    assert abs(np.mean(draws) - predicted) < 5 * np.std(draws, ddof=1) / math.sqrt(12) + slack + 1e-6


@asserts("ReLU networks cannot be dynamical")
def test_relu_flattens_half_of_all_directions_and_orthogonal_weights_do_not_help():
    for distribution in ("normal", "orthogonal"):
        spectra = measured.jacobian_spectra(0, depth=10, activation="relu", distribution=distribution, gain=2**0.5)
        # The last layer's units that are off: binomial(100, 1/2), five standard deviations of 5.
        assert np.sum(spectra.singular_values[0] == 0) > 25
        assert np.all(np.diff(np.sum(spectra.singular_values > 0, axis=1)) <= 0)


@asserts("ReLU networks cannot be dynamical")
def test_mirrored_weights_make_relu_layers_an_isometry():
    """Weights [[Q, −Q], [−Q, Q]] on (relu(z), relu(−z)) are linear together (Balduzzi et al. 2017)."""
    random = np.random.default_rng(0)
    turns = [np.linalg.qr(random.normal(size=(20, 20)))[0] for _layer in range(50)]
    inputs = random.normal(size=20)
    signal, jacobian = np.concatenate([inputs, -inputs]), np.vstack([np.eye(20), -np.eye(20)])
    for turn in turns:
        weights, open_units = np.block([[turn, -turn], [-turn, turn]]), signal > 0
        signal, jacobian = np.maximum(signal, 0) @ weights, weights.T @ (open_units[:, None] * jacobian)
    np.testing.assert_allclose(np.linalg.svd(jacobian[:20], compute_uv=False), 1, rtol=1e-12)


def test_orthogonal_tanh_comes_near_isometry_as_its_input_shrinks_and_normal_tanh_does_not():
    def condition(distribution, size):
        network = {"depth": 50, "activation": "tanh", "distribution": distribution, "input_rms": size}
        return measured.condition_number(measured.jacobian_spectra(0, **network).singular_values[-1])

    large, middle, small = (condition("orthogonal", size) for size in (1.0, 0.1, 0.01))
    assert large > 100 > 5 > middle > small > 1
    assert small == pytest.approx(1.01, abs=0.01)
    assert condition("normal", 0.01) > 1e13


def test_the_spectra_end_with_the_depth_asked_for():
    spectra = measured.jacobian_spectra(0, depth=7, activation="linear", distribution="normal")
    np.testing.assert_array_equal(spectra.depths, [1, 2, 5, 7])
    assert spectra.singular_values.shape == (4, measured.WIDTH)
    assert np.all(np.diff(spectra.singular_values, axis=1) <= 0)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_deeper_networks_begin_with_the_same_layers(distribution):
    shallow, deep = (
        measured.jacobian_spectra(3, depth=depth, activation="tanh", distribution=distribution) for depth in (5, 10)
    )
    np.testing.assert_array_equal(shallow.singular_values, deep.singular_values[:3])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: products.moment(0, 1), "depth is 0"),
        (lambda: products.moment(1, 0), "order is 0"),
        (lambda: products.largest(1001), "depth is 1001; allowed is a whole number from 1 to 1000"),
        (lambda: products.quantiles(2, [0.5, 1.5]), "shares are .*1.5.*from 0 to 1"),
        (lambda: products.quantiles(2, [math.nan]), "shares are .*nan"),
    ],
)
def test_a_prediction_that_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", 101),
        ("width", 1),
        ("gain", math.nan),
        ("gain", -1.0),
        ("input_rms", 11.0),
        ("distribution", "cauchy"),
        ("activation", "swish9"),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(name, value):
    settings = {"depth": 3, "activation": "tanh", "distribution": "normal", name: value}
    with pytest.raises(ValueError, match=name) as caught:
        measured.jacobian_spectra(0, **settings)
    assert repr(value) in str(caught.value)
