"""What a single draw of a ReLU network keeps of one input's mean square: an exact law for two kinds of weights.

Given its input, each of a layer's n units is on with probability 1/2. With normal weights of variance 2/n a layer
multiplies the mean square by (2/n) χ²(K), K being binomial; with orthogonal weights times √2 by 2 Beta(K/2, (n−K)/2),
since a uniformly random direction is a normal vector over its length. Factors of different layers are independent, so
that the logarithm of the product has depth times one layer's mean and variance (Hanin 2018 bounds them for normal
weights). Layers that are all off, of which there is one in 2^n, are left out.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from course.theory.checks import checked_count

DISTRIBUTIONS = ("normal", "orthogonal")
WIDEST = 10_000


class LogFactor(NamedTuple):
    """The logarithm of what one layer multiplies the mean square by: its mean and its variance over draws."""

    mean: float
    variance: float


def relu_factor_variance(width: int, distribution: str = "normal") -> float:
    """The variance of one layer's factor, whose mean is 1: 5/n for normal weights, 3/(n+2) for orthogonal ones."""
    width = _checked(width, distribution)
    return 5 / width if distribution == "normal" else 3 / (width + 2)


def relu_log_factor(width: int, distribution: str = "normal") -> LogFactor:
    """The mean and the variance of the logarithm of one layer's factor, summed over the binomial law.

    `width` is from 2 to 10000, `distribution` "normal" or "orthogonal"; `ValueError` for any other.
    """
    return _log_factor(_checked(width, distribution), distribution)


def relu_median(depth: int, width: int, distribution: str = "normal") -> float:
    """About the mean square that half of all draws stay below: exp(depth · E[log of a layer's factor]).

    The sum of many logarithms is nearly normal, so that its mean is nearly its median.
    """
    return math.exp(checked_count("depth", depth) * relu_log_factor(width, distribution).mean)


def _checked(width: int, distribution: str) -> int:
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution is {distribution!r}; allowed are {', '.join(DISTRIBUTIONS)}")
    if not 2 <= checked_count("width", width) <= WIDEST:
        raise ValueError(f"width is {width!r}; allowed is a whole number from 2 to {WIDEST}")
    return int(width)


@lru_cache(maxsize=256)
def _log_factor(width: int, distribution: str) -> LogFactor:
    digamma, trigamma = _at_halves(width)
    units_on = np.arange(1, width + 1)
    log_choose = [math.lgamma(width + 1) - math.lgamma(k + 1) - math.lgamma(width - k + 1) for k in units_on]
    chance = np.exp(np.array(log_choose) - width * math.log(2))
    chance /= chance.sum()
    # log χ²(K) has mean ψ(K/2) + log 2 and variance ψ'(K/2); log Beta(a, b) has ψ(a) − ψ(a+b) and ψ'(a) − ψ'(a+b)
    mean = chance @ digamma
    variance = chance @ trigamma + chance @ (digamma - mean) ** 2
    if distribution == "normal":
        return LogFactor(float(mean + math.log(4 / width)), float(variance))
    return LogFactor(float(mean + math.log(2) - digamma[-1]), float(variance - trigamma[-1]))


def _at_halves(width: int) -> tuple[np.ndarray, np.ndarray]:
    """ψ(k/2) and ψ'(k/2) for k = 1 … width, from their values at 1/2 and 1 by the recurrences in x + 1."""
    digamma, trigamma = np.empty(width + 1), np.empty(width + 1)
    digamma[:2] = -np.euler_gamma - 2 * math.log(2), -np.euler_gamma
    trigamma[:2] = math.pi**2 / 2, math.pi**2 / 6
    for place in range(2, width + 1):
        half = (place - 1) / 2
        digamma[place], trigamma[place] = digamma[place - 2] + 1 / half, trigamma[place - 2] - 1 / half**2
    return digamma[:width], trigamma[:width]
