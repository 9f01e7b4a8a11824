"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers
from course import theory

SINE = (1 - math.exp(-2)) / 2
CRITICAL = theory.critical_weight_variance("tanh", 0.3)


def by_loop(layer, start, depth):
    values = []
    for _layer in range(depth):
        start = layer(start)
        values.append(start)
    return values


def by_recursion(layer, start, depth):
    return [] if depth == 0 else [layer(start), *by_recursion(layer, layer(start), depth - 1)]


def chi(weight_variance, slopes, density):
    return weight_variance * np.sum(density * slopes**2)


ANSWERS = {
    1: Answers(
        right=[(SINE**-0.5,), (1.52,)],
        wrong={
            "weight variance for gain": (1 / SINE,),
            "the slope at 0": (1,),
            "the mean square": (SINE,),
            "upside down": (SINE**0.5,),
            "not halved": ((1 - math.exp(-2)) ** -0.5,),
            "a half": (2**0.5,),
        },
    ),
    2: Answers(
        right=[(by_loop,), (by_recursion,)],
        wrong={
            "the input counted as a layer": (lambda layer, start, depth: [start, *by_loop(layer, start, depth - 1)],),
            "the input too": (lambda layer, start, depth: [start, *by_loop(layer, start, depth)],),
            "always from the start": (lambda layer, start, depth: np.full(depth, layer(start)),),
            "the last one alone": (lambda *case: by_loop(*case)[-1],),
            "from the last layer": (lambda *case: by_loop(*case)[::-1],),
            "steps for values": (lambda layer, start, depth: np.diff([start, *by_loop(layer, start, depth)]),),
        },
    ),
    3: Answers(
        right=[(CRITICAL,), (2.5,), (CRITICAL + 0.04,)],
        wrong={
            "std for variance": (CRITICAL**0.5,),
            "as without biases": (1,),
            "squared once more": (CRITICAL**2,),
            "PyTorch's gain": (25 / 9,),
            "He's": (2,),
        },
    ),
    4: Answers(
        right=[(10, 0), (20, 0.0), (5, 0)],
        wrong={"order": (1, 0), "biases": (10, 1), "near the border": (1.3, 0)},
    ),
    5: Answers(
        right=[(chi,), (lambda variance, slopes, density: variance * (density @ (slopes * slopes)),)],
        wrong={
            "not squared": (lambda variance, slopes, density: variance * (density @ slopes),),
            "a variance squared": (lambda variance, slopes, density: variance * chi(variance, slopes, density),),
            "the std of the weights": (lambda variance, slopes, density: chi(variance**0.5, slopes, density),),
            "a variance of the slopes": (
                lambda variance, slopes, density: variance * density @ (slopes - density @ slopes) ** 2,
            ),
            "all points alike": (lambda variance, slopes, _density: variance * np.mean(slopes**2),),
            "the density squared": (lambda variance, slopes, density: variance * np.sum((density * slopes) ** 2),),
        },
    ),
}
