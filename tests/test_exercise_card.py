"""What a reader sees of an exercise: the verdict in words, hints on demand, and a board that follows every check."""

import re

import pytest

from course import exercises
from course.exercises import card as cards
from course.exercises import steps, table
from course.exercises.verdict import RIGHT


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cards, "_hints_seen", {})
    monkeypatch.setattr(steps, "_unsaved", [])


def words(widget):
    """All that a widget and its parts say, without tags."""
    said = getattr(widget, "value", "") if isinstance(getattr(widget, "value", ""), str) else ""
    parts = [re.sub("<[^>]+>", " ", said), getattr(widget, "description", "")]
    return " ".join([*parts, *(words(part) for part in getattr(widget, "children", ()))])


def test_the_card_says_the_state_in_words_and_the_mistake():
    said = words(exercises.check("variance_of_a_sum.1", 300**-0.5))
    assert "Almost." in said
    assert exercises.judge("variance_of_a_sum.1", 300**-0.5).sentence in said


def test_hints_come_one_at_a_time_and_stay_when_the_answer_is_checked_again():
    first, second = table.named("variance_of_a_sum.1").hints
    card = exercises.check("variance_of_a_sum.1", None)
    assert first not in words(card)
    card.button.click()
    assert first in words(card)
    assert second not in words(card)
    again = exercises.check("variance_of_a_sum.1", 7)
    assert first in words(again)
    again.button.click()
    assert second in words(again)
    assert again.button.disabled


def test_a_right_answer_needs_no_hint():
    card = exercises.check("variance_of_a_sum.1", 0.1)
    assert card.button not in card.children


def test_the_board_follows_a_check_and_can_be_reset_at_the_second_press():
    board = exercises.progress("variance_of_a_sum")
    total = len(table.of_page("variance_of_a_sum"))
    assert f"0 of {total} right" in words(board)
    assert board.button.layout.display == "none"
    exercises.check("variance_of_a_sum.1", 0.1)
    assert f"1 of {total} right" in words(board)
    board.button.click()
    assert f"1 of {total} right" in words(board)
    board.button.click()
    assert f"0 of {total} right" in words(board)


def test_what_a_reader_typed_is_shown_as_text_and_not_as_html():
    card = exercises.check("variance_of_a_sum.1", "<b>bold</b>")
    assert "<b>bold</b>" not in "".join(part.value for part in card.children if hasattr(part, "value"))


def test_without_widgets_the_card_is_a_line_of_text():
    assert repr(exercises.check("variance_of_a_sum.1", 0.1)).startswith(f"variance_of_a_sum.1, {RIGHT}: ")


def test_grading_passes_a_right_answer_keeps_nothing_and_fails_another_with_its_sentence(tmp_path):
    assert exercises.grade("variance_of_a_sum.1", 0.1)
    with pytest.raises(exercises.NotRight, match=re.escape(exercises.judge("variance_of_a_sum.1", 0.2).sentence)):
        exercises.grade("variance_of_a_sum.1", 0.2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["3.1", "variance_of_a_sum.99", "variance_of_a_sum", "", "99.1"])
def test_an_exercise_that_there_is_not_is_named_with_those_there_are(name):
    with pytest.raises(ValueError, match=r"must be one of .*variance_of_a_sum"):
        exercises.judge(name, 1)


def test_a_page_without_exercises_is_named():
    with pytest.raises(ValueError, match=r"page must be one of .*variance_of_a_sum.*, not 'nowhere'"):
        exercises.progress("nowhere")
