"""Networks of many widths and of two output scales are trained as plain gradient descent would train them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course import theory, training
from course.networks.three_layers import ThreeLayers, signals
from course.training import output_scale, parametrizations
from course.training.parametrizations import BASE_WIDTH, PARAMETRIZATIONS
from course.training.programs import batch_sampler
from course.training.widths import (
    BATCH,
    CHECKED_TASK,
    PROBED,
    TASK,
    WIDTHS,
    WidthRun,
    WidthSweep,
    drawn,
    first_steps,
    size_of,
    width_runs,
)

FLOAT32 = 1e-4
"""A few steps of sums of at most a hundred terms in 32 bits stray by less, relatively (3 · 100 · 6e-8)."""


def loss(weights, inputs, labels):
    outputs = signals(ThreeLayers(*weights), inputs).outputs
    return -jnp.mean(jax.nn.log_softmax(outputs)[jnp.arange(len(labels)), labels])


slopes = jax.jit(jax.grad(loss))


def batches(task: str, steps: int):
    _first, inputs, labels = batch_sampler(task, BATCH)(np.uint32(0), np.int32(0))
    return list(zip(inputs[:steps], labels[:steps], strict=True))


def sgd(weights, rates, seen):
    for inputs, labels in seen:
        found = slopes(weights, inputs, labels)
        weights = [own - rate * slope for own, rate, slope in zip(weights, rates, found, strict=True)]
    return weights


def adam(weights, rates, seen):
    means, squares = ([jnp.zeros_like(own) for own in weights] for _ in range(2))
    for step, (inputs, labels) in enumerate(seen, start=1):
        found = slopes(weights, inputs, labels)
        means = [0.9 * mean + 0.1 * slope for mean, slope in zip(means, found, strict=True)]
        squares = [0.999 * square + 0.001 * slope**2 for square, slope in zip(squares, found, strict=True)]
        by = [
            rate * mean / (1 - 0.9**step) / (jnp.sqrt(square / (1 - 0.999**step)) + 1e-8)
            for rate, mean, square in zip(rates, means, squares, strict=True)
        ]
        weights = [own - change for own, change in zip(weights, by, strict=True)]
    return weights


BY_HAND = {"sgd": sgd, "adam": adam}


def unpadded(run: WidthRun, task: str) -> list[np.ndarray]:
    return list(drawn(run, training.TASKS[task](), run.width))


# Parametrizations


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_at_the_base_width_all_parametrizations_are_one_network(optimizer):
    stds = [parametrizations.stds(name, BASE_WIDTH, 61) for name in PARAMETRIZATIONS]
    rates = [parametrizations.rates(name, optimizer, BASE_WIDTH, 0.1) for name in PARAMETRIZATIONS]
    np.testing.assert_array_equal(stds[0], stds[1])
    np.testing.assert_array_equal(rates[0], rates[1])
    np.testing.assert_allclose(stds[0], np.sqrt([2 / 61, 2 / BASE_WIDTH, 2 / BASE_WIDTH]))


def test_at_16_times_the_base_width_mup_is_the_table_of_yang_and_others():
    width = 16 * BASE_WIDTH
    narrow, wide = (parametrizations.stds("mup", own, 61) for own in (BASE_WIDTH, width))
    np.testing.assert_allclose(wide / narrow, [1, 1 / 4, 1 / 16])
    np.testing.assert_allclose(parametrizations.rates("mup", "sgd", width, 0.1), [1.6, 0.1, 0.1 / 16])
    np.testing.assert_allclose(parametrizations.rates("mup", "adam", width, 0.1), [0.1, 0.1 / 16, 0.1 / 16])


def test_a_name_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="'ntk'; allowed are standard, mup"):
        parametrizations.stds("ntk", 32, 61)
    with pytest.raises(ValueError, match="'momentum'; allowed are sgd, adam"):
        parametrizations.rates("mup", "momentum", 32, 0.1)


# Sweeps


@pytest.mark.parametrize("optimizer", BY_HAND)
def test_a_padded_network_is_trained_as_one_of_its_own_width(optimizer):
    runs = [WidthRun("mup", 40, 0.002, 3), WidthRun("standard", 32, 0.002)]
    found = WidthSweep(runs, optimizer, steps=3).run()
    task = training.TASKS[TASK]()
    for run, of_sweep in zip(runs, found, strict=True):
        rates = parametrizations.rates(run.parametrization, optimizer, run.width, run.learning_rate)
        by_hand = BY_HAND[optimizer](unpadded(run, TASK), rates, batches(TASK, 3))
        assert of_sweep == pytest.approx(float(loss(by_hand, task.inputs, task.labels)), rel=FLOAT32)


def test_a_sweep_goes_on_in_pieces_and_a_run_that_diverges_has_an_infinite_loss():
    sweep = WidthSweep(width_runs(["standard"], (32, 64), (0.1, 1e30)), steps=20)
    assert (sweep.done, sweep.total, sweep.finished) == (0, 4, False)
    sweep.advance(1e-6)
    assert not sweep.finished
    assert np.isnan(sweep.losses).all()
    losses = sweep.run().reshape(2, 2)
    assert sweep.done == sweep.total
    assert np.isinf(losses[:, 1]).all()
    assert np.all(losses[:, 0] < training.guessing_loss(training.Setup()))


def test_runs_of_one_seed_have_the_same_noise_in_both_parametrizations():
    task = training.TASKS[TASK]()
    standard, mup = (drawn(WidthRun(name, 64, 0.1), task, 128) for name in PARAMETRIZATIONS)
    np.testing.assert_array_equal(standard.hidden, mup.hidden)
    np.testing.assert_allclose(standard.output / 2**0.5, mup.output, rtol=1e-6)
    assert not standard.hidden[64:].any()


def test_every_width_has_a_program_and_none_is_larger():
    assert [size_of(width) for width in WIDTHS] == [128, 128, 128, 512, 512, 1024]
    with pytest.raises(ValueError, match="2048; allowed is a whole number from 1 to 1024"):
        size_of(2048)


@pytest.mark.parametrize(
    ("runs", "steps", "words"),
    [
        ([], 1, "no runs"),
        ([WidthRun("standard", 32, 0.0)], 1, "learning_rate is 0.0"),
        ([WidthRun("standard", 32, 0.1)], 0, "steps is 0"),
        ([WidthRun("none", 32, 0.1)], 1, "parametrization is 'none'"),
    ],
)
def test_what_cannot_be_run_is_refused(runs, steps, words):
    with pytest.raises(ValueError, match=words):
        WidthSweep(runs, steps=steps)


@pytest.mark.parametrize("optimizer", BY_HAND)
def test_the_changes_of_the_first_steps_are_those_of_training_by_hand(optimizer):
    run, probe = WidthRun("mup", 64, 0.01, 1), training.TASKS[CHECKED_TASK]().inputs[:PROBED]
    found = first_steps([run], optimizer, steps=2)[0]
    rates = parametrizations.rates("mup", optimizer, 64, 0.01)
    before = signals(ThreeLayers(*unpadded(run, CHECKED_TASK)), probe)
    for steps in (1, 2):
        after = BY_HAND[optimizer](unpadded(run, CHECKED_TASK), rates, batches(CHECKED_TASK, 1) * steps)
        pairs = zip(signals(ThreeLayers(*after), probe), before, strict=True)
        by_hand = [float(jnp.mean((one - other) ** 2)) for one, other in pairs]
        # Adam's sign is that of rounding where a gradient is nearly 0: an entry in a thousand may differ
        np.testing.assert_allclose(found[steps - 1], by_hand, rtol=1e-2)


# Theory


@pytest.mark.parametrize(
    ("name", "optimizer", "slopes"),
    [
        ("standard", "sgd", (-1 / 2, 1 / 2, 1)),
        ("standard", "adam", (0, 1, 3 / 2)),
        ("mup", "sgd", (0, 0, 0)),
        ("mup", "adam", (0, 0, 0)),
    ],
)
def test_by_which_powers_of_the_width_a_step_changes_the_layers(name, optimizer, slopes):
    rule = PARAMETRIZATIONS[name]
    assert theory.step_slopes(rule.std, rule.rates[optimizer], optimizer) == slopes
    assert theory.rate_slope(rule.std, rule.rates[optimizer], optimizer) == -max(slopes[:2])


def test_an_optimizer_whose_step_is_not_known_is_refused():
    with pytest.raises(ValueError, match="'momentum'; allowed are sgd, adam"):
        theory.step_slopes((0, 0, 0), (0, 0, 0), "momentum")


def test_a_linear_descent_is_that_of_least_squares():
    random = np.random.default_rng(0)
    jacobian, targets = random.normal(size=(6, 20)) / 4, random.normal(size=6)
    found = theory.linear_descent(jacobian @ jacobian.T, targets, 0.3, 25)
    weights = np.zeros(20)
    for step in range(26):
        error = jacobian @ weights - targets
        assert found.losses[step] == pytest.approx(np.mean(error**2) / 2, rel=1e-9)
        assert found.distances[step] == pytest.approx(np.linalg.norm(weights), rel=1e-9, abs=1e-12)
        weights -= 0.3 * jacobian.T @ error / 6
    assert found.sharpness == pytest.approx(np.linalg.eigvalsh(jacobian.T @ jacobian / 6)[-1])


def tangents(seed: int, inputs: np.ndarray, width: int) -> np.ndarray:
    """The gradient of the network's outputs for all weights, `(examples, weights)`."""
    random = np.random.default_rng(seed)
    first, last = random.normal(size=(inputs.shape[1], width)), random.normal(size=width)
    z = inputs @ first / inputs.shape[1] ** 0.5
    behind = (z > 0) * last / (width * inputs.shape[1]) ** 0.5
    rows = (inputs[:, :, None] * behind[:, None, :]).reshape(len(inputs), -1)
    return np.hstack([rows, np.maximum(z, 0) / width**0.5])


