"""What is read off somebody's network before it is judged: one record a layer of weights, in plain NumPy arrays."""

from typing import NamedTuple

import numpy as np


class LayerReading(NamedTuple):
    """One layer of weights, what came in, what went out, and what came back, in float64 but for `dtype`'s sake.

    `weights` have shape `(fan_in, fan_out)`, or `(*spatial, channels_in, channels_out)` for a convolution, as the
    course writes them, whatever the framework's order; `biases` `(fan_out,)` or `None`. `inputs` are what the weights
    were applied to, `(examples, *spatial, fan_in)`, and `preactivations`, `(examples, *spatial, fan_out)`, what the
    nonlinearity received: the product plus the bias, after a normalization where there is one (`normalized`).
    `activations` has the same shape, or is `None` where no nonlinearity follows; `activation` is its name in
    `ACTIVATIONS`, or `None` where it is none of them. The gradients are those of C = Σ v · outputs with v ~ N(0, 1).
    """

    name: str
    weights: np.ndarray
    biases: np.ndarray | None
    dtype: str
    inputs: np.ndarray
    preactivations: np.ndarray
    activations: np.ndarray | None
    activation: str | None
    preactivation_gradients: np.ndarray
    weight_gradients: np.ndarray
    normalized: bool = False
    trainable: bool = True
    shared_with: str | None = None


class NetworkReading(NamedTuple):
    """A network as it was read: its layers from the input to the output, and what it answered."""

    layers: tuple[LayerReading, ...]
    outputs: np.ndarray
    framework: str
