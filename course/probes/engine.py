"""The traced passes: one layer forward, one layer backward, and the loops over a depth known only at run time."""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import activations, initializers, networks

BINS = 61
"""Bins of every histogram."""
COUNTED = 8192
"""About as many values of a layer are counted into its histograms: those of the first examples, or rows."""

SATURATED_SLOPES = np.array(
    [activations.SATURATION * row.peak_slope for row in activations.ACTIVATIONS.values()], np.float32
)
"""Below this |slope| a unit is saturated, for each activation of the table."""


def layer_key(seed, layer):
    """Give the key of one layer's weights; layers count from 1, and 0 is everything that is no weight."""
    return jax.random.fold_in(jax.random.key(seed), layer)


def fill(weights, seed, distribution, start, stop):
    """Draw layers `start` to `stop` (counting from 0) of the unit-variance weights, in place."""
    shape = weights.shape[1:]
    branches = [
        functools.partial(initializers.noise, distribution=name, shape=shape) for name in initializers.DISTRIBUTIONS
    ]

    def draw_layer(layer, weights):
        drawn = lax.switch(distribution, branches, layer_key(seed, layer + 1))
        return lax.dynamic_update_index_in_dim(weights, drawn, layer, 0)

    return lax.fori_loop(start, stop, draw_layer, weights)


class Draws(NamedTuple):
    """What a seed decides beside the weights: unit-variance biases, the cost's directions, noise to feed in."""

    biases: jax.Array
    directions: jax.Array
    gaussian: jax.Array


def draw(seed, *, capacity: int, width: int, batch: int) -> Draws:
    """Draw what a seed decides beside the weights."""
    biases, directions, gaussian = jax.random.split(layer_key(seed, 0), 3)
    return Draws(
        jax.random.normal(biases, (capacity, width)),
        jax.random.normal(directions, (batch, width)),
        jax.random.normal(gaussian, (batch, width)),
    )


def _moments(values, unit):
    """First and second moment of values / unit: squares then neither overflow nor underflow."""
    relative = values * (1 / unit)
    return jnp.stack([jnp.mean(relative), jnp.mean(relative * relative)])


def _unit(expected):
    return jnp.clip(expected, 1e-30, 1e30)


def counts(values, limits):
    """Count the first rows' values in bins between the two limits; what lies beyond falls into the end bins."""
    rows = min(len(values), math.ceil(COUNTED / values.shape[1]))
    low, high = limits
    position = jnp.clip((values[:rows] - low) * (BINS / (high - low)), 0, BINS - 1)
    bins = jnp.where(jnp.isnan(position), BINS, position).astype(jnp.int32)
    return jnp.zeros(BINS + 1, jnp.int32).at[bins.ravel()].add(1, mode="promise_in_bounds")[:BINS]


class Scratch(NamedTuple):
    """What the backward pass needs of each layer, `(capacity, batch, width)`: its inputs and its slopes.

    The same memory is used by every run, since clearing it would take as long as the matrix products.
    """

    inputs: jax.Array
    slopes: jax.Array


class ForwardRow(NamedTuple):
    """One layer on the way up; moments are first and second, in units of the `_unit` beside them."""

    input_rms: jax.Array
    preactivations: jax.Array
    preactivation_unit: jax.Array
    activations: jax.Array
    activation_unit: jax.Array
    saturated: jax.Array
    dead: jax.Array
    counts: jax.Array


class BackwardRow(NamedTuple):
    """One layer on the way down; moments as in `ForwardRow`."""

    preactivation_gradients: jax.Array
    preactivation_gradient_unit: jax.Array
    weight_gradients: jax.Array
    weight_gradient_unit: jax.Array
    preactivation_gradient_counts: jax.Array
    weight_gradient_counts: jax.Array


def _blank_rows(capacity):
    number, pair = jnp.zeros(capacity), jnp.zeros((capacity, 2))
    counts = jnp.zeros((capacity, BINS), jnp.int32)
    forward = ForwardRow(number, pair, number, pair, number, number, number, counts)
    return forward, BackwardRow(pair, number, pair, number, counts, counts)


