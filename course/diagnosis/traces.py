"""A network's forward pass as a list of steps, whatever framework wrote it, and what each layer of weights feeds.

A step takes numbered values and gives numbered values. Every value is made of the answers of some layers: those are
its sources. A value with one source is that layer's answer, changed by what lies between: a bias, a normalization, a
nonlinearity. A layer whose inputs have one source follows that layer, if nothing between is unknown.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from course.diagnosis.functions import KNOWN

DATA = -1
"""The source of what is made of the batch alone."""
COMPARED = 256
"""As many values are compared to recognize an activation function."""
SCALES = ("rsqrt", "sqrt", "std", "std_mean", "norm", "vector_norm", "linalg_vector_norm")
NORMALIZATIONS = ("layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize")
PRODUCTS = (
    "mul", "__mul__", "__rmul__", "__imul__", "mul_", "multiply", "matmul", "__matmul__", "bmm", "baddbmm", "einsum",
    "scaled_dot_product_attention", "dot_general", "div", "__truediv__", "addcmul", "lerp",
)  # fmt: skip
SUMS = ("add", "__add__", "__radd__", "__iadd__", "add_", "sub", "__sub__", "add_any", "index_add_", "scatter_add_")
SCALINGS = ("mul", "__mul__", "__rmul__", "__imul__", "div", "__truediv__")
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
ROUNDINGS = {"float16": 4e-3, "bfloat16": 3e-2}
"""How far values may be from an activation function's, relative to 1 and to themselves; 1e-4 in other types."""
BY_NAME = {
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu", "silu": "silu", "elu": "elu", "selu": "selu",
    "softplus": "softplus", "mish": "mish", "hardswish": "hardswish", "hardsigmoid": "hardsigmoid", "relu6": "relu6",
    "hardtanh": "hardtanh", "softsign": "softsign", "logsigmoid": "logsigmoid", "tanhshrink": "tanhshrink",
    "sin": "sin", "expit": "sigmoid", "swish": "silu",
}  # fmt: skip
STEPS = ("softplus", "logaddexp", "log1p")


class Applied(NamedTuple):
    """Weights in a step: their place among the parameters, and how the arrays are to be turned.

    `weights` and `inputs` are the numbers of values. Of the weights' axes `fan_axes` are summed over, the input
    channels last, and `unit_axes` count the units; `input_axes` bring the inputs into `(examples, *spatial,
    channels)`; `answer_axes` are the answer's axes of units. `fans` are the connections into and out of a unit.
    `bias` is the number of a bias that the same step adds, or `None`; `rescaled` says that the weights are brought to
    a size of their own before, whatever the parameter's is.
    """

    name: str
    weights: int
    inputs: int
    fan_axes: tuple[int, ...]
    unit_axes: tuple[int, ...]
    input_axes: tuple[int, ...]
    answer_axes: tuple[int, ...]
    fans: tuple[int, int]
    bias: int | None = None
    trainable: bool = True
    kind: str = "dense"
    rescaled: bool = False


class Step(NamedTuple):
    """One operation: its name, the numbers of the values that go in and come out, and the weights that it applies.

    `axes` is the permutation of a transposition.
    """

    operation: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    applied: tuple[Applied, ...] = ()
    axes: tuple[int, ...] | None = None


class Flow(NamedTuple):
    """What a value is made of: its sources, the steps behind it since its one source, and its axes of units.

    `added` says that it is a sum of several sources since the last normalization, `root` that it is a scale to
    divide by.
    """

    sources: frozenset[int]
    behind: frozenset[int] = frozenset()
    axes: tuple[int, ...] | None = None
    added: bool = False
    root: bool = False


class Follower(NamedTuple):
    """A value that is a layer's answer, perhaps changed: its number, its axes of units, and the step it comes from."""

    number: int
    axes: tuple[int, ...]
    place: int


