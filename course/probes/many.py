"""Measures many networks drawn by one rule, so that luck can be seen: the program of `measure`, network after network.

Two threads share the networks out among them. Each draws its networks in NumPy, whose generators need a fraction of the
time of JAX's here. Histograms are not asked for.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import numpy as np

from course import data, initializers
from course.distributions import DISTRIBUTIONS
from course.initializers import Scheme
from course.probes import programs
from course.probes.draws import DEEPEST, beside_weights, layer_noise
from course.probes.requests import WIDEST, Request, checked, settings_of, whole
from course.probes.results import NO_HISTOGRAMS, LayerStats, layer_stats

MOST_NETWORKS = 1000
"""As many networks can be asked for at once."""
AFFORDABLE_UNITS = 100 * 2 * 128**2
"""What a call of one or two seconds can draw and run: networks times the square of their width."""
SLOWER = 5
"""Weights that are not filled by NumPy, orthogonal ones among them, cost about this many times more."""
MOST_BYTES = 64 * 2**20
"""Two threads run side by side only where the weights of a network need no more than this."""


class Drawn(NamedTuple):
    """What is drawn for one network, layer 1 first.

    Weights `(depth, width, width)`, biases `(depth, width)`, and the cost's directions `(batch, width)`.
    """

    weights: np.ndarray
    biases: np.ndarray
    directions: np.ndarray


def affordable_networks(width: int, scheme: str | Scheme = "he_normal") -> int:
    """Return how many networks of 50 layers can be measured in one or two seconds: 100 up to width 128, then fewer.

    Raises `ValueError` for a width or a scheme that there is not.
    """
    width = whole("width", width, 1, WIDEST)
    row = initializers.named(scheme) if isinstance(scheme, str) else scheme
    units = AFFORDABLE_UNITS // (1 if DISTRIBUTIONS[row.distribution].fill else SLOWER)
    return max(1, min(100, units // width**2))


class _Draw(NamedTuple):
    """The unit-variance numbers of one network: its layers' weights one by one, and all biases up to the deepest."""

    layers: Iterator[np.ndarray]
    biases: np.ndarray
    directions: np.ndarray


def _draw(run: Request, network: int) -> _Draw:
    """Draw one network, the first as `measure` does; a deeper network begins with the same layers."""
    if network == 0:
        biases = beside_weights(run.seed, "biases", (DEEPEST, run.width))
        directions = beside_weights(run.seed, "directions", (run.size.batch, run.width))
        return _Draw(_layers_by_seed(run, run.seed), biases, directions)
    seeds = np.random.SeedSequence(run.seed, spawn_key=(network,))
    random = np.random.default_rng(seeds)
    directions = random.standard_normal((run.size.batch, run.width), np.float32)
    biases = random.standard_normal((DEEPEST, run.width), np.float32)
    if fill := DISTRIBUTIONS[run.scheme.distribution].fill:
        return _Draw(_filled_layers(run, functools.partial(fill, random)), biases, directions)
    return _Draw(_layers_by_seed(run, seeds.generate_state(1)[0]), biases, directions)


def _filled_layers(run: Request, fill: Callable[[np.ndarray], None]) -> Iterator[np.ndarray]:
    layer = np.empty((run.width, run.width), np.float32)
    for _ in range(run.depth):
        fill(layer)
        yield layer


def _layers_by_seed(run: Request, seed: int) -> Iterator[np.ndarray]:
    return layer_noise(seed, range(1, run.depth + 1), run.scheme.distribution, (run.width, run.width))


def _measured(run: Request, networks: range) -> list:
    """Draw and run networks one after the other, in memory that is used again; return the rows of each."""
    size, settings = run.size, settings_of(run, limits=NO_HISTOGRAMS)
    blocks, batch, capacity = size
    passes, memory = programs.program(size), programs.blank(size)
    inputs = programs.batch_in_blocks(data.standardized_digits(batch, run.width), blocks)
    weights, rows = programs.blank_weights(size), []
    for network in networks:
        drawn = _draw(run, network)
        for layer, noise in enumerate(drawn.layers):
            programs.put_layer(weights, layer, noise, run.width)
        biases = programs.in_blocks(drawn.biases[:capacity], blocks)
        directions = programs.batch_in_blocks(drawn.directions, blocks)
        memory, answer = passes(memory, weights, biases, inputs, directions, settings)
        # The answer is awaited here: only then may the next network be drawn over this one.
        rows.append(jax.tree.map(lambda row: row[: run.depth], jax.device_get(answer)))
    return rows


def _threads(run: Request) -> int:
    """Return how many threads work side by side: one where it decomposes matrices, which is told LAPACK for all."""
    small = 4 * run.depth * run.width**2 <= MOST_BYTES
    return 2 if small and DISTRIBUTIONS[run.scheme.distribution].fill else 1


def _stats(rows: list, networks: int, depth: int) -> LayerStats:
    flat = jax.tree.map(lambda *parts: np.concatenate(parts), *rows)
    return LayerStats(*(values.reshape(networks, depth) for values in layer_stats(*flat)))


def measure_many(
    seed: int,
    *,
    networks: int = 100,
    depth: int,
    width: int,
    activation: str,
    scheme: str | Scheme,
    gain: float = 1.0,
    bias_variance: float = 0.0,
    batch: int = 128,
) -> LayerStats:
    """Draw many networks by one rule, run each forward and backward, and return every layer's statistics of each.

    Every field has shape `(networks, depth)`. Each network has weights, biases and directions of its own, drawn
    independently; all are fed the same digits. The first is the network of `measure` with the same seed; the others do
    not depend on how many there are, and deeper ones begin with the same layers.
    `networks` is from 1 to 1000; other arguments and errors are those of `measure`.
    """
    networks = whole("networks", networks, 1, MOST_NETWORKS)
    network = {"depth": depth, "width": width, "activation": activation, "scheme": scheme, "gain": gain}
    run = checked(seed, **network, bias_variance=bias_variance, batch=batch)
    threads = _threads(run)
    shares = [range(networks)[start::threads] for start in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        answers = pool.map(functools.partial(_measured, run), shares)
        in_order = itertools.chain.from_iterable(itertools.zip_longest(*answers))
    programs.return_freed_memory()  # each thread's allocator would keep what it used
    return _stats([rows for rows in in_order if rows is not None], networks, run.depth)


def one_of_many(seed: int, network: int, **settings) -> Drawn:
    """Write out what `measure_many` draws for one of its networks, counted from 0, with the same arguments."""
    run = checked(seed, **settings)
    drawn = _draw(run, whole("network", network, 0, MOST_NETWORKS - 1))
    weights = np.float32(run.weight_std) * np.stack([layer.copy() for layer in drawn.layers])
    return Drawn(weights, np.float32(run.bias_std) * drawn.biases[: run.depth], drawn.directions)
