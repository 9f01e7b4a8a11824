"""Networks of PyTorch as people have them, small: sound ones, and ones with a fault of the start that was reported.

Each is a row of `ZOO`: how to build the network and its batch, and the findings that are right, none for a sound one.
Imported by the tests that need it, for PyTorch takes 190 MB.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class Patient(NamedTuple):
    """How to build a network and its batch, and what may be found first; nothing in a sound network."""

    build: Callable[[], tuple[Any, Any]]
    findings: tuple[str, ...] = ()


ZOO: dict[str, Patient] = {}
"""All networks by name."""


def enter(*findings: str, **builds: Callable) -> None:
    """Enter networks by their names, and the findings that name their fault.

    Without findings they are sound, and read in training and in evaluation.
    """
    for name, build in builds.items():
        words = name.replace("_", " ")
        ZOO[words] = Patient(build, findings)
        if not findings:
            ZOO[f"{words}, eval"] = Patient(lambda build=build: _evaluated(*build()))


def sound(build: Callable) -> Callable:
    """Enter a sound network under its function's name."""
    enter(**{build.__name__: build})
    return build


def sick(*findings: str) -> Callable:
    """Enter a network with a fault under its function's name."""

    def entered(build: Callable) -> Callable:
        enter(*findings, **{build.__name__: build})
        return build

    return entered


def _evaluated(network: Any, batch: Any) -> tuple[Any, Any]:
    return network.eval(), batch


def vectors(features: int = 64) -> torch.Tensor:
    return torch.randn(64, features)


def pictures(size: int = 32) -> torch.Tensor:
    return torch.randn(8, 3, size, size)


def tokens() -> torch.Tensor:
    return torch.randint(0, 100, (16, 12))


def sequences() -> torch.Tensor:
    return torch.randn(16, 20, 32)


def he(module: nn.Module) -> None:
    """He's start for dense layers and convolutions."""
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def mlp(depth: int, activation: Callable = nn.ReLU, width: int = 64, **norm: Any) -> nn.Sequential:
    """`depth` hidden layers and a last one, each with the parts of `norm` behind it."""
    parts: list[nn.Module] = []
    for place in range(depth):
        parts += [nn.Linear(64 if place == 0 else width, width), *(make(width) for make in norm.values()), activation()]
    return nn.Sequential(*parts, nn.Linear(width, 10))


# Plain networks


@sound
def mlp_with_dropout():
    parts = [part for _ in range(5) for part in (nn.Linear(64, 64), nn.ReLU(inplace=True), nn.Dropout(0.5))]
    return nn.Sequential(*parts, nn.Linear(64, 10)).apply(he), vectors()


@sick("too small")
def deep_mlp_of_the_default_with_dropout():
    parts = [part for _ in range(8) for part in (nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5))]
    return nn.Sequential(*parts, nn.Linear(64, 10)), vectors()


def scaled(activation: Callable, gain: float) -> tuple[nn.Module, torch.Tensor]:
    network = mlp(12, activation, 128)
    for layer in network:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, gain * layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)
    return network, vectors()


class SquaredReLU(nn.Module):
    def forward(self, x):
        return F.relu(x) ** 2


for _activation, _gain, _finding in (
    (nn.Mish, 0.3, "too small"),
    (nn.Hardswish, 0.5, "too small"),
    (nn.Hardsigmoid, 1.0, "gradient off by a factor"),
    (SquaredReLU, 2**0.5, "gradient off by a factor"),
    (nn.ReLU, 0.5, "too small"),
    (nn.Softsign, 0.2, "too small"),
    (nn.ReLU6, 0.5, "too small"),
):
    ZOO[f"{_activation.__name__} with gain {_gain:.2g}"] = Patient(
        lambda activation=_activation, gain=_gain: scaled(activation, gain), (_finding,)
    )
for _activation, _gain in ((nn.Mish, 1.48), (nn.ReLU, 2**0.5), (nn.Hardtanh, 1.0), (nn.SiLU, 1.55)):
    ZOO[f"{_activation.__name__} with gain {_gain:.3g}"] = Patient(
        lambda activation=_activation, gain=_gain: scaled(activation, gain)
    )


@sick("dead units", "the same answer for all")
def born_dead():
    for seed in range(200):
        torch.manual_seed(seed)
        parts = [part for place in range(16) for part in (nn.Linear(64 if place == 0 else 5, 5), nn.ReLU())]
        network, batch = nn.Sequential(*parts, nn.Linear(5, 10)).apply(he), vectors()
        answers = network(batch)
        if torch.equal(answers, answers[:1].expand_as(answers)):
            return network, batch
    raise AssertionError("no draw was dead")


class Experts(nn.Module):
    """Weights with an axis for the expert; kaiming_uniform_ takes two of the three axes for the fan."""

    def __init__(self, *, right: bool):
        super().__init__()
        self.one, self.two = nn.Parameter(torch.empty(8, 64, 128)), nn.Parameter(torch.empty(8, 128, 64))
        self.gate, self.out = nn.Linear(64, 8), nn.Linear(64, 10)
        for weights in (self.one, self.two):
            if right:
                nn.init.normal_(weights, 0, math.sqrt(2 / weights.shape[1]))
            else:
                nn.init.kaiming_uniform_(weights, a=math.sqrt(5))

    def forward(self, x):
        answers = F.relu(x @ self.one) @ self.two
        return self.out((self.gate(x).softmax(-1).T[..., None] * answers).sum(0))


class Routed(nn.Module):
    """A mixture of experts that sends every example to one of them, with index_add_."""

    def __init__(self):
        super().__init__()
        self.gate, self.out = nn.Linear(64, 4), nn.Linear(64, 10)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64)) for _ in range(4))

    def forward(self, x):
        shares, chosen = self.gate(x).softmax(-1).max(-1)
        answers = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = (chosen == number).nonzero().flatten()
            answers.index_add_(0, rows, expert(x[rows]) * shares[rows, None])
        return self.out(answers + x)


class Einsum(nn.Module):
    def __init__(self, gain: float | None):
        super().__init__()
        self.one, self.two = nn.Parameter(torch.randn(64, 4, 16)), nn.Parameter(torch.randn(4, 16, 64))
        self.out = nn.Linear(64, 10)
        if gain is not None:
            self.one.data *= gain / 8
            self.two.data *= gain / 8

    def forward(self, x):
        return self.out(torch.einsum("nhd,hdo->no", F.relu(torch.einsum("ni,ihd->nhd", x, self.one)), self.two))


class Fourier(nn.Module):
    """Frequencies that are a buffer and are meant."""

    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", 10 * torch.randn(2, 64))
        self.layers = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3)).apply(he)

    def forward(self, x):
        phases = 2 * math.pi * x @ self.frequencies
        return self.layers(torch.cat([phases.sin(), phases.cos()], -1))


class Sine(nn.Module):
    def __init__(self, frequency: float = 30):
        super().__init__()
        self.frequency = frequency

    def forward(self, x):
        return torch.sin(self.frequency * x)


