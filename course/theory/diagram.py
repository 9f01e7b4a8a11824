"""The phase diagram: where lengths and correlations settle over a whole plane of weight and bias variances."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named
from course.theory import expectations
from course.theory.checks import checked_variances, frozen
from course.theory.maps import ENORMOUS, VANISHING, DepthScales
from course.theory.tables import ALL_LENGTHS, LONGEST, SHORTEST, Tables, chords, of_log_variance, tables

_SAME = 1e-9  # a length that a layer changes by a smaller share is kept
_BISECTIONS = 48


class PhaseDiagram(NamedTuple):
    """What `fixed_point`, `chi`, `fixed_correlation` and `depth_scales` say at every point of a plane.

    Arrays of shape `(bias variances, weight variances)`, read-only.
    """

    fixed_point: np.ndarray
    chi: np.ndarray
    correlation: np.ndarray
    depth_scales: DepthScales


def phase_diagram(
    activation: str | Activation,
    weight_variances: Sequence[float] | np.ndarray,
    bias_variances: Sequence[float] | np.ndarray,
) -> PhaseDiagram:
    """Iterate both maps to where they settle, for every pair of a weight variance and a bias variance, up to 1e6.

    Order is where χ₁ < 1, chaos where χ₁ > 1 (Poole et al. 2016). Both maps are solved by bisection, so that points
    near the border, where plain iteration takes thousands of layers, cost as much as all others. A plane that was
    asked for is kept. As exact as the functions of one point to 1e-6, ξ by its rate 1/ξ.
    """
    return _diagram(
        named(activation),
        checked_variances("weight_variances", weight_variances),
        checked_variances("bias_variances", bias_variances),
    )


@lru_cache(maxsize=32)
def _diagram(activation: Activation, weights: tuple[float, ...], biases: tuple[float, ...]) -> PhaseDiagram:
    bias, weight = (plane.ravel() for plane in np.meshgrid(biases, weights, indexing="ij"))
    table = tables(activation)
    settled = _fixed_points(table, weight, bias)
    finite = np.isfinite(settled) & (settled > 0)
    chi = weight * _at(settled, table.slope_second_moment, partial(expectations.slope_second_moment, activation))
    length = weight * _at(settled, table.second_moment_slope, partial(expectations.second_moment_slope, activation))
    correlation, slope = np.ones(weight.shape), np.where(np.isinf(settled), 1.0, chi)
    chaotic = finite & (chi > 1.0)
    if chaotic.any():
        parted = _fixed_correlations(activation, settled[chaotic], weight[chaotic])
        correlation[chaotic], slope[chaotic] = parted
    shape = len(biases), len(weights)
    scales = DepthScales(*(frozen(_layers_of(rate).reshape(shape)) for rate in (length, slope)))
    return PhaseDiagram(*(frozen(plane.reshape(shape)) for plane in (settled, chi, correlation)), scales)


def _fixed_points(table: Tables, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """q* of every point: from the first layer's variance the way that the network goes, as `fixed_point` does."""
    with np.errstate(divide="ignore"):
        start = np.log(weight + bias)

    def growth(log_variance: np.ndarray) -> np.ndarray:
        moment = np.exp(of_log_variance(table.log_second_moment, log_variance) - log_variance)
        return weight * moment + bias * np.exp(-log_variance) - 1.0

    dead = (weight == 0) | (start == -math.inf)
    start = np.where(dead, 0.0, start)
    first = growth(start)
    way = np.sign(first)
    near, far, open_ends = start, start, np.abs(first) > _SAME
    for _doubling in range(40):
        near = np.where(open_ends, far, near)
        far = np.where(open_ends, far + way * math.log(2.0), far)
        open_ends &= (way * growth(far) > -_SAME) & (far > ALL_LENGTHS.low) & (far < ALL_LENGTHS.high)
    settled = np.exp(_bisected(lambda x: way * growth(x), near, far))
    settled = np.where(far >= ALL_LENGTHS.high, math.inf, np.where(far <= ALL_LENGTHS.low, 0.0, settled))
    settled = np.where(np.abs(first) <= _SAME, np.exp(start), settled)
    return np.where(dead, bias, settled)


def _at(settled: np.ndarray, coefficients: np.ndarray, exact: Callable[[float], float]) -> np.ndarray:
    """An expectation at every q*, and its limit where q* is 0 or inf."""
    inside = of_log_variance(coefficients, np.log(np.clip(settled, SHORTEST, LONGEST)))
    return np.select([settled == 0, np.isinf(settled)], [exact(VANISHING), exact(ENORMOUS)], inside)


def _fixed_correlations(
    activation: Activation, settled: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """c* of points in chaos, and the slope of the correlation map there.

    The map meets the diagonal where its chord from (1, 1) has slope 1, σ_w² E[(φ(u) - φ(u'))²] = 2q(1 - c), and the
    chord flattens as the angle grows.
    """
    chord = chords(activation, settled)
    angle = _bisected(lambda x: weight * chord.value(x) - 1.0, np.zeros(len(weight)), np.full(len(weight), math.pi / 2))
    # d/dc of 1 - σ_w² (1 - c) R(α) with c = cos α.
    slope = weight * (chord.value(angle) + np.tan(angle / 2.0) * chord.derivative(angle))
    return np.cos(angle), slope


def _bisected(function: Callable[[np.ndarray], np.ndarray], positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Where a function changes its sign, at every point at once."""
    for _halving in range(_BISECTIONS):
        middle = (positive + negative) / 2.0
        above = function(middle) > 0
        positive, negative = np.where(above, middle, positive), np.where(above, negative, middle)
    return (positive + negative) / 2.0


def _layers_of(slope: np.ndarray) -> np.ndarray:
    """1 / |log slope|, 0 where the slope is 0 and inf where it is 1."""
    with np.errstate(divide="ignore"):
        rate = np.abs(np.log(slope))
        return np.where(rate < _SAME, math.inf, 1.0 / np.maximum(rate, _SAME))
