"""Reads a PyTorch module: every call of a PyTorch function is watched while copies of its parameters are run.

PyTorch is not imported: whoever holds a module has imported it, and passes it in as `torch`.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from course.diagnosis import traces
from course.diagnosis.reading import LayerReading, NetworkReading
from course.diagnosis.traces import Answer, Applied, Step

TURNING = ("transpose", "permute", "t", "swapaxes", "swapdims", "movedim", "moveaxis")
CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
PRODUCTS = ("matmul", "mm", "__matmul__")
PRIMES = (2, 3, 5, 7, 11)


class _Calls:
    """What was called during one run: steps, the tensors of their values by number, and how weights were applied."""

    def __init__(self, torch: ModuleType, parameters: dict[str, Any], frozen: set[str], batch: Any):
        self.steps: list[Step] = []
        self.tensors: dict[int, Any] = {}
        self.constant: set[int] = set()
        self._torch, self._numbers, self._names, self._frozen = torch, {}, {}, frozen
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

    def note(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any], result: Any) -> None:
        """Add a call to the steps."""
        operands = [*arguments, *keywords.values()]
        operands = [part for one in operands for part in (one if isinstance(one, list | tuple) else [one])]
        inputs = [self.number(one) for one in operands if isinstance(one, self._torch.Tensor)]
        results = result if isinstance(result, list | tuple) else [result]
        outputs = [one for one in results if isinstance(one, self._torch.Tensor)]
        if not inputs or not outputs:
            return
        name = function.__name__
        fixed = all(number in self.constant for number in inputs)
        applied = None if fixed else self._applied(name, inputs, outputs[0])
        axes = self._axes(function, arguments, keywords) if name in TURNING else None
        numbers = tuple(self.number(one) for one in outputs)
        self.steps.append(Step(name, tuple(inputs), numbers, applied, axes))
        if fixed:
            self.constant.update(numbers)
            origin = next((self._names[number] for number in inputs if number in self._names), None)
            self._names.update(dict.fromkeys(numbers, origin) if origin else {})

    def _applied(self, name: str, inputs: Sequence[int], output: Any) -> Applied | None:
        """The weights that a call applies: linear, a convolution, or a product with a matrix of parameters."""
        x, weights, bias = (*inputs, None, None)[:3]
        if name == "addmm":
            bias, x, weights = inputs[:3]
        known = name in ("linear", "addmm", *CONVOLUTIONS, *PRODUCTS)
        if not known or weights not in self.constant or x in self.constant:
            return None
        spatial = range(2, self.tensors[weights].ndim)
        dimensions = range(self.tensors[x].ndim)
        if name in CONVOLUTIONS:
            turned = (*spatial, 1, 0), (0, *dimensions[2:], 1), 1
        else:
            turned = (1, 0) if name == "linear" else (0, 1), tuple(dimensions), output.ndim - 1
        origin = self._names.get(weights, "weights")
        return Applied(origin, weights, x, *turned, bias, origin not in self._frozen)

    def _axes(self, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]) -> tuple[int, ...]:
        """The permutation of a transposition, found by turning a tensor whose sides all differ."""
        shape = PRIMES[: arguments[0].ndim]
        turned = function(self._torch.empty(shape), *arguments[1:], **keywords)
        return tuple(shape.index(side) for side in turned.shape)


def read(torch: ModuleType, module: Any, batch: Any, *, seed: int) -> NetworkReading:
    """Read a module in the mode, training or evaluation, that it is in; it is left exactly as it was."""
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    parameters = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
    tame, _ = _called(
        torch, module, {name: _tamed(torch, one) for name, one in parameters.items()}, frozen, _tamed(torch, batch)
    )
    values = {number: _array(tensor) for number, tensor in tame.tensors.items()}
    found = traces.answers(tame.steps, values, tame.constant)
    wanted = {name: one.requires_grad_() for name, one in parameters.items() if one.is_floating_point()}
    calls, output = _called(torch, module, {**parameters, **wanted}, frozen, batch)
    if [step.operation for step in calls.steps] != [step.operation for step in tame.steps]:
        raise ValueError(
            "the network does other things with other numbers; allowed is one whose path does not depend on them"
        )
    directions = np.random.default_rng(seed).standard_normal(tuple(output.shape), np.float32)
    watched = [calls.tensors[number] for answer in found for number in (answer.preactivations, answer.applied.weights)]
    cost = (torch.as_tensor(directions) * output.float()).sum()
    gradients = torch.autograd.grad(cost, watched, allow_unused=True) if watched else ()
    pairs = zip(gradients[::2], gradients[1::2], strict=True)
    layers = tuple(_layer_readings(found, calls, [tuple(map(_array, pair)) for pair in pairs]))
    return NetworkReading(layers, _array(output), "PyTorch")


def _called(torch: ModuleType, module: Any, parameters: dict[str, Any], frozen: set[str], batch: Any):
    """Run a module with these parameters, on copies of its buffers and of the random state; give calls and output."""
    calls = _Calls(torch, parameters, frozen, batch)

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            function, args, kwargs = _not_in_place(torch, function, args, kwargs or {})
            result = function(*args, **kwargs)
            calls.note(function, args, kwargs, result)
            return result

    buffers = {name: buffer.detach().clone() for name, buffer in module.named_buffers()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        with Watch():
            output = torch.func.functional_call(module, {**parameters, **buffers}, (batch,))
    return calls, _one_output(torch, output)


def _not_in_place(torch: ModuleType, function: Callable, arguments: Sequence[Any], keywords: dict[str, Any]):
    """The same call, with its result in a tensor of its own: what was there before is still to be looked at."""
    name = getattr(function, "__name__", "")
    if name.startswith("__i") and hasattr(torch.Tensor, f"__{name[3:]}"):
        return getattr(torch.Tensor, f"__{name[3:]}"), arguments, keywords
    if name.endswith("_") and not name.endswith("__") and hasattr(torch.Tensor, name[:-1]):
        return getattr(torch.Tensor, name[:-1]), arguments, keywords
    try:
        bound = inspect.signature(function).bind(*arguments, **keywords)
    except (TypeError, ValueError):  # a function written in C++ has no signature, and no such argument
        return function, arguments, keywords
    if "inplace" in bound.arguments:
        bound.arguments["inplace"] = False
    return function, bound.args, bound.kwargs


def _one_output(torch: ModuleType, output: Any) -> Any:
    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        raise ValueError(
            f"the network answers with a {type(output).__name__}; allowed is one tensor of floating-point numbers: "
            "wrap it in a module that gives the one to judge"
        )
    return output


def _tamed(torch: ModuleType, tensor: Any) -> Any:
    """Numbers of the same shape with which nothing vanishes, explodes or is alike: what a network is made of shows."""
    if not tensor.is_floating_point():
        return tensor
    shape = tuple(tensor.shape)
    fan_in = np.prod(shape[1:]) if len(shape) > 1 else 1
    numbers = np.random.default_rng(len(shape) + sum(shape)).standard_normal(shape) / np.sqrt(max(fan_in, 1))
    return torch.as_tensor(numbers + (0.5 if len(shape) == 1 else 0.0)).to(tensor.dtype)


def _array(tensor: Any) -> np.ndarray:
    return np.zeros(()) if tensor is None else tensor.detach().double().numpy()


def _layer_readings(found: Sequence[Answer], calls: _Calls, gradients: Sequence[tuple]) -> Iterator[LayerReading]:
    seen: set[str] = set()
    for answer, (of_z, of_weights) in zip(found, gradients, strict=True):
        applied, tensors = answer.applied, calls.tensors
        name = applied.name.removesuffix(".weight")
        yield LayerReading(
            name,
            _array(tensors[applied.weights]).transpose(applied.weight_axes),
            None if answer.bias is None else _array(tensors[answer.bias]).reshape(-1),
            str(tensors[applied.weights].dtype).removeprefix("torch."),
            _array(tensors[applied.inputs]).transpose(applied.input_axes),
            np.moveaxis(_array(tensors[answer.preactivations]), answer.axis, -1),
            None if answer.activations is None else np.moveaxis(_array(tensors[answer.activations]), answer.axis, -1),
            answer.activation,
            np.moveaxis(of_z, answer.axis, -1),
            of_weights.transpose(applied.weight_axes),
            answer.normalized,
            applied.trainable,
            name if name in seen else None,
        )
        seen.add(name)
