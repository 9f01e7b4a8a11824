"""What the course says that frameworks draw by default, held against the frameworks that are installed."""

import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec

import jax
import numpy as np
import pytest
from claims import asserts

from course import initializers
from course.pages.todays_networks.framework_defaults import CHOSEN, DEFAULTS, framework_defaults

FAN_IN, FAN_OUT = 100, 300
KERNEL = (3, 3, 16, 32)
CUT = 2 / math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
"""A truncated normal's largest value in its own standard deviations, when it is cut at two of the uncut one's."""


def assert_drawn_by(framework: str, weights: np.ndarray, shape: tuple[int, ...]) -> None:
    """Standard deviation and largest value are those of the table's scheme for a layer of this shape."""
    scheme = DEFAULTS[framework].scheme
    std = initializers.standard_deviation(scheme, shape)
    largest = {"uniform": math.sqrt(3), "truncated_normal": CUT}[scheme.distribution] * std
    # Neither distribution has a fourth moment above a normal one's: Var s² is at most 2 σ⁴ / count.
    assert np.var(weights) == pytest.approx(std**2, rel=5 * math.sqrt(2 / weights.size))
    assert 0.99 * largest < np.abs(weights).max() <= largest * (1 + 1e-6)


def assert_biases(framework: str, biases: np.ndarray, fan_in: int) -> None:
    scale = DEFAULTS[framework].bias_scale
    assert np.abs(biases).max() <= math.sqrt(3 * scale / fan_in) * (1 + 1e-6)
    assert np.var(biases) == pytest.approx(scale / fan_in, rel=5 * math.sqrt(2 / biases.size))


def test_flax_draws_what_the_table_says():
    nnx = pytest.importorskip("flax.nnx")
    dense = nnx.Linear(FAN_IN, FAN_OUT, rngs=nnx.Rngs(0))
    kernel = nnx.Conv(*KERNEL[2:], KERNEL[:2], rngs=nnx.Rngs(0))
    assert_drawn_by("Flax", np.asarray(dense.kernel[...]), (FAN_IN, FAN_OUT))
    assert_drawn_by("Flax", np.asarray(kernel.kernel[...]), KERNEL)
    assert_biases("Flax", np.asarray(dense.bias[...]), FAN_IN)


def test_equinox_draws_what_the_table_says():
    equinox = pytest.importorskip("equinox")
    dense = equinox.nn.Linear(FAN_IN, FAN_OUT, key=jax.random.key(0))
    kernel = equinox.nn.Conv2d(*KERNEL[2:], KERNEL[:2], key=jax.random.key(0))
    assert_drawn_by("PyTorch, Equinox", np.asarray(dense.weight), (FAN_IN, FAN_OUT))
    assert_drawn_by("PyTorch, Equinox", np.asarray(kernel.weight), KERNEL)
    assert_biases("PyTorch, Equinox", np.asarray(dense.bias), FAN_IN)


@asserts("A linear layer is initialized")
def test_pytorch_draws_what_the_table_says():
    torch = pytest.importorskip("torch")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dense, kernel = torch.nn.Linear(FAN_IN, FAN_OUT), torch.nn.Conv2d(*KERNEL[2:], KERNEL[:2])
    assert_drawn_by("PyTorch, Equinox", dense.weight.detach().numpy(), (FAN_IN, FAN_OUT))
    assert_drawn_by("PyTorch, Equinox", kernel.weight.detach().numpy(), KERNEL)
    assert_biases("PyTorch, Equinox", dense.bias.detach().numpy(), FAN_IN)


KERAS = f"""
import json, keras
keras.utils.set_random_seed(0)
dense, kernel = keras.layers.Dense({FAN_OUT}), keras.layers.Conv2D({KERNEL[3]}, {KERNEL[:2]})
dense.build((None, {FAN_IN}))
kernel.build((None, 8, 8, {KERNEL[2]}))
print(json.dumps([keras.ops.convert_to_numpy(part).tolist() for part in (dense.kernel, dense.bias, kernel.kernel)]))
"""


@pytest.mark.long
@pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")
def test_keras_draws_what_the_table_says():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}  # read once, when keras is imported
    run = subprocess.run([sys.executable, "-c", KERAS], capture_output=True, text=True, check=True, env=environment)
    dense, biases, kernel = map(np.array, json.loads(run.stdout.splitlines()[-1]))
    assert_drawn_by("Keras", dense, (FAN_IN, FAN_OUT))
    assert_drawn_by("Keras", kernel, KERNEL)
    assert_biases("Keras", biases, FAN_IN)


# Other layers, in the page's second table: embeddings, attention, LSTMs, normalizations, a truncated normal

WIDTH, HEADS, TOKENS = 128, 4, 500


def has_variance(weights: np.ndarray, expected: float) -> bool:
    """Whether independent weights have this variance, to within five standard errors of normal ones."""
    return abs(np.mean(np.square(weights)) / expected - 1) < 5 * math.sqrt(2 / np.size(weights))


def is_orthogonal(matrix: np.ndarray) -> bool:
    return np.allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-5)


def test_what_pytorch_draws_for_other_layers():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        table, heads, lstm = nn.Embedding(TOKENS, WIDTH), nn.MultiheadAttention(WIDTH, HEADS), nn.LSTM(10, WIDTH)
        norm, cut = nn.LayerNorm(WIDTH), nn.init.trunc_normal_(torch.empty(1000, 1000), std=0.02)
    assert has_variance(table.weight.detach().numpy(), 1)
    assert heads.in_proj_weight.shape == (3 * WIDTH, WIDTH)
    assert has_variance(heads.in_proj_weight.detach().numpy(), 1 / (2 * WIDTH))
    assert has_variance(heads.out_proj.weight.detach().numpy(), 1 / (3 * WIDTH))
    assert not heads.out_proj.bias.any()
    for part in lstm.parameters():
        assert has_variance(part.detach().numpy(), 1 / (3 * WIDTH))
        assert part.abs().max() <= WIDTH**-0.5
    assert torch.all(norm.weight == 1)
    assert not norm.bias.any()
    assert cut.abs().max() > 4 * 0.02  # the default bounds are −2 and 2 themselves, not in standard deviations
    assert has_variance(cut.numpy(), 0.02**2)


