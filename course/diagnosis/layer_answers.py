"""Where each layer of weights answers, once all steps of a network are known: its z, its φ(z), its bias, its place.

A layer whose inputs have one source follows that layer, if nothing between is unknown.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from course.diagnosis.functions import KNOWN, recognized
from course.diagnosis.layer_statistics import is_function
from course.diagnosis.reading import LayerPlace
from course.diagnosis.traces import (
    DATA,
    SCALES,
    SCALINGS,
    SUMS,
    Applied,
    Flows,
    Follower,
    Layer,
    Step,
    is_normalization,
    plain,
)

PASSING = (
    "view", "reshape", "flatten", "unflatten", "permute", "transpose", "contiguous", "squeeze", "unsqueeze", "T", "mT",
    "t", "swapaxes", "swapdims", "movedim", "moveaxis", "mean", "sum", "max", "amax", "pad", "__getitem__", "select",
    "narrow", "expand", "expand_as", "repeat", "interpolate", "pixel_shuffle", "to", "float", "half", "bfloat16",
    "type", "type_as", "clone", "detach", "mul", "__mul__", "__rmul__", "mul_", "div", "__truediv__", "identity",
    "chunk", "split", "unbind", "broadcast_in_dim", "convert_element_type", "reduce_max", "reduce_sum", "slice",
    "dynamic_slice", "rev", "copy", "copy_p", "gather", "stack", "concatenate", "cat", "expand_dims", "select_n",
    "reduce_precision", "stop_gradient", "square_", "reduce_window_max", "reduce_window_sum", "reduce_window",
    "real", "double", "tile", "split_with_sizes", "tensor_split", "resize", "upsample", "roll", "is_contiguous",
)  # fmt: skip
"""Operations that leave a signal's distribution as it is but for a factor, which is measured."""
BY_NAME = {name: name for name in KNOWN if name not in ("linear", "leaky_relu")} | {"expit": "sigmoid", "swish": "silu"}
"""The function that an operation is by its name: "linear" is a product, and a leaky ReLU may have any slope."""

NEARLY = 0.03
"""Values that differ by less are equal but for rounding, in bfloat16 too."""


class Answer(NamedTuple):
    """Where a layer of weights answers: the numbers of z, of φ(z) if a nonlinearity follows, and of a bias, if any.

    `axes` are the axes of units of z and of φ(z); `scale` multiplies the weights on their way to z. `factors` and
    `terms` are the constants with which they are multiplied and that are added to them on that way.
    """

    layer: Layer
    preactivations: int
    activations: int | None
    activation: str | None
    bias: int | None
    axes: tuple[int, ...]
    normalized: bool
    scale: float = 1.0
    follows: int | None = None
    feeds: bool = False
    last: bool = False
    straight: bool = True
    leveled: str = ""
    factors: frozenset[int] = frozenset()
    terms: frozenset[int] = frozenset()

    @property
    def applied(self) -> Applied:
        """The weights that are applied."""
        return self.layer.applied

    @property
    def place(self) -> LayerPlace:
        """Where its layer stands in the network."""
        inputs = self.layer.inputs
        return LayerPlace(
            follows=self.follows,
            feeds=self.feeds,
            summed=self.layer.summed,
            plus=self.layer.plus,
            gated=self.layer.gated,
            added=inputs.added,
            evened=self.layer.evened,
            last=self.last,
            from_data=inputs.sources == {DATA},
            sees_data=DATA in inputs.sources,
            straight=self.straight,
            squared=self.layer.squared,
            leveled=self.leveled,
            sources=tuple(sorted(inputs.sources - {DATA})),
        )


