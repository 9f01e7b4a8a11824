"""Answers to the exercises of this page."""

import numpy as np

from answers import Answers


def drawn(scale):
    """Uniform weights whose bound is `scale(d, mean_square)`."""
    return lambda rng, d, mean_square: scale(d, mean_square) * rng.uniform(-1, 1, d)


def by_hand(rng, d, mean_square):
    bound = np.sqrt(3 / d) / np.sqrt(mean_square)
    return [2 * bound * (number - 0.5) for number in rng.random(d)]


def from_global_numbers(_rng, d, mean_square):
    return np.random.default_rng().uniform(-1, 1, size=d) * (3 / d / mean_square) ** 0.5


def by_moments(mean_x, var_x, mean_y, var_y):
    return (var_x + mean_x**2) * (var_y + mean_y**2) - (mean_x * mean_y) ** 2


ANSWERS = {
    1: Answers(
        right=[(0.1,), (np.sqrt(0.01),), (0.1 + 1e-4,)],
        wrong={
            "b² for the variance": (300**-0.5,),
            "variance for the bound": (3 / 300,),
            "d/3 for 3/d": (10,),
            "length for bound": (0.2,),
        },
    ),
    2: Answers(
        right=[(by_hand,), (from_global_numbers,)],
        wrong={
            "1/√d: variance 1/3": (drawn(lambda d, _q: d**-0.5),),
            "mean square left out": (drawn(lambda d, _q: (3 / d) ** 0.5),),
            "mean square for its root": (drawn(lambda d, q: (3 / d) ** 0.5 / q),),
            "bound for std": (drawn(lambda d, q: (d * q) ** -0.5),),
            "normal for uniform": (lambda rng, d, q: rng.normal(0, (d * q) ** -0.5, d),),
            "only one sign": (lambda rng, d, q: rng.uniform(0, (3 / d / q) ** 0.5, d),),
        },
    ),
    3: Answers(
        right=[(1 / 9,), (0.111,)],
        wrong={
            "nine times too wide": (1,),
            "variance for mean square": (1 / 36,),
            "inputs of mean square 1": (1 / 3,),
            "mean for mean square": (0.5 / 3,),
            "squared mean for mean square": (1 / 12,),
        },
    ),
    4: Answers(
        right=[(13,), (13.0,)],
        wrong={"one layer early": (12,), "std for variance": (26,), "powers of ten": (6,), "late": (20,)},
    ),
    5: Answers(
        right=[(by_moments,)],
        wrong={
            "means crossed": (lambda mx, vx, my, vy: vx * vy + mx**2 * vx + my**2 * vy,),
            "product of mean squares": (lambda mx, vx, my, vy: (vx + mx**2) * (vy + my**2),),
            "means not squared": (lambda mx, vx, my, vy: vx * vy + mx * vy + my * vx,),
        },
    ),
}
