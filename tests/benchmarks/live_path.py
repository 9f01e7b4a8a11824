"""Print how fast the live path is, as ratios of one run: `python tests/benchmarks/live_path.py`.

Each row compares two ways of doing the same thing, timed in turn, so that a busy machine slows both; a ratio
is the median of the ratios of the pairs. Nothing here is asserted: times belong to a machine.
"""

import itertools
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import explorers, probes
from course.activations import SATURATION
from course.explorers.main import PICTURE
from course.explorers.signals import CURVES, pairs
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.live.panels import Drawing, View
from course.live.tables import Table

DEPTH, WIDTH, BATCH = 50, 256, 256
NETWORK = {"width": WIDTH, "activation": "tanh", "scheme": "glorot_uniform", "batch": BATCH}


def seconds(action: Callable[[], object]) -> float:
    """Time the third of three calls in a row: what ran before leaves the caches, and spinning threads, behind."""
    action(), action()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratio(one: Callable[[], object], other: Callable[[], object], pairs: int = 15) -> tuple[float, float, float]:
    """Return the median time of each, in milliseconds, and the median ratio other / one of neighbouring calls."""
    times = [(seconds(one), seconds(other)) for _ in range(pairs)]
    first, second = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
    return first, second, statistics.median(b / a for a, b in times)


def row(what: str, goal: str, one: Callable[[], object], other: Callable[[], object], pairs: int = 15) -> None:
    """Print a comparison: how many times the other's time is the one's."""
    first, second, times = ratio(one, other, pairs)
    print(f"{what:62s} {first:9.2f} ms {second:9.2f} ms   ratio {times:7.2f}{goal and f'   goal: {goal}'}")


def engine(depth: int = DEPTH, **changes) -> probes.Observation:
    """One move of the live path: statistics and histograms of all layers, in NumPy."""
    return probes.observe(0, depth=depth, **{**NETWORK, **changes})


@jax.jit
def _three_products(weights, inputs, directions, depth):
    def layer(index, carry):
        signal, gradient, _ = carry
        layer_weights = lax.dynamic_index_in_dim(weights, index, keepdims=False)
        return signal @ layer_weights, gradient @ layer_weights.T, signal.T @ gradient

    start = inputs, directions, jnp.zeros((WIDTH, WIDTH))
    return lax.fori_loop(0, depth, layer, start)


def products_alone() -> Callable[[], object]:
    """Return the three matrix products a layer that no implementation can avoid, and nothing else."""
    network = probes.network(0, depth=DEPTH, **NETWORK)
    weights, inputs = jnp.stack(network.weights), jnp.asarray(network.inputs)
    return lambda: jax.block_until_ready(_three_products(weights, inputs, network.directions, np.int32(DEPTH)))


def numpy_run() -> Callable[[], object]:
    """Return the same statistics and histograms from a NumPy loop in float32."""
    network = probes.network(0, depth=DEPTH, **NETWORK)
    directions, weights = np.asarray(network.directions), network.weights

    def moments(values):
        return values.mean(), np.mean(values * values)

    def run():
        signal, layers, rows = network.inputs, [], []
        for layer_weights in weights:
            outputs = np.tanh(preactivations := signal @ layer_weights)
            slopes = 1 - outputs * outputs
            flat = slopes < SATURATION
            layers.append((signal, slopes))
            rows.append((*moments(preactivations), *moments(outputs), flat.mean(), flat.all(axis=0).mean()))
            rows.append(np.histogram(outputs[:32], 61, (-3, 3)))
            signal = outputs
        gradient = directions
        for index in reversed(range(DEPTH)):
            inputs, _ = layers[index]
            weight_gradient = inputs.T @ gradient
            rows.append((*moments(gradient), *moments(weight_gradient)))
            rows.append(np.histogram(gradient[:32], 61, (-3, 3)))
            rows.append(np.histogram(weight_gradient[:32], 61, (-30, 30)))
            if index:
                gradient = gradient @ weights[index].T * layers[index - 1][1]
        return rows

    return run


