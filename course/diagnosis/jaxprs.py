"""Lists the operations of a network written in JAX, as JAX's tracer sees them, one after the other."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun
from jax.tree_util import GetAttrKey

from course.diagnosis.frozen import STOP, frozen_parameters
from course.diagnosis.traces import Applied, Step

INLINED = ("jit", "pjit", "closed_call", "core_call", "remat2", "checkpoint", "custom_vjp_call", "custom_jvp_call")
PRODUCTS = ("dot_general", "conv_general_dilated")
UNTURNED = ("convert_element_type", "copy", "copy_p", STOP, "optimization_barrier", "reduce_precision")
ALIKE, DEEP = 2, 16
"""A scan's iterations are written out until so many in a row apply the same weights: the second shows that they come by
again. So is the last one, beside which the gradient of the first is seen. Where nothing but the state goes in, the
iterations are a chain of layers, and so many show what becomes of a signal.
"""


class Operation(NamedTuple):
    """A step, and the function that computes it: from its inputs' values, and those beside it, to its outputs'.

    `tame` computes it where a network is run with tame numbers, if that is another function.
    """

    step: Step
    compute: Callable[..., Sequence[jax.Array]]
    beside: tuple[int, ...] = ()
    tame: Callable[..., Sequence[jax.Array]] | None = None


class Program(NamedTuple):
    """All operations of a network; the numbers of its parameters, of its batch's arrays, and of its outputs.

    `constants` are values written into it, `names` those of its parameters, `shapes` say what every value is, and
    `origins` which parameter or constant a value comes from that comes from such alone. `omitted` says of products how
    many iterations of a scan before them were not written out; `frozen` are parameters that a stop_gradient keeps.
    """

    operations: list[Operation]
    parameters: list[int]
    batch: list[int]
    outputs: list[int]
    constants: dict[int, Any]
    names: dict[int, str]
    shapes: dict[int, jax.ShapeDtypeStruct]
    origins: dict[int, int]
    omitted: dict[int, int]
    frozen: frozenset[int] = frozenset()


def listed(function: Callable, parameters: Any, batch: Any) -> Program:
    closed = jax.make_jaxpr(function)(parameters, batch)
    paths = jax.tree_util.tree_flatten_with_path(parameters)[0]
    lister = _Lister()
    numbers = [lister.new(var.aval.shape, var.aval.dtype) for var in closed.jaxpr.invars]
    kept, fed = numbers[: len(paths)], numbers[len(paths) :]
    lister.names.update((number, path_name(path)) for number, (path, _leaf) in zip(kept, paths, strict=True))
    lister.origins.update({number: number for number in kept})
    lister.axes.update({number: tuple(range(len(lister.shapes[number].shape))) for number in kept})
    outputs = lister.inline(closed, numbers)
    frozen = frozen_parameters([one.step for one in lister.operations], outputs, lister.origins)
    found = lister.operations, kept, fed, outputs, lister.constants, lister.names, lister.shapes, lister.origins
    return Program(*found, lister.omitted, frozen)


def path_name(path: Sequence[Any]) -> str:
    """Return a parameter's path as a person writes it: layers.0.kernel."""
    if path and path[-1] == GetAttrKey("value"):  # the variable of a Flax module holds its array so
        path = path[:-1]
    parts = (getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))) for key in path)
    return ".".join(map(str, parts)) or "weights"


