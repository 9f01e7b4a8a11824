"""Many networks at once are what each of them would be alone, and have nothing to do with each other."""

import itertools
import math
import threading
from pathlib import Path

import numpy as np
import pytest
from test_probes import ROUNDING, assert_equal, plain_run

from course import data, probes
from course.activations import ACTIVATIONS
from course.initializers import SCHEMES, Scheme
from course.probes import many

ROOT = Path(__file__).parent.parent
WIDTH = 32
SMALL = {"depth": 6, "width": WIDTH, "activation": "tanh", "scheme": "glorot_uniform"}
TRUNCATED = Scheme("own", "Cut at two", 1.0, "fan_in", "truncated_normal", "a reader")


def written_out(seed: int, network: int, **settings) -> probes.Network:
    drawn = many.one_of_many(seed, network, **settings)
    return probes.Network(
        list(drawn.weights), list(drawn.biases), data.standardized_digits(128, settings["width"]), drawn.directions
    )


def assert_equals_a_plain_loop(stats: probes.LayerStats, network: int, seed: int, **settings) -> None:
    one = probes.LayerStats(*(values[network] for values in stats))
    assert_equal(one, plain_run(written_out(seed, network, **settings), settings["activation"]), WIDTH)


def pairs(rows: np.ndarray) -> np.ndarray:
    """The correlation of every two rows."""
    return np.corrcoef(rows)[np.triu_indices(len(rows), 1)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_network_equals_a_plain_numpy_loop_over_its_own_weights(activation):
    settings = {**SMALL, "activation": activation, "bias_variance": 0.05, "gain": 1.3}
    stats = many.measure_many(3, networks=37, **settings)  # two threads, one of which has one more
    for network in (0, 1, 15, 16, 18, 19, 36):
        assert_equals_a_plain_loop(stats, network, 3, **settings)


@pytest.mark.parametrize("scheme", [*SCHEMES.values(), TRUNCATED], ids=lambda scheme: scheme.name)
def test_every_scheme_equals_a_plain_numpy_loop(scheme):
    settings = {**SMALL, "depth": 2, "scheme": scheme}
    stats = many.measure_many(5, networks=3, **settings)
    for network in range(3):
        assert_equals_a_plain_loop(stats, network, 5, **settings)


def test_every_field_has_a_row_for_each_network_and_a_column_for_each_layer():
    for networks, depth in itertools.product((1, 2, 33), (1, 100)):
        stats = many.measure_many(0, networks=networks, **{**SMALL, "depth": depth})
        assert {values.shape for values in stats} == {(networks, depth)}
        assert {values.dtype for values in stats} == {np.dtype(float)}


@pytest.mark.parametrize("scheme", ["he_normal", "he_uniform", "orthogonal"])
def test_the_first_network_is_the_one_that_measure_runs(scheme):
    settings = {**SMALL, "scheme": scheme, "bias_variance": 0.1}
    for found, expected in zip(
        many.measure_many(7, networks=3, **settings), probes.measure(7, **settings), strict=True
    ):
        np.testing.assert_allclose(found[0], expected, rtol=ROUNDING, atol=1e-6)


def test_a_seed_decides_everything_and_another_seed_gives_other_networks():
    first, again, other = (many.measure_many(seed, networks=5, **SMALL).activation_rms for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, other).any()


def test_a_network_does_not_depend_on_how_many_there_are():
    few, more = (many.measure_many(1, networks=networks, **SMALL).activation_rms for networks in (3, 40))
    np.testing.assert_allclose(few, more[:3], rtol=ROUNDING)


@pytest.mark.parametrize("scheme", [*SCHEMES.values(), TRUNCATED], ids=lambda scheme: scheme.name)
def test_a_deeper_network_begins_with_the_same_layers(scheme):
    shallow, deep = (many.one_of_many(1, 4, **{**SMALL, "scheme": scheme, "depth": depth}) for depth in (3, 6))
    np.testing.assert_array_equal(shallow.weights, deep.weights[:3])
    np.testing.assert_array_equal(shallow.biases, deep.biases[:3])
    np.testing.assert_array_equal(shallow.directions, deep.directions)


@pytest.mark.parametrize("scheme", ["lecun_normal", "lecun_uniform", "orthogonal", TRUNCATED])
def test_no_two_networks_have_anything_in_common(scheme):
    drawn = [many.one_of_many(0, network, **{**SMALL, "scheme": scheme, "bias_variance": 1.0}) for network in range(20)]
    for part in ("weights", "biases", "directions"):
        rows = np.stack([getattr(one, part).ravel() for one in drawn])
        assert len(np.unique(rows, axis=0)) == len(rows)
        # Of independent numbers the correlation has standard error 1/√n; of 190 pairs none strays five of them.
        assert np.abs(pairs(rows)).max() < 5 / math.sqrt(rows.shape[1])
        # Not even shifted: no two neighbouring numbers come again, neither here nor in another network.
        neighbours = rows[:, :-1] + 1j * rows[:, 1:]
        assert len(np.unique(neighbours)) == neighbours.size


@pytest.mark.parametrize("scheme", ["lecun_normal", "lecun_uniform", "orthogonal", TRUNCATED])
def test_drawn_weights_have_the_mean_and_the_variance_of_their_scheme(scheme):
    weights = many.one_of_many(0, 1, **{**SMALL, "scheme": scheme, "depth": 50}).weights.astype(float)
    assert abs(weights.mean()) < 5 / math.sqrt(WIDTH * weights.size)
    # The fourth moment of none of these is above a normal variable's: the variance's relative error is at most √(2/n).
    assert abs(WIDTH * weights.var() - 1) < 5 * math.sqrt(2 / weights.size)


def test_drawn_uniform_weights_fill_their_interval_and_no_more():
    weights = many.one_of_many(0, 1, **{**SMALL, "depth": 50}).weights
    bound = math.sqrt(3 / WIDTH)
    # P(no number of n in the outermost 20/n of the interval) = exp(-20)
    gap = 2 * bound * 20 / weights.size
    assert bound - gap < weights.max() <= bound * (1 + 1e-6)
    assert bound - gap < -weights.min() <= bound * (1 + 1e-6)


def test_orthogonal_weights_are_orthogonal_in_every_network():
    stats = many.measure_many(0, networks=5, depth=50, width=WIDTH, activation="linear", scheme="orthogonal")
    np.testing.assert_allclose(stats.activation_rms, 1, rtol=ROUNDING)


@pytest.mark.parametrize("scheme", ["he_normal", "he_uniform"])
def test_many_networks_have_the_statistics_of_as_many_single_ones(scheme):
    settings = {**SMALL, "activation": "relu", "scheme": scheme, "bias_variance": 0.01}
    together = many.measure_many(0, networks=100, **settings)
    alone = [probes.measure(seed, **settings) for seed in range(1000, 1100)]
    for name in ("preactivation_variance", "activation_rms", "preactivation_gradient_variance"):
        one = np.log(getattr(together, name))
        other = np.log([getattr(stats, name) for stats in alone])
        error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / 100)
        assert np.all(np.abs(one.mean(axis=0) - other.mean(axis=0)) < 5 * error), name


