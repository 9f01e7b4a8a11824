"""The traced passes through a stack of blocks, and their compiled programs, one for each kind and size of layer."""

import functools
import threading
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import networks
from course.networks import convolution, residual
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import Block, BlockWeights
from course.probes import engine
from course.probes.draws import DEEPEST

SIDE = 8
"""The digits' images are 8 by 8."""


class Stack(NamedTuple):
    """A kind of layer, its units or channels, and the examples of a batch; convolutions share a program of a size."""

    layer: str
    units: int
    batch: int

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of one layer's weights: a matrix, or a 3×3 kernel."""
        square = self.units, self.units
        return square if self.layer == "fully connected" else (3, 3, *square)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        """The shape of the signal: `(batch, units)`, or `(batch, 8, 8, channels)`."""
        images = () if self.layer == "fully connected" else (SIDE, SIDE)
        return self.batch, *images, self.units


class Settings(NamedTuple):
    """The traced numbers of a run."""

    activation: np.int32
    normalization: np.int32
    branches: np.bool
    circular: np.bool
    depth: np.int32
    first_std: np.float32
    last_std: np.float32
    limits: np.ndarray


class Moments(NamedTuple):
    """The mean and the mean square of values / unit, so that squares neither overflow nor underflow."""

    mean: jax.Array
    square: jax.Array
    unit: jax.Array


class Up(NamedTuple):
    """One block on the way up: the signal that it passes on, its preactivations, its flat slopes, its histogram."""

    signal: Moments
    preactivations: Moments
    saturated: jax.Array
    counts: jax.Array


class Down(NamedTuple):
    """One block on the way down: ∂C/∂x of what it passes on, ∂C/∂z, and ∂C/∂W of its first and last weights."""

    signal_gradients: Moments
    preactivation_gradients: Moments
    weight_gradients: BlockWeights


def _moments(values):
    unit = jnp.clip(jnp.max(jnp.abs(values)), 1e-30, 1e30)
    relative = values / unit
    return Moments(jnp.mean(relative), jnp.mean(relative * relative), unit)


@jax.custom_jvp
def _activate(z, index):
    return networks.activate(index, z)[0]


@_activate.defjvp
def _activate_jvp(primals, tangents):
    # The slope comes with the value, so that the way back need not keep what every row of the table would need.
    (z, index), (change, _) = primals, tangents
    value, slope = networks.activate(index, z)
    return value, slope * change


def _convolve(signal, kernel, circular):
    """`convolution.convolve`, with a padding known only at run time."""
    wrapped, zeros = (convolution.padded(signal, kernel.shape, padding) for padding in ("circular", "zeros"))
    return convolution.correlate(jnp.where(circular, wrapped, zeros), kernel)


def _blocks(dense, settings):
    """Return the plain and the residual block of a run; both take `(weights, signal, nudge)`."""
    rows = list(NORMALIZATIONS.values())
    parts = {
        "linear": jnp.matmul if dense else functools.partial(_convolve, circular=settings.circular),
        "activate": lambda z: _activate(z, settings.activation),
        "normalize": lambda z: lax.switch(settings.normalization, rows, z),
    }
    plain, branched = (functools.partial(block, **parts) for block in (residual.plain_block, residual.residual_block))
    return [
        lambda weights, signal, nudge: plain(weights, signal, nudge=nudge),
        lambda weights, signal, nudge: branched(weights, signal, nudge=nudge),
    ]


def weights_of(weights, settings, block):
    """Block number `block`, counted from 0, of noise that holds all first weights and then all last ones."""
    first, last = engine.at(weights, block), engine.at(weights, block + DEEPEST)
    return BlockWeights(first * settings.first_std, last * settings.last_std)


def _up(block, carry, dense, weights, settings):
    scratch, rows = carry
    arguments = weights_of(weights, settings, block), engine.at(scratch, block), 0.0
    z, signal = lax.switch(settings.branches.astype(int), _blocks(dense, settings), *arguments)
    _, slopes = networks.activate(settings.activation, z)
    flat = jnp.abs(slopes) < jnp.asarray(engine.SATURATED_SLOPES)[settings.activation]
    row = Up(_moments(signal), _moments(z), jnp.mean(flat), _counts(signal, settings.limits))
    return engine.store(scratch, signal, block + 1), engine.store(rows, row, block)


def _counts(signal, limits):
    values = signal.reshape(len(signal), -1)
    rows = min(len(values), -(-engine.COUNTED // values.shape[1]))
    return engine.add_counts(engine.NOTHING_COUNTED, values[:rows], rows, True, limits)[: engine.BINS]


def _back_through(block):
    def back(weights, signal, gradient):
        nudge = jnp.zeros_like(gradient)
        _, pull = jax.vjp(block, weights, signal, nudge)
        return pull(Block(jnp.zeros_like(gradient), gradient))

    return back


def _down(step, carry, dense, weights, scratch, settings):
    gradient, rows = carry
    block = settings.depth - 1 - step
    backs = [_back_through(block) for block in _blocks(dense, settings)]
    arguments = weights_of(weights, settings, block), engine.at(scratch, block), gradient
    weight_gradients, below, nudge_gradients = lax.switch(settings.branches.astype(int), backs, *arguments)
    row = Down(_moments(gradient), _moments(nudge_gradients), BlockWeights(*map(_moments, weight_gradients)))
    return below, engine.store(rows, row, block)


def _blank(row):
    return jax.tree.map(lambda part: jnp.zeros((DEEPEST, *part.shape), part.dtype), row)


def _rows():
    number = jnp.zeros(())
    moments = Moments(number, number, number)
    up = Up(moments, moments, number, jnp.zeros(engine.BINS, jnp.int32))
    return _blank(up), _blank(Down(moments, moments, BlockWeights(moments, moments)))


def _propagate(weights, inputs, directions, settings, *, dense):
    """Run forward and backward; `weights` are unit-variance noise `(2 DEEPEST, *weight_shape)`, first ones first."""
    ups, downs = _rows()
    scratch = engine.store(jnp.zeros((DEEPEST + 1, *inputs.shape)), inputs, 0)
    up = functools.partial(_up, dense=dense, weights=weights, settings=settings)
    scratch, ups = lax.fori_loop(0, settings.depth, up, (scratch, ups))
    down = functools.partial(_down, dense=dense, weights=weights, scratch=scratch, settings=settings)
    _, downs = lax.fori_loop(0, settings.depth, down, (directions, downs))
    return ups, downs


def program(stack: Stack) -> jax.stages.Compiled:
    """Return the compiled passes of a stack; the first request waits for the compiler."""
    with _compiling:
        return _compiled(stack.weight_shape, stack.signal_shape)


_compiling = threading.Lock()


@functools.cache
def _compiled(weight_shape: tuple[int, ...], signal_shape: tuple[int, ...]) -> jax.stages.Compiled:
    whole_number, truth = jax.ShapeDtypeStruct((), np.int32), jax.ShapeDtypeStruct((), np.bool)
    number, limits = jax.ShapeDtypeStruct((), np.float32), jax.ShapeDtypeStruct((2,), np.float32)
    settings = Settings(whole_number, whole_number, truth, truth, whole_number, number, number, limits)
    weights = jax.ShapeDtypeStruct((2 * DEEPEST, *weight_shape), np.float32)
    signal = jax.ShapeDtypeStruct(signal_shape, np.float32)
    propagate = functools.partial(_propagate, dense=len(weight_shape) == 2)
    return jax.jit(propagate).lower(weights, signal, signal, settings).compile()
