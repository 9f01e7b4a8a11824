"""What the page says about width: how far a step moves each layer, which rate is best, how far weights move at all."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course import training
from course.pages.width import coordinate_check as check
from course.pages.width.exercises import added
from course.pages.width.lazy_or_rich import STEPS, Compared, compared
from course.pages.width.quantities import FACTOR
from course.pages.width.rates_by_width import GRIDS, OPTIMIZERS, Sweep, best_rates, describe, table
from course.training import output_scale
from course.training.parametrizations import PARAMETRIZATIONS
from course.training.widths import WIDTHS, drawn, width_runs

GIVES_AWAY = (
    r"(?i)\b(16|sixteen) times (smaller|lower|as small)",
    r"(?i)sixteenth at width",
    r"(?i)inversely proportional to the width",
    r"(?i)agree in (their )?sign",
)
"""That the best rate falls as the width grows, or why."""
SLOPES = {
    ("standard", "sgd"): (-1 / 2, 1 / 2, 1),
    ("standard", "adam"): (0, 1, 3 / 2),
    ("mup", "sgd"): (0, 0, 0),
    ("mup", "adam"): (0, 0, 0),
}
SMALL = 1e-3
STANDARD, MUP = range(2)


def he(seed: int, width: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    shapes = (2, width), (width, width), (width, 3)
    return [random.normal(0, (2 / fan_in) ** 0.5, (fan_in, out)) for fan_in, out in shapes]


def run(weights: list[np.ndarray], inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first = np.maximum(inputs @ weights[0], 0)
    second = np.maximum(first @ weights[1], 0)
    return first, second, second @ weights[2]


@functools.cache
def spirals() -> tuple[np.ndarray, np.ndarray]:
    return tuple(map(np.asarray, training.TASKS["spirals"]().batch(jax.random.key(0), 32)))


def gradients(weights: list[np.ndarray]) -> list[np.ndarray]:
    inputs, labels = spirals()
    first, second, outputs = run(weights, inputs)
    errors = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    errors = (errors / errors.sum(axis=1, keepdims=True) - np.eye(3)[labels]) / len(labels)
    below = (errors @ weights[2].T) * (second > 0)
    return [inputs.T @ ((below @ weights[1].T) * (first > 0)), first.T @ below, second.T @ errors]


# Before training


@pytest.mark.parametrize("width", [32, 128, 512])
def test_he_initialization_gives_the_same_signal_at_every_width(width):
    inputs = spirals()[0]
    squares = np.array([[np.mean(part**2) for part in run(he(seed, width), inputs)] for seed in range(64)])
    error = squares.std(axis=0, ddof=1) / 8
    signal = np.mean(inputs**2)
    assert np.all(np.abs(squares.mean(axis=0) - [signal, signal, 2 * signal]) < 5 * error)


# The coordinate check


@functools.cache
def changes(optimizer: str, seeds: int = 8) -> np.ndarray:
    return check.measured(optimizer, SMALL, 0, seeds)[..., 0, :]


@asserts("With μP a step")
@pytest.mark.parametrize("layer", range(3))
@pytest.mark.parametrize(("name", "optimizer"), SLOPES)
def test_a_step_changes_each_layer_by_theorys_power_of_the_width_within_five_standard_errors(name, optimizer, layer):
    of_one = changes(optimizer)[list(PARAMETRIZATIONS).index(name), ..., layer]
    slope, error = check.fitted(of_one)
    predicted = SLOPES[name, optimizer][layer]
    assert check.predicted(name, optimizer)[layer] == predicted
    assert abs(slope - predicted) < 5 * error
    assert error < 0.12


def passed_on(width: int, seed: int) -> float:
    """The rms of what one of Adam's steps changes the outputs by through the layer below the last."""
    weights, inputs = he(seed, width), spirals()[0]
    slopes = gradients(weights)
    first, second, _outputs = run(weights, inputs)
    after = np.maximum(first @ (weights[1] - 1e-6 * np.sign(slopes[1])), 0)
    return float(np.sqrt(np.mean(((after - second) @ weights[2]) ** 2)))


@pytest.mark.long
def test_adams_outputs_change_by_the_power_three_halves_through_the_hidden_layer():
    found = np.array([[passed_on(width, seed) for seed in range(8)] for width in WIDTHS if width >= check.GREAT])
    slope, error = check.fitted(found)
    assert abs(slope - 3 / 2) < 5 * error
    assert error < 0.1


def test_one_step_of_sgd_on_the_page_halves_doubles_and_quadruples_the_changes():
    inputs, found = spirals()[0], []
    for width in (64, 256, 1024):
        squares = []
        for seed in range(8):
            weights = he(seed, width)
            after = [own - 1e-4 * slope for own, slope in zip(weights, gradients(weights), strict=True)]
            pairs = zip(run(after, inputs), run(weights, inputs), strict=True)
            squares.append([np.mean((new - old) ** 2) for new, old in pairs])
        found.append(np.sqrt(np.mean(squares, axis=0)))
    factors = np.sqrt(found[2] / found[0])
    np.testing.assert_allclose(factors, [1 / 2, 2, 4], rtol=0.2)