@dataclass
class Layer:
    """A use of weights: what came in, the values that are its answers, and what they are used for."""

    applied: Applied
    place: int
    inputs: Flow
    followers: list[Follower] = field(default_factory=list)
    summed: bool = False
    gated: bool = False
    step: int | None = None
    exponent: frozenset[int] = frozenset()
    again: bool = False
    scores: bool = False
    evened: bool = False

    @property
    def kind(self) -> str:
        """The kind of its weights; what comes by again, step by step, is recurrent; scores go through a softmax."""
        return "recurrent" if self.again else "scores" if self.scores else self.applied.kind


class Answer(NamedTuple):
    """Where a layer of weights answers: the numbers of z, of φ(z) if a nonlinearity follows, and of a bias, if any.

    `axes` are the axes of units of z and of φ(z); `scale` multiplies the weights on their way to z.
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

    @property
    def applied(self) -> Applied:
        """The weights that are applied."""
        return self.layer.applied


def plain(operation: str) -> str:
    """Return an operation's name without what says that it writes over its input."""
    return operation[:-1] if operation.endswith("_") and not operation.endswith("__") else operation


def is_normalization(operation: str) -> bool:
    """Return whether an operation brings its input to one scale."""
    return operation.startswith(NORMALIZATIONS)


class Flows:
    """Follows the values of a network step by step."""

    def __init__(self, data: Sequence[int]):
        self.steps: list[Step] = []
        self.layers: list[Layer] = []
        self.flows: dict[int, Flow] = dict.fromkeys(data, Flow(frozenset({DATA})))
        self.past: set[int] = set()
        self._used: set[str] = set()

    def add(self, step: Step, shape: Callable[[int], tuple[int, ...]]) -> list[Follower]:
        """Add a step; return those of its outputs that are a layer's answers, perhaps changed."""
        self.steps.append(step)
        active = [number for number in step.inputs if number in self.flows]
        if not active:
            if plain(step.operation) == "rsqrt" or not self.past.isdisjoint(step.inputs):
                self.past.update(step.outputs)
            return []
        if step.applied and step.applied[0].inputs in self.flows:
            return self._weights(step)
        return self._passed(step, active, shape)

    def _weights(self, step: Step) -> list[Follower]:
        """Add a layer for each parameter that is applied; a second use counts where it follows another for certain."""
        flow = self.flows[step.applied[0].inputs]
        place, followers = len(self.steps) - 1, []
        for applied in step.applied:
            source = next(iter(flow.sources)) if len(flow.sources) == 1 else DATA
            if applied.name in self._used and source == DATA:
                continue
            self._used.add(applied.name)
            self.layers.append(Layer(applied, place, self.flows.get(applied.inputs, flow)))
            followers = [Follower(step.outputs[0], applied.answer_axes, place)]
            self.layers[-1].followers += followers
        if followers:
            made = Flow(frozenset({len(self.layers) - 1}), frozenset({place}), followers[0].axes)
        else:  # an unrolled network comes by again: what it answers is made of several
            index = next(i for i, layer in enumerate(self.layers) if layer.applied.name == step.applied[0].name)
            self.layers[index].again = True
            made = Flow(flow.sources | {index})
        self.flows.update(dict.fromkeys(step.outputs, made))
        return followers

    def _passed(self, step: Step, active: list[int], shape: Callable) -> list[Follower]:
        flows = [self.flows[number] for number in active]
        sources = frozenset().union(*(flow.sources for flow in flows))
        place, operation = len(self.steps) - 1, plain(step.operation)
        if len({flow.sources for flow in flows}) > 1:
            self._mixed(step.operation, flows)
        added = any(flow.added for flow in flows) or (len({f.sources for f in flows}) > 1 and step.operation in SUMS)
        normalized = is_normalization(operation) or (step.operation in PRODUCTS and any(flow.root for flow in flows))
        root = operation in SCALES or (any(flow.root for flow in flows) and not normalized)
        single = len(sources) == 1 and DATA not in sources
        for source in sources - {DATA}:
            self.layers[source].evened |= normalized or not self.past.isdisjoint(step.inputs)
            self.layers[source].scores |= single and operation == "softmax"
        behind = frozenset().union({place}, *(flow.behind for flow in flows)) if single else frozenset()
        followers = []
        for number in step.outputs:
            axes = self._axes(step, number, active, shape) if single else None
            self.flows[number] = Flow(sources, behind, axes, added and not normalized, root)
            if axes is not None:
                followers.append(Follower(number, axes, place))
        if single:
            (source,) = sources
            self.layers[source].followers += followers
            if operation == "exp":
                self._step(source, behind)
        return followers

    def _step(self, source: int, behind: frozenset[int]) -> None:
        """Note that a softplus's answer goes into an exponential: it is the length of a step."""
        steps = [place for place in sorted(behind) if plain(self.steps[place].operation) in STEPS]
        if steps and self.layers[source].step is None:
            self.layers[source].step = self.steps[steps[-1]].outputs[0]
            self.layers[source].exponent = behind

    def _mixed(self, operation: str, flows: list[Flow]) -> None:
        common = frozenset.intersection(*(flow.sources for flow in flows))
        for source in frozenset().union(*(flow.sources for flow in flows)) - common - {DATA}:
            if operation in PRODUCTS:
                self.layers[source].gated = True
            else:
                self.layers[source].summed = True

    def _axes(self, step: Step, number: int, active: list[int], shape: Callable) -> tuple[int, ...] | None:
        """The axes of units of a value, if it still has one of every unit and example."""
        for source in active:
            axes = self.flows[source].axes
            if axes is None:
                continue
            if step.axes is not None:
                return tuple(step.axes.index(axis) for axis in axes)
            if shape(number) == shape(source):
                return axes
        return None

    def answers(self, values: Mapping[int, np.ndarray], outputs: Sequence[int], dtypes: Mapping[int, str]):
        """Return where each layer answers; `values` are those of all followers, `outputs` the network's."""
        found = [self._answer(layer, values, dtypes) for layer in self.layers]
        ends = frozenset().union(*(self.flows[number].sources for number in outputs if number in self.flows))
        for index, answer in enumerate(found):
            parent = self._parent(answer.layer, found)
            found[index] = answer._replace(follows=parent, last=index in ends)
        followed = {answer.follows for answer in found}
        return [answer._replace(feeds=index in followed) for index, answer in enumerate(found)]

    def _parent(self, layer: Layer, found: list[Answer]) -> int | None:
        """The layer that this one follows for certain; notes a normalization on the way."""
        if len(layer.inputs.sources) != 1 or DATA in layer.inputs.sources or layer.applied.kind == "recurrent":
            return None
        (source,) = layer.inputs.sources
        before = found[source]
        known = self.flows[before.preactivations if before.activations is None else before.activations].behind
        between = [self.steps[place] for place in sorted(layer.inputs.behind - known)]
        if any(self._scales(step) for step in between):
            found[source] = before._replace(normalized=True)
            return None
        certain = all(self._passes(step) for step in between) and before.applied.kind != "recurrent"
        return source if certain else None

    def _passes(self, step: Step) -> bool:
        operation = plain(step.operation)
        active = {number for number in step.inputs if number in self.flows}
        if operation in ("mul", "__mul__", "div", "__truediv__") and len(active) > 1:
            return False
        constant_sum = step.operation in SUMS and len(active) == 1
        return operation in PASSING or constant_sum or "pool" in operation or "dropout" in operation

    def _scales(self, step: Step) -> bool:
        return (
            plain(step.operation) in SCALES or is_normalization(step.operation) or not self.past.isdisjoint(step.inputs)
        )

    def _answer(self, layer: Layer, values, dtypes) -> Answer:
        applied, followers = layer.applied, layer.followers
        z, h, name = self._nonlinearity(followers, values, dtypes)
        bias, biased = (applied.bias, followers[0]) if applied.bias is not None else self._bias(followers)
        last = z or followers[-1]
        through = self.flows[last.number].behind - {layer.place}
        normalized = applied.rescaled or any(self._scales(self.steps[place]) for place in through)
        if z is None:
            last = self._before_it_parts(followers) if normalized else self._multiplied(followers, biased)
        scale = 1.0 if normalized else self._scale(followers, last, values)
        return Answer(layer, last.number, h and h.number, name, bias, last.axes, normalized, scale)

    def _nonlinearity(self, followers: list[Follower], values, dtypes):
        """The last pair (z, φ(z)) of followers for a function φ of the table."""
        for h in reversed(followers[1:]):
            step = self.steps[h.place]
            behind = self.flows[h.number].behind
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

    def _before_it_parts(self, followers: list[Follower]) -> Follower:
        """The last value through which all goes that comes of an answer, before a branch begins."""
        found, passed = followers[0], set(self._users[followers[0].number])
        for one in followers[1:]:
            if passed <= {one.place, *self.flows[one.number].behind}:
                found = one
            passed.update(self._users[one.number])
        return found

    @cached_property
    def _users(self) -> dict[int, list[int]]:
        """The places of the steps that take a value, by its number; asked for when all steps are known."""
        users = defaultdict(list)
        for place, step in enumerate(self.steps):
            for number in set(step.inputs):
                users[number].append(place)
        return users

    def _multiplied(self, followers: list[Follower], current: Follower) -> Follower:
        """What comes of an answer that nothing but constants multiply."""
        for one in followers:
            step = self.steps[one.place]
            active = [number for number in step.inputs if number in self.flows]
            if plain(step.operation) in SCALINGS and active == [current.number]:
                current = one
        return current

    def _scale(self, followers: list[Follower], z: Follower, values) -> float:
        """The factor by which constants multiply a layer's answer before it is z."""
        factor, known = 1.0, {one.number: one for one in followers}
        for place in sorted(self.flows[z.number].behind - {followers[0].place}):
            step = self.steps[place]
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

    def _bias(self, followers: list[Follower]):
        """The constant that is added first, if it is added before anything else is done, and what comes of it."""
        current = followers[0]
        for one in followers[1:]:
            step = self.steps[one.place]
            others = [number for number in step.inputs if number != current.number]
            is_sum = "add" in step.operation
            if current.number in step.inputs and is_sum and len(others) == 1 and others[0] not in self.flows:
                return others[0], one
            if current.number not in step.inputs or others:
                break
            current = one
        return None, followers[0]


def recognized(preactivations: np.ndarray, activations: np.ndarray, dtype: str = "") -> str | None:
    """Return the name of the nonlinear function of the table that turns the one into the other, or `None`.

    Of several that agree within the precision of the arrays, the one that agrees best.
    """
    if np.shape(preactivations) != np.shape(activations):
        return None
    stride = max(1, np.size(preactivations) // COMPARED)
    z, h = (np.asarray(part, float).ravel()[::stride] for part in (preactivations, activations))
    if np.array_equal(z, h) or not (np.isfinite(z).all() and np.isfinite(h).all()):
        return None
    rounding = max(ROUNDINGS.get(kind, 1e-4) for kind in (dtype, str(preactivations.dtype), str(activations.dtype)))
    misses = {name: _miss(name, z, h, rounding) for name in KNOWN if name != "linear"}
    best = min(misses, key=misses.get)
    if misses[best] <= 1:
        return best
    return "leaky_relu" if _is_leaky(z, h, rounding) else None


def _miss(name: str, z: np.ndarray, h: np.ndarray, rounding: float) -> float:
    """How far values are from an activation function's, in units of what is forgiven."""
    row = KNOWN[name]
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
