"""What mathematics predicts for a wide network at its start, before any weight is drawn.

In the limit of great width every preactivation is normal with mean 0 (Poole et al. 2016), so that a layer is
described by one number, the variance of its preactivations. The variance of the next layer is an integral over
the normal distribution, and so are all other predictions here; `expectations` computes them.

Throughout, `activation` is a name or an `Activation`; `weight_variance` is fan_in · Var w and `bias_variance`
is Var b, each a number, or one number for every layer in an array of shape `(depth,)`; `input_second_moment`
is the mean square of the inputs. Results of shape `(depth,)` begin with layer 1 and are read-only; they hold
inf where float64 overflows, and nan where an overflow meets a 0. A value that makes no sense raises a
ValueError that names it and what is allowed.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from numbers import Integral
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named
from course.theory import expectations

Variance = float | Sequence[float] | np.ndarray
"""A number for all layers, or one for every layer."""


def gain(activation: str | Activation) -> float:
    """The factor on the weights' standard deviation that keeps the second moment: 1/√E[φ(z)²], z ~ N(0, 1).

    √2 for relu (He et al. 2015), 1.5925 for tanh. Raises ValueError for an activation that is 0 everywhere.
    """
    second_moment = expectations.second_moment(named(activation), 1.0)
    if second_moment == 0:
        raise ValueError("activation is 0 everywhere; allowed is one that lets a signal through")
    return 1.0 / math.sqrt(second_moment)


def preactivation_variances(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
) -> np.ndarray:
    """The variance of the preactivations in each layer, q_l = σ_w² E[h_{l-1}²] + σ_b², of shape `(depth,)`.

    Poole et al. 2016.
    """
    return _forward(activation, depth, weight_variance, bias_variance, input_second_moment).variances


def activation_second_moments(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
) -> np.ndarray:
    """The mean square of the activations in each layer, E[φ(√q_l z)²], of shape `(depth,)`."""
    return _forward(activation, depth, weight_variance, bias_variance, input_second_moment).second_moments


def activation_means(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
) -> np.ndarray:
    """The mean of the activations in each layer, E[φ(√q_l z)], of shape `(depth,)`."""
    return _forward(activation, depth, weight_variance, bias_variance, input_second_moment).means


def gradient_variances(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
    backward_weight_variance: Variance | None = None,
) -> np.ndarray:
    """The variance of the preactivation gradients in each layer, relative to the last layer's.

    Going back from layer l + 1 to layer l multiplies it by fan_out · Var w of layer l + 1 and by E[φ'(z_l)²]
    (Glorot and Bengio 2010, equation 6; Schoenholz et al. 2017). `backward_weight_variance` is
    fan_out · Var w; leave it out for layers of one width, where it equals `weight_variance`.
    Shape `(depth,)`, layer 1 first, the last entry 1.
    """
    forward = _forward(activation, depth, weight_variance, bias_variance, input_second_moment)
    if backward_weight_variance is None:
        backward_weight_variance = weight_variance
    backward = _per_layer("backward_weight_variance", backward_weight_variance, depth)
    factors = np.array(backward[1:]) * forward.slope_second_moments[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        return _frozen(np.append(np.cumprod(factors[::-1])[::-1], 1.0))


def weight_gradient_variances(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    batch: int,
    input_second_moment: float = 1.0,
    backward_weight_variance: Variance | None = None,
) -> np.ndarray:
    """The variance of the weight gradients ∂C/∂W in each layer, batch · E[h_{l-1}²] · Var ∂C/∂z_l.

    The cost is C = Σ v · z over the `batch` examples, with z the last layer's preactivations and independent
    v ~ N(0, 1), so that the last preactivation gradient has variance 1. Shape `(depth,)`.
    """
    batch = _checked_count("batch", batch)
    forward = _forward(activation, depth, weight_variance, bias_variance, input_second_moment)
    gradients = gradient_variances(
        activation,
        depth,
        weight_variance,
        bias_variance,
        input_second_moment=input_second_moment,
        backward_weight_variance=backward_weight_variance,
    )
    inputs = np.append(input_second_moment, forward.second_moments[:-1])
    with np.errstate(over="ignore", invalid="ignore"):
        return _frozen(batch * inputs * gradients)


def correlations(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    correlation: float = 0.0,
) -> np.ndarray:
    """The cosine between the activations of two inputs after each layer, E[h h']/E[h²], of shape `(depth,)`.

    Both inputs have second moment 1, and `correlation`, from -1 to 1, is the cosine between them. Entry l is
    taken after layer l's activation, so that orthogonal inputs give relu 1/π in the first entry. Without
    biases it is also the correlation of layer l + 1's preactivations (Poole et al. 2016).
    nan where the activations are all 0 or overflow.
    """
    if not -1.0 <= correlation <= 1.0:
        raise ValueError(f"correlation is {correlation!r}; allowed is a number from -1 to 1")
    depth = _checked_count("depth", depth)
    return _correlations(
        named(activation),
        _per_layer("weight_variance", weight_variance, depth),
        _per_layer("bias_variance", bias_variance, depth),
        float(correlation),
    )


def fixed_point(activation: str | Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """The preactivation variance q* at which a deep network settles when its inputs have second moment 1.

    It is the limit of `preactivation_variances`: 0 when the signal dies, inf when it grows without bound, and
    the first layer's variance when no layer changes it, as for relu at weight variance 2. A limit below 1e-9
    counts as 0 where there is no bias, and one beyond 1e9 times the first layer's variance as inf.
    """
    (weight_variance,) = _per_layer("weight_variance", weight_variance, 1)
    (bias_variance,) = _per_layer("bias_variance", bias_variance, 1)
    return _fixed_point(named(activation), weight_variance, bias_variance)


def chi(activation: str | Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """How a small change grows from layer to layer at the fixed point, χ₁ = σ_w² E[φ'(√q* z)²].

    Below 1 changes and gradients die out (order), above 1 they grow (chaos): Poole et al. 2016.
    Where the signal dies it is the limit for a vanishing signal, relu's slope being 1 for half of it.
    """
    settled = max(fixed_point(activation, weight_variance, bias_variance), _VANISHING)
    return float(weight_variance) * expectations.slope_second_moment(named(activation), settled)


def critical_weight_variance(activation: str | Activation, bias_variance: float) -> float:
    """The weight variance at which χ₁ reaches 1, on the border between order and chaos.

    2 for relu and 1 for tanh without a bias; inf where χ₁ stays below 1 up to a weight variance of 1e12.
    """
    (bias_variance,) = _per_layer("bias_variance", bias_variance, 1)
    return _critical_weight_variance(named(activation), bias_variance)


class _Forward(NamedTuple):
    """What the forward pass does in each layer; every field has shape `(depth,)`."""

    variances: np.ndarray
    means: np.ndarray
    second_moments: np.ndarray
    slope_second_moments: np.ndarray


def _forward(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance,
    input_second_moment: float,
) -> _Forward:
    depth = _checked_count("depth", depth)
    (input_second_moment,) = _per_layer("input_second_moment", input_second_moment, 1)
    return _propagated(
        named(activation),
        _per_layer("weight_variance", weight_variance, depth),
        _per_layer("bias_variance", bias_variance, depth),
        input_second_moment,
    )


def _next_variance(weight_variance: float, second_moment: float, bias_variance: float) -> float:
    """σ_w² E[h²] + σ_b². A layer without weights passes nothing on, not even an overflow."""
    return (weight_variance * second_moment if weight_variance else 0.0) + bias_variance


@lru_cache(maxsize=256)
def _propagated(
    activation: Activation, weights: tuple[float, ...], biases: tuple[float, ...], second_moment: float
) -> _Forward:
    variances, second_moments = [], []
    for weight_variance, bias_variance in zip(weights, biases, strict=True):
        variances.append(_next_variance(weight_variance, second_moment, bias_variance))
        second_moment = expectations.second_moment(activation, variances[-1])
        second_moments.append(second_moment)
    return _Forward(
        _frozen(variances),
        _frozen([expectations.mean(activation, variance) for variance in variances]),
        _frozen(second_moments),
        _frozen([expectations.slope_second_moment(activation, variance) for variance in variances]),
    )


@lru_cache(maxsize=256)
def _correlations(
    activation: Activation, weights: tuple[float, ...], biases: tuple[float, ...], correlation: float
) -> np.ndarray:
    # 1 - cosine is followed, not the cosine: near 1 the difference keeps all its digits.
    second_moment, half_distance = 1.0, 1.0 - correlation
    cosines = []
    for weight_variance, bias_variance in zip(weights, biases, strict=True):
        variance = _next_variance(weight_variance, second_moment, bias_variance)
        apart = weight_variance * half_distance / variance if weight_variance and variance else 0.0
        second_moment = expectations.second_moment(activation, variance)
        half_distance = expectations.half_distance(activation, variance, apart)
        defined = 0.0 < second_moment < math.inf
        cosines.append(1.0 - half_distance / second_moment if defined else math.nan)
    return _frozen(cosines)


@lru_cache(maxsize=1024)
def _fixed_point(activation: Activation, weight_variance: float, bias_variance: float) -> float:
    def growth(variance: float) -> float:
        """The next layer's variance over this one's, less 1."""
        second_moment = expectations.second_moment(activation, variance)
        return (weight_variance * second_moment + bias_variance) / variance - 1.0

    start = weight_variance + bias_variance
    if start == 0 or abs(growth(start)) < _ROUNDING:
        return start
    # The map from layer to layer never falls, so the network walks one way, to the first variance that it keeps.
    if growth(start) > 0:
        below = above = start
        while growth(above) > -_ROUNDING:
            if above > 1e9 * start:
                return math.inf
            below, above = above, 2.0 * above
    else:
        below = above = start
        while growth(below) < _ROUNDING:
            if below <= (bias_variance or 1e-9):
                return bias_variance
            below, above = max(below / 2.0, bias_variance), below
    return _bisected(growth, above, below)


@lru_cache(maxsize=256)
def _critical_weight_variance(activation: Activation, bias_variance: float) -> float:
    def excess(weight_variance: float) -> float:
        return chi(activation, weight_variance, bias_variance) - 1.0 + _ROUNDING

    below = above = 1.0
    while excess(above) < 0:
        below, above = above, _STEP * above
        if above > 1e12:
            return math.inf
    while excess(below) >= 0:
        below, above = below / _STEP, below
    return _bisected(excess, below, above)


_ROUNDING = 1e-11  # a smaller share is no change
_STEP = 2.0**0.25  # of the search for the border, which may be no more than a narrow ridge
_VANISHING = 1e-300  # stands for a variance on its way to 0


def _bisected(function: Callable[[float], float], negative: float, positive: float) -> float:
    """Where the function changes sign between two positive numbers, to 14 digits."""
    while abs(positive / negative - 1.0) > 1e-14:
        middle = math.sqrt(negative * positive)
        negative, positive = (middle, positive) if function(middle) < 0 else (negative, middle)
    return math.sqrt(negative * positive)


def _checked_count(name: str, count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"{name} is {count!r}; allowed is a whole number, 1 or more")
    return int(count)


def _per_layer(name: str, variance: Variance, depth: int) -> tuple[float, ...]:
    """The variance of every layer, checked."""
    values = np.asarray(variance, float)
    if values.shape not in ((), (depth,)):
        raise ValueError(f"{name} has shape {values.shape}; allowed is a number or an array of shape ({depth},)")
    if not np.all((values >= 0) & (values < math.inf)):
        raise ValueError(f"{name} is {variance!r}; allowed is a finite number, 0 or more")
    return tuple(np.broadcast_to(values, (depth,)).tolist())


def _frozen(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """A read-only array: results are kept for the next call, and must stay as they are."""
    array = np.array(values, float)
    array.setflags(write=False)
    return array
