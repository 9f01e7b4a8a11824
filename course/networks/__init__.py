"""Forward passes of fully connected networks: rows in, `inputs @ weights + bias`, a nonlinearity, again."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from course import activations


class Layer(NamedTuple):
    """What one layer answers to a batch: arrays of shape `(batch, units)`, before and after the nonlinearity."""

    preactivations: jax.Array
    activations: jax.Array


def forward(
    weights: Sequence[jax.Array], biases: Sequence[jax.Array], inputs: jax.Array, activation: str
) -> list[Layer]:
    """Run a batch through every layer, `h = φ(h @ W + b)`, and keep what each layer answered.

    `weights[l]` has shape `(fan_in, fan_out)`, `biases[l]` shape `(fan_out,)`, `inputs` shape `(batch, fan_in)`.
    """
    function = activations.named(activation).function
    layers, signal = [], inputs
    for layer_weights, bias in zip(weights, biases, strict=True):
        preactivations = signal @ layer_weights + bias
        signal = function(preactivations)
        layers.append(Layer(preactivations, signal))
    return layers


def _value_and_slope(function):
    def branch(preactivations):
        return jax.jvp(function, (preactivations,), (jnp.ones_like(preactivations),))

    return branch


_BRANCHES = [_value_and_slope(row.function) for row in activations.ACTIVATIONS.values()]


def activate(index: jax.Array, preactivations: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Apply activation number `index` of the table; give φ(z) and φ'(z), each shaped like `preactivations`.

    The index may be traced, so one compiled program serves every activation.
    """
    return lax.switch(index, _BRANCHES, preactivations)
