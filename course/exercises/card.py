"""What a reader sees of an exercise: the verdict, hints on demand, and how far the page has come."""

import html
import weakref
from typing import Any

import ipywidgets as widgets

from course import cells
from course.exercises import steps, table
from course.exercises.marking import judge
from course.exercises.verdict import ALMOST, NOT_YET, RIGHT, WRONG, Verdict
from course.live.words import say

MARKS = {NOT_YET: "○", WRONG: "✗", ALMOST: "◐", RIGHT: "✓"}
COLOURS = {NOT_YET: "#767676", WRONG: "#b3261e", ALMOST: "#9a6700", RIGHT: "#1a7f37"}
"""Marks and words say the state; the colours repeat it, dark enough for white and light enough for black pages."""
_SMALL = {"width": "auto", "align_self": "flex-start"}
_HINT_BUTTONS = ("Hint", "Second hint", "No more hints")
_hints_seen: dict[str, int] = {}
_boards: "weakref.WeakSet[Board]" = weakref.WeakSet()


class Card(widgets.VBox):
    """The verdict on one answer, with a button for the two hints of its exercise."""

    def __init__(self, name: str, verdict: Verdict, note: str = ""):
        self.name, self.verdict = name, verdict
        self._hints = table.named(name).hints
        self._said, self._note = widgets.HTML(_verdict_html(name, verdict)), widgets.HTML(html.escape(note))
        self._shown = widgets.HTML()
        self.button = widgets.Button(
            layout=dict(_SMALL), tooltip=say("Show a hint for exercise {number}", number=_number(name))
        )
        self.button.on_click(lambda _button: self.hint())
        helped = [] if verdict.state == RIGHT else [self.button]
        super().__init__([self._said, self._note, *helped, self._shown], _dom_classes=("course-exercise",))
        self._show_hints()
        cells.made(self)

    def hint(self) -> None:
        """Show the next of the two hints; those seen before stay, here and when the answer is checked again."""
        _hints_seen[self.name] = min(_hints_seen.get(self.name, 0) + 1, len(self._hints))
        self._show_hints()

    def _show_hints(self) -> None:
        seen = _hints_seen.get(self.name, 0)
        items = "".join(f"<li>{html.escape(say(hint))}</li>" for hint in self._hints[:seen])
        self._shown.value = f'<div role="status"><ol style="margin: 0.3em 0">{items}</ol></div>' if seen else ""
        self.button.description, self.button.disabled = say(_HINT_BUTTONS[seen]), seen == len(self._hints)

    def __repr__(self) -> str:
        return f"{self.name}, {self.verdict.state}: {self.verdict.sentence}"


def _verdict_html(name: str, verdict: Verdict) -> str:
    style = f"border-left: 4px solid {COLOURS[verdict.state]}; padding: 0.2em 0.7em; line-height: 1.45"
    state = say(verdict.state).capitalize()
    head = say("Exercise {number} · {mark} {state}.", number=_number(name), mark=MARKS[verdict.state], state=state)
    return f'<div role="status" style="{style}"><b>{head}</b> {html.escape(verdict.sentence)}</div>'


def _number(name: str) -> str:
    """Return what an exercise is called on its page: "2" for "xavier.2"."""
    return name.partition(".")[2]


def check(name: str, *answers: Any) -> Card:
    """Judge the answers to an exercise, "xavier.1", keep the state, and show the verdict."""
    verdict = judge(name, *answers)
    note = steps.record(name, verdict.state)
    for board in _boards:
        board.refresh()
    return Card(name, verdict, note)


class Board(widgets.VBox):
    """The exercises of a page with the best state that each has reached, and a button to forget it."""

    def __init__(self, page: str):
        self._page, self._exercises = page, table.of_page(page)
        self._rows, self._note = widgets.HTML(), widgets.HTML()
        self.button = widgets.Button(layout=dict(_SMALL))
        self.button.on_click(lambda _button: self._pressed())
        super().__init__([self._rows, self.button, self._note], _dom_classes=("course-progress",))
        self.refresh()
        _boards.add(self)
        cells.made(self)

    def refresh(self) -> None:
        """Show what is in the file now."""
        states = steps.states()
        present = {name: states.get(name, NOT_YET) for name in self._exercises}
        done = sum(state == RIGHT for state in present.values())
        rows = "".join(self._row(name, state) for name, state in present.items())
        head = say("{done} of {count} right", done=done, count=len(present))
        self._rows.value = f"<b>{head}</b><ol {_LIST}>{rows}</ol>"
        self.button.description = self._offer()
        self.button.layout.display = "" if any(name in states for name in present) else "none"
        self._asked = False

    def _row(self, name: str, state: str) -> str:
        mark = f'<span aria-hidden="true" style="color: {COLOURS[state]}">{MARKS[state]}</span>'
        title = html.escape(say(self._exercises[name].title))
        return f"<li>{mark} {_number(name)}. {title}: <i>{say(state)}</i></li>"

    def _offer(self) -> str:
        return say("Forget the progress of this page")

    def _pressed(self) -> None:
        """Ask once more, then forget."""
        if not self._asked:
            self._asked, self.button.description = True, say("Press again to forget it")
            return
        self._note.value = html.escape(steps.reset(self._page))
        self.refresh()

    def __repr__(self) -> str:
        return f"Exercises of page {self._page}: {', '.join(self._exercises)}"


_LIST = 'style="list-style: none; padding-left: 0; margin: 0.3em 0; line-height: 1.5"'


def progress(page: str) -> Board:
    """Show how far the reader has come with the exercises of a page, "xavier"; it follows every check."""
    return Board(page)
