"""What `diagnose` answers: a picture, a sentence, a table, and a report a layer with a reason and a remedy."""

import base64
import html
from collections.abc import Sequence
from typing import NamedTuple

from course.diagnosis.picture import TITLES
from course.live.tables import Table

SHOWN = "layer", "name", "finding", "what is seen", "why", "what to do"


class LayerReport(NamedTuple):
    """One layer: `state` "ok", "warning" or "fault", the name of its finding, and what follows from it in words.

    `layer` counts from 1. `also` names further findings of the same layer, effects of the first one as a rule.
    """

    layer: int
    name: str
    state: str
    finding: str
    sentence: str
    reason: str
    remedy: str
    also: tuple[str, ...] = ()


class Diagnosis(NamedTuple):
    """A network's picture as PNG bytes, what it shows in a sentence, its numbers, and its layers' reports.

    `table` has arrays of shape `(layers,)` by the keys of its columns. Displays itself in a notebook.
    """

    image: bytes
    sentence: str
    layers: tuple[LayerReport, ...]
    table: Table = Table()

    @property
    def healthy(self) -> bool:
        """Whether nothing was found in any layer."""
        return all(layer.state == "ok" for layer in self.layers)

    @property
    def primary(self) -> LayerReport | None:
        """The report to begin with: the first layer with a fault, or else with a warning; `None` if healthy."""
        return first(self.layers)

    @property
    def alt(self) -> str:
        """The picture in words, for readers who do not see it."""
        panels = " and ".join(title[0].lower() + title[1:] for title in TITLES.values())
        return f"Two curves over {len(self.layers)} layers, {panels}, with a mark for each layer. {self.sentence}"

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_mimebundle_(self, **_options) -> dict[str, str]:
        return {"text/plain": as_text(self), "text/html": as_html(self)}


def first(layers: Sequence[LayerReport]) -> LayerReport | None:
    """Return the first report of a fault, or else of a warning, or `None`."""
    sick = [layer for layer in layers if layer.state == "fault"] or [layer for layer in layers if layer.state != "ok"]
    return sick[0] if sick else None


def as_text(diagnosis: Diagnosis) -> str:
    """Write the sentence, and a line for each layer in which something was found."""
    lines = [f"layer {row.layer} ({row.name}): {row.finding}: {row.sentence} {row.remedy}" for row in found(diagnosis)]
    return "\n".join([diagnosis.sentence, *lines])


def found(diagnosis: Diagnosis) -> list[LayerReport]:
    """Return the layers that are not as they should be."""
    return [layer for layer in diagnosis.layers if layer.state != "ok"]


def as_html(diagnosis: Diagnosis) -> str:
    """Write the picture with its alternative text, the sentence, and a table with a row a layer."""
    picture = base64.b64encode(diagnosis.image).decode()
    rows = "".join(_row(layer) for layer in diagnosis.layers)
    head = "".join(f'<th scope="col" style="text-align:left">{title}</th>' for title in SHOWN)
    return (
        f'<img src="data:image/png;base64,{picture}" alt="{html.escape(diagnosis.alt, quote=True)}" '
        f'style="max-width:100%"><p>{html.escape(diagnosis.sentence)}</p>'
        f'<div tabindex="0" role="region" aria-label="The layers, one by one" style="max-height:24em;overflow:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(layer: LayerReport) -> str:
    cells = str(layer.layer), layer.name, layer.finding, layer.sentence, layer.reason, layer.remedy
    return "<tr>" + "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in cells) + "</tr>"
