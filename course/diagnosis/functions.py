"""Activation functions that networks use and the course's menus do not have, so that `diagnose` knows them."""

from collections.abc import Callable
from functools import partial

import numpy as np

from course.activations import ACTIVATIONS, Activation

_PLACES = np.linspace(-20, 20, 40_001)
_STEP = 1e-4


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
)
KNOWN = {**ACTIVATIONS, **{row.name: row for row in _ROWS}}
"""All functions that `diagnose` recognizes, by name."""
GATES = ("sigmoid", "hardsigmoid", "softplus", "sin")
"""Functions whose biases may be meant: gates that start open or shut, steps that start short, phases."""
