"""A network's forward pass as a list of steps, whatever framework wrote it, and what every value is made of.

A step takes numbered values and gives numbered values. Every value is made of the answers of some layers: those are
its sources. A value with one source is that layer's answer, changed by what lies between: a bias, a normalization, a
nonlinearity.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

DATA = -1
"""The source of what is made of the batch alone."""
SCALES = ("rsqrt", "sqrt", "std", "std_mean", "norm", "vector_norm", "linalg_vector_norm")
NORMALIZATIONS = ("layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize")
PRODUCTS = (
    "mul", "__mul__", "__rmul__", "__imul__", "mul_", "multiply", "matmul", "__matmul__", "bmm", "baddbmm", "einsum",
    "scaled_dot_product_attention", "dot_general", "div", "__truediv__", "addcmul", "lerp",
)  # fmt: skip
CONTRACTIONS = (
    "matmul", "__matmul__", "bmm", "baddbmm", "einsum", "scaled_dot_product_attention", "dot_general",
)  # fmt: skip
SUMS = ("add", "__add__", "__radd__", "__iadd__", "add_", "sub", "__sub__", "add_any", "index_add_", "scatter_add_")
SCALINGS = ("mul", "__mul__", "__rmul__", "__imul__", "div", "__truediv__")
VIEWS = (
    "reshape", "view", "broadcast_in_dim", "convert_element_type", "expand_dims", "unsqueeze", "squeeze", "expand",
    "__getitem__", "to", "float", "type_as", "copy", "transpose", "view_as", "expand_as", "flatten", "unflatten",
)  # fmt: skip
"""Operations after which numbers are those that they were, or some of them."""
STEPS = ("softplus", "logaddexp", "log1p")
EXPONENTIALS = ("exp", "exp2", "expm1", "__rpow__")


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

    def turned(self, weights: np.ndarray) -> np.ndarray:
        """Return weights with their units made one axis and last, and the fan one axis unless it is a convolution's."""
        whole = weights.transpose(*self.fan_axes, *self.unit_axes)
        fan = whole.shape[: len(self.fan_axes)]
        fan = fan if self.kind == "convolution" else (math.prod(fan),)
        return whole.reshape(*fan, -1)


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
    divide by. `factors` and `terms` are the constants that all of it has been multiplied with, and that were added to
    it, since weights were applied.
    """

    sources: frozenset[int]
    behind: frozenset[int] = frozenset()
    axes: tuple[int, ...] | None = None
    added: bool = False
    root: bool = False
    factors: frozenset[int] = frozenset()
    terms: frozenset[int] = frozenset()


class Follower(NamedTuple):
    """A value that is a layer's answer, perhaps changed: its number, its axes of units, and the step it comes from."""

    number: int
    axes: tuple[int, ...]
    place: int


@dataclass
class Layer:
    """A use of weights: what came in, the values that are its answers, and what they are used for.

    `time_steps` are the answers of weights that come by again and receive what they have answered before, in order;
    `constants` are added to what comes of the answers, and `exponentials` made of them.
    """

    applied: Applied
    place: int
    inputs: Flow
    followers: list[Follower] = field(default_factory=list)
    summed: bool = False
    gated: bool = False
    step: int | None = None
    exponent: frozenset[int] = frozenset()
    time_steps: list[int] = field(default_factory=list)
    constants: list[int] = field(default_factory=list)
    exponentials: list[int] = field(default_factory=list)
    again: bool = False
    scores: bool = False
    evened: bool = False
    squared: bool = False
    plus: bool = False

    @property
    def kind(self) -> str:
        """The kind of its weights; what comes by again, step by step, is recurrent; scores go through a softmax."""
        return "recurrent" if self.again else "scores" if self.scores else self.applied.kind


def plain(operation: str) -> str:
    """Return an operation's name without what says that it writes over its input."""
    return operation[:-1] if operation.endswith("_") and not operation.endswith("__") else operation


def is_normalization(operation: str) -> bool:
    """Return whether an operation brings its input to one scale."""
    return operation.startswith(NORMALIZATIONS)


