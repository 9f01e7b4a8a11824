"""Findings about the network as a whole: measured on any network, whatever it is made of."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from course.diagnosis.evidence import Evidence, Network
from course.live.words import number

SAME = 1e-6
"""Answers that differ by less than this share of the largest differ by rounding alone."""
UNEQUAL, LOST = 100.0, 1000.0
"""A gradient that is so much longer or shorter where the data enter than farther on: a word, and a fault."""
FAINT, LOUD = 1e-4, 1e4
"""A layer's inputs of a root mean square beyond these are no signal to learn from."""
LONG_STEP = 0.25
"""A state that takes steps of this mean length has forgotten most after ten of them; Mamba's are 0.001 to 0.1."""
STRETCHED, SHORT = 5.0, 2.0
"""A sine's factor beyond this is there for many periods across the data; phases below this make less than one."""
SCALE = 1e-3
"""A learned scale below this is small on purpose."""
FAR = 100.0
"""Targets of a larger mean square around the first answers should have been divided by their standard deviation."""
LOUD_ADAPTER = 0.05
"""What is added to a trained network should change it little at first."""
MANY = 4


class Whole(NamedTuple):
    """A finding about the network: its name, "fault" or "warning", what is seen, why it is so, and what to do."""

    name: str
    severity: str
    seen: str
    reason: str
    remedy: str
    layer: int = 0


def search(network: Network) -> Iterator[Whole]:
    """Search for every finding about the whole, causes before effects."""
    if network.outputs is not None and np.size(network.outputs):
        yield from _no_numbers(network)
        yield from _the_same(network)
    yield from _no_gradient(network)
    if network.told:
        yield from _steps(network)
        yield from _frequencies(network)
        yield from _signal(network)
        yield from _gradient(network)
        yield from _through_turns(network)
        yield from _adapters(network)
    yield from _loss(network)
    yield from _targets(network)


def _no_numbers(network: Network) -> Iterator[Whole]:
    wrong = float(np.mean(~np.isfinite(network.outputs)))
    if wrong:
        yield Whole(
            "answers are no numbers",
            "fault",
            f"{wrong:.0%} of the answers are NaN or infinite",
            "numbers have grown beyond what the format holds, or something is divided by 0",
            "mend the layers that grow; look for a root or a quotient of 0",
        )


def _the_same(network: Network) -> Iterator[Whole]:
    outputs = np.asarray(network.outputs, float)
    if (
        outputs.ndim < 2
        or len(outputs) < 2
        or not network.varied
        or network.fresh  # nothing normalizes yet, and only what is in use after the first step does
        or not np.isfinite(outputs).all()
        or _zero_ends(network)
    ):
        return
    rows = outputs.reshape(len(outputs), -1)
    if np.abs(rows).max() == 0 or np.ptp(rows, axis=0).max() <= SAME * np.abs(rows).max():
        yield Whole(
            "the same answer for all",
            "fault",
            f"the answers to all {len(rows)} examples are the same",
            _why_nothing_passes(network),
            "draw the layers anew so that the signal passes: wider ones, or weights and scales that are not 0",
        )


def _zero_ends(network: Network) -> bool:
    """Whether a last layer, or something that scales the answer, starts at 0 on purpose."""
    ends = [layer for layer in network.layers if layer.last]
    return bool(ends) and all(layer.weight_variance == 0 for layer in ends)


def _why_nothing_passes(network: Network) -> str:
    dead = next((layer for layer in network.layers if layer.dead_share == 1.0), None)
    if dead is not None:
        units = f"all {dead.units} units" if dead.units > 1 else "the only unit"
        return f"{units} of layer {dead.number} ({dead.name}) {'are' if dead.units > 1 else 'is'} off for every example"
    zero = [one.name for one in network.parameters if _is_zero(one) and not one.name.endswith("bias")]
    if zero:
        return f"these parameters are 0 throughout: {_listed(zero)}"
    return "what tells the examples apart has been lost on the way"


def _is_zero(parameter) -> bool:
    return parameter.mean == 0 and parameter.std == 0


