"""One finding in one layer, and how sure it has to be."""

import math
from statistics import NormalDist
from typing import NamedTuple

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.live.words import number

FALSE_ALARMS = 1e-4
"""The chance that a sound network is called sick by the straying of its draw."""
COMPARISONS = 13
"""So many findings are searched for in each layer, and share that chance."""


class Found(NamedTuple):
    """One layer's finding: `severity` "fault" or "warning", what is seen, why it is so, and what to do."""

    layer: int
    severity: str
    seen: str
    reason: str
    remedy: str


def deviations(network: Network) -> float:
    """How many standard errors are not luck, so that all comparisons together give few false alarms (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * COMPARISONS * len(network.layers)))


def severity(grave: bool) -> str:
    """Name how grave a finding is."""
    return "fault" if grave else "warning"


def advice(layer: Evidence) -> str:
    """Say which standard deviation suits, as a formula and as a number."""
    suits = trend.advised(layer)
    return f"std √({suits:.3g}/fan_in) = {number(math.sqrt(suits / layer.fan_in))}"


def scaling(layer: Evidence) -> str:
    """Say by how much the weights have to be scaled."""
    if layer.weight_variance == 0:
        return f"draw the weights, {advice(layer)}"
    factor = math.sqrt(trend.advised(layer) / layer.weight_variance)
    return f"multiply the standard deviation of its weights by {factor:.3g} ({advice(layer)})"
