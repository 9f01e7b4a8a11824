"""Right answers to the exercises of this page."""

import jax
import jax.numpy as jnp
import numpy as np


def with_numpy(q, k, v):
    powers = np.exp(q @ k.T / q.shape[1] ** 0.5)
    return powers / powers.sum(axis=1, keepdims=True) @ v


def with_jax(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]), axis=-1) @ v


def down_random(key):
    return jax.random.normal(key, (64, 4)) / 8, jnp.zeros((4, 64))


def up_random(key):
    return np.zeros((64, 4)), jax.random.normal(key, (4, 64)) / 8


def up_standard_normal(key):
    return np.zeros((64, 4)), jax.random.normal(key, (4, 64))


def uniform(key):
    return jax.random.uniform(key, (64, 4), minval=-0.2, maxval=0.2), jnp.zeros((4, 64))


RIGHT = {
    1: [0.25, 1 / 4, np.float32(0.25)],
    2: [768**-0.5, 0.0361, (1 / 768) ** 0.5],
    3: [with_numpy, with_jax],
    4: [("post-LN", "none", 48), ("post-LN", "none", 100), (["post-LN"], "none", 24.0)],
    5: [down_random, up_random, up_standard_normal, uniform],
}
