"""The traced passes: one layer forward, one layer backward, and the loops over a depth known only at run time.

Units stand in blocks of `BLOCK`, the last one filled up with zeros, and loops run over as many blocks as the layer has:
so the width is known only at run time too, and one program serves every width up to that of its arrays.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import activations, networks

BLOCK = 128
"""Units of a block, the width that explorers open with."""
BINS = 61
"""Bins of every histogram."""
COUNTED = 8192
"""About as many values of a layer are counted into its histograms: those of the first examples, or rows."""
_ROWS_AT_ONCE = 16

SATURATED_SLOPES = np.array(
    [activations.SATURATION * row.peak_slope for row in activations.ACTIVATIONS.values()], np.float32
)
"""Below this |slope| a unit is saturated, for each activation of the table."""


def layer_key(seed, layer):
    """Return the key of one layer's weights; layers count from 1, and 0 is everything that is no weight."""
    return jax.random.fold_in(jax.random.key(seed), layer)


class Settings(NamedTuple):
    """The traced numbers of a run.

    `widths` counts the inputs and then each layer's units, so it has one entry more than `weight_std`. `limits` are
    those of the histograms of activations, preactivation gradients and weight gradients; `counted` says which are
    asked for.
    """

    activation: np.int32
    depth: np.int32
    widths: np.ndarray
    weight_std: np.ndarray
    bias_std: np.float32
    limits: np.ndarray
    counted: np.ndarray


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


def put(whole, part, *places):
    """Write one part, in place, where `at` reads it."""
    starts = (*places, *(0 for _ in part.shape))
    return lax.dynamic_update_slice(whole, part.reshape((1,) * len(places) + part.shape), starts)


def at(whole, *places):
    """Read one part: that of a layer, of a block of a layer, of a pair of blocks of a layer."""
    starts = (*places, *(0 for _ in range(whole.ndim - len(places))))
    sizes = (*(1 for _ in places), *whole.shape[len(places) :])
    return lax.dynamic_slice(whole, starts, sizes).reshape(whole.shape[len(places) :])


def _blocks(width):
    return (width + BLOCK - 1) // BLOCK


def _pair(weights, settings, layer, below, above):
    """Read the weights from one block of units to another; the blocks of a layer stand row after row."""
    side = _blocks(jnp.max(settings.widths))
    return at(weights, (layer * side + below) * side + above)


def _inside(width, block):
    """Return of each place in a block whether a unit stands there."""
    return jnp.arange(BLOCK) < width - block * BLOCK


def _unit(expected):
    return jnp.clip(expected, 1e-30, 1e30)


def _sums(values, unit):
    """First and second moment of values / unit, not yet divided: squares then neither overflow nor underflow."""
    relative = values * (1 / unit)
    return jnp.stack([jnp.sum(relative), jnp.sum(relative * relative)])


def _moments(signals, place, blocks, unit, count):
    """First and second moment over all blocks of one of the signals, whose padding is 0."""
    total = lax.fori_loop(0, blocks, lambda block, total: total + _sums(at(signals, place, block), unit), jnp.zeros(2))
    return total / count


def _two(signal):
    """Memory for a signal and the next one, which take turns in it: nothing is copied."""
    return jnp.stack([signal, jnp.zeros_like(signal)])


def add_counts(counts, values, rows, inside, limits):
    """Add the first rows of `values` to the counts of bins between two limits; the end bins take what lies beyond."""
    at_once = min(_ROWS_AT_ONCE, len(values))
    low, high = limits
    per_bin, no_unit = BINS / (high - low), jnp.where(inside, 0, jnp.nan)

    def add(chunk, counts):
        first = jnp.minimum(chunk * at_once, len(values) - at_once)
        part = lax.dynamic_slice_in_dim(values, first, at_once)
        row = first + jnp.arange(at_once)
        no_row = jnp.where((row >= chunk * at_once) & (row < rows), 0, jnp.nan)
        position = jnp.clip((part - low) * per_bin + no_unit + no_row[:, None], 0, BINS - 1)
        bins = jnp.where(jnp.isnan(position), BINS, position).astype(jnp.int32)
        return counts.at[bins.ravel()].add(1, mode="promise_in_bounds")

    chunks = (jnp.clip(rows, 0, len(values)) + at_once - 1) // at_once
    return lax.fori_loop(0, chunks, add, counts)


NOTHING_COUNTED = np.zeros(BINS + 1, np.int32)  # the last bin takes what is not counted


