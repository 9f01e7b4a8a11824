"""Training runs at once are the very runs that a plain loop gives one by one, and nothing of them is lost."""

import functools
import gc
import json
import math
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_states import mostly_long

from course import initializers, networks, theory, training
from course.activations import ACTIVATIONS, SATURATION
from course.networks.classifier import Architecture, Parameters, classify
from course.training import History, LayerHistory, Setup, Training, Trial, programs
from course.training.drawing import draw_parameters
from course.training.programs import PROBED
from course.training.tasks import TASKS
from course.training.text import TextTraining, TextTrial
from course.training.widths import WidthSweep, width_runs

STEPS = 20
TRIALS = [
    Trial("he_normal", 0, 1.0, 0.1),
    Trial("he_normal", 1, 1.0, 0.1),
    Trial("glorot_uniform", 1, 0.7, 0.02),
    Trial("orthogonal", 2, 1.3, 0.05),
    Trial("normal_0.1", 3, 2.0, 0.1),
]
TANH = Setup(depth=5, width=12, activation="tanh", batch=16)
CASES = {
    "sgd": TANH,
    "relu, momentum": TANH._replace(activation="relu", optimizer="momentum"),
    "layer normalization, adam, warm-up": TANH._replace(normalization="layer", optimizer="adam", schedule="warmup"),
    "batch normalization, residual": TANH._replace(normalization="batch", residual=True),
    "one hidden layer, squared, cosine": TANH._replace(depth=2, activation="selu", loss="squared", schedule="cosine"),
    "deep, residual": TANH._replace(depth=13, residual=True),
}
ROUNDING = 4 * math.sqrt(STEPS * 13 * 61) * 2.0**-24
"""Float32 rounds by 2^-24; so do sums of up to 61 products in up to 13 layers, at each of 20 steps. The errors add up
as a random walk does, and a step hands on four times what it was given at most (3e-5 in all)."""


class Plain(NamedTuple):
    """What a plain loop gives of one trial: losses and accuracies by step, and the layers at the start and the end."""

    losses: list[float]
    accuracies: list[float]
    layers: list[dict[str, np.ndarray]]


def plain_forward(parameters, inputs, setup, nudges=None):
    """The network as a textbook writes it: a loop over the layers."""
    phi = ACTIVATIONS[setup.activation].function
    signal, answers = inputs, []
    for layer, weights in enumerate([parameters.first, *parameters.between]):
        z = signal @ weights
        if setup.normalization != "none":
            axis = {"layer": 1, "batch": 0}[setup.normalization]
            z = (z - z.mean(axis, keepdims=True)) / jnp.sqrt(z.var(axis, keepdims=True) + 1e-5)
            z = parameters.scales[layer] * z
        z = z + parameters.biases[layer] + (0 if nudges is None else nudges[layer])
        h = phi(z)
        signal = signal + h if setup.residual and layer > 0 else h
        answers.append((z, h))
    return signal @ parameters.last + parameters.last_biases, answers


def plain_costs(outputs, labels, setup):
    """The cost of each example."""
    picked = jnp.eye(outputs.shape[1])[labels]
    if setup.loss == "squared":
        return jnp.sum((outputs - picked) ** 2, axis=1) / 2
    outputs = outputs - outputs.max(axis=1, keepdims=True)
    return jnp.log(jnp.sum(jnp.exp(outputs), axis=1)) - jnp.sum(outputs * picked, axis=1)


@functools.partial(jax.jit, static_argnums=4)
def plain_gradients(parameters, nudges, inputs, labels, setup):
    """Gradients of the mean cost for the parameters and for what is added to the preactivations; and the answers."""

    def cost(parameters, nudges):
        outputs, answers = plain_forward(parameters, inputs, setup, nudges)
        return jnp.mean(plain_costs(outputs, labels, setup)), answers

    return jax.grad(cost, argnums=(0, 1), has_aux=True)(parameters, nudges)


@functools.partial(jax.jit, static_argnums=3)
def plain_outputs(parameters, inputs, labels, setup):
    """What a network answers, and the mean cost of that."""
    outputs, _ = plain_forward(parameters, inputs, setup)
    return outputs, jnp.mean(plain_costs(outputs, labels, setup))


