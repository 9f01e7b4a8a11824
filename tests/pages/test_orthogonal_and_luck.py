"""What the page says about singular values, orthogonal weights, the luck of a draw and LSUV, measured."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts

from course import data, initializers, networks, probes, theory
from course.initializers import Scheme
from course.networks.lsuv import lsuv
from course.probes.luck import relu_draws
from course.probes.products import condition_number, jacobian_spectra
from course.theory import products
from course.theory.luck import relu_factor_variance, relu_log_factor, relu_median

DEPTH, WIDTH = 50, 100
LAYERS = np.arange(1, DEPTH + 1)


def singular_values(seed=0, *, depth, activation="linear", distribution="normal", **others):
    spectra = jacobian_spectra(seed, depth=depth, activation=activation, distribution=distribution, **others)
    return spectra.singular_values[-1]


GIVES_AWAY = (
    r"million",
    r"10(\^\{-|⁻)1",
    r"e-1\d\b",
    r"e\+1\d\b",
    r"half of (all|the) directions",
    r"[Mm]ost directions",
)
"""How far apart ten layers of normal weights take the best and the worst direction."""


# The setting


def test_a_turn_between_two_stretches_decides_whether_they_add_up_or_cancel():
    stretch = np.diag([2, 0.5])
    for degrees, best, worst in ((0, 4, 0.25), (45, 2.99, 0.33), (90, 1, 1)):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        found = np.linalg.svd(stretch @ np.array([[c, -s], [s, c]]) @ stretch, compute_uv=False)
        assert found == pytest.approx([best, worst], abs=0.005)


# Products of normal matrices


def normal_product(seed, depth, width=WIDTH):
    rng = np.random.default_rng(seed)
    product = np.eye(width)
    for _layer in range(depth):
        product = product @ rng.normal(0, width**-0.5, size=(width, width))
    return product


def test_the_new_part_of_the_jth_direction_keeps_n_minus_j_plus_1_of_n():
    rng = np.random.default_rng(0)
    parts = [np.diag(np.linalg.qr(rng.normal(0, 0.1, (WIDTH, WIDTH)))[1]) ** 2 for _draw in range(400)]
    expected = (WIDTH - np.arange(WIDTH)) / WIDTH
    # Each is a chi-square over n with so many degrees of freedom.
    errors = np.sqrt(2 * expected / WIDTH / 400)
    assert (abs(np.mean(parts, axis=0) - expected) < 5 * errors).all()


@pytest.mark.parametrize("depth", [10, 50])
def test_a_share_p_of_all_directions_shrinks_below_about_p_to_the_half_of_the_depth(depth):
    values = np.sort(np.linalg.svd(normal_product(0, depth), compute_uv=False))
    for share in (0.25, 0.5, 0.75):
        assert values[round(share * WIDTH)] ** (1 / depth) == pytest.approx(share**0.5, rel=0.1)
    assert (float(f"{0.5**5:.0e}"), float(f"{0.5**25:.0e}")) == (0.03, 3e-8)


def test_the_worst_direction_loses_a_factor_of_ten_or_more_a_layer():
    for seed in range(10):
        assert np.linalg.svd(normal_product(seed, 10), compute_uv=False)[-1] < 0.1**10


@pytest.mark.parametrize("depth", [1, 2, 10])
def test_every_layer_adds_one_to_the_mean_fourth_power(depth):
    assert products.moment(depth, 2) == pytest.approx(depth + 1)
    # At width n the mean is exactly (1 + 1/n) of what it was, plus E[(mean s²)²], which is 1 + O(depth/n²).
    expected = 1.0
    for _layer in range(depth):
        expected = (1 + 1 / WIDTH) * expected + 1
    fourth = [np.mean(np.linalg.svd(normal_product(seed, depth), compute_uv=False) ** 4) for seed in range(100)]
    assert np.mean(fourth) == pytest.approx(expected, abs=5 * np.std(fourth) / 10 + 0.02 * depth)


@pytest.mark.parametrize(
    ("depth", "tenth", "half", "largest"),
    [(1, 0.16, 0.81, 2.0), (2, 0.043, 0.56, 2.6), (10, 3.6e-6, 0.033, 5.3), (50, 3.3e-26, 3.0e-8, 11.7)],
)
def test_the_law_has_these_quantiles_and_this_edge(depth, tenth, half, largest):
    low, middle = products.quantiles(depth, [0.1, 0.5])
    assert low == pytest.approx(tenth, rel=0.02)
    assert middle == pytest.approx(half, rel=0.02)
    assert products.largest(depth) == pytest.approx(largest, abs=0.05)


def test_the_largest_value_is_about_the_root_of_e_times_the_depth_and_a_half():
    for depth in (10, 50, 100):
        assert products.largest(depth) == pytest.approx(math.sqrt(math.e * (depth + 0.5)), rel=1 / depth**2)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_real_products_keep_the_mean_square_and_spread_as_the_law_says(depth):
    drawn = np.array([singular_values(seed, depth=depth) for seed in range(20)])
    squares = np.mean(drawn**2, axis=1)
    assert abs(squares.mean() - 1) < 5 * squares.std(ddof=1) / math.sqrt(20)
    # The largest one strays by its width^(−2/3), and by more the deeper the product is.
    assert np.median(drawn[:, 0]) == pytest.approx(products.largest(depth), rel=depth * WIDTH ** (-2 / 3))
    # So few as 100 values resolve the median of the law to 1/(2·√100) of the share.
    low, high = products.quantiles(depth, [0.45, 0.55])
    assert low < np.median(drawn) < high


def test_ten_layers_are_enough_for_a_condition_number_of_more_than_a_million():
    found = [condition_number(singular_values(seed, depth=10)) for seed in range(20)]
    assert min(found) > 1e6
    assert max(condition_number(singular_values(seed, depth=1)) for seed in range(20)) < 1e6


# Orthogonal matrices


@asserts("Orthogonal weights are u")
@pytest.mark.parametrize("depth", [1, 10, 50, 100])
def test_a_product_of_orthogonal_matrices_has_only_the_singular_value_1(depth):
    # float32 weights are orthogonal to about 1e-6 a layer.
    np.testing.assert_allclose(singular_values(depth=depth, distribution="orthogonal"), 1, rtol=1e-6 * depth)


def traces(size, matrix_of, draws=1000):
    rng = np.random.default_rng(0)
    return np.array([np.trace(matrix_of(rng.normal(size=(size, size)))) for _draw in range(draws)])


def raw(gaussian):
    return np.linalg.qr(gaussian)[0]


def signed(gaussian):
    q, r = np.linalg.qr(gaussian)
    return q * np.sign(np.diag(r))


def test_q_as_it_comes_has_a_first_entry_that_is_never_positive():
    rng = np.random.default_rng(0)
    entries = np.array([raw(rng.normal(size=(20, 20)))[0, 0] for _draw in range(1000)])
    assert entries.max() < 0
    # Minus the mean |x| of an entry of a uniform direction, Γ(n/2) / (√π Γ((n+1)/2)).
    expected = -math.exp(math.lgamma(10) - math.lgamma(10.5)) / math.sqrt(math.pi)
    assert abs(entries.mean() - expected) < 5 * entries.std() / math.sqrt(1000)


@asserts("Orthogonal weights are u")
def test_the_signs_of_r_make_the_mean_trace_0_and_its_variance_1():
    before, after = traces(20, raw), traces(20, signed)
    assert before.mean() == pytest.approx(-2.7, abs=0.15)
    assert abs(after.mean()) < 5 * after.std() / math.sqrt(1000)
    assert abs(after.var() - 1) < 5 * np.std((after - after.mean()) ** 2) / math.sqrt(1000)


@asserts("Orthogonal weights are u")
def test_u_of_the_svd_is_orthogonal_and_in_three_dimensions_not_uniform():
    u = np.linalg.svd(np.random.default_rng(0).normal(size=(20, 20)))[0]
    np.testing.assert_allclose(u.T @ u, np.eye(20), atol=1e-13)
    small = traces(3, lambda gaussian: np.linalg.svd(gaussian)[0], 2000)
    assert abs(small.mean()) > 5 * small.std() / math.sqrt(2000)


def traces_of(draw, size=10, draws=1000):
    matrices = jax.vmap(lambda key: draw(key, (size, size)))(jax.random.split(jax.random.key(0), draws))
    return np.trace(np.asarray(matrices), axis1=1, axis2=2)


def test_the_courses_and_jaxs_orthogonal_weights_have_a_mean_trace_of_0():
    ours = functools.partial(lambda key, shape: initializers.draw(key, "orthogonal", shape))
    for draw in (ours, jax.nn.initializers.orthogonal()):
        found = traces_of(draw)
        assert abs(found.mean()) < 5 * found.std() / math.sqrt(len(found))


@pytest.mark.long
def test_pytorchs_orthogonal_weights_have_a_mean_trace_of_0():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    found = np.array([float(torch.trace(torch.nn.init.orthogonal_(torch.empty(10, 10)))) for _ in range(1000)])
    assert abs(found.mean()) < 5 * found.std() / math.sqrt(len(found))


# Nonlinear networks


def test_orthogonal_tanh_is_nearly_isometric_at_small_inputs_only():
    found = [
        condition_number(singular_values(depth=DEPTH, activation="tanh", distribution="orthogonal", input_rms=size))
        for size in (1.0, 0.1, 0.01)
    ]
    assert found[0] == pytest.approx(1100, rel=0.3)
    assert found[1] == pytest.approx(2.4, abs=0.2)
    assert found[2] == pytest.approx(1.01, abs=0.01)
    assert condition_number(singular_values(depth=DEPTH, activation="tanh")) == math.inf  # beyond float64's digits


@pytest.mark.parametrize("distribution", ["normal", "orthogonal"])
def test_relu_flattens_about_half_of_all_directions_at_once(distribution):
    flat = [
        np.mean(singular_values(seed, depth=1, activation="relu", distribution=distribution, gain=2**0.5) == 0)
        for seed in range(20)
    ]
    assert abs(np.mean(flat) - 0.5) < 5 * 0.05 / math.sqrt(20)  # binomial(100, 1/2) over 100 has the std 0.05


def test_a_layer_of_mirrored_relu_units_is_linear_and_keeps_every_singular_value():
    rng = np.random.default_rng(0)
    blocks = [signed(rng.normal(size=(50, 50))) for _layer in range(50)]
    weights = [np.hstack([blocks[0], -blocks[0]]), *(np.block([[b, -b], [-b, b]]) for b in blocks[1:])]
    h, jacobian = rng.normal(size=50), np.eye(50)
    for layer_weights in weights:
        z = h @ layer_weights
        assert np.sum(z > 0) == 50
        h, jacobian = np.maximum(z, 0), jacobian @ layer_weights * (z > 0)
    np.testing.assert_allclose(np.linalg.svd(jacobian, compute_uv=False), 1, rtol=1e-12)


# From one random draw to the next


def test_a_relu_layers_factor_has_variance_5_over_n_and_with_a_fixed_length_3_over_n_plus_2():
    u = np.random.default_rng(0).normal(0, 0.1, size=(20_000, 100))
    for vectors, variance in ((u, 5 / 100), (u / np.linalg.norm(u, axis=1, keepdims=True), 3 / 102)):
        factor = 2 * np.sum(np.maximum(vectors, 0) ** 2, axis=1)
        spread = np.std((factor - factor.mean()) ** 2) / math.sqrt(len(factor))
        assert abs(factor.mean() - 1) < 5 * factor.std() / math.sqrt(len(factor))
        assert abs(factor.var() - variance) < 5 * spread


def test_the_law_at_width_64_and_depth_32_is_what_the_page_prints():
    for distribution, median, variance in (("normal", 0.28, 2.7), ("orthogonal", 0.46, 1.6)):
        assert relu_median(32, 64, distribution) == pytest.approx(median, abs=0.005)
        assert 32 * relu_log_factor(64, distribution).variance == pytest.approx(variance, abs=0.05)


def test_the_law_at_width_100_and_depth_50_is_what_the_pages_say():
    law = relu_log_factor(WIDTH)
    assert DEPTH * law.variance == pytest.approx(2.6, abs=0.05)
    assert DEPTH * law.mean == pytest.approx(-1.27, abs=0.005)
    assert relu_median(DEPTH, WIDTH) == pytest.approx(0.28, abs=0.005)
    assert (relu_factor_variance(WIDTH), relu_factor_variance(WIDTH, "orthogonal")) == (5 / 100, 3 / 102)
    low, high = (math.exp(DEPTH * law.mean + side * 1.2816 * math.sqrt(DEPTH * law.variance)) for side in (-1, 1))
    assert (low, high) == (pytest.approx(0.035, abs=0.001), pytest.approx(2.2, abs=0.05))
    assert DEPTH * relu_log_factor(WIDTH, "orthogonal").variance == pytest.approx(1.59, abs=0.005)
    assert relu_median(DEPTH, WIDTH, "orthogonal") == pytest.approx(0.46, abs=0.005)


@pytest.mark.long
@asserts("He initialization keeps the")
def test_400_networks_of_width_100_and_depth_50_follow_the_law():
    network = {"depth": DEPTH, "width": WIDTH, "activation": "relu", "scheme": "he_normal", "batch": 1}
    kept = probes.measure_many(0, networks=400, **network).activation_rms[:, -1] ** 2
    logarithms, law = np.log(kept), relu_log_factor(WIDTH)
    error = math.sqrt(DEPTH * law.variance / 400)
    assert abs(logarithms.mean() - DEPTH * law.mean) < 3 * error
    spread = np.std((logarithms - logarithms.mean()) ** 2) / 20
    assert abs(logarithms.var() - DEPTH * law.variance) < 5 * spread
    assert np.median(kept) < 1 / 3
    assert abs(kept.mean() - 1) < 5 * math.sqrt((1 + 5 / WIDTH) ** DEPTH - 1) / 20  # E[X²] = 1 + 5/n a layer
    low, high = np.quantile(kept, [0.1, 0.9])
    # A quantile's share has the standard error √(0.1 · 0.9 / 400) = 0.015.
    assert np.mean(kept < 0.035) == pytest.approx(0.1, abs=5 * 0.015)
    assert np.mean(kept > 2.2) == pytest.approx(0.1, abs=5 * 0.015)
    assert low < 0.1 < 1 < high


@pytest.mark.long
def test_what_counts_is_depth_over_width():
    for distribution, slope in (("normal", 5), ("orthogonal", 3)):
        variances = [
            np.log(relu_draws(0, width=width, draws=400, distribution=distribution)[:, width // 2 - 1]).var()
            for width in (32, 64)
        ]
        # Half the depth over width each: about slope/2, and terms of the next order, a third of it at width 32.
        assert variances == pytest.approx([slope / 2, slope / 2], rel=0.45)
        errors = math.sqrt(2 / 400) * np.array(variances)
        assert abs(variances[0] - variances[1]) < 5 * np.hypot(*errors)


@pytest.mark.long
def test_orthogonal_weights_take_two_fifths_of_the_luck():
    normal, orthogonal = (relu_log_factor(1000, distribution).variance for distribution in ("normal", "orthogonal"))
    assert orthogonal / normal == pytest.approx(3 / 5, rel=0.01)
    scheme = Scheme("orthogonal_relu", "Orthogonal times √2", 2.0, "fan_in", "orthogonal", "this page")
    network = {"depth": 16, "width": 32, "activation": "relu", "scheme": scheme, "batch": 1}
    logarithms = 2 * np.log(probes.measure_many(1, networks=200, **network).activation_rms[:, -1])
    law = relu_log_factor(32, "orthogonal")
    assert abs(logarithms.mean() - 16 * law.mean) < 5 * math.sqrt(16 * law.variance / 200)
    spread = np.std((logarithms - logarithms.mean()) ** 2) / math.sqrt(200)
    assert abs(logarithms.var() - 16 * law.variance) < 5 * spread


# LSUV


@functools.cache
def rescaled(activation, seed=0):
    keys = jax.random.split(jax.random.key(seed), DEPTH)
    orthogonal = [initializers.draw(key, "orthogonal", (WIDTH, WIDTH)) for key in keys]
    return lsuv(orthogonal, digits(), activation)


def digits():
    return jnp.asarray(data.standardized_digits(128, WIDTH))


def layers(activation):
    return networks.forward(rescaled(activation), [jnp.zeros(WIDTH)] * DEPTH, digits(), activation)


def cosine(activation):
    answers = np.asarray(layers(activation)[-1].activations, float)
    unit = answers / np.linalg.norm(answers, axis=1, keepdims=True)
    return np.mean(unit[:64] @ unit[64:].T)


def first_over_last(activation):
    directions = jax.random.normal(jax.random.key(9), (128, WIDTH))

    def cost(shifts):
        return jnp.sum(
            networks.forward(rescaled(activation), shifts, digits(), activation)[-1].preactivations * directions
        )

    gradients = jax.grad(cost)([jnp.zeros((128, WIDTH))] * DEPTH)
    return float(jnp.mean(gradients[0] ** 2) / jnp.mean(gradients[-1] ** 2))


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "sigmoid"])
def test_lsuv_brings_every_layer_to_variance_1_within_its_tolerance(activation):
    variances = [float(layer.preactivations.var()) for layer in layers(activation)]
    np.testing.assert_allclose(variances, 1, atol=0.1 + 1e-3)


@asserts("Dividing weights by the measured")
def test_lsuv_leaves_tanhs_gradient_growing_a_thousandfold():
    predicted = theory.gradient_variances("tanh", DEPTH, theory.gain("tanh") ** 2)[0]
    assert predicted == pytest.approx(1600, rel=0.05)
    # One draw: the logarithm strays by about √(3 · depth/width) = 1.2.
    assert abs(math.log(first_over_last("tanh") / predicted)) < 3 * 1.2


def test_lsuv_leaves_inputs_to_become_one_and_sigmoids_gradient_to_vanish():
    assert abs(cosine("tanh")) < 0.1
    assert cosine("relu") > 0.95
    assert cosine("sigmoid") > 0.9995
    assert first_over_last("sigmoid") < 1e-30


# The exercises


def test_the_exercises_numbers_are_right():
    assert (products.moment(3, 2), products.largest(3)) == (4, pytest.approx(3.08, abs=0.005))
    assert 20 * relu_log_factor(1000).variance == pytest.approx(0.1, abs=0.001)
    for gain, stretch in ((1.1, 117), (2.0, 1.1e15)):
        assert gain**50 == pytest.approx(stretch, rel=0.03)


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Ten linear layers": {
        "ten layers": "After 10 layers",
        "5.3": lambda: seen.as_written("5.3", products.largest(10)),
    },
    "A single matrix": {
        "nearly 2": lambda: math.isclose(products.largest(1), 2),
        "One matrix": "After 1 layer",
    },
    "Tanh kept nearly linear": {
        "Fifty tanh layers": "After 50 layers",
        "gain 1": lambda: seen.defaults("singular_values")["gain"] == 1,
        "rms 0.01": lambda: seen.shown("orthogonal_and_luck", "Tanh kept nearly linear").state["input_rms"] == 0.01,
        "input to 1": lambda: seen.defaults("singular_values")["input_rms"] == 1,
    },
    "ReLU flattens": {
        "Five ReLU layers": "After 5 layers",
        "the gain of He initialization keeps at 1": lambda: math.isclose(
            theory.gradient_variances("relu", 6, 2.0)[0], 1
        ),
    },
    "Three widths, one input": {"200 networks": "200 ReLU networks"},
    "Depth over width": {
        "100 layers of 64 units or 50 layers of 32": lambda: 100 / 64 == 50 / 32,
        "more than 5": lambda: 5 < 64 * relu_log_factor(64).variance < 6,
    },
    "Less luck needed": {
        "about 5 to about 3": lambda: (
            math.isclose(relu_factor_variance(1000), 5 / 1000)
            and math.isclose(relu_factor_variance(1000, "orthogonal"), 3 / 1002)
        ),
    },
}
