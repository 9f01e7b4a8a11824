"""Runs networks of today's kinds forward and backward, block by block: convolutions, residual branches, normalization.

The network has `depth` blocks of one shape. Its cost is C = Σ v·x_L, summed over the batch, with independent directions
v ~ N(0, 1) for the last block's signal x_L. One compiled program serves every depth, seed, scheme, gain, activation,
normalization and scaling of one kind of layer; whether there are branches is traced too.
"""

import functools
import threading
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import data, initializers, networks
from course.initializers import Scheme
from course.networks import convolution, residual
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import SCALINGS, Block, BlockWeights
from course.probes import engine, programs
from course.probes.programs import DEEPEST
from course.probes.requests import checked

SIDE = 8
"""The digits' images are 8 by 8."""


class Stack(NamedTuple):
    """What one program is compiled for: a kind of layer, its units or channels, and the examples of a batch."""

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


STACKS = {
    "fully connected": Stack("fully connected", 128, 128),
    "convolution, circular": Stack("convolution, circular", 32, 8),
    "convolution, zeros": Stack("convolution, zeros", 32, 8),
}
"""The networks of the explorer, by kind of layer: sizes that answer while a slider moves."""


class BlockStats(NamedTuple):
    """What a batch and its gradients look like in each block: float64 arrays `(depth,)`, block 1 first.

    The signal x is what a block passes on, z what its nonlinearity receives. `signal_gradient` is ∂C/∂x, and
    `first_weight_gradient` and `last_weight_gradient` are ∂C/∂W₁ and ∂C/∂W₂, NaN where there is no W₂. Means are over
    all units, positions and examples; a value past the range of float32 is `inf`. `signal_shares` of shape
    `(depth, BINS)` are the shares of the signal's values in bins between the limits asked for.
    """

    signal_second_moment: np.ndarray
    preactivation_variance: np.ndarray
    saturated_share: np.ndarray
    signal_gradient_variance: np.ndarray
    preactivation_gradient_variance: np.ndarray
    first_weight_gradient_variance: np.ndarray
    last_weight_gradient_variance: np.ndarray
    signal_shares: np.ndarray


class _Settings(NamedTuple):
    """The traced numbers of a run."""

    activation: np.int32
    normalization: np.int32
    branches: np.bool
    depth: np.int32
    first_std: np.float32
    last_std: np.float32
    limits: np.ndarray


class _Moments(NamedTuple):
    """The mean and the mean square of values / unit, so that squares neither overflow nor underflow."""

    mean: jax.Array
    square: jax.Array
    unit: jax.Array


class _Up(NamedTuple):
    signal: _Moments
    preactivations: _Moments
    saturated: jax.Array
    counts: jax.Array


class _Down(NamedTuple):
    signal_gradients: _Moments
    preactivation_gradients: _Moments
    weight_gradients: BlockWeights


def _moments(values):
    unit = jnp.clip(jnp.max(jnp.abs(values)), 1e-30, 1e30)
    relative = values / unit
    return _Moments(jnp.mean(relative), jnp.mean(relative * relative), unit)


@jax.custom_jvp
def _activate(z, index):
    return networks.activate(index, z)[0]


@_activate.defjvp
def _activate_jvp(primals, tangents):
    # The slope comes with the value, so that the way back need not keep what every row of the table would need.
    (z, index), (change, _) = primals, tangents
    value, slope = networks.activate(index, z)
    return value, slope * change


def _blocks(layer, settings):
    """Give the plain and the residual block of a run; both take `(weights, signal, nudge)`."""
    rows = list(NORMALIZATIONS.values())
    parts = {
        "linear": convolution.LAYERS[layer],
        "activate": lambda z: _activate(z, settings.activation),
        "normalize": lambda z: lax.switch(settings.normalization, rows, z),
    }
    plain, branched = (functools.partial(block, **parts) for block in (residual.plain_block, residual.residual_block))
    return [
        lambda weights, signal, nudge: plain(weights, signal, nudge=nudge),
        lambda weights, signal, nudge: branched(weights, signal, nudge=nudge),
    ]


def _weights_of(weights, settings, block):
    """Block number `block`, counted from 0, of noise that holds all first weights and then all last ones."""
    first, last = engine.at(weights, block), engine.at(weights, block + DEEPEST)
    return BlockWeights(first * settings.first_std, last * settings.last_std)


