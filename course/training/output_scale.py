"""Lazy or rich: one small network, one problem with one direction that matters, and an output scale.

The network is f(x) = α (g(x) − g₀(x)), where g(x) = Σ a φ(w·x/√d)/√n is a ReLU network with N(0, 1) weights and g₀ what
it was before training. It descends on 1/α² times half the mean squared error, all examples at once, so that the
outputs move equally fast at first whatever α is (Chizat, Oyallon and Bach 2019, section 1).
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

FEATURES, EXAMPLES, WIDTH = 10, 100, 256
"""The size of the problem and of the network."""
TESTED = 1_000
"""As many other examples are asked."""
POWER_STEPS = 8
"""Steps of the power iteration for the sharpness at each record; each begins where the last one ended."""


class Problem(NamedTuple):
    """Inputs N(0, 1) `(examples, FEATURES)`, and targets `(examples,)`, |u·x| less its mean, for a unit vector u."""

    inputs: np.ndarray
    targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray
    direction: np.ndarray


class Weights(NamedTuple):
    """`first` w of shape `(FEATURES, WIDTH)`, `last` a of shape `(WIDTH,)`."""

    first: jax.Array
    last: jax.Array


class Descent(NamedTuple):
    """What was recorded at `steps` `(records,)`; arrays of shape `(scales, records)`.

    `losses` and `test_losses` are half the mean squared errors, `moved` is the weights' distance from where they
    began over their size then, `along` the share of the first weights' squares along the problem's direction, and
    `sharpness` the greatest eigenvalue of the Hessian of what is descended.
    """

    steps: np.ndarray
    losses: np.ndarray
    test_losses: np.ndarray
    moved: np.ndarray
    along: np.ndarray
    sharpness: np.ndarray


def problem(seed: int) -> Problem:
    """Draw the examples of a seed, and the direction u."""
    random = np.random.default_rng(seed)
    direction = random.normal(size=FEATURES)
    direction /= np.linalg.norm(direction)
    inputs, others = (random.normal(size=(count, FEATURES)) for count in (EXAMPLES, TESTED))
    targets, other_targets = (np.abs(values @ direction) - np.sqrt(2 / np.pi) for values in (inputs, others))
    return Problem(inputs, targets, others, other_targets, direction)


def size_at_start() -> float:
    """Return the length of all weights together before training, the root of their number, as it is on average."""
    return float(np.sqrt((FEATURES + 1) * WIDTH))


def outputs(weights: Weights, inputs: jax.Array) -> jax.Array:
    """Return g of a batch, before any output scale."""
    hidden = jax.nn.relu(inputs @ weights.first / np.sqrt(FEATURES))
    return hidden @ weights.last / np.sqrt(WIDTH)


def descend(
    scales: Sequence[float], learning_rate: float, seed: int = 0, *, steps: int = 1000, records: int = 100
) -> Descent:
    """Train a network of this seed from each output scale for some steps, a multiple of `records`.

    Raises `ValueError` for other steps, and for a scale or a rate that is not above 0.
    """
    if not all(0 < scale < np.inf for scale in scales):
        raise ValueError(f"scales are {list(scales)!r}; allowed are finite numbers above 0")
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate is {learning_rate!r}; allowed is a finite number above 0")
    if records < 1 or steps % records:
        raise ValueError(f"steps are {steps!r}; allowed is a multiple of the records, {records!r}")
    random = np.random.default_rng((seed, 1))
    begun = Weights(random.normal(size=(FEATURES, WIDTH)), random.normal(size=WIDTH))
    begun = jax.tree.map(np.float32, begun)
    arguments = jax.tree.map(np.float32, problem(seed))
    found = _descend(np.float32(scales), begun, arguments, np.float32(learning_rate), records, steps // records)
    return Descent(np.arange(records + 1) * (steps // records), *(np.asarray(part, float) for part in found))


@functools.partial(jax.jit, static_argnames=("records", "between"))
def _descend(scales, begun: Weights, given: Problem, rate, records: int, between: int):
    return jax.vmap(lambda scale: _one(scale, begun, given, rate, records, between))(scales)


def _one(scale, begun: Weights, given: Problem, rate, records: int, between: int):
    def loss(weights, inputs, targets):
        return jnp.mean((scale * (outputs(weights, inputs) - outputs(begun, inputs)) - targets) ** 2) / 2

    def descended(weights):
        return loss(weights, given.inputs, given.targets) / scale**2

    def record(weights, along):
        sharpness, along = _sharpness(descended, weights, along)
        values = (
            loss(weights, given.inputs, given.targets),
            loss(weights, given.test_inputs, given.test_targets),
            _size(jax.tree.map(jnp.subtract, weights, begun)) / _size(begun),
            jnp.sum((given.direction @ weights.first) ** 2) / jnp.sum(weights.first**2),
            sharpness,
        )
        return along, values

    def stretch(state, _number):
        weights, along = state

        def step(_number, own):
            return jax.tree.map(lambda part, slope: part - rate * slope, own, jax.grad(descended)(own))

        along, values = record(weights, along)
        return (lax.fori_loop(0, between, step, weights), along), values

    (weights, along), rows = lax.scan(stretch, (begun, begun), length=records)
    return jax.tree.map(lambda some, last: jnp.append(some, last), rows, record(weights, along)[1])


def _size(weights: Weights) -> jax.Array:
    return jnp.sqrt(sum(jnp.sum(part**2) for part in weights))


def _sharpness(loss, weights: Weights, vector: Weights) -> tuple[jax.Array, Weights]:
    """Return the greatest eigenvalue of a loss's Hessian, by power iteration from a vector, and its eigenvector."""

    def multiply(_number, state):
        _length, along = state
        product = jax.jvp(jax.grad(loss), (weights,), (along,))[1]
        length = _size(product)
        return length, jax.tree.map(lambda part: part / length, product)

    unit = jax.tree.map(lambda part: part / _size(vector), vector)
    return lax.fori_loop(0, POWER_STEPS, multiply, (jnp.float32(0), unit))
