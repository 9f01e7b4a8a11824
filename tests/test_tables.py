"""The numbers behind a picture: every digit of them in a file, and a table that can be read and reached in the page."""

import csv
import html
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from random_states import NAMES, QUICK, RUNNING, mostly_long, part

from course.explorers.signals import CURVES
from course.live import tables
from course.live.tables import Table
from course.live.words import number

LAYERED = [name for name in NAMES if name not in ("identical_units", "sigmoid_slope", "sum_of_inputs")]
AWKWARD = Table(x=("<b> & \"x\", 'y'", np.array([1 / 3, np.nan, np.inf])), layer=("layer", np.array([1, 2, 3])))


def columns_of(text: str) -> dict[str, list[str]]:
    head, *rows = csv.reader(io.StringIO(text))
    columns = zip(*rows, strict=True) if rows else [[]] * len(head)
    return dict(zip(head, map(list, columns), strict=True))


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_the_file_has_every_column_and_every_digit(name, moved):
    table = moved[name].table
    read = columns_of(moved[name].csv())
    assert list(read) == table.titles
    for title, values in zip(table.titles, table.values(), strict=True):
        written = np.array(read[title], dtype=values.dtype)
        np.testing.assert_array_equal(written, values, err_msg=title)
        assert len(values) > 0 or name in RUNNING


@pytest.mark.parametrize(
    "name", ["signal_propagation", "many_draws", "sigmoid_chain", "tapered_network", "two_schemes"]
)
def test_there_is_a_row_for_each_layer(name, moved):
    moved[name].state = {"depth": 4}
    assert moved[name].table["layer"].tolist() == [1, 2, 3, 4]
    assert len(moved[name].csv().splitlines()) == 1 + 4


def test_the_main_table_has_the_numbers_that_the_sentence_speaks_of(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"scheme": "he_normal", "activation": "relu", "depth": 12, **QUICK}
    forward, gradient = explorer.table["forward"], explorer.table["gradient"]
    for value in (forward[-1], gradient[0] / gradient[-1], explorer.table["forward.theory"][-1]):
        assert number(value) in explorer.sentence


def test_the_tables_of_the_others_have_the_numbers_that_their_sentences_speak_of(moved):
    chain, draws, sums = (moved[name] for name in ("sigmoid_chain", "many_draws", "sum_of_inputs"))
    chain.state = {"depth": 5, "weight": 2.0}
    gradients = chain.table["gradient"]
    assert f"{number(gradients[0])} (theory: at most {number(chain.table['greatest'][0])})" in chain.sentence
    assert f"at layer 5 it is {number(gradients[-1])}" in chain.sentence
    assert f"keep {number(draws.table['mean'][-1])} of" in draws.sentence
    assert f"less than {number(draws.table['median'][-1])}, one" in draws.sentence
    place = sums.table["d"].tolist().index(sums.state["d"])
    assert f"variance {number(sums.table['variance'][place])} (theory:" in sums.sentence


def test_the_table_of_many_networks_has_the_edges_of_the_band(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"depth": 3, "width": 128, "networks": 100}
    assert explorer.error is None
    for key in CURVES:
        low, median, high = (explorer.table[f"{key}{edge}"] for edge in (".low", "", ".high"))
        assert np.all((low <= median) & (median <= high))
        assert np.any(low < high)
    low, high = (explorer.table[f"forward.{edge}"][-1] for edge in ("low", "high"))
    assert f"from {number(low)} to {number(high)}" in explorer.sentence
    explorer.state = QUICK
    assert "forward.low" not in explorer.table


def cells(page: str) -> list[list[str]]:
    """The rows of a table of the page, the head first."""
    return [[cell.text or "" for cell in row] for row in ElementTree.fromstring(page).iter("tr")]


def test_the_table_in_the_page_has_the_columns_as_text_four_digits_and_a_dash_for_nothing():
    head, *rows = cells(tables.as_html(AWKWARD, "Title"))
    assert head == AWKWARD.titles
    assert rows == [["0.3333", "1"], ["–", "2"], ["inf", "3"]]


def test_the_table_in_the_page_is_reached_by_keyboard_and_has_a_name():
    box = ElementTree.fromstring(tables.as_html(AWKWARD, 'A & <"B">'))
    assert box.attrib["tabindex"] == "0"
    assert box.attrib["role"] == "region"
    assert box.attrib["aria-label"] == 'A & <"B">: the numbers behind the picture'
    assert {cell.attrib["scope"] for cell in box.iter("th")} == {"col"}


def test_the_table_is_shown_while_it_is_wanted_and_follows_the_picture(moved):
    explorer = moved["sigmoid_chain"]
    shown = explorer.children[explorer.children.index(explorer.screen) + 1]
    assert shown.value == ""
    part(explorer, "Table").value = True
    for depth in (3, 6):
        explorer.controls["depth"].value = depth
        assert len(cells(shown.value)) == 1 + depth
        assert html.escape("factor w σ'(z)") in shown.value
    part(explorer, "Table").value = False
    assert shown.value == ""


def test_weights_that_are_not_random_have_dashes_for_a_prediction(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"scheme": "constant", "activation": "tanh", "depth": 2, **QUICK}
    head, *rows = cells(tables.as_html(explorer.table, explorer.title))
    predicted = [row[head.index(f"{title}, theory")] for row in rows for title in CURVES.values()]
    assert predicted == ["–"] * 6
