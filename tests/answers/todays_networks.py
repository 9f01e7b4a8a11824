"""Right answers to the exercises of this page."""

import jax
import jax.numpy as jnp
import numpy as np

from course import initializers
from course.networks.residual import BlockWeights

ZEROS = jnp.zeros((16, 16))


def normal(rng, size, channels_in, channels_out, branches):
    std = (2 / (size * size * channels_in * branches)) ** 0.5
    return rng.normal(0, std, (size, size, channels_in, channels_out))


def uniform(rng, size, channels_in, channels_out, branches):
    bound = np.sqrt(6 / (size * size * channels_in * branches))
    return (2 * rng.random((size, size, channels_in, channels_out)) - 1) * bound


def by_the_table(rng, size, channels_in, channels_out, branches):
    key = jax.random.key(int(rng.integers(2**31)))
    return initializers.draw(key, "he_normal", (size, size, channels_in, channels_out), gain=branches**-0.5)


RIGHT = {
    1: [0.05, np.sqrt(2 / 800), 0.0025**0.5],
    2: [256, 2.0**8, np.float32(256)],
    3: [normal, uniform, by_the_table],
    4: [0.121, ((2 ** (1 / 24) - 1) / 2) ** 0.5, (np.log(2) / 48) ** 0.5],
    5: [("plain", "batch", 50), ("plain", "batch", 100), (["plain"], "batch", 45.0)],
    6: [
        lambda key: BlockWeights(initializers.draw(key, "he_normal", (16, 16)), ZEROS),
        lambda key: BlockWeights(initializers.draw(key, "orthogonal", (16, 16)), ZEROS),
        lambda key: (initializers.draw(key, "he_normal", (16, 16)), np.zeros((16, 16))),
    ],
}
