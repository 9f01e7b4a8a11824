"""Networks of PyTorch with the weights of `same_network`; imported by the tests that need them, for it takes 190 MB."""

import numpy as np
import torch
from same_network import BIASES, KERNEL, LAST, OUT, SQUARE, WEIGHTS
from torch import nn

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


class TorchConvolution(torch.nn.Module):
    """The same, with channels first."""

    def __init__(self):
        super().__init__()
        self.convolution = filled(torch.nn.Conv2d(3, 5, 3, padding=1, bias=False), KERNEL)
        self.out = filled(torch.nn.Linear(5, 2, bias=False), OUT)

    def forward(self, x):
        return self.out(torch.relu(self.convolution(x)).mean((2, 3)))


class TorchBlock(torch.nn.Module):
    """The same."""

    def __init__(self, norm):
        super().__init__()
        self.norm, self.tied = norm, filled(torch.nn.Linear(6, 6, bias=False), SQUARE)

    def forward(self, x):
        return x + self.tied(torch.relu(self.norm(self.tied(x))))


def torch_norm(kind: str):
    return {"batch": torch.nn.BatchNorm1d, "layer": torch.nn.LayerNorm}[kind](6)


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


class Lora(nn.Module):
    """A frozen layer and an adapter of two factors."""

    def __init__(self, size: int, start):
        super().__init__()
        self.frozen = nn.Linear(size, size).requires_grad_(False)
        self.down, self.up = nn.Parameter(start(4, size)), nn.Parameter(start(size, 4))

    def forward(self, x):
        return self.frozen(x) + x @ self.down.T @ self.up.T


class Generated(nn.Module):
    """Layers whose weights another layer makes."""

    def __init__(self):
        super().__init__()
        self.codes, self.make, self.out = nn.Parameter(torch.randn(3, 8)), nn.Linear(8, 1024), nn.Linear(32, 5)
        nn.init.normal_(self.make.weight)

    def forward(self, x):
        for code in self.codes:
            x = torch.relu(nn.functional.linear(x, self.make(code).view(32, 32)))
        return self.out(x)


class Factors(nn.Module):
    """Two tables whose rows are multiplied."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Embedding(50, 16), nn.Embedding(60, 16)
        nn.init.zeros_(self.one.weight)
        nn.init.zeros_(self.two.weight)

    def forward(self, one, two):
        return (self.one(one) * self.two(two)).sum(-1)


class Stateful(nn.Module):
    """A recurrent layer of zeros."""

    def __init__(self):
        super().__init__()
        self.state, self.out = nn.GRU(8, 32, batch_first=True), nn.Linear(32, 3)
        for one in self.state.parameters():
            nn.init.zeros_(one)

    def forward(self, x):
        return self.out(self.state(x)[0][:, -1])


def without_scale() -> nn.Module:
    """A normalization of scale 0 on the only way."""
    parts = [part for _ in range(3) for part in (nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU())]
    nn.init.zeros_(parts[4].weight)
    return nn.Sequential(*parts, nn.Linear(32, 5))


VECTORS = torch.randn(64, 32, generator=torch.Generator().manual_seed(0))
PLACES = {name: torch.arange(64) % 50 for name in ("one", "two")}
MENDED = {
    "loud factors beside a frozen layer": (
        lambda: nn.Sequential(Lora(32, torch.randn), nn.ReLU(), nn.Linear(32, 5)),
        VECTORS,
    ),
    "factors of 0 beside a frozen layer": (
        lambda: nn.Sequential(Lora(32, torch.zeros), nn.ReLU(), nn.Linear(32, 5)),
        VECTORS,
    ),
    "a generator": (Generated, VECTORS),
    "two tables of 0": (Factors, PLACES),
    "a recurrent layer of 0": (Stateful, VECTORS.view(64, 4, 8)),
    "a scale of 0": (without_scale, VECTORS),
}


class _Recurrent(torch.nn.Module):
    def __init__(self, kind: str, *, bidirectional: bool = False, packed: bool = False, cell: bool = False):
        super().__init__()
        self.packed, self.cell = packed, cell
        options = {} if cell else {"batch_first": True, "bidirectional": bidirectional}
        self.layer = getattr(torch.nn, f"{kind}Cell" if cell else kind)(32, 32, **options)
        self.out = torch.nn.Linear(64 if bidirectional else 32, 3)

    def forward(self, words):
        state = None
        if self.cell:
            for word in words.unbind(1):
                state = self.layer(word, state)
            return self.out(state[0] if isinstance(state, tuple) else state)
        if self.packed:
            lengths = [words.shape[1] - place // 2 for place in range(len(words))]
            words = torch.nn.utils.rnn.pack_padded_sequence(words, lengths, batch_first=True)
            state = self.layer(words)[1]
            return self.out((state[0] if isinstance(state, tuple) else state)[-1])
        return self.out(self.layer(words)[0][:, -1])


def torch_recurrent(kind: str, **options: bool) -> torch.nn.Module:
    """A recurrent layer whose last state is the answer: one call, one both ways, packed sequences, or a loop."""
    return _Recurrent(kind, **options)
