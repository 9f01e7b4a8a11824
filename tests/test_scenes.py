"""Every scene opens, shows what its note says, and states no number that is not found again here."""

import importlib
import re
from collections import Counter

import nbformat
import numpy as np
import pytest
from random_states import RUNNING, mostly_long
from scene_numbers import NUMERAL, as_written, begun, defaults, finish, named, opened, shown, whole_state

from course import explorers, pages
from course.live.scene import Scene
from course.pages import NOTEBOOKS

SCENES = pages.all_scenes()
PAGES = pages.notebooks()
LAB = "lab"
LONGEST_TITLE, LONGEST_NOTE = 28, 420
PINNED = "pinned"
PINS = {scene.explorer for scene in SCENES if PINNED in scene.state}

each_scene = pytest.mark.parametrize("scene", SCENES, ids=[f"{scene.page}: {scene.title}" for scene in SCENES])
FIRST = [pages.scenes(page)[0] for page in list(PAGES)[:-1:3]]

each_first = pytest.mark.parametrize(
    "scene",
    [
        pytest.param(
            scene,
            id=f"{scene.page}: {scene.title}",
            marks=[] if scene in FIRST else pytest.mark.long,
        )
        for scene in SCENES
    ],
)
"""The scenes, but for the first of some pages in the second tier alone; every page opens its first by itself."""


def marks_of_fact(page: str, title: str, proof: object) -> list:
    """The marks of the test of a number: the first tier draws what is in `FIRST`, and no run to its end."""
    scene = named(page, title)
    much = scene.explorer in RUNNING or "networks" in scene.state
    drawn = isinstance(proof, str) and scene not in FIRST
    return [pytest.mark.long] if much or drawn else []


def sentences(text: str) -> list[str]:
    """Split where a full stop, a question mark or a colon before a capital ends a sentence."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z0-9])", text)


# The scenes as a table


def test_every_page_but_the_lab_has_four_scenes_or_more_and_no_other_page_has_any():
    counted = Counter(scene.page for scene in SCENES)
    assert set(counted) == set(PAGES) - {LAB}
    assert all(count >= 4 for count in counted.values()), counted


def test_the_scenes_stand_in_the_order_of_the_pages():
    assert list(dict.fromkeys(scene.page for scene in SCENES)) == [page for page in PAGES if page != LAB]


def test_a_page_without_scenes_is_refused_by_name_and_the_others_are_named():
    with pytest.raises(ValueError, match=r"start_here, .*he, .*'nowhere'"):
        pages.scenes("nowhere")


def test_no_two_scenes_of_a_page_have_one_title():
    counted = Counter((scene.page, scene.title) for scene in SCENES)
    assert [key for key, count in counted.items() if count > 1] == []


@each_scene
def test_a_title_fits_on_a_button(scene):
    assert len(scene.title) <= LONGEST_TITLE
    assert 2 <= len(scene.title.split()) <= 5


@each_scene
def test_a_note_is_short_and_asks_or_tells_in_whole_sentences(scene):
    assert 0 < len(scene.note) <= LONGEST_NOTE
    assert scene.note == " ".join(scene.note.split())
    assert scene.note.endswith((".", "?"))
    assert len(sentences(scene.note)) >= 2


@each_scene
def test_every_note_puts_a_question_or_a_task_to_the_class(scene):
    assert re.search(r"\?|\b[Aa]sk\b|\blet the class\b|\bLet the class\b", scene.note)


# States that their explorers offer


@each_scene
def test_a_scene_names_an_explorer_that_exists(scene):
    assert scene.explorer in explorers.__all__


@each_first
def test_a_scene_brings_its_explorer_to_its_state_and_everything_else_to_the_defaults(scene):
    state = whole_state(scene)
    kept = {PINNED: {**state, **scene.state[PINNED]}} if PINNED in scene.state else {}
    assert shown(scene.page, scene.title, whole=False).state == state | kept


@each_first
def test_a_state_holds_only_what_differs_from_the_defaults(scene):
    start = defaults(scene.explorer)
    assert [name for name, value in scene.state.items() if name != PINNED and start[name] == value] == []


@each_scene
def test_what_is_pinned_names_what_the_scene_sets_and_differs_from_it(scene):
    if PINNED not in scene.state:
        assert "pinned" not in scene.note
        return
    kept, state = scene.state[PINNED], whole_state(scene)
    assert set(scene.state) - {PINNED} <= set(kept)
    assert any(state[name] != value for name, value in kept.items())
    assert all(name in scene.state or state[name] != value for name, value in kept.items())
    assert "pinned" in scene.note


def test_only_the_picture_of_two_starts_has_nothing_pinned():
    assert "two_schemes" not in PINS
    assert len(PINS) > 4


# Pictures


HEADING = "^## (Observe|The picture)$"


def main_picture(page: str) -> str:
    """The cell that the page's Observe part runs; on the first page, the one under "The picture"."""
    cells = nbformat.read(NOTEBOOKS / f"{PAGES[page]}.ipynb", 4).cells
    heads = [index for index, cell in enumerate(cells) if re.search(HEADING, cell.source, re.MULTILINE)]
    return next(cell.source for cell in cells[heads[0] :] if cell.cell_type == "code")


