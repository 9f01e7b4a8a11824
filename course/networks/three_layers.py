"""A ReLU network of three layers without biases, in which a layer of each kind occurs: the network of page width."""

from typing import NamedTuple

import jax


class ThreeLayers(NamedTuple):
    """Weights from inputs to `n` units, from these to `n` more, and to the outputs; or a number for each of the three.

    Shapes `(features, n)`, `(n, n)` and `(n, outputs)`. Units whose weights are all 0 stay so in training: a network
    may be padded with them.
    """

    input: jax.Array
    hidden: jax.Array
    output: jax.Array


class Signals(NamedTuple):
    """The activations of both hidden layers, `(batch, n)`, and the outputs `(batch, outputs)`."""

    first: jax.Array
    second: jax.Array
    outputs: jax.Array


def signals(weights: ThreeLayers, inputs: jax.Array) -> Signals:
    """Return what a batch `(batch, features)` becomes, layer by layer."""
    first = jax.nn.relu(inputs @ weights.input)
    second = jax.nn.relu(first @ weights.hidden)
    return Signals(first, second, second @ weights.output)