def _rows_counted(width, asked_for):
    return jnp.where(asked_for, (COUNTED + width - 1) // width, 0)


class _Forward(NamedTuple):
    """What the blocks of a layer leave behind: their outputs, and sums over them."""

    preactivations: jax.Array
    signals: jax.Array
    sums: jax.Array
    largest: jax.Array
    saturated: jax.Array
    dead: jax.Array
    counts: jax.Array


def _forward_layer(layer, carry, weights, biases, settings):
    preactivations, signals, input_rms, rows = carry
    here, next_one = layer % 2, (layer + 1) % 2
    fan_in, units = settings.widths[layer], settings.widths[layer + 1]
    weight_std, (batch, _) = settings.weight_std[layer], signals.shape[2:]
    unit = _unit(input_rms * weight_std * jnp.sqrt(fan_in.astype(float)) + settings.bias_std)

    def block_of_units(block, done):
        inside = _inside(units, block)

        def product(below):
            return at(done.signals, here, below) @ _pair(weights, settings, layer, below, block)

        z = lax.fori_loop(1, _blocks(fan_in), lambda below, total: total + product(below), product(0))
        z = z * weight_std + at(biases, layer, block) * settings.bias_std
        outputs, slopes = networks.activate(settings.activation, z)
        outputs = jnp.where(inside, outputs, 0)
        flat = jnp.mean(jnp.abs(slopes) < jnp.asarray(SATURATED_SLOPES)[settings.activation], axis=0) * inside
        return _Forward(
            put(done.preactivations, z, layer, block),
            put(done.signals, outputs, next_one, block),
            done.sums + _sums(z, unit),
            jnp.maximum(done.largest, jnp.max(jnp.abs(outputs))),
            done.saturated + jnp.sum(flat),
            done.dead + jnp.sum(flat == 1),
            add_counts(done.counts, outputs, _rows_counted(units, settings.counted[0]), inside, settings.limits[0]),
        )

    start = _Forward(preactivations, signals, jnp.zeros(2), *jnp.zeros(2), jnp.int32(0), NOTHING_COUNTED)
    done = lax.fori_loop(0, _blocks(units), block_of_units, start)
    activation_unit = _unit(done.largest)
    moments = _moments(done.signals, next_one, _blocks(units), activation_unit, batch * units)
    row = ForwardRow(
        input_rms,
        done.sums / (batch * units),
        unit,
        moments,
        activation_unit,
        done.saturated / units,
        done.dead / units,
        done.counts[:BINS],
    )
    return done.preactivations, done.signals, activation_unit * jnp.sqrt(moments[1]), store(rows, row, layer)


def _backward_layer(step, carry, weights, preactivations, inputs, input_rms, settings):
    gradients, expected_rms, rows = carry
    here, next_one = step % 2, (step + 1) % 2
    layer, (batch, _) = settings.depth - 1 - step, gradients.shape[2:]
    fan_in, units = settings.widths[layer], settings.widths[layer + 1]
    weight_std, unit = settings.weight_std[layer], _unit(expected_rms)
    counted, weights_counted = (_rows_counted(units, asked_for) for asked_for in settings.counted[1:])

    def block_here(block, carry):
        gradients, sums, counts = carry
        gradient, inside = at(gradients, here, block), _inside(units, block)
        counts = add_counts(counts, gradient, counted, inside, settings.limits[1])
        return gradients, sums + _sums(gradient, unit), counts

    # The gradients go through this loop as they are, so that the next one may write into them without a copy.
    start = gradients, jnp.zeros(2), NOTHING_COUNTED
    gradients, sums, gradient_counts = lax.fori_loop(0, _blocks(units), block_here, start)
    moments = sums / (batch * units)
    rms = unit * jnp.sqrt(moments[1])
    weight_unit = _unit(at(input_rms, layer) * rms * math.sqrt(batch))

    def block_below(below, carry):
        gradients, sums, counts = carry
        inside = _inside(fan_in, below)
        outputs, slopes = networks.activate(settings.activation, at(preactivations, jnp.maximum(layer - 1, 0), below))
        outputs = jnp.where(layer == 0, at(inputs, below), jnp.where(inside, outputs, 0))
        rows_here = jnp.minimum(weights_counted, fan_in) - below * BLOCK

        def block_above(block, carry):
            signal, sums, counts = carry
            gradient = at(gradients, here, block)
            weight_gradients = outputs.T @ gradient
            counts = add_counts(counts, weight_gradients, rows_here, _inside(units, block), settings.limits[2])
            signal = signal + gradient @ _pair(weights, settings, layer, below, block).T
            return signal, sums + _sums(weight_gradients, weight_unit), counts

        start = jnp.zeros((batch, BLOCK)), sums, counts
        signal, sums, counts = lax.fori_loop(0, _blocks(units), block_above, start)
        return put(gradients, signal * weight_std * slopes, next_one, below), sums, counts

    start = gradients, jnp.zeros(2), NOTHING_COUNTED
    gradients, sums, counts = lax.fori_loop(0, _blocks(fan_in), block_below, start)
    row = BackwardRow(
        moments,
        unit,
        sums / (fan_in * units),
        weight_unit,
        gradient_counts[:BINS],
        counts[:BINS],
    )
    return gradients, rms * weight_std * jnp.sqrt(fan_in.astype(float)), store(rows, row, layer)


def _rms(values, width):
    return jnp.sqrt(jnp.sum(values**2) / (values.shape[1] * width))


def propagate(preactivations, weights, biases, inputs, directions, settings):
    """Run forward and backward through `settings.depth` layers; return the first argument, and the rows of both ways.

    `preactivations` is memory for those of each layer, `(capacity, blocks, batch, BLOCK)`, used again by every run,
    since clearing it would take as long as the matrix products. `weights` are the unit-variance noise, block after
    block, `(capacity · blocks², BLOCK, BLOCK)`, as many of a layer as the widest one needs; `biases` have shape
    `(capacity, blocks, BLOCK)`, `inputs` and `directions` `(blocks, batch, BLOCK)`. All are 0 where no unit stands.
    """
    forward_rows, backward_rows = _blank_rows(len(preactivations))
    forward = functools.partial(_forward_layer, weights=weights, biases=biases, settings=settings)
    start = preactivations, _two(inputs), _rms(inputs, settings.widths[0]), forward_rows
    preactivations, _, _, forward_rows = lax.fori_loop(0, settings.depth, forward, start)
    backward = functools.partial(
        _backward_layer,
        weights=weights,
        preactivations=preactivations,
        inputs=inputs,
        input_rms=forward_rows.input_rms,
        settings=settings,
    )
    start = _two(directions), _rms(directions, settings.widths[settings.depth]), backward_rows
    *_, backward_rows = lax.fori_loop(0, settings.depth, backward, start)
    return preactivations, (forward_rows, backward_rows)
