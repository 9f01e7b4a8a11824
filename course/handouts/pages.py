"""Finds the pages, reads them, and writes copies of them, never over somebody's work."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.pages import NOTEBOOKS, notebooks

FOLDER = NOTEBOOKS
LINK = re.compile(r"\[([^\]]*)\]\(([\w.-]+\.(?:ipynb|md))(#[^)\s]*)?\)")
"""A link of one page to another, or to a text beside it: its words, the file, and the place in it."""
NOT_FOR_STUDENTS = {"instructor.md"}


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
    """Give the tags of a cell."""
    return cell.metadata.get("tags", [])


def texts(names: Iterable[str]) -> dict[str, str]:
    """Give the texts beside the pages to which pages of these names link, such as "claims.md", by their files."""
    cells = [cell.source for name in names for cell in read(name).cells if cell.cell_type == "markdown"]
    linked = {link[2] for cell in cells for link in LINK.finditer(cell) if link[2].endswith(".md")}
    return {file: (FOLDER / file).read_text(encoding="utf-8") for file in sorted(linked - NOT_FOR_STUDENTS)}


def relinked(text: str, place: Callable[[str], str | None]) -> str:
    """Turn every link of a text to `place(file)`; where that is `None`, the words stay without a link."""

    def turned(link: re.Match) -> str:
        target = place(link[2])
        return link[1] if target is None else f"[{link[1]}]({target}{link[3] or ''})"

    return LINK.sub(turned, text)


def relink(page: NotebookNode, place: Callable[[str], str | None]) -> None:
    """Turn the links of all markdown cells of a page, as `relinked` does."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = relinked(cell.source, place)


def write(files: Mapping[Path, str], *, force: bool = False) -> list[Path]:
    """Write all files or none, with the folders they need, and give their paths.

    A file that is there is overwritten only by `force`, else `FileExistsError`; the pages themselves never are.
    """
    targets = list(files)
    if inside := [path for path in targets if FOLDER.resolve() in path.resolve().parents]:
        raise ValueError(f"{inside[0]} would be among the pages themselves: choose a folder outside {FOLDER}")
    if blocked := [parent for path in targets for parent in path.parents if parent.is_file()]:
        raise NotADirectoryError(f"{blocked[0]} is a file: choose a folder")
    if not force and (present := [path for path in targets if path.exists()]):
        raise FileExistsError(
            f"{_listed(present)} exist{'s' if len(present) == 1 else ''} already, and may hold somebody's work. "
            "Nothing was written. Choose another folder, or add --force to overwrite."
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return targets


def _listed(paths: Iterable[Path], most: int = 3) -> str:
    spelled = [str(path) for path in paths]
    more = len(spelled) - most
    return ", ".join(spelled[:most]) + (f" and {more} more" if more > 0 else "")
