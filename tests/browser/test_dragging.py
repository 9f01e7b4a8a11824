"""A point that is dragged with the mouse or a finger: controls and picture follow, and the last place counts."""

from collections.abc import Iterator

import pytest
from explorer import ExplorerView, explorers, pixels_of
from lab import Lab, Tab
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.long
CELL = "from course.pages.order_and_chaos.order_and_chaos import order_and_chaos\nfirst = order_and_chaos()\nfirst"
ENCODED = "__import__('base64').b64encode(first.image).decode()"
SLIDERS = "σ_w²", "σ_b²"
WEIGHTS, BIASES = 5.0, 1.0
"""Where the plane's axes end; both begin at 0."""
FARTHEST = {"across": 0.9, "up": 0.8}


@pytest.fixture(scope="module")
def tab(lab: Lab, browser: Browser) -> Iterator[Tab]:
    """A page with one explorer whose point can be dragged."""
    opened = Tab(
        lab, browser, lab.write("dragged.ipynb", [CELL]), viewport={"width": 1300, "height": 1500}, has_touch=True
    )
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture
def view(tab: Tab) -> Iterator[ExplorerView]:
    """The explorer, as it began; at the end nothing has been complained of."""
    first = explorers(tab)[0]
    first.press("Reset")
    yield first
    assert tab.faults() == first.faults() == []


def spot(view: ExplorerView, across: float, up: float) -> tuple[float, float]:
    """Where a share of the plane lies in the window."""
    plane = view.root.locator(".course-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]


def place(view: ExplorerView) -> tuple[float, float]:
    """What the two sliders say."""
    return tuple(float(view.control(name).value) for name in SLIDERS)


def pixel(view: ExplorerView) -> tuple[float, float]:
    """What one pixel of the plane, and half a step of a slider, are worth."""
    box = view.root.locator(".course-plane").bounding_box()
    return WEIGHTS / box["width"] + 0.005, BIASES / box["height"] + 0.005


def assert_last(view: ExplorerView, across: float, up: float) -> None:
    """Both controls stand at this share of the plane, and the picture shown is the kernel's last."""
    view.tab.settle()
    allowed = pixel(view)
    weight, bias = place(view)
    assert weight == pytest.approx(across * WEIGHTS, abs=allowed[0])
    assert bias == pytest.approx(up * BIASES, abs=allowed[1])
    assert view.pixels() == pixels_of(view.tab, view.tab.ask(ENCODED))


def test_the_plane_lies_over_the_panel_of_the_picture(view):
    region = view.tab.ask("first.screen.region")
    picture, plane = (view.root.locator(name).bounding_box() for name in (".course-picture", ".course-plane"))
    expected = {
        "x": picture["x"] + region[0] * picture["width"],
        "y": picture["y"] + region[1] * picture["height"],
        "width": region[2] * picture["width"],
        "height": region[3] * picture["height"],
    }
    assert plane == pytest.approx(expected, abs=1.0)


def test_dragging_moves_both_controls_and_the_picture_and_the_last_place_counts(view):
    mouse, before = view.tab.page.mouse, view.pixels()
    mouse.move(*spot(view, 0.3, 0.1))
    mouse.down()
    mouse.move(*spot(view, **FARTHEST), steps=60)
    mouse.up()
    assert_last(view, **FARTHEST)
    assert view.pixels() != before


def test_a_click_sets_the_point_and_a_hand_that_only_passes_does_not(view):
    mouse = view.tab.page.mouse
    mouse.move(*spot(view, 0.2, 0.2))
    view.tab.settle()
    assert place(view) == (2.78, 0.0)
    mouse.click(*spot(view, 0.2, 0.3))
    assert_last(view, 0.2, 0.3)


def test_a_hand_that_leaves_the_plane_holds_the_point_at_its_edge(view):
    mouse = view.tab.page.mouse
    mouse.move(*spot(view, 0.5, 0.5))
    mouse.down()
    mouse.move(*spot(view, 1.6, -0.3), steps=10)
    mouse.up()
    assert_last(view, 1.0, 0.0)


def test_a_finger_sets_the_point(view):
    view.tab.page.touchscreen.tap(*spot(view, 0.4, 0.5))
    assert_last(view, 0.4, 0.5)


def test_only_the_plane_keeps_fingers_from_scrolling_the_page(view):
    expect(view.root.locator(".course-plane")).to_have_css("touch-action", "none")
    expect(view.root.locator(".course-picture")).to_have_css("touch-action", "auto")


def test_the_keyboard_moves_the_point_by_the_two_sliders(view):
    for name in SLIDERS:
        view.control(name).press("ArrowRight")
        view.tab.settle()
    assert place(view) == (2.79, 0.01)


def test_places_wait_for_the_picture_of_the_last_one(view):
    before = view.tab.ask("first.screen.answered")
    view.tab.page.evaluate(
        """() => {
            const plane = document.querySelector(".course-plane");
            const box = plane.getBoundingClientRect();
            const fire = (type, share) => plane.dispatchEvent(new PointerEvent(type, {
                pointerId: 1, button: 0, bubbles: true, cancelable: true,
                clientX: box.left + share * box.width, clientY: box.top + 0.5 * box.height,
            }));
            plane.setPointerCapture = () => {};
            fire("pointerdown", 0.1);
            for (let step = 1; step <= 200; step++) fire("pointermove", 0.1 + 0.004 * step);
            fire("pointerup", 0.9);
        }"""
    )
    assert_last(view, 0.9, 0.5)
    # All 200 moves were made before the first could be answered: the kernel was told of the first and of the last.
    assert view.tab.ask("first.screen.answered") <= before + 2


def test_the_plane_follows_the_picture_for_the_back_row(view):
    view.open_more()
    view.press("Projector")
    view.tab.page.mouse.click(*spot(view, 0.6, 0.6))
    assert_last(view, 0.6, 0.6)
    view.press("Projector")
