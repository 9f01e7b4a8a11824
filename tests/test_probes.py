"""The compiled run tells the truth about the very network that was drawn."""

import itertools
import math
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course import initializers, networks, probes, theory
from course.activations import ACTIVATIONS, SATURATION, leaky_relu
from course.distributions import DISTRIBUTIONS
from course.probes import draws, engine, programs

SMALL = {"depth": 6, "width": 32, "activation": "tanh", "scheme": "glorot_uniform"}
ROUNDING = 1e-4
"""Float32 rounds by 6e-8; six layers of sums of 32 products each, squared, stay well below this relative error."""


def plain_run(network: probes.Network, activation: str) -> dict[str, np.ndarray]:
    """The same statistics from a plain loop in NumPy and float64, an implementation that shares nothing."""
    row = ACTIVATIONS[activation]
    signal, layers = np.asarray(network.inputs, float), []
    for weights, biases in zip(network.weights, network.biases, strict=True):
        z = signal @ np.asarray(weights, float) + np.asarray(biases, float)
        layers.append((signal, z, row.array_function(z), row.array_slope(z)))
        signal = layers[-1][2]
    gradient, back = np.asarray(network.directions, float), []
    for index in reversed(range(len(layers))):
        inputs, *_ = layers[index]
        back.append((gradient.var(), (inputs.T @ gradient).var(), gradient, inputs.T @ gradient))
        if index:
            gradient = gradient @ np.asarray(network.weights[index], float).T * layers[index - 1][3]
    back.reverse()
    flat = [np.abs(slope) < SATURATION * row.peak_slope for *_, slope in layers]
    return {
        "preactivation_variance": np.array([z.var() for _, z, *_ in layers]),
        "activation_mean": np.array([h.mean() for *_, h, _ in layers]),
        "activation_rms": np.array([math.sqrt(np.mean(h**2)) for *_, h, _ in layers]),
        "saturated_share": np.array([part.mean() for part in flat]),
        "dead_share": np.array([part.all(axis=0).mean() for part in flat]),
        "preactivation_gradient_variance": np.array([row[0] for row in back]),
        "weight_gradient_variance": np.array([row[1] for row in back]),
        "activations": [h for *_, h, _ in layers],
        "preactivation_gradients": [row[2] for row in back],
        "weight_gradients": [row[3] for row in back],
    }


