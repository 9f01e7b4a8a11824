"""The schemes: their bounds and symmetries exactly, their moments within five standard errors."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course.distributions import DISTRIBUTIONS
from course.initializers import (
    MODES,
    SCHEMES,
    Scheme,
    array_noise,
    draw,
    fans,
    named,
    noise,
    standard_deviation,
)

KEY = jax.random.key(20260101)
EPSILON = float(np.finfo(np.float32).eps)

STANDARD_DEVIATIONS = {
    "zeros": 0.0,
    "constant": 0.1,
    "normal_0.01": 0.01,
    "normal_0.1": 0.1,
    "normal_1": 1.0,
    "standard_uniform": math.sqrt(1 / (3 * 30)),
    "lecun_normal": math.sqrt(1 / 30),
    "lecun_uniform": math.sqrt(1 / 30),
    "glorot_uniform": math.sqrt(2 / (30 + 50)),
    "glorot_normal": math.sqrt(2 / (30 + 50)),
    "glorot_sigmoid_uniform": 4 * math.sqrt(2 / (30 + 50)),
    "he_normal": math.sqrt(2 / 30),
    "he_uniform": math.sqrt(2 / 30),
    "orthogonal": math.sqrt(1 / 30),
}
"""Of weights of shape (30, 50), by each scheme's source."""
TRUNCATED_VARIANCE = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))

every_scheme = pytest.mark.parametrize("name", SCHEMES)
every_random_scheme = pytest.mark.parametrize(
    "name", [name for name, row in SCHEMES.items() if row.distribution != "constant"]
)
every_independent_distribution = pytest.mark.parametrize(
    "row",
    [row for row in DISTRIBUTIONS.values() if row.fourth_moment],
    ids=lambda row: row.name,
)


def test_every_scheme_has_a_title_and_a_source_and_is_in_the_table_of_standard_deviations_here():
    assert all(row.title and row.source for row in SCHEMES.values())
    assert STANDARD_DEVIATIONS.keys() == SCHEMES.keys()


def test_the_table_is_read_only():
    with pytest.raises(TypeError):
        SCHEMES["he_normal"] = SCHEMES["zeros"]


def test_every_row_uses_a_known_mode_and_distribution():
    assert {row.mode for row in SCHEMES.values()} <= set(MODES)
    assert {row.distribution for row in SCHEMES.values()} <= set(DISTRIBUTIONS)


# Fans


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 5), (3, 5)),
        ((1, 1), (1, 1)),
        ((3, 3, 1, 1), (9, 9)),
        ((5, 5, 3, 16), (75, 400)),
        ((7, 2, 4), (14, 28)),
        (np.array([3, 5]), (3, 5)),
    ],
)
def test_fans_count_the_connections_into_and_out_of_a_unit(shape, expected):
    assert fans(shape) == expected
    assert all(type(fan) is int for fan in fans(shape))


@pytest.mark.parametrize("shape", [(), (4,)])
def test_fans_need_two_dimensions(shape):
    with pytest.raises(ValueError, match=r"allowed is \(fan_in, fan_out\)"):
        fans(shape)


@pytest.mark.parametrize("size", [0, -3, 2.0, "3", True, math.nan])
def test_fans_need_positive_integers(size):
    with pytest.raises(ValueError, match="positive integer") as error:
        fans((4, size))
    assert repr(size) in str(error.value)


# Standard deviations, exactly


