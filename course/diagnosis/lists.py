"""Reads a network that is a list of layers: run in NumPy, in the very precision of its weights."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course import activations
from course.diagnosis.batches import as_array, is_array, short
from course.diagnosis.reading import LayerDefinition, LayerReading, LayerSignals, NetworkReading


class Layer(NamedTuple):
    """Weights `(fan_in, fan_out)`, biases `(fan_out,)` or `None`, and the name of an activation or `None`."""

    weights: np.ndarray
    biases: np.ndarray | None
    activation: str | None


def is_list(network: Any) -> bool:
    """Whether somebody gave layers, (weights, activation) or (weights, biases, activation) each."""
    return isinstance(network, list | tuple) and not (len(network) == 2 and callable(network[0]))


def checked(network: Sequence[Any]) -> list[Layer]:
    """The layers, or a `ValueError` that names the first thing wrong with them."""
    if not network:
        raise ValueError("the network has no layers; allowed is a list of (weights, activation) with one or more")
    layers = [_checked_layer(number, layer) for number, layer in enumerate(network, 1)]
    for number, (before, layer) in enumerate(itertools.pairwise(layers), 2):
        if before.weights.shape[1] != layer.weights.shape[0]:
            raise ValueError(
                f"layer {number - 1} has weights of shape {before.weights.shape} and layer {number} of shape "
                f"{layer.weights.shape}; {before.weights.shape[1]} units cannot feed {layer.weights.shape[0]} inputs"
            )
    return layers


def _checked_layer(number: int, layer: Any) -> Layer:
    if not isinstance(layer, list | tuple) or len(layer) not in (2, 3):
        raise ValueError(
            f"layer {number} is {short(layer)}; allowed is (weights, activation) or (weights, biases, activation)"
        )
    weights, biases, activation = (layer[0], None, layer[1]) if len(layer) == 2 else layer
    weights = _checked_array(f"the weights of layer {number}", weights, 2)
    if biases is not None:
        biases = _checked_array(f"the biases of layer {number}", biases, 1)
        if len(biases) != weights.shape[1]:
            raise ValueError(f"layer {number} has {weights.shape[1]} units and {len(biases)} biases")
    if not (activation is None or isinstance(activation, str | activations.Activation)):
        raise ValueError(_no_name(number, activation, len(layer)))
    if activation is not None:
        activations.named(activation)
    return Layer(weights, biases, activation)


def _no_name(number: int, activation: Any, parts: int) -> str:
    """What to say of what stands in the place of an activation's name."""
    if parts == 2 and (is_array(activation) or isinstance(activation, list | tuple)):
        return (
            f"layer {number} is (weights, {short(activation)}), and the name of its activation is missing; allowed is "
            "(weights, biases, activation), with None for no activation"
        )
    allowed = ", ".join(activations.ACTIVATIONS)
    return f"activation is {short(activation)} in layer {number}; allowed are {allowed}, or None for none"


def _checked_array(what: str, values: Any, dimensions: int) -> np.ndarray:
    allowed = f"allowed is an array of {dimensions} dimension{'s' * (dimensions > 1)}"
    try:
        array = as_array(values)
    except (TypeError, ValueError):
        raise ValueError(f"{what} are {short(values)}; {allowed}") from None
    if array.ndim != dimensions or array.size == 0:
        raise ValueError(f"{what} have shape {array.shape}; {allowed}, not empty")
    return array


def read(layers: Sequence[Layer], batch: np.ndarray, *, seed: int) -> NetworkReading:
    """Run layers forward and backward; the gradients are those of C = Σ v · outputs, v ~ N(0, 1)."""
    with np.errstate(all="ignore"):  # an overflow is a finding, not an error
        passes = _forward(layers, np.asarray(batch).astype(layers[0].weights.dtype))
        outputs = passes[-1][-1]
        gradients = _backward(layers, passes, np.random.default_rng(seed).standard_normal(outputs.shape))
        rows = zip(layers, passes, gradients, strict=True)
        readings = tuple(_reading(f"layer {number}", *row) for number, row in enumerate(rows, 1))
    return NetworkReading(readings, np.asarray(outputs, float), "list")


Pass = tuple[np.ndarray, np.ndarray, np.ndarray]
"""What came in, z, and what went out."""


def _forward(layers: Sequence[Layer], signal: np.ndarray) -> list[Pass]:
    passes = []
    for layer in layers:
        inputs, z = signal, signal @ layer.weights
        z = z if layer.biases is None else z + layer.biases
        signal = z
        if layer.activation is not None:
            signal = activations.named(layer.activation).array_function(z).astype(z.dtype)
        passes.append((inputs, z, signal))
    return passes


def _backward(layers: Sequence[Layer], passes: Sequence[Pass], gradient: np.ndarray) -> list[np.ndarray]:
    """∂C/∂z of every layer, layer 1 first."""
    gradients = []
    for layer, (_inputs, z, _outputs) in zip(reversed(layers), reversed(passes), strict=True):
        if layer.activation is not None:
            gradient = gradient * activations.named(layer.activation).array_slope(z)
        gradient = gradient.astype(z.dtype)
        gradients.append(gradient)
        gradient = gradient @ layer.weights.T
    return gradients[::-1]


def _reading(name: str, layer: Layer, one_pass: Pass, gradient: np.ndarray) -> LayerReading:
    inputs, z, outputs = (np.asarray(part, float) for part in one_pass)
    gradient = np.asarray(gradient, float)
    definition = LayerDefinition(
        name=name,
        weights=np.asarray(layer.weights, float),
        biases=None if layer.biases is None else np.asarray(layer.biases, float),
        dtype=str(layer.weights.dtype),
        activation=layer.activation,
        parameter=name,
        bias=name if layer.biases is not None else "",
    )
    answers = None if layer.activation is None else outputs
    return LayerReading(definition, LayerSignals(inputs, z, answers, gradient, inputs.T @ gradient))
