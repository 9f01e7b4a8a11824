"""A reader's progress is a small file beside the page: the best state of each exercise, and nothing of the person."""

import json
import multiprocessing
import os

import pytest

from course import exercises
from course.exercises import steps
from course.exercises.verdict import ALMOST, NOT_YET, RIGHT, WRONG


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(steps, "_unsaved", [])
    return tmp_path


def test_nothing_is_written_before_something_is_answered(folder):
    exercises.check("variance_of_a_sum.1", None)
    exercises.progress("variance_of_a_sum")
    assert list(folder.iterdir()) == []


def test_the_best_state_is_kept_and_a_worse_one_takes_nothing_away():
    for state in (WRONG, RIGHT, ALMOST, NOT_YET):
        steps.record("variance_of_a_sum.1", state)
    assert steps.states() == {"variance_of_a_sum.1": RIGHT}


def test_the_file_holds_names_and_states_and_nothing_else(folder):
    exercises.check("variance_of_a_sum.1", 300**-0.5)
    exercises.check("variance_of_a_sum.1", 0.1)
    lines = [json.loads(line) for line in (folder / steps.FILE).read_text().splitlines()]
    assert lines == [
        {"exercise": "variance_of_a_sum.1", "state": ALMOST},
        {"exercise": "variance_of_a_sum.1", "state": RIGHT},
    ]


def test_a_page_is_reset_alone():
    steps.record("variance_of_a_sum.1", RIGHT)
    steps.record("vanishing_exploding.1", ALMOST)
    steps.reset("variance_of_a_sum")
    assert steps.states() == {"vanishing_exploding.1": ALMOST}
    steps.record("variance_of_a_sum.1", WRONG)
    assert steps.states() == {"vanishing_exploding.1": ALMOST, "variance_of_a_sum.1": WRONG}


def test_half_a_line_and_foreign_lines_are_passed_over(folder):
    steps.record("variance_of_a_sum.1", RIGHT)
    with (folder / steps.FILE).open("a") as file:
        file.write('[1]\n{"exercise": "variance_of_a_sum.2", "state": "perfect"}\n{"other": 1}\n{"exercise": "03.')
    assert steps.states() == {"variance_of_a_sum.1": RIGHT}


def _record_many(folder, page):
    os.chdir(folder)
    for number in range(1, 51):
        steps.record(f"{page}.{number}", RIGHT)


def test_pages_that_write_at_the_same_time_lose_nothing(folder):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_record_many, args=(folder, page)) for page in ("sigmoid_saturation", "symmetry")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(steps.states()) == 100


def test_where_nothing_can_be_written_the_session_remembers_and_says_so(folder):
    (folder / steps.FILE).mkdir()
    told = steps.record("variance_of_a_sum.1", RIGHT)
    assert "for this session only" in told
    (folder / steps.FILE).rmdir()
    assert steps.states() == {"variance_of_a_sum.1": RIGHT}


def test_an_older_file_that_calls_pages_by_their_numbers_is_read(folder):
    lines = [{"exercise": "03.1", "state": RIGHT}, {"exercise": "05.2", "state": ALMOST}, {"reset": "03"}]
    (folder / steps.FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert steps.states() == {"xavier.2": ALMOST}
