"""The instructor's guide goes through every page with its own scenes in their order, and its minutes add up."""

import re

import nbformat
import pytest

from course import pages
from course.pages import NOTEBOOKS

PAGES = pages.notebooks()
PARTS = ["Goal", "Minutes", "Ask first", "Wrong answers to expect", "When it fails"]
MOST_MINUTES = 45


def section(page: str) -> str:
    """What the guide says of a page."""
    text = (NOTEBOOKS / "instructor.md").read_text(encoding="utf-8")
    return re.search(rf"^## {page} · .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[0]


def title(page: str) -> str:
    return nbformat.read(NOTEBOOKS / f"{PAGES[page]}.ipynb", 4).cells[0].source.splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_names_the_page_by_its_question_and_has_every_part(page):
    assert section(page).splitlines()[0] == f"## {page} · {title(page)}"
    assert re.findall(r"^\*\*(.+?)\.\*\*", section(page), re.MULTILINE) == PARTS


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_lists_the_scenes_of_the_page_in_the_order_to_click(page):
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", section(page), re.MULTILINE)
    assert [row for row in rows if row not in ("scene", "---")] == [
        scene.title for scene in pages.all_scenes() if scene.page == page
    ]


@pytest.mark.parametrize("page", PAGES)
def test_the_minutes_of_a_page_add_up(page):
    (line,) = re.findall(r"^\*\*Minutes\.\*\* (.+)$", section(page), re.MULTILINE)
    total, parts = line.split(":", 1)
    minutes = [int(number) for number in re.findall(r"(?:^|, )\s*(\d+) ", parts)]
    assert sum(minutes) == int(total) <= MOST_MINUTES
    assert len(minutes) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_at_least_three_wrong_answers_are_expected_on_a_page(page):
    expected = section(page).split("**Wrong answers to expect.**")[1].split("**When it fails.**")[0]
    assert (
        len(re.findall(r"^\s*[-\d]", expected, re.MULTILINE)) >= 3 or len(re.findall(r"\*[^*]+\*|“|\"", expected)) >= 3
    )