def _no_gradient(network: Network) -> Iterator[Whole]:
    names = [one.name for one in network.parameters if one.stuck and "weight_hh" not in one.name]
    if not names:
        return
    zero = [one.name for one in network.parameters if one.stuck and _is_zero(one)]
    reason = _why_nothing_passes(network)
    if zero:
        reason = f"all of {_listed(zero)} is 0: a product of zeros stays 0"
    yield Whole(
        "no gradient",
        "fault",
        f"the gradient of {_listed(names)} is exactly 0, and stays so after a step of all other parameters",
        reason,
        "let one of two factors start at random; draw dead layers anew",
        _layer_of(network, names[0]),
    )


def _layer_of(network: Network, parameter: str) -> int:
    return next((layer.number for layer in network.layers if parameter.startswith(layer.name)), 0)


def _steps(network: Network) -> Iterator[Whole]:
    for layer in network.layers:
        if layer.step is not None and layer.step > LONG_STEP:
            yield Whole(
                "steps too long",
                "fault",
                f"layer {layer.number} ({layer.name}) makes the steps of an exponential, "
                f"which have mean length {number(layer.step)}",
                f"each step keeps about {math.exp(-layer.step):.0%} of what was before; after 20 steps nothing is left",
                f"start its bias at softplus⁻¹ of steps from 0.001 to 0.1, log(expm1(step)): {layer.name}.bias",
                layer.number,
            )


def _frequencies(network: Network) -> Iterator[Whole]:
    """A sine whose large factor the first layer's weights undo: Sitzmann and others 2020 draw that layer wider."""
    stds = {one.name: one.std for one in network.parameters}
    for layer in network.layers:
        factor = layer.weight_std / (stds.get(layer.parameter) or math.inf)
        phases = math.sqrt(layer.weight_variance * layer.input_second_moment)  # without what biases shift
        if layer.activation == "sin" and layer.from_data and factor > STRETCHED and phases < SHORT:
            yield Whole(
                "frequencies too low",
                "warning",
                f"the sine multiplies by {number(factor)} what layer {layer.number} ({layer.name}) answers, and its "
                f"phases still differ by {number(phases)} between the data: less than a period",
                "the first layer's weights undo the factor, and what changes quickly is learned slowly",
                f"draw the first layer's weights from U(-1/fan_in, 1/fan_in): {layer.name}",
                layer.number,
            )


def _signal(network: Network) -> Iterator[Whole]:
    for layer in () if network.fresh else network.layers:
        rms = math.sqrt(layer.input_second_moment) if layer.input_second_moment >= 0 else math.nan
        if layer.from_data or not math.isfinite(rms) or rms == 0 or FAINT < rms < LOUD:
            continue
        faint = rms <= FAINT
        yield Whole(
            "signal vanishes" if faint else "signal explodes",
            "fault",
            f"what layer {layer.number} ({layer.name}) receives has a root mean square of {number(rms)}",
            f"the layers before make the signal {'smaller' if faint else 'larger'} and nothing normalizes it",
            f"draw the layers before {'wider' if faint else 'narrower'}, by the fan of each, or normalize",
            layer.number,
        )
        return


def _gradient(network: Network) -> Iterator[Whole]:
    """The gradient at the layers that the data enter, beside the longest and the usual one of the hidden layers."""
    inner = [layer for layer in network.layers if not layer.last and layer.gradient_norm > 0]
    if any(layer.kind == "recurrent" for layer in network.layers):
        return  # of a state's many steps one was measured
    first = [layer for layer in inner if layer.from_data]
    if not first or len(inner) < 3 or network.fresh:
        return
    # before a normalization a gradient is as long as the signal is short
    longest = max(layer.gradient_norm * (min(1.0, _rms(layer)) if layer.normalized else 1.0) for layer in inner)
    ends = [layer.gradient_norm for layer in network.layers if layer.last]
    usual = max([float(np.median([layer.gradient_norm for layer in inner])), *ends])
    vanished = longest / max(layer.gradient_norm * max(1.0, _rms(layer)) for layer in first)
    exploded = max(layer.gradient_norm * min(1.0, _rms(layer)) for layer in first) / usual
    for ratio, word, verb in ((vanished, "shorter", "vanishes"), (exploded, "longer", "explodes")):
        if ratio > UNEQUAL and not (verb == "vanishes" and _scales_that_grow(network)):
            yield Whole(
                f"gradient {verb}",
                "fault" if ratio > LOST else "warning",
                f"the gradient is {number(ratio)} times {word} where the data enter than farther on",
                "one learning rate cannot serve both ends",
                "look at what scales the signal on the way: normalizations' scales, branches, weights",
                first[0].number,
            )