def plain_layers(parameters, inputs, labels, setup):
    """The statistics of every hidden layer, each from its definition."""
    nudges = np.zeros((setup.depth - 1, len(labels), setup.width))
    (gradients, for_nudges), answers = plain_gradients(parameters, nudges, inputs, labels, setup)
    row = ACTIVATIONS[setup.activation]
    answers = [(np.asarray(z), np.asarray(h)) for z, h in answers]
    weight_gradients = [np.asarray(part) for part in (gradients.first, *gradients.between)]
    return {
        "activation_mean": [h.mean() for _, h in answers],
        "activation_std": [h.std() for _, h in answers],
        "activation_rms": [np.sqrt(np.mean(h**2)) for _, h in answers],
        "saturated_share": [np.mean(abs(row.array_slope(z)) < SATURATION * row.peak_slope) for z, _ in answers],
        "preactivation_gradient_rms": [len(labels) * np.sqrt(np.mean(np.square(part))) for part in for_nudges],
        "weight_gradient_rms": [np.sqrt(np.mean(part**2)) for part in weight_gradients],
    }


def update_by_hand(optimizer, value, gradient, memory, number):
    """One step's direction for one array; `memory` holds what the optimizer keeps of the steps before."""
    if optimizer == "sgd":
        return gradient
    if optimizer == "momentum":
        memory["v"] = 0.9 * memory.get("v", 0.0) + gradient
        return memory["v"]
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * gradient  # Kingma and Ba 2015, algorithm 1
    memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * gradient**2
    mean, square = memory["m"] / (1 - 0.9 ** (number + 1)), memory["v"] / (1 - 0.999 ** (number + 1))
    return mean / (np.sqrt(square) + 1e-8)


def share_of_the_rate(schedule, number, steps):
    """What the learning rate is multiplied by at a step."""
    rise = round(steps / 10)
    shares = {
        "constant": 1.0,
        "warmup": min(1.0, 1 / rise + (1 - 1 / rise) * number / rise),
        "cosine": (1 + math.cos(math.pi * number / steps)) / 2,
    }
    return shares[schedule]


def batches(setup, steps, data_seed=0):
    """The examples that every run sees, step by step."""
    keys = (jax.random.fold_in(jax.random.key(data_seed), number) for number in range(steps))
    return [tuple(map(np.asarray, TASKS[setup.task]().batch(key, setup.batch))) for key in keys]


def start_of(setup, trial):
    """The parameters that a trial starts from, in float64."""
    task = TASKS[setup.task]()
    stacked = draw_parameters(setup.architecture, [trial], task.features, task.classes)
    return Parameters(*(np.asarray(part[0], float) for part in stacked))


def plain_run(setup, trial, steps):
    """Train one network in a plain Python loop in float64: no scan, no vmap, one run and one step at a time."""
    task, seen = TASKS[setup.task](), batches(setup, steps)
    with jax.enable_x64(True):
        parameters = start_of(setup, trial)
        found, memory = Plain([], [], []), [{} for _ in parameters]
        no_nudges = np.zeros((setup.depth - 1, 1, 1))
        for number in range(steps + 1):
            outputs, loss = plain_outputs(parameters, task.inputs.astype(float), task.labels, setup)
            found.losses.append(float(loss))
            found.accuracies.append(np.mean(np.argmax(outputs, axis=1) == task.labels))
            if number in (0, steps):
                watched = task.inputs[:PROBED].astype(float), task.labels[:PROBED]
                found.layers.append(plain_layers(parameters, *watched, setup))
            if number < steps:
                inputs, labels = seen[number]
                (gradients, _), _ = plain_gradients(parameters, no_nudges, inputs.astype(float), labels, setup)
                rate = trial.learning_rate * share_of_the_rate(setup.schedule, number, steps)
                parts = zip(parameters, gradients, memory, strict=True)
                parameters = Parameters(
                    *(
                        value - rate * update_by_hand(setup.optimizer, value, np.asarray(gradient), kept, number)
                        for value, gradient, kept in parts
                    )
                )
        return found