def test_with_four_larger_steps_the_widest_networks_leave_theorys_line():
    of_outputs = check.measured("sgd", 1.0, 0)[STANDARD, ..., 3, 2]
    assert abs(check.fitted(of_outputs).mean - 1) > 0.2


# Sweeps


def test_the_prediction_is_read_off_the_best_rates():
    losses = np.ones((2, 3, 5))
    losses[STANDARD, 0, 4] = losses[STANDARD, 2, 2] = 0.1
    sweep = Sweep("adam", "coarse", 0)
    assert FACTOR.found(table(sweep, losses)) == 16


def test_the_best_rate_of_a_width_is_known_when_all_its_runs_are_over():
    losses = np.array([[3.0, 1.0, np.inf], [1.0, np.nan, 2.0]])
    np.testing.assert_array_equal(best_rates(losses, (0.1, 0.2, 0.4)), [0.2, np.nan])


def test_a_sweep_says_what_it_will_do_and_what_it_has_found():
    sweep = Sweep("adam", "coarse", 0)
    unknown = dict.fromkeys(PARAMETRIZATIONS, np.full(3, np.nan))
    assert describe(sweep, unknown).startswith(
        "Nothing has run yet: 90 networks, 3 of each kind, of the widths 32, 128, 512"
    )
    sweep._waiting = sweep._waiting[:1]
    found = describe(sweep, unknown | {"standard": np.array([1 / 64, 1 / 256, 1 / 1024])})
    assert "standard 0.016 at width 32, 0.00098 at width 512 (a factor of 16); μP not known yet" in found


