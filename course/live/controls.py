"""Controls as data: each function returns what makes the widget of a control, once its name is known.

    CONTROLS = {"depth": slider(50, 1, 100), "scheme": menu(SCHEMES), "seed": SEED}

A label is the control's name unless another is given.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets

from course.live.words import say

Control = Callable[[str], widgets.ValueWidget]


def build(controls: Mapping[str, Control]) -> dict[str, widgets.ValueWidget]:
    """Return new widgets for an explorer's controls."""
    return {name: control(name) for name, control in controls.items()}


def slider(value: float, low: float, high: float, *, step: float = 0.01, label: str | None = None) -> Control:
    """Return a slider, of whole numbers where `value` is one, and otherwise in steps of `step`."""
    if isinstance(value, int):
        return lambda name: widgets.IntSlider(value, low, high, description=_label(name, label))
    return lambda name: widgets.FloatSlider(value, min=low, max=high, step=step, description=_label(name, label))


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


SEED = slider(0, 0, 99)
