"""The activation functions that `diagnose` knows, by name and by their values; some the course's menus do not have."""

from collections.abc import Callable
from functools import partial

import numpy as np

from course.activations import ACTIVATIONS, Activation

_PLACES = np.linspace(-20, 20, 40_001)
_STEP = 1e-4
COMPARED = 256
"""As many values are compared to recognize a function."""
ROUNDINGS = {"float16": 4e-3, "bfloat16": 3e-2}
"""How far values may be from a function's, relative to 1 and to themselves; 1e-4 in other types."""


def named(activation: str | Activation) -> Activation:
    """Return the activation function of this name, of the course's table or of this one."""
    if isinstance(activation, Activation):
        return activation
    return KNOWN[activation]


def _row(name: str, formula: str, function: Callable[[np.ndarray], np.ndarray], *starts: float) -> Activation:
    """Return a row whose slope is a difference quotient."""

    def values(z):
        with np.errstate(all="ignore"):  # an overflow is a result
            return function(np.asarray(z, float))

    def slope(z):
        z = np.asarray(z, float)
        with np.errstate(invalid="ignore"):
            return (values(z + _STEP) - values(z - _STEP)) / (2 * _STEP)

    steepest = float(np.abs(slope(_PLACES)).max())
    return Activation(name, formula, function, values, slope, steepest, starts=starts)


def _softplus(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


_ROWS = (
    _row("mish", "z tanh(softplus(z))", lambda z: z * np.tanh(_softplus(z)), 2.0),
    _row("hardswish", "z relu6(z + 3) / 6", lambda z: z * np.clip(z + 3, 0, 6) / 6, 2.0),
    _row("hardsigmoid", "relu6(z + 3) / 6", lambda z: np.clip(z + 3, 0, 6) / 6, 1.0, 16.0),
    _row("relu6", "min(max(0, z), 6)", lambda z: np.clip(z, 0, 6), 2.0),
    _row("hardtanh", "min(max(-1, z), 1)", partial(np.clip, a_min=-1, a_max=1), 1.0, 25 / 9),
    _row("softsign", "z / (1 + |z|)", lambda z: z / (1 + np.abs(z)), 1.0, 25 / 9),
    _row("logsigmoid", "log(sigmoid(z))", lambda z: -_softplus(-z), 1.0, 2.0),
    _row("tanhshrink", "z - tanh(z)", lambda z: z - np.tanh(z), 1.0),
    _row("squared relu", "max(0, z)²", lambda z: np.maximum(z, 0) ** 2, 1.0, 2.0),
    _row("sin", "sin(z)", np.sin, 1.0, 2.0),
    _row("arctan", "arctan(z)", np.arctan, 1.0, 25 / 9),
    _row("quick gelu", "z sigmoid(1.702 z)", lambda z: z * (1 + np.tanh(0.851 * z)) / 2, 2.0),
)
KNOWN = {**ACTIVATIONS, **{row.name: row for row in _ROWS}}
"""All functions that `diagnose` recognizes, by name."""
GATES = ("sigmoid", "hardsigmoid", "softplus", "sin")
"""Functions whose biases may be meant: gates that start open or shut, steps that start short, phases."""


def recognized(preactivations: np.ndarray, activations: np.ndarray, dtype: str = "") -> str | None:
    """Return the name of the nonlinear function of the table that turns the one into the other, or `None`.

    Of several that agree within the precision of the arrays, the one that agrees best.
    """
    if np.shape(preactivations) != np.shape(activations):
        return None
    stride = np.size(preactivations) // COMPARED | 1  # odd: of 2ⁿ units each has its turn
    z, h = (np.asarray(part, float).ravel()[::stride] for part in (preactivations, activations))
    if np.array_equal(z, h) or not (np.isfinite(z).all() and np.isfinite(h).all()):
        return None
    rounding = max(ROUNDINGS.get(kind, 1e-4) for kind in (dtype, str(preactivations.dtype), str(activations.dtype)))
    misses = {name: _miss(name, z, h, rounding) for name in KNOWN if name != "linear"}
    best = min(misses, key=misses.get)
    if misses[best] <= 1:
        return best
    return "leaky_relu" if _is_leaky(z, h, rounding) else None


def _miss(name: str, z: np.ndarray, h: np.ndarray, rounding: float) -> float:
    """How far values are from an activation function's, in units of what is forgiven."""
    row = KNOWN[name]
    allowed = max(rounding, row.approximation) * min(1.0, float(np.abs(z).max()))
    expected = row.array_function(z)
    return float(np.max(np.abs(expected - h) / (allowed + rounding * np.abs(expected) + 1e-300)))


def _is_leaky(z: np.ndarray, h: np.ndarray, rounding: float) -> bool:
    """Whether positive values are kept, and negative ones multiplied by one factor from 0 to 1."""
    below = z < 0
    if not below.any() or not (~below).any() or not np.allclose(h[~below], z[~below], rtol=rounding):
        return False
    slope = float(h[below] @ z[below] / (z[below] @ z[below]))
    return 0 <= slope < 0.9 and np.allclose(h[below], slope * z[below], rtol=2 * rounding)
