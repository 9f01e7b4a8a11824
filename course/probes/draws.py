"""What a seed decides: the unit-variance noise of a layer's weights, and all that is no weight.

The numbers are those of `jax.random`, to the last bit where no matrix is decomposed, but one small program draws them
for every shape: JAX's own functions are compiled once a shape, which takes longer than a reader wants to wait.
"""

import functools
import math
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course.distributions import DISTRIBUTIONS, Shares

DEEPEST = 100
"""Layers of the deepest network."""
CHUNK = 2**14
"""Numbers drawn for one key at a time: the weights of a layer of 128 units."""
TOGETHER = 8
"""Chunks of one call."""
BESIDE_WEIGHTS = ("biases", "directions", "gaussian")
"""The biases `(100, width)`, the cost's directions `(batch, width)`, and noise to feed in, `(batch, width)`."""

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


def _children(key, numbers):
    """What `jax.random.fold_in` makes of a key and each of some numbers, and `jax.random.split` at these places."""
    numbers = np.asarray(numbers, np.uint32)
    return _threefry(key, np.zeros_like(numbers), numbers)


def _layer_keys(seed: int, layers):
    """The keys of some layers' weights, as in `engine.layer_key`, two arrays of words."""
    return _children((np.zeros(1, np.uint32), np.array([seed], np.uint32)), layers)


@jax.jit
def _chunks(keys, firsts, low, high, normal):
    counters = firsts[:, None] + jnp.arange(CHUNK, dtype=jnp.uint32)
    one, other = _threefry([word[:, None] for word in keys], jnp.zeros_like(counters), counters)
    # 23 random bits behind the exponent of 1 are a number from 1 to 2.
    share = lax.bitcast_convert_type(((one ^ other) >> 9) | np.uint32(0x3F800000), np.float32) - 1
    uniform = jnp.maximum(low, share * (high - low) + low)
    return lax.cond(normal, lambda: np.float32(math.sqrt(2)) * lax.erf_inv(uniform), lambda: uniform)


def _numbers(keys, shares: Shares, count: int) -> Iterator[np.ndarray]:
    """Draw so many numbers for each of the keys."""
    settings = np.float32(shares.low), np.float32(shares.high), np.bool_(shares.normal)
    places = [(key, first) for key in range(len(keys[0])) for first in range(0, count, CHUNK)]
    parts = []
    for start in range(0, len(places), TOGETHER):
        some = places[start : start + TOGETHER]
        which, firsts = np.array(some + some[-1:] * (TOGETHER - len(some))).T
        drawn = np.asarray(_chunks([word[which] for word in keys], np.uint32(firsts), *settings))
        for (_, first), row in zip(some, drawn[: len(some)], strict=True):
            parts.append(row)
            if first + CHUNK >= count:
                yield np.concatenate(parts)[:count]
                parts = []


def layer_noise(seed: int, layers: Sequence[int], distribution: str, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Draw the unit-variance noise of some layers, counted from 1: what `initializers.noise` draws with their keys."""
    row = DISTRIBUTIONS[distribution]
    for numbers in _numbers(_layer_keys(seed, layers), row.shares, math.prod(shape)):
        yield row.finish(np, numbers, shape).astype(np.float32, copy=False)


@functools.lru_cache(maxsize=16)
def beside_weights(seed: int, what: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return what a seed decides beside the weights, read-only, of variance 1; `what` is one of `BESIDE_WEIGHTS`."""
    key = _children(_layer_keys(seed, [0]), [BESIDE_WEIGHTS.index(what)])
    (numbers,) = _numbers(key, DISTRIBUTIONS["normal"].shares, math.prod(shape))
    numbers.setflags(write=False)
    return numbers.reshape(shape)
