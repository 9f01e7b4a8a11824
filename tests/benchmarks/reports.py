"""Print what `diagnose` says of 35 public reports: `python tests/benchmarks/reports.py [DRAWS [REPORT …]]`.

Each report is rebuilt as small networks: as reported, and as repaired or as it is meant. A report is right if all its
networks get the right answer in all draws: the fault is named, and what is sound is called healthy. It is missed if a
fault is not seen, refused if a network that could be read is not, and wrong if anything else is said.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parents[1]))
import jax
import keras
import numpy as np
import torch
import torch.nn.functional as F
import torch_zoo as zoo
from torch import nn

from course.diagnosis import diagnose

NOT_A_NUMBER = "NaN or infinity"
FLAT = ("no gradient", "identical units", "the same answer for all")


class Case(NamedTuple):
    """One network of a report, the findings that are right (none if it is sound), or the words of a right refusal."""

    words: str
    build: Callable[[], tuple[Any, Any]]
    findings: tuple[str, ...] = ()
    refusal: str = ""


class Report(NamedTuple):
    """Where it was reported, and its networks."""

    source: str
    cases: tuple[Case, ...]


def of_zoo(name: str) -> Case:
    """A network that the zoo has already."""
    return Case(name, zoo.ZOO[name].build, zoo.ZOO[name].findings)


def random() -> np.random.Generator:
    """A generator that follows the draw."""
    return np.random.default_rng(torch.randint(0, 2**31, ()).item())


# JAX and Keras


def keras_layers(*, shared: bool) -> tuple[Any, Any]:
    keras.utils.set_random_seed(torch.randint(0, 2**31, ()).item())
    one = keras.initializers.HeNormal()
    parts = [
        keras.layers.Dense(64, "relu", kernel_initializer=one if shared else keras.initializers.HeNormal())
        for _ in range(5)
    ]
    network = keras.Sequential([keras.Input((64,)), *parts, keras.layers.Dense(10)])
    return network, random().standard_normal((64, 64), np.float32)


def keras_attention(start: str) -> tuple[Any, Any]:
    keras.utils.set_random_seed(torch.randint(0, 2**31, ()).item())
    x = keras.Input((20, 32))
    start = keras.initializers.RandomNormal(stddev=1.0) if start == "std 1" else start
    y = x + keras.layers.MultiHeadAttention(4, 8, kernel_initializer=start)(x, x)
    y = keras.layers.Dense(10)(keras.layers.LayerNormalization()(y))
    return keras.Model(x, y), random().standard_normal((8, 20, 32), np.float32)


def jax_attention(start: Callable) -> tuple[Any, Any]:
    """Attention as Flax writes it: kernels with an axis for the heads."""
    heads, inner = {"q": (32, 4, 8), "k": (32, 4, 8), "v": (32, 4, 8)}, {"out": (4, 8, 32)}
    p = {name: start(shape) for name, shape in (heads | inner).items()} | {"last": he(32, 10)}

    def function(p, x):
        q, k, v = (jax.numpy.einsum("nti,ihd->nthd", x, p[name]) for name in "qkv")
        shares = jax.nn.softmax(jax.numpy.einsum("nthd,nshd->nhts", q, k) / 8**0.5)
        y = x + jax.numpy.einsum("nthd,hdo->nto", jax.numpy.einsum("nhts,nshd->nthd", shares, v), p["out"])
        return jax.nn.standardize(y).mean(1) @ p["last"]

    return (function, p), random().standard_normal((8, 20, 32), np.float32)


def he(*shape: int) -> np.ndarray:
    return (2 / shape[0]) ** 0.5 * random().standard_normal(shape).astype(np.float32)


def lecun(shape: tuple[int, ...]) -> np.ndarray:
    fan = shape[0] if shape[0] == 32 else shape[0] * shape[1]
    return fan**-0.5 * random().standard_normal(shape).astype(np.float32)


def one_seed(*, mended: bool) -> tuple[Any, Any]:
    first, same = random(), torch.randint(0, 2**31, ()).item()
    generators = [first if mended else np.random.default_rng(same) for _ in range(6)]
    weights = [0.125 * 2**0.5 * one.standard_normal((64, 64)) for one in generators]
    return [(one, "relu") for one in weights[:-1]] + [(weights[-1], None)], first.standard_normal((64, 64))


def grouped(*, mended: bool) -> tuple[Any, Any]:
    """Convolutions in eight groups, whose fan_in is that of one."""
    fans = [27, *([9 * 4 if mended else 9 * 32] * 6)]
    shapes = [(3, 3, 3, 32), *([(3, 3, 4, 32)] * 6)]
    kernels = [
        (2 / fan) ** 0.5 * random().standard_normal(shape).astype(np.float32)
        for fan, shape in zip(fans, shapes, strict=True)
    ]

    def function(p, x):
        *layers, last = p
        for place, kernel in enumerate(layers):
            x = jax.nn.relu(
                jax.lax.conv_general_dilated(
                    x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"),
                    feature_group_count=8 if place else 1,
                )
            )  # fmt: skip
        return x.mean((1, 2)) @ last

    return (function, [*kernels, he(32, 10)]), random().standard_normal((8, 16, 16, 3), np.float32)


# PyTorch


class Tied(nn.Module):
    """A word model whose answers are compared with its own table, or with a table of their own."""

    def __init__(self, std: float, *, tied: bool = True, head: float = 0.02):
        super().__init__()
        self.table, self.one, self.two = (
            nn.Embedding(500, 256),
            nn.Linear(256, 1024, bias=False),
            nn.Linear(1024, 256, bias=False),
        )
        self.norm, self.head = nn.LayerNorm(256), nn.Linear(256, 500, bias=False)
        nn.init.normal_(self.table.weight, 0, std)
        nn.init.normal_(self.head.weight, 0, head)
        if tied:
            self.head.weight = self.table.weight

    def forward(self, words):
        x = self.table(words)
        return self.head(self.norm(x + self.two(F.relu(self.one(x)))))


def sentences() -> torch.Tensor:
    return torch.randint(0, 500, (16, 12))


def coordinates() -> tuple[Any, Any]:
    """A physics-informed network of x and t in their own units."""
    batch = torch.stack([60 * torch.rand(256) - 30, 10 * torch.rand(256)], 1)
    parts = [part for place in range(4) for part in (nn.Linear(2 if place == 0 else 20, 20), nn.Tanh())]
    return nn.Sequential(*parts, nn.Linear(20, 1)).apply(zoo.xavier), batch


def spoilt(place: str) -> tuple[Any, Any]:
    network = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 10)).apply(zoo.he)
    dict(network.named_parameters())[place].data.view(-1)[:3] = np.nan
    return network, zoo.vectors()


class Scalar(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.share = nn.Linear(64, 64), nn.Linear(64, 10), nn.Parameter(torch.tensor(np.nan))

    def forward(self, x):
        return self.two(F.relu(self.one(x)) + self.share * x)


def spectral_norm_of_zeros() -> tuple[Any, Any]:
    layer = nn.Linear(64, 64)
    nn.init.zeros_(layer.weight)
    return nn.Sequential(nn.utils.parametrizations.spectral_norm(layer), nn.ReLU(), nn.Linear(64, 5)), zoo.vectors()


class FeedForward(nn.Module):
    def __init__(self, size: float):
        super().__init__()
        self.one, self.two, self.out = nn.Linear(64, 256), nn.Linear(256, 64), nn.Linear(64, 10)
        self.apply(zoo.he)
        self.one.weight.data *= size
        self.half()

    def forward(self, x):
        return self.out(self.two(F.relu(self.one(x))))


def shifted(bias: Callable[[nn.Linear], Any]) -> tuple[Any, Any]:
    network = zoo.mlp(3).apply(zoo.he)
    for layer in network:
        if isinstance(layer, nn.Linear):
            bias(layer)
    return network, zoo.vectors()


class MakemoreAsGiven(zoo.Makemore):
    def __init__(self):
        super().__init__(mended=False)
        self.one.data /= (5 / 3) / 30**0.5


def deep_post_norm() -> tuple[Any, Any]:
    layers = [nn.TransformerEncoderLayer(32, 4, 64, batch_first=True) for _ in range(12)]
    return nn.Sequential(*layers, nn.Linear(32, 5)), zoo.sequences()


def plain_vgg(std: float) -> tuple[Any, Any]:
    network = zoo.vgg().apply(zoo.he)
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0, std)
    return network, zoo.pictures()


class ByHand(zoo.ByHand):
    """An LSTM written out, with a bias for its forget gate."""

    def __init__(self, forget: float):
        super().__init__()
        nn.init.zeros_(self.input.bias)
        self.input.bias.data[64:128] = forget


class WithoutBeta(zoo.DeepNorm):
    """The values' projection is drawn as everywhere else."""

    def __init__(self):
        super().__init__()
        nn.init.xavier_normal_(self.value.weight)


