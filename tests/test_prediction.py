"""Predict, then see: the answer is drawn into the picture, compared with its numbers, and can be changed or skipped."""

import math
import re

import ipywidgets as widgets
import nbformat
import numpy as np
import pytest
from random_states import mostly_long

from course import explorers, pages, training
from course.diagnosis.findings import FINDINGS
from course.explorers.signals import SIGNAL
from course.live.answers import WAITING
from course.live.explorer import Explorer
from course.live.predict import Curve, Number, predict
from course.pages.orthogonal_and_luck.quantities import CONDITION
from course.pages.sigmoid_saturation.quantities import LOST_SLOPE
from course.pages.the_papers.quantities import LEAVES_FIRST
from course.pages.todays_networks.quantities import RESIDUAL
from course.pages.training.quantities import LEARNED
from course.pages.tuning.quantities import BEST_STRATEGY
from course.pages.tuning.search_race import shared_table
from course.pages.variance_of_a_sum.quantities import VARIANCE
from course.style import EXPECTED
from course.tuning import STRATEGIES

PAGES = list(pages.notebooks())[1:-1]
SHRUNK = Curve(SIGNAL, (1, 10, 50), 1e-20, 1e20)


def opened():
    return explorers.signal_propagation(scheme="glorot_normal", activation="relu", depth=50)


def asked_on(page, place=0):
    """A prediction of a page, its first or a later one, as its cell makes it."""
    code = [
        cell.source
        for cell in nbformat.read(pages.NOTEBOOKS / f"{pages.notebooks()[page]}.ipynb", 4).cells
        if cell.cell_type == "code"
    ]
    names = {}
    exec(code[0], names)
    return eval([source for source in code if source.startswith("predict(")][place], names)


def answers_to(asked):
    """Some answers that a reader may give."""
    kind = asked.answers
    if isinstance(kind, Number):
        return [kind.low, kind.high, math.sqrt(kind.low * kind.high)]
    if isinstance(kind, Curve):
        return [[end] * len(kind.layers) for end in (kind.low, kind.high)]
    return asked.alternatives


ASKED = [*((page, 0) for page in PAGES), ("todays_networks", 1)]


@pytest.mark.parametrize(("page", "place"), mostly_long(ASKED, ASKED[::6]))
def test_the_page_takes_every_answer_and_draws_it_where_the_picture_has_a_place_for_it(page, place):
    asked = asked_on(page, place)
    asked.skip()
    empty = asked.picture.image
    for answer in answers_to(asked):
        asked.choose(answer)
        assert asked.picture.error is None
        assert re.search("[Yy]ou (predicted|expected)", asked.sentence)
        assert "Your prediction" in asked.picture.alt
        assert asked.picture.image != empty
    asked.skip()
    assert asked.picture.image == empty
    assert asked.sentence == ""


def test_three_pages_ask_for_a_curve_three_for_a_number_and_the_others_for_a_choice():
    kinds = [type(asked_on(page).answers).__name__ for page in PAGES]
    assert kinds.count("Curve") >= 3
    assert kinds.count("Number") >= 3
    assert kinds.count("Choice") >= 3


def test_nothing_is_shown_before_an_answer_and_the_button_waits_for_a_choice():
    asked = predict("Which?", ["one", "two"], lambda: widgets.HTML("the picture"))
    assert asked.picture is None
    assert asked.button.disabled
    asked.input.value = "two"
    asked.button.click()
    assert asked.choice == "two"
    assert asked.children[-1].value == "the picture"
    assert "“two”" in asked.sentence


def test_an_answer_can_be_changed_and_the_picture_stays_as_it_was_left():
    asked = predict("How much?", SHRUNK, opened)
    asked.choose([1, 0.1, 0.01])
    asked.picture.controls["depth"].value = 60
    first, picture = asked.picture.image, asked.picture
    asked.button.click()
    assert asked.input.values == pytest.approx([1, 0.1, 0.01])
    asked.input.draw([1, 1e3, 1e9])
    asked.button.click()
    assert asked.picture is picture
    assert picture.state["depth"] == 60
    assert picture.image != first
    assert asked.choice == pytest.approx([1, 1e3, 1e9])


def test_a_prediction_can_be_taken_off_the_picture():
    asked = predict("How much?", SHRUNK, opened)
    asked.skip()
    empty, words = asked.picture.image, asked.picture.alt
    asked.choose([1, 1, 1])
    assert asked.picture.image != empty
    asked.other.click()
    assert (asked.picture.image, asked.picture.alt) == (empty, words)


