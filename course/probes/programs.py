"""Compiled programs and the large arrays that live from one run to the next."""

import atexit
import ctypes
import functools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course import initializers
from course.probes import engine

DEEPEST = 100
KEPT_BYTES = 112 * 2**20
"""Drawn weights are kept for later runs up to this many bytes; the latest network's always are."""

_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None

RUNNING = threading.RLock()
"""Held while a program runs: a run writes into the scratch that the next one uses."""


class Size(NamedTuple):
    """What one compiled program is compiled for; `capacity` is the greatest depth that it can run."""

    width: int
    batch: int
    capacity: int


def size_for(width: int, batch: int, depth: int) -> Size:
    """One program serves every depth up to 100; very wide networks get smaller ones, to bound their memory."""
    steps = (DEEPEST,) if width <= 512 else (10, 25, 50, DEEPEST)
    return Size(width, batch, next(capacity for capacity in steps if capacity >= depth))


class Program(NamedTuple):
    """The compiled calls of one size."""

    blank_weights: jax.stages.Compiled
    blank_scratch: jax.stages.Compiled
    fill: jax.stages.Compiled
    draw: jax.stages.Compiled
    propagate: jax.stages.Compiled


def _blank_weights(size: Size) -> jax.Array:
    return jnp.zeros((size.capacity, size.width, size.width))


def _blank_scratch(size: Size) -> engine.Scratch:
    inputs = jnp.zeros((size.capacity + 1, size.batch, size.width))
    return engine.Scratch(inputs, jnp.zeros((size.capacity, size.batch, size.width)))


def _side_by_side(function, arguments):
    """Map as `map` does; the compiler runs without Python's lock, so that threads halve the wait."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(function, arguments))


def _compile(size: Size, apply: Callable) -> Program:
    number, whole = jax.ShapeDtypeStruct((), np.float32), jax.ShapeDtypeStruct((), np.int32)
    seed = jax.ShapeDtypeStruct((), np.uint32)
    blank_weights, blank_scratch = (
        functools.partial(_blank_weights, size),
        functools.partial(_blank_scratch, size),
    )
    weights, scratch = jax.eval_shape(blank_weights), jax.eval_shape(blank_scratch)
    draw = functools.partial(engine.draw, capacity=size.capacity, width=size.width, batch=size.batch)
    draws = jax.eval_shape(draw, seed)
    per_layer = jax.ShapeDtypeStruct((size.capacity,), np.float32)
    settings = engine.Settings(whole, whole, per_layer, number, jax.ShapeDtypeStruct((3, 2), np.float32))
    arguments = scratch, weights, draws.biases, draws.gaussian, draws.directions, settings
    lowered = Program(
        jax.jit(blank_weights).lower(),
        jax.jit(blank_scratch).lower(),
        jax.jit(engine.fill, donate_argnums=0).lower(weights, seed, whole, whole, whole),
        jax.jit(draw).lower(seed),
        jax.jit(engine.propagate, donate_argnums=0).lower(*arguments),
    )
    compiled = Program(*apply(jax.stages.Lowered.compile, lowered))
    return_freed_memory()
    return compiled


def return_freed_memory() -> None:
    """Give the system what the compiler and dropped arrays used: glibc alone would keep up to 100 MB for later."""
    if hasattr(_C_LIBRARY, "malloc_trim"):
        _C_LIBRARY.malloc_trim(0)


_programs: dict[Size, Program] = {}
_compiling = threading.Lock()


def program(size: Size, apply: Callable = _side_by_side) -> Program:
    """Give the compiled program of a size; the first request for a size waits for the compiler."""
    if size not in _programs:
        with _compiling:
            if size not in _programs:
                _programs[size] = _compile(size, apply)
    return _programs[size]


_leaving = threading.Event()


def ahead(compilations: Iterable[Callable[[], object]]) -> threading.Thread:
    """Compile one program after the other on a thread of their own, so that no later move waits for the compiler."""

    def compile_all():
        for compilation in compilations:
            if _leaving.is_set():
                return
            compilation()

    def leave():  # a thread inside the compiler when Python ends would abort the process
        _leaving.set()
        thread.join()

    thread = threading.Thread(target=compile_all, name="compile ahead", daemon=True)
    atexit.register(leave)
    thread.start()
    return thread


class _Weights(NamedTuple):
    array: jax.Array
    drawn: int


_kept: OrderedDict[tuple[int, str, Size], _Weights] = OrderedDict()
_scratch: dict[Size, engine.Scratch] = {}


def _forget_oldest(needed: int) -> None:
    while _kept and needed + sum(weights.array.nbytes for weights in _kept.values()) > KEPT_BYTES:
        _kept.popitem(last=False)
        return_freed_memory()


def unit_weights(seed: int, distribution: str, size: Size, depth: int) -> jax.Array:
    """Give unit-variance weights whose first `depth` layers are drawn; what was drawn before is not drawn again."""
    name = seed, distribution, size._replace(batch=0)
    compiled = program(size)
    with RUNNING:
        if name not in _kept:
            _forget_oldest(4 * size.capacity * size.width**2)
        weights = _kept.pop(name, None) or _Weights(compiled.blank_weights(), 0)
        if weights.drawn < depth:
            which = np.int32(initializers.DISTRIBUTIONS.index(distribution))
            start, stop = np.int32(weights.drawn), np.int32(depth)
            weights = _Weights(compiled.fill(weights.array, np.uint32(seed), which, start, stop), depth)
        _kept[name] = weights
        return weights.array


@functools.lru_cache(maxsize=8)
def draws(seed: int, size: Size) -> engine.Draws:
    """Give the biases, the cost's directions and the Gaussian inputs of a seed."""
    return program(size).draw(np.uint32(seed))


def propagate(size: Size, *arguments):
    """Run the compiled passes; `arguments` as for `engine.propagate`, after the scratch. Gives the rows."""
    compiled = program(size)
    with RUNNING:
        if size not in _scratch:
            _scratch.clear()  # the scratch of one size at a time: of a wide network it is large
            return_freed_memory()
            _scratch[size] = compiled.blank_scratch()
        _scratch[size], rows = compiled.propagate(_scratch.pop(size), *arguments)
        return jax.device_get(rows)