def siren() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, 64), Sine(), *(part for _ in range(3) for part in (nn.Linear(64, 64), Sine())), nn.Linear(64, 1)
    )


def drawn_siren(first: float) -> tuple[nn.Module, torch.Tensor]:
    network = siren()
    for place, layer in enumerate(part for part in network if isinstance(part, nn.Linear)):
        bound = first if place == 0 else math.sqrt(6 / layer.in_features) / 30
        nn.init.uniform_(layer.weight, -bound, bound)
    return network, 2 * torch.rand(256, 2) - 1


enter(official_siren=lambda: drawn_siren(1 / 2), plain_sines=lambda: (mlp(4, lambda: Sine(1)).apply(xavier), vectors()))
enter("frequencies too low", siren_with_its_first_layer_drawn_as_the_others=lambda: drawn_siren(math.sqrt(6 / 2) / 30))


@sound
def raw_data_behind_a_batch_norm():
    network = nn.Sequential(nn.BatchNorm1d(64), mlp(2)).apply(he)
    network[0].running_mean += 127.0
    network[0].running_var *= 73.0**2
    return network, 255 * torch.rand(64, 64)


class Makemore(nn.Module):
    def __init__(self, *, mended: bool):
        super().__init__()
        shapes = (27, 10), (30, 200), (200, 27)
        self.table, self.one, self.two = (nn.Parameter(torch.randn(*shape)) for shape in shapes)
        self.one.data *= (5 / 3) / 30**0.5
        if mended:
            self.two.data *= 200**-0.5

    def forward(self, letters):
        return torch.tanh(self.table[letters].flatten(1) @ self.one) @ self.two


enter(
    he_mlp=lambda: (mlp(10).apply(he), vectors()),
    two_layers_of_the_default=lambda: (mlp(1), vectors()),
    experts=lambda: (Experts(right=True), vectors()),
    routed_experts=lambda: (Routed().apply(he), vectors()),
    einsum=lambda: (Einsum(2**0.5), vectors()),
    fourier_features=lambda: (Fourier(), torch.rand(256, 2)),
    physics_informed_tanh=lambda: (mlp(8, nn.Tanh, 20).apply(xavier), vectors()),
    makemore=lambda: (Makemore(mended=True), torch.randint(0, 27, (64, 3))),
)
enter(
    "too small",
    deep_mlp_of_the_default=lambda: (mlp(20), vectors()),
    experts_with_the_fan_of_two_axes=lambda: (Experts(right=False), vectors()),
)
enter(
    "too large",
    einsum_of_std_1=lambda: (Einsum(None), vectors()),
    makemore_with_only_its_first_layer_mended=lambda: (Makemore(mended=False), torch.randint(0, 27, (64, 3))),
)
enter("too large", "gradient off by a factor", siren_of_the_default=lambda: (siren(), 2 * torch.rand(256, 2) - 1))
enter("unscaled inputs", pixels_from_0_to_255=lambda: (mlp(2).apply(he), 255 * torch.rand(64, 64)))


# Convolutions


def pooled(std: float | None) -> tuple[nn.Module, torch.Tensor]:
    parts = [
        part
        for place in range(5)
        for part in (nn.Conv2d(3 if place == 0 else 32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    ]
    network = nn.Sequential(*parts, nn.Flatten(), nn.Linear(128, 10)).apply(he)
    for layer in network:
        if std is not None and isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0, std)
    return network, torch.randn(16, 3, 64, 64)


def vgg(norm: bool = False) -> nn.Sequential:
    parts: list[nn.Module] = []
    channels = 3
    for size in (16, "M", 32, "M", 64, 64, "M", 128, 128, "M", 128, 128, 128, "M"):
        if size == "M":
            parts.append(nn.MaxPool2d(2))
            continue
        parts += [nn.Conv2d(channels, size, 3, padding=1), *([nn.BatchNorm2d(size)] if norm else []), nn.ReLU()]
        channels = size
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(128, 10))


def decoder(fan: Callable[[int, int], int]) -> nn.Sequential:
    parts: list[nn.Module] = []
    for before, after in ((256, 128), (128, 64), (64, 32), (32, 16)):
        layer = nn.ConvTranspose2d(before, after, 4, 2, 1)
        nn.init.normal_(layer.weight, 0, math.sqrt(2 / fan(before, after)))
        nn.init.zeros_(layer.bias)
        parts += [layer, nn.ReLU()]
    return nn.Sequential(*parts, nn.Conv2d(16, 3, 3, padding=1))


def depthwise(groups: int, *, wrong: bool) -> tuple[nn.Module, torch.Tensor]:
    parts: list[nn.Module] = [nn.Conv2d(3, 32, 3, padding=1), nn.ReLU()]
    for _ in range(4):
        parts += [nn.Conv2d(32, 32, 3, padding=1, groups=groups), nn.ReLU(), nn.Conv2d(32, 32, 1), nn.ReLU()]
    network = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)).apply(he)
    for layer in network:
        if wrong and getattr(layer, "groups", 1) > 1:
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return network, pictures(16)


class Block(nn.Module):
    """A residual block as torchvision writes it: `out += identity`, then an inplace ReLU."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.one = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.two = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm_one, self.norm_two = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        skip = nn.Conv2d(channels_in, channels, 1, stride, bias=False)
        self.skip, self.relu = nn.Sequential(skip, nn.BatchNorm2d(channels)), nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.norm_two(self.two(self.relu(self.norm_one(self.one(x)))))
        out += self.skip(x)
        return self.relu(out)


def resnet() -> nn.Sequential:
    blocks = [Block(3, 16, 1), Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


@sound
def resnet_whose_branches_end_in_scales_of_0():
    network = resnet()
    for part in network.modules():
        if isinstance(part, Block):
            nn.init.zeros_(part.norm_two.weight)
    return network, pictures()


class Inverted(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        inner = 4 * channels
        self.layers = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inner, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return x + self.layers(x)


@sound
def mobilenet():
    stem = nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6(inplace=True)
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(16, 10)
    network = nn.Sequential(*stem, *(Inverted(16) for _ in range(5)), *head)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out")
    return network, pictures()


class Parallel(nn.Module):
    """RepVGG's block: three paths with a normalization each, which in evaluation are nothing yet."""

    def __init__(self, channels: int):
        super().__init__()
        self.one, self.three = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(3))

    def forward(self, x):
        parts = zip(self.norms, (x, self.one(x), self.three(x)), strict=True)
        return F.relu(sum(norm(part) for norm, part in parts))


@sound
def parallel_convolutions():
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), *(Parallel(32) for _ in range(12)), *head).apply(he), pictures(
        16
    )


class Excitation(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.one, self.two = nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.two(F.silu(self.one(F.adaptive_avg_pool2d(x, 1)))))


@sound
def squeeze_and_excitation_of_fan_out():
    parts: list[nn.Module] = [nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU()]
    for before, after, stride in ((16, 16, 1), (16, 24, 2), (24, 40, 2)):
        inner = 4 * before
        parts += [nn.Conv2d(before, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.SiLU()]
        parts += [nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False), nn.BatchNorm2d(inner), nn.SiLU()]
        parts += [Excitation(inner), nn.Conv2d(inner, after, 1, bias=False), nn.BatchNorm2d(after)]
    network = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(40, 10))
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    return network, pictures(64)


