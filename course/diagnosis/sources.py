"""Reads a network of any of the kinds that `diagnose` takes, and says in a sentence what it cannot read.

The frameworks are never imported: whoever holds a network of one has imported it.
"""

import inspect
import math
import sys
from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import batches, jax_sources, lists, torch_sources
from course.diagnosis.reading import NetworkReading
from course.diagnosis.targets import beside

ALLOWED = (
    "a list of (weights, activation) or (weights, biases, activation), a pair (function, parameters) with "
    "function(parameters, batch) written in JAX or PyTorch, a Flax, Haiku, Equinox or Keras network or a PyTorch module"
)
LINEN = ". For a Flax Linen module give the pair (module.apply, variables) or (module, variables)"
TRANSFORMED = ". Give the pair (network, network.init(key, batch))"
PARAMETERS = ". For parameters alone give the pair (forward, parameters), with forward(parameters, batch)"
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
        raise ValueError(f"seed is {batches.short(seed)}; allowed is a whole number, 0 or more")
    if forward is not None and not callable(forward):
        raise ValueError(f"forward is {batches.short(forward)}; allowed is a function of the network and the batch")
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
    if keras and isinstance(network, keras.Model):  # on its backend torch it is a PyTorch module too
        return jax_sources.read_keras(keras, network, batch, seed, forward)
    if torch and isinstance(network, torch.nn.Module):
        return torch_sources.read_module(torch, network, batch, seed, forward)
    if nnx and isinstance(network, nnx.Module):
        graph, state = nnx.split(network)
        answer = forward or (lambda network, *inputs, **named: network(*inputs, **named))
        return jax_sources.read_function(
            lambda state, *inputs, **named: answer(nnx.merge(graph, state), *inputs, **named),
            state, batch, seed, "Flax NNX",
        )  # fmt: skip
    if equinox and isinstance(network, equinox.Module):
        return jax_sources.read_equinox(equinox, network, batch, seed, forward)
    if _is_transformed(network) and not _linen(network):
        raise ValueError(f"the network is a {type(network).__name__}; allowed is {ALLOWED}{TRANSFORMED}")
    if lists.is_list(network) and not _is_pair(network):
        _check_list(network, forward)
        return _read_list(network, batch, seed)
    if isinstance(network, list | tuple):
        return _read_pair(torch, *network, batch, seed, forward)
    hint = FUNCTION if inspect.isfunction(network) else _linen(network)
    hint = PARAMETERS if forward is not None and isinstance(network, dict) else hint
    raise ValueError(f"the network is a {type(network).__name__}; allowed is {ALLOWED}{hint}")


def _is_transformed(network: Any) -> bool:
    """Whether somebody gave functions that make and apply parameters, as Flax Linen and Haiku have them."""
    return callable(getattr(network, "init", None)) and callable(getattr(network, "apply", None))


def _is_pair(network: Any) -> bool:
    """Whether somebody gave a network that has no numbers of its own, and its parameters."""
    return len(network) == 2 and _is_transformed(network[0])


def _read_pair(torch: Any, function: Any, parameters: Any, batch: Any, seed: int, forward) -> NetworkReading:
    if getattr(function, "__name__", "") == "apply" and _linen(getattr(function, "__self__", None)):
        function = function.__self__
    if _is_transformed(function):
        function, parameters = _applying(function, parameters)
    if not callable(function):
        raise ValueError(f"the pair begins with a {type(function).__name__}; allowed is {ALLOWED}{LINEN}")
    if torch and any(isinstance(one, torch.Tensor) for one in batches.leaves(parameters)):
        return torch_sources.read_function(torch, function, parameters, batch, seed, forward)
    if forward is not None:
        given, function = function, lambda parameters, batch: forward(partial(given, parameters), batch)
    return jax_sources.read_function(function, parameters, batch, seed, "JAX")


def _applying(network: Any, parameters: Any) -> tuple[Callable, Any]:
    """The function of a Linen module or of Haiku's transformed pair, and what it learns.

    Either may want keys or a state beside the parameters; its signature does not say so, and the first way in which
    it can be called is taken.
    """
    key = jax.random.key(0)
    if _linen(network):
        state = [name for name in parameters if name != "params"]  # statistics that a normalization keeps
        keyed = partial(network.apply, rngs={"params": key}, mutable=state)
        return _first_that_runs(
            network.apply, lambda learned, *inputs, **named: keyed(learned, *inputs, **named)[0], Exception
        ), parameters
    if type(network).__name__ == "TransformedWithState":
        learned, state = parameters
        return _first_that_runs(
            lambda learned, batch: network.apply(learned, state, batch)[0],
            lambda learned, batch: network.apply(learned, state, key, batch)[0],
        ), learned
    return _first_that_runs(network.apply, lambda learned, batch: network.apply(learned, key, batch)), parameters


def _first_that_runs(one: Callable, other: Callable, raised: Any = (TypeError, ValueError)) -> Callable:
    """The one function, or the other where that one raises; Haiku raises these on a batch in the place of a key."""

    def function(parameters, *inputs, **named):
        try:
            return one(parameters, *inputs, **named)
        except raised:
            return other(parameters, *inputs, **named)

    return function


def _linen(network: Any) -> str:
    """A hint for whoever gave a Flax Linen module."""
    linen = sys.modules.get("flax.linen")
    return LINEN if linen is not None and isinstance(network, linen.Module) else ""


def _check_list(network: Any, forward: Callable | None) -> None:
    """Raise a `ValueError` for what was meant for a pair of a function and its parameters."""
    if len(network) == 2 and callable(network[1]):
        raise ValueError("the pair ends with a function; allowed is (function, parameters), or a list of layers")
    if forward is not None:
        raise ValueError(
            "forward= was given with a list of layers, which answers by itself; allowed is a module, or the pair "
            "(function, parameters)"
        )


def _read_list(network: Any, batch: Any, seed: int) -> NetworkReading:
    layers = lists.checked(network)
    for number, layer in enumerate(layers, 1):
        if not jnp.issubdtype(layer.weights.dtype, jnp.floating):
            raise ValueError(
                f"the weights of layer {number} are {layer.weights.dtype}; allowed are floating-point numbers"
            )
    parts = batches.array_batch(batch)
    rows = parts.inputs[0].reshape(len(parts.inputs[0]), -1)
    if rows.shape[1] != layers[0].weights.shape[0]:
        raise ValueError(f"the batch has {rows.shape[1]} features, and layer 1 takes {layers[0].weights.shape[0]}")
    reading = lists.read(layers, rows, seed=seed)
    loss, distance, of_targets = beside(reading.outputs, parts.targets, len(rows), alone=True)
    return reading._replace(loss=loss, distance=distance, of_targets=of_targets)


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
