"""Answers to the exercises of this page."""

import numpy as np

from answers import Answers


def by_product(width, std, depth):
    return np.cumprod(np.full(depth, width * std**2))


def by_loop(width, std, depth):
    squares, present = [], 1.0
    for _layer in range(depth):
        present *= width * std * std
        squares.append(present)
    return squares


def powers(factor, first=1):
    return lambda width, std, depth: factor(width, std) ** np.arange(first, depth + first)


def scaled(h):
    largest = np.abs(h).max()
    return largest * np.sqrt(np.mean((h / largest) ** 2))


def in_float64(h):
    return np.sqrt(np.mean(np.float64(h) ** 2))


ANSWERS = {
    1: Answers(
        right=[(1.44**20,), (1470,), (1469.77,)],
        wrong={
            "rms for mean square": (1.2**20,),
            "factors added": (28.8,),
            "std for variance": (24.0**20,),
            "the width left out": (0.0036**20,),
            "one layer short": (1.44**19,),
            "one layer too many": (1.44**21,),
            "one layer": (1.44,),
        },
    ),
    2: Answers(
        right=[(powers(lambda width, std: width * std**2),), (by_product,), (by_loop,)],
        wrong={
            "the input counted as a layer": (powers(lambda width, std: width * std**2, first=0),),
            "std not squared": (powers(lambda width, std: width * std),),
            "the rms": (powers(lambda width, std: width**0.5 * std),),
            "the width left out": (powers(lambda _width, std: std**2),),
            "added for multiplied": (lambda width, std, depth: width * std**2 * np.arange(1, depth + 1),),
            "from the last layer": (lambda *network: by_product(*network)[::-1],),
        },
    ),
    3: Answers(
        right=[(0.1,), (100**-0.5,), (0.105,), (0.109,)],
        wrong={
            "variance for std": (0.01,),
            "nothing divided": (1,),
            "depth for width": (0.183,),
            "He's factor": (0.02**0.5,),
            "too large": (0.12,),
            "too small": (0.09,),
        },
    ),
    4: Answers(
        right=[(2,), (1.5,), (5.0,)],
        wrong={
            "too large": (100,),
            "too few left": (14,),
            "no explosion": (0.1,),
            "just": (1,),
            "not enough": (0.5,),
        },
    ),
    5: Answers(
        right=[(scaled,), (in_float64,), (lambda h: np.linalg.norm(np.float64(h)) / np.sqrt(np.size(h)),)],
        wrong={
            "not multiplied back": (lambda h: np.sqrt(np.mean((h / np.abs(h).max()) ** 2)),),
            "the largest value": (lambda h: np.abs(h).max(),),
            "the mean of the sizes": (lambda h: np.mean(np.abs(h)),),
            "the spread alone": (lambda h: np.std(np.float64(h)),),
            "no root": (lambda h: in_float64(h) ** 2,),
            "the sum for the mean": (lambda h: np.linalg.norm(np.float64(h)),),
        },
    ),
}
