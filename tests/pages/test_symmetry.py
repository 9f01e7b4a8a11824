"""What the page says about equal starts: who may start at zero, what stays equal, what ends it, and how fast."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course import activations, data, exercises, explorers, networks, probes, training
from course.activations import ACTIVATIONS
from course.exercises.verdict import RIGHT
from course.training import HiddenLayer

POINTS, INSIDE = data.disc()
HIDDEN = ("tanh", "relu", "sigmoid")
GIVES_AWAY = (
    r"[Ee]qual (units|gradients)",
    r"(stay|remain) (alike|equal|identical)",
    r"1 distinct",
    r"cannot change|what it cannot",
    r"perturb",
)
"""That units which begin equal stay equal."""


@functools.cache
def trained(start, activation="tanh", steps=1000, units=8, **perturbed):
    layer = training.starting_layer(start, units, **perturbed)
    return training.train(layer, POINTS, INSIDE, activation, steps=steps)


def at(run, step):
    return HiddenLayer(*(part[step] for part in run.layers))


def gradients(run, step, activation):
    return training.loss_and_gradients(at(run, step), POINTS, INSIDE, activation)[1]


APART = 0.5
"""Units whose weights differ by so much have come apart."""


def steps_until_half(run):
    """How many steps it takes until two units have come apart."""
    apart = training.largest_difference(run.layers) > APART
    assert apart.any()
    return int(np.argmax(apart))


# The smallest case


@pytest.mark.parametrize(
    ("w", "v", "for_w", "for_v"),
    [
        ([0.5, 0.5], [0.5, 0.5], [0.152, 0.152], [0.179, 0.179]),
        ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]),
        ([0.5, 0.6], [0.5, 0.5], [0.148, 0.134], [0.175, 0.203]),
    ],
)
def test_two_units_have_the_gradients_that_the_three_formulas_give(w, v, for_w, for_v):
    w, v = np.array(w), np.array(v)
    h = np.tanh(w)
    e = 1 / (1 + np.exp(-h @ v)) - 1
    layer = HiddenLayer(w[None], np.zeros(2), v, 0.0)
    gradient = training.loss_and_gradients(layer, np.ones((1, 1)), np.ones(1), "tanh")[1]
    np.testing.assert_allclose(gradient.outgoing, e * h, rtol=1e-12)
    np.testing.assert_allclose(gradient.weights[0], e * v * (1 - h**2), rtol=1e-12)
    np.testing.assert_allclose(np.abs(gradient.weights[0]), for_w, atol=5e-4)
    np.testing.assert_allclose(np.abs(gradient.outgoing), for_v, atol=5e-4)


# Logistic regression may start at zero


def threes_and_eights():
    pixels, digits = data.digits()
    chosen = (digits == 3) | (digits == 8)
    return data.standardized(pixels[chosen]).astype(float), digits[chosen] == 8


def logistic_loss(w, x, y):
    return np.mean(np.logaddexp(0, x @ w) - y * (x @ w))


def logistic_run(steps):
    x, y = threes_and_eights()
    w, b = np.zeros(x.shape[1]), 0.0
    for _step in range(steps):
        p = 1 / (1 + np.exp(-(x @ w + b)))
        w, b = w - 0.5 * x.T @ (p - y) / len(y), b - 0.5 * np.mean(p - y)
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z), np.mean((z > 0) == y)


@asserts("Logistic regression may start")
@pytest.mark.parametrize(
    ("steps", "loss", "right"), [(0, 0.693, 0.51), (1, 0.233, 0.96), (10, 0.087, 0.98), (50, 0.033, 1.0)]
)
def test_logistic_regression_learns_threes_and_eights_from_zero(steps, loss, right):
    assert logistic_run(steps) == (pytest.approx(loss, abs=5e-4), pytest.approx(right, abs=5e-3))


def test_the_threes_and_eights_are_357_images_of_54_changing_pixels():
    assert threes_and_eights()[0].shape == (357, 54)


def test_its_gradient_at_zero_differs_from_pixel_to_pixel():
    x, y = threes_and_eights()
    gradient = ((0.5 - y)[:, None] * x).mean(axis=0)
    assert len(np.unique(gradient)) == x.shape[1]


@asserts("Logistic regression may start")
def test_its_loss_is_convex():
    (x, y), rng = threes_and_eights(), np.random.default_rng(7)
    for one, other in rng.normal(size=(200, 2, x.shape[1])):
        ends = (logistic_loss(one, x, y) + logistic_loss(other, x, y)) / 2
        assert logistic_loss((one + other) / 2, x, y) <= ends
    direction = rng.normal(size=x.shape[1])
    along = np.array([logistic_loss(t * direction, x, y) for t in np.linspace(-1, 1, 101)])
    assert np.diff(along, 2).min() > 0


def test_the_loss_of_a_hidden_layer_is_not_convex():
    last = at(trained("random", "tanh"), -1)
    reverse = HiddenLayer(last.weights[:, ::-1], last.biases[::-1], last.outgoing[::-1], last.output_bias)
    half_way = HiddenLayer(*((one + other) / 2 for one, other in zip(last, reverse, strict=True)))
    losses = [training.loss_and_gradients(layer, POINTS, INSIDE, "tanh")[0] for layer in (last, reverse, half_way)]
    assert losses[0] == pytest.approx(0.07, abs=5e-3)
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    assert losses[2] > 40 * losses[0]


# Equal units stay equal


@asserts("A deep network may not: the")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("constant", [0.0, 0.5, -0.1])
def test_units_that_start_equal_stay_equal_to_the_last_digit(activation, constant):
    start = HiddenLayer(np.full((2, 8), constant), np.full(8, constant / 2), np.full(8, constant), 0.0)
    run = training.train(start, POINTS, INSIDE, activation, steps=300, learning_rate=0.2)
    assert (training.largest_difference(run.layers) == 0).all()
    assert np.ptp(run.layers.output_bias) > 0  # it did learn something


@pytest.mark.parametrize("activation", HIDDEN)
def test_two_equal_units_stay_equal_among_others_that_are_not(activation):
    start = training.starting_layer("random", 8)
    for part in (start.weights, start.outgoing):
        part[..., 5] = part[..., 2]
    run = training.train(start, POINTS, INSIDE, activation, steps=300)
    for part in (run.layers.weights, run.layers.biases, run.layers.outgoing):
        np.testing.assert_array_equal(part[..., 5], part[..., 2])
    assert training.distinct_units(at(run, -1), tolerance=0.0) == 7


@pytest.mark.parametrize(
    ("activation", "constant", "random"), [("tanh", 0.49, 0.07), ("relu", 0.48, 0.03), ("sigmoid", 0.54, 0.26)]
)
def test_equal_units_are_stuck_at_a_loss_that_random_ones_pass(activation, constant, random):
    assert trained("constant", activation).losses[-1] == pytest.approx(constant, abs=5e-3)
    assert trained("random", activation).losses[-1] == pytest.approx(random, abs=5e-3)


def test_incoming_weights_from_random_ones_end_up_to_6_3_apart_and_zero_sigmoids_move_by_1_05():
    assert np.ptp(at(trained("random", "tanh"), -1).weights, axis=1).max() == pytest.approx(6.3, abs=0.05)
    assert np.abs(trained("zeros", "sigmoid").layers.weights).max() == pytest.approx(1.05, abs=5e-3)


def test_equal_units_draw_a_straight_border_and_say_inside_of_no_point():
    w, b, v, c = at(trained("constant", "tanh"), -1)
    side = np.linspace(-1, 1, 101)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    assert (np.tanh(grid @ w + b) @ v + c).max() < 0
    along = np.array([-w[1, 0], w[0, 0]]) / np.hypot(*w[:, 0])
    np.testing.assert_allclose(np.tanh(np.outer(side, along) @ w + b) @ v + c, np.tanh(b) @ v + c, rtol=1e-12)


def test_a_network_of_33_numbers_holds_five_different_ones():
    last = at(trained("constant", "tanh"), -1)
    assert sum(np.size(part) for part in last) == 33
    assert [np.unique(part).size for part in last] == [2, 1, 1, 1]


# All weights zero


def entropy(share):
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def nothing_moves(activation):
    layers = trained("zeros", activation).layers
    return not layers.weights.any() and not layers.outgoing.any()


@asserts("A deep network may not: the")
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_from_zero_tanh_and_relu_move_nothing_but_the_outputs_bias(activation):
    run = trained("zeros", activation)
    for step in (0, 1, 1000):
        gradient = gradients(run, step, activation)
        assert not gradient.weights.any()
        assert not gradient.biases.any()
        assert not gradient.outgoing.any()
    assert not run.layers.weights.any()
    assert INSIDE.mean() == 0.25
    assert entropy(1 / 4) == pytest.approx(0.562, abs=5e-4)
    assert run.losses[-1] == pytest.approx(entropy(1 / 4), rel=1e-9)
    assert 1 / (1 + math.exp(-run.layers.output_bias[-1])) == pytest.approx(1 / 4, rel=1e-6)


@asserts("A deep network may not: the")
def test_from_zero_sigmoids_hidden_weights_get_equal_gradients_after_the_first_step():
    run = trained("zeros", "sigmoid")
    first, second = gradients(run, 0, "sigmoid"), gradients(run, 1, "sigmoid")
    assert not first.weights.any()
    np.testing.assert_allclose(first.outgoing, 0.5 * (0.5 - 0.25), rtol=1e-12)
    assert not np.ptp(first.outgoing)
    assert (second.weights != 0).all()
    assert np.abs(second.weights).max() == pytest.approx(0.00109, abs=5e-6)
    assert not np.ptp(second.weights, axis=1).any()
    assert run.losses[-1] == pytest.approx(0.541, abs=5e-4)
    assert (training.largest_difference(run.layers) == 0).all()


@asserts("With zero weights every middle")
@pytest.mark.parametrize(("activation", "value"), [("tanh", 0.0), ("relu", 0.0), ("sigmoid", 0.5)])
def test_with_zero_weights_every_node_is_0_for_tanh_and_relu_and_05_for_sigmoid(activation, value):
    stats = probes.measure(0, depth=5, width=128, activation=activation, scheme="zeros")
    np.testing.assert_array_equal(stats.activation_mean, value)
    np.testing.assert_allclose(stats.activation_rms, value, rtol=1e-6)
    learning = np.flatnonzero(stats.weight_gradient_variance) + 1
    assert learning.tolist() == ([5] if activation == "sigmoid" else [])


def test_of_all_activations_sigmoid_and_softplus_are_not_0_at_0():
    at_zero = {name: float(row.array_function(0.0)) for name, row in ACTIVATIONS.items()}
    assert {name: value for name, value in at_zero.items() if value != 0} == {
        "sigmoid": 0.5,
        "softplus": pytest.approx(math.log(2), rel=1e-12),
    }
    assert math.log(2) == pytest.approx(0.693, abs=5e-4)


# Deeper networks


SHAPES = [(2, 8), (8, 8), (8, 8), (8, 1)]


def cost(weights, biases, activation):
    f = networks.forward(weights, biases, POINTS, activation)[-1].preactivations[:, 0]
    return jnp.mean(jax.nn.softplus(f) - INSIDE * f)


def deep_steps(constant, activation, steps):
    """The weights before each step, and their gradients."""
    network = [jnp.full(shape, constant) for shape in SHAPES], [jnp.zeros(shape[1]) for shape in SHAPES]
    for _step in range(steps):
        slopes = jax.grad(cost, argnums=(0, 1))(*network, activation)
        yield network[0], slopes[0]
        network = jax.tree.map(lambda part, slope: part - 0.3 * slope, network, slopes)


@pytest.mark.parametrize("activation", HIDDEN)
def test_units_of_every_layer_of_a_deep_network_stay_equal(activation):
    *_, (weights, _slopes) = deep_steps(0.5, activation, 10)
    # A matrix product may round its last columns in another way than its first: about 1e-7 a step.
    for w in weights:
        assert float(jnp.ptp(w, axis=1).max()) < 1e-5
    for w in weights[1:]:
        assert float(jnp.ptp(w)) < 1e-5
    assert float(jnp.abs(weights[-1] - 0.5).max()) > 0.01  # it did learn something


def test_a_deep_network_of_177_numbers_becomes_one_of_nine():
    assert sum(rows * columns + columns for rows, columns in SHAPES) == 177
    *_, (weights, _slopes) = deep_steps(0.5, "tanh", 20)
    # Numbers count as different from 1e-5 on, because a matrix product may round its columns in different ways.
    different = [1 + int(np.sum(np.diff(np.sort(matrix.ravel())) > 1e-5)) for matrix in weights]
    assert different == [2, 1, 1, 1]
    assert sum(different) + len(SHAPES) == 9  # and one bias for each layer


def test_in_a_deep_sigmoid_network_of_zeros_learning_moves_one_layer_back_a_step():
    learning = [[bool(slope.any()) for slope in slopes] for _weights, slopes in deep_steps(0.0, "sigmoid", 4)]
    assert learning == [[layer >= 3 - step for layer in range(4)] for step in range(4)]


# How small may the difference be?


def growth():
    """One plus the length of the mean of (share inside − y) x."""
    return 1 + np.linalg.norm(((INSIDE.mean() - INSIDE)[:, None] * POINTS).mean(axis=0))


def test_the_growth_is_the_share_inside_times_how_far_the_disc_is_off_the_middle_of_the_points():
    off = POINTS.mean(axis=0) - POINTS[INSIDE == 1].mean(axis=0)
    assert growth() == pytest.approx(1 + 0.25 * np.linalg.norm(off), rel=1e-12)
    places = np.random.default_rng(0).uniform(-1, 1, (100_000, 2))
    centred = np.sum(places**2, axis=1) < 0.65**2
    # Each mean has a standard error of √(1/3 / n): for a centred disc nothing but that is left.
    assert np.linalg.norm(((centred.mean() - centred)[:, None] * places).mean(axis=0)) < 5 * math.sqrt(1 / 3 / 100_000)


def test_at_zero_the_outputs_bias_has_a_gradient_until_it_has_settled():
    run = trained("zeros", "tanh")
    assert gradients(run, 0, "tanh").output_bias == pytest.approx(0.25, rel=1e-12)
    assert abs(gradients(run, -1, "tanh").output_bias) < 1e-6


def test_a_small_difference_near_zero_grows_as_the_saddle_says():
    assert growth() == pytest.approx(1.042, abs=5e-4)
    assert math.log(10) / math.log(growth()) == pytest.approx(56, abs=0.5)
    difference = training.largest_difference(trained("zeros", "tanh", 200, perturbation=1e-6).layers)
    # Tanh's curvature enters with the square of the differences, below 1e-4; the output's bias has settled.
    assert (difference[200] / difference[100]) ** (1 / 100) == pytest.approx(growth(), abs=1e-4)


@pytest.mark.parametrize(("size", "steps"), [(1e-1, 36), (1e-2, 94), (1e-4, 205), (1e-6, 317)])
def test_steps_from_zero_until_two_tanh_units_differ(size, steps):
    assert abs(steps_until_half(trained("zeros", "tanh", perturbation=size)) - steps) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_hundredth_of_the_difference_costs_112_steps_more_for_every_draw(seed):
    small, smaller = (steps_until_half(trained("zeros", "tanh", perturbation=s, seed=seed)) for s in (1e-4, 1e-6))
    assert abs(smaller - small - math.log(100) / math.log(growth())) <= 2  # each count is a whole number of steps


def test_from_one_half_a_millionth_takes_952_steps_and_sigmoid_from_zero_over_4000():
    assert steps_until_half(trained("constant", "tanh", perturbation=1e-6)) == pytest.approx(952, abs=1)
    slow = trained("zeros", "sigmoid", 4000, perturbation=1e-6)
    assert 0 < training.largest_difference(slow.layers).max() < 0.5


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("start", ["zeros", "constant"])
def test_every_perturbation_of_the_weights_keeps_the_units_apart(start, activation):
    difference = training.largest_difference(trained(start, activation, 300, perturbation=1e-3).layers)
    assert (difference > 0).all()
    assert difference[-1] > difference[0]


# Random biases alone?


SLEEPY = {"perturbation": 0.1, "perturbed": "biases"}


def asleep():
    """Which of the ReLU units with random biases and weights of zero have never moved."""
    layers = trained("zeros", "relu", **SLEEPY).layers
    return ~layers.outgoing.any(axis=0) & ~layers.weights.any(axis=(0, 1))


def sleepy_biases():
    return trained("zeros", "relu", **SLEEPY).layers.biases[0]


def distinct_at(step):
    return training.distinct_units(at(trained("random"), step))


def test_random_biases_alone_are_enough_for_tanh():
    run = trained("zeros", **SLEEPY)
    assert training.distinct_units(at(run, -1)) == 8
    assert run.losses[-1] == pytest.approx(0.08, abs=5e-3)


def test_with_random_biases_alone_relu_units_of_negative_bias_never_move():
    run = trained("zeros", "relu", **SLEEPY)
    negative = sleepy_biases() < 0
    assert negative.sum() == 4
    for part in (run.layers.weights, run.layers.biases, run.layers.outgoing):
        np.testing.assert_array_equal(part[-1][..., negative], part[0][..., negative])
    assert run.layers.outgoing[-1][~negative].all()
    assert run.losses[-1] == pytest.approx(0.46, abs=5e-3)


# The exercises


@pytest.mark.parametrize(("first", "units"), [(np.arange(8) / 100, 8), (np.repeat([0, 0.1], [7, 1]), 2)])
def test_seven_different_numbers_break_the_symmetry_of_eight_units_and_one_makes_two_kinds(first, units):
    start = training.starting_layer("zeros", 8)._replace(weights=np.array([first, np.zeros(8)]))
    last = at(training.train(start, POINTS, INSIDE, "tanh", steps=1000), -1)
    assert training.distinct_units(last) == units
    assert not any(part[..., 0].any() for part in (last.weights, last.biases, last.outgoing))


def test_units_that_begin_as_mirror_images_differ_and_stay_so_which_the_judge_says():
    first = np.array([0, 1, -1, 2, -2, 3, -3, 4]) / 100
    start = training.starting_layer("zeros", 8)._replace(weights=np.array([first, np.zeros(8)]))
    last = at(training.train(start, POINTS, INSIDE, "tanh", steps=1000), -1)
    for part in (last.weights, last.biases, last.outgoing):
        np.testing.assert_array_equal(part[..., 1:6:2], -part[..., 2:7:2])
    verdict = exercises.judge("symmetry.4", first)
    assert verdict.state == RIGHT
    assert "mirror each other" in verdict.sentence
    assert "mirror" not in exercises.judge("symmetry.4", abs(np.arange(8) / 100)).sentence


# The picture


def test_the_picture_counts_one_unit_and_after_a_perturbation_eight():
    explorer = explorers.identical_units(start="constant", activation="tanh")
    assert "the 8 units are 1 distinct unit: no weight of theirs differs in any digit" in explorer.sentence
    explorer.state = {"perturbation": 0.001}
    assert "the 8 units are 8 distinct units" in explorer.sentence
    explorer.state = {"start": "zeros", "activation": "sigmoid", "perturbation": 1e-6}
    assert "the 8 units still act as 1 unit" in explorer.sentence


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Eight equal units": {
        "0.5": lambda: training.STARTS["constant"][0],
        "exactly zero": "no weight of theirs differs in any digit",
        "0.486": "the loss is 0.486",
    },
    "All weights zero": {
        "With tanh none, and with ReLU none either": lambda: all(map(nothing_moves, ("tanh", "relu"))),
        "25 %": lambda: 100 * data.disc()[1].mean(),
        "0.562": "the loss is 0.562",
        "a quarter of them": lambda: bool(data.disc()[1].mean() == 0.25),
        "That output has the loss 0.562": lambda: entropy(0.25),
    },
    "Zero weights, sigmoid": {
        "0.5 when it receives 0": lambda: float(activations.named("sigmoid").array_function(np.float64(0))),
        "1 distinct unit": "1 distinct unit",
        "0.541": "the loss is 0.541",
        "0.562": lambda: trained("zeros").losses[-1],
    },
    "A millionth of noise": {
        "1.042": growth,
        "56": lambda: math.log(10) / math.log(growth()),
        "8 distinct units": "8 distinct units",
        "0.132": "the loss is 0.132",
    },
    "From zero or from 0.5?": {
        "constant 0.5": lambda: training.STARTS["constant"][0],
        "differ by 0.5": lambda: APART,
        "317": lambda: steps_until_half(trained("zeros", perturbation=1e-6)),
        "952": lambda: steps_until_half(trained("constant", perturbation=1e-6)),
    },
    "Noise in the biases only": {
        "0.080": lambda: trained("zeros", **SLEEPY).losses[-1],
        "4 of the 8 units never move": lambda: asleep().sum(),
        "their bias is negative": lambda: bool(np.all(sleepy_biases()[asleep()] < 0)),
        "0.456": "the loss is 0.456",
    },
    "Random weights": {
        "8 distinct units": "8 distinct units",
        "from the first step to the last": lambda: distinct_at(0) == 8 == distinct_at(-1),
        "0.073": "the loss is 0.073",
        "0.515": "(identical units: 0.515)",
    },
}
