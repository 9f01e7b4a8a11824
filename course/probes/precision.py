"""Runs a network in a smaller number format: what overflows on the way up, and what is rounded to 0 on the way down.

Every activation and every gradient is stored in the format; products are added up in float32, as the matrix units of
today's accelerators do (Micikevicius et al. 2018). The cost is C = Σ v·z_L divided by the batch, like a mean over
examples, and multiplied by a loss scale.
"""

import functools
import math
import threading
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
    """Give the range of a format of `FORMATS`; ValueError for another name."""
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


class _Settings(NamedTuple):
    activation: np.int32
    depth: np.int32
    weight_std: np.float32
    start: np.float32


def _sizes(values, present):
    """`present` says which of the values would not be 0 in a format without limits."""
    size = jnp.abs(values.astype(jnp.float32))
    finite = jnp.isfinite(size)
    largest = jnp.max(jnp.where(finite, size, 0))
    unit = jnp.clip(largest, 1e-30, 1e30)
    rms = unit * jnp.sqrt(jnp.mean(jnp.where(finite, size / unit, 0) ** 2) / jnp.maximum(jnp.mean(finite), 1e-9))
    zero = jnp.mean((size == 0) & present) / jnp.maximum(jnp.mean(present), 1e-9)
    return Sizes(rms, jnp.min(jnp.where(finite & (size > 0), size, jnp.inf)), largest, jnp.mean(~finite), zero)


def _wide(left, right):
    return left.astype(jnp.float32) @ right.astype(jnp.float32)


def _forward(layer, carry, weights, settings):
    signal, slopes, rows = carry
    z = _wide(signal, engine.at(weights, layer))
    outputs, slope = networks.activate(settings.activation, z)
    row = _sizes(outputs.astype(signal.dtype), outputs != 0)
    return (
        outputs.astype(signal.dtype),
        engine.store(slopes, slope.astype(signal.dtype), layer),
        engine.store(rows, row, layer),
    )


def _backward(step, carry, weights, slopes, settings):
    gradients, present, rows = carry
    layer = settings.depth - 1 - step
    rows = engine.store(rows, _sizes(gradients, present), layer)
    slope = engine.at(slopes, jnp.maximum(layer - 1, 0))
    below = (_wide(gradients, engine.at(weights, layer).T) * slope).astype(gradients.dtype)
    return below, slope != 0, rows


def _propagate(noise, inputs, directions, settings, *, precision):
    kind = jnp.dtype(precision)
    weights = (noise * settings.weight_std).astype(kind)
    blank = Sizes(*(jnp.zeros(DEEPEST) for _ in Sizes._fields))
    forward = functools.partial(_forward, weights=weights, settings=settings)
    up = inputs.astype(kind), jnp.zeros((DEEPEST, *inputs.shape), kind), blank
    _, slopes, activations = lax.fori_loop(0, settings.depth, forward, up)
    backward = functools.partial(_backward, weights=weights, slopes=slopes, settings=settings)
    start = (directions * settings.start).astype(kind)
    down = start, jnp.ones(start.shape, bool), blank
    *_, gradients = lax.fori_loop(0, settings.depth, backward, down)
    return activations, gradients


_programs: dict[str, jax.stages.Compiled] = {}
_compiling = threading.Lock()


def program(precision: str) -> jax.stages.Compiled:
    """Give the compiled passes of a format; the first request waits for the compiler."""
    with _compiling:
        if precision not in _programs:
            noise = jax.ShapeDtypeStruct((DEEPEST, WIDTH, WIDTH), np.float32)
            rows = jax.ShapeDtypeStruct((BATCH, WIDTH), np.float32)
            whole, number = jax.ShapeDtypeStruct((), np.int32), jax.ShapeDtypeStruct((), np.float32)
            passes = jax.jit(functools.partial(_propagate, precision=precision))
            lowered = passes.lower(noise, rows, rows, _Settings(whole, whole, number, number))
            _programs[precision] = lowered.compile()
    return _programs[precision]


@functools.cache
def compile_ahead() -> None:
    """Start compiling the programs of all formats in the background, once, so that no move waits for them."""
    programs.ahead(functools.partial(program, precision) for precision in FORMATS)


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
    numbers = np.int32(run.activation), np.int32(depth), np.float32(std), np.float32(loss_scale / BATCH)
    inputs = data.standardized_digits(BATCH, WIDTH)
    with programs.RUNNING:
        blocks = programs.unit_weights(run.seed, run.scheme.distribution, run.size, WIDTH, depth)
        noise = programs.layers_of(blocks, WIDTH, DEEPEST)
        directions = draws.draws_of(run.seed, WIDTH, run.size.batch).directions[:BATCH]
        rows = jax.device_get(program(precision)(noise, inputs, directions, _Settings(*numbers)))
    return PrecisionStats(*(_cut(sizes, depth) for sizes in rows))


def _cut(sizes: Sizes, depth: int) -> Sizes:
    rms, smallest, largest, *shares = (np.asarray(part)[:depth].astype(np.float64) for part in sizes)
    none = largest == 0
    return Sizes(rms, np.where(none, np.nan, smallest), np.where(none, np.nan, largest), *shares)