def test_just_show_me_opens_the_picture_without_a_word_about_a_prediction():
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), lambda: explorers.sigmoid_slope(z=10))
    asked.other.click()
    assert isinstance(asked.picture, Explorer)
    assert asked.sentence == ""
    assert "prediction" not in asked.picture.alt


def test_the_sentence_compares_with_the_numbers_of_the_table():
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), lambda: explorers.sigmoid_slope(z=10))
    asked.choose(25)
    found = LOST_SLOPE.found(asked.picture.table)
    assert found == pytest.approx(2313, abs=1)
    assert f"it is {found:.4g}, and you were too low by a factor of {found / 25:.2g}" in asked.sentence
    asked.choose(2300)
    assert "that is right" in asked.sentence


def test_a_choice_is_right_if_the_measured_number_lies_in_its_range():
    variances = {"it grows": (10, 100), "it stays": (0.8, 1.25)}
    asked = predict("?", variances, lambda: explorers.sum_of_inputs(d=1), VARIANCE)
    asked.choose("it grows")
    assert asked.sentence.endswith(": “it stays”.")
    asked.choose("it stays")
    assert asked.sentence.endswith(": that is right.")


def test_a_curve_says_where_it_is_farthest_off():
    asked = predict("How much?", SHRUNK, opened)
    asked.choose([1, 1, 1])
    measured = asked.picture.table["forward"]
    factor = 10 ** np.abs(np.log10(measured[[0, 9, 49]])).max()
    assert f"farthest off at layer 50, by a factor of {factor:.1e}" in asked.sentence


def test_what_lies_outside_a_panel_is_marked_at_its_edge_and_moves_no_axis():
    asked = predict("?", {"less": (1e-99, 1e-90), "more": (1, 2)}, explorers.todays_networks, RESIDUAL)
    asked.skip()
    panel = asked.picture.canvas.figure.axes[1]
    before = panel.get_ylim()
    asked.choose("less")
    assert panel.get_ylim() == before
    assert [
        line.get_ydata()[0] for line in panel.lines if line.get_color() == EXPECTED and line.get_marker() == "v"
    ] == [before[0]]


def test_the_prediction_stays_while_controls_move_and_is_in_saved_files_and_projector_pictures():
    asked = predict("How much?", SHRUNK, opened)
    asked.choose([1, 1, 1])
    picture = asked.picture
    for state in ({"seed": 3}, {"projector": True}, {"projector": False}):
        picture.state = state
        assert "Your prediction is drawn in, from 1 at layer 1 to 1 at layer 50." in picture.alt
    assert "your prediction" in picture.file("svg").decode()
    asked.other.click()
    assert "your prediction" not in picture.file("svg").decode()


@pytest.mark.parametrize("answer", [0.5, 1e10, float("nan")])
def test_a_number_outside_its_range_is_refused_in_words_and_nothing_opens(answer):
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), widgets.HTML)
    with pytest.raises(ValueError, match="must be from 1 to 1e"):
        asked.choose(answer)
    asked.input.value = str(answer)
    asked.button.click()
    assert "must be from 1 to 1e" in asked._compared.value
    assert asked.picture is None


def test_what_is_no_number_is_answered_in_words():
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), widgets.HTML)
    assert asked.button.disabled
    asked.input.value = "a lot"
    asked.button.click()
    assert "must be a number, such as 0.5 or 1e-6, not &#x27;a lot&#x27;" in asked._compared.value


def test_the_comparison_is_with_what_was_asked_and_not_with_what_was_moved_to():
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), lambda: explorers.sigmoid_slope(z=10))
    asked.choose(25)
    first = asked.sentence
    asked.picture.controls["z"].value = 0.0
    asked.choose(25)
    assert asked.sentence == first


def test_what_is_not_on_offer_is_named():
    with pytest.raises(ValueError, match="at least two"):
        predict("Which?", ["one"], widgets.HTML)
    with pytest.raises(ValueError, match="not 'three'"):
        predict("Which?", ["one", "two"], widgets.HTML).choose("three")
    with pytest.raises(ValueError, match="must have 3 values, not 2"):
        predict("How much?", SHRUNK, opened).choose([1, 2])


@pytest.mark.long
def test_where_a_run_is_asked_for_the_comparison_comes_when_it_has_ended_whatever_is_in_view():
    asked = asked_on("start_or_learning_rate")
    asked._open_picture = lambda: explorers.loss_map(size="coarse")
    asked.choose(asked.alternatives[0])
    assert asked.sentence.endswith(WAITING)
    asked.picture.controls["moment"].value = 0.0
    asked.picture.finish()
    asked.picture.controls["moment"].value = 1.0
    table = asked.picture.table
    losses = table["left.loss"]
    bound = 0.5 * training.guessing_loss(training.Setup())
    found = sum(losses[table["gain"] == gain].min() < bound for gain in np.unique(table["gain"]))
    assert 1 <= found <= 6
    assert f"in the plain network on the left, is {found}: " in asked.sentence
    asked.choose(asked.alternatives[2])
    assert asked.sentence.endswith("that is right." if found >= 3 else "alone”.")


