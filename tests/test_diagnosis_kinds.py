"""Networks written for JAX as people have them, forms of networks and batches, and runs that leave no trace."""

import dataclasses
import importlib.util
import itertools
import math
import os
import random as python_random
import subprocess
import sys
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from course.diagnosis import diagnose, read

RANDOM = np.random.default_rng(0)
VECTORS = RANDOM.standard_normal((64, 64)).astype(np.float32)
SEQUENCES = RANDOM.standard_normal((16, 20, 32)).astype(np.float32)
TOKENS = RANDOM.integers(0, 100, (16, 12))
PICTURES = RANDOM.standard_normal((8, 16, 16, 3)).astype(np.float32)


def he(*shape: int) -> np.ndarray:
    return (math.sqrt(2 / shape[0]) * RANDOM.standard_normal(shape)).astype(np.float32)


@pytest.fixture(autouse=True)
def _draws_begin_anew():
    """Let no test's draws depend on the tests before it."""
    RANDOM.bit_generator.state = np.random.default_rng(1).bit_generator.state


# Flax, Equinox, Keras


class Attention(nnx.Module):
    def __init__(self, start):
        rngs = nnx.Rngs(0)
        self.attention = nnx.MultiHeadAttention(4, 32, kernel_init=start, decode=False, rngs=rngs)
        self.norm, self.out = nnx.LayerNorm(32, rngs=rngs), nnx.Linear(32, 10, rngs=rngs)

    def __call__(self, x):
        return self.out(self.norm(x + self.attention(x)).mean(1))


@pytest.mark.parametrize(
    ("start", "findings"),
    [
        (nnx.initializers.lecun_normal(), ()),
        (nnx.initializers.normal(1.0), ("too large",)),
        (nnx.initializers.zeros, ("no gradient", "identical units")),
    ],
    ids=["default", "std 1", "zeros"],
)
def test_kernels_of_three_axes_are_read(start, findings):
    diagnosis = diagnose(Attention(start), SEQUENCES)
    assert len(diagnosis.layers) == 5
    assert diagnosis.unread == ()
    assert diagnosis.healthy if not findings else diagnosis.primary.finding in findings, str(diagnosis)


class Recurrent(nnx.Module):
    def __init__(self, cell):
        rngs = nnx.Rngs(0)
        self.layer, self.out = nnx.RNN(cell(32, 48, rngs=rngs)), nnx.Linear(48, 5, rngs=rngs)

    def __call__(self, x):
        return self.out(self.layer(x)[:, -1])


@pytest.mark.parametrize("cell", [nnx.LSTMCell, pytest.param(nnx.GRUCell, marks=pytest.mark.long)])
def test_recurrent_layers_of_flax_are_sound_and_each_matrix_is_one_layer(cell):
    diagnosis = diagnose(Recurrent(cell), SEQUENCES)
    assert diagnosis.healthy, str(diagnosis)
    assert len(diagnosis.layers) < 12


class Scanned(eqx.Module):
    cell: eqx.nn.LSTMCell
    out: eqx.nn.Linear

    def __call__(self, x):
        start = jnp.zeros(48), jnp.zeros(48)
        (state, _), _ = jax.lax.scan(lambda state, word: (self.cell(word, state), None), start, x)
        return self.out(state)


def test_a_recurrent_layer_of_equinox_is_sound():
    one, two = jax.random.split(jax.random.key(0))
    diagnosis = diagnose(Scanned(eqx.nn.LSTMCell(32, 48, key=one), eqx.nn.Linear(48, 5, key=two)), SEQUENCES)
    assert diagnosis.healthy, str(diagnosis)
    assert [layer.name for layer in diagnosis.layers] == ["cell.weight_ih", "cell.weight_hh", "out.weight"]


class Pooled(linen.Module):
    start: object = linen.initializers.he_normal()

    @linen.compact
    def __call__(self, x):
        for groups in (1, 16, 1):
            x = linen.relu(linen.Conv(16, (3, 3), feature_group_count=groups, kernel_init=self.start)(x))
            x = linen.max_pool(x, (2, 2), (2, 2))
        return linen.Dense(10)(x.mean((1, 2)))


@pytest.mark.parametrize(("start", "healthy"), [(Pooled().start, True), (linen.initializers.normal(0.001), False)])
def test_convolutions_with_pooling_and_groups_are_followed_in_linen(start, healthy):
    network = Pooled(start)
    diagnosis = diagnose((network, network.init(jax.random.key(0), PICTURES)), PICTURES)
    assert diagnosis.healthy == healthy, str(diagnosis)
    assert healthy or diagnosis.primary.finding == "too small"


class Upward(nnx.Module):
    """Transposed convolutions: of 16 places only 4 meet an input."""

    def __init__(self, places: int):
        start = [nnx.initializers.normal(math.sqrt(2 / (places * channels))) for channels in (3, 64, 32)]
        rngs = nnx.Rngs(1)
        sizes = (3, 64, 32, 16)
        self.layers = nnx.List(
            nnx.ConvTranspose(sizes[place], sizes[place + 1], (4, 4), 2, kernel_init=start[place], rngs=rngs)
            for place in range(3)
        )
        self.out = nnx.Conv(16, 3, (3, 3), rngs=rngs)

    def __call__(self, x):
        for layer in self.layers:
            x = nnx.relu(layer(x))
        return self.out(x)


@pytest.mark.parametrize(("places", "healthy"), [(4, True), (16, False)])
def test_transposed_convolutions_have_the_fan_of_the_places_that_meet_an_input(places, healthy):
    assert diagnose(Upward(places), PICTURES[:, :6, :6]).healthy == healthy


KERAS = """
import warnings
import keras, numpy as np
from course.diagnosis import diagnose
batch = np.random.default_rng(0).standard_normal((64, 20, 32)).astype("float32")
keras.utils.set_random_seed(0)
for start in ("glorot_uniform", "zeros"):
    layers = [keras.layers.LSTM(48), keras.layers.Dense(64, "relu", kernel_initializer=start), keras.layers.Dense(5)]
    diagnosis = diagnose(keras.Sequential([keras.Input((20, 32)), *layers]), batch)
    print(diagnosis.healthy, len(diagnosis.layers), diagnosis.unread, diagnose(diagnosis.mended(), batch).healthy)


class Subclassed(keras.Model):
    def __init__(self, *parts):
        super().__init__()
        self.parts = list(parts)

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


class Trained(Subclassed):
    def call(self, x, training=False):
        return super().call(x)


def parts(activation):
    loud = keras.initializers.RandomNormal(stddev=5.0)
    return [keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation, kernel_initializer=loud)]


x, y = batch[:, 0], np.arange(64) % 3
inputs = keras.Input((32,)), keras.Input((32,))
models = {
    "sequential": keras.Sequential([keras.Input((32,)), *parts("softmax")]),
    "functional": keras.Model(inputs[0], keras.Sequential(parts(None))(inputs[0])),
    "subclassed": Subclassed(*parts(None)),
    "with training": Trained(*parts("softmax")),
}
with warnings.catch_warnings(action="error"):
    targets = y, y[:, None].astype("int32"), keras.ops.convert_to_tensor(y), y
    for (name, model), one in zip(models.items(), targets):
        print(name, [row.finding for row in diagnose(model, (x, one)).whole])
    both = keras.Model(inputs, keras.Sequential(parts(None))(keras.layers.concatenate(inputs)))
    for given in ((x, x), ((x, x), y)):
        print(len(diagnose(both, given).layers), [row.finding for row in diagnose(both, given).whole])
    print([row.finding for row in diagnose(both, (x, y), forward=lambda model, batch: model([batch, batch])).whole])


class Bare(keras.layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.width), initializer="ones")

    def call(self, x):
        return keras.ops.matmul(x, self.w)


try:
    diagnose(keras.Sequential([keras.Input((32,)), Bare(8), keras.layers.Dense(3)]), x).mended()
except ValueError as error:
    print(str(error)[:52])
"""


