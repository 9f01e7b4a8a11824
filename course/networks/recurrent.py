"""Recurrent networks: one step is run again and again with the same weights, and hands its state to itself.

A state has shape `(batch, units)`, recurrent weights `(units, units)`, with an axis of four gates in front for an LSTM
(Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

GATES = 4
"""An LSTM's input, forget and output gate, and the candidate, in this order."""
CHRONO = "chrono"
FORGET_BIASES = ("0", "1", "2", CHRONO)
"""Biases of the forget gate that can be asked for."""


def _linear(z: jax.Array) -> jax.Array:
    return z


SIMPLE: Mapping[str, Callable[[jax.Array], jax.Array]] = MappingProxyType(
    {"linear": _linear, "tanh": jnp.tanh, "ReLU": jax.nn.relu}
)
"""What a simple cell does to z = hW + what is read, by its name."""
LSTM = "LSTM"


class Memory(NamedTuple):
    """The two states of an LSTM, each `(batch, units)`: what it hands out, and what it keeps."""

    hidden: jax.Array
    cell: jax.Array


def lstm(
    recurrent: jax.Array, biases: jax.Array, state: Memory, read: jax.Array | float = 0.0, nudge: jax.Array | float = 0
) -> Memory:
    """Take one step, c ← σ(f) c + σ(i) tanh(g) and h = σ(o) tanh(c), where i, f, o and g are hW + b + what is read.

    `recurrent` has shape `(4, units, units)`, `biases` `(4, units)`. The `nudge` is added to c, so that the gradient
    for it can be asked for.
    """
    z = jnp.einsum("bn,gnm->gbm", state.hidden, recurrent) + biases[:, None] + read
    (enter, forget, leave), candidate = jax.nn.sigmoid(z[:3]), jnp.tanh(z[3])
    cell = forget * state.cell + enter * candidate + nudge
    return Memory(leave * jnp.tanh(cell), cell)


def gate_biases(forget: str, shares: np.ndarray, longest: int) -> np.ndarray:
    """Return the biases `(4, units)`: all 0 but the forget gate's, a number; for "chrono" the input gate's too.

    Chrono initialization (Tallec and Ollivier 2018) draws the forget gate's bias as the logarithm of a
    number from 1 to `longest` − 1, and gives the input gate its negative; `shares` `(units,)` are draws from U(0, 1).
    """
    biases = np.zeros((GATES, len(shares)))
    if forget == CHRONO:
        biases[1] = np.log(1 + (max(longest, 3) - 2) * shares)
        biases[0] = -biases[1]
    else:
        biases[1] = float(forget)
    return biases
