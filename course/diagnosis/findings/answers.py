"""Findings about what layers answer: biases that drown the data, units that are off, gradients that die anyway."""

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.found import Change, Found, advice, deviations, severity
from course.diagnosis.findings.lengths import FAINT, LOST, UNEQUAL, is_forgotten
from course.diagnosis.findings.zeros import SAME
from course.diagnosis.functions import GATES
from course.diagnosis.reading import ParameterReading
from course.diagnosis.trend import Run
from course.live.words import number

SHIFT = 0.25
"""A shift of all units alike, its square over that of the weighted inputs, is no longer small."""
LITTLE = 0.05
"""Biases whose mean, squared, is less than this share of the preactivations' mean square kill no unit."""
DROWNED = 0.5
"""Biases that make up more of the preactivations' mean square than the data do decide which units are off."""
MANY_DEAD, MOST_DEAD = 0.1, 0.5
REACH = 9.0
"""The data reach to 3 standard deviations, and this is the square: see `_room`."""
TWICE = 2 * math.log(2)
"""A gradient within a factor of 2 of what is sent back, its mean square within 4, may have other reasons."""


def biases(network: Network) -> Iterator[Found]:
    """Biases that are larger than what the data contribute, or that shift all units alike.

    What the data contribute is what would come if the biases before that are out of scale were 0.
    """
    limit, without = deviations(network), {}
    for layer in network.layers:
        signal, bias, room = layer.weight_variance * _received(layer, without), layer.bias_second_moment, _room(layer)
        drowned = bias > max(room * signal, trend.SMALL_BIASES)
        shifted = _shifted(layer, signal, limit)
        wrong = (drowned or shifted) and layer.finite and not (layer.normalized or _are_meant(layer, network))
        if wrong or layer.parent in without:
            without[layer.number] = trend.through(layer, signal + (0.0 if wrong else bias))[0]
        if wrong:
            grave = severity(bias > room**2 * signal or (shifted and layer.bias_mean < 0))
            yield _out_of_scale(layer, signal, grave, drowned=drowned)
        elif exponential(layer, network) and biases_decide(layer):
            yield _in_an_exponential(layer, network)
        elif drowned and layer.kind == "recurrent" and _forgets(layer, network):
            yield _of_gates(layer)


def _received(layer: Evidence, without: Mapping[int | None, float]) -> float:
    """The mean square of what a layer receives, or would without the biases before that are out of scale."""
    if layer.parent not in without:
        return layer.input_second_moment
    return min(layer.input_second_moment, layer.passed * without[layer.parent])


def _out_of_scale(layer: Evidence, signal: float, grave: str, *, drowned: bool) -> Found:
    return Found(
        layer.number,
        grave,
        f"its biases have mean {number(layer.bias_mean)} and mean square {number(layer.bias_second_moment)}, its "
        f"weighted inputs have mean square {number(signal)}",
        "the units answer to their biases more than to the data" if drowned else "all units are shifted alike",
        "start the biases at 0",
    )


def exponential(layer: Evidence, network: Network) -> str:
    """How grave it is what an exponential makes of a layer's answers: "fault", "warning", or "" for nothing.

    The slope of exp is exp: an answer of that size has a gradient as many times longer than answers elsewhere, and is
    judged as gradients of different lengths are. It counts where the size is still there afterwards, in the gradient or
    in what later layers receive, and not only within a softmax; and targets may be as large. What is smaller than
    rounding next to 1 is lost, and so is its gradient.
    """
    made, gradient = layer.exponential, layer.gradient_second_moment
    if made is None or (network.distance is not None and network.distance < made):
        return ""
    seen = [gradient, *(other.input_second_moment for other in network.layers[layer.number :])]
    size = math.sqrt(min(made, max((one for one in seen if one >= 0), default=0.0)))
    if size > UNEQUAL:
        return severity(size > LOST)
    return severity(True) if 0 < made < SAME**2 and gradient < SAME**2 and layer.step is None else ""


def _in_an_exponential(layer: Evidence, network: Network) -> Found:
    return Found(
        layer.number,
        exponential(layer, network),
        f"its biases have mean {number(layer.bias_mean)}, and an exponential makes of its answers numbers of a root "
        f"mean square of {number(math.sqrt(layer.exponential))}",
        "the gradient through an exponential is as large or small as its answer",
        "start the biases at 0",
    )


def _forgets(layer: Evidence, network: Network) -> bool:
    """Whether weights that are applied to a state at every time step lose it, or nothing gets into it."""
    together = [other for other in network.layers if len(other.time_steps) > 1 and other.time_steps == layer.time_steps]
    return is_forgotten(layer) or any(other.input_second_moment < FAINT**2 for other in together)


