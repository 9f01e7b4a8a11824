"""Runs a real network forward and backward and reduces every layer to a few numbers, in one compiled call.

The network has `depth` square layers of `width` units. Its cost is `C = Σ v·z_L`, summed over the batch, with
independent directions v ~ N(0, 1) for the last layer's preactivations z_L: so ∂C/∂z_L has variance 1, and
whatever is seen further back was done by the layers in between.

One program serves every width, depth, seed, scheme, gain, activation and bias of a batch: weights are
unit-variance noise, drawn once a seed, times a traced standard deviation; the loops over layers, and over blocks of
units, have a traced length. No formula of the theory is used here.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from course import data, initializers
from course.distributions import DISTRIBUTIONS
from course.initializers import Scheme
from course.probes import engine, programs
from course.probes.draws import DEEPEST, beside_weights
from course.probes.many import affordable_networks, measure_many
from course.probes.requests import Request, checked, settings_of, whole
from course.probes.results import (
    LIMITS,
    NO_HISTOGRAMS,
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
    "measure",
    "measure_many",
    "measure_tapered",
    "network",
    "observe",
]

WIDTHS = (16, 64, 128, 256, 512)
"""The widths of the explorers' menus."""
FIRST_WIDTH = 128
"""The width that the explorers open with."""
TAPERED_WIDTH = 128
"""The square network inside which tapered ones are run."""


class Network(NamedTuple):
    """The network of a run, written out: weights and biases of each layer, the batch, and the cost's v."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    inputs: np.ndarray
    directions: np.ndarray


def _inputs(run: Request) -> np.ndarray:
    if run.inputs == "digits":
        return data.standardized_digits(run.size.batch, run.width)
    return beside_weights(run.seed, "gaussian", (run.size.batch, run.width))


def _directions(run: Request) -> np.ndarray:
    return beside_weights(run.seed, "directions", (run.size.batch, run.width))


def _biases(run: Request) -> np.ndarray:
    shape = DEEPEST, run.width
    return beside_weights(run.seed, "biases", shape) if run.bias_variance else np.zeros(shape, np.float32)


def _weights(run: Request) -> np.ndarray:
    return programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.width, run.depth)


def _rows(run: Request, weights: np.ndarray, biases: np.ndarray, *ends: np.ndarray, settings: engine.Settings):
    """Run the passes; `biases` have shape `(layers, units)`, the ends, inputs and directions, `(batch, units)`."""
    blocks = run.size.blocks
    biases = programs.in_blocks(biases, blocks)
    rows = programs.propagate(run.size, weights, biases, *(programs.batch_in_blocks(e, blocks) for e in ends), settings)
    return jax.tree.map(lambda part: part[: run.depth], rows)


def observe(seed: int, *, limits: Limits = LIMITS, **settings) -> Observation:
    """Draw a network, run it forward and backward, and return every layer's statistics and histograms.

    `settings` and errors are those of `measure`; `limits` are the ranges of the histograms, `None` for all zeros.
    """
    run = checked(seed, **settings)
    biases, ends = _biases(run)[: run.size.capacity], (_inputs(run), _directions(run))
    with programs.RUNNING:
        rows = _rows(run, _weights(run), biases, *ends, settings=settings_of(run, limits=limits))
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
    """Draw a network, run it forward and backward, and return every layer's statistics.

    `seed` from 0 to 2³² − 1 decides every draw; `depth` is from 1 to 100, `width` from 1 to 1024, `batch` from
    1 to 1797 examples. `scheme` is a name or a `Scheme` of one's own, `gain` multiplies its standard deviation,
    and biases are drawn from N(0, `bias_variance`). `inputs` are "digits" (each row of second moment 1) or
    "gaussian". Raises `ValueError` for any other value; overflow in the network is a result, not an error.
    """
    return observe(
        seed,
        limits=NO_HISTOGRAMS,
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
    with programs.RUNNING:
        noise = programs.layers_of(_weights(run), run.width, run.depth)
    biases = np.float32(run.bias_std) * _biases(run)[: run.depth]
    return Network(list(np.float32(run.weight_std) * noise), list(biases), _inputs(run), _directions(run))


def measure_tapered(
    seed: int,
    *,
    widths: Sequence[int],
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    batch: int = 128,
) -> LayerStats:
    """Return every layer's statistics of a network whose layers differ in width.

    `widths` are the units of the inputs and then of each layer, from 1 to 128 each: layer l has weights of shape
    `(widths[l - 1], widths[l])`, the corner of a square layer's noise, so they must be drawn independently. Other
    arguments and errors are those of `measure`; the inputs are digits.
    """
    units = [whole("widths", width, 1, TAPERED_WIDTH) for width in widths]
    network = {"activation": activation, "scheme": scheme, "gain": gain, "batch": batch}
    run = checked(seed, depth=len(units) - 1, width=TAPERED_WIDTH, **network)
    if DISTRIBUTIONS[run.scheme.distribution].fourth_moment is None:
        raise ValueError(f"scheme must draw weights independently in a tapered network, unlike {run.scheme.name!r}")
    shapes = list(itertools.pairwise(units))
    std = [initializers.standard_deviation(run.scheme, shape, run.gain) for shape in shapes]
    settings = settings_of(run, widths=units, weight_std=std)
    ends = data.standardized_digits(batch, units[0]), _directions(run)[:, : units[-1]]
    with programs.RUNNING:
        weights = _corners(run, shapes)
        rows = _rows(run, weights, np.zeros((run.size.capacity, run.width)), *ends, settings=settings)
    return layer_stats(*rows)


def _corners(run: Request, shapes: Sequence[tuple[int, int]]) -> np.ndarray:
    """Cut a layer of each shape out of the square ones."""
    weights = programs.blank_weights(run.size)
    squares = programs.layers_of(_weights(run), run.width, run.depth)
    for layer, (square, (fan_in, fan_out)) in enumerate(zip(squares, shapes, strict=True)):
        programs.put_layer(weights, layer, square[:fan_in, :fan_out], run.width)
    return weights
