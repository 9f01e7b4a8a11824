"""Print how fast many runs train at once, as ratios of one run: `python tests/benchmarks/training.py`.

The race of 6 schemes times 5 seeds against the same 30 runs one after another: jitted each, in NumPy, and in PyTorch
where it can be imported, here or by the Python that the environment variable COURSE_TORCH_PYTHON names. Ways are
timed in turn, so that a busy machine slows all of them, and compiled beforehand. Nothing here is asserted.
"""

import functools
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

SCHEMES = ("normal_0.01", "standard_uniform", "glorot_uniform", "he_normal", "orthogonal", "normal_1")
SEEDS, DEPTH, WIDTH, BATCH, STEPS, RECORDS, RATE = 5, 10, 64, 32, 300, 30, 0.05
RUNS, REPEATS = len(SCHEMES) * SEEDS, 3
TORCH = "COURSE_TORCH_PYTHON"


def seconds(action: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def jax_ways() -> dict[str, tuple[Callable[[], object], int]]:
    """Return ways to train with the engine, each with how many of the 30 runs it takes."""
    from course.training import Setup, Training, trials

    setup = Setup(depth=DEPTH, width=WIDTH, batch=BATCH)
    sweep = trials(SCHEMES, range(SEEDS), (1.0,), (RATE,))

    def at_once(records: int) -> None:
        Training(setup, sweep, steps=STEPS, records=records).run()

    def one_by_one(records: int) -> None:
        for trial in sweep:
            Training(setup, [trial], steps=STEPS, records=records).run()

    return {
        "all at once": (functools.partial(at_once, RECORDS), RUNS),
        "one after another, each jitted": (functools.partial(one_by_one, RECORDS), RUNS),
        "all at once, no records on the way": (functools.partial(at_once, 1), RUNS),
        "one after another, no records on the way": (functools.partial(one_by_one, 1), RUNS),
    }


def plain_jax_ways() -> dict[str, tuple[Callable[[], object], int]]:
    """Return the 30 runs one after another as a plain scan of one network on one device, all steps in one call."""
    import jax
    import jax.numpy as jnp

    inputs, labels, drawn = material()
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)

    def cost(weights, biases, examples, answers):
        signal = examples
        for layer_weights, bias in zip(weights[:-1], biases[:-1], strict=True):
            signal = jax.nn.relu(signal @ layer_weights + bias)
        outputs = jax.nn.log_softmax(signal @ weights[-1] + biases[-1])
        return -jnp.mean(jnp.take_along_axis(outputs, answers[:, None], axis=1))

    @jax.jit
    def train(weights, biases):
        def step(state, number):
            chosen = jax.random.randint(jax.random.fold_in(jax.random.key(0), number), (BATCH,), 0, len(labels))
            slopes = jax.grad(cost, (0, 1))(*state, inputs[chosen], labels[chosen])
            return jax.tree.map(lambda value, slope: value - RATE * slope, state, slopes), None

        return jax.lax.scan(step, (weights, biases), jnp.arange(STEPS))[0]

    def all_runs() -> None:
        for weights in drawn:
            jax.block_until_ready(train(weights, [np.zeros(part.shape[1], np.float32) for part in weights]))

    return {"one after another, a plain jitted scan without any record": (all_runs, RUNS)}


@functools.cache
def material() -> tuple[np.ndarray, np.ndarray, list[list[np.ndarray]]]:
    """Return the digits that are learned, their labels, and every run's weights."""
    from course import data
    from course.training import Setup, trials
    from course.training.drawing import draw_parameters

    pixels, labels = data.digits()
    inputs = data.standardized(pixels).astype(np.float32)[:-360]
    sweep = trials(SCHEMES, range(SEEDS))
    drawn = draw_parameters(Setup(depth=DEPTH, width=WIDTH).architecture, sweep, inputs.shape[1], 10)
    weights = [[drawn.first[run], *drawn.between[run], drawn.last[run]] for run in range(RUNS)]
    return inputs, labels[:-360], weights


def numpy_run(weights: list[np.ndarray], inputs: np.ndarray, labels: np.ndarray) -> None:
    """Train one network with the backward pass written out, in float32."""
    rng, rate = np.random.default_rng(0), np.float32(RATE)
    weights, biases = [part.copy() for part in weights], [np.zeros(part.shape[1], np.float32) for part in weights]
    for _ in range(STEPS):
        chosen = rng.integers(0, len(labels), BATCH)
        signals = [inputs[chosen]]
        for layer_weights, bias in zip(weights[:-1], biases[:-1], strict=True):
            signals.append(np.maximum(signals[-1] @ layer_weights + bias, 0))
        outputs = signals[-1] @ weights[-1] + biases[-1]
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        gradient = shares / shares.sum(axis=1, keepdims=True)
        gradient[np.arange(BATCH), labels[chosen]] -= 1
        gradient /= BATCH
        for layer in reversed(range(DEPTH)):
            back = gradient @ weights[layer].T * (signals[layer] > 0) if layer else None
            weights[layer] -= rate * (signals[layer].T @ gradient)
            biases[layer] -= rate * gradient.sum(axis=0)
            gradient = back


