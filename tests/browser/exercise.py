"""An exercise as the page shows it: the cell to answer in, the card below its check, the board of the page."""

import contextlib
import re

from lab import Tab
from playwright.sync_api import Locator, TimeoutError

BOARD, CARD = ".course-progress", ".course-exercise"
CELLS = """name => window.course.panel.content.widgets.findIndex(({model}) =>
    (model.getMetadata("tags") ?? []).includes("check") && model.sharedModel.source.includes(`"${name}"`))"""
SOLUTION = """name => {
    const cells = window.course.panel.content.widgets.map(({model}) => model);
    const check = cells.findIndex(model => model.sharedModel.source.startsWith(`exercises.check("${name}"`));
    return cells.slice(check).find(model => (model.getMetadata("tags") ?? []).includes("solution")).sharedModel.source;
}"""

SOURCE = "cell => window.course.panel.content.widgets[cell].model.sharedModel.source"
MOVED_ON = "cell => window.course.panel.content.activeCellIndex === cell"
FOCUS = """cell => {
    const {panel} = window.course;
    panel.activate();
    panel.content.activeCellIndex = cell;
    panel.content.mode = "edit";
    panel.content.activeCell.editor.focus();
}"""
"""Bring the cursor into a cell, as a click or a few arrow keys and Enter do."""


class ExerciseView:
    """One exercise of a page, done by keyboard alone."""

    def __init__(self, tab: Tab, name: str):
        self.tab, self.name = tab, name
        self.check = tab.page.evaluate(CELLS, name)

    @property
    def card(self) -> Locator:
        """The card with the verdict."""
        return self.tab.page.locator(".jp-Notebook .jp-Cell").nth(self.check).locator(CARD)

    def solution(self) -> str:
        """The code of the page's solution."""
        return re.search(r"```python\n(.*?)\n```", self.tab.page.evaluate(SOLUTION, self.name), re.DOTALL)[1]

    def hint(self) -> None:
        """Press the card's button."""
        self.card.get_by_role("button").press("Enter")
        self.tab.settle()

    def answer(self, code: str) -> None:
        """Type code in place of the stub, run it and the check below, as a reader does without a mouse."""
        keyboard, stub = self.tab.page.keyboard, self.check - 1
        self._go_into(stub)
        keyboard.press("ControlOrMeta+a")
        keyboard.insert_text(code)  # `type` would have the editor indent every line once more
        assert self.tab.page.evaluate(SOURCE, stub) == code
        self._run(stub)
        self._run(self.check)
        self.tab.settle()

    def _go_into(self, cell: int) -> None:
        self.tab.page.evaluate(FOCUS, cell)
        self.tab.page.wait_for_function("window.course.panel.content.activeCell.editor?.hasFocus()")

    def _run(self, cell: int) -> None:
        """Run a cell and go on to the next; once more if the page, still busy, has taken the cursor away."""
        for patience in (15_000, 60_000):
            self._go_into(cell)
            self.tab.page.keyboard.press("Shift+Enter")
            with contextlib.suppress(TimeoutError):
                self.tab.page.wait_for_function(MOVED_ON, arg=cell + 1, timeout=patience)
                return
        raise AssertionError(f"cell {cell} was not run by Shift+Enter")
