"""One screen: scenes, controls, the whole picture and its sentence are seen together, and nothing is cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from explorer import ExplorerView, explorers
from lab import SCREENSHOTS, Lab, Tab
from playwright.sync_api import Browser
from random_states import NAMES, mostly_long

LAPTOP, LARGE = {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}
PROJECTOR, NARROW = {"width": 1280, "height": 720}, {"width": 800, "height": 900}
SMALLEST = 11
"""Pixels of the page that the smallest type takes, but for exponents."""
CELL = f"""
import sys
sys.path.append({str(Path(__file__).parents[1])!r})
from course import explorers, pages
from written import faults, smallest_type
scenes = [scene for scene in pages.all_scenes() if scene.explorer == {{name!r}}]
if scenes:
    shown = explorers.stage(scenes[0].page)
    shown.go(shown.scenes.index(scenes[0]))
    explorer = shown.explorer
else:
    shown = explorer = explorers.{{name}}()
shown
"""
"""A stage of the first page that has the explorer, where it is on the stage; the explorer alone where none has."""
PARTS = """root => {
    const stage = root.closest(".course-stage") ?? root;
    stage.scrollIntoView({block: "start"});
    const panel = root.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
    const names = [".course-scenes", ".course-toolbar", ".widget-gridbox", ".course-picture", ".course-sentence"];
    const parts = names.map(name => [name, stage.querySelector(name)]).filter(([_, part]) => part);
    const box = part => part.getBoundingClientRect();
    const out = part => box(part).top < panel.top - 1 || box(part).bottom > panel.bottom
        || box(part).right > panel.right;
    return parts.filter(([_, part]) => out(part)).map(([name, part]) => `${name} ends at ${box(part).bottom}`);
}"""
"""The parts of an explorer that are not whole in the panel when its top is at the panel's."""
CUT = """root => {
    const stage = root.closest(".course-stage") ?? root, pen = new OffscreenCanvas(1, 1).getContext("2d"), cut = [];
    for (const part of stage.querySelectorAll("button, .widget-label, .widget-readout, .course-sentence")) {
        if (part.scrollWidth > part.clientWidth + 1) cut.push(part.textContent);
    }
    for (const menu of stage.querySelectorAll("select")) {
        const style = getComputedStyle(menu), arrow = 16;
        pen.font = `${style.fontSize} ${style.fontFamily}`;
        const room = menu.clientWidth - parseFloat(style.paddingLeft) - arrow;
        for (const {text} of menu.options) if (pen.measureText(text).width > room) cut.push(text);
    }
    if (stage.scrollWidth > stage.clientWidth) cut.push("the explorer itself");
    return cut;
}"""
"""Words on buttons, labels and menus that have no room."""
SMALL = """(root, smallest) => {
    const stage = root.closest(".course-stage") ?? root, small = [];
    const walker = document.createTreeWalker(stage, NodeFilter.SHOW_TEXT);
    for (let node; node = walker.nextNode();) {
        const size = parseFloat(getComputedStyle(node.parentElement).fontSize);
        if (node.textContent.trim() && size < smallest) small.push(`${node.textContent}: ${size}px`);
    }
    return small;
}"""
SIZES = """() => {
    window.course.sizes = [];
    const look = () => {
        const frame = document.querySelector(".course-frame");
        if (frame?.offsetWidth) window.course.sizes.push(`${frame.offsetWidth} x ${frame.offsetHeight}`);
        requestAnimationFrame(() => setTimeout(look));
    };
    look();
}"""
"""Keep the sizes that the first picture has had in the page, whenever it was painted."""


@pytest.fixture(scope="module", params=mostly_long(NAMES, ["signal_propagation"]))
def view(request, lab: Lab, browser: Browser) -> Iterator[ExplorerView]:
    """An explorer on the stage of its page, on a laptop; where something runs, it is held."""
    page = lab.write("one_screen.ipynb", [CELL.format(name=request.param)])
    tab = Tab(lab, browser, page, viewport=LAPTOP)
    tab.page.evaluate(SIZES)
    tab.run_all()
    (opened,) = explorers(tab)
    if opened.runs:
        opened.hold()
    yield opened
    tab.close()


def in_window(view: ExplorerView, size: dict[str, int], name: str = "") -> None:
    """Give the window a size, and keep a picture of the page for the eye."""
    view.tab.page.set_viewport_size(size)
    view.tab.page.wait_for_timeout(300)  # JupyterLab lays its panels out after the window
    view.tab.settle()
    view.root.evaluate(PARTS)
    SCREENSHOTS.mkdir(exist_ok=True)
    explorer = view.tab.ask("explorer.name")
    view.tab.page.screenshot(path=SCREENSHOTS / f"{explorer}-{name or size['width']}.png")


def small_or_cut(view: ExplorerView) -> list[str]:
    """What is too small to read or has no room, in the page and in the picture."""
    found = [*view.root.evaluate(CUT), *view.root.evaluate(SMALL, SMALLEST)]
    found += view.tab.ask("faults(explorer.canvas.figure)")
    size = view.tab.ask("smallest_type(explorer.canvas)")
    return found if size >= SMALLEST else [*found, f"type of {size:.1f} pixels in the picture"]


def assert_sharp_and_wide(view: ExplorerView) -> None:
    """The picture takes the width that there is, with a pixel of its own for each of the screen's."""
    picture, room = view.picture.bounding_box(), view.root.evaluate("root => root.clientWidth")
    assert picture["width"] == min(room, 1780)
    assert view.picture.evaluate("image => image.naturalWidth") == picture["width"]
    assert view.tab.ask("[explorer.screen.width, explorer.screen.height]") == [picture["width"], picture["height"]]


def test_the_page_has_room_for_the_picture_before_it_is_there(view):
    found = view.tab.page.evaluate("[...new Set(window.course.sizes)]")
    assert len(found) == 1, found


@pytest.mark.parametrize("size", [LAPTOP, pytest.param(LARGE, marks=pytest.mark.long)], ids=["laptop", "large"])
def test_all_is_seen_together_and_nothing_is_cut_off(view, size):
    in_window(view, size)
    assert view.root.evaluate(PARTS) == []
    assert small_or_cut(view) == []
    assert_sharp_and_wide(view)
    assert view.faults() == []


def test_all_is_seen_together_on_a_projector_too(view):
    view.open_more()
    view.press("Projector")
    view.press("More")
    in_window(view, PROJECTOR, "projector")
    assert view.root.evaluate(PARTS) == []
    assert small_or_cut(view) == []
    assert_sharp_and_wide(view)
    view.open_more()
    view.press("Projector")
    view.press("More")


@pytest.mark.long
def test_in_a_narrow_window_nothing_is_cut_off(view):
    in_window(view, NARROW)
    assert view.root.evaluate(CUT) == []
    assert view.tab.ask("faults(explorer.canvas.figure)") == []
    assert view.picture.bounding_box()["width"] == view.root.evaluate("root => root.clientWidth")
    assert view.tab.faults() == []
