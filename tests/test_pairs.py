"""Pairs of inputs through a real network: against a plain loop with the same weights, and what is exact."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_states import mostly_long

from course import networks
from course.activations import ACTIVATIONS
from course.probes import pairs
from course.probes.pairs import PAIRS, WIDTH, measure_pairs

SMALL = {"depth": 5, "width": 32}
ROUNDING = 2e-4  # float32 sums in another order, five layers deep


def written_out(seed, depth, width, weight_variance, bias_variance, cosine):
    """The weights, biases, inputs and directions of a run, in the open."""
    draws = pairs._draws(np.uint32(seed), width)
    weights = [draws.weights[layer] * np.sqrt(weight_variance / width) for layer in range(depth)]
    biases = [draws.biases[layer] * np.sqrt(bias_variance) for layer in range(depth)]
    return weights, biases, pairs._pairs(draws.inputs, jnp.float32(cosine)), draws.directions


def cosine_of(rows):
    first, second = np.split(np.asarray(rows, float), 2)
    return np.mean(first * second) / np.sqrt(np.mean(first**2) * np.mean(second**2))


@pytest.mark.parametrize("activation", mostly_long(ACTIVATIONS, ("tanh", "relu", "sigmoid")))
def test_every_layer_is_that_of_a_plain_loop_and_of_jax_grad(activation):
    setting = {"weight_variance": 1.7, "bias_variance": 0.2, "cosine": 0.4}
    found = measure_pairs(3, activation=activation, **SMALL, **setting)
    weights, biases, inputs, directions = written_out(3, **SMALL, **setting)
    layers = networks.forward(weights, biases, inputs, activation)
    squares = [np.mean(np.asarray(layer.preactivations, float) ** 2) for layer in layers]
    np.testing.assert_allclose(found.preactivation_variance, squares, rtol=ROUNDING)
    np.testing.assert_allclose(
        found.preactivation_cosine, [cosine_of(layer.preactivations) for layer in layers], atol=ROUNDING
    )
    np.testing.assert_allclose(found.cosine, [cosine_of(layer.activations) for layer in layers], atol=ROUNDING)

    def cost(shifts):
        signal = inputs
        for weight, bias, shift in zip(weights, biases, shifts, strict=True):
            z = signal @ weight + bias + shift
            signal = ACTIVATIONS[activation].function(z)
        return jnp.sum(directions * z)

    gradients = jax.grad(cost)([jnp.zeros_like(layer.preactivations) for layer in layers])
    np.testing.assert_allclose(
        found.preactivation_gradient_variance, [np.mean(np.asarray(g, float) ** 2) for g in gradients], rtol=ROUNDING
    )


@pytest.mark.parametrize("cosine", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_inputs_have_mean_square_1_and_exactly_the_cosine_asked_for(cosine):
    *_, inputs, _ = written_out(0, 2, WIDTH, 1.0, 0.0, cosine)
    rows = np.asarray(inputs, float)
    assert rows.shape == (2 * PAIRS, WIDTH)
    np.testing.assert_allclose(np.mean(rows**2, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.mean(rows[:PAIRS] * rows[PAIRS:], axis=1), cosine, atol=1e-5)


def test_inputs_that_are_the_same_stay_the_same():
    found = measure_pairs(0, depth=20, activation="relu", weight_variance=2.0, bias_variance=0.1, cosine=1.0)
    np.testing.assert_allclose(found.cosine, 1.0, atol=1e-5)
    np.testing.assert_allclose(found.preactivation_cosine, 1.0, atol=1e-5)


def test_a_variance_a_layer_reaches_its_layer():
    weights, biases = np.array([1.0, 0.0, 2.0]), np.array([0.0, 0.5, 0.0])
    setting = {"activation": "linear", "depth": 3, "width": 64}
    found = measure_pairs(0, weight_variance=weights, bias_variance=biases, **setting)
    draws = pairs._draws(np.uint32(0), 64)
    # Without weights layer 2 is its biases alone.
    assert found.preactivation_variance[1] == pytest.approx(0.5 * float(jnp.mean(draws.biases[1] ** 2)), rel=1e-5)
    alone = measure_pairs(0, weight_variance=1.0, activation="linear", depth=1, width=64)
    assert found.preactivation_variance[0] == pytest.approx(alone.preactivation_variance[0], rel=1e-6)


def test_one_program_serves_every_setting():
    measure_pairs(0, depth=3, activation="tanh", weight_variance=1.0)
    compiled = pairs._run._cache_size()
    for depth, activation in ((1, "relu"), (50, "gelu"), (100, "linear")):
        measure_pairs(1, depth=depth, activation=activation, weight_variance=0.3, bias_variance=0.7, cosine=-0.2)
    assert pairs._run._cache_size() == compiled


def test_the_same_seed_is_the_same_network_and_another_is_not():
    setting = {"depth": 4, "activation": "tanh", "weight_variance": 1.5}
    first, again, other = (measure_pairs(seed, **setting) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_overflow_and_nothing_are_results():
    grown = measure_pairs(0, depth=100, activation="linear", weight_variance=1e3)
    assert np.isinf(grown.preactivation_variance[-1])
    nothing = measure_pairs(0, depth=3, activation="tanh", weight_variance=0.0)
    assert not nothing.preactivation_variance.any()
    assert np.isnan(nothing.cosine).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"depth": 0}, "depth must be a whole number from 1 to 100, not 0"),
        ({"width": 257}, "width must be a whole number from 2 to 256, not 257"),
        ({"cosine": 1.1}, "cosine must be a number from -1 to 1, not 1.1"),
        ({"cosine": float("nan")}, "cosine must be a number from -1 to 1, not nan"),
        ({"weight_variance": -1.0}, "weight_variance must be a number from 0 to 1e\\+06, or 3 of them, not -1.0"),
        ({"bias_variance": [0.1, 0.2]}, "bias_variance must be a number from 0 to 1e\\+06, or 3 of them"),
        ({"activation": "step"}, "activation is 'step'; allowed are sigmoid"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong, message):
    with pytest.raises(ValueError, match=message):
        measure_pairs(0, **{"depth": 3, "activation": "tanh", "weight_variance": 1.0, **wrong})
