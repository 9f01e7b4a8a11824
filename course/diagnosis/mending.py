"""The network with the remedies applied, so that before and after can stand side by side."""

import copy
import sys
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
    random = np.random.default_rng(seed)
    by_name = {one.parameter: one for one in changes}
    torch, nnx, equinox = (sys.modules.get(name) for name in ("torch", "flax.nnx", "equinox"))
    keras = sys.modules.get("keras")  # on its backend torch it has PyTorch's modules, and variables of its own
    if torch and isinstance(network, torch.nn.Module) and not (keras and isinstance(network, keras.Model)):
        return _module(torch, network, by_name, random)
    if nnx and isinstance(network, nnx.Module):
        graph, state = nnx.split(network)
        return nnx.merge(graph, _tree(state, by_name, random))
    if equinox and isinstance(network, equinox.Module):
        parameters, rest = equinox.partition(network, equinox.is_inexact_array)
        return equinox.combine(_tree(parameters, by_name, random), rest)
    if lists.is_list(network):
        return _layers(lists.checked(network), changes, random)
    if isinstance(network, list | tuple) and not _holds_tensors(torch, network[1]):
        return (network[0], _tree(network[1], by_name, random))
    raise ValueError(
        f"the network is a {type(network).__name__}; allowed are a PyTorch, Flax NNX or Equinox module, a list of "
        "layers, or a pair of a JAX function and its parameters"
    )


def _holds_tensors(torch: Any, parameters: Any) -> bool:
    return bool(torch) and any(isinstance(leaf, torch.Tensor) for leaf in jax.tree.leaves(parameters))


def _module(torch: Any, module: Any, by_name: dict[str, Change], random: np.random.Generator) -> Any:
    result = copy.deepcopy(module)
    with torch.no_grad():
        for name, one in by_name.items():
            parameter = result.get_parameter(name)
            values = changed(parameter.detach().cpu().double().numpy(), one, random)
            parameter.copy_(torch.as_tensor(values))
    return result


def _tree(tree: Any, by_name: dict[str, Change], random: np.random.Generator) -> Any:
    def leaf(path, value):
        one = by_name.get(path_name(path))
        return value if one is None else jnp.asarray(changed(np.asarray(value, float), one, random), value.dtype)

    return jax.tree_util.tree_map_with_path(leaf, tree)


def _layers(layers: Sequence[lists.Layer], changes: Sequence[Change], random: np.random.Generator) -> list[lists.Layer]:
    result = list(layers)
    for one in changes:
        place = int(one.parameter.split()[1]) - 1
        layer = result[place]
        if one.action == "zero":
            result[place] = layer._replace(biases=np.zeros_like(layer.biases))
        else:
            result[place] = layer._replace(weights=changed(layer.weights, one, random))
    return result
