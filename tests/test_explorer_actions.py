"""What a reader does with an explorer beside moving it: pin, paste, seeds, reset, play, save; and what goes wrong."""

import io
import random
from xml.etree import ElementTree

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from random_states import NAMES, ONE, PINNING, QUICK, canvas_of, mostly_long, opened, part, pixels, somewhere

from course import explorers
from course.live.canvas import Canvas, Frame
from course.live.explorer import Explorer

PLAYABLE = [name for name in NAMES if name != "batch_sizes"]
SEEDED = [name for name in NAMES if name not in ("batch_sizes", "search_race", "sigmoid_chain", "sigmoid_slope")]
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


@pytest.fixture
def chain():
    """An explorer whose row of seldom used buttons is open."""
    explorer = opened("sigmoid_chain")
    part(explorer, "More").value = True
    return explorer


def look(explorer: Explorer):
    """What the reader has before the eyes."""
    return explorer.state, explorer.sentence, pixels(explorer.image)


def ghosts(explorer: Explorer):
    return canvas_of(explorer)._ghosts


def inside(axes, points: np.ndarray) -> np.ndarray:
    """Which of the points lie within the axes' limits."""
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    x, y = points.T
    return (left <= x) & (x <= right) & (bottom <= y) & (y <= top)


@pytest.mark.parametrize("name", mostly_long(PINNING))
def test_what_is_pinned_is_what_was_seen_and_stays_while_the_curves_move(name, moved):
    explorer, chance = moved[name], random.Random(name)
    explorer.state = {**somewhere(explorer, chance), "pinned": None}
    before = explorer.sentence, explorer.state
    seen = [np.array(kept.line.get_xydata()) for kept in ghosts(explorer)]
    shown = [inside(kept.line.axes, points) for kept, points in zip(ghosts(explorer), seen, strict=True)]
    part(explorer, "Pin").value = True
    assert any(points.any() for points in shown)
    for _ in range(2):
        explorer.state = somewhere(explorer, chance)
        assert explorer.error is None
        for kept, points, whole in zip(ghosts(explorer), seen, shown, strict=True):
            np.testing.assert_array_equal(kept.twin.get_xydata(), points)
            assert inside(kept.twin.axes, points)[whole].all()  # the axes have kept room for it
    assert explorer.state["pinned"] == before[1]
    assert explorer.sentence.endswith(before[0])


@pytest.mark.parametrize("name", mostly_long(PINNING))
def test_letting_go_leaves_no_trace(name, moved):
    explorer, chance = moved[name], random.Random(name)
    explorer.state = {**somewhere(explorer, chance), "pinned": somewhere(explorer, chance), "projector": False}
    assert part(explorer, "Pin").value
    assert canvas_of(explorer).look.captioned
    pinned = pixels(explorer.image)
    part(explorer, "Pin").value = False
    fresh = opened(name, **explorer.state)
    assert look(explorer) == look(fresh)
    assert pixels(explorer.image) != pinned
    assert "Pinned" not in explorer.sentence


@pytest.mark.parametrize("projector", [False, True])
def test_pinning_twice_keeps_the_later_curves_alone(projector, chain):
    chain.state = {"depth": 15, "projector": projector}
    chain.pin()
    chain.state = {"depth": 6}
    chain.pin()
    fresh = opened("sigmoid_chain", depth=6, pinned={}, projector=projector)
    assert look(chain) == look(fresh)


def test_sentence_and_caption_name_what_differs_and_nothing_else(chain):
    chain.state = {"depth": 5, "weight": 2.0}
    chain.pin()
    assert captions(chain) == ["● now: the same setting", "○ pinned: the same setting"]
    chain.state = {"weight": 3.5, "bias": -1.0}
    assert captions(chain) == ["● now: weight w 3.5, bias b -1.0", "○ pinned: weight w 2.0, bias b 0.0"]
    assert "Pinned for comparison, weight w 2.0, bias b 0.0: At layer 1" in chain.sentence
    assert "layers" not in chain.sentence.partition("Pinned")[2].partition(":")[0]


def captions(explorer: Explorer) -> list[str]:
    return [text.get_text() for text in canvas_of(explorer).figure.texts if text.get_text()[:1] in ("●", "○")]


