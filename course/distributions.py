"""How weights can be spread: one row a distribution, with all that draws it."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np

from course import blas


class Shares(NamedTuple):
    """What is drawn first: numbers spread evenly from `low` to `high`, or √2 erf⁻¹ of these, which is `normal`."""

    low: float
    high: float
    normal: bool = False


class Distribution(NamedTuple):
    """One way to spread weights, with mean 0 and variance 1, or all 1 ("constant"): a row of the table.

    JAX draws `shares`, of which `finish(module, numbers, shape)` makes the weights, with `numpy` or `jax.numpy`;
    `array_noise(random, shape)` draws in NumPy. `fourth_moment` is E[w⁴], `None` where a layer's weights are not
    drawn independently. `fill(random, weights)` draws into a float32 array, `None` where that would be no faster.
    """

    name: str
    shares: Shares
    finish: Callable[[ModuleType, Any, Sequence[int]], Any]
    array_noise: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    fourth_moment: float | None = None
    fill: Callable[[np.random.Generator, np.ndarray], None] | None = None


# Cut at c = 2, a standard normal variable keeps the variance 1 - 2c density(c) / P(|z| < c) = 0.774.
_CUT = 2.0
_INSIDE = math.erf(_CUT / math.sqrt(2.0))
_AT_CUT = 2.0 * _CUT * math.exp(-0.5 * _CUT**2) / math.sqrt(2.0 * math.pi) / _INSIDE
_CUT_VARIANCE = 1.0 - _AT_CUT


def _in_shape(_module, numbers, shape: Sequence[int]):
    return numbers.reshape(shape)


def _cut_at_two(module, numbers, shape: Sequence[int]):
    """Normal values between −2 and 2, strictly between the two and of variance 1."""
    just_inside = np.nextafter(np.float32(_CUT), np.float32(0))
    return module.clip(numbers, -just_inside, just_inside).reshape(shape) / np.float32(math.sqrt(_CUT_VARIANCE))


def _orthogonal(module, normal, shape: Sequence[int]):
    """An orthonormal set along the shorter side of the kernel as a matrix, times the root of the longer side.

    It is Q of the QR of normal noise, by `numpy` or `jax.numpy`: uniform over all such sets (Haar) because the signs
    of R's diagonal are fixed (Mezzadri 2007).
    """
    rows, columns = math.prod(shape[:-1]), shape[-1]
    with blas.one_thread():
        q, r = module.linalg.qr(normal.reshape(max(rows, columns), min(rows, columns)))
    q = q * module.where(module.diagonal(r) < 0, -1.0, 1.0)
    matrix = q if rows >= columns else q.T
    return (math.sqrt(len(q)) * matrix).reshape(shape)


def _truncated_normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values = random.standard_normal(shape)
    while (outside := np.abs(values) > _CUT).any():
        values[outside] = random.standard_normal(outside.sum())
    return values / math.sqrt(_CUT_VARIANCE)


def _fill_normal(random: np.random.Generator, weights: np.ndarray) -> None:
    random.standard_normal(out=weights, dtype=np.float32)


def _fill_uniform(random: np.random.Generator, weights: np.ndarray) -> None:
    random.random(out=weights, dtype=np.float32)
    weights -= np.float32(0.5)
    weights *= np.float32(math.sqrt(12))  # Var U(0, 1) = 1 / 12


def _fill_with_ones(_random: np.random.Generator, weights: np.ndarray) -> None:
    weights[:] = 1


_ALL = Shares(np.nextafter(np.float32(-1), np.float32(0)), 1.0, normal=True)
_BOUND = math.sqrt(3.0)  # Var U(-b, b) = b² / 3
_ROWS = (
    Distribution(
        "normal",
        _ALL,
        _in_shape,
        lambda random, shape: random.standard_normal(shape, np.float32),
        fourth_moment=3.0,
        fill=_fill_normal,
    ),
    Distribution(
        "uniform",
        Shares(-_BOUND, _BOUND),
        _in_shape,
        lambda random, shape: random.uniform(-_BOUND, _BOUND, shape),
        fourth_moment=9 / 5,
        fill=_fill_uniform,
    ),
    Distribution(
        "truncated_normal",
        Shares(-_INSIDE, _INSIDE, normal=True),
        _cut_at_two,
        _truncated_normal,
        fourth_moment=(3.0 * _CUT_VARIANCE - _CUT**2 * _AT_CUT) / _CUT_VARIANCE**2,
    ),
    Distribution(
        "orthogonal",
        _ALL,
        _orthogonal,
        lambda random, shape: _orthogonal(np, random.standard_normal(math.prod(shape)), shape),
    ),
    Distribution(
        "constant",
        Shares(1.0, 1.0),
        _in_shape,
        lambda _random, shape: np.ones(shape),
        fill=_fill_with_ones,
    ),
)

DISTRIBUTIONS: Mapping[str, Distribution] = MappingProxyType({row.name: row for row in _ROWS})
"""Every distribution of weights by name, in a fixed order."""


@partial(jax.jit, static_argnames=("count", "normal"))
def drawn(key: jax.Array, count: int, low: float, high: float, normal: bool) -> jax.Array:
    """Draw so many numbers of these `Shares`, as `jax.random` does, float32."""
    shares = jax.random.uniform(key, (count,), minval=low, maxval=high)
    return math.sqrt(2.0) * jax.lax.erf_inv(shares) if normal else shares


def named(name: str) -> Distribution:
    """Return the distribution of this name, or raise ValueError for one that is not in the table."""
    if name not in DISTRIBUTIONS:
        raise ValueError(f"distribution is {name!r}; allowed are {', '.join(DISTRIBUTIONS)}")
    return DISTRIBUTIONS[name]
