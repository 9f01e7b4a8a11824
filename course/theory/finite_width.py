"""How far one network of finite width strays from what theory predicts for a wide one.

The mean over a layer's units of φ(z)² is a mean of finitely many numbers. It strays, the next layer takes what it
gets for its input, and so the logarithm of the signal wanders from layer to layer: after He's start its variance grows
by 5/width a layer, so that the sum of 1/width over the layers decides (Hanin 2018). The laws here are those of one
input to a network of normal weights, with every layer's mean taken to be gamma distributed, which is exact for linear
and right in mean and variance for all others. A batch whose inputs differ strays less. Backward the weights are taken
to be independent of those that went forward, as Schoenholz et al. (2017) do. Arguments are those of `course.theory`;
`width` is the number of units, one for all layers or one for each.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from numbers import Integral
from typing import NamedTuple

import numpy as np

from course import theory
from course.activations import Activation, named
from course.theory import Variance, expectations
from course.theory.checks import checked_count

Width = int | Sequence[int] | np.ndarray
"""A number of units for all layers, or one for every layer."""


class ByLayer(NamedTuple):
    """A number a layer for three mean squares, over a layer's units: of z, of φ(z), and of ∂C/∂z.

    Arrays of shape `(depth,)`; the gradients are relative to the last layer's.
    """

    preactivations: np.ndarray
    activations: np.ndarray
    gradients: np.ndarray


class Band(NamedTuple):
    """The edges between which one draw is expected."""

    low: ByLayer
    high: ByLayer


def log_variances(
    activation: str | Activation,
    depth: int,
    width: Width,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
) -> ByLayer:
    """The variance over draws of the logarithm of each mean square: for relu about 5/width more in each layer.

    It stops growing where a layer answers a louder input with less than its share, as tanh does. Of first order: good
    while the variance is below about 1, and too small beyond for gelu and silu, whose signal runs away from its start.
    """
    return _wandering(activation, depth, width, weight_variance, bias_variance, input_second_moment).variances


def log_means(
    activation: str | Activation,
    depth: int,
    width: Width,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    input_second_moment: float = 1.0,
) -> ByLayer:
    """The mean over draws of the logarithm of each mean square over its value in a wide network: 0 or below.

    For relu minus half of the variance or a little less: most draws are below the mean, a few far above it.
    """
    return _wandering(activation, depth, width, weight_variance, bias_variance, input_second_moment).means


def band(
    activation: str | Activation,
    depth: int,
    width: Width,
    weight_variance: Variance,
    bias_variance: Variance = 0.0,
    *,
    deviations: float = 2.0,
    input_second_moment: float = 1.0,
    backward_weight_variance: Variance | None = None,
) -> Band:
    """The band around the typical draw, so many standard deviations of the logarithm to either side.

    Raises `ValueError` for `deviations` that are negative or not finite.
    """
    if not 0 <= deviations < math.inf:
        raise ValueError(f"deviations is {deviations!r}; allowed is a finite number, 0 or more")
    start = (activation, depth, weight_variance, bias_variance)
    wide = ByLayer(
        theory.preactivation_variances(*start, input_second_moment=input_second_moment),
        theory.activation_second_moments(*start, input_second_moment=input_second_moment),
        theory.gradient_variances(
            *start, input_second_moment=input_second_moment, backward_weight_variance=backward_weight_variance
        ),
    )
    wander = _wandering(activation, depth, width, weight_variance, bias_variance, input_second_moment)
    edges = [
        [curve * np.exp(mean + side * np.sqrt(variance)) for curve, mean, variance in zip(wide, *wander, strict=True)]
        for side in (-deviations, deviations)
    ]
    return Band(*(ByLayer(*edge) for edge in edges))


class _Wander(NamedTuple):
    means: ByLayer
    variances: ByLayer


def _wandering(activation, depth, width, weight_variance, bias_variance, input_second_moment) -> _Wander:
    """The checked arguments, in a form that can be kept."""
    variances = theory.preactivation_variances(
        activation, depth, weight_variance, bias_variance, input_second_moment=input_second_moment
    )
    biases = np.broadcast_to(np.asarray(bias_variance, float), (depth,))
    return _wander(named(activation), _widths(width, depth), tuple(variances.tolist()), tuple(biases.tolist()))


@lru_cache(maxsize=256)
def _wander(
    activation: Activation, widths: tuple[int, ...], variances: tuple[float, ...], biases: tuple[float, ...]
) -> _Wander:
    """Add up each layer's own straying and what it makes of the straying of the layer before."""
    layers = [_layer(activation, *row) for row in zip(widths, variances, biases, strict=True)]
    own = np.array([layer.forward for layer in layers])
    # Row l of `reached`: how much of each layer's own straying has arrived in log q_l, the variance of layer l.
    reached = np.zeros((len(layers), len(layers)))
    for number, (before, layer) in enumerate(itertools.pairwise(layers), 1):
        arriving = before.answer * reached[number - 1]
        arriving[number - 1] = 1.0
        reached[number] = layer.share_of_signal * arriving
    answered = np.diag([layer.answer for layer in layers]) @ reached + np.eye(len(layers))
    # log of the gradient of layer l: Σ over the layers k from l to the last but one of its own and E[φ'²]'s straying.
    later = np.triu(np.ones_like(reached))[:, :-1] if len(layers) > 1 else np.zeros((1, 0))
    back = np.array([layer.backward for layer in layers])[:-1].reshape(-1, 2)
    followed = later @ (np.array([layer.slope_answer for layer in layers])[:-1, None] * reached[:-1])
    tested = np.array([_log_gamma(width / 2) for width in widths])
    means = reached @ own[:, 0], answered @ own[:, 0], later @ back[:, 0] + followed @ own[:, 0]
    spread = reached**2 @ own[:, 1], answered**2 @ own[:, 1], later @ back[:, 1] + followed**2 @ own[:, 1]
    both = []
    for (z, h, gradient), of_normal in zip((means, spread), tested.T, strict=True):
        both.append(ByLayer(z + of_normal, h, gradient))
    return _Wander(*both)


