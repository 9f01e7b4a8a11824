"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers


def by_loops(h):
    numbers = [float(number) for row in np.asarray(h) for number in row]
    return sum(number * number for number in numbers) / len(numbers)


def by_norm(h):
    return np.linalg.norm(np.asarray(h, dtype=float)) ** 2 / np.size(h)


ANSWERS = {
    1: Answers(
        right=[(3,), (3.0,)],
        wrong={
            "a sum": (12,),
            "the root": (math.sqrt(3),),
            "the variance": (np.var([3, -1, 1, -1]),),
            "the mean of the sizes": (1.5,),
            "the squared mean": (0.25,),
            "one too few": (4,),
        },
    ),
    2: Answers(
        right=[(lambda h: np.mean(np.square(h)),), (by_loops,), (by_norm,), (lambda h: np.var(h) + np.mean(h) ** 2,)],
        wrong={
            "the squared mean": (lambda h: h.mean() ** 2,),
            "the variance": (lambda h: h.var(),),
            "the root": (lambda h: (h**2).mean() ** 0.5,),
            "a sum": (lambda h: (h**2).sum(),),
            "a row for each": (lambda h: (h**2).mean(axis=0),),
            "an example for each": (lambda h: (h**2).mean(axis=1),),
        },
    ),
    3: Answers(
        right=[(11,), (11.0,)],
        wrong={"the last that keeps more": (10,), "one share for all layers": (33,), "a tenth": (5,)},
    ),
    4: Answers(
        right=[
            (lambda first, last, layers: (last / first) ** (1 / (layers - 1)),),
            (lambda first, last, layers: math.exp((math.log(last) - math.log(first)) / (layers - 1)),),
            (lambda first, last, layers: np.geomspace(first, last, layers)[1] / first,),
        ],
        wrong={
            "steps for layers": (lambda first, last, layers: (last / first) ** (1 / layers),),
            "turned round": (lambda first, last, layers: (first / last) ** (1 / (layers - 1)),),
            "a difference": (lambda first, last, layers: (last - first) / (layers - 1),),
            "its logarithm": (lambda first, last, layers: math.log(last / first) / (layers - 1),),
        },
    ),
}
