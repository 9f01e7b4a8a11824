"""The signal on its way up, the gradient on its way down, and two inputs beside each other, layer by layer."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named
from course.theory import expectations
from course.theory.checks import Variance, checked_count, frozen, per_layer


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
    forward = _forward(activation, depth, weight_variance, bias_variance, input_second_moment)
    return frozen([expectations.mean(named(activation), variance) for variance in forward.variances])


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
    backward = per_layer("backward_weight_variance", backward_weight_variance, depth)
    factors = np.array(backward[1:]) * forward.slope_second_moments[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        return frozen(np.append(np.cumprod(factors[::-1])[::-1], 1.0))


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
    batch = checked_count("batch", batch)
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
        return frozen(batch * inputs * gradients)


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
    depth = checked_count("depth", depth)
    return _correlations(
        named(activation),
        per_layer("weight_variance", weight_variance, depth),
        per_layer("bias_variance", bias_variance, depth),
        float(correlation),
    )


TOGETHER = 25
"""As many layers are computed at once where all are alike, for the next depth that is asked for."""


class _Forward(NamedTuple):
    """What the forward pass does in each layer; every field has shape `(depth,)`."""

    variances: np.ndarray
    second_moments: np.ndarray
    slope_second_moments: np.ndarray


def _forward(
    activation: str | Activation,
    depth: int,
    weight_variance: Variance,
    bias_variance: Variance,
    input_second_moment: float,
) -> _Forward:
    depth = checked_count("depth", depth)
    (input_second_moment,) = per_layer("input_second_moment", input_second_moment, 1)
    weights = per_layer("weight_variance", weight_variance, depth)
    biases = per_layer("bias_variance", bias_variance, depth)
    if len(set(weights)) == len(set(biases)) == 1:  # a network of other depth begins with the same layers
        further = -depth % TOGETHER
        weights, biases = weights + weights[:1] * further, biases + biases[:1] * further
    layers = _propagated(named(activation), weights, biases, input_second_moment)
    return _Forward(*(curve[:depth] for curve in layers))


def next_variance(weight_variance: float, second_moment: float, bias_variance: float) -> float:
    """σ_w² E[h²] + σ_b². A layer without weights passes nothing on, not even an overflow."""
    return (weight_variance * second_moment if weight_variance else 0.0) + bias_variance


@lru_cache(maxsize=256)
def _propagated(
    activation: Activation, weights: tuple[float, ...], biases: tuple[float, ...], second_moment: float
) -> _Forward:
    variances, second_moments = [], []
    for weight_variance, bias_variance in zip(weights, biases, strict=True):
        variances.append(next_variance(weight_variance, second_moment, bias_variance))
        second_moment = expectations.second_moment(activation, variances[-1])
        second_moments.append(second_moment)
    return _Forward(
        frozen(variances),
        frozen(second_moments),
        frozen(expectations.slope_second_moment(activation, np.array(variances))),
    )


@lru_cache(maxsize=256)
def _correlations(
    activation: Activation, weights: tuple[float, ...], biases: tuple[float, ...], correlation: float
) -> np.ndarray:
    # 1 - cosine is followed, not the cosine: near 1 the difference keeps all its digits.
    second_moment, half_distance = 1.0, 1.0 - correlation
    cosines = []
    for weight_variance, bias_variance in zip(weights, biases, strict=True):
        variance = next_variance(weight_variance, second_moment, bias_variance)
        apart = weight_variance * half_distance / variance if weight_variance and variance else 0.0
        second_moment = expectations.second_moment(activation, variance)
        half_distance = expectations.half_distance(activation, variance, apart)
        defined = 0.0 < second_moment < math.inf
        cosines.append(1.0 - half_distance / second_moment if defined else math.nan)
    return frozen(cosines)
