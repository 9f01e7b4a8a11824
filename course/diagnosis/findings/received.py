"""The first layer that receives next to nothing, or far too much, and what on the way to it makes it so."""

import math
from collections.abc import Iterator, Mapping

from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.answers import biases_decide
from course.diagnosis.findings.found import Change, Whole, listed
from course.diagnosis.findings.lengths import FAINT, LOUD
from course.diagnosis.functions import GATES
from course.live.words import number

SHUT, SMALL = 0.01, 0.05
"""A gate that lets through less is shut, and a scale that is smaller is none that somebody meant."""
Cause = tuple[str, str, tuple[Change, ...]]
"""Why a signal is faint, what to do, and the changes of parameters."""


def signal(network: Network) -> Iterator[Whole]:
    """The first layer that receives next to nothing, or far too much."""
    for layer in () if network.fresh else network.layers:
        rms = math.sqrt(layer.input_second_moment) if layer.input_second_moment >= 0 else math.nan
        if layer.from_data or not math.isfinite(rms) or rms == 0 or FAINT < rms < LOUD:
            continue
        faint = rms <= FAINT
        cause = (_scale(network, layer, rms) or _gate(network, layer, rms)) if faint else None
        reason, remedy, changes = cause or (
            f"the layers before make the signal {'smaller' if faint else 'larger'} and {_kept(network, layer)}",
            f"draw the layers before with a {'larger' if faint else 'smaller'} standard deviation, or normalize",
            (),
        )
        yield Whole(
            "signal vanishes" if faint else "signal explodes",
            "fault",
            f"what layer {layer.number} ({layer.name}) receives has a root mean square of {number(rms)}",
            reason,
            remedy,
            layer.number,
            changes,
        )
        return


def _kept(network: Network, layer: Evidence) -> str:
    normalized = any(other.leveled == "answers" for other in network.layers[: layer.number - 1])
    return "no normalization brings it back" if normalized else "nothing normalizes it"


def _scale(network: Network, layer: Evidence, rms: float) -> Cause | None:
    """A scale without which what a layer receives would not be faint, and others that are no larger.

    It multiplies what the layer receives itself, or what all layers receive that answer it.
    """
    sizes = {one.name: math.hypot(one.mean, one.std) for one in network.parameters}
    before = [set(network.layers[number - 1].scales_before) for number in layer.sources]
    ways = {"it": layer.scales_before, "what the layers before receive": set.intersection(*before) if before else ()}
    for what, names in ways.items():
        small = {name: sizes[name] for name in names if 0 < sizes.get(name, 0) < min(SMALL, rms / FAINT)}
        if small:
            return _of_scales(network, what, *min(small.items(), key=lambda one: one[::-1]), sizes)
    return None


def _of_scales(network: Network, what: str, name: str, size: float, sizes: Mapping[str, float]) -> Cause:
    all_scales = dict.fromkeys(one for other in network.layers for one in other.scales_before)
    alike = [one for one in all_scales if one != name and 0 < sizes.get(one, 0) <= 2 * size]
    reason = f"{what} has been multiplied with {name}, which has a root mean square of {number(size)}"
    too = f", and {listed(alike)} too" if alike else ""
    return reason, f"start {name} at 1{too}", tuple(Change(one, "one") for one in (name, *alike))


def _gate(network: Network, layer: Evidence, rms: float) -> Cause | None:
    """A gate before a layer that its biases shut, and without which what the layer receives would not be faint."""
    for gate in network.layers[: layer.number - 1]:
        size = math.sqrt(gate.activation_second_moment) if gate.activation_second_moment >= 0 else math.nan
        shut = gate.gated and gate.activation in GATES and 0 < size < min(SHUT, rms / FAINT)
        if shut and gate.bias and gate.bias_mean < 0 and biases_decide(gate):
            shuts = f"whose biases of mean {number(gate.bias_mean)} shut it"
            reason = f"layer {gate.number} ({gate.name}) makes a gate, {shuts}"
            return reason, f"start {gate.bias} at 0", (Change(gate.bias, "zero"),)
    return None
