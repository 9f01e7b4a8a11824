"""What a normalization does to preactivations: mean 0 and variance 1, over one axis or the other."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp

EPSILON = 1e-5
"""Added to the variance by which a normalization divides."""


def _standardized(preactivations: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    mean = jnp.mean(preactivations, axis=axes, keepdims=True)
    variance = jnp.var(preactivations, axis=axes, keepdims=True)
    return (preactivations - mean) / jnp.sqrt(variance + EPSILON)


NORMALIZATIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = MappingProxyType(
    {
        "none": lambda preactivations: preactivations,
        "layer": lambda preactivations: _standardized(preactivations, tuple(range(1, preactivations.ndim))),
        "batch": lambda preactivations: _standardized(preactivations, tuple(range(preactivations.ndim - 1))),
    }
)
"""What becomes of preactivations `(batch, *spatial, units)`: nothing; mean 0 and variance 1 over all units of each
example (Ba, Kiros and Hinton 2016); or over the examples of the present batch, and the positions of an image, for each
unit (Ioffe and Szegedy 2015)."""
