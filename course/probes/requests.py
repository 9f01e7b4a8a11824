"""What a run is asked for: checked arguments, and errors that name the value and what is allowed."""

import math
import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course import activations, data, initializers
from course.initializers import Scheme
from course.probes import engine, programs
from course.probes.draws import DEEPEST
from course.probes.results import LIMITS, Limits

WIDEST = 1024


def whole(name: str, value: object, lowest: int, highest: int) -> int:
    """Return `value` as an int, or raise `ValueError` for what is no whole number in the range."""
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
    width: int
    size: programs.Size
    activation: int
    scheme: Scheme
    gain: float
    bias_variance: float
    inputs: str

    @property
    def weight_std(self) -> float:
        """The standard deviation of the weights of a square layer."""
        return initializers.standard_deviation(self.scheme, (self.width, self.width), self.gain)

    @property
    def bias_std(self) -> float:
        """The standard deviation of the biases."""
        return math.sqrt(self.bias_variance)


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
    depth = whole("depth", depth, 1, DEEPEST)
    width = whole("width", width, 1, WIDEST)
    batch = whole("batch", batch, 1, len(data.digits()[0]))
    if inputs not in data.INPUTS:
        raise ValueError(f"inputs must be one of {', '.join(data.INPUTS)}, not {inputs!r}")
    return Request(
        whole("seed", seed, 0, 2**32 - 1),
        depth,
        width,
        programs.size_for(width, batch, depth),
        _row(activation),
        initializers.named(scheme) if isinstance(scheme, str) else scheme,
        _at_least_zero("gain", gain),
        _at_least_zero("bias_variance", bias_variance),
        inputs,
    )


def settings_of(
    run: Request,
    *,
    widths: Sequence[int] | None = None,
    weight_std: Sequence[float] | None = None,
    limits: Limits = LIMITS,
) -> engine.Settings:
    """Bring a request into the numbers that the engine takes; its layers are square unless `widths` are given."""
    units, per_layer = np.zeros(run.size.capacity + 1, np.int32), np.zeros(run.size.capacity, np.float32)
    units[: run.depth + 1] = run.width if widths is None else widths
    per_layer[: run.depth] = run.weight_std if weight_std is None else weight_std
    numbers = np.int32(run.activation), np.int32(run.depth)
    counted = np.array([asked_for is not None for asked_for in limits])
    ranges = np.array([asked_for or (0, 1) for asked_for in limits], np.float32)
    return engine.Settings(*numbers, units, per_layer, np.float32(run.bias_std), ranges, counted)
