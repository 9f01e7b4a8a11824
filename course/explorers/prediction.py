"""Predict, then see: a choice, a number or a sketched curve, and a picture that opens with it drawn in and compared."""

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

from course.explorers.base import Explorer
from course.explorers.quantities import Quantity, Series
from course.explorers.sketch import Sketch

RIGHT = 1.1
"""A number is called right if it is off by no more than this factor."""
_AUTO = {"width": "auto"}


class Number(NamedTuple):
    """Ask for a number from `low` to `high`; `label` stands beside the box."""

    quantity: Quantity
    label: str
    low: float
    high: float


class Curve(NamedTuple):
    """Ask for a curve over these layers, from `low` to `high`, on a logarithmic axis unless `log` is `False`."""

    series: Series
    layers: Sequence[int]
    low: float
    high: float
    log: bool = True


Alternatives = Sequence[str] | Mapping[str, tuple[float, float]]
"""Texts to choose from; as a mapping, each with the least and the greatest value that it stands for."""


class Expected(NamedTuple):
    """A prediction in a picture: its panel, its points if it has any, and how it compares with what is seen."""

    panel: int
    x: Sequence[float]
    y: Sequence[float]
    sentence: str


class Prediction(widgets.VBox):
    """A question whose picture stays closed until the reader commits to an answer, or asks just to be shown.

    `choose` commits from code, as the button does, and `skip` opens without a commitment. `picture` is then the
    explorer, with the prediction drawn into it, and `sentence` compares the two. The answer can be changed later: the
    picture stays as the reader has left it.
    """

    def __init__(
        self,
        question: str,
        answers: Alternatives | Number | Curve,
        open_picture: Callable[[], widgets.Widget],
        quantity: Quantity | None = None,
    ):
        self.question, self._answers, self._open_picture, self._quantity = question, answers, open_picture, quantity
        self.alternatives = [] if isinstance(answers, Number | Curve) else list(answers)
        if not isinstance(answers, Number | Curve) and len(self.alternatives) < 2:
            raise ValueError(f"alternatives must be at least two, not {self.alternatives!r}")
        self.choice: Any = None
        self.picture: widgets.Widget | None = None
        self.input = self._made_input()
        self.button = _button("That is my prediction", self._commit)
        self.show_me = _button("Just show me", self.skip)
        self.change = _button("Change my prediction", self._ask)
        self.take_off = _button("Take it off the picture", self._take_off)
        self._compared = widgets.HTML()
        self._heading = widgets.HTML(f"<b>{html.escape(question)}</b>")
        super().__init__(_dom_classes=("course-prediction",))
        self._ask()

    def _made_input(self) -> widgets.Widget:
        answers = self._answers
        if isinstance(answers, Number):
            wide = {"description_width": "auto"}
            return widgets.FloatText(description=answers.label, style=wide, layout={"width": "22em"}, value=answers.low)
        if isinstance(answers, Curve):
            ends = [math.log10(end) if answers.log else end for end in (answers.low, answers.high)]
            start = 0.0 if ends[0] <= 0 <= ends[1] else sum(ends) / 2
            levels, places = [start] * len(answers.layers), list(answers.layers)
            return Sketch(title=self.question, places=places, levels=levels, range=ends, log=answers.log)
        made = widgets.RadioButtons(options=self.alternatives, value=None, layout=_AUTO)
        made.observe(lambda change: setattr(self.button, "disabled", change["new"] is None), "value")
        return made

    def _ask(self) -> None:
        """Show the question, with what was answered before as the selection, above a picture that is open already."""
        if isinstance(self.input, widgets.RadioButtons):
            self.button.disabled = self.input.value is None
        self._fill(self._heading, self.input, _row(self.button, self.show_me), self._compared)

    def _commit(self) -> None:
        try:
            self.choose(self.input.values if isinstance(self.input, Sketch) else self.input.value)
        except ValueError as refusal:
            self._say(f"{refusal}.")

    def choose(self, answer: str | float | Sequence[float]) -> None:
        """Commit to an answer: an alternative, a number, or the values at the layers; `ValueError` for no answer."""
        self.choice = self._read(answer)
        self._open()
        self._draw_and_compare()
        self._fill(self._heading, _row(self.change, self.take_off), self._compared)

    def skip(self) -> None:
        """Open the picture without a commitment; what was predicted before is taken off it."""
        self.choice = None
        self._open()
        self._take_off()
        self._say("")
        self._fill(self._heading, _row(self.change))

    @property
    def sentence(self) -> str:
        """What the prediction says beside what the picture shows, or "" where nothing was predicted."""
        return self._sentence if self.choice is not None else ""

    def _fill(self, *parts: widgets.Widget) -> None:
        self.children = (*parts, *([] if self.picture is None else [self.picture]))

    def _open(self) -> None:
        if self.picture is None:
            self.picture = self._open_picture()

    def _take_off(self) -> None:
        if isinstance(self.picture, Explorer):
            self.picture.forget()

    def _say(self, sentence: str) -> None:
        self._sentence = sentence
        self._compared.value = f'<div role="status">{html.escape(sentence)}</div>'

    def _read(self, answer: Any) -> Any:
        answers = self._answers
        if isinstance(answers, Number):
            return _checked(float(answer), answers)
        if isinstance(answers, Curve):
            if len(answer) != len(answers.layers):
                raise ValueError(f"the curve must have {len(answers.layers)} values, not {len(answer)}")
            self.input.draw([_checked(float(value), answers) for value in answer])
            return list(answer)
        if answer not in self.alternatives:
            raise ValueError(f"alternative must be one of {self.alternatives!r}, not {answer!r}")
        self.input.value = answer
        return answer

    def _draw_and_compare(self) -> None:
        """Draw the prediction into the picture, where it has a place there, and say how the two agree."""
        drawable = isinstance(self.picture, Explorer) and (self._quantity or isinstance(self._answers, Number | Curve))
        if not drawable:
            self._say(f"You predicted: “{self.choice}”. Now see what the picture says.")
            return
        expected = self._expected(self.picture.table)
        if expected.x:
            self.picture.expect(expected.panel, expected.x, expected.y, "Your prediction is drawn in.")
        self._say(expected.sentence)

    def _expected(self, table: Mapping[str, np.ndarray]) -> Expected:
        answers = self._answers
        if isinstance(answers, Curve):
            return _curve(answers, self.choice, table)
        if isinstance(answers, Number):
            x, y = answers.quantity.place(self.choice, table)
            return Expected(answers.quantity.panel, [x], [y], _number_sentence(answers.quantity, self.choice, table))
        sentence, place = _choice_sentence(self._quantity, self.choice, answers, table), self._quantity.place
        ends = [place(end, table) for end in answers[self.choice]] if place else []
        return Expected(self._quantity.panel, [x for x, _y in ends], [y for _x, y in ends], sentence)