@pytest.mark.parametrize("backend", ["jax", pytest.param("torch", marks=pytest.mark.long)])
def test_a_keras_model_is_read_as_it_is_and_mended(backend):
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec(backend) is None:
        pytest.skip(f"Keras or {backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend}
    run = subprocess.run([sys.executable, "-c", KERAS], capture_output=True, text=True, timeout=170, env=environment)
    loud = "['first loss too high']"
    names = "sequential", "functional", "subclassed", "with training"
    both = ["2 []", f"2 {loud}", loud]
    expected = ["True 4 () True", "False 4 () True", *(f"{name} {loud}" for name in names), *both]
    expected += ["the model cannot be made from its configuration, and"]
    said = run.stdout.replace("True 3 ()", "True 4 ()").replace("False 3 ()", "False 4 ()")  # PyTorch's LSTM is one
    assert said.splitlines() == expected, run.stderr


KERAS_ARGUMENTS = """
import inspect
import keras, numpy as np
from course.diagnosis import diagnose, gathering, read, remedies
from course.diagnosis.findings.found import Change

made = keras.layers
batches = {kind: np.random.default_rng(0).standard_normal((4, *shape)).astype("float32")
           for kind, shape in {"rows": (6,), "times": (5, 6), "pictures": (5, 5, 6), "films": (2, 5, 5, 6)}.items()}
batches["numbers"] = np.arange(12).reshape(4, 3)
LAYERS = {
    "rows": [made.Dense(4), made.EinsumDense("ab,bc->ac", (4,), bias_axes="c"), made.BatchNormalization(), made.PReLU(),
             made.LayerNormalization(), made.GroupNormalization(2)],
    "times": [made.SimpleRNN(4), made.LSTM(4), made.GRU(4), made.Conv1D(4, 3), made.SeparableConv1D(4, 3),
              made.DepthwiseConv1D(3), made.Conv1DTranspose(4, 3, strides=2)],
    "pictures": [made.Conv2D(4, 3), made.Conv2D(6, 3, groups=6), made.Conv2DTranspose(4, 3), made.SeparableConv2D(4, 3),
                 made.DepthwiseConv2D(3, depth_multiplier=2, name="other")],
    "films": [made.Conv3D(4, 2), made.ConvLSTM2D(4, 3)],
    "numbers": [made.Embedding(12, 4)],
}
for kind, layers in LAYERS.items():
    for layer in layers:
        model = keras.Sequential([keras.Input(batches[kind].shape[1:]), layer, made.Flatten(), made.Dense(2)])
        network = gathering.gathered(read(model, batches[kind]))
        owners = {row.parameter: row for row in network.layers}
        changes = [Change(one.path, "draw", 0.1, 0.1) for one in layer.trainable_variables]
        said = {remedies.line(network, one, owners.get(one.parameter)).partition("=")[0] for one in changes}
        own = {name for name in inspect.signature(type(layer)).parameters if name.endswith("initializer")}
        if said != {name for name in own if "moving" not in name}:
            print(type(layer).__name__, sorted(said), sorted(own))
"""


@pytest.mark.long
def test_code_for_keras_names_the_argument_that_draws_each_variable():
    if importlib.util.find_spec("keras") is None:
        pytest.skip("Keras is not installed")
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", KERAS_ARGUMENTS]
    run = subprocess.run(command, capture_output=True, text=True, timeout=170, env=environment)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr


class Normalized(linen.Module):
    """In training unless somebody says otherwise: it wants keys, and writes down statistics."""

    @linen.compact
    def __call__(self, x, train=True):
        x = linen.BatchNorm(use_running_average=not train)(
            linen.Dense(64, kernel_init=linen.initializers.he_normal())(x)
        )
        return linen.Dense(5)(linen.Dropout(0.1, deterministic=not train)(linen.relu(x)))


@pytest.mark.parametrize("by", ["the module", "its apply"])
def test_a_linen_module_that_wants_keys_and_a_state_is_given_both(by):
    network = Normalized()
    variables = network.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, VECTORS)
    batch = VECTORS, RANDOM.integers(0, 5, 64)
    diagnosis = diagnose((network if by == "the module" else network.apply, variables), batch)
    assert diagnosis.healthy, str(diagnosis)
    assert [layer.name for layer in diagnosis.layers] == ["params.Dense_0.kernel", "params.Dense_1.kernel"]


# Functions


def read_beside(p, x):
    x = x @ p["in"]
    z = (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x + jax.nn.relu(z @ p["one"]) @ p["two"]) @ p["out"]


def test_what_is_large_beside_a_normalization_is_not_called_its_answer():
    p = {"in": 40 * he(64, 64), "one": he(64, 64), "two": he(64, 64), "out": he(64, 5)}
    assert not any("normalization" in row.sentence for row in diagnose((read_beside, p), VECTORS).whole)


def lora(p, x):
    return jax.nn.relu(x @ p["base"] + x @ p["one"] @ p["two"]) @ p["out"]


@pytest.mark.parametrize(("one", "two", "healthy"), [(0.0, 0.0, False), (1.0, 0.0, True), (0.0, 1.0, True)])
def test_of_a_product_one_factor_may_be_0(one, two, healthy):
    p = {"base": he(64, 64), "one": one * he(64, 8) / 2, "two": two * he(8, 64), "out": he(64, 5)}
    diagnosis = diagnose((lora, p), VECTORS)
    assert diagnosis.healthy == healthy, str(diagnosis)
    assert healthy or "one, two" in diagnosis.sentence


