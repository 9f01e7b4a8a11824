"""How the pages read, in numbers: `python tests/prose.py` prints a row a page. It fails nothing.

Good introductions to this subject have 17 to 21 words a sentence, few sentences of eight words or fewer, 9 to 60 times
"we" and 13 to 37 joints ("so", "therefore", "because") in 1,000 words.
"""

import re
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from course.pages import NOTEBOOKS, notebooks

JOINTS = re.compile(
    r"\b(so|therefore|because|hence|thus|since|that means|which is why|that is why|as a result|it follows)\b",
    re.IGNORECASE,
)
WORDS_A_MINUTE = 150


class Measures(NamedTuple):
    """Of a page before its exercises: words, code cells; words a sentence, the share of short ones; in 1,000 words."""

    words: int
    cells: int
    sentence: float
    short: float
    we: float
    joints: float


def before_exercises(page: NotebookNode) -> list[NotebookNode]:
    """Return the cells that stand before the exercises."""
    places = [place for place, cell in enumerate(page.cells) if cell.source.startswith("## Exercises")]
    return page.cells[: places[0]] if places else page.cells


def prose(cells: list[NotebookNode]) -> str:
    """Return what is read: no code, no formula on a line of its own, no heading, no link's target, no picture."""
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```|\$\$.*?\$\$|^#.*?$|^\|.*?$|<[^>]+>", " ", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"\$[^$]+\$", "x", text)


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return re.findall(r"[^\W\d_][\w'’-]*", text)


def sentences(text: str) -> list[list[str]]:
    """Return the words of every sentence."""
    parts = re.split(r"(?<=[.?!])\s+|\n\s*\n|\n\s*(?:-|\d+\.)\s", text)
    return [found for found in map(words, parts) if found]


def measures(page: NotebookNode) -> Measures:
    """Measure a page."""
    cells = before_exercises(page)
    text = prose(cells)
    count, parts = len(words(text)), sentences(text)
    we = len(re.findall(r"\b(we|our|us)\b", text, re.IGNORECASE))
    return Measures(
        count,
        sum(cell.cell_type == "code" for cell in cells),
        sum(map(len, parts)) / len(parts),
        sum(len(part) <= 8 for part in parts) / len(parts),
        1000 * we / count,
        1000 * len(JOINTS.findall(text)) / count,
    )


def main() -> None:
    """Print a row for every page."""
    print(f"{'page':28} words minutes cells  words/sentence  short   we  joints")
    for topic, name in notebooks().items():
        found = measures(nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4))
        minutes = found.words / WORDS_A_MINUTE
        print(
            f"{topic:28} {found.words:5} {minutes:7.0f} {found.cells:5} {found.sentence:15.1f} {found.short:6.0%}",
            end="",
        )
        print(f" {found.we:4.0f} {found.joints:7.0f}")


if __name__ == "__main__":
    main()