def deepnorm_without_the_values() -> tuple[Any, Any]:
    return nn.Sequential(*(WithoutBeta() for _ in range(12)), nn.Linear(32, 5)), zoo.sequences()


def he_network() -> tuple[Any, Any]:
    return zoo.mlp(20).apply(zoo.he), zoo.vectors()


RAW = "unscaled inputs"
SMALL, LARGE = ("too small",), ("too large", "saturated")
REPORTS = {
    "P01": Report("keras-hub#352, lczero-training#218: one initializer for all layers", (
        Case("one instance", partial(keras_layers, shared=True), ("repeated weights",)),
        Case("an instance a layer", partial(keras_layers, shared=False)),
    )),
    "P02": Report("netket#241: one seed for all layers", (
        Case("one seed", partial(one_seed, mended=False), ("repeated weights",)),
        Case("one generator", partial(one_seed, mended=True)),
    )),
    "P03": Report("transformers#26441: T5's last layer of variance 1", (
        Case("variance 1", lambda: (Tied(0.02, tied=False, head=1.0), sentences()), ("too large",)),
        Case("variance 1/n", lambda: (Tied(0.02, tied=False, head=1 / 16), sentences())),
    )),
    "P04": Report("pytorch#3121: a tied table of std 1", (
        Case("std 1", lambda: (Tied(1.0), sentences()), ("too large",)),
        Case("std 0.02", lambda: (Tied(0.02), sentences())),
    )),
    "P05": Report("torch/nn#449, mlx#2001: the default in a deep ReLU network", (
        of_zoo("deep mlp of the default"), Case("He's start", he_network),
    )),
    "P06": Report("udlbook#138, Fixup: residual branches without a scale", tuple(map(of_zoo, (
        "residual branches that add up", "residual branches that end in zeros", "residual branches that are scaled",
        "rezero",
    )))),
    "P07": Report("deepxde#556, #2055: coordinates from -30 to 30", (
        Case("x and t as they are", coordinates, (RAW,)),
    )),
    "P08": Report("siren#19: coordinates from 0 to 255", (
        Case("pixels' places", lambda: (zoo.drawn_siren(1 / 2)[0], 255 * torch.rand(256, 2)), (RAW,)),
    )),
    "P09": Report("mlx#4536: grouped convolutions with the fan of all groups", (
        Case("all groups", partial(grouped, mended=False), SMALL), Case("one group", partial(grouped, mended=True)),
    )),
    "P10": Report("hopwise#271, pytorch-GAT#11, transformers#46002: weights that were never written", (
        Case("NaN", lambda: spoilt("0.weight"), refusal=NOT_A_NUMBER),
    )),
    "P11": Report("pytorch#20192: spectral norm of zeros", (
        Case("0/0", spectral_norm_of_zeros, refusal=NOT_A_NUMBER),
    )),
    "P12": Report("transformers#5651, #9295: T5 in float16", (
        Case("feed-forward as trained", lambda: (FeedForward(2e4), zoo.vectors()),
             ("half precision out of range", "too large")),
        Case("He's start in float16", lambda: (FeedForward(1.0), zoo.vectors())),
    )),
    "P13": Report("dlrm#358: negative biases", (
        Case("-1", lambda: shifted(lambda layer: nn.init.constant_(layer.bias, -1.0)), ("biases out of scale",)),
        Case("of variance 1/out", lambda: shifted(
            lambda layer: nn.init.normal_(layer.bias, 0, layer.out_features**-0.5))),
    )),
    "P14": Report("cosmos-predict2.5#15, SkyRL#852, relora#18: LoRA with two factors of 0", tuple(map(of_zoo, (
        "lora with both factors 0", "lora with its second factor 0",
    )))),
    "P15": Report("LAVT-RIS#25: a gate of two layers of 0", (of_zoo("gate of two layers of zeros"),)),
    "P16": Report("pytorch#86274, #72253: an encoder of copies", tuple(map(of_zoo, (
        "transformer encoder of copies", "transformer encoder drawn anew",
    )))),
    "P17": Report("makemore: weights from N(0, 1)", (
        Case("as given", lambda: (MakemoreAsGiven(), torch.randint(0, 27, (64, 3))), LARGE),
        of_zoo("makemore with only its first layer mended"), of_zoo("makemore"),
    )),
    "P18": Report("pytorch#55270, #166378: deep post-norm; nothing to see at the start", (
        Case("12 layers", deep_post_norm),
    )),
    "P19": Report("siren-pytorch#1, tiny-cuda-nn#216: other starts of a sine network", tuple(map(of_zoo, (
        "siren of the default", "siren with its first layer drawn as the others", "official siren",
    )))),
    "P20": Report("timm#84, pytorch#23854: depthwise convolutions with an undivided fan_out", tuple(map(of_zoo, (
        "depthwise convolutions with undivided fan out", "grouped convolutions with undivided fan out",
        "depthwise convolutions", "grouped convolutions",
    )))),
    "P21": Report("FlowNetPytorch#19, Lasagne#858: the fan of transposed convolutions", tuple(map(of_zoo, (
        "transposed convolutions with all places in the fan", "transposed convolutions of kaiming",
        "transposed convolutions",
    )))),
    "P22": Report("flax#4027, keras#22789: attention's kernels of three axes", (
        Case("JAX, std 1", lambda: jax_attention(lambda shape: lecun(shape) * lecun(shape).std() ** -1), LARGE),
        Case("JAX, zeros", lambda: jax_attention(lambda shape: np.zeros(shape, np.float32)), FLAT),
        Case("JAX, LeCun's start", lambda: jax_attention(lecun)),
        Case("Keras, std 1", lambda: keras_attention("std 1"), LARGE),
        Case("Keras, zeros", lambda: keras_attention("zeros"), FLAT),
        Case("Keras, the default", lambda: keras_attention("glorot_uniform")),
    )),
    "P23": Report("nanochat#686, torchtitan#2450: NaN beside the matrices", (
        Case("a scalar", lambda: (Scalar(), zoo.vectors()), refusal=NOT_A_NUMBER),
        Case("a bias", lambda: spoilt("0.bias"), refusal=NOT_A_NUMBER),
        Case("a scale", lambda: spoilt("1.weight"), refusal=NOT_A_NUMBER),
    )),
    "P24": Report("objax#94: scale and shift exchanged; scale 0 everywhere", tuple(map(of_zoo, (
        "layer norm with scale and shift exchanged", "batch norm of scale 0 everywhere", "post norm blocks",
    )))),
    "P25": Report("transformers#143: scale and shift of std 0.02", (of_zoo("layer norm of std 002"),)),
    "P26": Report("mad-lab#3, zoology#32: the bias of Mamba's step", tuple(map(of_zoo, (
        "state space with its step bias zeroed", "state space",
    )))),
    "P27": Report("pytorch-retinanet#10, mmdetection#1825, CenterNet#590: the prior of the focal loss", (
        of_zoo("focal prior in the last bias"),
    )),
    "P28": Report("pytorch-cifar#28, fbcunn#75, DIGITS#535: VGG without BatchNorm", (
        of_zoo("vgg of the default"), Case("std 0.01", lambda: plain_vgg(0.01), SMALL), of_zoo("vgg of he"),
    )),
    "P29": Report("Mish#37: another function's gain", tuple(map(of_zoo, (
        "Mish with gain 0.3", "Hardswish with gain 0.5", "Hardsigmoid with gain 1", "Mish with gain 1.48",
    )))),
    "P30": Report("pytorch#20102: recurrent networks and the forget bias", (
        of_zoo("LSTM"), of_zoo("GRU"), Case("forget bias 0", lambda: (ByHand(0.0), zoo.sequences())),
        Case("forget bias 5", lambda: (ByHand(5.0), zoo.sequences())),
    )),
    "P31": Report("pyg#305: a graph's nodes are one batch", (of_zoo("graph convolutions"),)),
    "P32": Report("xformers#284, torchscale#16: DeepNorm; one factor missing shows in training only", (
        of_zoo("deepnorm"), Case("without the values' factor", deepnorm_without_the_values),
    )),
    "P33": Report("stable-diffusion-webui#4350: a hypernetwork's start", (
        of_zoo("adapter of kaiming"), of_zoo("small adapter"),
        Case("Xavier", lambda: (zoo.Adapted(nn.init.xavier_normal_), zoo.vectors()), ("adapter too loud",)),
    )),
    "P34": Report("peft#1060, LoRA#98: the first factor of 0", (of_zoo("lora with its first factor 0"),)),
    "P35": Report("pytorch/examples#516: DCGAN", tuple(map(of_zoo, ("dcgan generator", "dcgan discriminator")))),
}  # fmt: skip


