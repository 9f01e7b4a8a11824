"""Reads a network written in JAX: JAX's tracer lists its operations, which are run again with every value in sight."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun

from course.diagnosis import traces
from course.diagnosis.reading import LayerReading, NetworkReading
from course.diagnosis.traces import Answer, Applied, Step

INLINED = ("jit", "pjit", "closed_call", "core_call", "remat2", "checkpoint", "custom_vjp_call", "custom_jvp_call")


class _Operation(NamedTuple):
    """A step, and the function that computes it: from its inputs' values to its outputs'."""

    step: Step
    compute: Callable[..., Sequence[jax.Array]]


class _Program(NamedTuple):
    """All operations of a network; the numbers of its parameters, of its batch's arrays, and of its outputs.

    `constants` are values written into it, `names` those of its parameters.
    """

    operations: list[_Operation]
    parameters: list[int]
    batch: list[int]
    outputs: list[int]
    constants: dict[int, Any]
    names: dict[int, str]


def read(function: Callable, parameters: Any, batch: Any, *, seed: int, framework: str) -> NetworkReading:
    """Read `function(parameters, batch)`: run it once with tame numbers to see what it is made of, then as it is."""
    program = _listed(function, parameters, batch)
    leaves = [*map(jnp.asarray, jax.tree.leaves(parameters)), *map(jnp.asarray, jax.tree.leaves(batch))]
    constant = _constants_of(program)
    found = traces.answers(
        [operation.step for operation in program.operations], _run(program, _tame(program, leaves)), constant
    )
    return _reading(program, found, leaves, seed, framework)


def _listed(function: Callable, parameters: Any, batch: Any) -> _Program:
    closed = jax.make_jaxpr(function)(parameters, batch)
    paths = jax.tree_util.tree_flatten_with_path(parameters)[0]
    lister = _Lister()
    numbers = [lister.new() for _ in closed.jaxpr.invars]
    kept, fed = numbers[: len(paths)], numbers[len(paths) :]
    lister.names.update((number, _name(path)) for number, (path, _leaf) in zip(kept, paths, strict=True))
    lister.origins.update({number: number for number in kept})
    outputs = lister.inline(closed, numbers)
    return _Program(lister.operations, kept, fed, outputs, lister.constants, lister.names)


def _name(path: Sequence[Any]) -> str:
    """A parameter's path as a person writes it: layers.0.kernel."""
    parts = (getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))) for key in path)
    return ".".join(str(part) for part in parts if str(part) != "value") or "weights"


