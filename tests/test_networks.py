"""The forward pass, and the one call that serves every activation."""

import jax.numpy as jnp
import numpy as np
import pytest

from course import networks
from course.activations import ACTIVATIONS

Z = np.linspace(-3, 3, 13, dtype=np.float32)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activate_gives_value_and_slope_of_the_row_with_that_number(name):
    index = list(ACTIVATIONS).index(name)
    values, slopes = networks.activate(jnp.int32(index), jnp.asarray(Z))
    away = Z != 0  # at a kink the slope is a convention
    np.testing.assert_allclose(values, ACTIVATIONS[name].array_function(Z), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slopes[away], ACTIVATIONS[name].array_slope(Z)[away], rtol=1e-5, atol=1e-6)


def test_forward_keeps_what_every_layer_answered():
    weights, biases = [jnp.eye(2), 2 * jnp.ones((2, 1))], [jnp.array([1.0, -1.0]), jnp.zeros(1)]
    first, second = networks.forward(weights, biases, jnp.array([[1.0, -2.0]]), "relu")
    np.testing.assert_array_equal(first.preactivations, [[2, -3]])
    np.testing.assert_array_equal(first.activations, [[2, 0]])
    np.testing.assert_array_equal(second.activations, [[4]])


def test_forward_refuses_more_biases_than_weights():
    with pytest.raises(ValueError, match="zip"):
        networks.forward([jnp.eye(2)], [jnp.zeros(2), jnp.zeros(2)], jnp.ones((1, 2)), "tanh")