@pytest.mark.parametrize(("name", "expected"), STANDARD_DEVIATIONS.items())
def test_the_standard_deviation_is_the_one_of_the_source(name, expected):
    assert standard_deviation(name, (30, 50)) == pytest.approx(expected, rel=1e-15)
    assert standard_deviation(name, (30, 50), 1.5) == pytest.approx(1.5 * expected, rel=1e-15)
    assert type(standard_deviation(name, (30, 50))) is float


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("standard_uniform", 1 / math.sqrt(30)),
        ("lecun_uniform", math.sqrt(3 / 30)),
        ("glorot_uniform", math.sqrt(6 / (30 + 50))),
        ("glorot_sigmoid_uniform", 4 * math.sqrt(6 / (30 + 50))),
        ("he_uniform", math.sqrt(6 / 30)),
    ],
)
def test_uniform_weights_fill_their_bounds_and_stay_within(name, bound):
    weights = jax.vmap(lambda key: draw(key, name, (30, 50)))(jax.random.split(KEY, 100))
    largest = float(jnp.abs(weights).max())
    assert largest <= bound * (1 + 4 * EPSILON)
    # All n weights stay below (1 - 20 / n) of the bound with probability e^-20.
    assert largest > bound * (1 - 20 / weights.size)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("lecun_uniform", jax.nn.initializers.lecun_uniform()),
        ("glorot_uniform", jax.nn.initializers.glorot_uniform()),
        ("he_uniform", jax.nn.initializers.he_uniform()),
        ("standard_uniform", jax.nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")),
    ],
)
@pytest.mark.parametrize("shape", [(30, 50), (3, 3, 4, 6)])
def test_uniform_weights_are_those_of_jax_for_the_same_key(name, reference, shape):
    np.testing.assert_allclose(draw(KEY, name, shape), reference(KEY, shape), rtol=0, atol=4 * EPSILON)


@pytest.mark.parametrize(
    ("name", "mode", "scale"),
    [("lecun_normal", "fan_in", 1.0), ("glorot_normal", "fan_avg", 1.0), ("he_normal", "fan_in", 2.0)],
)
@pytest.mark.parametrize("shape", [(30, 50), (3, 3, 4, 6)])
def test_normal_weights_are_those_of_jax_for_the_same_key(name, mode, scale, shape):
    reference = jax.nn.initializers.variance_scaling(scale, mode, "normal")(KEY, shape)
    np.testing.assert_allclose(draw(KEY, name, shape), reference, rtol=4 * EPSILON)


def test_truncated_weights_are_those_of_jax_for_the_same_key():
    scheme = Scheme("he_truncated", "He, truncated normal", 2.0, "fan_in", "truncated_normal", "He et al. 2015")
    reference = jax.nn.initializers.he_normal()(KEY, (30, 50))
    # JAX rescales with 16 digits of the constant that is computed here.
    np.testing.assert_allclose(draw(KEY, scheme, (30, 50)), reference, rtol=8 * EPSILON)


# Draws


@every_scheme
@pytest.mark.parametrize("shape", [(8, 8), (8, 12), (12, 8), (3, 3, 2, 4)])
def test_a_draw_has_the_shape_asked_for_in_float32(name, shape):
    weights = draw(KEY, name, shape)
    assert weights.shape == shape
    assert weights.dtype == jnp.float32


@every_random_scheme
def test_another_key_gives_other_weights(name):
    assert (draw(KEY, name, (8, 12)) != draw(jax.random.key(1), name, (8, 12))).any()


@every_scheme
@pytest.mark.parametrize("gain", [0.0, 1.3])
def test_a_draw_is_the_standard_deviation_times_the_noise(name, gain):
    expected = standard_deviation(name, (8, 12), gain) * noise(KEY, SCHEMES[name].distribution, (8, 12))
    np.testing.assert_array_equal(draw(KEY, name, (8, 12), gain=gain), expected)


def test_constant_schemes_give_one_value():
    assert set(np.unique(draw(KEY, "zeros", (4, 5)))) == {np.float32(0)}
    assert set(np.unique(draw(KEY, "constant", (4, 5)))) == {np.float32(0.1)}


def test_a_reader_can_build_a_scheme_of_the_wrong_bound():
    fan_in = fan_out = 64
    wrong = Scheme("halved", "Xavier, divided by 2", 1 / 4, "fan_avg", "uniform", "a widely read blog")
    bound = math.sqrt(6) / (2 * math.sqrt(fan_in + fan_out))
    assert standard_deviation(wrong, (fan_in, fan_out)) == pytest.approx(bound / math.sqrt(3), rel=1e-15)
    assert float(jnp.abs(draw(KEY, wrong, (fan_in, fan_out))).max()) <= bound * (1 + 4 * EPSILON)