class _Lister:
    """Walks through a jaxpr and the jaxprs inside it, and numbers every value."""

    def __init__(self):
        self.operations: list[_Operation] = []
        self.constants: dict[int, Any] = {}
        self.names: dict[int, str] = {}
        self.origins: dict[int, int] = {}  # of a value that comes from parameters alone: the one that it comes from
        self._count = 0

    def new(self) -> int:
        self._count += 1
        return self._count

    def constant(self, value: Any) -> int:
        number = self.new()
        self.constants[number] = value
        self.origins[number] = number
        return number

    def inline(self, closed: ClosedJaxpr, inputs: Sequence[int]) -> list[int]:
        """List the operations of a jaxpr that is fed these values; give the numbers of its outputs."""
        jaxpr, env = closed.jaxpr, {}
        env.update(zip(jaxpr.invars, inputs, strict=True))
        env.update((var, self.constant(value)) for var, value in zip(jaxpr.constvars, closed.consts, strict=True))

        def number(atom) -> int:
            return self.constant(atom.val) if isinstance(atom, Literal) else env[atom]

        for eqn in jaxpr.eqns:
            outputs = self._equation(jaxpr, eqn, [number(atom) for atom in eqn.invars])
            env.update(zip(eqn.outvars, outputs, strict=True))
        return [number(atom) for atom in jaxpr.outvars]

    def _equation(self, jaxpr, eqn, inputs: list[int]) -> list[int]:
        name, inner = eqn.primitive.name, _inner(eqn)
        if name in INLINED and inner is not None and (name != "custom_jvp_call" or _applies_weights(inner)):
            return self.inline(inner, inputs)
        if name == "scan" and _applies_weights(inner):
            return self._unrolled(eqn, inner, inputs)
        axes = eqn.params["permutation"] if name == "transpose" else None
        count, applied = len(eqn.outvars), self._applied(eqn, inputs)
        return self._append(name, inputs, _alone(jaxpr, eqn), count, applied=applied, axes=axes)

    def _append(self, name, inputs, compute, count=1, *, applied=None, axes=None) -> list[int]:
        outputs = [self.new() for _ in range(count)]
        self.operations.append(_Operation(Step(name, tuple(inputs), tuple(outputs), applied, axes), compute))
        sources = [self.origins[number] for number in inputs if number in self.origins]
        if len(sources) == len(inputs):
            weights = [source for source in sources if source not in self.constants] or sources
            self.origins.update(dict.fromkeys(outputs, weights[0] if weights else outputs[0]))
        return outputs

    def _unrolled(self, eqn, inner: ClosedJaxpr, inputs: list[int]) -> list[int]:
        """Write a scan's turns one after the other."""
        fixed, carried = eqn.params["num_consts"], eqn.params["num_carry"]
        constants, carry, sliced = inputs[:fixed], inputs[fixed : fixed + carried], inputs[fixed + carried :]
        turns = range(eqn.params["length"])
        collected = []
        for turn in reversed(turns) if eqn.params["reverse"] else turns:
            parts = [self._part(number, turn) for number in sliced]
            outputs = self.inline(inner, [*constants, *carry, *parts])
            carry = outputs[:carried]
            collected.append(outputs[carried:])
        collected = collected[::-1] if eqn.params["reverse"] else collected
        stacked = [self._append("stack", column, _as_list(_stack))[0] for column in zip(*collected, strict=True)]
        return [*carry, *stacked]

    def _part(self, number: int, turn: int) -> int:
        """One turn's part of a scanned value; a part of parameters is a parameter of its own."""
        (part,) = self._append("slice", [number], _as_list(_taking(turn)))
        if number in self.origins:
            self.origins[part] = part
            self.names[part] = f"{self.names.get(self.origins[number], 'weights')}[{turn}]"
        return part

    def _applied(self, eqn, inputs: list[int]) -> Applied | None:
        """The weights that an operation applies: one of its two operands comes from a parameter, the other does not."""
        if eqn.primitive.name not in ("dot_general", "conv_general_dilated"):
            return None
        sides = [side for side, number in enumerate(inputs[:2]) if number in self.origins]
        if len(sides) != 1:
            return None
        turned = _dot(eqn, sides[0]) if eqn.primitive.name == "dot_general" else _convolution(eqn, sides[0])
        if turned is None:
            return None
        origin = self.origins[inputs[sides[0]]]
        return Applied(
            str(origin), inputs[sides[0]], inputs[1 - sides[0]], *turned, trainable=origin not in self.constants
        )


def _alone(jaxpr, eqn) -> Callable:
    """One equation as a function of its inputs, literals among them."""
    places = [place for place, atom in enumerate(eqn.invars) if not isinstance(atom, Literal)]
    fed = list(dict.fromkeys(eqn.invars[place] for place in places))
    debug_info = jaxpr.debug_info._replace(arg_names=None, result_paths=None)
    one = jaxpr.replace(constvars=[], invars=fed, outvars=eqn.outvars, eqns=[eqn], debug_info=debug_info)
    function = jaxpr_as_fun(ClosedJaxpr(one, ()))

    def compute(*values: jax.Array) -> Sequence[jax.Array]:
        known = {eqn.invars[place]: values[place] for place in places}
        return function(*(known[var] for var in fed))

    return compute


def _taking(turn: int) -> Callable:
    return lambda whole: whole[turn]


def _stack(*parts: jax.Array) -> jax.Array:
    return jnp.stack(parts)


def _as_list(compute: Callable) -> Callable:
    return lambda *values: [compute(*values)]


