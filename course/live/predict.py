"""Predict, then see: a choice, a number or a sketched curve, and a picture that opens with it drawn in and compared."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from course import cells
from course.live.answers import Answers, Choice, Curve, Number
from course.live.explorer import Explorer
from course.live.quantities import Quantity
from course.live.tables import Table
from course.live.words import say

__all__ = ["Choice", "Curve", "Number", "Prediction", "predict"]


class Prediction(widgets.VBox):
    """A question whose picture stays closed until the reader commits to an answer, or asks just to be shown.

    `choose` commits from code, as the button does, and `skip` opens without a commitment. `picture` is then the
    explorer, with the prediction drawn into it, and `sentence` compares the two. The answer can be changed later: the
    picture stays as the reader has left it.
    """

    def __init__(self, question: str, answers: Answers, open_picture: Callable[[], widgets.Widget]):
        self.question, self.answers, self._open_picture = question, answers, open_picture
        self.choice: Any = None
        self.picture: widgets.Widget | None = None
        self._asked: Table | None = None
        self.input = answers.ask(say(question))
        self.input.observe(lambda _change: self._wait_for_an_answer(), "value")
        self.button, self.other = (widgets.Button(layout={"width": "auto"}) for _ in range(2))
        self.button.on_click(lambda _button: self._commit() if self._asking else self._ask())
        self.other.on_click(lambda _button: self._just_show() if self._asking else self._take_off())
        self._compared = widgets.HTML()
        heading, row = widgets.HTML(f"<b>{html.escape(say(question))}</b>"), widgets.HBox([self.button, self.other])
        row.layout.flex_flow = "row wrap"
        super().__init__([heading, self.input, row, self._compared], _dom_classes=("course-prediction",))
        self._ask()
        cells.made(self)

    def _wait_for_an_answer(self) -> None:
        self.button.disabled = self._asking and not self.answers.given(self.input)

    def _ask(self) -> None:
        """Show the question, with what was answered before as the selection, above a picture that is open already."""
        self._turn(asking=True)

    def _turn(self, *, asking: bool) -> None:
        """Ask, or show what was answered; both buttons stay where they are, and so does the keyboard's focus."""
        self._asking = asking
        self.input.layout.display = None if asking else "none"
        self.button.description = say("That is my prediction") if asking else say("Change my prediction")
        self.other.description = say("Just show me") if asking else say("Take it off the picture")
        self.other.layout.display = None if asking or self.choice is not None else "none"
        self._wait_for_an_answer()

    def _commit(self) -> None:
        try:
            self.choose(self.answers.given(self.input))
        except ValueError as refusal:
            self._say(f"{refusal}.")

    def choose(self, answer: str | float | Sequence[float]) -> None:
        """Commit to an answer: an alternative, a number, or the values at the layers; `ValueError` for no answer."""
        self.choice = self.answers.read(answer)
        self.answers.show(self.input, self.choice)
        self._open()
        self._draw_and_compare()
        self._turn(asking=False)

    def skip(self) -> None:
        """Open the picture without a commitment; what was predicted before is taken off it."""
        self.choice = None
        self._open()
        self._take_off()
        self._say("")
        self._turn(asking=False)

    def _just_show(self) -> None:
        self.skip()
        self.button.focus()  # the button that was pressed is gone

    @property
    def alternatives(self) -> list[str]:
        """The texts to choose from, if the answer is a choice."""
        return list(self.answers.alternatives) if isinstance(self.answers, Choice) else []

    @property
    def sentence(self) -> str:
        """What the prediction says beside what the picture shows, or "" where nothing was predicted."""
        return self._sentence if self.choice is not None else ""

    def _open(self) -> None:
        if self.picture is None:
            self.picture = self._open_picture()
            self.children = (*self.children, self.picture)
            if isinstance(self.picture, Explorer):
                self.picture.on_complete(self._keep)

    def _keep(self, table: Table) -> None:
        """Keep the numbers that were asked for: those of the picture as it was opened, whole."""
        self._asked = table
        if self.choice is not None:
            self._draw_and_compare()

    def _take_off(self) -> None:
        if isinstance(self.picture, Explorer):
            self.picture.forget()

    def _say(self, sentence: str) -> None:
        self._sentence = sentence
        self._compared.value = f'<div role="status">{html.escape(sentence)}</div>'

    def _draw_and_compare(self) -> None:
        """Draw the prediction into the picture, and say how it agrees with what was asked, as soon as that is known."""
        expected, sentence = self.answers.compare(self.choice, self._asked)
        if isinstance(self.picture, Explorer):
            self.picture.expect(expected)
        self._say(sentence)


def predict(
    question: str,
    answers: Sequence[str] | Mapping[str, tuple[float, float] | str] | Answers,
    open_picture: Callable[[], widgets.Widget],
    quantity: Quantity | None = None,
) -> Prediction:
    """Ask before showing: `open_picture` is called, and its widget shown, once there is an answer.

    `answers` is a `Number`, a `Curve`, or at least two texts to choose from. As a mapping, these stand for values or
    words of the `quantity`; the choice is then compared with the picture, and drawn into it where it has a place.
    """
    if isinstance(answers, Sequence | Mapping):
        if len(answers) < 2:
            raise ValueError(f"alternatives must be at least two, not {list(answers)!r}")
        answers = Choice(answers if isinstance(answers, Mapping) else dict.fromkeys(answers), quantity)
    return Prediction(question, answers, open_picture)
