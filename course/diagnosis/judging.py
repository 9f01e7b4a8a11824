"""From a reading to a diagnosis: gather the evidence, search it for every finding, and put it into words."""

import math
from collections import defaultdict
from functools import cache

import numpy as np

from course.diagnosis import expectation, findings, gathering, remedies, report, trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.expectation import Curves
from course.diagnosis.findings import Found, whole
from course.diagnosis.reading import NetworkReading
from course.diagnosis.report import Diagnosis, LayerReport
from course.live.tables import Table
from course.live.words import number

HEALTHY = "healthy"
MOST_NAMES = 4
FAR = math.exp(trend.KEPT)
"""A mean square that is off by a larger factor is not said to be luck: of one unit's, much may be."""


class Judgement:
    """A network's evidence, what was found in it, and its curves: everything but the picture."""

    def __init__(self, reading: NetworkReading):
        self.network = gathering.gathered(reading)
        self.curves = expectation.curves(self.network)
        found = [_of_the_whole(one, self.network) for one in whole.search(self.network)]
        self.layers, self.whole = report.settled(_reports(self.network, self.curves), found)
        self.unread = unread(self.network)
        self.sentence = overall(self.layers, self.whole, self.unread, self.network)
        self.table = _table(self.network, self.curves, self.layers)

    def view(self, sentence: str) -> "View":  # noqa: F821
        """Return what the picture shows, with a sentence; drawing is only imported where a picture is wanted."""
        from course.diagnosis import picture

        return picture.view(self.curves, [layer.state for layer in self.layers], sentence, self.table)


def judged(reading: NetworkReading) -> Diagnosis:
    """Judge a reading; it is drawn when somebody looks."""
    judgement = Judgement(reading)

    @cache
    def drawn() -> bytes:
        from course.diagnosis.picture import PICTURE
        from course.live.panels import Drawing

        return Drawing(PICTURE).show(judgement.view(judgement.sentence)).image

    return Diagnosis(
        drawn,
        judgement.sentence,
        judgement.layers,
        judgement.table,
        judgement.whole,
        reading.parameters,
        judgement.unread,
        tuple(one for row in (*judgement.layers, *judgement.whole) for one in row.changes),
    )


def _of_the_whole(found: whole.Whole, network: Network) -> LayerReport:
    words = (_sentence(part) for part in (found.seen, found.reason, found.remedy))
    layers = {layer.parameter: layer for layer in reversed(network.layers)}
    code = "\n".join(remedies.line(network, one, layers.get(one.parameter)) for one in found.changes)
    return LayerReport(found.layer, report.WHOLE, found.severity, found.name, *words, code=code, changes=found.changes)


def unread(network: Network) -> tuple[str, ...]:
    """Name the weights, parameters of two or more axes, whose start was not judged."""
    return tuple(one.name for one in network.parameters if one.use in ("", "unused") and len(one.shape) > 1)


def _reports(network: Network, curves: Curves) -> list[LayerReport]:
    found: dict[int, list[tuple[str, Found]]] = defaultdict(list)
    for finding in findings.FINDINGS if network.layers else ():
        for one in finding.search(network):
            if finding.name not in [name for name, _ in found[one.layer]]:
                found[one.layer].append((finding.name, one))
    return [_report(network, layer, found[layer.number], curves) for layer in network.layers]