class _Lister:
    """Walks through a jaxpr and the jaxprs inside it, and numbers every value."""

    def __init__(self):
        self.operations: list[Operation] = []
        self.constants: dict[int, Any] = {}
        self.names: dict[int, str] = {}
        self.shapes: dict[int, jax.ShapeDtypeStruct] = {}
        self.origins: dict[int, int] = {}  # of a value that comes from parameters alone: the one that it comes from
        self.omitted: dict[int, int] = {}
        self.axes: dict[int, tuple[int, ...]] = {}  # of a parameter's numbers as they are: its axes, perhaps turned

    def new(self, shape: Sequence[int], dtype: Any) -> int:
        number = len(self.shapes) + 1
        self.shapes[number] = jax.ShapeDtypeStruct(shape, dtype)
        return number

    def constant(self, value: Any) -> int:
        number = self.new(jnp.shape(value), value.dtype if hasattr(value, "dtype") else jnp.result_type(value))
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
        if name in ("while", "cond") and any(number in self.origins for number in inputs) and _holds_products(eqn):
            raise ValueError(
                f"the network applies weights inside a {name!r}, which cannot be read; allowed are jax.lax.scan, "
                "Python's loops and plain calls"
            )
        axes = eqn.params["permutation"] if name == "transpose" else None
        kinds = [(var.aval.shape, var.aval.dtype) for var in eqn.outvars]
        applied = self._applied(eqn, inputs)
        return self._append(_called(eqn), inputs, _alone(jaxpr, eqn), kinds, applied=applied, axes=axes)

    def _append(self, name, inputs, compute, kinds, *, applied=None, axes=None) -> list[int]:
        outputs = [self.new(*kind) for kind in kinds]
        applied = () if applied is None else (applied,)
        self.operations.append(Operation(Step(name, tuple(inputs), tuple(outputs), applied, axes), compute))
        sources = [self.origins[number] for number in inputs if number in self.origins]
        if len(sources) == len(inputs):
            weights = [source for source in sources if source not in self.constants] or sources
            largest = max(weights, key=lambda one: math.prod(self.shapes[one].shape), default=outputs[0])
            self.origins.update(dict.fromkeys(outputs, largest))
            self._follow(name, inputs, outputs, axes)
        return outputs

    def _follow(self, name: str, inputs: Sequence[int], outputs: Sequence[int], axes: Sequence[int] | None) -> None:
        """Note which of a parameter's axes a value has."""
        own = next((self.axes[number] for number in inputs if number in self.axes), None)
        if own is not None and (axes is not None or name in UNTURNED):
            self.axes.update(dict.fromkeys(outputs, own if axes is None else tuple(own[axis] for axis in axes)))

    def _unrolled(self, eqn, inner: ClosedJaxpr, inputs: list[int]) -> list[int]:
        """Write a scan's iterations one after the other, as long as they apply weights that those before did not."""
        fixed, carried = eqn.params["num_consts"], eqn.params["num_carry"]
        constants, carry, sliced = inputs[:fixed], inputs[fixed : fixed + carried], inputs[fixed + carried :]
        iterations = list(range(eqn.params["length"]))
        iterations = iterations[::-1] if eqn.params["reverse"] else iterations
        enough = ALIKE if any(number not in self.origins for number in (*constants, *sliced)) else DEEP
        collected, applied = [], []
        while iterations and (len(applied) < enough or applied[-enough:] != applied[-1:] * enough):
            parts = [self._part(number, iterations[0]) for number in sliced]
            before = len(self.operations)
            outputs = self.inline(inner, [*constants, *carry, *parts])
            applied.append([one.name for row in self.operations[before:] for one in row.step.applied])
            carry = outputs[:carried]
            collected.append(outputs[carried:])
            iterations = iterations[1:]
        columns = [column[:: -1 if eqn.params["reverse"] else 1] for column in zip(*collected, strict=True)]
        state = [*carry, *map(self._stacked, columns)]
        last = enough == ALIKE and len(iterations) > 0
        if len(iterations) > last:
            state = self._rest(eqn, inner, [*constants, *state], sliced, iterations[: len(iterations) - last])
        if not last:
            return state
        before = len(self.operations)
        parts = [self._part(number, iterations[-1]) for number in sliced]
        outputs = self.inline(inner, [*constants, *state[:carried], *parts])
        products = [row.step.outputs[0] for row in self.operations[before:] if row.step.applied]
        self.omitted.update(dict.fromkeys(products, len(iterations) - 1))
        pairs = zip(state[carried:], outputs[carried:], strict=True)
        return [*outputs[:carried], *(self._joined(*pair, reverse=eqn.params["reverse"]) for pair in pairs)]

    def _rest(self, eqn, inner: ClosedJaxpr, values: list[int], sliced: list[int], iterations: list[int]) -> list[int]:
        """A scan's iterations that do nothing new, in one operation: what they answer is made of what the last one is.

        `values` are its constants, its state, and what the iterations before have answered.
        """
        fixed, carried = eqn.params["num_consts"], eqn.params["num_carry"]
        shapes = [self.shapes[number] for number in values[fixed:]]
        longer = [(len(iterations) + one.shape[0], *one.shape[1:]) for one in shapes[carried:]]
        kinds = [*((one.shape, one.dtype) for one in shapes[:carried])]
        kinds += zip(longer, (one.dtype for one in shapes[carried:]), strict=True)
        hidden = [self.new(*kind) for kind in kinds]
        compute = _scanning(eqn, inner, iterations, len(sliced))
        state, firsts = values[: fixed + carried], values[fixed + carried :]
        beside = (*state, *sliced, *firsts)
        self.operations.append(Operation(Step("scan", (), tuple(hidden)), compute, beside, _repeating(eqn, kinds)))
        lasts = zip(values[fixed:], hidden, kinds, strict=True)
        return [self._append("rest", pair, _second, [kind])[0] for *pair, kind in lasts]

    def _joined(self, many: int, one: int, *, reverse: bool) -> int:
        """What many iterations answered and what the last one did, in the order of the iterations."""
        whole = self.shapes[many]
        order = slice(None, None, -1 if reverse else 1)
        compute = _as_list(lambda many, one: jnp.concatenate([many, one[None]][order]))
        return self._append("stack", [many, one], compute, [((whole.shape[0] + 1, *whole.shape[1:]), whole.dtype)])[0]

    def _stacked(self, parts: Sequence[int]) -> int:
        one = self.shapes[parts[0]]
        return self._append("stack", parts, _as_list(_stack), [((len(parts), *one.shape), one.dtype)])[0]

    def _part(self, number: int, iteration: int) -> int:
        """One iteration's part of a scanned value; a part of parameters is a parameter of its own."""
        whole = self.shapes[number]
        (part,) = self._append("slice", [number], _as_list(_taking(iteration)), [(whole.shape[1:], whole.dtype)])
        if number in self.origins:
            self.origins[part] = part
            name, axes = self.names.get(self.origins[number], "weights"), self.axes.get(number)
            self.names[part] = (
                f"part {iteration} of {name}" if axes is None else f"{name}[{':, ' * axes[0]}{iteration}]"
            )
            if axes is not None:
                self.axes[part] = tuple(axis - (axis > axes[0]) for axis in axes[1:])
        return part

    def _applied(self, eqn, inputs: list[int]) -> Applied | None:
        """The weights that an operation applies: one of its two operands comes from a parameter, the other does not."""
        if eqn.primitive.name not in PRODUCTS:
            return None
        sides = [side for side, number in enumerate(inputs[:2]) if number in self.origins]
        if len(sides) != 1:
            return None
        turned = _dot(eqn, sides[0]) if eqn.primitive.name == "dot_general" else _convolution(eqn, sides[0])
        if turned is None:
            return None
        origin = self.origins[inputs[sides[0]]]
        real = self._is_real(inputs[sides[0]]) and jnp.issubdtype(eqn.outvars[0].aval.dtype, jnp.floating)
        if self._is_real(origin) and not real:  # complex weights are made of it: measured, but not judged
            return None
        kind = "dense" if eqn.primitive.name == "dot_general" else "convolution"
        return Applied(
            str(origin),
            inputs[sides[0]],
            inputs[1 - sides[0]],
            *turned,
            trainable=origin not in self.constants,
            kind=kind,
        )

    def _is_real(self, number: int) -> bool:
        return jnp.issubdtype(self.shapes[number].dtype, jnp.floating)


