"""A state is a short text: written, read, refused in words; a control says what comes next and what it is called."""

import random

import ipywidgets as widgets
import pytest
from random_states import NAMES, ONE, PINNING, WITH_MAIN, mostly_long, opened, pixels, somewhere

from course import explorers
from course.live import settings

CHAIN = "sigmoid_chain"


@pytest.fixture(scope="module")
def chain():
    return opened(CHAIN)


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_a_state_string_brings_back_state_sentence_and_pixels(name, moved):
    explorer, chance = moved[name], random.Random(name)
    for projector in (True, False):
        explorer.state = {**somewhere(explorer, chance), "projector": projector}
        fresh = explorers.restore(explorer.state_string)
        assert explorer.error is None
        assert (fresh.state, fresh.sentence, fresh.table.keys()) == (
            explorer.state,
            explorer.sentence,
            explorer.table.keys(),
        )
        assert pixels(fresh.image) == pixels(explorer.image)


@pytest.mark.parametrize("name", mostly_long(PINNING))
def test_a_state_string_brings_back_what_is_pinned_after_many_moves(name, moved):
    explorer, chance = moved[name], random.Random(name)
    explorer.state = {"pinned": somewhere(explorer, chance), "projector": False}
    for _ in range(4):
        explorer.state = somewhere(explorer, chance)
    explorer.state = {"pinned": somewhere(explorer, chance), "projector": chance.random() < 0.5}
    explorer.state = somewhere(explorer, chance)
    fresh = explorers.restore(explorer.state_string)
    assert explorer.error is None
    assert (fresh.state, fresh.sentence) == (explorer.state, explorer.sentence)
    assert pixels(fresh.image) == pixels(explorer.image)


def test_what_differs_from_the_present_settings_is_all_that_is_written_of_the_pinned_ones(chain):
    chain.state = {"depth": 9, "weight": 2.0, "bias": 0.0, "input": 0.5, "pinned": {"weight": -1.0}}
    assert chain.state_string == "sigmoid_chain?depth=9&weight=2.0&bias=0.0&input=0.5&pinned=weight:-1.0"
    chain.state = {"weight": -1.0}
    assert chain.state_string.endswith("&pinned=")
    chain.state = {"pinned": None}
    assert "pinned" not in chain.state_string


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with 'sigmoid_chain\\?', not ''"),
        (" \t\n ", "begins with 'sigmoid_chain\\?', not ''"),
        ("sigmoid_chain", "begins with 'sigmoid_chain\\?'"),
        ("sigmoid_ch", "begins with 'sigmoid_chain\\?'"),
        ("many_draws?depth=5", "not 'many_draws\\?depth=5'"),
        ("sigmoid_chain?colour=red", "'colour' is no control of this picture; its controls are depth, weight"),
        ("sigmoid_chain?depth=5&wei", "'wei' is no control"),
        ("sigmoid_chain?de pth=5", "'de pth' is no control"),
        ("sigmoid_chain?depth=21", "depth must be a whole number from 1 to 20, not 21"),
        ("sigmoid_chain?depth=5.5", "depth must be a whole number from 1 to 20, not '5.5'"),
        ("sigmoid_chain?depth=five", "depth must be a whole number from 1 to 20, not 'five'"),
        ("sigmoid_chain?depth=", "depth must be a whole number from 1 to 20, not ''"),
        ("sigmoid_chain?depth", "depth must be a whole number from 1 to 20, not ''"),
        ("sigmoid_chain?weight=nan", "weight must be a number from -10.0 to 10.0, not nan"),
        ("sigmoid_chain?weight=inf", "weight must be a number from -10.0 to 10.0, not inf"),
        ("sigmoid_chain?pinned=depth:21", "depth must be a whole number from 1 to 20, not 21"),
        ("sigmoid_chain?pinned=depth", "depth must be a whole number from 1 to 20, not ''"),
        ("sigmoid_chain?pinned=colour:red", "'colour' is no control"),
        ("sigmoid_chain?projector=perhaps", "projector must be True or False, not 'perhaps'"),
    ],
)
def test_a_text_that_tells_no_state_is_refused_in_words_and_nothing_moves(text, words, chain):
    before, image = chain.state, chain.image
    with pytest.raises(ValueError, match=words):
        chain.restore(text)
    assert (chain.state, chain.image, chain.error) == (before, image, None)


@pytest.mark.parametrize(
    "text", ["", "  ", "chain", "restore?depth=5", "Explorer?", "__all__?", "sigmoid_chain&depth=5"]
)
def test_a_text_that_names_no_explorer_is_refused_with_the_names_there_are(text):
    with pytest.raises(ValueError, match="one of the names batch_sizes, bug_hunt"):
        explorers.restore(text)


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_no_explorer_reads_the_state_of_another(name, moved):
    other = NAMES[NAMES.index(name) - 1]
    with pytest.raises(ValueError, match=f"begins with '{name}"):
        moved[name].restore(moved[other].state_string)
    with pytest.raises(ValueError, match=f"begins with '{name}"):
        opened(name, moved[other].state_string)


CUTS = range(len("sigmoid_chain?depth=12&weight=2.5&bias=-1.0&input=0.25"))


