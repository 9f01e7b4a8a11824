"""The activation functions, one row each: in JAX for networks, in NumPy for theory and pictures."""

import math
from collections.abc import Callable, Mapping
from functools import cache, partial, wraps
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

SATURATION = 0.05
"""A unit is saturated where its |slope| is below this share of the activation's steepest slope.

One rule for all: for sigmoid it says |z| > 4.36, for tanh |z| > 2.18, for relu z <= 0, the half that is off.
"""

# Klambauer et al. 2017: the pair that gives selu its fixed point of mean 0 and variance 1.
SELU_SCALE = 1.0507009873554804934
SELU_ALPHA = 1.6732632423543772848


class Activation(NamedTuple):
    """One activation function, phi: a row of the table.

    `function` takes JAX arrays and can be differentiated by JAX; `array_function` and its derivative
    `array_slope` take NumPy arrays, give float64, and stay free of warnings up to |z| = 1e300.
    `peak_slope` is the greatest |phi'(z)|, or its supremum. At a kink the slope is the one that JAX uses.
    `shown` is the range of its values in pictures. `starts` are values of fan_in · Var w that somebody has published
    for it, beside those that follow from theory. `approximation` is how far a usual way to compute it is off.
    """

    name: str
    formula: str
    function: Callable[[jax.Array], jax.Array]
    array_function: Callable[[Any], np.ndarray]
    array_slope: Callable[[Any], np.ndarray]
    peak_slope: float
    shown: tuple[float, float] = (-3.0, 3.0)
    starts: tuple[float, ...] = ()
    approximation: float = 0.0

    @property
    def saturates(self) -> bool:
        """Whether it ends in two flat lines, as sigmoid and tanh do."""
        return bool(np.all(np.abs(self.array_slope([-40.0, 40.0])) < SATURATION * self.peak_slope))


def named(activation: str | Activation) -> Activation:
    """The activation of this name; an `Activation` is returned as it is.

    Raises ValueError for a name that is not in the table.
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}; allowed are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[activation]


def _in_float64(formula: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The same formula for anything that NumPy can turn into a float64 array."""

    @wraps(formula)
    def on_arrays(z: Any, **parameters: float) -> np.ndarray:
        return formula(np.asarray(z, float), **parameters)

    return on_arrays


# An exponential is taken of -|z| only, so that it can underflow to 0 but never overflow.


@_in_float64
def _sigmoid(z: np.ndarray) -> np.ndarray:
    decay = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, decay) / (1.0 + decay)


@_in_float64
def _sigmoid_slope(z: np.ndarray) -> np.ndarray:
    decay = np.exp(-np.abs(z))
    return decay / (1.0 + decay) ** 2


@_in_float64
def _tanh(z: np.ndarray) -> np.ndarray:
    return np.tanh(z)


@_in_float64
def _tanh_slope(z: np.ndarray) -> np.ndarray:
    # tanh(z) = 2 sigmoid(2z) - 1
    decay = np.exp(-2.0 * np.abs(z))
    return 4.0 * decay / (1.0 + decay) ** 2


@_in_float64
def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z)


@_in_float64
def _relu_slope(z: np.ndarray) -> np.ndarray:
    return (z > 0).astype(float)


@_in_float64
def _leaky_relu(z: np.ndarray, slope: float) -> np.ndarray:
    return np.where(z >= 0, z, slope * z)


@_in_float64
def _leaky_relu_slope(z: np.ndarray, slope: float) -> np.ndarray:
    return np.where(z >= 0, 1.0, slope)


@_in_float64
def _elu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0.0)))


@_in_float64
def _elu_slope(z: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(z, 0.0))


@_in_float64
def _selu(z: np.ndarray) -> np.ndarray:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


@_in_float64
def _selu_slope(z: np.ndarray) -> np.ndarray:
    return SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0.0)))


@_in_float64
def _normal_below(z: np.ndarray) -> np.ndarray:
    """Phi(z), the probability that a standard normal variable is below z."""
    halves = map(math.erfc, (-math.sqrt(0.5) * z).ravel().tolist())
    return 0.5 * np.fromiter(halves, float, z.size).reshape(z.shape)


@_in_float64
def _gelu(z: np.ndarray) -> np.ndarray:
    return z * _normal_below(z)


@_in_float64
def _gelu_slope(z: np.ndarray) -> np.ndarray:
    # Beyond |z| = 40 the density is 0 in float64; the clip keeps z^2 from overflowing.
    near = np.clip(z, -40.0, 40.0)
    return _normal_below(near) + near * np.exp(-0.5 * near**2) / math.sqrt(2.0 * math.pi)


