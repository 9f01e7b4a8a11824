"""Findings about what enters a network: its tables, and the arrays of the batch beside the first."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from course.diagnosis.evidence import Network
from course.diagnosis.findings.found import Whole, severity
from course.diagnosis.findings.numbers import BEARABLE, USUAL
from course.live.words import number


class Entering(NamedTuple):
    """An array that enters layers: its mean square, its name, and what to do if it is loud."""

    mean_square: float
    name: str
    remedy: str


def arrays(network: Network) -> Iterator[Entering]:
    """Tables that layers receive, and the batch; tables that answer alone: see `losses.products`."""
    for one in network.parameters if any(layer.last for layer in network.layers) else ():
        if one.use == "table":
            remedy = f"draw {one.name} with a standard deviation of 1 or less"
            yield Entering(one.mean**2 + one.std**2, f"the table {one.name}", remedy)
    first = [] if network.inputs is None else [network.inputs.second_moment]
    for mean_square in (*first, *network.others):
        yield Entering(mean_square, "an array of the batch", "standardize the data, better feature by feature")


def loud(network: Network) -> Iterator[Whole]:
    """Tables and arrays that are loud where they enter; the first array is judged by `numbers.unscaled_inputs`."""
    if network.inputs is not None and network.inputs.second_moment >= USUAL[1]:
        return
    loudest = max(arrays(network), default=Entering(0.0, "", ""))
    received = [layer.input_second_moment for layer in network.layers if layer.from_data]
    loud = min(loudest.mean_square, max(received, default=math.inf))
    if loud > USUAL[1]:
        yield Whole(
            "unscaled inputs",
            severity(loud > BEARABLE[1]),
            f"{loudest.name} has a root mean square of {number(math.sqrt(loudest.mean_square))}",
            "starts are made for inputs of mean 0 and mean square 1",
            loudest.remedy,
        )
