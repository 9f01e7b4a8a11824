"""Networks to judge: sound ones of any shape, and ones with a planted fault, read in NumPy with their gradients."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course import data, initializers
from course.activations import named
from course.diagnosis.reading import LayerDefinition, LayerReading, LayerSignals, NetworkReading
from course.diagnosis.report import LayerReport

Backward = Callable[[np.ndarray], np.ndarray]


class Dense(NamedTuple):
    """Weights `(fan_in, fan_out)` or `(3, 3, channels_in, channels_out)`, an optional normalization, a function.

    `norm` is None, "batch" or "layer".
    """

    weights: np.ndarray
    biases: np.ndarray | None
    activation: str | None
    norm: str | None = None


class Residual(NamedTuple):
    """x + scale · branch(x), the branch perhaps behind a layer normalization."""

    branch: list[Dense]
    scale: float = 1.0
    norm_first: bool = False


class Pool(NamedTuple):
    """The mean over all places, so that dense layers can follow convolutions."""


class Gate(NamedTuple):
    """Lets the signal through and multiplies the gradient."""

    factor: float


Block = Dense | Residual | Pool | Gate


class _Tape:
    """Runs blocks forward, keeps a record a layer, and gives the way back."""

    def __init__(self):
        self.records: list[dict] = []

    def run(self, blocks: list[Block], signal: np.ndarray) -> tuple[np.ndarray, Backward]:
        backs = []
        for block in blocks:
            run = {Dense: self._dense, Residual: self._residual, Pool: self._pool, Gate: self._gate}[type(block)]
            signal, back = run(block, signal)
            backs.append(back)

        def backward(gradient: np.ndarray) -> np.ndarray:
            for back in reversed(backs):
                gradient = back(gradient)
            return gradient

        return signal, backward

    def _pool(self, _block: Pool, signal: np.ndarray) -> tuple[np.ndarray, Backward]:
        shape, places = signal.shape, signal[0, ..., 0].size
        axes = tuple(range(1, signal.ndim - 1))
        return signal.mean(axis=axes), lambda gradient: np.broadcast_to(
            gradient.reshape(shape[0], *[1] * len(axes), shape[-1]) / places, shape
        )

    def _gate(self, block: Gate, signal: np.ndarray) -> tuple[np.ndarray, Backward]:
        return signal, lambda gradient: block.factor * gradient

    def _residual(self, block: Residual, signal: np.ndarray) -> tuple[np.ndarray, Backward]:
        entering, norm_back = normalized(signal, "layer") if block.norm_first else (signal, lambda gradient: gradient)
        answer, back = self.run(block.branch, entering)
        return signal + block.scale * answer, lambda gradient: gradient + norm_back(back(block.scale * gradient))

    def _dense(self, layer: Dense, inputs: np.ndarray) -> tuple[np.ndarray, Backward]:
        matrix = layer.weights.reshape(-1, layer.weights.shape[-1])
        rows = patches(inputs) if layer.weights.ndim == 4 else inputs
        z = rows @ matrix if layer.biases is None else rows @ matrix + layer.biases
        z, norm_back = normalized(z, layer.norm) if layer.norm else (z, lambda gradient: gradient)
        row = None if layer.activation is None else named(layer.activation)
        answer = None if row is None else row.array_function(z).astype(z.dtype)
        record = {"layer": layer, "inputs": inputs, "z": z, "answer": answer}
        self.records.append(record)

        def back(gradient: np.ndarray) -> np.ndarray:
            record["gradient"] = gradient if row is None else gradient * row.array_slope(z)
            gradient = norm_back(record["gradient"])
            record["weight_gradient"] = np.tensordot(rows, gradient, (range(rows.ndim - 1), range(rows.ndim - 1)))
            gradient = gradient @ matrix.T.astype(float)
            return gathered(gradient, inputs.shape) if layer.weights.ndim == 4 else gradient

        return (z if answer is None else answer), back


def patches(images: np.ndarray) -> np.ndarray:
    """The 3×3 surroundings of every place, with zeros beyond the edge: `(images, rows, columns, 9 · channels)`."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    shifted = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.concatenate(shifted, axis=-1)


