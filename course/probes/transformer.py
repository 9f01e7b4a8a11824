"""Runs transformers forward and backward, block by block, in one compiled program.

The network has `depth` blocks on sequences of 64 different tokens, whose embeddings are independent numbers of mean
square 1, without a mask, as in an encoder. Its cost is C = Σ v·x, with independent directions v ~ N(0, 1) for what the
last block passes on; with pre-LN, for that after one more normalization, as in GPT-2.
"""

import functools
from typing import NamedTuple

import jax
import numpy as np

from course.networks.transformer import HIDDEN, KINDS, TRANSFORMER_SCALINGS, TransformerWeights
from course.probes import programs
from course.probes.draws import DEEPEST, beside_weights
from course.probes.requests import whole
from course.probes.transformer_passes import (
    BATCH,
    HEADS,
    NUMBERS,
    POSITIONS,
    PROBED,
    WIDEST,
    Settings,
    matrices_of,
    program,
)

__all__ = ["BATCH", "DEEPEST", "HEADS", "POSITIONS", "WIDTHS", "TransformerStats", "matrix_stds", "measure_transformer"]

WIDTHS = (16, 32, 64, 128)
"""Units of the stream that can be asked for."""
LECUN = "1/√n"
"""Weights of variance 1/fan_in, in place of one standard deviation for all."""


class TransformerStats(NamedTuple):
    """What each block passes on, and what comes back to it: float64 arrays `(depth,)`, block 1 first.

    `second_moment` is that of the stream x, `correlation` the mean cosine between two positions of a sequence,
    `entropy` that of the attention's weights, in nats. `gradient` is the mean square of ∂C/∂x, and `weight_gradient` of
    ∂C/∂W_down, divided by the number of positions that C sums over. Past the range of float32 a value is `inf`.
    """

    second_moment: np.ndarray
    correlation: np.ndarray
    entropy: np.ndarray
    gradient: np.ndarray
    weight_gradient: np.ndarray


def matrix_stds(std: float | str, width: int) -> np.ndarray:
    """Return the standard deviations of Q and K, V, what mixes the heads, W_up, and W_down; `std` may be "1/√n"."""
    fans = np.array([width, width, width, width, HIDDEN * width])
    return fans**-0.5 if std == LECUN else np.full(5, float(std))


class _Noise(NamedTuple):
    array: np.ndarray
    drawn: list[int]


@functools.lru_cache(maxsize=1)
def _noise(seed: int) -> _Noise:
    return _Noise(programs.zeros((DEEPEST, NUMBERS)), [0])


def _weights(seed: int, depth: int) -> np.ndarray:
    """Return noise whose first `depth` blocks are drawn; what was drawn before is not drawn again."""
    kept = _noise(seed)
    for block in range(kept.drawn[0], depth):
        np.random.default_rng((seed, block + 1)).standard_normal(dtype=np.float32, out=kept.array[block])
    kept.drawn[0] = max(kept.drawn[0], depth)
    return kept.array


def _sequences(seed: int) -> tuple[np.ndarray, np.ndarray]:
    shape = BATCH, POSITIONS, WIDEST
    return beside_weights(seed, "gaussian", shape), beside_weights(seed, "directions", (PROBED, *shape[1:]))


def _request(
    seed: int,
    *,
    depth: int,
    width: int = 128,
    heads: int = 4,
    kind: str = "pre-LN",
    std: float | str = LECUN,
    scaling: str = "none",
    divided: bool = True,
) -> tuple[int, Settings]:
    for name, value, allowed in (
        ("width", width, WIDTHS),
        ("heads", heads, HEADS),
        ("kind", kind, KINDS),
        ("scaling", scaling, TRANSFORMER_SCALINGS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}")
    if std != LECUN and not (isinstance(std, int | float) and 0 <= std < np.inf):
        raise ValueError(f"std must be {LECUN!r} or a finite number of at least 0, not {std!r}")
    depth = whole("depth", depth, 1, DEEPEST)
    row = TRANSFORMER_SCALINGS[scaling]
    stds = matrix_stds(std, width) * [1, row.inner(depth), row.outer(depth), row.inner(depth), row.outer(depth)]
    factors = (width // heads) ** -0.5 if divided else 1.0, row.skip(depth), row.gate(depth)
    sizes = np.int32(depth), np.int32(width), np.int32(HEADS.index(heads))
    settings = Settings(*sizes, *map(np.bool, KINDS[kind]), *map(np.float32, factors), stds.astype(np.float32))
    return whole("seed", seed, 0, 2**32 - 1), settings


def measure_transformer(seed: int, **network) -> TransformerStats:
    """Draw a transformer, run it forward and backward, and return every block's statistics.

    `network` has `depth`, from 1 to 100 blocks; `width`, one of `WIDTHS`; `heads`, one of `HEADS`; `kind`, a name of
    `KINDS`; `std`, a number or "1/√n"; `scaling`, a name of `TRANSFORMER_SCALINGS`; and whether logits are `divided` by
    √d_k. Raises ValueError for a value that is none of these.
    """
    seed, settings = _request(seed, **network)
    with programs.RUNNING:
        rows = jax.device_get(program()(_weights(seed, settings.depth), *_sequences(seed), settings))
    ups, downs = jax.tree.map(lambda rows: rows[: settings.depth].astype(np.float64), rows)
    pairs = POSITIONS - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (POSITIONS * ups.shared / ups.stream - 1) / pairs
    found = TransformerStats(ups.stream, correlation, ups.entropy, downs.stream, downs.weights / (PROBED * POSITIONS))
    entropies = found.entropy  # NaN where logits have overflown: no positions can be counted then
    found = TransformerStats(*(np.where(np.isnan(values), np.inf, values) for values in found))
    return found._replace(entropy=entropies)


class TransformerNetwork(NamedTuple):
    """The network of a run, written out: the weights of each block, the sequences, and the cost's v for the first."""

    weights: list[TransformerWeights]
    inputs: np.ndarray
    directions: np.ndarray


def network_of_transformer(seed: int, **network) -> TransformerNetwork:
    """Write out the very network that `measure_transformer` runs with the same arguments, for a closer look."""
    seed, settings = _request(seed, **network)
    width, heads = int(settings.width), HEADS[settings.heads]
    noise = _weights(seed, settings.depth)
    places = np.flatnonzero(np.arange(WIDEST) % (WIDEST // heads) < width // heads)
    weights = [_written_out(noise[block], width, places, settings.std) for block in range(settings.depth)]
    inputs, directions = (part[..., :width] for part in _sequences(seed))
    return TransformerNetwork(weights, inputs, directions)


def _written_out(noise: np.ndarray, width: int, places: np.ndarray, std: np.ndarray) -> TransformerWeights:
    """Take the units that are there out of one block's matrices."""
    fused, mixed, up, down = map(np.asarray, matrices_of(noise))
    queries, keys, values = (part[:width, places] for part in np.split(fused, 3, axis=1))
    hidden = HIDDEN * width
    ends = std[2] * mixed[places, :width], std[3] * up[:width, :hidden], std[4] * down[:hidden, :width]
    return TransformerWeights(std[0] * queries, std[0] * keys, std[1] * values, *ends)
