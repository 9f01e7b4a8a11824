"""Every page carries the slide types that the rule gives it, and these make slides that a class can follow."""

import nbformat
import pytest
import slides
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

every_page = pytest.mark.parametrize("path", slides.PAGES, ids=lambda path: path.stem)


def types_of(page):
    return [cell.metadata.get("slideshow", {}).get("slide_type") for cell in page.cells]


@every_page
def test_every_page_carries_what_the_rule_says(path):
    page = nbformat.read(path, as_version=4)
    assert types_of(page) == slides.slide_types(page), "run `python tests/slides.py`"


@every_page
def test_every_part_begins_a_slide_and_every_picture_has_a_screen_to_itself(path):
    page = nbformat.read(path, as_version=4)
    types = slides.slide_types(page)
    pictures = [place for place, cell in enumerate(page.cells) if "explorers.stage(" in cell.source]
    for cell, kind in zip(page.cells, types, strict=True):
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            assert kind == ("skip" if cell.source.startswith(slides.SKIPPED) else "slide")
    assert all(types[place] == "subslide" and types[place + 1] != "fragment" for place in pictures)


@every_page
def test_no_cell_holds_two_parts_of_a_page(path):
    page = nbformat.read(path, as_version=4)
    before = [cell.source for cell in page.cells]
    slides.split(page)
    assert [cell.source for cell in page.cells] == before, "run `python tests/slides.py`"


def test_a_text_is_split_at_its_headings_and_nowhere_else():
    opening, code = "## Explain\n\n### A step\n\nIt is so.", "### Another\n\n```python\n\n## no heading\n```"
    page = new_notebook(cells=[new_markdown_cell(f"{opening}\n\n{code}\n\n## Check"), new_code_cell("1\n\n## 2")])
    kept = page.cells[0].id
    slides.split(page)
    assert [cell.source for cell in page.cells] == [opening, code, "## Check", "1\n\n## 2"]
    assert page.cells[0].id == kept


def test_the_rule_by_example():
    cells = {
        "# A question?": ("markdown", "slide"),
        "import numpy as np": ("code", "skip"),
        "## Words": ("markdown", "skip"),
        "## Setting": ("markdown", "slide"),
        "print(1)": ("code", "fragment"),
        "So it is.": ("markdown", "subslide"),
        'explorers.stage("x")': ("code", "subslide"),
        "### A step": ("markdown", "subslide"),
        "print(2)": ("code", "fragment"),
        "**1. Compute.** How much?": ("markdown", "subslide"),
    }
    make = {"markdown": new_markdown_cell, "code": new_code_cell}
    page = new_notebook(cells=[make[kind](source) for source, (kind, _type) in cells.items()])
    page.cells.append(new_markdown_cell("So much.", metadata={"tags": ["solution"]}))
    assert slides.slide_types(page) == [*(slide for _kind, slide in cells.values()), "skip"]


def test_marking_changes_nothing_but_the_slide_types():
    page = new_notebook(cells=[new_code_cell("bound = None", metadata={"tags": ["stub"], "mine": 1})])
    page.cells[0].execution_count = 3
    slides.mark(page)
    assert page.cells[0].metadata == {"tags": ["stub"], "mine": 1, "slideshow": {"slide_type": "subslide"}}
    assert (page.cells[0].source, page.cells[0].execution_count) == ("bound = None", 3)
