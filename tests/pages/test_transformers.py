"""What the page says, asserted: what the root keeps, where normalizations stand, heads, adapters, and who learns."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from random_states import mostly_long

from course import initializers
from course.networks.transformer import TRANSFORMER_SCALINGS
from course.pages.transformers.transformer import predicted
from course.pages.transformers.transformer_race import LINE_UPS, RATES, SETUP, begin
from course.probes.transformer import HEADS, measure_transformer
from course.theory.transformer import Passes, heads_of, softmax_of_normal
from course.training.text import TextTraining, text_losses

GIVES_AWAY = (r"\b2\.[345]\d? (of|positions)", r"(?i)looks? at (only )?(two|three|2|3)\b")
"""At how many positions a head looks whose logits are not divided."""

DEFAULT = {
    "depth": 12,
    "width": 128,
    "heads": 4,
    "kind": "pre-LN",
    "std": "1/√n",
    "scaling": "none",
    "divided": True,
}


def theory(**network) -> Passes:
    return predicted(**{**DEFAULT, **network})


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# The root


@pytest.mark.parametrize(("products", "second"), [((2, -2), 0.02), ((8, -8), 1e-7), ((1, -1), 0.12)])
def test_two_positions_by_hand(products, second):
    weights = softmax(np.array(products, float))
    assert float(f"{weights[1]:.0e}" if second < 0.01 else f"{weights[1]:.2f}") == second


def test_a_head_whose_logits_are_not_divided_looks_at_few_positions_and_a_divided_one_at_forty_at_every_size():
    looks = [np.exp(measure_transformer(seed, depth=1, divided=False).entropy[0]) for seed in range(10)]
    assert round(float(np.exp(theory(divided=False).entropy[0])), 1) == 2.4
    assert 2.3 < np.mean(looks) < 2.6  # 128 units and heads of 32 are not quite wide
    for heads in HEADS:
        assert 39 < np.exp(theory(heads=heads).entropy[0]) < 41
        assert 39 < np.exp(measure_transformer(0, depth=1, heads=heads).entropy[0]) < 41
    assert round(64 * math.exp(-0.5)) == 39


def gradients(d_k: int, divided: bool) -> np.ndarray:
    """The squared lengths of the logits' gradients of 2,000 queries, for random gradients of the weights."""
    rng = np.random.default_rng(d_k)
    q, k = rng.normal(size=(2000, 1, d_k)), rng.normal(size=(2000, d_k, 64))
    a = softmax((q @ k)[:, 0] / (math.sqrt(d_k) if divided else 1))
    for_a = rng.normal(size=a.shape)
    return np.sum((a * (for_a - np.sum(a * for_a, axis=1, keepdims=True))) ** 2, axis=1)


@asserts("Without the division by")
def test_without_the_root_the_median_gradient_vanishes_and_the_mean_does_not():
    for d_k in (4, 16, 64, 256):
        squares = gradients(d_k, divided=True)
        assert round(float(squares.mean()), 2) == round(softmax_of_normal(1.0, 64).gradient, 2) == 0.03
        assert 0.02 < np.median(squares) < 0.03
    wide = gradients(256, divided=False)
    assert np.median(wide) < 0.001
    assert wide.mean() > 0.03
    assert abs(wide.mean() - softmax_of_normal(256.0, 64).gradient) < 5 * wide.std() / math.sqrt(2000)


@asserts("Without the division by")
def test_without_the_root_the_gradient_of_the_stream_grows_several_hundredfold():
    runs = [measure_transformer(seed, depth=12, divided=False).gradient for seed in range(10)]
    ratios = np.array([run[0] / run[-1] for run in runs])
    assert np.sum(ratios > 100) >= 9
    assert float(f"{theory(divided=False).gradient[0] / theory(divided=False).gradient[-1]:.1e}") == 930


def test_xavier_halves_the_variance_of_queries_that_stand_in_one_matrix_with_keys_and_values():
    variance = 512 * initializers.standard_deviation("glorot_normal", (512, 3 * 512)) ** 2
    assert math.isclose(variance, 1 / 2)
    assert math.isclose(512 * initializers.standard_deviation("glorot_normal", (512, 512)) ** 2, 1)
    torch = pytest.importorskip("torch")
    fused = torch.nn.MultiheadAttention(512, 8).in_proj_weight.detach().numpy()
    assert fused.shape == (3 * 512, 512)
    assert math.isclose(512 * np.var(fused), 1 / 2, rel_tol=5 * math.sqrt(0.8 / fused.size))