@pytest.mark.parametrize("cut", mostly_long(CUTS, CUTS[::8]))
def test_a_text_cut_short_anywhere_is_refused_or_moves_to_a_state_that_it_does_tell(cut, chain):
    text = "sigmoid_chain?depth=12&weight=2.5&bias=-1.0&input=0.25"[:cut]
    chain.state = {"depth": 3, "weight": 1.0, "bias": 0.0, "input": 0.5, "pinned": None, "projector": False}
    before = chain.state
    try:
        chain.restore(text)
    except ValueError:
        assert chain.state == before
    else:
        told = dict(pair.split("=") for pair in text.partition("?")[2].split("&") if pair)
        assert chain.state == before | {name: type(before[name])(value) for name, value in told.items()}


def test_a_text_that_leaves_controls_out_leaves_them_as_they_are_and_unpins(chain):
    chain.state = {"depth": 7, "weight": 2.0, "pinned": {"depth": 3}, "projector": True}
    chain.restore("sigmoid_chain?weight=3.0")
    assert (chain.state["depth"], chain.state["weight"]) == (7, 3.0)
    assert not {"pinned", "projector"} & set(chain.state)


def test_white_space_round_a_text_means_nothing(chain):
    chain.restore(" \n sigmoid_chain?depth=6&weight=1.5 \t\n")
    assert (chain.state["depth"], chain.state["weight"]) == (6, 1.5)
    fresh = explorers.restore("\n sigmoid_chain?depth=6 ")
    assert fresh.state["depth"] == 6


def test_an_explorer_opens_from_a_text_and_names_override_it():
    opening = opened(CHAIN, "sigmoid_chain?depth=6&weight=1.5&pinned=depth:3", depth=8)
    assert (opening.state["depth"], opening.state["weight"]) == (8, 1.5)
    assert opening.state["pinned"]["depth"] == 3
    with pytest.raises(ValueError, match="depth must be"):
        opened(CHAIN, "sigmoid_chain?depth=6", depth=99)


def test_the_last_digits_of_a_slider_show_up_nowhere(chain):
    chain.state = {"pinned": None, "weight": 1.0}
    clean = chain.sentence, chain.state_string
    chain.controls["weight"].value = 1.0000000000000002
    assert (chain.state["weight"], chain.sentence, chain.state_string) == (1.0, *clean)
    chain.state = {"pinned": {"weight": 2.0000000000000004}}
    assert chain.state["pinned"]["weight"] == 2.0
    assert chain.state_string.endswith("pinned=weight:2.0")


def test_a_whole_number_for_a_slider_of_floats_is_a_float(chain):
    chain.state = {"weight": 3, "pinned": {"weight": 2}}
    assert [repr(state["weight"]) for state in (chain.state, chain.state["pinned"])] == ["3.0", "2.0"]


@pytest.mark.parametrize("wrong", [True, "depth:3", 3, ["depth"]])
def test_what_is_pinned_is_a_dict_or_none(wrong, chain):
    with pytest.raises(ValueError, match="pinned must be a dict of controls or None, not"):
        chain.state = {"pinned": wrong}


@pytest.mark.parametrize("wrong", [1, "True", None])
def test_the_projector_is_true_or_false(wrong, chain):
    with pytest.raises(ValueError, match=f"projector must be True or False, not {wrong!r}"):
        chain.state = {"projector": wrong}


def test_two_starts_side_by_side_refuse_to_be_pinned(moved):
    explorer = moved["two_schemes"]
    for pinned in ({}, {"depth": 3}):
        with pytest.raises(ValueError, match="two_schemes has no curves to pin"):
            explorer.state = {"pinned": pinned}
    with pytest.raises(ValueError, match="two_schemes has no curves to pin"):
        explorer.restore("two_schemes?pinned=depth:3")
    with pytest.raises(ValueError, match="two_schemes has no curves to pin"):
        explorer.pin()
    assert "pinned" not in explorer.state


@pytest.mark.parametrize("name", mostly_long(NAMES, WITH_MAIN))
def test_play_goes_from_the_first_value_to_the_last_in_at_most_a_hundred_steps(name, moved):
    for key, control in moved[name].controls.items():
        if not settings.can_play(control):
            continue
        values = walked(control)
        if hasattr(control, "options"):
            assert values == [option[1] if isinstance(option, tuple) else option for option in control.options], key
        else:
            assert values == sorted(set(values)), key
            assert values[-1] == control.max, key
        assert 2 <= len(values) <= settings.STEPS + 1, key


def walked(control: widgets.ValueWidget) -> list:
    """Walk a twin of a control, one that nothing listens to, from its first value to its last."""
    kept = ("min", "max", "step", "options")
    twin = type(control)(**{name: getattr(control, name) for name in kept if hasattr(control, name)})
    twin.value = settings.first(twin)
    values = [twin.value]
    while (following := settings.following(twin)) is not None:
        twin.value = following
        values.append(settings.rounded(twin, twin.value))
    return values


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        (widgets.FloatSlider(1.0, description="gain", readout_format=".2f"), 1.5, "gain 1.50"),
        (widgets.IntSlider(1, description="depth"), 7, "depth 7"),
        (widgets.Dropdown(options=[("He, normal", "he")], description="scheme"), "he", "scheme He, normal"),
        (widgets.SelectionSlider(options=(16, 32), description="width"), 32, "width 32"),
    ],
)
def test_a_setting_is_called_what_its_control_shows(control, value, words):
    assert settings.words(control, value) == words
