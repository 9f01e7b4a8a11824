"""Answers to the exercises of this page."""

import jax
import numpy as np

from answers import Answers

SEVEN = [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]


def by_tuples(weights):
    return len({tuple(float(number) for number in column) for column in np.asarray(weights).T})


def normal(key, fan_in, fan_out):
    return 0.5 * jax.random.normal(key, (fan_in, fan_out))


def unit_by_unit(key, fan_in, fan_out):
    columns = [0.5 * jax.random.normal(own, (fan_in,)) for own in jax.random.split(key, fan_out)]
    return np.stack(columns, axis=1)


def copies(shape):
    """Weights of which only `shape(fan_in, fan_out)` is drawn, scaled so that their mean square is right."""

    def drawn(key, fan_in, fan_out):
        numbers = np.asarray(jax.random.normal(key, shape(fan_in, fan_out)))
        return np.broadcast_to(0.5 * numbers / np.sqrt(np.mean(numbers**2)), (fan_in, fan_out))

    return drawn


ANSWERS = {
    1: Answers(
        right=[(5,), (2 + 1 + 1 + 1,)],
        wrong={
            "all are free": (33,),
            "one left out": (4,),
            "as at the start": (2,),
            "the copies": (28,),
            "counted for every unit": (25,),
        },
    ),
    2: Answers(
        right=[(lambda weights: np.unique(weights, axis=1).shape[1],), (by_tuples,)],
        wrong={
            "numbers for units": (lambda weights: np.unique(weights).size,),
            "rows for columns": (lambda weights: len(np.unique(weights, axis=0)),),
            "all units": (lambda weights: weights.shape[1],),
            "the first input alone": (lambda weights: len(set(weights[0])),),
            "sums for columns": (lambda weights: len(set(weights.sum(axis=0))),),
        },
    ),
    3: Answers(
        right=[({"sigmoid", "softplus"},), (["softplus", "sigmoid"],)],
        wrong={
            "one is missing": ("sigmoid",),
            "sigmoid is missing": (["softplus"],),
            "tanh like sigmoid": ({"sigmoid", "tanh"},),
            "relu": ({"relu"},),
            "softplus like relu": ({"sigmoid", "relu"},),
        },
    ),
    4: Answers(
        right=[(SEVEN,), ([3, -1, 0, 1, 2, 5, 7, -4],), (np.linspace(-0.3, 0.4, 8).round(1),)],
        wrong={
            "all zero": ([0] * 8,),
            "none is zero": (list(range(1, 9)),),
            "several zeros": ([0, 0, 1, 2, 3, 4, 5, 6],),
            "all equal": ([0.5] * 8,),
            "some equal": ([0, 1, 1, 2, 3, 4, 5, 6],),
        },
    ),
    5: Answers(
        right=[(normal,), (unit_by_unit,)],
        wrong={
            "copies of a row": (copies(lambda _fan_in, fan_out: (1, fan_out)),),
            "one number": (copies(lambda _fan_in, _fan_out: (1, 1)),),
            "the factor lost": (lambda *case: 2 * normal(*case),),
            "the factor squared": (lambda *case: 0.5 * normal(*case),),
            "only one sign": (lambda *case: abs(normal(*case)),),
        },
    ),
}
