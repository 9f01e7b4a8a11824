"""Transformers: the network is what its formulas say, the fast program runs that network, theory meets wide ones."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.networks.transformer import (
    HIDDEN,
    KINDS,
    TRANSFORMER_SCALINGS,
    How,
    TransformerWeights,
    added,
    attention,
    embed,
    entropy,
    layer_norm,
    run_block,
    tied_head,
)
from course.probes.transformer import (
    POSITIONS,
    measure_transformer,
    network_of_transformer,
)
from course.theory.transformer import Transformer, heads_of, passes, softmax_of_normal


def nothing(x):
    return x


def how(kind: str, heads: int, **more) -> How:
    before, after = KINDS[kind]
    return How(layer_norm if before else nothing, layer_norm if after else nothing, heads, **more)


# Networks, exactly


def test_attention_is_a_mean_of_values_weighed_by_a_softmax_of_products():
    q, k, v = np.random.default_rng(0).standard_normal((3, 5, 8))
    found = attention(q, k, v, heads=2, factor=0.5)
    for head in range(2):
        part = slice(4 * head, 4 * head + 4)
        powers = np.exp(0.5 * q[:, part] @ k[:, part].T)
        weights = powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found.weights[head], weights, rtol=1e-5)
        np.testing.assert_allclose(found.mixed[:, part], weights @ v[:, part], rtol=1e-4, atol=1e-6)


def test_a_causal_position_reads_itself_and_those_before_it_alone():
    q, k, v = np.random.default_rng(0).standard_normal((3, 5, 8))
    before = attention(q, k, v, 2, 1.0, causal=True)
    assert np.all(np.triu(before.weights[0], 1) == 0)
    np.testing.assert_allclose(before.mixed[0], v[0], rtol=1e-6)
    k[3:], v[3:] = 7.0, 7.0
    np.testing.assert_array_equal(attention(q, k, v, 2, 1.0, causal=True).mixed[:3], before.mixed[:3])


def test_equal_weights_have_the_entropy_ln_t_and_one_position_has_none():
    np.testing.assert_allclose(entropy(jnp.full(64, 1 / 64)), math.log(64), rtol=1e-6)
    assert entropy(jnp.eye(4)).tolist() == [0, 0, 0, 0]


def test_a_normalized_position_has_mean_0_and_variance_1_over_the_units_that_are_there():
    x = 3 + 5 * jax.random.normal(jax.random.key(0), (7, 12))
    np.testing.assert_allclose(layer_norm(x).mean(axis=-1), 0, atol=1e-6)
    np.testing.assert_allclose(layer_norm(x).var(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(layer_norm(x, 8)[:, :8], layer_norm(x[:, :8]), rtol=1e-5, atol=1e-6)
    assert not layer_norm(x, 8)[:, 8:].any()
    gradient = jax.grad(lambda x: jnp.sum(layer_norm(x, 8) ** 3))(x)
    assert not gradient[:, 8:].any()


def test_a_branch_is_normalized_in_front_or_the_sum_after_it():
    x = jax.random.normal(jax.random.key(0), (3, 8))
    post = added(jnp.sin, x, before=nothing, after=layer_norm, skip=2.0, gate=0.5)
    np.testing.assert_allclose(post, layer_norm(2 * x + 0.5 * jnp.sin(x)), rtol=1e-6)
    pre = added(jnp.sin, x, before=layer_norm, after=nothing)
    np.testing.assert_allclose(pre, x + jnp.sin(layer_norm(x)), rtol=1e-6)


def test_a_tied_head_has_the_logit_of_a_token_from_its_own_embedding():
    embeddings, positions = jnp.eye(4), jnp.zeros((3, 4))
    tokens = jnp.array([[2, 0, 3]])
    logits = tied_head(embeddings, embed(embeddings, tokens, positions))
    assert logits.argmax(axis=-1).tolist() == tokens.tolist()


@pytest.mark.parametrize(
    ("name", "blocks", "factors"),
    [
        ("none", 12, (1, 1, 1, 1)),
        ("1/√2L", 8, (1, 1, 1, 1 / 4)),
        ("zero", 12, (1, 1, 1, 0)),
        ("rezero", 12, (1, 0, 1, 1)),
        ("deepnorm", 8, (2, 1, 64**-0.25, 64**-0.25)),
        ("t-fixup", 16, (1, 1, 0.67 / 2, 0.67 / 2)),
    ],
)
def test_the_factors_of_a_scaling(name, blocks, factors):
    row = TRANSFORMER_SCALINGS[name]
    np.testing.assert_allclose([f(blocks) for f in (row.skip, row.gate, row.inner, row.outer)], factors)


# The program


@pytest.mark.parametrize(
    "network",
    [
        {"depth": 3, "width": 32, "heads": 2},
        pytest.param(
            {"depth": 2, "width": 128, "heads": 8, "kind": "post-LN", "scaling": "deepnorm"}, marks=pytest.mark.long
        ),
        pytest.param(
            {"depth": 3, "width": 64, "heads": 1, "kind": "no LN", "scaling": "t-fixup", "std": 0.1},
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"depth": 2, "width": 16, "heads": 4, "kind": "post-LN", "divided": False}, marks=pytest.mark.long
        ),
    ],
)
def test_the_program_runs_the_network_that_is_written_out(network):
    stats, written = measure_transformer(5, **network), network_of_transformer(5, **network)
    row, depth, kind = TRANSFORMER_SCALINGS[network.get("scaling", "none")], network["depth"], network.get("kind")
    gates = (row.gate(depth),) * 2
    factor = None if network.get("divided", True) else 1.0
    block = how(kind or "pre-LN", network["heads"], skip=row.skip(depth), gates=gates, factor=factor)

    def streams(inputs, nudges, weights):
        found = [inputs]
        for own, nudge in zip(weights, nudges, strict=True):
            found.append(run_block(own, found[-1], block) + nudge)
        return found[1:]

    def cost(nudges, weights):
        probed = streams(jnp.asarray(written.inputs[: len(written.directions)]), nudges, weights)
        return jnp.sum(block.before(probed[-1]) * written.directions)

    nudges = [jnp.zeros(written.directions.shape)] * depth
    for_stream, for_weights = jax.grad(cost, argnums=(0, 1))(nudges, written.weights)
    squares = [np.mean(np.square(x)) for x in streams(jnp.asarray(written.inputs), [0.0] * depth, written.weights)]
    np.testing.assert_allclose(stats.second_moment, squares, rtol=1e-4)
    np.testing.assert_allclose(stats.gradient, [np.mean(np.square(g)) for g in for_stream], rtol=1e-4)
    positions = written.directions[..., 0].size
    squares = [np.mean(np.square(weights.down)) / positions for weights in for_weights]
    np.testing.assert_allclose(stats.weight_gradient, squares, rtol=1e-4)
    x, first = written.inputs, written.weights[0]
    read = block.before(jnp.asarray(x))
    logits_factor = (network["width"] // network["heads"]) ** -0.5 if factor is None else factor
    found = attention(*(read @ part for part in first[:3]), network["heads"], logits_factor)
    np.testing.assert_allclose(stats.entropy[0], entropy(found.weights).mean(), rtol=1e-4)
    last = np.asarray(streams(jnp.asarray(x), [0.0] * depth, written.weights)[-1])
    products = np.einsum("bpu,bqu->bpq", last, last)
    apart = ~np.eye(POSITIONS, dtype=bool)
    cosine = products[:, apart].mean() / products[:, ~apart].mean()
    np.testing.assert_allclose(stats.correlation[-1], cosine, atol=1e-4)


def test_a_deeper_network_begins_with_the_same_blocks():
    shallow, deep = (measure_transformer(1, depth=depth, width=64) for depth in (3, 9))
    np.testing.assert_allclose(deep.second_moment[:3], shallow.second_moment, rtol=1e-6)


def test_no_setting_of_the_program_waits_for_a_compiler():
    measure_transformer(0, depth=2)
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_a, **_k: compiled.append(event))
    for network in (
        {"depth": 100, "width": 16, "heads": 8},
        {"depth": 1, "kind": "post-LN", "std": 0.02, "scaling": "zero"},
        {"depth": 5, "kind": "no LN", "heads": 1, "divided": False, "scaling": "deepnorm"},
    ):
        measure_transformer(3, **network)
    assert [event for event in compiled if "compile" in event] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("depth", value) for value in (0, 101, 2.5)),
        *(("width", 100), ("heads", 3), ("kind", "mid-LN"), ("scaling", "half"), ("std", -1.0), ("std", "xavier")),
    ],
)
def test_a_setting_that_there_is_not_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        measure_transformer(0, **{"depth": 2, name: value})


# Theory


@pytest.mark.parametrize("variance", [0.0, 1.0, 16.0, 400.0])
def test_a_softmax_of_normal_logits_does_on_average_what_its_integrals_say(variance):
    logits = np.random.default_rng(0).normal(0, math.sqrt(variance), (20_000, 64))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
    squares = (weights**2).sum(axis=1)
    entropies = -np.sum(weights * np.log(np.where(weights > 0, weights, 1)), axis=1)
    found = softmax_of_normal(variance, 64)
    for drawn, predicted in (
        (squares, found.squares),
        ((weights**3).sum(axis=1), found.cubes),
        (squares**2, found.squares_squared),
        (entropies, found.entropy),
    ):
        assert abs(drawn.mean() - predicted) <= 5 * drawn.std() / math.sqrt(len(drawn)) + 1e-6


def test_of_two_positions_the_softmax_is_known_exactly():
    """The weights are σ(d) and σ(−d), of a difference d of variance 2 s²."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    share = 1 / (1 + np.exp(-math.sqrt(2 * 0.7) * nodes))
    exact = weights @ (share**2 + (1 - share) ** 2) / weights.sum()
    assert math.isclose(softmax_of_normal(0.7, 2).squares, exact, rel_tol=1e-9)


