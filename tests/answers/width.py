"""Right answers to the exercises of this page."""

import numpy as np


def by_powers(rate, ratio):
    return rate * float(ratio) ** np.array([1, 0, -1])


RIGHT = {
    1: [0.000625, 0.01 / 16, 6.25e-4],
    2: [(1 + 1 / 64**2) ** 64 - 1, 0.01575, 0.0157],
    3: [lambda rate, ratio: [rate * ratio, rate, rate / ratio], by_powers],
    4: [0.1025, 0.104, 2 / 19.5],
    5: [
        lambda before, after: np.sqrt(np.mean((after - before) ** 2)),
        lambda before, after: np.linalg.norm(after - before) / np.sqrt(before.size),
        lambda before, after: np.std(np.append(after - before, before - after)),
    ],
}
