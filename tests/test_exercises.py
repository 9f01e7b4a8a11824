"""The exercises check themselves: right is right in any form, untouched is not yet, each mistake has its own words."""

import ast
import importlib
import importlib.util
import itertools
import math
import re
from functools import cache
from pathlib import Path

import jax
import nbformat
import numpy as np
import pytest
from answers.variations import varied

from course import exercises
from course.exercises import reading, table
from course.exercises.judges import CANCELLED, FLOAT32, Mistake, close, number, shared_part
from course.exercises.verdict import ALMOST, NOT_YET, RIGHT, WRONG
from course.pages import NOTEBOOKS, notebooks, topics

PAGES = {topic: NOTEBOOKS / f"{name}.ipynb" for topic, name in notebooks().items()}
MISTAKES = 3
LONG_PAGES = {"tuning": pytest.mark.long}
"""A page whose exercises need a table of trainings that the page computes."""
ASKED = ("compute", "write", "change or break", "find the bug")
CODE_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
CHECK = re.compile(r'exercises\.check\("(\w+\.\d+)", .+\)')


def rights(name):
    """Return right answers to an exercise, each as what is handed to `check` after its name."""
    page, _, number = name.partition(".")
    found = importlib.import_module(f"answers.{page}").RIGHT[int(number)]
    return [Mistake(answer).given for answer in found]


def mistakes(name):
    return table.named(name).judge.mistakes


def tagged(page, tag):
    """Return the cells of a page that carry a tag, in order."""
    cells = nbformat.read(PAGES[page], 4).cells
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def run(cells):
    """Run code cells, and return the names that they define."""
    names = {"__name__": "__main__"}
    for cell in cells:
        exec(cell.source, names)
    return names


def states_before_and_after(page, names):
    """Return the states of a page's exercises with the stubs as they are, and with the solutions."""
    before, after = [], []
    for stub, check, solution in zip(*(tagged(page, tag) for tag in ("stub", "check", "solution")), strict=True):
        exec(stub.source, names)
        before.append(eval(check.source, names).verdict.state)
        exec(CODE_BLOCK.search(solution.source)[1], names)
        after.append(eval(check.source, names).verdict.state)
    return before, after


NAMES = [name for page in PAGES for name in table.of_page(page)]
MADE = [(name, mistake) for name in NAMES for mistake in mistakes(name)]
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


