"""A second language reaches everything that a reader sees: with a catalogue of pretended words no English is left.

Chinese fonts are a matter of the machine, so missing glyphs are no fault here.
"""

import html
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import ipywidgets as widgets
import nbformat
import numpy as np
import pytest
from matplotlib.text import Text
from random_states import canvas_of, mostly_long, opened, parts, somewhere

from course import exercises, explorers, pages
from course.explorers.signals import SIGNAL
from course.live.answers import Answers, Curve, Number
from course.live.explorer import Explorer
from course.live.predict import predict
from course.live.quantities import Quantity
from course.live.sketch import Sketch
from course.live.words import number, say, speaking
from course.pages.tuning.search_race import GAINS, RATES, SEEDS, shared_table

pytestmark = pytest.mark.filterwarnings("ignore:Glyph")
ROOT = Path(__file__).parent.parent
DECLARED = ("tapered_network", "batch_sizes", "loss_map", "search_race", "signal_propagation")
STAYS = re.compile(r"<[^>]*>|\{(?:label|place|exponent)\}|\bfan_(?:in|out|avg)\b|\\mathdefault|\b(?:inf|nan)\b")
"""What is the same in every language: tags of HTML, what the page fills in, names of the code, and how matplotlib
writes a power of ten."""


class Pretended:
    """A catalogue that has a sign for every letter of every text, fields left as they are; it keeps what is asked."""

    def __init__(self):
        self.asked: set[str] = set()

    def __call__(self, text: str) -> str:
        self.asked.add(text)
        pieces = re.split(r"(\{[^{}]*\})", text)
        return "".join(piece if piece.startswith("{") else re.sub(r"[^\W\d_]", "文", piece) for piece in pieces)


@pytest.fixture
def catalogue() -> Iterator[Pretended]:
    pretended = Pretended()
    with speaking(pretended):
        yield pretended


def english(texts: Iterable[str]) -> set[str]:
    """Return the words of two letters and more in some texts; single letters are symbols."""
    return {word for text in texts for word in re.findall(r"[A-Za-z]{2,}", html.unescape(STAYS.sub(" ", text)))}


def texts_of(box: widgets.Box) -> Iterator[str]:
    """Return what the widgets in a box show or say; a state is no text, but code."""
    for widget in parts(box):
        for trait in ("description", "tooltip", "placeholder", "sentence", "failure", "title", "readout_name"):
            yield getattr(widget, trait, None) or ""
        yield from (str(option[0]) for option in getattr(widget, "options", ()) if isinstance(option, tuple))
        yield from (str(option) for option in getattr(widget, "options", ()) if isinstance(option, str))
        if isinstance(widget, widgets.HTML | widgets.Label):
            yield widget.value
        if isinstance(widget, Sketch):
            yield from widget.words.values()
        if isinstance(widget, Explorer):
            yield from picture_of(widget)


def picture_of(explorer: Explorer) -> Iterator[str]:
    """Return what is written in an explorer's picture, and in its numbers."""
    figure = canvas_of(explorer).figure
    yield from (text.get_text() for text in figure.findobj(Text) if text.get_visible())
    yield from explorer.csv().splitlines()[:1]
    yield from (value for column in explorer.table.values() if column.dtype.kind == "U" for value in column)


def left_english(widget: widgets.Widget) -> set[str]:
    """Return the English words in a widget, and in the picture that it may have."""
    return english(texts_of(widgets.VBox([widget])))


def test_a_text_is_translated_before_its_fields_are_filled_in():
    with speaking({"depth {depth}": "Tiefe {depth}"}.get):
        assert say("depth {depth}", depth=3) == "Tiefe 3"
        assert say("width {width}", width=3) == "width 3"
    assert say("depth {depth}", depth=3) == "depth 3"


def test_no_text_is_asked_for_no_translation(catalogue):
    assert say("") == ""
    assert number(np.inf) == "文文文文 文文文文 3.4文38"
    assert catalogue.asked == {"more than 3.4e38"}


