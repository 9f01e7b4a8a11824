"""What the page says, asserted: a power against a product, weights that lose nothing, gates, and who learns to add."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course.diagnosis import diagnose
from course.networks.recurrent import CHRONO, LSTM, gate_biases
from course.pages.recurrent.recurrent import predicted
from course.pages.recurrent.recurrent_race import LINE_UPS, RATES
from course.probes.recurrent import eigenvalues, measure_recurrent
from course.theory.recurrent import power_growth
from course.training.adding import GUESSING, AddingTraining

GIVES_AWAY = (r"(?i)spectral radius", r"\b[1-9]e\+0[345]\b", r"(?i)explode[sd]?\b")
"""That the gradient grows by some powers of ten, and why."""


def ratios(seeds: range, **network) -> np.ndarray:
    """Return the mean square of the gradient at step 1 over that at step 100, for each seed."""
    runs = [measure_recurrent(seed, steps=100, **network).gradient for seed in seeds]
    return np.array([run[0] / run[-1] for run in runs])


def radius(seed: int, **network) -> float:
    default = {"cell": "linear", "weights": "normal", "gain": 1.0, "width": 128, "forget": "0", "steps": 100}
    return float(np.abs(eigenvalues(seed, **{**default, **network})).max())


# One matrix or many


def test_one_unit_by_hand():
    assert round(0.95**99, 3) == 0.006
    assert round(1.05**99) == 125


@asserts("A power of one random matrix")
def test_one_matrix_does_anything_to_a_gradient_and_a_hundred_ones_hardly_anything():
    equal, new = (ratios(range(10), cell="linear", equal=one) for one in (True, False))
    assert equal.min() < 0.02
    assert equal.max() > 1e6
    assert equal[0] > 1e4
    assert np.all((new > 0.03) & (new < 30))


def test_the_spectral_radius_over_ten_seeds():
    found = np.array([radius(seed) for seed in range(10)])
    assert (round(found.min(), 3), round(found.max(), 3)) == (0.975, 1.099)
    assert round(found.min() ** 198, 3) == 0.007
    assert 1e8 < found.max() ** 198 < 2e8


def test_the_spectral_radius_tells_which_gradients_grow():
    grown = np.log(ratios(range(10), cell="linear"))
    alone = 198 * np.log([radius(seed) for seed in range(10)])
    assert np.corrcoef(grown, alone)[0, 1] > 0.95


def test_a_power_grows_on_average_as_counted():
    rng, n, draws = np.random.default_rng(1), 64, 400
    found = {1: [], 5: [], 10: []}
    for _draw in range(draws):
        w = rng.normal(0, n**-0.5, (n, n))
        for k, squares in found.items():
            squares.append(np.sum(np.linalg.matrix_power(w, k) ** 2) / n)
    for k, squares in found.items():
        expected = power_growth(k, n)
        assert abs(np.mean(squares) - expected) < 5 * np.std(squares) / math.sqrt(draws)


@pytest.mark.parametrize(("steps", "ways"), [(1, 1), (2, 1 + 2 / 49), (3, 1 + 10 / 49), (4, 1 + 28 / 49 + 8 / 7**4)])
def test_of_few_steps_the_orders_are_counted_by_hand(steps, ways):
    """All pairings of the 2k weights in two paths of k steps, one by one: up to 1/n², and to 1/n⁴ between the paths."""
    assert math.isclose(power_growth(steps, 7), ways)
    assert math.isclose(power_growth(20, 10_000), math.sinh(0.02) / 0.02, rel_tol=1e-4)


# Weights that lose nothing


def test_orthogonal_weights_keep_a_linear_network_exactly():
    np.testing.assert_allclose(ratios(range(3), cell="linear", weights="orthogonal"), 1, rtol=1e-4)
    np.testing.assert_allclose(radius(0, weights="orthogonal"), 1, rtol=1e-6)


def test_tanh_takes_something_away_whatever_the_weights():
    for weights in ("normal", "orthogonal", "identity"):
        assert np.all(ratios(range(5), cell="tanh", weights=weights) < 0.5)


@asserts("Recurrent networks of ReLU")
def test_relu_with_the_identity_keeps_half_at_every_step():
    gradient = measure_recurrent(0, steps=100, cell="ReLU", weights="identity").gradient
    np.testing.assert_array_equal(gradient[:-1], gradient[0])
    found = np.mean(ratios(range(20), cell="ReLU", weights="identity"))
    assert abs(found - 0.5) < 5 * 0.5 / math.sqrt(20 * 16 * 128)
    assert np.all(ratios(range(5), cell="ReLU", weights="orthogonal") < 1e-3)


# Gates


@asserts("An LSTM's forget gates")
@pytest.mark.parametrize(("forget", "expected"), [("0", 0.75), ("1", 0.981), ("2", 1.131)])
def test_the_disc_of_an_lstm_ends_at_the_forget_gate_and_a_quarter(forget, expected):
    assert round(1 / (1 + math.exp(-float(forget))) + 0.25, 3) == expected
    found = [radius(seed, cell=LSTM, forget=forget) for seed in range(5)]
    assert np.all(np.abs(np.array(found) - expected) < 0.04)


@asserts("An LSTM's forget gates")
def test_what_the_forget_biases_leave_of_a_gradient():
    left = {forget: ratios(range(5), cell=LSTM, forget=forget) for forget in ("0", "1", "2", CHRONO)}
    assert left["0"].max() < 1e-20
    assert np.all((left["1"] > 1e-6) & (left["1"] < 0.2))
    assert np.all(left["2"] > 10)
    assert np.all((left[CHRONO] > 0.02) & (left[CHRONO] < 0.2))


def test_a_unit_of_chrono_initialization_lets_in_as_much_as_it_lets_go():
    times = np.array([2.0, 10.0, 100.0])
    biases = gate_biases(CHRONO, (times - 2) / 98, 100)
    enter, forget = 1 / (1 + np.exp(-biases[:2]))
    np.testing.assert_allclose(forget, 1 - 1 / times)
    np.testing.assert_allclose(enter, 1 / times)
    assert np.all(forget + enter / 2 < 1)


def test_the_numbers_of_the_exercises():
    assert round(math.log(99), 1) == 4.6
    assert round(1 / (1 + math.exp(-1)), 3) == 0.731
    assert np.all(ratios(range(5), cell="ReLU", weights="identity") > 0.2)


# Who learns


def errors(seeds: range, steps: int, titles: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the last errors of runners of the first line-up, an array of the seeds for each title."""
    runners = [runner for runner in next(iter(LINE_UPS.values())) if runner.title in titles]
    found = {}
    for gated in (False, True):
        own = [runner for runner in runners if (runner.trial.cell == LSTM) == gated]
        if own:
            trials = [runner.trial._replace(seed=seed) for runner in own for seed in seeds]
            last = AddingTraining(trials, steps=steps, records=1).run().losses[-1].reshape(len(own), -1)
            found |= {runner.title: row for runner, row in zip(own, last, strict=True)}
    return found