@pytest.mark.parametrize("variations", [2, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_right_in_every_form_and_on_every_case(name, variations):
    for seed, given in zip(range(variations), itertools.cycle(rights(name))):
        rng = np.random.default_rng(seed)
        verdict = exercises.judge(name, *(varied(answer, rng) for answer in given), seed=seed)
        assert verdict.state == RIGHT, f"seed {seed}: {verdict.sentence}"


@cache
def judged(name, mistake, seed):
    return exercises.judge(name, *mistakes(name)[mistake].given, seed=seed)


@pytest.mark.parametrize("seeds", [1, pytest.param(3, marks=pytest.mark.long)])
@pytest.mark.parametrize(("name", "mistake"), MADE)
def test_a_mistake_is_called_by_its_name(name, mistake, seeds):
    made = mistakes(name)[mistake]
    for seed in range(seeds):
        verdict = judged(name, mistake, seed)
        assert verdict.mistake == mistake, verdict
        assert verdict.state in (made.state, WRONG)


@pytest.mark.parametrize("name", ["symmetry.5", "lab.2", "whats_wrong.4"])
def test_a_mistake_is_called_by_its_name_whatever_it_draws(name):
    """What is drawn is new for the judge wherever a case holds a generator; here it holds a key, or a seed."""
    for mistake, made in mistakes(name).items():

        def drawn_anew(seed, *case, answer=made.answer):
            return answer(seed + 1 if isinstance(seed, int) else jax.random.fold_in(seed, 1), *case)

        for seed in range(3):
            assert exercises.judge(name, drawn_anew, seed=seed).mistake == mistake


@pytest.mark.parametrize("page", PAGES)
def test_there_is_an_answer_for_every_mistake_that_a_judge_can_name(page):
    source = Path(importlib.import_module(f"course.pages.{page}.exercises").__file__).read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and len(node.args) == 2]
    named = {node.args[1].value for node in calls if getattr(node.func, "id", "") in ("almost", "wrong")}
    assert named <= {mistake for name in table.of_page(page) for mistake in mistakes(name)}


@pytest.mark.parametrize("name", NAMES)
def test_at_least_three_mistakes_have_words_of_their_own(name):
    made = [mistake for mistake, what in mistakes(name).items() if what.state == ALMOST]
    sentences = {judged(name, mistake, 0).sentence for mistake in made}
    assert len(sentences) == len(made) >= MISTAKES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_answer_is_refused_in_words(name):
    given = rights(name)[0]
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


def test_two_mistakes_that_give_one_number_are_noticed():
    with pytest.raises(ValueError, match="'half' cannot be told from 'one in two': both give"):
        number(1.0, {"one in two": Mistake(0.5, "."), "half": Mistake(0.501, ".")}, praise="", otherwise="")


def test_a_long_result_that_no_mistake_explains_is_shown_by_how_it_begins():
    verdict = exercises.judge("vanishing_exploding.2", lambda width, std, depth: np.arange(2.0, 2.0 + depth), seed=2)
    assert re.search(r"returns an array of shape \(\d+,\), which begins 2, 3, 4\.", verdict.sentence)


def test_a_function_that_was_passed_to_the_answer_is_called_a_function():
    verdict = exercises.judge(
        "order_and_chaos.2", lambda layer, _start, depth: [layer(place) for place in range(1, depth + 1)]
    )
    assert "For a function, " in verdict.sentence
    assert "0x" not in verdict.sentence


DRAWING = ["symmetry.5", "variance_of_a_sum.2", "xavier.2", "training.4", "todays_networks.3", "recurrent.5"]
DRAWING += ["whats_wrong.4", "lab.2"]
"""Exercises whose function is given a generator, a key or a seed, first."""


def drawing_from(answer, another):
    """Return a function that draws from a source of its own, `another()` seed, in place of the one that it is given."""

    def own(source, *case):
        if isinstance(source, int):
            return answer(another(), *case)
        generator = isinstance(source, np.random.Generator)
        return answer(np.random.default_rng(another()) if generator else jax.random.key(another()), *case)

    return own


@pytest.mark.parametrize("name", DRAWING)
def test_a_function_that_ignores_its_generator_key_or_seed_is_never_right(name):
    seeds = itertools.count()
    for given in rights(name):
        fixed = exercises.judge(name, drawing_from(given[0], lambda: 0), seed=0)
        fresh = exercises.judge(name, drawing_from(given[0], lambda: next(seeds)), seed=0)
        assert (fixed.state, fixed.mistake) == (ALMOST, "a fixed seed")
        assert (fresh.state, fresh.mistake) == (ALMOST, "another run each time")


def test_every_exercise_whose_function_draws_is_among_these():
    words = re.compile(r"^def \w+\((?:rng|key|generator|seed)\b", re.MULTILINE)
    stubs = {page: tagged(page, "stub") for page in PAGES}
    drawing = [f"{page}.{at}" for page in PAGES for at, cell in enumerate(stubs[page], 1) if words.search(cell.source)]
    # judged by many draws, and by the zeros of two draws
    others = {"tuning.2", "todays_networks.6", "transformers.5"}
    assert set(DRAWING) == set(drawing) - others


@pytest.mark.parametrize(
    ("digits", "answer", "state", "words"),
    [
        *((None, answer, RIGHT, "") for answer in (1 / 9, 0.111, 0.11, 0.1112)),
        (None, 0.1, ALMOST, "Round to two digits."),
        (None, 0.12, WRONG, "too large"),
        *((3, answer, RIGHT, "") for answer in (1 / 9, 0.111, 0.1111)),
        (3, 0.11, ALMOST, "Round to three digits."),
        (None, 0.33, ALMOST, "three times"),
    ],
)
def test_a_number_may_be_rounded_to_as_many_digits_as_were_asked_for_or_else_to_two(digits, answer, state, words):
    judge = number(1 / 9, {"of 1": Mistake(1 / 3, "three times")}, praise="", otherwise="", digits=digits)
    verdict = judge.verdict(None, answer)
    assert verdict.state == state
    assert words in verdict.sentence


def test_whole_numbers_are_not_rounded():
    judge = number(1024, {}, praise="", otherwise="", whole=True, tolerance=1e-9)
    assert judge.verdict(None, 1000).state == WRONG


@pytest.mark.parametrize("page", PAGES)
def test_a_question_that_asks_for_three_digits_is_judged_by_three(page):
    text = "\n".join(cell.source for cell in nbformat.read(PAGES[page], 4).cells)
    asked = re.findall(r"^\*\*(\d+)\. Compute\.\*\*.*[Tt]hree digits", text, re.MULTILINE)
    stubs = enumerate(tagged(page, "stub"), start=1)
    for at in [*asked, *(at for at, stub in stubs if "to three digits" in stub.source)]:
        *others, right = rights(f"{page}.{at}")[0]  # where several numbers are asked for, the last is to be rounded
        verdict = exercises.judge(f"{page}.{at}", *others, float(f"{right:.1e}"))
        a_unit = 10.0 ** (math.floor(math.log10(right)) - 2)  # of the third digit
        near = abs(float(f"{right:.1e}") - right) < a_unit
        assert near or verdict.sentence.endswith("Round to three digits.")


def test_code_that_raises_is_told_where_and_for_which_arguments(tmp_path):
    (tmp_path / "mine.py").write_text("def gain(a):\n    below = 1 - a**2\n    return (2 / below) ** 0.5\n")
    specification = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    specification.loader.exec_module(mine := importlib.util.module_from_spec(specification))
    sentence = exercises.judge("he.5", mine.gain, seed=0).sentence
    assert re.search(
        r"ZeroDivisionError: .+ It was called with 1\. This happened in line 3 of mine\.py: return", sentence
    )


def test_changed_code_that_does_what_the_given_code_did_is_not_like_an_untouched_cell(tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\n\ndef rms(h):\n    return np.linalg.norm(h) / h.size**0.5\n")
    specification = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    specification.loader.exec_module(mine := importlib.util.module_from_spec(specification))
    assert exercises.judge("vanishing_exploding.5", mine.rms, seed=0).state == WRONG
    given = tagged("vanishing_exploding", "stub")[4].source
    (tmp_path / "given.py").write_text(f"import numpy as np\n\n{given}  # looked at\n")
    specification = importlib.util.spec_from_file_location("given", tmp_path / "given.py")
    specification.loader.exec_module(untouched := importlib.util.module_from_spec(specification))
    assert exercises.judge("vanishing_exploding.5", untouched.rms, seed=0).state == NOT_YET


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([2.0, 3.0, 4.0]), "[2, 3, 4]"),
        (np.array(1.0), "1"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array([0.5, np.nan]), "[0.5, nan]"),
        (np.zeros((3, 3)), "an array of shape (3, 3)"),
    ],
)
def test_numbers_are_said_as_one_would_write_them(value, words):
    assert reading.spelled(value) == words


