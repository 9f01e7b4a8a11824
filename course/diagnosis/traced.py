"""Reads a network written in JAX: JAX's tracer lists its operations, which are run again with every value in sight."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis import layer_statistics
from course.diagnosis.batches import called, split
from course.diagnosis.jaxprs import Program, listed
from course.diagnosis.layer_answers import Answer, answers_of
from course.diagnosis.reading import (
    LayerDefinition,
    LayerReading,
    LayerSignals,
    NetworkReading,
    ParameterReading,
    axis_of_examples,
    by_unit,
    chosen,
    radial,
    scales_and_shifts,
    times,
)
from course.diagnosis.targets import beside
from course.diagnosis.traces import SUMS, Flows

ROUNDS, STEP = 3, 0.01
"""So many small steps are taken to see whether a gradient of 0 stays 0, each of this size beside the weights."""

QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""How to compile what is run once: compiling takes longer than running."""


def read(
    function: Callable, parameters: Any, batch: Any, *, seed: int, framework: str, targets: np.ndarray | None = None
) -> NetworkReading:
    """Read `function(parameters, batch)`: run it once with tame numbers to see what it is made of, then as it is."""
    program = listed(function, parameters, batch)
    leaves = [*map(jnp.asarray, jax.tree.leaves(parameters)), *map(jnp.asarray, jax.tree.leaves(batch))]
    _check_types(program)
    outputs = _outputs(program)
    targets = _unused_targets(program, batch) if targets is None else targets
    flows = _flows(program)
    answers = answers_of(flows, *_tame_values(program, flows, leaves, outputs))
    reading = _reading(program, flows, answers, leaves, program.shapes, outputs, seed, framework, targets)
    return reading._replace(others=tuple(_others(batch)))


def _unused_targets(program: Program, batch: Any) -> np.ndarray | None:
    """The second of a pair that the function takes and does not use: what its answers are to be."""
    used = {number for operation in program.operations for number in operation.step.inputs} | set(program.outputs)
    pair = split(batch)
    return None if pair is None or program.batch[-1] in used else np.asarray(pair[1])


def _flows(program: Program) -> Flows:
    flows = Flows(program.batch)
    for operation in program.operations:
        flows.add(operation.step, partial(_shape, program))
    return flows


def _shape(program: Program, number: int) -> tuple:
    """A value's shape; one of complex numbers has another than any of real ones."""
    one = program.shapes[number]
    return (*one.shape, "complex") if jnp.issubdtype(one.dtype, jnp.complexfloating) else one.shape


def _tame_values(program: Program, flows: Flows, leaves: Sequence[Any], outputs: Sequence[int]):
    """Values of all that follows layers, with tame numbers for weights and data: what a network is made of shows."""
    random = np.random.default_rng(0)
    tame = [_tamed(random, leaf) for leaf in leaves]
    followers = {one.number: one for layer in flows.layers for one in layer.followers}

    @partial(jax.jit, compiler_options=QUICKLY)
    def run(leaves):
        values = _run(program, leaves, tame=True)
        return {number: rows(values[number], one.axes) for number, one in followers.items()}

    return jax.device_get(run(tame)), outputs, {number: str(program.shapes[number].dtype) for number in followers}


def rows(values: Any, axes: tuple[int, ...]) -> Any:
    """Return an array with its axes of units made one and last; only some of its rows if it is large."""
    others = [axis for axis in range(values.ndim) if axis not in axes]
    turned = jnp.transpose(values, (*others, *axes))
    lead = tuple(values.shape[axis] for axis in others)
    units = math.prod(values.shape[axis] for axis in axes)
    turned = turned.reshape(*lead, units)
    kept = chosen(lead, units) if values.size else None
    return turned if kept is None else turned[kept]


def _check_types(program: Program) -> None:
    """Weights and what they answer are real, and have a gradient."""
    applying = [(operation.step, one) for operation in program.operations for one in operation.step.applied]
    for place, (step, applied) in enumerate(applying, 1):
        for number in (int(applied.name), applied.weights, *step.outputs):
            kind = program.shapes[number].dtype
            if not jnp.issubdtype(kind, jnp.floating):
                name = program.names.get(int(applied.name), "written into the function")
                raise ValueError(
                    f"the network's weights of layer {place} ({name}) are {kind}; allowed are floating-point numbers"
                )


def _tamed(random: np.random.Generator, leaf: Any) -> Any:
    """Numbers of the same shape with which nothing vanishes or is alike: what a network is made of shows."""
    shape, kind = jnp.shape(leaf), jnp.result_type(leaf)
    if not jnp.issubdtype(kind, jnp.floating):
        return jnp.asarray(leaf)
    return (random.uniform(0.25, 1, shape) if len(shape) <= 1 else random.standard_normal(shape)).astype(kind)


