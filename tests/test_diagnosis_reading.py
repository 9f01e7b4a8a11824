"""What is read off lists and JAX functions, against plain loops and JAX's own gradients."""

import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.activations import ACTIVATIONS
from course.diagnosis import read
from course.diagnosis.jaxprs import listed
from course.diagnosis.reading import LayerReading, NetworkReading

RANDOM = np.random.default_rng(5)
BATCH = RANDOM.standard_normal((24, 6)).astype(np.float32)
IMAGES = RANDOM.standard_normal((6, 8, 8, 3)).astype(np.float32)
NAMES = (*(name for name in ACTIVATIONS if name != "linear"), None)
"""The activation functions of a network that has each once, and none behind the last layer."""
SIZES = (6, *itertools.islice(itertools.cycle((9, 7, 8, 10)), len(NAMES) - 1), 4)


def normal(*shape: int) -> np.ndarray:
    """Weights of variance 1/fan_in."""
    return (RANDOM.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def drawn(sizes=SIZES) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(normal(n, m), normal(m)) for n, m in itertools.pairwise(sizes)]


def plain(parameters, x, names=NAMES, nudges=None):
    """A plain loop: the outputs, and (inputs, z, h) of every layer; nudges are added to z."""
    layers = []
    for place, ((w, b), name) in enumerate(zip(parameters, names, strict=True)):
        z = x @ w + b + (0.0 if nudges is None else nudges[place])
        h = z if name is None else ACTIVATIONS[name].function(z)
        layers.append((x, z, h))
        x = h
    return x, layers


def outputs(parameters, x, names=NAMES):
    return plain(parameters, x, names)[0]


def gradients_of(forward, parameters, nudges, directions):
    """Those of C = Σ v · forward(parameters, nudges), by JAX's own hand."""
    return jax.grad(lambda *both: jnp.sum(directions * forward(*both)), argnums=(0, 1))(parameters, nudges)


def directions_of(shape, seed: int, kind=np.float32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, kind)


def assert_close(measured, expected) -> None:
    """Float32 sums of at most a few hundred terms: within 1e-5 of the largest."""
    expected = np.asarray(expected, float)
    assert np.shape(measured) == expected.shape
    np.testing.assert_allclose(measured, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def activations_of(reading: NetworkReading) -> list[str | None]:
    return [layer.definition.activation for layer in reading.layers]


def only(reading: NetworkReading) -> LayerReading:
    (layer,) = reading.layers
    return layer


def test_a_list_is_read_as_a_plain_loop_runs_it():
    parameters = drawn()
    rows = [(*layer, name) for layer, name in zip(parameters, NAMES, strict=True)]
    assert_read_as_plain(read(rows, BATCH, seed=3), parameters, directions_of((len(BATCH), 4), 3, float))


def test_a_function_is_read_as_a_plain_loop_runs_it():
    parameters = drawn()
    reading = read((outputs, parameters), BATCH, seed=3)
    assert reading.framework == "JAX"
    assert_read_as_plain(reading, parameters, directions_of((len(BATCH), 4), 3))


def assert_read_as_plain(reading: NetworkReading, parameters, v: np.ndarray) -> None:
    answered, layers = plain(parameters, BATCH)
    nudges = [jnp.zeros_like(z) for _x, z, _h in layers]
    of_parameters, of_z = gradients_of(lambda p, n: plain(p, BATCH, nudges=n)[0], parameters, nudges, v)
    assert activations_of(reading) == list(NAMES)
    assert_close(reading.outputs, answered)
    for layer, (w, b), (x, z, h), (of_w, _of_b), of_one in zip(
        reading.layers, parameters, layers, of_parameters, of_z, strict=True
    ):
        assert np.array_equal(layer.definition.weights, w)
        assert np.array_equal(layer.definition.biases, b)
        assert_close(layer.signals.inputs, x)
        assert_close(layer.signals.preactivations, z)
        assert_close(z if layer.signals.activations is None else layer.signals.activations, h)
        assert_close(layer.signals.preactivation_gradients, of_one)
        assert_close(layer.signals.weight_gradients, of_w)
        assert (
            layer.definition.dtype,
            layer.definition.normalized,
            layer.definition.trainable,
            layer.definition.shared_with,
        ) == ("float32", False, True, None)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4], ids=["zeros", "sound", "overflowing"])
