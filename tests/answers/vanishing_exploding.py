"""Right answers to the exercises of this page."""

import numpy as np


def by_loop(width, std, depth):
    squares, present = [], 1.0
    for _layer in range(depth):
        present *= width * std * std
        squares.append(present)
    return squares


def scaled(h):
    largest = np.abs(h).max()
    return largest * np.sqrt(np.mean((h / largest) ** 2))


RIGHT = {
    1: [1.44**20, 1470, 1469.77],
    2: [
        lambda width, std, depth: (width * std**2) ** np.arange(1, depth + 1),
        lambda width, std, depth: np.cumprod(np.full(depth, width * std**2)),
        by_loop,
    ],
    3: [0.1, 100**-0.5, 0.105, 0.109],
    4: [2, 1.5, 5.0],
    5: [
        scaled,
        lambda h: np.sqrt(np.mean(np.float64(h) ** 2)),
        lambda h: np.linalg.norm(np.float64(h)) / np.sqrt(np.size(h)),
    ],
}
