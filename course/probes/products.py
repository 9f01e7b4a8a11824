"""Multiplies real layers: the singular values of a network's Jacobian, from its input to each of its layers.

In NumPy and float64: a product of fifty matrices has singular values so small that 32 bits would not tell them from 0.
"""

import functools
from typing import NamedTuple

import numpy as np

from course import activations, data, initializers
from course.probes.requests import whole

DEEPEST = 50
WIDEST = 256
DIGITS = 1e-13
"""Singular values below this share of the largest are rounding errors, and given as NaN."""


@functools.lru_cache(maxsize=4)
def _noise(seed: int, distribution: str, width: int) -> np.ndarray:
    """Unit-variance weights of all layers, `(50, width, width)`; each layer has a generator of its own."""
    layers = (np.random.default_rng((seed, layer)) for layer in range(1, DEEPEST + 1))
    return np.stack([initializers.array_noise(random, distribution, (width, width)) for random in layers])


class Stretching(NamedTuple):
    """What layers do to a small change of the input: singular values `(depth, width)`, row l after layer l + 1.

    Each row falls from its largest value; what rounding errors have swallowed is NaN. `mean_squares` `(depth,)` are
    those of the activations.
    """

    singular_values: np.ndarray
    mean_squares: np.ndarray


@functools.lru_cache(maxsize=32)
def stretching(
    seed: int, *, depth: int, width: int = 128, activation: str = "linear", distribution: str = "normal", gain: float = 1.0
) -> Stretching:
    """Give the singular values of ∂z_l/∂x, with x one digit of mean square 1 and z_l the preactivations of layer l.

    Weights have the standard deviation gain/√width, and are "normal" or "orthogonal"; there are no biases. `depth` is
    from 1 to 50, `width` from 1 to 256. Raises `ValueError` for other values.
    """
    depth, width = whole("depth", depth, 1, DEEPEST), whole("width", width, 1, WIDEST)
    row = activations.named(activation)
    weights = gain / np.sqrt(width) * _noise(whole("seed", seed, 0, 2**32 - 1), distribution, width)[:depth]
    signal, jacobian = data.standardized_digits(1, width)[0].astype(float), np.eye(width)
    values, mean_squares = [], []
    for layer in weights.astype(float):
        z, jacobian = signal @ layer, jacobian @ layer
        values.append(_singular_values(jacobian))
        signal, jacobian = row.array_function(z), jacobian * row.array_slope(z)
        mean_squares.append(np.mean(signal**2))
    return Stretching(np.array(values), np.array(mean_squares))


def _singular_values(matrix: np.ndarray) -> np.ndarray:
    values = np.linalg.svd(matrix, compute_uv=False)
    return np.where(values > DIGITS * values[0], values, np.nan)