def trials_of(setup):
    """Trials that differ in everything, with rates at which the setup learns and nothing explodes."""
    tender = setup.optimizer == "adam" or setup.loss == "squared" or setup.residual
    share = (0.1 if tender else 1.0) / (10 if setup.depth > 10 else 1)
    return [trial._replace(learning_rate=share * trial.learning_rate) for trial in TRIALS]


@functools.cache
def both(case):
    """A case's history, recorded at every step, and the same trials by the plain loop."""
    setup = CASES[case]
    history = Training(setup, trials_of(setup), steps=STEPS, records=STEPS).run()
    return history, [plain_run(setup, trial, STEPS) for trial in trials_of(setup)]


def same(history, other):
    """Whether two histories agree to the last bit."""
    flat = zip(jax.tree.leaves(history), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(one, another, equal_nan=True) for one, another in flat)


def of_run(history, place):
    """The part of a history that is one run's."""
    return training.part_of(history, len(history.steps), slice(place, place + 1))


@pytest.mark.parametrize("case", mostly_long(list(CASES), ["layer normalization, adam, warm-up"]))
def test_every_run_of_a_sweep_loses_what_a_plain_loop_loses_at_every_step(case):
    history, plain = both(case)
    np.testing.assert_array_equal(history.steps, range(STEPS + 1))
    expected = np.transpose([run.losses for run in plain])
    np.testing.assert_allclose(history.losses, expected, rtol=ROUNDING)
    # Between two steps the loss changes by far more than rounding: the comparison sees each of them.
    assert np.median(abs(np.diff(expected, axis=0))) > 10 * ROUNDING
    accuracies = np.transpose([run.accuracies for run in plain])
    # Two classes within rounding of each other may change places, in one example of those held out.
    np.testing.assert_allclose(history.accuracies, accuracies, atol=1.01 / len(TASKS["digits"]().labels))


@pytest.mark.parametrize("case", mostly_long(list(CASES), ["layer normalization, adam, warm-up"]))
def test_statistics_of_the_layers_are_those_of_the_plain_loop_before_and_after(case):
    history, plain = both(case)
    for name, values in history.layers._asdict().items():
        for record, place in ((0, 0), (-1, 1)):
            expected = np.array([run.layers[place][name] for run in plain])
            # A mean near 0 is a difference of larger numbers; a slope within rounding of the threshold may fall on
            # either side of it.
            scale = np.max(abs(np.array([run.layers[place]["activation_rms"] for run in plain])))
            slack = {"activation_mean": ROUNDING * scale, "saturated_share": 3 / (PROBED * CASES[case].width)}
            np.testing.assert_allclose(
                values[record], expected, rtol=4 * ROUNDING, atol=slack.get(name, 0.0), err_msg=name
            )


def test_one_step_moves_every_parameter_against_its_gradient():
    setup, task = CASES["deep, residual"], TASKS["digits"]()
    runs = TRIALS + TRIALS[:1] * (-len(TRIALS) % jax.device_count())  # every device takes as many
    rates = jnp.array([trial.learning_rate for trial in runs], jnp.float32)
    compiled = programs.programs(setup, None)
    drawn = draw_parameters(setup.architecture, runs, task.features, task.classes)
    seen = compiled.draw(np.uint32(0), np.int32(0))
    after = compiled.advance(compiled.begin(drawn, rates), rates, seen, np.int32(0), np.int32(1)).parameters
    ((inputs, labels),) = batches(setup, 1)
    for run, trial in enumerate(TRIALS):
        with jax.enable_x64(True):
            before = start_of(setup, trial)
            no_nudges = np.zeros((setup.depth - 1, 1, 1))
            (gradients, _), _ = plain_gradients(before, no_nudges, inputs.astype(float), labels, setup)
        for name, value, gradient in zip(Parameters._fields, before, gradients, strict=True):
            moved = np.asarray(getattr(after, name)[run], float) - value
            # A sum of two numbers is rounded at the larger one's last digit.
            rounding = 2.0**-23 * abs(value).max() + ROUNDING * trial.learning_rate * abs(np.asarray(gradient)).max()
            np.testing.assert_allclose(moved, -trial.learning_rate * np.asarray(gradient), atol=rounding, err_msg=name)