def answers_of(
    flows: Flows, values: Mapping[int, np.ndarray], outputs: Sequence[int], dtypes: Mapping[int, str]
) -> list[Answer]:
    """Return where each layer answers; `values` are those of all followers, `outputs` the network's."""
    flows.end(outputs)
    found = [_answer(flows, layer, values, dtypes) for layer in flows.layers]
    if any(step.operation == "grad" for step in flows.steps):  # the gradient of a gradient comes another way too
        found = [answer._replace(straight=False) for answer in found]
    ends = frozenset().union(*(flows.of[number].sources for number in outputs if number in flows.of))
    for index, answer in enumerate(found):
        parent = _parent(flows, answer.layer, found, values)
        found[index] = answer._replace(follows=parent, last=index in ends)
    followed = {answer.follows for answer in found}
    return [answer._replace(feeds=index in followed) for index, answer in enumerate(found)]


def _parent(flows: Flows, layer: Layer, found: list[Answer], values) -> int | None:
    """The layer that this one follows for certain; notes a normalization on the way, or a function without a name."""
    if len(layer.inputs.sources) != 1 or DATA in layer.inputs.sources or layer.applied.kind == "recurrent":
        return None
    (source,) = layer.inputs.sources
    before = found[source]
    known = flows.of[before.preactivations if before.activations is None else before.activations].behind
    between = [flows.steps[place] for place in sorted(layer.inputs.behind - known)]
    if any(_scales(flows, step) for step in between):
        found[source] = before._replace(normalized=True)
        return None
    if before.applied.kind == "recurrent":
        return None
    if not all(_passes(flows, step) for step in between):
        found[source] = _without_a_name(flows, layer, before, values) or before
        return None if found[source] is before else source
    return source


def _without_a_name(flows: Flows, layer: Layer, before: Answer, values) -> Answer | None:
    """The same answer with a function that has no name, if it leads to the layer and nowhere else, value by value."""
    followers, behind = before.layer.followers, layer.inputs.behind
    other_ways = before.activations is not None and not behind.issuperset(flows.users[before.activations])
    z = _multiplied(flows, followers, _biased(flows, before.layer)[1])
    if before.normalized or before.layer.scores or other_ways or z.number not in values:
        return None
    places = {one.place for one in followers}
    for end in reversed([one for one in followers if z.place < one.place and one.place in behind]):
        made = flows.of[end.number].behind
        if not all(_passes(flows, flows.steps[place]) for place in behind - made):
            return None
        if end.number in values and made <= places and is_function(values[z.number], values[end.number]):
            scale = _scale(flows, followers, z, values)
            return before._replace(preactivations=z.number, activations=end.number, activation=None, scale=scale)
    return None


def _passes(flows: Flows, step: Step) -> bool:
    operation = plain(step.operation)
    active = {number for number in step.inputs if number in flows.of}
    if operation in ("mul", "__mul__", "div", "__truediv__") and len(active) > 1:
        return False
    constant_sum = step.operation in SUMS and len(active) == 1
    return operation in PASSING or constant_sum or "pool" in operation or "dropout" in operation


def _scales(flows: Flows, step: Step) -> bool:
    return plain(step.operation) in SCALES or is_normalization(step.operation) or not flows.past.isdisjoint(step.inputs)


def _answer(flows: Flows, layer: Layer, values, dtypes) -> Answer:
    applied, followers = layer.applied, layer.followers
    z, h, name = _nonlinearity(flows, followers, values, dtypes)
    bias, biased = _biased(flows, layer)
    last = z or followers[-1]
    normalized = applied.rescaled or _is_scaled(flows, last, layer)
    if z is None:
        last = _before_it_parts(flows, followers) if normalized else _multiplied(flows, followers, biased)
    scale = 1.0 if normalized else _scale(flows, followers, last, values)
    straight = normalized or _is_straight(values, biased, last, scale)
    leveled = "answers" if normalized and _is_scaled(flows, last, layer) else "weights" if applied.rescaled else ""
    own = layer, last.number, h and h.number, name, bias, last.axes, normalized, scale
    made = flows.of[last.number]
    terms = made.terms - {bias, flows.whole.get(bias)}
    return Answer(*own, straight=straight, leveled=leveled, factors=made.factors, terms=terms)


