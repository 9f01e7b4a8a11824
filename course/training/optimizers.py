"""What a step makes of a gradient: plain gradient descent, written out here; all past it comes from optax."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax

MOMENTUM = 0.9
"""What is kept of the last step's velocity, in every run with momentum."""
WARMUP_SHARE = 0.1
"""The share of all steps that a warm-up takes."""


class Optimizer(NamedTuple):
    """What an optax transformation is too: `init(parameters)` and `update(gradients, state, parameters)`."""

    init: Callable[[Any], Any]
    update: Callable[..., tuple[Any, Any]]


def _sgd(learning_rate: jax.Array) -> Optimizer:
    # θ ← θ − η ∂C/∂θ
    def update(gradients, state, _parameters=None):
        return jax.tree.map(lambda gradient: -learning_rate * gradient, gradients), state

    return Optimizer(lambda _parameters: (), update)


def _momentum(learning_rate: jax.Array) -> Optimizer:
    import optax  # a second of import that plain gradient descent does without

    return optax.sgd(learning_rate, momentum=MOMENTUM)


def _adam(learning_rate: jax.Array) -> Optimizer:
    import optax

    return optax.adam(learning_rate)


OPTIMIZERS: Mapping[str, Callable[[jax.Array], Optimizer]] = MappingProxyType(
    {"sgd": _sgd, "momentum": _momentum, "adam": _adam}
)
"""Optimizers by name, each for a learning rate that may be traced: SGD, SGD with momentum 0.9 (Polyak 1964), and Adam
with its usual constants (Kingma and Ba 2015)."""


def _constant(_steps: int) -> Callable[[jax.Array], Any]:
    return lambda _step: 1.0


def _warmup(steps: int) -> Callable[[jax.Array], Any]:
    import optax

    rising = max(1, round(WARMUP_SHARE * steps))
    return optax.linear_schedule(1 / rising, 1.0, rising)


def _cosine(steps: int) -> Callable[[jax.Array], Any]:
    import optax

    return optax.cosine_decay_schedule(1.0, steps)


SCHEDULES: Mapping[str, Callable[[int], Callable[[jax.Array], Any]]] = MappingProxyType(
    {"constant": _constant, "warmup": _warmup, "cosine": _cosine}
)
"""What the learning rate is multiplied by at each of so many steps: 1, a rise over the first tenth, half a cosine."""