class Dense(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.norm, self.layer = nn.BatchNorm2d(channels), nn.Conv2d(channels, 8, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.layer(F.relu(self.norm(x)))], 1)


@sound
def densenet():
    head = nn.BatchNorm2d(64), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
    stem = nn.Conv2d(3, 16, 3, padding=1)
    return nn.Sequential(stem, *(Dense(16 + 8 * place) for place in range(6)), *head).apply(he), pictures()


class UNet(nn.Module):
    def __init__(self, *, norm: bool):
        super().__init__()

        def block(before: int, after: int) -> nn.Sequential:
            make = nn.BatchNorm2d if norm else lambda _channels: nn.Identity()
            first = nn.Conv2d(before, after, 3, padding=1), make(after), nn.ReLU(inplace=True)
            return nn.Sequential(*first, nn.Conv2d(after, after, 3, padding=1), make(after), nn.ReLU(inplace=True))

        self.down = nn.ModuleList([block(3, 16), block(16, 32), block(32, 64)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)])
        self.joined, self.out = nn.ModuleList([block(64, 32), block(32, 16)]), nn.Conv2d(16, 2, 1)

    def forward(self, x):
        fine = self.down[0](x)
        middle = self.down[1](F.max_pool2d(fine, 2))
        coarse = self.down[2](F.max_pool2d(middle, 2))
        middle = self.joined[0](torch.cat([self.up[0](coarse), middle], 1))
        return self.out(self.joined[1](torch.cat([self.up[1](middle), fine], 1)))


def dcgan(part: nn.Module) -> None:
    if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(part.weight, 0, 0.02)
    if isinstance(part, nn.BatchNorm2d):
        nn.init.normal_(part.weight, 1, 0.02)


@sound
def dcgan_generator():
    parts: list[nn.Module] = []
    for before, after, stride, padding in ((100, 256, 1, 0), (256, 128, 2, 1), (128, 64, 2, 1)):
        layer = nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)
        parts += [layer, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    network = nn.Sequential(*parts, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())
    return network.apply(dcgan), torch.randn(8, 100, 1, 1)


@sound
def dcgan_discriminator():
    parts: list[nn.Module] = [nn.Conv2d(3, 16, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in ((16, 32), (32, 64)):
        layer = nn.Conv2d(before, after, 4, 2, 1, bias=False)
        parts += [layer, nn.BatchNorm2d(after), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*parts, nn.Conv2d(64, 1, 4, bias=False), nn.Sigmoid()).apply(dcgan), pictures()


@sound
def focal_prior_in_the_last_bias():
    layers = nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()
    network = nn.Sequential(*layers, nn.Conv2d(32, 9, 3, padding=1)).apply(he)
    nn.init.normal_(network[4].weight, 0, 0.01)
    nn.init.constant_(network[4].bias, -math.log(99))
    return network, pictures(16)


@sound
def mean_of_the_targets_in_the_last_bias():
    network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).apply(he)
    nn.init.constant_(network[2].bias, 50.0)
    return network, vectors()


@sound
def convolutions_over_time():
    layers = nn.Conv1d(1, 16, 9, 4), nn.ReLU(), nn.Conv1d(16, 32, 9, 4), nn.ReLU()
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 5)).apply(he)
    return network, torch.randn(8, 1, 1000)


@sick("dead units", "the same answer for all")
def batch_norm_of_scale_0_everywhere():
    network = vgg(norm=True)
    for part in network:
        if isinstance(part, nn.BatchNorm2d):
            nn.init.zeros_(part.weight)
    return network, pictures()


enter(
    convolutions_and_pooling=lambda: pooled(None),
    vgg_of_he=lambda: (vgg().apply(he), pictures()),
    vgg_with_batch_norm=lambda: (vgg(norm=True), pictures()),
    transposed_convolutions=lambda: (decoder(lambda before, _after: 4 * before), torch.randn(4, 256, 4, 4)),
    depthwise_convolutions=lambda: depthwise(32, wrong=False),
    grouped_convolutions=lambda: depthwise(8, wrong=False),
    small_resnet=lambda: (resnet().apply(he), pictures()),
    unet_with_batch_norm=lambda: (UNet(norm=True), pictures()),
    unet_of_he=lambda: (UNet(norm=False).apply(he), pictures()),
)
enter(
    "too small",
    convolutions_and_pooling_of_std_001=lambda: pooled(0.01),
    vgg_of_the_default=lambda: (vgg(), pictures()),
    transposed_convolutions_with_all_places_in_the_fan=lambda: (
        decoder(lambda before, _after: 16 * before),
        torch.randn(4, 256, 4, 4),
    ),
    depthwise_convolutions_with_undivided_fan_out=lambda: depthwise(32, wrong=True),
    grouped_convolutions_with_undivided_fan_out=lambda: depthwise(8, wrong=True),
    unet_of_the_default=lambda: (UNet(norm=False), pictures()),
)
enter("too large", convolutions_and_pooling_of_std_05=lambda: pooled(0.5))
enter(
    "too small",
    "wrong fan",
    transposed_convolutions_of_kaiming=lambda: (decoder(lambda _before, after: 16 * after), torch.randn(4, 256, 4, 4)),
)


# Residual networks


class Residual(nn.Module):
    def __init__(self, *, norm: bool = False, scale: float = 1.0, last: float = 1.0):
        super().__init__()
        self.norm, self.scale = nn.LayerNorm(64) if norm else nn.Identity(), scale
        self.one, self.two = nn.Linear(64, 256), nn.Linear(256, 64)
        self.apply(he)
        self.two.weight.data *= last

    def forward(self, x):
        return x + self.scale * self.two(F.relu(self.one(self.norm(x))))


def residual(blocks: int = 20, **options: Any) -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 64), *(Residual(**options) for _ in range(blocks)), nn.Linear(64, 10))


class ReZero(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.alpha = mlp(1), nn.Parameter(torch.zeros(1))
        self.back = nn.Linear(10, 64)

    def forward(self, x):
        return x + self.alpha * self.back(self.layers(x))


class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.gate = nn.Linear(64, 64), nn.Linear(64, 64)
        he(self.layer)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x):
        share = torch.sigmoid(self.gate(x))
        return share * F.relu(self.layer(x)) + (1 - share) * x


class PostNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.one, self.two = nn.LayerNorm(64), nn.Linear(64, 256), nn.Linear(256, 64)

    def forward(self, x):
        return self.norm(x + self.two(F.gelu(self.one(x))))


def post_norm(change: Callable[[nn.LayerNorm], Any]) -> tuple[nn.Module, torch.Tensor]:
    network = nn.Sequential(nn.Linear(64, 64), *(PostNorm() for _ in range(6)), nn.Linear(64, 10)).apply(xavier)
    for part in network.modules():
        if isinstance(part, nn.LayerNorm):
            change(part)
    return network, vectors()