def _of_gates(layer: Evidence) -> Found:
    ratio, each = layer.through_time
    lasts = (
        f"divided by {number(1 / each)} from one time step to the next" if 0 < ratio < 1 else "0 at the first time step"
    )
    return Found(
        layer.number,
        "fault",
        f"its biases have mean {number(layer.bias_mean)} and mean square {number(layer.bias_second_moment)}, and the "
        f"gradient is {lasts}",
        "the biases shut the gates or saturate the state, which keeps or takes in nothing",
        "start these biases at 0, and a forget gate's at 1 (Gers and others 2000, Jozefowicz and others 2015)",
    )


def _room(layer: Evidence) -> float:
    """How many times the mean square of a layer's weighted inputs its biases may have: 1, more where inputs are few.

    Along one input x of fan_in alike a unit bends at x = -b/w, within the data if b² < 9 w² E[x²]: on the whole if
    E[b²] < 9/fan_in times that of the weighted inputs. With one input it is the biases that place the bends, and
    biases of 0 would put all of them in one place; with 9 or more the directions of the weights tell units apart.
    """
    return max(1.0, REACH / layer.fan_in)


def _shifted(layer: Evidence, signal: float, limit: float) -> bool:
    """Whether a layer's biases have a mean that is large and no luck of few draws."""
    luck = limit**2 * (layer.bias_second_moment - layer.bias_mean**2) / layer.units
    return layer.bias_mean**2 > max(SHIFT * signal, trend.SMALL_BIASES, luck)


def _place_bends(layer: Evidence, limit: float) -> bool:
    """Whether biases spread over few inputs put the bends of a layer's units where the data are."""
    few = _room(layer) > 1 and not _shifted(layer, layer.weighted_inputs, limit)
    return few and layer.bias_second_moment <= _room(layer) * layer.weighted_inputs


def _are_meant(layer: Evidence, network: Network) -> bool:
    """Whether biases may be more than a shift: of a gate, a step, a sine, a prior in the last layer; or of whom knows.

    In a network whose values were followed they are judged only where another layer follows for certain.
    """
    if layer.last or not network.told:
        return layer.last
    unknown = layer.ends_branch or layer.kind == "recurrent" or layer.activation is None
    return layer.gated or unknown or layer.activation in GATES


def dead_units(network: Network) -> Iterator[Found]:
    """More units off for the whole batch than inputs as alike as these explain."""
    limit = deviations(network)
    for layer in () if network.fresh else network.layers:
        own = biases_decide(layer) or _shift_below_0(layer, network) is not None
        if (network.told and layer.weight_variance == 0) or (layer.input_second_moment == 0 and not own):
            continue  # a product of zeros, if anything, or what comes of one before: see `whole`
        # Bends on both sides of data that are all positive leave up to half of the units off.
        chance = max(layer.dead_by_chance, MOST_DEAD * _place_bends(layer, limit))
        # The count is binomial; the chance itself is known from stand-ins, to about one unit in so many.
        luck = limit * math.sqrt((chance * (1 - chance) + 1 / layer.units) / layer.units)
        all_off = layer.dead_share == 1.0 and not layer.ends_branch and layer.gradient_second_moment == 0
        # a unit of a branch may be off: what is added to the branch's answer goes on without it
        many = MOST_DEAD if layer.ends_branch and layer.summed else MANY_DEAD
        if all_off or layer.dead_share > chance + max(luck, many):
            yield _dead(layer, severity(layer.dead_share > MOST_DEAD and not _come_back(layer, limit)), network)


def _come_back(layer: Evidence, limit: float) -> bool:
    """Whether units are off because of biases of a usual size round 0, and inputs that are learned and still smaller.

    Half of the units are off then, and others as soon as the inputs grow.
    """
    round_0 = layer.bias_mean**2 < limit**2 * layer.bias_second_moment / layer.units
    usual = layer.bias_second_moment < trend.SMALL_BIASES and layer.dead_share < 1
    return usual and round_0 and biases_decide(layer) and not layer.from_data


def _scale_of_0(layer: Evidence, network: Network) -> Change | None:
    zero = [one.name for one in network.parameters if one.mean == one.std == 0 and one.name in layer.scales]
    return Change(zero[0], "one") if zero else None


def _shift_below_0(layer: Evidence, network: Network) -> ParameterReading | None:
    """The shift behind a layer's product that makes up a good part of its preactivations, and all below 0."""
    least = LITTLE * layer.preactivation_second_moment
    found = (one for one in network.parameters if one.name in layer.shifts and one.mean < 0 and one.mean**2 > least)
    return next(found, None)


def _answers_0(layer: Evidence) -> bool:
    return layer.normalized and layer.preactivation_second_moment == 0


