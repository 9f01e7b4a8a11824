"""The expectations of one activation as polynomials: thousands of points cost a few hundred integrals.

All of them are smooth in log q, and in the angle between two inputs, even for activations with a kink. They are
computed once, at Chebyshev's nodes; between these the polynomials err by less than 1e-9.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from course.activations import Activation
from course.theory import expectations

SHORTEST, LONGEST = 1e-9, 1e11
"""Variances between which `tables` reaches."""
LENGTHS = 200
PAIR_LENGTHS, PAIR_ANGLES = 48, 24
"""Nodes over log q of a table of lengths, and those over log q and over the angle of a table of pairs."""


class Range(NamedTuple):
    """An interval that holds Chebyshev's nodes."""

    low: float
    high: float

    def nodes(self, count: int) -> np.ndarray:
        """Return Chebyshev's nodes between the ends, of shape `(count,)`."""
        return (self.low + self.high) / 2 + (self.high - self.low) / 2 * chebyshev.chebpts1(count)

    def position(self, x: np.ndarray) -> np.ndarray:
        """Say where x lies between the ends, from -1 to 1; what lies beyond counts as an end."""
        return np.clip((2 * x - self.low - self.high) / (self.high - self.low), -1, 1)


def fitted(values: np.ndarray) -> np.ndarray:
    """Chebyshev's coefficients, along the first axis, of the polynomial through values at all nodes."""
    count = len(values)
    coefficients = 2 / count * chebyshev.chebvander(chebyshev.chebpts1(count), count - 1).T @ values
    coefficients[0] /= 2
    return coefficients


class Tables(NamedTuple):
    """Coefficients over log q of log E[φ²], E[φ'²] and d/dq E[φ²], each of shape `(200,)`."""

    log_second_moment: np.ndarray
    slope_second_moment: np.ndarray
    second_moment_slope: np.ndarray


ALL_LENGTHS = Range(math.log(SHORTEST), math.log(LONGEST))


@lru_cache(maxsize=32)
def tables(activation: Activation) -> Tables:
    """Compute what an activation does to lengths from 1e-9 to 1e11, once."""
    nodes = np.exp(ALL_LENGTHS.nodes(LENGTHS))
    variances = nodes.tolist()
    second_moments = [expectations.second_moment(activation, variance) for variance in variances]
    return Tables(
        fitted(np.log(second_moments)),
        fitted(expectations.slope_second_moment(activation, nodes)),
        fitted(np.array([expectations.second_moment_slope(activation, variance) for variance in variances])),
    )


def of_log_variance(coefficients: np.ndarray, log_variances: np.ndarray) -> np.ndarray:
    """The values of one of the `Tables`, shaped like `log_variances`."""
    return chebyshev.chebval(ALL_LENGTHS.position(log_variances), coefficients)


class Chords(NamedTuple):
    """E[(φ(u) - φ(u'))²] / 2q(1 - cos α) by the angle α, and its derivative: functions of α shaped like the lengths.

    It falls from E[φ'²] at α = 0, where the chord of the correlation map is its tangent.
    """

    value: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]


ANGLES = Range(0.0, math.pi / 2)


def chords(activation: Activation, variances: np.ndarray) -> Chords:
    """Compute how two inputs of each of these variances, of shape `(points,)`, part by their angle."""
    logs = np.log(variances)
    between = Range(logs.min() - 1e-3, logs.max() + 1e-3)
    grid = np.array([_chords_of(activation, math.exp(log)) for log in between.nodes(PAIR_LENGTHS)])
    over_lengths = chebyshev.chebval(between.position(logs), fitted(grid))  # (angles, points)
    over_angles = fitted(over_lengths)
    slopes = chebyshev.chebder(over_angles) * 2 / (ANGLES.high - ANGLES.low)
    return Chords(
        lambda angles: chebyshev.chebval(ANGLES.position(angles), over_angles, tensor=False),
        lambda angles: chebyshev.chebval(ANGLES.position(angles), slopes, tensor=False),
    )


def _chords_of(activation: Activation, variance: float) -> list[float]:
    aparts = 2 * np.sin(ANGLES.nodes(PAIR_ANGLES) / 2) ** 2
    return [expectations.half_distance(activation, variance, apart) / (variance * apart) for apart in aparts.tolist()]
