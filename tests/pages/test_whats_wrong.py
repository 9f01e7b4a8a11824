"""What the page says, asserted: what single layers give away, how far luck goes, and what is found in every patient."""

import itertools
import math
import re

import nbformat
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts
from random_states import mostly_long

from course import data, mistakes, theory
from course.diagnosis import diagnose
from course.diagnosis.findings import FINDINGS
from course.diagnosis.reading import first_loss
from course.mistakes import MISTAKES
from course.pages import NOTEBOOKS, notebooks
from course.theory import finite_width

GIVES_AWAY = (r"wrong fan", r"fan_out for fan_in", r"in square layers", r"equally wide", r"(fan|6) [=/] shape\[1\]")
"""What would answer the page's prediction above it."""
PAGE = NOTEBOOKS / f"{notebooks()['whats_wrong']}.ipynb"
FOUND = {
    "std_as_mean": ("weights not centred", 1),
    "fan_out": ("wrong fan", 1),
    "gain_squared": ("too large", 1),
    "root_forgotten": ("too small", 1),
    "three_times_the_bound": ("too large", 1),
    "precedence": ("saturated", 1),
    "gain_of_another": ("too small", 2),
    "same_for_all": ("identical units", 1),
    "one_key": ("repeated weights", 2),
    "negative_biases": ("biases out of scale", 1),
    "raw_pixels": ("unscaled inputs", 1),
    "half_precision": ("half precision out of range", 1),
}


def drawn(name: str, seed: int = 0, *, fixed: bool = False) -> mistakes.Case:
    return mistakes.draw(mistakes.recipe(name, fixed=fixed), seed)


def weight_variances(name: str) -> np.ndarray:
    layers = drawn(name).layers
    return np.array([len(layer.weights) * np.mean(layer.weights.astype(float) ** 2) for layer in layers])


# A layer by itself


def test_only_the_third_of_the_five_layers_loses_the_signal():
    mean_squares = np.array([1.0, 1.0, 0.9, 0.01, 0.011, 0.01])
    factors = mean_squares[1:] / mean_squares[:-1]
    assert np.flatnonzero(factors < 0.5).tolist() == [2]
    assert abs(1 / factors[2] - 90) < 1e-9


def test_three_of_the_numbers_that_make_the_exercise_are_factors_of_their_own():
    mean_squares = np.array([1.0, 1.0, 1.0, 2.0, 4.1, 4.0, 0.04])
    factors = mean_squares[1:] / mean_squares[:-1]
    np.testing.assert_allclose(factors, [1, 1, 2, 2.05, 0.976, 0.01], atol=1e-3)


def test_the_mean_square_of_a_layer_is_that_of_weighted_inputs_and_biases():
    # Exact in the mean over weights: with unit vectors as weights' rows nothing is left to chance.
    inputs, weights, biases = np.eye(4) * 2.0, np.eye(4) * 3.0, np.full(4, 0.5)
    z = inputs @ weights
    assert np.mean(z**2) == 4 * np.mean(weights**2) * np.mean(inputs**2)
    signs = np.array(list(itertools.product([-1, 1], repeat=4)))
    averaged = np.mean([np.mean((z * sign + biases) ** 2) for sign in signs])
    assert math.isclose(averaged, np.mean(z**2) + np.mean(biases**2))


@pytest.mark.parametrize(("name", "expected"), [("gain_squared", 4.0), ("gain_of_another", 1.0)])
def test_a_wrong_gain_is_the_same_number_in_every_layer(name, expected):
    sizes = [layer.weights.size for layer in drawn(name).layers]
    assert all(np.abs(weight_variances(name) / expected - 1) < 5 * np.sqrt(2 / np.array(sizes)))


def test_a_missing_root_follows_the_width():
    layers = drawn("root_forgotten").layers
    fan_in = np.array([len(layer.weights) for layer in layers])
    errors = np.sqrt(2 / np.array([layer.weights.size for layer in layers]))
    assert all(np.abs(weight_variances("root_forgotten") * fan_in / 2 - 1) < 5 * errors)
    assert np.round(weight_variances("root_forgotten")[1:4], 3).tolist() == [0.008, 0.01, 0.013]


@asserts("The fan_in of a weight matrix")
def test_fan_out_for_fan_in_makes_it_twice_their_ratio():
    layers = drawn("fan_out").layers
    expected = np.array([2 * fan_in / fan_out for fan_in, fan_out in (layer.weights.shape for layer in layers)])
    errors = np.sqrt(2 / np.array([layer.weights.size for layer in layers]))
    assert all(np.abs(weight_variances("fan_out") / expected - 1) < 5 * errors)


# Luck


