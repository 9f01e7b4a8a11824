"""Which weight variances suit an activation function, fan_in · Var w: what `diagnose` holds a network against."""

import math
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from course import activations, theory
from course.diagnosis.functions import named

DEPTH = 50
"""Starts are compared over so many layers."""


class Start(NamedTuple):
    """Between `low` and `high` a start is as somebody meant it, and `best` is the advice.

    All are fan_in · Var w of a layer whose inputs come out of one activation function.
    """

    low: float
    best: float
    high: float


@cache
def suitable(activation: str | None) -> Start:
    """Return what is published for an activation and what follows from theory; for a function without a name, linear's.

    By theory 1/E[φ(z)²] keeps the signal, and χ₁ = 1 the gradient. The latter counts where it is the smaller one:
    sigmoid's, 103, would saturate most units.
    """
    row = named(activation or "linear")
    keeps_signal = theory.gain(row) ** 2
    keeps_gradient = theory.critical_weight_variance(row, 0.0)
    best = min((*row.starts, keeps_signal, min(keeps_gradient, keeps_signal)), key=partial(_strain, row))
    known = *row.starts, keeps_signal, best
    return Start(min(known), best, max(known))


def _strain(activation: activations.Activation, variance: float) -> float:
    """How much signal or gradient changes over many layers, whichever changes more, as a logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a signal may die within these layers
        signal = np.log(theory.activation_second_moments(activation, DEPTH, variance))
        gradient = np.log(theory.gradient_variances(activation, DEPTH, variance))
        strain = max(np.ptp(np.append(signal, 0.0)), np.ptp(gradient))
    return strain if math.isfinite(strain) else math.inf


SINE = 2.0
"""A sine behind a sine as Sitzmann and others 2020 draw it, U(±√(6/fan_in)/ω), for networks of few layers."""
INPUTS = 1.0, 2.0
"""Data suit LeCun's variance and He's."""


def accepted(fed_by: str | None, own: str | None, *, first: bool, last: bool) -> tuple[float, float]:
    """The weight variances that suit a layer that is fed by one activation function and has its own.

    What is fed by data, or by a function that is not in the table (`None`), may have anything from LeCun's to He's;
    the `first` layer may also be scaled for its own function, as if that had fed it. A `last` layer may be smaller:
    many start it so on purpose, U(-0.003, 0.003) or 0, and nothing follows that could starve.
    """
    rows = [suitable(name) for name in (own if first and not last else None, fed_by) if name is not None]
    intervals = [(row.low, row.high) for row in rows] + ([INPUTS] if first or not rows else [])
    low, high = min(low for low, _ in intervals), max(high for _, high in intervals)
    return (0.0 if last else low), high


def distance(variance: float, interval: tuple[float, float]) -> float:
    """How far a variance is from an interval, in logarithms: below it negative, -inf for 0."""
    low, high = interval
    if variance == 0:
        return -math.inf
    below = min(0.0, math.log(variance / low)) if low else 0.0
    return below + max(0.0, math.log(variance) - math.log(high))