def _is_scaled(flows: Flows, value: Follower, layer: Layer) -> bool:
    """Whether a normalization lies between a layer and a value that comes of its answers."""
    return any(_scales(flows, flows.steps[place]) for place in flows.of[value.number].behind - {layer.place})


def _nonlinearity(flows: Flows, followers: list[Follower], values, dtypes):
    """The last pair (z, φ(z)) of followers for a function φ of the table."""
    for h in reversed(followers[1:]):
        step = flows.steps[h.place]
        behind = flows.of[h.number].behind
        before = [one for one in followers if one.place < h.place and one.place in behind]
        name = BY_NAME.get(plain(step.operation))
        if name is not None:
            z = next((one for one in before if one.number in step.inputs), None)
            if z is not None:
                return z, h, name
        if is_normalization(step.operation) or step.axes is not None:
            continue
        for z in reversed(before):
            if z.number in values and h.number in values:
                name = recognized(values[z.number], values[h.number], dtypes.get(h.number, ""))
                if name is not None:
                    return z, h, name
    return None, None, None


def _before_it_parts(flows: Flows, followers: list[Follower]) -> Follower:
    """The last value through which all goes that comes of an answer, before a branch begins."""
    found, passed = followers[0], set(flows.users[followers[0].number])
    for one in followers[1:]:
        if passed <= {one.place, *flows.of[one.number].behind}:
            found = one
        passed.update(flows.users[one.number])
    return found


def _multiplied(flows: Flows, followers: list[Follower], current: Follower) -> Follower:
    """What comes of an answer that nothing but constants multiply, while it goes one way."""
    for one in followers:
        step = flows.steps[one.place]
        active = [number for number in step.inputs if number in flows.of]
        if plain(step.operation) in SCALINGS and active == [current.number] and flows.users[active[0]] == [one.place]:
            current = one
    return current


def _scale(flows: Flows, followers: list[Follower], z: Follower, values) -> float:
    """The factor by which constants multiply a layer's answer before it is z."""
    factor, known = 1.0, {one.number: one for one in followers}
    for place in sorted(flows.of[z.number].behind - {followers[0].place}):
        step = flows.steps[place]
        if plain(step.operation) not in SCALINGS:
            continue
        before = next((number for number in step.inputs if number in known), None)
        after = step.outputs[0]
        if before is None or before not in values or after not in values:
            continue
        one, two = np.ravel(values[before]), np.ravel(values[after])
        if one.shape == two.shape and np.dot(one, one) > 0:
            ratio = float(np.dot(one, two) / np.dot(one, one))
            if ratio > 0 and np.allclose(two, ratio * one, rtol=1e-3, atol=1e-3 * ratio * np.abs(one).max()):
                factor *= ratio
    return factor


def _is_straight(values, biased: Follower, z: Follower, scale: float) -> bool:
    """Whether z is a multiple of the product with the weights plus the bias: nothing gathers it from other places."""
    if biased.number not in values or z.number not in values:
        return True
    one, two = scale * np.ravel(values[biased.number]), np.ravel(values[z.number])
    if one.shape != two.shape:
        return False
    kept = np.isfinite(one) & np.isfinite(two)
    with np.errstate(all="ignore"):
        return bool(np.linalg.norm((one - two)[kept]) <= NEARLY * np.linalg.norm(two[kept]))


def _biased(flows: Flows, layer: Layer):
    """The constant that is added first, if it is added before anything else is done, and what comes of it."""
    followers = layer.followers
    if layer.applied.bias is not None:
        return layer.applied.bias, followers[0]
    current = followers[0]
    for one in followers[1:]:
        step = flows.steps[one.place]
        others = [number for number in step.inputs if number != current.number]
        is_sum = "add" in step.operation
        if current.number in step.inputs and is_sum and len(others) == 1 and others[0] not in flows.of:
            return others[0], one
        if current.number not in step.inputs or others:
            break
        current = one
    return None, followers[0]