enter("too large", residual_branches_that_add_up=lambda: (residual(), vectors()))
enter(
    residual_branches_that_end_in_zeros=lambda: (residual(last=0.0), vectors()),
    residual_branches_that_are_scaled=lambda: (residual(scale=20**-0.5), vectors()),
    residual_branches_behind_a_layer_norm=lambda: (residual(norm=True), vectors()),
    rezero=lambda: (nn.Sequential(nn.Linear(64, 64), *(ReZero() for _ in range(10)), nn.Linear(64, 10)), vectors()),
    highway=lambda: (nn.Sequential(nn.Linear(64, 64), *(Highway() for _ in range(8)), nn.Linear(64, 10)), vectors()),
    post_norm_blocks=lambda: post_norm(lambda norm: None),
)
enter(
    "the same answer for all",
    "no gradient",
    layer_norm_with_scale_and_shift_exchanged=lambda: post_norm(
        lambda norm: (nn.init.zeros_(norm.weight), nn.init.ones_(norm.bias))
    ),
)
enter(
    "gradient vanishes",
    layer_norm_of_std_002=lambda: post_norm(
        lambda norm: (nn.init.normal_(norm.weight, 0, 0.02), nn.init.normal_(norm.bias, 0, 0.02))
    ),
)


# Attention


class GPT(nn.Module):
    def __init__(self, *, norm_first: bool = True, std: float = 0.02, tied: bool = False):
        super().__init__()
        self.table, self.places = nn.Embedding(100, 64), nn.Parameter(torch.zeros(1, 12, 64))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(64, 4, 256, batch_first=True, norm_first=norm_first) for _ in range(4)
        )
        self.norm, self.head = nn.LayerNorm(64), nn.Linear(64, 100, bias=False)
        for part in self.modules():
            if isinstance(part, nn.Linear | nn.Embedding):
                nn.init.normal_(part.weight, 0, std)
        if tied:
            self.head.weight = self.table.weight

    def forward(self, words):
        x = self.table(words) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def _table_of_std_1(part: nn.Module) -> None:
    if isinstance(part, nn.Embedding):
        nn.init.normal_(part.weight)


def encoder() -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    return nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)


@sound
def transformer_encoder_drawn_anew():
    network = encoder()
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    return network, sequences()


class Biased(nn.Module):
    """Attention whose bias is a table of distances, kept in evaluation as LeViT does."""

    def __init__(self):
        super().__init__()
        self.heads, self.out, self.norm = nn.Linear(32, 96), nn.Linear(32, 32), nn.LayerNorm(32)
        self.distances, self.kept = nn.Parameter(torch.zeros(4, 39)), {}
        nn.init.zeros_(self.out.weight)

    def bias(self) -> torch.Tensor:
        place = torch.arange(20)
        places = F.one_hot(place[:, None] - place + 19, 39).float()
        if self.training:
            return torch.einsum("hd,ijd->hij", self.distances, places)
        if "bias" not in self.kept:
            self.kept["bias"] = torch.einsum("hd,ijd->hij", self.distances, places)
        return self.kept["bias"]

    def forward(self, x):
        heads = self.heads(self.norm(x)).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        shares = F.scaled_dot_product_attention(*heads, attn_mask=self.bias())
        return x + self.out(shares.transpose(1, 2).flatten(2))


@sound
def attention_with_a_bias_that_is_kept():
    return nn.Sequential(Biased(), Biased(), nn.LayerNorm(32), nn.Linear(32, 5)), sequences()


class Pooling(nn.Module):
    """Attention by queries that are learned, as Set Transformer, DETR and Perceiver have it, of heads or without."""

    def __init__(self, heads: int = 0, second: bool = False):
        super().__init__()
        self.queries, self.enter, self.out = (
            nn.Parameter(0.02 * torch.randn(4, 32)),
            nn.Linear(32, 32),
            nn.Linear(32, 5),
        )
        self.heads, self.second = nn.MultiheadAttention(32, heads, batch_first=not second) if heads else None, second

    def forward(self, x):
        keys, queries = self.enter(x), self.queries.expand(len(x), -1, -1)
        if self.second:
            keys, queries = keys.transpose(0, 1), self.queries[:, None].repeat(1, len(x), 1)
        if self.heads:
            answers = self.heads(queries, keys, keys, need_weights=True)[0]
        else:
            answers = torch.softmax(queries.bmm(keys.transpose(1, 2)), -1).bmm(keys)
        return self.out(answers.mean(0 if self.second else 1))


class Slots(nn.Module):
    """Locatello and others 2020: queries begin as noise round a learned mean."""

    def __init__(self):
        super().__init__()
        self.mean, self.log_std = nn.Parameter(torch.randn(1, 1, 32)), nn.Parameter(torch.zeros(1, 1, 32))
        self.key, self.value, self.out = (nn.Linear(32, 32) for _ in range(3))

    def forward(self, x):
        slots = self.mean + self.log_std.exp() * torch.randn(len(x), 4, 32)
        scores = torch.einsum("bsd,bnd->bsn", F.layer_norm(slots, (32,)), self.key(x)) / 32**0.5
        shares = scores.softmax(1)
        return self.out(torch.einsum("bsn,bnd->bsd", shares / shares.sum(-1, keepdim=True), self.value(x)))


class Repeated(nn.Module):
    """Weights that are repeated for each example."""

    def __init__(self, std: float):
        super().__init__()
        self.weights, self.out = nn.Parameter(std * torch.randn(32, 64)), nn.Linear(64, 5)

    def forward(self, x):
        return self.out(torch.relu(torch.bmm(x, self.weights.repeat(len(x), 1, 1))))


class Vlad(nn.Module):
    """Arandjelović and others 2016: descriptors are weighted sums of what also makes their weights."""

    def __init__(self):
        super().__init__()
        self.descriptors, self.shares = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 6, 1)

    def forward(self, x):
        x = F.normalize(self.descriptors(x))
        shares = self.shares(x).flatten(2).softmax(1)
        return torch.einsum("bkn,bdn->bkd", shares, x.flatten(2)).flatten(1)


enter(vlad=lambda: (Vlad(), pictures(16)))
enter(
    attention_by_learned_queries=lambda: (Pooling(), sequences()),
    attention_of_heads_by_learned_queries=lambda: (Pooling(heads=4), sequences()),
    attention_by_learned_queries_that_count_places_first=lambda: (Pooling(heads=4, second=True), sequences()),
    slots=lambda: (Slots(), sequences()),
    weights_that_are_repeated_for_each_example=lambda: (Repeated(16**-0.5), sequences()),
)
enter("too large", weights_that_are_repeated_and_too_large=lambda: (Repeated(16.0), sequences()))


class DeepNorm(nn.Module):
    """Wang and others 2022, with 24 layers in mind: the branches are small on purpose."""

    def __init__(self):
        super().__init__()
        self.alpha = 48**0.25
        self.query, self.key, self.value, self.out = (nn.Linear(32, 32) for _ in range(4))
        self.one, self.two = nn.Linear(32, 128), nn.Linear(128, 32)
        self.norm_one, self.norm_two = nn.LayerNorm(32), nn.LayerNorm(32)
        for layer in (self.value, self.out, self.one, self.two):
            nn.init.xavier_normal_(layer.weight, 192**-0.25)

    def forward(self, x):
        shares = torch.softmax(self.query(x) @ self.key(x).transpose(1, 2) / 6, -1)
        x = self.norm_one(self.alpha * x + self.out(shares @ self.value(x)))
        return self.norm_two(self.alpha * x + self.two(F.relu(self.one(x))))


