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
    """Return a menu of values, or of words by which values are chosen; the first one unless `value` says otherwise."""
    return _choice(widgets.Dropdown, options, value, label)


def stops(options: Iterable[Any] | Mapping[str, Any], value: Any = None, *, label: str | None = None) -> Control:
    """Return a slider over some values."""
    return _choice(widgets.SelectionSlider, options, value, label)


def buttons(options: Iterable[Any] | Mapping[str, Any], value: Any = None, *, label: str | None = None) -> Control:
    """Return a button for each value."""
    return _choice(widgets.ToggleButtons, options, value, label)


def _choice(kind: type, options: Iterable[Any] | Mapping[str, Any], value: Any, label: str | None) -> Control:
    pairs = options.items() if isinstance(options, Mapping) else [(str(option), option) for option in options]
    pairs = list(pairs)
    chosen = pairs[0][1] if value is None else value
    return lambda name: kind(
        options=[(say(words), option) for words, option in pairs], value=chosen, description=_label(name, label)
    )


def _label(name: str, label: str | None) -> str:
    return say(label or name.replace("_", " "))


SEED = slider(0, 0, 99)
