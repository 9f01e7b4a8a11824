"""Runs a real network on pairs of inputs of one cosine: what each layer makes of their lengths and of their angle.

One program of 256 units serves every depth, activation, cosine, seed and pair of variances: the weights of a seed are
drawn once, and are multiplied by a traced standard deviation. No formula of the theory is used here.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import activations, networks
from course.probes.draws import DEEPEST
from course.probes.programs import RUNNING
from course.probes.requests import whole

WIDTH, PAIRS = 256, 8
LARGEST = 1e6
"""The largest variance of weights or biases."""


class PairStats(NamedTuple):
    """What each layer did to the pairs: arrays of shape `(depth,)`, means over all units, inputs and pairs.

    `cosine` is that of two inputs' activations, and `preactivation_cosine` that of their preactivations: the mean
    product over the root of the two mean squares. Gradients are of Σ v·z over the batch, as in `course.probes`.
    """

    preactivation_variance: np.ndarray
    preactivation_cosine: np.ndarray
    cosine: np.ndarray
    preactivation_gradient_variance: np.ndarray


class _Draws(NamedTuple):
    """What a seed decides: noise of variance 1, weights `(100, width, width)`, biases `(100, width)`."""

    weights: jax.Array
    biases: jax.Array
    inputs: jax.Array
    directions: jax.Array


@functools.partial(jax.jit, static_argnames="width")
def _draw(seed: jax.Array, width: int) -> _Draws:
    weights, biases, inputs, directions = jax.random.split(jax.random.key(seed), 4)
    return _Draws(
        jax.random.normal(weights, (DEEPEST, width, width)),
        jax.random.normal(biases, (DEEPEST, width)),
        jax.random.normal(inputs, (2, PAIRS, width)),
        jax.random.normal(directions, (2 * PAIRS, width)),
    )


_draws = functools.lru_cache(maxsize=2)(_draw)


def _pairs(noise: jax.Array, cosine: jax.Array) -> jax.Array:
    """Turn noise of shape `(2, pairs, width)` into inputs of mean square 1, every pair with this very cosine."""
    first, other = noise
    first = first / jnp.linalg.norm(first, axis=1, keepdims=True)
    across = other - first * jnp.sum(first * other, axis=1, keepdims=True)
    across = across / jnp.linalg.norm(across, axis=1, keepdims=True)
    second = cosine * first + jnp.sqrt(1 - cosine**2) * across
    return jnp.concatenate([first, second]) * math.sqrt(noise.shape[-1])


def _cosine(rows: jax.Array) -> jax.Array:
    """The cosine of the first half of the rows with the second."""
    unit = rows / jnp.maximum(jnp.max(jnp.abs(rows)), 1e-30)
    first, second = jnp.split(unit, 2)
    return jnp.mean(first * second) / jnp.sqrt(jnp.mean(first**2) * jnp.mean(second**2))


def _mean_square(rows: jax.Array) -> jax.Array:
    """The mean square, in a unit that keeps it from under- and overflowing on the way; inf after an overflow."""
    unit = jnp.maximum(jnp.max(jnp.abs(rows)), 1e-18)
    mean = jnp.mean((rows / unit) ** 2) * unit**2
    return jnp.where(jnp.isnan(mean), jnp.inf, mean)


@jax.jit
def _run(draws: _Draws, activation, depth, cosine, weight_std, bias_std) -> jax.Array:
    width = draws.weights.shape[-1]

    def up(layer, carry):
        signal, slopes, rows = carry
        preactivations = signal @ draws.weights[layer] * weight_std[layer] + draws.biases[layer] * bias_std[layer]
        signal, slope = networks.activate(activation, preactivations)
        row = jnp.stack([_mean_square(preactivations), _cosine(preactivations), _cosine(signal)])
        return signal, slopes.at[layer].set(slope), rows.at[layer, :3].set(row)

    def down(step, carry):
        gradients, slopes, rows = carry
        layer = depth - 1 - step
        rows = rows.at[layer, 3].set(_mean_square(gradients))
        below = gradients @ draws.weights[layer].T * weight_std[layer] * slopes[jnp.maximum(layer - 1, 0)]
        return below, slopes, rows

    slopes, rows = jnp.zeros((DEEPEST, 2 * PAIRS, width)), jnp.zeros((DEEPEST, 4))
    _, slopes, rows = lax.fori_loop(0, depth, up, (_pairs(draws.inputs, cosine), slopes, rows))
    return lax.fori_loop(0, depth, down, (draws.directions, slopes, rows))[2]


def measure_pairs(
    seed: int,
    *,
    depth: int,
    activation: str,
    weight_variance: float | np.ndarray,
    bias_variance: float | np.ndarray = 0.0,
    cosine: float = 0.0,
    width: int = WIDTH,
) -> PairStats:
    """Draw a network of normal weights of variance σ_w²/width, and run eight pairs of inputs of this cosine through it.

    `weight_variance` is σ_w²; it and `bias_variance` are numbers, or one number a layer in an array of shape
    `(depth,)`. `depth` is from 1 to 100, `width` from 2 to 256 (each width is compiled on its own), `cosine` from -1
    to 1. Inputs have mean square 1, and both of a pair meet the same biases. Raises `ValueError` for any other value;
    overflow is a result, and nan the cosine where nothing is left to compare.
    """
    index = list(activations.ACTIVATIONS).index(activations.named(activation).name)
    depth, width = whole("depth", depth, 1, DEEPEST), whole("width", width, 2, WIDTH)
    weight_std = _stds("weight_variance", weight_variance, depth) / np.float32(math.sqrt(width))
    bias_std = _stds("bias_variance", bias_variance, depth)
    if not -1 <= cosine <= 1:
        raise ValueError(f"cosine must be a number from -1 to 1, not {cosine!r}")
    with RUNNING:
        draws = _draws(np.uint32(whole("seed", seed, 0, 2**32 - 1)), width)
        settings = np.int32(index), np.int32(depth), np.float32(cosine), weight_std, bias_std
        rows = jax.device_get(_run(draws, *settings))
    return PairStats(*rows[:depth].T)


def _stds(name: str, variance: float | np.ndarray, depth: int) -> np.ndarray:
    """The standard deviation of every layer, up to the deepest that the program can run."""
    values = np.asarray(variance, float)
    if values.shape not in ((), (depth,)) or not np.all((values >= 0) & (values <= LARGEST)):
        raise ValueError(f"{name} must be a number from 0 to {LARGEST:g}, or {depth} of them, not {variance!r}")
    stds = np.zeros(DEEPEST, np.float32)
    stds[:depth] = np.sqrt(values)
    return stds