def normalized(p, x):
    x = x @ p["in"]
    x = (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
    return jax.nn.relu(x * p["scale"] + p["shift"]) @ p["out"]


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_answers_that_are_the_same_for_all_are_seen_whatever_made_them_so(scale):
    p = {"in": he(64, 64), "scale": np.full(64, scale, np.float32), "shift": np.ones(64, np.float32), "out": he(64, 5)}
    diagnosis = diagnose((normalized, p), VECTORS)
    assert diagnosis.healthy == bool(scale)
    assert scale or any(row.finding == "the same answer for all" for row in diagnosis.whole)


def monotone(p, x):
    for w in p[:-1]:
        x = jax.nn.relu(x @ jnp.abs(w))
    return x @ jnp.abs(p[-1])


@pytest.mark.parametrize(("gain", "state"), [(1 / 32, "ok"), (0.5, "warning"), (10.0, "fault")])
def test_weights_that_are_made_positive_are_asked_for_a_mean_of_1_over_fan_in(gain, state):
    p = [gain * he(64, 64) for _ in range(2)]
    diagnosis = diagnose((monotone, p), VECTORS)
    found = [layer for layer in diagnosis.layers if layer.finding == "weights not centred"]
    assert {layer.state for layer in found} == ({state} - {"ok"})
    assert diagnose(diagnosis.mended() if found else (monotone, p), VECTORS).healthy
    assert all("so that the mean is 1/fan_in = 0.016" in layer.remedy for layer in found)


def ensemble(p, x, axis):
    return jnp.stack([jax.nn.relu(x @ p["in"]) @ p["out"] for _member in range(5)], axis)


@pytest.mark.parametrize(("axis", "scale", "said"), [(0, 1.0, False), (0, 0.0, True), (1, 1.0, False)])
def test_answers_of_several_members_are_compared_between_the_examples(axis, scale, said):
    diagnosis = diagnose((partial(ensemble, axis=axis), {"in": scale * he(64, 64), "out": he(64, 1)}), VECTORS)
    found = [row.sentence for row in diagnosis.whole if row.finding == "the same answer for all"]
    assert found == ["The answers to all 64 examples are the same."] * said


def test_nothing_is_said_of_equal_answers_where_no_axis_counts_the_examples():
    p = {"in": he(64, 64), "out": he(64, 1)}
    diagnosis = diagnose((lambda p, x: jnp.tile((x @ p["in"] @ p["out"]).mean(0), (5, 1)), p), VECTORS)
    assert "the same answer for all" not in [row.finding for row in diagnosis.whole]


def test_a_number_that_is_none_is_named_wherever_it_is():
    with pytest.raises(ValueError, match=r"the parameter lam holds NaN or infinity"):
        diagnose((lambda p, x: x @ p["w"] * p["lam"], {"w": he(64, 5), "lam": np.float32("nan")}), VECTORS)


def test_an_answer_that_is_no_number_is_a_fault_though_every_parameter_is_one():
    p = {"w": he(64, 64), "out": he(64, 5)}
    diagnosis = diagnose((lambda p, x: jnp.log(x @ p["w"]) @ p["out"], p), VECTORS)
    assert [row.finding for row in diagnosis.whole] == ["answers are no numbers"]


@pytest.mark.parametrize(
    "value", [pytest.param(-1e9, marks=pytest.mark.long), float(np.finfo(np.float32).min), -np.inf]
)
@pytest.mark.parametrize("rows", [1, 64], ids=["for all", "by example"])
def test_a_mask_hides_answers_and_says_nothing_of_the_others(value, rows):
    mask = RANDOM.random((rows, 5)) < 0.5
    mask[:, 0], mask[:, 4] = True, False
    p = {"w": he(64, 64), "out": he(64, 5)}

    def network(p, x):
        return jnp.where(mask, jax.nn.relu(x @ p["w"]) @ p["out"], value)

    assert diagnose((network, p), VECTORS).healthy
    alike = diagnose((lambda p, x: network(p, 0 * x + 1), p), VECTORS)
    assert [row.finding for row in alike.whole] == ["the same answer for all"]


@pytest.mark.parametrize(
    "answer",
    [lambda z: jnp.log(jax.nn.relu(z)), lambda z: jnp.where(z > 0, z, jnp.inf), lambda z: z - jnp.inf],
    ids=["a logarithm of 0", "above all", "all hidden"],
)
def test_infinity_that_is_no_mask_is_a_fault(answer):
    p = {"w": he(64, 64), "out": he(64, 5)}
    diagnosis = diagnose((lambda p, x: answer(jax.nn.relu(x @ p["w"]) @ p["out"]), p), VECTORS)
    assert any(row.finding == "answers are no numbers" for row in diagnosis.whole)


@pytest.mark.parametrize(("factor", "state"), [(1.0, None), (4.0, "warning"), (30.0, "fault")])
def test_the_first_loss_is_held_against_guessing(factor, state):
    network = [(he(64, 64), "relu"), (factor * he(64, 5) / 2**0.5, None)]
    whole = diagnose(network, (VECTORS, RANDOM.integers(0, 5, 64))).whole
    assert [row.state for row in whole if row.finding == "first loss too high"] == ([state] if state else [])


@pytest.mark.parametrize(("scale", "healthy"), [(1.0, True), (300.0, False)])
def test_targets_far_from_the_answers_are_named(scale, healthy):
    network = [(he(64, 64), "relu"), (he(64, 1), None)]
    diagnosis = diagnose(network, (VECTORS, scale * RANDOM.standard_normal((64, 1))))
    assert [row.finding for row in diagnosis.whole] == ([] if healthy else ["unscaled targets"])


def test_what_was_not_judged_is_named_and_not_called_healthy():
    p = {"w": he(64, 64), "odd": he(64, 64), "out": he(64, 5)}
    diagnosis = diagnose((lambda p, x: jax.nn.relu(x @ p["w"]) * jnp.sin(p["odd"][:1]) @ p["out"], p), VECTORS)
    assert diagnosis.unread == ("odd",)
    assert "Read 2 of 3 weights; not judged: odd." in diagnosis.sentence
    assert "Healthy" not in diagnosis.sentence
    assert {one.name for one in diagnosis.parameters} == {"w", "odd", "out"}


@pytest.mark.parametrize("answer", [jax.nn.softmax, jax.nn.log_softmax, lambda z: z], ids=["softmax", "log", "logits"])
@pytest.mark.parametrize(("factor", "healthy"), [(1.0, True), (30.0, False)])
def test_the_first_loss_is_the_same_of_logits_and_of_probabilities(answer, factor, healthy):
    p = {"w": he(64, 64), "out": factor * he(64, 5) / 2**0.5}
    batch = VECTORS, RANDOM.integers(0, 5, 64)
    whole = diagnose((lambda p, x: answer(jax.nn.relu(x @ p["w"]) @ p["out"]), p), batch).whole
    assert [row.finding for row in whole] == ([] if healthy else ["first loss too high"])


# Parameters that a stopped gradient keeps as they are


def plain(p, x):
    return jax.nn.relu(x @ p["w"] + p["b"]) @ p["out"]


def network_of(*shape: int):
    return {"w": he(shape[0], shape[1]), "b": np.zeros(shape[1], np.float32), "out": he(shape[1], shape[2]) / 2**0.5}


def fourier(p, x):
    z = x @ jax.lax.stop_gradient(p["fixed"])
    return plain(p["net"], jnp.concatenate([jnp.sin(z), jnp.cos(z)], -1))


def two_answers(p, x):
    return plain(p["online"], x), plain(jax.lax.stop_gradient(p["target"]), x)


def difference(p, x):
    return 2 * plain(p["online"], x) - jax.lax.stop_gradient(plain(p["target"], x))


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit])
@pytest.mark.parametrize("network", [fourier, two_answers, difference])
def test_parameters_whose_gradient_is_stopped_are_frozen(network, wrap):
    online = network_of(64, 64, 5)
    p = {"fixed": he(64, 32), "net": online} if network is fourier else {"online": online, "target": online}
    diagnosis = diagnose((wrap(network), jax.tree.map(jnp.array, p)), VECTORS)
    assert diagnosis.healthy, str(diagnosis)
    fixed = [one for one in diagnosis.parameters if one.name.startswith(("fixed", "target"))]
    assert all(math.isnan(one.gradient) for one in fixed)


def test_recurrent_weights_beside_frozen_ones_are_no_adapter():
    p = {"in": he(32, 16) / 2, "state": he(16, 16) / 2, "out": he(16, 5)}

    def reservoir(p, x):
        def turn(state, word):
            return jnp.tanh(word @ jax.lax.stop_gradient(p["in"]) + state @ p["state"]), None

        return jax.lax.scan(turn, jnp.zeros((16, 16)), x.swapaxes(0, 1))[0] @ p["out"]

    diagnosis = diagnose((reservoir, p), SEQUENCES)
    assert diagnosis.healthy, str(diagnosis)
    assert [one.use for one in diagnosis.parameters] == ["weights"] * 3


def test_a_chain_that_a_stopped_gradient_cuts_is_not_called_frozen():
    p = {"one": he(64, 64), "two": he(64, 64), "out": he(64, 5)}

    def cut(p, x):
        x = jax.lax.stop_gradient(jax.nn.relu(jax.nn.relu(x @ p["one"]) @ p["two"]))
        return x @ p["out"]

    diagnosis = diagnose((cut, p), VECTORS)
    assert not diagnosis.healthy
    assert "cut" in " ".join(layer.reason for layer in diagnosis.layers)


def test_biases_of_0_are_not_blamed_for_a_gradient_that_is_lost():
    p = {"first": he(64, 64), **network_of(64, 64, 5)}
    diagnosis = diagnose((lambda p, x: plain(p, jnp.round(4 * (x @ p["first"]))), p), VECTORS)
    (lost,) = (row for row in diagnosis.whole if row.finding == "no gradient")
    assert "first" in lost.sentence
    assert "0 throughout" not in lost.reason


def test_one_layer_and_units_that_are_all_alike_are_said_in_english():
    assert diagnose([(he(64, 5) / 2**0.5, None)], VECTORS).sentence == "Healthy: one layer, which starts as it should."
    alike = np.repeat(he(64, 1), 64, 1)
    assert (
        diagnose([(alike, "relu"), (np.ones((64, 5)), None)], VECTORS).layers[0].sentence
        == "Its 64 units are all alike."
    )


# Forms of PyTorch


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def mlp(torch):
    return importlib.import_module("torch_zoo").mlp(2).apply(importlib.import_module("torch_zoo").he)


@dataclasses.dataclass
class Output:
    logits: object
    hidden: object = None


