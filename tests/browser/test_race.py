"""Moving an explorer while a cell draws with pyplot spoils neither, however JupyterLab delivers the moves."""

from collections.abc import Iterator

import pytest
from explorer import PIXELS, ExplorerView, explorers, pixels_of
from lab import SUBSHELLS, Lab, Tab
from playwright.sync_api import Browser

REPEAT = 30
"""Milliseconds between two repeats of a key that is held down."""
SETTINGS = {"as the course sets it": {}, "as JupyterLab sets it": {"commsOverSubshells": "perCommTarget"}}
"""How JupyterLab delivers the messages of widgets: between cells, or beside them on a thread of the kernel's."""
EXPLORER = "from course import explorers\nexplorer = explorers.signal_propagation()\nexplorer"
FIGURES = """
import matplotlib.pyplot as plt
for bars in range(1, 9):
    figure, axes = plt.subplots(figsize=(3, 2))
    for bar in range(bars):
        axes.bar(bar, 1 + bar, color=f"C{bars}")
    axes.set(title=f"{bars} bars", xlim=(-1, 8), ylim=(0, 9))
"""
PICTURES = """number => window.course.panel.content.model.cells.get(number).outputs.toJSON()
    .filter(output => output.data?.["image/png"]).map(output => output.data["image/png"].trim())"""
DRAWN = "(lambda image: __import__('base64').b64encode(image).decode())({})"
FRESH = (
    "(lambda fresh: (setattr(fresh.screen, 'room', explorer.screen.room), fresh.image)[1])"
    "(explorers.signal_propagation(**explorer.state | {{'depth': {}}}))"
)
"""The picture of another explorer in the same room."""


@pytest.fixture(scope="module", params=SETTINGS)
def tab(request, lab: Lab, browser: Browser) -> Iterator[Tab]:
    """An explorer, and a cell that draws eight figures, under each way of delivering a widget's messages."""
    lab.set(SUBSHELLS, SETTINGS[request.param])
    opened = Tab(lab, browser, lab.write("race.ipynb", [EXPLORER, FIGURES]))
    lab.set(SUBSHELLS, {})
    opened.run_all()
    yield opened
    opened.close()


def drawn_beside_moves(tab: Tab, view: ExplorerView) -> list[str]:
    """Run the cell of the eight figures while the depth is being moved, and give what it shows."""
    depth = view.control("depth")
    depth.press("Home")
    tab.run_cell(1)
    depth.element.focus()
    moves = 0
    while tab.page.evaluate("window.course.running !== null"):
        tab.page.keyboard.press("ArrowRight", delay=REPEAT)
        moves += 1
    assert moves > 0
    tab.settle()
    return tab.page.evaluate(PICTURES, 1)


@pytest.mark.long
def test_eight_figures_are_right_beside_a_moving_explorer_each_time_and_so_is_the_explorer(tab):
    (view,) = explorers(tab)
    quiet = tab.page.evaluate(PICTURES, 1)
    assert len(set(quiet)) == 8
    for _ in range(10):
        assert drawn_beside_moves(tab, view) == quiet
    depth = view.control("depth").value
    fresh = pixels_of(tab, tab.ask(DRAWN.format(FRESH.format(depth))))
    tab.page.wait_for_function(
        f"async image => await ({PIXELS})(image) === '{fresh}'", arg=view.picture.element_handle()
    )
    assert pixels_of(tab, tab.ask(DRAWN.format("explorer.image"))) == fresh
    assert tab.ask("explorer.state['depth']") == int(depth) > 1
    assert tab.faults() == []
