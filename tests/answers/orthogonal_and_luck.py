"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers

LARGEST = math.sqrt(256 / 27)


def twice(weights, inputs):
    """LSUV's own loop: divided once more, it does not change."""
    for _round in range(2):
        weights = weights / np.std(inputs @ weights)
    return weights


def by_moments(weights, inputs):
    made = inputs @ weights
    return weights / math.sqrt(np.mean(made**2) - np.mean(made) ** 2)


def by_gram_schmidt(gaussian):
    columns = []
    for column in gaussian.T:
        for earlier in columns:
            column = column - (earlier @ column) * earlier
        columns.append(column / np.linalg.norm(column))
    return np.stack(columns, axis=1)


def by_signs(gaussian):
    q, r = np.linalg.qr(gaussian)
    return q @ np.diag(np.where(np.diag(r) < 0, -1, 1))


def with_diagonal(of):
    def mended(gaussian):
        q, r = np.linalg.qr(gaussian)
        return q * of(np.diag(r))

    return mended


def turned(gaussian):
    return -by_gram_schmidt(gaussian)


def nearest(gaussian):
    u, _, v = np.linalg.svd(gaussian)
    return u @ v


def rows(gaussian):
    q, r = np.linalg.qr(gaussian)
    return np.diag(np.sign(np.diag(r))) @ q


ANSWERS = {
    1: Answers(
        right=[(4, LARGEST), (28 / 7, 3.08)],
        wrong={
            "the mean square": (1, LARGEST),
            "L for L + 1": (3, LARGEST),
            "not divided": (28, LARGEST),
            "the layers taken one by one": (8, LARGEST),
            "the largest square": (4, 256 / 27),
            "as if they met": (4, 8),
            "an estimate for great depth": (4, math.sqrt(3 * math.e)),
        },
    ),
    2: Answers(
        right=[(lambda weights, inputs: weights / np.std(inputs @ weights),), (twice,), (by_moments,)],
        wrong={
            "variance for std": (lambda weights, inputs: weights / np.var(inputs @ weights),),
            "the wrong way": (lambda weights, inputs: weights * np.std(inputs @ weights),),
            "each unit by its own": (lambda weights, inputs: weights / np.std(inputs @ weights, axis=0),),
            "the weights' own std": (lambda weights, _inputs: weights / weights.std(),),
            "the rms for the std": (lambda weights, inputs: weights / np.mean((inputs @ weights) ** 2) ** 0.5,),
            "each unit about its own mean": (
                lambda weights, inputs: weights / np.mean(np.var(inputs @ weights, axis=0)) ** 0.5,
            ),
            "one less than the count": (lambda weights, inputs: weights / np.std(inputs @ weights, ddof=1),),
            "the activations' size": (lambda weights, inputs: weights / inputs.std(),),
        },
    ),
    3: Answers(
        right=[(1000,), (1024,), (950,)],
        wrong={
            "1/n a layer": (200,),
            "orthogonal weights": (600,),
            "upside down": (2,),
            "without the depth": (50,),
            "the width of page he": (100,),
        },
    ),
    4: Answers(
        right=[(15,), (math.floor(50 * math.log10(2)),)],
        wrong={
            "not the worst": (2,),
            "variance for length": (30,),
            "a power of two": (50,),
            "rounded up": (16,),
            "isometric all the same": (0,),
        },
    ),
    5: Answers(
        right=[(with_diagonal(np.sign),), (by_gram_schmidt,), (by_signs,), (turned,), (nearest,)],
        wrong={
            "signs not fixed": (lambda gaussian: np.linalg.qr(gaussian)[0],),
            "absolute values": (with_diagonal(np.abs),),
            "rows for columns": (rows,),
        },
    ),
}
