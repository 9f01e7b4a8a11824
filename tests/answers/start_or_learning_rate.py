"""Right answers to the exercises of this page."""

import math

import numpy as np


def by_loops(losses):
    return [min(float(loss) for loss in row if not math.isnan(loss)) for row in losses]


def by_sorting(losses):
    return np.sort(np.where(np.isnan(losses), np.inf, losses), axis=1)[:, 0]


RIGHT = {
    1: [25.6, 0.1 * 2**8, 0.1 / 0.5**8],
    2: [lambda losses: np.nanmin(losses, axis=1), by_loops, by_sorting],
    3: [1 / 18, 0.05, 1 / 32, 0.06],
    4: [(20, 0.25), (20, 0.125), (12, 0.1), (4, 1e-5)],
    5: [
        lambda mean, square, rate: -rate * mean / (square**0.5 + 1e-8),
        lambda mean, square, rate: np.negative(mean) * rate / (np.sqrt(square) + 1e-8),
    ],
}
