"""Which cell of a page is which kind of slide, by its place and its content.

Run as a script, it splits the texts of the pages at their headings, one slide each, and marks every cell.

A class sees headings, short texts, results as they are revealed, the question and the picture; imports, the list of
words, references and solutions are for the reader alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

PAGES = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*_*.ipynb"))
SKIPPED = ("import ", "from ", "## If you want", "## Words", "## References")
"""How cells begin that are for the reader alone."""
PART = re.compile(r"\n+(?=#{2,3} )")
FENCE = "```"
ON_ITS_OWN = re.compile(r"^(predict\(|explorers\.|exercises\.progress\()", flags=re.MULTILINE)
"""A cell whose output needs the whole screen."""


def slide_types(page: NotebookNode) -> list[str]:
    """Return the slide type of every cell of a page, in the order of the page."""
    return list(_types(page.cells))


def _types(cells: list[NotebookNode]) -> Iterator[str]:
    before = "skip"
    for cell in cells:
        before = _type(cell, before)
        yield before


def _type(cell: NotebookNode, before: str) -> str:
    if "solution" in cell.metadata.get("tags", ()) or cell.source.startswith(SKIPPED):
        return "skip"
    if cell.cell_type == "markdown" and cell.source.startswith(("# ", "## ")):
        return "slide"
    if cell.cell_type == "markdown" or ON_ITS_OWN.search(cell.source) or before == "skip":
        return "subslide"
    return "fragment"


def split(page: NotebookNode) -> None:
    """Give every heading below a page's title a cell of its own, with the text that follows it.

    A part that opens with the heading of its first step keeps both in one cell.
    """
    page.cells = [piece for cell in page.cells for piece in _pieces(cell)]


def _pieces(cell: NotebookNode) -> Iterator[NotebookNode]:
    first, *others = _texts(cell.source) if cell.cell_type == "markdown" else [cell.source]
    cell.source = first
    yield cell
    yield from (new_markdown_cell(text) for text in others)


def _texts(source: str) -> list[str]:
    """Split a text before each heading that is not in a block of code and not the first thing after another."""
    texts = [""]
    for text in PART.split(source):
        if texts[-1].count(FENCE) % 2 or re.fullmatch(r"(#+ .*)?", texts[-1]):
            texts[-1] += f"\n\n{text}" if texts[-1] else text
        else:
            texts.append(text)
    return texts


def mark(page: NotebookNode) -> None:
    """Write the slide types into the metadata of a page's cells."""
    for cell, kind in zip(page.cells, slide_types(page), strict=True):
        cell.metadata["slideshow"] = {"slide_type": kind}


if __name__ == "__main__":
    for path in PAGES:
        marked = nbformat.read(path, as_version=4)
        split(marked)
        mark(marked)
        nbformat.write(marked, path)