def _checked(value: float, asked: Number | Curve) -> float:
    slack = 1e-9 * max(abs(asked.low), abs(value))  # what a logarithm and its power leave of an end
    if not asked.low - slack <= value <= asked.high + slack:
        raise ValueError(f"the prediction must be from {asked.low:g} to {asked.high:g}, not {value:g}")
    return value


def _button(description: str, action: Callable[[], None]) -> widgets.Button:
    made = widgets.Button(description=description, layout=_AUTO)
    made.on_click(lambda _button: action())
    return made


def _row(*buttons: widgets.Button) -> widgets.HBox:
    return widgets.HBox(list(buttons), layout={"flex_flow": "row wrap"})


def _number_sentence(quantity: Quantity, predicted: float, table: Mapping[str, np.ndarray]) -> str:
    found = quantity.found(table)
    seen = f"You predicted {predicted:.3g} for {quantity.words}. The picture shows {found:.4g}"
    return f"{seen}: {_off(predicted, found)}."


def _off(predicted: float, found: float) -> str:
    """Say by which factor a prediction is off."""
    if not (math.isfinite(found) and found > 0 and predicted > 0):
        return "no factor leads from one to the other"
    factor = predicted / found
    if 1 / RIGHT <= factor <= RIGHT:
        return "that is right"
    return f"you were too {'high' if factor > 1 else 'low'} by a factor of {max(factor, 1 / factor):.2g}"


def _choice_sentence(
    quantity: Quantity, chosen: str, answers: Mapping[str, tuple[float, float]], table: Mapping[str, np.ndarray]
) -> str:
    found = quantity.found(table)
    said = f"You predicted: “{chosen}”. The picture shows {found:.3g} for {quantity.words}"
    fitting = next((text for text, (low, high) in answers.items() if low <= found <= high), None)
    if fitting == chosen:
        return f"{said}: that is right."
    return f"{said}: “{fitting}”." if fitting else f"{said}."


def _curve(asked: Curve, predicted: Sequence[float], table: Mapping[str, np.ndarray]) -> Expected:
    layers, sketched = np.asarray(asked.layers), np.asarray(predicted, dtype=float)
    found = asked.series.at(table, layers)
    last = f"You expected {asked.series.words} to be {sketched[-1]:.2g} at layer {layers[-1]}"
    sentence = f"{last}, and it is {found[-1]:.2g}. {_worst(asked, layers, sketched, found)}"
    return Expected(asked.series.panel, list(layers), list(sketched), sentence)


def _worst(asked: Curve, layers: np.ndarray, sketched: np.ndarray, found: np.ndarray) -> str:
    """Say where a sketch is farthest from what was found."""
    if not asked.log:
        away = np.abs(sketched - found)
        return f"Your curve is at most {away.max():.2g} away, at layer {layers[away.argmax()]}."
    if not np.all(found > 0):
        return f"At layer {layers[np.argmin(found > 0)]} nothing is left of it."
    away = np.abs(np.log10(sketched / found))
    return f"Your curve is farthest off at layer {layers[away.argmax()]}, by a factor of {10.0 ** away.max():.1e}."


def predict(
    question: str,
    answers: Alternatives | Number | Curve,
    open_picture: Callable[[], widgets.Widget],
    quantity: Quantity | None = None,
) -> Prediction:
    """Ask before showing: `open_picture` is called, and its widget shown, once there is an answer.

    Alternatives that stand for values say of which `quantity`; their choice is then drawn into the picture.
    """
    return Prediction(question, answers, open_picture, quantity)
