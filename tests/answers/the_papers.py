"""Right answers to the exercises of this page."""

import math

import numpy as np


def by_where(steps, losses, threshold):
    learned = losses < threshold
    return np.where(learned.any(axis=0), np.asarray(steps)[learned.argmax(axis=0)], np.inf)


def by_loops(steps, losses, threshold):
    times = []
    for run in np.asarray(losses).T:
        reached = [step for step, loss in zip(steps, run, strict=True) if loss < threshold]
        times.append(float(min(reached, default=math.inf)))
    return times


RIGHT = {
    1: [16, 16.0],
    2: [by_where, by_loops],
    3: [math.sqrt(3), 1.73, (1 / 3) ** -0.5],
    4: [
        lambda losses: {start: row.min() for start, row in losses.items()},
        lambda losses: {start: sorted(row)[0] for start, row in losses.items()},
    ],
}