def gathered(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back from patches to images: every place gets the sum of its nine parts."""
    _, height, width, channels = shape
    images = np.zeros((shape[0], height + 2, width + 2, channels))
    for place in range(9):
        i, j = divmod(place, 3)
        images[:, i : i + height, j : j + width] += gradient[..., place * channels : (place + 1) * channels]
    return images[:, 1:-1, 1:-1]


def normalized(z: np.ndarray, norm: str) -> tuple[np.ndarray, Backward]:
    """Mean 0 and variance 1 over the batch and the places, or over each example's units, and the way back."""
    axes = tuple(range(z.ndim - 1)) if norm == "batch" else (-1,)
    std = np.sqrt(z.var(axis=axes, keepdims=True) + 1e-5)
    y = (z - z.mean(axis=axes, keepdims=True)) / std

    def back(gradient: np.ndarray) -> np.ndarray:
        along = np.mean(gradient * y, axis=axes, keepdims=True)
        return (gradient - gradient.mean(axis=axes, keepdims=True) - y * along) / std

    return y, back


def read(blocks: list[Block], batch: np.ndarray, seed: int = 0) -> NetworkReading:
    """Run a network and its gradient, and give the reading that `diagnose` would take of it."""
    tape = _Tape()
    with np.errstate(all="ignore"):
        outputs, backward = tape.run(blocks, batch)
        backward(np.random.default_rng(seed).standard_normal(outputs.shape))
    layers = [_reading(number, record) for number, record in enumerate(tape.records, 1)]
    return NetworkReading(tuple(layers), outputs.astype(float), "numpy")


def _reading(number: int, record: dict) -> LayerReading:
    layer, answer = record["layer"], record["answer"]
    definition = LayerDefinition(
        name=f"layer {number}",
        weights=layer.weights.astype(float),
        biases=None if layer.biases is None else layer.biases.astype(float),
        dtype=str(layer.weights.dtype),
        activation=layer.activation,
        normalized=layer.norm is not None,
    )
    signals = LayerSignals(
        inputs=record["inputs"].astype(float),
        preactivations=record["z"].astype(float),
        activations=None if answer is None else answer.astype(float),
        preactivation_gradients=record["gradient"],
        weight_gradients=record["weight_gradient"].reshape(layer.weights.shape),
    )
    return LayerReading(definition, signals)


# Sound networks


class Kind(NamedTuple):
    """Starts that suit an activation function: a scheme and its gain, and the depths at which they do."""

    activation: str
    scheme: str
    gain: float
    deepest: int


ROOT_2 = math.sqrt(2)
KINDS = (
    *(Kind(name, scheme, 1.0, 50) for name in ("relu", "leaky_relu") for scheme in ("he_normal", "he_uniform")),
    *(Kind(name, "orthogonal", ROOT_2, 50) for name in ("relu", "leaky_relu")),
    *(
        Kind(name, scheme, 1.0, 50)
        for name in ("tanh", "linear", "selu")
        for scheme in ("lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "orthogonal")
    ),
    Kind("tanh", "glorot_uniform", 5 / 3, 10),
    Kind("elu", "he_normal", 1.0, 10),
    Kind("elu", "lecun_normal", 1.0, 50),
    Kind("gelu", "he_normal", 1.0, 8),
    Kind("gelu", "orthogonal", math.sqrt(2.155), 20),
    Kind("silu", "he_normal", 1.0, 6),
    Kind("silu", "he_uniform", math.sqrt(2.43 / 2), 12),
    Kind("softplus", "he_normal", 1.0, 6),
    Kind("sigmoid", "glorot_sigmoid_uniform", 1.0, 5),
    Kind("sigmoid", "glorot_normal", 1.0, 3),
)
SHAPES = "level", "narrowing", "widening", "ragged"


class Sample(NamedTuple):
    """A network and its batch, and in words what it is."""

    blocks: list[Block]
    batch: np.ndarray
    words: str


def widths(random: np.random.Generator, depth: int, shape: str) -> list[int]:
    """Units of `depth` layers between 16 and 512: all alike, narrowing, widening, or no two alike."""
    low, high = sorted(np.exp(random.uniform(math.log(16), math.log(512), 2)))
    many = {
        "level": np.full(depth, high),
        "narrowing": np.geomspace(high, low, depth),
        "widening": np.geomspace(low, high, depth),
        "ragged": np.exp(random.uniform(math.log(low), math.log(high), depth)),
    }[shape]
    return [max(16, round(width)) for width in many]


def inputs(random: np.random.Generator, features: int, examples: int) -> np.ndarray:
    """Standardized noise, pixels from 0 to 1, a few classes, one loud feature, or standardized digits."""
    kind = random.integers(5)
    if kind == 0:
        return random.standard_normal((examples, features))
    if kind == 1:
        pixels, _ = data.digits()
        return (pixels / pixels.max())[random.choice(len(pixels), examples)]
    if kind == 2:
        classes = random.standard_normal((3, features))[random.integers(3, size=examples)]
        return math.sqrt(0.5) * (classes + random.standard_normal((examples, features)))
    if kind == 3:
        return math.sqrt(features) * np.eye(features)[random.integers(features, size=examples)]
    return data.standardized_digits(1024, 64)[random.choice(1024, examples)]


def bias(random: np.random.Generator, kind: int, fan_in: int, units: int) -> np.ndarray | None:
    """None, zeros, the default of PyTorch, or a little noise."""
    if kind == 0:
        return None
    spread = {1: 0.0, 2: 1 / math.sqrt(3 * fan_in), 3: 0.05}[kind]
    return (spread * math.sqrt(3) * random.uniform(-1, 1, units)).astype(np.float32)


def weights(random: np.random.Generator, kind: Kind, shape: tuple[int, ...]) -> np.ndarray:
    scheme = initializers.named(kind.scheme)
    std = initializers.standard_deviation(scheme, shape, kind.gain)
    return (std * initializers.array_noise(random, scheme.distribution, shape)).astype(np.float32)


def sound_stack(random: np.random.Generator, deepest: int = 50) -> Sample:
    """A plain network whose start suits its activation function, 2 to 50 layers deep and 16 to 512 units wide."""
    kind = KINDS[random.integers(len(KINDS))]
    depth = int(random.integers(2, min(deepest, kind.deepest) + 1))
    shape = SHAPES[random.integers(len(SHAPES))]
    batch = inputs(
        random,
        int(np.exp(random.uniform(math.log(4), math.log(784)))),
        int(np.exp(random.uniform(math.log(2), math.log(256)))),
    )
    sizes = [batch.shape[1], *widths(random, depth - 1, shape), int(random.integers(1, 101))]
    biases = int(random.integers(4))
    layers = [
        Dense(weights(random, kind, (n, m)), bias(random, biases, n, m), kind.activation)
        for n, m in itertools.pairwise(sizes)
    ]
    layers[-1] = layers[-1]._replace(activation=None)
    words = f"{kind.activation} {kind.scheme} {kind.gain:.2f}, {shape} {sizes}, biases {biases}"
    return Sample(layers, batch.astype(np.float32), words)


def sound_residual(random: np.random.Generator) -> Sample:
    """Residual blocks with He's weights, each kind with another remedy.

    0: layer normalizations; 1: sums scaled by 1/√blocks; 2: last layers at 0; 3: the last layers' weights scaled by
    1/√blocks; 4: Fixup, last layers at 0 and first ones scaled; 5: normalizations and the last layers scaled, GPT-2.
    """
    count, width, kind = int(random.integers(2, 33)), int(random.integers(16, 257)), int(random.integers(6))
    first = count**-0.5 if kind == 4 else 1.0
    last = (2 * count) ** -0.5 if kind == 5 else (2 / count) ** 0.5 if kind == 3 else 1.0
    he = Kind("relu", "he_normal", first, 0)
    ends = Kind("relu", "zeros" if kind in (2, 4) else "lecun_normal", last, 0)
    blocks: list[Block] = [
        Dense(weights(random, ends._replace(scheme="lecun_normal", gain=1.0), (32, width)), None, None)
    ]
    for _ in range(count):
        branch = [
            Dense(weights(random, he, (width, 2 * width)), np.zeros(2 * width, np.float32), "relu"),
            Dense(weights(random, ends, (2 * width, width)), np.zeros(width, np.float32), None),
        ]
        blocks.append(Residual(branch, 1 / math.sqrt(count) if kind == 1 else 1.0, norm_first=kind in (0, 5)))
    blocks.append(Dense(weights(random, Kind("", "lecun_normal", 1.0, 0), (width, 10)), None, None))
    batch = inputs(random, 32, 64)
    blocks[0] = blocks[0]._replace(weights=weights(random, Kind("", "lecun_normal", 1.0, 0), (batch.shape[1], width)))
    return Sample(blocks, batch.astype(np.float32), f"residual {kind}, {count} blocks of {width}")


def sound_normalized(random: np.random.Generator) -> Sample:
    """A plain network with a normalization in every hidden layer, and weights of any reasonable scale before it."""
    sample = sound_stack(random, 12)
    norm, scale = ("batch", "layer")[random.integers(2)], float(np.exp(random.uniform(-1.5, 1.5)))
    hidden = [layer._replace(norm=norm, weights=np.float32(scale) * layer.weights) for layer in sample.blocks[:-1]]
    return Sample([*hidden, sample.blocks[-1]], sample.batch, f"{norm} norm, times {scale:.2g}: {sample.words}")


def sound_convolution(random: np.random.Generator) -> Sample:
    """3×3 convolutions with He's weights on images of 8×8 places, a mean over the places, and a last layer."""
    depth, channels = int(random.integers(1, 9)), [int(random.choice([1, 3])), *random.choice([8, 16, 24, 32], 9)]
    he = Kind("relu", ("he_normal", "he_uniform", "orthogonal")[random.integers(3)], 1.0, 0)
    he = he._replace(gain=ROOT_2 if he.scheme == "orthogonal" else 1.0)
    shapes = [(3, 3, int(n), int(m)) for n, m in itertools.pairwise(channels[: depth + 1])]
    blocks: list[Block] = [
        Dense(weights(random, he, shape), np.zeros(shape[-1], np.float32), "relu") for shape in shapes
    ]
    blocks += [
        Pool(),
        Dense(weights(random, he._replace(scheme="lecun_normal", gain=1.0), (shapes[-1][-1], 10)), None, None),
    ]
    batch = random.standard_normal((16, 8, 8, shapes[0][2])).astype(np.float32)
    return Sample(blocks, batch, f"convolution {he.scheme} {shapes}")


def sound_half(random: np.random.Generator) -> Sample:
    """A small plain network in float16, on standardized data."""
    kind = KINDS[random.integers(4)]
    sizes = [32, *(int(width) for width in random.integers(16, 97, int(random.integers(1, 10)))), 10]
    layers = [Dense(weights(random, kind, (n, m)), None, kind.activation) for n, m in itertools.pairwise(sizes)]
    layers = [layer._replace(weights=layer.weights.astype(np.float16)) for layer in layers]
    layers[-1] = layers[-1]._replace(activation=None)
    return Sample(layers, random.standard_normal((64, 32)).astype(np.float16), f"float16 {kind.scheme} {sizes}")


SOUND = {
    "plain": sound_stack,
    "residual": sound_residual,
    "normalized": sound_normalized,
    "convolution": sound_convolution,
    "half precision": sound_half,
}
"""Ways to draw a sound network, by name."""


def sound(seed: int) -> Sample:
    """One of many sound networks: plain ones more often than the others."""
    random = np.random.default_rng([seed, 1])
    names = ("plain", "plain", *SOUND)
    return SOUND[names[random.integers(len(names))]](random)


# Planted faults


class Planted(NamedTuple):
    """A network with one fault, the finding that names it, and the layers in which it was planted."""

    blocks: list[Block]
    batch: np.ndarray
    finding: str
    layers: frozenset[int]
    words: str


RELU = Kind("relu", "he_normal", 1.0, 50)
TANH = Kind("tanh", "glorot_uniform", 1.0, 50)
Rule = Callable[[np.random.Generator, int, int], np.ndarray]
"""From fan_in and fan_out to weights."""


def stack(random: np.random.Generator, rule: Rule, sizes: list[int], activation: str, bias: float = 0.0) -> list[Dense]:
    layers = [
        Dense(rule(random, n, m).astype(np.float32), np.full(m, bias, np.float32), activation)
        for n, m in itertools.pairwise(sizes)
    ]
    return [*layers[:-1], layers[-1]._replace(activation=None)]


def normal(variance: Callable[[int, int], float]) -> Rule:
    """Normal weights whose variance is made of fan_in and fan_out."""
    return lambda random, n, m: math.sqrt(variance(n, m)) * random.standard_normal((n, m))


def sizes_of(random: np.random.Generator, depth: int, shape: str | None = None) -> list[int]:
    shape = shape or SHAPES[random.integers(len(SHAPES))]
    return [int(random.integers(16, 400)), *widths(random, depth - 1, shape), int(random.integers(2, 50))]


def everywhere(finding: str, rule: Rule, activation: str = "relu", shallowest: int = 10, bias: float = 0.0):
    """A fault of the code that draws, and so of every layer."""

    def plant(random: np.random.Generator) -> Planted:
        sizes = sizes_of(random, int(random.integers(shallowest, 31)))
        blocks = stack(random, rule, sizes, activation, bias)
        batch = random.standard_normal((128, sizes[0])).astype(np.float32)
        return Planted(blocks, batch, finding, frozenset(range(1, len(sizes))), f"{sizes}")

    return plant


def in_one_layer(finding: str, change: Callable[[np.random.Generator, Dense], Dense], kind: Kind = RELU):
    """A fault of one hidden layer of a network that is sound but for it."""

    def plant(random: np.random.Generator) -> Planted:
        sizes = sizes_of(random, int(random.integers(4, 31)))
        layers = [
            Dense(weights(random, kind, (n, m)), np.zeros(m, np.float32), kind.activation)
            for n, m in itertools.pairwise(sizes)
        ]
        layers[-1] = layers[-1]._replace(activation=None)
        place = int(random.integers(0, len(layers) - 1))
        layers[place] = change(random, layers[place])
        batch = random.standard_normal((128, sizes[0])).astype(np.float32)
        return Planted(layers, batch, finding, frozenset({place + 1}), f"layer {place + 1} of {sizes}")

    return plant


def of_data(finding: str, change: Callable[[np.random.Generator, np.ndarray], np.ndarray]):
    """A fault of the data that a sound network is fed."""

    def plant(random: np.random.Generator) -> Planted:
        sample = sound_stack(random, 20)
        batch = change(random, random.standard_normal(sample.batch.shape))
        return Planted(sample.blocks, batch.astype(np.float32), finding, frozenset({1}), sample.words)

    return plant


def scaled(low: float, high: float) -> Callable[[np.random.Generator, Dense], Dense]:
    """Weights that are a random factor between two too large."""
    return lambda random, layer: layer._replace(
        weights=layer.weights * np.float32(math.exp(random.uniform(math.log(low), math.log(high))))
    )


def _wrong_fan(random: np.random.Generator) -> Planted:
    """He's rule with fan_out in a network whose first and last width differ 12 times or more."""
    narrow, many, depth = int(random.integers(8, 33)), int(random.integers(12, 25)), int(random.integers(4, 21))
    sizes = [round(size) for size in np.geomspace(narrow, narrow * many, depth + 1)][:: random.choice([-1, 1])]
    blocks = stack(random, normal(lambda n, m: 2 / m), sizes, "relu")
    batch = random.standard_normal((128, sizes[0])).astype(np.float32)
    return Planted(blocks, batch, "wrong fan", frozenset(range(1, depth + 1)), f"{sizes}")


def _one_key(random: np.random.Generator) -> Planted:
    seed = int(random.integers(2**31))
    plant = everywhere(
        "repeated weights", lambda _r, n, m: normal(lambda n, m: 2 / n)(np.random.default_rng(seed), n, m)
    )
    planted = plant(random)
    return planted._replace(layers=planted.layers - {1})


def _half_precision(random: np.random.Generator) -> Planted:
    """He's network in float16, fed with pixels of 15 bits: the sums of the first layer are beyond 65504."""
    planted = everywhere("half precision out of range", normal(lambda n, m: 2 / n), shallowest=2)(random)
    blocks = [
        layer._replace(weights=layer.weights.astype(np.float16), biases=layer.biases.astype(np.float16))
        for layer in planted.blocks
    ]
    pixels = random.uniform(0, 32767, planted.batch.shape).astype(np.float16)
    return planted._replace(blocks=blocks, batch=pixels, layers=frozenset({1}))


def _branches(random: np.random.Generator) -> Planted:
    """Residual branches with He's weights and no scale: every one doubles the mean square."""
    count, width = int(random.integers(14, 31)), int(random.integers(32, 129))
    ends = Kind("relu", "lecun_normal", 1.0, 50)
    blocks: list[Block] = [Dense(weights(random, ends, (32, width)), None, None)]
    for _ in range(count):
        one, two = weights(random, RELU, (width, width)), weights(random, RELU, (width, width))
        blocks.append(Residual([Dense(one, None, "relu"), Dense(two, None, None)]))
    blocks.append(Dense(weights(random, ends, (width, 10)), None, None))
    batch = random.standard_normal((64, 32)).astype(np.float32)
    return Planted(blocks, batch, "too large", frozenset(range(3, 2 * count + 2, 2)), f"{count} branches of {width}")


def _gate(random: np.random.Generator) -> Planted:
    planted = in_one_layer("gradient off by a factor", lambda _random, layer: layer)(random)
    (place,) = planted.layers
    factor = float(random.choice([0.0, 0.01, 100.0]))
    return planted._replace(
        blocks=[*planted.blocks[:place], Gate(factor), *planted.blocks[place:]], words=f"{factor} {planted.words}"
    )


def _deep_sigmoid(random: np.random.Generator) -> Planted:
    kind = Kind("sigmoid", ("glorot_uniform", "glorot_sigmoid_uniform", "he_normal")[random.integers(3)], 1.0, 50)
    sizes = sizes_of(random, int(random.integers(12, 31)))
    blocks = stack(random, lambda random, n, m: weights(random, kind, (n, m)), sizes, "sigmoid")
    batch = random.standard_normal((128, sizes[0])).astype(np.float32)
    return Planted(blocks, batch, "gradient off by a factor", frozenset(range(1, len(sizes))), f"{kind.scheme} {sizes}")


def _equal_units(change: Callable[[np.ndarray], np.ndarray]):
    """Units that are alike and that the next layer weights alike: with other outgoing weights they would part."""

    def plant(random: np.random.Generator) -> Planted:
        planted = in_one_layer("identical units", lambda _random, layer: layer._replace(weights=change(layer.weights)))
        found = planted(random)
        (number,) = found.layers
        following = found.blocks[number]
        alike = np.repeat(following.weights[:1], len(following.weights), axis=0)
        return found._replace(
            blocks=[*found.blocks[:number], following._replace(weights=alike), *found.blocks[number + 1 :]]
        )

    return plant


PLANTED: dict[str, Callable[[np.random.Generator], Planted]] = {
    "std passed as the mean": everywhere(
        "weights not centred", lambda random, n, m: random.normal(math.sqrt(2 / n), 1.0, (n, m)), shallowest=3
    ),
    "weights from 0 to 2/n": everywhere(
        "weights not centred", lambda random, n, m: random.uniform(0, 2 / n, (n, m)), shallowest=3
    ),
    "fan_out for fan_in": _wrong_fan,
    "gain squared": everywhere("too large", normal(lambda n, m: 4 / n)),
    "root forgotten": everywhere("too small", normal(lambda n, m: 2 / n**2), shallowest=4),
    "bound three times too wide": everywhere(
        "too large", lambda random, n, m: 3 * math.sqrt(6 / n) * random.uniform(-1, 1, (n, m)), shallowest=4
    ),
    "ReLU with LeCun's gain": everywhere("too small", normal(lambda n, m: 1 / n)),
    "ReLU with a bound of 1/√n": everywhere("too small", normal(lambda n, m: 1 / (3 * n))),
    "ReLU with std 0.01": everywhere("too small", normal(lambda n, m: 1e-4)),
    "ReLU with std 1": everywhere("too large", normal(lambda n, m: 1.0), shallowest=3),
    "linear with std 10, 30 layers": everywhere("too large", normal(lambda n, m: 100.0), "linear", shallowest=30),
    "tanh with std 1": everywhere("too large", normal(lambda n, m: 1.0), "tanh", shallowest=2),
    "tanh with std 0.01": everywhere("too small", normal(lambda n, m: 1e-4), "tanh"),
    "selu with std √(2/n)": everywhere("too large", normal(lambda n, m: 2 / n), "selu", shallowest=15),
    "one layer 5 to 30 times too small": in_one_layer("too small", scaled(1 / 30, 1 / 5)),
    "one layer 5 to 30 times too large": in_one_layer("too large", scaled(5, 30)),
    "one tanh layer 5 to 30 times too small": in_one_layer("too small", scaled(1 / 30, 1 / 5), TANH),
    "one tanh layer 5 to 30 times too large": in_one_layer("too large", scaled(5, 30), TANH),
    "all weights 0": everywhere("identical units", lambda _random, n, m: np.zeros((n, m)), shallowest=2),
    "all weights 1/n": everywhere("identical units", lambda _random, n, m: np.full((n, m), 1 / n), shallowest=2),
    "one layer of equal weights": _equal_units(lambda weights: np.full_like(weights, 0.05)),
    "one layer of equal units": _equal_units(lambda weights: np.repeat(weights[:, :1], weights.shape[1], axis=1)),
    "one key for all layers": _one_key,
    "biases of -1": everywhere("biases out of scale", normal(lambda n, m: 2 / n), shallowest=3, bias=-1.0),
    "one layer with biases of -5": in_one_layer(
        "biases out of scale", lambda _random, layer: layer._replace(biases=np.full_like(layer.biases, -5.0))
    ),
    "one layer of dead units": in_one_layer(
        "weights not centred",
        lambda _random, layer: layer._replace(weights=layer.weights - 2 * np.abs(layer.weights).mean()),
    ),
    "biases of std 3": in_one_layer(
        "biases out of scale",
        lambda random, layer: layer._replace(biases=3 * random.standard_normal(len(layer.biases)).astype(np.float32)),
    ),
    "pixels from 0 to 255": of_data("unscaled inputs", lambda random, x: random.uniform(0, 255, x.shape)),
    "temperatures in kelvin": of_data("unscaled inputs", lambda _random, x: 290 + 10 * x),
    "data in millionths": of_data("unscaled inputs", lambda _random, x: 1e-6 * x),
    "15-bit pixels in float16": _half_precision,
    "residual branches that add up": _branches,
    "a gradient scaled or cut on its way": _gate,
    "a deep sigmoid network": _deep_sigmoid,
}
"""Ways to plant a fault, by name."""


def planted(fault: str, seed: int) -> Planted:
    """Plant a fault."""
    return PLANTED[fault](np.random.default_rng([seed, 2]))


def is_named(planted: Planted, report: LayerReport) -> bool:
    """Whether a report names the fault and a layer where it is; what is too large may be called saturated."""
    names = {planted.finding, "saturated"} if planted.finding == "too large" else {planted.finding}
    return report.finding in names and report.layer in planted.layers