def test_activations_are_recognized_whatever_the_weights_and_the_precision(dtype, scale):
    parameters = jax.tree.map(lambda one: jnp.asarray(scale * one, dtype), drawn())

    def network(parameters, batch):
        return outputs(parameters, batch.astype(dtype))

    reading = read((network, parameters), BATCH)
    assert activations_of(reading) == list(NAMES)
    assert {layer.definition.dtype for layer in reading.layers} == {dtype}


def test_an_overflow_is_read_as_infinity():
    parameters = [(jnp.full((6, 5), 6e4, jnp.float16), jnp.zeros(5, jnp.float16))]
    function = read((lambda p, x: x.astype(jnp.float16) @ p[0][0] + p[0][1], parameters), np.ones((2, 6), np.float32))
    array = [(np.full((6, 5), 6e4, np.float16), None)]
    assert np.isinf(only(function).signals.preactivations).all()
    assert np.isinf(only(read(array, np.ones((2, 6)))).signals.preactivations).all()


@pytest.mark.parametrize("activation", [jax.nn.gelu, partial(jax.nn.gelu, approximate=False)], ids=["tanh", "erf"])
def test_both_ways_to_compute_gelu_are_gelu(activation):
    reading = read((lambda p, x: activation(x @ p["in"]) @ p["out"], {"in": normal(6, 9), "out": normal(9, 2)}), BATCH)
    assert activations_of(reading) == ["gelu", None]


def test_a_leaky_relu_of_any_slope_is_one():
    network = (lambda p, x: jax.nn.leaky_relu(x @ p[0], 0.3) @ p[1], [normal(6, 9), normal(9, 2)])
    assert activations_of(read(network, BATCH)) == ["leaky_relu", None]


def test_a_function_that_is_in_no_table_has_values_but_no_name():
    reading = read((lambda p, x: jnp.cos(3 * (x @ p[0])) @ p[1], [normal(6, 9), normal(9, 2)]), BATCH)
    assert activations_of(reading) == [None, None]


def test_layers_come_in_the_order_in_which_they_run_and_bear_their_places():
    parameters = {"z_first": {"kernel": normal(6, 5)}, "a_last": [normal(5, 5), normal(5, 2)]}

    def network(parameters, x):
        x = jax.nn.relu(x @ parameters["z_first"]["kernel"])
        return jax.nn.relu(x @ parameters["a_last"][0]) @ parameters["a_last"][1]

    names = [layer.definition.name for layer in read((network, parameters), BATCH).layers]
    assert names == ["z_first.kernel", "a_last.0", "a_last.1"]


def test_ten_layers_are_not_sorted_as_text():
    reading = read((partial(outputs, names=("tanh",) * 12), drawn((6, *[5] * 11, 2))), BATCH)
    assert [layer.definition.name for layer in reading.layers] == [f"{place}.0" for place in range(12)]


def norm(z: jax.Array, axis: int) -> jax.Array:
    return (z - z.mean(axis, keepdims=True)) / jnp.sqrt(z.var(axis, keepdims=True) + 1e-5)


@pytest.mark.parametrize("axis", [0, 1], ids=["batch", "layer"])
def test_behind_a_normalization_z_is_what_the_nonlinearity_receives(axis: int):
    parameters = {"w": normal(6, 9), "scale": np.full(9, 1.5, np.float32), "shift": normal(9), "out": normal(9, 2)}

    def normed(p, x):
        return p["scale"] * norm(x @ p["w"], axis) + p["shift"]

    first, last = read((lambda p, x: jax.nn.relu(normed(p, x)) @ p["out"], parameters), BATCH).layers
    assert (first.definition.normalized, last.definition.normalized) == (True, False)
    assert first.definition.activation == "relu"
    assert first.definition.biases is None
    assert_close(first.signals.preactivations, normed(parameters, BATCH))


