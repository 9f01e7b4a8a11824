"""Parametrizations: how the weights' std and the learning rate of each kind of layer change with the width."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

BASE_WIDTH = 32
"""At this width all parametrizations are one network: they differ in what becomes of it when it grows."""
LAYERS = ("input", "hidden", "output")
"""The kinds of layers: from a fixed number of inputs to the width, from the width to itself, to a few outputs."""


class Powers(NamedTuple):
    """The power of the width that a number is proportional to, for each kind of layer."""

    input: float
    hidden: float
    output: float

    def factors(self, width: int) -> np.ndarray:
        """Return by what the numbers are multiplied between the base width and this one, `(3,)`."""
        return (width / BASE_WIDTH) ** np.array(self)


class Parametrization(NamedTuple):
    """A rule for wider networks: powers of the width for the weights' std, and by optimizer for the learning rate."""

    title: str
    std: Powers
    rates: Mapping[str, Powers]
    source: str


_ONE_RATE = Powers(0, 0, 0)
PARAMETRIZATIONS: Mapping[str, Parametrization] = MappingProxyType(
    {
        "standard": Parametrization(
            "standard", Powers(0, -1 / 2, -1 / 2), {"sgd": _ONE_RATE, "adam": _ONE_RATE}, "He et al. 2015"
        ),
        "mup": Parametrization(
            "μP",
            Powers(0, -1 / 2, -1),
            {"sgd": Powers(1, 0, -1), "adam": Powers(0, -1, -1)},
            "Yang and Hu 2021; Yang et al. 2022, table 3",
        ),
    }
)
"""The rules by name: one std of 1/√fan_in for each layer and one rate for all, and the maximal update."""


def named(name: str) -> Parametrization:
    """Return a parametrization; `ValueError` for a name that there is not."""
    if name not in PARAMETRIZATIONS:
        raise ValueError(f"parametrization is {name!r}; allowed are {', '.join(PARAMETRIZATIONS)}")
    return PARAMETRIZATIONS[name]


def stds(name: str, width: int, features: int) -> np.ndarray:
    """Return the std of each layer's weights, `(3,)`: He initialization at the base width, and then by the rule."""
    at_base = np.sqrt([2 / features, 2 / BASE_WIDTH, 2 / BASE_WIDTH])
    return at_base * named(name).std.factors(width)


def rates(name: str, optimizer: str, width: int, learning_rate: float) -> np.ndarray:
    """Return the learning rate of each layer, `(3,)`, where all have `learning_rate` at the base width."""
    rules = named(name).rates
    if optimizer not in rules:
        raise ValueError(f"optimizer is {optimizer!r}; allowed are {', '.join(rules)}")
    return learning_rate * rules[optimizer].factors(width)