def test_the_tangent_kernel_is_that_of_networks_within_five_standard_errors():
    inputs = output_scale.problem(0).inputs[:5]
    found = np.array([(rows := tangents(seed, inputs, 400)) @ rows.T for seed in range(40)])
    error = found.std(axis=0, ddof=1) / 40**0.5
    assert np.all(np.abs(found.mean(axis=0) - theory.relu_kernel(inputs)) < 5 * error)


# The output scale


def test_a_network_of_a_great_output_scale_descends_as_a_linear_one():
    seed, rate, scale = 0, 2.0, 1000.0
    found, given = output_scale.descend([scale], rate, seed, steps=40, records=4), output_scale.problem(seed)
    rows = tangents((seed, 1), given.inputs, output_scale.WIDTH)
    linear = theory.linear_descent(rows @ rows.T, given.targets, rate, 40)
    # what is not linear is of the size of the weights' way over their length, here 1e-4
    np.testing.assert_allclose(found.losses[0], linear.losses[found.steps], rtol=1e-2)
    np.testing.assert_allclose(found.sharpness[0], linear.sharpness, rtol=1e-2)
    size = np.sqrt(np.sum(np.random.default_rng((seed, 1)).normal(size=(output_scale.FEATURES + 1) * 256) ** 2))
    np.testing.assert_allclose(found.moved[0][1:] * scale * size, linear.distances[found.steps][1:], rtol=2e-2)


