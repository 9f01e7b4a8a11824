"""PyTorch modules read like the same network in JAX, and are left as they were."""

import importlib
import math
import operator
import warnings

import numpy as np
import pytest
import same_network
from same_network import BATCH, IMAGES, KERNEL, OUT, RANDOM, SQUARE, assert_same, by_the_past, without_shares

from course.diagnosis import diagnose, read

FUNCTIONS = ("relu", "tanh", "gelu", "silu")
VECTORS = RANDOM.standard_normal((64, 64)).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def _pytorch():
    """Import PyTorch for these tests alone, and not where all tests are listed."""
    global torch, networks
    torch = pytest.importorskip("torch")
    networks = importlib.import_module("torch_networks")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_module_reads_like_a_function_in_jax(name: str):
    reading = read(networks.torch_module(name), BATCH, seed=4)
    assert reading.framework == "PyTorch"
    assert [layer.definition.name for layer in reading.layers] == ["0", "2", "4", "6"]
    # PyTorch's gelu is the exact one, and JAX's the usual approximation, 5e-4 away
    assert_same(reading, read(same_network.function(name), BATCH, seed=4), 3e-3 if name == "gelu" else 1e-5)


def test_a_convolution_reads_as_in_jax():
    expected = read((same_network.convolution, {"kernel": KERNEL, "out": OUT}), IMAGES)
    assert_same(read(networks.TorchConvolution(), IMAGES.transpose(0, 3, 1, 2)), expected)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_a_normalized_residual_block_of_shared_weights_reads_as_in_jax(kind: str, training: bool):
    reading = read(networks.TorchBlock(networks.torch_norm(kind)).train(training), BATCH)
    mode = kind if kind == "layer" or training else "fresh"
    assert [layer.definition.shared_with for layer in reading.layers] == [None, "tied"]
    assert reading.layers[0].definition.activation == "relu"
    expected = without_shares(read((same_network.block(mode), {"tied": SQUARE}), BATCH))
    assert_same(without_shares(reading), by_the_past(expected) if mode == "fresh" else expected)


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
    assert [layer.definition.trainable for layer in layers] == [True, False]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert module.training
    assert all(parameter.grad is None for parameter in module.parameters())
    assert [p.requires_grad for p in module.parameters()] == [True, True, True, True, False, True]
    assert not any(part._forward_hooks or part._backward_hooks for part in module.modules())


def test_a_module_is_read_under_no_grad_too():
    module = networks.torch_module("tanh")
    with torch.no_grad():
        inside = read(module, BATCH)
        assert not torch.is_grad_enabled()
    assert_same(inside, read(module, BATCH))


@pytest.mark.parametrize("by", ["argument", "statement"])
def test_a_relu_that_writes_over_its_input_reads_like_one_that_does_not(by):
    module = networks.torch_module("relu", inplace=True) if by == "argument" else networks.Statement()
    assert_same(read(module, BATCH), read(networks.torch_module("relu"), BATCH))


@pytest.mark.parametrize("left", [False, True])
def test_weights_in_plain_products_are_layers_too(left: bool):
    reading, expected = read(networks.Products(left), BATCH), read(networks.torch_module("relu"), BATCH)
    assert [layer.definition.name for layer in reading.layers] == [f"weights.{place}" for place in range(4)]
    for layer, other in zip(reading.layers, expected.layers, strict=True):
        assert np.array_equal(layer.definition.weights, other.definition.weights)
        assert layer.definition.activation == other.definition.activation
        np.testing.assert_allclose(layer.signals.preactivations, other.signals.preactivations, atol=1e-5)
        np.testing.assert_allclose(layer.signals.weight_gradients, other.signals.weight_gradients, atol=1e-3)
        np.testing.assert_allclose(layer.definition.biases, other.definition.biases)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4], ids=["zeros", "sound", "overflowing"])
