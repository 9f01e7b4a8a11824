"""What the page says, asserted: connections of kernels, growth of branches, what normalization does, sixteen bits."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts

from course import initializers, probes, theory
from course.networks.residual import SCALINGS
from course.probes import blocks
from course.probes.blocks import measure_blocks
from course.probes.precision import measure_precision, range_of
from course.theory.convolution import border_factor
from course.theory.normalization import gradient_growth
from course.theory.residual import branch_growth, stack

RELU = {"layer": "fully connected", "activation": "relu", "scheme": "he_normal"}


GIVES_AWAY = (r"3\^\{?50", r"\^\{?2[34]\b", r"e\+2[34]", r"(?i)multiplies[^.]* by (3|three)\b")
"""The growth of a residual block, and what 50 of them do."""


def test_a_branch_of_either_sign_adds_its_mean_square_and_one_of_a_single_sign_more():
    assert np.mean((1 + np.array([1, -1])) ** 2) == 2
    assert (1 + 1) ** 2 == 4


# Convolutions


@asserts("A 1-1-3×3 convolution has")
@pytest.mark.parametrize(
    ("shape", "fans", "std"),
    [((3, 3, 1, 1), (9, 9), 0.471), ((3, 3, 32, 64), (288, 576), 0.083), ((5, 5, 32, 128), (800, 3200), 0.05)],
)
def test_a_kernels_fans_are_its_positions_times_its_channels(shape, fans, std):
    assert initializers.fans(shape) == fans
    assert round(initializers.standard_deviation("he_normal", shape), 3) == std


def test_a_border_of_zeros_leaves_84_percent_of_the_places_filled_and_92_of_the_mean_square():
    filled = sum(min(place + 1, 7) - max(place - 1, 0) + 1 for place in range(8))
    assert filled == 22
    assert round((filled / 24) ** 2, 2) == 0.84
    averaging = sum(np.eye(8, k=shift) for shift in (-1, 0, 1)) / 3
    assert math.isclose(border_factor(8), np.linalg.eigvalsh(averaging).max() ** 2)
    assert round(border_factor(8), 2) == 0.92
    assert round(border_factor(224), 4) == 0.9999
    assert math.isclose(border_factor(8), ((1 + 2 * math.cos(math.pi / 9)) / 3) ** 2)


@pytest.mark.long
def test_linear_convolutions_lose_what_the_border_takes():
    def left(seed: int, padding: str) -> np.ndarray:
        network = {"activation": "linear", "scheme": "lecun_normal"}
        return measure_blocks(seed, depth=30, layer=f"convolution, {padding}", **network).signal_second_moment[[9, 29]]

    for padding, predicted in (("circular", 1.0), ("zeros", border_factor(8))):
        ends = np.array([left(seed, padding) for seed in range(20)])
        factors = (ends[:, 1] / ends[:, 0]) ** (1 / 20)
        error = factors.std(ddof=1) / math.sqrt(20)
        before, after = ends.mean(axis=0)
        # The mean of factors lies a little below the factor of means: by half of their variance in logarithms.
        assert abs((after / before) ** (1 / 20) - predicted) < 5 * error + np.var(np.log(factors)) / 2
        assert round((after / before) ** (1 / 20), 2) == round(predicted, 2)


# Branches


def test_hes_weights_in_both_layers_of_a_branch_make_three_and_lecuns_one_and_a_half():
    assert math.isclose(branch_growth("relu", 2.0, 2.0), 3)
    assert math.isclose(branch_growth("relu", 1.0, 2.0), 2)
    assert math.isclose(branch_growth("relu", 1.0, 1.0), 1.5)
    assert f"{3.0**50:.0e}" == "7e+23"


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "growth"), [("he_normal", 3.0), ("lecun_normal", 1.5)])
def test_drawn_branches_grow_by_that_factor_forward_and_backward(scheme, growth):
    network = {"depth": 10, **RELU, "scheme": scheme, "branches": True}
    runs = [measure_blocks(seed, **network) for seed in range(100)]
    for values, passed in (
        ([run.signal_second_moment[-1] for run in runs], 10),
        ([run.signal_gradient_variance[0] for run in runs], 9),
    ):
        error = np.std(values, ddof=1) / math.sqrt(100)
        assert abs(np.mean(values) - growth**passed) < 5 * error
        assert round(np.mean(values) ** (1 / passed), 1) == growth


def test_the_gain_of_move_2_is_below_four_tenths():
    assert stack("relu", 50, 2 * 0.38**2, 2 * 0.38**2).signal[-1] < 10
    assert stack("relu", 50, 2 * 0.4**2, 2 * 0.4**2).signal[-1] > 10


def test_the_residual_kinds_of_move_1_keep_signal_and_gradient_within_a_factor_of_ten():
    for name in ("1/√L", "zero", "fixup"):
        for depth in (50, 100):
            run = measure_blocks(0, depth=depth, branches=True, scaling=name, **RELU)
            assert 0.1 < run.signal_second_moment[-1] < 10
            assert 0.1 < run.signal_gradient_variance[0] / run.signal_gradient_variance[-1] < 10


def test_four_ways_to_make_a_branch_small():
    stacks = {
        name: stack("relu", 50, 2 * scaling.first(50) ** 2, 2 * scaling.last(50) ** 2)
        for name, scaling in SCALINGS.items()
    }
    assert math.isclose(stacks["none"].signal[-1], 3.0**50)
    assert math.isclose(stacks["1/√L"].signal[-1], (1 + 2 / 50) ** 50)
    assert stacks["1/√L"].signal[-1] < math.e**2
    for name in ("zero", "fixup"):
        assert stacks[name].signal[-1] == 1
        assert stacks[name].first_weight_gradient[24] == 0
    ratio = stacks["zero"].last_weight_gradient[24] / stacks["fixup"].last_weight_gradient[24]
    assert math.isclose(ratio, 50)


def test_the_factor_that_doubles_24_blocks():
    factor = math.sqrt((2 ** (1 / 24) - 1) / 2)
    assert round(factor, 3) == 0.121
    assert round(math.sqrt(math.log(2) / 48), 3) == 0.120
    assert math.isclose(stack("relu", 24, 2.0, 2.0 * factor**2).signal[-1], 2)
    assert math.isclose(stack("relu", 24, 2.0, 2.0 / 24).signal[-1], (1 + 2 / 24) ** 24)  # 6.8, near e²


# Normalization


def test_normalized_residual_blocks_add_as_much_each():
    predicted = stack("relu", 50, 2.0, 2.0, normalization="layer").signal
    np.testing.assert_allclose(predicted, 1 + np.arange(1, 51))
    runs = [measure_blocks(seed, depth=10, branches=True, normalization="layer", **RELU) for seed in range(100)]
    values = [run.signal_second_moment[-1] for run in runs]
    assert abs(np.mean(values) - 11) < 5 * np.std(values, ddof=1) / 10
    for depth in (50, 100):
        assert math.isclose(stack("relu", depth, 2.0, 2.0 / depth, normalization="layer").signal[-1], 2)


def test_batch_normalization_makes_plain_relu_gradients_explode_and_layer_normalization_does_not():
    assert math.isclose(gradient_growth("relu", "batch"), math.pi / (math.pi - 1))
    assert round(gradient_growth("relu", "batch"), 3) == 1.467
    assert math.isclose(gradient_growth("relu", "layer"), 1)
    assert f"{gradient_growth('relu', 'batch') ** 49:.1e}" == "1.4e+08"
    assert gradient_growth("relu", "batch") ** 36 < 1e6 < gradient_growth("relu", "batch") ** 37  # from depth 38 on


@pytest.mark.long
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_real_digits_explode_by_nearly_that_factor_at_every_gain(gain):
    network = {"depth": 50, **RELU, "normalization": "batch", "gain": gain}
    runs = [measure_blocks(seed, **network).signal_gradient_variance for seed in range(10)]
    factors = np.array([(run[19] / run[-1]) ** (1 / 30) for run in runs])
    assert 1.44 < factors.mean() < 1.48
    signal = measure_blocks(0, **network).signal_second_moment[-1]
    assert 0.1 < signal < 10  # "the signal stays in range": exercise 5


# Frameworks and half precision


@asserts("A linear layer is initialized")
def test_a_relu_layer_keeps_half_with_flax_and_a_sixth_with_pytorch():
    assert f"{(1 / 6) ** 10:.1e}" == "1.7e-08"
    assert f"{(1 / 2) ** 10:.1e}" == "9.8e-04"
    for scheme, kept in (("lecun_normal", 1 / 2), ("standard_uniform", 1 / 6)):
        runs = [probes.measure(seed, depth=10, width=128, activation="relu", scheme=scheme) for seed in range(100)]
        values = [run.activation_rms[-1] ** 2 for run in runs]
        assert abs(np.mean(values) - kept**10) < 5 * np.std(values, ddof=1) / 10


@pytest.mark.parametrize(
    ("name", "dtype", "largest", "normal", "spacing"),
    [("float16", jnp.float16, 65504.0, 2.0**-14, 2.0**-10), ("bfloat16", jnp.bfloat16, 3.39e38, 2.0**-126, 2.0**-7)],
)
def test_the_ranges_of_half_precision(name, dtype, largest, normal, spacing):
    found = range_of(name)
    assert math.isclose(found[0], largest, rel_tol=0.002)
    assert found[0] == float(jnp.finfo(dtype).max)
    assert found[1] == normal
    assert found[3] == spacing


def test_xaviers_gradients_are_rounded_to_0_in_float16_and_a_loss_scale_or_he_brings_them_back():
    network = {"precision": "float16", "depth": 30, "activation": "relu"}

    def lost(scheme: str, loss_scale: float) -> float:
        return measure_precision(0, scheme=scheme, loss_scale=loss_scale, **network).gradients.zero_share[0]

    assert 0.02 < lost("glorot_normal", 1.0) < 0.08
    assert lost("glorot_normal", 4096.0) < 0.001
    assert lost("he_normal", 1.0) < 0.001


def test_the_numbers_of_the_exercises():
    assert initializers.fans((5, 5, 32, 128))[0] == 800
    assert math.isclose(math.sqrt(2 / 800), 0.05)
    assert round(math.sqrt(1 / (3 * 800)), 3) == 0.020
    floor = range_of("float16").smallest_normal
    assert round(floor / 3e-7) == 203
    assert 2.0 ** math.ceil(math.log2(floor / 3e-7)) == 256


def test_the_gains_to_take_home():
    gains = {"relu": 1.414, "tanh": 1.593, "elu": 1.245, "gelu": 1.534, "silu": 1.677, "selu": 1.0}
    assert {name: round(theory.gain(name), 3) for name in gains} == gains


def test_a_skip_connection_holds_batch_normalizations_gradient():
    growth = stack("relu", 50, 2.0, 2.0, normalization="batch").signal_gradient
    assert growth[0] / growth[-1] < 200
    added = 1 - 1 / math.pi  # by each branch to the variance over the batch
    np.testing.assert_allclose(growth[:-1] / growth[1:], 1 + 1 / (1 + added * np.arange(1, 50)))
    assert (round(added, 2), round(1 / added, 1)) == (0.68, 1.5)


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Fifty residual blocks": {
        "7.2e+23": "(theory: 7.2e+23)",
        "three to the fiftieth power": lambda: math.isclose(3.0**50, 7.2e23, rel_tol=0.01),
    },
    "Branches times 1/√L": {
        "√50": lambda: math.isclose(SCALINGS["1/√L"].last(50) ** -2, 50),
        "7.1": "(theory: 7.1)",
        "100 blocks will do before you move the depth. Hardly more: 7.2": lambda: seen.as_written(
            "7.2", (1 + 2 / 100) ** 100
        ),
    },
    "Branches of zero": {
        "Every block passes on exactly what it received": "(theory: 1)",
        "which gradient the first weights of a branch get": "a gradient of exactly 0",
    },
    "Batch norm, backward": {
        "1.467": lambda: math.pi / (math.pi - 1),
        "1.4e+08": "(theory: 1.4e+08)",
    },
    "What a border costs": {
        "0.015": "(theory: 0.015)",
        "8 by 8": lambda: blocks.SIDE == 8,
    },
    "The frameworks' defaults": {
        "9.8e-04": "with Keras (theory: 9.8e-04)",
        "1.7e-08": "with PyTorch, Equinox (theory: 1.7e-08)",
    },
    "Gradients in float16": {
        "layer 30": lambda: seen.defaults("half_precision")["depth"] == 30,
        "Below 6.1e-05": "below 6.1e-05",
        "layer 1 about 4 %": "4% of layer 1",
    },
}