@pytest.mark.parametrize(("width", "low", "high"), [(50, 0.0008, 7.7), (100, 0.012, 7.0), (1000, 0.32, 2.4)])
def test_the_band_of_fifty_layers_is_what_the_page_prints(width, low, high):
    band = finite_width.band("relu", 50, width, 2.0)
    assert float(f"{band.low.activations[-1]:.2g}") == low
    assert float(f"{band.high.activations[-1]:.2g}") == high


@asserts("Biases that do not start")
def test_biases_with_the_weights_std_add_two_nths_a_layer():
    for width, layers in ((128, 20), (64, 3)):
        variances = theory.preactivation_variances("relu", layers + 1, 2.0, 2 / width)
        np.testing.assert_allclose(np.diff(variances), 2 / width)  # the first of them starts at 2 + 2/n
    mean_square = theory.activation_second_moments("relu", 20, 2.0, 2 / 128)[-1]
    assert math.isclose(mean_square, 1 + 20 / 128)


@asserts("Biases that do not start")
def test_biases_with_the_weights_std_are_called_healthy():
    for seed in range(5):
        assert diagnose(*mistakes.draw(mistakes.Recipe(widths=mistakes.SQUARE, bias_std=1.0), seed)).healthy


@pytest.mark.parametrize(("factor", "found"), [(10.0, True), (6.0, False)])
def test_louder_biases_are_found_from_the_root_of_the_first_layers_fan_in_on(factor, found):
    diagnosis = diagnose(*mistakes.draw(mistakes.Recipe(widths=(64, *(128,) * 6, 10), bias_std=factor)))
    assert ("biases out of scale" in {layer.finding for layer in diagnosis.layers}) == found
    assert diagnosis.healthy != found


# The patients


@asserts("weights.normal_(std) draws", "Biases that do not start")
@pytest.mark.parametrize("name", mostly_long(MISTAKES, tuple(MISTAKES)[:4]))
def test_every_patient_has_its_finding_and_is_healthy_when_fixed(name):
    finding, layer = FOUND[name]
    for seed in range(3):
        primary = diagnose(*drawn(name, seed)).primary
        assert primary.finding == finding
        assert diagnose(*drawn(name, seed, fixed=True)).healthy
    assert diagnose(*drawn(name)).primary.layer == layer


@asserts("A key that is used twice")
def test_the_patient_with_one_key_has_every_curve_in_its_band():
    table = diagnose(*drawn("one_key")).table
    band = finite_width.band("relu", 20, 128, 2.0)
    measured = table["forward"][:20]
    assert all((band.low.activations <= measured) & (measured <= band.high.activations))


def last_hidden_mean_squares(*, fixed: bool, draws: int = 200) -> np.ndarray:
    """The mean square of the last hidden layer of the patient with one key, `(draws,)`."""
    found = []
    for seed in range(draws):
        layers, signal = drawn("one_key", seed, fixed=fixed)
        for weights, biases, _activation in layers[:-1]:
            signal = np.maximum(signal @ weights + biases, 0)
        found.append(np.mean(signal.astype(float) ** 2))
    return np.array(found)


@pytest.mark.long
def test_equal_matrices_repeat_their_luck_three_times_as_far_and_half_of_them_leave_the_band():
    equal, fresh = last_hidden_mean_squares(fixed=False), last_hidden_mean_squares(fixed=True)
    assert np.log(equal).std() > 3 * np.log(fresh).std()
    band = finite_width.band("relu", 20, 128, 2.0)
    outside = [
        np.mean((found < band.low.activations[-1]) | (found > band.high.activations[-1])) for found in (equal, fresh)
    ]
    assert outside[0] == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / 200))
    assert outside[1] < 0.1


def test_the_last_two_patients_are_marked_in_layer_1_alone():
    for name in ("raw_pixels", "half_precision"):
        assert [layer.layer for layer in diagnose(*drawn(name)).layers if layer.state != "ok"] == [1]
    assert list(MISTAKES)[-2:] == ["raw_pixels", "half_precision"]
    assert list(MISTAKES).index("one_key") + 1 == 9


def test_the_page_lists_every_finding():
    text = "\n".join(cell.source for cell in nbformat.read(PAGE, 4).cells)
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    named = {
        name.strip() for row in rows for name in row.replace("too large, too small", "too large,too small").split(",")
    }
    assert {finding.name for finding in FINDINGS} <= named


def test_a_network_of_std_0_01_is_told_to_be_too_small():
    rng = np.random.default_rng(0)
    shapes = [(64, 256), (256, 256), (256, 10)]
    layers = [(rng.normal(0, 0.01, shape), name) for shape, name in zip(shapes, ["relu", "relu", None], strict=True)]
    diagnosis = diagnose(layers, drawn("raw_pixels", fixed=True).batch)
    assert [layer.finding for layer in diagnosis.layers][:2] == ["too small", "too small"]


