"""What the predictions take and give: variances checked layer by layer, and read-only results."""

import math
from collections.abc import Sequence
from numbers import Integral

import numpy as np

Variance = float | Sequence[float] | np.ndarray
"""A number for all layers, or one for every layer."""


def checked_count(name: str, count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"{name} is {count!r}; allowed is a whole number, 1 or more")
    return int(count)


def per_layer(name: str, variance: Variance, depth: int) -> tuple[float, ...]:
    """The variance of every layer, checked."""
    values = np.asarray(variance, float)
    if values.shape not in ((), (depth,)):
        raise ValueError(f"{name} has shape {values.shape}; allowed is a number or an array of shape ({depth},)")
    if not np.all((values >= 0) & (values < math.inf)):
        raise ValueError(f"{name} is {variance!r}; allowed is a finite number, 0 or more")
    return tuple(np.broadcast_to(values, (depth,)).tolist())


def checked_variance(name: str, variance: float) -> float:
    """One variance, checked."""
    return per_layer(name, variance, 1)[0]


def checked_variances(name: str, variances: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """The values along one axis of a plane, checked."""
    values = np.asarray(variances, float)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"{name} have shape {values.shape}; allowed is a list of one number or more")
    if not np.all((values >= 0) & (values <= 1e6)):
        raise ValueError(f"{name} are {variances!r}; allowed are numbers from 0 to 1e6")
    return tuple(values.tolist())


def frozen(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """A read-only array: results are kept for the next call, and must stay as they are."""
    array = np.array(values, float)
    array.setflags(write=False)
    return array