def said(case: Case, seed: int) -> tuple[str, str]:
    """Return "right", "missed", "wrong" or "refused" for one draw, and what was said."""
    torch.manual_seed(seed)
    try:
        diagnosis = diagnose(*case.build())
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        return ("right" if case.refusal and case.refusal in words else "refused"), words
    found = diagnosis.primary.finding if diagnosis.primary else "healthy"
    if diagnosis.unread:
        return "wrong", diagnosis.sentence
    if found == "healthy":
        return ("missed" if case.findings or case.refusal else "right"), found
    return ("right" if found in case.findings else "wrong"), diagnosis.sentence


def verdict(verdicts: set[str]) -> str:
    """Return the worst of several."""
    return next(word for word in ("wrong", "refused", "missed", "right") if word in verdicts)


if __name__ == "__main__":
    draws, begun = int(sys.argv[1]) if len(sys.argv) > 1 else 2, time.perf_counter()
    counts: dict[str, int] = {}
    for name in sys.argv[2:] or REPORTS:
        answers = {case.words: [said(case, seed) for seed in range(1, draws + 1)] for case in REPORTS[name].cases}
        worst = verdict({word for rows in answers.values() for word, _ in rows})
        counts[worst] = counts.get(worst, 0) + 1
        print(f"{name} {worst:8} {REPORTS[name].source}", flush=True)
        for words, rows in answers.items():
            word, text = next((row for row in rows if row[0] == verdict({one for one, _ in rows})), rows[0])
            print(f"      {word:8} {words}: {text if word != 'right' else text.split('.')[0][:100]}", flush=True)
    print(f"{counts}, {draws} draws of each network, {time.perf_counter() - begun:.0f} s")