class Flows:
    """Follows the values of a network step by step: what each is made of, by its number, and all layers of weights."""

    def __init__(self, data: Sequence[int]):
        self.steps: list[Step] = []
        self.layers: list[Layer] = []
        self.of: dict[int, Flow] = dict.fromkeys(data, Flow(frozenset({DATA})))
        self.past: set[int] = set()
        self._live: set[int] = set()
        self.whole: dict[int, int] = {}
        self.exponents: set[int] = set()
        self._used: set[str] = set()

    def add(self, step: Step, shape: Callable[[int], tuple[int, ...]]) -> list[Follower]:
        """Add a step; return those of its outputs that are a layer's answers, perhaps changed."""
        self.steps.append(step)
        active = [number for number in step.inputs if number in self.of]
        if not active:
            if plain(step.operation) == "rsqrt" or not self.past.isdisjoint(step.inputs):
                self.past.update(step.outputs)
            if plain(step.operation) in EXPONENTIALS:
                self.exponents.update(self.whole.get(number, number) for number in step.inputs)
            if plain(step.operation) in VIEWS:
                self.whole.update(dict.fromkeys(step.outputs, self.whole.get(step.inputs[0], step.inputs[0])))
            return []
        if step.applied and step.applied[0].inputs in self.of:
            return self._weights(step)
        return self._passed(step, active, shape)

    def _weights(self, step: Step) -> list[Follower]:
        """Add a layer for each parameter that is applied; a second use counts where it follows another for certain."""
        flow = self.of[step.applied[0].inputs]
        place, followers = len(self.steps) - 1, []
        for applied in step.applied:
            source = next(iter(flow.sources)) if len(flow.sources) == 1 else DATA
            if applied.name in self._used and source == DATA:
                continue
            self._used.add(applied.name)
            self.layers.append(Layer(applied, place, self.of.get(applied.inputs, flow)))
            followers = [Follower(step.outputs[0], applied.answer_axes, place)]
            self.layers[-1].followers += followers
        if followers:
            made = Flow(frozenset({len(self.layers) - 1}), frozenset({place}), followers[0].axes)
        else:  # an unrolled network comes by again: what it answers is made of several
            index = next(i for i, layer in enumerate(self.layers) if layer.applied.name == step.applied[0].name)
            self._again(index, step)
            made = Flow(flow.sources | {index})
        self.of.update(dict.fromkeys(step.outputs, made))
        return followers

    def _again(self, index: int, step: Step) -> None:
        """Note that weights come by again, and whether they receive what they have answered before."""
        layer = self.layers[index]
        layer.again = True
        if any(index in self.of[number].sources for number in step.inputs if number in self.of):
            layer.time_steps = [*(layer.time_steps or [layer.followers[0].number]), step.outputs[0]]

    def _passed(self, step: Step, active: list[int], shape: Callable) -> list[Follower]:
        flows = [self.of[number] for number in active]
        sources = frozenset().union(*(flow.sources for flow in flows))
        place, operation = len(self.steps) - 1, plain(step.operation)
        if len({flow.sources for flow in flows}) > 1:
            self._mixed(step.operation, flows)
        added = any(flow.added for flow in flows) or (len({f.sources for f in flows}) > 1 and step.operation in SUMS)
        normalized = is_normalization(operation) or (step.operation in PRODUCTS and any(flow.root for flow in flows))
        root = operation in SCALES or (any(flow.root for flow in flows) and not normalized)
        single = len(sources) == 1 and DATA not in sources
        constants = [number for number in step.inputs if number not in self.of] if step.operation in SUMS else []
        for source in sources - {DATA}:
            self.layers[source].constants += constants
            self.layers[source].evened |= normalized or not self.past.isdisjoint(step.inputs)
            self.layers[source].scores |= single and operation == "softmax"
            self.layers[source].squared |= single and operation in CONTRACTIONS and len(flows) > 1
        factors, terms = self._constants(step, flows, normalized=is_normalization(operation))
        behind = frozenset().union({place}, *(flow.behind for flow in flows)) if single else frozenset()
        followers = []
        for number in step.outputs:
            axes = self._axes(step, number, active, shape) if single else None
            self.of[number] = Flow(sources, behind, axes, added and not normalized, root, factors, terms)
            if axes is not None:
                followers.append(Follower(number, axes, place))
        if single:
            (source,) = sources
            self.layers[source].followers += followers
            if operation == "exp":
                self._step(source, behind)
            if operation in EXPONENTIALS:
                self.layers[source].exponentials += step.outputs
        return followers

    def _constants(self, step: Step, flows: list[Flow], *, normalized: bool) -> tuple[frozenset[int], frozenset[int]]:
        """The constants that a step's answer has been multiplied with as a whole, and that were added to it.

        A factor of one of several summands is none of their sum.
        """
        together = frozenset.union if step.operation in PRODUCTS else frozenset.intersection
        own = frozenset(self.whole.get(number, number) for number in step.inputs if number not in self.of)
        factors, terms = (
            together(*parts) for parts in zip(*((flow.factors, flow.terms) for flow in flows), strict=True)
        )
        factors |= own if normalized or plain(step.operation) in SCALINGS else frozenset()
        return factors, terms | (own if normalized or step.operation in SUMS else frozenset())

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
                self.layers[source].plus |= operation in SUMS and "sub" not in operation

    def _axes(self, step: Step, number: int, active: list[int], shape: Callable) -> tuple[int, ...] | None:
        """The axes of units of a value, if it still has one of every unit and example."""
        for source in active:
            axes = self.of[source].axes
            if axes is None:
                continue
            if step.axes is not None:
                return tuple(step.axes.index(axis) for axis in axes)
            if shape(number) == shape(source):
                return axes
        return None

    def end(self, outputs: Sequence[int]) -> None:
        """Forget what comes of a layer's answer and is only looked at, if the answer is known to lead to an output."""
        self._live = set(outputs)
        for step in reversed(self.steps):
            if not self._live.isdisjoint(step.outputs):
                self._live.update(step.inputs)
        for layer in self.layers:
            if layer.followers[0].number in self._live:
                layer.followers = [one for one in layer.followers if one.number in self._live]

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """The places of the steps that take a value, by its number; asked for when all steps are known."""
        users = defaultdict(list)
        for place, step in enumerate(self.steps):
            for number in set(step.inputs):
                if number not in self._live or not self._live.isdisjoint(step.outputs):
                    users[number].append(place)
        return users
