"""Findings about the network as a whole: measured on any network, whatever it is made of."""

import math
from collections.abc import Iterator

import numpy as np

from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings import entering, lengths, losses, zeros
from course.diagnosis.findings.found import Change, Whole
from course.live.words import number

LONG_STEP = 0.25
"""A state that takes steps of this mean length has forgotten most after ten of them; Mamba's are 0.001 to 0.1."""
STRETCHED, SHORT = 5.0, 2.0
"""A sine's factor beyond this is there for many periods across the data; phases below this make less than one."""
LOUD_ADAPTER = 0.05
"""What is added to a trained network should change it little at first."""


def search(network: Network) -> Iterator[Whole]:
    """Search for every finding about the whole, causes before effects."""
    if network.outputs is not None and np.size(network.outputs):
        yield from _no_numbers(network)
        yield from zeros.the_same(network)
    yield from zeros.no_gradient(network)
    yield from zeros.tables_alike(network)
    if network.told:
        yield from _steps(network)
        yield from entering.loud(network)
        yield from _frequencies(network)
        yield from lengths.signal(network)
        yield from lengths.differences(network)
        yield from lengths.gradient(network)
        yield from lengths.through_time(network)
        yield from _adapters(network)
    yield from losses.loss(network)
    yield from losses.targets(network)
    yield from losses.products(network)


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