def test_a_deeper_pinned_network_keeps_its_layers_on_the_axis(moved):
    explorer = moved["signal_propagation"]
    explorer.state = {**explorer._defaults, **QUICK, "activation": "linear", "depth": 90, "gain": 2.0, "pinned": None}
    explorer.pin()
    explorer.state = {"depth": 3, "gain": 1.0}
    assert explorer.error is None
    for axes in canvas_of(explorer).figure.axes:
        assert axes.get_xlim()[1] >= 90
    assert np.nanmax(ghosts(explorer)[0].twin.get_ydata()) <= canvas_of(explorer).figure.axes[1].get_ylim()[1]


def test_pasting_a_state_moves_there(chain):
    chain.state = {"depth": 3}
    part(chain, "state").value = "  sigmoid_chain?depth=11&weight=2.0&pinned=depth:4 "
    assert chain.error is None
    assert (chain.state["depth"], chain.state["weight"], chain.state["pinned"]["depth"]) == (11, 2.0, 4)
    assert part(chain, "state").value == chain.state_string
    assert part(chain, "Pin").value


def test_the_state_is_written_when_it_can_be_seen(chain):
    part(chain, "More").value = False
    before = part(chain, "state").value
    chain.controls["depth"].value = 9
    assert part(chain, "state").value == before
    part(chain, "More").value = True
    assert part(chain, "state").value == chain.state_string


@pytest.mark.parametrize("bad", ["", "nonsense", "sigmoid_chain?depth=99", "many_draws?depth=3"])
def test_pasting_nonsense_is_a_red_line_that_the_next_good_move_clears(bad, chain):
    chain.state = {"depth": 7, "pinned": {"depth": 2}}
    before = look(chain)
    part(chain, "state").value = bad
    assert chain.screen.failure == chain.error
    assert chain.error.startswith("This state could not be read: ")
    assert isinstance(chain.exception, ValueError)
    assert look(chain) == before
    chain.controls["depth"].value = 8
    assert (chain.error, chain.screen.failure) == (None, "")
    assert part(chain, "state").value == chain.state_string


def test_putting_the_present_state_back_clears_the_red_line(chain):
    good = chain.state_string
    part(chain, "state").value = "nonsense"
    part(chain, "state").value = good
    assert (chain.error, chain.screen.failure) == (None, "")


@pytest.mark.parametrize("name", mostly_long(SEEDED, ("sum_of_inputs",)))
def test_a_new_seed_is_the_next_one_and_after_the_last_comes_the_first(name, moved):
    explorer = moved[name]
    control = explorer.controls["seed"]
    explorer.state = {"seed": control.max - 1}
    seen = []
    for _ in range(3):
        part(explorer, "New seed").click()
        seen.append(explorer.state["seed"])
    assert seen == [control.max, control.min, control.min + 1]
    assert explorer.error is None


def test_the_same_seed_is_that_of_the_beginning_and_shows_the_same_draws():
    explorer = opened("tapered_network", seed=42)
    before = look(explorer)
    for _ in range(3):
        explorer.new_seed()
    assert pixels(explorer.image) != before[2]
    part(explorer, "Same seed").click()
    assert look(explorer) == before
    explorer.begin({"seed": 7})
    explorer.new_seed()
    explorer.same_seed()
    assert explorer.state["seed"] == 7


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_reset_goes_back_to_the_beginning_and_lets_go_of_what_is_pinned(name):
    explorer, chance = opened(name), random.Random(name)
    before = look(explorer)
    explorer.state = somewhere(explorer, chance)
    if explorer.can_pin:
        explorer.pin()
    explorer.state = somewhere(explorer, chance)
    part(explorer, "Reset").click()
    assert look(explorer) == before
    assert explorer.error is None


def test_reset_brings_back_what_was_pinned_at_the_beginning_and_leaves_the_projector_on():
    explorer = opened("sigmoid_chain", depth=9, pinned={"depth": 3})
    explorer.state = {"depth": 2, "pinned": None, "projector": True}
    explorer.reset()
    assert (explorer.state["depth"], explorer.state["pinned"]["depth"]) == (9, 3)
    assert explorer.state["projector"] is True


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_an_explorer_opened_for_the_projector_looks_like_one_that_was_switched(name):
    explorer, switched = opened(name, projector=True), opened(name)
    part(switched, "Projector").value = True
    assert look(explorer) == look(switched)
    assert explorer._dom_classes == switched._dom_classes == ("course-explorer", "course-projector")
    explorer.state = {"projector": False}
    assert explorer._dom_classes == ("course-explorer",)


