"""Runs a real network forward and backward and reduces every layer to a few numbers, in one compiled call.

The network has `depth` square layers of `width` units. Its cost is `C = Σ v·z_L`, summed over the batch, with
independent directions v ~ N(0, 1) for the last layer's preactivations z_L: so ∂C/∂z_L has variance 1, and
whatever is seen further back was done by the layers in between.

One program serves every depth, seed, scheme, gain, activation and bias of one (width, batch): weights are
unit-variance noise, drawn once a seed, times a traced standard deviation; the loops over layers have a traced
length. No formula of the theory is used here.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from course import activations, data, initializers
from course.initializers import Scheme
from course.probes import engine, programs
from course.probes.many import affordable_networks, compile_many, measure_many
from course.probes.programs import DEEPEST
from course.probes.requests import Request, checked, whole
from course.probes.results import (
    LIMITS,
    LayerHistograms,
    LayerStats,
    Limits,
    Observation,
    layer_histograms,
    layer_stats,
)

__all__ = [
    "DEEPEST",
    "LIMITS",
    "WIDTHS",
    "LayerHistograms",
    "LayerStats",
    "Limits",
    "Network",
    "Observation",
    "affordable_networks",
    "compile_ahead",
    "compile_many_ahead",
    "measure",
    "measure_many",
    "measure_tapered",
    "network",
    "observe",
]

WIDTHS = (16, 64, 128, 256, 512)
"""The widths of the explorers' menus; each is one compiled program."""
FIRST_WIDTH = 128
"""The width that the explorers open with."""
TAPERED_WIDTH = 128
"""The square network inside which tapered ones are run."""


class Network(NamedTuple):
    """The network of a run, written out: weights and biases of each layer, the batch, and the cost's v."""

    weights: list[jax.Array]
    biases: list[jax.Array]
    inputs: jax.Array
    directions: jax.Array


def _batch(run: Request) -> np.ndarray | jax.Array:
    if run.inputs == "digits":
        return data.standardized_digits(run.size.batch, run.size.width)
    return programs.draws(run.seed, run.size).gaussian


def _weight_std(run: Request) -> float:
    return initializers.standard_deviation(run.scheme, (run.size.width, run.size.width), run.gain)


def _bias_std(run: Request) -> np.float32:
    return np.float32(math.sqrt(run.bias_variance))


def _traced(run: Request, weight_std: np.ndarray | float, limits: Limits = LIMITS) -> engine.Settings:
    per_layer = np.zeros(run.size.capacity, np.float32)
    per_layer[: run.depth] = weight_std
    numbers = np.int32(run.activation), np.int32(run.depth)
    return engine.Settings(*numbers, per_layer, _bias_std(run), np.array(limits, np.float32))


def _rows(run: Request, *arguments) -> tuple[engine.ForwardRow, engine.BackwardRow]:
    return jax.tree.map(lambda whole: whole[: run.depth], programs.propagate(run.size, *arguments))


def observe(seed: int, *, limits: Limits = LIMITS, **settings) -> Observation:
    """Draw a network, run it forward and backward, and give every layer's statistics and histograms.

    `settings` and errors are those of `measure`; `limits` are the ranges of the histograms.
    """
    run = checked(seed, **settings)
    with programs.RUNNING:
        weights = programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth)
        draws = programs.draws(run.seed, run.size)
        traced = _traced(run, _weight_std(run), limits)
        rows = _rows(run, weights, draws.biases, _batch(run), draws.directions, traced)
    return Observation(layer_stats(*rows), layer_histograms(*rows))


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
    run = checked(seed, **settings)
    draws = programs.draws(run.seed, run.size)
    with programs.RUNNING:
        noise = programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth)
        weights = np.float32(_weight_std(run)) * np.asarray(noise)[: run.depth]
    biases = _bias_std(run) * np.asarray(draws.biases)[: run.depth]
    return Network(list(weights), list(biases), _batch(run), draws.directions)


def measure_tapered(
    seed: int,
    *,
    widths: Sequence[int],
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    batch: int = 128,
) -> LayerStats:
    """Give every layer's statistics of a network whose layers differ in width, without compiling anew.

    `widths` are the units of the inputs and then of each layer, from 1 to 128 each: layer l has weights of shape
    `(widths[l - 1], widths[l])`. The network runs inside a square one, with weights of 0 beyond its own; so the
    activation must answer 0 with 0, and the weights must be drawn independently. Other arguments and errors are
    those of `measure`; the inputs are digits. Saturated and dead shares are not counted here, and are NaN.
    """
    units = [whole("widths", width, 1, TAPERED_WIDTH) for width in widths]
    network = {"activation": activation, "scheme": scheme, "gain": gain, "batch": batch}
    run = checked(seed, depth=len(units) - 1, width=TAPERED_WIDTH, **network)
    _check_padding(run, activation)
    shapes = list(itertools.pairwise(units))
    std = np.array([initializers.standard_deviation(run.scheme, shape, run.gain) for shape in shapes])
    rows = _tapered_rows(run, np.array(units), std)
    used = np.array(units[1:]) / TAPERED_WIDTH
    stats = layer_stats(*rows, 1 / used, 1 / (used * np.array(units[:-1]) / TAPERED_WIDTH))
    unknown = np.full(run.depth, np.nan)
    return stats._replace(saturated_share=unknown, dead_share=unknown)


def _check_padding(run: Request, activation: str) -> None:
    if activations.named(activation).array_function(0.0) != 0:
        raise ValueError(f"activation must answer 0 with 0 in a tapered network, unlike {activation!r}")
    if run.scheme.distribution in ("orthogonal", "constant"):
        raise ValueError(f"scheme must draw weights independently in a tapered network, unlike {run.scheme.name!r}")


def _tapered_rows(run: Request, units: np.ndarray, std: np.ndarray):
    inside = (np.arange(TAPERED_WIDTH) < units[:, None]).astype(np.float32)
    inputs = np.zeros((run.size.batch, TAPERED_WIDTH), np.float32)
    inputs[:, : units[0]] = data.standardized_digits(run.size.batch, int(units[0]))
    draws = programs.draws(run.seed, run.size)
    with programs.RUNNING:
        weights = np.array(programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth))
        weights[: run.depth] *= inside[:-1, :, None] * inside[1:, None, :]
        return _rows(run, weights, draws.biases, inputs, np.asarray(draws.directions) * inside[-1], _traced(run, std))


@functools.cache
def compile_ahead(batch: int = 128) -> None:
    """Start compiling the programs of all menu widths in the background, once, so that no move waits for them.

    Of those that run many networks, the one of the explorers' first width is compiled too.
    """
    one = [functools.partial(programs.program, programs.size_for(width, batch, DEEPEST), map) for width in WIDTHS]
    programs.ahead([*one, functools.partial(compile_many, FIRST_WIDTH, batch)])


def compile_many_ahead(batch: int = 128) -> None:
    """Start compiling the programs that run many networks, for all menu widths, in the background, once."""
    programs.ahead(functools.partial(compile_many, width, batch) for width in WIDTHS)
