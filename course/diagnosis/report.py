"""What `diagnose` answers: a picture, a sentence, a table, and a report a layer with a reason and a remedy."""

import base64
import html
import json
import math
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from course.diagnosis.expectation import TITLES
from course.diagnosis.reading import ParameterReading
from course.diagnosis.remedies import Change
from course.live.tables import Table

WHOLE = "the whole network"
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Diagnosis</title><body>{body}</body></html>'
WORDS = {"fault": "Fault", "warning": "Warning", "fine": "Fine"}
SHOWN_NAMES, SHOWN_LINES, WIDTH = 3, 3, 100
SHOWN = "layer", "name", "state", "finding", "what is seen", "why", "what to do", "in code"


class LayerReport(NamedTuple):
    """One layer: `state` "ok", "warning" or "fault", the name of its finding, and what follows from it in words.

    `layer` counts from 1. `also` names further findings of the same layer, effects of the first one as a rule.
    `code` is the remedy in the reader's framework, a line for each of its `changes`, "" where there is none; only one
    report changes a parameter.
    """

    layer: int
    name: str
    state: str
    finding: str
    sentence: str
    reason: str
    remedy: str
    also: tuple[str, ...] = ()
    code: str = ""
    changes: tuple[Change, ...] = ()


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
    changes: tuple[Change, ...] = ()
    mend: Callable[[], Any] | None = None

    def mended(self) -> Any:
        """Return the network with the remedies applied that concern single parameters; the network itself is kept.

        Takes modules of PyTorch, Flax NNX and Equinox, Keras models that can be made from their configuration, lists of
        layers, and pairs of a JAX function and its parameters. Raises `ValueError` where no remedy concerns a
        parameter, and warns where that of the first finding does not.
        """
        if self.mend is None:
            raise ValueError("this diagnosis was made of a reading; mended() needs one of diagnose(network, batch)")
        if self.primary is not None and not self.primary.changes:
            left = f"{self.primary.finding}: {self.primary.remedy[0].lower()}{self.primary.remedy[1:]}"
            if not self.changes:
                raise ValueError(f"no change of a parameter mends this network. What is left to do about {left}")
            warnings.warn(f"not mended, {left}", stacklevel=2)
        return self.mend()

    def save(self, path: str | Path) -> None:
        """Write the diagnosis to a file: a page (.html), its picture (.png), its numbers (.json) or its text (.txt).

        Raises `ValueError` for another ending, and for a folder that does not exist.
        """
        path = checked_path(path)
        path.write_bytes(FILES[path.suffix.lower()](self))

    def json(self) -> str:
        """Return verdict, findings, and what was measured of each parameter, as JSON."""
        content = {
            "healthy": self.healthy,
            "sentence": self.sentence,
            "layers": [layer._asdict() for layer in self.layers],
            "whole": [row._asdict() for row in self.whole],
            "parameters": [one._asdict() for one in self.parameters],
            "unread": self.unread,
        }
        return json.dumps(_without_nan(content), ensure_ascii=False, indent=1)

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


FILES: dict[str, Callable[[Diagnosis], bytes]] = {
    ".html": lambda diagnosis: PAGE.format(body=as_html(diagnosis)).encode(),
    ".png": lambda diagnosis: diagnosis.image,
    ".json": lambda diagnosis: diagnosis.json().encode(),
    ".txt": lambda diagnosis: as_text(diagnosis).encode(),
}
"""What is written into a file, by its ending."""


def checked_path(path: str | Path) -> Path:
    """Return the path that a diagnosis can be saved to, or raise a `ValueError`."""
    if not isinstance(path, str | Path):
        raise ValueError(f"the path is {path!r}; allowed is the name of a file")
    path = Path(path)
    if path.suffix.lower() not in FILES:
        raise ValueError(f"the path {path} ends in {path.suffix!r}; allowed are {', '.join(FILES)}")
    if not path.parent.is_dir():
        raise ValueError(f"the folder {path.parent} does not exist; allowed is one that does")
    return path