def test_gradients_for_preactivations_are_slopes_of_the_cost():
    setup, trial, h = CASES["sgd"], TRIALS[0], 1e-5
    task = TASKS["digits"]()
    inputs, labels = task.inputs[:PROBED].astype(float), task.labels[:PROBED]
    history, _ = both("sgd")
    with jax.enable_x64(True):
        start = start_of(setup, trial)

        def costs(layer, unit, move):
            nudges = np.zeros((setup.depth - 1, 1, setup.width))
            nudges[layer, :, unit] = move
            return np.asarray(plain_costs(plain_forward(start, inputs, setup, nudges)[0], labels, setup))

        for layer in range(setup.depth - 1):
            slopes = [(costs(layer, unit, h) - costs(layer, unit, -h)) / (2 * h) for unit in range(setup.width)]
            expected = np.sqrt(np.mean(np.square(slopes)))
            # A central difference errs by h² times a third derivative, which is of the order of the slope.
            measured = history.layers.preactivation_gradient_rms[0, 0, layer]
            np.testing.assert_allclose(measured, expected, rtol=ROUNDING + 100 * h**2)


def test_a_plain_classifier_is_the_forward_pass_of_the_networks():
    setup = CASES["relu, momentum"]
    own = Parameters(*map(jnp.float32, start_of(setup, TRIALS[0])))
    inputs = TASKS["digits"]().inputs[:20]
    outputs, layers = classify(own, inputs, setup.architecture)
    expected = networks.forward([own.first, *own.between], own.biases, inputs, "relu")
    np.testing.assert_allclose(layers.preactivations, [layer.preactivations for layer in expected], atol=1e-5)
    np.testing.assert_allclose(layers.activations, [layer.activations for layer in expected], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[-1].activations @ own.last, atol=1e-5)


def test_a_run_alone_is_the_run_in_company():
    setup = CASES["sgd"]
    history, _ = both("sgd")
    for place, trial in enumerate(TRIALS):
        alone = Training(setup, [trial], steps=STEPS, records=STEPS).run()
        # Products of several matrices at once may be summed in another order than those of one.
        np.testing.assert_allclose(alone.losses[:, 0], history.losses[:, place], rtol=ROUNDING)


ON_DEVICES = """
import json, sys
import jax
import numpy as np
from course.training import Setup, Training, Trial
fields, trials = json.loads(sys.argv[1])
history = Training(Setup(*fields), [Trial(*trial) for trial in trials], steps=20, records=4).run()
print(json.dumps([jax.device_count(), [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(history)]]))
"""


def on_devices(count):
    """Run the trials in a Python of its own that has so many devices."""
    asked = json.dumps([TANH, TRIALS])
    environment = {**os.environ, "JAX_NUM_CPU_DEVICES": str(count)}
    done = subprocess.run(
        [sys.executable, "-c", ON_DEVICES, asked], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@functools.cache
def five():
    """Five runs, straight to the end."""
    return Training(TANH, TRIALS, steps=STEPS, records=4).run()


def test_runs_are_the_same_on_any_number_of_devices_also_where_they_cannot_be_shared_out_evenly():
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(on_devices, (1, 3)))
    assert [devices for devices, _ in found] == [1, 3]
    for _, leaves in found:
        for leaf, expected in zip(leaves, jax.tree.leaves(five()), strict=True):
            assert np.shape(leaf) == np.shape(expected)
            np.testing.assert_allclose(leaf, expected, rtol=4 * ROUNDING, atol=ROUNDING)


def test_a_run_in_the_smallest_pieces_is_the_run_in_one_go():
    job = Training(TANH, TRIALS, steps=STEPS, records=4)
    done = [job.done]
    while not job.finished:
        job.advance(0.0)
        done.append(job.done)
    assert done == [0, *range(STEPS + 1)]  # the first piece records the start, each other takes one step
    assert same(job.history, five())
    job.advance(5.0)
    assert (job.done, job.finished) == (STEPS, True)


def test_the_number_of_records_changes_what_is_seen_and_not_what_happens():
    every, few = (Training(TANH, TRIALS, steps=STEPS, records=records).run() for records in (1000, 3))
    np.testing.assert_array_equal(every.steps, range(STEPS + 1))
    np.testing.assert_array_equal(few.steps, [0, 7, 13, 20])
    np.testing.assert_array_equal(every.losses[few.steps], few.losses)
    np.testing.assert_array_equal(every.losses[five().steps], five().losses)