def step(explorer: Explorer, number: int | None = None) -> None:
    """The page asks for the next step: it has shown a picture, the present one unless told otherwise."""
    content = {"kind": "step", "number": explorer.screen.number if number is None else number}
    explorer.screen._handle_custom_msg(content, [])


def playing(explorer: Explorer) -> tuple[bool, bool]:
    return explorer.screen.playing, part(explorer, "Play").value


def test_play_steps_to_the_end_and_stops_there(chain):
    part(chain, "over").value = "depth"
    chain.state = {"depth": 16}
    part(chain, "Play").value = True
    seen = []
    while chain.screen.playing:
        step(chain)
        seen.append(chain.state["depth"])
    assert seen == [17, 18, 19, 20]
    assert playing(chain) == (False, False)
    step(chain)
    assert chain.state["depth"] == 20


def test_play_begins_anew_from_the_end(chain):
    part(chain, "over").value = "depth"
    chain.state = {"depth": 20}
    part(chain, "Play").value = True
    assert (chain.state["depth"], playing(chain)) == (1, (True, True))
    step(chain)
    assert chain.state["depth"] == 2


def test_a_page_opened_twice_does_not_play_twice_as_fast(chain):
    part(chain, "over").value = "depth"
    chain.play()
    number = chain.screen.number
    step(chain, number)
    step(chain, number)
    assert chain.state["depth"] == 5


def test_reset_ends_play(chain):
    chain.play()
    step(chain)
    part(chain, "Reset").click()
    assert playing(chain) == (False, False)


@pytest.mark.parametrize("name", mostly_long(PLAYABLE))
def test_play_can_run_over_every_control_that_is_offered(name, moved):
    explorer = moved[name]
    explorer.state = opened(name)._defaults
    for _, key in part(explorer, "over").options:
        part(explorer, "over").value = key
        before = explorer.state[key]
        explorer.play()
        step(explorer)
        assert explorer.state[key] != before
        assert explorer.error is None
        explorer.play(False)


def failing_at_seven() -> Explorer:
    figure = Figure()
    (line,) = figure.subplots().plot([0, 1], [0, 0])
    canvas = Canvas(figure, [line])

    def draw(size: int) -> Frame:
        if size == 7:
            raise RuntimeError("seven cannot be drawn")
        line.set_ydata([0, size])
        return Frame(canvas.render(), f"size {size}")

    return Explorer({"size": widgets.IntSlider(5, 0, 9, description="size")}, draw, canvas, name="test", title="test")


def test_a_failing_step_ends_play_and_shows_why():
    explorer = failing_at_seven()
    explorer.play()
    step(explorer)
    good = explorer.sentence, explorer.image
    step(explorer)
    assert playing(explorer) == (False, False)
    assert "seven cannot be drawn" in explorer.screen.failure
    assert isinstance(explorer.exception, RuntimeError)
    assert (explorer.sentence, explorer.image) == good == ("size 6", explorer.screen.image)


def test_a_state_that_cannot_be_drawn_is_a_red_line_and_its_exception_can_be_seen():
    explorer = failing_at_seven()
    image = explorer.image
    part(explorer, "state").value = "test?size=7"
    assert explorer.error == explorer.screen.failure == "This state could not be read: seven cannot be drawn"
    assert isinstance(explorer.exception, RuntimeError)
    assert explorer.image == image
    explorer.reset()
    assert (explorer.error, explorer.state) == (None, {"size": 5})


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_a_file_tells_its_sentence_and_the_state_that_brings_back_its_pixels(name, moved):
    explorer, chance = moved[name], random.Random(f"{name} in a file")
    pinned = {"pinned": somewhere(explorer, chance)} if explorer.can_pin else {}
    explorer.state = somewhere(explorer, chance) | pinned
    before = look(explorer)
    files = {form: explorer.file(form) for form in ("png", "svg")}
    for form, content in files.items():
        told = metadata(form, content)
        assert told == {"Title": explorer.title, "Description": explorer.sentence, "Source": explorer.state_string}
        assert explorer.file(form) == content
    assert pixels(explorers.restore(told["Source"]).image) == before[2]
    explorer.state = {}
    assert look(explorer) == before


