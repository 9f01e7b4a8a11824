"""Blocks are what their formulas say, and the compiled run tells the truth about the network that was drawn."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts
from random_states import mostly_long

from course import data, initializers, networks, probes
from course.activations import ACTIVATIONS, SATURATION
from course.networks.convolution import convolve
from course.networks.normalization import EPSILON, NORMALIZATIONS
from course.networks.residual import SCALINGS, BlockWeights, plain_block, residual_block
from course.probes import block_passes, blocks, engine
from course.probes.blocks import Stack, measure_blocks, network_of_blocks

ROUNDING = 2e-4
"""Float32 rounds by 6e-8; a few layers of sums of 72 products, squared and normalized, stay below this share."""
LAYERS = {
    "fully connected": jnp.matmul,
    "convolution, circular": functools.partial(convolve, padding="circular"),
    "convolution, zeros": functools.partial(convolve, padding="zeros"),
}
SMALL = {layer: Stack(layer, 8, 4) for layer in LAYERS}
SHALLOW = {"depth": 3, "activation": "tanh", "scheme": "he_normal", "gain": 1.2}


@pytest.mark.parametrize("shape", [(16, 5), (16, 4, 4, 5)])
def test_normalized_preactivations_have_mean_0_and_variance_1(shape):
    z = 3 + 2 * jax.random.normal(jax.random.key(0), shape)
    over = {"layer": tuple(range(1, len(shape))), "batch": tuple(range(len(shape) - 1))}
    for name, axes in over.items():
        normalized = NORMALIZATIONS[name](z)
        np.testing.assert_allclose(normalized.mean(axes), 0, atol=1e-5)
        np.testing.assert_allclose(normalized.var(axes), z.var(axes) / (z.var(axes) + EPSILON), rtol=1e-5)
    assert NORMALIZATIONS["none"](z) is z


def test_plain_blocks_are_the_layers_of_a_forward_pass():
    keys = jax.random.split(jax.random.key(0), 4)
    weights = [jax.random.normal(key, (8, 8)) for key in keys[:3]]
    signal = inputs = jax.random.normal(keys[3], (5, 8))
    layers = networks.forward(weights, 3 * [jnp.zeros(8)], inputs, "tanh")
    for layer, first in zip(layers, weights, strict=True):
        block = plain_block(BlockWeights(first, first), signal, linear=jnp.matmul, activate=jnp.tanh)
        np.testing.assert_allclose(block.preactivations, layer.preactivations, rtol=1e-6)
        signal = block.signal
    np.testing.assert_allclose(signal, layers[-1].activations, rtol=1e-6)


def test_a_residual_block_adds_its_branch_to_the_signal():
    weights = BlockWeights(jnp.array([[1.0, -1.0], [2.0, 0.0]]), jnp.array([[1.0, 0.0], [0.0, 5.0]]))
    block = residual_block(weights, jnp.array([[1.0, 1.0]]), linear=jnp.matmul, activate=jax.nn.relu)
    np.testing.assert_array_equal(block.preactivations, [[3, -1]])
    np.testing.assert_array_equal(block.signal, [[4, 1]])


def growth_of_18_blocks(gain: float, branch, seed: int) -> float:
    """Return by how much 18 blocks h + branch(h) of 256 units multiply the mean square of a batch of digits."""
    random, signal = np.random.default_rng(seed), np.maximum(data.standardized_digits(128, 256), 0)
    before = np.mean(signal**2)
    for _block in range(18):
        first, last = random.normal(0, math.sqrt(2 / 256), (2, 256, 256))
        signal = signal + gain * branch(signal, first, last)
    return np.mean(signal**2) / before


@asserts("Residual layers times 1/√N")
def test_18_branches_with_a_mean_need_one_over_their_number_and_those_without_its_root():
    def with_mean(signal, first, _last):
        return np.maximum(signal @ first, 0)

    def of_mean_0(signal, first, last):
        return np.maximum(signal @ first, 0) @ last / math.sqrt(2)

    grown = {
        (branch.__name__, gain): [growth_of_18_blocks(gain, branch, seed) for seed in range(3)]
        for branch in (with_mean, of_mean_0)
        for gain in (18**-0.5, 1 / 18)
    }
    assert 60 < min(grown["with_mean", 18**-0.5]) < max(grown["with_mean", 18**-0.5]) < 130
    assert 2 < min(grown["with_mean", 1 / 18]) < max(grown["with_mean", 1 / 18]) < math.e
    # exactly (1 + 1/18)^18 = 2.65 on average, and 5/256 a layer of variance in the logarithm at most
    assert np.mean(grown["of_mean_0", 18**-0.5]) == pytest.approx((1 + 1 / 18) ** 18, rel=0.15)


def test_the_scalings_are_those_of_the_papers():
    factors = {name: (row.first(16), row.last(16)) for name, row in SCALINGS.items()}
    # Fixup: L^(−1/(2m − 2)) with m = 2 layers a branch
    assert factors == {"none": (1, 1), "1/√L": (1, 1 / 4), "zero": (1, 0), "fixup": (16 ** (-1 / 2), 0)}


def plain_loop(layer: str, activation: str, branches: bool, normalization: str, run: blocks.BlockNetwork) -> dict:
    """The same statistics from jax.grad of a loop in Python."""
    linear, row, normalize = LAYERS[layer], ACTIVATIONS[activation], NORMALIZATIONS[normalization]

    def answers(weights, nudges, bumps):
        signal, seen = jnp.asarray(run.inputs), []
        for block, nudge, bump in zip(weights, nudges, bumps, strict=True):
            z = normalize(linear(signal, block.first)) + nudge
            h = row.function(z)
            signal = (signal + linear(h, block.last) if branches else h) + bump
            seen.append((z, signal))
        return jnp.sum(run.directions * signal), seen

    zeros = [jnp.zeros(run.inputs.shape) for _ in run.weights]
    gradients, seen = jax.grad(answers, (0, 1, 2), has_aux=True)(run.weights, zeros, zeros)
    flat = [np.abs(row.array_slope(z)) < SATURATION * row.peak_slope for z, _ in seen]
    return {
        "signal_second_moment": [np.mean(np.square(signal, dtype=float)) for _, signal in seen],
        "preactivation_variance": [np.var(np.asarray(z, float)) for z, _ in seen],
        "saturated_share": [part.mean() for part in flat],
        "signal_gradient_variance": [np.var(np.asarray(g, float)) for g in gradients[2]],
        "preactivation_gradient_variance": [np.var(np.asarray(g, float)) for g in gradients[1]],
        "first_weight_gradient_variance": [np.var(np.asarray(g.first, float)) for g in gradients[0]],
        "last_weight_gradient_variance": [np.var(np.asarray(g.last, float)) for g in gradients[0]],
    }


def assert_tells_the_truth(layer: str, seed: int = 3, **settings) -> None:
    settings = {**SHALLOW, "layer": layer, "stack": SMALL[layer], **settings}
    run, stats = network_of_blocks(seed, **settings), measure_blocks(seed, **settings)
    branches, normalization = settings.get("branches", False), settings.get("normalization", "none")
    expected = plain_loop(layer, settings["activation"], branches, normalization, run)
    for name, values in expected.items():
        measured = getattr(stats, name)
        if name == "last_weight_gradient_variance" and not branches:
            assert np.isnan(measured).all()
            continue
        # A slope within rounding of the threshold may fall on either side of it.
        slack = 2 / run.inputs.size if name == "saturated_share" else 1e-9
        np.testing.assert_allclose(measured, values, rtol=ROUNDING, atol=slack, err_msg=name)


@pytest.mark.parametrize(
    ("layer", "branches", "normalization"),
    mostly_long(
        list(itertools.product(LAYERS, (False, True), NORMALIZATIONS)),
        [
            ("fully connected", True, "none"),
            ("fully connected", False, "layer"),
            ("convolution, zeros", True, "batch"),
        ],
    ),
)
def test_statistics_and_gradients_equal_those_of_jax_grad_through_a_plain_loop(layer, branches, normalization):
    assert_tells_the_truth(layer, branches=branches, normalization=normalization)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_equals_jax_grad_through_a_plain_loop(activation):
    assert_tells_the_truth("fully connected", branches=True, activation=activation)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_every_scaling_equals_jax_grad_through_a_plain_loop(scaling):
    assert_tells_the_truth("fully connected", branches=True, scaling=scaling, activation="relu")


@pytest.mark.parametrize("scheme", ["he_uniform", "orthogonal", "standard_uniform", "glorot_normal"])
def test_weights_are_those_that_draw_gives_for_the_same_key(scheme):
    stack = SMALL["convolution, zeros"]
    network = network_of_blocks(7, **{**SHALLOW, "scheme": scheme, "layer": stack.layer, "stack": stack})
    drawn = initializers.draw(engine.layer_key(7, 2), scheme, stack.weight_shape, gain=SHALLOW["gain"])
    # Matrices are decomposed by another library than JAX's: both round numbers near 0.1 by 6e-8, a few times over.
    np.testing.assert_allclose(network.weights[1].first, drawn, rtol=1e-5, atol=1e-6)


def test_no_two_weights_of_a_network_are_the_same():
    weights = network_of_blocks(0, **{**SHALLOW, "layer": "fully connected", "stack": SMALL["fully connected"]}).weights
    everything = [part for block in weights for part in block]
    assert all(not np.array_equal(one, other) for one, other in itertools.combinations(everything, 2))


def test_plain_dense_blocks_are_the_network_that_measure_runs():
    for activation in ("relu", "tanh"):
        settings = {"depth": 20, "activation": activation, "scheme": "he_normal"}
        layers, stats = probes.measure(5, width=128, **settings), measure_blocks(5, layer="fully connected", **settings)
        np.testing.assert_allclose(stats.signal_second_moment, layers.activation_rms**2, rtol=ROUNDING)
        np.testing.assert_allclose(stats.preactivation_variance, layers.preactivation_variance, rtol=ROUNDING)
        np.testing.assert_allclose(stats.saturated_share, layers.saturated_share, atol=1e-3)


def test_without_a_nonlinearity_the_gradients_are_those_of_measure_too():
    settings = {"depth": 20, "activation": "linear", "scheme": "lecun_normal"}
    layers, stats = probes.measure(5, width=128, **settings), measure_blocks(5, layer="fully connected", **settings)
    for gradient in (stats.signal_gradient_variance, stats.preactivation_gradient_variance):
        np.testing.assert_allclose(gradient, layers.preactivation_gradient_variance, rtol=ROUNDING)
    np.testing.assert_allclose(stats.first_weight_gradient_variance, layers.weight_gradient_variance, rtol=ROUNDING)


@pytest.mark.parametrize("layer", ["convolution, zeros", "convolution, circular"])
def test_a_linear_convolution_network_is_a_product_of_matrices(layer):
    stack = Stack(layer, 2, 4)
    settings = {"depth": 4, "layer": layer, "activation": "linear", "scheme": "lecun_normal", "stack": stack}
    run = network_of_blocks(1, **settings)
    basis = jnp.eye(8 * 8 * 2).reshape(-1, 8, 8, 2)
    matrices = [np.asarray(LAYERS[layer](basis, block.first), float).reshape(128, 128) for block in run.weights]
    product = np.linalg.multi_dot([np.asarray(run.inputs, float).reshape(4, 128), *matrices])
    back = np.linalg.multi_dot([np.asarray(run.directions, float).reshape(4, 128), *[m.T for m in matrices[:0:-1]]])
    stats = measure_blocks(1, **settings)
    assert stats.signal_second_moment[-1] == pytest.approx(np.mean(product**2), rel=ROUNDING)
    assert stats.signal_gradient_variance[0] == pytest.approx(np.var(back), rel=ROUNDING)


def test_a_deeper_network_begins_with_the_blocks_of_a_shallower_one():
    settings = {**SHALLOW, "layer": "fully connected", "stack": SMALL["fully connected"], "branches": True}
    shallow, deep = (measure_blocks(0, **{**settings, "depth": depth}) for depth in (10, 100))
    np.testing.assert_array_equal(shallow.signal_second_moment, deep.signal_second_moment[:10])


def test_one_program_serves_every_setting_of_a_stack():
    settings = {**SHALLOW, "layer": "fully connected", "stack": SMALL["fully connected"]}
    measure_blocks(0, **settings)
    before = block_passes._compiled.cache_info().misses
    kinds = {"branches": True, "normalization": "batch", "scaling": "fixup", "depth": 77, "scheme": "orthogonal"}
    measure_blocks(9, **{**settings, **kinds, "activation": "silu", "gain": 0.3})
    assert block_passes._compiled.cache_info().misses == before


def test_an_overflow_is_infinite_and_no_error():
    settings = {"depth": 60, "layer": "fully connected", "activation": "relu", "scheme": "he_normal", "gain": 4.0}
    stats = measure_blocks(0, branches=True, **settings)
    assert np.isinf(stats.signal_second_moment[-1])
    assert np.isfinite(stats.signal_second_moment[0])
    assert math.isclose(stats.signal_shares[0].sum(), 1)


def test_the_inputs_of_every_stack_are_digits_of_second_moment_1():
    for stack in blocks.STACKS.values():
        inputs = blocks.inputs_of(stack)
        assert inputs.shape == stack.signal_shape
        square = np.mean(np.asarray(inputs, float) ** 2, axis=tuple(range(1, inputs.ndim)))
        np.testing.assert_allclose(square, 1, rtol=1e-5)
    images = blocks.inputs_of(SMALL["convolution, zeros"])
    pixels = data.digits()[0][:4].reshape(4, 8, 8)
    assert np.corrcoef(images[2, :, :, 5].ravel(), pixels[2].ravel())[0, 1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer": "attention"}, "layer.*attention"),
        ({"normalization": "group"}, "normalization.*group"),
        ({"scaling": "half"}, "scaling.*half"),
        ({"depth": 101}, "depth.*101"),
        ({"activation": "swish"}, "activation.*swish"),
        ({"gain": math.nan}, "gain.*nan"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        measure_blocks(0, **{**SHALLOW, "layer": "fully connected", "branches": True, **change})
