"""The kinds of answers that a prediction may have: a choice, a number, a sketched curve; each asks and compares."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import ipywidgets as widgets
import numpy as np

from course.live.expectation import WORDS, Expected
from course.live.quantities import Quantity, Series
from course.live.sketch import Sketch
from course.live.tables import Table
from course.live.words import say

RIGHT = 1.1
"""A number is called right if it is off by no more than this factor."""
WAITING = "When the run has ended, what it says stands here."
ASIDE = "What does the picture say?"


class Compared(NamedTuple):
    """A prediction as it is drawn into the picture, and how it compares, in a sentence."""

    expected: Expected
    sentence: str


class Answers(Protocol):
    """What may be answered: how it is asked for, read, and compared with the numbers of a picture."""

    def ask(self, question: str) -> widgets.DOMWidget:
        """Return the widget that takes an answer."""

    def given(self, asking: Any) -> Any:
        """Return what stands in that widget; `None` or "" for nothing yet."""

    def show(self, asking: Any, answer: Any) -> None:
        """Let that widget show an answer."""

    def read(self, answer: Any) -> Any:
        """Return an answer as it is meant; `ValueError` in words for what is none."""

    def compare(self, answer: Any, table: Table | None) -> Compared:
        """Compare with the numbers behind the picture; `None` as long as they are not known."""


@dataclass(frozen=True)
class Choice:
    """Ask for one of some texts: each stands for the least and the greatest value, or the word, of a `quantity`.

    Without a quantity the texts stand for nothing, and nothing is compared.
    """

    alternatives: Mapping[str, tuple[float, float] | str | None]
    quantity: Quantity | None = None

    def ask(self, _question: str) -> widgets.RadioButtons:
        """Return one button for each text, none of them chosen."""
        options = [(say(text), text) for text in self.alternatives]
        return widgets.RadioButtons(options=options, value=None, layout={"width": "auto"})

    def given(self, asking: widgets.RadioButtons) -> str | None:
        """Return the text that is chosen."""
        return asking.value

    def show(self, asking: widgets.RadioButtons, answer: str) -> None:
        """Choose a text."""
        asking.value = answer

    def read(self, answer: Any) -> str:
        """Return the text; `ValueError` for one that is not on offer."""
        if answer not in self.alternatives:
            raise ValueError(f"alternative must be one of {list(self.alternatives)!r}, not {answer!r}")
        return answer

    def compare(self, answer: str, table: Table | None) -> Compared:
        """Draw the choice where it has a place, and name the text that would have been right."""
        said = say("You predicted: “{answer}”.", answer=say(answer))
        label = f"{say(WORDS)}: {re.split('[:,(]', say(answer))[0]}"
        words = say("Your prediction: “{answer}”.", answer=say(answer))
        if self.quantity is None or table is None:
            return Compared(Expected(0, [], [], label, words), f"{said} {say(WAITING if self.quantity else ASIDE)}")
        expected = _drawn(self.quantity, self.alternatives[answer], words, table)._replace(label=label)
        return Compared(expected, f"{said} {self._verdict(answer, self.quantity.found(table))}")

    def _verdict(self, answer: str, found: float | str) -> str:
        shown = f"“{say(found)}”" if isinstance(found, str) else f"{found:.3g}"
        fitting = next((text for text, meant in self.alternatives.items() if _fits(found, meant)), None)
        text = "{quantity} is {found}: “{fitting}”." if fitting else "{quantity} is {found}."
        if fitting == answer:
            text = "{quantity} is {found}: that is right."
        return say(text, quantity=_capital(say(self.quantity.words)), found=shown, fitting=say(fitting or ""))


@dataclass(frozen=True)
class Number:
    """Ask for a number from `low` to `high`; `label` stands beside the box."""

    quantity: Quantity
    label: str
    low: float
    high: float

    def ask(self, _question: str) -> widgets.Text:
        """Return a box to type into."""
        hint = say("a number from {low:g} to {high:g}", low=self.low, high=self.high)
        style = {"description_width": "auto"}
        return widgets.Text(description=say(self.label), style=style, layout={"width": "26em"}, placeholder=hint)

    def given(self, asking: widgets.Text) -> str:
        """Return what is typed."""
        return asking.value.strip()

    def show(self, asking: widgets.Text, answer: float) -> None:
        """Type a number."""
        asking.value = f"{answer:.12g}"

    def read(self, answer: Any) -> float:
        """Return the number; `ValueError` for none, or one out of range."""
        return _checked(answer, self.low, self.high)

    def compare(self, answer: float, table: Table | None) -> Compared:
        """Draw the number where it has a place, and say by which factor it is off."""
        words = say("Your prediction of {answer:.3g} is drawn in.", answer=answer)
        if table is None:
            said = say("You predicted {answer:.3g}.", answer=answer)
            return Compared(Expected(0, [], [], say(WORDS), words), f"{said} {say(WAITING)}")
        found = self.quantity.found(table)
        sentence = say(
            "{quantity}: you predicted {answer:.3g}, it is {found:.4g}, and {off}.",
            quantity=_capital(say(self.quantity.words)),
            answer=answer,
            found=found,
            off=_off(answer, found),
        )
        return Compared(_drawn(self.quantity, [answer], words, table), sentence)


@dataclass(frozen=True)
class Curve:
    """Ask for a curve over these layers, from `low` to `high`, on a logarithmic axis unless `log` is `False`."""

    series: Series
    layers: Sequence[int]
    low: float
    high: float
    log: bool = True

    def ask(self, question: str) -> Sketch:
        """Return points to move, at 1 or in the middle of the axis."""
        ends = [math.log10(end) if self.log else end for end in (self.low, self.high)]
        start = 0.0 if ends[0] <= 0 <= ends[1] else sum(ends) / 2
        levels, places = [start] * len(self.layers), list(self.layers)
        return Sketch(title=question, places=places, levels=levels, range=ends, logarithmic=self.log)

    def given(self, asking: Sketch) -> list[float]:
        """Return the values as they are sketched: a flat curve is an answer too."""
        return asking.values

    def show(self, asking: Sketch, answer: Sequence[float]) -> None:
        """Move the points to these values."""
        asking.draw(answer)

    def read(self, answer: Any) -> list[float]:
        """Return the values at the layers; `ValueError` for too few, too many, or one out of range."""
        if len(answer) != len(self.layers):
            text = "the curve must have {wanted} values, not {given}"
            raise ValueError(say(text, wanted=len(self.layers), given=len(answer)))
        return [_checked(value, self.low, self.high) for value in answer]

    def compare(self, answer: Sequence[float], table: Table | None) -> Compared:
        """Draw the curve, and say where it ends and where it is farthest off."""
        ends = {"start": answer[0], "first": self.layers[0], "end": answer[-1], "last": self.layers[-1]}
        text = "Your prediction is drawn in, from {start:.2g} at layer {first} to {end:.2g} at layer {last}."
        expected = Expected(self.series.panel, list(self.layers), list(answer), say(WORDS), say(text, **ends))
        asked = {"series": say(self.series.words), **ends}
        if table is None:
            said = say("You expected {series} to be {end:.2g} at layer {last}.", **asked)
            return Compared(expected, f"{said} {say(WAITING)}")
        found = self.series.at(table, np.asarray(self.layers))
        text = "You expected {series} to be {end:.2g} at layer {last}, and it is {found:.2g}."
        said = say(text, found=found[-1], **asked)
        return Compared(expected, f"{said} {self._worst(np.asarray(answer), found)}")

    def _worst(self, sketched: np.ndarray, found: np.ndarray) -> str:
        """Return where a sketch is farthest from what was found."""
        if not self.log:
            away = np.abs(sketched - found)
            text = "Your curve is at most {away:.2g} away, at layer {layer}."
            return say(text, away=away.max(), layer=self.layers[away.argmax()])
        if not np.all(found > 0):
            return say("At layer {layer} nothing is left of it.", layer=self.layers[np.argmin(found > 0)])
        away = np.abs(np.log10(sketched / found))
        worst = self.layers[away.argmax()]
        text = "Your curve is farthest off at layer {layer}, by a factor of {factor:.1e}."
        return say(text, layer=worst, factor=10.0 ** away.max())


def _drawn(quantity: Quantity, values: Sequence[float] | str, words: str, table: Table) -> Expected:
    places = [quantity.place(value, table) for value in values] if quantity.place else []
    return Expected(quantity.panel, [x for x, _y in places], [y for _x, y in places], say(WORDS), words)


def _checked(given: Any, low: float, high: float) -> float:
    try:
        value = float(given)
    except ValueError:
        text = "the prediction must be a number, such as 0.5 or 1e-6, not {given!r}"
        raise ValueError(say(text, given=given)) from None
    slack = 1e-9 * max(abs(low), abs(value))  # what a logarithm and its power leave of an end
    if not low - slack <= value <= high + slack:
        text = "the prediction must be from {low:g} to {high:g}, not {value:g}"
        raise ValueError(say(text, low=low, high=high, value=value))
    return value


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _fits(found: float | str, meant: tuple[float, float] | str) -> bool:
    return found == meant if isinstance(meant, str) else meant[0] <= found <= meant[1]


def _off(predicted: float, found: float) -> str:
    """Return by which factor a prediction is off, in words."""
    if not (math.isfinite(found) and found > 0 and predicted > 0):
        return say("no factor leads from one to the other")
    factor = predicted / found
    if 1 / RIGHT <= factor <= RIGHT:
        return say("that is right")
    text = (
        "you were too high by a factor of {factor:.2g}"
        if factor > 1
        else "you were too low by a factor of {factor:.2g}"
    )
    return say(text, factor=max(factor, 1 / factor))
