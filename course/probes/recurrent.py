"""Runs recurrent networks forward and back through time, step by step, in one compiled program.

The network begins in a random state and reads nothing on its way: units of mean square 1 in a simple cell; in an LSTM
cell states of mean square 0.01, with h = tanh(c)/2. Its cost is C = Σ v·s with independent directions v ~ N(0, 1) for
the last state s, an LSTM's cell state. One program serves all settings: of a narrow network the other units stay 0.
"""

import functools
import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import blas
from course.networks.recurrent import FORGET_BIASES, GATES, LSTM, SIMPLE, Memory, gate_biases, lstm
from course.probes import programs
from course.probes.draws import DEEPEST
from course.probes.requests import whole

__all__ = ["CELLS", "DEEPEST", "RECURRENT", "WIDTHS", "RecurrentStats", "eigenvalues", "measure_recurrent"]

CELLS = (*SIMPLE, LSTM)
WIDTHS = (16, 32, 64, 128)
WIDEST, BATCH = 128, 16
SMALL = 0.1
"""The standard deviation of an LSTM's first cell states."""


def _normal(random: np.random.Generator, width: int) -> np.ndarray:
    return random.standard_normal((width, width)) / width**0.5


def _orthogonal(random: np.random.Generator, width: int) -> np.ndarray:
    q, r = np.linalg.qr(random.standard_normal((width, width)))
    return q * np.where(np.diagonal(r) < 0, -1.0, 1.0)


RECURRENT: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": _normal,
    "orthogonal": _orthogonal,
    "identity": lambda _random, width: np.eye(width),
}
"""Recurrent weights by name, of gain 1."""


class RecurrentStats(NamedTuple):
    """What each step leaves, float64 arrays `(steps,)`, step 1 first: mean squares of the state and of ∂C/∂state.

    That of the state is relative to the one before step 1.
    """

    second_moment: np.ndarray
    gradient: np.ndarray


class _Settings(NamedTuple):
    cell: np.int32
    steps: np.int32
    equal: np.bool
    gain: np.float32
    biases: np.ndarray


class _Noise(NamedTuple):
    array: np.ndarray
    drawn: set[tuple[int, int]]


@functools.lru_cache(maxsize=2)
def _noise(_seed: int, _weights: str, _width: int) -> _Noise:
    return _Noise(programs.zeros((DEEPEST, GATES, WIDEST, WIDEST)), set())


def _matrices(seed: int, weights: str, width: int, steps: int, gates: range) -> np.ndarray:
    """Return the matrices of all steps and gates `(100, 4, 128, 128)`, of which these are drawn; each draws its own."""
    kept = _noise(seed, weights, width)
    for place in itertools.product(range(steps), gates):
        if place not in kept.drawn:
            kept.array[place][:width, :width] = RECURRENT[weights](np.random.default_rng((seed, *place)), width)
            kept.drawn.add(place)
    return kept.array


