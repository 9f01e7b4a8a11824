"""The numbers behind a picture: columns with a key and a title, in the page and as comma-separated values."""

import csv
import html
import io
from collections.abc import Iterator, Mapping

import numpy as np

from course.live.words import say


class Table(Mapping[str, np.ndarray]):
    """Numbers by key, `table["forward"]`, arrays of one shape `(rows,)`; `titles` say what they are, in the same order.

    `Table(layer=("layer", layers), forward=("mean square E[h²]", squares))`; keys that are no names come in a mapping.
    """

    def __init__(self, columns: Mapping[str, tuple[str, np.ndarray]] | None = None, **more: tuple[str, np.ndarray]):
        self._columns = {**(columns or {}), **more}

    def __getitem__(self, key: str) -> np.ndarray:
        return self._columns[key][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def titles(self) -> list[str]:
        """The columns' titles, in the language that is spoken."""
        return [say(title) for title, _values in self._columns.values()]


def as_csv(table: Table) -> str:
    """Return a table as comma-separated values, every number with all its digits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.titles)
    writer.writerows(zip(*(values.tolist() for values in table.values()), strict=True))
    return stream.getvalue()


def as_html(table: Table, title: str) -> str:
    """Return a table for the page, numbers with four digits; it can be reached and scrolled by keyboard."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.titles)
    rows = zip(*(values.tolist() for values in table.values()), strict=True)
    body = "".join("<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row) + "</tr>" for row in rows)
    label = html.escape(say("{title}: the numbers behind the picture", title=title), quote=True)
    opening = f'<div class="course-table" tabindex="0" role="region" aria-label="{label}">'
    return f"{opening}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return "–" if value != value else f"{value:.4g}"  # NaN alone differs from itself: no prediction
