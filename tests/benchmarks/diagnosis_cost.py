"""Print what looking costs, as ratios: `python tests/benchmarks/diagnosis_cost.py [watch | diagnose]`.

`watch` at its default interval against the same training loop without it, in turn, so that a busy machine slows both;
and `diagnose` against one training step on the same batch: processor time, with and without what is compiled once, and
the memory that each takes beyond the imports, each in a process of its own. Nothing here is asserted.
"""

import functools
import itertools
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from torch import nn

from course.diagnosis import diagnose, watch

STEPS, ROUNDS = 50, 11


def seconds(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time one call."""
    start = clock()
    action()
    return clock() - start


# Networks


def dense() -> tuple[nn.Module, torch.Tensor]:
    parts = [part for place in range(4) for part in (nn.Linear(64 if place == 0 else 256, 256), nn.ReLU())]
    return nn.Sequential(*parts, nn.Linear(256, 10)), torch.randn(128, 64)


def convolutional() -> tuple[nn.Module, torch.Tensor]:
    parts = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        parts += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(128 * 16, 10)), torch.randn(32, 3, 32, 32)


def attending() -> tuple[nn.Module, torch.Tensor]:
    layers = [nn.TransformerEncoderLayer(128, 4, 512, batch_first=True, dropout=0.0) for _ in range(3)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 32, 10)), torch.randn(32, 32, 128)


TORCH = {"dense": dense, "convolutions": convolutional, "attention": attending}


def jax_dense() -> tuple[Callable, dict, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = [(64, 256), *[(256, 256)] * 3, (256, 10)]
    weights = [(2 / shape[0]) ** 0.5 * random.standard_normal(shape, np.float32) for shape in shapes]

    def function(p, x):
        for one in p["layers"][:-1]:
            x = jax.nn.relu(x @ one)
        return x @ p["layers"][-1]

    return function, {"layers": weights}, random.standard_normal((128, 64), np.float32)


def jax_convolutional(size: int = 32, examples: int = 32, width: int = 32) -> tuple[Callable, dict, np.ndarray]:
    random = np.random.default_rng(0)
    channels = [3, width, width, 2 * width, 2 * width, 4 * width, 4 * width]
    shapes = [(3, 3, *pair) for pair in itertools.pairwise(channels)]
    kernels = [(2 / np.prod(shape[:-1])) ** 0.5 * random.standard_normal(shape, np.float32) for shape in shapes]
    last = random.standard_normal((channels[-1], 10), np.float32) / channels[-1] ** 0.5

    def function(p, x):
        for place, kernel in enumerate(p["kernels"]):
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x)
            if place % 2:
                x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        return x.mean((1, 2)) @ p["last"]

    return function, {"kernels": kernels, "last": last}, random.standard_normal((examples, size, size, 3), np.float32)


def jax_deep() -> tuple[Callable, dict, np.ndarray]:
    """Thirty residual blocks with a normalization: much to compile, little to compute."""
    random = np.random.default_rng(0)
    p = {
        f"block {place}": [0.1 * random.standard_normal(shape, np.float32) for shape in ((128, 256), (256, 128))]
        for place in range(30)
    }

    def function(p, x):
        for one, two in p.values():
            x = x + jax.nn.gelu(jax.nn.standardize(x) @ one) @ two
        return x

    return function, p, random.standard_normal((512, 128), np.float32)


JAX = {
    "dense": jax_dense,
    "convolutions": jax_convolutional,
    "many blocks": jax_deep,
    "larger convolutions": functools.partial(jax_convolutional, 64, 32, 64),
}


# Watching


def torch_loop(build: Callable, *, watched: bool) -> Callable[[], None]:
    """Return a loop of training steps."""
    network, batch = build()
    labels, optimizer = torch.randint(0, 10, (len(batch),)), torch.optim.Adam(network.parameters())
    run = watch(network) if watched else None

    def loop() -> None:
        for _step in range(STEPS):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(batch), labels)
            loss.backward()
            optimizer.step()
            if run is not None:
                run.step(loss)

    return loop


def jax_step(function: Callable) -> tuple[Callable, optax.GradientTransformation]:
    """Return a compiled training step that returns its gradients too."""
    optimizer = optax.adam(1e-3)

    @jax.jit
    def step(parameters, state, batch):
        value, gradients = jax.value_and_grad(lambda p: jnp.mean(function(p, batch) ** 2))(parameters)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(parameters, updates), state, value, gradients

    return step, optimizer


def jax_loop(build: Callable, *, watched: bool) -> Callable[[], None]:
    function, parameters, batch = build()
    step, optimizer = jax_step(function)
    state, run = [parameters, optimizer.init(parameters)], watch() if watched else None

    def loop() -> None:
        for _step in range(STEPS):
            state[0], state[1], value, gradients = step(*state, batch)
            if run is not None:
                run.step(value, state[0], gradients)
        jax.block_until_ready(state)

    return loop


def share(make: Callable[..., Callable], build: Callable) -> float:
    """Return what watching adds to the time of a step."""
    loops = make(build, watched=False), make(build, watched=True)
    for loop in loops:
        loop()
    times = [[seconds(loop) for loop in loops] for _ in range(ROUNDS)]
    return statistics.median(watched / alone for alone, watched in times) - 1


# Diagnosing


def torch_costs(name: str, what: str) -> list[float]:
    """Time one diagnosis or one training step, twice: the first with what has to be prepared for it."""
    network, batch = TORCH[name]()
    optimizer = torch.optim.Adam(network.parameters())

    def step() -> None:
        optimizer.zero_grad()
        network(batch).square().mean().backward()
        optimizer.step()

    action = (lambda: diagnose(network, batch)) if what == "diagnose" else step
    return [seconds(action, time.process_time) for _ in range(2)]


def jax_costs(name: str, what: str) -> list[float]:
    function, parameters, batch = JAX[name]()
    if what == "diagnose":
        return [seconds(lambda: diagnose((function, parameters), batch), time.process_time) for _ in range(2)]
    step, optimizer = jax_step(function)
    state = optimizer.init(parameters)
    return [seconds(lambda: jax.block_until_ready(step(parameters, state, batch)), time.process_time) for _ in range(2)]


def measured(kind: str, name: str, what: str) -> list[float]:
    """Return seconds of a first and a second call, and megabytes, of a process of its own."""
    command = [sys.executable, __file__, "one", kind, name, what]
    return [float(word) for word in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]


def highest() -> int:
    """Return the most memory that this process has held, in kB; that of `getrusage` counts what started it too."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def one(kind: str, name: str, what: str) -> None:
    """Print what one process measures."""
    diagnose([(np.eye(2), None)], np.eye(2))  # what is imported late
    before = highest()
    times = {"PyTorch": torch_costs, "JAX": jax_costs}[kind](name, what)
    print(*times, (highest() - before) / 1024)


if __name__ == "__main__":
    chosen = sys.argv[1:2] or ["watch", "diagnose"]
    if chosen == ["one"]:
        one(*sys.argv[2:])
    for kind, networks, make in (("PyTorch", TORCH, torch_loop), ("JAX", JAX, jax_loop)):
        for name, build in networks.items():
            if "watch" in chosen:
                print(f"watch, {kind}, {name}: {share(make, build):+.1%} of a step", flush=True)
            if "diagnose" in chosen:
                own, step = (measured(kind, name, what) for what in ("diagnose", "step"))
                ratios = [mine / yours for mine, yours in zip(own, step, strict=True)]
                print(
                    f"diagnose, {kind}, {name}: {ratios[0]:.1f} times a first step ({own[0]:.2f} s), {ratios[1]:.1f} "
                    f"times a second one ({own[1]:.2f} s, {step[1]:.3f} s), {ratios[2]:.1f} times its memory "
                    f"({own[2]:.0f} MB, {step[2]:.0f} MB)",
                    flush=True,
                )
