"""A picture that grows in a real page: it begins by itself, stops at once, goes on, and follows the controls."""

import re
import time
from collections.abc import Iterator

import pytest
from explorer import ExplorerView, explorers
from lab import SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser

pytestmark = pytest.mark.long

LONG = "from course import explorers\nrace = explorers.training_race(steps=3000)\nrace"
SOON = 5.0
"""Seconds in which a run has stopped on a busy machine too; it takes well under one where nothing else runs."""


@pytest.fixture(scope="module")
def tab(lab: Lab, browser: Browser) -> Iterator[Tab]:
    """A page with a race that takes a while."""
    opened = Tab(lab, browser, lab.write("race.ipynb", [LONG]), viewport={"width": 1300, "height": 1100})
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture
def view(tab: Tab) -> Iterator[ExplorerView]:
    """The race; at the end nothing has been complained of."""
    first = explorers(tab)[0]
    yield first
    assert first.faults() == []
    assert tab.faults() == []


def steps_done(view: ExplorerView) -> int:
    return int(re.search(r"After (\d+) of 3000 steps", view.sentence).group(1))


def wait_for_steps(view: ExplorerView, more_than: int) -> None:
    view.tab.page.wait_for_function(
        "([words, least]) => Number(document.querySelector(words).innerText.match(/After (\\d+)/)?.[1] ?? -1) > least",
        arg=[".course-sentence", more_than],
    )


def test_a_run_begins_by_itself_and_the_picture_grows(view):
    wait_for_steps(view, 100)
    first = view.pixels()
    wait_for_steps(view, 300)
    assert view.pixels() != first
    assert "running" in view.progress


def test_the_kernel_answers_other_cells_meanwhile(view):
    assert view.tab.ask("6 * 7") == 42
    assert "running" in view.progress


def test_stop_ends_the_run_soon_and_keeps_what_was_computed(view):
    begun = time.monotonic()
    view.press("Stop")
    view.wait_for_progress("stopped at")
    while view.tab.ask("race.running"):
        assert time.monotonic() - begun < SOON
    print(f"stopped after {time.monotonic() - begun:.2f} s")
    view.tab.settle()
    kept, pixels = steps_done(view), view.pixels()
    assert 0 < kept < 3000
    time.sleep(0.5)
    assert (steps_done(view), view.pixels()) == (kept, pixels)
    view.root.screenshot(path=SCREENSHOTS / "race_stopped.png")


def test_run_goes_on_from_there(view):
    kept = steps_done(view)
    view.press("Run")
    wait_for_steps(view, kept)
    assert view.tab.ask("race.job.done") > kept


def test_a_moved_control_starts_its_own_run_and_the_last_position_is_the_one_shown(view):
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowLeft"):
        view.control("learning rate").press(key)
    view.tab.settle()
    wait_for_steps(view, 0)
    assert view.tab.ask("race.state['learning_rate']") == 0.01
    assert "learning_rate=0.01&" in view.state
    assert view.tab.ask("next(iter(race.job.trainings.values())).trials[0].learning_rate") == 0.01


def test_going_back_shows_what_was_computed_before(view):
    view.press("Stop")
    for _ in range(2):
        view.control("learning rate").press("ArrowRight")
    view.tab.settle()
    assert view.tab.ask("race.state['learning_rate']") == 0.05
    assert steps_done(view) > 100