def test_a_residual_block_keeps_its_two_layers_apart_from_the_skip():
    p = {"in": normal(6, 8), "one": normal(8, 8), "two": normal(8, 8), "out": normal(8, 3)}

    def network(p, x):
        x = x @ p["in"]
        x = x + jax.nn.relu(x @ p["one"]) @ p["two"]
        return x @ p["out"]

    start, one, two, out = read((network, p), BATCH).layers
    x = BATCH @ p["in"]
    branch = np.maximum(x @ p["one"], 0)
    assert [layer.definition.activation for layer in (start, one, two, out)] == [None, "relu", None, None]
    assert_close(one.signals.inputs, x)
    assert_close(two.signals.preactivations, branch @ p["two"])
    assert_close(out.signals.inputs, x + branch @ p["two"])


def test_what_is_added_to_a_skip_has_no_nonlinearity_of_its_own():
    p = {"in": normal(6, 8), "blocks": [(normal(8, 8), normal(8, 8)) for _ in range(3)], "out": normal(8, 3)}

    def network(p, x):
        x = x @ p["in"]
        for one, two in p["blocks"]:
            x = x + jax.nn.relu(jax.nn.relu(norm(x, 1)) @ one) @ two
        return jax.nn.relu(x) @ p["out"]

    layers = read((network, p), BATCH).layers
    assert [layer.definition.activation for layer in layers] == ["relu", *["relu", None] * 3, None]
    assert [layer.definition.normalized for layer in layers] == [True] + [False] * 7


def test_a_normalization_before_a_skip_is_seen_without_a_nonlinearity():
    p = {"in": normal(6, 8), "one": normal(8, 8), "two": normal(8, 8), "out": normal(8, 3)}

    def network(p, x):
        x = x @ p["in"]
        x = jax.nn.relu(x + norm(jax.nn.relu(norm(x @ p["one"], 0)) @ p["two"], 0))
        return jax.nn.log_softmax(x @ p["out"])

    start, one, two, out = read((network, p), BATCH).layers
    assert [layer.definition.activation for layer in (start, one, two, out)] == [None, "relu", None, None]
    assert [layer.definition.normalized for layer in (start, one, two, out)] == [False, True, True, False]
    assert_close(two.signals.preactivations, norm(one.signals.activations @ p["two"], 0))


def convolved(w, x):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_a_convolution_is_read_with_its_places():
    p = {"kernel": normal(3, 3, 3, 5), "bias": normal(5), "out": normal(5, 2)}

    def z_of(p, nudge):
        return convolved(p["kernel"], IMAGES) + p["bias"] + nudge

    def network(p, x):
        return jax.nn.relu(convolved(p["kernel"], x) + p["bias"]).mean((1, 2)) @ p["out"]

    def nudged(p, nudge):
        return jax.nn.relu(z_of(p, nudge)).mean((1, 2)) @ p["out"]

    layer, _out = read((network, p), IMAGES, seed=1).layers
    z = z_of(p, 0.0)
    of_p, of_z = gradients_of(nudged, p, jnp.zeros_like(z), directions_of((len(IMAGES), 2), 1))
    assert np.array_equal(layer.definition.weights, p["kernel"])
    assert np.array_equal(layer.definition.biases, p["bias"])
    assert layer.definition.activation == "relu"
    assert_close(layer.signals.inputs, IMAGES)
    assert_close(layer.signals.preactivations, z)
    assert_close(layer.signals.preactivation_gradients, of_z)
    assert_close(layer.signals.weight_gradients, of_p["kernel"])


def test_a_convolution_with_channels_first_is_turned():
    kernel, order = normal(3, 3, 3, 5), ("NCHW", "OIHW", "NCHW")

    def network(p, x):
        return jax.nn.tanh(jax.lax.conv_general_dilated(x, p, (1, 1), "SAME", dimension_numbers=order))

    turned = only(read((network, kernel.transpose(3, 2, 0, 1)), IMAGES.transpose(0, 3, 1, 2)))
    assert np.array_equal(turned.definition.weights, kernel)
    assert turned.definition.activation == "tanh"
    assert_close(turned.signals.preactivations, convolved(kernel, IMAGES))