def assert_equal(stats: probes.LayerStats, expected: dict[str, np.ndarray], width: int) -> None:
    """The statistics of a run are those of a plain loop."""
    # A slope within rounding of the threshold may fall on either side of it: one of width × 128 slopes.
    slack = {"saturated_share": 2 / (width * 128), "dead_share": 1 / width}
    for name, values in stats._asdict().items():
        atol = slack.get(name, 1e-6)
        np.testing.assert_allclose(values, expected[name], rtol=ROUNDING, atol=atol, err_msg=name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_statistics_equal_those_of_a_plain_numpy_loop(activation):
    settings = {**SMALL, "activation": activation, "bias_variance": 0.05, "gain": 1.3}
    assert_equal(probes.measure(3, **settings), plain_run(probes.network(3, **settings), activation), 32)


@pytest.mark.parametrize("width", [1, 16, 100, 128, 129, 300, 512, 600])
def test_statistics_equal_those_of_a_plain_numpy_loop_at_every_width(width):
    settings = {**SMALL, "depth": 3, "width": width, "activation": "sigmoid", "bias_variance": 0.05}
    assert_equal(probes.measure(3, **settings), plain_run(probes.network(3, **settings), "sigmoid"), width)


def test_one_program_serves_every_width_of_the_menus_and_every_depth():
    sizes = {programs.size_for(width, 128, depth) for width in (1, 100, *probes.WIDTHS) for depth in (1, 100)}
    assert len(sizes) == 1


@pytest.mark.parametrize("batch", [1, 100, 200])
def test_statistics_equal_those_of_a_plain_numpy_loop_for_any_batch(batch):
    settings = {**SMALL, "depth": 3, "batch": batch}
    expected = plain_run(probes.network(3, **settings), "tanh")
    stats = probes.measure(3, **settings)
    for name in ("preactivation_variance", "activation_rms", "weight_gradient_variance"):
        np.testing.assert_allclose(getattr(stats, name), expected[name], rtol=ROUNDING, err_msg=name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_equal_those_of_jax_grad_through_a_plain_python_loop(activation):
    settings = {**SMALL, "activation": activation, "bias_variance": 0.05}
    network = probes.network(5, **settings)
    nudges = [jnp.zeros((128, 32)) for _ in network.weights]

    def cost(weights, nudges):
        signal = network.inputs
        for layer_weights, bias, nudge in zip(weights, network.biases, nudges, strict=True):
            preactivations = signal @ layer_weights + bias + nudge
            signal = ACTIVATIONS[activation].function(preactivations)
        return jnp.sum(network.directions * preactivations)

    weights = [jnp.asarray(layer) for layer in network.weights]
    weight_gradients, gradients = jax.grad(cost, (0, 1))(weights, nudges)
    stats = probes.measure(5, **settings)
    expected = [float(jnp.var(layer)) for layer in gradients]
    np.testing.assert_allclose(stats.preactivation_gradient_variance, expected, rtol=ROUNDING)
    expected = [float(jnp.var(layer)) for layer in weight_gradients]
    np.testing.assert_allclose(stats.weight_gradient_variance, expected, rtol=ROUNDING)


def test_forward_of_networks_gives_the_same_layers_as_the_probe():
    network = probes.network(1, **SMALL)
    layers = networks.forward(network.weights, network.biases, network.inputs, "tanh")
    rms = [float(jnp.sqrt(jnp.mean(layer.activations**2))) for layer in layers]
    np.testing.assert_allclose(probes.measure(1, **SMALL).activation_rms, rms, rtol=ROUNDING)


def test_orthogonal_weights_keep_every_layer_of_a_linear_network_exactly():
    stats = probes.measure(0, depth=100, width=64, activation="linear", scheme="orthogonal")
    np.testing.assert_allclose(stats.activation_rms, 1, rtol=ROUNDING)


@pytest.mark.parametrize("width", [50, 100, 128, 300])
@pytest.mark.parametrize("name", ["activations", "preactivation_gradients", "weight_gradients"])
def test_histograms_count_the_first_examples_exactly(name, width):
    settings = {**SMALL, "width": width, "depth": 3}
    low, high = getattr(probes.LIMITS, name)
    shares = getattr(probes.observe(4, **settings).histograms, name)
    rows = plain_run(probes.network(4, **settings), "tanh")[name]
    counted = math.ceil(engine.COUNTED / width)
    for layer, values in enumerate(rows):
        clipped = np.clip(values[:counted], low, high)
        expected, _ = np.histogram(clipped, engine.BINS, (low, high))
        # Rounding can move a value that lies on an edge into the next bin: at most a few of 8,192.
        assert np.abs(shares[layer] * clipped.size - expected).sum() <= 8
        assert shares[layer].sum() == pytest.approx(1)


def test_a_histogram_row_without_any_number_is_empty():
    stats, histograms = probes.observe(0, depth=60, width=128, activation="linear", scheme="normal_1")
    assert np.isinf(stats.activation_rms[-1])
    assert histograms.activations[-1].sum() == 0


def test_a_histogram_that_is_not_asked_for_is_not_counted():
    limits = probes.Limits((-1, 1), None, None)
    asked, *others = probes.observe(0, limits=limits, **SMALL).histograms
    np.testing.assert_allclose(asked.sum(axis=1), 1)
    assert not np.any(others)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("shape", [(32, 32), (200, 200), (3, 3, 5, 5)])
def test_drawn_noise_is_that_of_jax_for_the_same_key(distribution, shape):
    seed, layer = 4_000_000_000, 7
    expected = initializers.noise(engine.layer_key(np.uint32(seed), layer), distribution, shape)
    (_, drawn) = draws.layer_noise(seed, [1, layer], distribution, shape)
    # Normal and uniform numbers are the same bits; the others are divided or decomposed by other routines.
    same_bits = distribution in ("normal", "uniform", "constant")
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=0 if same_bits else 1e-4)
    assert drawn.dtype == np.float32


def test_what_is_no_weight_is_what_jax_draws_for_the_three_keys_of_layer_0():
    keys = jax.random.split(engine.layer_key(np.uint32(3), 0), 3)
    for key, what in zip(keys, draws.BESIDE_WEIGHTS, strict=True):
        drawn = draws.beside_weights(3, what, (128, 200))
        np.testing.assert_array_equal(drawn, jax.random.normal(key, (128, 200)))
        assert not drawn.flags.writeable  # it is kept for the next run


def test_the_weights_of_a_run_are_those_that_draw_gives_for_the_same_key():
    network = probes.network(7, **SMALL)
    for layer in (1, 4):
        drawn = initializers.draw(engine.layer_key(7, layer), "glorot_uniform", (32, 32))
        np.testing.assert_allclose(network.weights[layer - 1], drawn, rtol=1e-6)


def test_a_deeper_network_begins_with_the_layers_of_a_shallower_one():
    shallow = probes.measure(0, **{**SMALL, "depth": 10})
    deep = probes.measure(0, **{**SMALL, "depth": 100})
    np.testing.assert_array_equal(shallow.activation_rms, deep.activation_rms[:10])


def test_a_seed_gives_the_same_numbers_again_and_another_seed_others():
    first, other, again = (probes.measure(seed, **SMALL).activation_rms for seed in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


def test_no_two_layers_have_the_same_weights():
    weights = probes.network(0, **SMALL).weights
    for one, other in itertools.combinations(weights, 2):
        assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("activation", "scheme", "factor"),
    [("linear", "lecun_normal", 1.0), ("relu", "he_normal", 1.0), ("relu", "lecun_uniform", 0.5)],
)
def test_the_mean_over_draws_is_what_theory_says_at_any_width(activation, scheme, factor):
    # For these activations E[h²] is exact at finite width, so only the draws' scatter is left: five standard errors.
    runs = [
        probes.measure(seed, depth=8, width=64, activation=activation, scheme=scheme, inputs="gaussian")
        for seed in range(100)
    ]
    moments = np.array([run.activation_rms**2 for run in runs])
    expected = theory.activation_second_moments(activation, 8, 2.0 if scheme == "he_normal" else 1.0)
    errors = moments.std(axis=0, ddof=1) / math.sqrt(len(moments))
    assert np.all(np.abs(moments.mean(axis=0) - expected) < 5 * errors)
    np.testing.assert_allclose(expected[1:] / expected[:-1], factor)


def test_gaussian_inputs_have_mean_0_and_variance_1():
    inputs = np.asarray(probes.network(0, **{**SMALL, "inputs": "gaussian"}).inputs)
    assert abs(inputs.mean()) < 5 / math.sqrt(inputs.size)
    assert abs(inputs.var() - 1) < 5 * math.sqrt(2 / inputs.size)


def test_overflow_and_underflow_are_results_with_a_layer():
    exploding = probes.measure(0, depth=60, width=100, activation="linear", scheme="normal_1")
    assert np.flatnonzero(np.isinf(exploding.activation_rms))[0] + 1 == 38
    vanishing = probes.measure(0, depth=60, width=100, activation="linear", scheme="normal_0.01")
    first_zero = np.flatnonzero(vanishing.activation_rms == 0)[0] + 1
    # 1e-38 is the smallest normal float32, 1e-45 the smallest of all; each layer multiplies by 0.1.
    assert 38 <= first_zero <= 46
    for stats in (exploding, vanishing):
        assert not any(np.isnan(values).any() for values in stats)


def test_weights_of_zero_carry_nothing_and_yield_no_nan():
    stats = probes.measure(0, **{**SMALL, "scheme": "zeros"})
    assert not stats.activation_rms.any()
    assert not stats.preactivation_gradient_variance[:-1].any()
    assert not any(np.isnan(values).any() for values in stats)


def test_extreme_gains_do_not_spoil_the_statistics():
    # Squares of 1e-30 or 1e30 lie outside float32; the statistics are taken in units that avoid them.
    plain = probes.measure(0, **{**SMALL, "depth": 1, "activation": "linear"}).activation_rms[0]
    for gain in (1e-30, 1e30):
        scaled = probes.measure(0, **{**SMALL, "depth": 1, "activation": "linear", "gain": gain}).activation_rms[0]
        assert scaled == pytest.approx(gain * plain, rel=ROUNDING)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", 0),
        ("depth", 101),
        ("depth", 2.5),
        ("depth", True),
        ("width", -3),
        ("width", 100_000),
        ("batch", 0),
        ("batch", 1798),
        ("activation", "swish9"),
        ("scheme", "xavier2"),
        ("gain", math.nan),
        ("gain", -1.0),
        ("gain", math.inf),
        ("bias_variance", -0.1),
        ("inputs", "cats"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_what_is_allowed(name, value):
    with pytest.raises(ValueError, match=name) as caught:
        probes.measure(0, **{**SMALL, name: value})
    assert repr(value) in str(caught.value)


def test_an_activation_that_is_no_row_of_the_table_is_refused_and_not_replaced_by_its_namesake():
    with pytest.raises(ValueError, match="activation must be one of"):
        probes.measure(0, **{**SMALL, "activation": leaky_relu(0.1)})


@pytest.mark.parametrize("seed", [-1, 2**32, "0", None])
def test_a_seed_outside_its_range_is_named(seed):
    with pytest.raises(ValueError, match="seed"):
        probes.measure(seed, **SMALL)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_a_tapered_network_equals_a_plain_numpy_loop(activation):
    widths = [100, 80, 60, 20, 40]
    stats = probes.measure_tapered(3, widths=widths, activation=activation, scheme="glorot_normal")
    square = probes.network(3, depth=4, width=128, activation="tanh", scheme="lecun_normal")
    weights = [
        layer[:fan_in, :fan_out] * math.sqrt(128 * 2 / (fan_in + fan_out))
        for layer, (fan_in, fan_out) in zip(square.weights, itertools.pairwise(widths), strict=True)
    ]
    inputs = probes.network(3, depth=1, width=100, activation="tanh", scheme="zeros").inputs
    network = probes.Network(weights, [np.zeros(width) for width in widths[1:]], inputs, square.directions[:, :40])
    assert_equal(stats, plain_run(network, activation), 20)


@pytest.mark.parametrize(("name", "value"), [("scheme", "orthogonal"), ("widths", [10, 200]), ("widths", [10, 0])])
def test_a_tapered_network_that_cannot_be_run_is_refused(name, value):
    settings = {"widths": [10, 5], "activation": "tanh", "scheme": "glorot_normal", name: value}
    with pytest.raises(ValueError, match=name):
        probes.measure_tapered(0, **settings)


def test_runs_from_two_threads_do_not_disturb_each_other():
    expected = {seed: probes.measure(seed, **SMALL).activation_rms for seed in range(2)}
    found = {seed: [] for seed in expected}

    def work(seed):
        for _ in range(20):
            found[seed].append(probes.measure(seed, **SMALL).activation_rms)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, rows in found.items():
        assert len(rows) == 20
        for row in rows:
            np.testing.assert_array_equal(row, expected[seed])


def test_drawn_weights_are_kept_only_up_to_their_bound():
    for seed in range(30):
        probes.measure(seed, depth=1, width=256, activation="tanh", scheme="lecun_normal")
    assert sum(weights.bytes for weights in programs._kept.values()) <= programs.KEPT_BYTES
