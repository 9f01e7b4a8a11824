"""The traced passes through a transformer, and their compiled program: one for every setting.

Arrays have room for `WIDEST` units. Of a narrower network the others are 0: the head of number h has its units at the
front of its share of all places. The number of heads chooses between a few ways to cut the places up.
"""

import functools
import threading
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course.networks.transformer import HIDDEN, added, attention, entropy, layer_norm
from course.probes import engine, programs
from course.probes.draws import DEEPEST

WIDEST, POSITIONS, BATCH = 128, 64, 8
HEADS = (1, 2, 4, 8)
"""As many heads can be asked for."""
SHAPES = ((WIDEST, 3 * WIDEST), (WIDEST, WIDEST), (WIDEST, HIDDEN * WIDEST), (HIDDEN * WIDEST, WIDEST))
"""A block's weights: Q, K and V side by side, what mixes the heads, W_up, W_down; its noise holds one after another."""
NUMBERS = sum(rows * columns for rows, columns in SHAPES)
PROBED = 2
"""The gradient is followed for the first sequences of the batch: what it is for one does not depend on the others."""


class Settings(NamedTuple):
    """The traced numbers of a run; the first four standard deviations are of Q and K, V, what writes, W_up, W_down."""

    depth: np.int32
    width: np.int32
    heads: np.int32
    before: np.bool
    after: np.bool
    factor: np.float32
    skip: np.float32
    gate: np.float32
    std: np.ndarray


class Up(NamedTuple):
    """One block forward: the mean square of the stream, its part that positions share, and the attention's entropy."""

    stream: jax.Array
    shared: jax.Array
    entropy: jax.Array


class Down(NamedTuple):
    """One block backward: the mean square of ∂C/∂x of what it passes on, and of ∂C/∂W_down."""

    stream: jax.Array
    weights: jax.Array


def _mean_square(values, count):
    """The sum of squares over a count; scaled by the greatest, so that squares neither overflow nor underflow."""
    unit = jnp.clip(jnp.max(jnp.abs(values)), 1e-18, 1e18)
    return jnp.sum((values / unit) ** 2) / count * unit * unit


def matrices_of(noise):
    """Cut one block's noise into matrices of `SHAPES`."""
    ends = np.cumsum([rows * columns for rows, columns in SHAPES])
    return [part.reshape(shape) for part, shape in zip(jnp.split(noise, ends[:-1]), SHAPES, strict=True)]


def _heads_there(settings):
    """Which of the places of queries, keys and values hold a unit."""
    heads = jnp.asarray(HEADS)[settings.heads]
    share = WIDEST // heads
    return jnp.arange(WIDEST) % share < settings.width // heads


def _attend(matrices, x, settings):
    """What attention adds to the stream, and its mean entropy."""
    fused, mixed, *_ = matrices
    there = _heads_there(settings)
    q, k, v = (part * there for part in jnp.split(x @ fused, 3, axis=-1))
    q, k, v = q * settings.std[0], k * settings.std[0], v * settings.std[1]
    ways = [functools.partial(_one_way, heads=heads) for heads in HEADS]
    read, sharpness = lax.switch(settings.heads, ways, q, k, v, settings.factor)
    units = jnp.arange(WIDEST) < settings.width
    return (read @ mixed) * settings.std[2] * units, sharpness


def _one_way(q, k, v, factor, *, heads):
    found = attention(q, k, v, heads, factor)
    return found.mixed, jnp.mean(entropy(lax.stop_gradient(found.weights)))


def _hidden(matrices, x, settings):
    there = jnp.arange(HIDDEN * WIDEST) < HIDDEN * settings.width
    return jax.nn.relu(x @ matrices[2]) * settings.std[3] * there


def _write_down(matrices, hidden, settings):
    return (hidden @ matrices[3]) * settings.std[4] * (jnp.arange(WIDEST) < settings.width)


def _normal(x, settings):
    return layer_norm(x, settings.width)


def _how(settings):
    """What `added` is to do; units that are not there are not read, so that no gradient comes back to them."""
    there = jnp.arange(WIDEST) < settings.width
    return {
        "before": lambda x: jnp.where(settings.before, _normal(x, settings), x * there),
        "after": lambda x: jnp.where(settings.after, _normal(x, settings), x),
        "skip": settings.skip,
        "gate": settings.gate,
    }


