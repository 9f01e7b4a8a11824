"""Modules of Flax and Equinox read like the same network in plain JAX, and are left as they were."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
import same_network
from flax import linen, nnx
from same_network import (
    BATCH,
    BIASES,
    IMAGES,
    KERNEL,
    LAST,
    OUT,
    SQUARE,
    WEIGHTS,
    assert_same,
    by_the_past,
    without_shares,
)

from course.activations import ACTIVATIONS
from course.diagnosis import read


class Nnx(nnx.Module):
    """Plain layers in Flax."""

    def __init__(self, name: str):
        self.function = ACTIVATIONS[name].function
        self.layers = nnx.List([nnx.Linear(*w.shape, rngs=nnx.Rngs(0)) for w in WEIGHTS])
        for layer, w, b in zip(self.layers, WEIGHTS, BIASES, strict=True):
            layer.kernel[...], layer.bias[...] = w, b

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = self.function(layer(x))
        return self.layers[-1](x)


class Linen(linen.Module):
    """The same, in Flax's older interface."""

    name_of_function: str = "relu"

    @linen.compact
    def __call__(self, x):
        for place, w in enumerate(WEIGHTS):
            x = linen.Dense(w.shape[1])(x)
            x = x if place == LAST else ACTIVATIONS[self.name_of_function].function(x)
        return x


def linen_pair(name: str):
    module = Linen(name)
    parameters = {
        f"Dense_{place}": {"kernel": w, "bias": b} for place, (w, b) in enumerate(zip(WEIGHTS, BIASES, strict=True))
    }
    return module.apply, {"params": parameters}


class Equinox(eqx.Module):
    """Plain layers for one example, as Equinox has them."""

    layers: list
    function: object

    def __init__(self, name: str):
        layers = [eqx.nn.Linear(*w.shape, key=jax.random.key(0)) for w in WEIGHTS]
        self.layers = [
            eqx.tree_at(lambda one: (one.weight, one.bias), layer, (jnp.asarray(w.T), jnp.asarray(b)))
            for layer, w, b in zip(layers, WEIGHTS, BIASES, strict=True)
        ]
        self.function = ACTIVATIONS[name].function

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = self.function(layer(x))
        return self.layers[-1](x)


KINDS = {"Flax NNX": Nnx, "Linen": linen_pair, "Equinox": Equinox}
NAMES = {"Flax NNX": "layers.{}.kernel", "Linen": "params.Dense_{}.kernel", "Equinox": "layers.{}.weight"}


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_reads_the_same_in_every_framework(kind: str, name: str):
    reading = read(KINDS[kind](name), BATCH, seed=4)
    assert reading.framework == {"Linen": "JAX"}.get(kind, kind)
    assert [layer.definition.name for layer in reading.layers] == [
        NAMES[kind].format(place) for place in range(LAST + 1)
    ]
    assert_same(reading, read(same_network.function(name), BATCH, seed=4))


class NnxConvolution(nnx.Module):
    """A convolution, a mean over the places, a last layer."""

    def __init__(self):
        self.convolution = nnx.Conv(3, 5, (3, 3), use_bias=False, rngs=nnx.Rngs(0))
        self.out = nnx.Linear(5, 2, use_bias=False, rngs=nnx.Rngs(0))
        self.convolution.kernel[...], self.out.kernel[...] = KERNEL, OUT

    def __call__(self, x):
        return self.out(nnx.relu(self.convolution(x)).mean((1, 2)))


def test_a_convolution_reads_the_same_in_flax():
    assert_same(
        read(NnxConvolution(), IMAGES), read((same_network.convolution, {"kernel": KERNEL, "out": OUT}), IMAGES)
    )


class NnxBlock(nnx.Module):
    """x + W relu(norm(W x)), the same W twice."""

    def __init__(self, norm):
        self.norm, self.tied = norm, nnx.Linear(6, 6, use_bias=False, rngs=nnx.Rngs(0))
        self.tied.kernel[...] = SQUARE

    def __call__(self, x):
        return x + self.tied(nnx.relu(self.norm(self.tied(x))))


def nnx_norm(kind: str):
    """A normalization of Flax with PyTorch's ε."""
    return {"batch": nnx.BatchNorm, "layer": nnx.LayerNorm}[kind](6, epsilon=1e-5, rngs=nnx.Rngs(0))


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_a_normalized_residual_block_of_shared_weights_reads_the_same_in_flax(kind: str, training: bool):
    module = NnxBlock(nnx_norm(kind))
    module.train() if training else module.eval()
    reading = read(module, BATCH)
    assert [layer.definition.shared_with for layer in reading.layers] == [None, "tied.kernel"]
    mode = kind if kind == "layer" or training else "fresh"
    expected = without_shares(read((same_network.block(mode), {"tied": SQUARE}), BATCH))
    assert_same(without_shares(reading), by_the_past(expected) if mode == "fresh" else expected)


