"""Predict, then see: a choice, a number or a sketched curve, and a picture that opens with it drawn in and compared."""

import html
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

from course.explorers.base import Explorer
from course.explorers.display import Expected
from course.explorers.quantities import Quantity, Series, Table
from course.explorers.sketch import Sketch
from course.figures.expectation import WORDS

RIGHT = 1.1
"""A number is called right if it is off by no more than this factor."""
WAITING = "When the run has ended, what it says stands here."
ASIDE = "What does the picture say?"
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


Alternatives = Sequence[str] | Mapping[str, tuple[float, float] | str]
"""Texts to choose from; as a mapping, each with the least and the greatest value, or the word, that it stands for."""


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
        self._asked: Table | None = None
        self.input = self._made_input()
        self.button, self.other = widgets.Button(layout=_AUTO), widgets.Button(layout=_AUTO)
        self.button.on_click(lambda _button: self._commit() if self._asking else self._ask())
        self.other.on_click(lambda _button: self._just_show() if self._asking else self._take_off())
        self._compared = widgets.HTML()
        heading, row = widgets.HTML(f"<b>{html.escape(question)}</b>"), widgets.HBox([self.button, self.other])
        row.layout.flex_flow = "row wrap"
        super().__init__([heading, self.input, row, self._compared], _dom_classes=("course-prediction",))
        self._ask()

    def _made_input(self) -> widgets.Widget:
        answers = self._answers
        if isinstance(answers, Number):
            style, hint = {"description_width": "auto"}, f"a number from {answers.low:g} to {answers.high:g}"
            box = widgets.Text(description=answers.label, style=style, layout={"width": "26em"}, placeholder=hint)
            box.observe(lambda change: setattr(self.button, "disabled", not change["new"].strip()), "value")
            return box
        if isinstance(answers, Curve):
            ends = [math.log10(end) if answers.log else end for end in (answers.low, answers.high)]
            start = 0.0 if ends[0] <= 0 <= ends[1] else sum(ends) / 2
            levels, places = [start] * len(answers.layers), list(answers.layers)
            return Sketch(title=self.question, places=places, levels=levels, range=ends, logarithmic=answers.log)
        made = widgets.RadioButtons(options=self.alternatives, value=None, layout=_AUTO)
        made.observe(lambda change: setattr(self.button, "disabled", change["new"] is None), "value")
        return made

    def _ask(self) -> None:
        """Show the question, with what was answered before as the selection, above a picture that is open already."""
        self._turn(asking=True)
        self.button.disabled = not isinstance(self.input, Sketch) and not self.input.value

    def _turn(self, *, asking: bool) -> None:
        """Ask, or show what was answered; both buttons stay where they are, and so does the keyboard's focus."""
        self._asking = asking
        self.input.layout.display = None if asking else "none"
        self.button.description = "That is my prediction" if asking else "Change my prediction"
        self.other.description = "Just show me" if asking else "Take it off the picture"
        self.other.layout.display = None if asking or self.choice is not None else "none"

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
        self._turn(asking=False)

    def skip(self) -> None:
        """Open the picture without a commitment; what was predicted before is taken off it."""
        self.choice = None
        self._open()
        self._take_off()
        self._say("")
        self.button.disabled = False
        self._turn(asking=False)

    def _just_show(self) -> None:
        self.skip()
        self.button.focus()  # the button that was pressed is gone

    @property
    def sentence(self) -> str:
        """What the prediction says beside what the picture shows, or "" where nothing was predicted."""
        return self._sentence if self.choice is not None else ""

    def _open(self) -> None:
        if self.picture is None:
            self.picture = self._open_picture()
            self.children = (*self.children, self.picture)
            if isinstance(self.picture, Explorer):
                self.picture.when_whole(self._keep)

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

    def _read(self, answer: Any) -> Any:
        answers = self._answers
        if isinstance(answers, Number):
            return _checked(answer, answers)
        if isinstance(answers, Curve):
            if len(answer) != len(answers.layers):
                raise ValueError(f"the curve must have {len(answers.layers)} values, not {len(answer)}")
            self.input.draw([_checked(value, answers) for value in answer])
            return list(answer)
        if answer not in self.alternatives:
            raise ValueError(f"alternative must be one of {self.alternatives!r}, not {answer!r}")
        self.input.value = answer
        return answer

    def _draw_and_compare(self) -> None:
        """Draw the prediction into the picture, and say how it agrees with what was asked, as soon as that is known."""
        expected, sentence = self._expected()
        if isinstance(self.picture, Explorer):
            self.picture.expect(expected)
        self._say(sentence)

    def _expected(self) -> tuple[Expected, str]:
        """The prediction as it is drawn, and how it compares."""
        answers, table, chosen = self._answers, self._asked, self.choice
        if table is None:
            return _only_said(chosen), f"{_said(chosen)} {WAITING if self._quantity else ASIDE}"
        if isinstance(answers, Curve):
            return _drawn_curve(answers, chosen), _curve_sentence(answers, chosen, table)
        if isinstance(answers, Number):
            words = f"Your prediction of {chosen:.3g} is drawn in."
            return _drawn(answers.quantity, [chosen], words, table), _number_sentence(answers.quantity, chosen, table)
        if self._quantity is None:
            return _only_said(chosen), f"{_said(chosen)} {ASIDE}"
        drawn = _drawn(self._quantity, answers[chosen], _only_said(chosen).words, table)
        return drawn._replace(label=_label(chosen)), _choice_sentence(self._quantity, chosen, answers, table)


