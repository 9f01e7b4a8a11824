"""Every explorer answers every position of every control, in place, without compiling and without losing anything."""

import inspect
import io
import itertools
import json
import random
import threading

import ipywidgets as widgets
import jax
import matplotlib.style
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from random_states import FEW, NAMES, PINNING, mostly_long

from course import explorers, probes
from course.live.canvas import Canvas, Frame
from course.live.explorer import Explorer
from course.live.predict import Prediction
from course.live.running import RunningExplorer
from course.live.stage import Stage


def ends(control: widgets.ValueWidget) -> list:
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
        return [False, True]
    if isinstance(control.value, tuple):
        return [(), control.most * (tuple(source.value for source in control.sources.values()),)]
    return [control.min, control.max]


def anywhere(control: widgets.ValueWidget, chance: random.Random):
    if isinstance(control, widgets.IntSlider | widgets.BoundedIntText):
        return chance.randint(control.min, control.max)
    if hasattr(control, "min"):
        steps = round((control.max - control.min) / control.step)
        return min(control.max, control.min + control.step * chance.randint(0, steps))
    return chance.choice(ends(control))


def random_state(explorer: Explorer, chance: random.Random) -> dict:
    """A state of one network, for a hundred take a hundred times as long."""
    controls = {key: control for key, control in explorer.controls.items() if key != "networks"}
    return {key: anywhere(control, chance) for key, control in controls.items()}


def assert_shows(explorer: Explorer) -> None:
    if explorer.exception is not None:
        raise explorer.exception
    assert explorer.error is None
    assert Image.open(io.BytesIO(explorer.image)).size[0] > 500
    assert explorer.sentence
    assert explorer.alt == explorer.sentence
    assert "nan" not in explorer.sentence.lower().split()


SLOW = ("coordinate_check", "framework_defaults", "luck", "todays_networks", "transformer")
"""Explorers whose moves take a second: here in the second tier alone, and on their pages in the first."""


@pytest.mark.parametrize("name", mostly_long(NAMES, [name for name in NAMES if name not in SLOW]))
def test_every_control_can_be_driven_to_its_other_end(name, moved):
    explorer = moved[name]
    assert explorer.can_pin is (name in PINNING)
    for key, control in explorer.controls.items():
        if key != "networks":
            (first, *_, last), start = ends(control), control.value
            control.value = first if start == last else last
            assert_shows(explorer)
            control.value = start


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_control_can_be_driven_to_every_choice_and_both_ends(name, moved):
    explorer = moved[name]
    start = explorer.state
    for control in explorer.controls.values():
        for value in ends(control):
            control.value = value
            assert_shows(explorer)
        explorer.state = start


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_all_corners_of_the_sliders_together_are_drawn(name, moved):
    explorer = moved[name]
    sliders = {key: control for key, control in explorer.controls.items() if hasattr(control, "min")}
    for corner in itertools.product(*(ends(control) for control in sliders.values())):
        explorer.state = dict(zip(sliders, corner, strict=True))
        assert_shows(explorer)


@pytest.mark.parametrize(
    ("name", "moves"),
    mostly_long([*((name, 4) for name in FEW), *((name, 200) for name in NAMES)], [(n, 4) for n in FEW]),
)
def test_random_states_are_drawn(name, moves, moved):
    explorer, chance = moved[name], random.Random(name)
    explorer.state = state = random_state(explorer, chance)
    for _ in range(moves):  # one control at a time, as a hand moves
        key = chance.choice(list(state))
        explorer.state = {key: anywhere(explorer.controls[key], chance)}
        assert_shows(explorer)


@pytest.mark.parametrize("width", mostly_long(probes.WIDTHS, always=(16,)))
def test_many_networks_are_drawn_at_every_width_and_say_how_many_they_are(width, moved):
    explorer, chance = moved["signal_propagation"], random.Random(width)
    drawn_fast = {"scheme": chance.choice(["he_normal", "normal_1", "zeros", "constant"]), "depth": 60}
    explorer.state = {**random_state(explorer, chance), **drawn_fast, "width": width, "networks": 100}
    assert_shows(explorer)
    assert f"In the median of {probes.affordable_networks(width)} networks layer 60" in explorer.sentence
    explorer.state = {"networks": 1}


def test_no_control_of_the_main_explorer_waits_for_a_compiler():
    explorer, compiled = explorers.signal_propagation(), []

    def listen(event, _seconds, **_details):
        if "compile" in event and threading.current_thread() is threading.main_thread():  # where a move waits
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for control in explorer.controls.values():
            start = control.value
            for value in [*ends(control), start]:
                control.value = value
                assert_shows(explorer)
        jax.jit(lambda x: x + len(compiled))(1.0)  # the listener does hear a compiler
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    heard = [event for event in compiled if "backend_compile" in event]
    assert len(heard) == 1


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_a_state_is_plain_json_and_brings_back_the_same_pixels(name, moved):
    explorer, chance = moved[name], random.Random(f"{name} again")
    explorer.state = random_state(explorer, chance)
    text, image = json.dumps(explorer.state), explorer.image
    fresh = getattr(explorers, name)(**json.loads(text))
    assert fresh.sentence == explorer.sentence
    assert pixels(fresh.image) == pixels(image)


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_a_style_that_a_cell_takes_up_changes_nothing_in_a_picture_that_moves(name):
    """A style is in force in the whole process, and JupyterLab may deliver a move while a cell draws with one."""
    plain, beside = (getattr(explorers, name)() for _ in range(2))
    chance = random.Random(name)
    for state in [random_state(plain, chance) for _ in range(4)]:
        plain.state = state
        with matplotlib.style.context(["dark_background", {"font.size": 17, "lines.linewidth": 9}]):
            in_force = dict(matplotlib.rcParams)
            beside.state = state
            assert dict(matplotlib.rcParams) == in_force
        assert pixels(beside.image) == pixels(plain.image)