class Gated(nn.Module):
    """A gated feed-forward branch, as Llama has it."""

    def __init__(self):
        super().__init__()
        self.norm, self.gate, self.up = nn.LayerNorm(64), nn.Linear(64, 128), nn.Linear(64, 128)
        self.down = nn.Linear(128, 64)

    def forward(self, x):
        y = self.norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


enter(
    gpt_of_std_002=lambda: (GPT(), tokens()),
    bert_of_std_002=lambda: (GPT(norm_first=False, tied=True), tokens()),
    deepnorm=lambda: (nn.Sequential(*(DeepNorm() for _ in range(12)), nn.Linear(32, 5)), sequences()),
    gated_branches=lambda: (
        nn.Sequential(nn.Linear(64, 64), *(Gated() for _ in range(4)), nn.Linear(64, 10)),
        vectors(),
    ),
)
enter("too large", tied_embedding_of_std_1=lambda: (GPT(std=0.02, tied=True).apply(_table_of_std_1), tokens()))
enter("repeated weights", transformer_encoder_of_copies=lambda: (encoder(), sequences()))


class Stage(nn.Module):
    """Blocks behind a normalization, and a step to twice the width, as Swin has them."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.last_norm = nn.LayerNorm(width), nn.LayerNorm(4 * width)
        self.one, self.two = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x):
        x = x + self.two(F.gelu(self.one(self.norm(x))))
        return self.reduction(self.last_norm(x.unflatten(1, (-1, 4)).flatten(2)))


class Narrow(nn.Module):
    """BERT's parts that narrow widths make small: a projection of the table, a dense layer in front of the answers."""

    def __init__(self):
        super().__init__()
        self.table, self.project = nn.Embedding(100, 32), nn.Linear(32, 64)
        self.blocks = nn.Sequential(*(PostNorm() for _ in range(3)))
        self.dense, self.norm, self.answer = nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 100)

    def forward(self, words):
        x = self.blocks(self.project(F.layer_norm(self.table(words), (32,))))
        return self.answer(self.norm(F.gelu(self.dense(x))))


class Answering(nn.Module):
    """T5's last layer: what it receives is divided by √fan_in, and its weights are not."""

    def __init__(self):
        super().__init__()
        self.inner, self.norm, self.answer = nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 100, bias=False)
        nn.init.normal_(self.answer.weight)

    def forward(self, x):
        return self.answer(self.norm(F.relu(self.inner(x))) * 64**-0.5)


class TalkingHeads(nn.Module):
    """CaiT's blocks: scores are mixed over the heads before and after the softmax, and branches begin at 1e-5."""

    def __init__(self):
        super().__init__()
        self.norm, self.heads, self.out = nn.LayerNorm(32), nn.Linear(32, 96), nn.Linear(32, 32)
        self.before, self.after = nn.Linear(4, 4), nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.full((32,), 1e-5))

    def forward(self, x):
        q, k, v = self.heads(self.norm(x)).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-1, -2)).permute(0, 2, 3, 1)
        shares = self.after(self.before(scores).softmax(-2)).permute(0, 3, 1, 2)
        return x + self.scale * self.out((shares @ v).transpose(1, 2).flatten(2))


class TokenAlone(nn.Module):
    """A token that alone is answered from, and reads all others through a scale of 1e-5."""

    def __init__(self):
        super().__init__()
        self.token, self.scale = nn.Parameter(torch.randn(1, 1, 32) / 50), nn.Parameter(torch.full((32,), 1e-5))
        self.norm, self.values, self.last_norm = nn.LayerNorm(32), nn.Linear(32, 32), nn.LayerNorm(32)

    def forward(self, x):
        token = self.token.expand(len(x), -1, -1)
        token = token + self.scale * self.values(self.norm(torch.cat([token, x], 1))).mean(1, keepdim=True)
        return self.last_norm(token[:, 0])


def small_everywhere(network: nn.Module) -> nn.Module:
    """The start of most transformers: std 0.02, whatever the width."""
    for part in network.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.trunc_normal_(part.weight, std=0.02)
            if getattr(part, "bias", None) is not None:
                nn.init.zeros_(part.bias)
    return network


@sound
def stages_of_growing_width():
    stages = nn.Linear(32, 48), nn.LayerNorm(48), Stage(48), Stage(96), Stage(192)
    return small_everywhere(nn.Sequential(*stages, nn.LayerNorm(384), nn.Linear(384, 10))), torch.randn(8, 64, 32)


@sound
def narrow_words():
    return small_everywhere(Narrow()), tokens()


@sound
def answers_that_are_scaled_for_their_layer():
    return Answering(), vectors()


@sound
def token_that_reads_through_a_small_scale():
    blocks = nn.Linear(32, 32), TalkingHeads(), TalkingHeads(), TokenAlone()
    return small_everywhere(nn.Sequential(*blocks, nn.Linear(32, 5))), sequences()


# Recurrent networks, and states that take steps


class Recurrent(nn.Module):
    def __init__(self, kind: type, **options: Any):
        super().__init__()
        self.table, self.layer = nn.Embedding(100, 32), kind(32, 48, batch_first=True, **options)
        self.head = nn.Linear(96 if options.get("bidirectional") else 48, 5)

    def forward(self, words):
        return self.head(self.layer(self.table(words))[0][:, -1])


for _kind in (nn.LSTM, nn.GRU, nn.RNN):
    for _options in ({}, {"num_layers": 2, "dropout": 0.1}, {"bidirectional": True}):
        ZOO[f"{_kind.__name__} {' '.join(_options)}".strip()] = Patient(
            lambda kind=_kind, options=_options: (Recurrent(kind, **options), tokens())
        )


def changed_lstm(change: Callable[[torch.Tensor], Any]) -> tuple[nn.Module, torch.Tensor]:
    network = Recurrent(nn.LSTM)
    for parameter in network.layer.parameters():
        change(parameter)
    return network, tokens()


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.out = nn.LSTMCell(32, 48), nn.GRUCell(48, 48), nn.Linear(48, 3)

    def forward(self, words):
        h = c = g = words.new_zeros(len(words), 48)
        for word in words.unbind(1):
            h, c = self.one(word, (h, c))
            g = self.two(h, g)
        return self.out(g)


class ByHand(nn.Module):
    """An LSTM written out: three matrices, however many steps."""

    def __init__(self):
        super().__init__()
        self.input, self.state, self.out = nn.Linear(32, 256), nn.Linear(64, 256, bias=False), nn.Linear(64, 5)

    def forward(self, words):
        h = c = torch.zeros(len(words), 64)
        for word in words.unbind(1):
            i, f, g, o = (self.input(word) + self.state(h)).chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return self.out(h)


