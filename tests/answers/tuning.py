"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers
from course.tuning import Parameter


def by_exponential(generator, low, high):
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def by_power_of_ten(generator, low, high):
    return 10 ** generator.uniform(math.log10(low), math.log10(high))


def by_ratio(generator, low, high):
    return low * (high / low) ** generator.random()


def measured(point):
    """A stand-in for the page's map: good near gain 1 at the rates from 0.015 to 0.6, with a slope outside."""
    away = max(abs(math.log2(point["gain"])) - 0.8, 0) + max(abs(math.log10(point["learning_rate"] / 0.095)) - 0.8, 0)
    return min(0.3 + 5 * away, math.log(10))


def box(gain, rate, log=True):
    return {"gain": Parameter(*gain, log), "learning_rate": Parameter(*rate, log)}, measured


def finite_or_not(losses):
    return sum(1 for loss in losses if loss < 1) / len(losses)


ANSWERS = {
    1: Answers(
        right=[(299,), (math.ceil(math.log(0.05, 0.99)),)],
        wrong={
            "chances added": (95,),
            "rounded down": (298,),
            "the mean wait": (100,),
            "the median wait": (69,),
            "99 % for 95 %": (459,),
            "a rule of thumb": (300,),
        },
    ),
    2: Answers(
        right=[(by_exponential,), (by_power_of_ten,), (by_ratio,)],
        wrong={
            "the rate itself is uniform": (lambda generator, low, high: generator.uniform(low, high),),
            "the logarithm is given back": (lambda g, low, high: g.uniform(math.log(low), math.log(high)),),
            "the decimal logarithm is given back": (lambda g, low, high: g.uniform(math.log10(low), math.log10(high)),),
            "exponents of the ends": (lambda g, low, high: math.exp(g.uniform(low, high)),),
            "ten to the power of the ends": (lambda g, low, high: 10 ** g.uniform(low, high),),
            "ten to the power of natural logarithms": (lambda g, low, high: 10 ** g.uniform(*np.log([low, high])),),
            "another generator": (lambda _g, low, high: by_ratio(np.random.default_rng(), low, high),),
            "the same draw": (lambda _g, low, high: by_ratio(np.random.default_rng(0), low, high),),
        },
    ),
    3: Answers(
        right=[
            box((0.8, 1.25), (0.02, 0.5)),
            box((0.9, 1.1), (0.05, 0.15)),
            box((0.7, 1.5), (0.03, 0.3)),
            box((0.9, 1.1), (0.05, 0.15), log=False),
        ],
        wrong={
            "no room left": box((0.9, 1.1), (0.1, 0.2)),
            "the large box": box((0.25, 4), (0.001, 10)),
            "He's gain left out": box((2.5, 4), (0.02, 0.5)),
            "the gain left open": box((0.25, 4), (0.001, 1)),
            "no logarithm": box((0.9, 1.1), (0.5, 9), log=False),
            "the wrong rates": box((0.9, 1.1), (2, 9)),
        },
    ),
    4: Answers(
        right=[(lambda losses: np.mean(np.asarray(losses) < 1),), (finite_or_not,)],
        wrong={
            "a count": (lambda losses: np.sum(losses < 1),),
            "turned round": (lambda losses: 1 - np.mean(losses < 1),),
            "diverged runs count as learned": (lambda losses: np.mean(np.where(np.isinf(losses), 0, losses) < 1),),
            "the share that ended": (lambda losses: np.isfinite(losses).mean(),),
        },
    ),
}
