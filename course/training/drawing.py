"""Draws the weights that trials start from: noise of each seed, once, times each trial's standard deviation."""

import functools
import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from course import initializers
from course.networks.classifier import Architecture, Parameters
from course.training.setups import Trial

Shapes = tuple[tuple[int, int], ...]


@functools.partial(jax.jit, static_argnames=("distribution", "shapes"))
def _noise(seed: jax.Array, distribution: str, shapes: Shapes) -> list[jax.Array]:
    """Unit-variance numbers for layers of these shapes; each layer has a key of its own, as in `probes`."""
    keys = [jax.random.fold_in(jax.random.key(seed), layer + 1) for layer in range(len(shapes))]
    if distribution == "constant" or len(set(shapes[1:-1])) == 0:
        return [initializers.noise(key, distribution, shape) for key, shape in zip(keys, shapes, strict=True)]
    between = jax.lax.map(
        lambda key: initializers.noise(key, distribution, shapes[1]), jnp.stack(keys[1:-1])
    )  # one layer's program for all
    first, last = (initializers.noise(keys[place], distribution, shapes[place]) for place in (0, -1))
    return [first, *between, last]


def shapes_of(architecture: Architecture, features: int, classes: int) -> Shapes:
    """Give the shapes of a network's weights, layer 1 first."""
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
            drawn[which] = [np.asarray(part) for part in _noise(np.uint32(trial.seed), which[0], shapes)]
        stds = [initializers.standard_deviation(trial.scheme, shape, trial.gain) for shape in shapes]
        rows.append([np.float32(std) * noise for std, noise in zip(stds, drawn[which], strict=True)])
    return _stacked(rows, architecture.width, classes)


def _stacked(rows: list[list[np.ndarray]], width: int, classes: int) -> Parameters:
    runs, hidden = len(rows), len(rows[0]) - 1
    first, last = (np.stack([row[place] for row in rows]) for place in (0, -1))
    between = np.array([row[1:-1] for row in rows], np.float32).reshape(runs, hidden - 1, width, width)
    zeros = np.zeros((runs, hidden, width), np.float32)
    return Parameters(first, between, last, zeros, zeros + 1, np.zeros((runs, classes), np.float32))
