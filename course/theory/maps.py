"""The two maps that a deep network repeats, of a length and of a correlation, and how fast they settle.

Poole et al. 2016 describe a layer by two numbers, the variance of one input's preactivations and the correlation
of two inputs'. Going on to the next layer is a map of each. Schoenholz et al. 2017 measure by depth scales how many
layers it takes to forget where they began.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named
from course.theory import expectations
from course.theory.border import chi, fixed_point
from course.theory.checks import checked_variance

_SETTLED = 1e-12  # a correlation this near to its fixed point has arrived
VANISHING, ENORMOUS = 1e-30, 1e30  # stand for a length on its way to 0, or without bound


class DepthScales(NamedTuple):
    """The layers in which what is left of a difference falls to 1/e: of lengths ξ_q, and of correlations ξ_c.

    Two numbers, or in a `PhaseDiagram` two arrays.
    """

    length: float | np.ndarray
    correlation: float | np.ndarray


def length_map(
    activation: str | Activation,
    weight_variance: float,
    bias_variance: float,
    variances: Sequence[float] | np.ndarray,
) -> np.ndarray:
    """The next layer's preactivation variance for each of this layer's, σ_w² E[φ(√q z)²] + σ_b².

    The result has the shape of `variances`. Poole et al. 2016.
    """
    activation, weight, bias = _checked(activation, weight_variance, bias_variance)
    variances = np.asarray(variances, float)
    if not np.all((variances >= 0) & (variances < math.inf)):
        raise ValueError(f"variances are {variances}; allowed are finite numbers, 0 or more")
    moments = [expectations.second_moment(activation, variance) for variance in variances.ravel().tolist()]
    return weight * np.reshape(moments, variances.shape) + bias


def correlation_map(
    activation: str | Activation,
    weight_variance: float,
    bias_variance: float,
    correlations: Sequence[float] | np.ndarray,
) -> np.ndarray:
    """The correlation of two inputs' preactivations in the next layer for each one in this, at the fixed point q*.

    c' = (σ_w² E[φ(u) φ(u')] + σ_b²) / q* with u, u' of variance q* and correlation c (Poole et al. 2016).
    Where lengths vanish or grow without bound it is the limit, divided by the next layer's own variance. The result
    has the shape of `correlations`, numbers from -1 to 1.
    """
    activation, weight, bias = _checked(activation, weight_variance, bias_variance)
    correlations = np.asarray(correlations, float)
    if not np.all(np.abs(correlations) <= 1.0):
        raise ValueError(f"correlations are {correlations}; allowed are numbers from -1 to 1")
    settled = _settled(activation, weight, bias)
    after = weight * expectations.second_moment(activation, settled) + bias
    distances = [expectations.half_distance(activation, settled, 1.0 - c) for c in correlations.ravel().tolist()]
    if after == 0.0:  # nothing arrives, and so nothing differs
        return np.ones(correlations.shape)
    return 1.0 - weight * np.reshape(distances, correlations.shape) / after


def fixed_correlation(activation: str | Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """The correlation c* at which two inputs settle that began apart: 1 in order, less in chaos.

    Where lengths vanish or grow without bound it is 1, as it is for any bias that would stop them. To 1e-12.
    """
    activation, weight, bias = _checked(activation, weight_variance, bias_variance)
    settled = fixed_point(activation, weight, bias)
    if settled in (0.0, math.inf) or chi(activation, weight, bias) <= 1.0 + _SETTLED:  # the line itself, rounded
        return 1.0
    # Every derivative of the map is 0 or more from c = 0 to 1, for they are squares of Hermite coefficients. So it is
    # convex there, and Newton's steps from 0 climb to c* without ever passing it.
    correlation = 0.0
    for _step in range(60):
        apart = 1.0 - correlation
        excess = apart - weight * expectations.half_distance(activation, settled, apart) / settled
        slope = weight * expectations.slope_product(activation, settled, apart)
        step = excess / (1.0 - slope)
        if not step > _SETTLED:
            break
        correlation += step
    return correlation


def depth_scales(activation: str | Activation, weight_variance: float, bias_variance: float = 0.0) -> DepthScales:
    """How many layers a difference of lengths, or of correlations, takes to fall to 1/e of itself near the fixed point.

    ξ = 1 / |log slope|, with the slope of the length map at q* and that of the correlation map at c* (Schoenholz et
    al. 2017). ξ_c is inf on the critical line. Where lengths grow without bound, ξ_q says how fast and ξ_c is inf,
    for two inputs then meet more slowly than by a factor a layer. Where lengths vanish, ξ_c is 1 / |log χ₁|.
    """
    activation, weight, bias = _checked(activation, weight_variance, bias_variance)
    settled = fixed_point(activation, weight, bias)
    variance = _settled(activation, weight, bias)
    length = weight * expectations.second_moment_slope(activation, variance)
    if settled == math.inf:
        return DepthScales(layers_of(length), math.inf)
    correlation = fixed_correlation(activation, weight, bias)
    slope = weight * expectations.slope_product(activation, variance, 1.0 - correlation)
    return DepthScales(layers_of(length), layers_of(slope))


def layers_of(slope: float) -> float:
    """The layers in which a factor `slope` a layer makes e or 1/e: 1 / |log slope|; 0 for a slope of 0."""
    if slope == 0.0:
        return 0.0
    rate = abs(math.log(slope))
    return math.inf if rate < 1e-11 else 1.0 / rate


def _settled(activation: Activation, weight_variance: float, bias_variance: float) -> float:
    """q*, or what stands for it where it is 0 or inf."""
    return min(max(fixed_point(activation, weight_variance, bias_variance), VANISHING), ENORMOUS)


def _checked(
    activation: str | Activation, weight_variance: float, bias_variance: float
) -> tuple[Activation, float, float]:
    return (
        named(activation),
        checked_variance("weight_variance", weight_variance),
        checked_variance("bias_variance", bias_variance),
    )
