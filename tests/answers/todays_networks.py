"""Answers to the exercises of this page."""

import jax
import jax.numpy as jnp
import numpy as np

from answers import Answers
from course import initializers
from course.networks.residual import BlockWeights


def kernel(variance):
    """Normal kernels of this variance, a function of `size, channels_in, channels_out, branches`."""

    def draw(rng, size, channels_in, channels_out, branches):
        std = variance(size, channels_in, channels_out, branches) ** 0.5
        return rng.normal(0, std, (size, size, channels_in, channels_out))

    return draw


def uniform_kernel(rng, size, channels_in, channels_out, branches):
    bound = np.sqrt(6 / (size * size * channels_in * branches))
    return (2 * rng.random((size, size, channels_in, channels_out)) - 1) * bound


def by_the_table(rng, size, channels_in, channels_out, branches):
    key = jax.random.key(int(rng.integers(2**31)))
    return initializers.draw(key, "he_normal", (size, size, channels_in, channels_out), gain=branches**-0.5)


def branch(first, last):
    """A branch whose weights are drawn, in this order, by two functions of a key."""

    def draw(key):
        one, other = jax.random.split(key)
        return BlockWeights(first=first(one), last=last(other))

    return draw


def zeros(_key):
    return jnp.zeros((16, 16))


def he(key):
    return initializers.draw(key, "he_normal", (16, 16))


def orthogonal(key):
    return initializers.draw(key, "orthogonal", (16, 16))


def constant(_key):
    return jnp.full((16, 16), 0.1)


def of_one_key(_key):
    return he(jax.random.key(0))


ANSWERS = {
    1: Answers(
        right=[(0.05,), (np.sqrt(2 / 800),), (0.0025**0.5,)],
        wrong={
            "channels only": (0.25,),
            "one side of the kernel": (np.sqrt(2 / 160),),
            "fan_out for fan_in": (0.025,),
            "variance for std": (2 / 800,),
            "bound for std": ((6 / 800) ** 0.5,),
            "the factor 2 is missing": (800**-0.5,),
            "Xavier for He": (np.sqrt(2 / 4000),),
        },
    ),
    2: Answers(
        right=[(256,), (2.0**8,), (np.float32(256),)],
        wrong={
            "no power of 2": (203.5,),
            "exponent for the power": (8,),
            "subnormal for normal": (1,),
            "too small": (128,),
            "larger than needed": (512,),
            "up to 1": (2.0**22,),
        },
    ),
    3: Answers(
        right=[(kernel(lambda k, n, _m, branches: 2 / (k * k * n * branches)),), (uniform_kernel,), (by_the_table,)],
        wrong={
            "branches left out": (kernel(lambda k, n, _m, _branches: 2 / (k * k * n)),),
            "1/L for 1/√L": (kernel(lambda k, n, _m, branches: 2 / (k * k * n) / branches**2),),
            "channels only": (kernel(lambda _k, n, _m, branches: 2 / (n * branches)),),
            "fan_out for fan_in": (kernel(lambda k, _n, m, branches: 2 / (k * k * m * branches)),),
            "the factor 2 is missing": (kernel(lambda k, n, _m, branches: 1 / (k * k * n * branches)),),
            "variance for std": (kernel(lambda k, n, _m, branches: (2 / (k * k * n * branches)) ** 2),),
            "std for bound": (lambda *case: uniform_kernel(*case) / np.sqrt(3),),
            "both fans": (kernel(lambda k, n, m, branches: 4 / (k * k * (n + m) * branches)),),
            "one side of the kernel": (kernel(lambda k, n, _m, branches: 2 / (k * n * branches)),),
            "one number for all": (
                lambda _rng, k, n, m, branches: np.full((k, k, n, m), (2 / (k * k * n * branches)) ** 0.5),
            ),
            "only one sign": (lambda *case: np.abs(kernel(lambda k, n, _m, b: 2 / (k * k * n * b))(*case)),),
            "only one sign, uniform": (lambda *case: np.abs(uniform_kernel(*case)),),
        },
    ),
    4: Answers(
        right=[(0.121,), (((2 ** (1 / 24) - 1) / 2) ** 0.5,), ((np.log(2) / 48) ** 0.5,)],
        wrong={
            "1/√L": (24**-0.5,),
            "1/L": (1 / 24,),
            "the square of the factor": ((2 ** (1 / 24) - 1) / 2,),
            "a² for 2a²": ((2 ** (1 / 24) - 1) ** 0.5,),
            "4a² for 2a²": (((2 ** (1 / 24) - 1) / 4) ** 0.5,),
            "LeCun's weights": ((2 * (2 ** (1 / 24) - 1)) ** 0.5,),
            "unscaled": (1,),
        },
    ),
    5: Answers(
        right=[("plain", "batch", 50), ("plain", "batch", 100), (["plain"], "batch", 45.0)],
        wrong={
            "no normalization": ("plain", "none", 50),
            "skip connections": ("residual", "batch", 50),
            "layer normalization": ("plain", "layer", 50),
            "too few blocks": ("plain", "batch", 30),
        },
    ),
    6: Answers(
        right=[(branch(he, zeros),), (branch(orthogonal, zeros),), (lambda key: (he(key), np.zeros((16, 16))),)],
        wrong={
            "both random": (branch(he, he),),
            "the first zero": (branch(zeros, he),),
            "identical units": (branch(constant, zeros),),
            "one key for all": (branch(of_one_key, zeros),),
        },
    ),
}
