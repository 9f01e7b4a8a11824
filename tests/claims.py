"""The claims of the literature in `notebooks/claims.md`, and how a test says which of them it asserts."""

import re
from collections.abc import Callable
from typing import NamedTuple

from course.pages import NOTEBOOKS

TABLE = NOTEBOOKS / "claims.md"
_ROW = re.compile(r"^\| (.+) \| (.+) \| \*\*(.+)\*\* \| (.+) \| \[(\w+)\]\(.+\) \|$")


class Claim(NamedTuple):
    """A claim, who makes it, whether it is right, what is so, and the page that shows it."""

    text: str
    source: str
    verdict: str
    what_is_so: str
    page: str


def claims() -> list[Claim]:
    """Return the rows of the table."""
    return [Claim(*row.groups()) for row in map(_ROW.match, _lines()) if row]


def terms() -> dict[str, str]:
    """Return what the table explains above its rows: its verdicts and the short names of articles."""
    return dict(re.findall(r"^- \*\*(.+?)\*\*: (.+)\.$", "\n".join(_lines()), re.MULTILINE))


def _lines() -> list[str]:
    return TABLE.read_text(encoding="utf-8").splitlines()


def asserts(*beginnings: str) -> Callable[[Callable], Callable]:
    """Return a decorator for a test that asserts the claims which begin with these words."""
    return lambda test: test
