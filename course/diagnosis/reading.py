"""What is read off somebody's network before it is judged: one record a layer of weights, in plain NumPy arrays."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOST_VALUES = 2**16
"""Of a larger array only so many numbers are kept, whole rows of units: means of more are no better known."""
UNTOLD = -1
SAME = 1e-3
"""Numbers whose moments over their root mean square differ by less are the same but for a factor and rounding."""


class LayerDefinition(NamedTuple):
    """What a layer of weights is, as its network declares it.

    `weights` have shape `(fan_in, units)`, or `(*spatial, channels_in, channels_out)` for a convolution, as the
    course writes them, whatever the framework's order; `biases` `(units,)` or `None`. `activation` is the name of
    what follows in `functions.KNOWN`, or `None` where it is none of them; `kind` is "dense", "convolution",
    "recurrent", "bilinear", "experts" or "scores", which go through a softmax. `fans` is given where the shape does
    not tell: groups, strides, stacks of matrices; `own_fan_in` is what the framework takes for the fan. `parameter`
    and `bias` are the full names. The weights are `times` the parameter's numbers, in any order; `None` where they are
    made of it otherwise, by another layer for example.
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
    times: float | None = 1.0


class LayerSignals(NamedTuple):
    """What came in, what went out, and what came back, in one pass forward and one backward.

    `inputs` are what the weights were applied to, `(examples, *spatial, fan_in)`, and `preactivations`, `(examples,
    *spatial, units)`, what the nonlinearity received: the product plus the bias, after a normalization where there is
    one. `activations` has the same shape, or is `None` where no nonlinearity follows. Of large arrays only rows are
    kept, `(rows, units)`. The gradients are those of C = Σ v · outputs with v ~ N(0, 1). `values` counts the layer's
    answers an example; `step` is the mean length of the steps that they are, `exponential` the mean square of what an
    exponential makes of them. `time_steps` are root mean squares of the gradient by time step, the first one first,
    where the weights come by again and receive what they have answered before; nan where that is not measured.
    """

    inputs: np.ndarray
    preactivations: np.ndarray
    activations: np.ndarray | None
    preactivation_gradients: np.ndarray
    weight_gradients: np.ndarray
    values: int = 0
    step: float | None = None
    exponential: float | None = None
    time_steps: tuple[float, ...] = ()


class LayerPlace(NamedTuple):
    """Where a layer stands in its network.

    `follows` is the place of the layer whose answers are the inputs, and nothing else; `None` where it is not certain,
    `UNTOLD` where nobody followed the values. `feeds` says that a layer follows it for certain, `summed`, `gated` and
    `added` that its answers are put together with others, multiplied with others, and that its inputs are such a sum;
    `plus` that they are added to others and not subtracted or joined; `evened` that its answers, or sums of them, go
    through a normalization; `last` that they are the network's; `from_data` and `sees_data` that its inputs are made of
    the data alone, and of them among others; `straight` that its preactivations are the product with its weights and a
    bias, perhaps times a constant; `squared` that its answers are multiplied with one another, as queries and keys of
    one layer are.
    """

    follows: int | None = UNTOLD
    feeds: bool = False
    summed: bool = False
    gated: bool = False
    added: bool = False
    last: bool | None = None
    from_data: bool = False
    evened: bool = False
    sees_data: bool = False
    straight: bool = True
    squared: bool = False
    plus: bool = False


class LayerReading(NamedTuple):
    """One layer of weights: what it is, what was measured of it, and where it stands."""

    definition: LayerDefinition
    signals: LayerSignals
    place: LayerPlace = LayerPlace()