def plain_jax(weights: jax.Array, inputs: jax.Array, directions: jax.Array) -> list[jax.Array]:
    """The pass as one would write it first: a Python loop, the same statistics and histograms a layer."""

    def counted(values, limit):
        return jnp.histogram(values[:32], 61, (-limit, limit))[0]

    signal, layers, rows = inputs, [], []
    for layer_weights in weights:
        outputs = jnp.tanh(preactivations := signal @ layer_weights)
        slopes = 1 - outputs**2
        flat = slopes < SATURATION
        layers.append((signal, slopes))
        rows += [preactivations.var(), outputs.mean(), jnp.sqrt(jnp.mean(outputs**2)), flat.mean()]
        rows += [flat.all(axis=0).mean(), counted(outputs, 3.0)]
        signal = outputs
    gradient = directions
    for index in reversed(range(len(weights))):
        weight_gradient = layers[index][0].T @ gradient
        rows += [gradient.var(), weight_gradient.var(), counted(gradient, 3.0), counted(weight_gradient, 30.0)]
        if index:
            gradient = gradient @ weights[index].T * layers[index - 1][1]
    return rows


def rejitted(depths: Iterable[int]) -> Callable[[], object]:
    """Return a move as it is made without one program for every depth: each new depth compiles again."""
    network = probes.network(0, depth=100, **NETWORK)
    weights, inputs, directions = jnp.stack(network.weights), jnp.asarray(network.inputs), network.directions
    remaining = iter(depths)
    return lambda: jax.block_until_ready(jax.jit(plain_jax)(weights[: next(remaining)], inputs, directions))


def unjitted(**changes) -> Callable[[], object]:
    """Return the same pass without any jit."""
    network = probes.network(0, depth=DEPTH, **{**NETWORK, **changes})
    weights, inputs = jnp.stack(network.weights), jnp.asarray(network.inputs)
    return lambda: jax.block_until_ready(plain_jax(weights, inputs, network.directions))


def frames() -> tuple[Callable[[], Frame], Callable[[], Frame]]:
    """Return a picture updated in place, and the same drawn on a fresh figure, at ever new values."""
    shares = engine().histograms.activations
    kept, count = Drawing(PICTURE), iter(range(10_000))

    def update(drawing: Drawing) -> Frame:
        values = np.exp(-(0.02 + 1e-4 * next(count)) * np.arange(DEPTH))
        rows = dict.fromkeys(CURVES, values)
        return drawing.show(View(pairs(rows, rows) | {"densities": shares}, "", Table()))

    return lambda: update(kept), lambda: update(Drawing(PICTURE))


def move(explorer: Explorer, name: str, values: tuple) -> Callable[[], object]:
    """Return a move of one control, to and fro between two values."""
    places = itertools.cycle(values)
    return lambda: setattr(explorer.controls[name], "value", next(places))


def growth() -> None:
    """Print the time from depth 10 to 100: linear growth is a factor of 10 or, with a constant part, less."""
    times = {}
    for depth in (10, 25, 50, 100):
        engine(depth)
        times[depth] = 1e3 * statistics.median(seconds(lambda depth=depth: engine(depth)) for _ in range(15))
    words = ", ".join(f"{depth}: {value:.1f} ms" for depth, value in times.items())
    exponent = math.log(times[100] / times[10], 10)
    print(f"growth with depth: {words}; time ~ depth^{exponent:.2f} (goal: linear, 1)")


def main() -> None:
    """Run every comparison once."""
    print(f"tanh, width {WIDTH}, batch {BATCH}, depth {DEPTH}, on {os.cpu_count()} cores")
    row("three products a layer | the engine, all statistics", "at most 1.3", products_alone(), engine)
    row("the engine | NumPy doing the same", "above 1", engine, numpy_run(), 7)
    row("the engine | the pass jitted anew for each depth", "at least 20", engine, rejitted(range(40, 49)), 3)
    row("the engine | the pass without jit", "at least 20", engine, unjitted(), 5)
    live = {"width": 128, "batch": 128}
    row("the same at the explorers' width and batch of 128", "", lambda: engine(**live), unjitted(**live), 5)
    update, fresh = frames()
    row("picture updated in place | on a fresh figure", "at least 8", update, fresh)
    main_move = move(explorers.signal_propagation(), "gain", (1.0, 1.01))
    transformer_move = move(explorers.transformer(), "std", ("0.02", "0.05"))
    row("a move of the main explorer | of the transformer's", "at most 3", main_move, transformer_move)
    lstm_move = move(explorers.recurrent(cell="LSTM"), "gain", (1.0, 1.01))
    row("a move of the main explorer | of an LSTM's", "at most 3", main_move, lstm_move)
    growth()


if __name__ == "__main__":
    main()
