"""Findings about the network as a whole: measured on any network, whatever it is made of."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Change, advice, drawn, severity
from course.diagnosis.findings.numbers import BEARABLE, USUAL
from course.diagnosis.reading import ParameterReading
from course.live.words import number

SAME = 1e-6
"""Answers that differ by less than this share of the largest differ by rounding alone."""
UNEQUAL, LOST = 100.0, 1000.0
"""A gradient that is so much longer or shorter where the data enter than farther on: a word, and a fault."""
FAINT, LOUD = 1e-4, 1e4
"""A layer's inputs of a root mean square beyond these are no signal to learn from."""
LEAST_DIFFERENCE = 100 * FAINT**2
"""Data whose examples differ by a mean square below this are alike themselves."""
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
SCALE_FREE = 1e-5
"""A gradient at right angles to its parameter, but for rounding: its scale does not change the answer."""


class Whole(NamedTuple):
    """A finding about the network: its name, "fault" or "warning", what is seen, why it is so, and what to do.

    `changes` are what is to be done about single parameters.
    """

    name: str
    severity: str
    seen: str
    reason: str
    remedy: str
    layer: int = 0
    changes: tuple[Change, ...] = ()


def search(network: Network) -> Iterator[Whole]:
    """Search for every finding about the whole, causes before effects."""
    if network.outputs is not None and np.size(network.outputs):
        yield from _no_numbers(network)
        yield from _the_same(network)
    yield from _no_gradient(network)
    yield from _tables_alike(network)
    if network.told:
        yield from _steps(network)
        yield from _entering_loud(network)
        yield from _frequencies(network)
        yield from _signal(network)
        yield from _differences(network)
        yield from _gradient(network)
        yield from _through_time(network)
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
            _why_nothing_passes(network) or "what tells the examples apart has been lost on the way",
            "draw the layers anew so that the signal passes: with a larger standard deviation, and no scale of 0",
            changes=_drawn(network, {one.name for one in network.parameters if _is_zero(one)}),
        )


def _zero_ends(network: Network) -> bool:
    """Whether a last layer, or something that scales the answer, starts at 0 on purpose."""
    ends = [layer for layer in network.layers if layer.last]
    return bool(ends) and all(layer.weight_variance == 0 for layer in ends)


def _why_nothing_passes(network: Network) -> str:
    """What is seen to stop a signal or a gradient, "" if nothing is."""
    dead = next((layer for layer in network.layers if layer.dead_share == 1.0), None)
    if dead is not None:
        units = f"all {dead.units} units" if dead.units > 1 else "the only unit"
        return f"{units} of layer {dead.number} ({dead.name}) {'are' if dead.units > 1 else 'is'} off for every example"
    # what is added or looked up stops nothing where it is 0
    zero = [one.name for one in network.parameters if _is_zero(one) and _multiplies(one)]
    if zero:
        return f"these parameters are 0 throughout: {_listed(zero)}"
    return ""


def _multiplies(parameter: ParameterReading) -> bool:
    return parameter.use in ("weights", "vector", "") and not parameter.name.endswith("bias")


def _is_zero(parameter) -> bool:
    return parameter.mean == 0 and parameter.std == 0


def _no_gradient(network: Network) -> Iterator[Whole]:
    names = [one.name for one in network.parameters if one.stuck and "weight_hh" not in one.name]
    if not names:
        return
    zero = _zero_factors(network)
    reason = _why_nothing_passes(network) or "something between it and the answers has a slope of 0 everywhere"
    if zero:
        reason = f"{_listed(zero)} {'is' if len(zero) == 1 else 'are'} 0 throughout: a product of zeros stays 0"
    yield Whole(
        "no gradient",
        "fault",
        f"the gradient of {_listed(names)} is exactly 0, and stays so after a step of all other parameters",
        reason,
        "let one of two factors start at random; draw dead layers anew",
        _layer_of(network, names[0]),
        _drawn(network, set(zero)),
    )


