"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers
from course import activations, theory
from course.initializers import SCHEMES

MEAN = 0.9 / math.sqrt(2 * math.pi)


def by_scheme(fan_in, _fan_out):
    return math.sqrt(3 * SCHEMES["he_uniform"].scale / fan_in)


def by_quadrature(a):
    return theory.gain(activations.leaky_relu(float(a)))


ANSWERS = {
    1: Answers(
        right=[(0.505 - MEAN**2,), (0.376,)],
        wrong={
            "mean square for variance": (0.505,),
            "the mean": (MEAN,),
            "the squared mean": (MEAN**2,),
            "ReLU's": (0.341,),
            "std for variance": ((0.505 - MEAN**2) ** 0.5,),
            "the mean not squared": (0.505 - MEAN,),
            "plus in the mean": (0.505 - 1.1**2 / (2 * math.pi),),
            "a not squared": (0.55 - MEAN**2,),
            "added": (0.505 + MEAN**2,),
        },
    ),
    2: Answers(
        right=[
            (lambda fan_in, _fan_out: np.sqrt(6 / fan_in),),
            (lambda fan_in, _fan_out: math.sqrt(3) * (2 / fan_in) ** 0.5,),
            (by_scheme,),
        ],
        wrong={
            "the factor 2 for ReLU is missing": (lambda n, _m: np.sqrt(3 / n),),
            "fan_out for fan_in": (lambda _n, m: np.sqrt(6 / m),),
            "std for bound": (lambda n, _m: np.sqrt(2 / n),),
            "nine times too narrow": (lambda n, _m: np.sqrt(2 / n / 3),),
            "right for square layers only": (lambda n, m: np.sqrt(6 / ((n + m) / 2)),),
            "Xavier's bound": (lambda n, m: np.sqrt(6 / (n + m)),),
            "Xavier's bound divided by 2": (lambda n, m: np.sqrt(6 / (n + m)) / 2,),
            "Xavier's bound times 2": (lambda n, m: np.sqrt(24 / (n + m)),),
            "twice He's variance": (lambda n, _m: np.sqrt(12 / n),),
            "the standard start": (lambda n, _m: n**-0.5,),
            "only the 6 under the root": (lambda n, _m: np.sqrt(6) / n,),
            "no root": (lambda n, _m: 6 / n,),
            "variance for bound": (lambda n, _m: 2 / n,),
            "upside down": (lambda n, _m: np.sqrt(n / 6),),
        },
    ),
    3: Answers(
        right=[(math.sqrt(2),), (1.414,)],
        wrong={
            "variance for std": (2,),
            "the wrong way": (0.7071,),
            "half": (0.5,),
            "as it is": (1,),
            "the uniform distribution's √3": (3**0.5,),
            "the gain for tanh": (5 / 3,),
            "√6": (6**0.5,),
        },
    ),
    4: Answers(
        right=[(16, 100), (20, 90), (24, 100)],
        wrong={"shallow": (16, 5), "wide": (256, 100), "not enough": (64, 50)},
    ),
    5: Answers(
        right=[(lambda a: np.sqrt(2 / (1 + a**2)),), (lambda a: np.sqrt(2) / np.hypot(1, a),), (by_quadrature,)],
        wrong={
            "no root": (lambda a: 2 / (1 + a**2),),
            "upside down": (lambda a: np.sqrt((1 + a * a) / 2),),
            "the factor 2 is missing": (lambda a: 1 / np.hypot(1, a),),
            "minus for plus": (lambda a: np.sqrt(np.divide(2, 1 - a**2)),),
            "the sum squared": (lambda a: np.sqrt(2 / (1 + a) ** 2),),
            "ReLU's": (lambda _a: np.sqrt(2),),
            "half of the root": (lambda a: np.sqrt(2) / (1 + a**2),),
            "the variance for the mean square": (lambda a: 1 / np.sqrt((1 + a**2) / 2 - (1 - a) ** 2 / (2 * np.pi)),),
        },
    ),
}
