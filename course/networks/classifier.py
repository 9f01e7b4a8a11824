"""Networks that are trained: features in, a stack of equal layers, one output a class."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from course import activations
from course.networks import Layer
from course.networks.normalization import NORMALIZATIONS


class Architecture(NamedTuple):
    """What a network looks like: `depth` weight layers, 2 or more, with `width` units in each but the last.

    `normalization` is a name of `NORMALIZATIONS`; with `residual`, each layer between the first and the last adds its
    activations to its inputs, h ← h + φ(z).
    """

    depth: int
    width: int
    activation: str
    normalization: str = "none"
    residual: bool = False


class Parameters(NamedTuple):
    """All that is trained. With `hidden` = depth − 1 hidden layers, layer 1 first, the shapes are:

    `first` `(features, width)`, `between` `(hidden − 1, width, width)`, `last` `(width, classes)`, `biases` and
    `scales` `(hidden, width)`, `last_biases` `(classes,)`. Scales are used where there is a normalization.
    """

    first: jax.Array
    between: jax.Array
    last: jax.Array
    biases: jax.Array
    scales: jax.Array
    last_biases: jax.Array


def classify(
    parameters: Parameters, inputs: jax.Array, architecture: Architecture, nudges: jax.Array | None = None
) -> tuple[jax.Array, Layer]:
    """Run a batch `(batch, features)` through a network: its outputs `(batch, classes)`, and what its layers answered.

    The answers have shape `(hidden, batch, width)`; preactivations are those that the nonlinearity receives. `nudges`
    of the same shape are added to them, so that the gradient for the preactivations can be asked for.
    """
    nudges = jnp.zeros(len(parameters.biases)) if nudges is None else nudges
    layer = _layer_of(architecture)
    answers = layer(inputs, parameters.first, parameters.biases[0], parameters.scales[0], nudges[0])

    def step(signal, part):
        answer = layer(signal, *part)
        return (signal if architecture.residual else 0.0) + answer.activations, answer

    parts = parameters.between, parameters.biases[1:], parameters.scales[1:], nudges[1:]
    signal, between = lax.scan(step, answers.activations, parts)
    layers = jax.tree.map(lambda one, others: jnp.concatenate([one[None], others]), answers, between)
    return signal @ parameters.last + parameters.last_biases, layers


def _layer_of(architecture: Architecture) -> Callable[..., Layer]:
    function = activations.named(architecture.activation).function
    normalize = NORMALIZATIONS[architecture.normalization]

    def layer(signal, weights, bias, scale, nudge):
        preactivations = normalize(signal @ weights)
        if architecture.normalization != "none":
            preactivations = preactivations * scale
        preactivations = preactivations + bias + nudge
        return Layer(preactivations, function(preactivations))

    return layer