FORMS = {
    "a dict": lambda answer: {"hidden": (2 * answer,), "logits": answer},
    "a tuple": lambda answer: (answer, (answer.mean(), None)),
    "a dataclass": lambda answer: Output(answer),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_may_be_in_a_container(torch, mlp, form):
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mlp

        def forward(self, x):
            return FORMS[form](self.inner(x))

    reading = read(Network(), VECTORS)
    assert len(reading.layers) == 3
    np.testing.assert_allclose(reading.outputs, mlp(torch.tensor(VECTORS)).detach().numpy(), rtol=1e-5)


def test_a_batch_may_be_named_or_come_with_its_targets(torch, mlp):
    x = torch.tensor(VECTORS)
    plain = diagnose(mlp, x)
    assert diagnose(mlp, {"input": x}).sentence == plain.sentence
    assert diagnose(mlp, [x, torch.zeros(64)]).sentence == plain.sentence
    assert diagnose(mlp, x, forward=lambda network, batch: {"logits": network(batch)}).sentence == plain.sentence


def test_a_network_may_take_two_inputs_by_place_or_by_name(torch):
    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(64, 8), torch.nn.Linear(64, 8)

        def forward(self, left, right):
            return self.one(left) + self.two(right)

    x = torch.tensor(VECTORS)
    assert len(diagnose(Two(), (x, x)).layers) == 2
    assert len(diagnose(Two(), {"left": x, "right": x}).layers) == 2


@pytest.mark.parametrize("by", ["name", "place"])
def test_one_array_of_several_that_is_loud_is_named_and_no_branch_is_accused(torch, by):
    p = {"one": he(64, 32), "two": he(64, 32), "out": he(32, 3)}
    function = lambda p, x: jax.nn.relu(x["left"] @ p["one"] + x["right"] @ p["two"]) @ p["out"]  # noqa: E731

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.out = (torch.nn.Linear(*pair) for pair in ((64, 32), (64, 32), (32, 3)))

        def forward(self, left, right):
            return self.out((self.one(left) + self.two(right)).relu())

    batch = {"left": VECTORS, "right": 1000 * VECTORS + 5000}
    diagnosis = diagnose((function, p), batch) if by == "name" else diagnose(Two(), tuple(batch.values()))
    called = "The array right" if by == "name" else "Array 2"
    assert diagnosis.primary.sentence.startswith(f"{called} of the batch has a root mean square"), str(diagnosis)
    assert {layer.finding for layer in diagnosis.layers} == {"healthy"}


@pytest.fixture(scope="module")
def loud(torch):
    """A network of two inputs whose first loss is far too high."""

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(64, 5), torch.nn.Linear(64, 5)

        def forward(self, left, right, scale=30.0):
            return scale * (self.one(left) + self.two(right))

    return Two()


X, Y = VECTORS, np.arange(64) % 5
LOUD_BATCHES = {
    "by place": (X, X, Y),
    "a pair": ((X, X), Y),
    "a list": ([X, X], Y),
    "by name": ({"left": X, "right": X}, Y),
    "named, with its labels": {"left": X, "right": X, "labels": Y},
}


@pytest.mark.parametrize("batch", LOUD_BATCHES.values(), ids=LOUD_BATCHES)
def test_a_network_of_several_inputs_may_be_given_targets(loud, batch):
    assert [row.finding for row in diagnose(loud, batch).whole] == ["first loss too high"]


FORWARDS = {
    "the inputs": ((X, Y), lambda network, x: network(x, x)),
    "the whole batch": ((X, Y), lambda network, batch: network(batch[0], batch[0])),
    "several inputs": (((X, X), Y), lambda network, inputs: network(*inputs)),
    "named inputs": (({"left": X, "right": X}, Y), lambda network, inputs: network(**inputs)),
}


@pytest.mark.parametrize(("batch", "forward"), FORWARDS.values(), ids=FORWARDS)
def test_targets_are_judged_with_a_forward_of_ones_own(loud, batch, forward):
    assert [row.finding for row in diagnose(loud, batch, forward=forward).whole] == ["first loss too high"]
    both = diagnose(loud, (X, X), forward=lambda network, batch: network(*batch))
    assert both.whole == ()


@pytest.mark.parametrize("batch", list(LOUD_BATCHES.values())[:4], ids=list(LOUD_BATCHES)[:4])
@pytest.mark.parametrize("by", ["place", "one"])
def test_a_function_of_several_inputs_may_be_given_targets(batch, by):
    p = {"left": 30 * he(64, 5), "right": 30 * he(64, 5)}

    def network(p, left, right):
        return left @ p["left"] + right @ p["right"]

    def of_one(p, inputs):
        return network(p, *(inputs.values() if isinstance(inputs, dict) else inputs))

    if by == "place" or len(batch) == 2:
        whole = diagnose((network if by == "place" else of_one, p), batch).whole
        assert [row.finding for row in whole] == ["first loss too high"]


def test_a_pytorch_answer_of_probabilities_has_a_first_loss(torch, mlp):
    loud = torch.nn.Sequential(torch.nn.Linear(64, 5), torch.nn.Softmax(-1))
    torch.nn.init.normal_(loud[0].weight, std=4.0)
    assert [row.finding for row in diagnose(loud, (X, Y)).whole] == ["first loss too high"]


def test_a_frozen_parameter_without_a_gradient_is_no_finding(torch):
    class Rounded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fixed, self.layer = torch.nn.Linear(64, 64), torch.nn.Linear(64, 5)

        def forward(self, x):
            return self.layer(torch.round(4 * self.fixed(x)) / 4)

    network = Rounded()
    assert "no gradient" in [row.finding for row in diagnose(network, VECTORS).whole]
    network.fixed.requires_grad_(False)
    assert diagnose(network, VECTORS).whole == ()


@dataclasses.dataclass
class Graph:
    x: object
    edges: object


def test_a_batch_may_be_an_object_that_holds_tensors(torch, mlp):
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mlp

        def forward(self, graph):
            return self.inner(graph.x[graph.edges])

    graph = Graph(torch.tensor(VECTORS), torch.arange(64))
    assert len(diagnose(Network(), graph).layers) == 3
    assert len(diagnose(mlp, graph, forward=lambda network, batch: network(batch.x)).layers) == 3


def test_a_wrapped_module_is_looked_into_and_a_scripted_one_is_measured(torch, mlp):
    for wrapped in (torch.nn.DataParallel(mlp), torch.compile(mlp, backend="eager")):
        assert len(diagnose(wrapped, VECTORS).layers) == 3
    with pytest.warns(DeprecationWarning, match="torch.jit.trace"):
        traced = torch.jit.trace(mlp, torch.tensor(VECTORS))
    scripted = diagnose(traced, VECTORS)
    assert len(scripted.unread) == 3
    assert "give the module before" in scripted.sentence
    assert "Healthy" not in scripted.sentence


def test_a_function_of_tensors_is_read_and_one_without_is_told_what_to_do(torch, mlp):
    weights = [torch.tensor(he(64, 64)), torch.tensor(he(64, 5))]
    diagnosis = diagnose((lambda p, x: torch.relu(x @ p[0]) @ p[1], weights), VECTORS)
    assert [layer.name for layer in diagnosis.layers] == ["0", "1"]
    with pytest.raises(ValueError, match="forward="):
        diagnose(lambda x: mlp(x), VECTORS)


def test_a_run_leaves_no_trace(torch):
    class Noting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.norm, self.drop = torch.nn.Linear(64, 64), torch.nn.BatchNorm1d(64), torch.nn.Dropout()
            self.calls = 0

        def forward(self, x):
            self.calls, self.last = self.calls + 1, x
            return self.drop(self.norm(self.layer(x))) * np.random.default_rng().random() + python_random.random()

    network = Noting()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    states = torch.get_rng_state(), python_random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    diagnose(network, VECTORS)
    assert network.calls == 0
    assert not hasattr(network, "last")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert python_random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # noqa: NPY002
    assert all(one.grad is None and one.requires_grad for one in network.parameters())


# Haiku's pairs


class Transformed(NamedTuple):
    """Functions as Haiku makes them: the signature does not say whether `apply` wants a key."""

    init: object
    apply: object


class TransformedWithState(NamedTuple):
    init: object
    apply: object


def transformed(*, key: bool, state: bool) -> tuple[object, object]:
    p = {"w": he(64, 64), "out": he(64, 5)}

    def apply(p, *arguments):
        *before, x = arguments
        if len(before) != key + state:
            raise TypeError("missing 1 required positional argument: 'x'")
        answer = jax.nn.relu(x @ p["w"]) @ p["out"]
        return (answer, before[0]) if state else answer

    if state:
        return TransformedWithState(lambda _key, _x: (p, {"mean": 0.0}), apply), (p, {"mean": 0.0})
    return Transformed(lambda _key, _x: p, apply), p


@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("state", [False, True])
def test_a_transformed_pair_is_read_with_what_its_init_returns(key, state):
    diagnosis = diagnose(transformed(key=key, state=state), VECTORS)
    assert [layer.name for layer in diagnosis.layers] == ["w", "out"]
    assert diagnosis.healthy, str(diagnosis)


def test_a_transformed_pair_without_its_parameters_is_told_what_to_give():
    with pytest.raises(ValueError, match=r"Give the pair \(network, network.init\(key, batch\)\)"):
        diagnose(transformed(key=True, state=False)[0], VECTORS)


def test_units_that_wide_biases_switch_off_are_blamed_on_the_biases():
    biases = 0.3 * RANDOM.standard_normal(64).astype(np.float32)
    diagnosis = diagnose([(he(64, 64), biases, "relu"), (he(64, 5), None)], 0.05 * VECTORS)
    dead = diagnosis.layers[0]
    assert dead.finding == "dead units", str(diagnosis)
    assert "its biases have mean" in dead.reason.lower()
    assert dead.remedy == "Start the biases at 0."
    assert "[:] = 0" in dead.code


# What few inputs, equal rows, tables and heads make of a start


@pytest.mark.parametrize(
    ("factor", "state"), [(1.0, None), (8.0, "warning"), (100.0, "fault")], ids=["default", "wider", "far out"]
)
def test_with_one_input_biases_may_place_the_bends_where_the_data_are(factor, state):
    weights, biases = RANDOM.uniform(-1, 1, (2, 64)).astype(np.float32)
    network = [(weights[None], math.sqrt(factor) * biases, "relu"), (he(64, 64), "relu"), (he(64, 1), None)]
    diagnosis = diagnose(network, np.linspace(-1, 1, 100, dtype=np.float32)[:, None])
    assert [(row.finding, row.state) for row in diagnosis.layers[:1]] == (
        [("healthy", "ok")] if state is None else [("biases out of scale", state)]
    )


@pytest.mark.parametrize(("place", "state"), [(0, "fault"), (1, "warning")])
def test_a_layer_of_equal_rows_passes_one_number_and_that_is_a_fault_where_the_data_enter(place, state):
    kernels = [he(64, 64), he(64, 64), he(64, 5)]
    kernels[place][:] = kernels[place][:, :1]
    row = diagnose([(kernels[0], "relu"), (kernels[1], "relu"), (kernels[2], None)], VECTORS).layers[place]
    assert (row.finding, row.state) == ("identical units", state)
    assert row.sentence == "Its 64 units weight their inputs alike."


@pytest.mark.parametrize(("place", "state"), [(0, "fault"), (1, "warning")])
@pytest.mark.parametrize("broadcast", [lambda w: w[:1] + 0 * w, lambda w: w[:1] * w[:, :1] / w.std()])
def test_a_row_that_is_broadcast_over_a_layer_is_told_as_such_and_drawn_anew(place, state, broadcast):
    kernels = [he(64, 64), he(64, 64), he(64, 5)]
    kernels[place] = broadcast(kernels[place])
    diagnosis = diagnose([(kernels[0], "relu"), (kernels[1], "relu"), (kernels[2], None)], VECTORS)
    row = diagnosis.layers[place]
    assert (row.finding, row.state) == ("identical units", state)
    assert "multiples of one another" in row.sentence
    assert "broadcast" in row.reason
    assert [one.finding for one in diagnosis.layers].count("healthy") == 2, str(diagnosis)
    assert diagnose(diagnosis.mended(), VECTORS).healthy


@pytest.mark.parametrize("shape", [(64, 64), (64, 48)])
def test_layers_of_one_draw_are_worth_a_word_and_only_equal_ones_are_called_equal(shape):
    first = he(64, 64)
    second = (first if shape == (64, 64) else first.ravel()[: math.prod(shape)].reshape(shape)).copy()
    row = diagnose([(first, "relu"), (second, "relu"), (he(shape[1], 5), None)], VECTORS).layers[1]
    assert (row.finding, row.state) == ("repeated weights", "warning")
    assert ("begin with the same numbers" in row.sentence) == (shape != (64, 64))


@pytest.mark.parametrize("alike", [True, False])
def test_members_of_a_stack_that_are_all_alike_are_worth_a_word_and_drawn_anew(alike):
    sizes = [64, 32, 32, 5]
    stacks = [np.stack([he(m, n) for _ in range(3)]) for m, n in itertools.pairwise(sizes)]
    stacks = [np.repeat(one[:1], 3, axis=0) for one in stacks] if alike else stacks

    def member(weights, x):
        return jax.nn.relu(jax.nn.relu(x @ weights[0]) @ weights[1]) @ weights[2]

    network = (lambda p, x: jax.vmap(member, (0, None), 1)(p, x), stacks)
    diagnosis = diagnose(network, VECTORS)
    assert [row.finding for row in diagnosis.layers] == ["repeated weights" if alike else "healthy"] * 3
    assert not alike or diagnosis.primary.sentence == "Its 3 matrices are all the same."
    assert not alike or diagnose(diagnosis.mended(), VECTORS).healthy


@pytest.mark.parametrize("seed", [0, 1])
def test_layers_of_one_seed_are_mended_whatever_the_seed_and_also_one_after_the_other(seed):
    copies = [np.random.default_rng(seed).normal(0, math.sqrt(2 / 64), (64, 64)) for _ in range(4)]
    network = [(weights, np.zeros(64), "relu") for weights in copies]
    assert diagnose(diagnose(network, VECTORS).mended(), VECTORS).healthy
    mended = diagnose(network[:2], VECTORS).mended()
    assert diagnose(diagnose([*mended, network[2]], VECTORS).mended(), VECTORS).healthy


@pytest.mark.parametrize(("last", "state"), [(512, "warning"), (16_384, "fault")])
def test_fan_out_in_place_of_fan_in_is_a_fault_where_the_signal_is_lost(last, state):
    sizes = [8, 32, 128, last]
    network = [(he(m, n).T.copy(), "relu") for n, m in itertools.pairwise(sizes)]
    found = diagnose([*network[:-1], (network[-1][0], None)], VECTORS[:, :8]).primary
    assert (found.finding, found.state) == ("wrong fan", state)


def lecun(n: int, m: int) -> np.ndarray:
    return he(n, m) / math.sqrt(2)


def orthogonal(n: int, m: int) -> np.ndarray:
    columns = np.linalg.qr(he(max(n, m), min(n, m)))[0]
    return columns if n >= m else columns.T


def narrow_at_the_ends(n: int, m: int) -> np.ndarray:
    return he(n, m) if n == m else lecun(n, m) / math.sqrt(3)


@pytest.mark.parametrize(
    ("draw", "activation", "sizes"),
    [
        (lecun, "relu", [32, 64, 128, 10]),
        (lecun, "gelu", [16, 32, 64, 1]),
        (orthogonal, "tanh", [32, 64, 64, 1]),
        (orthogonal, "relu", [16, 128, 10]),
        (narrow_at_the_ends, "relu", [32, 128, 128, 128, 10]),
    ],
)
def test_no_wrong_fan_is_told_of_weights_as_libraries_draw_them(draw, activation, sizes):
    *hidden, last = [(draw(n, m), activation) for n, m in itertools.pairwise(sizes)]
    diagnosis = diagnose([*hidden, (last[0], None)], VECTORS[:, : sizes[0]])
    assert diagnosis.healthy, str(diagnosis)


def test_no_wrong_fan_is_told_where_the_rules_of_two_functions_agree_by_chance_with_one_of_fan_out():
    network = [(lecun(32, 192), None), (he(192, 576), "relu"), (lecun(576, 10), None)]
    assert diagnose(network, VECTORS[:, :32]).healthy


def test_weights_without_the_gain_that_lose_the_signal_in_layers_that_widen_are_told_by_the_gain():
    sizes = [8, 16, 32, 64, 128, 256]
    diagnosis = diagnose([(lecun(n, m), "relu") for n, m in itertools.pairwise(sizes)], VECTORS[:, :8])
    assert (diagnosis.primary.finding, diagnosis.primary.state) == ("too small", "warning")
    assert "lets everything through" in diagnosis.primary.reason
    assert "fan_out" not in str(diagnosis)


def looked_up(parameters, tokens):
    return jax.nn.relu(parameters["table"][tokens].reshape(len(tokens), -1) @ parameters["in"]) @ parameters["out"]


@pytest.mark.parametrize(("table", "last", "words"), [(300.0, 1.0, "Draw table"), (1.0, 300.0, "changes out already")])
def test_a_first_loss_that_is_too_high_is_blamed_on_what_made_the_answers_large(table, last, words):
    parameters = {"table": table * he(100, 8), "in": he(96, 64), "out": last * he(64, 5)}
    whole = diagnose((looked_up, parameters), (TOKENS, RANDOM.integers(0, 5, 16))).whole
    loss = next(row for row in whole if row.finding == "first loss too high")
    assert words in loss.remedy
    assert next(row.finding for row in whole) == ("unscaled inputs" if table > 1 else "first loss too high")


@pytest.mark.parametrize("equal", [True, False])
def test_a_table_of_equal_numbers_is_found_where_they_get_one_gradient(equal):
    users, items = (np.full((100, 8), 0.1, np.float32) if equal else he(100, 8) for _ in range(2))
    pairs = RANDOM.integers(0, 100, (64, 2))
    network = (lambda p, x: (p["users"][x[:, 0]] * p["items"][x[:, 1]]).sum(-1), {"users": users, "items": items})
    diagnosis = diagnose(network, pairs)
    assert [row.finding for row in diagnosis.whole] == (["identical units"] if equal else [])
    assert not equal or diagnose(diagnosis.mended(), pairs).healthy


@pytest.mark.parametrize(("value", "words"), [(0.0, "are 0 throughout"), (1.0, "are the same")])
def test_a_table_whose_vectors_are_all_the_same_is_the_cause_and_no_layer_is_accused(value, words):
    p = {"table": np.full((100, 8), value, np.float32), "in": he(96, 64), "out": he(64, 5)}
    diagnosis = diagnose((looked_up, p), TOKENS)
    assert diagnosis.primary.finding == "the same answer for all"
    assert diagnosis.primary.reason.startswith(f"All vectors of table {words}"), str(diagnosis)
    assert {one.parameter for one in diagnosis.changes} == {"table"}
    assert {layer.finding for layer in diagnosis.layers} == {"healthy"}
    assert diagnose(diagnosis.mended(), TOKENS).healthy


@pytest.mark.parametrize("pieces", [0, 1])
def test_a_product_of_zeros_is_blamed_on_the_zeros_that_meet(torch, pieces):
    zoo = importlib.import_module("torch_zoo")
    network, batch = zoo.build("zeros behind a scale of 0")
    if pieces:  # weights of 0 elsewhere have no gradient only because nothing comes back
        torch.nn.init.zeros_(network[0].weight)
    (found,) = [row for row in diagnose(network, batch).whole if row.finding == "no gradient"]
    assert found.reason == "A product of zeros stays 0: 1.weight, 3.weight are 0 throughout."


def lengths_and_directions(p, x):
    for place, one in enumerate(p):
        x = x @ (one["v"] / jnp.linalg.norm(one["v"], axis=0) * one["g"])
        x = jax.nn.relu(x) if place < len(p) - 1 else x
    return x


def test_of_lengths_of_0_the_lengths_are_named_and_not_the_directions():
    p = [{"v": he(*shape), "g": np.zeros(shape[1], np.float32)} for shape in ((64, 32), (32, 32), (32, 3))]
    diagnosis = diagnose((lengths_and_directions, p), VECTORS)
    assert (diagnosis.primary.finding, diagnosis.primary.remedy) == ("no gradient", "Start 0.g, 1.g, 2.g at 1.")
    assert diagnosis.primary.reason == "What multiplies signal or weights is 0 throughout: 0.g, 1.g, 2.g."
    assert diagnose(diagnosis.mended(), VECTORS).healthy


def test_of_weights_that_are_normalized_the_length_is_scaled(torch):
    parts = [part for _ in range(6) for part in (torch.nn.Linear(64, 64), torch.nn.ReLU())]
    for layer in parts[::2]:
        torch.nn.init.normal_(layer.weight, 0, 0.01)
        torch.nn.utils.parametrizations.weight_norm(layer)
    diagnosis = diagnose(torch.nn.Sequential(*parts, torch.nn.Linear(64, 5)), VECTORS)
    assert "Multiply 0.parametrizations.weight.original0, from" in diagnosis.primary.remedy, str(diagnosis)
    assert diagnose(diagnosis.mended(), VECTORS).healthy


# Biases as a cause


class Biased(nnx.Module):
    def __init__(self, bias):
        start = {"kernel_init": nnx.initializers.he_normal(), "bias_init": nnx.initializers.constant(bias)}
        sizes = (64, 48, 48, 48, 5)
        rngs = nnx.Rngs(0)
        self.layers = nnx.List(nnx.Linear(*pair, rngs=rngs, **start) for pair in itertools.pairwise(sizes))

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = nnx.relu(layer(x))
        return self.layers[-1](x)


def biased_function(bias):
    def function(p, x):
        for w, b in p[:-1]:
            x = jax.nn.relu(x @ w + b)
        return x @ p[-1][0] + p[-1][1]

    return function, [(he(64, width), np.full(width, bias, np.float32)) for width in (64, 64, 64, 5)]


def biased_equinox(bias):
    network = eqx.nn.MLP(64, 5, 48, 3, key=jax.random.key(0))
    where = lambda n: [layer.bias for layer in n.layers]  # noqa: E731
    return eqx.tree_at(where, network, [jnp.full_like(one, bias) for one in where(network)])


@pytest.mark.parametrize(("bias", "activation", "width"), [(-4.6, "sigmoid", 1), (100.0, None, 1), (-3.0, None, 5)])
@pytest.mark.parametrize("as_list", [True, False])
def test_a_prior_or_the_mean_of_the_targets_in_the_last_bias_is_sound(bias, activation, width, as_list):
    last = he(64, width) / 8, np.full(width, bias, np.float32)
    layers = [(he(64, 64), np.zeros(64, np.float32), "relu"), (*last, activation)]
    if as_list:
        assert diagnose(layers, VECTORS).healthy
        return
    network, parameters = biased_function(0.0)
    answer = jax.nn.sigmoid if activation else lambda z: z
    assert diagnose((lambda p, x: answer(network(p, x)), [*parameters[:-1], last]), VECTORS).healthy


def biased_torch(bias):
    torch = pytest.importorskip("torch")
    zoo = importlib.import_module("torch_zoo")
    torch.manual_seed(0)
    network = zoo.mlp(3).apply(zoo.he)
    for layer in network[::2]:
        torch.nn.init.constant_(layer.bias, bias)
    return network


BIASED = {
    "list": (
        lambda bias: [(he(64, 64), np.full(64, bias), name) for name in ("relu", "relu", "relu", None)],
        "[:] = 0",
    ),
    "function": (biased_function, "jnp.zeros_like(w)  # 0.1"),
    "Flax": (Biased, "bias_init=nnx.initializers.zeros_init()"),
    "Equinox": (biased_equinox, "jnp.zeros_like(network.layers[0].bias)"),
    "PyTorch": (biased_torch, "nn.init.zeros_(network[0].bias)"),
}


@pytest.mark.parametrize(("kind", "bias"), [*((kind, 10.0) for kind in BIASED), ("list", -10.0), ("function", -10.0)])
def test_every_layer_with_loud_biases_is_named_whatever_came_before_and_mended(kind, bias):
    build, code = BIASED[kind]
    network = build(bias)
    diagnosis = diagnose(network, VECTORS)
    assert [layer.finding for layer in diagnosis.layers[:3]] == ["biases out of scale"] * 3
    assert code in diagnosis.layers[0].code
    again = diagnose(diagnosis.mended(), VECTORS)
    assert not any("biases" in layer.finding for layer in again.layers), str(again)


def head(f):
    return lambda p, x: f(jnp.tanh(x @ p["w"]) @ p["out"] + p["bias"])


def biased_head(bias):
    return {"w": he(64, 64) / 2**0.5, "out": he(64, 4) / 2**0.5, "bias": np.full(4, bias, np.float32)}


@pytest.mark.parametrize(
    ("f", "bias", "state"),
    [
        (jnp.exp, 0.0, None),
        (jnp.exp, 6.0, "warning"),
        (jnp.exp, 20.0, "fault"),
        (jnp.exp, -30.0, "fault"),
        (lambda z: jnp.exp(-z), -20.0, "fault"),
        (lambda z: jnp.exp(z) / jnp.exp(z).sum(-1, keepdims=True), 20.0, None),
        (lambda z: jnp.log(jnp.exp(z).sum(-1)), 20.0, None),
        (lambda z: z, 10.0, None),
    ],
)
def test_a_bias_is_the_cause_where_an_exponential_makes_it_huge_or_nothing(f, bias, state):
    network = head(f), biased_head(bias)
    diagnosis = diagnose(network, VECTORS)
    assert (diagnosis.primary.state if diagnosis.primary else None) == state, str(diagnosis)
    if state:
        assert (diagnosis.primary.finding, diagnosis.primary.layer) == ("biases out of scale", 2)
        assert diagnose(diagnosis.mended(), VECTORS).healthy


def test_an_exponential_may_be_as_large_as_the_targets():
    counts = (np.exp(6.0) + 5 * RANDOM.standard_normal((64, 4))).astype(np.float32)
    diagnosis = diagnose((head(jnp.exp), biased_head(6.0)), (VECTORS, counts))
    assert [layer.finding for layer in diagnosis.layers] == ["healthy"] * 2


def test_weights_are_the_cause_where_they_make_an_exponential_huge():
    p = {**biased_head(0.0), "out": 6 * he(64, 4)}
    primary = diagnose((head(jnp.exp), p), VECTORS).primary
    assert (primary.finding, primary.layer) == ("too large", 2)


def test_of_a_sum_that_one_bias_made_huge_the_bias_is_named():
    def sampled(p, x):
        h = jax.nn.relu(x @ p["in"])
        z = h @ p["mean"] + jnp.exp((h @ p["log"] + p["bias"]) / 2)
        return jax.nn.relu(z @ p["one"]) @ p["two"]

    p = {"in": he(64, 64), "mean": he(64, 8), "log": 0.1 * he(64, 8), "one": he(8, 64), "two": he(64, 5)}
    diagnosis = diagnose((sampled, {**p, "bias": np.full(8, 20.0, np.float32)}), VECTORS)
    assert (diagnosis.primary.finding, diagnosis.primary.name) == ("biases out of scale", "log"), str(diagnosis)
    assert "too large" not in [layer.finding for layer in diagnosis.layers]
    assert diagnose(diagnosis.mended(), VECTORS).healthy


def gated(p, x):
    return (jax.nn.relu(x @ p["in"]) * jax.nn.sigmoid(x @ p["gate"] + p["bias"])) @ p["out"]


def test_a_gate_that_its_biases_shut_is_the_cause_of_a_signal_that_is_lost():
    p = {"in": he(64, 32), "gate": he(64, 32) / 2**0.5, "bias": np.full(32, -20.0, np.float32), "out": he(32, 3)}
    diagnosis = diagnose((gated, p), VECTORS)
    assert (diagnosis.primary.finding, diagnosis.primary.remedy) == ("signal vanishes", "Start bias at 0.")
    assert diagnose(diagnosis.mended(), VECTORS).healthy


@pytest.mark.parametrize(("scale", "finding"), [(1e-4, "signal vanishes"), (0.0, "the same answer for all")])
def test_a_scale_that_makes_the_signal_faint_is_named_and_layers_before_it_are_not(scale, finding):
    def network(p, x):
        z = jax.nn.relu(x @ p["in"])
        z = (z - z.mean(-1, keepdims=True)) / jnp.sqrt(z.var(-1, keepdims=True) + 1e-6)
        return (z * p["g"] + p["b"]) @ p["out"]

    p = {"in": he(64, 32), "g": np.full(32, scale, np.float32), "b": np.zeros(32, np.float32), "out": he(32, 3)}
    diagnosis = diagnose((network, p), VECTORS)
    assert (diagnosis.primary.finding, diagnosis.primary.remedy) == (finding, "Start g at 1."), str(diagnosis)
    assert diagnose(diagnosis.mended(), VECTORS).healthy


def test_a_scale_one_layer_before_a_faint_product_is_named():
    def network(p, x):
        z = (x @ p["in"]) * p["g"]
        return (jax.nn.silu(z @ p["one"]) * (z @ p["two"])) @ p["out"]

    p = {name: he(64, 64) / 8 for name in ("one", "two", "out")}
    p |= {"in": he(64, 64), "g": 0.02 * VECTORS[0]}
    diagnosis = diagnose((network, p), VECTORS)
    assert diagnosis.primary.reason.startswith("What the layers before receive has been multiplied with g"), str(
        diagnosis
    )
    assert [one.parameter for one in diagnosis.changes] == ["g"]


@pytest.mark.parametrize("kind", ["LayerNorm", "BatchNorm1d"])
def test_units_that_a_shift_switches_off_are_blamed_on_the_shift_in_every_layer(torch, kind):
    network = importlib.import_module("torch_zoo").mlp(3, norm=getattr(torch.nn, kind))
    for part in network[1:-1:3]:
        torch.nn.init.constant_(part.bias, -5.0)
    diagnosis = diagnose(network, VECTORS)
    assert [layer.finding for layer in diagnosis.layers[:-1]] == ["dead units"] * 3, str(diagnosis)
    assert [one.parameter for one in diagnosis.changes] == ["1.bias", "4.bias", "7.bias"]


def compared(p, x):
    one, two = x @ p["one"], x @ p["two"]
    one, two = (part / jnp.linalg.norm(part, axis=-1, keepdims=True) for part in (one, two))
    return jnp.exp(p["scale"]) * one @ two.T


@pytest.mark.parametrize(
    ("scale", "state"), [(math.log(1 / 0.07), None), (9.0, "warning"), (14.3, "fault"), (100.0, "fault")]
)
def test_a_scale_whose_logarithm_was_forgotten_is_named(scale, state):
    p = {"one": he(64, 32) / 2**0.5, "two": he(64, 32) / 2**0.5, "scale": np.float32(scale)}
    diagnosis = diagnose((compared, p), VECTORS)
    assert (diagnosis.primary.state if diagnosis.primary else None) == state, str(diagnosis)
    if state:
        assert diagnosis.primary.remedy.startswith(
            "Start scale at the logarithm of what its exponential is to be: log("
        )
        assert {layer.finding for layer in diagnosis.layers} == {"healthy"}


# Time steps


def lstm(p, words):
    def turn(state, word):
        i, f, g, o = jnp.split(word @ p["input"] + state[0] @ p["state"] + p["bias"], 4, -1)
        c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(words), 32))
    return jax.lax.scan(turn, (zeros, zeros), words.swapaxes(0, 1))[0][0] @ p["out"]


