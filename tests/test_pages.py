"""Every page keeps the form that all pages share. That each runs and prints the numbers it stores is shown by nbval."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.pages import notebooks, topic_of

ROOT = Path(__file__).parent.parent
PAGES = list(notebooks().values())
LESSONS = PAGES[1:-1]
"""The pages that teach one idea each: all but the first and the lab."""
TEMPLATE = (
    "You will be able to",
    "Setting",
    "Predict",
    "Observe",
    "Explain",
    "Exercises",
    "Summary",
    "References",
)
CHECKED = "nbval-check-output"
TAGS = {"stub", "check", "exercise", CHECKED}
"""What a code cell may be tagged as; Voilà leaves out what the lab calls an exercise."""
LONGEST_CELL = 20
WORDS_PER_LINE = 8


def path_of(page: str) -> Path:
    return ROOT / "notebooks" / f"{page}.ipynb"


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(page: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in page.cells if cell.cell_type == "code"]


def lines(cell: NotebookNode) -> list[str]:
    return [line for line in cell.source.splitlines() if line.strip()]


def is_checked(cell: NotebookNode) -> bool:
    return CHECKED in cell.metadata.get("tags", [])


def headings(page: NotebookNode, level: int) -> list[str]:
    text = "\n".join(without_code(cell.source) for cell in page.cells if cell.cell_type == "markdown")
    return re.findall(rf"^{'#' * level} +(.+?) *$", text, flags=re.MULTILINE)


def without_code(markdown: str) -> str:
    return re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)


def words(markdown: str) -> int:
    """How many words of prose a reader meets: code, formulas and HTML tags are none."""
    prose = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>", " ", without_code(markdown), flags=re.DOTALL)
    return len(re.findall(r"[^\W\d_][\w'’-]*", prose))


def faults_of_stored_outputs(page: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(code_cells(page), start=1):
        if not is_checked(cell) and (cell.outputs or cell.execution_count is not None):
            yield f"code cell {number} stores an output or a count, and nothing checks it"
        if is_checked(cell) and cell.execution_count is None:
            yield f"code cell {number} has no execution count: nbval would never compare it"
        if is_checked(cell) and not re.search(r"\d", stored_text(cell)):
            yield f"code cell {number} is marked as checked and stores no number"


def stored_text(cell: NotebookNode) -> str:
    outputs = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", ())]
    return "".join(outputs)


def faults_of_code(page: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(code_cells(page), start=1):
        if len(cell.source.splitlines()) > LONGEST_CELL:
            yield f"code cell {number} has more than {LONGEST_CELL} lines"
        if "NBVAL_" in cell.source or set(cell.metadata.get("tags", [])) - TAGS:
            yield f"code cell {number} asks to be skipped, or to be allowed to fail"
        imports = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Import | ast.ImportFrom)]
        if imports and number > 1:
            yield f"code cell {number} imports; imports stand in the first code cell alone"


def faults_of_prose(page: NotebookNode) -> Iterator[str]:
    prose = sum(words(cell.source) for cell in page.cells if cell.cell_type == "markdown")
    code = sum(len(lines(cell)) for cell in code_cells(page))
    if prose < WORDS_PER_LINE * code:
        yield f"{prose} words of prose for {code} lines of code: fewer than {WORDS_PER_LINE} a line"
    titles = headings(page, 1)
    if len(titles) != 1 or not titles[0].endswith("?"):
        yield f"the title is one question, and here it is {titles}"


def faults_of_the_template(page: NotebookNode) -> Iterator[str]:
    found = [part for heading in headings(page, 2) for part in TEMPLATE if heading.startswith(part)]
    first_met = tuple(dict.fromkeys(found))
    if first_met != TEMPLATE:
        yield f"the parts are {first_met}, and should be {TEMPLATE}"
    statements = [line for cell in code_cells(page) for line in lines(cell) if "import" in line.split()]
    explorers = [line for line in statements if "explorers" in line and "course.explorers." not in line]
    if len(explorers) != 1:
        yield "one line imports the explorer of the page"


RULES: dict[str, Callable[[NotebookNode], Iterator[str]]] = {
    "stored outputs": faults_of_stored_outputs,
    "code": faults_of_code,
    "prose": faults_of_prose,
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_keeps_the_form_of_all_pages(page, rule):
    assert list(RULES[rule](read(path_of(page)))) == []


@pytest.mark.parametrize("page", LESSONS)
def test_the_page_has_every_part_of_the_template_in_order(page):
    assert list(faults_of_the_template(read(path_of(page)))) == []


def predictions(page: NotebookNode) -> list[int]:
    return [place for place, cell in enumerate(page.cells) if re.search(r"^predict\(", cell.source, re.MULTILINE)]


GIVING_AWAY = {
    page: getattr(importlib.import_module(f"pages.test_{topic_of(page)}"), "GIVES_AWAY", ()) for page in LESSONS
}
"""For each page, what would give its prediction away; empty for a page that has not been read for it yet."""


@pytest.mark.parametrize("page", [page for page, answers in GIVING_AWAY.items() if answers])
def test_nothing_above_a_prediction_and_nothing_on_the_page_before_gives_it_away(page):
    asked, before = read(path_of(page)), read(path_of(PAGES[PAGES.index(page) - 1]))
    above = asked.cells[: predictions(asked)[0]]
    text = "\n".join(cell.source + stored_text(cell) for cell in [*before.cells, *above])
    assert [answer for answer in GIVING_AWAY[page] if re.search(answer, text)] == []


@pytest.mark.parametrize("page", LESSONS)
def test_the_page_stores_at_least_one_number_that_is_checked(page):
    assert any(is_checked(cell) for cell in code_cells(read(path_of(page))))


@pytest.mark.parametrize("page", PAGES)
def test_the_readme_lists_the_page_under_its_title(page):
    (title,) = headings(read(path_of(page)), 1)
    row = f"| [{topic_of(page)}](notebooks/{page}.ipynb) | {title} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES[1:])
def test_the_first_page_lists_the_page_under_its_title(page):
    (title,) = headings(read(path_of(page)), 1)
    row = f"| [{topic_of(page).replace('_', ' ')}]({page}.ipynb) | {title}"
    assert row in "\n".join(cell.source for cell in read(path_of(PAGES[0])).cells)


def change_a_stored_number(page: NotebookNode) -> None:
    """Adds one to the first digit that a checked cell stores (a nine becomes zero)."""
    for cell in code_cells(page):
        for output in cell.outputs if is_checked(cell) else ():
            place, key = (output, "text") if "text" in output else (output.data, "text/plain")
            if digit := re.search(r"\d", place[key]):
                at = digit.start()
                place[key] = place[key][:at] + str((int(digit[0]) + 1) % 10) + place[key][at + 1 :]
                return
    raise ValueError("no checked cell of the page stores a number")


def sample() -> NotebookNode:
    """The smallest page that breaks no rule."""
    first = [new_markdown_cell("# Is this a page?\n\n" + "A sentence that says something. " * 12)]
    parts = [new_markdown_cell(f"## {part}") for part in TEMPLATE]
    code = [
        new_code_cell("import math\nfrom course import explorers"),
        new_code_cell(
            "print(f'{math.pi:.3f}')",
            metadata={"tags": [CHECKED]},
            execution_count=1,
            outputs=[new_output("stream", name="stdout", text="3.142\n")],
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=first + parts + code, metadata={"kernelspec": kernel})


def swapped(page: NotebookNode) -> None:
    page.cells[1], page.cells[2] = page.cells[2], page.cells[1]


BREAKS: dict[str, tuple[str, Callable[[NotebookNode], object]]] = {
    "an unchecked output": ("stored outputs", lambda p: p.cells[-2].outputs.append(p.cells[-1].outputs[0])),
    "a stray count": ("stored outputs", lambda p: p.cells[-2].update(execution_count=3)),
    "no count": ("stored outputs", lambda p: p.cells[-1].update(execution_count=None)),
    "nothing stored": ("stored outputs", lambda p: p.cells[-1].outputs.clear()),
    "a long cell": ("code", lambda p: p.cells[-2].update(source="x = 1\n" * 21)),
    "a late import": ("code", lambda p: p.cells[-1].update(source="import os")),
    "a hidden import": ("code", lambda p: p.cells[-1].update(source="def f():\n    from os import path")),
    "a skipped cell": ("code", lambda p: p.cells[-1].update(source="# NBVAL_SKIP\n1 / 0")),
    "a cell that may fail": ("code", lambda p: p.cells[-1].metadata.update(tags=["raises-exception"])),
    "little prose": ("prose", lambda p: p.cells[-1].update(source="x = 1\n" * 12)),
    "code as prose": ("prose", lambda p: p.cells[0].update(source="# Why?\n```\n" + "word " * 60 + "\n```")),
    "a formula as prose": ("prose", lambda p: p.cells[0].update(source="# Why?\n$$" + "x " * 60 + "$$")),
    "no question": ("prose", lambda p: p.cells[0].update(source="# A page\n" + "word " * 60)),
    "two parts swapped": ("template", swapped),
    "a part missing": ("template", lambda p: p.cells.pop(4)),
    "no explorer": ("template", lambda p: p.cells[-2].update(source="import math")),
}


@pytest.mark.parametrize("rule", [*RULES, "template"])
def test_the_sample_page_breaks_no_rule(rule):
    assert list({**RULES, "template": faults_of_the_template}[rule](sample())) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_page_that_breaks_a_rule_is_found(name):
    rule, change = BREAKS[name]
    page = deepcopy(sample())
    change(page)
    assert len(list({**RULES, "template": faults_of_the_template}[rule](page))) >= 1


@pytest.mark.long
def test_a_changed_number_and_a_cell_that_fails_are_noticed(tmp_path):
    page = sample()
    page.cells.append(new_code_cell("1 / 0"))
    change_a_stored_number(page)
    path = tmp_path / "changed.ipynb"
    nbformat.write(page, path)
    settings = "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "--numprocesses=0"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, str(path)], capture_output=True, text=True, encoding="utf-8"
    )
    assert "Cell outputs differ" in run.stdout
    assert "ZeroDivisionError" in run.stdout
    assert "2 failed, 1 passed" in run.stdout
