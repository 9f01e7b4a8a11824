"""What a seed decides: the unit-variance noise of a layer's weights, and all that is no weight.

The numbers are those of `jax.random`, to the last bit where no matrix is decomposed, but one small program draws them
for every shape: JAX's own functions are compiled once a shape, which takes longer than a reader wants to wait.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import initializers

DEEPEST = 100
CHUNK = 2**14
"""Numbers drawn by one call: the weights of a layer of 128 units."""


class Draws(NamedTuple):
    """What a seed decides beside the weights: unit-variance biases `(100, width)`, the cost's directions, its inputs.

    `directions` and `gaussian`, noise to feed in, have shape `(batch, width)`.
    """

    biases: np.ndarray
    directions: np.ndarray
    gaussian: np.ndarray


_PARITY = np.uint32(0x1BD11BDA)
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _threefry(key, high, low):
    """Hash pairs of counters with a key, by Threefry-2x32 in 20 rounds (Salmon et al. 2011): NumPy's or JAX's."""
    keys = key[0], key[1], key[0] ^ key[1] ^ _PARITY
    high, low = high + keys[0], low + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            high = high + low
            low = high ^ ((low << rotation) | (low >> (32 - rotation)))
        high, low = high + keys[(group + 1) % 3], low + keys[(group + 2) % 3] + np.uint32(group + 1)
    return high, low


_ZERO = np.zeros(1, np.uint32)


def _child(key: tuple[np.ndarray, np.ndarray], number: int) -> tuple[np.ndarray, np.ndarray]:
    """What `jax.random.fold_in` makes of a key and a number, and `jax.random.split` of a key and a place."""
    return _threefry(key, _ZERO, np.array([number], np.uint32))


def _layer_key(seed: int, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """The key of one layer's weights, as in `engine.layer_key`."""
    return _child((_ZERO, np.array([seed], np.uint32)), layer)


@jax.jit
def _chunk(key, first, low, high, normal):
    counters = first + jnp.arange(CHUNK, dtype=jnp.uint32)
    one, other = _threefry(key, jnp.zeros_like(counters), counters)
    # 23 random bits behind the exponent of 1 are a number from 1 to 2.
    share = lax.bitcast_convert_type(((one ^ other) >> 9) | np.uint32(0x3F800000), np.float32) - 1
    uniform = jnp.maximum(low, share * (high - low) + low)
    return lax.cond(normal, lambda: np.float32(math.sqrt(2)) * lax.erf_inv(uniform), lambda: uniform)


_BOUND = math.sqrt(3)  # Var U(-b, b) = b² / 3
_RANGES = {
    "uniform": (-_BOUND, _BOUND, False),
    "normal": (np.nextafter(np.float32(-1), np.float32(0)), 1, True),
    "truncated_normal": (-math.erf(math.sqrt(2)), math.erf(math.sqrt(2)), True),  # P(|z| < 2)
}
"""Between what a share of 1 is spread, and whether the inverse of the normal distribution follows."""


def _numbers(key: tuple[np.ndarray, np.ndarray], distribution: str, count: int) -> np.ndarray:
    low, high, normal = _RANGES[distribution]
    settings = np.float32(low), np.float32(high), np.bool_(normal)
    chunks = [np.asarray(_chunk(key, np.uint32(first), *settings)) for first in range(0, count, CHUNK)]
    numbers = (chunks[0] if len(chunks) == 1 else np.concatenate(chunks))[:count]
    return initializers.cut_at_two(numbers) if distribution == "truncated_normal" else numbers


def layer_noise(seed: int, layer: int, distribution: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the unit-variance noise of a layer, counted from 1: what `initializers.noise` draws with its key."""
    if distribution == "constant":
        return np.ones(shape, np.float32)
    key = _layer_key(seed, layer)
    if distribution == "orthogonal":
        noise = initializers.haar(np, lambda tall: _numbers(key, "normal", math.prod(tall)).reshape(tall), shape)
        return noise.astype(np.float32)
    return _numbers(key, distribution, math.prod(shape)).reshape(shape)


def _beside_the_weights(seed: int, place: int, shape: tuple[int, ...]) -> np.ndarray:
    return _numbers(_child(_layer_key(seed, 0), place), "normal", math.prod(shape)).reshape(shape)


@functools.lru_cache(maxsize=8)
def directions(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the cost's independent directions of a seed, v ~ N(0, 1)."""
    return _beside_the_weights(seed, 1, shape)


@functools.lru_cache(maxsize=8)
def draws_of(seed: int, width: int, batch: int) -> Draws:
    """Return the biases, the cost's directions and the Gaussian inputs of a seed."""
    biases, gaussian = (_beside_the_weights(seed, *which) for which in ((0, (DEEPEST, width)), (2, (batch, width))))
    return Draws(biases, directions(seed, (batch, width)), gaussian)
