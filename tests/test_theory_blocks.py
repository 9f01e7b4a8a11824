"""What theory says of residual, normalized and convolutional stacks: closed forms, and drawn networks."""

import math

import numpy as np
import pytest
from claims import asserts
from random_states import mostly_long

from course import theory
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import SCALINGS
from course.probes.blocks import STACKS, Stack, inputs_of, measure_blocks
from course.theory.convolution import PADDINGS, border_factor, neighbourhood_means
from course.theory.normalization import gradient_growth, passed_variance
from course.theory.residual import branch_growth, stack

DEPTH = 6
BLOCKS = np.arange(1, DEPTH + 1)
QUADRATURE = 1e-10


def test_a_relu_branch_multiplies_the_mean_square_by_1_and_half_the_variances():
    for first, last in ((2.0, 2.0), (1.0, 2.0), (0.3, 0.7)):
        expected = 1 + first * last / 2
        assert branch_growth("relu", first, last) == pytest.approx(expected, rel=QUADRATURE)
        predicted = stack("relu", DEPTH, first, last)
        np.testing.assert_allclose(predicted.signal, expected**BLOCKS, rtol=QUADRATURE)
        np.testing.assert_allclose(predicted.signal_gradient, expected ** (DEPTH - BLOCKS), rtol=QUADRATURE)


@asserts("Residual layers times 1/√N")
@pytest.mark.parametrize("depth", [1, 10, 100])
def test_branches_scaled_by_1_over_root_depth_stay_below_a_power_of_e(depth):
    scaling = SCALINGS["1/√L"]
    grown = stack("relu", depth, 2 * scaling.first(depth) ** 2, 2 * scaling.last(depth) ** 2).signal[-1]
    assert grown == pytest.approx((1 + 2 / depth) ** depth, rel=QUADRATURE)
    assert grown < math.e**2


@asserts("A residual network may start")
def test_branches_that_start_at_zero_change_nothing_and_leave_the_first_weights_without_a_gradient():
    predicted = stack("relu", DEPTH, 2.0, 0.0)
    np.testing.assert_allclose((predicted.signal, predicted.signal_gradient), 1)
    assert not predicted.first_weight_gradient.any()
    np.testing.assert_allclose(predicted.last_weight_gradient, 1, rtol=QUADRATURE)  # half of z's variance 2


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_plain_stack_is_a_network_of_layers(activation):
    predicted = stack(activation, DEPTH, 1.3)
    forward = theory.activation_second_moments(activation, DEPTH, 1.3)
    np.testing.assert_allclose(predicted.signal, forward, rtol=QUADRATURE)
    # One layer more puts a gradient of σ_w² on the last activations of these.
    above = theory.gradient_variances(activation, DEPTH + 1, 1.3)[:-1] / 1.3
    np.testing.assert_allclose(predicted.preactivation_gradient, above, rtol=QUADRATURE)
    np.testing.assert_allclose(predicted.first_weight_gradient, above * np.append(1.0, forward[:-1]), rtol=QUADRATURE)
    assert np.isnan(predicted.last_weight_gradient).all()


@asserts("Batch normalization makes")
def test_batch_normalization_multiplies_relus_gradient_by_pi_over_pi_minus_1_and_layer_normalization_keeps_it():
    assert gradient_growth("relu", "batch") == pytest.approx(math.pi / (math.pi - 1), rel=QUADRATURE)
    assert gradient_growth("relu", "layer") == pytest.approx(1, rel=QUADRATURE)
    assert passed_variance("relu", "layer") == pytest.approx(1 / 2, rel=QUADRATURE)
    assert passed_variance("relu", "batch") == pytest.approx(1 / 2 - 1 / (2 * math.pi), rel=QUADRATURE)


def test_an_odd_activation_has_no_mean_for_batch_normalization_to_take():
    for activation in ("tanh", "linear"):
        layer, batch = (gradient_growth(activation, name) for name in ("layer", "batch"))
        assert batch == pytest.approx(layer, rel=QUADRATURE)
    assert gradient_growth("linear", "batch") == pytest.approx(1, rel=QUADRATURE)


@pytest.mark.parametrize("normalization", ["layer", "batch"])
def test_a_normalized_stack_forgets_the_size_of_its_weights_and_divides_the_gradient_by_it(normalization):
    small, large = (stack("relu", DEPTH, variance, normalization=normalization) for variance in (0.5, 8.0))
    np.testing.assert_allclose(small.signal, large.signal)
    np.testing.assert_allclose(small.signal_gradient, large.signal_gradient)
    np.testing.assert_allclose(small.first_weight_gradient / large.first_weight_gradient, 8.0 / 0.5)
    growth = gradient_growth("relu", normalization)
    np.testing.assert_allclose(small.signal_gradient[1:], growth ** (DEPTH - BLOCKS[1:]), rtol=QUADRATURE)


@asserts("Normalized residual branches")
def test_normalized_residual_blocks_add_the_same_amount_each():
    for normalization in ("layer", "batch"):
        for first in (0.5, 2.0):
            predicted = stack("relu", DEPTH, first, 2.0, normalization=normalization)
            np.testing.assert_allclose(predicted.signal, 1 + BLOCKS, rtol=QUADRATURE)
    gradient = stack("relu", DEPTH, 2.0, 2.0, normalization="layer").signal_gradient
    # Σ over the branch: σ₂² E[φ'²] / E[x²] = 1 / l for what block l receives; the product telescopes
    np.testing.assert_allclose(gradient, (DEPTH + 1) / (BLOCKS + 1), rtol=QUADRATURE)


