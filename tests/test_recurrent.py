"""Networks through time: the program runs the network that its formulas say, and wide ones meet the theory."""

import math

import jax
import numpy as np
import pytest

from course.networks.recurrent import LSTM, gate_biases
from course.pages.recurrent.recurrent import predicted
from course.probes import recurrent as probe
from course.probes.recurrent import measure_recurrent
from course.theory.recurrent import gated, unmixed


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(seed: int, *, steps: int, cell: str, weights: str, equal: bool, gain: float, width: int, forget: str):
    """Run the same network in NumPy: mean squares of the states, relative to the first."""
    start, _, shares = probe._ends(seed, width)
    matrices = probe._matrices(seed, weights, width, steps, range(4))[:, :, :width, :width].astype(float) * gain
    c, biases = start[:, :width].astype(float) * (0.1 if cell == LSTM else 1), gate_biases(forget, shares, steps)
    h, first, found = np.tanh(c) / 2, np.mean(c**2), []
    for step in range(steps):
        w = matrices[0 if equal else step]
        if cell == LSTM:
            i, f, o, g = (h @ w[gate] + biases[gate, :width] for gate in range(4))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            c = {"linear": lambda z: z, "tanh": np.tanh, "ReLU": lambda z: np.maximum(z, 0)}[cell](c @ w[0])
        found.append(np.mean(c**2) / first)
    return np.array(found)


NETWORK = {"steps": 7, "cell": "tanh", "weights": "normal", "equal": True, "gain": 1.1, "width": 32, "forget": "1"}


@pytest.mark.parametrize(
    "changes",
    [{}, {"cell": "ReLU", "equal": False}, {"cell": "linear", "weights": "orthogonal"}]
    + [{"cell": LSTM, **more} for more in ({}, {"equal": False, "forget": "chrono"}, {"weights": "identity"})],
)
def test_the_program_runs_the_network_that_is_written_out(changes):
    network = {**NETWORK, **changes}
    np.testing.assert_allclose(measure_recurrent(3, **network).second_moment, by_hand(3, **network), rtol=1e-4)


def test_a_small_step_along_the_gradient_changes_the_cost_by_its_square():
    """In a linear network the gradient is the transposed product of the matrices, times v."""
    network = {**NETWORK, "cell": "linear", "equal": False}
    _, directions, _ = probe._ends(3, 32)
    back, found = directions[:, :32].astype(float), []
    for w in probe._matrices(3, "normal", 32, 7, range(1))[:7, 0, :32, :32][::-1]:
        found.append(np.mean(back**2))
        back = 1.1 * back @ w.T
    np.testing.assert_allclose(measure_recurrent(3, **network).gradient[::-1], found, rtol=1e-4)


def test_no_setting_of_the_program_waits_for_a_compiler():
    measure_recurrent(0, steps=3)
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_a, **_k: compiled.append(event))
    measure_recurrent(1, steps=100, cell=LSTM, forget="chrono", width=16, gain=0.7)
    measure_recurrent(2, steps=5, cell="ReLU", weights="identity", equal=False, width=64)
    assert [event for event in compiled if "compile" in event] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("cell", "GRU"), ("weights", "zeros"), ("width", 100), ("forget", "3"), ("gain", -1.0), ("steps", 101)],
)
def test_a_setting_that_there_is_not_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        measure_recurrent(0, **{"steps": 5, name: value})


# Theory


def test_an_lstm_of_one_kind_of_unit_is_a_sum_over_ways_to_pass_the_matrix():
    """(f + a G)ᵏ has the mean square Σ C(k, j)² f^(2(k−j)) a^(2j), with equal matrices; (f² + a²)ᵏ with new ones."""
    forget, enter = np.array([0.7]), np.array([0.4])
    kept, coupled = 0.7, 0.4 * 0.5 * 1.2
    expected = [
        sum(math.comb(k, j) ** 2 * kept ** (2 * (k - j)) * coupled ** (2 * j) for j in range(k + 1)) for k in range(13)
    ]
    np.testing.assert_allclose(gated(forget, enter, 0.5, 1.2, 12), expected, rtol=1e-12)
    new = gated(forget, enter, 0.5, 1.2, 12, equal=False)
    np.testing.assert_allclose(new, (kept**2 + coupled**2) ** np.arange(13), rtol=1e-12)


def test_units_of_different_memories_are_what_a_wide_matrix_makes_of_them():
    rng, n = np.random.default_rng(0), 500
    shares = (np.arange(n) + 0.5) / n
    enter, forget = sigmoid(gate_biases("chrono", shares, 50)[:2])
    expected, runs = gated(forget, enter, 0.5, 1.0, 30), []
    for _draw in range(4):
        step, power = np.diag(forget) + enter[:, None] / 2 * rng.normal(0, n**-0.5, (n, n)), np.eye(n)
        for _step in range(30):
            power = step @ power
        runs.append(np.sum(power**2) / n)
    assert abs(np.mean(runs) - expected[-1]) < 5 * np.std(runs) / 2 + 0.005


def test_units_that_nothing_mixes_are_scalar_networks():
    states, gradients = unmixed("relu", 5, 1.0)
    np.testing.assert_allclose(states, 0.5, rtol=1e-6)
    np.testing.assert_allclose(gradients, [0.5, 0.5, 0.5, 0.5, 1], rtol=1e-3)
    linear = unmixed("linear", 4, 1.1)
    np.testing.assert_allclose(linear[0], 1.1 ** (2 * np.arange(1, 5)), rtol=1e-6)
    np.testing.assert_allclose(linear[1], 1.1 ** (2 * np.arange(3, -1, -1)), rtol=1e-6)


@pytest.mark.parametrize("network", [{}, {"cell": "tanh"}, {"cell": "tanh", "weights": "identity"}, {"cell": LSTM}])
def test_the_first_ten_steps_of_a_measured_network_follow_the_dashes(network):
    given = {**NETWORK, "cell": "linear", "gain": 1.0, "steps": 10, "width": 128, "forget": "0", **network}
    runs = np.array([np.stack(measure_recurrent(seed, **given)) for seed in range(8)])
    expected = predicted(**given)
    for place, key in enumerate(("forward", "gradient")):
        means, errors = runs[:, place].mean(axis=0), runs[:, place].std(axis=0, ddof=1) / math.sqrt(8)
        assert np.all(np.abs(means - expected[key]) < 5 * errors + 0.1 * expected[key])