def _without_nan(value: Any) -> Any:
    """The same with None where JSON has no number."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def first(layers: Sequence[LayerReport], whole: Sequence[LayerReport] = ()) -> LayerReport | None:
    """Return the first report of a fault, layers first, or else of a warning, or `None`."""
    rows = [row for state in ("fault", "warning") for row in (*layers, *whole) if row.state == state]
    return rows[0] if rows else None


def settled(layers: Sequence[LayerReport], whole: Sequence[LayerReport]) -> tuple[tuple[LayerReport, ...], ...]:
    """Return the reports with one change a parameter, that of the gravest: two that differ would undo each other."""
    rows = dict(enumerate((*layers, *whole)))
    claimed: dict[str, LayerReport] = {}
    for place, row in sorted(rows.items(), key=lambda pair: pair[1].state != "fault"):
        if any(one.parameter in claimed for one in row.changes):
            rows[place] = _without(row, claimed)
        claimed |= {one.parameter: row for one in row.changes if one.parameter not in claimed}
    found = tuple(rows.values())
    return found[: len(layers)], found[len(layers) :]


def _without(row: LayerReport, claimed: Mapping[str, LayerReport]) -> LayerReport:
    """A report without the changes of parameters that other reports change."""
    lines = zip(row.changes, row.code.splitlines() or [""] * len(row.changes), strict=True)
    kept = [(one, line) for one, line in lines if one.parameter not in claimed]
    first = row.changes[0].parameter
    other = claimed.get(first)
    of = f"layer {other.layer}" if other.layer else WHOLE
    remedy = row.remedy if kept else f"The remedy for {of} ({other.finding}) changes {first} already."
    return row._replace(changes=tuple(one for one, _ in kept), code="\n".join(line for _, line in kept), remedy=remedy)


def as_text(diagnosis: Diagnosis) -> str:
    """Return the verdict, and for each kind of finding its layers, what is seen, why, and what to do."""
    if diagnosis.primary is None:
        return diagnosis.sentence
    lines = [f"{WORDS[diagnosis.primary.state]}: {diagnosis.sentence}"]
    for rows in kinds(diagnosis):
        lines += ["", f"{rows[0].state}: {rows[0].finding}, {_where(rows)}", *_indented(rows)]
    return "\n".join(lines)


def kinds(diagnosis: Diagnosis) -> list[list[LayerReport]]:
    """Return the reports of what was found, those of one finding and severity together, faults first."""
    rows = [row for row in (*diagnosis.layers, *diagnosis.whole) if row.state != "ok"]
    groups: dict[tuple[str, str], list[LayerReport]] = {}
    for row in sorted(rows, key=lambda row: row.state != "fault"):
        groups.setdefault((row.state, row.finding), []).append(row)
    return list(groups.values())


def _where(rows: list[LayerReport]) -> str:
    """Name the layers of a finding: layers 2 to 9 (b, c, d and 5 more)."""
    if rows[0].name == WHOLE:
        return WHOLE
    names = list(dict.fromkeys(row.name for row in rows))
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"{which([row.layer for row in rows])} ({', '.join(names[:SHOWN_NAMES])}{more})"


def which(numbers: Sequence[int]) -> str:
    """Name layers as a person would: layer 3, layers 1 to 5, 4 layers."""
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    if list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"layers {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers)} layers"


def _indented(rows: list[LayerReport]) -> list[str]:
    first = rows[0]
    alike = len({(row.sentence, row.reason, row.remedy) for row in rows}) == 1
    said = f"{'' if alike else _of_one(first)}{first.sentence} {first.reason} {first.remedy}"
    lines = [line for row in rows for line in row.code.splitlines()]
    more = len(lines) - SHOWN_LINES
    words = textwrap.wrap(said, WIDTH - 2)
    code = [f"    {line}" for line in lines[:SHOWN_LINES]] + ([f"    # and so for {more} more"] if more > 0 else [])
    return [f"  {line}" for line in words] + code


def _of_one(row: LayerReport) -> str:
    """Say for which of several layers the numbers are."""
    return "" if row.name == WHOLE else f"Layer {row.layer}: "


def found(diagnosis: Diagnosis) -> list[LayerReport]:
    """Return the layers that are not as they should be."""
    return [layer for layer in diagnosis.layers if layer.state != "ok"]


def as_html(diagnosis: Diagnosis) -> str:
    """Write the picture with its alternative text, the sentence, and a table with a row a layer."""
    picture = base64.b64encode(diagnosis.image).decode()
    rows = "".join(_row(layer) for layer in (*diagnosis.whole, *diagnosis.layers))
    state = WORDS[diagnosis.primary.state if diagnosis.primary else "fine"]
    head = "".join(f'<th scope="col" style="text-align:left">{title}</th>' for title in SHOWN)
    return (
        f'<img src="data:image/png;base64,{picture}" alt="{html.escape(diagnosis.alt, quote=True)}" '
        f'style="max-width:100%"><p><b>{state}</b>: {html.escape(diagnosis.sentence)}</p>'
        f'<div tabindex="0" role="group" aria-label="The layers, one by one" style="max-height:24em;overflow:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(layer: LayerReport) -> str:
    number = str(layer.layer) if layer.name != WHOLE else ""
    state = "fine" if layer.state == "ok" else layer.state
    cells = number, layer.name, state, layer.finding, layer.sentence, layer.reason, layer.remedy
    code = f'<td style="text-align:left"><code>{html.escape(layer.code).replace(chr(10), "<br>")}</code></td>'
    words = "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in cells)
    return f"<tr>{words}{code}</tr>"