def _up(block, carry, layer, weights, settings):
    scratch, rows = carry
    arguments = _weights_of(weights, settings, block), engine.at(scratch, block), 0.0
    z, signal = lax.switch(settings.branches.astype(int), _blocks(layer, settings), *arguments)
    _, slopes = networks.activate(settings.activation, z)
    flat = jnp.abs(slopes) < jnp.asarray(engine.SATURATED_SLOPES)[settings.activation]
    counts = engine.counts(signal.reshape(len(signal), -1), settings.limits)
    row = _Up(_moments(signal), _moments(z), jnp.mean(flat), counts)
    return engine.store(scratch, signal, block + 1), engine.store(rows, row, block)


def _back_through(block):
    def back(weights, signal, gradient):
        nudge = jnp.zeros_like(gradient)
        _, pull = jax.vjp(block, weights, signal, nudge)
        return pull(Block(jnp.zeros_like(gradient), gradient))

    return back


def _down(step, carry, layer, weights, scratch, settings):
    gradient, rows = carry
    block = settings.depth - 1 - step
    backs = [_back_through(block) for block in _blocks(layer, settings)]
    arguments = _weights_of(weights, settings, block), engine.at(scratch, block), gradient
    weight_gradients, below, nudge_gradients = lax.switch(settings.branches.astype(int), backs, *arguments)
    row = _Down(_moments(gradient), _moments(nudge_gradients), BlockWeights(*map(_moments, weight_gradients)))
    return below, engine.store(rows, row, block)


def _blank(row):
    return jax.tree.map(lambda part: jnp.zeros((DEEPEST, *part.shape), part.dtype), row)


def _rows():
    number = jnp.zeros(())
    moments = _Moments(number, number, number)
    up = _Up(moments, moments, number, jnp.zeros(engine.BINS, jnp.int32))
    return _blank(up), _blank(_Down(moments, moments, BlockWeights(moments, moments)))


def _propagate(weights, inputs, directions, settings, *, layer):
    """Run forward and backward; `weights` are unit-variance noise `(2 DEEPEST, *weight_shape)`, first ones first."""
    ups, downs = _rows()
    scratch = engine.store(jnp.zeros((DEEPEST + 1, *inputs.shape)), inputs, 0)
    up = functools.partial(_up, layer=layer, weights=weights, settings=settings)
    scratch, ups = lax.fori_loop(0, settings.depth, up, (scratch, ups))
    down = functools.partial(_down, layer=layer, weights=weights, scratch=scratch, settings=settings)
    _, downs = lax.fori_loop(0, settings.depth, down, (directions, downs))
    return ups, downs


class _Program(NamedTuple):
    fill: jax.stages.Compiled
    directions: jax.stages.Compiled
    propagate: jax.stages.Compiled


def _fill(seed, distribution, depth, *, stack):
    blank = jnp.zeros((2 * DEEPEST, *stack.weight_shape))
    first = engine.fill(blank, seed, distribution, 0, depth)
    return engine.fill(first, seed, distribution, DEEPEST, DEEPEST + depth)


def _directions(seed, *, stack):
    # The second of the three keys that `engine.draw` splits: the same directions as in `measure`.
    return jax.random.normal(jax.random.split(engine.layer_key(seed, 0), 3)[1], stack.signal_shape)


_programs: dict[Stack, _Program] = {}
_compiling = threading.Lock()


def program(stack: Stack) -> _Program:
    """Give the compiled calls of a stack; the first request waits for the compiler."""
    with _compiling:
        if stack not in _programs:
            _programs[stack] = _compile(stack)
    return _programs[stack]


def _compile(stack: Stack) -> _Program:
    seed, whole_number = jax.ShapeDtypeStruct((), np.uint32), jax.ShapeDtypeStruct((), np.int32)
    number, truth = jax.ShapeDtypeStruct((), np.float32), jax.ShapeDtypeStruct((), np.bool)
    limits = jax.ShapeDtypeStruct((2,), np.float32)
    settings = _Settings(whole_number, whole_number, truth, whole_number, number, number, limits)
    weights = jax.ShapeDtypeStruct((2 * DEEPEST, *stack.weight_shape), np.float32)
    signal = jax.ShapeDtypeStruct(stack.signal_shape, np.float32)
    propagate = functools.partial(_propagate, layer=stack.layer)
    return _Program(
        jax.jit(functools.partial(_fill, stack=stack)).lower(seed, whole_number, whole_number).compile(),
        jax.jit(functools.partial(_directions, stack=stack)).lower(seed).compile(),
        jax.jit(propagate).lower(weights, signal, signal, settings).compile(),
    )


