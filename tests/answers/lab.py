"""Right answers to the exercises of this page."""

import itertools
import math

import jax
import numpy as np

from course import initializers, theory


def normal(key, widths):
    keys = jax.random.split(key, len(widths) - 1)
    shapes = itertools.pairwise(widths)
    return [(2 / shape[0]) ** 0.5 * jax.random.normal(own, shape) for own, shape in zip(keys, shapes, strict=True)]


def uniform(key, widths):
    layers = []
    for shape in itertools.pairwise(widths):
        key, own = jax.random.split(key)
        bound = math.sqrt(6 / shape[0])
        layers.append(jax.random.uniform(own, shape, minval=-bound, maxval=bound))
    return layers


def by_scheme(key, widths):
    keys = jax.random.split(key, len(widths) - 1)
    shapes = itertools.pairwise(widths)
    return tuple(initializers.draw(own, "he_normal", shape) for own, shape in zip(keys, shapes, strict=True))


def with_numpy(key, widths):
    random = np.random.default_rng(int(jax.random.randint(key, (), 0, 2**31 - 1)))
    return [random.normal(0, (2 / n) ** 0.5, (n, m)) for n, m in itertools.pairwise(widths)]


RIGHT = {
    1: [math.sqrt(2 / 256), 0.0884, 2**-3.5],
    2: [normal, uniform, by_scheme, with_numpy],
    3: [theory.gain("elu"), 1.25, 1.2, 1.15],
    4: [
        lambda images: (images - images.mean()) / images.std(),
        lambda images: (images - np.mean(images)) / np.sqrt(np.mean(images**2) - np.mean(images) ** 2),
    ],
}