def test_layers_sorted_as_text_are_out_of_order_from_ten_on():
    names = [f"layer {number}" for number in range(1, 21)]
    assert sorted(names[:9]) == names[:9]
    assert sorted(names)[:3] == ["layer 1", "layer 10", "layer 11"]
    assert sorted(names, key=lambda name: int(name.split()[1])) == names


# Questions from public threads


def xavier(random: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    limit = np.sqrt(6 / (n_in + n_out))
    return random.uniform(-limit, limit, (n_in, n_out))


def of_the_line(random: np.random.Generator, *, units: tuple[int, int], last: str | None) -> list[tuple]:
    """The network that is to learn y = 2x - 1."""
    shapes = itertools.pairwise((1, *units, 1))
    return [(xavier(random, *shape), name) for shape, name in zip(shapes, ("relu", "relu", last), strict=True)]


def answers(layers: list[tuple], signal: np.ndarray) -> np.ndarray:
    for weights, activation in layers:
        signal = signal @ weights if activation is None else np.maximum(signal @ weights, 0)
    return signal


POINTS = np.arange(-1.0, 6.0)[:, None]


def test_the_network_of_the_line_is_dead_in_its_only_last_unit():
    diagnosis = diagnose(of_the_line(np.random.default_rng(4), units=(4, 2), last="relu"), POINTS)
    assert (diagnosis.primary.finding, diagnosis.primary.layer) == ("dead units", 3)
    assert diagnosis.primary.remedy == "Let the last layer answer without relu."
    assert "The only unit of layer 3" in diagnosis.whole[0].reason


def dead_share(draws: int = 4000, **network) -> float:
    random = np.random.default_rng(0)
    return np.mean([np.ptp(answers(of_the_line(random, **network), POINTS)) == 0 for _ in range(draws)])


def test_almost_half_of_all_draws_are_dead_and_hardly_any_of_the_mended_ones():
    assert 0.45 < dead_share(units=(4, 2), last="relu") < 0.5
    assert dead_share(units=(16, 16), last=None) < 0.01


def test_the_fourth_power_needs_inputs_and_targets_of_one_scale():
    random = np.random.default_rng(4)
    x = np.arange(-100.0, 100.0, 0.5)[:, None]
    network = [(xavier(random, 1, 50), "sigmoid"), (xavier(random, 50, 50), "elu"), (xavier(random, 50, 1), None)]
    diagnosis = diagnose(network, (x, x**4))
    assert (diagnosis.primary.finding, diagnosis.primary.layer) == ("unscaled inputs", 1)
    assert round(np.sqrt(np.mean(x**2))) == 58
    assert diagnosis.table["saturated"][0] > 0.5
    assert [row.finding for row in diagnosis.whole] == ["unscaled targets"]
    assert diagnose(network, (x / x.std(), x**4 / (x**4).std())).healthy


def test_a_smaller_last_layer_begins_at_the_loss_of_guessing():
    pixels, labels = data.digits()
    batch = data.standardized(pixels)
    for seed in range(3):
        random = np.random.default_rng(seed)
        shapes = [(61, 256), *[(256, 256)] * 4, (256, 10)]
        weights = [random.normal(0, np.sqrt(2 / shape[0]), shape) for shape in shapes]
        layers = list(zip(weights, ["relu"] * 5 + [None], strict=True))
        assert diagnose(layers, (batch, labels)).healthy
        losses = [first_loss(factor * answers(layers, batch), labels)[0] for factor in (1.0, 0.1)]
        assert losses[0] > math.log(10) + 0.3
        assert losses[1] == pytest.approx(math.log(10), abs=0.05)


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "The first patient": {
        "too large from layer 1 on": "12 of them are marked, the first is layer 1",
        "far beyond what layers of this kind could do by chance": lambda: seen.patient_factor("std_as_mean") > 10,
    },
    "Ten layers were fine": {
        "Count it off the curve: 2": lambda: seen.as_written("2", seen.patient_factor("gain_squared"))
    },
    "Only in this shape": {},
    "It worked with tanh": {
        "halves in every layer": lambda: abs(seen.patient_factor("gain_of_another") - 0.5) < 0.05,
        "Why is layer 1 not marked": "the first is layer 2",
    },
    "Nothing to be seen": {"every layer but the first is marked": "20 of them are marked, the first is layer 2"},
    "Ill before layer 1": {
        "One mark, on layer 1": "1 of them is marked, the first is layer 1",
        "The largest number of float16 is 65504": lambda: np.finfo(np.float16).max == 65504,
    },
}
