"""What the first page says about the picture is so."""

import math

import numpy as np
import pytest
import scene_numbers as seen

from course import explorers, probes, theory

DEFAULT = {"depth": 50, "width": 128, "activation": "tanh", "scheme": "glorot_uniform"}


def test_losing_a_tenth_at_each_of_fifty_layers_leaves_half_a_percent():
    left = 0.9**50
    assert left == pytest.approx(0.005, rel=0.05)


def test_the_input_is_128_digits_of_mean_square_1():
    inputs = probes.network(0, **DEFAULT).inputs
    assert inputs.shape == (128, 128)
    np.testing.assert_allclose(np.mean(inputs.astype(float) ** 2, axis=1), 1, rtol=1e-6)


def test_the_gradient_starts_its_way_back_with_variance_1():
    # v has 128 × 128 entries: the variance of so many normal numbers has a standard error of √(2 / 128²).
    variance = probes.measure(0, **DEFAULT).preactivation_gradient_variance[-1]
    assert abs(variance - 1) < 5 * np.sqrt(2 / 128**2)


def test_the_page_opens_the_main_explorer_where_it_says():
    state = explorers.signal_propagation().state
    assert {name: state[name] for name in DEFAULT} == DEFAULT


def test_a_gain_of_the_root_of_two_keeps_relu_with_these_weights():
    kept = [probes.measure(seed, **{**DEFAULT, "activation": "relu"}, gain=2**0.5) for seed in range(40)]
    lost = probes.measure(0, **{**DEFAULT, "activation": "relu"})
    last = np.array([stats.activation_rms[-1] ** 2 for stats in kept])
    assert abs(last.mean() - 1) < 5 * last.std(ddof=1) / np.sqrt(len(last))
    assert lost.activation_rms[-1] ** 2 < 1e-12


# The exercises


@pytest.mark.parametrize(("gain", "kept"), [(1.38, False), (1.39, True), (1.44, True), (1.45, False)])
def test_gains_from_1_39_to_1_44_keep_relu_within_a_factor_of_ten(gain, kept):
    last = theory.activation_second_moments("relu", 50, gain**2)[-1]
    assert bool(0.1 <= last <= 10) == kept


def test_49_steps_that_lose_a_tenth_leave_six_thousandths():
    assert f"{0.9**49:.1%}" == "0.6%"


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Fifty tanh layers": {"0.01": "(theory: 0.01)", "0.015": "(theory: 0.015)"},
    "Twice as deep": {
        "50 layers left 0.01": lambda: seen.as_written("0.01", seen.mean_squares("tanh", 50, 1.0)[-1]),
        "0.0001": lambda: seen.mean_squares("tanh", 50, 1.0)[-1] ** 2,
        "0.0051": "(theory: 0.0051)",
        "half as much as after 50": lambda: (
            abs(2 * np.divide(*seen.mean_squares("tanh", 100, 1.0)[[99, 49]]) - 1) < 0.05
        ),
    },
    "The same start with ReLU": {
        "one half": lambda: math.isclose(theory.gain("relu") ** -2, 0.5),
        "8.9e-16": "(theory: 8.9e-16)",
        "layer 50": "layer 50",
    },
    "A gain that mends it": {
        "0.74": "(theory: 0.74)",
        "through 50 layers": "layer 50",
        "back to 1,": lambda: math.isclose(seen.defaults("signal_propagation")["gain"], 1),
    },
    "A hundred networks": {
        "layer 50": "layer 50",
        "more than ten times apart": lambda: (
            np.divide(*np.quantile(seen.last_mean_squares("glorot_uniform", 1.41), [0.9, 0.1])) > 10
        ),
    },
    "Beyond what float32 holds": {
        "by 128": lambda: seen.mean_squares("linear", 1, 128 * seen.weight_std("normal_1", 128) ** 2)[0],
        "std 1": lambda: seen.weight_std("normal_1", 128),
        "layer 36": "overflow at layer 36",
        "3.4e38": lambda: seen.HUGE,
    },
}
