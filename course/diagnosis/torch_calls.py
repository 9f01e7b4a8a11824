"""What a PyTorch module calls while it runs: every call of a PyTorch function, and the weights that it applies.

PyTorch is not imported: whoever holds a module has imported it, and passes it in as `torch`.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any

from course.diagnosis.traces import Applied, Step

TURNING = ("T", "mT", "transpose", "permute", "t", "swapaxes", "swapdims", "movedim", "moveaxis")
CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
PRODUCTS = ("matmul", "mm", "__matmul__")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
PRIMES = (2, 3, 5, 7, 11)


class Calls:
    """What was called during one run: steps, the tensors of their values by number, and how weights were applied."""

    def __init__(self, torch: ModuleType, parameters: dict[str, Any], frozen: set[str], batch: Any):
        self.steps: list[Step] = []
        self.tensors: dict[int, Any] = {}
        self.constant: set[int] = set()
        self._torch, self._numbers, self._names, self._frozen, self._kept = torch, {}, {}, frozen, []
        for name, tensor in parameters.items():
            self._names[self.number(tensor)] = name
        self.constant.update(self._names)
        self.number(batch)

    def number(self, tensor: Any) -> int:
        """The number of a tensor, the same whenever it is met; tensors are kept, so that no other takes its place."""
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self._numbers)
            self.tensors[self._numbers[id(tensor)]] = tensor
        return self._numbers[id(tensor)]

    def watched(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any], tame: bool) -> Any:
        """Call, and note it. What would write over a tensor writes into a new one first, for both are looked at."""
        plain = _not_in_place(self._torch, function, arguments, keywords)
        if plain is None:
            return self._noted(function, arguments, keywords, tame)
        written = arguments[0]
        before = self._set_aside(written)
        result = self._noted(plain.func, (before, *plain.args[1:]), plain.keywords, tame)
        if result.shape != written.shape:
            return result
        written.copy_(result)
        self._numbers[id(written)] = self._numbers[id(result)]
        return written

    def _set_aside(self, tensor: Any) -> Any:
        """A copy that takes over a tensor's number; the tensor is kept, so that no other takes its place."""
        number, copy = self.number(tensor), tensor.clone()
        self._kept.append(tensor)
        self.tensors[number], self._numbers[id(copy)] = copy, number
        return copy

    def _noted(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any], tame: bool) -> Any:
        result = function(*arguments, **keywords)
        name = _name(function)
        if name in RECURRENT:
            raise ValueError(f"the network has a recurrent layer, {name}, whose weights cannot be read one by one")
        inputs = [self.number(one) for one in _flat([*arguments, *keywords.values()], self._torch.Tensor)]
        fixed = all(number in self.constant for number in inputs)
        applied = None if fixed else self._applied(name, inputs, result)
        result = _of_unit_size(result) if tame and applied else result
        outputs = tuple(self.number(one) for one in _flat([result], self._torch.Tensor))
        if inputs and outputs:
            axes = self._axes(function, arguments, keywords) if name in TURNING else None
            self.steps.append(Step(name, tuple(inputs), outputs, applied, axes))
            if fixed:
                self._remember(inputs, outputs)
        return result

    def _remember(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """What is made of constants alone is one, and has the name of the first."""
        self.constant.update(outputs)
        origin = next((self._names[number] for number in inputs if number in self._names), None)
        self._names.update(dict.fromkeys(outputs, origin) if origin else {})

    def _applied(self, name: str, inputs: Sequence[int], output: Any) -> Applied | None:
        """The weights that a call applies: linear, a convolution, or a product with a matrix of parameters."""
        x, weights, bias = (*inputs, None, None)[:3]
        if name == "addmm":
            bias, x, weights = inputs[:3]
        left = name in PRODUCTS and x in self.constant
        if left:
            x, weights = weights, x
        known = name in ("linear", "addmm", *CONVOLUTIONS, *PRODUCTS)
        if not known or weights not in self.constant or x in self.constant or self.tensors[weights].ndim < 2:
            return None
        origin = self._names.get(weights, "weights")
        return Applied(origin, weights, x, *self._turned(name, x, weights, left), bias, origin not in self._frozen)

    def _turned(self, name: str, x: int, weights: int, left: bool) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """The axes of weights and inputs in the course's order, and the answer's axis of units."""
        dimensions = tuple(range(self.tensors[x].ndim))
        if name in CONVOLUTIONS:
            return (*range(2, self.tensors[weights].ndim), 1, 0), (0, *dimensions[2:], 1), 1
        if left:
            return (1, 0), (*dimensions[:-2], *reversed(dimensions[-2:])), max(len(dimensions) - 2, 0)
        return (1, 0) if name == "linear" else (0, 1), dimensions, len(dimensions) - 1

    def _axes(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]) -> tuple[int, ...]:
        """The permutation of a transposition, found by turning a tensor whose sides all differ."""
        shape = PRIMES[: arguments[0].ndim]
        turned = function(self._torch.empty(shape), *arguments[1:], **keywords)
        return tuple(shape.index(side) for side in turned.shape)


def _not_in_place(torch: ModuleType, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]):
    """The same call, with its result in a tensor of its own, if it would write over its first argument, or `None`."""
    name = getattr(function, "__name__", "")
    plain = f"__{name[3:]}" if name.startswith("__i") else name[:-1] if name.endswith("_") else ""
    if callable(getattr(torch.Tensor, plain, None)) and not name.endswith("___"):
        return partial(getattr(torch.Tensor, plain), *arguments, **keywords)
    try:
        bound = inspect.signature(function).bind(*arguments, **keywords)
    except (TypeError, ValueError):  # a function written in C++ has no signature, and no such argument
        return None
    if not bound.arguments.get("inplace"):
        return None
    bound.arguments["inplace"] = False
    return partial(function, *bound.args, **bound.kwargs)


def _name(function: Callable) -> str:
    """A function's name, or that of the property that it reads."""
    return function.__self__.__name__ if function.__name__ == "__get__" else function.__name__


def _flat(values: Sequence[Any], kind: type) -> list[Any]:
    """The tensors among arguments, and in lists of them."""
    parts = [part for one in values for part in (one if isinstance(one, list | tuple) else [one])]
    return [part for part in parts if isinstance(part, kind)]


def _of_unit_size(result: Any) -> Any:
    return (result / result.double().square().mean().sqrt().clamp_min(1e-30)).to(result.dtype)
