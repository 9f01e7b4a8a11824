"""Every page in a real JupyterLab, in a real browser: it runs, and every control answers to the keyboard."""

from collections.abc import Iterator

import pytest
from exercise import BOARD, CARD, ExerciseView
from explorer import KEYS, SCENES, STEP, explorers, grave_violations, moves, open_predictions, present_scene, scenes
from lab import ROOT, SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser, expect
from random_states import mostly_long

from course.exercises import table
from course.pages import topic_of

WITHOUT_EFFECT = {
    # No noise is added at the start: neither its seed nor what it is added to can be seen.
    "Do identical units ever differ?": {"noise in", "seed"},
    # Without a nonlinearity all inputs are stretched alike.
    "What happens to a direction": {"input rms"},
    # A simple cell forgets by no gate.
    "A network through time": {"forget bias"},
    # Lines that were right change nothing, and the diagnosis stands below the picture.
    "What is wrong here?": {"fix", "diagnosis"},
}
ALWAYS = ("00_start_here",)
PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", params=mostly_long(PAGES, ALWAYS))
def tab(request, lab: Lab, browser: Browser) -> Iterator[Tab]:
    """The page, run from top to bottom, its predictions made."""
    opened = Tab(lab, browser, f"{request.param}.ipynb")
    opened.run_all()
    open_predictions(opened)
    for view in explorers(opened):
        if view.runs:
            view.hold()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """The titles of the explorers that have gone through all their keys; the next of a kind is moved a step."""
    return set()


def test_the_page_runs_without_a_complaint_from_cell_kernel_or_console(tab):
    assert explorers(tab)
    assert [fault for view in explorers(tab) for fault in view.faults()] == []
    assert tab.faults() == []


def test_the_page_shows_its_main_picture(tab, request):
    SCREENSHOTS.mkdir(exist_ok=True)
    view = explorers(tab)[0]
    view.root.screenshot(path=SCREENSHOTS / f"{request.node.callspec.params['tab']}.png")
    assert view.picture.bounding_box()["width"] > 600


def test_axe_finds_nothing_grave_in_any_explorer(tab):
    assert grave_violations(tab) == []


@pytest.mark.long
def test_every_control_of_every_explorer_answers_to_the_keyboard(tab, seen):
    for view in explorers(tab):
        view.keep_room_for_words()
        start, still = view.pixels(), {control.name for control in view.controls()}
        for name, key in moves(view, STEP if view.title in seen else KEYS):
            assert view.faults() == [], f"{view.title}: {key} on {name}"
            still -= {name} if view.pixels() != start else set()
        if not view.runs:  # before a run has begun, a picture need not show all that it depends on
            assert still == WITHOUT_EFFECT.get(view.title, set()), (
                f"{view.title}: controls that never change the picture"
            )
        assert view.pixels() == start, f"{view.title}: reset brings back the picture"
        seen.add(view.title)
    assert tab.faults() == []


def test_the_arrow_keys_step_through_every_scene_and_back(tab):
    for row in tab.page.locator(SCENES).all():
        forth = []
        for title in scenes(tab, row):
            forth.append(title)
            assert [fault for view in explorers(tab) for fault in view.faults()] == [], title
        tab.page.keyboard.press("ArrowLeft")
        tab.settle()
        assert [present_scene(row).inner_text()] == forth[-2:-1]
    assert tab.faults() == []


def test_the_focus_goes_along_with_the_scene_until_the_reader_goes_elsewhere(tab):
    row, hint = tab.page.locator(SCENES).first, tab.page.locator(CARD).first.get_by_role("button")
    *_, _last = scenes(tab, row)
    expect(present_scene(row)).to_be_focused()
    hint.focus()
    row.evaluate("row => row.classList.toggle('course-changed')")  # as every picture of a run changes something
    tab.settle()
    expect(hint).to_be_focused()


def test_an_exercise_is_done_by_keyboard_with_both_hints_and_the_board_counts_it(tab, request):
    page = topic_of(request.node.callspec.params["tab"])
    first, second = table.named(f"{page}.1").hints
    exercise, board = ExerciseView(tab, f"{page}.1"), tab.page.locator(BOARD)
    expect(exercise.card).to_contain_text("Not yet.")
    exercise.hint()
    expect(exercise.card).to_contain_text(first)
    expect(exercise.card).not_to_contain_text(second)
    exercise.hint()
    expect(exercise.card).to_contain_text(second)
    exercise.answer(exercise.solution())
    expect(exercise.card).to_contain_text("Right.")
    expect(board).to_contain_text(f"1 of {len(table.of_page(page))} right")
    exercise.card.screenshot(path=SCREENSHOTS / f"{page}_exercise.png")
    assert tab.faults() == []
