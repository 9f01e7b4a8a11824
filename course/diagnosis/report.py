"""What `diagnose` answers: a picture, a sentence, a table, and a report a layer with a reason and a remedy."""

import base64
import html
from collections.abc import Callable, Sequence
from typing import NamedTuple

from course.diagnosis.expectation import TITLES
from course.diagnosis.reading import ParameterReading
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
    """A network's picture, what it shows in a sentence, its numbers, and its layers' reports.

    `picture` is PNG bytes, or draws them. `table` has arrays of shape `(layers,)` by the keys of its columns.
    `whole` are findings about the network as a whole, `parameters` what was measured of each of them, `unread` the
    names of weights whose start was not judged. Displays itself in a notebook.
    """

    picture: bytes | Callable[[], bytes]
    sentence: str
    layers: tuple[LayerReport, ...]
    table: Table = Table()
    whole: tuple[LayerReport, ...] = ()
    parameters: tuple[ParameterReading, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def image(self) -> bytes:
        """The picture as PNG bytes; it is drawn when it is first asked for."""
        return self.picture if isinstance(self.picture, bytes) else self.picture()

    @property
    def healthy(self) -> bool:
        """Whether nothing was found in any layer that was read, nor in the network as a whole."""
        return not self.whole and all(layer.state == "ok" for layer in self.layers)

    @property
    def primary(self) -> LayerReport | None:
        """The report to begin with: the first layer with a fault, or else with a warning; `None` if healthy."""
        return first(self.layers, self.whole)

    @property
    def alt(self) -> str:
        """The picture in words, for readers who do not see it."""
        panels = " and ".join(title[0].lower() + title[1:] for title in TITLES.values())
        return f"Two curves over {len(self.layers)} layers, {panels}, with a mark for each layer. {self.sentence}"

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_mimebundle_(self, **_options) -> dict[str, str]:
        return {"text/plain": as_text(self), "text/html": as_html(self)}


def first(layers: Sequence[LayerReport], whole: Sequence[LayerReport] = ()) -> LayerReport | None:
    """Return the first report of a fault, layers first, or else of a warning, or `None`."""
    rows = [row for state in ("fault", "warning") for row in (*layers, *whole) if row.state == state]
    return rows[0] if rows else None


def as_text(diagnosis: Diagnosis) -> str:
    """Write the sentence, and a line for each layer in which something was found."""
    lines = [f"{row.name}: {row.finding}: {row.sentence} {row.remedy}" for row in diagnosis.whole]
    lines += [f"layer {row.layer} ({row.name}): {row.finding}: {row.sentence} {row.remedy}" for row in found(diagnosis)]
    return "\n".join([diagnosis.sentence, *lines])


def found(diagnosis: Diagnosis) -> list[LayerReport]:
    """Give the layers that are not as they should be."""
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
