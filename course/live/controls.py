"""Controls as data: each function returns what makes the widget of a control, once its name is known.

    CONTROLS = {"depth": slider(50, 1, 100), "scheme": menu(SCHEMES), "seed": SEED}

A label is the control's name unless another is given.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from course.live.words import say

Control = Callable[[str], widgets.ValueWidget]
CELL = 10.8
"""Letters that have room in a cell of the controls' grid; screen.css has its width."""
TRACK = 23
"""Letters that have room where a slider has its track and its number."""


def build(controls: Mapping[str, Control]) -> dict[str, widgets.ValueWidget]:
    """Return new widgets for an explorer's controls."""
    made = {name: control(name) for name, control in controls.items()}
    for widget in made.values():
        if isinstance(widget, Pairs):
            widget.sources = {name: made[name] for name in widget.names}
    return made


def slider(value: float, low: float, high: float, *, step: float | None = None, label: str | None = None) -> Control:
    """Return a slider, of whole numbers where `value` is one; in steps of 1, or of 0.01, unless `step` says otherwise.

    It is read with as many decimals as a step has.
    """
    if isinstance(value, int):
        return lambda name: widgets.IntSlider(value, low, high, step or 1, description=_label(name, label))
    limits = {"min": low, "max": high, "step": step or 0.01}
    read = f".{len(str(limits['step']).partition('.')[2])}f"
    return lambda name: widgets.FloatSlider(value, **limits, readout_format=read, description=_label(name, label))


def menu(options: Iterable[Any] | Mapping[str, Any], value: Any = None, *, label: str | None = None) -> Control:
    """Return a menu of values, or of words by which values are chosen; the first one unless `value` says otherwise.

    Words that stand for several values are given in pairs, `(words, value)`.
    """
    return _choice(widgets.Dropdown, options, value, label)


def stops(options: Iterable[Any] | Mapping[str, Any], value: Any = None, *, label: str | None = None) -> Control:
    """Return a slider over some values."""
    return _choice(widgets.SelectionSlider, options, value, label)


def buttons(options: Iterable[Any] | Mapping[str, Any], value: Any = None, *, label: str | None = None) -> Control:
    """Return a button for each value."""
    return _choice(widgets.ToggleButtons, options, value, label)


def _choice(kind: type, options: Iterable[Any] | Mapping[str, Any], value: Any, label: str | None) -> Control:
    listed = options.items() if isinstance(options, Mapping) else options
    pairs = [option if isinstance(option, tuple) else (str(option), option) for option in listed]
    chosen = pairs[0][1] if value is None else value
    return lambda name: kind(
        options=[(say(words), option) for words, option in pairs], value=chosen, description=_label(name, label)
    )


def _label(name: str, label: str | None) -> str:
    return say(label or name.replace("_", " "))


def checkbox(value: bool = False, *, label: str | None = None) -> Control:
    """Return a box to tick."""
    return lambda name: widgets.Checkbox(value=value, description=_label(name, label), indent=False)


class Pairs(widgets.Button):
    """A button that keeps the present values of two other controls, its `sources`: `value` is a tuple of such pairs.

    After `most` of them it rests.
    """

    value = traitlets.Tuple()

    def __init__(self, names: tuple[str, str], most: int, label: str, tooltip: str):
        super().__init__(tooltip=say(tooltip))
        self.names, self.most, self._label = names, most, label
        self.sources: Mapping[str, widgets.ValueWidget] = {}
        self.on_click(lambda _button: self._keep())
        self.observe(lambda _change: self._count(), "value")
        self._count()

    @traitlets.validate("value")
    def _plain(self, proposal: Mapping[str, Any]) -> tuple[tuple, ...]:
        return tuple(map(tuple, proposal["value"]))

    def _keep(self) -> None:
        if len(self.value) < self.most:
            self.value = (*self.value, tuple(source.value for source in self.sources.values()))

    def _count(self) -> None:
        left = self.most - len(self.value)
        self.description, self.disabled = say(self._label, left=left), left == 0


def pairs(first: str, second: str, *, most: int, label: str, tooltip: str) -> Control:
    """Return a button that keeps pairs of the values of two controls; its label says how many are `{left}`."""
    return lambda _name: Pairs((first, second), most, label, tooltip)


def fitted(control: widgets.ValueWidget) -> widgets.ValueWidget:
    """Return a control that takes as many cells of its grid as its label and its entries need."""
    labels = [str(option[0] if isinstance(option, tuple) else option) for option in getattr(control, "options", ())]
    letters = TRACK
    if isinstance(control, widgets.Dropdown):
        letters = max(map(len, labels)) + 7
    elif isinstance(control, widgets.ToggleButtons):
        letters = sum(len(label) + 4 for label in labels)
    elif isinstance(control, widgets.Checkbox | widgets.Button):
        letters = 4
    cells = math.ceil((len(control.description) + letters) / CELL)
    control.layout.width, control.layout.grid_area = "auto", f"auto / span {cells}"
    if not isinstance(control, widgets.Button):
        control.style.description_width = "auto"
    return control


SEED = slider(0, 0, 99)
