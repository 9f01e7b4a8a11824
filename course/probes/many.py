"""Measures many networks drawn by one rule, so that luck can be seen: the engine's passes, mapped over networks.

Two threads share the networks out among them. Each draws a few in NumPy, whose generators need a fraction of the
time of JAX's here, and runs them in one compiled call, which serves every depth, scheme, activation, gain and seed
of its width and batch. The call is sharded: every device that JAX has runs its part of the few. Histograms are not
asked for, so the compiler leaves them out.
"""

import functools
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from course import data, initializers
from course.initializers import Scheme
from course.probes import engine, programs
from course.probes.programs import DEEPEST, Size
from course.probes.requests import WIDEST, Request, checked, whole
from course.probes.results import LIMITS, LayerStats, layer_stats

MOST_NETWORKS = 1000
"""As many networks can be asked for at once."""
AFFORDABLE_UNITS = 100 * 2 * 128**2
"""What a call of one or two seconds can draw and run: networks times the square of their width."""
SLOWER = 5
"""Weights that are not filled by NumPy, orthogonal ones among them, cost about this many times more."""
CHUNK_BYTES = 40 * 2**20
"""A chunk, the networks of one compiled call, is chosen to need no more than this where it has several networks."""
LARGEST_CHUNK = 16
THREADS = 2


class Drawn(NamedTuple):
    """What is drawn for one network, layer 1 first.

    Weights `(depth, width, width)`, biases `(depth, width)`, and the cost's directions `(batch, width)`.
    """

    weights: np.ndarray
    biases: np.ndarray
    directions: np.ndarray