@pytest.mark.parametrize("page", [page for page in PAGES if page != LAB])
def test_a_page_opens_its_scenes_and_nothing_is_pinned_in_the_first(page):
    assert main_picture(page) == f'explorers.stage("{page}")'
    assert PINNED not in pages.scenes(page)[0].state


@pytest.mark.parametrize("page", [page for page in PAGES if page != LAB])
def test_every_explorer_of_a_page_has_a_scene(page):
    text = "\n".join(
        cell.source for cell in nbformat.read(NOTEBOOKS / f"{PAGES[page]}.ipynb", 4).cells if cell.cell_type == "code"
    )
    assert {scene.explorer for scene in pages.scenes(page)} >= set(re.findall(r"\bexplorers\.(\w+)\(", text)) - {
        "stage"
    }


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
@each_first
def test_a_scene_is_drawn(scene, whole):
    picture = shown(scene.page, scene.title, whole=whole)
    assert picture.exception is None
    assert picture.sentence
    assert picture.image.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name", mostly_long(sorted({scene.explorer for scene in SCENES} - {"batch_sizes"}), ["sigmoid_chain"])
)
def test_a_scene_is_the_same_picture_after_other_scenes_as_alone(name):
    played = [scene for scene in SCENES if scene.explorer == name]
    alone = getattr(explorers, name)(**played[-1].state)
    finish(alone)
    after = [begun(opened(name), scene.state) for scene in played][-1]
    assert after.image == alone.image
    assert after.state == alone.state


# Numbers in the notes: each stands in the picture's sentence, or is computed here from theory or from a run


NAMES = re.compile(r"\((?:19|20)\d\d\)|\blayer 1\b|\bfloat32\b|\bFloat32\b")
FACTS = {topic: importlib.import_module(f"pages.test_{topic}").FACTS for topic in dict.fromkeys(s.page for s in SCENES)}
"""For each scene of a page the words of its note that hold a number, with what proves it."""
EACH_FACT = [
    (topic, title, words, proof)
    for topic, scenes in FACTS.items()
    for title, facts in scenes.items()
    for words, proof in facts.items()
]


def test_what_is_proved_stands_in_a_note():
    assert [fact[:3] for fact in EACH_FACT if fact[2] not in named(*fact[:2]).note] == []


@pytest.mark.parametrize(
    ("page", "title", "words", "proof"),
    [
        pytest.param(page, title, words, proof, marks=marks_of_fact(page, title, proof), id=f"{page}: {title}: {words}")
        for page, title, words, proof in EACH_FACT
    ],
)
def test_a_number_in_a_note_is_what_the_picture_or_the_theory_says(page, title, words, proof):
    if isinstance(proof, str):
        assert proof in shown(page, title).sentence
        return
    value = proof()
    assert value if isinstance(value, bool | np.bool) else as_written(NUMERAL.search(words).group(), value)


def own_numbers(scene: Scene) -> set[str]:
    """The numbers that a scene sets, as a note writes them."""
    values = [*whole_state(scene).values(), *scene.state.get(PINNED, {}).values()]
    return {f"{abs(value):g}" for value in values if isinstance(value, int | float)}


@each_scene
def test_no_note_states_a_number_that_is_not_found_again_here(scene):
    rest = scene.note
    for words in sorted(FACTS[scene.page].get(scene.title, {}), key=len, reverse=True):
        rest = rest.replace(words, "")
    left = {match.group() for match in NUMERAL.finditer(NAMES.sub("", rest))}
    assert left - own_numbers(scene) == set()


@pytest.mark.parametrize(
    ("numeral", "value", "right"),
    [
        ("0.33", 1 / 3, True),
        ("0.34", 1 / 3, False),
        ("1/9.52", 0.105, True),
        ("1/9.52", 0.106, False),
        ("8.9e-16", 0.5**50, True),
        ("8.8e-16", 0.5**50, False),
        ("317", 317, True),
        ("317", 318, False),
    ],
)
def test_a_numeral_is_right_to_half_a_unit_of_its_last_digit(numeral, value, right):
    assert as_written(numeral, value) is right