def test_without_the_layers_losses_and_accuracies_are_the_same():
    history = Training(TANH, TRIALS, steps=STEPS, records=4, layers=False).run()
    assert history.layers is None
    for found, expected in zip(history[1:3], five()[1:3], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)  # summed in another order, perhaps
    assert training.part_of(history, 2, slice(0, 1)).layers is None
    assert Training(TANH, TRIALS, layers=False).history.layers is None


def test_the_history_grows_while_the_runs_go_on():
    job = Training(TANH, TRIALS, steps=STEPS, records=4)
    shapes = []
    while not job.finished:
        assert job.history.losses.shape == (len(job.history.steps), 5)
        assert job.history.layers.activation_rms.shape == (len(job.history.steps), 5, TANH.depth - 1)
        shapes.append(len(job.history.steps))
        job.advance(10.0)
    assert shapes == sorted(shapes)
    assert set(shapes) == set(range(5))  # no piece goes past a record, however long it may take


def test_before_the_first_step_there_are_no_records_and_no_outcomes():
    history = Training(TANH, TRIALS).history
    assert history.losses.shape == (0, 5)
    assert list(history.diverged_at) == [-1] * 5
    with pytest.raises(ValueError, match="no records yet"):
        training.outcomes(history)


def test_other_batches_give_another_result_from_the_same_start():
    other = Training(TANH, TRIALS, steps=STEPS, records=4, data_seed=1).run()
    np.testing.assert_array_equal(other.losses[0], five().losses[0])
    assert np.all(other.losses[1:] != five().losses[1:])


def test_a_trial_twice_in_a_sweep_is_twice_the_same_run():
    twins = Training(TANH, [TRIALS[0]] * 5, steps=STEPS, records=4).run()
    assert all(same(of_run(twins, 0), of_run(twins, place)) for place in range(1, 5))


def test_guessing_costs_what_the_shares_of_the_labels_answered_to_all_cost():
    labels = TASKS["digits"]().labels
    shares = np.bincount(labels) / len(labels)
    outputs = np.tile(np.log(shares), (len(labels), 1))
    expected = float(jnp.mean(plain_costs(outputs, labels, TANH)))
    assert Training(TANH, TRIALS).history.guessing_loss == pytest.approx(expected, rel=1e-6)
    squared = TANH._replace(loss="squared")
    expected = float(jnp.mean(plain_costs(np.exp(outputs), labels, squared)))
    assert Training(squared, TRIALS).history.guessing_loss == pytest.approx(expected, rel=1e-6)


ARCHITECTURE = Architecture(4, 30, "relu")
SHAPES = ((61, 30), (30, 30), (30, 30), (30, 10))


def weights_of(*runs):
    """The weights of some trials, layer 1 first, each with the trials as its first axis."""
    drawn = draw_parameters(ARCHITECTURE, runs, 61, 10)
    return [drawn.first, *np.moveaxis(drawn.between, 1, 0), drawn.last]


@pytest.mark.parametrize("scheme", initializers.SCHEMES)
def test_weights_are_noise_of_seed_and_layer_times_the_standard_deviation_of_the_scheme(scheme):
    distribution = initializers.SCHEMES[scheme].distribution
    layers = weights_of(Trial("zeros"), Trial(scheme, 3, 1.5))
    for layer, (weights, shape) in enumerate(zip(layers, SHAPES, strict=True), start=1):
        noise = initializers.array_noise(np.random.default_rng((3, layer)), distribution, shape)
        std = np.float32(initializers.standard_deviation(scheme, shape, 1.5))
        np.testing.assert_array_equal(weights[1], std * noise)
        assert weights.dtype == np.float32


def test_one_seed_gives_schemes_of_one_distribution_the_same_noise():
    for weights, shape in zip(weights_of(Trial("he_normal", 4), Trial("normal_1", 4)), SHAPES, strict=True):
        he, one = weights
        np.testing.assert_allclose(he, one * math.sqrt(2 / shape[0]), rtol=2.0**-22)


