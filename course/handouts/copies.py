"""Copies of the pages for students: the solutions are left out, everything else is as it was."""

from collections.abc import Sequence
from pathlib import Path

import nbformat

from course.handouts import pages


def write_copies(folder: Path, wanted: Sequence[str] = (), *, force: bool = False) -> list[Path]:
    """Write copies of the pages, all or those `wanted`, and the texts they link to; return the files' paths.

    Links lead to the copies; a link to a page that is not among them keeps its words alone. `FileExistsError` if one of
    the files is there already, unless `force`.
    """
    names = pages.names(wanted)
    texts = pages.texts(names)
    present = {*texts, *(f"{name}.ipynb" for name in names)}

    def place(file: str) -> str | None:
        return file if file in present else None

    files = {folder / file: pages.relinked(text, place) for file, text in texts.items()}
    for name in names:
        copy = pages.relinked_page(pages.without(pages.read(name), "solution"), place)
        files[folder / f"{name}.ipynb"] = nbformat.writes(copy) + "\n"
    return pages.write(files, force=force)
