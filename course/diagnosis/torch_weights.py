"""Which weights a call of a PyTorch function applies, with the axes of its arrays and the fans of its units."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

PRODUCTS = ("matmul", "mm", "bmm", "__matmul__", "__rmatmul__")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
TABLES = ("embedding", "embedding_bag")


class Use(NamedTuple):
    """Weights in a call: the tensors, and the axes and fans as `traces.Applied` has them.

    `inputs` is `None` for what a recurrent layer applies to its own state.
    """

    weights: Any
    inputs: Any
    bias: Any
    fan_axes: tuple[int, ...]
    unit_axes: tuple[int, ...]
    input_axes: tuple[int, ...]
    answer_axes: tuple[int, ...]
    fans: tuple[int, int]
    kind: str = "dense"


def uses(name: str, arguments: Sequence[Any], keywords: dict[str, Any], output: Any, is_weights: Callable) -> list[Use]:
    """Return the weights that a call applies to a signal; `is_weights` tells parameters from signals."""
    if name in RECURRENT:
        return _recurrent(name, arguments, is_weights)
    if name.startswith("conv") and name[-1] == "d":
        found = _convolution(
            name, *_named(("input", "weight", "bias", "stride"), arguments, keywords), output, keywords
        )
    elif name == "linear":
        x, weights, bias = _named(("input", "weight", "bias"), arguments, keywords)
        found = _linear(x, weights, bias)
    elif name == "bilinear":
        x, _other, weights, bias = _named(("input1", "input2", "weight", "bias"), arguments, keywords)
        fans = (weights.shape[1] * weights.shape[2], weights.shape[0])
        found = Use(weights, x, bias, (1, 2), (0,), _all(x), (output.ndim - 1,), fans, "bilinear")
    elif name in ("addmm", "baddbmm"):
        bias, x, weights = _named(("input", "mat1", "mat2"), arguments, keywords)
        found = _product(x, weights, output, is_weights)
        found = found and found._replace(bias=bias)
    elif name in PRODUCTS:
        x, weights = (
            arguments[:2] if len(arguments) > 1 else (arguments[0], keywords.get("other", keywords.get("mat2")))
        )
        found = _product(*((weights, x) if name == "__rmatmul__" else (x, weights)), output, is_weights)
    elif "grouped_mm" in name:
        found = _grouped(*_named(("input", "mat2"), arguments, keywords), output)
    elif name == "einsum":
        found = _einsum(arguments, is_weights)
    else:
        found = None
    return [found] if found and is_weights(found.weights) and not is_weights(found.inputs) else []


def _named(names: Sequence[str], arguments: Sequence[Any], keywords: dict[str, Any]) -> list[Any]:
    given = dict(zip(names, arguments, strict=False)) | {name: keywords[name] for name in names if name in keywords}
    return [given.get(name) for name in names]


def _all(tensor: Any) -> tuple[int, ...]:
    return tuple(range(tensor.ndim))


def _linear(x: Any, weights: Any, bias: Any) -> Use | None:
    if weights.ndim != 2:
        return None
    return Use(weights, x, bias, (1,), (0,), _all(x), (x.ndim - 1,), (weights.shape[1], weights.shape[0]))


def _convolution(name: str, x: Any, weights: Any, bias: Any, stride: Any, output: Any, keywords) -> Use | None:
    if weights is None or weights.ndim < 3:
        return None
    spatial, places = tuple(range(2, weights.ndim)), math.prod(weights.shape[2:])
    batched = x.ndim == weights.ndim
    channels = 1 if batched else 0
    input_axes = (*([0] if batched else []), *range(channels + 1, x.ndim), channels)
    if "transpose" not in name:
        groups = x.shape[channels] // weights.shape[1]
        fans = places * weights.shape[1], places * weights.shape[0] // max(groups, 1)
        return Use(weights, x, bias, (*spatial, 1), (0,), input_axes, (channels,), fans, "convolution")
    groups = output.shape[channels] // weights.shape[1]
    # of a kernel's places only every stride-th meets an input
    steps = stride if isinstance(stride, list | tuple) else [stride or 1] * len(spatial)
    steps = math.prod(steps) if len(steps) == len(spatial) else steps[0] ** len(spatial)
    fans = max(1, round(places * weights.shape[0] / groups / steps)), places * weights.shape[1]
    return Use(weights, x, bias, (*spatial, 0), (1,), input_axes, (channels,), fans, "convolution")


def _product(x: Any, weights: Any, output: Any, is_weights: Callable) -> Use | None:
    """A product with a matrix of parameters from the right or from the left, or with a stack of matrices."""
    left = is_weights(x)
    x, weights = (weights, x) if left else (x, weights)
    if not hasattr(weights, "ndim") or not hasattr(x, "ndim") or weights.ndim < 2 or x.ndim < 1:
        return None
    if left and x.ndim < 2:
        return None
    fan, unit = (weights.ndim - 1, weights.ndim - 2) if left else (weights.ndim - 2, weights.ndim - 1)
    stacked = tuple(range(weights.ndim - 2))
    answers = tuple(output.ndim - weights.ndim + axis for axis in stacked)
    input_axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2) if left else _all(x)
    answer_axes = (*answers, output.ndim - (2 if left else 1))
    if min(answer_axes) < 0:
        return None
    fans = weights.shape[fan], weights.shape[unit]
    return Use(weights, x, None, (fan,), (*stacked, unit), input_axes, answer_axes, fans)


def _grouped(x: Any, weights: Any, output: Any) -> Use | None:
    """A stack of matrices of which each row of the inputs meets one: experts, together one layer."""
    if not hasattr(weights, "ndim") or weights.ndim != 3 or x.ndim != 2:
        return None
    return Use(weights, x, None, (0, 1), (2,), (0, 1), (output.ndim - 1,), tuple(weights.shape[1:]), "experts")


def _einsum(arguments: Sequence[Any], is_weights: Callable) -> Use | None:
    operands = arguments[1] if len(arguments) == 2 and isinstance(arguments[1], list | tuple) else arguments[1:]
    if not isinstance(arguments[0], str) or len(operands) != 2:
        return None
    inputs, _, answer = re.sub(r"\s", "", arguments[0]).partition("->")
    names = inputs.split(",")
    side = 0 if is_weights(operands[0]) else 1
    return contraction(names[1 - side], names[side], answer, operands[1 - side], operands[side])


def contraction(of_inputs: str, of_weights: str, of_answer: str, x: Any, weights: Any) -> Use | None:
    """Return the use of weights in a sum over named axes, one letter an axis."""
    if "." in of_inputs + of_weights or not of_answer or weights.ndim < 2:
        return None
    summed = [axis for axis, letter in enumerate(of_weights) if letter not in of_answer]
    units = [axis for axis, letter in enumerate(of_weights) if letter in of_answer]
    if not summed or not units:
        return None
    stacked = [axis for axis in units if of_weights[axis] in of_inputs]
    kept = [axis for axis in range(len(of_inputs)) if of_inputs[axis] not in of_weights or of_inputs[axis] in of_answer]
    contracted = [axis for axis in range(len(of_inputs)) if axis not in kept]
    answers = tuple(of_answer.index(of_weights[axis]) for axis in units)
    fan_in = math.prod(weights.shape[axis] for axis in summed)
    fan_out = math.prod(weights.shape[axis] for axis in units if axis not in stacked)
    return Use(weights, x, None, tuple(summed), tuple(units), (*kept, *contracted), answers, (fan_in, fan_out))


def _recurrent(name: str, arguments: Sequence[Any], is_weights: Callable) -> list[Use]:
    """The matrices of a recurrent layer; each gate is a layer of its own, so the fan_out is the state's size."""
    flat = [one for part in arguments for one in (part if isinstance(part, list | tuple) else [part])]
    matrices = [one for one in flat if hasattr(one, "ndim") and one.ndim == 2 and is_weights(one)]
    x = arguments[0]
    gates = {"l": 4, "g": 3}.get(name[0], 1)
    biases = [one for one in flat if hasattr(one, "ndim") and one.ndim == 1 and is_weights(one)]
    biases = biases if len(biases) == len(matrices) else [None] * len(matrices)
    found = []
    for place, (weights, bias) in enumerate(zip(matrices, biases, strict=True)):
        own_state = place % 2 == 1 or weights.shape[1] != x.shape[-1]
        fans = weights.shape[1], weights.shape[0] // gates
        signal = None if own_state else x
        found.append(Use(weights, signal, bias, (1,), (0,), _all(x), (), fans, "recurrent"))
    return found


def sequence_of(name: str, arguments: Sequence[Any]) -> Callable | None:
    """Return what cuts the sequence of a recurrent call into its time steps, `None` for a call of one step.

    Of packed sequences only the longest run to the end. What runs both ways has one end of its steps in the middle.
    """
    if name not in RECURRENT or name.endswith("_cell"):
        return None
    packed = isinstance(arguments[3], list | tuple)  # the lengths come second then
    both_ways, batch_first = arguments[8] if packed else arguments[7], not packed and arguments[8]
    lengths = arguments[1].tolist() if packed else []

    def cut(x: Any) -> Sequence[Any]:
        steps = [part[: lengths[-1]] for part in x.split(lengths)] if packed else x.unbind(1 if batch_first else 0)
        return steps[len(steps) // 2 :] if both_ways else steps

    return cut