@asserts("Chrono initialization")
@pytest.mark.long
def test_chrono_initialization_adds_after_three_hundred_steps_where_a_bias_of_0_guesses():
    found = errors(range(1), 300, ("LSTM, bias 0", "LSTM, chrono"))
    assert found["LSTM, chrono"][0] < GUESSING / 2
    assert found["LSTM, bias 0"][0] > 0.9 * GUESSING


@asserts("Chrono initialization", "Recurrent networks of ReLU")
@pytest.mark.long
def test_who_adds_after_500_steps_in_ten_seeds():
    found = errors(range(10), 500, tuple(runner.title for runner in next(iter(LINE_UPS.values()))))
    added = {title: int(np.sum(values < GUESSING / 2)) for title, values in found.items()}
    assert added["LSTM, chrono"] >= 9
    assert added["LSTM, bias 1"] >= 9
    assert added["ReLU, identity"] >= 8
    assert 6 <= added["LSTM, bias 0"] <= 9
    assert added["tanh, normal"] == added["tanh, orthogonal"] == 0
    medians = [np.median(found[title]) for title in ("LSTM, chrono", "LSTM, bias 1", "LSTM, bias 0")]
    assert medians == sorted(medians)


def test_before_training_the_first_step_receives_most_gradient_where_networks_learn_early():
    left = {}
    for runners in (LINE_UPS["simple cells and LSTMs"][:3], LINE_UPS["simple cells and LSTMs"][3:]):
        training = AddingTraining([runner.trial for runner in runners], steps=1, records=1)
        training.advance()
        gradient = training.history.gradient_rms[0]
        left |= {runner.title: row[0] / row[-1] for runner, row in zip(runners, gradient, strict=True)}
    assert left["ReLU, identity"] > 0.3
    assert left["LSTM, chrono"] > 0.03
    others = [ratio for title, ratio in left.items() if title not in ("ReLU, identity", "LSTM, chrono")]
    assert max(others) < 0.01
    assert left["LSTM, bias 0"] < left["tanh, normal"] < 1e-3