def test_the_sharpness_is_the_greatest_eigenvalue_of_the_hessian():
    found, given = output_scale.descend([0.5], 1.0, steps=2, records=1), output_scale.problem(0)
    random = np.random.default_rng((0, 1))
    begun = random.normal(size=(output_scale.FEATURES, output_scale.WIDTH)), random.normal(size=output_scale.WIDTH)
    flat = np.concatenate([begun[0].ravel(), begun[1]]).astype(np.float32)

    def descended(flat):
        weights = output_scale.Weights(flat[: begun[0].size].reshape(begun[0].shape), flat[begun[0].size :])
        return jnp.mean((0.5 * (output_scale.outputs(weights, given.inputs) - before) - given.targets) ** 2) / 2 / 0.25

    before = output_scale.outputs(output_scale.Weights(*begun), given.inputs)
    multiply, vector = jax.jit(lambda along: jax.jvp(jax.grad(descended), (flat,), (along,))[1]), flat
    for _step in range(100):
        vector = np.asarray(multiply((vector / np.linalg.norm(vector)).astype(np.float32)))
    assert found.sharpness[0, 0] == pytest.approx(np.linalg.norm(vector), rel=0.02)


@pytest.mark.parametrize(
    ("scales", "rate", "steps", "words"),
    [([0.0], 1.0, 100, "scales are"), ([1.0], 0.0, 100, "learning_rate is"), ([1.0], 1.0, 101, "steps are 101")],
)
def test_a_descent_that_makes_no_sense_is_refused(scales, rate, steps, words):
    with pytest.raises(ValueError, match=words):
        output_scale.descend(scales, rate, steps=steps)
