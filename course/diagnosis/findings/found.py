"""One finding in one layer, and how sure it has to be."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.live.words import number

FALSE_ALARMS = 1e-4
"""The chance that a sound network is called sick by the straying of its draw."""
COMPARISONS = 13
"""So many findings are searched for in each layer, and share that chance."""


MANY = 4


class Change(NamedTuple):
    """A change of one parameter: "scale" multiplies it, "draw" draws it anew with this std, "zero" and "one" set it.

    `std` is the parameter's afterwards, nan where it does not matter.
    """

    parameter: str
    action: str
    value: float = 0.0
    std: float = math.nan


class Found(NamedTuple):
    """One layer's finding: `severity` "fault" or "warning", what is seen, why it is so, and what to do.

    `change` is the remedy where the finding's name does not say which it is.
    """

    layer: int
    severity: str
    seen: str
    reason: str
    remedy: str
    change: Change | None = None


class Whole(NamedTuple):
    """A finding about the network: its name, "fault" or "warning", what is seen, why it is so, and what to do.

    `changes` are what is to be done about single parameters.
    """

    name: str
    severity: str
    seen: str
    reason: str
    remedy: str
    layer: int = 0
    changes: tuple[Change, ...] = ()


def deviations(network: Network) -> float:
    """How many standard errors are not luck, so that all comparisons together give few false alarms (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * COMPARISONS * len(network.layers)))


def severity(grave: bool) -> str:
    """Name how grave a finding is."""
    return "fault" if grave else "warning"


def listed(names: Sequence[str]) -> str:
    """Return names in a row, the first few of many."""
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY} more"


def advice(layer: Evidence) -> str:
    """Say which standard deviation suits, as a formula and as a number."""
    suits, times = trend.advised(layer), layer.times or 1.0
    if layer.tied and layer.last:
        return f"std 1/fan_in = {number(math.sqrt(suits / layer.fan_in))}"
    divided = "" if abs(times - 1) < 0.005 else f"/{number(times)}"
    return f"std √({suits:.3g}/fan_in){divided} = {number(math.sqrt(suits / layer.fan_in) / times)}"


def drawn(layer: Evidence) -> Change:
    """Return that a layer's weights are drawn anew, as `advice` says."""
    std = math.sqrt(trend.advised(layer) / layer.fan_in) / (layer.times or 1.0)
    return Change(layer.parameter, "draw", std, std)


def scaling(layer: Evidence) -> str:
    """Say by how much the weights have to be scaled."""
    if layer.weight_variance == 0:
        return f"draw the weights, {advice(layer)}"
    factor = math.sqrt(trend.advised(layer) / layer.weight_variance)
    if layer.times is None or layer.scaled_by != layer.parameter:
        return f"multiply {layer.scaled_by}, from which its weights come, by {factor:.3g} (their {advice(layer)})"
    return f"multiply the standard deviation of its weights by {factor:.3g} ({advice(layer)})"
