"""Every page in a real JupyterLab, in a real browser: it runs, and every control answers to the keyboard."""

from collections.abc import Iterator

import pytest
from explorer import explorers, moves, open_predictions
from lab import ROOT, SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser

PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", params=PAGES)
def tab(request, lab: Lab, browser: Browser) -> Iterator[Tab]:
    """The page, run from top to bottom, its predictions made."""
    opened = Tab(lab, browser, f"{request.param}.ipynb")
    opened.run_all()
    open_predictions(opened)
    yield opened
    opened.close()


def test_the_page_runs_without_a_complaint_from_cell_kernel_or_console(tab):
    assert explorers(tab)
    assert [fault for view in explorers(tab) for fault in view.faults()] == []
    assert tab.faults() == []


def test_the_page_shows_its_main_picture(tab, request):
    SCREENSHOTS.mkdir(exist_ok=True)
    view = explorers(tab)[0]
    view.root.screenshot(path=SCREENSHOTS / f"{request.node.callspec.params['tab']}.png")
    assert view.picture.bounding_box()["width"] > 600


def test_every_control_of_every_explorer_answers_to_the_keyboard(tab):
    for view in explorers(tab):
        pictures = {view.source}
        for name, key in moves(view):
            assert view.faults() == [], f"{view.title}: {key} on {name}"
            pictures.add(view.source)
        assert len(pictures) > len(view.controls()), view.title
    assert tab.faults() == []
