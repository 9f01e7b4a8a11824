"""Reads a PyTorch module: it is run once on its own numbers, while every call of a PyTorch function is watched."""

import math
import random as python_random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from course.diagnosis import layer_statistics
from course.diagnosis.layer_answers import Answer, answers_of
from course.diagnosis.reading import (
    LayerDefinition,
    LayerReading,
    LayerSignals,
    NetworkReading,
    ParameterReading,
    axis_of_examples,
    by_unit,
    first_distance,
    first_loss,
    radial,
    times,
)
from course.diagnosis.torch_calls import Calls, rows

ATTENTION = "multi_head_attention_forward"
ROUNDS, STEP = 3, 0.01
"""So many small steps are taken to see whether a gradient of 0 stays 0, each of this size beside the weights."""


def read(
    torch: ModuleType, module: Any, call: Callable[[Any], Any], data: Sequence[Any], seed: int, targets, spare=None
) -> NetworkReading:
    """Read a module that `call` runs, in the mode that it is in; it is left exactly as it was.

    `data` are the tensors of the batch, `targets` what the network should answer, an array or `None`; `spare` is the
    one of the tensors that are the targets if the network does not use it.
    """
    parameters = {name: one.detach() for name, one in module.named_parameters()}
    frozen = {name for name, one in module.named_parameters() if not one.requires_grad}
    floating = {name: one for name, one in parameters.items() if one.is_floating_point()}
    own = {name: one.requires_grad_(name in floating) for name, one in parameters.items()}
    if isinstance(module, torch.jit.ScriptModule):  # its parameters cannot be exchanged
        own = dict(module.named_parameters())
    calls = Calls(torch, own, frozen, data)
    with as_it_was(torch, module):
        output = _run(torch, module, own, call, calls)
        outputs = floats(torch, output)
        if not outputs:
            raise ValueError(
                f"the network's answer is a {type(output).__name__} without a tensor of floating-point numbers; choose "
                "one: diagnose(network, batch, forward=lambda network, batch: …)"
            )
        learned = {name: own[name] for name in floating}
        gradients = _gradients(torch, outputs, {**learned, **calls.sequences}, seed)
        of_sequences = {place: gradients.pop(place) for place in calls.sequences}
    stuck = _stuck(torch, module, own, call, gradients, seed, calls.idle | frozen)
    numbers = [calls.number(one) for one in outputs]
    lengths = [len(one) for one in data if one.ndim]
    axis, examples = axis_of_examples(tuple(outputs[0].shape), lengths)
    whole = outputs[0].movedim(axis, 0) if outputs[0].ndim else outputs[0].reshape(1, 1)
    answers = answers_of(calls.flows, calls.values, numbers, calls.dtypes)
    if spare is not None and not any(calls.number(spare) in step.inputs for step in calls.flows.steps):
        targets = _whole(spare) if spare.is_floating_point() else spare.cpu().numpy()
    layers = tuple(_layer_readings(answers, calls, gradients, of_sequences, own))
    used_as = _uses(calls, layers)
    return NetworkReading(
        layers,
        rows(whole, (whole.ndim - 1,)),
        "PyTorch",
        tuple(_parameter(name, one, gradients[name], name in stuck, used_as) for name, one in learned.items()),
        _data(data),
        calls.past and _is_fresh(module),
        first_loss(_whole(outputs[0]), targets) if targets is not None else None,
        _note(torch, module),
        first_distance(_whole(outputs[0]), targets) if targets is not None else None,
        tuple(float(one.float().square().mean()) for one in _real(data)[1:]),
        examples,
        first_distance(np.zeros(outputs[0].shape), targets) if targets is not None else None,
    )


def _whole(output: Any) -> np.ndarray:
    return output.detach().float().cpu().numpy()


def _note(torch: ModuleType, module: Any) -> str:
    if isinstance(module, torch.jit.ScriptModule):
        return "a scripted module hides its layers: give the module before torch.jit.script"
    return ""


def _data(data: Sequence[Any]) -> np.ndarray | None:
    known = _real(data)
    return rows(known[0], (known[0].ndim - 1 if known[0].ndim < 4 else 1,)) if known else None


def _real(data: Sequence[Any]) -> list[Any]:
    return [one for one in data if one.is_floating_point() and one.ndim > 0 and one.numel()]


def _is_fresh(module: Any) -> bool:
    means = [one for name, one in module.named_buffers() if name.endswith("running_mean")]
    return bool(means) and not any(bool(one.any()) for one in means)


