"""Prints the pages: each one is run, and written as HTML and as PDF that are read without a kernel or a network."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from tqdm import tqdm

from course.handouts import pages
from course.handouts.browsers import find_browser
from course.handouts.typesetting import as_html, document, markdown_as_html

SETUP = "from course.handouts.printed import Paper, use_paper; use_paper(get_ipython(), Paper())"
"""Run in the kernel before the page."""
MARKER = re.compile(r"^# NBVAL_CHECK_OUTPUT\n", flags=re.MULTILINE)
"""A line of a cell that speaks to the tests and not to a reader."""
COLLAPSED = re.compile(r"<details><summary>Solution</summary>\s*(.*?)\s*</details>", flags=re.DOTALL)
EXERCISE = re.compile(r"\*\*(\d+)\. ")
SECONDS_A_CELL = 600


def print_pages(folder: Path, names: Sequence[str], *, pdf: bool = True) -> list[Path]:
    """Run the pages and write them into `folder` as HTML and, with `pdf`, as PDF; give the files' paths.

    In the HTML solutions unfold and links lead to the other printed pages; in the PDF solutions stand at the end.
    `FileNotFoundError` where a PDF is asked for and no browser can make it; `ValueError` for the pages' own folder.
    """
    if pages.FOLDER.resolve() in (folder / "page").resolve().parents:
        raise ValueError(f"{folder} is among the pages themselves: choose a folder outside {pages.FOLDER}")
    browser = required_browser() if pdf else None
    files = []
    texts = pages.texts(names)
    place = placed(names, texts)
    for file, text in texts.items():
        body = markdown_as_html(pages.relinked(text, place))
        title = text.splitlines()[0].removeprefix("# ")
        files += pages.write({folder / f"{Path(file).stem}.html": document(title, body)}, force=True)
    for name in tqdm(names, unit="page"):
        page = executed(readable(pages.read(name)))
        files += pages.write({folder / f"{name}.html": as_html(relinked(page, place))}, force=True)
        if browser:
            files.append(folder / f"{name}.pdf")
            write_pdf(as_html(on_paper(page)), files[-1], browser)
    return files


def required_browser() -> str:
    """Give the browser that makes the PDF; `FileNotFoundError`, in words, where there is none."""
    if found := find_browser(os.environ):
        return found
    raise FileNotFoundError(
        "No Chrome, Chromium or Edge was found, and one is needed to make the PDF. Install one, name one in the "
        "variable COURSE_BROWSER, or add --no-pdf for HTML alone."
    )


def placed(names: Sequence[str], texts: Sequence[str]) -> Callable[[str], str | None]:
    """Give the function that says where a link to a page or a text leads when these are printed."""
    present = {*(f"{name}.ipynb" for name in names), *texts}
    return lambda file: f"{Path(file).stem}.html" if file in present else None


def readable(page: NotebookNode) -> NotebookNode:
    """Give a copy of a page without what only a kernel or a test can use: checks, progress boards, markers."""
    copy = deepcopy(page)
    copy.cells = [cell for cell in copy.cells if not _answers_back(cell)]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = MARKER.sub("", cell.source)
    return copy


def _answers_back(cell: NotebookNode) -> bool:
    return "check" in pages.tags(cell) or cell.source.startswith("exercises.progress(")


def executed(page: NotebookNode) -> NotebookNode:
    """Give a copy of a page with the outputs of a fresh run, its widgets as they look on paper.

    `nbclient.exceptions.CellExecutionError` if a cell fails.
    """
    copy = deepcopy(page)
    copy.cells.insert(0, new_code_cell(SETUP))
    with tempfile.TemporaryDirectory() as empty:
        resources = {"metadata": {"path": empty}}
        client = NotebookClient(copy, timeout=SECONDS_A_CELL, coalesce_streams=True, resources=resources)
        client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # what a kernel remarks is not about the page
        client.execute()
    del copy.cells[0]
    return copy


def relinked(page: NotebookNode, place: Callable[[str], str | None]) -> NotebookNode:
    """Give a copy of a page with its links turned to `place(file)`."""
    copy = deepcopy(page)
    pages.relink(copy, place)
    return copy


def on_paper(page: NotebookNode) -> NotebookNode:
    """Give a copy of a page in which nothing unfolds and nothing is a link to a file: solutions stand at the end."""
    copy = relinked(page, lambda _file: None)
    solutions, number = [], ""
    for cell in copy.cells:
        if found := EXERCISE.match(cell.source):
            number = found[1]
        if "solution" in pages.tags(cell):
            unfolded = COLLAPSED.sub(r"\1", cell.source)
            solutions.append(new_markdown_cell(f"### Exercise {number}\n\n{unfolded}"))
    copy.cells = [cell for cell in copy.cells if "solution" not in pages.tags(cell)]
    copy.cells += [new_markdown_cell("## Solutions"), *solutions] if solutions else []
    return copy


def write_pdf(text: str, path: Path, browser: str) -> None:
    """Let a browser print an HTML document, as a tagged PDF with an outline."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as workshop:
        source = Path(workshop, "page.html")
        source.write_text(text, encoding="utf-8")
        options = ("--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--no-pdf-header-footer")
        tagged = ("--export-tagged-pdf", "--generate-pdf-document-outline", f"--user-data-dir={workshop}/profile")
        command = [browser, *options, *tagged, f"--print-to-pdf={path.resolve()}", source.as_uri()]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not path.is_file():
        raise OSError(f"{browser} made no PDF of {path.name}: {ended.stderr.strip()[-300:]}")