def _run(
    program: Program,
    leaves: Sequence[Any],
    nudges: Mapping[int, jax.Array] = MappingProxyType({}),
    *,
    tame: bool = False,
) -> dict[int, jax.Array]:
    """Compute every value of a network; `nudges` are added to the values of their numbers.

    A tame run brings what weights answer to a mean square of 1.
    """
    values = dict(program.constants)
    values.update(zip(_numbered(program), leaves, strict=True))
    for operation in program.operations:
        compute = operation.tame if tame and operation.tame else operation.compute
        results = compute(*(values[number] for number in (*operation.step.inputs, *operation.beside)))
        if tame and operation.step.applied:
            results = [_of_unit_size(results[0])]
        for number, result in zip(operation.step.outputs, results, strict=True):
            values[number] = result + nudges[number] if number in nudges else result
    return values


def _of_unit_size(values: jax.Array) -> jax.Array:
    wide = values.astype(jnp.float32)
    return (wide / jnp.maximum(jnp.sqrt(jnp.mean(wide**2)), 1e-30)).astype(values.dtype)


def _reading(
    program: Program, flows: Flows, answers: Sequence[Answer], leaves, shapes, outputs, seed, framework, targets
) -> NetworkReading:
    """Run a network forward and backward, and put the arrays of every layer into the course's order."""
    random = np.random.default_rng(seed)
    directions = [random.standard_normal(shapes[number].shape, np.float32) for number in outputs]
    floating = {number: place for place, number in enumerate(program.parameters) if _is_float(leaves[place])}
    derived = {answer.applied.weights for answer in answers} - set(floating)
    time_steps = {answer.layer.time_steps[end] for answer in answers if answer.layer.time_steps for end in (0, -1)}
    nudged = sorted({answer.preactivations for answer in answers} | derived | time_steps)

    @partial(jax.jit, compiler_options=QUICKLY)
    def both_ways(leaves):
        def forward(own, nudges):
            whole = [own.get(number, leaf) for number, leaf in zip(_numbered(program), leaves, strict=True)]
            values = _run(program, whole, nudges)
            cost = sum(
                jnp.sum(v * values[number].astype(jnp.float32)) for v, number in zip(directions, outputs, strict=True)
            )
            return cost, (_kept(program, answers, values), values[outputs[0]])

        own = {number: leaves[place] for number, place in floating.items()}
        nudges = {number: jnp.zeros(shapes[number].shape, shapes[number].dtype) for number in nudged}
        (of_own, of_nudges), kept = jax.grad(forward, argnums=(0, 1), has_aux=True)(own, nudges)
        axes = {answer.preactivations: answer.axes for answer in answers}
        of_z = {number: rows(one, axes[number]) for number, one in of_nudges.items() if number in axes}
        of_time_steps = {number: _rms(of_nudges[number]) for number in time_steps}
        return of_own, of_z, of_time_steps, {number: of_nudges[number] for number in derived}, kept

    of_own, of_z, of_time_steps, of_derived, (kept, output) = jax.device_get(both_ways(list(leaves)))
    still = _stuck(program, flows, both_ways, leaves, floating, of_own) - program.frozen
    felt = {**of_own, **dict.fromkeys(program.frozen, math.nan)}
    made_of = _made_of(program, flows)
    uses = _uses(program, flows, answers, made_of)
    lengths = [len(leaf) for leaf in leaves[len(program.parameters) :] if jnp.ndim(leaf)]
    axis, examples = axis_of_examples(output.shape, lengths)
    first = np.asarray(output, float)
    loss, distance, of_targets = beside(first, targets, lengths[0] if lengths else 0, alone=len(outputs) == 1)
    return NetworkReading(
        tuple(
            _layer_readings(program, answers, kept, (of_z, of_time_steps), {**of_own, **of_derived}, shapes, made_of)
        ),
        np.moveaxis(first, axis, 0) if first.ndim else first,
        framework,
        tuple(
            _parameter(program.names[number], leaves[place], felt[number], number in still, uses.get(number, ""))
            for number, place in floating.items()
        ),
        next((np.asarray(leaves[len(program.parameters)], float) for _ in (0,) if _is_float(leaves[-1])), None),
        loss=loss,
        distance=distance,
        examples=examples,
        of_targets=of_targets,
    )


def _others(batch: Any) -> Iterator[tuple[str, float]]:
    """What the batch's arrays of real numbers after its first are called, and their mean squares."""
    for place, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(batch)[0][1:], 2):
        if _is_float(leaf) and jnp.ndim(leaf) > 0:
            name = called(str(getattr(path[-1], "key", "")), place)
            yield name, layer_statistics.mean_square(np.asarray(leaf))


