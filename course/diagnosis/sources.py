"""Reads a network of any of the kinds that `diagnose` takes, and says in a sentence what it cannot read.

The frameworks are never imported: whoever holds a network of one has imported it.
"""

import math
import sys
from collections.abc import Callable
from numbers import Integral
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import lists, torch_modules, traced
from course.diagnosis.reading import NetworkReading

MOST_EXAMPLES = 512
"""As many examples of a batch are looked at, the first ones."""
ALLOWED = (
    "a list of (weights, activation) or (weights, biases, activation), a pair (function, parameters) with "
    "function(parameters, batch) written in JAX, a Flax NNX module, an Equinox module or a PyTorch module"
)
LINEN = ". For a Flax Linen module give the pair (module.apply, variables)"


def read(network: Any, batch: Any, *, seed: int = 0) -> NetworkReading:
    """Run a network forward and backward on the first 512 examples of a batch, and read every layer of weights.

    `batch` has the examples first; `seed` decides the directions v of the cost C = Σ v · outputs. A module is read in
    the mode that it is in, training or evaluation, and left as it was; an Equinox module takes single examples or
    batches, and is read in inference mode.

    A layer is a product of a matrix of weights with a signal, or a convolution. Embeddings are none, and products over
    several axes at once, `torch.einsum` among them, are passed over. Raises `ValueError`, in words, for what is no
    network, cannot run, or holds numbers that are none, and for weights inside a `while`, a `cond` or an LSTM.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; allowed is a whole number, 0 or more")
    reading = _read(network, _checked_batch(batch), seed)
    if not reading.layers:
        raise ValueError("the network has no layer of weights; nothing in it has a start to judge")
    return _checked_reading(reading)


def _read(network: Any, batch: np.ndarray, seed: int) -> NetworkReading:
    torch, nnx, equinox = (sys.modules.get(name) for name in ("torch", "flax.nnx", "equinox"))
    if isinstance(network, type):
        raise ValueError(
            f"the network is the class {network.__name__}; allowed is a network made from it: call it first"
        )
    if torch and isinstance(network, torch.nn.Module):
        return _read_torch(torch, network, batch, seed)
    if nnx and isinstance(network, nnx.Module):
        graph, state = nnx.split(network)
        return _read_jax(lambda state, batch: nnx.merge(graph, state)(batch), state, batch, seed, "Flax NNX")
    if equinox and isinstance(network, equinox.Module):
        return _read_equinox(equinox, network, batch, seed)
    if lists.is_list(network):
        return _read_list(network, batch, seed)
    if isinstance(network, list | tuple):
        if not callable(network[0]) or _linen(network[0]):
            raise ValueError(f"the pair begins with a {type(network[0]).__name__}; allowed is {ALLOWED}{LINEN}")
        return _read_jax(*network, batch, seed, "JAX")
    raise ValueError(f"the network is a {type(network).__name__}; allowed is {ALLOWED}{_linen(network)}")


def _linen(network: Any) -> str:
    """A hint for whoever gave a Flax Linen module."""
    linen = sys.modules.get("flax.linen")
    return LINEN if linen is not None and isinstance(network, linen.Module) else ""


def _checked_batch(batch: Any) -> np.ndarray:
    if hasattr(batch, "detach"):
        batch = batch.detach().cpu().numpy()
    try:
        array = np.asarray(batch)
    except ValueError:  # rows of different lengths
        raise ValueError(f"the batch is {lists.short(batch)}; allowed is an array of numbers, examples first") from None
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise ValueError(f"the batch holds {array.dtype}; allowed are real numbers")
    if array.ndim < 2 or array.size == 0:
        raise ValueError(f"the batch has shape {array.shape}; allowed is (examples, features), or more dimensions")
    if len(array) < 2:
        raise ValueError(
            "the batch has 1 example; allowed are 2 or more, for units that are dead or alike show only then"
        )
    array = array[:MOST_EXAMPLES]
    if jnp.issubdtype(array.dtype, jnp.floating) and not np.isfinite(np.asarray(array, float)).all():
        raise ValueError("the batch holds NaN or infinity; allowed are finite numbers")
    return array.astype(np.float32) if array.dtype == np.float64 and not jax.config.jax_enable_x64 else array


def _read_list(network: Any, batch: np.ndarray, seed: int) -> NetworkReading:
    layers = lists.checked(network)
    for number, layer in enumerate(layers, 1):
        if not jnp.issubdtype(layer.weights.dtype, jnp.floating):
            raise ValueError(
                f"the weights of layer {number} are {layer.weights.dtype}; allowed are floating-point numbers"
            )
    rows = batch.reshape(len(batch), -1)
    if rows.shape[1] != layers[0].weights.shape[0]:
        raise ValueError(f"the batch has {rows.shape[1]} features, and layer 1 takes {layers[0].weights.shape[0]}")
    return lists.read(layers, rows, seed=seed)


def _read_jax(function: Callable, parameters: Any, batch: np.ndarray, seed: int, framework: str) -> NetworkReading:
    leaves = jax.tree.leaves(parameters)
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves):
        raise ValueError("the parameters are shapes without numbers; allowed is a network that has been initialized")
    return _running(framework, batch, lambda: traced.read(function, parameters, batch, seed=seed, framework=framework))


def _read_equinox(equinox: Any, network: Any, batch: np.ndarray, seed: int) -> NetworkReading:
    parameters, rest = equinox.partition(equinox.nn.inference_mode(network), equinox.is_inexact_array)

    def one(parameters, example):
        return equinox.combine(parameters, rest)(example)

    def each(parameters, batch):
        return jax.vmap(one, in_axes=(None, 0))(parameters, batch)

    try:  # a module takes single examples as a rule
        jax.eval_shape(each, parameters, batch)
    except Exception:
        return _read_jax(one, parameters, batch, seed, "Equinox")
    return _read_jax(each, parameters, batch, seed, "Equinox")


def _read_torch(torch: Any, module: Any, batch: np.ndarray, seed: int) -> NetworkReading:
    parameters = dict(module.named_parameters())
    lazy = [name for name, one in parameters.items() if isinstance(one, torch.nn.parameter.UninitializedParameter)]
    if lazy:
        raise ValueError(f"the parameter {lazy[0]} is lazy and has no numbers yet; run the network once before")
    unreal = next((name for name, one in parameters.items() if one.is_complex()), None)
    if unreal:
        raise ValueError(f"the parameter {unreal} is {parameters[unreal].dtype}; allowed are floating-point numbers")
    kind = next((one.dtype for one in parameters.values() if one.is_floating_point()), torch.float32)
    tensor = torch.as_tensor(np.asarray(batch))
    tensor = tensor.to(kind) if tensor.is_floating_point() else tensor
    return _running("PyTorch", batch, lambda: torch_modules.read(torch, module, tensor, seed=seed))


def _running(framework: str, batch: np.ndarray, reading: Callable[[], NetworkReading]) -> NetworkReading:
    """Read, and turn what the network itself raises into a sentence."""
    try:
        return reading()
    except Exception as exception:
        if isinstance(exception, ValueError) and str(exception).startswith(("the network ", "the network's ")):
            raise
        first, *_ = [*str(exception).strip().splitlines(), "nothing"]
        raise ValueError(
            f"the {framework} network could not be run on a batch of shape {batch.shape} and type {batch.dtype}. "
            f"{type(exception).__name__}: {first}"
        ) from exception


def _checked_reading(reading: NetworkReading) -> NetworkReading:
    for number, layer in enumerate(reading.layers, 1):
        wrong = int(np.sum(~np.isfinite(layer.weights)))
        if wrong:
            raise ValueError(
                f"the weights of layer {number} ({layer.name}) hold NaN or infinity in {wrong} of {layer.weights.size} "
                "places; allowed are finite numbers"
            )
        if math.prod(layer.preactivations.shape) == 0:
            raise ValueError(f"layer {number} ({layer.name}) answers with nothing, {layer.preactivations.shape}")
    return reading