def test_names_that_do_not_belong_are_listed_as_a_sentence_lists_them():
    def said(*names):
        return exercises.judge("symmetry.3", set(names)).sentence

    assert said("elu", "gelu", "tanh").endswith("elu, gelu and tanh do not belong there.")
    assert said("sigmoid", "softplus", "tanh").endswith("tanh does not belong there.")
    assert reading.listed(["one"]) == "one"


def test_what_weights_share_is_all_of_one_number_a_row_or_a_column_and_nothing_of_opposite_signs():
    pattern = np.outer([1.0, -1.0], [2.0, -2.0])
    assert shared_part(np.full((3, 5), 0.1)) == pytest.approx(1.0)
    assert shared_part(np.repeat([[1.0], [-2.0]], 4, axis=1)) == pytest.approx(1.0)
    assert shared_part(np.repeat([[1.0, -2.0]], 4, axis=0)) == pytest.approx(1.0)
    assert (shared_part(pattern), shared_part(0 * pattern)) == (0.0, 0.0)
    assert shared_part(pattern + 2.0) == pytest.approx(1 / 2)


def test_a_small_sum_may_stray_by_what_32_bits_leave_of_a_great_one_where_an_exercise_says_so():
    assert close([1.0, 1.5e-6], [1.0, 1e-6], FLOAT32, CANCELLED)
    assert not close([1.0, 3e-6], [1.0, 1e-6], FLOAT32, CANCELLED)
    assert not close([1.0, 1.5e-6], [1.0, 1e-6], FLOAT32)