@pytest.mark.parametrize(("forget", "others", "healthy"), [(1, 0, True), (-5, 0, False), (-5, -5, False)])
def test_biases_that_shut_the_gates_are_the_cause_of_a_state_that_is_lost(forget, others, healthy):
    bias = np.full(128, others, np.float32)
    bias[32:64] = forget
    p = {"input": he(32, 128) / 2**0.5, "state": he(32, 128) / 2**0.5, "bias": bias, "out": he(32, 3) / 2**0.5}
    words = SEQUENCES[:, :9]
    diagnosis = diagnose((lstm, p), words)
    assert diagnosis.healthy == healthy, str(diagnosis)
    if not healthy:
        assert (diagnosis.primary.finding, diagnosis.primary.code.split()[-1]) == ("biases out of scale", "bias")
        assert "a forget gate's at 1" in diagnosis.primary.remedy
        assert diagnose(diagnosis.mended(), words).healthy


def elman(p, words):
    def turn(state, word):
        return jnp.tanh(word @ p["input"] + state @ p["state"]), None

    return jax.lax.scan(turn, jnp.zeros((len(words), 64)), words.swapaxes(0, 1))[0] @ p["out"]


@pytest.mark.parametrize(
    ("std", "findings"), [(1.0, {"too large", "gradient explodes"}), (1 / 8, set()), (0.01, {"gradient vanishes"})]
)
def test_a_gradient_that_explodes_or_vanishes_through_time_is_a_fault(std, findings):
    state = std * RANDOM.standard_normal((64, 64)).astype(np.float32)
    p = {"input": he(32, 64) / 2**0.5, "state": state, "out": he(64, 3) / 2**0.5}
    diagnosis = diagnose((elman, p), SEQUENCES[:, :12])
    found = [row for row in (*diagnosis.layers, *diagnosis.whole) if row.state != "ok"]
    assert {row.finding for row in found} == findings, str(diagnosis)
    assert all(row.state == "fault" for row in found)
    assert "time steps than at the last" in diagnosis.sentence or findings != {"gradient vanishes"}