def _called(eqn) -> str:
    """An equation's name, or that of the function whose derivative somebody has written."""
    if eqn.primitive.name != "custom_jvp_call":
        return eqn.primitive.name
    return str(eqn.params["call_jaxpr"].jaxpr.debug_info.func_name)


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


def _scanning(eqn, inner: ClosedJaxpr, iterations: list[int], count: int) -> Callable:
    """These iterations of a scan: of its state, `count` values to be sliced, and what those before answered."""
    fixed, carried, reverse = (eqn.params[name] for name in ("num_consts", "num_carry", "reverse"))
    iteration, low, high = jaxpr_as_fun(inner), min(iterations), max(iterations) + 1

    def compute(*values: jax.Array) -> Sequence[jax.Array]:
        def body(carry, parts):
            answers = iteration(*values[:fixed], *carry, *parts)
            return list(answers[:carried]), list(answers[carried:])

        start = fixed + carried
        sliced, firsts = [one[low:high] for one in values[start : start + count]], values[start + count :]
        carry, rests = jax.lax.scan(body, list(values[fixed:start]), sliced, len(iterations), reverse=reverse)
        pairs = zip(rests, firsts, strict=True)
        return [*carry, *(jnp.concatenate([rest, first] if reverse else [first, rest]) for rest, first in pairs)]

    return compute


