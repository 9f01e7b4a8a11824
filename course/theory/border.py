"""Where a deep network settles, and the border between order and chaos."""

import math
from collections.abc import Callable
from functools import lru_cache

from course.activations import Activation, named
from course.theory import expectations
from course.theory.checks import checked_variance

ROUNDING = 1e-11  # a smaller share is no change
VANISHING = 1e-300  # stands for a variance on its way to 0
_STEP = 2.0**0.25  # of the search for the border, which may be no more than a narrow ridge


def fixed_point(
    activation: str | Activation, weight_variance: float, bias_variance: float = 0.0, *, start: float | None = None
) -> float:
    """The preactivation variance q* at which a deep network settles when its inputs have second moment 1.

    It is the limit of `preactivation_variances`: 0 when the signal dies, inf when it grows without bound, and
    the first layer's variance when no layer changes it, as for relu at weight variance 2. A limit below 1e-9
    counts as 0 where there is no bias, and one beyond 1e9 times the first layer's variance as inf. `start` is another
    variance for the first layer's preactivations, instead of σ_w² + σ_b².
    """
    weight_variance = checked_variance("weight_variance", weight_variance)
    bias_variance = checked_variance("bias_variance", bias_variance)
    start = weight_variance + bias_variance if start is None else checked_variance("start", start)
    return _fixed_point(named(activation), weight_variance, bias_variance, start)


def chi(activation: str | Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """How a small change grows from layer to layer at the fixed point, χ₁ = σ_w² E[φ'(√q* z)²].

    Below 1 changes and gradients die out (order), above 1 they grow (chaos): Poole et al. 2016.
    Where the signal dies it is the limit for a vanishing signal, relu's slope being 1 for half of it.
    """
    settled = max(fixed_point(activation, weight_variance, bias_variance), VANISHING)
    return float(weight_variance) * expectations.slope_second_moment(named(activation), settled)


def critical_weight_variance(activation: str | Activation, bias_variance: float) -> float:
    """The weight variance at which χ₁ reaches 1, on the border between order and chaos.

    2 for relu and 1 for tanh without a bias; inf where χ₁ stays below 1 up to a weight variance of 1e12.
    """
    bias_variance = checked_variance("bias_variance", bias_variance)
    return _critical_weight_variance(named(activation), bias_variance)


@lru_cache(maxsize=1024)
def _fixed_point(activation: Activation, weight_variance: float, bias_variance: float, start: float) -> float:
    def growth(variance: float) -> float:
        """The next layer's variance over this one's, less 1."""
        second_moment = expectations.second_moment(activation, variance)
        return (weight_variance * second_moment + bias_variance) / variance - 1.0

    if start == 0 or abs(growth(start)) < ROUNDING:
        return start
    # The map from layer to layer never falls, so the network walks one way, to the first variance that it keeps.
    if growth(start) > 0:
        below = above = start
        while growth(above) > -ROUNDING:
            if above > 1e9 * start:
                return math.inf
            below, above = above, 2.0 * above
    else:
        below = above = start
        while growth(below) < ROUNDING:
            if below <= (bias_variance or 1e-9):
                return bias_variance
            below, above = max(below / 2.0, bias_variance), below
    return bisected(growth, above, below)


@lru_cache(maxsize=256)
def _critical_weight_variance(activation: Activation, bias_variance: float) -> float:
    def excess(weight_variance: float) -> float:
        return chi(activation, weight_variance, bias_variance) - 1.0 + ROUNDING

    below = above = 1.0
    while excess(above) < 0:
        below, above = above, _STEP * above
        if above > 1e12:
            return math.inf
    while excess(below) >= 0:
        below, above = below / _STEP, below
    return bisected(excess, below, above)


def bisected(function: Callable[[float], float], negative: float, positive: float) -> float:
    """Where the function changes sign between two positive numbers, to 14 digits."""
    while abs(positive / negative - 1.0) > 1e-14:
        middle = math.sqrt(negative * positive)
        negative, positive = (middle, positive) if function(middle) < 0 else (negative, middle)
    return math.sqrt(negative * positive)
