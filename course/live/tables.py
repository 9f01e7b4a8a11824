"""The numbers behind a picture: as a table in the page, and as comma-separated values."""

import csv
import html
import io
from collections.abc import Mapping

import numpy as np

Table = Mapping[str, np.ndarray]


def as_csv(table: Table) -> str:
    """Write a table as comma-separated values, every number with all its digits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*(values.tolist() for values in table.values()), strict=True))
    return stream.getvalue()


def as_html(table: Table, title: str) -> str:
    """Write a table for the page, numbers with four digits; it can be reached and scrolled by keyboard."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table)
    rows = zip(*(values.tolist() for values in table.values()), strict=True)
    body = "".join("<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row) + "</tr>" for row in rows)
    label = html.escape(f"{title}: the numbers behind the picture", quote=True)
    opening = f'<div class="course-table" tabindex="0" role="region" aria-label="{label}">'
    return f"{opening}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return "–" if value != value else f"{value:.4g}"  # NaN alone differs from itself: no prediction
