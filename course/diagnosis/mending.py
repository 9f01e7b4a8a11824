"""The network with the remedies applied, so that before and after can stand side by side."""

import copy
import re
import sys
import zlib
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import lists
from course.diagnosis.jaxprs import path_name
from course.diagnosis.remedies import Change, changed


def mended(network: Any, changes: Sequence[Change], seed: int) -> Any:
    """Return a copy of a network with these changes; the network itself is left as it is."""
    by_name = _by_name(changes)
    torch, nnx, equinox, keras = (sys.modules.get(name) for name in ("torch", "flax.nnx", "equinox", "keras"))
    # Keras on its backend torch has PyTorch's modules, and variables of its own.
    if torch and isinstance(network, torch.nn.Module) and not (keras and isinstance(network, keras.Model)):
        return _module(torch, network, by_name, seed)
    if nnx and isinstance(network, nnx.Module):
        graph, state = nnx.split(network)
        return nnx.merge(graph, _tree(state, by_name, seed))
    if equinox and isinstance(network, equinox.Module):
        parameters, rest = equinox.partition(network, equinox.is_inexact_array)
        return equinox.combine(_tree(parameters, by_name, seed), rest)
    if keras and isinstance(network, keras.Model):
        return _model(keras, network, by_name, seed)
    if lists.is_list(network):
        return _layers(lists.checked(network), changes, seed)
    if isinstance(network, list | tuple) and not _holds_tensors(torch, network[1]):
        return (network[0], _tree(network[1], by_name, seed))
    raise ValueError(
        f"the network is a {type(network).__name__}; allowed are a PyTorch, Flax NNX or Equinox module, a Keras "
        "model, a list of layers, or a pair of a JAX function and its parameters"
    )


def _holds_tensors(torch: Any, parameters: Any) -> bool:
    return bool(torch) and any(isinstance(leaf, torch.Tensor) for leaf in jax.tree.leaves(parameters))


Changes = dict[str, list[Change]]
"""The changes of each parameter; several where layers have a part of it each."""


def _by_name(changes: Sequence[Change]) -> Changes:
    found: Changes = {}
    for one in changes:
        found.setdefault(one.parameter.partition("[")[0], []).append(one)
    return found


def _changed(values: np.ndarray, changes: Sequence[Change], seed: int) -> np.ndarray:
    """A parameter after changes of it, or of its parts: weights[3] is that of a stack's fourth layer."""
    result = np.array(values, float)
    for one in changes:
        part = result
        for index in re.findall(r"\[([^]]*)\]", one.parameter):
            part = part[tuple(slice(None) if place.strip() == ":" else int(place) for place in index.split(","))]
        part[...] = changed(part, one, _random(one, seed))
    return result


def _random(one: Change, seed: int) -> np.random.Generator:
    """A generator of each parameter's own, so that none is drawn as another was, whatever seed that came from."""
    return np.random.default_rng([seed, zlib.crc32(one.parameter.encode())])


def _module(torch: Any, module: Any, by_name: Changes, seed: int) -> Any:
    result = _copied(torch, module)
    with torch.no_grad():
        for name, changes in by_name.items():
            parameter = result.get_parameter(name)
            values = _changed(parameter.detach().cpu().double().numpy(), changes, seed)
            parameter.copy_(torch.as_tensor(values))
    return result


def _copied(torch: Any, module: Any) -> Any:
    """A copy of a module; of tensors that it has computed and keeps, as weight_norm and prune do, the numbers."""
    parts = [one for part in module.modules() for one in vars(part).values()]
    kept = [one for one in parts if isinstance(one, torch.Tensor) and not one.is_leaf]
    try:
        return copy.deepcopy(module, {id(one): one.detach().clone() for one in kept})
    except (RuntimeError, TypeError) as error:
        said = "the network cannot be copied, and is mended in its own code only"
        raise ValueError(f"{said}. {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _tree(tree: Any, by_name: Changes, seed: int) -> Any:
    def leaf(path, value):
        changes = by_name.get(path_name(path))
        return value if changes is None else jnp.asarray(_changed(np.asarray(value), changes, seed), value.dtype)

    return jax.tree_util.tree_map_with_path(leaf, tree)


def _model(keras: Any, model: Any, by_name: Changes, seed: int) -> Any:
    """A model made anew from its configuration, with its weights."""
    try:
        result = keras.models.clone_model(model)
    except Exception as error:
        said = "the model cannot be made from its configuration, and is mended in its own code only"
        raise ValueError(f"{said}. {_first_line(error)}") from error
    if not result.built:
        result.build(model.input_shape)
    named = zip((one.path for one in model.weights), model.get_weights(), strict=True)
    result.set_weights([_changed(values, by_name.get(path, ()), seed) for path, values in named])
    return result


def _layers(layers: Sequence[lists.Layer], changes: Sequence[Change], seed: int) -> list[lists.Layer]:
    result = list(layers)
    for one in changes:
        place = int(one.parameter.split()[1]) - 1
        layer = result[place]
        if one.action == "zero":
            result[place] = layer._replace(biases=np.zeros_like(layer.biases))
        else:
            result[place] = layer._replace(weights=changed(layer.weights, one, _random(one, seed)))
    return result
