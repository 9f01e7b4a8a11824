"""What is read off somebody's network before it is judged: one record a layer of weights, in plain NumPy arrays."""

import math
from typing import NamedTuple

import numpy as np

MOST_VALUES = 2**16
"""Of a larger array only so many numbers are kept, whole rows of units: means of more are no better known."""
UNTOLD = -1


class LayerDefinition(NamedTuple):
    """What a layer of weights is, as its network declares it.

    `weights` have shape `(fan_in, units)`, or `(*spatial, channels_in, channels_out)` for a convolution, as the
    course writes them, whatever the framework's order; `biases` `(units,)` or `None`. `activation` is the name of
    what follows in `functions.KNOWN`, or `None` where it is none of them; `kind` is "dense", "convolution",
    "recurrent", "bilinear", "experts" or "scores", which go through a softmax. `fans` is given where the shape does
    not tell: groups, strides, stacks of matrices; `own_fan_in` is what the framework takes for the fan. `parameter`
    and `bias` are the full names.
    """

    name: str
    weights: np.ndarray
    biases: np.ndarray | None
    dtype: str
    activation: str | None
    kind: str = "dense"
    normalized: bool = False
    trainable: bool = True
    shared_with: str | None = None
    fans: tuple[int, int] | None = None
    own_fan_in: int = 0
    parameter: str = ""
    bias: str = ""


class LayerSignals(NamedTuple):
    """What came in, what went out, and what came back, in one pass forward and one backward.

    `inputs` are what the weights were applied to, `(examples, *spatial, fan_in)`, and `preactivations`, `(examples,
    *spatial, units)`, what the nonlinearity received: the product plus the bias, after a normalization where there is
    one. `activations` has the same shape, or is `None` where no nonlinearity follows. Of large arrays only rows are
    kept, `(rows, units)`. The gradients are those of C = Σ v · outputs with v ~ N(0, 1). `values` counts the layer's
    answers an example; `step` is the mean length of the steps that they are, `exponential` the mean square of what an
    exponential makes of them. `turns` are mean squares of the gradient by turn, the first one first, where the weights
    come by again and receive what they have answered before; nan between the first and the last if not measured.
    """

    inputs: np.ndarray
    preactivations: np.ndarray
    activations: np.ndarray | None
    preactivation_gradients: np.ndarray
    weight_gradients: np.ndarray
    values: int = 0
    step: float | None = None
    exponential: float | None = None
    turns: tuple[float, ...] = ()


class LayerPlace(NamedTuple):
    """Where a layer stands in its network.

    `follows` is the place of the layer whose answers are the inputs, and nothing else; `None` where it is not certain,
    `UNTOLD` where nobody followed the values. `feeds` says that a layer follows it for certain, `summed`, `gated` and
    `added` that its answers are added to others, multiplied with others, and that its inputs are such a sum; `evened`
    that its answers, or sums of them, go through a normalization; `last` that they are the network's.
    """

    follows: int | None = UNTOLD
    feeds: bool = False
    summed: bool = False
    gated: bool = False
    added: bool = False
    last: bool | None = None
    from_data: bool = False
    evened: bool = False


class LayerReading(NamedTuple):
    """One layer of weights: what it is, what was measured of it, and where it stands."""

    definition: LayerDefinition
    signals: LayerSignals
    place: LayerPlace = LayerPlace()


class ParameterReading(NamedTuple):
    """One parameter, whatever the network does with it.

    `gradient` is the root mean square of ∂C/∂w, nan where the cost does not depend on it; `stuck` says that it is
    exactly 0 and still is after a small step of the parameters that have one. `use` says what is known of it:
    "weights", "bias", "table" of vectors that are looked up, "added" to a signal, "rate" of an exponential, "vector",
    "unused", or "" for a matrix that was not followed.
    """

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float
    gradient: float
    stuck: bool
    use: str

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class NetworkReading(NamedTuple):
    """A network as it was read: its layers from the input to the output, and what it answered.

    `outputs` has the examples first, `data` is the batch where it is one of real numbers; both are thinned out where
    they are large. `loss` is the first one and the number of classes, `distance` the mean square of real targets from
    the mean answer, both where targets are given. `fresh` says that a normalization uses
    statistics of the past, of which there are none yet.
    """

    layers: tuple[LayerReading, ...]
    outputs: np.ndarray
    framework: str
    parameters: tuple[ParameterReading, ...] = ()
    data: np.ndarray | None = None
    fresh: bool = False
    loss: tuple[float, int] | None = None
    note: str = ""
    distance: float | None = None


def chosen(lead: tuple[int, ...], units: int) -> tuple[np.ndarray, ...] | None:
    """Return the places of the rows that are kept of an array `(*lead, units)`, or `None` for all of them."""
    rows = math.prod(lead)
    if rows * units <= MOST_VALUES or not lead:
        return None
    kept = np.linspace(0, rows - 1, min(rows, max(16, MOST_VALUES // units))).astype(int)
    return np.unravel_index(kept, lead)


def by_unit(bias: np.ndarray, units: int) -> np.ndarray | None:
    """Return a constant that is added to a layer's answer as `(units,)`; `None` if it has not one number a unit."""
    return np.broadcast_to(bias.reshape(-1), (units,)) if bias.size in (1, units) else None


def first_loss(outputs: np.ndarray, targets: np.ndarray | None) -> tuple[float, int] | None:
    """Return the mean cross-entropy of the answers and the number of classes, `None` where targets are no classes.

    `outputs` are logits `(examples, …, classes)`, or with the classes second as PyTorch has them for pictures;
    `targets` whole numbers.
    """
    if targets is None or not np.issubdtype(targets.dtype, np.integer) or outputs.ndim < 2:
        return None
    if outputs.shape[:-1] != targets.shape:
        outputs = np.moveaxis(outputs, 1, -1)
    classes = outputs.shape[-1]
    if outputs.shape[:-1] != targets.shape or classes < 2 or targets.size == 0 or targets.max() >= classes:
        return None
    kept = targets >= 0
    logits = np.asarray(outputs, float)[kept]
    with np.errstate(all="ignore"):
        shifted = logits - logits.max(-1, keepdims=True)
        losses = np.log(np.exp(shifted).sum(-1)) - np.take_along_axis(shifted, targets[kept][:, None], -1)[:, 0]
    return float(losses.mean()), classes


def first_distance(outputs: np.ndarray, targets: np.ndarray | None) -> float | None:
    """Return the mean square of targets that are real numbers, counted from the mean answer."""
    if targets is None or not np.issubdtype(targets.dtype, np.floating) or targets.size != outputs.size:
        return None
    return float(np.mean((np.asarray(targets, float) - np.mean(outputs, dtype=float)) ** 2))
