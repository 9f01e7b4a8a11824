"""Reads a network of any of the kinds that `diagnose` takes, and says in a sentence what it cannot read.

The frameworks are never imported: whoever holds a network of one has imported it.
"""

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from numbers import Integral
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import batches, lists, torch_modules, traced
from course.diagnosis.batches import Batch
from course.diagnosis.reading import NetworkReading, first_distance, first_loss

ALLOWED = (
    "a list of (weights, activation) or (weights, biases, activation), a pair (function, parameters) with "
    "function(parameters, batch) written in JAX or PyTorch, a Flax, Haiku, Equinox or Keras network or a PyTorch module"
)
LINEN = ". For a Flax Linen module give the pair (module.apply, variables) or (module, variables)"
TRANSFORMED = ". Give the pair (network, network.init(key, batch))"
FUNCTION = ". For a function of the batch alone give the module that it calls, and the function as forward="


def read(network: Any, batch: Any, *, seed: int = 0, forward: Callable | None = None) -> NetworkReading:
    """Run a network forward and backward on a batch, and read every layer of weights.

    `batch` has the examples first; `seed` decides the directions v of the cost C = Σ v · outputs. A module is read in
    the mode that it is in, training or evaluation, and left as it was; an Equinox module takes single examples or
    batches, and is read in inference mode. `forward(network, batch)` answers in the network's place.

    A layer is a product of weights with a signal, or a convolution. Raises `ValueError`, in words, for what is no
    network, cannot run, or holds numbers that are none.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; allowed is a whole number, 0 or more")
    reading = _read(_unwrapped(network), batch, seed, forward)
    unknown = [one for one in reading.parameters if len(one.shape) > 1 and one.use not in ("vector", "unused")]
    if not reading.layers and not unknown and not reading.note:
        raise ValueError("the network has no layer of weights; nothing in it has a start to judge")
    return _checked_reading(reading)


def _unwrapped(network: Any) -> Any:
    """The module inside torch.compile, DataParallel and their like."""
    torch = sys.modules.get("torch")
    while torch and isinstance(network, torch.nn.Module):
        parallel = type(network).__name__ in ("DataParallel", "DistributedDataParallel")
        inner = getattr(network, "_orig_mod", None) or (network.module if parallel else None)
        if inner is None:
            return network
        network = inner
    return network


def _read(network: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    torch, nnx, equinox = (sys.modules.get(name) for name in ("torch", "flax.nnx", "equinox"))
    keras = sys.modules.get("keras")
    if isinstance(network, type):
        raise ValueError(
            f"the network is the class {network.__name__}; allowed is a network made from it: call it first"
        )
    if torch and isinstance(network, torch.nn.Module):
        return _read_torch(torch, network, batch, seed, forward)
    if nnx and isinstance(network, nnx.Module):
        graph, state = nnx.split(network)
        answer = forward or (lambda network, batch: network(batch))
        return _read_jax(lambda state, batch: answer(nnx.merge(graph, state), batch), state, batch, seed, "Flax NNX")
    if equinox and isinstance(network, equinox.Module):
        return _read_equinox(equinox, network, batch, seed, forward)
    if keras and isinstance(network, keras.Model):
        return _read_keras(keras, network, batch, seed)
    if _is_transformed(network) and not _linen(network):
        raise ValueError(f"the network is a {type(network).__name__}; allowed is {ALLOWED}{TRANSFORMED}")
    if lists.is_list(network) and not _is_pair(network):
        return _read_list(network, batch, seed)
    if isinstance(network, list | tuple):
        return _read_pair(torch, *network, batch, seed, forward)
    hint = FUNCTION if inspect.isfunction(network) else _linen(network)
    raise ValueError(f"the network is a {type(network).__name__}; allowed is {ALLOWED}{hint}")


def _is_transformed(network: Any) -> bool:
    """Whether somebody gave functions that make and apply parameters, as Flax Linen and Haiku have them."""
    return callable(getattr(network, "init", None)) and callable(getattr(network, "apply", None))


def _is_pair(network: Any) -> bool:
    """Whether somebody gave a network that has no numbers of its own, and its parameters."""
    return len(network) == 2 and _is_transformed(network[0])


def _read_pair(torch: Any, function: Any, parameters: Any, batch: Any, seed: int, forward) -> NetworkReading:
    if _is_transformed(function):
        function, parameters = _applying(function, parameters)
    if not callable(function):
        raise ValueError(f"the pair begins with a {type(function).__name__}; allowed is {ALLOWED}{LINEN}")
    if torch and any(isinstance(one, torch.Tensor) for one in batches.leaves(parameters)):
        return _read_torch_function(torch, function, parameters, batch, seed)
    if forward is not None:
        given, function = function, lambda parameters, batch: forward(partial(given, parameters), batch)
    return _read_jax(function, parameters, batch, seed, "JAX")


def _applying(network: Any, parameters: Any) -> tuple[Callable, Any]:
    """The function of a Linen module or of Haiku's transformed pair, and what it learns.

    Haiku's may want a key, and a state beside the parameters; its signature does not say so, and the first way in
    which it can be called is taken.
    """
    if _linen(network):
        return network.apply, parameters
    key = jax.random.key(0)
    if type(network).__name__ == "TransformedWithState":
        learned, state = parameters
        return _first_that_runs(
            lambda learned, batch: network.apply(learned, state, batch)[0],
            lambda learned, batch: network.apply(learned, state, key, batch)[0],
        ), learned
    return _first_that_runs(network.apply, lambda learned, batch: network.apply(learned, key, batch)), parameters


def _first_that_runs(one: Callable, other: Callable) -> Callable:
    def function(parameters, batch):
        try:
            return one(parameters, batch)
        except (TypeError, ValueError):  # what Haiku says to a batch in the place of a key
            return other(parameters, batch)

    return function


def _linen(network: Any) -> str:
    """A hint for whoever gave a Flax Linen module."""
    linen = sys.modules.get("flax.linen")
    return LINEN if linen is not None and isinstance(network, linen.Module) else ""


def _array_batch(batch: Any) -> Batch:
    """A batch of one array, perhaps with targets, checked."""
    parts = batches.parted(batch, 1, ()) if batches.is_parts(batch) else Batch((batch,), {})
    array = batches.as_array(parts.inputs[0])
    batches.checked(array)
    narrow = array.dtype == np.float64 and not jax.config.jax_enable_x64
    return Batch((array.astype(np.float32) if narrow else array,), {}, parts.targets)


def _read_list(network: Any, batch: Any, seed: int) -> NetworkReading:
    layers = lists.checked(network)
    for number, layer in enumerate(layers, 1):
        if not jnp.issubdtype(layer.weights.dtype, jnp.floating):
            raise ValueError(
                f"the weights of layer {number} are {layer.weights.dtype}; allowed are floating-point numbers"
            )
    parts = _array_batch(batch)
    rows = parts.inputs[0].reshape(len(parts.inputs[0]), -1)
    if rows.shape[1] != layers[0].weights.shape[0]:
        raise ValueError(f"the batch has {rows.shape[1]} features, and layer 1 takes {layers[0].weights.shape[0]}")
    reading = lists.read(layers, rows, seed=seed)
    return reading._replace(
        loss=first_loss(reading.outputs, parts.targets), distance=first_distance(reading.outputs, parts.targets)
    )


def _read_jax(function: Callable, parameters: Any, batch: Any, seed: int, framework: str) -> NetworkReading:
    leaves = jax.tree.leaves(parameters)
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves):
        raise ValueError("the parameters are shapes without numbers; allowed is a network that has been initialized")
    if isinstance(batch, dict) or batches.is_parts(batch):
        parts = _parts_in_jax(function, parameters, batch)
    else:
        parts = _array_batch(batch)
    (inputs,) = parts.inputs
    return _running(
        framework,
        inputs,
        lambda: traced.read(function, parameters, inputs, seed=seed, framework=framework, targets=parts.targets),
    )


def _parts_in_jax(function: Callable, parameters: Any, batch: Any) -> Batch:
    """The batch as a whole if the function takes it, or else its inputs and its targets."""
    whole = jax.tree.map(batches.as_array, batch)
    for one in jax.tree.leaves(whole):
        batches.checked(one, examples=False)
    try:
        jax.eval_shape(function, parameters, whole)
    except Exception:
        if isinstance(batch, dict):
            return _array_batch(next(iter(batch.values())) if len(batch) == 1 else batch)
        return _array_batch(batch)
    return Batch((whole,), {})


def _read_equinox(equinox: Any, network: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    parameters, rest = equinox.partition(equinox.nn.inference_mode(network), equinox.is_inexact_array)
    answer = forward or (lambda network, example: network(example))

    def one(parameters, example):
        return answer(equinox.combine(parameters, rest), example)

    def each(parameters, batch):
        return jax.vmap(one, in_axes=(None, 0))(parameters, batch)

    example = _array_batch(batch).inputs[0]
    try:  # a module takes single examples as a rule
        jax.eval_shape(each, parameters, example)
    except Exception:
        return _read_jax(one, parameters, batch, seed, "Equinox")
    return _read_jax(each if forward is None else one, parameters, batch, seed, "Equinox")


def _read_keras(keras: Any, model: Any, batch: Any, seed: int) -> NetworkReading:
    if keras.backend.backend() != "jax":
        raise ValueError(
            f"the network is a Keras model on the backend {keras.backend.backend()}; allowed is the backend jax: set "
            "the environment's KERAS_BACKEND=jax before importing keras"
        )
    if not model.built:
        model(np.asarray(batches.as_array(_array_batch(batch).inputs[0])))
    fixed = [one.value for one in model.non_trainable_variables]
    parameters = {one.path: one.value for one in model.trainable_variables}

    def function(parameters, batch):
        answer, _state = model.stateless_call(list(parameters.values()), fixed, batch, training=True)
        return answer

    ordered = dict(zip(parameters, range(len(parameters)), strict=True))

    def by_name(parameters, batch):
        return function({name: parameters[name] for name in ordered}, batch)

    return _read_jax(by_name, parameters, batch, seed, "Keras")


def _read_torch_function(torch: Any, function: Callable, parameters: Any, batch: Any, seed: int) -> NetworkReading:
    """A function and its tensors, as a module that holds them."""
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

    return _read_torch(torch, Network(), batch, seed, None)


def _read_torch(torch: Any, module: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    parameters = dict(module.named_parameters())
    lazy = [name for name, one in parameters.items() if isinstance(one, torch.nn.parameter.UninitializedParameter)]
    if lazy:
        raise ValueError(f"the parameter {lazy[0]} is lazy and has no numbers yet; run the network once before")
    unreal = next((name for name, one in parameters.items() if one.is_complex()), None)
    if unreal:
        raise ValueError(f"the parameter {unreal} is {parameters[unreal].dtype}; allowed are floating-point numbers")
    first = next((one for one in parameters.values() if one.is_floating_point()), torch.zeros(0))
    parts = _torch_batch(module, batch, forward)
    turned = partial(_tensors, torch, first.dtype, first.device)
    inputs, named = turned(parts.inputs), turned(parts.named)
    found = [one for one in batches.leaves([inputs, named]) if isinstance(one, torch.Tensor)]
    found = found or [one for value in inputs for one in batches.held(value)]
    for place, one in enumerate(found):
        batches.checked(one, examples=place == 0 and forward is None)

    def call(network):
        return network(*inputs, **named) if forward is None else forward(network, *inputs)

    return _running(
        "PyTorch", found[0] if found else None,
        lambda: torch_modules.read(torch, module, call, found, seed, parts.targets),
    )  # fmt: skip


def _torch_batch(module: Any, batch: Any, forward: Callable | None) -> Batch:
    if forward is not None:
        return Batch((batch,), {})
    try:
        parameters = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):  # a scripted module
        parameters = []
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    takes = max(1, sum(one.default is one.empty for one in positional))
    if batches.is_array(batch) or (not batches.held(batch) and not isinstance(batch, Mapping | list | tuple)):
        return Batch((batch if batches.is_array(batch) else batches.as_array(batch),), {})
    if isinstance(batch, list | tuple) and not batches.is_parts(batch):
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


def _running(framework: str, batch: Any, reading: Callable[[], NetworkReading]) -> NetworkReading:
    """Read, and turn what the network itself raises into a sentence."""
    try:
        return reading()
    except Exception as exception:
        if isinstance(exception, ValueError) and str(exception).startswith(("the network ", "the network's ")):
            raise
        first, *_ = [*str(exception).strip().splitlines(), "nothing"]
        where = "" if not batches.is_array(batch) else f" of shape {tuple(batch.shape)} and type {_kind(batch)}"
        raise ValueError(
            f"the {framework} network could not be run on a batch{where}. {type(exception).__name__}: {first}"
        ) from exception


def _kind(batch: Any) -> str:
    return str(batch.dtype).removeprefix("torch.")


def _checked_reading(reading: NetworkReading) -> NetworkReading:
    for number, (definition, signals, _place) in enumerate(reading.layers, 1):
        wrong = int(np.sum(~np.isfinite(definition.weights)))
        if wrong:
            raise ValueError(
                f"the weights of layer {number} ({definition.name}) hold NaN or infinity in {wrong} of "
                f"{definition.weights.size} places; allowed are finite numbers"
            )
        if signals.preactivations.size == 0:
            raise ValueError(f"layer {number} ({definition.name}) answers with nothing, {signals.preactivations.shape}")
    wrong = [one for one in reading.parameters if not math.isfinite(one.mean)]
    if wrong:
        raise ValueError(
            f"the parameter {wrong[0].name} holds NaN or infinity; allowed are finite numbers. Every answer that it "
            "reaches is none either"
        )
    return reading
