"""What theory predicts for stacks of residual blocks, x ← x + W₂φ(N(W₁x)), and of plain ones, x ← φ(N(W₁x)).

A branch's weights do not depend on the signal that it is added to, so that mean squares add: forward and backward.
Every variance is fan · Var w of a layer with as many outputs as inputs.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named
from course.theory import expectations
from course.theory.convolution import neighbourhood_means
from course.theory.normalization import passed_variance


class Stack(NamedTuple):
    """What the blocks do in the mean over draws: arrays of shape `(depth,)`, block 1 first; NaN where there is no W₂.

    Mean squares of the signal x that each block passes on, of its preactivations z, of ∂C/∂x, relative to the last
    block's, of ∂C/∂z, and of ∂C/∂W₁ and ∂C/∂W₂ divided by the batch (and by the positions of an image).
    """

    signal: np.ndarray
    preactivations: np.ndarray
    signal_gradient: np.ndarray
    preactivation_gradient: np.ndarray
    first_weight_gradient: np.ndarray
    last_weight_gradient: np.ndarray


def branch_growth(activation: str | Activation, first_variance: float, last_variance: float) -> float:
    """The factor on the signal's mean square from block to block, 1 + E[(W₂φ(W₁x))²] / E[x²], at E[x²] = 1.

    For relu it is 1 + σ₁²σ₂²/2 at every size: 3 with He's weights in both layers, 2 with LeCun's in the first.
    """
    return 1.0 + last_variance * expectations.second_moment(named(activation), first_variance)


def stack(
    activation: str | Activation,
    depth: int,
    first_variance: float,
    last_variance: float | None = None,
    *,
    normalization: str = "none",
    varying: float = 1.0,
    second_moments: np.ndarray | None = None,
    padding: str = "circular",
) -> Stack:
    """Follow a signal up through `depth` blocks, and a gradient of mean square 1 down.

    Without `last_variance` the blocks are plain. `normalization` is "none", "layer" or "batch"; for "batch", `varying`
    is the share of the inputs' mean square that is left after the mean over the batch is subtracted. Convolutions are
    given their inputs' `second_moments` of shape `(height, width)`, and a `padding`; dense layers have inputs of 1.
    """
    if normalization not in ("none", "layer", "batch"):
        raise ValueError(f"normalization is {normalization!r}; allowed are none, layer, batch")
    row = named(activation)
    inputs = np.ones((1, 1)) if second_moments is None else np.asarray(second_moments, float)

    def mix(values: np.ndarray) -> np.ndarray:
        return values if second_moments is None else neighbourhood_means(values, padding)

    weights = _Weights(first_variance, last_variance, normalization)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ways = _up(row, depth, weights, mix, inputs, varying * inputs)
        return _down(row, ways, weights, mix)


class _Weights(NamedTuple):
    first: float
    last: float | None
    normalization: str


class _Way(NamedTuple):
    """The way up through one block, by position: the mean square that each W learns from, of x, of z, and the divisor.

    The divisor is the variance of W₁x that the normalization takes out, 1 without one.
    """

    learned_from: np.ndarray
    signal: np.ndarray
    preactivations: np.ndarray
    through: np.ndarray
    divisor: float


Mix = Callable[[np.ndarray], np.ndarray]


def _up(row: Activation, depth: int, weights: _Weights, mix: Mix, received: np.ndarray, varying: np.ndarray):
    """`varying` is the part of what a block receives that differs between examples: all that "batch" lets through."""
    ways, batch = [], weights.normalization == "batch"
    for _block in range(depth):
        seen = mix(varying if batch else received)
        divisor = 1.0 if weights.normalization == "none" else weights.first * float(np.mean(seen))
        variances = weights.first * seen / divisor
        through = _by_position(expectations.second_moment, row, variances)
        left = through * passed_variance(row, "batch") / expectations.second_moment(row, 1.0) if batch else through
        if weights.last is None:
            received, varying = through, left
        else:
            received, varying = received + weights.last * mix(through), varying + weights.last * mix(left)
        ways.append(_Way(seen, received, variances, through, divisor))
    return ways


def _down(row: Activation, ways: list[_Way], weights: _Weights, mix: Mix) -> Stack:
    gradient, rows = np.ones_like(ways[0].signal), []
    for way in reversed(ways):
        slopes = _by_position(expectations.slope_second_moment, row, way.preactivations)
        # ∂C/∂z = φ'(z) W₂ᵀ ∂C/∂x, and back through the division and W₁, beside the path that changes nothing
        to_branch = gradient if weights.last is None else mix(gradient)
        nudge = slopes * to_branch * (1.0 if weights.last is None else weights.last)
        first = np.mean(nudge * way.learned_from) / way.divisor
        last = math.nan if weights.last is None else np.mean(gradient * mix(way.through))
        rows.append((way.signal.mean(), way.preactivations.mean(), gradient.mean(), nudge.mean(), first, last))
        gradient = mix(nudge) * weights.first / way.divisor + (0.0 if weights.last is None else gradient)
    return Stack(*np.array(rows[::-1]).T)


def _by_position(expectation: Callable[[Activation, float], float], row: Activation, variances: np.ndarray):
    """Take an expectation at every position, once for equal variances."""
    mantissa, exponent = np.frexp(variances)
    distinct, where = np.unique(np.ldexp(np.round(mantissa, 12), exponent), return_inverse=True)
    return np.array([expectation(row, variance) for variance in distinct])[where].reshape(variances.shape)
