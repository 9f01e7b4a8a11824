"""A network's forward pass as a list of steps, whatever framework wrote it, and where each layer of weights answers.

A step takes numbered values and gives numbered values. Steps that apply weights are known; what lies behind each of
them, a bias, a normalization, a nonlinearity, is found by following its answer to the next layers and comparing values.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from course.activations import ACTIVATIONS

FEW = 16
"""As many examples suffice to see what a network is made of."""
COMPARED = 256
"""As many values are compared to recognize an activation function."""
SCALES = ("rsqrt", "sqrt", "std", "std_mean")
NORMALIZATIONS = ("layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm")
ROUNDINGS = {"float16": 4e-3, "bfloat16": 3e-2}
"""How far values may be from an activation function's, relative to 1 and to themselves; 1e-4 in other types."""


class Applied(NamedTuple):
    """Weights in a step: their place among the parameters, and how the arrays are to be turned.

    `weights` and `inputs` are the numbers of values; `weight_axes` bring the weights into the order
    `(*spatial, channels_in, channels_out)` and `input_axes` the inputs into `(examples, *spatial, channels)`; `axis`
    is the answer's axis of units. `bias` is the number of a bias that the same step adds, or `None`.
    """

    name: str
    weights: int
    inputs: int
    weight_axes: tuple[int, ...]
    input_axes: tuple[int, ...]
    axis: int
    bias: int | None = None
    trainable: bool = True
    shared_with: str | None = None


class Step(NamedTuple):
    """One operation: its name, the numbers of the values that go in and come out, and the weights that it applies.

    `axes` is the permutation of a transposition.
    """

    operation: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    applied: Applied | None = None
    axes: tuple[int, ...] | None = None


class Answer(NamedTuple):
    """Where a layer of weights answers: the numbers of z, of φ(z) if a nonlinearity follows, and of a bias, if any.

    `axis` is the axis of units of z and of φ(z).
    """

    applied: Applied
    preactivations: int
    activations: int | None
    activation: str | None
    bias: int | None
    axis: int
    normalized: bool


def answers(steps: Sequence[Step], values: Mapping[int, np.ndarray], constant: set[int]) -> list[Answer]:
    """Find where each layer answers; `constant` are the values that do not depend on the batch."""
    return [_answer(place, steps, values, constant) for place, step in enumerate(steps) if step.applied is not None]


class _Follower(NamedTuple):
    """A value that is a layer's answer, perhaps changed: its number, its axis of units, and the step it comes from."""

    number: int
    axis: int
    place: int


def _answer(place: int, steps: Sequence[Step], values: Mapping[int, np.ndarray], constant: set[int]) -> Answer:
    step = steps[place]
    applied, (output, *_) = step.applied, step.outputs
    followers, ancestors = _followers(_Follower(output, applied.axis, place), steps, values, constant)
    z, h, name = _nonlinearity(followers, values)
    bias, biased = _bias(followers, steps, values, constant) if applied.bias is None else (applied.bias, followers[0])
    last = z or followers[-1]
    normalized = _is_normalized(place, last.place, ancestors[last.number], steps, constant)
    if z is None:
        last = last if normalized else biased
        return Answer(applied, last.number, None, None, bias, last.axis, normalized)
    return Answer(applied, z.number, h.number, name, bias, z.axis, normalized)


def _followers(
    first: _Follower, steps: Sequence[Step], values: Mapping[int, np.ndarray], constant: set[int]
) -> tuple[list[_Follower], dict[int, set[int]]]:
    """Values of the answer's size that are made of it and of constants alone, and the steps that each has come through.

    They end at the next weights, and where another branch of the network is added.
    """
    behind: dict[int, set[int]] = {first.number: set()}
    axes = {first.number: first.axis}
    followers = [first]
    for place, step in enumerate(steps[first.place + 1 :], first.place + 1):
        sources = [number for number in step.inputs if number in behind]
        alone = all(number in behind or number in constant for number in step.inputs)
        if not sources or not alone or step.applied is not None:
            continue
        for number in step.outputs:
            behind[number] = {place}.union(*(behind[source] for source in sources))
            axis = _axis(step, number, sources, axes, values)
            if axis is not None:
                axes[number] = axis
                followers.append(_Follower(number, axis, place))
    return followers, behind


