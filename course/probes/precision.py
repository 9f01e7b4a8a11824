"""Runs a network in a smaller number format: what overflows on the way up, and what is rounded to 0 on the way down.

Every activation and every gradient is rounded to the format; products are added up in float32, as the matrix units of
today's accelerators do (Micikevicius et al. 2018). The cost is C = Σ v·z_L divided by the batch, like a mean over
examples, and multiplied by a loss scale. One program serves all formats.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import data, initializers, networks
from course.initializers import Scheme
from course.probes import draws, engine, programs
from course.probes.draws import DEEPEST
from course.probes.requests import checked

FORMATS = ("float16", "bfloat16", "float32")
WIDTH, BATCH = 128, 64


class Range(NamedTuple):
    """What a number format can hold: its largest number, and the smallest ones above 0 with all digits and with any.

    `digits` is the relative distance of two neighbouring numbers.
    """

    largest: float
    smallest_normal: float
    smallest_subnormal: float
    digits: float


def range_of(precision: str) -> Range:
    """Return the range of a format of `FORMATS`; ValueError for another name."""
    if precision not in FORMATS:
        raise ValueError(f"precision must be one of {', '.join(FORMATS)}, not {precision!r}")
    limits = jnp.finfo(precision)
    return Range(*(float(number) for number in (limits.max, limits.tiny, limits.smallest_subnormal, limits.eps)))


class Sizes(NamedTuple):
    """How large a layer's numbers are: float64 arrays of shape `(depth,)`, layer 1 first.

    The root mean square of the numbers that are finite, the smallest and the largest magnitude of those that are not 0
    (NaN where there is none), the share that is too large for the format or no number any more, and the share that is
    0 where it should not be: what an activation's flat side sets to 0 is not counted.
    """

    rms: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray
    overflow_share: np.ndarray
    zero_share: np.ndarray


class PrecisionStats(NamedTuple):
    """The activations and the preactivation gradients of a run."""

    activations: Sizes
    gradients: Sizes


def _rounding(precision: str):
    kind = jnp.dtype(precision)
    # The barrier keeps the compiler from leaving out what only costs digits.
    return functools.partial(
        jax.tree.map, lambda values: lax.optimization_barrier(values.astype(kind)).astype(jnp.float32)
    )


_ROUNDINGS = [_rounding(name) for name in FORMATS]


class _Settings(NamedTuple):
    format: np.int32
    activation: np.int32
    depth: np.int32
    weight_std: np.float32
    start: np.float32


def _sizes(values, present):
    """`present` says which of the values would not be 0 in a format without limits."""
    size = jnp.abs(values)
    finite = jnp.isfinite(size)
    largest = jnp.max(jnp.where(finite, size, 0))
    unit = jnp.clip(largest, 1e-30, 1e30)
    rms = unit * jnp.sqrt(jnp.mean(jnp.where(finite, size / unit, 0) ** 2) / jnp.maximum(jnp.mean(finite), 1e-9))
    zero = jnp.mean((size == 0) & present) / jnp.maximum(jnp.mean(present), 1e-9)
    return Sizes(rms, jnp.min(jnp.where(finite & (size > 0), size, jnp.inf)), largest, jnp.mean(~finite), zero)


def _rounded(values, settings):
    return lax.switch(settings.format, _ROUNDINGS, values)


def _forward(layer, carry, weights, settings):
    signal, slopes, rows = carry
    outputs, slope = networks.activate(settings.activation, signal @ engine.at(weights, layer))
    signal, slope = _rounded((outputs, slope), settings)
    row = _sizes(signal, outputs != 0)
    return signal, engine.store(slopes, slope, layer), engine.store(rows, row, layer)


def _backward(step, carry, weights, slopes, settings):
    gradients, present, rows = carry
    layer = settings.depth - 1 - step
    rows = engine.store(rows, _sizes(gradients, present), layer)
    slope = engine.at(slopes, jnp.maximum(layer - 1, 0))
    below = _rounded(gradients @ engine.at(weights, layer).T * slope, settings)
    return below, slope != 0, rows


def _propagate(noise, inputs, directions, settings):
    weights = _rounded(noise * settings.weight_std, settings)
    blank = Sizes(*(jnp.zeros(DEEPEST) for _ in Sizes._fields))
    forward = functools.partial(_forward, weights=weights, settings=settings)
    up = _rounded(inputs, settings), jnp.zeros((DEEPEST, *inputs.shape)), blank
    _, slopes, activations = lax.fori_loop(0, settings.depth, forward, up)
    backward = functools.partial(_backward, weights=weights, slopes=slopes, settings=settings)
    start = _rounded(directions * settings.start, settings)
    down = start, jnp.ones(start.shape, bool), blank
    *_, gradients = lax.fori_loop(0, settings.depth, backward, down)
    return activations, gradients


_passes = jax.jit(_propagate)


def measure_precision(
    seed: int,
    *,
    precision: str,
    depth: int,
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    loss_scale: float = 1.0,
) -> PrecisionStats:
    """Draw a network of width 128, run 64 digits through it in a format of `FORMATS`, and say how large numbers are.

    `loss_scale` multiplies the cost, ValueError unless it is positive and finite; the other arguments are those of
    `measure`, and so are the weights.
    """
    range_of(precision)
    if not (isinstance(loss_scale, int | float) and 0 < loss_scale < math.inf):
        raise ValueError(f"loss_scale must be a positive, finite number, not {loss_scale!r}")
    run = checked(seed, depth=depth, width=WIDTH, activation=activation, scheme=scheme, gain=gain)
    std = initializers.standard_deviation(run.scheme, (WIDTH, WIDTH), run.gain)
    places = np.int32(FORMATS.index(precision)), np.int32(run.activation), np.int32(depth)
    numbers = np.float32(std), np.float32(loss_scale / BATCH)
    inputs = data.standardized_digits(BATCH, WIDTH)
    with programs.RUNNING:
        blocks = programs.unit_weights(run.seed, run.scheme.distribution, run.size, WIDTH, depth)
        noise = programs.layers_of(blocks, WIDTH, DEEPEST)
        directions = draws.beside_weights(run.seed, "directions", (run.size.batch, WIDTH))[:BATCH]
        rows = jax.device_get(_passes(noise, inputs, directions, _Settings(*places, *numbers)))
    return PrecisionStats(*(_cut(sizes, depth) for sizes in rows))


def _cut(sizes: Sizes, depth: int) -> Sizes:
    rms, smallest, largest, *shares = (np.asarray(part)[:depth].astype(np.float64) for part in sizes)
    none = largest == 0
    return Sizes(rms, np.where(none, np.nan, smallest), np.where(none, np.nan, largest), *shares)
