"""Right answers to the exercises of this page."""

import math

import jax
import jax.numpy as jnp
import numpy as np


def with_numpy(h, w, steps):
    for _step in range(steps):
        h = np.tanh(h @ w)
    return h


def with_scan(h, w, steps):
    return jax.lax.scan(lambda h, _: (jnp.tanh(h @ w), None), jnp.asarray(h), length=steps)[0]


def chrono(key):
    forget = jnp.log(jax.random.uniform(key, (64,), minval=1, maxval=199))
    return forget, -forget


RIGHT = {
    1: [math.log(99), 4.6, np.float32(4.595)],
    2: [1 / (1 + math.exp(-1)) + 0.25, 0.981, 0.98],
    3: [with_numpy, with_scan],
    4: [("ReLU", "identity", 1.0, "0"), (["ReLU"], "identity", 1, 0)],
    5: [chrono],
}