def test_another_seed_or_another_layer_has_other_noise():
    _, second, third, _ = weights_of(Trial("normal_1", 4), Trial("normal_1", 5))
    assert np.all(second[0] != second[1])
    assert np.all(second[0] != third[0])


def test_a_deeper_network_begins_with_the_same_layers():
    deeper = draw_parameters(ARCHITECTURE._replace(depth=6), [Trial("normal_1", 4)], 61, 10)
    first, second, third, _ = weights_of(Trial("normal_1", 4))
    np.testing.assert_array_equal(deeper.first, first)
    np.testing.assert_array_equal(deeper.between[0, :2], [second[0], third[0]])


def test_biases_start_at_0_and_scales_at_1():
    drawn = draw_parameters(ARCHITECTURE, TRIALS, 61, 10)
    assert not drawn.biases.any()
    assert not drawn.last_biases.any()
    np.testing.assert_array_equal(drawn.scales, np.ones((len(TRIALS), 3, 30)))


def test_before_training_the_signal_is_as_large_as_theory_says():
    depth, width, seeds = 8, 128, 16
    setup = Setup(depth=depth, width=width, activation="relu", batch=1)
    job = Training(setup, training.trials(("he_normal",), range(seeds), (0.9,)), steps=1, records=1)
    job.advance()
    task = TASKS["digits"]()
    variances = [2 * 0.9**2] * (depth - 1)
    # ReLU answers twice the input with twice the output, so the mean square of the inputs is a factor.
    scale = np.mean(task.inputs[:PROBED].astype(float) ** 2)
    expected = scale * theory.activation_second_moments("relu", depth - 1, variances)
    measured = job.history.layers.activation_rms[0].astype(float) ** 2
    error = measured.std(axis=0, ddof=1) / math.sqrt(seeds)
    assert np.all(abs(measured.mean(axis=0) - expected) < 5 * error)
    assert np.all(error < 0.1 * expected)


RELU = CASES["relu, momentum"]


def test_a_start_that_is_too_large_diverges_by_name_and_leaves_the_others_alone():
    tame, wild = TRIALS[0], Trial("normal_1", 1, 30.0)
    mixed = Training(RELU, [tame, wild, *TRIALS[2:]], steps=STEPS, records=STEPS).run()
    alone = Training(RELU, TRIALS, steps=STEPS, records=STEPS).run()
    assert all(same(of_run(mixed, place), of_run(alone, place)) for place in (0, 2, 3, 4))
    at = mixed.diverged_at[1]
    assert 0 < at < STEPS
    assert training.outcomes(mixed)[1] == f"diverged at step {at}"
    for values in (mixed.losses, mixed.accuracies, *mixed.layers):
        assert np.isfinite(values[:at, 1]).all()
        assert np.isnan(values[at:, 1]).all()


@pytest.mark.parametrize("gain", [1e30, 1e300])
def test_numbers_that_are_not_finite_from_the_start_are_a_result(gain):
    history = Training(RELU, [*TRIALS[:4], Trial("normal_1", 0, gain)], steps=3, records=3).run()
    assert list(history.diverged_at) == [-1, -1, -1, -1, 0]
    assert training.outcomes(history)[4] == "diverged at step 0"
    assert np.isnan(history.losses[:, 4]).all()
    assert np.isfinite(history.losses[:, :4]).all()


def test_a_rate_beyond_float32_diverges_at_the_first_step():
    history = Training(TANH, [*TRIALS[:4], TRIALS[4]._replace(learning_rate=1e300)], steps=3, records=3).run()
    assert list(history.diverged_at) == [-1, -1, -1, -1, 1]