def test_a_scan_over_stacked_weights_is_a_layer_an_iteration():
    p = {"in": normal(6, 8), "stack": np.stack([normal(8, 8) for _ in range(5)]), "out": normal(8, 3)}

    def scanned(p, x):
        x, _ = jax.lax.scan(lambda x, w: (jax.nn.relu(x @ w), None), jax.nn.relu(x @ p["in"]), p["stack"])
        return x @ p["out"]

    reading = read((scanned, p), BATCH, seed=2)
    names = ["relu"] * 6 + [None]

    def looped(ws, x):
        return outputs([(w, 0.0) for w in ws], x, names)

    loop = read((looped, [p["in"], *p["stack"], p["out"]]), BATCH, seed=2)
    assert [layer.definition.name for layer in reading.layers] == [
        "in",
        *[f"stack[{turn}]" for turn in range(5)],
        "out",
    ]
    assert activations_of(reading) == names
    for layer, expected in zip(reading.layers, loop.layers, strict=True):
        assert np.array_equal(layer.definition.weights, expected.definition.weights)
        assert_close(layer.signals.preactivation_gradients, expected.signals.preactivation_gradients)


def recurrent(p, x, reverse=False):
    def turn(state, word):
        state = jnp.tanh(word @ p["in"] + state @ p["state"] + p["bias"])
        return state, 2 * state

    last, states = jax.lax.scan(turn, jnp.zeros((x.shape[0], 8)), x.swapaxes(0, 1), reverse=reverse)
    return (last + states[3] + states[-2]) @ p["out"]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_long_recurrence_is_read_in_as_many_steps_as_a_short_one_and_whole(reverse):
    p = {"in": normal(6, 8), "state": normal(8, 8), "bias": normal(8), "out": normal(8, 3)}
    network = partial(recurrent, reverse=reverse)
    short, long = (RANDOM.standard_normal((4, length, 6)).astype(np.float32) for length in (8, 80))
    assert len(listed(network, p, short).operations) == len(listed(network, p, long).operations)
    reading = read((network, p), long, seed=1)
    assert [layer.definition.name for layer in reading.layers] == ["in", "state", "out"]
    assert [layer.definition.kind for layer in reading.layers] == ["recurrent", "recurrent", "dense"]
    assert_close(reading.outputs, network(p, long))
    of_p = jax.grad(lambda p: jnp.sum(directions_of((4, 3), 1) * network(p, long)))(p)
    for layer, name in zip(reading.layers, ("in", "state", "out"), strict=True):
        assert_close(layer.signals.weight_gradients, of_p[name])


def test_iterations_that_only_the_state_goes_through_are_a_chain_of_layers():
    p = {"in": normal(6, 8), "tied": normal(8, 8), "out": normal(8, 3)}

    def network(p, x):
        x, _ = jax.lax.scan(lambda x, _: (jnp.tanh(x @ p["tied"]), None), x @ p["in"], None, length=5)
        return x @ p["out"]

    layers = read((network, p), BATCH).layers
    assert [layer.place.follows for layer in layers] == [None, 0, 1, 2, 3, 4, 5]


def test_weights_that_are_made_complex_are_measured_and_not_judged():
    p = {"real": normal(6, 8), "imaginary": normal(6, 8), "out": normal(8, 2)}
    reading = read((lambda p, x: (x @ (p["real"] + 1j * p["imaginary"])).real @ p["out"], p), BATCH)
    assert [layer.definition.name for layer in reading.layers] == ["out"]
    assert [one.use for one in reading.parameters] == ["", "weights", ""]
    assert all(one.gradient > 0 for one in reading.parameters if one.name != "imaginary")


def test_shared_weights_are_two_layers_and_the_second_says_with_whom():
    p = {"tied": normal(6, 6), "out": normal(6, 2)}
    network = (lambda p, x: jax.nn.tanh(jax.nn.tanh(x @ p["tied"]) @ p["tied"]) @ p["out"], p)
    assert [layer.definition.shared_with for layer in read(network, BATCH).layers] == [None, "tied", None]


