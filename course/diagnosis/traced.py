"""Reads a network written in JAX: JAX's tracer lists its operations, which are run again with every value in sight."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import traces
from course.diagnosis.jaxprs import Program, listed
from course.diagnosis.reading import LayerReading, NetworkReading
from course.diagnosis.traces import FEW, Answer

QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""What runs once had better be compiled in a hurry."""


def read(function: Callable, parameters: Any, batch: Any, *, seed: int, framework: str) -> NetworkReading:
    """Read `function(parameters, batch)`: run it once with tame numbers to see what it is made of, then as it is."""
    found = _answers(listed(function, parameters, batch[:FEW]), parameters, batch[:FEW])
    leaves = [*map(jnp.asarray, jax.tree.leaves(parameters)), *map(jnp.asarray, jax.tree.leaves(batch))]
    return _reading(listed(function, parameters, batch), found, leaves, seed, framework)


def _answers(program: Program, parameters: Any, batch: Any) -> list[Answer]:
    random = np.random.default_rng(0)
    leaves = [_tamed(random, leaf) for leaf in [*jax.tree.leaves(parameters), *jax.tree.leaves(batch)]]
    shapes = _shapes(program, leaves)
    _check_types(program, shapes)
    _one_output(program, shapes)

    @partial(jax.jit, compiler_options=QUICKLY)
    def run(leaves):
        values = _run(program, leaves, tame=True)
        return {number: value for number, value in values.items() if not _is_key(value)}

    values = jax.device_get(run(leaves))
    return traces.answers([operation.step for operation in program.operations], values, _constants_of(program))


def _check_types(program: Program, shapes: dict[int, jax.ShapeDtypeStruct]) -> None:
    """Weights and what they answer are real, and have a gradient."""
    applying = (operation.step for operation in program.operations if operation.step.applied is not None)
    for place, step in enumerate(applying, 1):
        for number in (int(step.applied.name), step.applied.weights, *step.outputs):
            kind = shapes[number].dtype
            if not jnp.issubdtype(kind, jnp.floating):
                name = program.names.get(int(step.applied.name), "written into the function")
                raise ValueError(
                    f"the network's weights of layer {place} ({name}) are {kind}; allowed are floating-point numbers"
                )


def _is_key(value: Any) -> bool:
    return jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


def _constants_of(program: Program) -> set[int]:
    """The values that do not depend on the batch."""
    known = {*program.parameters, *program.constants}
    for operation in program.operations:
        if all(number in known for number in operation.step.inputs):
            known.update(operation.step.outputs)
    return known


def _tamed(random: np.random.Generator, leaf: Any) -> Any:
    """Numbers of the same shape with which nothing vanishes or is alike: what a network is made of shows."""
    shape, kind = jnp.shape(leaf), jnp.result_type(leaf)
    if not jnp.issubdtype(kind, jnp.floating):
        return jnp.asarray(leaf)
    return (random.uniform(0.25, 1, shape) if len(shape) <= 1 else random.standard_normal(shape)).astype(kind)


def _run(
    program: Program, leaves: Sequence[Any], nudges: dict[int, jax.Array] | None = None, *, tame: bool = False
) -> dict[int, jax.Array]:
    """Compute every value of a network; `nudges` are added to the values of their numbers.

    A tame run brings what weights answer to a mean square of 1.
    """
    nudges = nudges or {}
    values = dict(program.constants)
    for number, leaf in zip([*program.parameters, *program.batch], leaves, strict=True):
        values[number] = leaf + nudges[number] if number in nudges else leaf
    for operation in program.operations:
        results = operation.compute(*(values[number] for number in operation.step.inputs))
        if tame and operation.step.applied is not None:
            results = [_of_unit_size(results[0])]
        for number, result in zip(operation.step.outputs, results, strict=True):
            values[number] = result + nudges[number] if number in nudges else result
    return values


def _of_unit_size(values: jax.Array) -> jax.Array:
    wide = values.astype(jnp.float32)
    return (wide / jnp.maximum(jnp.sqrt(jnp.mean(wide**2)), 1e-30)).astype(values.dtype)


def _reading(
    program: Program, found: Sequence[Answer], leaves: Sequence[jax.Array], seed: int, framework: str
) -> NetworkReading:
    """Run a network forward and backward, and put the arrays of every layer into the course's order."""
    shapes = _shapes(program, leaves)
    output = _one_output(program, shapes)
    wanted = sorted({number for answer in found for number in _numbers(answer)} | {output})
    watched = sorted({number for answer in found for number in (answer.preactivations, answer.applied.weights)})

    @partial(jax.jit, compiler_options=QUICKLY)
    def both_ways(leaves, directions):
        def forward(nudges):
            values = _run(program, leaves, nudges)
            cost = jnp.sum(directions * values[output].astype(jnp.float32))
            return cost, {number: values[number] for number in wanted}

        nudges = {number: jnp.zeros(shapes[number].shape, shapes[number].dtype) for number in watched}
        return jax.grad(forward, has_aux=True)(nudges)

    directions = np.random.default_rng(seed).standard_normal(shapes[output].shape, np.float32)
    gradients, values = jax.device_get(both_ways(list(leaves), directions))
    layers = tuple(_layer_readings(program, found, values, gradients))
    return NetworkReading(layers, np.asarray(values[output], float), framework)


def _shapes(program: Program, leaves: Sequence[jax.Array]) -> dict[int, jax.ShapeDtypeStruct]:
    return jax.eval_shape(lambda: _run(program, leaves))


def _one_output(program: Program, shapes: dict[int, jax.ShapeDtypeStruct]) -> int:
    floating = [number for number in program.outputs if jnp.issubdtype(shapes[number].dtype, jnp.floating)]
    if len(floating) != 1:
        raise ValueError(
            f"the network answers with {len(floating)} arrays of floating-point numbers; allowed is one: wrap it in a "
            "function that gives the one to judge"
        )
    return floating[0]


def _numbers(answer: Answer) -> Iterator[int]:
    optional = answer.activations, answer.bias
    yield from (answer.applied.weights, answer.applied.inputs, answer.preactivations)
    yield from (number for number in optional if number is not None)


def _layer_readings(program: Program, found: Sequence[Answer], values, gradients) -> Iterator[LayerReading]:
    seen: dict[str, str] = {}
    for place, answer in enumerate(found, 1):
        applied = answer.applied
        name = program.names.get(int(applied.name), f"layer {place}")
        shared, seen[applied.name] = seen.get(applied.name), name
        yield LayerReading(
            name,
            turned(values[applied.weights], applied.weight_axes),
            _biases(answer, values),
            str(values[applied.weights].dtype),
            turned(values[applied.inputs], applied.input_axes),
            _units_last(values[answer.preactivations], answer.axis),
            None if answer.activations is None else _units_last(values[answer.activations], answer.axis),
            answer.activation,
            _units_last(gradients[answer.preactivations], answer.axis),
            turned(gradients[applied.weights], applied.weight_axes),
            answer.normalized,
            applied.trainable,
            shared,
        )


def turned(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Bring the axes into this order, in float64."""
    return np.asarray(values, float).transpose(axes)


def _units_last(values: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(np.asarray(values, float), axis, -1)


def _biases(answer: Answer, values) -> np.ndarray | None:
    if answer.bias is None:
        return None
    z = values[answer.preactivations]
    whole = np.moveaxis(np.broadcast_to(np.asarray(values[answer.bias], float), z.shape), answer.axis, -1)
    return whole.reshape(-1, whole.shape[-1])[0]