def test_a_layer_normalization_in_equinox_reads_the_same():
    class Block(eqx.Module):
        norm: eqx.nn.LayerNorm
        tied: eqx.nn.Linear

        def __call__(self, x):
            return x + self.tied(jax.nn.relu(self.norm(self.tied(x))))

    tied = eqx.nn.Linear(6, 6, use_bias=False, key=jax.random.key(0))
    tied = eqx.tree_at(lambda one: one.weight, tied, jnp.asarray(SQUARE.T))
    reading = read(Block(eqx.nn.LayerNorm(6), tied), BATCH)
    assert [layer.definition.shared_with for layer in reading.layers] == [None, "tied.weight"]
    assert_same(without_shares(reading), without_shares(read((same_network.block("layer"), {"tied": SQUARE}), BATCH)))


def test_a_flax_module_is_left_bit_for_bit_as_it_was():
    class Dropping(nnx.Module):
        def __init__(self):
            self.block, self.drop = NnxBlock(nnx_norm("batch")), nnx.Dropout(0.5, rngs=nnx.Rngs(3))

        def __call__(self, x):
            return self.drop(self.block(x))

    module = Dropping()
    before = jax.tree.map(jnp.copy, nnx.to_pure_dict(nnx.state(module)))
    assert len(read(module, BATCH).layers) == 2
    after = nnx.to_pure_dict(nnx.state(module))
    assert jax.tree.structure(before) == jax.tree.structure(after)
    assert all(jax.tree.leaves(jax.tree.map(lambda one, two: bool((one == two).all()), before, after)))


def test_an_equinox_module_may_take_batches_and_have_dropout():
    class Dropping(eqx.Module):
        first: eqx.nn.Linear
        drop: eqx.nn.Dropout

        def __call__(self, x):
            return self.drop(jax.nn.tanh(jax.vmap(self.first)(x.reshape(x.shape[0], -1))))

    module = Dropping(eqx.nn.Linear(6, 3, key=jax.random.key(0)), eqx.nn.Dropout(0.5))
    (layer,) = read(module, BATCH).layers
    assert (layer.definition.activation, layer.signals.preactivations.shape) == ("tanh", (len(BATCH), 3))
    assert not module.drop.inference


class NnxTwo(nnx.Module):
    def __init__(self):
        self.left, self.right = nnx.Linear(6, 5, rngs=nnx.Rngs(0)), nnx.Linear(6, 5, rngs=nnx.Rngs(1))

    def __call__(self, left, right):
        return 30 * (self.left(left) + self.right(right))


class EquinoxTwo(eqx.Module):
    left: eqx.nn.Linear
    right: eqx.nn.Linear

    def __call__(self, left, right):
        return 30 * (self.left(left) + self.right(right))


TWO = {
    "Flax NNX": NnxTwo(),
    "Equinox": EquinoxTwo(*(eqx.nn.Linear(6, 5, key=jax.random.key(seed)) for seed in (0, 1))),
}


@pytest.mark.parametrize("network", TWO.values(), ids=TWO)
def test_a_module_of_two_inputs_may_be_given_targets(network):
    targets = jnp.arange(len(BATCH)) % 5
    for batch in ((BATCH, BATCH, targets), ((BATCH, BATCH), targets), ({"left": BATCH, "right": BATCH}, targets)):
        assert read(network, batch).loss[0] > 5
    assert read(network, (BATCH, BATCH)).loss is None


SENTENCES = {
    "a class of Flax": (Nnx, "the class Nnx; allowed is a network made from it"),
    "a Linen module": (Linen(), r"For a Flax Linen module give the pair \(module.apply, variables\)"),
    "Flax with shapes alone": (nnx.eval_shape(lambda: Nnx("relu")), "the parameters are shapes without numbers"),
}


@pytest.mark.parametrize(("network", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_a_module_that_cannot_be_read_is_told_why(network, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network, BATCH)


def test_state_that_equinox_wants_from_outside_is_asked_for():
    class Normalized(eqx.Module):
        norm: eqx.nn.BatchNorm
        layer: eqx.nn.Linear

        def __call__(self, x, state):
            x, state = self.norm(self.layer(x), state)
            return x, state

    norm = eqx.nn.BatchNorm(3, "batch", mode="batch")
    network = Normalized(norm, eqx.nn.Linear(6, 3, key=jax.random.key(0)))
    with pytest.raises(
        ValueError, match=r"could not be run on a batch .*missing 1 required positional argument: 'state'"
    ):
        read(network, BATCH)