def pixels(image: bytes) -> bytes:
    return Image.open(io.BytesIO(image)).tobytes()


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_a_state_that_the_controls_do_not_offer_is_refused_and_nothing_moves(name, moved):
    explorer = moved[name]
    before = explorer.state
    with pytest.raises(ValueError, match="no control of this picture"):
        explorer.state = {"colour": "red"}
    for key, control in explorer.controls.items():
        wrong = control.max + 1 if hasattr(control, "max") else "nothing of the sort"
        with pytest.raises(ValueError, match=key):
            explorer.state = {key: wrong}
    assert explorer.state == before


@pytest.mark.parametrize("name", mostly_long(NAMES))
def test_the_page_is_given_the_picture_with_its_size_and_its_sentence(name, moved):
    explorer = moved[name]
    screen = explorer.screen
    assert (screen.image, screen.sentence) == (explorer.image, explorer.sentence)
    assert Image.open(io.BytesIO(explorer.image)).size == (screen.width, screen.height)
    assert screen in explorer.children


def explorer_of(controls: dict[str, widgets.ValueWidget], draw) -> Explorer:
    figure = Figure()
    figure.subplots()
    return Explorer(controls, draw, Canvas(figure, []), name="test", title="test")


def small_explorer() -> Explorer:
    def draw(size: int) -> Frame:
        if size == 7:
            raise RuntimeError("seven cannot be drawn")
        return Frame(bytes([size]), f"size {size} & <more>")

    return explorer_of({"size": widgets.IntSlider(1, 0, 9)}, draw)


def test_a_failing_picture_is_named_and_the_last_good_one_stays():
    explorer = small_explorer()
    explorer.controls["size"].value = 3
    explorer.controls["size"].value = 7
    assert explorer.image == bytes([3])
    assert explorer.sentence == "size 3 & <more>"
    assert "seven cannot be drawn" in explorer.error
    assert isinstance(explorer.exception, RuntimeError)
    assert "seven cannot be drawn" in explorer.screen.failure
    explorer.controls["size"].value = 4
    assert explorer.error is None
    assert explorer.screen.failure == ""


def test_a_failing_first_picture_is_raised():
    def draw(size: int) -> Frame:
        raise RuntimeError(f"{size} cannot be drawn")

    with pytest.raises(RuntimeError, match="3 cannot be drawn"):
        explorer_of({"size": widgets.IntSlider(3)}, draw)


def test_a_state_of_several_controls_is_drawn_once():
    drawn = []

    def draw(first: int, second: int) -> Frame:
        drawn.append((first, second))
        return Frame(b"", "drawn")

    explorer = explorer_of({"first": widgets.IntSlider(1), "second": widgets.IntSlider(2)}, draw)
    explorer.state = {"first": 5, "second": 6}
    assert drawn == [(1, 2), (5, 6)]


def test_the_picture_follows_depth_as_theory_says(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"scheme": "standard_uniform", "activation": "linear", "depth": 20, "gain": 1.0, "width": 512}
    assert f"theory: {3.0**-20:.1e}" in explorer.sentence
    assert "vanishing" in explorer.sentence


def test_a_seed_changes_the_measurement_and_not_the_theory(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"depth": 30, "seed": 1, "scheme": "he_normal", "activation": "relu", "gain": 1.0, "width": 64}
    first = explorer.sentence
    explorer.state = {"seed": 2}
    assert explorer.sentence != first
    assert np.all([part in explorer.sentence for part in ("theory: 1)", "layer 30")])


def test_weights_that_are_not_random_have_no_prediction(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {"scheme": "constant", "activation": "tanh", "depth": 5, "gain": 1.0, "width": 64}
    assert "theory" not in explorer.sentence
    explorer.state = {"scheme": "normal_0.1"}
    assert explorer.sentence.count("theory") == 2


@pytest.mark.parametrize("kind", [Explorer, RunningExplorer, Stage, Prediction])
def test_no_method_of_ours_takes_the_place_of_one_that_ipywidgets_keeps_to_itself(kind):
    theirs = {name for own in widgets.VBox.__mro__ for name in vars(own) if name.startswith("_")}
    written = [vars(own) for own in kind.__mro__ if own.__module__.startswith("course.")]
    ours = {name for names in written for name, value in names.items() if inspect.isfunction(value)}
    assert {name for name in theirs & ours if not name.startswith("__")} == set()
