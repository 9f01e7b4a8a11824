"""Transformers: attention lets every position of a sequence read the others, a small network then works on each.

Both are branches that are added to a stream of shape `(..., positions, units)`. A layer normalization stands in front
of each branch (pre-LN), after each sum (post-LN, as in Vaswani et al. 2017), or nowhere.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from course.networks.normalization import EPSILON

HIDDEN = 4
"""The feed-forward network has so many times as many hidden units as the stream has units."""


class TransformerWeights(NamedTuple):
    """The weights of one block of n units, or of all blocks with one axis more in front.

    `queries`, `keys`, `values` and `mixed` have shape `(n, n)`, `up` `(n, 4n)` and `down` `(4n, n)`. `mixed` and `down`
    write to the stream.
    """

    queries: jax.Array
    keys: jax.Array
    values: jax.Array
    mixed: jax.Array
    up: jax.Array
    down: jax.Array


class Attention(NamedTuple):
    """What the heads return, `(..., positions, units)`, and how they weigh: `(..., heads, positions, positions)`."""

    mixed: jax.Array
    weights: jax.Array


def layer_norm(x: jax.Array, units: jax.Array | int | None = None) -> jax.Array:
    """Bring each position to mean 0 and variance 1 over its units (Ba, Kiros and Hinton 2016).

    Where only the first `units` of the last axis are there, which may be traced, the others stay 0.
    """
    count = x.shape[-1] if units is None else units
    there = jnp.arange(x.shape[-1]) < count
    x = jnp.where(there, x, 0)
    centred = jnp.where(there, x - jnp.sum(x, axis=-1, keepdims=True) / count, 0)
    variance = jnp.sum(centred**2, axis=-1, keepdims=True) / count
    return centred / jnp.sqrt(variance + EPSILON)


def attention(
    queries: jax.Array, keys: jax.Array, values: jax.Array, heads: int, factor: jax.Array | float, causal: bool = False
) -> Attention:
    """Let every position read the others: softmax(factor · Q Kᵀ) V in each head (Vaswani et al. 2017, equation 1).

    Arrays have shape `(..., positions, units)`, a head takes `units / heads` of the units; `factor` is 1/√d_k, or 1.
    With `causal`, a position reads itself and those before it.
    """
    q, k, v = (_by_head(array, heads) for array in (queries, keys, values))
    logits = factor * jnp.einsum("...qd,...kd->...qk", q, k)
    if causal:
        logits = jnp.where(jnp.tril(jnp.ones(logits.shape[-2:], bool)), logits, -jnp.inf)
    weights = jax.nn.softmax(logits, axis=-1)
    mixed = jnp.swapaxes(jnp.einsum("...qk,...kd->...qd", weights, v), -3, -2)
    return Attention(mixed.reshape(values.shape), weights)


def _by_head(array: jax.Array, heads: int) -> jax.Array:
    *before, positions, units = array.shape
    return jnp.swapaxes(array.reshape(*before, positions, heads, units // heads), -3, -2)


def entropy(weights: jax.Array) -> jax.Array:
    """Return −Σ a ln a over the last axis: ln of the number of positions for equal weights, 0 for a single one."""
    return -jnp.sum(jax.scipy.special.xlogy(weights, weights), axis=-1)


def feed_forward(weights: TransformerWeights, x: jax.Array) -> jax.Array:
    """Return relu(x W_up) W_down, for each position alone."""
    return jax.nn.relu(x @ weights.up) @ weights.down


def attend(
    weights: TransformerWeights,
    x: jax.Array,
    heads: int,
    causal: bool = False,
    factor: jax.Array | float | None = None,
) -> jax.Array:
    """Return what attention adds to the stream; logits are divided by √d_k unless another `factor` is given."""
    q, k, v = (x @ part for part in (weights.queries, weights.keys, weights.values))
    factor = (x.shape[-1] // heads) ** -0.5 if factor is None else factor
    return attention(q, k, v, heads, factor, causal).mixed @ weights.mixed


Elementwise = Callable[[jax.Array], jax.Array]


def added(
    branch: Elementwise,
    x: jax.Array,
    *,
    before: Elementwise,
    after: Elementwise,
    skip: jax.Array | float = 1.0,
    gate: jax.Array | float = 1.0,
) -> jax.Array:
    """Add a branch to the stream: after(skip · x + gate · branch(before(x)))."""
    return after(skip * x + gate * branch(before(x)))


def _nothing(x: jax.Array) -> jax.Array:
    return x


class Kind(NamedTuple):
    """Where a block normalizes: in front of each branch, after each sum."""

    before: bool
    after: bool

    @property
    def functions(self) -> dict[str, Elementwise]:
        """What `added` is to do, by the names of its arguments."""
        return {
            "before": layer_norm if self.before else _nothing,
            "after": layer_norm if self.after else _nothing,
        }


KINDS: Mapping[str, Kind] = MappingProxyType(
    {"pre-LN": Kind(True, False), "post-LN": Kind(False, True), "no LN": Kind(False, False)}
)


class Scaling(NamedTuple):
    """How the branches of a transformer of L blocks, 2L branches, are initialized.

    `skip` multiplies the stream and `gate` each branch, `inner` the weights that read inside a branch (`values`, `up`),
    `outer` those that write to the stream (`mixed`, `down`).
    """

    title: str
    skip: Callable[[int], float]
    gate: Callable[[int], float]
    inner: Callable[[int], float]
    outer: Callable[[int], float]
    source: str


def _one(_blocks: int) -> float:
    return 1.0


def _zero(_blocks: int) -> float:
    return 0.0


def _deepnorm(blocks: int) -> float:
    return (8 * blocks) ** -0.25


def _t_fixup(blocks: int) -> float:
    return 0.67 * blocks**-0.25


TRANSFORMER_SCALINGS: Mapping[str, Scaling] = MappingProxyType(
    {
        "none": Scaling("none", _one, _one, _one, _one, "Vaswani et al. 2017"),
        "1/√2L": Scaling(
            "outputs × 1/√(2L)", _one, _one, _one, lambda blocks: 1 / math.sqrt(2 * blocks), "Radford et al. 2019"
        ),
        "zero": Scaling("outputs zero", _one, _one, _one, _zero, "Goyal et al. 2017; Zhang, Dauphin and Ma 2019"),
        "rezero": Scaling("ReZero: gates zero", _one, _zero, _one, _one, "Bachlechner et al. 2020"),
        "deepnorm": Scaling(
            "DeepNorm", lambda blocks: (2 * blocks) ** 0.25, _one, _deepnorm, _deepnorm, "Wang et al. 2022"
        ),
        "t-fixup": Scaling("T-Fixup", _one, _one, _t_fixup, _t_fixup, "Huang et al. 2020"),
    }
)
"""What scales the branches, by name; DeepNorm and T-Fixup as for an encoder of L blocks."""


def scaled(weights: TransformerWeights, inner: jax.Array | float, outer: jax.Array | float) -> TransformerWeights:
    """Return weights of which some are multiplied, as a `Scaling` says."""
    return weights._replace(
        values=inner * weights.values, up=inner * weights.up, mixed=outer * weights.mixed, down=outer * weights.down
    )


class How(NamedTuple):
    """How branches are added: what `added` takes by these names, and the heads."""

    before: Elementwise
    after: Elementwise
    heads: int
    skip: jax.Array | float = 1.0
    gates: tuple[jax.Array | float, jax.Array | float] = (1.0, 1.0)
    factor: jax.Array | float | None = None
    causal: bool = False


def run_block(weights: TransformerWeights, x: jax.Array, how: How) -> jax.Array:
    """Run a block: attention, then the feed-forward network, each added to the stream."""
    branches = (
        lambda read: attend(weights, read, how.heads, how.causal, how.factor),
        lambda read: feed_forward(weights, read),
    )
    for branch, gate in zip(branches, how.gates, strict=True):
        x = added(branch, x, before=how.before, after=how.after, skip=how.skip, gate=gate)
    return x


class LanguageModel(NamedTuple):
    """All that is trained of a language model of L blocks: no biases, and no scales of normalizations.

    `embeddings` `(vocabulary, units)`, at both ends of the network; `positions` `(positions, units)`; `blocks` with an
    axis of length L in front; `gates` `(L, 2)`, one for each branch.
    """

    embeddings: jax.Array
    positions: jax.Array
    blocks: TransformerWeights
    gates: jax.Array


def next_tokens(model: LanguageModel, tokens: jax.Array, how: How, nudges: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return logits for the token that follows each position, `(batch, positions, vocabulary)`, and every stream.

    `tokens` has shape `(batch, positions)`. `nudges` `(L, batch, positions, units)` are added to what the blocks pass
    on, so that the gradient for it can be asked for.
    """

    def step(x, part):
        weights, gates, nudge = part
        x = run_block(weights, x, how._replace(gates=tuple(gates), causal=True)) + nudge
        return x, x

    x = embed(model.embeddings, tokens, model.positions)
    last, streams = lax.scan(step, x, (model.blocks, model.gates, nudges))
    return tied_head(model.embeddings, how.before(last)), streams


def embed(embeddings: jax.Array, tokens: jax.Array, positions: jax.Array) -> jax.Array:
    """Return the vector of each token, row `tokens` of `(vocabulary, units)`, plus that of its position."""
    return embeddings[tokens] + positions[: tokens.shape[-1]]


def tied_head(embeddings: jax.Array, x: jax.Array) -> jax.Array:
    """Return a logit for each token of the vocabulary: the stream times the very embeddings it began with."""
    return x @ embeddings.T
