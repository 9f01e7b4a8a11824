"""One network and its readings, for every framework to agree with."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np

from course.activations import ACTIVATIONS
from course.diagnosis.reading import LayerReading, NetworkReading

RANDOM = np.random.default_rng(11)
BATCH = RANDOM.standard_normal((20, 6)).astype(np.float32)
IMAGES = RANDOM.standard_normal((6, 8, 8, 3)).astype(np.float32)
SIZES = (6, 9, 7, 8, 4)
WEIGHTS = [RANDOM.standard_normal(pair).astype(np.float32) / math.sqrt(pair[0]) for pair in itertools.pairwise(SIZES)]
BIASES = [RANDOM.standard_normal(size).astype(np.float32) for size in SIZES[1:]]
KERNEL = RANDOM.standard_normal((3, 3, 3, 5)).astype(np.float32) / math.sqrt(27)
OUT = RANDOM.standard_normal((5, 2)).astype(np.float32) / math.sqrt(5)
SQUARE = RANDOM.standard_normal((6, 6)).astype(np.float32) / math.sqrt(6)
LAST = len(WEIGHTS) - 1


def function(name: str):
    """Plain layers with one activation function: the pair (function, parameters)."""

    def forward(parameters, x):
        for w, b in parameters[:-1]:
            x = ACTIVATIONS[name].function(x @ w + b)
        return x @ parameters[-1][0] + parameters[-1][1]

    return forward, list(zip(WEIGHTS, BIASES, strict=True))


def convolution(p, x):
    """A convolution, a mean over the places, and a last layer."""
    order = ("NHWC", "HWIO", "NHWC")
    x = jax.nn.relu(jax.lax.conv_general_dilated(x, p["kernel"], (1, 1), "SAME", dimension_numbers=order))
    return x.mean((1, 2)) @ p["out"]


def block(mode: str):
    """x + W relu(norm(W x)), normalized over the batch, over the layer, or by statistics of mean 0 and variance 1."""
    axis = {"batch": 0, "layer": 1, "fresh": None}[mode]

    def normalized(z):
        if axis is None:
            return z / (1 + 1e-5) ** 0.5
        return (z - z.mean(axis, keepdims=True)) / jnp.sqrt(z.var(axis, keepdims=True) + 1e-5)

    return lambda p, x: x + jax.nn.relu(normalized(x @ p["tied"])) @ p["tied"]


def by_the_past(reading: NetworkReading) -> NetworkReading:
    """A function's reading as a module's: in a function the statistics of the past are a scale like any other."""
    first = redefined(reading.layers[0], normalized=True)
    first = first._replace(place=first.place._replace(evened=True, leveled="answers"))
    return reading._replace(layers=(first, *reading.layers[1:]))


ARRAYS = dict.fromkeys(("inputs", "preactivations", "activations", "preactivation_gradients", "weight_gradients"))
WEIGHTS_AND_BIASES = dict.fromkeys(("weights", "biases"))
MANY_NAMES = dict.fromkeys(("made_of", "scales", "shifts", "scales_before"), ())
NAMES = {**MANY_NAMES, "name": "", "parameter": "", "bias": "", "own_fan_in": 0}


def assert_same(reading: NetworkReading, expected: NetworkReading, within: float = 1e-5) -> None:
    """The same layers to 1e-5 of their largest numbers; names may differ."""
    assert len(reading.layers) == len(expected.layers)
    np.testing.assert_allclose(reading.outputs, expected.outputs, atol=within * np.abs(expected.outputs).max())
    for layer, other in zip(reading.layers, expected.layers, strict=True):
        assert without_arrays(layer) == without_arrays(other)
        for part, fields in (("definition", WEIGHTS_AND_BIASES), ("signals", ARRAYS)):
            for field in fields:
                one, two = (getattr(getattr(of, part), field) for of in (layer, other))
                assert (one is None) == (two is None), field
                if two is not None:
                    assert one.shape == two.shape, field
                    np.testing.assert_allclose(one, two, atol=within * np.abs(two).max(), rtol=within, err_msg=field)


def without_arrays(layer: LayerReading) -> LayerReading:
    """Without what is compared within rounding, and without names, which differ from framework to framework."""
    return redefined(layer, **WEIGHTS_AND_BIASES, **NAMES)._replace(signals=layer.signals._replace(**ARRAYS))


def without_shares(reading: NetworkReading) -> NetworkReading:
    """Without the names of shared weights, which differ from framework to framework."""
    return reading._replace(layers=tuple(redefined(layer, shared_with=None) for layer in reading.layers))


def redefined(layer: LayerReading, **fields) -> LayerReading:
    """With other facts in its definition."""
    return layer._replace(definition=layer.definition._replace(**fields))
