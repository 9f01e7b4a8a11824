"""What a PyTorch module calls while it runs: every call of a PyTorch function, and the weights that it applies.

What is needed of a value is taken while it is there, so that no activation is kept: rows of it, and of its gradient
when that comes by. PyTorch is not imported: whoever holds a module has imported it, and passes it in as `torch`.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from course.diagnosis.reading import chosen
from course.diagnosis.torch_weights import RECURRENT, TABLES, Use, sequence_of, uses
from course.diagnosis.traces import (
    EXPONENTIALS,
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

TURNING = ("T", "mT", "transpose", "permute", "t", "swapaxes", "swapdims", "movedim", "moveaxis")
PRIMES = (2, 3, 5, 7, 11, 13, 17)
LOOKUPS = ("__getitem__", "index_select", "gather", "take", "take_along_dim")
NORMS_WITH_PAST = "batch_norm"
REPEATING = ("expand", "expand_as", "repeat", "repeat_interleave", "tile", "broadcast_to", *SUMS, *SCALINGS, *TABLES)
"""What makes one of its inputs as large as the batch."""
MASKED = ("scaled_dot_product_attention",)
"""What adds a parameter to something inside: a bias by place."""


class Calls:
    """What was called during one run: the flows of its values, and rows of those that matter."""

    def __init__(self, torch: ModuleType, parameters: dict[str, Any], frozen: set[str], data: Sequence[Any]):
        self._torch, self._frozen = torch, frozen
        self._numbers = torch.utils.weak.WeakTensorKeyDictionary()
        self._count = 0
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.dtypes: dict[int, str] = {}
        self.origins: dict[int, tuple[str, ...]] = {}
        self.names: dict[int, str] = {}
        self.values: dict[int, np.ndarray] = {}
        self.gradients: dict[int, np.ndarray] = {}
        self.sizes: dict[int, float] = {}
        self.time_steps: dict[int, float] = {}
        self.sequences: dict[int, Any] = {}
        self._cuts: dict[int, Callable] = {}
        self.received: dict[tuple[int, int], np.ndarray] = {}
        self.constants: dict[int, Any] = {}
        self.tables: set[str] = set()
        self.added: set[str] = set()
        self.factors: dict[int, tuple[str, ...]] = {}
        self.rescaled: set[int] = set()
        self.signals: set[int] = set()
        self.repeated: set[int] = set()
        self.used: set[str] = set()
        self.idle: set[str] = set()
        self.past = False
        for name, tensor in parameters.items():
            self.origins[self.number(tensor)] = (name,)
            self.names[self.number(tensor)] = name
        self.flows = Flows([self.number(tensor) for tensor in data])
        self._examples = {len(tensor) for tensor in data if tensor.ndim}

    def number(self, tensor: Any) -> int:
        """Return the number of a tensor's present values."""
        known = self._numbers.get(tensor)
        return self._new(tensor) if known is None else known

    def _new(self, tensor: Any) -> int:
        self._count += 1
        self._numbers[tensor] = self._count
        self.shapes[self._count] = tuple(tensor.shape)
        self.dtypes[self._count] = str(tensor.dtype).removeprefix("torch.")
        return self._count

    def watched(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """Call, and note what went in, what came out, and which weights were applied."""
        given = _tensors([*arguments, *keywords.values()], self._torch.Tensor)
        inputs = [self.number(tensor) for tensor in given]
        name = _name(function)
        found = self._uses_before(name, arguments, keywords) if name in RECURRENT else []
        versions = [tensor._version for tensor in given]
        result = function(*self._noting_its_sequence(name, arguments), **keywords)
        written = [one for one, version in zip(given, versions, strict=True) if one._version != version]
        outputs = _tensors([result], self._torch.Tensor)
        outputs = [one for one in outputs if not any(one is other for other in given)]
        if not outputs and not written:
            return result
        if outputs and not found:
            found = self._uses(name, arguments, keywords, outputs[0])
        fresh = tuple(self._new(one) for one in (*written, *outputs))
        if name in RECURRENT:
            fresh = fresh[len(written) :]
        self._note(name, function, arguments, keywords, inputs, fresh, (*written, *outputs), found)
        return result

    def _uses_before(self, name, arguments, keywords) -> list[Use]:
        return uses(name, arguments, keywords, None, self._is_weights)

    def _uses(self, name: str, arguments, keywords, output: Any) -> list[Use]:
        given = _tensors([*arguments, *keywords.values()], self._torch.Tensor)
        if not any(self._is_weights(tensor) for tensor in given):
            return []
        found = uses(name, arguments, keywords, output, self._is_weights)
        return [once for use in found if (once := self._once(use)) is not None]

    def _once(self, use: Use) -> Use | None:
        """A use of weights that are repeated for each example as one of weights that all examples share."""
        number = self.number(use.weights)
        if number not in self.repeated:
            return use
        if 0 not in use.unit_axes or use.weights.ndim < 3:
            return None
        place, weights = use.unit_axes.index(0), use.weights[0]
        self.origins[self.number(weights)] = self.origins[number]
        units, answers = ((*axes[:place], *axes[place + 1 :]) for axes in (use.unit_axes, use.answer_axes))
        fan, units = (tuple(axis - 1 for axis in axes) for axes in (use.fan_axes, units))
        return use._replace(weights=weights, fan_axes=fan, unit_axes=units, answer_axes=answers)

    def _is_weights(self, tensor: Any) -> bool:
        if not isinstance(tensor, self._torch.Tensor):
            return False
        number = self.number(tensor)
        as_weights = number not in self.signals or number in self.repeated
        return number in self.origins and as_weights and number not in self.flows.of

    def _note(self, name, function, arguments, keywords, inputs, fresh, tensors, found: list[Use]) -> None:
        active = any(number in self.flows.of for number in inputs)
        origins = tuple(dict.fromkeys(one for number in inputs for one in self.origins.get(number, ())))
        if name in SUMS or name in MASKED:
            self.added.update(origins)
        if not active:
            if origins:
                self.origins.update(dict.fromkeys(fresh, origins))
                if self._rescales(name, inputs):
                    self.rescaled.update(fresh)
                self._note_signals(name, inputs, fresh, tensors)
            if name not in TABLES:
                self.flows.add(Step(name, tuple(inputs), fresh), self.shapes.__getitem__)
                return
        self.used.update(origins)
        if plain(name) in SCALINGS:
            self.factors[len(self.flows.steps)] = origins
        looked_up = name in LOOKUPS and len(inputs) > 1 and inputs[0] in self.origins
        if origins and (name in TABLES or looked_up):
            self.tables.update(origins)
        if NORMS_WITH_PAST in name:
            self.past = self.past or not keywords.get("training", True in arguments[5:6])
        applied = tuple(self._applied(use, arguments, tensors) for use in found)
        axes = self._axes(function, arguments, keywords) if name in TURNING else None
        step = Step(name, tuple(inputs), fresh, applied, axes)
        before = len(self.flows.layers)
        followers = self.flows.add(step, self.shapes.__getitem__)
        if step.operation in SUMS:
            pairs = zip(inputs, _tensors([*arguments, *keywords.values()], self._torch.Tensor), strict=True)
            self.constants.update((number, tensor) for number, tensor in pairs if number not in self.flows.of)
        known = dict(zip(fresh, tensors, strict=False))
        if plain(name) in EXPONENTIALS:
            self.sizes.update((number, _mean_square(known[number])) for number in fresh)
        for number in {number for layer in self.flows.layers for number in layer.time_steps} & set(fresh):
            self._keep_time_step(number, known[number])
        for follower in followers:
            self._keep(follower, known[follower.number])
        for layer in self.flows.layers[before:]:
            self._keep_layer(layer.applied, found[applied.index(layer.applied)], tensors)

    def _rescales(self, name: str, inputs: Sequence[int]) -> bool:
        """Whether a constant is divided by what comes of the same parameter, or made of one that was."""
        own = [set(self.origins.get(number, ())) for number in inputs]
        divided = plain(name) in (*SCALINGS, "rdiv") and len(own) > 1 and bool(own[0] & own[1])
        return divided or is_normalization(name) or not self.rescaled.isdisjoint(inputs)

    def _note_signals(self, name: str, inputs: Sequence[int], fresh: Sequence[int], tensors: Sequence[Any]) -> None:
        """Note values that are signals though no data are in them, and which are one value, again for each example."""
        pairs = zip(fresh, tensors, strict=False)
        found = {number: tensor for number, tensor in pairs if self._is_signal(name, inputs, number)}
        origins = {self.origins[number] for number in found}
        self.added.update(one[0] for one in origins if len(one) == 1)
        if self.signals.isdisjoint(inputs):
            self.repeated.update(number for number, one in found.items() if bool((one == one[:1]).all()))
        self.signals.update(found)

    def _is_signal(self, name: str, inputs: Sequence[int], output: int) -> bool:
        """Whether what is made of parameters is there for each example, as learned queries are, or made of such."""
        shape, own = self.shapes[output], [number for number in inputs if number in self.origins]
        if any(self.shapes[number] == shape for number in own if number not in self.signals):
            return False  # weights that something is done to
        if not self.signals.isdisjoint(own):
            return True
        before = [Counter(self.shapes[number]) for number in own if name in REPEATING]
        longer = [side for side, times in Counter(shape).items() if all(times > sides[side] for sides in before)]
        return bool(before) and any(side % length == 0 for side in longer for length in self._examples)

    def _applied(self, use: Use, arguments: Sequence[Any], outputs: Sequence[Any]) -> Applied:
        number = self.number(use.weights)
        names = self.origins[number]
        signal = arguments[0] if use.kind == "recurrent" else use.inputs
        if 0 in signal.shape:
            self.idle.update(names)
        self.constants[number] = use.weights
        bias = None
        if use.bias is not None and self.number(use.bias) not in self.flows.of:
            bias = self.number(use.bias)
            self.constants[bias] = use.bias
        name = max(names, key=lambda one: self.shapes_of(one))
        trainable = not all(one in self._frozen for one in names)
        answer_axes = use.answer_axes or (outputs[0].ndim - 1,)
        return Applied(
            name, number, self.number(signal), use.fan_axes, use.unit_axes, use.input_axes, answer_axes, use.fans, bias,
            trainable, use.kind, number in self.rescaled,
        )  # fmt: skip

    def shapes_of(self, name: str) -> int:
        """Return how many numbers a parameter has."""
        return next((int(np.prod(self.shapes[n])) for n, names in self.origins.items() if names == (name,)), 0)

    def _keep_layer(self, applied: Applied, use: Use, outputs: Sequence[Any]) -> None:
        """Keep what a layer receives; a recurrent one's own state is near what it answers."""
        signal = outputs[0] if use.inputs is None else use.inputs
        axes = applied.input_axes[-len(applied.fan_axes) :] if applied.kind == "dense" else applied.input_axes[-1:]
        self.received[applied.weights, applied.inputs] = rows(signal, axes)

    def _keep(self, follower: Follower, tensor: Any) -> None:
        number, axes = follower.number, follower.axes
        if not tensor.is_floating_point():
            return
        self.values[number] = rows(tensor, axes)
        if tensor.requires_grad:
            tensor.register_hook(lambda gradient: self.gradients.__setitem__(number, rows(gradient, axes)))

    def _keep_time_step(self, number: int, tensor: Any) -> None:
        if tensor.requires_grad:
            self.time_steps[number] = 0.0
            tensor.register_hook(lambda gradient: self.time_steps.__setitem__(number, _rms(gradient)))

    def _noting_its_sequence(self, name: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The arguments of a call; a sequence that it runs over is kept, for its gradient tells of every time step."""
        cut = sequence_of(name, arguments)
        if cut is None:
            return arguments
        place, whole = len(self.flows.steps), arguments[0]
        self._cuts[place] = cut
        self.sequences[place] = whole if whole.requires_grad else whole.detach().requires_grad_()
        return (self.sequences[place], *arguments[1:])

    def gradients_by_time_step(self, layer: Layer, of_sequences: Mapping[int, Any]) -> tuple[float, ...]:
        """Return the root mean squares of the gradient by time step, where a layer's weights come by again."""
        if of_sequences.get(layer.place) is not None:
            return tuple(map(_rms, self._cuts[layer.place](of_sequences[layer.place])))
        together = [one.time_steps for one in self.flows.layers if one.place == layer.place and one.time_steps]
        return tuple(self.time_steps[number] for number in next(iter(together), ()) if number in self.time_steps)

    def named(self, numbers: Iterable[int]) -> list[str]:
        """Return the names of those values that are parameters as they are."""
        return [self.names[number] for number in numbers if number in self.names]

    def step_mean(self, number: int | None) -> float | None:
        """Return the mean of a kept value."""
        return float(np.mean(self.values[number])) if number in self.values else None

    def _axes(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]) -> tuple[int, ...]:
        """The permutation of a transposition, found by turning a tensor whose sides all differ."""
        shape = PRIMES[: arguments[0].ndim]
        turned = function(self._torch.empty(shape, device="meta"), *arguments[1:], **keywords)
        return tuple(shape.index(side) for side in turned.shape)


def rows(tensor: Any, axes: tuple[int, ...]) -> np.ndarray:
    """Return a tensor's values with its axes of units made one and last; only some of its rows if it is large."""
    tensor = tensor.detach()
    others = [axis for axis in range(tensor.ndim) if axis not in axes]
    turned = tensor.permute(*others, *axes)
    lead = tuple(tensor.shape[axis] for axis in others)
    units = int(np.prod([tensor.shape[axis] for axis in axes]))
    kept = chosen(lead, units) if turned.numel() else None
    turned = turned.reshape(*lead, units) if kept is None else turned[kept].reshape(-1, units)
    return turned.float().cpu().numpy().copy() if str(turned.dtype) != "torch.float64" else turned.cpu().numpy().copy()


def _mean_square(tensor: Any) -> float:
    return float(tensor.detach().float().square().mean())


def _rms(tensor: Any) -> float:
    return math.sqrt(float(tensor.detach().double().square().mean()))


def _name(function: Callable) -> str:
    """A function's name, or that of the property that it reads."""
    name = getattr(function, "__name__", type(function).__name__)
    return getattr(function.__self__, "__name__", name) if name == "__get__" else name


def _tensors(values: Sequence[Any], kind: type) -> list[Any]:
    """The tensors among arguments, and in lists of them."""
    found = []
    for one in values:
        if isinstance(one, kind):
            found.append(one)
        elif isinstance(one, list | tuple):
            found += _tensors(one, kind)
    return found