def _inner(eqn) -> ClosedJaxpr | None:
    inner = next((eqn.params[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in eqn.params), None)
    return ClosedJaxpr(inner, ()) if inner is not None and not isinstance(inner, ClosedJaxpr) else inner


def _applies_weights(closed: ClosedJaxpr) -> bool:
    names = ("dot_general", "conv_general_dilated")
    return any(
        eqn.primitive.name in names or (_inner(eqn) and _applies_weights(_inner(eqn))) for eqn in closed.jaxpr.eqns
    )


def _dot(eqn, side: int) -> tuple[tuple[int, ...], tuple[int, ...], int] | None:
    """The axes of weights and inputs in the course's order, and the answer's axis of units; `None` for many weights."""
    contracted, batched = eqn.params["dimension_numbers"]
    if batched[0]:
        return None
    shape, other = (eqn.invars[which].aval.shape for which in (side, 1 - side))
    kept = [axis for axis in range(len(shape)) if axis not in contracted[side]]
    others = [axis for axis in range(len(other)) if axis not in contracted[1 - side]]
    if len(kept) != 1 or len(contracted[side]) != 1:
        return None
    axis = 0 if side == 0 else len(others)
    return (*contracted[side], *kept), (*others, *contracted[1 - side]), axis


def _convolution(eqn, side: int) -> tuple[tuple[int, ...], tuple[int, ...], int] | None:
    if side == 0:
        return None
    numbers = eqn.params["dimension_numbers"]
    (out, channels, *spatial), (example, features, *places) = numbers.rhs_spec, numbers.lhs_spec
    return (*spatial, channels, out), (example, *places, features), numbers.out_spec[1]


def _constants_of(program: _Program) -> set[int]:
    """The values that do not depend on the batch."""
    known = {*program.parameters, *program.constants}
    for operation in program.operations:
        if all(number in known for number in operation.step.inputs):
            known.update(operation.step.outputs)
    return known


def _tame(program: _Program, leaves: Sequence[jax.Array]) -> list[jax.Array]:
    """Numbers of the same shapes with which nothing vanishes, explodes or is alike: what a network is made of shows."""
    random = np.random.default_rng(0)
    return [_tamed(random, leaf) for leaf in leaves]


def _tamed(random: np.random.Generator, leaf: jax.Array) -> jax.Array:
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        return leaf
    fan_in = np.prod(leaf.shape[:-1]) if leaf.ndim > 1 else 1
    numbers = random.standard_normal(leaf.shape) / np.sqrt(max(fan_in, 1))
    return jnp.asarray(numbers + (0.5 if leaf.ndim == 1 else 0.0), leaf.dtype)


def _run(program: _Program, leaves: Sequence[Any], nudges: dict[int, jax.Array] | None = None) -> dict[int, jax.Array]:
    """Compute every value of a network; `nudges` are added to the values of their numbers."""
    nudges = nudges or {}
    values = dict(program.constants)
    for number, leaf in zip([*program.parameters, *program.batch], leaves, strict=True):
        values[number] = leaf + nudges[number] if number in nudges else leaf
    for operation in program.operations:
        results = operation.compute(*(values[number] for number in operation.step.inputs))
        for number, result in zip(operation.step.outputs, results, strict=True):
            values[number] = result + nudges[number] if number in nudges else result
    return values


def _reading(
    program: _Program, found: Sequence[Answer], leaves: Sequence[jax.Array], seed: int, framework: str
) -> NetworkReading:
    """Run a network forward and backward, and put the arrays of every layer into the course's order."""
    output = _one_output(program, leaves)
    wanted = sorted({number for answer in found for number in _numbers(answer)} | {output})
    watched = sorted({number for answer in found for number in (answer.preactivations, answer.applied.weights)})

    @jax.jit
    def both_ways(leaves, directions):
        def forward(nudges):
            values = _run(program, leaves, nudges)
            cost = jnp.sum(directions * values[output].astype(jnp.float32))
            return cost, {number: values[number] for number in wanted}

        shapes = _shapes(program, leaves)
        nudges = {number: jnp.zeros(shapes[number].shape, shapes[number].dtype) for number in watched}
        return jax.grad(forward, has_aux=True)(nudges)

    shape = _shapes(program, leaves)[output].shape
    directions = np.random.default_rng(seed).standard_normal(shape, np.float32)
    gradients, values = jax.device_get(both_ways(list(leaves), directions))
    layers = tuple(_layer_readings(program, found, values, gradients))
    return NetworkReading(layers, np.asarray(values[output], float), framework)


def _shapes(program: _Program, leaves: Sequence[jax.Array]) -> dict[int, jax.ShapeDtypeStruct]:
    return jax.eval_shape(lambda: _run(program, leaves))


def _one_output(program: _Program, leaves: Sequence[jax.Array]) -> int:
    shapes = _shapes(program, leaves)
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


def _layer_readings(program: _Program, found: Sequence[Answer], values, gradients) -> Iterator[LayerReading]:
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