def test_activations_are_recognized_in_every_precision_and_whatever_the_weights(dtype, scale):
    module = networks.torch_module("gelu").to(getattr(torch, dtype))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(scale)
    layers = read(module, BATCH).layers
    assert [layer.definition.activation for layer in layers] == ["gelu"] * 3 + [None]
    assert {layer.definition.dtype for layer in layers} == {dtype}


def test_of_many_values_those_of_all_units_tell_the_function():
    layer = torch.nn.Linear(6, 32)
    with torch.no_grad():
        layer.bias[0] = -9.0  # a unit that is never above 0
    network = torch.nn.Sequential(layer, torch.nn.PReLU(), torch.nn.Linear(32, 2))
    assert read(network, np.tile(BATCH, (26, 1))[:512]).layers[0].definition.activation == "leaky_relu"


def test_what_is_computed_aside_is_no_step_of_the_network():
    class Logging(torch.nn.Sequential):
        def forward(self, x):
            x = torch.relu(self[0](x))
            self.mean_square = x.pow(2).mean().item()
            return self[1](x)

    reading = read(Logging(torch.nn.Linear(6, 9), torch.nn.Linear(9, 2)), BATCH)
    assert [layer.definition.activation for layer in reading.layers] == ["relu", None]
    assert reading.layers[1].place.follows == 0


def test_attention_of_pytorch_shows_its_projections():
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    words = RANDOM.standard_normal((4, 5, 8)).astype(np.float32)
    layers = read(layer, words).layers
    assert [one.definition.name for one in layers] == [
        "self_attn.in_proj_weight",
        "self_attn.out_proj",
        "linear1",
        "linear2",
    ]
    assert [one.definition.activation for one in layers] == [None, None, "relu", None]
    np.testing.assert_array_equal(layers[0].definition.weights, layer.self_attn.in_proj_weight.detach().numpy().T)


def test_an_embedding_is_no_layer():
    module = torch.nn.Sequential(torch.nn.Embedding(11, 6), torch.nn.Linear(6, 3))
    tokens = RANDOM.integers(0, 11, (4, 5))
    (layer,) = read(module, tokens).layers
    np.testing.assert_array_equal(layer.signals.inputs, module[0].weight.detach().numpy()[tokens])


def test_the_gradient_of_a_recurrent_layer_is_told_by_time_step():
    module = torch.nn.RNN(8, 6, batch_first=True)
    words = torch.tensor(RANDOM.standard_normal((4, 5, 8)).astype(np.float32), requires_grad=True)
    random = np.random.default_rng(2)
    cost = sum((one * torch.tensor(random.standard_normal(one.shape, np.float32))).sum() for one in module(words))
    (expected,) = torch.autograd.grad(cost, [words])
    for layer in read(module, words, seed=2).layers:
        np.testing.assert_allclose(layer.signals.time_steps, expected.square().mean((0, 2)).sqrt(), rtol=1e-5)