@contextmanager
def as_it_was(torch: ModuleType, module: Any) -> Iterator[None]:
    """Put back what a run changes: the random state, and the attributes of modules that note what they have seen."""
    parts = [part for part in module.modules() if not isinstance(part, torch.jit.ScriptModule)]
    states = [(part, dict(part.__dict__)) for part in parts]
    registers = [(one, type(one)(one)) for part in parts for one in part.__dict__.values() if type(one) in (dict, list)]
    python, numpy = python_random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            yield
    finally:
        for one, content in registers:
            one.clear()
            one.extend(content) if isinstance(one, list) else one.update(content)
        for part, content in states:
            part.__dict__.clear()
            part.__dict__.update(content)
        python_random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _run(torch: ModuleType, module: Any, own: Mapping[str, Any], call: Callable, calls: Calls | None = None) -> Any:
    """Run a module with these parameters and copies of its buffers."""
    buffers = {name: one.detach().clone() for name, one in module.named_buffers()}

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if getattr(function, "__name__", "") == ATTENTION:
                with self:
                    return _opened(function)(*args, **(kwargs or {}))
            return calls.watched(function, args, kwargs or {})

    class Called(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = module

        def forward(self):
            if calls is None:
                return call(self.network)
            with Watch():
                return call(self.network)

    named = {f"network.{name}": one for name, one in (*own.items(), *buffers.items())}
    if isinstance(module, torch.jit.ScriptModule):
        return call(module)
    return torch.func.functional_call(Called(), named, ())


def _opened(function: Callable) -> Callable:
    """A copy of a function of PyTorch whose inner calls are watched too: it does not ask whether somebody watches."""
    names = {**function.__globals__, "has_torch_function": lambda _tensors: False}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def floats(torch: ModuleType, output: Any) -> list[Any]:
    """Return the tensors of floating-point numbers in an answer, logits first."""
    if isinstance(output, torch.Tensor):
        return [output] if output.is_floating_point() and output.numel() else []
    if isinstance(output, Mapping):
        names = sorted(output, key=lambda name: name != "logits")
        return [one for name in names for one in floats(torch, output[name])]
    if isinstance(output, list | tuple):
        return [one for part in output for one in floats(torch, part)]
    if is_dataclass(output) and not isinstance(output, type):
        return [one for part in fields(output) for one in floats(torch, getattr(output, part.name))]
    return []


def _gradients(torch: ModuleType, outputs: Sequence[Any], learned: Mapping[Any, Any], seed: int) -> dict[Any, Any]:
    """∂C of each tensor for C = Σ v · outputs, `None` where the cost does not depend on it."""
    random = np.random.default_rng(seed)
    cost = 0
    for output in outputs:
        directions = torch.as_tensor(random.standard_normal(tuple(output.shape), np.float32), device=output.device)
        cost = cost + (directions * output.float()).sum()
    if not getattr(cost, "requires_grad", False):
        return dict.fromkeys(learned)
    tensors = [one for one in learned.values() if one.requires_grad]
    found = torch.autograd.grad(cost, tensors, allow_unused=True)
    return dict(zip([name for name, one in learned.items() if one.requires_grad], found, strict=True))


def _stuck(torch, module, own, call, gradients, seed, idle: set[str]) -> set[str]:
    """The matrices whose gradient is exactly 0, and still is after small steps of all others."""

    def nothing(found: Mapping[str, Any], names: Sequence[str]) -> set[str]:
        return {name for name in names if found[name] is not None and not bool(found[name].any())}

    still = nothing(gradients, [name for name, one in own.items() if one.ndim > 1 and name in gradients]) - idle
    moved, found = dict(own), gradients
    for _round in range(ROUNDS if still else 0):
        if not still:
            break
        moved = {name: _stepped(one, found.get(name)) for name, one in moved.items()}
        with as_it_was(torch, module):
            outputs = floats(torch, _run(torch, module, moved, call))
            found = _gradients(torch, outputs, {name: moved[name] for name in gradients}, seed)
        still = nothing(found, sorted(still))
    return still


def _stepped(parameter: Any, gradient: Any) -> Any:
    """A parameter after a step along its gradient that is small beside it."""
    if gradient is None or not bool(gradient.any()):
        return parameter
    size = max(float(parameter.detach().float().square().mean().sqrt()), STEP)
    direction = gradient / gradient.float().square().mean().sqrt().clamp_min(1e-30).to(gradient.dtype)
    return (parameter.detach() + STEP * size * direction).requires_grad_()


def _uses(calls: Calls, layers: Sequence[LayerReading]) -> dict[str, str]:
    """What is known of each parameter: whether it was read as weights, as a bias, as a rate, or as a table."""
    found = {}
    for layer in calls.flows.layers:
        for number, use in ((layer.applied.weights, "weights"), (layer.applied.bias, "bias")):
            found.update(dict.fromkeys(calls.origins.get(number, ()), use))
        for place in layer.exponent:
            found.update(dict.fromkeys(calls.factors.get(place, ()), "rate"))
    found.update((name, "tied" if found.get(name) == "weights" else "table") for name in calls.tables)
    return {**dict.fromkeys(calls.used, ""), **dict.fromkeys(calls.added, "added"), **found}


def _parameter(name: str, tensor: Any, gradient: Any, stuck: bool, uses: Mapping[str, str]) -> ParameterReading:
    values = tensor.detach().float()
    rms = math.nan if gradient is None else float(gradient.float().square().mean().sqrt())
    use = uses.get(name, "unused")
    flat = sum(side > 1 for side in tensor.shape) < 2
    use = "vector" if use == "" and flat else use
    mean, std = (float(values.mean()), float(values.std(correction=0))) if values.numel() else (0.0, 0.0)
    alike = use == "table" and gradient is not None and layer_statistics.alike(_array(tensor), _array(gradient))
    along = math.nan if gradient is None else radial(_array(tensor), _array(gradient))
    return ParameterReading(name, tuple(tensor.shape), mean, std, rms, stuck, use, alike, along)


def _layer_readings(
    answers: Sequence[Answer], calls: Calls, gradients, of_sequences, own: Mapping[str, Any]
) -> Iterator[LayerReading]:
    seen: set[str] = set()
    for answer in answers:
        applied = answer.applied
        name = applied.name.removesuffix(".weight")
        weights = applied.turned(_array(calls.constants[applied.weights]))
        inputs = calls.received[applied.weights, applied.inputs]
        number, recurrent = _bias(answer, calls), applied.kind == "recurrent"
        bias = calls.constants.get(number)
        z = inputs[..., : len(weights)] @ weights if recurrent else calls.values[answer.preactivations]
        h = None if answer.activations is None or recurrent else calls.values[answer.activations]
        of_z = None if recurrent else calls.gradients.get(answer.preactivations, np.zeros_like(z))
        of_weights = gradients.get(applied.name)
        same = of_weights is not None and tuple(of_weights.shape) == calls.shapes[applied.weights]
        examples = max(1, calls.shapes[applied.inputs][0]) if calls.shapes[applied.inputs] else 1
        definition = LayerDefinition(
            name=name,
            weights=weights * np.float32(answer.scale),
            biases=None if bias is None else by_unit(_array(bias), weights.shape[-1]),
            dtype=calls.dtypes[applied.weights],
            activation=None if recurrent else answer.activation,
            kind=answer.layer.kind,
            normalized=answer.normalized,
            trainable=applied.trainable,
            shared_with=name if name in seen else None,
            fans=applied.fans,
            own_fan_in=math.prod(calls.shapes[applied.weights][1:]),
            parameter=applied.name,
            bias=next(iter(calls.origins.get(number, ())), ""),
            times=times(weights * np.float32(answer.scale), _array(own[applied.name])),
        )
        signals = LayerSignals(
            inputs=inputs,
            preactivations=z,
            activations=h,
            preactivation_gradients=np.full((1, 1), math.nan) if of_z is None else of_z,
            weight_gradients=applied.turned(_array(of_weights)) if same else np.zeros_like(weights),
            values=math.prod(calls.shapes[answer.preactivations]) // examples,
            step=calls.step_mean(answer.layer.step),
            exponential=max((calls.sizes[one] for one in answer.layer.exponentials), default=None),
            time_steps=calls.gradients_by_time_step(answer.layer, of_sequences),
        )
        yield LayerReading(definition, signals, answer.place)
        seen.add(name)


def _bias(answer: Answer, calls: Calls) -> int | None:
    """The number of a layer's bias; what comes by again may be added to others before its bias is."""
    if answer.layer.kind != "recurrent":
        return answer.bias
    units = math.prod(calls.shapes[answer.preactivations][axis] for axis in answer.axes)
    units = len(calls.constants[answer.applied.weights]) if answer.applied.kind == "recurrent" else units
    later = answer.layer.constants if answer.layer.time_steps else ()
    found = [one for one in (answer.bias, *later) if one is not None]
    return next((one for one in found if math.prod(calls.shapes[one]) == units), None)


def _array(tensor: Any) -> np.ndarray:
    """The numbers of a tensor, those of less than 32 bits in float32."""
    kept = tensor.detach() if str(tensor.dtype) == "torch.float64" else tensor.detach().float()
    return kept.cpu().numpy()
