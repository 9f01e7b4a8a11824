"""Answers to the exercises of this page."""

import math

import jax
import numpy as np

from answers import Answers
from course import initializers


def uniform(variance):
    """Uniform weights of `variance(fan_in, fan_out)`."""

    def draw(rng, fan_in, fan_out):
        bound = math.sqrt(3 * variance(fan_in, fan_out))
        return rng.uniform(-bound, bound, (fan_in, fan_out))

    return draw


def by_scheme(rng, fan_in, fan_out):
    key = jax.random.key(int(rng.integers(2**31)))
    return initializers.draw(key, "glorot_uniform", (fan_in, fan_out))


def by_numbers(rng, fan_in, fan_out):
    return (2 * rng.random((fan_in, fan_out)) - 1) * np.sqrt(6 / (fan_in + fan_out))


def of_bound(bound):
    """Uniform weights up to `bound(fan_in, fan_out)`."""
    return lambda rng, n, m: bound(n, m) * rng.uniform(-1, 1, (n, m))


def normal(rng, fan_in, fan_out):
    return rng.normal(0, math.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


ANSWERS = {
    1: Answers(
        right=[(math.sqrt(6 / 400),), (0.1225,)],
        wrong={
            "as the blog has it": (math.sqrt(6 / 300 + 100),),
            "std for bound": (math.sqrt(2 / 400),),
            "no root": (6 / 400,),
            "only the 6 under the root": (math.sqrt(6) / 400,),
            "the mean for the sum": (math.sqrt(6 / 200),),
            "only the outputs": (math.sqrt(6 / 100),),
            "only the inputs": (math.sqrt(6 / 300),),
            "the product of the fans": (math.sqrt(6 / 30_000),),
            "the mean not halved": (math.sqrt(3 / 400),),
        },
    ),
    2: Answers(
        right=[(uniform(lambda n, m: 2 / (n + m)),), (by_scheme,), (by_numbers,)],
        wrong={
            "fan_in alone": (uniform(lambda n, _m: 1 / n),),
            "fan_out alone": (uniform(lambda _n, m: 1 / m),),
            "the standard start": (uniform(lambda n, _m: 1 / (3 * n)),),
            "nine times too wide: 3/n for 1/(3n)": (lambda rng, n, m: rng.uniform(-3, 3, (n, m)) / math.sqrt(n),),
            "std for bound": (uniform(lambda n, m: 2 / (3 * (n + m))),),
            "sum for mean": (uniform(lambda n, m: 1 / (n + m)),),
            "normal for uniform": (normal,),
            "He's": (uniform(lambda n, _m: 2 / n),),
            "only one sign": (lambda rng, n, m: rng.uniform(0, math.sqrt(6 / (n + m)), (n, m)),),
            "the mean for the sum": (of_bound(lambda n, m: math.sqrt(12 / (n + m))),),
            "as the blog has it": (of_bound(lambda n, m: math.sqrt(6 / n + m)),),
            "no root": (of_bound(lambda n, m: 6 / (n + m)),),
            "variance for bound": (of_bound(lambda n, m: 2 / (n + m)),),
        },
    ),
    3: Answers(
        right=[([128, 16] * 5 + [128],), ((16, 128) * 5 + (16,),), (np.array([128, 20] * 5 + [128]),)],
        wrong={
            "one width": ([64] * 11,),
            "widening": (list(range(28, 128, 9))[:11],),
            "narrowing": (list(range(28, 128, 9))[:11][::-1],),
            "not enough": ([64, 48] * 5 + [64],),
        },
    ),
    4: Answers(
        right=[
            (lambda w: abs(w).max() / w.std(),),
            (lambda w: np.mean(w**4) / np.mean(w**2) ** 2,),
            (lambda w: 2.1 if (abs(w) > 2 * w.std()).any() else 0,),
        ],
        wrong={
            "the std": (lambda w: w.std(),),
            "reversed": (lambda w: w.std() / abs(w).max(),),
            "the gain counts": (lambda w: abs(w).max(),),
            "another border": (lambda w: np.mean(w**4) / np.var(w) ** 2 - 3,),
            "not the tails": (lambda w: float(w.size > 0),),
        },
    ),
}
