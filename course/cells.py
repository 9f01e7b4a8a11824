"""What a cell of a notebook has made: a cell that is run again closes it, so that the kernel does not keep both.

ipywidgets keeps every widget, with all that it holds, until it is closed.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import ipywidgets as widgets
from IPython import get_ipython


class _Run(NamedTuple):
    """One run of a cell, by the message that asked for it, and the widgets that it has made."""

    message: str
    made: list[widgets.Widget]


_runs: dict[str, _Run] = {}


def made(widget: widgets.Widget, others: Callable[[], Iterable[widgets.Widget]] = tuple) -> None:
    """Let a widget be closed with all its parts: when it is closed, and when the cell that made it is run again.

    `others` returns further widgets that go with it, such as parts that are not shown now.
    """
    widget.observe(lambda change: None if change["new"] else _close([widget, *others()]), "comm")
    shell = get_ipython()
    request = shell.get_parent() if hasattr(shell, "kernel") else {}
    cell = request.get("metadata", {}).get("cellId")
    if cell is None:  # no cell of a page, or a program that does not say which
        return
    message = request["header"]["msg_id"]
    before = _runs.get(cell)
    if before is None or before.message != message:
        _runs[cell] = _Run(message, [])
        for old in before.made if before is not None else []:
            old.close()
    _runs[cell].made.append(widget)


def _close(whole: Iterable[widgets.Widget]) -> None:
    for widget in whole:
        for part in (widget, *_parts(widget)):
            part.close()


def _parts(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """Every widget inside another one, and their layouts and styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            if isinstance(part, widgets.Widget):
                yield part
                yield from _parts(part)
