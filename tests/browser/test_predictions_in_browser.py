"""Predictions in a real browser, by keyboard alone: a choice, a number and a sketched curve."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from explorer import PREDICTION, explorers
from lab import SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser, Locator, expect

IMPORTS = """from course import explorers
from course.live.predict import Curve, Number, predict
from course.pages.sigmoid_saturation.quantities import LOST_SLOPE
from course.pages.variance_of_a_sum.quantities import VARIANCE
from course.explorers.signals import SIGNAL"""
CHOICE = """predict(
    "What becomes of the variance?",
    {"It grows": (300, 3000), "It stays": (0.8, 1.25)},
    lambda: explorers.sum_of_inputs(d=1),
    VARIANCE,
)"""
NUMBER = """predict(
    "How many times smaller?", Number(LOST_SLOPE, "times", 1, 1e9), lambda: explorers.sigmoid_slope(z=10.0)
)"""
CURVE = """predict(
    "Sketch the mean square.",
    Curve(SIGNAL, (1, 10, 20, 35, 50), 1e-20, 1e20),
    lambda: explorers.signal_propagation(scheme="normal_0.1", activation="linear", width=64),
)"""
CHANGE = "Change my prediction"
QUESTION = ".course-prediction"


def choose(box: Locator) -> None:
    box.get_by_role("radio").last.press("Space")


def type_number(box: Locator) -> None:
    box.get_by_role("textbox").press_sequentially("300")
    box.get_by_role("textbox").press("Tab")


def sketch(box: Locator) -> None:
    for handle in box.get_by_role("slider").all():
        before = handle.get_attribute("aria-valuetext")
        handle.press("PageDown")
        expect(handle).not_to_have_attribute("aria-valuetext", before)


@pytest.fixture(scope="module")
def tab(lab: Lab, browser: Browser) -> Iterator[Tab]:
    """A page that asks for all three."""
    opened = Tab(lab, browser, lab.write("predictions.ipynb", [IMPORTS, CHOICE, NUMBER, CURVE]))
    opened.run_all()
    yield opened
    opened.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("place", "kind", "answer"), [(0, "choice", choose), (1, "number", type_number), (2, "curve", sketch)]
)
def test_a_prediction_is_made_taken_off_and_changed_by_keyboard(
    tab: Tab, place: int, kind: str, answer: Callable[[Locator], None]
):
    box = tab.page.locator(QUESTION).nth(place)
    asked = len(explorers(tab))
    answer(box)
    tab.settle()
    box.get_by_role("button", name=PREDICTION).focus()
    tab.page.keyboard.press("Enter")
    tab.settle()  # the first picture compiles its program
    expect(box.get_by_role("status")).to_contain_text(re.compile("[Yy]ou (predicted|expected)"))
    assert len(explorers(tab)) == asked + 1
    view = explorers(tab)[-1]
    predicted = view.pixels()
    assert "Your prediction" in view.sentence
    assert view.faults() == []
    SCREENSHOTS.mkdir(exist_ok=True)
    box.screenshot(path=SCREENSHOTS / f"prediction_{kind}.png")
    found = Axe().run(tab.page, context={"include": [[QUESTION]]}).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in {"critical", "serious"}] == []
    expect(box.get_by_role("button", name=CHANGE)).to_be_focused()
    box.get_by_role("button", name="Take it off the picture").press("Enter")
    tab.settle()
    assert view.pixels() != predicted
    box.get_by_role("button", name=CHANGE).press("Enter")
    expect(box.get_by_role("button", name=PREDICTION)).to_be_focused()
    tab.page.keyboard.press("Enter")
    tab.settle()
    assert view.pixels() == predicted
    box.get_by_role("button", name=CHANGE).press("Enter")
    box.get_by_role("button", name="Just show me").press("Enter")
    expect(box.get_by_role("button", name=CHANGE)).to_be_focused()
    assert tab.faults() == []
