"""Finds the pages, reads them, and writes copies of them, never over somebody's work."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import nbformat
from nbconvert.preprocessors import RegexRemovePreprocessor, TagRemovePreprocessor
from nbformat import NotebookNode

from course.pages import NOTEBOOKS, notebooks

FOLDER = NOTEBOOKS
LINK = re.compile(r"\[([^\]]*)\]\(([\w.-]+\.(?:ipynb|md))(#[^)\s]*)?\)")
"""A link of one page to another, or to a text beside it: its words, the file, and the place in it."""
NOT_FOR_STUDENTS = {"instructor.md"}
BOARD = r"exercises\.progress\("
"""A cell that shows how many exercises are done: nothing moves it where answers are not kept."""


def names(wanted: Sequence[str] = ()) -> list[str]:
    """Return the notebooks' names, "05_xavier", in the reader's order: all, or those `wanted` by name, topic or number.

    `FileNotFoundError` where the pages are not beside the package, `ValueError` for a page that there is not.
    """
    topics = notebooks(FOLDER)
    known = list(topics.values())
    if not known:
        raise FileNotFoundError(
            f"There are no pages in {FOLDER}. They come with a copy of the repository: "
            "install the course from there with `pip install --editable .`, or start it with `uv run`."
        )
    by_word = {word: name for topic, name in topics.items() for word in (name, topic, name.partition("_")[0])}
    if unknown := [word for word in wanted if word not in by_word]:
        raise ValueError(f"pages must be among {', '.join(topics)}, not {', '.join(unknown)}")
    chosen = {by_word[word] for word in wanted}
    return [name for name in known if not wanted or name in chosen]


def read(name: str) -> NotebookNode:
    """Read the page of this name."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def texts(names: Iterable[str]) -> dict[str, str]:
    """Return the texts beside the pages to which pages of these names link, such as "claims.md", by their files."""
    cells = [cell.source for name in names for cell in read(name).cells if cell.cell_type == "markdown"]
    linked = {link[2] for cell in cells for link in LINK.finditer(cell) if link[2].endswith(".md")}
    return {file: (FOLDER / file).read_text(encoding="utf-8") for file in sorted(linked - NOT_FOR_STUDENTS)}


def without(page: NotebookNode, tag: str, *patterns: str) -> NotebookNode:
    """Return a copy of the page without the cells that have the tag or begin with one of the patterns."""
    kept, _ = TagRemovePreprocessor(remove_cell_tags={tag}).preprocess(deepcopy(page), {})
    return RegexRemovePreprocessor(patterns=list(patterns)).preprocess(kept, {})[0]


def relinked(text: str, place: Callable[[str], str | None]) -> str:
    """Return the text with every link turned to `place(file)`; where that is `None`, the words stay without a link."""

    def turned(link: re.Match) -> str:
        target = place(link[2])
        return link[1] if target is None else f"[{link[1]}]({target}{link[3] or ''})"

    return LINK.sub(turned, text)


def relinked_page(page: NotebookNode, place: Callable[[str], str | None]) -> NotebookNode:
    """Return a copy of the page in which the links of its texts are turned to `place(file)`."""
    copy = deepcopy(page)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = relinked(cell.source, place)
    return copy


def require_writable(paths: Iterable[Path], *, force: bool = False) -> None:
    """Raise an error unless all these files can be written and none is among the pages themselves.

    `FileExistsError` if one is there already, unless `force`.
    """
    for path in paths:
        if FOLDER.resolve() in path.resolve().parents:
            raise ValueError(f"{path} would be among the pages themselves: choose a folder outside {FOLDER}")
        if blocked := [parent for parent in path.parents if parent.is_file()]:
            raise NotADirectoryError(f"{blocked[0]} is a file: choose a folder")
        if path.exists() and not force:
            raise FileExistsError(
                f"{path} exists already, and may hold somebody's work. "
                "Nothing was written. Choose another folder, or add --force to overwrite."
            )


def write(files: Mapping[Path, str], *, force: bool = False) -> list[Path]:
    """Write all files, with the folders they need, or none if one of them is not writable; return their paths."""
    require_writable(files, force=force)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(files)
