"""The same network in every framework gives the same reading, and is left as it was."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from course.activations import ACTIVATIONS
from course.diagnosis import read
from course.diagnosis.reading import NetworkReading

torch = pytest.importorskip("torch")

RANDOM = np.random.default_rng(11)
BATCH = RANDOM.standard_normal((20, 6)).astype(np.float32)
IMAGES = RANDOM.standard_normal((6, 8, 8, 3)).astype(np.float32)
SIZES = (6, 9, 7, 8, 4)
WEIGHTS = [RANDOM.standard_normal(pair).astype(np.float32) / math.sqrt(pair[0]) for pair in itertools.pairwise(SIZES)]
BIASES = [RANDOM.standard_normal(size).astype(np.float32) for size in SIZES[1:]]
KERNEL = RANDOM.standard_normal((3, 3, 3, 5)).astype(np.float32) / math.sqrt(27)
OUT = RANDOM.standard_normal((5, 2)).astype(np.float32) / math.sqrt(5)
LAST = len(WEIGHTS) - 1


def listed(name: str):
    return [(w, b, name if place < LAST else None) for place, (w, b) in enumerate(zip(WEIGHTS, BIASES, strict=True))]


def function(name: str):
    def forward(parameters, x):
        for w, b in parameters[:-1]:
            x = ACTIVATIONS[name].function(x @ w + b)
        return x @ parameters[-1][0] + parameters[-1][1]

    return forward, list(zip(WEIGHTS, BIASES, strict=True))


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


TORCH_FUNCTIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU}


def filled(module, weights, bias=None):
    """A PyTorch layer with these weights, in the course's order."""
    turned = weights.T if weights.ndim == 2 else weights.transpose(3, 2, 0, 1)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(np.ascontiguousarray(turned)))
        if bias is not None:
            module.bias.copy_(torch.tensor(bias))
    return module


def torch_module(name: str, **keywords):
    rows = [filled(torch.nn.Linear(*w.shape), w, b) for w, b in zip(WEIGHTS, BIASES, strict=True)]
    parts = [part for row in rows for part in (row, TORCH_FUNCTIONS[name](**keywords))]
    return torch.nn.Sequential(*parts[:-1])


KINDS = {"JAX": function, "Flax NNX": Nnx, "Linen": linen_pair, "Equinox": Equinox, "PyTorch": torch_module}


def assert_same(reading: NetworkReading, expected: NetworkReading, within: float = 1e-5) -> None:
    """The same layers to 1e-5 of their largest numbers; names may differ."""
    assert len(reading.layers) == len(expected.layers)
    np.testing.assert_allclose(reading.outputs, expected.outputs, atol=within * np.abs(expected.outputs).max())
    for layer, other in zip(reading.layers, expected.layers, strict=True):
        assert layer._replace(**ARRAYLESS, name="") == other._replace(**ARRAYLESS, name="")
        for field in ARRAYLESS:
            one, two = getattr(layer, field), getattr(other, field)
            assert (one is None) == (two is None), field
            if two is not None:
                assert one.shape == two.shape, field
                np.testing.assert_allclose(one, two, atol=within * np.abs(two).max(), rtol=within, err_msg=field)


ARRAYLESS = dict.fromkeys(
    ("weights", "biases", "inputs", "preactivations", "activations", "preactivation_gradients", "weight_gradients")
)


@pytest.mark.parametrize("name", TORCH_FUNCTIONS)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "JAX"])
def test_a_network_reads_the_same_in_every_framework(kind: str, name: str):
    reading = read(KINDS[kind](name), BATCH, seed=4)
    assert reading.framework == {"Linen": "JAX"}.get(kind, kind)
    # PyTorch's gelu is the exact one, and JAX's the usual approximation, 5e-4 away
    within = 3e-3 if (kind, name) == ("PyTorch", "gelu") else 1e-5
    assert_same(reading, read(function(name), BATCH, seed=4), within)


