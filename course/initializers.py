"""The schemes: how each recipe of the literature sets the weights of a network at its start.

One rule holds for all: Var w = scale / fan, where the scheme's mode says which fan; its distribution says how
the weights are spread. A scheme is a row of `SCHEMES`, and so is one that a reader builds.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course import distributions

MODES = ("fan_in", "fan_out", "fan_avg", "fixed")
"""What divides the scale: connections into a unit, out of it, the mean of the two, or 1."""


class Scheme(NamedTuple):
    """A recipe for the weights of a layer: Var w = scale / fan.

    `mode` is one of `MODES`, `distribution` one of `DISTRIBUTIONS`. For "constant" weights, which do not vary,
    scale / fan is the square of the one value. `title` is for menus, `source` names author and year.
    """

    name: str
    title: str
    scale: float
    mode: str
    distribution: str
    source: str


_ROWS = (
    Scheme("zeros", "All zero", 0.0, "fixed", "constant", "the start that never breaks symmetry"),
    Scheme("constant", "All 0.1", 0.01, "fixed", "constant", "another start that never breaks symmetry"),
    Scheme("normal_0.01", "Normal, std 0.01", 1e-4, "fixed", "normal", "Hinton 2010"),
    Scheme("normal_0.1", "Normal, std 0.1", 1e-2, "fixed", "normal", "Hinton 2010"),
    Scheme("normal_1", "Normal, std 1", 1.0, "fixed", "normal", "the naive choice"),
    Scheme(
        "standard_uniform",
        "Standard, uniform ±1/√fan_in",
        1 / 3,
        "fan_in",
        "uniform",
        "Glorot and Bengio 2010, equation 1",
    ),
    Scheme("lecun_normal", "LeCun, normal", 1.0, "fan_in", "normal", "LeCun et al. 1998, equation 16"),
    Scheme("lecun_uniform", "LeCun, uniform", 1.0, "fan_in", "uniform", "LeCun et al. 1998, equation 16"),
    Scheme(
        "glorot_uniform",
        "Glorot (Xavier), uniform",
        1.0,
        "fan_avg",
        "uniform",
        "Glorot and Bengio 2010, equation 16",
    ),
    Scheme(
        "glorot_normal",
        "Glorot (Xavier), normal",
        1.0,
        "fan_avg",
        "normal",
        "Glorot and Bengio 2010, equation 12",
    ),
    Scheme(
        "glorot_sigmoid_uniform",
        "Glorot (Xavier) for sigmoid, uniform, 4 times wider",
        16.0,
        "fan_avg",
        "uniform",
        "Bengio 2012",
    ),
    Scheme("he_normal", "He (Kaiming), normal", 2.0, "fan_in", "normal", "He et al. 2015, equation 10"),
    Scheme("he_uniform", "He (Kaiming), uniform", 2.0, "fan_in", "uniform", "He et al. 2015, equation 10"),
    Scheme("orthogonal", "Orthogonal", 1.0, "fan_in", "orthogonal", "Saxe et al. 2014"),
)

SCHEMES: Mapping[str, Scheme] = MappingProxyType({row.name: row for row in _ROWS})
"""Every scheme of the course by name, in the order of the menus."""


def named(scheme: str | Scheme) -> Scheme:
    """The scheme of this name; a `Scheme` is checked and returned as it is.

    Raises ValueError for an unknown name, and for a scheme whose mode, distribution or scale is none.
    """
    if isinstance(scheme, Scheme):
        return _checked(scheme)
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise ValueError(f"scheme is {scheme!r}; allowed are {', '.join(SCHEMES)}")
    return SCHEMES[scheme]


def _checked(scheme: Scheme) -> Scheme:
    if scheme.mode not in MODES:
        raise ValueError(f"mode is {scheme.mode!r}; allowed are {', '.join(MODES)}")
    distributions.named(scheme.distribution)
    if not 0 <= scheme.scale < math.inf:
        raise ValueError(f"scale is {scheme.scale!r}; allowed is a finite number, 0 or more")
    return scheme


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """The connections into one unit and out of one unit, (fan_in, fan_out), of weights of this shape.

    A dense layer's weights have shape `(fan_in, fan_out)`. A convolution's kernel has shape
    `(*spatial, channels_in, channels_out)`: each fan is its channels times the kernel's positions, so that a
    3×3 kernel from one channel to one channel has fans (9, 9). Raises ValueError for fewer than two
    dimensions, and for a size that is not a positive integer.
    """
    sizes = tuple(shape)
    if len(sizes) < 2:
        raise ValueError(f"shape is {sizes}; allowed is (fan_in, fan_out), or (*spatial, channels_in, channels_out)")
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ValueError(f"shape is {sizes}; every size must be a positive integer, and {size!r} is not")
    *spatial, channels_in, channels_out = map(int, sizes)
    positions = math.prod(spatial)
    return positions * channels_in, positions * channels_out


def standard_deviation(scheme: str | Scheme, shape: Sequence[int], gain: float = 1.0) -> float:
    """The standard deviation of a scheme's weights, gain · √(scale / fan).

    For constant weights it is their one value. Raises ValueError for a gain that is negative or not finite.
    """
    scheme = named(scheme)
    if not 0 <= gain < math.inf:
        raise ValueError(f"gain is {gain!r}; allowed is a finite number, 0 or more")
    fan_in, fan_out = fans(shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2, "fixed": 1}[scheme.mode]
    return float(gain) * math.sqrt(scheme.scale / fan)


def noise(key: jax.Array, distribution: str, shape: Sequence[int]) -> jax.Array:
    """Numbers of mean 0 and variance 1, float32, spread as the distribution says ("constant": ones).

    Works under `jax.jit` with a traced `key`; `shape` is static. Raises ValueError for an unknown distribution.
    """
    row = distributions.named(distribution)
    fans(shape)
    return row.finish(jnp, distributions.drawn(key, math.prod(shape), *row.shares), tuple(shape))


def array_noise(random: np.random.Generator, distribution: str, shape: Sequence[int]) -> np.ndarray:
    """The same as `noise`, drawn by NumPy: other numbers, for many small arrays at once, and nothing to compile."""
    row = distributions.named(distribution)
    fans(shape)
    return np.asarray(row.array_noise(random, tuple(shape)), np.float32)


def draw(key: jax.Array, scheme: str | Scheme, shape: Sequence[int], *, gain: float = 1.0) -> jax.Array:
    """Draw a layer's weights: `standard_deviation` times `noise`, of this shape, float32.

    `gain` multiplies the standard deviation. Raises ValueError for an unknown scheme, a shape without fans, a
    gain that is negative or not finite, and a key that is an integer and not a `jax.random.key`.
    """
    if isinstance(key, Integral):
        raise ValueError(f"key is the integer {key}; allowed is a JAX key, jax.random.key({key}) for example")
    scheme = named(scheme)
    return standard_deviation(scheme, shape, gain) * noise(key, scheme.distribution, shape)