def store(whole, part, layer):
    """Write one layer's part, in place; `whole` and `part` may be trees of arrays."""
    return jax.tree.map(lambda rows, row: lax.dynamic_update_index_in_dim(rows, row, layer, 0), whole, part)


def at(whole, layer):
    """Read one layer's part."""
    return lax.dynamic_index_in_dim(whole, layer, keepdims=False)


class Settings(NamedTuple):
    """The traced numbers of a run; `weight_std` has one entry a layer."""

    activation: np.int32
    depth: np.int32
    weight_std: np.ndarray
    bias_std: np.float32
    limits: np.ndarray


def _forward_layer(layer, carry, weights, biases, settings):
    scratch, input_rms, rows = carry
    weight_std, width = settings.weight_std[layer], weights.shape[-1]
    preactivations = at(scratch.inputs, layer) @ at(weights, layer) * weight_std
    preactivations = preactivations + at(biases, layer) * settings.bias_std
    outputs, slopes = networks.activate(settings.activation, preactivations)
    scratch = Scratch(store(scratch.inputs, outputs, layer + 1), store(scratch.slopes, slopes, layer))

    preactivation_unit = _unit(input_rms * weight_std * math.sqrt(width) + settings.bias_std)
    activation_unit = _unit(jnp.max(jnp.abs(outputs)))
    activation_moments = _moments(outputs, activation_unit)
    threshold = jnp.asarray(SATURATED_SLOPES)[settings.activation]
    saturated = jnp.mean(jnp.abs(slopes) < threshold, axis=0)
    row = ForwardRow(
        input_rms,
        _moments(preactivations, preactivation_unit),
        preactivation_unit,
        activation_moments,
        activation_unit,
        jnp.mean(saturated),
        jnp.mean(saturated == 1),
        counts(outputs, settings.limits[0]),
    )
    return scratch, activation_unit * jnp.sqrt(activation_moments[1]), store(rows, row, layer)


def _backward_layer(step, carry, weights, scratch, input_rms, settings):
    gradients, expected_rms, rows = carry
    layer = settings.depth - 1 - step
    weight_gradients = at(scratch.inputs, layer).T @ gradients

    unit = _unit(expected_rms)
    moments = _moments(gradients, unit)
    rms = unit * jnp.sqrt(moments[1])
    weight_unit = _unit(at(input_rms, layer) * rms * math.sqrt(len(gradients)))
    row = BackwardRow(
        moments,
        unit,
        _moments(weight_gradients, weight_unit),
        weight_unit,
        counts(gradients, settings.limits[1]),
        counts(weight_gradients, settings.limits[2]),
    )
    weight_std = settings.weight_std[layer]
    below = gradients @ at(weights, layer).T * weight_std * at(scratch.slopes, jnp.maximum(layer - 1, 0))
    return below, rms * weight_std * math.sqrt(weights.shape[-1]), store(rows, row, layer)


def propagate(scratch, weights, biases, inputs, directions, settings):
    """Run forward and backward through `settings.depth` layers; give the scratch back, and the rows of both ways.

    `weights` are the unit-variance noise, `(capacity, width, width)`, and `biases` `(capacity, width)`.
    """
    forward_rows, backward_rows = _blank_rows(len(weights))
    scratch = scratch._replace(inputs=store(scratch.inputs, inputs, 0))
    rms = jnp.sqrt(jnp.mean(inputs**2))
    forward = functools.partial(_forward_layer, weights=weights, biases=biases, settings=settings)
    scratch, _, forward_rows = lax.fori_loop(0, settings.depth, forward, (scratch, rms, forward_rows))
    backward = functools.partial(
        _backward_layer,
        weights=weights,
        scratch=scratch,
        input_rms=forward_rows.input_rms,
        settings=settings,
    )
    start = directions, jnp.sqrt(jnp.mean(directions**2)), backward_rows
    *_, backward_rows = lax.fori_loop(0, settings.depth, backward, start)
    return scratch, (forward_rows, backward_rows)