@pytest.mark.parametrize(
    ("loss", "diverged_at", "word"),
    [
        (0.99, -1, "learned"),
        (1.01, -1, "still learning"),
        (1.89, -1, "still learning"),
        (1.91, -1, "no better than guessing"),
        (2.10, -1, "no better than guessing"),
        (2.11, -1, "worse than guessing"),
        (math.nan, 12, "diverged at step 12"),
        (math.nan, 0, "diverged at step 0"),
    ],
)
def test_each_loss_has_its_word(loss, diverged_at, word):
    layers = LayerHistory(*[np.zeros((2, 1, 1))] * len(LayerHistory._fields))
    losses = np.array([[2.5], [loss]])
    assert training.outcomes(History(np.arange(2), losses, losses, layers, np.array([diverged_at]), 2.0)) == [word]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task": "mnist"}, "task is 'mnist'; allowed are digits, shapeset, spirals"),
        ({"optimizer": "sdg"}, "optimizer is 'sdg'; allowed are sgd, momentum, adam"),
        ({"schedule": "linear"}, "schedule is 'linear'; allowed are constant, warmup, cosine"),
        ({"normalization": None}, "normalization is None; allowed are none, layer, batch"),
        ({"loss": "hinge"}, "loss is 'hinge'; allowed are cross_entropy, squared"),
        ({"activation": "rleu"}, "activation is 'rleu'; allowed are .*relu"),
        ({"depth": 1}, "depth is 1; allowed is a whole number, 2 or more"),
        ({"depth": 2.5}, "depth is 2.5; allowed is a whole number, 2 or more"),
        ({"width": 0}, "width is 0; allowed is a whole number, 1 or more"),
        ({"batch": 0}, "batch is 0; allowed is a whole number, 1 or more"),
        ({"batch": True}, "batch is True; allowed is a whole number, 1 or more"),
        ({"residual": "no"}, "residual is 'no'; allowed is True or False"),
        ({"normalization": "batch", "batch": 1}, "batch is 1; batch normalization needs 2 examples or more"),
    ],
)
def test_a_setup_that_there_cannot_be_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Training(TANH._replace(**changed), TRIALS)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"learning_rate": rate}, f"learning_rate is {rate}; allowed is") for rate in (0, -1, math.nan, math.inf, True)]
    + [({"seed": seed}, f"seed is {seed}; allowed is a whole number from 0 to") for seed in (-1, 2**32, 0.5, True)]
    + [({"gain": gain}, f"gain is {gain}; allowed is a finite number, 0 or more") for gain in (-1, math.nan, math.inf)]
    + [({"scheme": "xavier"}, "scheme is 'xavier'; allowed are zeros, .*he_normal")],
)
def test_a_trial_that_there_cannot_be_is_refused_wherever_it_stands(changed, message):
    with pytest.raises(ValueError, match=message):
        Training(TANH, [*TRIALS, TRIALS[0]._replace(**changed)])


@pytest.mark.parametrize(
    ("length", "message"),
    [({name: value}, f"{name} is {value}; allowed is") for name in ("steps", "records") for value in (0, -3, 1.5, True)]
    + [({"data_seed": seed}, f"data_seed is {seed}; allowed is") for seed in (-1, 2**32, 0.5)],
)
def test_a_length_or_a_data_seed_that_there_cannot_be_is_refused(length, message):
    with pytest.raises(ValueError, match=message):
        Training(TANH, TRIALS, **length)


def test_a_sweep_without_runs_is_refused_by_the_name_of_what_is_empty():
    for name in ("schemes", "seeds", "gains", "learning_rates"):
        with pytest.raises(ValueError, match=f"{name} is empty"):
            training.trials(**{name: ()})
    with pytest.raises(ValueError, match=r"schemes is the text 'he_normal'; allowed is a sequence"):
        training.trials("he_normal")
    with pytest.raises(ValueError, match="there are 0 trials; allowed are from 1 to"):
        Training(TANH, [])
    with pytest.raises(ValueError, match="a trial is 'he_normal'; allowed are"):
        Training(TANH, ["he_normal"])


def test_a_sweep_is_every_combination_and_the_last_named_varies_fastest():
    sweep = training.trials(("he_normal", "zeros"), (0, 1), (1.0, 2.0), (0.1, 0.2))
    assert sweep[:3] == [
        Trial("he_normal", 0, 1.0, 0.1),
        Trial("he_normal", 0, 1.0, 0.2),
        Trial("he_normal", 0, 2.0, 0.1),
    ]
    assert len(set(sweep)) == 16
    assert [trial.scheme for trial in sweep] == ["he_normal"] * 8 + ["zeros"] * 8