@pytest.mark.parametrize("name", mostly_long(DECLARED, always=DECLARED[:1]))
def test_an_explorer_speaks_another_language_whatever_is_done_with_it(name, catalogue):
    explorer, chance = opened(name), random.Random(name)
    explorer._toolbar.table.value = True
    for _ in range(4):
        explorer.state = somewhere(explorer, chance)
        assert explorer.error is None
        assert left_english(explorer) == set()
    explorer.state = {"projector": True, "pinned": {} if explorer.can_pin else None}
    explorer.state = somewhere(explorer, chance)
    assert left_english(explorer) == set()
    assert "文" in explorer.sentence
    first, control = next(iter(explorer.controls.items()))
    code = {name, "nonsense", first, *(str(value) for _words, value in getattr(control, "options", ()))}
    for text in ("nonsense", f"{name}?{first}=99"):
        explorer._text.value = text
        assert english([explorer.error]) <= english(code)


def test_it_speaks_english_again_afterwards():
    with speaking(Pretended()):
        assert "文" in opened("tapered_network").sentence
    assert "文" not in opened("tapered_network").sentence


class Trained:
    """Training runs that are at their end."""

    done, total, finished = 150, 150, True

    class history:
        guessing_loss = 2.3
        losses = np.linspace(0.1, 2.5, SEEDS * len(GAINS) * len(RATES))[None]


@pytest.fixture
def trained() -> Iterator[None]:
    """Let the race of page tuning have its losses."""
    shared_table.cache_clear()
    table = shared_table()
    table.training, table.repeats = Trained(), 2
    yield
    shared_table.cache_clear()


def test_every_scene_of_a_page_speaks_another_language(catalogue, trained):
    stage = explorers.stage("tuning")
    stage.notes.value = True
    shared_table().advance(60)
    for place, scene in enumerate(stage.scenes):
        stage.go(place)
        stage.explorer._moved()
        assert left_english(stage) == set(), scene.title
        assert scene.title in catalogue.asked
        assert scene.note in catalogue.asked


def test_what_a_race_has_found_is_told_in_another_language(catalogue, trained):
    race = explorers.search_race(tries=[[1.0, RATES[3]]] * 3)
    assert left_english(race) == set()
    race.finish()
    assert left_english(race) == set()
    assert any("After {budget} tries, median of {done} repeats" in text for text in catalogue.asked)


def test_the_question_of_a_page_is_asked_and_compared_in_another_language(catalogue, trained):
    code = [cell.source for cell in nbformat.read(ROOT / f"notebooks/{pages.notebooks()['tuning']}.ipynb", 4).cells]
    names: dict[str, object] = {}
    exec(next(source for source in code if "import predict" in source), names)
    asked = eval(next(source for source in code if source.startswith("predict(")), names)
    assert left_english(asked) == set()
    for alternative in asked.alternatives:
        asked.choose(alternative)
        assert left_english(asked) == set()
    asked.picture.finish()
    for alternative in asked.alternatives:
        asked.choose(alternative)
        assert asked.sentence.count("“") >= 2
        assert left_english(asked) == set()
    asked.skip()
    assert left_english(asked) == set()


@pytest.mark.parametrize(
    ("answers", "given"),
    [
        (Number(Quantity("the mean square", lambda _table: 0.5), "times", 0.1, 10), (0.5, 0.6, 0.2)),
        (Curve(SIGNAL, (1, 10), 1e-3, 1e3), ([1, 1], [100, 0.01])),
        (Curve(SIGNAL, (1, 10), 0, 4, log=False), ([1, 1], [3, 4])),
    ],
)
def test_numbers_and_sketches_are_compared_in_another_language(answers: Answers, given, catalogue):
    asked = predict("How much?", answers, lambda: explorers.tapered_network())
    assert left_english(asked) == set()
    for answer in given:
        waiting = answers.compare(answers.read(answer), None)
        assert english([waiting.sentence, waiting.expected.words, waiting.expected.label]) == set()
        asked.choose(answer)
        assert left_english(asked) == set()
    for wrong in ("1000000", "many") if isinstance(answers, Number) else ([1], [1, 1e9]):
        with pytest.raises(ValueError, match="文") as refusal:
            asked.choose(wrong)
        assert english([str(refusal.value)]) <= {"many"}