def metadata(form: str, content: bytes) -> dict[str, str]:
    words = ("Title", "Description", "Source")
    if form == "png":
        return {word: Image.open(io.BytesIO(content)).text[word] for word in words}
    root = ElementTree.fromstring(content)
    return {word: root.find(f".//{DUBLIN_CORE}{word.lower()}").text for word in words}


def shows(artist) -> bool:
    """Whether there is anything of it: a text may be empty."""
    return not isinstance(artist, Text) or bool(artist.get_text())


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_an_svg_has_all_that_moves_as_well_as_the_background(name, moved):
    explorer = moved[name]
    explorer.state = opened(name)._defaults | ({"pinned": {}} if explorer.can_pin else {})
    artists = [artist for artist in canvas_of(explorer)._moving if artist.get_visible() and shows(artist)]
    for place, artist in enumerate(artists):
        artist.set_gid(f"moving-{place}")
    drawn = {element.get("id") for element in ElementTree.fromstring(explorer.file("svg")).iter()}
    assert {f"moving-{place}" for place in range(len(artists))} <= drawn


def test_an_svg_has_the_headings_and_the_captions(moved, chain):
    chain.state = {"depth": 5, "pinned": {"depth": 3}}
    assert "<!-- ● now: layers 5 -->" in chain.file("svg").decode()
    assert "<!-- ○ pinned: layers 3 -->" in chain.file("svg").decode()
    two = moved["two_schemes"]
    two.state = {"left": "he_normal", "right": "zeros"}
    for side in ("left", "right"):
        title = next(title for title, value in two.controls[side].options if value == two.state[side])
        assert f"<!-- {title} -->" in two.file("svg").decode()


def test_save_writes_what_the_ending_asks_for_and_refuses_others_by_name(chain, tmp_path):
    for form in ("png", "svg", "csv"):
        chain.save(tmp_path / f"picture.{form}")
        assert (tmp_path / f"picture.{form}").read_bytes() == chain.file(form)
    assert chain.file("csv").decode() == chain.csv()
    for wrong in ("picture.pdf", "picture", "picture.png.exe"):
        with pytest.raises(ValueError, match="one of png, svg, csv, not"):
            chain.save(tmp_path / wrong)
        assert not (tmp_path / wrong).exists()


@pytest.mark.parametrize("form", ["png", "svg", "csv"])
def test_the_save_buttons_send_the_file_to_the_page(form, chain, monkeypatch):
    sent = []
    monkeypatch.setattr(chain.screen, "send", lambda content, buffers=None: sent.append((content, buffers)))
    part(chain, f"Save {form.upper()}").click()
    part(chain, "Copy").click()
    (saved, buffers), (copied, _) = sent
    assert (saved["kind"], saved["name"], buffers) == ("save", f"sigmoid_chain.{form}", [chain.file(form)])
    assert copied == {"kind": "copy", "text": chain.state_string}


def size(explorer: Explorer) -> list[int]:
    """How much an explorer holds: artists, without the ticks that come and go, and those who listen to it."""
    figure, screen = canvas_of(explorer).figure, explorer.screen
    artists = [len(artist.get_children()) for artist in (figure, *figure.axes)]
    heard = [control._trait_notifiers["value"]["change"] for control in explorer.controls.values()]
    return [*artists, *map(len, heard), len(screen._msg_callbacks.callbacks), len(screen._trait_notifiers)]


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_moves_in_a_row_leave_nothing_behind(name):
    explorer, chance, moves = opened(name), random.Random(name), 300 if name == "sigmoid_slope" else 20
    before = size(explorer)
    for move in range(moves):
        extras = {"projector": move % 20 == 5}
        if explorer.can_pin and move % 20 in (2, 7):
            extras["pinned"] = None if move % 2 else {}
        explorer.state = somewhere(explorer, chance) | extras
        part(explorer, "Table").value = move % 20 == 8
    assert explorer.error is None
    assert size(explorer) == before


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_two_explorers_of_one_kind_know_nothing_of_each_other(name):
    first, second, chance = opened(name), opened(name), random.Random(name)
    before = look(second)
    first.state = somewhere(first, chance)
    if first.can_pin:
        first.pin()
    first.state = {**somewhere(first, chance), "projector": True}
    first.screen.pixel_ratio = 2.0
    assert look(second) == before
    second.state = {}
    assert look(second) == before