def test_a_state_is_no_branch_and_where_it_grows_its_weights_are_the_cause():
    def irnn(p, words):
        def turn(state, word):
            return jax.nn.relu(word @ p["input"] + state @ p["state"]), None

        return jax.lax.scan(turn, jnp.zeros((len(words), 32)), words.swapaxes(0, 1))[0] @ p["out"]

    p = {"input": he(32, 32) / 2**0.5, "state": 2 * np.eye(32, dtype=np.float32), "out": he(32, 3) / 2**0.5}
    diagnosis = diagnose((irnn, p), SEQUENCES)
    assert (diagnosis.primary.finding, diagnosis.primary.name) == ("too large", "state"), str(diagnosis)
    assert "branch" not in str(diagnosis)
    assert diagnose(diagnosis.mended(), SEQUENCES).healthy


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"packed": True}, {"cell": True}])
def test_shut_gates_are_named_in_pytorch_however_the_layer_runs(torch, kind, options):
    torch.manual_seed(0)
    network = importlib.import_module("torch_networks").torch_recurrent(kind, **options)
    assert diagnose(network, SEQUENCES).healthy
    for name, parameter in network.named_parameters():
        if "bias_ih" in name:  # the second gate is the forget gate, or what keeps a GRU's state is shut
            parameter.data[32:64] = -6.0
    diagnosis = diagnose(network, SEQUENCES)
    assert diagnosis.primary.finding == "biases out of scale", str(diagnosis)
    assert "nn.init.zeros_" in diagnosis.primary.code
    assert diagnose(diagnosis.mended(), SEQUENCES).healthy


