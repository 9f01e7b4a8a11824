"""What mathematics predicts of a product of `depth` wide square matrices: how far it stretches a vector, at most.

Gaussian matrices have independent entries of variance 1/width. Their product's squared singular values follow the
Fuss and Catalan law when the width is great (Penson and Życzkowski 2011); at depth 1 it is that of Marchenko and
Pastur. A product of orthogonal matrices is orthogonal: all its singular values are 1 (Saxe et al. 2014).
"""

import math
from functools import lru_cache

import numpy as np

from course.theory.checks import checked_count

_NODES = 20_000
"""The law is written along an angle φ; so many steps of it give the share below a value to about seven digits."""


def moment(depth: int, order: int) -> float:
    """The mean over a Gaussian product's singular values s of s^(2·order): binom((L+1)m, m) / (Lm + 1).

    1 for order 1, whatever the depth L; L + 1 for order 2, so that the spread grows with the depth.
    """
    depth, order = checked_count("depth", depth), checked_count("order", order)
    return math.comb((depth + 1) * order, order) / (depth * order + 1)


def largest(depth: int) -> float:
    """The largest singular value of a Gaussian product, √((L+1)^(L+1) / L^L): 2 at depth 1, about √(e·L) at depth L."""
    depth = checked_count("depth", depth)
    return math.exp(0.5 * ((depth + 1) * math.log(depth + 1) - depth * math.log(depth)))


def quantiles(depth: int, shares: np.ndarray) -> np.ndarray:
    """The singular values of a Gaussian product below which these shares of them lie; shaped like `shares`.

    Raises `ValueError` for a share that is not from 0 to 1.
    """
    shares = np.asarray(shares, float)
    if not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(f"shares are {shares!r}; allowed are numbers from 0 to 1")
    below, logarithms = _law(checked_count("depth", depth))
    return np.exp(0.5 * np.interp(shares, below, logarithms))


@lru_cache(maxsize=128)
def _law(depth: int) -> tuple[np.ndarray, np.ndarray]:
    """The share of squared singular values below x, and log x, both rising.

    With 0 < φ < π/(L+1): x = sin^(L+1)((L+1)φ) / (sin φ sin^L(Lφ)), and the density is
    sin²φ sin^(L−1)(Lφ) / (π sin^L((L+1)φ)) (Haagerup and Möller 2013).
    """
    # Nodes are dense at both ends, where x reaches from its largest value down to 0.
    angle = 0.5 * (1 - np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)) * math.pi / (depth + 1)
    one, many, more = (np.log(np.sin(factor * angle)) for factor in (1, depth, depth + 1))
    logarithms = (depth + 1) * more - one - depth * many
    log_density = 2 * one + (depth - 1) * many - depth * more - math.log(math.pi)
    # The share between two nodes is ∫ density dx = ∫ density · x d(log x).
    mass = np.exp(log_density + logarithms)
    steps = -np.diff(logarithms) * (mass[1:] + mass[:-1]) / 2
    below = 1 - np.append(0.0, np.cumsum(steps))
    return below[::-1].clip(0, 1), logarithms[::-1]