def affordable_networks(width: int, scheme: str | Scheme = "he_normal") -> int:
    """Say how many networks of 50 layers can be measured in one or two seconds: 100 up to width 128, then fewer.

    Raises `ValueError` for a width or a scheme that there is not.
    """
    width = whole("width", width, 1, WIDEST)
    row = initializers.named(scheme) if isinstance(scheme, str) else scheme
    units = AFFORDABLE_UNITS // (1 if row.distribution in _FAST else SLOWER)
    return max(1, min(100, units // width**2))


def _normal(random: np.random.Generator, weights: np.ndarray) -> None:
    random.standard_normal(out=weights, dtype=np.float32)


def _uniform(random: np.random.Generator, weights: np.ndarray) -> None:
    random.random(out=weights, dtype=np.float32)
    weights -= np.float32(0.5)
    weights *= np.float32(math.sqrt(12))  # Var U(0, 1) = 1 / 12


def _constant(random: np.random.Generator, weights: np.ndarray) -> None:
    weights[:] = 1


_FAST: dict[str, Callable[[np.random.Generator, np.ndarray], None]] = {
    "normal": _normal,
    "uniform": _uniform,
    "constant": _constant,
}
"""The distributions that NumPy fills weights with, layer after layer; the others are left to `initializers`."""


def _fill(run: Request, network: int, drawn: Drawn) -> None:
    """Draw the unit-variance numbers of one network in place; a deeper network begins with the same layers."""
    if network == 0:
        return _fill_as_measured(run, drawn)
    seeds = np.random.SeedSequence(run.seed, spawn_key=(network,))
    random = np.random.default_rng(seeds)
    random.standard_normal(out=drawn.directions, dtype=np.float32)
    drawn.biases[:] = random.standard_normal((DEEPEST, run.size.width), np.float32)[: len(drawn.biases)]
    if run.scheme.distribution in _FAST:
        _FAST[run.scheme.distribution](random, drawn.weights[: run.depth])
    else:
        _fill_slowly(run, seeds.generate_state(1)[0], drawn.weights)


def _fill_slowly(run: Request, seed: np.uint32, weights: np.ndarray) -> None:
    compiled, which = programs.program(run.size), np.int32(initializers.DISTRIBUTIONS.index(run.scheme.distribution))
    drawn = compiled.fill(compiled.blank_weights(), seed, which, np.int32(0), np.int32(run.depth))
    weights[: run.depth] = np.asarray(drawn)[: run.depth]


def _fill_as_measured(run: Request, drawn: Drawn) -> None:
    draws = programs.draws(run.seed, run.size)
    drawn.directions[:] = draws.directions
    drawn.biases[:] = draws.biases
    with programs.RUNNING:
        noise = programs.unit_weights(run.seed, run.scheme.distribution, run.size, run.depth)
        drawn.weights[: run.depth] = np.asarray(noise)[: run.depth]


class _Program(NamedTuple):
    """The compiled calls of one size."""

    blank_scratch: jax.stages.Compiled
    propagate: jax.stages.Compiled


def _network_bytes(size: Size) -> int:
    return 4 * size.capacity * size.width * (size.width + 2 * size.batch)


def _chunk(size: Size) -> int:
    """Give how many networks run in one call: as many on each device."""
    devices = jax.device_count()
    return devices * max(1, min(LARGEST_CHUNK, CHUNK_BYTES // _network_bytes(size)) // devices)


def _blank_scratch(size: Size) -> engine.Scratch:
    networks, layers, shape = _chunk(size), size.capacity, (size.batch, size.width)
    return engine.Scratch(jnp.zeros((networks, layers + 1, *shape)), jnp.zeros((networks, layers, *shape)))


def _propagate(scratch, drawn, inputs, settings):
    passes = jax.vmap(engine.propagate, in_axes=(0, 0, 0, None, 0, None))
    scratch, (forward, backward) = passes(scratch, drawn.weights, drawn.biases, inputs, drawn.directions, settings)
    backward = backward._replace(preactivation_gradient_counts=None, weight_gradient_counts=None)
    return scratch, (forward._replace(counts=None), backward)


def _shardings() -> tuple[NamedSharding, NamedSharding]:
    """Give the layout of arrays whose first axis is that of the networks, and of what every device needs whole."""
    mesh = Mesh(np.array(jax.devices()), ("networks",))
    return NamedSharding(mesh, PartitionSpec("networks")), NamedSharding(mesh, PartitionSpec())


def _compile(size: Size) -> _Program:
    blank = functools.partial(_blank_scratch, size)
    split, whole_on_each = _shardings()
    networks, square = _chunk(size), (size.batch, size.width)
    shapes = Drawn((size.capacity, size.width, size.width), (size.capacity, size.width), square)
    drawn = Drawn(*(jax.ShapeDtypeStruct((networks, *shape), np.float32) for shape in shapes))
    number, whole_number = jax.ShapeDtypeStruct((), np.float32), jax.ShapeDtypeStruct((), np.int32)
    per_layer, limits = (jax.ShapeDtypeStruct(shape, np.float32) for shape in [(size.capacity,), (3, 2)])
    settings = engine.Settings(whole_number, whole_number, per_layer, number, limits)
    inputs = jax.ShapeDtypeStruct(square, np.float32)
    specs = split.spec, split.spec, whole_on_each.spec, whole_on_each.spec
    sharded = jax.shard_map(_propagate, mesh=split.mesh, in_specs=specs, out_specs=split.spec, check_vma=False)
    layouts = split, split, whole_on_each, whole_on_each
    passes = jax.jit(sharded, in_shardings=layouts, out_shardings=split, donate_argnums=0)
    passes = passes.lower(jax.eval_shape(blank), drawn, inputs, settings)
    compiled = _Program(jax.jit(blank, out_shardings=split).lower().compile(), passes.compile())
    programs.return_freed_memory()
    return compiled


_programs: dict[Size, _Program] = {}
_compiling = threading.Lock()


def _program(size: Size) -> _Program:
    if size not in _programs:
        with _compiling:
            if size not in _programs:
                _programs[size] = _compile(size)
    return _programs[size]


def compile_many(width: int, batch: int = 128) -> None:
    """Compile what `measure_many` runs at this width and batch, so that its first call waits for nothing.

    May be called from any thread, and again at no cost. Raises `ValueError` as `measure_many` does.
    """
    width, batch = whole("width", width, 1, WIDEST), whole("batch", batch, 1, len(data.digits()[0]))
    size = programs.size_for(width, batch, DEEPEST)
    programs.program(size, map)
    _program(size)


def _zeros(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros that begin where JAX wants an array's first byte: others it copies at each call."""
    count, alignment = math.prod(shape), 64 // 4
    room = np.zeros(count + alignment, np.float32)
    start = -room.ctypes.data // 4 % alignment
    return room[start : start + count].reshape(shape)


def _room(size: Size) -> Drawn:
    networks, width = _chunk(size), size.width
    shapes = (size.capacity, width, width), (size.capacity, width), (size.batch, width)
    return Drawn(*(_zeros((networks, *shape)) for shape in shapes))


def _settings(run: Request) -> engine.Settings:
    weight_std = initializers.standard_deviation(run.scheme, (run.size.width, run.size.width), run.gain)
    numbers = np.int32(run.activation), np.int32(run.depth)
    per_layer, bias_std = np.full(run.size.capacity, weight_std, np.float32), np.float32(math.sqrt(run.bias_variance))
    return engine.Settings(*numbers, per_layer, bias_std, np.array(LIMITS, np.float32))


def _measured(run: Request, networks: range) -> list:
    """Draw and run these networks chunk by chunk, in memory that is used again; give each chunk's rows."""
    program, room, chunk, rows = _program(run.size), _room(run.size), _chunk(run.size), []
    inputs, settings = data.standardized_digits(run.size.batch, run.size.width), _settings(run)
    scratch = program.blank_scratch()
    for start in range(0, len(networks), chunk):
        here = networks[start : start + chunk]
        for place, network in enumerate(here):
            _fill(run, network, Drawn(*(part[place] for part in room)))
        scratch, answer = program.propagate(scratch, room, inputs, settings)
        # The answer is awaited here: only then may the next networks be drawn over these.
        rows.append(_cut(jax.device_get(answer), len(here), run.depth))
    return rows


def _cut(rows, networks: int, depth: int):
    return jax.tree.map(lambda row: row[:networks, :depth], rows)


def _shares(run: Request, networks: int) -> list[range]:
    """Share the networks out among the threads; LAPACK has threads of its own, so orthogonal weights get one."""
    share = -(-networks // (THREADS if run.scheme.distribution in _FAST else 1))
    return [range(networks)[start : start + share] for start in range(0, networks, share)]


def _stats(rows: list, networks: int, depth: int) -> LayerStats:
    flat = jax.tree.map(lambda *parts: np.concatenate([part.reshape(-1, *part.shape[2:]) for part in parts]), *rows)
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
    """Draw many networks by one rule, run each forward and backward, and give every layer's statistics of each.

    Every field has shape `(networks, depth)`. Each network has weights, biases and directions of its own, drawn
    independently; all are fed the same digits. The first is the network of `measure` with the same seed (equal up to
    rounding); the others do not depend on how many there are, and deeper ones begin with the same layers.
    `networks` is from 1 to 1000; other arguments and errors are those of `measure`.
    """
    networks = whole("networks", networks, 1, MOST_NETWORKS)
    run = checked(
        seed,
        depth=depth,
        width=width,
        activation=activation,
        scheme=scheme,
        gain=gain,
        bias_variance=bias_variance,
        batch=batch,
    )
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(functools.partial(_measured, run), _shares(run, networks)))
    programs.return_freed_memory()  # each thread's allocator would keep its chunk
    return _stats([rows for answer in answers for rows in answer], networks, depth)


def one_of_many(seed: int, network: int, **settings) -> Drawn:
    """Write out what `measure_many` draws for one of its networks, counted from 0, with the same arguments."""
    run = checked(seed, **settings)
    drawn = Drawn(*(part[0] for part in _room(run.size)))
    _fill(run, whole("network", network, 0, MOST_NETWORKS - 1), drawn)
    settings = _settings(run)
    weights = settings.weight_std[0] * drawn.weights[: run.depth]
    return Drawn(weights, settings.bias_std * drawn.biases[: run.depth], drawn.directions)
