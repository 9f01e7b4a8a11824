"""Right answers to the exercises of this page."""

import math

import numpy as np


def by_loops(h):
    numbers = [float(number) for row in np.asarray(h) for number in row]
    return sum(number * number for number in numbers) / len(numbers)


RIGHT = {
    1: [3, 3.0],
    2: [
        lambda h: np.mean(np.square(h)),
        by_loops,
        lambda h: np.linalg.norm(np.asarray(h, dtype=float)) ** 2 / np.size(h),
        lambda h: np.var(h) + np.mean(h) ** 2,
    ],
    3: [11, 11.0],
    4: [
        lambda first, last, layers: (last / first) ** (1 / (layers - 1)),
        lambda first, last, layers: math.exp((math.log(last) - math.log(first)) / (layers - 1)),
        lambda first, last, layers: np.geomspace(first, last, layers)[1] / first,
    ],
}
