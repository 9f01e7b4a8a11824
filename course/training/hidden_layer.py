"""One hidden layer with one output, in NumPy, small enough to watch every unit at every step."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course.activations import Activation, named

STARTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"zeros": (0.0, 0.0), "constant": (0.5, 0.0), "random": (0.0, 1.0)}
)
"""How a layer may start: all weights at a constant, plus noise U(±1/√fan_in) times a factor."""
PERTURBED = ("weights", "biases")
"""What a small random perturbation may be added to."""

_SIGMOID, _SOFTPLUS = named("sigmoid").array_function, named("softplus").array_function


class HiddenLayer(NamedTuple):
    """A network with one hidden layer and one output, f = φ(x W + b) · v + c, or the gradient for each of its parts.

    `weights` W has shape `(fan_in, units)`, `biases` b and `outgoing` v have shape `(units,)`, `output_bias` c
    is a number. A run of many steps has one more axis in front of each.
    """

    weights: np.ndarray
    biases: np.ndarray
    outgoing: np.ndarray
    output_bias: np.ndarray | float


class Run(NamedTuple):
    """Every step of a training run: `layers` and `losses` have `steps + 1` entries along their first axis."""

    layers: HiddenLayer
    losses: np.ndarray


def starting_layer(
    start: str, units: int, *, fan_in: int = 2, perturbation: float = 0.0, perturbed: str = "weights", seed: int = 0
) -> HiddenLayer:
    """Return a layer whose weights are all 0, all 0.5, or U(±1/√fan_in), and whose biases are 0.

    Uniform noise from −`perturbation` to `perturbation` is added to all weights, the outgoing ones too, or to the
    units' biases. Raises `ValueError` for a `start` or a `perturbed` that there is not, and for sizes below 1.
    """
    if start not in STARTS:
        raise ValueError(f"start is {start!r}; allowed are {', '.join(STARTS)}")
    if perturbed not in PERTURBED:
        raise ValueError(f"perturbed is {perturbed!r}; allowed are {', '.join(PERTURBED)}")
    if units < 1 or fan_in < 1:
        raise ValueError(f"units and fan_in are {units!r} and {fan_in!r}; allowed is 1 or more")
    rng, (constant, width) = np.random.default_rng(seed), STARTS[start]
    weights = constant + width * rng.uniform(-1, 1, (fan_in, units)) / np.sqrt(fan_in)
    outgoing = constant + width * rng.uniform(-1, 1, units) / np.sqrt(units)
    noise = perturbation * rng.uniform(-1, 1, (fan_in + 2, units))
    if perturbed == "biases":
        return HiddenLayer(weights, noise[fan_in], outgoing, 0.0)
    return HiddenLayer(weights + noise[:fan_in], np.zeros(units), outgoing + noise[-1], 0.0)


def loss_and_gradients(
    layer: HiddenLayer, inputs: np.ndarray, labels: np.ndarray, activation: str | Activation, *, copies: int = 1
) -> tuple[float, HiddenLayer]:
    """The mean cross-entropy of the answers σ(f) to labels 0 and 1, and its gradient for every part of the layer.

    `inputs` has shape `(batch, fan_in)`, `labels` `(batch,)`. With `copies` every unit counts that many times,
    as if so many identical ones stood beside it; the gradient is then that of one of them.
    """
    phi = named(activation)
    # Sums are taken row by row and not by a matrix product, which may round its last columns in another way
    # than its first: units that are equal must stay so to the last digit.
    preactivations = (inputs[:, :, None] * layer.weights).sum(axis=1) + layer.biases
    hidden = phi.array_function(preactivations)
    answers = copies * (hidden * layer.outgoing).sum(axis=1) + layer.output_bias
    # C = mean of softplus(f) − y f, so ∂C/∂f = (σ(f) − y) / batch
    errors = ((_SIGMOID(answers) - labels) / len(labels))[:, None]
    back = errors * layer.outgoing * phi.array_slope(preactivations)
    gradients = HiddenLayer(
        (inputs[:, :, None] * back[:, None, :]).sum(axis=0),
        back.sum(axis=0),
        (errors * hidden).sum(axis=0),
        errors.sum(),
    )
    return float(np.mean(_SOFTPLUS(answers) - labels * answers)), gradients


def train(
    start: HiddenLayer,
    inputs: np.ndarray,
    labels: np.ndarray,
    activation: str | Activation,
    *,
    steps: int,
    learning_rate: float = 1.0,
    copies: int = 1,
) -> Run:
    """Follow plain gradient descent on the whole batch, θ ← θ − learning_rate · ∂C/∂θ, and keep every step.

    Other arguments as in `loss_and_gradients`. Raises `ValueError` for `steps` below 0, for a `learning_rate`
    that is not above 0, and for `copies` below 1.
    """
    if steps < 0:
        raise ValueError(f"steps is {steps!r}; allowed is 0 or more")
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate is {learning_rate!r}; allowed is a number above 0")
    if copies < 1:
        raise ValueError(f"copies is {copies!r}; allowed is 1 or more")
    layer, layers, losses = start, [], []
    for _ in range(steps + 1):
        loss, gradients = loss_and_gradients(layer, inputs, labels, activation, copies=copies)
        layers.append(layer)
        losses.append(loss)
        layer = HiddenLayer(*(part - learning_rate * slope for part, slope in zip(layer, gradients, strict=True)))
    return Run(HiddenLayer(*map(np.array, zip(*layers, strict=True))), np.array(losses))


def largest_difference(layers: HiddenLayer) -> np.ndarray:
    """How far apart two units of the layer are at most, in any of their weights or their bias; 0 if all are equal.

    A number for one layer, shape `(steps + 1,)` for those of a run.
    """
    return np.ptp(_by_unit(layers), axis=-1).max(axis=-1)


def distinct_units(layer: HiddenLayer, tolerance: float = 0.01) -> int:
    """Count the units of a layer that can be told apart: some weight, or the bias, differs by over `tolerance`."""
    found: list[np.ndarray] = []
    for unit in _by_unit(layer).T:
        if all(np.abs(unit - other).max() > tolerance for other in found):
            found.append(unit)
    return len(found)


def _by_unit(layers: HiddenLayer) -> np.ndarray:
    """All numbers that belong to a unit, of shape `(..., fan_in + 2, units)`."""
    return np.concatenate([layers.weights, layers.biases[..., None, :], layers.outgoing[..., None, :]], axis=-2)