def _is_float(leaf: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(leaf), jnp.floating)


def _numbered(program: Program) -> list[int]:
    return [*program.parameters, *program.batch]


def _mean_square(values: jax.Array) -> jax.Array:
    return jnp.mean(values.astype(jnp.float32) ** 2)


def _rms(values: jax.Array) -> jax.Array:
    """The root of the mean square, of numbers too whose squares are out of range."""
    largest = jnp.max(jnp.abs(values.astype(jnp.float32)))
    usual = jnp.isfinite(largest) & (largest > 0)
    return jnp.where(usual, largest * jnp.sqrt(_mean_square(values / jnp.where(usual, largest, 1))), largest)


def _bias(program: Program, answer: Answer) -> int | None:
    """The number of a layer's bias; what comes by again may be added to others before its bias is."""
    if answer.layer.kind != "recurrent":
        return answer.bias
    units = math.prod(program.shapes[answer.preactivations].shape[axis] for axis in answer.axes)
    later = answer.layer.constants if answer.layer.time_steps else ()
    found = [one for one in (answer.bias, *later) if one is not None]
    return next((one for one in found if math.prod(program.shapes[one].shape) == units), None)


def _kept(program: Program, answers: Sequence[Answer], values: Mapping[int, jax.Array]) -> list[dict[str, jax.Array]]:
    """What is looked at of each layer."""
    kept = []
    for answer in answers:
        applied = answer.applied
        axes = applied.input_axes[-len(applied.fan_axes) :] if applied.kind == "dense" else applied.input_axes[-1:]
        one = {
            "weights": values[applied.weights],
            "own": values[int(applied.name)],
            "inputs": rows(values[applied.inputs], axes),
            "z": rows(values[answer.preactivations], answer.axes),
        }
        if answer.activations is not None:
            one["h"] = rows(values[answer.activations], answer.axes)
        if (bias := _bias(program, answer)) is not None:
            one["bias"] = values[bias]
        if answer.layer.step is not None:
            one["step"] = jnp.mean(values[answer.layer.step])
        if answer.layer.exponentials:
            sizes = [_mean_square(values[number]) for number in answer.layer.exponentials]
            one["exponential"] = jnp.max(jnp.stack(sizes))
        kept.append(one)
    return kept


def _stuck(program: Program, flows: Flows, both_ways: Callable, leaves, floating, gradients) -> set[int]:
    """The matrices whose gradient is exactly 0, and still is after small steps of all others."""
    used = {number for step in flows.steps for number in step.inputs}
    still = {
        number for number, one in gradients.items() if one.ndim > 1 and number in used and not np.any(np.asarray(one))
    }
    moved, found = list(leaves), gradients
    for _round in range(ROUNDS):
        if not still or not any(np.any(np.asarray(one)) for one in found.values()):
            break
        for number, place in floating.items():
            moved[place] = _stepped(moved[place], found[number])
        found = jax.device_get(both_ways(moved)[0])
        still = {number for number in still if not np.any(np.asarray(found[number]))}
    return still


def _stepped(leaf: Any, gradient: Any) -> Any:
    """A parameter after a step along its gradient that is small beside it."""
    size = np.sqrt(np.mean(np.square(np.asarray(gradient, float))))
    if not 0 < size < np.inf:
        return leaf
    own = max(float(np.sqrt(np.mean(np.square(np.asarray(leaf, float))))), STEP)
    return jnp.asarray(np.asarray(leaf, float) + STEP * own / size * np.asarray(gradient, float), leaf.dtype)


def _made_of(program: Program, flows: Flows) -> dict[int, set[int]]:
    """The parameters from which each value comes that comes from such alone."""
    origins = {number: {number} for number in program.parameters}
    for step in flows.steps:
        if not any(number in flows.of for number in step.inputs):
            of_step = set().union(*(origins.get(number, set()) for number in step.inputs))
            origins.update((number, of_step) for number in step.outputs)
    return origins


