"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers


def by_loops(losses):
    return [min(float(loss) for loss in row if not math.isnan(loss)) for row in losses]


def by_sorting(losses):
    return np.sort(np.where(np.isnan(losses), np.inf, losses), axis=1)[:, 0]


def one_rate_for_all(losses):
    return losses[:, np.nanargmin(np.nanmean(losses, axis=0))]


def adam(mean, square, rate):
    return -rate * mean / (square**0.5 + 1e-8)


ANSWERS = {
    1: Answers(
        right=[(25.6,), (0.1 * 2**8,), (0.1 / 0.5**8,)],
        wrong={
            "the weights forgotten": (51.2,),
            "answers for steps": (102.4,),
            "the wrong way": (0.1 / 256,),
            "one layer only": (0.2,),
            "as without a change": (0.1,),
        },
    ),
    2: Answers(
        right=[(lambda losses: np.nanmin(losses, axis=1),), (by_loops,), (by_sorting,)],
        wrong={
            "NaN wins": (lambda losses: losses.min(axis=1),),
            "NaN wins where it comes first": (lambda losses: [min(row) for row in losses],),
            "one rate for all": (one_rate_for_all,),
            "the best of each rate": (lambda losses: np.nanmin(losses, axis=0),),
            "the rate for its loss": (lambda losses: np.nanargmin(losses, axis=1),),
            "the best of all": (lambda losses: np.nanmin(losses),),
            "NaN as 0": (lambda losses: np.nan_to_num(losses).min(axis=1),),
            "the mean over rates": (lambda losses: [np.mean(row[np.isfinite(row)]) for row in losses],),
        },
    ),
    3: Answers(
        right=[(18**-0.5,), (0.2,), (1 / 8,), (0.2357,)],
        wrong={
            "He's own gain": (1,),
            "variance for std": (1 / 18,),
            "the root twice": (18**-0.25,),
            "halved": (2**-0.5,),
            "the wrong way": (18**0.5,),
            "off": (0.01,),
        },
    ),
    4: Answers(
        right=[(20, 0.25), (20, 0.125), (12, 0.1), (4, 1e-5)],
        wrong={
            "a gain near 1": (20, 0.95),
            "near ε": (20, 0.38),
            "two layers": (2, 0.25),
            "too shallow": (10, 0.25),
            "Adam copes": (10, 0.5),
        },
    ),
    5: Answers(
        right=[(adam,), (lambda mean, square, rate: np.negative(mean) * rate / (np.sqrt(square) + 1e-8),)],
        wrong={
            "ε under the root": (lambda mean, square, rate: -rate * mean / np.sqrt(square + 1e-8),),
            "without ε": (lambda mean, square, rate: -rate * mean / np.sqrt(square),),
            "uphill": (lambda mean, square, rate: -adam(mean, square, rate),),
            "the sign alone": (lambda mean, _square, rate: -rate * mean / (abs(mean) + 1e-8),),
        },
    ),
}