def is_forgotten(layer: Evidence) -> bool:
    """Return whether the gradient is divided by more than e from turn to turn until it is lost.

    A state that lasts one turn keeps 1/e of it; gates that start half open keep half, and tanh with PyTorch's weights
    about as much.
    """
    ratio, each = layer.through_turns
    return ratio < 1 / LOST and each < 1 / math.e


def _through_turns(network: Network) -> Iterator[Whole]:
    """The gradient at the first turn beside the last, where weights take turns on a state."""
    turning = [layer for layer in network.layers if len(layer.turns) > 1]
    turning.sort(key=lambda layer: (layer.through_turns[0], layer.weight_variance))
    if turning and turning[-1].through_turns[0] > UNEQUAL:
        ratio, each = turning[-1].through_turns
        seen = f"{number(ratio)} times longer at the first of {len(turning[-1].turns)} turns than at the last"
        yield _turning("explodes", turning[-1], seen, f"multiplies it by {number(each)}", fault=ratio > LOST)
    elif turning and is_forgotten(turning[0]):
        ratio, each = turning[0].through_turns
        seen = f"{number(1 / ratio)} times shorter" if ratio else "exactly 0"
        seen = f"{seen} at the first of {len(turning[0].turns)} turns, and not at the last"
        reason = f"divides it by {number(1 / each)}" if each else "divides it further"
        yield _turning("vanishes", turning[0], seen, reason)


def _turning(verb: str, layer: Evidence, seen: str, reason: str, *, fault: bool = True) -> Whole:
    return Whole(
        f"gradient {verb}",
        "fault" if fault else "warning",
        f"the gradient is {seen}",
        f"the way through the state that {layer.name} belongs to {reason} from turn to turn",
        "draw the weights of the state orthogonal, or with std √(1/fan_in); start a forget gate's biases at 1",
        layer.number,
    )


def _scales_that_grow(network: Network) -> bool:
    """Whether learned scales make branches small on purpose, as LayerScale does; they grow as they are learned."""
    scales = [math.hypot(one.mean, one.std) for one in network.parameters if one.use == "vector"]
    return any(0 < scale < SCALE for scale in scales)


def _rms(layer: Evidence) -> float:
    return math.sqrt(layer.preactivation_second_moment) if layer.preactivation_second_moment < math.inf else 1.0


def _loss(network: Network) -> Iterator[Whole]:
    if network.loss is None:
        return
    loss, classes = network.loss
    guessing = math.log(classes)
    if loss > 1.5 * guessing + 0.5 or not math.isfinite(loss):
        yield Whole(
            "first loss too high",
            "fault" if loss > 3 * guessing + 1 or not math.isfinite(loss) else "warning",
            f"the first loss is {number(loss)}; guessing among {classes} classes costs {number(guessing)}",
            "the answers are large before anything is learned: the network is confident and wrong",
            "draw the last layer's weights smaller, or at 0",
        )


def _targets(network: Network) -> Iterator[Whole]:
    if network.distance is None or not network.distance > FAR:
        return
    yield Whole(
        "unscaled targets",
        "warning",
        f"the targets have a root mean square of {number(math.sqrt(network.distance))} around the mean answer",
        "the first errors, and so the first gradients, are as large",
        "divide the targets by their standard deviation, and start the last bias at their mean or subtract it",
    )


def _adapters(network: Network) -> Iterator[Whole]:
    """Branches that are added to a frozen network and do not begin small."""
    if all(layer.trainable for layer in network.layers):
        return
    for layer in network.layers:
        ratio = layer.preactivation_second_moment / (_entering(network, layer) or 1.0)
        if layer.trainable and layer.ends_branch and layer.summed and not layer.normalized and ratio > LOUD_ADAPTER:
            yield Whole(
                "adapter too loud",
                "warning",
                f"what layer {layer.number} ({layer.name}) adds has {number(ratio)} times the mean square of what "
                "enters its branch",
                "the frozen network gives other answers than those that it was trained for",
                "start the last layer of the branch at 0, or with a std of about 0.01",
                layer.number,
            )


def _entering(network: Network, layer: Evidence) -> float:
    """The mean square of what enters the branch that a layer ends."""
    while layer.parent is not None and network.layers[layer.parent - 1].trainable:
        layer = network.layers[layer.parent - 1]
    return layer.input_second_moment


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY} more"
