"""The models that AUTOTRAINER and DeepDiagnosis were judged on, as far as their published code describes them.

48 faulty models have code: 11 on blobs, 20 on circles, 5 LeNets for MNIST, 12 for CIFAR-10. Their labels are symptoms
of training: exploding, vanishing, dying ReLU. Six of them are a matter of the initialization alone, weights from
U(-0.05, 0.05) behind ReLU; in the others a function has no start that suits at that depth (exponential, sigmoid), or
the width of 5 lets ReLU layers be born dead. The clean ones are the bases that the faulty ones were made of. Inputs are
as the loaders give them; for pictures there are stand-ins from 0 to 1.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import make_blobs, make_circles

FUNCTIONS = {"exponential": jnp.exp, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "tanh": jnp.tanh}


class Models(NamedTuple):
    """Models that differ in depth alone: their data, activation function and start, and hidden layers a model."""

    data: str
    function: str
    start: str
    depths: tuple[int, ...]


FAULTY = (
    Models("blobs", "exponential", "he", (8, 8, 9, 9, 10)),
    Models("blobs", "sigmoid", "he", (11, 11, 12)),
    Models("blobs", "relu", "U(±0.05)", (8, 9)),
    Models("blobs", "relu", "he", (15,)),
    Models("circles", "exponential", "he", (8, 8, 9, 10, 10, 10, 11, 11)),
    Models("circles", "sigmoid", "he", (11, 11, 12, 12, 13)),
    Models("circles", "relu", "U(±0.05)", (8, 8, 8, 9)),
    Models("circles", "relu", "he", (15, 16, 17)),
    Models("mnist", "sigmoid", "he", (8, 8, 9, 9, 10)),
    Models("cifar", "sigmoid", "he", (8, 8, 8, 8, 8)),
    Models("cifar", "exponential", "he", (5, 5, 5, 5, 5, 5, 5)),
)
CLEAN = (
    Models("blobs", "tanh", "he", (5, 11, 17)),
    Models("circles", "tanh", "he", (5, 5, 8, 11, 17)),
    Models("mnist", "relu", "he", (2, 5, 8, 8, 14)),
    Models("cifar", "relu", "he", (2, 5, 8, 11, 14)),
)
"""Of the LeNets the dense layers are counted."""


def built(models: Models, depth: int, random: np.random.Generator) -> tuple:
    """Draw one of the models, and its batch."""
    if models.data in ("mnist", "cifar"):
        return _lenet(models, depth, random)
    classes, seed = (3 if models.data == "blobs" else 1), int(random.integers(2**31))
    if models.data == "blobs":
        batch, _labels = make_blobs(64, centers=3, cluster_std=2, random_state=seed)
    else:
        batch, _labels = make_circles(64, noise=0.1, random_state=seed)
    shapes = [(2, 5), *[(5, 5)] * (depth - 1), (5, classes)]
    starts = [models.start] * depth + ["he"]
    weights = [_drawn(start, shape, random) for start, shape in zip(starts, shapes, strict=True)]
    return (partial(_dense, FUNCTIONS[models.function]), weights), batch.astype(np.float32)


def _drawn(start: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    bound = 0.05 if start != "he" else (6 / np.prod(shape[:-1])) ** 0.5
    return random.uniform(-bound, bound, shape).astype(np.float32)


def _dense(function: Callable, weights: list, x: jax.Array) -> jax.Array:
    for one in weights[:-1]:
        x = function(x @ one)
    return x @ weights[-1]


def _lenet(models: Models, depth: int, random: np.random.Generator) -> tuple:
    size, colours, kernels = (28, 1, (6, 16)) if models.data == "mnist" else (32, 3, (32, 64))
    places = (((size - 4) // 2 - 4) // 2) ** 2
    shapes = [(5, 5, colours, kernels[0]), (5, 5, *kernels), (places * kernels[1], 120)]
    shapes += [(120, 84), *[(84, 84)] * (depth - 2), (84, 10)]
    weights = [_drawn(models.start, shape, random) for shape in shapes]
    batch = random.uniform(0, 1, (16, size, size, colours)).astype(np.float32)
    return (partial(_convolving, FUNCTIONS[models.function]), weights), batch


def _convolving(function: Callable, weights: list, x: jax.Array) -> jax.Array:
    for kernel in weights[:2]:
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.lax.reduce_window(function(x), -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return _dense(function, weights[2:], x.reshape(len(x), -1))