def test_the_sweeps_grow():
    runs = {name: 2 * len(grid.widths) * (8 // grid.octaves + 1) * grid.seeds for name, grid in GRIDS.items()}
    assert runs == {"coarse": 90, "medium": 180, "fine": 324}
    assert {name: Sweep(optimizer, name, 0).total for name in GRIDS for optimizer in OPTIMIZERS} == runs


@functools.cache
def coarse(optimizer: str, seed: int) -> np.ndarray:
    """The best rates of three seeds of the coarse sweep as powers of 2, `(parametrizations, widths)`."""
    sweep = Sweep(optimizer, "coarse", seed)
    sweep.run()
    return np.log2([best_rates(losses, sweep.rates) for losses in sweep.medians()])


@asserts("In the standard parametrization")
@pytest.mark.long
def test_with_adam_the_best_rate_falls_as_the_width_grows_in_five_of_six_sets_of_seeds_and_stays_in_mup():
    best = np.array([coarse("adam", seed) for seed in range(6)])
    fallen = best[:, :, 0] - best[:, :, 2]
    assert np.sum(fallen[:, STANDARD] == 4) >= 5
    assert np.all(fallen[:, STANDARD] >= 2)
    assert np.all(fallen[:, MUP] == 0)


@asserts("In the standard parametrization")
@pytest.mark.long
def test_with_sgd_the_best_rate_falls_less_than_with_adam_in_four_sets_of_seeds():
    adam, sgd = (np.array([coarse(name, seed)[STANDARD] for seed in range(4)]) for name in ("adam", "sgd"))
    assert np.all(adam[:, 0] - adam[:, 2] > sgd[:, 0] - sgd[:, 2])


# Lazy or rich


@functools.cache
def pair(seed: int) -> Compared:
    return compared((0.1, 8.0), 4.0, seed)


def at_the_same_loss(seed: int, field: str) -> tuple[float, float]:
    own = pair(seed)
    rich, lazy = (getattr(own.found, field)[place, own.record(place)] for place in range(2))
    return rich, lazy


@asserts("A large output scale")
@pytest.mark.parametrize("seeds", [2, pytest.param(10, marks=pytest.mark.long)])
def test_at_the_same_loss_the_rich_network_has_moved_farther_turned_to_the_direction_and_generalizes_better(seeds):
    moved, along, other = (
        np.array([at_the_same_loss(seed, field) for seed in range(seeds)])
        for field in ("moved", "along", "test_losses")
    )
    needed = seeds if seeds < 10 else 9
    assert np.sum(moved[:, 0] > 20 * moved[:, 1]) >= needed
    assert np.sum(along[:, 0] > 2 * along[:, 1]) >= needed
    assert np.sum(other[:, 0] < other[:, 1]) >= needed


@asserts("Gradient descent on all")
@pytest.mark.parametrize("seeds", [2, pytest.param(10, marks=pytest.mark.long)])
def test_the_rich_networks_sharpness_rises_to_the_edge_and_the_lazy_ones_stays(seeds):
    for seed in range(seeds):
        rich, lazy = pair(seed).found.sharpness
        assert rich[0] < 0.3 < 0.9 * 2 / 4.0 < rich[-1] < 1.1 * 2 / 4.0
        assert np.ptp(lazy) < 0.05 * lazy[0]
        assert lazy[0] == pytest.approx(pair(seed).theory.sharpness, rel=0.15)


@asserts("A large output scale")
def test_a_lazy_network_follows_the_theory_of_one_that_is_linear():
    own = pair(0)
    found, predicted = own.found.losses[1], own.theory.losses[own.found.steps]
    early = found > 0.05 * found[0]
    np.testing.assert_allclose(found[early], predicted[early], rtol=0.2)
    assert own.found.steps[-1] == STEPS


def test_what_the_three_scales_of_the_page_have_moved_at_a_loss_of_a_hundredth():
    given, random = output_scale.problem(0), np.random.default_rng(1)
    begun = jnp.asarray(random.normal(size=(10, 256))), jnp.asarray(random.normal(size=256))

    def error(weights, alpha, inputs, targets):
        found, before = (output_scale.outputs(output_scale.Weights(*own), inputs) for own in (weights, begun))
        return jnp.mean((alpha * (found - before) - targets) ** 2) / 2

    @jax.jit
    def trained(alpha):
        def of(weights):
            return error(weights, alpha, given.inputs, given.targets)

        def step(weights):
            return jax.tree.map(lambda own, slope: own - slope / alpha**2, weights, jax.grad(of)(weights))

        return jax.lax.while_loop(lambda weights: of(weights) > 0.01, step, begun)

    found = []
    for alpha in (0.1, 8.0):
        first, last = trained(alpha)
        moved = np.linalg.norm(first - begun[0]) / np.linalg.norm(begun[0])
        along = np.sum((given.direction @ first) ** 2) / np.sum(first**2)
        found.append((moved, along, error((first, last), alpha, given.test_inputs, given.test_targets)))
    (moved, along, other), (moved_little, along_little, other_of_lazy) = found
    assert (round(moved, 1), round(100 * float(along))) == (0.5, 29)
    assert (round(moved_little, 3), round(float(along_little), 1)) == (0.015, 0.1)
    assert other < 0.6 * other_of_lazy


# Depth, and the exercises


def grown(blocks: int, factor: float, last: bool, width: int = 128) -> float:
    random = np.random.default_rng(0)
    signal = np.maximum(random.normal(size=(32, width)), 0)
    before = np.mean(signal**2)
    for _block in range(blocks):
        first, second = random.normal(0, (2 / width) ** 0.5, size=(2, width, width))
        branch = np.maximum(signal @ first, 0)
        signal = signal + factor * (branch @ second / 2**0.5 if last else branch)
    return float(np.mean(signal**2) / before)


def test_with_a_mean_one_over_the_root_of_the_depth_grows_and_without_one_it_is_level():
    assert grown(64, 64**-0.5, last=False) > 1000 > 10 * grown(16, 16**-0.5, last=False) > 500
    assert all(grown(blocks, 1 / blocks, last=False) < np.e for blocks in (4, 16, 64))
    assert all(2 < grown(blocks, blocks**-0.5, last=True) < 3.2 for blocks in (4, 16, 64))
    assert grown(64, 1 / 64, last=True) < 1.05


def test_the_shares_that_exercise_2_tells():
    assert round(added(1 / 64), 3) == 0.016
    assert round(added(1 / 8), 1) == 1.7


def test_the_direction_is_one_of_ten():
    assert output_scale.FEATURES == 10
    given = output_scale.problem(0)
    np.testing.assert_allclose(given.targets, np.abs(given.inputs @ given.direction) - np.sqrt(2 / np.pi))


def test_at_width_32_both_parametrizations_draw_one_network():
    runs = width_runs(tuple(PARAMETRIZATIONS), (32,), (0.1,))
    standard, mup = (drawn(own, training.TASKS["digits"](), 128) for own in runs)
    for one, other in zip(standard, mup, strict=True):
        np.testing.assert_array_equal(one, other)


# The numbers in the notes of its scenes

FACTS = {
    "Adam, three widths": {
        "32": lambda: WIDTHS[0],
        "at 512": lambda: GRIDS["coarse"].widths[-1],
    },
    "All six widths": {"up to 1,024": lambda: WIDTHS[-1] == 1024, "at 1,024": lambda: WIDTHS[-1] == 1024},
    "The edge of stability": {
        "2/η": lambda: bool(abs(compared((0.05, 8.0), 2.0, 0).found.sharpness[0, -1] - 2 / 2.0) < 0.05)
    },
}