class ParameterReading(NamedTuple):
    """One parameter, whatever the network does with it.

    `gradient` is the root mean square of ∂C/∂w, nan where the cost does not depend on it; `stuck` says that it is
    exactly 0 and still is after a small step of the parameters that have one. `use` says what is known of it:
    "weights", "bias", "table" of vectors that are looked up, "tied" for a table that is weights too, "added" to a
    signal, "rate" of an exponential, "vector", "unused", or "" for a matrix that was not followed. `alike` says that
    the vectors of a table hold one number each, and that all their numbers have the same gradient. `radial` is the
    cosine of the angle between it and its gradient: 0 where its scale does not change the cost.
    """

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float
    gradient: float
    stuck: bool
    use: str
    alike: bool = False
    radial: float = math.nan

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class NetworkReading(NamedTuple):
    """A network as it was read: its layers from the input to the output, and what it answered.

    `outputs` has the examples first, so many as `examples` says: 0 where no axis is as long as the batch, `None` for
    all of its first axis. `data` is the batch where it is one of real numbers; both are thinned out where they are
    large; `others` are the mean squares of the batch's further arrays of real numbers. `loss` is the first one and the
    number of classes, `distance` the mean square of real targets from the mean answer, `of_targets` that from 0, all
    where targets are given. `fresh` says that a normalization uses statistics of the past, of which there are none yet.
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
    others: tuple[float, ...] = ()
    examples: int | None = None
    of_targets: float | None = None


def axis_of_examples(shape: tuple[int, ...], lengths: Sequence[int]) -> tuple[int, int]:
    """Return which axis of answers counts the examples, and how many they are; arrays of the batch have `lengths`.

    It is the first axis, too, where that counts several answers an example, or no axis is as long: (0, 0) then.
    """
    known = next((length for length in lengths if length in shape), None)
    if known is not None:
        return shape.index(known), known
    return 0, next((length for length in lengths if shape and length and shape[0] % length == 0), 0)


def times(weights: np.ndarray, parameter: np.ndarray) -> float | None:
    """Return how many times a parameter's numbers weights are, in any order; `None` where they are other numbers."""
    if weights.size != parameter.size:
        return None
    one, two = (_shape_of(values) for values in (weights, parameter))
    if one[0] == 0 or two[0] == 0:
        return 1.0 if one[0] == two[0] else None
    return float(f"{one[0] / two[0]:.4g}") if np.allclose(one[1:], two[1:], rtol=SAME) else None


def _shape_of(values: np.ndarray) -> tuple[float, float, float, float]:
    """The root mean square of numbers, and over it, what their order and scale do not change."""
    size = np.abs(values)
    rms = math.sqrt(float(np.mean(size**2, dtype=float)))
    part = size / (rms or 1.0)
    return rms, float(part.mean(dtype=float)), float(np.mean(part**4, dtype=float)), float(part.max())


def radial(values: np.ndarray, gradient: np.ndarray) -> float:
    """Return the cosine of the angle between numbers and their gradient; nan where one of them is 0."""
    one, two = (np.ravel(part).astype(float) for part in (values, gradient))
    length = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / length if 0 < length < math.inf else math.nan


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

    `outputs` are logits, or probabilities if they are such, `(examples, …, classes)`, or with the classes second as
    PyTorch has them for pictures; `targets` whole numbers, perhaps with a last axis of 1 as Keras takes them.
    """
    if targets is None or not np.issubdtype(targets.dtype, np.integer) or outputs.ndim < 2:
        return None
    if targets.shape == (*outputs.shape[:-1], 1):
        targets = targets[..., 0]
    if outputs.shape[:-1] != targets.shape:
        outputs = np.moveaxis(outputs, 1, -1)
    classes = outputs.shape[-1]
    if outputs.shape[:-1] != targets.shape or classes < 2 or targets.size == 0 or targets.max() >= classes:
        return None
    kept = targets >= 0
    logits = np.asarray(outputs, float)[kept]
    if _are_probabilities(logits):
        logits = np.log(np.maximum(logits, np.finfo(np.float32).tiny))  # one that has become 0 is less than that
    with np.errstate(all="ignore"):
        shifted = logits - logits.max(-1, keepdims=True)
        losses = np.log(np.exp(shifted).sum(-1)) - np.take_along_axis(shifted, targets[kept][:, None], -1)[:, 0]
    return float(losses.mean()), classes


def _are_probabilities(rows: np.ndarray) -> bool:
    """Whether no number is negative and every row sums to 1, but for the rounding of half precision."""
    return bool(np.all(rows >= 0) and np.allclose(rows.sum(-1), 1, atol=0.01))


def first_distance(outputs: np.ndarray, targets: np.ndarray | None) -> float | None:
    """Return the mean square of targets that are real numbers, counted from the mean answer."""
    if targets is None or not np.issubdtype(targets.dtype, np.floating) or targets.size != outputs.size:
        return None
    return float(np.mean((np.asarray(targets, float) - np.mean(outputs, dtype=float)) ** 2))
