"""Right answers to the exercises of this page."""

import math

import numpy as np

from course.pages.tuning.exercises import searched

RIGHT = {
    1: [299, math.ceil(math.log(0.05, 0.99))],
    2: [
        lambda generator, low, high: float(np.exp(generator.uniform(np.log(low), np.log(high)))),
        lambda generator, low, high: 10 ** generator.uniform(math.log10(low), math.log10(high)),
        lambda generator, low, high: low * (high / low) ** generator.random(),
        lambda generator, low, high: np.exp(generator.uniform(np.log(low), np.log(high), size=1)),
    ],
    3: [
        searched((0.8, 1.25), (0.02, 0.5)),
        searched((0.9, 1.1), (0.05, 0.15)),
        searched((0.7, 1.5), (0.03, 0.3)),
        searched((0.9, 1.1), (0.05, 0.15), log=False),
    ],
    4: [
        lambda losses: np.mean(np.asarray(losses) < 1),
        lambda losses: sum(1 for loss in losses if loss < 1) / len(losses),
    ],
}
