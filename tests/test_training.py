"""Training runs: right gradients, exact symmetry, and nothing accepted that makes no sense."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course import activations, data, training
from course.training import HiddenLayer

POINTS, LABELS = data.disc()
ACTIVATIONS = ("tanh", "relu", "sigmoid")


def cost(layer, activation):
    """The mean cross-entropy as a textbook writes it, in JAX."""
    hidden = activations.named(activation).function(POINTS @ layer.weights + layer.biases)
    answers = jax.nn.sigmoid(hidden @ layer.outgoing + layer.output_bias)
    return -jnp.mean(LABELS * jnp.log(answers) + (1 - LABELS) * jnp.log(1 - answers))


def assert_layers_agree(layer, other):
    for part, expected in zip(layer, other, strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_gradients_are_those_of_jax_grad(activation):
    layer = training.starting_layer("random", 5, perturbation=0.1, seed=3)._replace(output_bias=0.3)
    with jax.enable_x64(True):
        expected = jax.value_and_grad(cost)(layer, activation)
    loss, gradients = training.loss_and_gradients(layer, POINTS, LABELS, activation)
    assert loss == pytest.approx(float(expected[0]), rel=1e-12)
    assert_layers_agree(gradients, expected[1])


def test_training_takes_steps_against_the_gradient_and_keeps_every_one():
    start = training.starting_layer("random", 3)
    run = training.train(start, POINTS, LABELS, "tanh", steps=2, learning_rate=0.25)
    for step in range(2):
        now, after = (HiddenLayer(*(part[at] for part in run.layers)) for at in (step, step + 1))
        loss, gradients = training.loss_and_gradients(now, POINTS, LABELS, "tanh")
        assert loss == run.losses[step]
        assert_layers_agree(after, [part - 0.25 * slope for part, slope in zip(now, gradients, strict=True)])
    assert run.layers.weights.shape == (3, 2, 3)
    assert run.layers.output_bias.shape == run.losses.shape == (3,)


def test_a_unit_with_copies_learns_as_so_many_identical_units_do():
    many = training.starting_layer("constant", 4)
    one = HiddenLayer(many.weights[:, :1], many.biases[:1], many.outgoing[:1], many.output_bias)
    run = training.train(many, POINTS, LABELS, "tanh", steps=50)
    alone = training.train(one, POINTS, LABELS, "tanh", steps=50, copies=4)
    np.testing.assert_allclose(alone.losses, run.losses, rtol=1e-10)
    np.testing.assert_allclose(alone.layers.weights[..., 0], run.layers.weights[..., 2], rtol=1e-9)


def test_zero_steps_of_training_give_the_start_alone():
    start = training.starting_layer("random", 3)
    run = training.train(start, POINTS, LABELS, "tanh", steps=0)
    np.testing.assert_array_equal(run.layers.weights, start.weights[None])
    assert run.losses.shape == (1,)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"steps": -1}, "steps is -1"), ({"copies": 0}, "copies is 0")]
    + [({"learning_rate": rate}, "learning_rate is") for rate in (0.0, -1.0, float("nan"), float("inf"))],
)
def test_a_run_that_makes_no_sense_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        training.train(training.starting_layer("zeros", 2), POINTS, LABELS, "tanh", **{"steps": 1, **changed})


@pytest.mark.parametrize(("start", "value"), [("zeros", 0.0), ("constant", 0.5)])
def test_constant_starts_hold_one_number_and_biases_of_zero(start, value):
    layer = training.starting_layer(start, 6, fan_in=3)
    assert layer.weights.shape == (3, 6)
    assert set(layer.weights.ravel()) == set(layer.outgoing) == {value}
    assert set(layer.biases) == {layer.output_bias} == {0.0}


def test_a_random_start_fills_the_interval_of_one_over_root_fan_in():
    layer = training.starting_layer("random", 10_000, fan_in=4)
    for part, bound in ((layer.weights, 1 / 2), (layer.outgoing, 1 / 100)):
        assert bound * 0.998 < abs(part).max() <= bound  # the chance that 10,000 stay below is e^-20
        error = np.std(part**2) / np.sqrt(part.size)
        assert abs(np.mean(part**2) - bound**2 / 3) < 5 * error


def test_a_perturbation_changes_what_it_names_by_no_more_than_its_size():
    plain = training.starting_layer("constant", 8)
    in_weights = training.starting_layer("constant", 8, perturbation=1e-3)
    in_biases = training.starting_layer("constant", 8, perturbation=1e-3, perturbed="biases")
    np.testing.assert_array_equal(in_weights.biases, plain.biases)
    np.testing.assert_array_equal(in_biases.weights, plain.weights)
    np.testing.assert_array_equal(in_biases.outgoing, plain.outgoing)
    for part, expected in ((in_weights.weights, 0.5), (in_weights.outgoing, 0.5), (in_biases.biases, 0.0)):
        assert abs(part - expected).min() > 0
        assert abs(part - expected).max() <= 1e-3


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (("ones", 3), {}, "start is 'ones'; allowed are zeros, constant, random"),
        (("zeros", 3), {"perturbed": "inputs"}, "perturbed is 'inputs'; allowed are weights, biases"),
        (("zeros", 0), {}, "units and fan_in are 0 and 2"),
        (("zeros", 3), {"fan_in": 0}, "units and fan_in are 3 and 0"),
    ],
)
def test_a_start_that_there_is_not_is_refused(arguments, named, message):
    with pytest.raises(ValueError, match=message):
        training.starting_layer(*arguments, **named)


def test_the_largest_difference_is_looked_for_in_weights_biases_and_outgoing_weights():
    same = HiddenLayer(np.ones((2, 3)), np.ones(3), np.ones(3), 0.0)
    assert training.largest_difference(same) == 0
    assert training.largest_difference(same._replace(biases=np.array([1, 1, 1.25]))) == 0.25
    assert training.largest_difference(same._replace(outgoing=np.array([1, 3, 1.5]))) == 2
    assert training.largest_difference(same._replace(weights=np.array([[1, 1, 1], [1, 1, 0.5]]))) == 0.5


def test_units_are_counted_once_when_they_agree_within_the_tolerance():
    layer = HiddenLayer(np.array([[0.0, 0.005, 1.0, 1.0]]), np.zeros(4), np.array([1.0, 1.0, 1.0, 2.0]), 0.0)
    assert training.distinct_units(layer) == 3
    assert training.distinct_units(layer, tolerance=0.0) == 4
    assert training.distinct_units(layer, tolerance=5.0) == 1