@functools.cache
def compile_ahead() -> None:
    """Start compiling the programs of all `STACKS` in the background, once, so that no move waits for them."""
    programs.ahead(functools.partial(program, stack) for stack in STACKS.values())


@functools.lru_cache(maxsize=4)
def _unit_weights(seed: int, distribution: str, depth: int, stack: Stack) -> jax.Array:
    which = np.int32(initializers.DISTRIBUTIONS.index(distribution))
    return program(stack).fill(np.uint32(seed), which, np.int32(depth))


@functools.lru_cache(maxsize=4)
def _directions_of(seed: int, stack: Stack) -> jax.Array:
    return program(stack).directions(np.uint32(seed))


@functools.cache
def inputs_of(stack: Stack) -> np.ndarray:
    """The first digits: as rows like those of `measure`, or as images whose channels are all the same."""
    if stack.layer == "fully connected":
        return data.standardized_digits(stack.batch, stack.units)
    pixels, _ = data.digits()
    images = data.standardized(pixels.reshape(-1, 1)).reshape(-1, SIDE, SIDE, 1)[: stack.batch]
    images = images / np.sqrt(np.mean(images**2, axis=(1, 2, 3), keepdims=True))
    return np.broadcast_to(images, stack.signal_shape).astype(np.float32)


def _named(what: str, name: str, table) -> int:
    if name not in table:
        raise ValueError(f"{what} must be one of {', '.join(table)}, not {name!r}")
    return list(table).index(name)


def measure_blocks(
    seed: int,
    *,
    depth: int,
    layer: str,
    activation: str,
    scheme: str | Scheme,
    branches: bool = False,
    normalization: str = "none",
    scaling: str = "none",
    gain: float = 1.0,
    limits: tuple[float, float] = (-3.0, 3.0),
    stack: Stack | None = None,
) -> BlockStats:
    """Draw a network of `depth` blocks, run it forward and backward, and give every block's statistics.

    `layer` is a name of `STACKS`, whose size is taken unless another `stack` is given. With `branches` the blocks are
    residual, with the names of `SCALINGS` for `scaling`; else they are plain. The inputs are digits of second moment 1.
    `seed`, `depth`, `activation`, `scheme` and `gain` are those of `measure`, ValueError for what they do not allow.
    """
    _named("layer", layer, STACKS)
    stack = STACKS[layer] if stack is None else stack
    run = checked(seed, depth=depth, width=stack.units, activation=activation, scheme=scheme, gain=gain)
    std = initializers.standard_deviation(run.scheme, stack.weight_shape, run.gain)
    row = list(SCALINGS.values())[_named("scaling", scaling, SCALINGS)]
    first, last = (std * factor(depth) if branches else std for factor in (row.first, row.last))
    numbers = np.int32(run.activation), np.int32(_named("normalization", normalization, NORMALIZATIONS))
    shown = np.array(limits, np.float32)
    settings = _Settings(*numbers, np.bool(branches), np.int32(depth), np.float32(first), np.float32(last), shown)
    drawn = next(step for step in (10, 25, 50, DEEPEST) if step >= depth)
    weights = _unit_weights(run.seed, run.scheme.distribution, drawn, stack)
    with programs.RUNNING:
        rows = program(stack).propagate(weights, inputs_of(stack), _directions_of(run.seed, stack), settings)
        ups, downs = jax.tree.map(lambda whole: np.asarray(whole)[:depth], jax.device_get(rows))
    return _stats(ups, downs, branches)


def _square(moments: _Moments) -> np.ndarray:
    square = moments.square.astype(np.float64) * moments.unit.astype(np.float64) ** 2
    return np.where(np.isnan(square), np.inf, square)


def _variance(moments: _Moments) -> np.ndarray:
    spread = moments.square.astype(np.float64) - moments.mean.astype(np.float64) ** 2
    variance = np.maximum(spread, 0) * moments.unit.astype(np.float64) ** 2
    return np.where(np.isnan(variance), np.inf, variance)


def _stats(ups: _Up, downs: _Down, branches: bool) -> BlockStats:
    first, last = map(_variance, downs.weight_gradients)
    return BlockStats(
        _square(ups.signal),
        _variance(ups.preactivations),
        ups.saturated.astype(np.float64),
        _variance(downs.signal_gradients),
        _variance(downs.preactivation_gradients),
        first,
        last if branches else np.full_like(first, np.nan),
        ups.counts / np.maximum(ups.counts.sum(axis=1, keepdims=True), 1),
    )
