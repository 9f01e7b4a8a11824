"""Reads networks of PyTorch: a module, or a function and its tensors, with their batch."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from course.diagnosis import batches, torch_modules
from course.diagnosis.batches import Batch
from course.diagnosis.reading import NetworkReading


def read_function(
    torch: Any, function: Callable, parameters: Any, batch: Any, seed: int, forward: Callable | None = None
) -> NetworkReading:
    return read_module(torch, holding(torch, function, parameters), batch, seed, forward)


def holding(torch: Any, function: Callable, parameters: Any) -> Any:
    """Return a module that holds a function's tensors and answers in its place."""
    paths, shape = torch.utils._pytree.tree_flatten_with_path(parameters)
    names = ["_".join(str(getattr(key, "key", getattr(key, "idx", key))) for key in path) for path, _leaf in paths]

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, (_path, leaf) in zip(names, paths, strict=True):
                self.register_parameter(name or "weights", torch.nn.Parameter(leaf.detach(), leaf.is_floating_point()))

        def forward(self, batch):
            own = [getattr(self, name or "weights") for name in names]
            return function(torch.utils._pytree.tree_unflatten(own, shape), batch)

    return Network()


def read_module(
    torch: Any, module: Any, batch: Any, seed: int, forward: Callable | None, forms: Sequence[Batch] | None = None
) -> NetworkReading:
    """Read a module on the first of the forms of a batch that it takes."""
    parameters = dict(module.named_parameters())
    lazy = [name for name, one in parameters.items() if isinstance(one, torch.nn.parameter.UninitializedParameter)]
    if lazy:
        raise ValueError(f"the parameter {lazy[0]} is lazy and has no numbers yet; run the network once before")
    first = next((one for one in parameters.values() if one.is_floating_point()), None)
    unreal = next((name for name, one in parameters.items() if one.is_complex()), None)
    if unreal and first is None:
        raise ValueError(f"the parameter {unreal} is {parameters[unreal].dtype}; allowed are floating-point numbers")
    first = torch.zeros(0) if first is None else first
    forms = forms or (_with_forward(batch) if forward else [_batch(module, batch)])
    return batches.first_that_reads(
        [partial(_read, torch, module, parts, seed, forward, first.dtype, first.device) for parts in forms]
    )


def _with_forward(batch: Any) -> list[Batch]:
    """The whole batch, and where it is a pair its inputs alone."""
    pair = batches.split(batch)
    inputs = [] if pair is None else [Batch((pair[0],), {}, batches.as_array(pair[1]))]
    return [Batch((batch,), {}), *inputs]


def _read(
    torch: Any, module: Any, parts: Batch, seed: int, forward: Callable | None, kind: Any, device: Any
) -> NetworkReading:
    turned = partial(_tensors, torch, kind, device)
    inputs, named = turned(parts.inputs), turned(parts.named)
    found = [pair for pair in batches.named_leaves([inputs, named]) if isinstance(pair[1], torch.Tensor)]
    found = found or [("", one) for value in inputs for one in batches.held(value)]
    for place, (_name, one) in enumerate(found):
        batches.checked(one, examples=place == 0 and forward is None)
    pair = batches.split(inputs[0]) if forward is not None and parts.targets is None else None
    spare = pair[1] if pair is not None and isinstance(pair[1], torch.Tensor) else None

    def call(network):
        return network(*inputs, **named) if forward is None else forward(network, *inputs)

    return batches.in_words(
        "PyTorch", found[0][1] if found else None,
        lambda: torch_modules.read(torch, module, call, found, seed, parts.targets, spare),
    )  # fmt: skip


def _batch(module: Any, batch: Any) -> Batch:
    try:
        parameters = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):  # a scripted module
        parameters = []
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    takes = max(1, sum(one.default is one.empty for one in positional))
    if batches.is_array(batch) or (not batches.held(batch) and not isinstance(batch, Mapping | list | tuple)):
        return Batch((batch if batches.is_array(batch) else batches.as_array(batch),), {})
    if isinstance(batch, list | tuple) and not batches.leaves(batch):
        return Batch((batches.as_array(batch),), {})
    any_name = any(one.kind == one.VAR_KEYWORD for one in parameters)
    parts = batches.parted(batch, takes, [one.name for one in parameters], any_name=any_name)
    if isinstance(parts.targets, np.ndarray) or not isinstance(batch, dict):
        return parts
    labels = batch.get("labels")
    return parts._replace(targets=None if labels is None else batches.as_array(labels))


def _tensors(torch: Any, kind: Any, device: Any, value: Any) -> Any:
    """Arrays as tensors of the network's precision, on its device."""
    if isinstance(value, dict):
        return {name: _tensors(torch, kind, device, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_tensors(torch, kind, device, one) for one in value)
    if not batches.is_array(value):
        return value
    if not isinstance(value, torch.Tensor):
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            batches.checked(array)
        value = torch.as_tensor(np.ascontiguousarray(array))
    return value.detach().to(device=device, dtype=kind if value.is_floating_point() else value.dtype)