def _repeating(eqn, kinds: Sequence[tuple]) -> Callable:
    """In place of the iterations of a scan that are left, the last one's answers again: they have its size."""
    fixed, carried, reverse = (eqn.params[name] for name in ("num_consts", "num_carry", "reverse"))

    def compute(*values: jax.Array) -> Sequence[jax.Array]:
        lasts = [one[:1] if reverse else one[-1:] for one in values[len(values) - len(kinds) + carried :]]
        long = [jnp.broadcast_to(one, shape) for one, (shape, _) in zip(lasts, kinds[carried:], strict=True)]
        return [*values[fixed : fixed + carried], *long]

    return compute


def _second(_one: jax.Array, other: jax.Array) -> Sequence[jax.Array]:
    return [other]


def _taking(iteration: int) -> Callable:
    return lambda whole: whole[iteration]


def _stack(*parts: jax.Array) -> jax.Array:
    return jnp.stack(parts)


def _as_list(compute: Callable) -> Callable:
    return lambda *values: [compute(*values)]


def _inner(eqn) -> ClosedJaxpr | None:
    inner = next((eqn.params[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in eqn.params), None)
    return ClosedJaxpr(inner, ()) if inner is not None and not isinstance(inner, ClosedJaxpr) else inner


def _applies_weights(closed: ClosedJaxpr) -> bool:
    names = PRODUCTS
    return any(
        eqn.primitive.name in names or (_inner(eqn) and _applies_weights(_inner(eqn))) for eqn in closed.jaxpr.eqns
    )


def _holds_products(eqn) -> bool:
    """Whether a `while` or a `cond` has a product or a convolution in one of its parts."""
    parts = (eqn.params.get(name) for name in ("cond_jaxpr", "body_jaxpr"))
    return any(part is not None and _applies_weights(part) for part in (*parts, *eqn.params.get("branches", ())))


Turned = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, int]]
"""The weights' axes that are summed and that count units, the inputs' and the answer's axes, and the fans."""


def _dot(eqn, side: int) -> Turned | None:
    """How the weights of a product are summed over, whatever the number of axes."""
    contracted, batched = eqn.params["dimension_numbers"]
    shape, other = (eqn.invars[which].aval.shape for which in (side, 1 - side))
    summed, stacked = contracted[side], batched[side]
    kept = [axis for axis in range(len(shape)) if axis not in (*summed, *stacked)]
    others = [axis for axis in range(len(other)) if axis not in contracted[1 - side]]
    free = [axis for axis in others if axis not in batched[1 - side]]
    if not summed or not (kept or stacked):
        return None
    # the answer has the stacked axes first, then the left operand's, then the right one's
    start = len(stacked) + (0 if side == 0 else len(free))
    answers = (*range(len(stacked)), *range(start, start + len(kept)))
    fans = math.prod(shape[axis] for axis in summed), math.prod(shape[axis] for axis in kept)
    return (*summed,), (*stacked, *kept), (*others, *contracted[1 - side]), answers, fans


def _convolution(eqn, side: int) -> Turned | None:
    if side == 0:
        return None
    numbers, shape = eqn.params["dimension_numbers"], eqn.invars[1].aval.shape
    (out, channels, *spatial), (example, features, *places) = numbers.rhs_spec, numbers.lhs_spec
    field = math.prod(shape[axis] for axis in spatial)
    # of a transposed convolution's places only every stride-th meets an input
    meeting = max(1, round(field / math.prod(eqn.params["lhs_dilation"])))
    fans = meeting * shape[channels], field * shape[out] // eqn.params["feature_group_count"]
    return (*spatial, channels), (out,), (example, *places, features), (numbers.out_spec[1],), fans