def test_equal_logits_look_everywhere_and_the_slopes_are_those_of_equal_weights():
    found = softmax_of_normal(0.0, 64)
    assert math.isclose(found.entropy, math.log(64))
    assert math.isclose(found.gradient, (1 - 1 / 64) / 64, rel_tol=1e-6)
    with pytest.raises(ValueError, match="variance"):
        softmax_of_normal(-1.0, 64)


def test_equal_queries_have_equal_weights():
    found = heads_of(1.3, 1.0, 32, 64)
    assert math.isclose(found.overlap, found.squares)
    assert math.isclose(found.crossed, found.slopes)
    apart = heads_of(1.3, 0.0, 32, 64)
    assert math.isclose(apart.overlap, 1 / 64)


def network_of(kind: str, depth: int, head_units: int, **more) -> Transformer:
    before, after = KINDS[kind]
    lecun = dict.fromkeys(("logits", "values", "mixed", "up", "down"), 1.0)
    return Transformer(depth, head_units, **lecun, before=before, after=after, **more)


def test_without_branches_a_stream_and_its_gradient_pass_unchanged():
    found = passes(network_of("no LN", 50, 32, gate=0.0))
    assert np.all(found.second_moment == 1)
    assert np.all(found.gradient == 1)
    assert np.all(found.weight_gradient == 0)


