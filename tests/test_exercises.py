"""The exercises answer back: right is right in any form, untouched is not yet, and each mistake gets its own words."""

import importlib
import itertools
import re

import nbformat
import numpy as np
import pytest
from answers.variations import varied

from course import exercises
from course.exercises import table
from course.exercises.judges import shared_part
from course.exercises.verdict import NOT_YET, RIGHT
from course.pages import NOTEBOOKS, notebooks, topics

PAGES = {topic: NOTEBOOKS / f"{name}.ipynb" for topic, name in notebooks().items()}
MISTAKES = 3
LONG_PAGES = {"tuning": pytest.mark.long}
"""A page whose exercises need a table of trainings that the page computes."""
ASKED = ("compute", "write", "change or break", "find the bug")
CODE_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
CHECK = re.compile(r'exercises\.check\("(\w+\.\d+)", .+\)')


def answers(page):
    return importlib.import_module(f"answers.{page}").ANSWERS


def answered(name):
    page, _, number = name.partition(".")
    return answers(page)[int(number)]


def tagged(page, tag):
    """The cells of a page that carry a tag, in order."""
    cells = nbformat.read(PAGES[page], 4).cells
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def run(cells):
    """Run code cells, and give the names that they define."""
    names = {"__name__": "__main__"}
    for cell in cells:
        exec(cell.source, names)
    return names


def states_before_and_after(page, names):
    """The states of a page's exercises with the stubs as they are, and with the solutions."""
    before, after = [], []
    for stub, check, solution in zip(*(tagged(page, tag) for tag in ("stub", "check", "solution")), strict=True):
        exec(stub.source, names)
        before.append(eval(check.source, names).verdict.state)
        exec(CODE_BLOCK.search(solution.source)[1], names)
        after.append(eval(check.source, names).verdict.state)
    return before, after


NAMES = [name for page in PAGES for name in table.of_page(page)]
WRONG = [(name, mistake) for name in NAMES for mistake in answered(name).wrong]
JUNK = {
    "text": "a half",
    "nan": float("nan"),
    "infinity": float("inf"),
    "enormous": -1e300,
    "complex": 1 + 2j,
    "true": True,
    "an object": object(),
    "a class": dict,
    "nothing": [],
    "an empty dict": {},
    "a dict": {"a": 1},
    "names": {"a", "b"},
    "a square": np.ones((3, 3)),
    "ragged": [[1], [1, 2]],
    "a failing function": lambda *_a, **_k: 1 / 0,
    "a function of nothing": lambda: 0,
    "a function that says text": lambda *_a, **_k: "x",
    "a function that exits": lambda *_a, **_k: exit(),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Progress is kept in a folder that is thrown away."""
    monkeypatch.chdir(tmp_path)


def test_every_page_has_exercises():
    assert topics() == list(PAGES)
    assert all(table.of_page(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_four_kinds_of_exercises_in_rising_order(page):
    kinds = [exercise.kind for exercise in table.of_page(page).values()]
    assert kinds == sorted(kinds, key=table.KINDS.index)
    assert [any(kind in asked for kind in kinds) for asked in ASKED] == [True] * 4


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_every_exercise_with_its_kind_and_its_progress(page):
    listed = table.of_page(page)
    assert [CHECK.fullmatch(cell.source)[1] for cell in tagged(page, "check")] == list(listed)
    assert len(tagged(page, "stub")) == len(tagged(page, "solution")) == len(listed)
    text = "\n\n".join(cell.source for cell in nbformat.read(PAGES[page], 4).cells)
    heads = re.findall(r"^\*\*(\d+)\. (.+?)\.\*\*", text, re.MULTILINE)
    assert heads == [(name.partition(".")[2], exercise.kind.capitalize()) for name, exercise in listed.items()]
    assert f'exercises.progress("{page}")' in text


@pytest.mark.parametrize("page", [pytest.param(p, marks=LONG_PAGES.get(p, ())) for p in PAGES])
def test_the_untouched_stub_is_not_yet_answered_and_the_solution_of_the_page_is_right(page):
    code = [cell for cell in nbformat.read(PAGES[page], 4).cells if cell.cell_type == "code"]
    try:
        before, after = states_before_and_after(page, run(code[:1]))
    except NameError:  # what this page computes belongs to its exercises
        before, after = states_before_and_after(page, run(cell for cell in code if not cell.metadata.get("tags")))
    assert before == [NOT_YET] * len(table.of_page(page))
    assert after == [RIGHT] * len(table.of_page(page))


@pytest.mark.parametrize("variations", [4, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_right_in_every_form_and_on_every_case(name, variations):
    right = answered(name).right
    for seed, given in zip(range(variations), itertools.cycle(right)):
        rng = np.random.default_rng(seed)
        verdict = exercises.judge(name, *(varied(answer, rng) for answer in given), seed=seed)
        assert verdict.state == RIGHT, f"seed {seed}: {verdict.sentence}"


@pytest.mark.parametrize(("name", "mistake"), WRONG)
def test_a_mistake_is_called_by_its_name(name, mistake):
    given = answered(name).wrong[mistake]
    for seed in range(3):
        verdict = exercises.judge(name, *given, seed=seed)
        assert verdict.mistake == mistake, verdict
        assert verdict.state not in (RIGHT, NOT_YET)


@pytest.mark.parametrize("name", NAMES)
def test_at_least_three_mistakes_have_words_of_their_own(name):
    wrong = answered(name).wrong
    sentences = {exercises.judge(name, *given, seed=0).sentence for given in wrong.values()}
    assert len(sentences) == len(wrong) >= MISTAKES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_answer_is_refused_in_words(name):
    given = answered(name).right[0]
    for what, junk in JUNK.items():
        for place in range(len(given)):
            verdict = exercises.judge(name, *given[:place], junk, *given[place + 1 :], seed=0)
            assert verdict.state != RIGHT, what
            assert verdict.sentence, what


@pytest.mark.parametrize("name", NAMES)
def test_two_hints_are_there_and_differ(name):
    first, second = table.named(name).hints
    assert first.endswith((".", "?", "!"))
    assert second.endswith((".", "?", "!"))
    assert first != second


def test_a_long_result_that_no_mistake_explains_is_shown_by_how_it_begins():
    verdict = exercises.judge("vanishing_exploding.2", lambda width, std, depth: np.arange(2.0, 2.0 + depth))
    assert re.search(r"yours gives an array of shape \(\d+,\) that begins with 2, 3, 4\.", verdict.sentence)


def test_a_function_that_was_passed_to_the_answer_is_called_a_function():
    verdict = exercises.judge(
        "order_and_chaos.2", lambda layer, _start, depth: [layer(place) for place in range(1, depth + 1)]
    )
    assert "(a function, " in verdict.sentence
    assert "0x" not in verdict.sentence


def test_what_weights_share_is_all_of_one_number_a_row_or_a_column_and_nothing_of_opposite_signs():
    pattern = np.outer([1.0, -1.0], [2.0, -2.0])
    assert shared_part(np.full((3, 5), 0.1)) == pytest.approx(1.0)
    assert shared_part(np.repeat([[1.0], [-2.0]], 4, axis=1)) == pytest.approx(1.0)
    assert shared_part(np.repeat([[1.0, -2.0]], 4, axis=0)) == pytest.approx(1.0)
    assert (shared_part(pattern), shared_part(0 * pattern)) == (0.0, 0.0)
    assert shared_part(pattern + 2.0) == pytest.approx(1 / 2)
