"""Multiplies real layers: the singular values of a network's Jacobian ∂h/∂x at one digit, after some of its layers.

In NumPy and float64: a product of fifty matrices has singular values so small that 32 bits would not tell them from 0.
"""

import functools
from typing import NamedTuple

import numpy as np

from course import activations, blas, data, initializers
from course.distributions import DISTRIBUTIONS
from course.probes.draws import DEEPEST
from course.probes.requests import whole

WIDTH, WIDEST = 100, 512
DIGITS = 1e-14
"""Singular values below this share of the largest one are rounding errors, and are given as 0."""
STRONGEST, LOUDEST = 4.0, 10.0
MARKS = (1, 2, 5, 10, 20, 50, 100)
"""Singular values are taken after these layers, up to the depth asked for, and there."""


class Spectra(NamedTuple):
    """Singular values after some layers: `depths` of shape `(marks,)`, ending with the depth asked for.

    `singular_values` has shape `(marks, width)`, the largest first, 0 where they are 0 or lost in rounding.
    """

    depths: np.ndarray
    singular_values: np.ndarray


def condition_number(singular_values: np.ndarray) -> float:
    """The largest singular value over the smallest, inf where that is 0; `singular_values` fall."""
    return float(singular_values[0] / singular_values[-1]) if singular_values[-1] else np.inf


@functools.lru_cache(maxsize=400)
def _noise(seed: int, layer: int, distribution: str, width: int) -> np.ndarray:
    random = np.random.default_rng([seed, layer, list(DISTRIBUTIONS).index(distribution)])
    noise = initializers.array_noise(random, distribution, (width, width)).astype(float)
    noise.setflags(write=False)
    return noise


def layer_weights(seed: int, layer: int, distribution: str, gain: float = 1.0, width: int = WIDTH) -> np.ndarray:
    """Return the weights of a layer, counted from 1: shape `(width, width)`, variance gain²/width."""
    return _noise(seed, layer, distribution, width) * (gain / np.sqrt(width))


def jacobian_spectra(
    seed: int,
    *,
    depth: int,
    activation: str,
    distribution: str,
    gain: float = 1.0,
    input_rms: float = 1.0,
    width: int = WIDTH,
) -> Spectra:
    """Take the singular values of ∂h/∂x after layers 1, 2, 5, 10 and so on up to `depth`, at one digit.

    `distribution` is one of the schemes'; the weights have variance gain²/width, with `gain` from 0 to 4, and there are
    no biases. `depth` is from 1 to 100, `width` from 2 to 512, and `input_rms`, the digit's size, from 0 to 10. Raises
    `ValueError` for any other value.
    """
    row = activations.named(activation)
    seed, depth = whole("seed", seed, 0, 2**32 - 1), whole("depth", depth, 1, DEEPEST)
    width = whole("width", width, 2, WIDEST)
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, not {distribution!r}")
    for name, value, highest in (("gain", gain, STRONGEST), ("input_rms", input_rms, LOUDEST)):
        if not 0 <= value <= highest:
            raise ValueError(f"{name} must be a number from 0 to {highest:g}, not {value!r}")
    depths, taken = sorted({*(mark for mark in MARKS if mark < depth), depth}), []
    signal, jacobian = input_rms * data.standardized_digits(1, width)[0].astype(float), np.eye(width)
    for layer in range(1, depth + 1):
        weights = layer_weights(seed, layer, distribution, float(gain), width)
        z = signal @ weights
        signal, jacobian = row.array_function(z), (jacobian @ weights) * row.array_slope(z)
        if layer in depths:
            taken.append(_singular_values(jacobian))
    return Spectra(np.array(depths), np.array(taken))


def _singular_values(matrix: np.ndarray) -> np.ndarray:
    with blas.one_thread():
        values = np.linalg.svd(matrix, compute_uv=False)
    return np.where(values > DIGITS * values[0], values, 0.0)