# Units that are off


def test_units_that_receive_nothing_are_not_blamed_for_what_answers_0():
    p = {"table": np.zeros((100, 64), np.float32), "w": he(64, 64), "out": he(64, 5)}
    diagnosis = diagnose((lambda p, x: jax.nn.relu(p["table"][x] @ p["w"]).mean(1) @ p["out"], p), TOKENS)
    assert all(layer.state == "ok" for layer in diagnosis.layers), str(diagnosis)
    assert diagnosis.primary.finding == "the same answer for all"
    assert diagnosis.primary.reason == "All vectors of table are 0 throughout, and tell nothing apart."
    assert diagnose(diagnosis.mended(), TOKENS).healthy


def carried(p, x):
    for layer, bias, gate in p["blocks"]:
        share = jax.nn.sigmoid(x @ gate - 2.0)
        x = share * jax.nn.relu(x @ layer + bias) + (1 - share) * x
    return x @ p["out"]


def test_units_that_are_off_are_no_loss_where_gates_carry_the_signal_past_them():
    x = (0.2 * VECTORS[:, :32] + 0.2).astype(np.float32)
    biases = [0.3 * RANDOM.standard_normal(32).astype(np.float32) for _ in range(12)]
    p = {"blocks": [(he(32, 32) / 2, bias, he(32, 32) / 4) for bias in biases], "out": he(32, 3) / 2**0.5}
    diagnosis = diagnose((carried, p), x)
    assert max(diagnosis.table["dead"]) > 0.2
    assert diagnosis.healthy, str(diagnosis)


