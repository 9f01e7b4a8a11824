"""Draws many ReLU networks with He's weights and runs one input through each, in plain NumPy."""

import functools
import math

import numpy as np

from course import data
from course.probes.draws import DEEPEST
from course.probes.requests import whole


@functools.lru_cache(maxsize=64)
def he_relu_draws(seed: int, *, width: int, draws: int = 100) -> np.ndarray:
    """Return the mean square of each layer's activations in many networks: shape `(draws, 100)`, read-only.

    Every network has 100 layers of `width` units, at most 256, with weights of its own from N(0, 2 / width); all
    are given the same digit, of mean square 1. Raises `ValueError` for a number that is not whole or out of range.
    """
    width, draws = whole("width", width, 1, 256), whole("draws", draws, 1, 1000)
    rng = np.random.default_rng(whole("seed", seed, 0, 2**32 - 1))
    signals = np.broadcast_to(data.standardized_digits(1, width), (draws, width))
    mean_squares = np.empty((draws, DEEPEST))
    for layer in range(DEEPEST):
        weights = rng.standard_normal((draws, width, width), np.float32) * np.float32(math.sqrt(2 / width))
        signals = np.maximum(np.matmul(signals[:, None, :], weights)[:, 0, :], 0)
        mean_squares[:, layer] = np.mean(signals.astype(float) ** 2, axis=1)
    mean_squares.setflags(write=False)
    return mean_squares