def test_overflow_is_infinite_and_never_no_number():
    stats = many.measure_many(0, networks=3, depth=60, width=100, activation="linear", scheme="normal_1")
    # Each layer multiplies by √100 = 10, and float32 ends at 3.4e38.
    assert np.isinf(stats.activation_rms[:, 38:]).all()
    assert np.isfinite(stats.activation_rms[:, :36]).all()
    assert not any(np.isnan(values).any() for values in stats)


def test_calls_from_two_threads_do_not_disturb_each_other():
    expected = {seed: many.measure_many(seed, networks=20, **SMALL).activation_rms for seed in range(2)}
    found = {seed: [] for seed in expected}

    def work(seed):
        for _ in range(5):
            found[seed].append(many.measure_many(seed, networks=20, **SMALL).activation_rms)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, answers in found.items():
        assert len(answers) == 5
        for answer in answers:
            np.testing.assert_array_equal(answer, expected[seed])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("networks", 0),
        ("networks", 1001),
        ("networks", 2.5),
        ("networks", True),
        ("depth", 101),
        ("width", -3),
        ("batch", 0),
        ("activation", "swish9"),
        ("scheme", "xavier2"),
        ("gain", math.nan),
        ("bias_variance", -0.1),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_what_is_allowed(name, value):
    with pytest.raises(ValueError, match=name) as caught:
        many.measure_many(0, **{"networks": 2, **SMALL, name: value})
    assert repr(value) in str(caught.value)


def test_a_width_that_makes_no_sense_is_named():
    with pytest.raises(ValueError, match=r"width.*not 0"):
        many.affordable_networks(0)


def test_a_network_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="network must be a whole number from 0 to 999, not -1"):
        many.one_of_many(0, -1, **SMALL)


def test_a_hundred_networks_are_affordable_up_to_width_128_and_never_fewer_than_ten():
    found = [many.affordable_networks(width) for width in probes.WIDTHS]
    assert found[:3] == [100, 100, 100]
    assert found == sorted(found, reverse=True)
    assert min(found) >= 10