@pytest.mark.parametrize(("mean", "state"), [(-0.05, "warning"), (-0.3, "fault")])
def test_units_that_come_back_once_their_inputs_have_grown_are_a_warning(mean, state):
    noise = RANDOM.standard_normal(64)
    biases = (mean + 0.15 * (noise - noise.mean())).astype(np.float32)
    p = {"in": he(64, 64) / 2**0.5, "decoder": he(64, 64), "bias": biases, "out": he(64, 3) / 2**0.5}

    def network(p, x):
        values = x @ p["in"]
        codes = 0.002 * jnp.sign(values) + 0.001 * jnp.tanh(values)  # as small as a table of codes at its start
        return jax.nn.relu(codes @ p["decoder"] + p["bias"]) @ p["out"]

    row = diagnose((network, p), VECTORS).layers[1]
    assert "dead units" in (row.finding, *row.also)
    assert row.state == state


def chain(activation, variance: float, depth: int = 8, width: int = 64):
    """A JAX network of equal layers, its parameters drawn with a weight variance."""
    weights = [math.sqrt(variance / 2) * he(width, width) for _ in range(depth)]

    def network(weights, x):
        for w in weights[:-1]:
            x = activation(x @ w)
        return x @ weights[-1]

    return network, weights


@pytest.mark.parametrize(
    ("activation", "suits"),
    [
        pytest.param(lambda z: 1.7881 * jax.nn.silu(z), 0.88, id="silu of NFNets"),
        pytest.param(lambda z: 1.7159 * jnp.tanh(2 / 3 * z), 1.33, id="tanh of LeCun", marks=pytest.mark.long),
        pytest.param(
            lambda z: jax.nn.leaky_relu(z, 0.2) * math.sqrt(2),
            0.96,
            id="leaky relu of StyleGAN2",
            marks=pytest.mark.long,
        ),
        pytest.param(lambda z: jax.nn.relu(z) / 2, 8.0, id="half a relu", marks=pytest.mark.long),
        pytest.param(lambda z: jax.nn.softplus(z) - math.log(2), 3.5, id="shifted softplus"),
        pytest.param(lambda z: jax.nn.relu(z) - 0.4, 2.9, id="shifted relu", marks=pytest.mark.long),
    ],
)
def test_constants_behind_a_function_count_for_what_the_next_layer_needs(activation, suits):
    assert diagnose(chain(activation, suits), VECTORS).healthy
    for factor, findings in ((0.05, ("too small",)), (20.0, ("too large", "saturated"))):
        sick = diagnose(chain(activation, factor * suits), VECTORS)
        assert {layer.finding for layer in sick.layers[1:-1]} <= {*findings}
        assert sick.mended()[1][3].std() == pytest.approx(math.sqrt(suits / 64), rel=0.3)


@pytest.mark.parametrize(
    ("activation", "suits"),
    [
        pytest.param(jnp.abs, 1.0, id="absolute value"),
        pytest.param(lambda z: z + jnp.sin(z) ** 2, 0.77, id="snake", marks=pytest.mark.long),
        pytest.param(lambda z: z * jnp.tanh(jnp.exp(z)), 1.89, id="tanh of exp", marks=pytest.mark.long),
        pytest.param(lambda z: z * jax.nn.sigmoid(1.702 * z), 2.0, id="quick gelu"),
        pytest.param(jnp.arctan, 2.2, id="arctan", marks=pytest.mark.long),
    ],
)
def test_what_a_function_does_to_the_signal_is_measured_where_no_name_tells_it(activation, suits):
    assert diagnose(chain(activation, suits), VECTORS).healthy
    small = diagnose(chain(activation, 0.1 * suits), VECTORS)
    assert [layer.finding for layer in small.layers] == ["too small"] * 7 + ["healthy"]
    large = diagnose(chain(activation, 10 * suits), VECTORS)
    assert {layer.finding for layer in large.layers[1:-1]} <= {"too large", "saturated"}
    for sick in (small, large):
        assert sick.mended()[1][3].std() == pytest.approx(math.sqrt(suits / 64), rel=0.4)


def test_what_is_no_function_of_single_values_is_not_measured_as_one():
    for activation in (lambda z: z / jnp.abs(z).max(), lambda z: z[:, ::-1] * z, lambda z: jnp.cumsum(z, 1)):
        assert [layer.place.follows for layer in read(chain(activation, 1.0, 3), VECTORS).layers] == [None] * 3
