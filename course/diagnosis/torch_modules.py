"""Reads a PyTorch module: copies of its parameters are run, while every call of a PyTorch function is watched."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

from course.diagnosis import traces
from course.diagnosis.reading import LayerReading, NetworkReading
from course.diagnosis.torch_calls import Calls
from course.diagnosis.traces import FEW, Answer

ATTENTION = "multi_head_attention_forward"


def read(torch: ModuleType, module: Any, batch: Any, *, seed: int) -> NetworkReading:
    """Read a module in the mode, training or evaluation, that it is in; it is left exactly as it was."""
    found, operations = _answers(torch, module, batch[:FEW])
    own = {name: one.detach().cpu().clone() for name, one in (*module.named_parameters(), *module.named_buffers())}
    learned = {name for name, one in module.named_parameters() if one.is_floating_point()}
    calls, output = _called(
        torch, module, {name: one.requires_grad_(name in learned) for name, one in own.items()}, batch
    )
    if [step.operation for step in calls.steps] != operations:
        raise ValueError(
            "the network does other things with other numbers; allowed is one whose path does not depend on them"
        )
    directions = np.random.default_rng(seed).standard_normal(tuple(output.shape), np.float32)
    watched = [calls.tensors[number] for answer in found for number in (answer.preactivations, answer.applied.weights)]
    with torch.enable_grad():
        cost = (torch.as_tensor(directions) * output.float()).sum()
    gradients = _gradients(torch, cost, watched)
    pairs = zip(gradients[::2], gradients[1::2], strict=True)
    return NetworkReading(tuple(_layer_readings(found, calls, pairs)), _wide(output), "PyTorch")


def _answers(torch: ModuleType, module: Any, batch: Any) -> tuple[list[Answer], list[str]]:
    """Run a module with tame numbers, and find its layers; the names of all operations too."""
    own = {name: _tamed(torch, one) for name, one in (*module.named_parameters(), *module.named_buffers())}
    calls, _output = _called(torch, module, own, _tamed(torch, batch), tame=True)
    values = {number: _array(tensor) for number, tensor in calls.tensors.items()}
    return traces.answers(calls.steps, values, calls.constant), [step.operation for step in calls.steps]


def _gradients(torch: ModuleType, cost: Any, tensors: Sequence[Any]) -> list[np.ndarray]:
    """∂C of each tensor; zeros where the cost does not depend on it, or where the network cuts the way back."""
    reached = [tensor for tensor in tensors if tensor.requires_grad]
    gradients = torch.autograd.grad(cost, reached, allow_unused=True) if reached else ()
    known = {id(tensor): one for tensor, one in zip(reached, gradients, strict=True) if one is not None}
    return [_wide(known[id(one)]) if id(one) in known else np.zeros(tuple(one.shape)) for one in tensors]


def _called(torch: ModuleType, module: Any, own: dict[str, Any], batch: Any, *, tame: bool = False):
    """Run a module with these parameters and buffers, on a copy of the random state; give its calls and its output.

    A tame run brings what weights answer to a mean square of 1.
    """
    frozen = {name for name, one in module.named_parameters() if not one.requires_grad}
    calls = Calls(torch, own, frozen | {name for name, _ in module.named_buffers()}, batch)

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if getattr(function, "__name__", "") == ATTENTION:
                with self:
                    return _opened(function)(*args, **(kwargs or {}))
            return calls.watched(function, args, kwargs or {}, tame)

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        with Watch():
            output = torch.func.functional_call(module, own, (batch,))
    return calls, _one_output(torch, output)


def _opened(function: Callable) -> Callable:
    """A copy of a function of PyTorch whose inner calls are watched too: it does not ask whether somebody watches."""
    names = {**function.__globals__, "has_torch_function": lambda _tensors: False}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _one_output(torch: ModuleType, output: Any) -> Any:
    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        raise ValueError(
            f"the network answers with a {type(output).__name__}; allowed is one tensor of floating-point numbers: "
            "wrap it in a module that gives the one to judge"
        )
    return output


def _tamed(torch: ModuleType, tensor: Any) -> Any:
    """Numbers of the same shape with which nothing vanishes or is alike: what a network is made of shows."""
    if not tensor.is_floating_point():
        return tensor.detach().clone()
    shape = tuple(tensor.shape)
    random = np.random.default_rng([len(shape), *shape])
    numbers = random.uniform(0.25, 1, shape) if len(shape) <= 1 else random.standard_normal(shape)
    return torch.as_tensor(numbers).to(tensor.dtype)


def _array(tensor: Any) -> np.ndarray:
    """In the tensor's own precision."""
    if str(tensor.dtype) == "torch.bfloat16":
        return tensor.detach().float().numpy().astype(jnp.bfloat16)
    return tensor.detach().numpy()


def _wide(tensor: Any) -> np.ndarray:
    return np.asarray(_array(tensor), float)


def _layer_readings(found: Sequence[Answer], calls: Calls, gradients: Iterable[tuple]) -> Iterator[LayerReading]:
    seen: set[str] = set()
    for answer, (of_z, of_weights) in zip(found, gradients, strict=True):
        applied, tensors = answer.applied, calls.tensors
        name = applied.name.removesuffix(".weight")
        yield LayerReading(
            name,
            _wide(tensors[applied.weights]).transpose(applied.weight_axes),
            None if answer.bias is None else _wide(tensors[answer.bias]).reshape(-1),
            str(tensors[applied.weights].dtype).removeprefix("torch."),
            _wide(tensors[applied.inputs]).transpose(applied.input_axes),
            np.moveaxis(_wide(tensors[answer.preactivations]), answer.axis, -1),
            None if answer.activations is None else np.moveaxis(_wide(tensors[answer.activations]), answer.axis, -1),
            answer.activation,
            np.moveaxis(of_z, answer.axis, -1),
            of_weights.transpose(applied.weight_axes),
            answer.normalized,
            applied.trainable,
            name if name in seen else None,
        )
        seen.add(name)