def _with_attention(matrices, x, settings):
    """Return the stream after the first branch, and the attention's entropy."""
    sharpness = []

    def branch(read):
        output, found = _attend(matrices, read, settings)
        sharpness.append(found)
        return output

    return added(branch, x, **_how(settings)), sharpness[0]


def _with_feed_forward(matrices, x, settings, nudge=0.0):
    """Return the stream after the second branch, and the hidden units; `nudge` is added to what the branch writes."""
    hidden = []

    def branch(read):
        hidden.append(_hidden(matrices, read, settings))
        return _write_down(matrices, hidden[0], settings) + nudge

    return added(branch, x, **_how(settings)), hidden[0]


def _up(block, carry, weights, settings):
    stream, scratch, rows = carry
    matrices = matrices_of(engine.at(weights, block))
    middle, sharpness = _with_attention(matrices, stream, settings)
    kept = jnp.stack([stream[:PROBED], middle[:PROBED]])
    stream, _ = _with_feed_forward(matrices, middle, settings)
    numbers = BATCH * POSITIONS * settings.width
    row = Up(
        _mean_square(stream, numbers), _mean_square(jnp.sum(stream, axis=1) / POSITIONS, numbers / POSITIONS), sharpness
    )
    return stream, engine.store(scratch, kept, block), engine.store(rows, row, block)


def _down(step, carry, weights, scratch, settings):
    gradient, rows = carry
    block = settings.depth - 1 - step
    matrices = matrices_of(engine.at(weights, block))
    start, middle = engine.at(scratch, block)
    second = functools.partial(_with_feed_forward, matrices, settings=settings)
    _, pull, hidden = jax.vjp(lambda x, nudge: second(x, nudge=nudge), middle, jnp.zeros_like(middle), has_aux=True)
    below, written = pull(gradient)
    for_weights = jnp.einsum("bph,bpu->hu", hidden, written)
    row = Down(
        _mean_square(gradient, PROBED * POSITIONS * settings.width),
        _mean_square(for_weights, HIDDEN * settings.width**2),
    )
    _, pull, _ = jax.vjp(lambda x: _with_attention(matrices, x, settings), start, has_aux=True)
    return pull(below)[0], engine.store(rows, row, block)


def _propagate(weights, inputs, directions, settings):
    """Run forward and backward; `weights` are unit-variance noise `(DEEPEST, NUMBERS)`.

    `inputs` are the embedded sequences, `(BATCH, POSITIONS, WIDEST)`, `directions` those of the cost for the first
    ones, `(PROBED, POSITIONS, WIDEST)`. The cost is that of the last stream, normalized where blocks normalize before.
    """
    number = jnp.zeros(DEEPEST)
    there = jnp.arange(WIDEST) < settings.width
    inputs, directions = inputs * there, directions * there
    scratch = jnp.zeros((DEEPEST, 2, *directions.shape))
    up = functools.partial(_up, weights=weights, settings=settings)
    last, scratch, ups = lax.fori_loop(0, settings.depth, up, (inputs, scratch, Up(number, number, number)))
    _, pull = jax.vjp(_how(settings)["before"], last[:PROBED])
    down = functools.partial(_down, weights=weights, scratch=scratch, settings=settings)
    _, downs = lax.fori_loop(0, settings.depth, down, (pull(directions)[0], Down(number, number)))
    return ups, downs


_compiling = threading.Lock()


def program() -> jax.stages.Compiled:
    """Return the compiled passes; the first request waits for the compiler."""
    with _compiling:
        return _compiled()


@functools.cache
def _compiled() -> jax.stages.Compiled:
    def array(*shape, kind=np.float32):
        return jax.ShapeDtypeStruct(shape, kind)

    whole, truth, number = array(kind=np.int32), array(kind=np.bool), array()
    settings = Settings(whole, whole, whole, truth, truth, number, number, number, array(5))
    weights = array(DEEPEST, NUMBERS)
    sequences = array(BATCH, POSITIONS, WIDEST), array(PROBED, POSITIONS, WIDEST)
    compiled = jax.jit(_propagate).lower(weights, *sequences, settings).compile()
    programs.return_freed_memory()
    return compiled