def _axis(step: Step, number: int, sources: list[int], axes: dict[int, int], values) -> int | None:
    """The axis of units of a value, if it still has one of every unit and example."""
    for source in sources:
        if source not in axes:
            continue
        if step.axes is not None:
            return step.axes.index(axes[source])
        if np.shape(values[number]) == np.shape(values[source]):
            return axes[source]
    return None


def _nonlinearity(followers: list[_Follower], values: Mapping[int, np.ndarray]):
    """The last pair (z, φ(z)) of followers for a function φ of the table."""
    for h in reversed(followers):
        for z in reversed([one for one in followers if one.place < h.place]):
            if np.shape(values[z.number]) == np.shape(values[h.number]):
                name = recognized(values[z.number], values[h.number])
                if name is not None:
                    return z, h, name
    return None, None, None


def recognized(preactivations: np.ndarray, activations: np.ndarray) -> str | None:
    """The name of the nonlinear function of the table that turns the one into the other, or `None`.

    Of several that agree within the precision of the arrays, the one that agrees best.
    """
    stride = max(1, np.size(preactivations) // COMPARED)
    z, h = (np.asarray(part, float).ravel()[::stride] for part in (preactivations, activations))
    if np.array_equal(z, h) or not (np.isfinite(z).all() and np.isfinite(h).all()):
        return None
    rounding = max(ROUNDINGS.get(str(part.dtype), 1e-4) for part in (preactivations, activations))
    misses = {name: _miss(name, z, h, rounding) for name in ACTIVATIONS if name != "linear"}
    best = min(misses, key=misses.get)
    if misses[best] <= 1:
        return best
    return "leaky_relu" if _is_leaky(z, h, rounding) else None


def _miss(name: str, z: np.ndarray, h: np.ndarray, rounding: float) -> float:
    """How far values are from an activation function's, in units of what is forgiven."""
    row = ACTIVATIONS[name]
    allowed = max(rounding, row.approximation) * min(1.0, float(np.abs(z).max()))
    expected = row.array_function(z)
    return float(np.max(np.abs(expected - h) / (allowed + rounding * np.abs(expected) + 1e-300)))


def _is_leaky(z: np.ndarray, h: np.ndarray, rounding: float) -> bool:
    """Whether positive values are kept, and negative ones multiplied by one factor from 0 to 1."""
    below = z < 0
    if not below.any() or not (~below).any() or not np.allclose(h[~below], z[~below], rtol=rounding):
        return False
    slope = float(h[below] @ z[below] / (z[below] @ z[below]))
    return 0 <= slope < 0.9 and np.allclose(h[below], slope * z[below], rtol=2 * rounding)


def _bias(followers: list[_Follower], steps: Sequence[Step], values, constant: set[int]):
    """The constant that is added first, if it is added before anything else is done, and what comes of it."""
    current = followers[0]
    for one in followers[1:]:
        step = steps[one.place]
        others = [number for number in step.inputs if number != current.number]
        if step.operation.startswith("add") and len(others) == 1 and others[0] in constant:
            return others[0], one
        if (
            current.number not in step.inputs
            or np.size(values[one.number]) != np.size(values[current.number])
            or others
        ):
            break
        current = one
    return None, followers[0]


def _is_normalized(start: int, end: int, through: set[int], steps: Sequence[Step], constant: set[int]) -> bool:
    behind = [steps[place] for place in sorted(through) if start < place <= end]
    past = _past_statistics(steps, constant)
    return any(
        step.operation in SCALES or step.operation.startswith(NORMALIZATIONS) or not past.isdisjoint(step.inputs)
        for step in behind
    )


def _past_statistics(steps: Sequence[Step], constant: set[int]) -> set[int]:
    """Constants that are made with an inverse root: the scales of a batch normalization in evaluation."""
    found: set[int] = set()
    for step in steps:
        if constant.issuperset(step.inputs) and (step.operation == "rsqrt" or not found.isdisjoint(step.inputs)):
            found.update(step.outputs)
    return found