def _zero_factors(network: Network) -> list[str]:
    """Parameters that are 0 and make each other's gradient 0: weights that receive 0, and what makes that 0.

    Other weights of 0 have no gradient only because nothing comes back.
    """
    stuck = {one.name for one in network.parameters if one.stuck and _is_zero(one)}
    if not network.told or not network.layers:
        return sorted(stuck)
    silent = [layer for layer in network.layers if layer.parameter in stuck and layer.input_second_moment == 0]
    before = [network.layers[layer.parent - 1] for layer in silent if layer.chained]
    scales = [one.name for one in network.parameters if one.use == "vector" and one.gradient == 0 and _is_zero(one)]
    scales = [name for name in scales if not name.endswith(("bias", "shift", "beta", "offset"))] if silent else []
    zero = [layer.parameter for layer in before if layer.parameter in stuck and not layer.normalized]
    return [*scales, *zero, *(layer.parameter for layer in silent)]


def _drawn(network: Network, zero: Collection[str]) -> tuple[Change, ...]:
    """Of parameters of 0, draw those whose zeros others multiply: layers that others follow, or else one table."""
    layers = [layer for layer in network.layers if layer.parameter in zero and layer.trainable]
    first = [layer for layer in layers if not (trend.is_added(layer) or layer.last)]
    if first:
        return tuple({layer.parameter: drawn(layer) for layer in first}.values())
    tables = [one for one in network.parameters if one.name in zero and one.use == "table"]
    return tuple(_drawn_table(one) for one in tables[:1])


def _drawn_table(table: ParameterReading) -> Change:
    """Rows of length 1."""
    std = 1 / math.sqrt(table.shape[-1])
    return Change(table.name, "draw", std, std)


def _layer_of(network: Network, parameter: str) -> int:
    return next((layer.number for layer in network.layers if parameter.startswith(layer.name)), 0)


def _tables_alike(network: Network) -> Iterator[Whole]:
    tables = [one for one in network.parameters if one.alike]
    if tables:
        yield Whole(
            "identical units",
            "fault",
            f"each vector of {_listed([one.name for one in tables])} is one number, over and over, and all its places "
            "get the same gradient",
            "places that start alike and get the same gradient stay alike: a vector does the work of one number",
            "draw every number on its own",
            changes=tuple(map(_drawn_table, tables)),
        )


class Entering(NamedTuple):
    """An array that enters layers: its mean square, its name, and what to do if it is loud."""

    mean_square: float
    name: str
    remedy: str


def _arrays(network: Network) -> Iterator[Entering]:
    """Tables and the batch."""
    for one in network.parameters:
        if one.use == "table":
            remedy = f"draw {one.name} with a standard deviation of 1 or less"
            yield Entering(one.mean**2 + one.std**2, f"the table {one.name}", remedy)
    first = [] if network.inputs is None else [network.inputs.second_moment]
    for mean_square in (*first, *network.others):
        yield Entering(mean_square, "an array of the batch", "standardize the data, better feature by feature")


def _entering_loud(network: Network) -> Iterator[Whole]:
    """Tables and arrays that are loud where they enter; the first array is judged by `numbers.unscaled_inputs`."""
    if network.inputs is not None and network.inputs.second_moment >= USUAL[1]:
        return
    loudest = max(_arrays(network), default=Entering(0.0, "", ""))
    received = [layer.input_second_moment for layer in network.layers if layer.from_data]
    loud = min(loudest.mean_square, max(received, default=math.inf))
    if loud > USUAL[1]:
        yield Whole(
            "unscaled inputs",
            severity(loud > BEARABLE[1]),
            f"{loudest.name} has a root mean square of {number(math.sqrt(loudest.mean_square))}",
            "starts are made for inputs of mean 0 and mean square 1",
            loudest.remedy,
        )


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
    """A sine whose large factor the first layer's weights undo: Sitzmann and others 2020 draw these larger."""
    stds = {one.name: one.std for one in network.parameters}
    for layer in network.layers:
        factor = layer.weight_std / (stds.get(layer.parameter) or math.inf)
        phases = math.sqrt(layer.weight_variance * layer.input_second_moment)  # without what biases shift
        if layer.activation == "sin" and layer.from_data and factor > STRETCHED and phases < SHORT:
            bound = max(1 / layer.fan_in, 1.1 * SHORT / phases * math.sqrt(3) * stds[layer.parameter])
            std = bound / math.sqrt(3)
            yield Whole(
                "frequencies too low",
                "warning",
                f"the sine multiplies by {number(factor)} what layer {layer.number} ({layer.name}) answers, and its "
                f"phases still differ by {number(phases)} between the data: less than a period",
                "the first layer's weights undo the factor, and what changes quickly is learned slowly",
                f"draw {layer.parameter} from U(-{number(bound)}, {number(bound)}), std {number(std)}; for two "
                "coordinates or three 1/fan_in is the usual bound",
                layer.number,
                (Change(layer.parameter, "draw", std, std),),
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
            f"draw the layers before with a {'larger' if faint else 'smaller'} standard deviation, or normalize",
            layer.number,
        )
        return


