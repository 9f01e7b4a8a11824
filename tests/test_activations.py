"""The table of activation functions: NumPy against JAX, slopes against gradients, the steepest slopes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.activations import ACTIVATIONS, SATURATION, Activation, leaky_relu, named

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda row: row.name)

EPSILON = float(np.finfo(np.float32).eps)


def test_the_table_is_read_only():
    with pytest.raises(TypeError):
        ACTIVATIONS["relu"] = ACTIVATIONS["tanh"]


@every_activation
def test_the_numpy_function_is_the_jax_function(activation):
    z = np.linspace(-12.0, 12.0, 4801, dtype=np.float32)
    exact = activation.array_function(z)
    # JAX computes in float32, from values as large as 1 + |z|: sixteen roundings of that size are enough.
    np.testing.assert_array_less(np.abs(activation.function(z) - exact), 16 * EPSILON * (1 + np.abs(z)))


@every_activation
def test_the_slope_is_what_jax_differentiates_kinks_included(activation):
    z = np.append(np.linspace(-12.0, 12.0, 4801, dtype=np.float32), np.float32(0.0))
    slopes = jax.vmap(jax.grad(activation.function))(z)
    np.testing.assert_array_less(np.abs(slopes - activation.array_slope(z)), 16 * EPSILON * (1 + np.abs(z)))


@every_activation
def test_the_slope_is_the_limit_of_difference_quotients(activation):
    z = np.linspace(-8.0, 8.0, 400)  # an even number of points, so that none is a kink
    step = 1e-6
    quotients = (activation.array_function(z + step) - activation.array_function(z - step)) / (2 * step)
    # Rounding gives at most eps |phi| / step, and the third derivative a share of step^2.
    np.testing.assert_allclose(activation.array_slope(z), quotients, rtol=0, atol=2.3e-16 * 20 / step + step**2)


@every_activation
def test_the_peak_slope_is_the_steepest_one(activation):
    steepest = np.abs(activation.array_slope(np.linspace(-40.0, 40.0, 800_001))).max()
    assert steepest <= activation.peak_slope * (1 + 1e-15)
    # The grid misses a smooth peak by at most step^2 |phi'''| / 8, with |phi'''| < 2.
    assert activation.peak_slope - steepest < 1e-4**2 / 4


@every_activation
def test_numpy_never_overflows_however_large_z_is(activation):
    z = np.array([-1e300, -1e100, -750.0, -40.0, 40.0, 750.0, 1e100, 1e300])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(activation.array_function(z)).all()
        assert np.isfinite(activation.array_slope(z)).all()


@every_activation
def test_numpy_computes_in_float64_whatever_comes_in(activation):
    for z in (np.float32([-1.5, 2.0]), [-1.5, 2.0], np.array([-2, 3])):
        assert activation.array_function(z).dtype == np.float64
        assert activation.array_slope(z).dtype == np.float64


@every_activation
def test_arrays_keep_their_shape(activation):
    z = np.linspace(-3.0, 3.0, 24).reshape(2, 3, 4)
    assert activation.array_function(z).shape == activation.array_slope(z).shape == z.shape
    assert activation.function(jnp.asarray(z)).shape == z.shape


def test_the_slope_of_the_sigmoid_falls_as_the_course_says():
    slope = ACTIVATIONS["sigmoid"].array_slope
    assert slope(0.0) == 0.25
    np.testing.assert_allclose([1 / slope(2.0), 1 / slope(4.0), 1 / slope(10.0)], [9.524, 56.6, 22028], rtol=1e-3)
    np.testing.assert_allclose(slope(2.0) / slope(10.0), 2312.8, rtol=1e-4)


def test_the_slope_of_the_sigmoid_is_s_times_one_minus_s():
    sigmoid = ACTIVATIONS["sigmoid"]
    z = np.linspace(-10, 10, 201)
    value = sigmoid.array_function(z)
    np.testing.assert_allclose(sigmoid.array_slope(z), value * (1 - value), rtol=1e-11)


def test_gelu_is_the_exact_one_and_not_the_tanh_approximation():
    z = 2.0
    exact = z * 0.5 * (1 + math.erf(z / math.sqrt(2)))
    approximate = float(jax.nn.gelu(z, approximate=True))
    assert ACTIVATIONS["gelu"].array_function(z) == pytest.approx(exact, rel=1e-15)
    assert float(ACTIVATIONS["gelu"].function(jnp.float32(z))) == pytest.approx(exact, rel=4 * EPSILON)
    assert abs(approximate - exact) > 100 * EPSILON


@pytest.mark.parametrize(("name", "beyond"), [("sigmoid", 4.357), ("tanh", 2.178)])
def test_saturation_begins_where_the_slope_is_a_twentieth_of_its_peak(name, beyond):
    activation = ACTIVATIONS[name]
    bound = SATURATION * activation.peak_slope
    assert activation.array_slope(beyond - 0.001) > bound > activation.array_slope(beyond + 0.001)
    assert activation.array_slope(-beyond + 0.001) > bound > activation.array_slope(-beyond - 0.001)


def test_relu_is_saturated_on_the_half_that_is_off():
    relu = ACTIVATIONS["relu"]
    np.testing.assert_array_equal(
        relu.array_slope(np.array([-1.0, -1e-9, 0.0, 1e-9, 1.0])) < SATURATION * relu.peak_slope,
        [True, True, True, False, False],
    )


def test_a_leaky_relu_of_any_slope_is_the_same_object_when_asked_for_again():
    first = leaky_relu(0.1)
    assert leaky_relu(0.1) is first
    assert leaky_relu(0.01) is ACTIVATIONS["leaky_relu"]
    np.testing.assert_array_equal(leaky_relu(0.1).array_function([-2.0, 3.0]), [-0.2, 3.0])
    assert leaky_relu(-3.0).peak_slope == 3.0


def test_a_leaky_relu_is_not_forgotten_however_many_others_were_asked_for():
    first = leaky_relu(0.1)
    for count in range(1000):
        leaky_relu(0.2 + 1e-3 * count)
    assert leaky_relu(0.1) is first
    assert leaky_relu(0.01) is ACTIVATIONS["leaky_relu"]


@pytest.mark.parametrize("slope", [math.nan, math.inf])
def test_a_leaky_relu_needs_a_finite_slope(slope):
    with pytest.raises(ValueError, match=f"slope is {slope}; allowed is a finite number"):
        leaky_relu(slope)


def test_an_activation_is_found_by_name_and_returned_as_it_is():
    assert named("tanh") is ACTIVATIONS["tanh"]
    assert named(leaky_relu(0.3)) is leaky_relu(0.3)
    assert isinstance(named("relu"), Activation)


@pytest.mark.parametrize("wrong", ["rleu", "", None, 3, ["relu"]])
def test_an_unknown_activation_is_named_with_those_that_exist(wrong):
    with pytest.raises(ValueError, match=r"activation is .*; allowed are sigmoid, tanh, relu") as error:
        named(wrong)
    assert repr(wrong) in str(error.value)


@every_activation
def test_every_row_can_be_a_key_of_a_cache(activation):
    assert {activation: 1}[ACTIVATIONS[activation.name]] == 1
