"""The published mistakes: each spoils one decision of a right initialization, and fixing it puts that one back."""

import math

import numpy as np
import pytest
from claims import asserts

from course import mistakes
from course.mistakes import MISTAKES, Recipe, draw, recipe

NAMES = list(MISTAKES)
SPREADING = [name for name in NAMES if "rule" in MISTAKES[name].spoiled and name not in ("std_as_mean", "same_for_all")]


def forward(case: mistakes.Case) -> list[np.ndarray]:
    """The preactivations of every layer, in float64."""
    functions = {"relu": lambda z: np.maximum(z, 0.0), "tanh": np.tanh, None: lambda z: z}
    signal, answers = case.batch.astype(float), []
    for weights, biases, activation in case.layers:
        answers.append(signal @ weights.astype(float) + biases)
        signal = functions[activation](answers[-1])
    return answers


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_spoils_its_own_decision_and_nothing_else(name):
    wrong, right = recipe(name), recipe(name, fixed=True)
    changed = {field for field in Recipe._fields if getattr(wrong, field) != getattr(right, field)}
    assert changed == set(MISTAKES[name].spoiled)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_not_what_was_meant(name):
    assert MISTAKES[name].written != MISTAKES[name].meant


@pytest.mark.parametrize("name", NAMES)
def test_the_fixed_network_keeps_its_signal_in_every_layer(name):
    # tanh's mean square falls as 1/(2l), so the bounds are wide; He's stray by about 5·Σ1/n in the logarithm.
    case = draw(recipe(name, fixed=True))
    for preactivations in forward(case):
        assert 0.05 < np.mean(preactivations**2) < 20


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_network_and_another_seed_another(name):
    one, again, other = (draw(recipe(name), seed) for seed in (3, 3, 4))
    for first, second in zip(one.layers, again.layers, strict=True):
        np.testing.assert_array_equal(first.weights, second.weights)
    same = [np.array_equal(a.weights, b.weights) for a, b in zip(one.layers, other.layers, strict=True)]
    assert all(same) if name == "same_for_all" else not any(same)


@pytest.mark.parametrize("name", SPREADING)
def test_the_weights_have_the_spread_that_the_written_line_says(name):
    wrong = recipe(name)
    for layer in draw(wrong).layers:
        _mean, std = wrong.rule(*layer.weights.shape, wrong.gain)
        # The standard error of a variance is Var w · √((kurtosis − 1) / count); no distribution here has more than 3.
        error = std**2 * math.sqrt(2 / layer.weights.size)
        assert abs(np.mean(layer.weights.astype(float) ** 2) - std**2) < 5 * error


@asserts("weights.normal_(std) draws")
def test_normal_with_one_argument_takes_the_std_for_the_mean_and_1_for_the_std():
    weights = draw(recipe("std_as_mean")).layers[1].weights
    assert abs(weights.mean() - math.sqrt(2 / 64 * 64 / 256)) < 5 / math.sqrt(weights.size)
    assert abs(weights.var() - 1) < 5 * math.sqrt(2 / weights.size)


def test_three_times_the_bound_is_nine_times_the_variance():
    wrong, right = (recipe("three_times_the_bound", fixed=fixed) for fixed in (False, True))
    (_, std), (_, meant) = (one.rule(100, 50, 1.0) for one in (wrong, right))
    assert math.isclose(std**2, 9 * meant**2)


@asserts("The fan_in of a weight matrix")
def test_fan_out_for_fan_in_cannot_be_seen_in_square_layers():
    wrong, right = (recipe("fan_out", fixed=fixed) for fixed in (False, True))
    assert wrong.rule(128, 128, 1.0) == right.rule(128, 128, 1.0)
    assert wrong.rule(128, 32, 1.0)[1] == 2 * right.rule(128, 32, 1.0)[1]


def test_the_bound_without_parentheses_grows_with_the_layer_where_it_should_shrink():
    rule = recipe("precedence").rule
    assert math.isclose(rule(100, 100, 1.0)[1], math.sqrt(100.06 / 3))
    assert math.isclose(recipe("precedence", fixed=True).rule(100, 100, 1.0)[1], math.sqrt(1 / 100))


@asserts("A key that is used twice")
def test_with_one_key_all_square_layers_have_the_same_weights():
    first, second, *_ = (layer.weights for layer in draw(recipe("one_key")).layers[1:-1])
    np.testing.assert_array_equal(first, second)
    first, second, *_ = (layer.weights for layer in draw(recipe("one_key", fixed=True)).layers[1:-1])
    assert not np.isclose(first, second).all()


def test_with_one_value_for_all_weights_every_unit_answers_the_same():
    for preactivations in forward(draw(recipe("same_for_all"))):
        np.testing.assert_allclose(preactivations, np.broadcast_to(preactivations[:, :1], preactivations.shape))


def test_pixels_are_fed_as_they_come_up_to_their_brightest():
    assert draw(recipe("raw_pixels")).batch.min() == 0
    assert draw(recipe("raw_pixels")).batch.max() == 255
    assert draw(recipe("half_precision")).batch.max() == np.float16(32767)


@asserts("In half precision small gradients")
def test_float16_cannot_hold_the_first_layer_of_fifteen_bit_pixels():
    case = draw(recipe("half_precision"))
    assert all(layer.weights.dtype == np.float16 for layer in case.layers)
    assert abs(forward(case)[0]).max() > np.finfo(np.float16).max
    fixed = draw(recipe("half_precision", fixed=True))
    assert max(abs(answer).max() for answer in forward(fixed)) < np.finfo(np.float16).max


def test_the_last_layer_has_no_nonlinearity():
    for name in NAMES:
        *hidden, last = draw(recipe(name)).layers
        assert last.activation is None
        assert {layer.activation for layer in hidden} == {recipe(name).activation}


def test_an_unknown_mistake_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match="mistake is 'typo'; allowed are std_as_mean, "):
        mistakes.named("typo")
