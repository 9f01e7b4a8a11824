"""Findings about what lets nothing through: equal answers, gradients of exactly 0, tables that stay alike."""

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Network
from course.diagnosis.findings.found import Change, Whole, drawn
from course.diagnosis.reading import ParameterReading, is_shift
from course.live.words import number

SAME = 1e-6
"""Answers that differ by less than this share of the largest differ by rounding alone."""
MANY = 4


def the_same(network: Network) -> Iterator[Whole]:
    """Answers that do not depend on the example."""
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
            *_anew(
                network,
                "draw the layers anew so that the signal passes: with a larger standard deviation, and no scale of 0",
                {one.name for one in network.parameters if _is_zero(one)},
            ),
        )


def _anew(network: Network, otherwise: str, zero: Collection[str]) -> tuple[str, int, tuple[Change, ...]]:
    """What to do where nothing passes, no layer, and the changes: of tables and scales that are seen to stop it."""
    tables = _tables_of_one_row(network)
    if tables:
        drawn_anew = f"draw {_listed([one.name for one in tables])} with a standard deviation of "
        changes = tuple(map(_drawn_table, tables))
        return drawn_anew + number(changes[0].std), 0, changes
    scales = _zero_scales(network)
    if scales:
        return f"start {_listed(scales)} at 1", 0, tuple(Change(one, "one") for one in scales)
    return otherwise, 0, _drawn(network, zero)


def _zero_scales(network: Network) -> list[str]:
    """The parameters of 0 that multiply all that a layer receives, or make its weights 0 though its own is not."""
    silent = [layer for layer in network.layers if layer.input_second_moment == 0]
    scales = {one for layer in silent for one in layer.scales_before}
    scales |= {one for layer in network.layers if layer.is_nulled for one in layer.made_of if one != layer.parameter}
    return [one.name for one in network.parameters if one.name in scales and _is_zero(one)]


def _tables_of_one_row(network: Network) -> list[ParameterReading]:
    """Tables whose vectors are all the same, where all that enters the layers tells no examples apart."""
    entering = [layer for layer in network.layers if layer.from_data]
    if not entering or any(not one.differing_second_moment <= SAME**2 * one.input_second_moment for one in entering):
        return []
    return [one for one in network.parameters if one.one_row]


def _zero_ends(network: Network) -> bool:
    """Whether a last layer, or something that scales the answer, starts at 0 on purpose."""
    ends = [layer for layer in network.layers if layer.last]
    return bool(ends) and all(layer.weight_variance == 0 for layer in ends)


def _why_nothing_passes(network: Network) -> str:
    """What is seen to stop a signal or a gradient, "" if nothing is."""
    tables = [one.name for one in _tables_of_one_row(network)]
    if tables:
        zero = " 0 throughout" if all(map(_is_zero, _tables_of_one_row(network))) else " the same"
        return f"all vectors of {_listed(tables)} are{zero}, and tell nothing apart"
    scales = _zero_scales(network)
    if scales:
        return f"what multiplies signal or weights is 0 throughout: {_listed(scales)}"
    dead = next((one for one in network.layers if one.dead_share == 1.0 and one.input_second_moment > 0), None)
    if dead is not None:
        units = f"all {dead.units} units" if dead.units > 1 else "the only unit"
        return f"{units} of layer {dead.number} ({dead.name}) {'are' if dead.units > 1 else 'is'} off for every example"
    # what is added or looked up stops nothing where it is 0
    zero = [one.name for one in network.parameters if _is_zero(one) and _multiplies(one)]
    if zero:
        return f"these parameters are 0 throughout: {_listed(zero)}"
    return ""


def _multiplies(parameter: ParameterReading) -> bool:
    return parameter.use in ("weights", "vector", "") and not is_shift(parameter.name)


def _is_zero(parameter) -> bool:
    return parameter.mean == 0 and parameter.std == 0


def no_gradient(network: Network) -> Iterator[Whole]:
    """Parameters whose gradient is exactly 0, and stays so when all others move."""
    names = [one.name for one in network.parameters if one.stuck and "weight_hh" not in one.name]
    if not names:
        return
    zero, said = _zero_factors(network), "let one of two factors start at random; draw dead layers anew"
    if zero:
        reason = f"{_listed(zero)} {'is' if len(zero) == 1 else 'are'} 0 throughout: a product of zeros stays 0"
    else:
        reason = _why_nothing_passes(network) or "something between it and the answers has a slope of 0 everywhere"
    yield Whole(
        "no gradient",
        "fault",
        f"the gradient of {_listed(names)} is exactly 0, and stays so after a step of all other parameters",
        reason,
        *((said, _layer_of(network, names[0]), _drawn(network, set(zero))) if zero else _anew(network, said, ())),
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
    vectors = [one for one in network.parameters if one.use == "vector" and one.gradient == 0 and _is_zero(one)]
    scales = [one.name for one in vectors if silent and not is_shift(one.name)]
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


def tables_alike(network: Network) -> Iterator[Whole]:
    """Tables whose vectors are one number each, with one gradient for all its places."""
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


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY} more"