@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_a_list_and_a_function_differ_in_their_directions_alone(name: str):
    one, two = (read(network, BATCH) for network in (listed(name), function(name)))
    for layer, other in zip(one.layers, two.layers, strict=True):
        np.testing.assert_allclose(layer.preactivations, other.preactivations, atol=1e-5)
        assert layer.activation == other.activation


def test_layers_bear_the_names_that_their_framework_gives_them():
    names = {kind: [layer.name for layer in read(make("relu"), BATCH).layers] for kind, make in KINDS.items()}
    assert names == {
        "JAX": ["0.0", "1.0", "2.0", "3.0"],
        "Flax NNX": [f"layers.{place}.kernel" for place in range(4)],
        "Linen": [f"params.Dense_{place}.kernel" for place in range(4)],
        "Equinox": [f"layers.{place}.weight" for place in range(4)],
        "PyTorch": ["0", "2", "4", "6"],
    }


def convolution_function(p, x):
    order = ("NHWC", "HWIO", "NHWC")
    x = jax.nn.relu(jax.lax.conv_general_dilated(x, p["kernel"], (1, 1), "SAME", dimension_numbers=order))
    return x.mean((1, 2)) @ p["out"]


class NnxConvolution(nnx.Module):
    """A convolution, a mean over the places, a last layer."""

    def __init__(self):
        self.convolution = nnx.Conv(3, 5, (3, 3), use_bias=False, rngs=nnx.Rngs(0))
        self.out = nnx.Linear(5, 2, use_bias=False, rngs=nnx.Rngs(0))
        self.convolution.kernel[...], self.out.kernel[...] = KERNEL, OUT

    def __call__(self, x):
        return self.out(nnx.relu(self.convolution(x)).mean((1, 2)))


class TorchConvolution(torch.nn.Module):
    """The same, with channels first."""

    def __init__(self):
        super().__init__()
        self.convolution = filled(torch.nn.Conv2d(3, 5, 3, padding=1, bias=False), KERNEL)
        self.out = filled(torch.nn.Linear(5, 2, bias=False), OUT)

    def forward(self, x):
        return self.out(torch.relu(self.convolution(x)).mean((2, 3)))


def test_a_convolution_reads_the_same_in_every_framework():
    expected = read((convolution_function, {"kernel": KERNEL, "out": OUT}), IMAGES)
    assert_same(read(NnxConvolution(), IMAGES), expected)
    assert_same(read(TorchConvolution(), IMAGES.transpose(0, 3, 1, 2)), expected)


SQUARE = RANDOM.standard_normal((6, 6)).astype(np.float32) / math.sqrt(6)


class NnxBlock(nnx.Module):
    """x + W relu(norm(W x)), the same W twice."""

    def __init__(self, norm):
        self.norm, self.tied = norm, nnx.Linear(6, 6, use_bias=False, rngs=nnx.Rngs(0))
        self.tied.kernel[...] = SQUARE

    def __call__(self, x):
        return x + self.tied(nnx.relu(self.norm(self.tied(x))))


class TorchBlock(torch.nn.Module):
    """The same."""

    def __init__(self, norm):
        super().__init__()
        self.norm, self.tied = norm, filled(torch.nn.Linear(6, 6, bias=False), SQUARE)

    def forward(self, x):
        return x + self.tied(torch.relu(self.norm(self.tied(x))))


def nnx_norm(kind: str):
    """A normalization of Flax with PyTorch's ε."""
    return {"batch": nnx.BatchNorm, "layer": nnx.LayerNorm}[kind](6, epsilon=1e-5, rngs=nnx.Rngs(0))