def _uses(program: Program, flows: Flows, answers: Sequence[Answer], origins: Mapping[int, set[int]]) -> dict[int, str]:
    """What is known of each parameter: whether it was read as weights, as a bias, or as a table."""
    taken = {number for step in flows.steps for number in step.inputs}
    found: dict[int, str] = {number: "unused" for number in program.parameters if number not in taken}
    found.update((number, "exponent") for number in flows.exponents if len(program.shapes[number].shape) < 2)
    for step in flows.steps:
        of_step = set().union(*(origins.get(number, set()) for number in step.inputs))
        active = any(number in flows.of for number in step.inputs)
        if step.operation == "gather" and active:
            found.update(dict.fromkeys(of_step, "table"))
        if step.operation in SUMS and active:
            found.update((number, "added") for number in of_step if number not in found)
    for answer in answers:
        found.update(dict.fromkeys(origins.get(answer.bias, ()), "bias"))
    for answer in answers:  # what a start of 0 was multiplied with is no bias
        of_weights = origins.get(answer.applied.weights, ())
        found.update((one, "tied" if found.get(one) in ("table", "tied") else "weights") for one in of_weights)
    return found


def _parameter(name: str, leaf: Any, gradient: Any, stuck: bool, use: str) -> ParameterReading:
    values, of_values = np.asarray(leaf, float), np.asarray(gradient, float)
    flat = sum(side > 1 for side in values.shape) < 2
    alike = use == "table" and layer_statistics.alike(values, of_values)
    use = use or ("vector" if flat else "")
    with np.errstate(all="ignore"):
        rms = float(np.sqrt(np.mean(of_values**2)))
        spread, along = (float(values.mean()), float(values.std())), radial(values, of_values)
        equal = use == "table" and layer_statistics.one_row(values)
        return ParameterReading(name, values.shape, *spread, rms, stuck, use, alike, along, equal)


def _outputs(program: Program) -> list[int]:
    floating = [number for number in program.outputs if jnp.issubdtype(program.shapes[number].dtype, jnp.floating)]
    if not floating:
        raise ValueError("the network answers with 0 arrays of floating-point numbers; allowed are one or more")
    return floating


def _by_time_step(program: Program, answer: Answer, of_time_steps: Mapping[int, float]) -> Iterator[float]:
    for number in answer.layer.time_steps:
        yield from (math.nan,) * program.omitted.get(number, 0)
        yield float(of_time_steps.get(number, math.nan))


def _layer_readings(
    program: Program, answers: Sequence[Answer], kept, gradients, of_weights, shapes, made_of
) -> Iterator[LayerReading]:
    seen: dict[str, str] = {}
    of_z, of_time_steps = gradients
    for place, (answer, values) in enumerate(zip(answers, kept, strict=True), 1):
        applied = answer.applied
        name = program.names.get(int(applied.name), f"layer {place}")
        shared, seen[applied.name] = seen.get(applied.name), name
        weights = applied.turned(np.asarray(values["weights"], float))
        examples = max(1, shapes[applied.inputs].shape[0])
        scales, shifts = scales_and_shifts(_named(program, answer.factors), _named(program, answer.terms))
        definition = LayerDefinition(
            name=name,
            weights=weights * answer.scale,
            biases=by_unit(np.asarray(values["bias"], float), weights.shape[-1]) if "bias" in values else None,
            dtype=str(values["weights"].dtype),
            activation=answer.activation,
            kind=answer.layer.kind,
            normalized=answer.normalized,
            trainable=applied.trainable and int(applied.name) not in program.frozen,
            shared_with=shared,
            fans=applied.fans,
            parameter="" if name.startswith("part ") else name,
            bias=_name_of_bias(program, _bias(program, answer), weights.shape[-1]),
            times=times(weights * answer.scale, np.asarray(values["own"], float)),
            made_of=tuple(program.names[one] for one in sorted(made_of.get(applied.weights, ()))),
            scales=scales,
            shifts=shifts,
            scales_before=tuple(_named(program, answer.layer.inputs.factors)),
        )
        signals = LayerSignals(
            inputs=np.asarray(values["inputs"], float),
            preactivations=np.asarray(values["z"], float),
            activations=np.asarray(values["h"], float) if "h" in values else None,
            preactivation_gradients=np.asarray(of_z[answer.preactivations], float),
            weight_gradients=applied.turned(np.asarray(of_weights[applied.weights], float)),
            values=math.prod(shapes[answer.preactivations].shape) // examples,
            step=float(values["step"]) if "step" in values else None,
            exponential=float(values["exponential"]) if "exponential" in values else None,
            time_steps=tuple(_by_time_step(program, answer, of_time_steps)),
        )
        yield LayerReading(definition, signals, answer.place)


def _named(program: Program, numbers: Iterable[int]) -> list[str]:
    """The names of those values that are parameters as they are."""
    return [program.names[number] for number in sorted(numbers) if number in program.names]


def _name_of_bias(program: Program, number: int | None, units: int) -> str:
    """The full name of the parameter that a bias comes from, if it is that as a whole."""
    origin = program.origins.get(number)
    if origin not in program.names or math.prod(program.shapes[origin].shape) not in (1, units):
        return ""
    return program.names[origin]