class StateSpace(nn.Module):
    """A Mamba block's time step: its bias is the inverse softplus of steps from 0.001 to 0.1."""

    def __init__(self, *, zeroed: bool):
        super().__init__()
        self.norm, self.input, self.step = nn.LayerNorm(32), nn.Linear(32, 64), nn.Linear(32, 32)
        self.rates = nn.Parameter(torch.log(torch.arange(1.0, 5.0)).repeat(32, 1))
        self.out = nn.Linear(32, 32, bias=False)
        steps = torch.exp(torch.rand(32) * math.log(100) + math.log(0.001))
        self.step.bias.data.copy_(steps + torch.log(-torch.expm1(-steps)))
        if zeroed:
            nn.init.zeros_(self.step.bias)

    def forward(self, x):
        values, gate = self.input(self.norm(x)).chunk(2, -1)
        steps, state, answers = F.softplus(self.step(values))[..., None], 0.0, []
        for time in range(values.shape[1]):
            kept = torch.exp(-torch.exp(self.rates) * steps[:, time])
            state = state * kept + steps[:, time] * values[:, time, :, None]
            answers.append(state.mean(-1))
        return x + self.out(torch.stack(answers, 1) * F.silu(gate))


enter("no gradient", "identical units", "the same answer for all", lstm_of_zeros=lambda: changed_lstm(nn.init.zeros_))
enter(
    "weights not centred", lstm_of_one_number=lambda: changed_lstm(lambda parameter: nn.init.constant_(parameter, 0.1))
)
enter("too large", lstm_of_std_1=lambda: changed_lstm(nn.init.normal_))
enter(
    recurrent_cells=lambda: (Cells(), sequences()),
    lstm_by_hand=lambda: (ByHand(), sequences()),
    state_space=lambda: (nn.Sequential(StateSpace(zeroed=False), nn.Linear(32, 5)), sequences()),
)
enter(
    "steps too long",
    state_space_with_its_step_bias_zeroed=lambda: (
        nn.Sequential(StateSpace(zeroed=True), nn.Linear(32, 5)),
        sequences(),
    ),
)


# Products of two, and what is small on purpose


class LoRA(nn.Module):
    def __init__(self, *, one: bool, two: bool):
        super().__init__()
        self.base, self.one, self.two = nn.Linear(64, 64), nn.Linear(64, 8, bias=False), nn.Linear(8, 64, bias=False)
        he(self.base)
        for layer, zero in ((self.one, one), (self.two, two)):
            if zero:
                nn.init.zeros_(layer.weight)

    def forward(self, x):
        return self.base(x) + self.two(self.one(x))


def lora(**zeros: bool) -> tuple[nn.Module, torch.Tensor]:
    return nn.Sequential(LoRA(**zeros), nn.ReLU(), nn.Linear(64, 10)), vectors()


class Adapted(nn.Module):
    """A frozen layer whose answers two small layers change, as a hypernetwork does."""

    def __init__(self, start: Callable):
        super().__init__()
        self.frozen = nn.Linear(64, 64).requires_grad_(requires_grad=False)
        self.adapter, self.out = nn.Sequential(nn.Linear(64, 128), nn.Linear(128, 64)), nn.Linear(64, 10)
        for layer in self.adapter:
            start(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        y = self.frozen(x)
        return self.out(y + self.adapter(y))


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.out = (nn.Linear(64, 64) for _ in range(3))
        self.gate = nn.Sequential(nn.Linear(64, 64, bias=False), nn.ReLU(), nn.Linear(64, 64, bias=False), nn.Tanh())
        for layer in (self.gate[0], self.gate[2]):
            nn.init.zeros_(layer.weight)

    def forward(self, x):
        y = F.relu(self.one(x))
        return self.out(y + self.gate(y) * self.two(y))


@sound
def last_layer_of_zeros():
    network = mlp(2).apply(he)
    nn.init.zeros_(network[-1].weight)
    return network, vectors()


@sound
def last_layer_of_almost_0():
    network = mlp(2).apply(he)
    nn.init.normal_(network[-1].weight, std=1e-6)
    return network, vectors()


@sick("identical units")
def zeros_everywhere():
    network = mlp(3)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    return network, vectors()


@sick("identical units")
def first_convolution_of_zeros():
    network = vgg().apply(he)
    nn.init.zeros_(network[0].weight)
    return network, pictures()


class Scaled(nn.Module):
    """ConvNeXt's block: a branch that a learned scale of 1e-6 makes small."""

    def __init__(self):
        super().__init__()
        self.places, self.norm = nn.Conv2d(32, 32, 7, padding=3, groups=32), nn.LayerNorm(32)
        self.one, self.two, self.scale = nn.Linear(32, 128), nn.Linear(128, 32), nn.Parameter(torch.full((32,), 1e-6))

    def forward(self, x):
        y = self.norm(self.places(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.two(F.gelu(self.one(y)))).permute(0, 3, 1, 2)


@sound
def convnext():
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(32), nn.Linear(32, 10)
    network = nn.Sequential(nn.Conv2d(3, 32, 4, 4), *(Scaled() for _ in range(4)), *head)
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(part.weight, std=0.02)
            nn.init.zeros_(part.bias)
    return network, pictures()


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = mlp(3).apply(he).requires_grad_(requires_grad=False), nn.Linear(10, 5)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(F.relu(features))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale_one, self.scale_two = nn.Parameter(torch.ones(64)), nn.Parameter(torch.ones(64))
        self.query, self.key, self.value, self.out = (nn.Linear(64, 64, bias=False) for _ in range(4))
        self.gate, self.up, self.down = nn.Linear(64, 172), nn.Linear(64, 172), nn.Linear(172, 64)

    def forward(self, x):
        y = self._normalized(x) * self.scale_one
        heads = (layer(y).unflatten(-1, (4, 16)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        x = x + self.out(F.scaled_dot_product_attention(*heads, is_causal=True).transpose(1, 2).flatten(2))
        y = self._normalized(x) * self.scale_two
        return x + self.down(F.silu(self.gate(y)) * self.up(y))

    def _normalized(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


@sound
def llama():
    network = nn.Sequential(nn.Embedding(100, 64), *(Llama() for _ in range(4)), nn.LayerNorm(64), nn.Linear(64, 100))
    for part in network.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, 0, 0.02)
    return network, tokens()


@sick("identical units")
def equal_units_that_are_weighted_differently():
    network = mlp(2, nn.Tanh).apply(xavier)
    nn.init.constant_(network[0].weight, 0.05)
    return network, vectors()


@sick("identical units")
def equal_units_that_are_weighted_alike():
    network = mlp(2, nn.Tanh).apply(xavier)
    nn.init.constant_(network[0].weight, 0.05)
    network[2].weight.data[:] = network[2].weight.data[:, :1]
    return network, vectors()


class Cut(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)

    def forward(self, x):
        return self.three(F.relu(self.two(F.relu(self.one(x)).detach())))


enter(
    lora_with_its_second_factor_0=lambda: lora(one=False, two=True),
    lora_with_its_first_factor_0=lambda: lora(one=True, two=False),
    small_adapter=lambda: (Adapted(lambda weights: nn.init.normal_(weights, 0, 0.01)), vectors()),
    frozen_backbone=lambda: (Backbone(), vectors()),
)
enter(
    "no gradient",
    lora_with_both_factors_0=lambda: lora(one=True, two=True),
    gate_of_two_layers_of_zeros=lambda: (Gate(), vectors()),
)
enter("adapter too loud", adapter_of_kaiming=lambda: (Adapted(nn.init.kaiming_normal_), vectors()))
enter("gradient off by a factor", gradient_that_is_cut=lambda: (Cut().apply(he), vectors()))


# Weights that are made of others


@sound
def spectral_norm():
    make = torch.nn.utils.parametrizations.spectral_norm
    parts = [part for _ in range(3) for part in (make(nn.Linear(64, 64)), nn.LeakyReLU(0.2))]
    return nn.Sequential(*parts, nn.Linear(64, 5)), vectors()


@sound
def weight_norm():
    make = torch.nn.utils.parametrizations.weight_norm
    parts = [part for _ in range(4) for part in (make(nn.Linear(64, 64)), nn.Tanh())]
    return nn.Sequential(*parts, nn.Linear(64, 5)), vectors()


class Equalized(nn.Module):
    """Weights of variance 1 that are scaled as they are used, or whose answers are."""

    def __init__(self, units: int, *, answers: bool):
        super().__init__()
        self.weights, self.scale, self.answers = nn.Parameter(torch.randn(units, 64)), (2 / 64) ** 0.5, answers

    def forward(self, x):
        return F.linear(x, self.weights) * self.scale if self.answers else F.linear(x, self.weights * self.scale)


def equalized(*, answers: bool) -> tuple[nn.Module, torch.Tensor]:
    parts = [part for _ in range(6) for part in (Equalized(64, answers=answers), nn.LeakyReLU(0.2))]
    return nn.Sequential(*parts, Equalized(5, answers=answers)), vectors()


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(64, 32), nn.Bilinear(32, 32, 10)

    def forward(self, x):
        y = torch.tanh(self.one(x))
        return self.two(y, y)


class Graph(nn.Module):
    """A graph's nodes are one batch, and its matrix is fixed."""

    def __init__(self):
        super().__init__()
        matrix = (torch.rand(64, 64) < 0.1).float() + torch.eye(64)
        self.register_buffer("matrix", matrix / matrix.sum(1, keepdim=True))
        self.one, self.two = nn.Linear(64, 32), nn.Linear(32, 7)

    def forward(self, x):
        return self.two(self.matrix @ F.relu(self.one(self.matrix @ x)))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.mean, self.spread = nn.Linear(64, 128), nn.Linear(128, 8), nn.Linear(128, 8)
        self.two, self.out = nn.Linear(8, 128), nn.Linear(128, 64)

    def forward(self, x):
        y = F.relu(self.one(x))
        mean, spread = self.mean(y), self.spread(y)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * spread)
        return self.out(F.relu(self.two(code))), mean, spread


class Actor(nn.Module):
    def __init__(self):
        super().__init__()

        def head(units: int, gain: float) -> nn.Sequential:
            layers = nn.Linear(8, 64), nn.Linear(64, 64), nn.Linear(64, units)
            for layer, own in zip(layers, (2**0.5, 2**0.5, gain), strict=True):
                nn.init.orthogonal_(layer.weight, own)
                nn.init.zeros_(layer.bias)
            return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])

        self.critic, self.actor = head(1, 1.0), head(4, 0.01)

    def forward(self, x):
        return self.actor(x), self.critic(x)


enter(
    equalized_learning_rate=lambda: equalized(answers=False),
    answers_scaled_by_the_fan=lambda: equalized(answers=True),
    bilinear=lambda: (Bilinear(), vectors()),
    bag_of_words=lambda: (
        nn.Sequential(nn.EmbeddingBag(100, 32), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 5)),
        tokens(),
    ),
    graph_convolutions=lambda: (Graph().apply(he), vectors()),
    variational_autoencoder=lambda: (VAE(), vectors()),
    actor_and_critic=lambda: (Actor(), vectors(8)),
)