@pytest.mark.parametrize("wrap", [jax.jit, jax.checkpoint, lambda f: jax.vmap(f, (None, 0))])
def test_wrapping_a_network_changes_nothing(wrap):
    parameters = drawn()
    bare = read((outputs, parameters), BATCH)
    wrapped = read((wrap(outputs), parameters), BATCH)
    assert [layer.definition.name for layer in wrapped.layers] == [layer.definition.name for layer in bare.layers]
    assert activations_of(wrapped) == activations_of(bare)
    for layer, expected in zip(wrapped.layers, bare.layers, strict=True):
        assert_close(layer.signals.preactivations, expected.signals.preactivations)
        assert_close(layer.signals.weight_gradients, expected.signals.weight_gradients)


def test_attention_between_words_is_no_layer_and_its_projections_are():
    p = {name: normal(8, 8) for name in ("query", "key", "value", "out")}
    words = RANDOM.standard_normal((4, 5, 8)).astype(np.float32)

    def network(p, x):
        query, key, value = (x @ p[name] for name in ("query", "key", "value"))
        weights = jax.nn.softmax(query @ key.transpose(0, 2, 1) / 8**0.5)
        return (weights @ value) @ p["out"]

    assert [layer.definition.name for layer in read((network, p), words).layers] == ["query", "key", "value", "out"]


def test_an_embedding_is_no_layer_and_tokens_may_be_whole_numbers():
    p = {"table": normal(11, 8), "w": normal(8, 8), "out": normal(8, 3)}
    tokens = RANDOM.integers(0, 11, (4, 5))
    reading = read((lambda p, x: jax.nn.relu(p["table"][x] @ p["w"]).mean(1) @ p["out"], p), tokens)
    assert [layer.definition.name for layer in reading.layers] == ["w", "out"]
    assert np.array_equal(reading.layers[0].signals.inputs, p["table"][tokens])


def test_weights_that_are_written_into_the_function_are_not_trainable():
    fixed, p = normal(6, 8), normal(8, 2)
    layers = read((lambda p, x: jax.nn.relu(x @ fixed) @ p, p), BATCH).layers
    assert [layer.definition.trainable for layer in layers] == [False, True]


def test_the_batch_may_be_an_array_of_jax_and_is_read_whole():
    parameters = drawn()
    long = np.tile(BATCH, (40, 1))
    rows = [(*layer, None) for layer in parameters]
    whole = read(rows, long)
    assert len(whole.outputs) == len(long)
    assert np.array_equal(read(rows, jnp.asarray(long)).outputs, whole.outputs)


def test_the_seed_decides_the_directions_and_nothing_else():
    rows = [(*layer, "tanh") for layer in drawn()]
    one, same, other = (read(rows, BATCH, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.layers[0].signals.preactivation_gradients, same.layers[0].signals.preactivation_gradients)
    assert not np.array_equal(
        one.layers[0].signals.preactivation_gradients, other.layers[0].signals.preactivation_gradients
    )
    assert np.array_equal(one.outputs, other.outputs)


def test_images_are_flattened_for_a_list():
    rows = [(normal(192, 4), "relu"), (normal(4, 2), None)]
    assert np.array_equal(read(rows, IMAGES).outputs, read(rows, IMAGES.reshape(6, -1)).outputs)


def test_the_gradient_of_weights_that_come_by_again_is_told_by_time_step():
    p, words = {"in": normal(6, 5), "state": normal(5, 5)}, RANDOM.standard_normal((8, 4, 6)).astype(np.float32)

    def turned(p, nudges):
        state = jnp.zeros((8, 5))
        for turn in range(4):
            state = jnp.tanh(words[:, turn] @ p["in"] + state @ p["state"] + nudges[turn])
        return state

    def scanned(p, words):
        def turn(state, word):
            return jnp.tanh(word @ p["in"] + state @ p["state"]), None

        return jax.lax.scan(turn, jnp.zeros((8, 5)), words.swapaxes(0, 1))[0]

    _of_weights, expected = gradients_of(turned, p, jnp.zeros((4, 8, 5)), directions_of((8, 5), 3))
    first, second = read((scanned, p), words, seed=3).layers
    assert first.signals.time_steps == ()  # it receives the data alone
    expected = np.sqrt(np.square(expected).mean((1, 2)))  # the first step's state is no value of the network
    np.testing.assert_allclose(second.signals.time_steps, [expected[1], math.nan, expected[3]], rtol=1e-5)
