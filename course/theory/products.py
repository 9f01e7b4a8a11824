"""The singular values of a product of square weight matrices: what a deep linear network does to directions.

Orthogonal matrices multiply to an orthogonal one: all singular values are 1 (Saxe et al. 2014). For `depth` matrices of
independent normal weights of variance 1/n, the squared singular values follow the Fuss–Catalan law as n grows (Penson
and Życzkowski 2011); for one matrix this is the law of Marchenko and Pastur (1967). A gain multiplies singular values
by gain^depth.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from course.theory.checks import checked_count, frozen

DEEPEST = 1000
NODES = 400


class Law(NamedTuple):
    """The law as a curve over singular values s, from the largest one down: arrays of shape `(400,)`.

    `share_below` is the share that is smaller than s, and `weights` sum up: the mean of f(s) is Σ weights · f(s), to
    the digits of float64 for a polynomial f.
    """

    singular_values: np.ndarray
    share_below: np.ndarray
    weights: np.ndarray


def moment(depth: int, order: int) -> float:
    """The mean of s^(2·order) over the singular values s: the Fuss–Catalan number C((L+1)m, m) / (Lm + 1).

    L is `depth` and m is `order`. The mean of s² is 1 at every depth, and that of s⁴ is depth + 1. A moment too
    large for float64 is inf.
    """
    depth, order = _checked_depth(depth), checked_count("order", order)
    try:
        return math.comb((depth + 1) * order, order) / (depth * order + 1)
    except OverflowError:
        return math.inf


def largest(depth: int) -> float:
    """The largest singular value, √((L+1)^(L+1) / L^L): 2 for one matrix, about √(e · (depth + 1/2)) for many."""
    depth = _checked_depth(depth)
    return math.exp((math.log(depth + 1) + depth * math.log1p(1 / depth)) / 2)


def law(depth: int) -> Law:
    """The whole law, written along an angle φ from 0 to π/(L+1).

    s² = sin^(L+1)((L+1)φ) / (sin φ · sin^L(Lφ)), and the density at s² is sin²φ · sin^(L−1)(Lφ) / (π sin^L((L+1)φ))
    (Haagerup and Möller 2013; Forrester and Liu 2015).
    """
    return _law(_checked_depth(depth))


def quantiles(depth: int, shares: np.ndarray) -> np.ndarray:
    """The singular values below which these shares of all lie, shaped like `shares`; 1 gives the largest one.

    Raises `ValueError` for a share that is not from 0 to 1.
    """
    depth, shares = _checked_depth(depth), np.asarray(shares, float)
    if not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(f"shares are {shares!r}; allowed are numbers from 0 to 1")
    curve = _law(depth)
    # Towards the share 0, log s is a straight line in the logarithm of the share; ends are added for interp.
    logs, below = np.log(curve.singular_values[::-1]), np.log(curve.share_below[::-1])
    slope = (logs[1] - logs[0]) / (below[1] - below[0])
    far = -750.0
    logs = np.concatenate([[logs[0] + slope * (far - below[0])], logs, [math.log(largest(depth))]])
    with np.errstate(divide="ignore"):
        return np.where(shares > 0, np.exp(np.interp(np.log(shares), np.concatenate([[far], below, [0.0]]), logs)), 0.0)


def _checked_depth(depth: int) -> int:
    if checked_count("depth", depth) > DEEPEST:
        raise ValueError(f"depth is {depth}; allowed is a whole number from 1 to {DEEPEST}")
    return int(depth)


@lru_cache(maxsize=256)
def _law(depth: int) -> Law:
    nodes, lengths = np.polynomial.legendre.leggauss(NODES)
    half = math.pi / (depth + 1) / 2
    angle, lengths = half * (nodes + 1), half * lengths
    one, many, more = (np.sin(factor * angle) for factor in (1, depth, depth + 1))
    log_square = (depth + 1) * np.log(more) - np.log(one) - depth * np.log(many)
    fall = 1 / np.tan(angle) + depth**2 / np.tan(depth * angle) - (depth + 1) ** 2 / np.tan((depth + 1) * angle)
    # density · d(s²) = density · s² · d(log s²), in which the high powers of sines cancel
    density_times_square = one * more / (math.pi * many)
    weights = lengths * density_times_square * fall
    # From the small values up, so that small shares keep their digits.
    below = np.cumsum(weights[::-1])[::-1] - weights / 2
    return Law(frozen(np.exp(log_square / 2)), frozen(below), frozen(weights))