# What few inputs, equal numbers, tables and heads make of a start


def regression(data: torch.Tensor, bias: float = 1.0) -> tuple[nn.Module, torch.Tensor]:
    """A network of the default, its first biases multiplied."""
    network = nn.Sequential(nn.Linear(data.shape[1], 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    network[0].bias.data *= bias
    return network, data


def line() -> torch.Tensor:
    return torch.linspace(-1, 1, 100)[:, None]


enter(
    curve=lambda: regression(line()),
    curve_over_the_unit_interval=lambda: regression(torch.rand(100, 1)),
    function_of_two_coordinates=lambda: regression(torch.rand(100, 2)),
)
enter("biases out of scale", curve_with_bends_far_beyond_the_data=lambda: regression(line(), 8.0))
enter("biases out of scale", loud_biases_of_many_inputs=lambda: regression(vectors(), 20.0))


def one_number(norm: bool) -> tuple[nn.Module, torch.Tensor]:
    """A layer of equal rows."""
    network = mlp(3, **({"norm": nn.BatchNorm1d} if norm else {})).apply(he)
    middle = network[3 if norm else 2]
    middle.weight.data[:] = middle.weight.data[:1].clone()
    return network, vectors()


enter(
    "identical units",
    equal_rows=lambda: one_number(norm=False),
    equal_rows_before_a_normalization=lambda: one_number(norm=True),
)


class Maxout(nn.Module):
    def __init__(self, pieces: int):
        super().__init__()
        self.one, self.two, self.out = nn.Linear(20, 32 * pieces), nn.Linear(32, 32 * pieces), nn.Linear(32, 5)

    def forward(self, x):
        for layer in (self.one, self.two):
            x = layer(x).view(len(x), 32, -1).amax(-1)
        return self.out(x)


enter(maxout_of_two=lambda: (Maxout(2), vectors(20)), maxout_of_three=lambda: (Maxout(3), vectors(20)))


@sound
def kernels_that_blur():
    parts: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        blur = nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False)
        nn.init.constant_(blur.weight, 1 / 9)
        parts += [blur, nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5)), pictures(16)


class Factors(nn.Module):
    def __init__(self, std: float, mean: float = 0.1, size: int = 16):
        super().__init__()
        self.users, self.items = nn.Embedding(100, size), nn.Embedding(100, size)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, mean, std)

    def forward(self, pairs):
        return (self.users(pairs[:, 0]) * self.items(pairs[:, 1])).sum(-1)


enter(
    factors=lambda: (Factors(0.1), torch.randint(0, 100, (64, 2))),
    factors_of_size_1=lambda: (Factors(512**-0.25, 0.0, 512), (torch.randint(0, 100, (64, 2)), torch.randn(64))),
)
enter(
    "answers too large",
    factors_of_std_10=lambda: (Factors(10.0), torch.randint(0, 100, (64, 2))),
    factors_of_std_1_beside_targets=lambda: (
        Factors(1.0, 0.0, 512),
        (torch.randint(0, 100, (64, 2)), torch.randn(64)),
    ),
)
enter("identical units", factors_of_equal_numbers=lambda: (Factors(0.0), torch.randint(0, 100, (64, 2))))