def _differences(network: Network) -> Iterator[Whole]:
    """The part of a signal that differs between the examples, where something common holds up the whole of it.

    It is lost where it is so in most layers that follow: what goes another way than a branch meets them again.
    """
    entering = [layer.differing_second_moment for layer in network.layers if layer.from_data]
    rows = [layer for layer in network.layers if not layer.from_data and layer.kind != "recurrent"]
    first = next((place for place, layer in enumerate(rows) if _are_alike(layer)), len(rows))
    lost = [layer.differing_second_moment <= FAINT**2 for layer in rows[first:]]
    if network.fresh or not network.varied or 2 * sum(lost) <= len(lost) or max(entering, default=0) < LEAST_DIFFERENCE:
        return
    layer = rows[first]
    yield Whole(
        "signal vanishes",
        "fault",
        f"what layer {layer.number} ({layer.name}) receives differs between the examples by a root mean square of "
        f"{number(math.sqrt(layer.differing_second_moment))} only",
        "something common to all examples holds up the signal, and what tells them apart is lost from layer to layer",
        "draw the layers before with a larger standard deviation, add what enters a block to its answer, or normalize",
        layer.number,
    )


def _are_alike(layer: Evidence) -> bool:
    """Whether almost nothing of a layer's inputs differs between the examples; where nothing does, it may be meant."""
    return 0 < layer.differing_second_moment <= FAINT**2 < layer.input_second_moment


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
    vanished = longest / max(layer.gradient_norm * max(1.0, _rms(layer)) for layer in inner if layer.sees_data)
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
    """Return whether the gradient is divided by more than e from one time step to the next until it is lost.

    A state that lasts one time step keeps 1/e of it; gates that start half open keep half, and tanh with PyTorch's
    weights about as much.
    """
    ratio, each = layer.through_time
    return ratio < 1 / LOST and each < 1 / math.e


def _through_time(network: Network) -> Iterator[Whole]:
    """The gradient at the first time step beside the last, where weights are applied to a state at every time step."""
    recurrent = [layer for layer in network.layers if len(layer.time_steps) > 1]
    recurrent.sort(key=lambda layer: (layer.through_time[0], layer.weight_variance))
    if recurrent and recurrent[-1].through_time[0] > UNEQUAL:
        ratio, each = recurrent[-1].through_time
        seen = (
            f"{number(ratio)} times longer at the first of {len(recurrent[-1].time_steps)} time steps than at the last"
        )
        yield _lost_in_time("explodes", recurrent[-1], seen, f"multiplies it by {number(each)}", fault=ratio > LOST)
    elif recurrent and is_forgotten(recurrent[0]):
        ratio, each = recurrent[0].through_time
        seen = f"{number(1 / ratio)} times shorter" if ratio else "exactly 0"
        seen = f"{seen} at the first of {len(recurrent[0].time_steps)} time steps, and not at the last"
        reason = f"divides it by {number(1 / each)}" if each else "divides it further"
        yield _lost_in_time("vanishes", recurrent[0], seen, reason)


