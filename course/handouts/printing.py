"""Prints the pages: each one is run, and written as HTML and as PDF that are read without a kernel or a network."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.handouts import pages
from course.handouts.browsers import find_browser
from course.handouts.typesetting import as_html

SETUP = "from course.handouts.printed import Paper, use_paper; use_paper(get_ipython(), Paper())"
"""Run in the kernel before the page."""
MARKER = re.compile(r"^# NBVAL_CHECK_OUTPUT\n", flags=re.MULTILINE)
"""A line of a cell that speaks to the tests and not to a reader."""
COLLAPSED = re.compile(r"<details><summary>Solution</summary>\s*(.*?)\s*</details>", flags=re.DOTALL)
SECONDS_A_CELL = 600


def print_pages(folder: Path, wanted: Sequence[str] = (), *, pdf: bool = True) -> list[Path]:
    """Run the pages, all or those `wanted`, and write them as HTML and, with `pdf`, as PDF; return the files' paths.

    In the HTML solutions unfold and links lead to the other printed pages; in the PDF solutions stand at the end.
    `FileNotFoundError` where a PDF is asked for and no browser can make it; `ValueError` for the pages' own folder.
    """
    names = pages.names(wanted)
    texts = pages.texts(names)
    place = placed(names, texts)
    pages.require_writable([folder / "page.html"], force=True)
    browser = required_browser() if pdf else None

    def publish(name: str, page: NotebookNode) -> list[Path]:
        return pages.write({folder / f"{name}.html": as_html(pages.relinked_page(page, place))}, force=True)

    files = []
    for file, text in texts.items():
        files += publish(Path(file).stem, new_notebook(cells=[new_markdown_cell(text)]))
    for name, page in run_pages(names, SETUP):
        files += publish(name, page)
        if browser:
            files.append(folder / f"{name}.pdf")
            write_pdf(as_html(on_paper(page)), files[-1], browser)
    return files


def run_pages(names: Sequence[str], setup: str) -> Iterator[tuple[str, NotebookNode]]:
    """Run the pages one after the other, each after the line `setup`, and return them by name with their outputs."""
    for number, name in enumerate(names, start=1):
        print(f"Page {number} of {len(names)}: {name}", file=sys.stderr)
        yield name, executed(readable(pages.read(name)), setup)


def required_browser() -> str:
    """Return the browser that makes the PDF; `FileNotFoundError`, in words, where there is none."""
    if found := find_browser(os.environ):
        return found
    raise FileNotFoundError(
        "No Chrome, Chromium or Edge was found, and one is needed to make the PDF. Install one, name one in the "
        "variable COURSE_BROWSER, or add --no-pdf for HTML alone."
    )


def placed(names: Sequence[str], texts: Sequence[str]) -> Callable[[str], str | None]:
    """Return the function that says where a link to a page or a text leads when these are printed."""
    present = {*(f"{name}.ipynb" for name in names), *texts}
    return lambda file: f"{Path(file).stem}.html" if file in present else None


def readable(page: NotebookNode) -> NotebookNode:
    """Return a copy of a page without what only a kernel or a test can use: checks, progress boards, markers."""
    copy = pages.without(page, "check", pages.BOARD)
    for cell in copy.cells:
        cell.source = MARKER.sub("", cell.source)
    return copy


def executed(page: NotebookNode, setup: str = SETUP) -> NotebookNode:
    """Return a copy of a page with the outputs of a fresh run, its widgets as `setup` lets them look.

    `nbclient.exceptions.CellExecutionError` if a cell fails.
    """
    copy = deepcopy(page)
    copy.cells.insert(0, new_code_cell(setup))
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            copy,
            resources={"metadata": {"path": empty}},
            timeout=SECONDS_A_CELL,
            coalesce_streams=True,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # what a kernel remarks is not about the page
        )
        client.execute()
    del copy.cells[0]
    return copy


def on_paper(page: NotebookNode) -> NotebookNode:
    """Return a copy of a page in which nothing unfolds or is a link to a file: solutions stand at the end."""
    copy = pages.relinked_page(page, lambda _file: None)
    solutions = [cell for cell in copy.cells if "solution" in pages.tags(cell)]
    for number, cell in enumerate(solutions, start=1):
        cell.source = COLLAPSED.sub(rf"### Exercise {number}\n\n\1", cell.source)
    paper = pages.without(copy, "solution")
    paper.cells += [new_markdown_cell("## Solutions"), *solutions] if solutions else []
    return paper


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
