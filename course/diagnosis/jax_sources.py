"""Reads networks of JAX: a function and its parameters, and what Equinox and Keras make such a pair of."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax

from course.diagnosis import batches, torch_sources, traced
from course.diagnosis.batches import Batch
from course.diagnosis.reading import NetworkReading


def read_function(function: Callable, parameters: Any, batch: Any, seed: int, framework: str) -> NetworkReading:
    leaves = jax.tree.leaves(parameters)
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves):
        raise ValueError("the parameters are shapes without numbers; allowed is a network that has been initialized")
    return _read(function, parameters, _parts(function, parameters, batch), seed, framework)


def _read(function: Callable, parameters: Any, parts: Batch, seed: int, framework: str) -> NetworkReading:
    if len(parts.inputs) == 1 and not parts.named:
        (inputs,), called = parts.inputs, function
    else:
        inputs = parts.inputs, parts.named
        called = lambda parameters, inputs: function(parameters, *inputs[0], **inputs[1])  # noqa: E731
    return batches.in_words(
        framework,
        inputs,
        lambda: traced.read(called, parameters, inputs, seed=seed, framework=framework, targets=parts.targets),
    )


def _parts(function: Callable, parameters: Any, batch: Any) -> Batch:
    """The first form of the batch that the function takes, or else what people mean as a rule."""
    if not isinstance(batch, dict | list | tuple) or not batches.leaves(batch):
        return batches.array_batch(batch)
    whole = _arrays(batch)
    for one in jax.tree.leaves(whole):
        batches.checked(one, examples=False)
    forms = list(_forms(whole))
    found = next((parts for parts in forms if _runs(function, parameters, parts)), None)
    if found is None and isinstance(batch, list | tuple) and (batches.split(whole) is None or batches.is_parts(whole)):
        return batches.array_batch(whole)
    return _checked(forms[min(1, len(forms) - 1)] if found is None else found)


def _arrays(batch: Any) -> Any:
    """The same with NumPy arrays in it, also for targets that are a list of numbers."""
    return jax.tree.map(batches.as_array, batch, is_leaf=batches.is_numbers)


def _forms(batch: Any) -> Iterator[Batch]:
    """A batch as a whole, without its targets, and with its inputs one by one."""
    yield Batch((batch,), {})
    pair = batches.split(batch)
    if pair is not None:
        yield Batch((pair[0],), {}, pair[1])
    if isinstance(batch, dict) and len(batch) == 1:
        yield Batch(tuple(batch.values()), {})
    last = [(batch[:-1], batch[-1])] if pair is None and isinstance(batch, list | tuple) else []
    for inputs, targets in ((batch, None), pair or (None, None), *last):
        if isinstance(inputs, dict):
            yield Batch((), inputs, targets)
        elif isinstance(inputs, list | tuple):
            yield Batch(tuple(inputs), {}, targets)


def _runs(function: Callable, parameters: Any, parts: Batch) -> bool:
    try:
        jax.eval_shape(function, parameters, *parts.inputs, **parts.named)
    except Exception:
        return False
    return True


def _checked(parts: Batch) -> Batch:
    """The same, with a batch that is one array checked like any."""
    if len(parts.inputs) != 1 or not batches.is_array(parts.inputs[0]):
        return parts
    return batches.array_batch(parts.inputs[0])._replace(targets=parts.targets)


def read_equinox(equinox: Any, network: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    parameters, rest = equinox.partition(equinox.nn.inference_mode(network), equinox.is_inexact_array)
    answer = forward or (lambda network, *inputs, **named: network(*inputs, **named))

    def one(parameters, *inputs, **named):
        return answer(equinox.combine(parameters, rest), *inputs, **named)

    def each(parameters, *inputs, **named):
        return jax.vmap(one, in_axes=(None, *[0] * len(inputs)))(parameters, *inputs, **named)

    # a module takes single examples as a rule
    several = (
        jax.tree.map(batches.as_array, batch, is_leaf=batches.is_numbers)
        if batches.leaves(batch)
        else batches.as_array(batch)
    )
    by_example = forward is None and any(_runs(each, parameters, parts) for parts in _forms(several))
    return read_function(each if by_example else one, parameters, batch, seed, "Equinox")


def read_keras(keras: Any, model: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    """A Keras model, called as its fit() calls it: with one argument, and with `training` where it takes that."""
    backend = keras.backend.backend()
    if backend not in ("jax", "torch"):
        raise ValueError(
            f"the network is a Keras model on the backend {backend}; allowed are the backends jax and torch: set the "
            "environment's KERAS_BACKEND=jax before importing keras"
        )
    training = {"training": True} if "training" in inspect.signature(model.call).parameters else {}
    answer = forward or (lambda model, batch: model.call(batch, **training))
    arrays = (
        jax.tree.map(batches.as_array, batch, is_leaf=batches.is_numbers)
        if batches.leaves(batch)
        else batches.as_array(batch)
    )
    forms = _keras_forms(model, arrays)
    if not model.built:
        _build(model, [parts.inputs[0] for parts in forms])
    variables = {_keras_name(model, place): one for place, one in enumerate(model.trainable_variables)}
    parameters = {name: one.value for name, one in variables.items()}

    def function(parameters, batch):
        with keras.StatelessScope(state_mapping=[(variables[name], one) for name, one in parameters.items()]):
            return answer(model, batch)

    if backend == "torch":
        torch = sys.modules["torch"]
        network = torch_sources.holding(torch, function, parameters)
        called = None if forward is None else lambda network, batch: network(batch)
        reading = torch_sources.read_module(torch, network, batch, seed, called, None if forward else forms)
        return reading._replace(framework="Keras")
    if forward is not None:
        return read_function(function, parameters, batch, seed, "Keras")
    readings = [lambda parts=parts: _read(function, parameters, _checked(parts), seed, "Keras") for parts in forms]
    return batches.first_that_reads(readings)


def _keras_forms(model: Any, batch: Any) -> list[Batch]:
    """What fit() makes of a batch: inputs, targets, perhaps weights; or inputs alone where the model has so many."""
    inputs, whole = getattr(model, "inputs", None) or [], Batch((batch,), {})
    all_of_them = batches.is_parts(batch) and len(inputs) == len(batch)
    if not isinstance(batch, list | tuple) or len(batch) not in (2, 3) or all_of_them:
        return [whole]
    parts = Batch((batch[0],), {}, batch[1] if batches.is_array(batch[1]) else None)
    return [parts] if inputs else [parts, whole]


def _build(model: Any, forms: Sequence[Any]) -> None:
    """Let a model make its variables of the first inputs that it takes."""

    def run():
        for inputs in forms:
            with contextlib.suppress(Exception):
                return model(inputs)
        return model(forms[0])

    batches.in_words("Keras", forms[0], run)


def _keras_name(model: Any, place: int) -> str:
    """A variable's path, with its place where another has the same."""
    paths = [one.path for one in model.trainable_variables]
    return paths[place] if paths.count(paths[place]) == 1 else f"{paths[place]}[{place}]"