def test_what_equinox_draws_for_other_layers():
    equinox = pytest.importorskip("equinox")
    keys = jax.random.split(jax.random.key(0), 3)
    assert has_variance(equinox.nn.Embedding(TOKENS, WIDTH, key=keys[0]).weight, 1)
    heads = equinox.nn.MultiheadAttention(HEADS, WIDTH, key=keys[1])
    assert has_variance(heads.query_proj.weight, 1 / (3 * WIDTH))
    lstm = equinox.nn.LSTMCell(10, WIDTH, key=keys[2])
    assert all(has_variance(part, 1 / (3 * WIDTH)) for part in (lstm.weight_ih, lstm.weight_hh, lstm.bias))


def test_what_flax_draws_for_other_layers():
    nnx = pytest.importorskip("flax.nnx")
    rngs = nnx.Rngs(0)
    assert has_variance(nnx.Embed(TOKENS, WIDTH, rngs=rngs).embedding[...], 1 / WIDTH)
    heads = nnx.MultiHeadAttention(HEADS, WIDTH, rngs=rngs)
    assert has_variance(heads.query.kernel[...], 1 / WIDTH)
    lstm = nnx.OptimizedLSTMCell(10, WIDTH, rngs=rngs)
    recurrent = np.asarray(lstm.dense_h.kernel[...])
    assert is_orthogonal(recurrent.T)
    assert has_variance(recurrent[:, :WIDTH], 1 / (4 * WIDTH))  # the four gates share the length of a row
    assert not np.asarray(lstm.dense_h.bias[...]).any()
    norm = nnx.LayerNorm(WIDTH, rngs=rngs)
    assert np.all(norm.scale[...] == 1)
    assert not np.any(norm.bias[...])


def test_a_truncated_normal_of_jax_is_cut_at_two_standard_deviations():
    cut = jax.nn.initializers.truncated_normal(0.02)(jax.random.key(0), (1000, 1000))
    assert 0.99 * 0.04 < np.abs(cut).max() <= 0.04 * (1 + 1e-6)


OTHER_KERAS = f"""
import json, keras
keras.utils.set_random_seed(0)
embedding, lstm = keras.layers.Embedding({TOKENS}, {WIDTH}), keras.layers.LSTM({WIDTH})
heads, norm = keras.layers.MultiHeadAttention({HEADS}, {WIDTH // HEADS}), keras.layers.LayerNormalization()
embedding.build((None, 5))
lstm.build((None, 5, 10))
heads.build((None, 5, {WIDTH}), (None, 5, {WIDTH}))
norm.build((None, {WIDTH}))
cut = keras.initializers.TruncatedNormal(stddev=0.02, seed=0)((200, 1000))
parts = [embedding.embeddings, lstm.cell.recurrent_kernel, lstm.cell.bias, heads.query_dense.kernel]
parts += [norm.gamma, norm.beta, cut]
counts_axes = hasattr(keras.initializers.GlorotUniform(), "input_axes")
print(json.dumps([counts_axes, *(keras.ops.convert_to_numpy(part).tolist() for part in parts)]))
"""


@pytest.mark.long
@pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")
def test_what_keras_draws_for_other_layers():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    run = subprocess.run(
        [sys.executable, "-c", OTHER_KERAS], capture_output=True, text=True, check=True, env=environment
    )
    counts_axes, *parts = json.loads(run.stdout.splitlines()[-1])
    table, recurrent, bias, query, scale, shift, cut = map(np.array, parts)
    assert np.abs(table).max() <= 0.05
    assert has_variance(table, 0.05**2 / 3)
    assert is_orthogonal(recurrent.T)
    assert has_variance(recurrent[:, :WIDTH], 1 / (4 * WIDTH))
    assert bias.reshape(4, WIDTH).mean(axis=1).tolist() == [0, 1, 0, 0]
    # Keras 3.12 takes the kernel of shape (n, heads, n/heads) for that of a convolution
    assert has_variance(query, 1 / WIDTH if counts_axes else 2 / (WIDTH * (HEADS + WIDTH // HEADS)))
    assert np.all(scale == 1)
    assert not shift.any()
    assert 0.99 * 0.04 < np.abs(cut).max() <= 0.04 * (1 + 1e-6)


def test_the_picture_shows_every_default_and_the_start_chosen_by_hand():
    explorer = framework_defaults()
    assert explorer.error is None
    for name in (*DEFAULTS, CHOSEN):
        assert name in explorer.sentence
        assert f"{name}.forward" in explorer.table
    kept = {"Flax": 1 / 2, "Keras": 1 / 2, "PyTorch, Equinox": 1 / 6, CHOSEN: 1.0}
    for name, factor in kept.items():
        predicted = explorer.table[f"{name}.forward.theory"]
        np.testing.assert_allclose(predicted, factor ** np.arange(1, 11), rtol=1e-9)


def test_biases_are_drawn_where_the_framework_draws_them():
    explorer = framework_defaults(depth=20)
    without = {name: explorer.table[f"{name}.forward"] for name in DEFAULTS}
    explorer.state = {"biases": True}
    np.testing.assert_array_equal(explorer.table["Keras.forward"], without["Keras"])
    assert explorer.table["PyTorch, Equinox.forward"][-1] > 1e6 * without["PyTorch, Equinox"][-1]