# The stream


def test_a_pre_ln_block_adds_between_a_half_and_one_and_a_half():
    added = np.diff(theory(depth=100).second_moment, prepend=1)
    assert added.min() > 0.5
    assert added.max() < 1.5
    assert round(1 / heads_of(1.0, 0.0, 32, 64).squares) == 25
    gradient = theory(depth=100).gradient[-1] * theory(depth=100).second_moment[-1]
    assert math.isclose(gradient, 1)


@asserts("Before training, gradients near")
def test_a_post_ln_block_halves_the_gradient_until_what_all_positions_share_is_left():
    gradient = theory(kind="post-LN", depth=48).gradient
    np.testing.assert_allclose(gradient[-3:-1] / gradient[-2:], 0.5, atol=0.02)
    assert abs(gradient.min() * 64 - 1) < 0.02
    runs = np.mean([measure_transformer(seed, depth=48, kind="post-LN").gradient for seed in range(5)], axis=0)
    assert 0.4 < runs[-2] / runs[-1] < 0.6


TABLE = {
    "Forty-eight pre-LN blocks": ({}, "62", "9.1", "0.0081"),
    "Outputs times 1/√(2L)": ({"scaling": "1/√2L"}, "1.3", "1.3", "0.39"),
    "Outputs of zero": ({"scaling": "zero"}, "1", "1", "0.50"),
    "ReZero: every gate zero": ({"kind": "no LN", "scaling": "rezero"}, "1", "1", "0"),
    "Forty-eight post-LN blocks": ({"kind": "post-LN"}, "1", "0.071", "0.33"),
    "DeepNorm, a stronger skip": ({"kind": "post-LN", "scaling": "deepnorm"}, "1", "1.0", "0.0026"),
    "T-Fixup without any LN": ({"kind": "no LN", "scaling": "t-fixup"}, "1.1", "1.1", "0.036"),
}
"""The page's table: what a scene sets, and theory's three numbers at 48 blocks."""


@pytest.mark.parametrize("scene", TABLE)
def test_a_row_of_the_table_of_scalings(scene):
    state, *written = TABLE[scene]
    found = theory(depth=48, **state)
    values = found.second_moment[-1], found.gradient[0] / found.gradient[-1], found.weight_gradient[-1]
    assert all(seen.as_written(*pair) for pair in zip(written, values, strict=True))


SCALED = [name for name in TABLE if "Forty" not in name]


@asserts("ReZero, DeepNorm and T-Fixup")
@pytest.mark.parametrize("scene", mostly_long(SCALED, SCALED[:1]))
def test_every_scaling_keeps_stream_and_gradient_within_a_factor_of_two(scene):
    state, *_ = TABLE[scene]
    for seed in range(2):
        run = measure_transformer(seed, depth=48, **state)
        assert 0.5 < run.second_moment[-1] < 2
        assert 0.5 < run.gradient[0] / run.gradient[-1] < 2


@pytest.mark.long
@asserts("Before training, gradients near")
def test_the_last_block_of_post_ln_gets_41_times_the_gradient():
    found = {kind: theory(kind=kind, depth=48).weight_gradient[-1] for kind in ("pre-LN", "post-LN")}
    assert round(found["post-LN"] / found["pre-LN"]) == 41
    for seed in range(4):
        runs = [measure_transformer(seed, depth=48, kind=kind).weight_gradient[-1] for kind in found]
        assert 20 < runs[1] / runs[0] < 80


def test_2l_branches_add_a_share_of_1_over_2l_each():
    assert math.isclose(TRANSFORMER_SCALINGS["1/√2L"].outer(48) ** 2, 1 / 96)


# Embeddings, 0.02, adapters


@asserts("A head with weights")
@pytest.mark.parametrize(("std", "low", "high"), [(0.02, 4.5, 4.7), (1 / 8, 4.9, 5.2), (1.0, 15, 27)])
def test_the_first_loss_of_a_tied_head(std, low, high):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 64))
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    probabilities = softmax(x @ rng.normal(0, std, (96, 64)).T)
    assert low < -np.log(probabilities[np.arange(4000), rng.integers(96, size=4000)]).mean() < high


