"""Expectations of an activation function φ over normal variables, by quadrature in NumPy.

Gauss and Hermite's nodes do badly at the kink of relu, and where a wide distribution makes a step of tanh. Both
lie at z = 0. Each half-line is therefore cut into panels that shrink towards 0 by a factor of 4, until the last
is narrower than the step, and Gauss and Legendre's 20 nodes in each give about 13 digits for variances from
1e-30 to 1e30.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from course.activations import Activation

_REACH = 10.0  # the normal distribution beyond it weighs 1.5e-23
_FINEST = 28  # panels resolve a step in the distribution of a variance of 1e30
_HUGE = 1e200  # stands for an infinite standard deviation: large activations overflow when squared


@cache
def _rule(panels: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of shape `(2, nodes)`, the positive and the negative ones, and the weights of one half."""
    edges = np.append(0.0, _REACH * 4.0 ** np.arange(-panels, 1.0))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    middle, half = (edges[1:] + edges[:-1])[:, None] / 2.0, np.diff(edges)[:, None] / 2.0
    z = (middle + half * nodes).ravel()
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return np.array([z, -z]), (half * weights).ravel() * density


def _scaled_rule(variance: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Preactivations √q z at nodes that suit this variance q, or the largest of many, and the weights.

    The nodes are the last two axes.
    """
    scale = np.minimum(np.sqrt(variance), _HUGE)
    panels = math.ceil(math.log(max(_REACH * np.max(scale), 16.0), 4.0))
    nodes, weights = _rule(min(panels, _FINEST))
    return np.multiply.outer(scale, nodes), weights


def mean(activation: Activation, variance: float) -> float:
    """E[φ(√q z)]. The two halves are added first, so that an odd function has the mean 0 exactly."""
    z, weights = _scaled_rule(variance)
    expectation = float(activation.array_function(z).sum(axis=0) @ weights)
    overflowed = abs(expectation) > 1e-3 * _HUGE
    return math.copysign(math.inf, expectation) if overflowed else expectation


def second_moment(activation: Activation, variance: float) -> float:
    """E[φ(√q z)²]"""
    z, weights = _scaled_rule(variance)
    with np.errstate(over="ignore"):
        return float((activation.array_function(z) ** 2).sum(axis=0) @ weights)


def slope_second_moment(activation: Activation, variance: float | np.ndarray) -> float | np.ndarray:
    """E[φ'(√q z)²], shaped like the variance or variances q."""
    z, weights = _scaled_rule(variance)
    return (activation.array_slope(z) ** 2).sum(axis=-2) @ weights


def second_moment_slope(activation: Activation, variance: float) -> float:
    """How fast the second moment grows with the variance, d/dq E[φ(√q z)²] = E[φ(√q z) φ'(√q z) z] / √q"""
    z, weights = _scaled_rule(variance)
    products = activation.array_function(z) * activation.array_slope(z) * np.sign(z)
    # |z| / √q at the nodes is |z_scaled| / q.
    return float((products * np.abs(z)).sum(axis=0) @ weights) / variance


# E[(φ(u) - φ(u'))²] / 2 for u, u' normal with variance q and correlation cos α. In polar coordinates
# u = √q r cos(θ - α/2) and u' = √q r cos(θ + α/2) change sign on rays, so that kinks and steps lie on the ray
# u' = 0 of the quarter that is enough by symmetry; t is the angle from that ray, to its either side. Nodes are
# powers of Gauss and Legendre's, dense towards the ray and towards r = 0.


def _dense_towards_0(nodes: int, power: int) -> tuple[np.ndarray, np.ndarray]:
    """A rule on [0, 1]: x = s^power, with dx = power s^(power - 1) ds."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    s = (x + 1.0) / 2.0
    return s**power, weights / 2.0 * power * s ** (power - 1)


_ANGLE, _ANGLE_WEIGHTS = _dense_towards_0(32, 4)
_RADIUS, _RADIUS_WEIGHTS = _dense_towards_0(32, 2)
_RADIUS = _REACH * _RADIUS
_RADIUS_WEIGHTS = _REACH * _RADIUS_WEIGHTS * _RADIUS * np.exp(-0.5 * _RADIUS**2) / math.pi


def half_distance(activation: Activation, variance: float, apart: float) -> float:
    """E[(φ(u) - φ(u'))²] / 2 for normal u and u' of this variance and of correlation 1 - `apart`."""
    return _half_distance(activation.array_function, variance, apart)


def slope_product(activation: Activation, variance: float, apart: float) -> float:
    """E[φ'(u) φ'(u')] for normal u and u' of this variance and of correlation 1 - `apart`."""
    return slope_second_moment(activation, variance) - _half_distance(activation.array_slope, variance, apart)


def _half_distance(function: Callable[[np.ndarray], np.ndarray], variance: float, apart: float) -> float:
    alpha = 2.0 * math.asin(math.sqrt(min(max(apart / 2.0, 0.0), 1.0)))
    outer, inner = (math.pi - alpha) / 2.0, alpha / 2.0
    rays = np.array(
        [
            np.append(np.sin(alpha + outer * _ANGLE), np.sin(alpha - inner * _ANGLE)),
            np.append(np.sin(outer * _ANGLE), -np.sin(inner * _ANGLE)),
        ]
    )
    weights = np.append(outer * _ANGLE_WEIGHTS, inner * _ANGLE_WEIGHTS)
    scale = min(math.sqrt(variance), _HUGE)
    u = (scale * _RADIUS)[:, None] * rays[:, None, :]
    with np.errstate(over="ignore", invalid="ignore"):
        differences = np.diff(function(np.array([u, -u])), axis=1) ** 2
        return float(_RADIUS_WEIGHTS @ differences.sum(axis=(0, 1)) @ weights) / 2.0