def torch_norm(kind: str):
    return {"batch": torch.nn.BatchNorm1d, "layer": torch.nn.LayerNorm}[kind](6)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_a_normalized_residual_block_of_shared_weights_reads_the_same(kind: str, training: bool):
    flax, module = NnxBlock(nnx_norm(kind)), TorchBlock(torch_norm(kind)).train(training)
    flax.train() if training else flax.eval()
    reading = read(module, BATCH)
    one, two = reading.layers
    z = BATCH @ SQUARE
    if kind == "layer":
        z = (z - z.mean(1, keepdims=True)) / np.sqrt(z.var(1, keepdims=True) + 1e-5)
    elif training:
        z = (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)
    else:  # a fresh batch normalization believes in mean 0 and variance 1
        z = z / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(one.preactivations, z, atol=1e-5)
    assert (one.activation, one.shared_with, two.shared_with) == ("relu", None, "tied")
    other = read(flax, BATCH)
    assert [layer.shared_with for layer in other.layers] == [None, "tied.kernel"]
    shared = [layer._replace(shared_with=None) for layer in other.layers]
    expected = [layer._replace(shared_with=None) for layer in reading.layers]
    if kind == "layer" or training:
        assert [layer.normalized for layer in shared] == [True, False]
        assert_same(other._replace(layers=tuple(shared)), reading._replace(layers=tuple(expected)))


def test_a_layer_normalization_in_equinox_reads_the_same():
    class Block(eqx.Module):
        norm: eqx.nn.LayerNorm
        tied: eqx.nn.Linear

        def __call__(self, x):
            return x + self.tied(jax.nn.relu(self.norm(self.tied(x))))

    tied = eqx.nn.Linear(6, 6, use_bias=False, key=jax.random.key(0))
    tied = eqx.tree_at(lambda one: one.weight, tied, jnp.asarray(SQUARE.T))
    reading = read(Block(eqx.nn.LayerNorm(6), tied), BATCH)
    expected = read(TorchBlock(torch_norm("layer")), BATCH)
    shared = reading._replace(layers=tuple(layer._replace(shared_with=None) for layer in reading.layers))
    assert_same(shared, expected._replace(layers=tuple(one._replace(shared_with=None) for one in expected.layers)))


def test_a_pytorch_module_is_left_bit_for_bit_as_it_was():
    module = torch.nn.Sequential(
        torch.nn.Linear(6, 9),
        torch.nn.BatchNorm1d(9),
        torch.nn.ReLU(inplace=True),
        torch.nn.Dropout(),
        torch.nn.Linear(9, 2),
    )
    module[4].weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    random = torch.get_rng_state()
    layers = read(module, torch.tensor(BATCH)).layers
    assert [layer.trainable for layer in layers] == [True, False]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert module.training
    assert all(parameter.grad is None for parameter in module.parameters())
    assert [p.requires_grad for p in module.parameters()] == [True, True, True, True, False, True]
    assert not any(part._forward_hooks or part._backward_hooks for part in module.modules())


def test_a_module_is_read_under_no_grad_too():
    module = torch_module("tanh")
    with torch.no_grad():
        inside = read(module, BATCH)
        assert not torch.is_grad_enabled()
    assert_same(inside, read(module, BATCH))


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
    assert (layer.activation, layer.preactivations.shape) == ("tanh", (len(BATCH), 3))
    assert not module.drop.inference


class Statement(torch.nn.Module):
    """Writes over its tensors by statements and by `+=`."""

    def __init__(self):
        super().__init__()
        self.layers = torch_module("relu")

    def forward(self, x):
        for layer in list(self.layers)[:-1:2]:
            x = layer(x)
            x.relu_()
        x = self.layers[-1](x)
        x += 0
        return x


@pytest.mark.parametrize("module", [torch_module("relu", inplace=True), Statement()], ids=["argument", "statement"])
def test_a_relu_that_writes_over_its_input_reads_like_one_that_does_not(module):
    assert_same(read(module, BATCH), read(torch_module("relu"), BATCH))


class Products(torch.nn.Module):
    """The same network by products, from the right and from the left."""

    def __init__(self, left: bool):
        super().__init__()
        self.left = left
        self.weights = torch.nn.ParameterList([torch.tensor(w.T.copy() if left else w) for w in WEIGHTS])
        self.biases = torch.nn.ParameterList([torch.tensor(b) for b in BIASES])

    def forward(self, x):
        for place, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = (w @ x.T + b[:, None]).T if self.left else x @ w + b
            x = z if place == LAST else torch.relu(z)
        return x


