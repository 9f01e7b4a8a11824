"""Draws the weights that trials start from: noise of each seed, once, times each trial's standard deviation."""

import itertools
from collections.abc import Sequence

import numpy as np

from course import initializers
from course.networks.classifier import Architecture, Parameters
from course.training.setups import Trial

Shapes = tuple[tuple[int, int], ...]


def _noise(distribution: str, seed: int, shapes: Shapes) -> list[np.ndarray]:
    """Unit-variance numbers for layers of these shapes; a deeper network begins with the same layers."""
    generators = (np.random.default_rng((seed, layer)) for layer in range(1, len(shapes) + 1))
    return [
        initializers.array_noise(random, distribution, shape) for random, shape in zip(generators, shapes, strict=True)
    ]


def shapes_of(architecture: Architecture, features: int, classes: int) -> Shapes:
    """Return the shapes of a network's weights, layer 1 first."""
    widths = (features, *[architecture.width] * (architecture.depth - 1), classes)
    return tuple(itertools.pairwise(widths))


def draw_parameters(architecture: Architecture, runs: Sequence[Trial], features: int, classes: int) -> Parameters:
    """Draw the parameters of every trial, with the runs as the first axis of each array; biases are 0, scales 1."""
    shapes = shapes_of(architecture, features, classes)
    drawn: dict[tuple[str, int], list[np.ndarray]] = {}
    rows = []
    for trial in runs:
        which = initializers.named(trial.scheme).distribution, trial.seed
        if which not in drawn:
            drawn[which] = _noise(*which, shapes)
        stds = [initializers.standard_deviation(trial.scheme, shape, trial.gain) for shape in shapes]
        with np.errstate(over="ignore"):  # a start too large for 32 bits is a result too: it diverges at step 0
            rows.append([np.float32(std) * noise for std, noise in zip(stds, drawn[which], strict=True)])
    return _stacked(rows, architecture.width, classes)


def _stacked(rows: list[list[np.ndarray]], width: int, classes: int) -> Parameters:
    runs, hidden = len(rows), len(rows[0]) - 1
    first, last = (np.stack([row[place] for row in rows]) for place in (0, -1))
    between = np.array([row[1:-1] for row in rows], np.float32).reshape(runs, hidden - 1, width, width)
    zeros = np.zeros((runs, hidden, width), np.float32)
    return Parameters(first, between, last, zeros, zeros + 1, np.zeros((runs, classes), np.float32))