def test_with_equal_attention_a_block_adds_a_mean_and_half():
    """Queries of zero: attention adds the mean over 64 positions, 1/64 of what is independent; relu adds a half."""
    network = network_of("pre-LN", 1, 32)._replace(logits=0.0)
    assert math.isclose(passes(network).second_moment[0], 1 + 1 / 64 + 1 / 2, rel_tol=1e-4)
    assert math.isclose(passes(network).entropy[0], math.log(64), rel_tol=1e-6)


WIDE, WIDE_HEADS, WIDE_DEPTH = 1024, 16, 4


def drawn(key: jax.Array) -> TransformerWeights:
    """Draw a wide block with weights of variance 1/fan_in."""
    shapes = [(WIDE, WIDE)] * 4 + [(WIDE, HIDDEN * WIDE), (HIDDEN * WIDE, WIDE)]
    keys = jax.random.split(key, len(shapes))
    return TransformerWeights(*(jax.random.normal(k, s) / s[0] ** 0.5 for k, s in zip(keys, shapes, strict=True)))


@functools.partial(jax.jit, static_argnums=1)
def wide_network(key: jax.Array, kind: str):
    """Return the mean squares of the stream, the entropies and the mean squares of ∂C/∂x of a wide transformer."""
    block, (for_inputs, for_v, *for_blocks) = how(kind, WIDE_HEADS), jax.random.split(key, 2 + WIDE_DEPTH)

    @jax.checkpoint  # weights are drawn again on the way back, as there is no room for all
    def step(x, part):
        own, nudge = part
        weights = drawn(own)
        read = block.before(x)
        logits_factor = (WIDE // WIDE_HEADS) ** -0.5
        looks = attention(*(read @ each for each in weights[:3]), WIDE_HEADS, logits_factor).weights
        x = run_block(weights, x, block) + nudge
        return x, (jnp.mean(x**2), jnp.mean(entropy(looks)))

    inputs, directions = (jax.random.normal(k, (1, POSITIONS, WIDE)) for k in (for_inputs, for_v))

    def cost(nudges):
        last, rows = jax.lax.scan(step, inputs, (jnp.stack(for_blocks), nudges))
        return jnp.sum(block.before(last) * directions), rows

    gradients, (squares, entropies) = jax.grad(cost, has_aux=True)(jnp.zeros((WIDE_DEPTH, *inputs.shape)))
    return squares, entropies, jnp.mean(gradients**2, axis=(1, 2, 3))


@pytest.mark.long
@pytest.mark.parametrize("kind", ["pre-LN", "post-LN"])
def test_wide_transformers_follow_the_theory_within_five_standard_errors(kind):
    predicted = passes(network_of(kind, WIDE_DEPTH, WIDE // WIDE_HEADS))
    runs = [np.stack(wide_network(jax.random.key(seed), kind)) for seed in range(8)]
    means, errors = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / math.sqrt(len(runs))
    expected = np.stack([predicted.second_moment, predicted.entropy, predicted.gradient])
    assert np.all(np.abs(means - expected) <= 5 * errors + 1e-4)