@_in_float64
def _silu(z: np.ndarray) -> np.ndarray:
    return z * _sigmoid(z)


@_in_float64
def _silu_slope(z: np.ndarray) -> np.ndarray:
    # sigmoid'(z) underflows to 0 before z can overflow, so the product is safe.
    return _sigmoid(z) + z * _sigmoid_slope(z)


@_in_float64
def _softplus(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z) + np.log1p(np.exp(-np.abs(z)))


@_in_float64
def _linear(z: np.ndarray) -> np.ndarray:
    return z


@_in_float64
def _linear_slope(z: np.ndarray) -> np.ndarray:
    return np.ones_like(z)


def _identity(z: jax.Array) -> jax.Array:
    return jnp.asarray(z)


# gelu'' = (2 - z^2) density(z), so the slope peaks at sqrt(2): Phi(sqrt(2)) + sqrt(2) density(sqrt(2)).
_GELU_PEAK = 0.5 * math.erfc(-1.0) + math.exp(-1.0) / math.sqrt(math.pi)


def _silu_peak() -> float:
    """The slope of silu where silu''(z) = 0, that is where z tanh(z/2) = 2; z is found by Newton's method."""
    z = 2.4
    for _ in range(6):
        tanh = math.tanh(z / 2.0)
        z -= (z * tanh - 2.0) / (tanh + 0.5 * z * (1.0 - tanh**2))
    return float(_silu_slope(z))


@cache
def leaky_relu(slope: float) -> Activation:
    """The leaky ReLU max(0, z) + slope min(0, z); asking again for a slope always gives the same object.

    Compiled programs and tables of `theory` are found by the object, so none is ever forgotten (about a kilobyte each).

    Raises ValueError for a slope that is not a finite number.
    """
    if not math.isfinite(slope):
        raise ValueError(f"slope is {slope!r}; allowed is a finite number, 0.01 for example")
    return Activation(
        name="leaky_relu",
        formula=f"max(0, z) + {slope:g} min(0, z)",
        function=partial(jax.nn.leaky_relu, negative_slope=slope),
        array_function=partial(_leaky_relu, slope=slope),
        array_slope=partial(_leaky_relu_slope, slope=slope),
        peak_slope=max(1.0, abs(slope)),
        starts=(1.6, 2.0),  # He et al. 2015: 2/(1 + slope²), for slopes up to one half
    )


_ROWS = (
    Activation(
        "sigmoid",
        "1 / (1 + exp(-z))",
        jax.nn.sigmoid,
        _sigmoid,
        _sigmoid_slope,
        0.25,
        shown=(0.0, 1.0),
        starts=(1.0, 16.0),  # Glorot and Bengio 2010; four times wider: Bengio 2012
    ),
    Activation(
        "tanh",
        "tanh(z)",
        jnp.tanh,
        _tanh,
        _tanh_slope,
        1.0,
        shown=(-1.0, 1.0),
        starts=(1.0, 25 / 9),  # Glorot and Bengio 2010; PyTorch's gain is 5/3
    ),
    Activation("relu", "max(0, z)", jax.nn.relu, _relu, _relu_slope, 1.0, shown=(0.0, 3.0)),
    leaky_relu(0.01),
    Activation("elu", "z if z > 0 else exp(z) - 1", jax.nn.elu, _elu, _elu_slope, 1.0, starts=(1.0, 2.0)),
    Activation(
        "selu",
        "1.0507 (z if z > 0 else 1.6733 (exp(z) - 1))",
        jax.nn.selu,
        _selu,
        _selu_slope,
        SELU_SCALE * SELU_ALPHA,
    ),
    Activation(
        "gelu",
        "z Phi(z)",
        partial(jax.nn.gelu, approximate=False),
        _gelu,
        _gelu_slope,
        _GELU_PEAK,
        starts=(2.0,),
        approximation=1e-3,  # that by tanh errs by 5e-4
    ),
    Activation("silu", "z / (1 + exp(-z))", jax.nn.silu, _silu, _silu_slope, _silu_peak(), starts=(2.0,)),
    Activation(
        "softplus",
        "log(1 + exp(z))",
        jax.nn.softplus,
        _softplus,
        _sigmoid,
        1.0,
        shown=(0.0, 3.0),
        starts=(1.0, 2.0),
    ),
    Activation("linear", "z", _identity, _linear, _linear_slope, 1.0),
)

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({row.name: row for row in _ROWS})
"""Every activation function of the course by name, in the order of the menus."""
