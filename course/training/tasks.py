"""What the networks learn: batches drawn by a key, and examples held out to measure on."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course import data

HELD_OUT = 360
"""As many examples are held out of every task: a fifth of the digits."""
_HELD_OUT_SEED = 2**31
SPIRAL_POINTS = 3_000


class Task(NamedTuple):
    """A classification task.

    `batch(key, size)` returns inputs `(size, features)` and labels `(size,)`, also inside `jax.jit`; `inputs` and
    `labels` are the examples held out. Inputs have mean 0 and variance 1 over the whole task.
    """

    features: int
    classes: int
    batch: Callable[[jax.Array, int], tuple[jax.Array, jax.Array]]
    inputs: np.ndarray
    labels: np.ndarray


def _drawn_from(inputs: np.ndarray, labels: np.ndarray) -> Task:
    """Hold the last examples out, and draw batches from the others, with replacement."""
    seen_inputs, seen_labels = inputs[:-HELD_OUT], labels[:-HELD_OUT]

    def batch(key: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
        chosen = jax.random.randint(key, (size,), 0, len(seen_labels))
        return jnp.asarray(seen_inputs)[chosen], jnp.asarray(seen_labels)[chosen]

    return Task(inputs.shape[1], int(labels.max()) + 1, batch, inputs[-HELD_OUT:], labels[-HELD_OUT:])


@functools.cache
def _digits() -> Task:
    pixels, labels = data.digits()
    order = np.random.default_rng(0).permutation(len(labels))  # the file is sorted by writer
    return _drawn_from(data.standardized(pixels)[order], labels[order])


@functools.cache
def _spirals() -> Task:
    points, labels = data.spirals(SPIRAL_POINTS)
    return _drawn_from(data.standardized(points).astype(np.float32), labels.astype(np.int32))


@functools.cache
def _shapeset() -> Task:
    images, labels = data.shapeset(jax.random.key(_HELD_OUT_SEED), HELD_OUT)
    mean, std = float(jnp.mean(images)), float(jnp.std(images))

    def batch(key: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
        drawn, drawn_labels = data.shapeset(key, size)
        return (drawn.reshape(size, -1) - mean) / std, drawn_labels

    inputs = (np.asarray(images).reshape(HELD_OUT, -1) - mean) / std
    return Task(inputs.shape[1], len(data.SHAPESET_CLASSES), batch, inputs, np.asarray(labels))


TASKS: Mapping[str, Callable[[], Task]] = MappingProxyType(
    {"digits": _digits, "shapeset": _shapeset, "spirals": _spirals}
)
"""Tasks by name: handwritten digits, Shapeset-3×2 without end, and points of three spirals."""
