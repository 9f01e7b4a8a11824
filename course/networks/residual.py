"""Blocks that networks are stacked from: a plain layer, or a branch of two layers beside a path that changes nothing.

A block is a function `(weights, signal) -> Block`. Its linear part is a product or a convolution, its normalization
one of `normalization.NORMALIZATIONS`, so that one definition serves fully connected and convolutional networks.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax

from course.networks.normalization import NORMALIZATIONS


class BlockWeights(NamedTuple):
    """The weights of one block: `first` reads the signal, `last` writes to it. A plain block has no use for `last`."""

    first: jax.Array
    last: jax.Array


class Block(NamedTuple):
    """What a block answers to a batch: what its nonlinearity receives, and the signal that it passes on."""

    preactivations: jax.Array
    signal: jax.Array


Linear = Callable[[jax.Array, jax.Array], jax.Array]
Elementwise = Callable[[jax.Array], jax.Array]


def plain_block(
    weights: BlockWeights,
    signal: jax.Array,
    *,
    linear: Linear,
    activate: Elementwise,
    normalize: Elementwise = NORMALIZATIONS["none"],
    nudge: jax.Array | float = 0.0,
) -> Block:
    """One layer, x ← φ(N(W₁x)).

    `nudge` is added to the preactivations, so that the gradient for them can be asked for.
    """
    preactivations = normalize(linear(signal, weights.first)) + nudge
    return Block(preactivations, activate(preactivations))


def residual_block(
    weights: BlockWeights,
    signal: jax.Array,
    *,
    linear: Linear,
    activate: Elementwise,
    normalize: Elementwise = NORMALIZATIONS["none"],
    nudge: jax.Array | float = 0.0,
) -> Block:
    """A branch of two layers, added to the signal: x ← x + W₂φ(N(W₁x)) (after He et al. 2016).

    `nudge` is as in `plain_block`.
    """
    preactivations = normalize(linear(signal, weights.first)) + nudge
    return Block(preactivations, signal + linear(activate(preactivations), weights.last))


class Scaling(NamedTuple):
    """A start for residual branches: by what `first` and `last` weights are multiplied in a network of L blocks."""

    title: str
    first: Callable[[int], float]
    last: Callable[[int], float]
    source: str


def _one(_blocks: int) -> float:
    return 1.0


def _zero(_blocks: int) -> float:
    return 0.0


def _inverse_root(blocks: int) -> float:
    return 1.0 / math.sqrt(blocks)


SCALINGS: Mapping[str, Scaling] = MappingProxyType(
    {
        "none": Scaling("none", _one, _one, "He et al. 2016"),
        "1/√L": Scaling("last weights × 1/√L", _one, _inverse_root, "Radford et al. 2019"),
        "zero": Scaling("last weights zero", _one, _zero, "Goyal et al. 2017"),
        # L^(−1/(2m − 2)) for branches of m layers, here m = 2
        "fixup": Scaling("Fixup", _inverse_root, _zero, "Zhang, Dauphin and Ma 2019"),
    }
)
"""How the branches of a residual network of L blocks are scaled at the start, by name."""