def test_a_prediction_changed_during_a_run_is_the_one_that_is_compared_and_a_skipped_one_is_not():
    started = predict("?", {"some": (1, 9), "none": (0, 0)}, lambda: explorers.training_race(depth=2), LEARNED)
    started.choose("none")
    started.choose("some")
    started.picture.finish()
    assert "“some”. The number of initializations" in started.sentence
    skipped = predict("?", {"some": (1, 9), "none": (0, 0)}, lambda: explorers.training_race(depth=2), LEARNED)
    skipped.skip()
    skipped.picture.finish()
    assert skipped.sentence == ""


RUNS = {
    "training": {"1.median": [2.3, 0.4], "2.median": [3.0, 0.2], "3.median": [2, 0.3]},
    "the_papers": {f"left.mean.{k}": [0.5, 0.5, 0.4 if k == 4 else 0.48] for k in (1, 2, 3, 4)},
    "start_or_learning_rate": {"gain": [1, 1, 2, 4, 8], "left.loss": [2, 0.1, 0.2, 0.3, np.inf]},
    "width": {"width": [32, 32, 512, 512], "rate": [0.01, 0.04, 0.01, 0.04], "standard": [0.3, 0.1, 0.2, 0.4]},
    "tuning": {"grid.median": [2, 0.28], "random.median": [2, 0.27], "bayesian.median": [2, 0.18]},
}
"""Numbers as the pages' runs give them, made up, and for which the third answer is right."""


@pytest.mark.long
@pytest.mark.parametrize("page", RUNS)
def test_an_answer_about_a_run_is_judged_by_the_columns_that_its_picture_has(page):
    shared_table.cache_clear()  # another test may have gone to the end of page tuning's one run
    asked = asked_on(page)
    asked.choose(asked.alternatives[2])
    assert asked.sentence.endswith(WAITING)
    assert set(RUNS[page]) <= set(asked.picture.table)
    asked._keep({name: np.array(values) for name, values in RUNS[page].items()})
    assert asked.sentence.endswith("that is right.")
    asked.choose(asked.alternatives[0])
    assert asked.sentence.endswith(f"“{asked.alternatives[2]}”.")


@pytest.mark.parametrize(
    ("medians", "best"), [((0.28, 0.27, 0.18), "Bayesian"), ((0.2, 0.21, 0.2), "none"), ((0.1, 0.2, 0.3), "grid")]
)
def test_strategies_within_a_tenth_of_each_other_do_not_differ(medians, best):
    table = {f"{name}.median": np.array([2.3, last]) for name, last in zip(STRATEGIES, medians, strict=True)}
    assert BEST_STRATEGY.found(table) == best


@pytest.mark.parametrize(("kind", "answer"), [(Number(CONDITION, "times", 1, 1e9), 30), (SHRUNK, [1, 1, 1])])
def test_a_number_and_a_curve_wait_too_for_numbers_that_are_not_there_yet(kind, answer):
    expected, sentence = kind.compare(kind.read(answer), None)
    assert sentence.endswith(WAITING)
    assert "Your prediction" in expected.words


def test_an_answer_given_in_code_stands_in_the_box_when_it_is_to_be_changed():
    asked = predict("How much?", Number(LOST_SLOPE, "times", 1, 1e9), lambda: explorers.sigmoid_slope(z=10))
    asked.choose(1234.5)
    asked.button.click()
    assert asked.input.value == "1234.5"
    assert not asked.button.disabled


def test_layers_that_leave_the_middle_together_or_not_at_all_are_none_that_leaves_first():
    for means in ([0.5, 0.5], [0.5, 0.4]):
        table = {f"left.mean.{layer}": np.array(means) for layer in (1, 2)}
        assert LEAVES_FIRST.found(table) == 0


def test_the_hunt_for_a_wrong_line_says_what_is_wrong_in_the_first_layer():
    asked = asked_on("whats_wrong")
    asked.choose(asked.alternatives[1])
    assert asked.sentence.endswith("The finding in the first layer is “wrong fan”: that is right.")
    meant = set(asked.answers.alternatives.values())
    assert meant <= {finding.name for finding in FINDINGS}