def words(std: float, *behind: nn.Module) -> tuple[nn.Module, torch.Tensor]:
    table = nn.Embedding(100, 32)
    nn.init.normal_(table.weight, 0, std)
    return nn.Sequential(table, *behind, nn.Flatten(), nn.Linear(384, 64), nn.ReLU(), nn.Linear(64, 5)), tokens()


enter(
    usual_table=lambda: words(1.0),
    loud_table_before_a_normalization=lambda: words(100.0, nn.LayerNorm(32)),
)
enter("unscaled inputs", loud_table=lambda: words(100.0))


class Negatives(nn.Module):
    """Word2vec with negative sampling, Mikolov and others 2013: the second table starts at 0."""

    def __init__(self, std: float):
        super().__init__()
        self.words, self.contexts = nn.Embedding(100, 32), nn.Embedding(100, 32)
        nn.init.normal_(self.words.weight, std=std)
        nn.init.zeros_(self.contexts.weight)

    def forward(self, word, contexts):
        return torch.bmm(self.contexts(contexts), self.words(word)[..., None])[..., 0]


def pairs_of_words() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randint(0, 100, (64,)), torch.randint(0, 100, (64, 6))


enter(word2vec=lambda: (Negatives(std=0.01), pairs_of_words()))
enter("the same answer for all", "no gradient", word2vec_of_zeros=lambda: (Negatives(std=0.0), pairs_of_words()))


class Convex(nn.Module):
    """Amos and others 2017: convex in its inputs, for the weights between its layers are positive."""

    def __init__(self, between: Callable[[torch.Tensor], torch.Tensor], mean: float):
        super().__init__()
        self.enter, self.between = nn.ModuleList(nn.Linear(16, 32) for _ in range(3)), between
        self.weights = nn.ParameterList(mean + 0.3 * torch.randn(32, 32) for _ in range(2))
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        z = F.softplus(self.enter[0](x))
        for layer, weights in zip(self.enter[1:], self.weights, strict=True):
            z = F.softplus(layer(x) + F.linear(z, self.between(weights)))
        return self.out(z)


enter(
    convex=lambda: (Convex(F.softplus, -3.5), vectors(16)),
    shares_of_a_softmax=lambda: (Convex(partial(torch.softmax, dim=-1), 0.0), vectors(16)),
)
enter("weights not centred", convex_that_adds_up=lambda: (Convex(F.softplus, 0.0), vectors(16)))


class Columns(nn.Module):
    """A picture and a row of numbers."""

    def __init__(self):
        super().__init__()
        self.picture = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.columns, self.out = nn.Sequential(nn.Linear(6, 16), nn.ReLU()), nn.Linear(24, 3)

    def forward(self, image, columns):
        return self.out(torch.cat([self.picture(image), self.columns(columns)], 1))


def columns(loudest: float) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    scales = torch.tensor([1, 1, 1, 1, 1, loudest])
    return Columns(), {"image": pictures(16), "columns": torch.randn(8, 6) * scales}


enter(picture_and_columns=lambda: columns(1.0))
enter("unscaled inputs", picture_and_raw_columns=lambda: columns(1e5))


class Policy(nn.Module):
    def __init__(self, start: Callable[[torch.Tensor], Any]):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(17, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
        self.mean, self.spread = nn.Linear(128, 6), nn.Linear(128, 6)
        for head in (self.mean, self.spread):
            nn.init.uniform_(head.weight, -3e-3, 3e-3)
        start(self.mean.weight)

    def forward(self, x):
        y = self.body(x)
        return torch.tanh(self.mean(y)), self.spread(y).clamp(-20, 2)


enter(policy_of_small_heads=lambda: (Policy(torch.Tensor.clone), vectors(17)))
enter("saturated", policy_of_a_loud_head=lambda: (Policy(lambda weights: nn.init.normal_(weights, 0, 5)), vectors(17)))


@sick("repeated weights")
def layers_that_are_copies():
    layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
    return nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Flatten(), nn.Linear(640, 5)), sequences()


class Neighbours(nn.Module):
    """Sums over about 20 neighbours."""

    def __init__(self, scale: float):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(8))
        self.out, self.scale = nn.Linear(16, 4), scale
        self.register_buffer("edges", torch.randint(0, 60, (2, 1200)))

    def forward(self, x):
        source, target = self.edges
        for layer in self.layers:
            y = layer(x)
            places = target[:, None].expand(-1, 16)
            x = F.relu(self.scale * torch.zeros_like(y).scatter_add(0, places, y[source]))
        return self.out(x)


enter("signal explodes", sums_over_neighbours=lambda: (Neighbours(1.0).apply(he), torch.randn(60, 16)))


class Gates(nn.Module):
    """Gated layers whose answers are all added up in the end; with or without a way past each."""

    def __init__(self, residual: bool):
        super().__init__()
        self.residual, self.into, self.out = residual, nn.Linear(8, 16), nn.Linear(16, 5)
        self.ways, self.gates, self.skips = (nn.ModuleList(nn.Linear(16, 16) for _ in range(16)) for _ in range(3))

    def forward(self, x):
        x, total = self.into(x), 0
        for way, gate, skip in zip(self.ways, self.gates, self.skips, strict=True):
            y = torch.tanh(way(x)) * torch.sigmoid(gate(x))
            x, total = x + y if self.residual else y, total + skip(y)
        return self.out(total)


enter(gates_with_a_way_past=lambda: (Gates(residual=True), vectors(8)))
enter("signal vanishes", gates_without_a_way_past=lambda: (Gates(residual=False), vectors(8)))


class Packed(nn.Module):
    """Queries, keys and values of one layer."""

    def __init__(self, std: float):
        super().__init__()
        self.norm, self.all, self.out = nn.LayerNorm(32), nn.Linear(32, 96), nn.Linear(32, 32)
        nn.init.normal_(self.all.weight[:64], 0, std)

    def forward(self, x):
        queries, keys, values = self.all(self.norm(x)).chunk(3, -1)
        return x + self.out(F.scaled_dot_product_attention(queries, keys, values))


def packed(std: float) -> tuple[nn.Module, torch.Tensor]:
    return nn.Sequential(Packed(std), Packed(std), nn.Flatten(), nn.Linear(640, 4)), sequences()


enter(queries_and_keys_of_one_layer=lambda: packed(32**-0.5))
enter("too large", loud_queries_and_keys_of_one_layer=lambda: packed(1.0))


@sick("no gradient")
def zeros_behind_a_scale_of_0():
    network = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 5)).apply(he)
    nn.init.zeros_(network[1].weight)
    nn.init.zeros_(network[3].weight)
    return network, vectors()


def build(name: str, seed: int = 1) -> tuple[Any, Any]:
    """Draw a network of the zoo and its batch."""
    torch.manual_seed(seed)
    return ZOO[name].build()
