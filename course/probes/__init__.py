"""Runs a real network forward and backward and reduces every layer to a few numbers, in one compiled call.

The network has `depth` square layers of `width` units. Its cost is `C = Σ v·z_L`, summed over the batch, with
independent directions v ~ N(0, 1) for the last layer's preactivations z_L: so ∂C/∂z_L has variance 1, and
whatever is seen further back was done by the layers in between.

One program serves every depth, seed, scheme, gain, activation and bias of one (width, batch): weights are
unit-variance noise, drawn once a seed, times a traced standard deviation; the loops over layers have a traced
length. No formula of the theory is used here.
"""

import math
import operator
from typing import NamedTuple

import jax
import numpy as np

from course import activations, data, initializers
from course.initializers import Scheme
from course.probes import engine, programs
from course.probes.programs import DEEPEST

WIDEST = 1024
WIDTHS = (16, 32, 64, 128, 256, 512)
"""The widths of the explorers' menus; each is one compiled program."""


class LayerStats(NamedTuple):
    """What a batch and its gradients look like in each layer: float64 arrays of shape `(depth,)`, layer 1 first.

    Mean, variance and rms are over all units and examples; a value past the range of float32 is `inf`, one
    below it 0. A unit is saturated for an example where its slope is below 5 % of the activation's steepest
    slope, and dead where it is saturated for every example of the batch.
    """

    preactivation_variance: np.ndarray
    activation_mean: np.ndarray
    activation_rms: np.ndarray
    saturated_share: np.ndarray
    dead_share: np.ndarray
    preactivation_gradient_variance: np.ndarray
    weight_gradient_variance: np.ndarray


class LayerHistograms(NamedTuple):
    """Shares of a layer's values in `engine.BINS` equal bins: arrays of shape `(depth, BINS)` whose rows sum to 1.

    Counted are all units of the first examples (all inputs' first rows, for weight gradients), about
    8,192 values a layer. A value beyond the limits falls into the first or last bin.
    """

    activations: np.ndarray
    preactivation_gradients: np.ndarray
    weight_gradients: np.ndarray


class Limits(NamedTuple):
    """The ranges that the histograms cover, each a pair (lowest, highest)."""

    activations: tuple[float, float] = (-3.0, 3.0)
    preactivation_gradients: tuple[float, float] = (-3.0, 3.0)
    weight_gradients: tuple[float, float] = (-30.0, 30.0)


LIMITS = Limits()


class Observation(NamedTuple):
    """One run of one network: the numbers and the histograms of every layer."""

    stats: LayerStats
    histograms: LayerHistograms


class Network(NamedTuple):
    """The network of a run, written out: weights and biases of each layer, the batch, and the cost's v."""

    weights: list[jax.Array]
    biases: list[jax.Array]
    inputs: jax.Array
    directions: jax.Array


def _whole(name: str, value: object, lowest: int, highest: int) -> int:
    allowed = f"{name} must be a whole number from {lowest} to {highest}, not {value!r}"
    if isinstance(value, bool):
        raise ValueError(allowed)
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(allowed) from None
    if not lowest <= number <= highest:
        raise ValueError(allowed)
    return number


