"""A printed page in a browser: read without a kernel or a network, by a screen reader too, and on paper."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import SCREENSHOTS, required_browser
from playwright.sync_api import Page

from course.handouts import pages
from course.handouts.printing import print_pages

pytestmark = pytest.mark.long
NAME = "03_variance_of_a_sum"
A4 = {"width": 794, "height": 1123}
"""Pixels of a sheet of paper, 96 to an inch."""


class Printed(NamedTuple):
    """The two files of a page."""

    html: Path
    pdf: Path


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Printed:
    required_browser(os.environ)
    return Printed(*print_pages(tmp_path_factory.mktemp("printed"), [NAME]))


@pytest.fixture
def page(browser, printed) -> Iterator[Page]:
    context = browser.new_context(viewport=A4, offline=True)
    opened = context.new_page()
    opened.goto(printed.html.as_uri())
    yield opened
    context.close()


def test_nothing_is_asked_of_the_network(browser, printed):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(printed.html.as_uri(), wait_until="networkidle")
    assert page.locator("script").count() == 0
    page.close()
    assert [url for url in asked if not url.startswith("data:")] == [printed.html.as_uri()]


def test_axe_finds_nothing_grave(page):
    found = Axe().run(page).response["violations"]
    grave = [rule for rule in found if rule["impact"] in {"critical", "serious"}]
    assert [f"{rule['id']}: {node['html'][:200]}" for rule in grave for node in rule["nodes"]] == []


def test_pictures_are_shown_in_the_width_of_the_page_and_each_has_its_words(page):
    page.screenshot(path=SCREENSHOTS / "printed_page.png", full_page=True)
    pictures = page.locator("figure.picture")
    assert pictures.count() > 0
    for picture in pictures.all():
        image = picture.locator("img")
        words = image.get_attribute("alt")
        assert len(words.split()) > 5
        assert words in picture.locator("figcaption").inner_text()
        assert image.evaluate("image => image.naturalWidth >= 1.5 * image.width && image.width > 500")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_solution_unfolds_by_keyboard(page):
    solution = page.locator("details").first
    assert not solution.locator("pre").is_visible()
    solution.locator("summary").press("Enter")
    assert solution.locator("pre").is_visible()


def test_formulas_are_drawn_as_high_as_fractions_are(page):
    heights = page.locator('math[display="block"]').evaluate_all("all => all.map(one => one.clientHeight)")
    assert heights
    assert min(heights) > 10
    assert max(heights) > 35


def test_the_pdf_has_pages_headings_and_the_pictures_words(page, printed):
    """Its texts are compressed; the alternative texts and the outline, which a screen reader is told, are not."""
    pdf = printed.pdf.read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf
    assert 3 <= len(re.findall(rb"/Type /Page\b(?!s)", pdf)) <= 20
    for image in page.locator("figure.picture img").all():
        assert image.get_attribute("alt").encode("utf-16-be").hex().upper().encode() in pdf
    for heading in ("Setting", "Explain", "Solutions"):
        assert f"/Title ({heading})".encode() in pdf


def test_neither_file_names_a_place_on_this_machine(printed):
    for file in printed:
        assert str(pages.FOLDER.parent).encode() not in file.read_bytes()
        assert b"file://" not in file.read_bytes()
