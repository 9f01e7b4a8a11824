"""Answers to the exercises of this page."""

import itertools

import jax
import numpy as np

from answers import Answers
from course import initializers


def each(statistic):
    return lambda layers: [statistic(np.asarray(weights)) for weights in layers]


def by_a_loop(layers):
    factors = []
    for weights in layers:
        fan_in, fan_out = weights.shape
        factors.append(sum(weight**2 for row in weights.tolist() for weight in row) / fan_out)
        assert fan_in == len(weights)
    return np.array(factors)


def network(bound, *, one_key=False):
    """A function that draws uniform weights of `bound(fan_in, fan_out)`."""

    def draw(seed, widths):
        rng, layers = np.random.default_rng(seed), []
        for shape in itertools.pairwise(widths):
            rng = np.random.default_rng(seed) if one_key else rng
            layers.append((rng.uniform(-bound(*shape), bound(*shape), shape), "relu"))
        return layers

    return draw


def normal(seed, widths):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(0, (2 / n) ** 0.5, (n, m)), "relu") for n, m in itertools.pairwise(widths)]
    return [*layers[:-1], (layers[-1][0], None)]


def with_jax(seed, widths):
    key, layers = jax.random.key(seed), []
    for shape in itertools.pairwise(widths):
        key, own = jax.random.split(key)
        layers.append((initializers.draw(own, "he_normal", shape), "relu"))
    return layers


def of_own_seeds(seed, widths):
    return [
        (np.random.default_rng([seed, layer]).uniform(-1, 1, (n, m)) * (6 / n) ** 0.5, "relu")
        for layer, (n, m) in enumerate(itertools.pairwise(widths))
    ]


def of_one_sign(seed, widths):
    return [(np.abs(weights), name) for weights, name in network(lambda n, _m: (6 / n) ** 0.5)(seed, widths)]


def constant(_seed, widths):
    return [(np.full((n, m), (2 / n) ** 0.5), "relu") for n, m in itertools.pairwise(widths)]


NAMES = [f"layer {number}" for number in range(1, 21)]
ANSWERS = {
    1: Answers(
        right=[
            ({3: 0.5**0.5, 4: 0.5**0.5, 6: 10.0},),
            ({3: 0.71, 4: 0.7, 6: 10},),
            ({1: 1, 2: 1, 3: 0.7071, 4: (2 / 4.1) ** 0.5, 5: 1, 6: 10.0},),
        ],
        wrong={
            "the messenger accused": ({3: 0.7, 4: 0.7, 5: 1.01, 6: 10},),
            "judged by size": ({3: 0.7, 4: 0.5, 5: 0.5},),
            "one each": ({3: 0.7, 6: 10},),
            "only the smallest": ({6: 10},),
            "variance": ({3: 0.5, 4: 0.49, 6: 100},),
            "the fault for the remedy": ({3: 1.41, 4: 1.43, 6: 0.1},),
        },
    ),
    2: Answers(
        right=[(each(lambda w: w.shape[0] * (w**2).mean()),), (by_a_loop,)],
        wrong={
            "fan_out for fan_in": (each(lambda w: w.shape[1] * (w**2).mean()),),
            "variance for mean square": (each(lambda w: w.shape[0] * w.var()),),
            "the fan left out": (each(lambda w: (w**2).mean()),),
            "the root": (each(lambda w: (w.shape[0] * (w**2).mean()) ** 0.5),),
            "the sum of all": (each(lambda w: (w**2).sum()),),
        },
    ),
    3: Answers(
        right=[(10.0, 6.0), (9.5, 5), (12, 7)],
        wrong={
            "the two exchanged": (6, 10),
            "not loud enough": (5, 4),
            "not quiet": (12, 10),
            "too far apart": (10, 2),
        },
    ),
    4: Answers(
        right=[(network(lambda n, _m: (6 / n) ** 0.5),), (normal,), (with_jax,), (of_own_seeds,)],
        wrong={
            "the same key for every layer": (network(lambda n, _m: (6 / n) ** 0.5, one_key=True),),
            "fan_out for fan_in": (network(lambda _n, m: (6 / m) ** 0.5),),
            "both fans": (network(lambda n, m: (12 / (n + m)) ** 0.5),),
            "Xavier for He": (network(lambda n, m: (6 / (n + m)) ** 0.5),),
            "1 for 6": (network(lambda n, _m: n**-0.5),),
            "one number for all": (constant,),
            "only one sign": (of_one_sign,),
            "3 for 6": (network(lambda n, _m: (3 / n) ** 0.5),),
            "std for bound": (network(lambda n, _m: (2 / n) ** 0.5),),
        },
    ),
    5: Answers(
        right=[(NAMES,), (tuple(NAMES),), (sorted(NAMES, key=len),)],
        wrong={
            "backwards": (NAMES[::-1],),
            "names left out": (NAMES[:9],),
            "last digit": (sorted(NAMES, key=lambda name: name[-1]),),
        },
    ),
}