def _lost_in_time(verb: str, layer: Evidence, seen: str, reason: str, *, fault: bool = True) -> Whole:
    return Whole(
        f"gradient {verb}",
        "fault" if fault else "warning",
        f"the gradient is {seen}",
        f"the way through the state that {layer.name} belongs to {reason} from one time step to the next",
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
            *_smaller_answers(network),
        )


def _smaller_answers(network: Network) -> tuple[str, int, tuple[Change, ...]]:
    """What to do about what makes the answers large: data, a table or the layer farthest off, or else the last."""
    found = [(one.mean_square, one.remedy, 0, ()) for one in _arrays(network)]
    for layer in network.layers:
        if not (layer.last or layer.normalized or layer.kind in trend.UNSCALED):
            factor = layer.weight_variance / trend.accepted(layer)[1]
            words = f"draw {layer.name or f'layer {layer.number}'} smaller, {advice(layer)}"
            found.append((factor, words, layer.number, (drawn(layer),) if layer.parameter else ()))
    last = max((layer.weight_variance / trend.accepted(layer)[1] for layer in network.layers if layer.last), default=0)
    farthest = max(found, key=lambda one: one[0], default=(0.0,))
    return farthest[1:] if farthest[0] > max(last, 2.0) else _quieter(network)


def _quieter(network: Network) -> tuple[str, int, tuple[Change, ...]]:
    """What makes the first answers small: smaller weights in the last layers, if the answers grow with them."""
    ends = {layer.parameter: layer for layer in network.layers if layer.last}
    scaled = [layer for layer in ends.values() if _scales_answers(layer)]
    if not scaled:
        return "make the first answers smaller: lower what multiplies them, or the biases behind them", 0, ()
    received = max(layer.input_second_moment for layer in scaled)
    if not received < math.exp(trend.KEPT):
        return f"mend what comes before: the last layer receives a mean square of {number(received)}", 0, ()
    tied = next((layer for layer in scaled if layer.tied), None)
    if tied is not None:
        std = math.sqrt(trend.advised(tied) / tied.fan_in)
        change = Change(tied.parameter, "scale", std * math.sqrt(tied.fan_in / tied.weight_variance), std)
        said = f"draw {tied.parameter}, the table of the inputs that is the last layer too, {advice(tied)}"
        return said, tied.number, (change,)
    spread = float(np.sqrt(np.mean(np.var(np.asarray(network.outputs, float), axis=-1))))
    factor = 1 / max(spread, 1.0) if math.isfinite(spread) else 0.0
    names = " and ".join(layer.parameter or "the last layer's weights" for layer in scaled)
    changes = tuple(Change(layer.parameter, "scale", factor) for layer in scaled if layer.parameter)
    return f"multiply {names} by {factor:.2g}, or start there at 0", scaled[0].number, changes


def _scales_answers(layer: Evidence) -> bool:
    """Whether a layer's answers grow with its parameter: not if that is normalized, nor where its biases are louder."""
    free = layer.normalized or abs(layer.radial) < SCALE_FREE
    signal = layer.weight_variance * layer.input_second_moment
    return layer.trainable and not free and signal > layer.bias_second_moment


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
        adds = layer.ends_branch and layer.plus and not layer.normalized and layer.kind != "recurrent"
        if layer.trainable and adds and ratio > LOUD_ADAPTER:
            yield Whole(
                "adapter too loud",
                "fault" if ratio > 1 else "warning",
                f"what layer {layer.number} ({layer.name}) adds has {number(ratio)} times the mean square of what "
                "enters its branch",
                "the frozen network gives other answers than those that it was trained for",
                f"start {layer.parameter}, the last layer of the branch, at 0, or with a std of about 0.01",
                layer.number,
                (Change(layer.parameter, "zero"),),
            )


def _entering(network: Network, layer: Evidence) -> float:
    """The mean square of what enters the branch that a layer ends."""
    while layer.parent is not None and network.layers[layer.parent - 1].trainable:
        layer = network.layers[layer.parent - 1]
    return layer.input_second_moment


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY} more"