# Noise


@every_independent_distribution
def test_noise_has_mean_0_variance_1_and_the_fourth_moment_of_its_row_within_five_standard_errors(row):
    n = 1000 * 1000
    values = np.asarray(noise(KEY, row.name, (1000, 1000)), np.float64)
    assert abs(values.mean()) < 5 / math.sqrt(n)
    assert abs((values**2).mean() - 1) < 5 * math.sqrt((row.fourth_moment - 1) / n)
    assert abs((values**4).mean() - row.fourth_moment) < 5 * (values**4).std() / math.sqrt(n)


def test_truncated_noise_is_cut_at_two_standard_deviations_of_the_uncut_normal():
    largest = float(jnp.abs(noise(KEY, "truncated_normal", (1000, 1000))).max())
    bound = 2 / math.sqrt(TRUNCATED_VARIANCE)
    assert bound * (1 - 1e-3) < largest <= bound * (1 + 4 * EPSILON)


def test_constant_noise_is_1():
    assert (noise(KEY, "constant", (3, 4)) == 1).all()


def test_there_is_noise_for_every_distribution_even_inside_a_compiled_loop():
    @jax.jit
    def drawn(key):
        def one(i, total):
            inner = jax.random.fold_in(key, i)
            return total + sum(noise(inner, distribution, (6, 6)) for distribution in DISTRIBUTIONS)

        return jax.lax.fori_loop(0, 2, one, jnp.zeros((6, 6)))

    plain = sum(
        noise(jax.random.fold_in(KEY, i), distribution, (6, 6)) for i in (0, 1) for distribution in DISTRIBUTIONS
    )
    # Ten numbers of size 5 at most are added, in another order.
    np.testing.assert_allclose(drawn(KEY), plain, rtol=0, atol=50 * 6 * EPSILON)


def test_unknown_noise_is_named_with_the_kinds_that_exist():
    with pytest.raises(ValueError, match="distribution is 'gauss'; allowed are normal, uniform"):
        noise(KEY, "gauss", (3, 4))


# Orthogonal weights


@pytest.mark.parametrize("shape", [(16, 16), (24, 16), (16, 24)])
def test_orthogonal_noise_is_an_orthonormal_set_along_its_shorter_side(shape):
    matrix = np.asarray(noise(KEY, "orthogonal", shape), np.float64)
    longer, shorter = max(shape), min(shape)
    gram = matrix.T @ matrix if shape[0] >= shape[1] else matrix @ matrix.T
    # Householder's QR is orthonormal within a few roundings for every column.
    np.testing.assert_allclose(gram / longer, np.eye(shorter), rtol=0, atol=2 * longer * EPSILON)


@pytest.mark.parametrize("shape", [(16, 16), (24, 16), (16, 24), (3, 3, 2, 5)])
def test_the_mean_square_of_orthogonal_noise_is_1(shape):
    assert float((noise(KEY, "orthogonal", shape) ** 2).mean()) == pytest.approx(1.0, abs=50 * EPSILON)


@asserts("Orthogonal weights are u")
def test_a_square_orthogonal_draw_is_an_isometry():
    weights = np.asarray(draw(KEY, "orthogonal", (32, 32)), np.float64)
    np.testing.assert_allclose(np.linalg.svd(weights, compute_uv=False), 1.0, rtol=0, atol=64 * EPSILON)


def test_an_orthogonal_kernel_is_orthonormal_as_a_matrix_from_patches_to_channels():
    kernel = np.asarray(noise(KEY, "orthogonal", (3, 3, 2, 5)), np.float64).reshape(18, 5)
    np.testing.assert_allclose(kernel.T @ kernel / 18, np.eye(5), rtol=0, atol=36 * EPSILON)


