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


def test_a_linear_network_keeps_its_mean_square_and_tanh_loses_some_in_every_layer():
    linear, tanh = (theory.activation_second_moments(name, 50, 1.0) for name in ("linear", "tanh"))
    np.testing.assert_allclose(linear, 1, rtol=1e-9)
    assert (np.diff(tanh) < 0).all()
    assert (np.diff(tanh[1:] / tanh[:-1]) > 0).all()  # a smaller share of a smaller signal
    last = [probes.measure(seed, **{**DEFAULT, "activation": "linear"}).activation_rms[-1] ** 2 for seed in range(40)]
    assert abs(np.mean(last) - 1) < 5 * np.std(last, ddof=1) / np.sqrt(len(last))


# The exercises


def test_below_a_twentieth_is_left_from_11_layers_on():
    left = theory.activation_second_moments("tanh", 50, 1.0)
    assert np.argmax(left < 0.05) + 1 == 11
    assert [f"{left[layers - 1]:.2g}" for layers in (5, 10, 11, 20, 50)] == ["0.1", "0.052", "0.047", "0.026", "0.01"]
    assert math.ceil(50 * math.log(0.05) / math.log(0.01)) == 33


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
    "The same weights, linear": {"1 of the mean square": "(theory: 1)", "at layer 50": "layer 50"},
    "A hundred networks": {
        "layer 50": "layer 50",
        "two to four times the lower": lambda: (
            2 < np.divide(*np.quantile(seen.last_mean_squares("glorot_uniform", activation="linear"), [0.9, 0.1])) < 4
        ),
    },
    "Beyond what float32 holds": {
        "by 128": lambda: seen.mean_squares("linear", 1, 128 * seen.weight_std("normal_1", 128) ** 2)[0],
        "std 1": lambda: seen.weight_std("normal_1", 128),
        "layer 36": "overflow at layer 36",
        "3.4e38": lambda: seen.HUGE,
    },
}