def _at_least_zero(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, not {value!r}")
    return number


class _Run(NamedTuple):
    """A checked request."""

    seed: int
    depth: int
    size: programs.Size
    activation: int
    scheme: Scheme
    gain: float
    bias_variance: float
    inputs: str


def _checked(
    seed: int,
    *,
    depth: int,
    width: int,
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    bias_variance: float = 0.0,
    batch: int = 128,
    inputs: str = "digits",
) -> _Run:
    depth = _whole("depth", depth, 1, DEEPEST)
    width = _whole("width", width, 1, WIDEST)
    batch = _whole("batch", batch, 1, len(data.digits()[0]))
    if inputs not in data.INPUTS:
        raise ValueError(f"inputs must be one of {', '.join(data.INPUTS)}, not {inputs!r}")
    return _Run(
        _whole("seed", seed, 0, 2**32 - 1),
        depth,
        programs.size_for(width, batch, depth),
        list(activations.ACTIVATIONS).index(activations.named(activation).name),
        initializers.named(scheme) if isinstance(scheme, str) else scheme,
        _at_least_zero("gain", gain),
        _at_least_zero("bias_variance", bias_variance),
        inputs,
    )


def _batch(run: _Run) -> np.ndarray | jax.Array:
    if run.inputs == "digits":
        return data.standardized_digits(run.size.batch, run.size.width)
    return programs.draws(run.seed, run.size).gaussian


def _weight_std(run: _Run) -> float:
    return initializers.standard_deviation(run.scheme, (run.size.width, run.size.width), run.gain)


def _moment(rows, unit, order):
    """Give a moment in float64, in its own unit; what is no number any more counts as infinite."""
    with np.errstate(invalid="ignore"):
        moment = rows[:, order - 1].astype(np.float64) * unit.astype(np.float64) ** order
    return np.where(np.isnan(moment), np.inf, moment)


def _variance(rows, unit):
    with np.errstate(invalid="ignore"):
        variance = _moment(rows, unit, 2) - _moment(rows, unit, 1) ** 2
    return np.where(np.isnan(variance), np.inf, np.maximum(variance, 0))


def _stats(forward: engine.ForwardRow, backward: engine.BackwardRow) -> LayerStats:
    return LayerStats(
        _variance(forward.preactivations, forward.preactivation_unit),
        _moment(forward.activations, forward.activation_unit, 1),
        np.sqrt(_moment(forward.activations, forward.activation_unit, 2)),
        forward.saturated.astype(np.float64),
        forward.dead.astype(np.float64),
        _variance(backward.preactivation_gradients, backward.preactivation_gradient_unit),
        _variance(backward.weight_gradients, backward.weight_gradient_unit),
    )


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True)


def observe(seed: int, *, limits: Limits = LIMITS, **settings) -> Observation:
    """Draw a network, run it forward and backward, and give every layer's statistics and histograms.

    `settings` and errors are those of `measure`; `limits` are the ranges of the histograms.
    """
    run = _checked(seed, **settings)
    weight_std = np.full(run.size.capacity, _weight_std(run), np.float32)
    bias_std = np.float32(math.sqrt(run.bias_variance))
    traced = engine.Settings(
        np.int32(run.activation), np.int32(run.depth), weight_std, bias_std, np.array(limits, np.float32)
    )
    with programs.RUNNING:
        weights = programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth)
        draws = programs.draws(run.seed, run.size)
        rows = programs.propagate(run.size, weights, draws.biases, _batch(run), draws.directions, traced)
    forward, backward = jax.tree.map(lambda whole: whole[: run.depth], rows)
    histograms = LayerHistograms(
        _shares(forward.counts),
        _shares(backward.preactivation_gradient_counts),
        _shares(backward.weight_gradient_counts),
    )
    return Observation(_stats(forward, backward), histograms)


def measure(
    seed: int,
    *,
    depth: int,
    width: int,
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    bias_variance: float = 0.0,
    batch: int = 128,
    inputs: str = "digits",
) -> LayerStats:
    """Draw a network, run it forward and backward, and give every layer's statistics.

    `seed` from 0 to 2³² − 1 decides every draw; `depth` is from 1 to 100, `width` from 1 to 1024, `batch` from
    1 to 1797 examples. `scheme` is a name or a `Scheme` of one's own, `gain` multiplies its standard deviation,
    and biases are drawn from N(0, `bias_variance`). `inputs` are "digits" (each row of second moment 1) or
    "gaussian". Raises `ValueError` for any other value; overflow in the network is a result, not an error.
    """
    return observe(
        seed,
        depth=depth,
        width=width,
        activation=activation,
        scheme=scheme,
        gain=gain,
        bias_variance=bias_variance,
        batch=batch,
        inputs=inputs,
    ).stats


def network(seed: int, **settings) -> Network:
    """Write out the very network that `measure` runs with the same arguments, for a closer look."""
    run = _checked(seed, **settings)
    draws = programs.draws(run.seed, run.size)
    with programs.RUNNING:
        noise = programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth)
        weights = np.float32(_weight_std(run)) * np.asarray(noise)[: run.depth]
    biases = np.float32(math.sqrt(run.bias_variance)) * np.asarray(draws.biases)[: run.depth]
    return Network(list(weights), list(biases), _batch(run), draws.directions)


def compile_ahead(batch: int = 128) -> None:
    """Start compiling the programs of all menu widths in the background, so that no move waits for them."""
    programs.compile_ahead(programs.size_for(width, batch, DEEPEST) for width in WIDTHS)
