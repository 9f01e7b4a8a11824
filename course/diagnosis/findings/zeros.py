"""Findings about what lets nothing through: equal answers, gradients of exactly 0, tables that stay alike."""

import math
from collections.abc import Collection, Iterator

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Network
from course.diagnosis.findings.found import Change, Whole, drawn, listed
from course.diagnosis.reading import ParameterReading, is_shift
from course.live.words import number

SAME = 1e-6
"""Answers that differ by less than this share of the largest differ by rounding alone."""
MASK = -1e4
"""Answers that are one number below this, over and over, are those that a mask hides from a softmax."""


def hidden(network: Network) -> np.ndarray:
    """Return which answers a mask hides: the least of all numbers, never those of a whole example.

    A logarithm of 0 is -infinity too, and its gradient is no number.
    """
    outputs = np.asarray(network.outputs, float)
    least, axes = outputs.min(initial=np.inf), tuple(range(1, outputs.ndim))
    found = outputs == least
    masked = least <= MASK and found.sum() > 1 and not found.all(axis=axes).any()
    sound = all(layer.finite and math.isfinite(layer.gradient_second_moment) for layer in network.layers)
    return found if masked and sound else np.zeros_like(found)


def the_same(network: Network) -> Iterator[Whole]:
    """Answers that do not depend on the example."""
    outputs = np.where(hidden(network), np.nan, network.outputs)
    examples = len(outputs) if outputs.ndim and network.examples is None else network.examples
    if (
        outputs.ndim < 2
        or len(outputs) < 2
        or not examples
        or not network.varied
        or network.fresh  # nothing normalizes yet, and only what is in use after the first step does
        or np.isinf(outputs).any()
        or np.isnan(network.outputs).any()
        or _zero_ends(network)
    ):
        return
    rows = outputs.reshape(len(outputs), -1)
    rows = rows[:, ~np.isnan(rows).all(axis=0)]
    spread, size = np.nanmax(rows, axis=0) - np.nanmin(rows, axis=0), np.nanmax(np.abs(rows), axis=0)
    if spread.max() <= SAME * size.max(where=spread > 0, initial=0):  # a constant answer drowns no others
        yield Whole(
            "the same answer for all",
            "fault",
            f"the answers to all {examples} examples are the same",
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
        drawn_anew = f"draw {listed([one.name for one in tables])} with a standard deviation of "
        changes = tuple(map(_drawn_table, tables))
        return drawn_anew + number(changes[0].std), 0, changes
    scales = _zero_scales(network)
    if scales:
        return f"start {listed(scales)} at 1", 0, tuple(Change(one, "one") for one in scales)
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
    """Whether a last layer, or something that scales the answer, starts at 0 on purpose.

    So may a table whose vectors are multiplied with what all else answers, as word2vec's second one, and last layers
    with units alike, of which a softmax makes equal shares.
    """
    ends = [layer for layer in network.layers if layer.last]
    if ends and all(layer.weight_variance == 0 or layer.units > layer.projections == 1 for layer in ends):
        return True
    tables = [one for one in network.parameters if one.use == "table" and _is_zero(one) and one.gradient > 0]
    return bool(tables) and all(layer.gated for layer in ends) and not np.any(network.outputs)


def _why_nothing_passes(network: Network) -> str:
    """What is seen to stop a signal or a gradient, "" if nothing is."""
    tables = [one.name for one in _tables_of_one_row(network)]
    if tables:
        zero = " 0 throughout" if all(map(_is_zero, _tables_of_one_row(network))) else " the same"
        return f"all vectors of {listed(tables)} are{zero}, and tell nothing apart"
    scales = _zero_scales(network)
    if scales:
        return f"what multiplies signal or weights is 0 throughout: {listed(scales)}"
    silent = any(layer.input_second_moment == 0 for layer in network.layers)
    dead = next((one for one in network.layers if one.dead_share == 1.0 and one.input_second_moment != 0), None)
    if dead is not None:
        units = f"all {dead.units} units" if dead.units > 1 else "the only unit"
        return f"{units} of layer {dead.number} ({dead.name}) {'are' if dead.units > 1 else 'is'} off for every example"
    # what is added stops nothing where it is 0, nor what is looked up beside something else
    zero = [one for one in network.parameters if _is_zero(one)]
    zero = [one.name for one in zero if _multiplies(one) or (one.use == "table" and silent)]
    if zero:
        return f"these parameters are 0 throughout: {listed(zero)}"
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
        reason = f"a product of zeros stays 0: {listed(zero)} {'is' if len(zero) == 1 else 'are'} 0 throughout"
    else:
        reason = _why_nothing_passes(network) or "something between it and the answers has a slope of 0 everywhere"
    yield Whole(
        "no gradient",
        "fault",
        f"the gradient of {listed(names)} is exactly 0, and stays so after a step of all other parameters",
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
            f"each vector of {listed([one.name for one in tables])} is one number, over and over, and all its places "
            "get the same gradient",
            "places that start alike and get the same gradient stay alike: a vector does the work of one number",
            "draw every number on its own",
            changes=tuple(map(_drawn_table, tables)),
        )
