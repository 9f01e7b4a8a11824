"""What a person does with the main explorer, by keyboard alone, in a real page; and what a screen reader is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from explorer import EXPLORER, PICTURE, ExplorerView, accessible, explorers, grave_violations, pixels_of
from lab import SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser, expect
from random_states import mostly_long

CELLS = (
    "from course import explorers, probes\nfirst = explorers.signal_propagation()\nfirst",
    'second = explorers.signal_propagation(scheme="he_normal", activation="relu", gain=1.1)\nsecond',
)
FAILING = """
right = probes.observe
def failing(seed, **network):
    if seed == 1:
        raise ArithmeticError("no network has the seed 1")
    return right(seed, **network)
probes.observe = failing
"""
ENCODED = "__import__('base64').b64encode({}).decode()"
BUTTONS = ("Reset", "New seed", "Same seed", "Play", "Pin", "More")
SAVES = {"Save PNG": "png", "Save SVG": "svg", "Save CSV": "csv"}
SELDOM = {*SAVES, "Projector", "Table", "state", "Copy"}
BESIDE = {"scheme": "ArrowDown", "activation": "ArrowUp"}


@pytest.fixture(scope="module")
def tab(lab: Lab, browser: Browser) -> Iterator[Tab]:
    """A page with two explorers of one kind."""
    tall, clipboard = {"width": 1300, "height": 1700}, ["clipboard-read", "clipboard-write"]
    opened = Tab(lab, browser, lab.write("two.ipynb", CELLS), viewport=tall, permissions=clipboard)
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture
def view(tab: Tab) -> Iterator[ExplorerView]:
    """The first explorer, as it began; at the end nothing has been complained of."""
    first = explorers(tab)[0]
    first.open_more()
    first.press("Reset")
    if first.root.get_by_role("button", name="Projector", pressed=True).count():  # which Reset leaves as it is
        first.press("Projector")
    yield first
    assert tab.faults() == []


def press_tab_through(view: ExplorerView) -> list[str]:
    """Go from the first button on with the tab key, and give the names of what the focus meets in the explorer."""
    view.root.get_by_role("button").first.focus()
    met = []
    while name := view.root.evaluate(
        """root => {
            const focused = document.activeElement;
            if (!root.contains(focused)) return null;
            return focused.ariaLabel ?? focused.labels?.[0]?.innerText ?? focused.innerText;
        }"""
    ):
        met.append(name)
        view.tab.page.keyboard.press("Tab")
    return met


def test_the_tab_key_reaches_every_control_and_every_button(view):
    met = press_tab_through(view)
    assert met == list(dict.fromkeys([*met]))
    names = {control.name for control in view.controls() if control.kind != "button"}
    assert names | {*BUTTONS, *SELDOM, "over"} <= set(met)


def test_what_is_seldom_used_is_behind_a_button_and_the_picture_stays_when_it_opens(view):
    before = view.pixels()
    view.press("More")
    assert SELDOM.isdisjoint(press_tab_through(view))
    assert view.pixels() == before
    view.press("More")
    assert set(press_tab_through(view)) >= SELDOM
    assert view.pixels() == before


def test_a_screen_reader_is_told_the_names_and_the_picture_in_words(view):
    told = accessible(view.tab)
    assert ("image", view.sentence) in told
    sliders = {control.name for control in view.controls() if control.kind == "slider"}
    assert sliders == {"depth", "width", "gain", "seed"}
    assert sliders <= {name for role, name in told if role == "slider"}
    assert {"scheme", "activation"} <= {name for role, name in told if role == "combobox"}
    assert ("group", view.title) in told
    assert all(name for role, name in told if role in {"image", "slider", "combobox", "button", "textbox"})


def test_a_changed_sentence_is_announced_and_is_the_pictures_new_alternative_text(view):
    before, paragraph = view.sentence, view.root.locator(".course-sentence").element_handle()
    view.control("gain").press("End")
    view.tab.settle()
    assert paragraph.evaluate("e => [e.isConnected, e.ariaLive, e.ariaAtomic]") == [True, "polite", "true"]
    assert paragraph.inner_text() == view.sentence != before
    assert ("image", view.sentence) in accessible(view.tab)


@pytest.mark.parametrize(
    ("theme", "pressed"),
    [
        ("JupyterLab Light", ("Projector",)),
        ("JupyterLab Dark", ("Pin", "Table")),
        pytest.param("JupyterLab Light", (), marks=pytest.mark.long),
        pytest.param("JupyterLab Light", ("Pin", "Table"), marks=pytest.mark.long),
        pytest.param("JupyterLab Dark", (), marks=pytest.mark.long),
        pytest.param("JupyterLab Dark", ("Projector",), marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_grave_and_the_picture_is_kept_for_the_eye(view, theme, pressed):
    view.tab.command("apputils:change-theme", theme=theme)
    for button in pressed:
        view.press(button)
    view.control("gain").press("PageUp")
    view.tab.settle()
    name = "-".join(["explorer", theme.split()[-1].lower(), *map(str.lower, pressed)])
    SCREENSHOTS.mkdir(exist_ok=True)
    view.root.screenshot(path=SCREENSHOTS / f"{name}.png")
    assert view.faults() == grave_violations(view.tab) == []
    for button in pressed:
        view.press(button)
    view.tab.command("apputils:change-theme", theme="JupyterLab Light")


@pytest.mark.long
def test_pin_keeps_the_curves_and_unpin_lets_them_go(view):
    view.press("Pin")
    view.control("gain").press("PageUp")
    view.tab.settle()
    assert view.faults() == []
    assert "Pinned for comparison" in view.sentence
    assert "pinned=gain:1.0" in view.state
    pinned = view.pixels()
    view.press("Pin")
    assert "pinned" not in view.state
    assert view.pixels() != pinned


@pytest.mark.long
def test_a_new_seed_is_another_network_and_the_same_seed_the_first_one(view):
    start = view.pixels()
    view.press("New seed")
    assert (view.control("seed").value, view.pixels() == start) == ("1", False)
    view.press("Same seed")
    assert (view.control("seed").value, view.pixels() == start) == ("0", True)


@pytest.mark.long
def test_play_runs_through_the_depths_until_it_is_pressed_again(view):
    play = view.root.get_by_role("button", name="Play", exact=True)
    play.press("Enter")
    view.tab.page.wait_for_function("() => window.course.panel.node.querySelector('.noUi-handle').ariaValueText >= 55")
    play.press("Enter")
    view.tab.settle()
    stopped = view.pixels()
    view.tab.page.wait_for_timeout(500)
    assert view.pixels() == stopped
    assert view.faults() == []


def test_a_state_is_copied_and_pasted_and_brings_back_the_same_pixels(view):
    for name, key in BESIDE.items():
        view.control(name).press(key)
    view.control("gain").press("PageUp")
    view.tab.settle()
    view.press("Copy")
    copied, pixels = view.tab.page.evaluate("navigator.clipboard.readText()"), view.pixels()
    assert copied == view.state == view.tab.ask("first.state_string")
    view.press("Reset")
    assert view.pixels() != pixels
    view.root.get_by_label("state").focus()
    for key in ("ControlOrMeta+a", "ControlOrMeta+v", "Enter"):
        view.tab.page.keyboard.press(key)
    view.tab.settle()
    assert (view.state, view.pixels(), view.failure) == (copied, pixels, "")


def test_a_state_that_makes_no_sense_is_refused_in_words_and_the_picture_kept(view):
    before = view.pixels()
    view.root.get_by_label("state").fill("signal_propagation?depth=1000")
    view.root.get_by_label("state").press("Enter")
    view.tab.settle()
    assert "depth must be a whole number from 1 to 100, not 1000" in view.failure
    assert view.pixels() == before
    view.press("Reset")
    assert view.failure == ""


@pytest.mark.parametrize("button", mostly_long(SAVES, ["Save PNG"]))
def test_a_saved_file_is_what_the_kernel_gives(view, button):
    with view.tab.page.expect_download() as download:
        view.press(button)
    form = SAVES[button]
    assert download.value.suggested_filename == f"signal_propagation.{form}"
    saved = Path(download.value.path()).read_bytes().decode("latin-1")
    assert saved == view.tab.ask(f"first.file({form!r}).decode('latin-1')")


def test_the_table_shows_a_row_a_layer(view):
    view.press("Table")
    rows = view.root.locator(".course-table tbody tr")
    assert rows.count() == int(view.control("depth").value) == 50
    view.control("depth").press("Home")
    expect(rows).to_have_count(1)
    view.press("Table")
    expect(view.root.locator(".course-table")).to_have_count(0)


@pytest.mark.long
def test_two_explorers_on_a_page_do_not_disturb_each_other(view):
    other = explorers(view.tab)[1]
    before, state = other.pixels(), other.state
    for name in ("depth", "gain"):
        view.control(name).press("End")
    view.press("Pin")
    assert (other.pixels(), other.state, other.faults()) == (before, state, [])
    moved = view.pixels()
    other.control("gain").press("ArrowRight")
    view.tab.settle()
    assert other.pixels() != before
    assert view.pixels() == moved
    other.press("Reset")


def test_a_failing_move_is_one_red_line_and_the_last_good_picture_stays(view):
    tab, before, sentence = view.tab, view.pixels(), view.sentence
    tab.page.evaluate("code => window.course.panel.sessionContext.session.kernel.requestExecute({code}).done", FAILING)
    view.press("New seed")
    assert "no network has the seed 1" in view.failure
    assert "alert" in {role for role, _ in accessible(tab)}
    assert (view.pixels(), view.sentence) == (before, sentence)
    assert tab.ask("type(first.exception).__name__") == "ArithmeticError"
    assert tab.faults() == []
    view.press("New seed")
    assert view.faults() == []
    assert tab.ask("first.exception is None")
    restore = {"code": "probes.observe = right"}
    tab.page.evaluate("given => window.course.panel.sessionContext.session.kernel.requestExecute(given).done", restore)


@pytest.fixture
def twin(view: ExplorerView, lab: Lab, browser: Browser) -> Iterator[ExplorerView]:
    """The first explorer once more, in a second tab on a screen of twice as many pixels."""
    view.tab.command("docmanager:save")
    second = Tab(lab, browser, "two.ipynb", device_scale_factor=2)
    expect(second.page.locator(f"{EXPLORER} {PICTURE}[data-number]")).to_have_count(2)
    second.settle()
    yield explorers(second)[0]
    assert second.faults() == []
    second.leave()


@pytest.mark.long
def test_a_sharp_screen_gets_a_sharp_picture_of_the_same_size(view, twin):
    width = int(twin.picture.get_attribute("width"))
    expect(twin.picture).to_have_js_property("naturalWidth", 2 * width)
    expect(twin.picture).to_have_css("width", f"{width}px")
    expect(view.picture).to_have_css("width", f"{width}px")
    twin.root.screenshot(path=SCREENSHOTS / "explorer-2x.png")


@pytest.mark.long
def test_a_page_opened_twice_shows_one_explorer_twice(view, twin):
    for mover in (view, twin):
        before = mover.pixels()
        mover.control("seed").press("ArrowRight")
        mover.tab.settle()
        for shown in (view, twin):
            shown.tab.settle()
            assert (shown.state, shown.faults()) == (view.state, [])
        image = view.tab.ask(ENCODED.format("first.image"))
        assert before != view.pixels() == twin.pixels() == pixels_of(view.tab, image)


@pytest.mark.long
def test_after_a_restart_all_cells_run_again(tab):
    tab.restart()
    tab.run_all()
    first, second = explorers(tab)
    first.control("depth").press("ArrowRight")
    tab.settle()
    assert first.control("depth").value == "51"
    assert [*first.faults(), *second.faults(), *tab.faults()] == []


def test_keys_pressed_in_the_explorer_are_no_commands_of_the_notebook(view):
    cells = view.tab.page.locator(".jp-Cell")
    before, active = cells.count(), view.tab.page.evaluate("window.course.panel.content.activeCellIndex")
    view.root.get_by_role("button", name="Pin", exact=True).focus()
    for key in ("d", "d", "a", "b", "x", "m"):
        view.tab.page.keyboard.press(key)
    assert cells.count() == before
    assert view.tab.page.evaluate("window.course.panel.content.activeCellIndex") == active
