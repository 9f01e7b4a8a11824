"""LSUV brings every layer's variance to 1 on its batch, whatever the activation, and says when it cannot."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course import data, initializers, networks
from course.activations import ACTIVATIONS
from course.networks.lsuv import lsuv

DEPTH, WIDTH = 6, 32
ROUNDING = 1e-4


def drawn(scheme="orthogonal", shapes=((WIDTH, WIDTH),) * DEPTH, gain=1.0):
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [initializers.draw(key, scheme, shape, gain=gain) for key, shape in zip(keys, shapes, strict=True)]


def digits(width=WIDTH):
    return jnp.asarray(data.standardized_digits(64, width))


def variances(weights, inputs, activation):
    layers = networks.forward(weights, [jnp.zeros(w.shape[1]) for w in weights], inputs, activation)
    return np.array([np.var(np.asarray(layer.preactivations, float)) for layer in layers])


@asserts("Dividing weights by the measured")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("gain", [0.01, 1.0, 20.0])
def test_every_layer_has_variance_1_with_every_activation(activation, gain):
    weights = lsuv(drawn(gain=gain), digits(), activation, tolerance=0.0)
    np.testing.assert_allclose(variances(weights, digits(), activation), 1, rtol=ROUNDING)


def test_each_layer_is_the_given_one_times_a_number():
    given = drawn()
    for before, after in zip(given, lsuv(given, digits(), "relu"), strict=True):
        ratio = np.asarray(after / before)
        np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-5)


def test_a_layer_within_the_tolerance_is_left_as_it_is():
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(64, WIDTH)), np.float32)
    first = drawn()[:1]
    first[0] = first[0] * (1.05 / variances(first, inputs, "linear")[0]) ** 0.5
    np.testing.assert_array_equal(lsuv(first, inputs, "linear")[0], first[0])
    changed = lsuv(first, inputs, "linear", tolerance=0.01)
    assert variances(changed, inputs, "linear")[0] == pytest.approx(1, rel=ROUNDING)


def test_layers_may_taper():
    weights = lsuv(drawn("glorot_normal", ((32, 64), (64, 16), (16, 10))), digits(), "tanh", tolerance=0.0)
    np.testing.assert_allclose(variances(weights, digits(), "tanh"), 1, rtol=ROUNDING)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lsuv(drawn(), digits(), "relu", tolerance=1.0), "tolerance is 1.0; allowed is .* from 0 to below 1"),
        (lambda: lsuv(drawn(), digits(), "relu", tolerance=math.nan), "tolerance is nan"),
        (lambda: lsuv(drawn(), digits()[:1], "relu"), r"inputs have shape \(1, 32\); .* batch of 2 or more"),
        (lambda: lsuv(drawn(), digits()[0], "relu"), r"inputs have shape \(32,\)"),
        (lambda: lsuv(drawn(), digits(16), "relu"), "layer 1 takes 32 numbers; it is given 16"),
        (lambda: lsuv(drawn("zeros"), digits(), "relu"), "layer 1 answers with variance 0.0; .* above 0"),
        (lambda: lsuv(drawn(), digits() * math.inf, "relu"), "layer 1 answers with variance nan"),
        (lambda: lsuv(drawn(), digits(), "swish9"), "swish9"),
    ],
)
def test_what_cannot_be_rescaled_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