def test_an_interrupt_is_said_in_words_keeps_what_was_computed_and_run_goes_on_from_there(capsys):
    job = Training(TANH, TRIALS, steps=STEPS, records=4)

    def stop_at_ten(watched):
        if watched.done >= 10:
            raise KeyboardInterrupt

    history = job.run(stop_at_ten)
    said = f"Stopped after {job.done} of 20 steps. They are kept; run() goes on from there.\n"
    assert capsys.readouterr().out == said
    assert list(history.steps) == [0, 5, 10]
    assert same(history, training.part_of(five(), 3, slice(None)))
    assert not job.finished
    assert same(job.run(), five())


@pytest.mark.parametrize(
    "work",
    [WidthSweep(width_runs(["standard"], [32], [0.1])), TextTraining([TextTrial()], steps=2)],
    ids=lambda work: type(work).__name__,
)
def test_an_interrupt_of_any_work_waits_for_the_end_of_its_piece(work, monkeypatch, capsys):
    ended = []

    def advance(*_):
        signal.raise_signal(signal.SIGINT)
        ended.append("a piece")

    monkeypatch.setattr(work, "advance", advance)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a worker of the tests ignores interrupts
    try:
        work.run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == ["a piece"]
    assert capsys.readouterr().out.startswith("Stopped after 0 of")


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python drops one in a collector's call
def test_interrupts_at_any_moment_lose_nothing():
    wanted = {"steps": 2000, "records": 400}
    expected = Training(TANH, TRIALS, **wanted).run()
    job, interrupts = Training(TANH, TRIALS, **wanted), 0
    handlers = {  # a worker of the tests ignores interrupts
        signal.SIGINT: signal.default_int_handler,
        signal.SIGALRM: lambda *_: signal.raise_signal(signal.SIGINT),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        while not job.finished and interrupts < 200:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.0002 * interrupts)
                job.run()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:  # it came when `run` had just caught another, or had ended
                pass
            interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
    assert interrupts > 2
    assert same(job.run(), expected)


def live_bytes():
    """The bytes of all arrays that JAX holds."""
    gc.collect()
    return sum(array.nbytes for array in jax.live_arrays())


@pytest.mark.long
def test_memory_and_history_do_not_grow_with_the_number_of_steps():
    held, histories = [], []
    for steps in (10, 1000):
        before = live_bytes()
        job = Training(TANH, TRIALS, steps=steps, records=10)
        histories.append(job.run())
        held.append(live_bytes() - before)
        del job
    assert held[0] == held[1] > 0
    short, long = (sum(leaf.nbytes for leaf in jax.tree.leaves(history)[:-1]) for history in histories)
    assert short == long


def test_one_compiled_program_serves_runs_of_every_length_and_every_sweep_of_a_size():
    five()
    advance = programs.programs(TANH, None).advance
    before = advance._cache_size()
    Training(TANH, [trial._replace(gain=0.5, learning_rate=0.3) for trial in TRIALS], steps=77, records=7).run()
    assert advance._cache_size() == before


def test_two_trainings_in_two_threads_give_what_they_give_alone():
    expected = five(), Training(RELU, TRIALS, steps=STEPS, records=4).run()
    together = threading.Barrier(2)

    def run(setup):
        together.wait()
        job = Training(setup, TRIALS, steps=STEPS, records=4)
        while not job.finished:
            job.advance(0.0)
        return job.history

    with ThreadPoolExecutor(2) as pool:
        assert all(map(same, pool.map(run, (TANH, RELU)), expected))


@pytest.mark.long
@pytest.mark.parametrize(
    ("setup", "rate", "steps"),
    [
        (TANH, 0.1, 500),
        (Setup(depth=3, width=32, task="spirals", optimizer="adam"), 0.01, 500),
        (Setup(depth=2, width=64, task="shapeset", optimizer="adam"), 0.005, 300),
    ],
    ids=lambda value: value.task if isinstance(value, Setup) else "",
)
def test_every_task_can_be_learned(setup, rate, steps):
    sweep = training.trials(("glorot_uniform",), range(5), (1.0,), (rate,))
    history = Training(setup, sweep, steps=steps, records=1).run()
    assert set(training.outcomes(history)) <= {"learned", "still learning"}
    assert np.all(history.accuracies[1] > history.accuracies[0])