def test_orthogonal_matrices_are_uniform_so_that_their_trace_has_mean_0_and_variance_1():
    # Diaconis and Shahshahani 1994: the trace of a uniform orthogonal matrix of size n > 4 has the moments 0, 1,
    # 0, 3 of a standard normal variable. Without the signs of R its mean is far from 0.
    n = 4000
    draws = jax.vmap(lambda key: jnp.trace(noise(key, "orthogonal", (6, 6))))(jax.random.split(KEY, n))
    traces = np.asarray(draws, np.float64) / math.sqrt(6)
    assert abs(traces.mean()) < 5 / math.sqrt(n)
    assert abs((traces**2).mean() - 1) < 5 * math.sqrt(2 / n)


# Look-up and errors


def test_a_scheme_is_found_by_name_and_returned_as_it_is():
    assert named("he_normal") is SCHEMES["he_normal"]
    own = Scheme("own", "My own", 3.0, "fan_out", "uniform", "me")
    assert named(own) is own
    assert standard_deviation(own, (4, 12)) == 0.5


@pytest.mark.parametrize("wrong", ["xavier", "", None, 3, ["zeros"]])
def test_an_unknown_scheme_is_named_with_those_that_exist(wrong):
    with pytest.raises(ValueError, match=r"scheme is .*; allowed are zeros, constant") as error:
        draw(KEY, wrong, (4, 4))
    assert repr(wrong) in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "fan"}, "mode is 'fan'; allowed are fan_in, fan_out, fan_avg, fixed"),
        ({"distribution": "gauss"}, "distribution is 'gauss'; allowed are normal, uniform"),
        ({"scale": -1.0}, "scale is -1.0; allowed is a finite number, 0 or more"),
        ({"scale": math.nan}, "scale is nan; allowed is a finite number, 0 or more"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        draw(KEY, SCHEMES["he_normal"]._replace(**change), (4, 4))


@pytest.mark.parametrize("gain", [-1.0, math.nan, math.inf])
def test_a_gain_must_be_finite_and_not_negative(gain):
    with pytest.raises(ValueError, match=f"gain is {gain}; allowed is a finite number, 0 or more"):
        draw(KEY, "he_normal", (4, 4), gain=gain)


def test_an_integer_is_not_a_key():
    with pytest.raises(ValueError, match=r"key is the integer 7; allowed is a JAX key, jax\.random\.key\(7\)"):
        draw(7, "he_normal", (4, 4))


# The same noise in NumPy


@pytest.mark.parametrize("row", DISTRIBUTIONS.values(), ids=lambda row: row.name)
def test_noise_of_numpy_has_the_variance_and_the_shape_of_that_of_jax(row):
    values = array_noise(np.random.default_rng(0), row.name, (300, 400))
    assert values.shape == (300, 400)
    assert values.dtype == np.float32
    filled = np.copy(values)
    if row.fill:
        row.fill(np.random.default_rng(1), filled)
    # Weights that are not drawn independently stray less than normal ones.
    spread = math.sqrt(((row.fourth_moment or 3.0) - 1.0) / values.size)
    assert np.all(np.abs(np.mean(np.square([values, filled], dtype=float), axis=(1, 2)) - 1) <= 5 * spread)


def test_noise_of_numpy_stays_within_its_bounds():
    uniform, cut = (
        np.abs(array_noise(np.random.default_rng(0), distribution, (300, 400))).max()
        for distribution in ("uniform", "truncated_normal")
    )
    assert 0.999 * math.sqrt(3) < uniform <= np.float32(math.sqrt(3))
    assert cut < 2 / math.sqrt(0.773)  # cut at two standard deviations of a normal variable, of which 0.774 is left


@pytest.mark.parametrize("shape", [(61, 64), (64, 64), (64, 10)])
def test_orthogonal_noise_of_numpy_is_orthogonal_along_its_shorter_side(shape):
    matrix = array_noise(np.random.default_rng(0), "orthogonal", shape).astype(float)
    square = matrix.T @ matrix if shape[0] >= shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(square, max(shape) * np.eye(min(shape)), atol=1e-4)


def test_noise_of_numpy_in_an_unknown_distribution_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'gamma'.*normal, uniform"):
        array_noise(np.random.default_rng(0), "gamma", (2, 2))