def _report(network: Network, layer: Evidence, found: list[tuple[str, Found]], curves: Curves) -> LayerReport:
    if not found:
        return LayerReport(layer.number, layer.name, "ok", HEALTHY, *_healthy(layer, curves))
    # A fault comes before a warning, and among equals a cause before its effects.
    (name, first), *others = sorted(found, key=lambda pair: pair[1].severity != "fault")
    also = tuple(other for other, _ in others)
    change = first.change or remedies.change(layer, name)
    return LayerReport(
        layer.number,
        layer.name,
        first.severity,
        name,
        _sentence(first.seen),
        _sentence(first.reason),
        _sentence(first.remedy),
        also,
        remedies.code(network, layer, name, change),
        () if change is None else (change,),
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _healthy(layer: Evidence, curves: Curves) -> tuple[str, str, str]:
    """What is seen of a layer whose start is right, why it may still look odd, and that nothing is to be done."""
    measured, expected, low, high = (curve[layer.number - 1] for curve in curves.forward)
    seen = f"mean square {number(measured)}" if math.isfinite(measured) else "no finite answer"
    if layer.normalized:
        return _sentence(seen), "A normalization follows, and forgives any scale of these weights.", ""
    if not math.isfinite(expected):
        return _sentence(seen), "Theory has no curve for such a layer; nothing else is odd.", ""
    seen = _sentence(f"{seen}, expected {number(expected)}")
    if low <= measured <= high and expected < FAR * measured < FAR**2 * expected:
        return seen, "Within what one draw of this width and depth strays.", ""
    return seen, "Its own start is right; it answers to what it receives.", ""


def overall(
    layers: tuple[LayerReport, ...], whole: tuple[LayerReport, ...], unread: tuple[str, ...], network: Network
) -> str:
    """Say in a sentence or two what is wrong with a network, and where to begin."""
    first = report.first(layers, whole)
    if first is None:
        return _nothing_wrong(layers, unread, network)
    begin = f"{first.finding[0].upper()}{first.finding[1:]}"
    if first.name == report.WHOLE:
        said = f"{begin}: {first.sentence} {first.reason} {first.remedy}"
    else:
        where = f"{report.which(_same(first, layers))} of {len(layers)}"
        said = f"{begin} in {where}. Layer {first.layer}: {first.sentence} {first.reason} {first.remedy}"
    return " ".join([said, *_what_was_read(unread, network)])


def _same(first: LayerReport, layers: tuple[LayerReport, ...]) -> list[int]:
    return [layer.layer for layer in layers if layer.finding == first.finding and layer.state == first.state]


def _nothing_wrong(layers: tuple[LayerReport, ...], unread: tuple[str, ...], network: Network) -> str:
    count = f"{len(layers)} layers" if len(layers) > 1 else "one layer"
    if not (unread or layers):
        return "Healthy: nothing wrong in the network as a whole."
    if not unread:
        each = "and each starts" if len(layers) > 1 else "which starts"
        return f"Healthy: {count}, {each} as it should."
    begin = f"Nothing wrong in {count}." if layers else "Nothing wrong in the network as a whole."
    return " ".join([begin, *_what_was_read(unread, network)])


def _what_was_read(unread: tuple[str, ...], network: Network) -> list[str]:
    """Say how many weights were read, and which were not judged."""
    if not unread:
        return []
    count = sum(len(one.shape) > 1 for one in network.parameters)
    names = ", ".join(unread[:MOST_NAMES]) + (f" and {len(unread) - MOST_NAMES} more" * (len(unread) > MOST_NAMES))
    note = f" ({network.note})" if network.note else ""
    return [f"Read {count - len(unread)} of {count} weights; not judged: {names}{note}."]


def _table(network: Network, curves: Curves, layers: tuple[LayerReport, ...]) -> Table:
    rows = network.layers
    return Table(
        {
            "layer": ("layer", np.array([row.number for row in rows])),
            "name": ("name", np.array([row.name for row in rows])),
            "finding": ("finding", np.array([layer.finding for layer in layers])),
            "fan_in": ("fan_in", np.array([row.fan_in for row in rows])),
            "fan_out": ("fan_out", np.array([row.fan_out for row in rows])),
            "weight_variance": ("fan_in · Var w", np.array([row.weight_variance for row in rows])),
            "forward": ("E[h²], measured", curves.forward.measured),
            "forward.expected": ("E[h²], expected", curves.forward.expected),
            "gradient": ("gradient, measured", curves.gradient.measured),
            "gradient.expected": ("gradient, expected", curves.gradient.expected),
            "saturated": ("share of flat slopes", np.array([row.saturated_share for row in rows])),
            "dead": ("share of dead units", np.array([row.dead_share for row in rows])),
        }
    )