def _said(chosen: str) -> str:
    return f"You predicted: “{chosen}”."


def _only_said(chosen: str) -> Expected:
    """A choice that no place of the picture stands for."""
    return Expected(0, [], [], _label(chosen), f"Your prediction: “{chosen}”.")


def _label(chosen: str) -> str:
    """A choice in a few words: what comes before a colon, a comma or a bracket."""
    return f"{WORDS}: {re.split('[:,(]', chosen)[0]}"


def _drawn(quantity: Quantity, values: Sequence[float], words: str, table: Table) -> Expected:
    places = [quantity.place(value, table) for value in values] if quantity.place else []
    return Expected(quantity.panel, [x for x, _y in places], [y for _x, y in places], WORDS, words)


def _drawn_curve(asked: Curve, sketched: Sequence[float]) -> Expected:
    ends = f"from {sketched[0]:.2g} at layer {asked.layers[0]} to {sketched[-1]:.2g} at layer {asked.layers[-1]}"
    return Expected(
        asked.series.panel, list(asked.layers), list(sketched), WORDS, f"Your prediction is drawn in, {ends}."
    )


def _checked(given: Any, asked: Number | Curve) -> float:
    try:
        value = float(given)
    except ValueError:
        raise ValueError(f"the prediction must be a number, such as 0.5 or 1e-6, not {given!r}") from None
    slack = 1e-9 * max(abs(asked.low), abs(value))  # what a logarithm and its power leave of an end
    if not asked.low - slack <= value <= asked.high + slack:
        raise ValueError(f"the prediction must be from {asked.low:g} to {asked.high:g}, not {value:g}")
    return value


def _number_sentence(quantity: Quantity, predicted: float, table: Table) -> str:
    found = quantity.found(table)
    return (
        f"{_capital(quantity.words)}: you predicted {predicted:.3g}, it is {found:.4g}, and {_off(predicted, found)}."
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _off(predicted: float, found: float) -> str:
    """Say by which factor a prediction is off."""
    if not (math.isfinite(found) and found > 0 and predicted > 0):
        return "no factor leads from one to the other"
    factor = predicted / found
    if 1 / RIGHT <= factor <= RIGHT:
        return "that is right"
    return f"you were too {'high' if factor > 1 else 'low'} by a factor of {max(factor, 1 / factor):.2g}"


def _choice_sentence(
    quantity: Quantity, chosen: str, answers: Mapping[str, tuple[float, float] | str], table: Table
) -> str:
    found = quantity.found(table)
    shown = found if isinstance(found, str) else f"{found:.3g}"
    said = f"{_said(chosen)} {_capital(quantity.words)} is {shown}"
    fitting = next((text for text, meant in answers.items() if _fits(found, meant)), None)
    if fitting == chosen:
        return f"{said}: that is right."
    return f"{said}: “{fitting}”." if fitting else f"{said}."


def _fits(found: float | str, meant: tuple[float, float] | str) -> bool:
    return found == meant if isinstance(meant, str) else meant[0] <= found <= meant[1]


def _curve_sentence(asked: Curve, predicted: Sequence[float], table: Table) -> str:
    layers, sketched = np.asarray(asked.layers), np.asarray(predicted, dtype=float)
    found = asked.series.at(table, layers)
    last = f"You expected {asked.series.words} to be {sketched[-1]:.2g} at layer {layers[-1]}"
    return f"{last}, and it is {found[-1]:.2g}. {_worst(asked, layers, sketched, found)}"


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