class _Layer(NamedTuple):
    """One layer's own straying, (mean, variance) of a logarithm, forward and backward, and its answers to others'.

    `answer` and `slope_answer` are d log E[φ²] / d log q and d log E[φ'²] / d log q; `share_of_signal` is the part
    of q that does not come from the biases, d log q / d log E[h²].
    """

    forward: tuple[float, float]
    backward: tuple[float, float]
    answer: float
    slope_answer: float
    share_of_signal: float


def _layer(activation: Activation, width: int, variance: float, bias_variance: float) -> _Layer:
    if not 0 < variance < math.inf:
        nothing = 0.0, 0.0
        return _Layer(nothing, nothing, 0.0, 0.0, 0.0)
    # mean of n numbers x: relative variance (E[x²]/E[x]² − 1)/n, with x = φ², and x = φ'² y² for y normal
    forward = _kurtosis(activation.array_function, activation, variance) - 1.0
    backward = 3.0 * _kurtosis(activation.array_slope, activation, variance) - 1.0
    return _Layer(
        _log_gamma(width / forward if forward > 0 else math.inf),
        _log_gamma(width / backward),
        _elasticity(expectations.second_moment, activation, variance),
        _elasticity(expectations.slope_second_moment, activation, variance),
        1.0 - bias_variance / variance,
    )


def _kurtosis(function: Callable, activation: Activation, variance: float) -> float:
    """E[f⁴] / E[f²]² of a function of the preactivations; 1 where E[f²] is out of range."""
    square = activation._replace(array_function=lambda z: function(z) ** 2)
    with np.errstate(over="ignore"):
        once = expectations.mean(square, variance)
    if not 0 < once < math.inf:
        return 1.0
    return expectations.second_moment(square._replace(array_function=lambda z: function(z) ** 2 / once), variance)


def _elasticity(expectation: Callable[[Activation, float], float], activation: Activation, variance: float) -> float:
    """d log E / d log q, by a difference that is right to about seven digits."""
    step = 1e-3
    up, down = (expectation(activation, variance * math.exp(side)) for side in (step, -step))
    return (math.log(up) - math.log(down)) / (2.0 * step) if up > 0 and down > 0 else 0.0


def _log_gamma(shape: float) -> tuple[float, float]:
    """The mean and the variance of log X for a gamma variable X of mean 1 and variance 1/shape.

    digamma(k) − log k and trigamma(k) (Abramowitz and Stegun 1964, 6.3.18 and 6.4.12), brought to k ≥ 8 by their
    recurrences.
    """
    if shape == math.inf:
        return 0.0, 0.0
    steps = np.arange(max(0, math.ceil(8 - shape)))
    k = shape + len(steps)
    digamma = math.log(k) - 1 / (2 * k) - 1 / (12 * k**2) + 1 / (120 * k**4) - 1 / (252 * k**6)
    trigamma = 1 / k + 1 / (2 * k**2) + 1 / (6 * k**3) - 1 / (30 * k**5) + 1 / (42 * k**7)
    mean = digamma - np.sum(1 / (shape + steps)) - math.log(shape)
    return float(mean), float(trigamma + np.sum(1 / (shape + steps) ** 2))


def _widths(width: Width, depth: int) -> tuple[int, ...]:
    widths = [width] * depth if isinstance(width, Integral) else list(width)
    if len(widths) != depth:
        raise ValueError(f"width has {len(widths)} entries; allowed is a number, or one for each of {depth} layers")
    return tuple(checked_count("width", units) for units in widths)
