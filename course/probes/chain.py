"""Runs a chain of sigmoid layers of one unit each: the smallest deep network, in plain NumPy."""

from typing import NamedTuple

import numpy as np

from course.activations import ACTIVATIONS


class Chain(NamedTuple):
    """What each layer did; arrays of shape `(depth,)`, or `(depth, chains)` for many chains at once.

    `factors` are w_l σ'(z_l), by which the gradient is multiplied on its way back through layer l.
    `bias_gradients` are ∂h_L/∂b_l, of the chain's output with respect to each bias.
    """

    preactivations: np.ndarray
    activations: np.ndarray
    factors: np.ndarray
    bias_gradients: np.ndarray


def run_chain(weights: np.ndarray, biases: np.ndarray, inputs: np.ndarray | float) -> Chain:
    """Run h_l = σ(w_l h_{l-1} + b_l) forward, and the gradient of the last h backward.

    `weights` and `biases` have shape `(depth,)`, or `(depth, chains)` with `inputs` a number or of shape
    `(chains,)`. Raises `ValueError` where the two shapes differ, or hold no layer.
    """
    weights, biases = np.asarray(weights, float), np.asarray(biases, float)
    if weights.shape != biases.shape or weights.ndim not in (1, 2) or len(weights) == 0:
        raise ValueError(f"weights and biases must be of one shape, (depth,), not {weights.shape} and {biases.shape}")
    sigmoid = ACTIVATIONS["sigmoid"]
    signal, preactivations = inputs, []
    for weight, bias in zip(weights, biases, strict=True):
        preactivations.append(weight * signal + bias)
        signal = sigmoid.array_function(preactivations[-1])
    slopes = sigmoid.array_slope(preactivations)
    factors = weights * slopes
    return Chain(np.array(preactivations), sigmoid.array_function(preactivations), factors, _back(slopes, factors))


def _back(slopes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    # ∂h_L/∂b_l = σ'(z_l) · w_{l+1} σ'(z_{l+1}) · … · w_L σ'(z_L)
    gradients = slopes.copy()
    passed = np.ones_like(slopes[-1])
    for layer in reversed(range(len(slopes))):
        gradients[layer] *= passed
        passed = passed * factors[layer]
    return gradients