@pytest.mark.parametrize("left", [False, True])
def test_weights_in_plain_products_are_layers_too(left: bool):
    reading, expected = read(Products(left), BATCH), read(torch_module("relu"), BATCH)
    assert [layer.name for layer in reading.layers] == [f"weights.{place}" for place in range(4)]
    for layer, other in zip(reading.layers, expected.layers, strict=True):
        assert np.array_equal(layer.weights, other.weights)
        assert layer.activation == other.activation
        np.testing.assert_allclose(layer.preactivations, other.preactivations, atol=1e-5)
        np.testing.assert_allclose(layer.weight_gradients, other.weight_gradients, atol=1e-3)
        np.testing.assert_allclose(layer.biases, other.biases)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4], ids=["zeros", "sound", "overflowing"])
def test_activations_are_recognized_in_every_precision_and_whatever_the_weights(dtype, scale):
    module = torch_module("gelu").to(dtype)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(scale)
    layers = read(module, BATCH).layers
    assert [layer.activation for layer in layers] == ["gelu"] * 3 + [None]
    assert {layer.dtype for layer in layers} == {str(dtype).removeprefix("torch.")}


def test_attention_of_pytorch_shows_its_projections():
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    words = RANDOM.standard_normal((4, 5, 8)).astype(np.float32)
    layers = read(layer, words).layers
    assert [one.name for one in layers] == ["self_attn.in_proj_weight", "self_attn.out_proj", "linear1", "linear2"]
    assert [one.activation for one in layers] == [None, None, "relu", None]
    np.testing.assert_array_equal(layers[0].weights, layer.self_attn.in_proj_weight.detach().numpy().T)


def test_an_embedding_is_no_layer():
    module = torch.nn.Sequential(torch.nn.Embedding(11, 6), torch.nn.Linear(6, 3))
    tokens = RANDOM.integers(0, 11, (4, 5))
    (layer,) = read(module, tokens).layers
    np.testing.assert_array_equal(layer.inputs, module[0].weight.detach().numpy()[tokens])


def test_a_gradient_that_the_network_cuts_is_read_as_zero():
    class Cut(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(6, 5), torch.nn.Linear(5, 2)

        def forward(self, x):
            return self.two(torch.relu(self.one(x)).detach())

    one, two = read(Cut(), BATCH).layers
    assert not one.preactivation_gradients.any()
    assert two.preactivation_gradients.any()


SENTENCES = {
    "a class of PyTorch": (torch.nn.Linear, "the class Linear; allowed is a network made from it"),
    "a class of Flax": (Nnx, "the class Nnx; allowed is a network made from it"),
    "a Linen module": (Linen(), r"For a Flax Linen module give the pair \(module.apply, variables\)"),
    "a layer without numbers": (torch.nn.LazyLinear(3), "the parameter weight is lazy and has no numbers yet"),
    "a module without weights": (torch.nn.ReLU(), "the network has no layer of weights"),
    "other inputs": (torch.nn.Linear(5, 2), r"could not be run on a batch of shape \(20, 6\) and type float32"),
    "a recurrent layer": (torch.nn.LSTM(6, 2), "the network has a recurrent layer, lstm"),
    "Flax with shapes alone": (nnx.eval_shape(lambda: Nnx("relu")), "the parameters are shapes without numbers"),
    "complex numbers": (torch.nn.Linear(6, 2, dtype=torch.complex64), "allowed are floating-point numbers"),
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


def test_nan_in_a_module_is_named_with_its_layer():
    module = torch_module("relu")
    with torch.no_grad():
        module[2].weight[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"weights of layer 2 \(2\) hold NaN or infinity in 1 of 63 places"):
        read(module, BATCH)
