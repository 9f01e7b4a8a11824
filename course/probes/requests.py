"""What a run is asked for: checked arguments, and errors that name the value and what is allowed."""

import math
import operator
from typing import NamedTuple

from course import activations, data, initializers
from course.initializers import Scheme
from course.probes import programs

WIDEST = 1024


def whole(name: str, value: object, lowest: int, highest: int) -> int:
    """Give `value` as an int, or raise `ValueError` for what is no whole number in the range."""
    allowed = f"{name} must be a whole number from {lowest} to {highest}, not {value!r}"
    if isinstance(value, bool):
        raise ValueError(allowed)
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(allowed) from None
    if not lowest <= number <= highest:
        raise ValueError(allowed)
    return number


def _at_least_zero(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, not {value!r}")
    return number


def _row(activation: str) -> int:
    row = activations.named(activation)
    if row is not activations.ACTIVATIONS[row.name]:
        raise ValueError(f"activation must be one of {', '.join(activations.ACTIVATIONS)}, not {activation!r}")
    return list(activations.ACTIVATIONS).index(row.name)


class Request(NamedTuple):
    """A network to draw and run; `activation` is the row of the table."""

    seed: int
    depth: int
    size: programs.Size
    activation: int
    scheme: Scheme
    gain: float
    bias_variance: float
    inputs: str


def checked(
    seed: int,
    *,
    depth: int,
    width: int,
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    bias_variance: float = 0.0,
    batch: int = 128,
    inputs: str = "digits",
) -> Request:
    """Check the arguments of `measure`, and bring them into the form that the programs take."""
    depth = whole("depth", depth, 1, programs.DEEPEST)
    width = whole("width", width, 1, WIDEST)
    batch = whole("batch", batch, 1, len(data.digits()[0]))
    if inputs not in data.INPUTS:
        raise ValueError(f"inputs must be one of {', '.join(data.INPUTS)}, not {inputs!r}")
    return Request(
        whole("seed", seed, 0, 2**32 - 1),
        depth,
        programs.size_for(width, batch, depth),
        _row(activation),
        initializers.named(scheme) if isinstance(scheme, str) else scheme,
        _at_least_zero("gain", gain),
        _at_least_zero("bias_variance", bias_variance),
        inputs,
    )