def _dead(layer: Evidence, grave: str, network: Network) -> Found:
    if _answers_0(layer):
        return Found(
            layer.number,
            "fault",
            "what its normalization answers is 0 throughout",
            "the scale of the normalization is 0",
            "start the normalization's scale at 1; at 0 only where a branch is added to something",
            _scale_of_0(layer, network),
        )
    reason = "no gradient reaches a unit that is always off"
    if biases_decide(layer):
        reason = (
            f"its biases have mean {number(layer.bias_mean)} and mean square {number(layer.bias_second_moment)}, its "
            f"preactivations mean square {number(layer.preactivation_second_moment)}"
        )
    remedy = "start the biases at 0" if biases_decide(layer) else f"draw the weights anew with mean 0, {advice(layer)}"
    by_chance = f", {layer.dead_by_chance:.0%} would by chance" if layer.dead_by_chance < layer.dead_share else ""
    shift, change = _shift_below_0(layer, network), None
    if shift is not None:
        reason = (
            f"its preactivations, of mean square {number(layer.preactivation_second_moment)}, are shifted by "
            f"{shift.name}, which has mean {number(shift.mean)}"
        )
        remedy, change = f"start {shift.name} at 0", Change(shift.name, "zero")
    if layer.last:
        remedy, change = f"let the last layer answer without {layer.activation}", None
    seen = f"{layer.dead_share:.0%} of its units answer 0 to the whole batch{by_chance}"
    return Found(layer.number, grave, seen, reason, remedy, change)


def biases_decide(layer: Evidence) -> bool:
    """Whether it is the biases that switch units off: by their mean, or because the data contribute less."""
    below = layer.bias_mean < 0 and layer.bias_mean**2 > LITTLE * layer.preactivation_second_moment
    return below or layer.bias_second_moment > DROWNED * layer.preactivation_second_moment


def gradient(network: Network) -> Iterator[Found]:
    """A gradient that is not what the next layer sends back, or that is lost although every weight variance suits."""
    limit = deviations(network)
    plain = all(layer.parent == layer.number - 1 for layer in network.layers[1:])  # or a gradient has another way
    for layer, following in itertools.pairwise(network.layers if plain else ()):
        if _by_weights_alone(layer, following) and abs(_unexplained(layer, following)) > _most(layer, limit):
            yield _intercepted(layer, following)
    for run in trend.runs(network.layers):
        if trend.is_added(run.layers[-1]):
            continue  # what it is added to has another way
        if any(layer.activation is None for layer in run.layers):
            continue  # what its slope is was not measured
        if run.strain > trend.LOST + limit * run.error and run.excess < trend.KEPT:
            yield from _lost(run)


def _by_weights_alone(layer: Evidence, following: Evidence) -> bool:
    """Whether a layer's gradient comes through the next one's dense weights and nothing else, by no other way."""
    dense = following.fan_out == following.units and following.fan_in == layer.units
    dense = dense and following.distinct_units > following.units / 2 and not following.rank_one and layer.trainable
    sent = following.gradient_second_moment * following.weight_variance * layer.slope_second_moment
    straight = following.places == layer.places and 0.99 < following.passed < 1.01 and following.straight
    alone = following.chained and not (following.normalized or following.positive or layer.last or layer.summed)
    return dense and straight and alone and 0 < sent < math.inf


def _unexplained(layer: Evidence, following: Evidence) -> float:
    """The logarithm of E[(∂C/∂z)²] over what comes back, fan_out · Var w · E[φ'²] times the next one's."""
    arrives = following.weight_variance / following.fan_in * following.fan_out * following.gradient_second_moment
    if layer.gradient_second_moment == 0:
        return -math.inf
    return math.log(layer.gradient_second_moment / (arrives * layer.slope_second_moment))


def _most(layer: Evidence, limit: float) -> float:
    """How much one layer's gradient may stray: 5/width is ReLU's variance, the largest of the usual functions'."""
    return TWICE + limit * math.sqrt(5 / layer.units)


def _intercepted(layer: Evidence, following: Evidence) -> Found:
    ratio = math.exp(_unexplained(layer, following))
    return Found(
        layer.number,
        "fault",
        f"its gradient's mean square is {number(ratio)} times what layer {following.number} sends back",
        "something between the two layers scales the gradient or cuts it off",
        f"look for a detach, a hook or a rule of your own between layers {layer.number} and {following.number}",
    )


def _lost(run: Run) -> Iterator[Found]:
    """Layers whose signal or gradient has changed too much, counted from where it is largest."""
    per_layer = (run.backward[0] - run.backward[-1]) / max(len(run.layers) - 1, 1)
    with np.errstate(over="ignore"):
        factor = number(np.exp(abs(per_layer)))
    changes = f"multiplies it by {factor}" if per_layer > 0 else f"divides it by {factor}"
    lost = abs(run.backward - run.backward[-1]) > trend.LOST
    if not lost.any():
        lost = abs(run.forward) > trend.LOST
    for layer, is_lost, size in zip(run.layers, lost, run.backward, strict=True):
        if is_lost:
            yield Found(
                layer.number,
                "fault",
                f"its gradient's mean square should be about {number(math.exp(size))} times the last layer's",
                f"with these weights {layer.activation} {changes} from layer to layer",
                f"use fewer layers, a normalization, or another function than {layer.activation}",
            )
