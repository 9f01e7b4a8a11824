"""The compiled program of the main probe, and the large arrays that live from one run to the next."""

import ctypes
import functools
import math
import sys
import threading
from collections import OrderedDict
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course.probes import draws, engine
from course.probes.draws import DEEPEST
from course.probes.engine import BLOCK

KEPT_BYTES = 48 * 2**20
"""Drawn weights are kept for later runs up to this many bytes; the latest network's always are."""
_MENU_BLOCKS, _MENU_BATCH = 4, 128

_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None

RUNNING = threading.RLock()
"""Held while a program runs: a run writes into memory that the next one uses."""


class Size(NamedTuple):
    """What one program is compiled for: blocks of units in a layer, examples, and the greatest depth it can run."""

    blocks: int
    batch: int
    capacity: int


def size_for(width: int, batch: int, depth: int) -> Size:
    """One program serves every width to 512 and every depth to 100; larger networks get others, to bound their memory.

    So do larger batches, whose preactivations would need much of it at widths that nobody asks for.
    """
    blocks = max(blocks_of(width), _MENU_BLOCKS if batch <= _MENU_BATCH else 1)
    steps = (DEEPEST,) if blocks <= _MENU_BLOCKS else (10, 25, 50, DEEPEST)
    return Size(blocks, batch, next(capacity for capacity in steps if capacity >= depth))


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros that take memory only where something is written, and begin where JAX wants an array's first byte.

    Others JAX copies at each call.
    """
    count, alignment = math.prod(shape), 64 // 4
    room = np.zeros(count + alignment, np.float32)
    start = -room.ctypes.data // 4 % alignment
    return room[start : start + count].reshape(shape)


def blank_weights(size: Size) -> np.ndarray:
    """Return memory for the weights of a run."""
    return zeros((size.capacity * size.blocks**2, BLOCK, BLOCK))


def in_blocks(rows: np.ndarray, blocks: int) -> np.ndarray:
    """Lay rows of units, `(..., width)`, out in blocks, `(..., blocks, BLOCK)`, filled up with zeros."""
    *before, width = rows.shape
    laid = np.zeros((*before, blocks * BLOCK), np.float32)
    laid[..., :width] = rows
    return laid.reshape(*before, blocks, BLOCK)


def batch_in_blocks(rows: np.ndarray, blocks: int) -> np.ndarray:
    """Lay a batch, `(batch, width)`, out in blocks, `(blocks, batch, BLOCK)`."""
    return np.ascontiguousarray(in_blocks(rows, blocks).swapaxes(0, 1))


def blocks_of(width: int) -> int:
    """Return how many blocks hold so many units."""
    return -(-width // BLOCK)


def put_layer(weights: np.ndarray, layer: int, noise: np.ndarray, widest: int) -> None:
    """Write a layer's noise, `(fan_in, fan_out)`, into blank weights; layers count from 0 here.

    `widest` are the units of the network's widest layer, which says how many blocks a layer has.
    """
    side = blocks_of(widest)
    padded = in_blocks(noise, side)
    for row in range(blocks_of(len(noise))):
        part = padded[row * BLOCK : (row + 1) * BLOCK]
        first = (layer * side + row) * side
        weights[first : first + side, : len(part)] = part.swapaxes(0, 1)


def layers_of(weights: np.ndarray, width: int, depth: int) -> np.ndarray:
    """Read the first layers' noise, `(depth, width, width)`, out of weights that stand in blocks."""
    side = blocks_of(width)
    square = weights[: depth * side**2].reshape(depth, side, side, BLOCK, BLOCK).swapaxes(2, 3)
    return square.reshape(depth, side * BLOCK, side * BLOCK)[:, :width, :width]


def return_freed_memory() -> None:
    """Give the system what the compiler and dropped arrays used: glibc alone would keep up to 100 MB for later."""
    if hasattr(_C_LIBRARY, "malloc_trim"):
        _C_LIBRARY.malloc_trim(0)


def _arguments(size: Size) -> tuple:
    """The shapes that `engine.propagate` is compiled for."""

    def array(*shape, kind=np.float32):
        return jax.ShapeDtypeStruct(shape, kind)

    blocks, batch, capacity = size
    rows = array(blocks, batch, BLOCK)
    settings = engine.Settings(
        *(array(kind=np.int32), array(kind=np.int32), array(capacity + 1, kind=np.int32)),
        *(array(capacity), array(), array(3, 2), array(3, kind=np.bool_)),
    )
    weights = array(capacity * blocks**2, BLOCK, BLOCK)
    return array(capacity, blocks, batch, BLOCK), weights, array(capacity, blocks, BLOCK), rows, rows, settings


_compiling = threading.Lock()


@functools.cache
def _compiled(size: Size) -> jax.stages.Compiled:
    compiled = jax.jit(engine.propagate, donate_argnums=0).lower(*_arguments(size)).compile()
    return_freed_memory()
    return compiled


def program(size: Size) -> jax.stages.Compiled:
    """Return the compiled passes of a size; the first request waits for the compiler."""
    with _compiling:
        return _compiled(size)


def blank(size: Size) -> jax.Array:
    """Return memory for the preactivations of a run."""
    blocks, batch, capacity = size
    return jnp.zeros((capacity, blocks, batch, BLOCK))


class _Weights(NamedTuple):
    array: np.ndarray
    drawn: int
    bytes: int


_kept: OrderedDict[tuple[int, str, int, Size], _Weights] = OrderedDict()
_memory: dict[Size, jax.Array] = {}


def _forget_oldest(needed: int) -> None:
    while _kept and needed + sum(weights.bytes for weights in _kept.values()) > KEPT_BYTES:
        _kept.popitem(last=False)


def unit_weights(seed: int, distribution: str, size: Size, width: int, depth: int) -> np.ndarray:
    """Return unit-variance weights, in blocks, whose first `depth` layers are drawn.

    What was drawn before is not drawn again, and the array is not to be written into.
    """
    name = seed, distribution, width, size._replace(batch=0)
    with RUNNING:
        weights = _kept.pop(name, None) or _Weights(blank_weights(size), 0, 0)
        bytes_of_all = max(weights.bytes, 4 * depth * (blocks_of(width) * BLOCK) ** 2)
        _forget_oldest(bytes_of_all)
        missing = range(weights.drawn, depth)
        drawn = draws.layer_noise(seed, [layer + 1 for layer in missing], distribution, (width, width))
        for layer, noise in zip(missing, drawn, strict=True):
            put_layer(weights.array, layer, noise, width)
        _kept[name] = _Weights(weights.array, max(weights.drawn, depth), bytes_of_all)
        return weights.array


def propagate(size: Size, *arguments):
    """Run the compiled passes; `arguments` as for `engine.propagate`, after its memory. Returns the rows."""
    compiled = program(size)
    with RUNNING:
        if size not in _memory:
            _memory.clear()  # that of one size at a time: of a wide network it is large
            _memory[size] = blank(size)
        _memory[size], rows = compiled(_memory.pop(size), *arguments)
        return jax.device_get(rows)
