"""Reads networks of JAX: a function and its parameters, and what Equinox and Keras make such a pair of."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.diagnosis import batches, traced
from course.diagnosis.batches import Batch
from course.diagnosis.reading import NetworkReading


def read_function(function: Callable, parameters: Any, batch: Any, seed: int, framework: str) -> NetworkReading:
    leaves = jax.tree.leaves(parameters)
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves):
        raise ValueError("the parameters are shapes without numbers; allowed is a network that has been initialized")
    if isinstance(batch, dict) or batches.is_parts(batch):
        parts = _parts(function, parameters, batch)
    else:
        parts = batches.array_batch(batch)
    (inputs,) = parts.inputs
    return batches.in_words(
        framework,
        inputs,
        lambda: traced.read(function, parameters, inputs, seed=seed, framework=framework, targets=parts.targets),
    )


def _parts(function: Callable, parameters: Any, batch: Any) -> Batch:
    """The batch as a whole if the function takes it, or else its inputs and its targets."""
    whole = jax.tree.map(batches.as_array, batch)
    for one in jax.tree.leaves(whole):
        batches.checked(one, examples=False)
    try:
        jax.eval_shape(function, parameters, whole)
    except Exception:
        if isinstance(batch, dict):
            return batches.array_batch(next(iter(batch.values())) if len(batch) == 1 else batch)
        return batches.array_batch(batch)
    return Batch((whole,), {})


def read_equinox(equinox: Any, network: Any, batch: Any, seed: int, forward: Callable | None) -> NetworkReading:
    parameters, rest = equinox.partition(equinox.nn.inference_mode(network), equinox.is_inexact_array)
    answer = forward or (lambda network, example: network(example))

    def one(parameters, example):
        return answer(equinox.combine(parameters, rest), example)

    def each(parameters, batch):
        return jax.vmap(one, in_axes=(None, 0))(parameters, batch)

    example = batches.array_batch(batch).inputs[0]
    try:  # a module takes single examples as a rule
        jax.eval_shape(each, parameters, example)
    except Exception:
        return read_function(one, parameters, batch, seed, "Equinox")
    return read_function(each if forward is None else one, parameters, batch, seed, "Equinox")


def read_keras(keras: Any, model: Any, batch: Any, seed: int) -> NetworkReading:
    if keras.backend.backend() != "jax":
        raise ValueError(
            f"the network is a Keras model on the backend {keras.backend.backend()}; allowed is the backend jax: set "
            "the environment's KERAS_BACKEND=jax before importing keras"
        )
    if not model.built:
        model(np.asarray(batches.as_array(batches.array_batch(batch).inputs[0])))
    fixed = [one.value for one in model.non_trainable_variables]
    parameters = {one.path: one.value for one in model.trainable_variables}

    def function(parameters, batch):
        answer, _state = model.stateless_call(list(parameters.values()), fixed, batch, training=True)
        return answer

    ordered = dict(zip(parameters, range(len(parameters)), strict=True))

    def by_name(parameters, batch):
        return function({name: parameters[name] for name in ordered}, batch)

    return read_function(by_name, parameters, batch, seed, "Keras")
