"""A page shown as slides in JupyterLab: stepped through by keyboard, with a slider that is still live."""

import importlib.metadata
import os
from collections.abc import Iterator

import pytest
from explorer import explorers
from lab import SCREENSHOTS, Tab
from playwright.sync_api import expect

pytestmark = pytest.mark.long
PAGE = "03_variance_of_a_sum.ipynb"
PROJECTOR = {"width": 1280, "height": 800}
SHOWN = ".jp-Cell.jp-deck-mod-visible"
FIT = """picture => {
    const box = picture.getBoundingClientRect();
    return box.top >= 0 && box.left >= 0 && box.bottom <= window.innerHeight && box.right <= window.innerWidth;
}"""


@pytest.fixture(scope="module", autouse=True)
def _slideshow() -> None:
    """Skip without the extension, and fail where CI is set."""
    try:
        importlib.metadata.version("jupyterlab-slideshow")
    except importlib.metadata.PackageNotFoundError:
        reason = "jupyterlab-slideshow is not installed; `uv sync --group teach` installs it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def tab(lab, browser) -> Iterator[Tab]:
    opened = Tab(lab, browser, PAGE, viewport=PROJECTOR)
    opened.run_all()
    yield opened
    opened.close()


def shown(tab: Tab) -> str:
    """What the slide says, all of it."""
    return "\n".join(tab.page.locator(SHOWN).all_inner_texts())


def go_to_the_first_slide(tab: Tab) -> None:
    tab.page.evaluate("window.course.panel.content.activeCellIndex = 0")
    tab.command("deck:start")
    expect(tab.page.locator(SHOWN)).not_to_have_count(0)


def step(tab: Tab) -> str:
    """Press the space bar, as a presenter does, and give what the slide says then."""
    active = tab.page.evaluate("window.course.panel.content.activeCellIndex")
    tab.page.keyboard.press("Space")
    tab.page.wait_for_function("before => window.course.panel.content.activeCellIndex !== before", arg=active)
    return shown(tab)


def step_to(tab: Tab, words: str, most: int = 60) -> list[str]:
    """Step until the slide says these words, and give all slides on the way."""
    said = [shown(tab)]
    while words not in said[-1] and len(said) < most:
        said.append(step(tab))
    assert words in said[-1]
    return said


def test_a_presenter_steps_to_the_picture_moves_its_slider_and_leaves(tab):
    go_to_the_first_slide(tab)
    said = step_to(tab, 'explorers.stage("variance_of_a_sum")')
    assert "How large is a sum" in said[0]
    assert "import numpy" not in "".join(said)
    tab.page.screenshot(path=SCREENSHOTS / "slide_picture.png")

    view = explorers(tab)[-1]
    assert view.picture.evaluate(FIT)
    pixels, sentence = view.pixels(), view.sentence
    slider = next(control for control in view.controls() if control.kind == "slider")
    slider.press("End")
    tab.settle()
    expect(view.picture).to_be_visible()
    assert (view.pixels() != pixels, view.sentence != sentence) == (True, True)
    assert view.faults() == []
    slider.press("ArrowLeft")
    tab.settle()
    assert tab.page.locator(SHOWN).filter(has=view.root).count() == 1, "the arrow moved the slide, not the slider"
    tab.page.screenshot(path=SCREENSHOTS / "slide_moved.png")

    tab.command("deck:stop")
    expect(tab.page.locator(".jp-Deck")).to_have_count(0)
    expect(tab.page.get_by_role("heading", name="Words")).to_be_visible()
    assert tab.faults() == []


@pytest.mark.long
def test_every_slide_is_reached_and_each_shows_something(tab):
    go_to_the_first_slide(tab)
    types = tab.page.evaluate(
        "[...window.course.panel.content.model.cells].map(cell => cell.getMetadata('slideshow').slide_type)"
    )
    visited = [step(tab) for _ in range(len(types) - types.count("skip") - 1)]
    assert all(text.strip() for text in visited)
    assert "Still unexplained" in visited[-1]
    tab.command("deck:stop")