# What `diagnose` says of such a network


def unrolled(gain: float) -> tuple:
    rng = np.random.default_rng(0)
    shapes = {"read": (8, 64), "recurrent": (64, 64), "out": (64, 5)}
    weights = {name: (rng.normal(0, shape[0] ** -0.5, shape)).astype(np.float32) for name, shape in shapes.items()}
    weights["recurrent"] *= np.float32(gain)

    def network(weights, x):
        def step(h, read):
            return jnp.tanh(h @ weights["recurrent"] + read @ weights["read"]), None

        return jax.lax.scan(step, jnp.zeros((len(x), 64)), jnp.swapaxes(x, 0, 1))[0] @ weights["out"]

    return network, weights


@pytest.mark.parametrize(("gain", "finding"), [(0.3, "gradient vanishes"), (1.0, None), (10.0, "too large")])
def test_diagnose_finds_recurrent_weights_that_are_far_too_large_or_too_small(gain, finding):
    batch = np.random.default_rng(1).normal(size=(32, 30, 8)).astype(np.float32)
    found = diagnose(unrolled(gain), batch)
    assert len(found.layers) == 3
    assert found.healthy == (finding is None)
    assert finding is None or (found.primary.finding, found.primary.layer) == (finding, 2)


# The numbers in the notes of its scenes: words of the sentence, or computed again


def theory(**network) -> dict[str, np.ndarray]:
    default = {"cell": "linear", "weights": "normal", "gain": 1.0, "forget": "0", "steps": 100, "equal": True}
    return predicted(**{**default, **network})


FACTS = {
    "One matrix, 100 times": {
        "says 1 at every step": lambda: np.allclose(theory()["gradient"], 1),
    },
    "Orthogonal weights": {
        "gain of 1.1": lambda: math.isclose(theory(gain=1.1)["gradient"][0], 1.1**198),
        "100 steps": "step 100",
    },
    "ReLU and the identity": {
        "theory is 0.5": "(theory: 0.5)",
        "a gain of 1.05": lambda: theory(cell="ReLU", weights="identity", gain=1.05)["gradient"][0] > 1e3,
    },
    "tanh forgets slowly": {
        "gain of 0.9": lambda: theory(cell="tanh", gain=0.9)["gradient"][0] < 1e-6,
    },
    "LSTM, forget bias 0": {
        "biases of zero": lambda: not gate_biases("0", np.zeros(1), 100).any(),
        "after ten steps": lambda: theory(cell=LSTM)["gradient"][-11] < 1e-3,
        "after 100": lambda: theory(cell=LSTM)["gradient"][0] < 1e-20,
    },
    "Chrono initialization": {
        "from 2 to 100 steps": lambda: np.allclose(
            1 / (1 - 1 / (1 + np.exp(-gate_biases(CHRONO, np.array([0.0, 1.0]), 100)[1]))), [2, 100]
        ),
    },
    "Six that learn to add": {
        "Sixty steps": lambda: AddingTraining([LINE_UPS["simple cells and LSTMs"][0].trial]).setup.length == 60,
        "two marked numbers": lambda: 0.01 in RATES,
    },
}
