"""Draws hundreds of ReLU networks with normal or orthogonal weights, and runs one digit through each, in NumPy."""

import functools
import math

import numpy as np

from course import data
from course.probes.draws import DEEPEST
from course.probes.requests import whole
from course.probes.spread import he_relu_draws

DISTRIBUTIONS = ("normal", "orthogonal")


def turned(random: np.random.Generator, rows: np.ndarray) -> np.ndarray:
    """Multiply each row by an orthogonal matrix of its own, uniform over all of them, which is never written out.

    The matrix is a product of reflections, each along a normal vector that has one number fewer than the one before,
    and of a sign (Stewart 1980). `rows` has shape `(draws, width)`.
    """
    turned = np.array(rows, float)
    draws, width = turned.shape
    signs = random.integers(0, 2, (draws, width)) * 2.0 - 1.0
    for start in range(width - 1):
        normal = random.standard_normal((draws, width - start))
        # The reflection that lays the normal vector on its first axis: the sign keeps the sum from cancelling.
        normal[:, 0] += np.copysign(np.linalg.norm(normal, axis=1), normal[:, 0])
        part = turned[:, start:]
        along = 2 * np.einsum("ij,ij->i", part, normal) / np.einsum("ij,ij->i", normal, normal)
        part -= along[:, None] * normal
    return turned * signs


@functools.lru_cache(maxsize=16)
def relu_draws(seed: int, *, width: int, draws: int = 200, distribution: str = "normal") -> np.ndarray:
    """Return the mean square of each layer's activations in many networks: shape `(draws, 100)`, read-only.

    Weights have variance 2/width, with a `distribution` of "normal" or "orthogonal"; `width` is at most 256, `draws`
    at most 1000. Every network has weights of its own, and all are given the same digit, of mean square 1.
    """
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, not {distribution!r}")
    if distribution == "normal":
        return he_relu_draws(seed, width=width, draws=draws)
    width, draws = whole("width", width, 2, 256), whole("draws", draws, 1, 1000)
    random = np.random.default_rng(whole("seed", seed, 0, 2**32 - 1))
    signals = np.broadcast_to(data.standardized_digits(1, width), (draws, width))
    mean_squares = np.empty((draws, DEEPEST))
    for layer in range(DEEPEST):
        signals = np.maximum(math.sqrt(2) * turned(random, signals), 0)
        mean_squares[:, layer] = np.mean(signals**2, axis=1)
    mean_squares.setflags(write=False)
    return mean_squares
