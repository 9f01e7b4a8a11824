"""Which weight variances suit an activation function, fan_in · Var w: what `diagnose` holds a network against."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Start(NamedTuple):
    """A row of the table: between `low` and `high` a start is as somebody meant it, and `best` is the advice.

    All are fan_in · Var w of a layer whose inputs come out of `activation`. `source` says whose advice it is.
    """

    activation: str
    low: float
    best: float
    high: float
    source: str


_ROWS = (
    # Even the widest of these lets the gradient die in a deep network: its finding says so.
    Start("sigmoid", 1.0, 16.0, 16.0, "Bengio 2012: four times wider than Glorot's"),
    Start("tanh", 1.0, 1.0, 25 / 9, "LeCun, Glorot"),
    Start("relu", 2.0, 2.0, 2.0, "He"),
    Start("leaky_relu", 1.6, 2.0, 2.0, "He"),  # 2/(1 + slope²), for slopes up to one half
    Start("elu", 1.0, 1.55, 2.0, "1/E[φ(z)²]"),
    Start("selu", 1.0, 1.0, 1.0, "LeCun"),
    Start("gelu", 2.0, 2.155, 2.352, "χ₁ = 1"),  # from He's to 1/E[φ(z)²]
    Start("silu", 2.0, 2.43, 2.811, "χ₁ = 1"),
    Start("softplus", 1.0, 2.0, 2.0, "He"),
    Start("linear", 1.0, 1.0, 1.0, "LeCun"),
)

STARTS: Mapping[str, Start] = MappingProxyType({row.activation: row for row in _ROWS})
"""The starts that suit each activation function of the course, by its name."""
INPUTS = 1.0, 2.0
"""Data suit LeCun's variance and He's."""
SMALL_LAST = 1e-3
"""A last layer may be this much smaller: many start it so on purpose, and nothing follows that could starve."""


def accepted(fed_by: str | None, own: str | None, *, first: bool, last: bool) -> tuple[float, float]:
    """The weight variances that suit a layer that is fed by one activation function and has its own.

    What is fed by data, or by a function that is not in the table (`None`), may have anything from LeCun's to He's;
    the `first` layer may also be scaled for its own function, as if that had fed it.
    """
    rows = [STARTS[name] for name in (own if first and not last else None, fed_by) if name in STARTS]
    intervals = [(row.low, row.high) for row in rows] + ([INPUTS] if first or not rows else [])
    low, high = min(low for low, _ in intervals), max(high for _, high in intervals)
    return (SMALL_LAST * low if last else low), high


def best(fed_by: str | None) -> Start:
    """The advice for a layer that is fed by an activation function."""
    return STARTS.get(fed_by, STARTS["linear"])


def distance(variance: float, interval: tuple[float, float]) -> float:
    """How far a variance is from an interval, in logarithms: below it negative, -inf for 0."""
    low, high = interval
    if variance == 0:
        return -math.inf
    return min(0.0, math.log(variance / low)) + max(0.0, math.log(variance / high))