def averaging_matrix(side: int, padding: str) -> np.ndarray:
    """The mean over the 3×3 neighbourhood, as a matrix over the positions of an image."""
    line = np.eye(side) + np.eye(side, k=1) + np.eye(side, k=-1)
    if padding == "circular":
        line[0, -1] = line[-1, 0] = 1
    return np.kron(line, line) / 9


@pytest.mark.parametrize("padding", PADDINGS)
def test_convolutions_of_relu_average_the_mean_square_over_neighbourhoods(padding):
    start, matrix = np.random.default_rng(0).random((8, 8)), averaging_matrix(8, padding)
    np.testing.assert_allclose(neighbourhood_means(start, padding).ravel(), matrix @ start.ravel())
    predicted = stack("relu", DEPTH, 2.0, second_moments=start, padding=padding)
    powers = [np.linalg.matrix_power(matrix, block) for block in BLOCKS]
    np.testing.assert_allclose(predicted.signal, [np.mean(power @ start.ravel()) for power in powers], rtol=1e-9)
    back = [np.mean(power @ np.ones(64)) for power in powers]
    np.testing.assert_allclose(predicted.signal_gradient[:-1], back[-2::-1], rtol=1e-9)


@pytest.mark.parametrize("side", [3, 8, 14])
def test_the_border_factor_is_the_largest_eigenvalue_of_averaging(side):
    assert border_factor(side) == pytest.approx(np.linalg.eigvalsh(averaging_matrix(side, "zeros"))[-1], rel=1e-12)


def test_with_circular_padding_a_convolution_is_a_dense_layer_to_relu():
    images = stack("relu", DEPTH, 2.0, 2.0, second_moments=np.random.default_rng(1).random((8, 8)), padding="circular")
    dense = stack("relu", DEPTH, 2.0, 2.0)
    np.testing.assert_allclose(images.signal / images.signal[0], dense.signal / dense.signal[0], rtol=1e-9)
    np.testing.assert_allclose(images.signal_gradient, dense.signal_gradient, rtol=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: stack("relu", 3, 2.0, normalization="group"),
        lambda: gradient_growth("relu", "group"),
        lambda: neighbourhood_means(np.ones((3, 3)), "group"),
    ],
)
def test_an_unknown_name_is_refused_with_what_is_allowed(call):
    with pytest.raises(ValueError, match=r"'group'; allowed are"):
        call()


# Drawn networks


def assert_near(measured: list[float], expected: float, bias: float = 0.0) -> None:
    """The mean lies within five standard errors, and a share that finite width may take."""
    error = np.std(measured, ddof=1) / math.sqrt(len(measured))
    assert abs(np.mean(measured) - expected) < 5 * error + bias * expected


def drawn(layer: str, seeds: int, **network):
    return [measure_blocks(seed, layer=layer, depth=DEPTH, **network) for seed in range(seeds)]


@pytest.mark.parametrize("layer", STACKS)
@pytest.mark.parametrize("branches", [pytest.param(False, marks=pytest.mark.long), True])
def test_relu_stacks_of_every_layer_are_what_theory_says_in_the_mean_over_draws(layer, branches):
    runs = drawn(layer, 20, activation="relu", scheme="he_normal", branches=branches)
    inputs = inputs_of(STACKS[layer])
    images = {}
    if layer != "fully connected":
        images = {"second_moments": np.mean(inputs**2, axis=(0, 3)), "padding": layer.split()[-1]}
    predicted = stack("relu", DEPTH, 2.0, 2.0 if branches else None, **images)
    examples = math.prod(inputs.shape[:-1])
    # ReLU's mean squares hold at every width: weights are as likely as their negatives.
    for name, expected, scale in (
        ("signal_second_moment", predicted.signal, 1),
        ("signal_gradient_variance", predicted.signal_gradient, 1),
        ("preactivation_gradient_variance", predicted.preactivation_gradient, 1),
        ("first_weight_gradient_variance", predicted.first_weight_gradient, examples),
        ("last_weight_gradient_variance", predicted.last_weight_gradient, examples),
    ):
        if name.startswith("last") and not branches:
            continue
        for block in (0, DEPTH - 1):
            assert_near([getattr(run, name)[block] / scale for run in runs], expected[block], bias=0.02)


@pytest.mark.parametrize("activation", mostly_long(["relu", "tanh", "gelu"], ("relu",)))
@pytest.mark.parametrize("normalization", [name for name in NORMALIZATIONS if name != "batch"])
def test_wide_residual_stacks_are_what_theory_says(activation, normalization):
    wide = Stack("fully connected", 512, 32)
    network = {"activation": activation, "scheme": "lecun_normal", "branches": True, "normalization": normalization}
    runs = drawn("fully connected", 10, stack=wide, **network)
    predicted = stack(activation, DEPTH, 1.0, 1.0, normalization=normalization)
    for name, expected in (
        ("signal_second_moment", predicted.signal),
        ("preactivation_variance", predicted.preactivations),
        ("signal_gradient_variance", predicted.signal_gradient),
    ):
        assert_near([getattr(run, name)[-1] for run in runs], expected[-1], bias=10 / 512)
        assert_near([getattr(run, name)[0] for run in runs], expected[0], bias=10 / 512)


@asserts("Batch normalization makes")
def test_batch_normalized_relu_networks_explode_by_the_predicted_factor_at_every_gain():
    # A batch of 128 digits that have gone through twenty layers: strangers up to what finite batch and width leave.
    for gain in (0.5, 2.0):
        network = {"activation": "relu", "scheme": "he_normal", "normalization": "batch", "gain": gain, "depth": 50}
        runs = [measure_blocks(seed, layer="fully connected", **network).signal_gradient_variance for seed in range(5)]
        factors = [(run[19] / run[-1]) ** (1 / 30) for run in runs]
        assert_near(factors, gradient_growth("relu", "batch"), bias=0.02)