@asserts("Weights of a transformer")
def test_0_02_is_one_over_the_root_of_2500():
    assert math.isclose(2500**-0.5, 0.02)
    shares = {64: 0.026, 768: 0.31, 1600: 0.64, 12_288: 4.9}
    assert all(seen.as_written(f"{share}", width * 0.02**2) for width, share in shares.items())


@asserts("An adapter begins")
def test_of_two_matrices_that_are_zero_neither_has_a_gradient():
    x = jax.random.normal(jax.random.key(0), (100, 64))

    def loss(a, b):
        return jnp.sum((x @ a @ b - 1) ** 2)

    a, zeros = jax.random.normal(jax.random.key(1), (64, 4)) / 8, jnp.zeros((4, 64))
    for_a, for_b = jax.grad(loss, argnums=(0, 1))(0 * a, zeros)
    assert not for_a.any()
    assert not for_b.any()
    for_a, for_b = jax.grad(loss, argnums=(0, 1))(a, zeros)
    assert not for_a.any()
    assert np.all(np.abs(for_b).max(axis=1) > 0)


def test_the_numbers_of_the_exercises():
    assert math.isclose((512 * 2 / (512 + 3 * 512)) ** 2, 0.25)
    assert round(768**-0.5, 4) == 0.0361
    assert round(768 * 0.02**2, 2) == 0.31
    for depth in (24, 48, 100):
        run = measure_transformer(0, depth=depth, kind="post-LN")
        assert run.gradient[0] < 0.1 * run.gradient[-1]


# Who learns


def losses(learning_rate: float, seed: int, steps: int = 300) -> dict[str, float]:
    """Return the last loss of each runner of the race's first line-up, for its title."""
    runners = next(iter(LINE_UPS.values()))
    trials = begin(next(iter(LINE_UPS)), learning_rate, 0, steps).trials
    race = TextTraining([trial._replace(seed=seed) for trial in trials], SETUP, steps=steps, records=1)
    return {runner.title: loss for runner, loss in zip(runners, race.run().losses[-1], strict=True)}


@asserts("Pre-LN transformers train")
@pytest.mark.long
def test_post_ln_needs_a_warm_up_at_this_learning_rate_and_pre_ln_does_not():
    guessing, _ = text_losses()
    found = [losses(0.005, seed) for seed in range(10)]
    assert sum(run["post-LN"] > 0.9 * guessing for run in found) >= 9
    for title in ("pre-LN", "post-LN, warm-up", "no LN", "no LN, ReZero"):
        assert sum(run[title] < 0.9 * guessing for run in found) >= 9, title


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Twelve pre-LN blocks": {
        "about 40 of the 64 positions": "looks at 40 of 64 positions (theory: 40)",
    },
    "Logits not divided": {
        "2.4 positions in theory": "(theory: 2.4)",
        "a factor of 930 in theory": "(theory: 930)",
    },
    "Forty-eight pre-LN blocks": {"62 in theory": "(theory: 62)"},
    "Forty-eight post-LN blocks": {
        "The stream is 1 everywhere": "the mean square 1 (theory: 1)",
        "the cosine of two positions is 1.00": "two positions is 1.00",
        "what all 64 share": "of 64 positions",
    },
    "Outputs times 1/√(2L)": {
        "1.3": "(theory: 1.3)",
        "100 blocks": lambda: theory(depth=100, scaling="1/√2L").second_moment[-1] < 1.4,
    },
    "ReZero: every gate zero": {
        "multiplied by a gate that is 0": lambda: TRANSFORMER_SCALINGS["rezero"].gate(48) == 0,
        "a gradient of exactly 0": "a gradient of exactly 0",
    },
    "DeepNorm, a stronger skip": {
        "theory says 1": "(theory: 1)",
        "the fourth root of 2L": lambda: math.isclose(TRANSFORMER_SCALINGS["deepnorm"].skip(48), 96**0.25),
    },
    "T-Fixup without any LN": {"1.1 in theory": "(theory: 1.1)"},
    "A race on English text": {
        "Post-LN stays near the loss of guessing": "no better than frequencies; post-LN, warm-up: ",
        "set it to 0.002": lambda: 0.002 in RATES,
    },
    "A std of 0.02": {
        "64 of 64 positions": "looks at 64 of 64 positions",
        "1.1 in theory": "(theory: 1.1)",
    },
}