@functools.lru_cache(maxsize=8)
def _ends(seed: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first states and directions, `(16, 128)`, and one number from U(0, 1) for each unit."""
    random = np.random.default_rng((seed, DEEPEST))
    ends = random.standard_normal((2, BATCH, WIDEST), np.float32)
    ends[:, :, width:] = 0
    return *ends, random.uniform(size=WIDEST)


def _simple_states(matrices, start, nudges, settings):
    def step(state, part):
        number, nudge = part
        z = settings.gain * state @ matrices[jnp.where(settings.equal, 0, number), 0]
        after = jnp.select([settings.cell == place for place in range(len(SIMPLE))], [f(z) for f in SIMPLE.values()])
        state = jnp.where(number < settings.steps, after + nudge, state)
        return state, _parts(state)

    return lax.scan(step, start, (jnp.arange(DEEPEST), nudges))


def _lstm_states(matrices, start, nudges, settings):
    def step(state, part):
        number, nudge = part
        weights = settings.gain * matrices[jnp.where(settings.equal, 0, number)]
        after = lstm(weights, settings.biases, state, nudge=nudge)
        state = jax.tree.map(functools.partial(jnp.where, number < settings.steps), after, state)
        return state, _parts(state.cell)

    last, rows = lax.scan(step, Memory(jnp.tanh(start) / 2, start), (jnp.arange(DEEPEST), nudges))
    return last.cell, rows


def _parts(values):
    """The greatest of some values and the sum of squares over its square, which neither overflow nor underflow."""
    greatest = jnp.clip(jnp.max(jnp.abs(values)), 1e-37, 1e37)
    return greatest, jnp.sum((values / greatest) ** 2)


@jax.jit
def _passes(matrices, start, directions, settings):
    def backward(states, start):
        def cost(nudges):
            last, rows = states(matrices, start, nudges, settings)
            return jnp.sum(last * directions), rows

        gradients, rows = jax.grad(cost, has_aux=True)(jnp.zeros((DEEPEST, BATCH, WIDEST)))
        return rows, jax.vmap(_parts)(gradients)

    return lax.cond(
        settings.cell == len(SIMPLE),
        lambda: backward(_lstm_states, SMALL * start),
        lambda: backward(_simple_states, start),
    )


def measure_recurrent(
    seed: int,
    *,
    steps: int,
    cell: str = "tanh",
    weights: str = "normal",
    equal: bool = True,
    gain: float = 1.0,
    width: int = 128,
    forget: str = "0",
) -> RecurrentStats:
    """Run a recurrent network for some steps, from 1 to 100, and a gradient back through all of them.

    `cell` is one of `CELLS`, `weights` one of `RECURRENT`, times `gain`, `equal` at all steps or new ones at each;
    `width` is one of `WIDTHS`, and `forget` one of `FORGET_BIASES`, of an LSTM. Raises ValueError for other values.
    """
    for name, value, allowed in (
        ("cell", cell, CELLS),
        ("weights", weights, tuple(RECURRENT)),
        ("width", width, WIDTHS),
        ("forget", forget, FORGET_BIASES),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}")
    if not 0 <= gain < np.inf:
        raise ValueError(f"gain must be a finite number of at least 0, not {gain!r}")
    seed, steps = whole("seed", seed, 0, 2**32 - 1), whole("steps", steps, 1, DEEPEST)
    start, directions, shares = _ends(seed, width)
    gates = range(GATES if cell == LSTM else 1)
    settings = _Settings(
        np.int32(CELLS.index(cell)),
        np.int32(steps),
        np.bool(equal),
        np.float32(gain),
        gate_biases(forget, shares, steps).astype(np.float32),
    )
    with programs.RUNNING:
        matrices = _matrices(seed, weights, width, 1 if equal else steps, gates)
        rows = jax.device_get(_passes(matrices, start, directions, settings))
    forward, backward = (np.nan_to_num(_mean_squares(part, width)[:steps], nan=np.inf) for part in rows)
    before = np.mean(np.square(start[:, :width], dtype=float)) * (SMALL**2 if cell == LSTM else 1.0)
    return RecurrentStats(forward / before, backward)


def _mean_squares(parts: tuple[np.ndarray, np.ndarray], width: int) -> np.ndarray:
    greatest, squares = (np.asarray(part, float) for part in parts)
    return greatest**2 * squares / (BATCH * width)


def eigenvalues(seed: int, *, cell: str, weights: str, gain: float, width: int, forget: str, steps: int) -> np.ndarray:
    """Return the eigenvalues `(width,)` of what the first step multiplies a small change of a small state by.

    For an LSTM's cell state that is diag(σ(f)) + diag(σ(i)) W / 2, for a simple cell's W; arguments are those of
    `measure_recurrent`.
    """
    if cell != LSTM:
        return gain * _eigenvalues(seed, weights, width)
    enter, forgets = 1 / (1 + np.exp(-gate_biases(forget, _ends(seed, width)[2][:width], steps)[:2]))
    matrix = _matrices(seed, weights, width, 1, range(GATES))[0, 3, :width, :width].astype(float)
    with blas.one_thread():
        return np.linalg.eigvals(np.diag(forgets) + gain / 2 * enter * matrix)


@functools.lru_cache(maxsize=64)
def _eigenvalues(seed: int, weights: str, width: int) -> np.ndarray:
    with blas.one_thread():
        return np.linalg.eigvals(_matrices(seed, weights, width, 1, range(1))[0, 0, :width, :width].astype(float))