def numpy_ways() -> dict[str, tuple[Callable[[], object], int]]:
    """Return one run of each scheme in NumPy."""
    inputs, labels, drawn = material()

    def some_runs() -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # what std 1 comes to
            for weights in drawn[::SEEDS]:
                numpy_run(weights, inputs, labels)

    return {"one after another in NumPy": (some_runs, len(SCHEMES))}


def torch_runs(count: int = 2) -> float:
    """Time some runs in PyTorch, after a short one to warm up, and give the seconds that 30 would take."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)  # products this small are slower, not faster, on two
    inputs, labels = torch.randn(1437, 61), torch.randint(0, 10, (1437,))

    def run(steps: int) -> None:
        widths = [61, *[WIDTH] * (DEPTH - 1), 10]
        layers = [torch.nn.Linear(fan_in, fan_out) for fan_in, fan_out in itertools.pairwise(widths)]
        network = torch.nn.Sequential(*[part for layer in layers for part in (layer, torch.nn.ReLU())][:-1])
        optimizer, loss = torch.optim.SGD(network.parameters(), lr=RATE), torch.nn.CrossEntropyLoss()
        for _ in range(steps):
            chosen = torch.randint(0, len(labels), (BATCH,))
            optimizer.zero_grad()
            loss(network(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()

    run(30)
    return RUNS / count * sum(seconds(lambda: run(STEPS)) for _ in range(count))


def torch_seconds() -> float | None:
    """Return the seconds that 30 runs take in PyTorch, here or in another Python; none where there is neither."""
    if TORCH in os.environ:
        asked = [os.environ[TORCH], __file__, "torch"]
        return float(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    try:
        return torch_runs()
    except ImportError:
        return None


def images() -> None:
    """Print how many images of Shapeset a second are drawn, and how many a training on them takes in."""
    import jax

    from course import data
    from course.training import Setup, Training, trials

    def trained(task: str) -> Callable[[], object]:
        setup = Setup(depth=5, width=WIDTH, batch=BATCH, task=task)
        return lambda: Training(setup, trials(("glorot_uniform",), range(10)), steps=STEPS, records=1).run()

    @jax.jit
    def draw(key):  # batch by batch, as training does
        def step(number, total):
            return total + data.shapeset(jax.random.fold_in(key, number), BATCH)[0].sum()

        return jax.lax.fori_loop(0, STEPS, step, 0.0)

    ways = (lambda: jax.block_until_ready(draw(jax.random.key(0)))), trained("shapeset")
    for way in ways:
        way()
    times = [[seconds(way) for way in ways] for _ in range(REPEATS)]
    drawing, training = (statistics.median(column) for column in zip(*times, strict=True))
    share = statistics.median(one / other for one, other in times)
    print(f"Shapeset: {STEPS * BATCH / drawing:,.0f} images a second; ten networks of depth 5 that train on them")
    print(f"take in {STEPS * BATCH / training:,.0f} a second; drawing alone is {share:.2f} of their time")


def main() -> None:
    """Time every way in turn, several times, and print the medians and the ratios to the race."""
    print(f"{RUNS} runs, depth {DEPTH}, width {WIDTH}, batch {BATCH}, {STEPS} steps, on {os.cpu_count()} cores")
    ways = jax_ways() | plain_jax_ways() | numpy_ways()
    for way, _ in ways.values():
        way()
    rounds = []
    for _ in range(REPEATS):
        rounds.append({name: RUNS / count * seconds(way) for name, (way, count) in ways.items()})
        if (by_torch := torch_seconds()) is not None:
            rounds[-1]["one after another in PyTorch"] = by_torch
    for name in rounds[0]:
        took = statistics.median(one[name] for one in rounds)
        share = statistics.median(one["all at once"] / one[name] for one in rounds)
        print(f"{name:60s} {took:7.2f} s   the race takes {share:5.2f} of it")
    quick, slow = (f"{way}, no records on the way" for way in ("all at once", "one after another"))
    share = statistics.median(one[quick] / one[slow] for one in rounds)
    print(f"without records on either side the race takes {share:.2f} (goal: at most 0.33)")
    images()


if __name__ == "__main__":
    if sys.argv[1:] == ["torch"]:
        print(torch_runs())
    else:
        main()
