"""Runs networks of today's kinds forward and backward, block by block: convolutions, residual branches, normalization.

The network has `depth` blocks of one shape. Its cost is C = Σ v·x_L, summed over the batch, with independent directions
v ~ N(0, 1) for the last block's signal x_L. One compiled program serves every depth, seed, scheme, gain, activation,
normalization and scaling of one kind of layer; whether there are branches is traced too.
"""

import functools
from typing import NamedTuple

import jax
import numpy as np

from course import data, initializers
from course.initializers import Scheme
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import SCALINGS, BlockWeights
from course.probes import draws, programs
from course.probes.block_passes import SIDE, Down, Moments, Settings, Stack, Up, program, weights_of
from course.probes.draws import DEEPEST
from course.probes.requests import checked

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


@functools.lru_cache(maxsize=4)
def _unit_weights(seed: int, distribution: str, depth: int, stack: Stack) -> np.ndarray:
    """All first weights, and then all last ones, at the places that `weights_of` reads."""
    weights = programs.zeros((2 * DEEPEST, *stack.weight_shape))
    places = [*range(depth), *range(DEEPEST, DEEPEST + depth)]
    drawn = draws.layer_noise(seed, [place + 1 for place in places], distribution, stack.weight_shape)
    for place, noise in zip(places, drawn, strict=True):
        weights[place] = noise
    return weights


def _directions(seed: int, stack: Stack) -> np.ndarray:
    return draws.beside_weights(seed, "directions", stack.signal_shape)


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


class BlockNetwork(NamedTuple):
    """The network of a run, written out: the weights of each block, the batch, and the cost's v."""

    weights: list[BlockWeights]
    inputs: np.ndarray
    directions: np.ndarray


class _Request(NamedTuple):
    stack: Stack
    seed: int
    noise: np.ndarray
    settings: Settings


def _request(
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
) -> _Request:
    _named("layer", layer, STACKS)
    stack = STACKS[layer] if stack is None else stack
    run = checked(seed, depth=depth, width=stack.units, activation=activation, scheme=scheme, gain=gain)
    std = initializers.standard_deviation(run.scheme, stack.weight_shape, run.gain)
    row = list(SCALINGS.values())[_named("scaling", scaling, SCALINGS)]
    first, last = (std * factor(depth) if branches else std for factor in (row.first, row.last))
    numbers = np.int32(run.activation), np.int32(_named("normalization", normalization, NORMALIZATIONS))
    stds = np.float32(first), np.float32(last)
    kinds = np.bool(branches), np.bool(layer == "convolution, circular")
    settings = Settings(*numbers, *kinds, np.int32(depth), *stds, np.array(limits, np.float32))
    drawn = next(step for step in (10, 25, 50, DEEPEST) if step >= depth)
    return _Request(stack, run.seed, _unit_weights(run.seed, run.scheme.distribution, drawn, stack), settings)


def measure_blocks(seed: int, **network) -> BlockStats:
    """Draw a network of blocks, run it forward and backward, and give every block's statistics.

    `network` has `depth`, `activation`, `scheme` and `gain` as in `measure`; `layer`, a name of `STACKS`, whose size is
    taken unless a `stack` is given; `branches`, whether blocks are residual, with a name of `SCALINGS` for `scaling`;
    `normalization`, a name of `NORMALIZATIONS`; and `limits` of the shares. The inputs are digits of second moment 1.
    Raises ValueError for a value that is none of these.
    """
    run = _request(seed, **network)
    with programs.RUNNING:
        rows = program(run.stack)(run.noise, inputs_of(run.stack), _directions(run.seed, run.stack), run.settings)
        ups, downs = jax.tree.map(lambda whole: np.asarray(whole)[: run.settings.depth], jax.device_get(rows))
    return _stats(ups, downs, bool(run.settings.branches))


def network_of_blocks(seed: int, **network) -> BlockNetwork:
    """Write out the very network that `measure_blocks` runs with the same arguments, for a closer look."""
    run = _request(seed, **network)
    weights = [weights_of(run.noise, run.settings, block) for block in range(run.settings.depth)]
    return BlockNetwork(weights, inputs_of(run.stack), _directions(run.seed, run.stack))


def _square(moments: Moments) -> np.ndarray:
    square = moments.square.astype(np.float64) * moments.unit.astype(np.float64) ** 2
    return np.where(np.isnan(square), np.inf, square)


def _variance(moments: Moments) -> np.ndarray:
    spread = moments.square.astype(np.float64) - moments.mean.astype(np.float64) ** 2
    variance = np.maximum(spread, 0) * moments.unit.astype(np.float64) ** 2
    return np.where(np.isnan(variance), np.inf, variance)


def _stats(ups: Up, downs: Down, branches: bool) -> BlockStats:
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