ANSWERS = {
    "tuning.1": [None, 299, 298, 10, 1e9, "299", lambda: 299, [1, 2], np.inf, 3.5, 1j],
    "tuning.2": [
        lambda rng, low, high: rng.uniform(low, high),
        lambda rng, low, high: low,
        lambda rng, low, high: None,
        lambda rng, low, high: 0.3 + 0.1 * rng.uniform(),
        lambda rng, low, high: low * (high / low) ** rng.uniform(),
    ],
    "tuning.4": [
        lambda losses: np.mean(losses < 1),
        lambda losses: np.sum(losses < 1),
        lambda losses: np.mean(losses[:10]),
        lambda losses: losses[:3],
        lambda losses: None,
        lambda losses: 1 / 0,
        lambda: 1,
        lambda losses: "text",
        7,
    ],
}
PYTHON = {"text", "division", "by", "zero", "ZeroDivisionError", "TypeError", "lambda", "takes", "positional"}
PYTHON |= {"arguments", "but", "was", "given", "losses", "return", "complex", "int", "test", "words", "py"}
"""What Python and a reader's own code say."""


@pytest.mark.parametrize("name", ANSWERS)
def test_the_verdict_on_any_answer_is_given_in_another_language(name, catalogue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for answer in ANSWERS[name]:
        card = exercises.check(name, answer)
        for _hint in range(2):
            card.hint()
        assert left_english(card) <= PYTHON, card
        assert "文" in card.verdict.sentence


def test_a_box_of_settings_is_judged_in_another_language(catalogue):
    from course.tuning import Parameter

    wide, narrow = Parameter(0.25, 4.0, log=True), Parameter(0.1, 0.2, log=True)
    rates = Parameter(0.001, 10.0, log=True)
    for box in (
        {"gain": wide, "learning_rate": rates},
        {"gain": wide, "learning_rate": narrow},
        {"gain": Parameter(2.0, 3.0), "learning_rate": rates},
        {"gain": wide, "learning_rate": Parameter(0.1, 1.0, log=True)},
        {"gain": Parameter(0.8, 1.25), "learning_rate": Parameter(0.01, 1.0)},
        {"gain": Parameter(0.8, 1.25), "learning_rate": Parameter(1.0, 10.0, log=True)},
        {"gain": Parameter(9.0, 9.5), "learning_rate": rates},
        {"gain": 1.0, "learning_rate": rates},
        {},
    ):
        for loss in (lambda _point: 1e9, lambda _point: 0.1):
            sentence = exercises.judge("tuning.3", box, loss).sentence
            assert english([sentence]) <= {"gain", "learning", "rate"}, sentence


def test_the_board_of_a_page_speaks_another_language(catalogue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exercises.check("tuning.1", 298)
    board = exercises.progress("tuning")
    assert left_english(board) == set()
    board.button.click()
    assert left_english(board) == set()


def test_the_page_s_programs_have_no_words_of_their_own():
    for path in (ROOT / "course/live").glob("*.js"):
        literal = r"(?:textContent = |aria-label\"[:,] |aria-valuetext\"[:,] |title = )[\"`]"
        found = re.findall(literal, path.read_text(encoding="utf-8"))
        assert found == [], path.name


def test_all_that_is_asked_for_are_texts_to_translate_and_no_numbers(catalogue):
    explorer = explorers.tapered_network()
    explorer.state = {"seed": 7, "pinned": {"depth": 5}}
    assert {text for text in catalogue.asked if re.search(r"\d\.\d|\de[+-]", text)} == set()