def test_a_gradient_that_the_network_cuts_is_read_as_zero():
    class Cut(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Linear(6, 5), torch.nn.Linear(5, 2)

        def forward(self, x):
            return self.two(torch.relu(self.one(x)).detach())

    one, two = read(Cut(), BATCH).layers
    assert not one.signals.preactivation_gradients.any()
    assert two.signals.preactivation_gradients.any()


def small_mlp(std: float):
    parts = [part for _ in range(3) for part in (torch.nn.Linear(64, 64), torch.nn.ReLU())]
    module = torch.nn.Sequential(*parts, torch.nn.Linear(64, 5))
    for part in module[::2]:
        torch.nn.init.normal_(part.weight, std=std)
        torch.nn.init.zeros_(part.bias)
    return module


@pytest.mark.parametrize("kind", ["pruned", "kept"])
def test_a_module_that_keeps_what_it_has_computed_is_mended(kind):
    module = small_mlp(0.01)
    if kind == "pruned":
        for part in module[::2]:
            importlib.import_module("torch.nn.utils.prune").l1_unstructured(part, "weight", amount=0.1)
    else:
        module.kept = module(torch.tensor(VECTORS))
    assert diagnose(diagnose(module, VECTORS).mended(), VECTORS).healthy


@pytest.mark.parametrize("norm", ["weight_norm", "parametrizations.weight_norm"])
def test_where_a_parameter_is_only_a_direction_its_length_is_changed(norm):
    module = small_mlp(0.01)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        for part in module[::2]:
            operator.attrgetter(norm)(torch.nn.utils)(part)
        diagnosis = diagnose(module, VECTORS)
        assert diagnose(diagnosis.mended(), VECTORS).healthy
    exec(diagnosis.layers[0].code, {"network": module})
    assert diagnose(module, VECTORS).layers[0].state == "ok"


def test_a_module_that_cannot_be_copied_is_not_mended_and_says_why():
    module = small_mlp(0.01)
    module.kept = [module(torch.tensor(VECTORS))]
    with pytest.raises(ValueError, match=r"the network cannot be copied, .*RuntimeError: Only Tensors"):
        diagnose(module, VECTORS).mended()


def test_complex_weights_are_not_judged_and_the_others_are():
    class Spectral(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = torch.nn.Parameter(torch.rand(64, 33, dtype=torch.complex64) / 64)
            self.out = torch.nn.Linear(64, 5)

        def forward(self, x):
            return self.out(torch.fft.irfft(torch.fft.rfft(x) @ self.weights.mT @ self.weights))

    diagnosis = diagnose(Spectral(), VECTORS)
    assert diagnosis.unread == ("weights",)
    assert [layer.name for layer in diagnosis.layers] == ["out"]


def test_nan_in_a_module_is_named_with_its_layer():
    module = networks.torch_module("relu")
    with torch.no_grad():
        module[2].weight[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"weights of layer 2 \(2\) hold NaN or infinity in 1 of 63 places"):
        read(module, BATCH)


SENTENCES = {
    "a class of PyTorch": (lambda: torch.nn.Linear, "the class Linear; allowed is a network made from it"),
    "a layer without numbers": (lambda: torch.nn.LazyLinear(3), "the parameter weight is lazy and has no numbers yet"),
    "a module without weights": (lambda: torch.nn.ReLU(), "the network has no layer of weights"),
    "other inputs": (lambda: torch.nn.Linear(5, 2), r"could not be run on a batch of shape \(20, 6\) and type float32"),
    "complex numbers": (lambda: torch.nn.Linear(6, 2, dtype=torch.complex64), "allowed are floating-point numbers"),
}


@pytest.mark.parametrize(("network", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_a_module_that_cannot_be_read_is_told_why(network, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network(), BATCH)


LINES = {
    "loud factors beside a frozen layer": "nn.init.zeros_(network[0].up)",
    "factors of 0 beside a frozen layer": "nn.init.normal_(network[0].down, std=0.177)",
    "a generator": "network.make.weight.data.mul_(0.",
    "two tables of 0": "nn.init.normal_(network.one.weight, std=0.25)",
    "a recurrent layer of 0": "nn.init.normal_(network.state.weight_ih_l0, std=0.354)",
    "a scale of 0": "nn.init.ones_(network[4].weight)",
}


@pytest.mark.parametrize("kind", LINES)
def test_the_line_of_code_is_what_mends(kind):
    make, batch = networks.MENDED[kind]
    torch.manual_seed(0)
    network = make()
    frozen = [one.clone() for one in network.parameters() if not one.requires_grad]
    diagnosis = diagnose(network, batch)
    lines = diagnosis.primary.code.splitlines()
    assert lines[0].startswith(LINES[kind]), str(diagnosis)
    mended = diagnosis.mended()
    assert all(map(torch.equal, frozen, [one for one in mended.parameters() if not one.requires_grad]))
    assert diagnose(mended, batch).healthy, str(diagnose(mended, batch))
    for code in (row.code for row in (*diagnosis.layers, *diagnosis.whole) if row.code):
        exec(code, {"nn": torch.nn, "network": network})
    assert diagnose(network, batch).healthy, "the code mends it too"
