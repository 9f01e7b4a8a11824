"""What the page says about training: the first step after each initialization, and what has learned after 300."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scene_numbers as seen
from claims import asserts

from course import initializers, theory, training
from course.explorers.training_runs import predicted_rms
from course.pages.training import training_race
from course.pages.training.training_race import DEPTHS, LINE_UPS
from course.training import Setup, Training

SCHEMES = [entry.scheme for entry in LINE_UPS["six schemes"]]
SMALL, STANDARD, XAVIER, HE, ORTHOGONAL, HUGE = range(6)
SEEDS = 10


@functools.cache
def history(depth: int, activation: str = "relu", learning_rate: float = 0.05) -> training.History:
    runs = training.trials(SCHEMES, seeds=range(SEEDS), learning_rates=[learning_rate])
    return Training(Setup(depth=depth, activation=activation), runs, steps=300, records=1, layers=False).run()


@functools.cache
def before_training(depth: int) -> training.LayerHistory:
    """Every layer of the same networks, recorded before the first step."""
    return Training(Setup(depth=depth), training.trials(SCHEMES, seeds=range(SEEDS)), steps=1, records=1).run().layers


def learned(*arguments) -> list[int]:
    words = np.array(training.outcomes(history(*arguments))).reshape(6, SEEDS)
    return np.sum(words == "learned", axis=1).tolist()


def losses(*arguments) -> np.ndarray:
    return history(*arguments).losses[-1].reshape(6, SEEDS)


GIVES_AWAY = (
    r"[Tt]hree (of|initializations|do\b)",
    r"only He|He (initialization )?(alone|only)",
    r"one (start|initialization)? ?in six",
    r"twenty (ReLU )?layers",
    r"diverge",
    r"exponentially",
)
"""How many of the six learn, and what becomes of the others."""


# The chain of the Setting


def chain_gradient(depth: int, w: float = 0.5) -> float:
    return (w**depth - 1) * w ** (depth - 1)


@pytest.mark.parametrize(("depth", "gradient"), [(3, -0.22), (10, -0.002)])
def test_the_gradient_of_the_chain_is_the_one_that_jax_derives(depth, gradient):
    derived = jax.grad(lambda weights: (jnp.prod(weights) - 1) ** 2 / 2)(jnp.full(depth, 0.5))
    np.testing.assert_allclose(derived, chain_gradient(depth), rtol=1e-5)
    assert float(f"{chain_gradient(depth):.2g}") == gradient


def test_with_ten_layers_the_first_step_is_a_hundred_times_smaller_than_with_three():
    assert round(chain_gradient(3) / chain_gradient(10), -2) == 100


def steps_to_half(depth: int, w: float = 0.5, rate: float = 0.1) -> int:
    steps = 0
    while w**depth < 0.5:
        w, steps = w + rate * (1 - w**depth) * w ** (depth - 1), steps + 1
    return steps


def wait(depth: int, w: float = 0.5, rate: float = 0.1) -> float:
    return 1 / (rate * (depth - 2) * w ** (depth - 2))


@pytest.mark.parametrize(("depth", "tolerance"), [(5, 0.05), (10, 0.02), (15, 0.002), (20, 0.001)])
def test_the_wait_of_a_chain_is_what_the_formula_says_the_better_the_deeper(depth, tolerance):
    assert math.isclose(steps_to_half(depth), wait(depth), rel_tol=tolerance)


@asserts("A chain of linear units takes")
def test_each_layer_more_multiplies_the_wait_by_one_over_the_weight():
    assert math.isclose(wait(21) * 19 / (wait(20) * 18), 2.0)


def test_the_solution_of_exercise_1_waits_a_thousand_steps():
    weight = (1 / 1800) ** (1 / 18)
    assert math.isclose(wait(20, weight), 1000)
    assert round(weight, 3) == 0.659
    assert round(weight / 0.5, 1) == 1.3
    assert math.floor(wait(20) / 1000) == 145
    assert abs(steps_to_half(20, weight) - 1000) < 100


# The loop that the page writes out


def test_the_step_on_the_page_moves_the_standard_start_nowhere_and_he_to_a_low_loss():
    digits = training.TASKS["digits"]()
    shapes = [(61, 64)] + 8 * [(64, 64)] + [(64, 10)]

    def loss(weights, inputs, labels):
        for layer_weights in weights[:-1]:
            inputs = jax.nn.relu(inputs @ layer_weights)
        chosen = jax.nn.log_softmax(inputs @ weights[-1])[jnp.arange(len(labels)), labels]
        return -jnp.mean(chosen)

    def trained(scheme):
        keys = jax.random.split(jax.random.key(0), 10)
        weights = [initializers.draw(key, scheme, shape) for key, shape in zip(keys, shapes, strict=True)]
        step = jax.jit(lambda w, x, y: jax.tree.map(lambda a, g: a - 0.05 * g, w, jax.grad(loss)(w, x, y)))
        for number in range(300):
            weights = step(weights, *digits.batch(jax.random.key(number), 32))
        return float(loss(weights, digits.inputs, digits.labels))

    assert abs(trained("standard_uniform") - math.log(10)) < 0.02
    assert trained("he_normal") < 0.5 * math.log(10)


@pytest.mark.long
def test_the_digits_are_61_numbers_and_guessing_them_costs_the_logarithm_of_ten():
    assert training.TASKS["digits"]().features == 61
    assert round(history(10).guessing_loss, 2) == 2.29  # the classes are nearly equally frequent
    assert round(math.log(10), 2) == 2.30


# Why nothing happens


@pytest.mark.long
@pytest.mark.parametrize("scheme", range(6))
def test_before_training_the_weight_gradients_are_level_over_the_layers_to_within_a_factor_of_about_3(scheme):
    by_layer = np.median(before_training(10).weight_gradient_rms[0].reshape(6, SEEDS, 9)[scheme], axis=0)
    assert by_layer.max() / by_layer.min() < (4 if scheme in (HE, HUGE) else 2)


@pytest.mark.long
def test_before_training_the_weight_gradients_of_the_starts_differ_by_many_powers_of_ten():
    rms = np.median(before_training(10).weight_gradient_rms[0].reshape(6, SEEDS, 9)[:, :, 4], axis=1)
    assert rms[HUGE] > 1e6 * rms[HE]
    assert rms[HE] > 1e3 * rms[STANDARD]
    assert rms[STANDARD] > 1e6 * rms[SMALL]


def test_nine_factors_of_the_standard_start_leave_3_in_ten_thousand():
    assert float(f"{6**-4.5:.0e}") == 3e-4


@pytest.mark.long
def test_300_steps_of_the_standard_start_would_move_a_weight_by_a_thousandth():
    gradient = np.median(before_training(10).weight_gradient_rms[0].reshape(6, SEEDS, 9)[STANDARD])
    std = initializers.standard_deviation("standard_uniform", (64, 64))
    assert float(f"{gradient:.0e}") == 5e-6
    assert round(std, 2) == 0.07
    assert round(300 * 0.05 * gradient / std, 3) == 0.001


@pytest.mark.long
def test_at_the_start_the_layers_are_as_theory_says():
    setup = Setup()
    for place, entry in enumerate(LINE_UPS["six schemes"]):
        signal, gradient = predicted_rms(entry, setup)
        layers = before_training(10)
        rows = slice(SEEDS * place, SEEDS * (place + 1))
        # Over ten seeds; the logarithm of a mean square over 64 units and 9 layers varies by about 5 · 9/64 a run.
        errors = 5 * math.sqrt(5 * 9 / 64 / SEEDS) / 2
        assert abs(np.log(layers.activation_rms[0, rows] / signal).mean(axis=0)).max() < errors
        relative = layers.preactivation_gradient_rms[0, rows]
        relative = relative / relative[:, -1:]
        assert abs(np.log(relative / gradient).mean(axis=0)).max() < errors


# Why weights of std 1 explode


@pytest.mark.long
def test_weights_of_std_1_multiply_the_signal_by_5_7_and_answer_in_the_tens_of_millions():
    assert round(math.sqrt(64 / 2), 1) == 5.7
    start = history(10).losses[0].reshape(6, SEEDS)[HUGE]
    assert 1e7 < np.median(start) < 1e8
    gradients = before_training(10).weight_gradient_rms[0].reshape(6, SEEDS, 9)[HUGE]
    assert 1e5 < np.median(gradients) < 1e6


@pytest.mark.long
def test_weights_of_std_1_diverge_at_the_first_step():
    assert training.outcomes(history(10))[SEEDS * HUGE :] == ["diverged at step 1"] * SEEDS


# Where each start drops out


@pytest.mark.long
def test_with_two_layers_five_starts_learn_with_every_seed_and_std_1_at_least_leaves_guessing():
    assert learned(2)[:HUGE] == [SEEDS] * 5
    assert np.median(losses(2)[HUGE]) < 0.95 * history(2).guessing_loss


@pytest.mark.long
def test_std_001_is_lost_at_three_layers_and_the_standard_start_at_five():
    assert learned(3)[SMALL] == 0
    assert learned(3)[STANDARD] == SEEDS
    assert learned(5)[STANDARD] == 0


@pytest.mark.long
def test_at_ten_layers_xavier_he_and_orthogonal_learn_and_no_other():
    counts = learned(10)
    assert [counts[place] for place in (SMALL, STANDARD, HUGE)] == [0, 0, 0]
    assert min(counts[place] for place in (XAVIER, HE, ORTHOGONAL)) >= 7


@pytest.mark.long
def test_from_fifteen_layers_on_he_alone_learns_and_not_with_every_seed():
    for depth in (15, 20):
        counts = learned(depth)
        assert counts[HE] >= 5
        assert sum(counts) == counts[HE]
    assert learned(20)[HE] < SEEDS


@asserts("Xavier initialization suits")
@pytest.mark.long
def test_he_ends_below_xavier_in_at_least_nine_of_ten_seeds_at_fifteen_and_at_twenty_layers():
    for depth in (15, 20):
        assert np.sum(losses(depth)[HE] < losses(depth)[XAVIER]) >= 9


@pytest.mark.long
def test_at_ten_layers_xavier_learns_after_about_165_steps_and_he_after_about_40():
    runs = training.trials(["glorot_uniform", "he_normal"], seeds=range(SEEDS), learning_rates=[0.05])
    followed = Training(Setup(), runs, steps=300, records=60, layers=False).run()
    medians = np.median(followed.losses.reshape(-1, 2, SEEDS), axis=2)
    first = followed.steps[np.argmax(medians < training.LEARNED * followed.guessing_loss, axis=0)]
    assert (abs(first - [165, 40]) <= [40, 15]).all()


def test_xavier_ends_below_the_standard_start_in_every_seed_at_ten_layers():
    assert np.sum(losses(10)[XAVIER] < losses(10)[STANDARD]) == SEEDS


@asserts("Xavier initialization suits")
@pytest.mark.long
def test_with_tanh_xavier_and_orthogonal_weights_end_below_he():
    medians = np.median(losses(10, "tanh"), axis=1)
    assert max(medians[XAVIER], medians[ORTHOGONAL]) < medians[HE]


def test_the_gain_of_exercise_3_makes_the_standard_initialization_he():
    gain = math.sqrt(6)
    standard, he = (
        initializers.standard_deviation(s, (64, 64), g) for s, g in (("standard_uniform", gain), ("he_uniform", 1))
    )
    assert math.isclose(standard, he)
    assert math.isclose(theory.gain("relu") ** 2, 2)


def test_one_key_gives_the_same_batch_again_and_another_key_another():
    batch = training.TASKS["digits"]().batch
    first, again, other = (batch(jax.random.key(seed), 32)[1] for seed in (0, 0, 1))
    assert (first == again).all()
    assert not (first == other).all()


# The numbers in the notes of its scenes: words of the sentence, or computed again

FACTS = {
    "Six initializations": {
        "Three do: Xavier and He initialization, and orthogonal weights": lambda: (
            seen.learned("Six initializations") == {seen.XAVIER, seen.HE, seen.ORTHOGONAL}
        ),
        "Two never leave the grey line": lambda: seen.guessing("Six initializations") == {seen.SMALL, seen.STANDARD},
        "destroyed by its first step": "Normal, std 1: 5 of 5 diverged by step 1",
        "All thirty networks": lambda: len(LINE_UPS["six schemes"]) * training_race.SEEDS == 30,
    },
    "After 300 steps": {
        "moment from 0": lambda: seen.defaults("training_race")["moment"] == 0,
        "all points lie on the dashes of theory": lambda: bool(abs(np.log10(seen.start_against_theory())).max() < 0.15),
    },
    "Two layers": {
        "all five seeds of five initializations learn": lambda: (
            seen.shown("training", "Two layers").sentence.count("5 of 5 learned") == 5 == training_race.SEEDS
        ),
        "even weights of std 1 get somewhere": lambda: seen.STD_1 not in seen.guessing("Two layers"),
        "go to depth 3": lambda: 3 in DEPTHS and 3,
    },
    "Twenty layers": {
        "Which one is left? He initialization alone": lambda: seen.learned("Twenty layers") == {seen.HE},
        "twice as deep": lambda: (
            seen.shown("training", "Twenty layers").state["depth"] == 2 * seen.defaults("training_race")["depth"]
        ),
    },
    "The same race with tanh": {
        "Thirty layers, and three initializations learn with all five seeds": lambda: (
            seen.shown("training", "The same race with tanh").sentence.count("5 of 5 learned") == 3
        ),
        "Weights of std 1 do not diverge here": "5 of 5 worse than guessing",
    },
    "Half or twice as large": {
        "Half of the standard deviation": "He initialization times 0.5: 2.3, 5 of 5 no better than guessing",
        "twice as much diverges": "He initialization times 2.0: 5 of 5 diverged",
        "0.7 times still learns": lambda: LINE_UPS["He initialization times a gain"][1].gain,
        "with all five seeds": "5 of 5 learned",
    },
}
