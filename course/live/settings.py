"""What controls offer: which values they allow, what a value is called, which comes next, how a state is written."""

import math
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import ipywidgets as widgets

from course.live.words import say

Controls = Mapping[str, widgets.ValueWidget]
PINNED, PROJECTOR = "pinned", "projector"
"""What a state may say besides the controls: the settings kept for comparison, and larger type for the back row."""
_TRUTHS = {"True": True, "False": False}
STEPS = 100
"""Play goes through a slider in at most this many steps."""


def values(controls: Controls) -> dict[str, Any]:
    """Return the values of all controls by name."""
    return {name: rounded(control, control.value) for name, control in controls.items()}


def rounded(control: widgets.ValueWidget, value: Any) -> Any:
    """Return a value in the control's own type, without a slider's last digits: 1.1, not 1.1000000000000003."""
    return round(float(value), 9) if isinstance(control.value, float) else value


def check_names(controls: Controls, names: Iterable[str]) -> None:
    """Raise `ValueError` for a name that is no control."""
    for name in names:
        if name not in controls:
            text = "{name!r} is no control of this picture; its controls are {controls}"
            raise ValueError(say(text, name=name, controls=", ".join(controls)))


def check_state(controls: Controls, wanted: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a name that is no control, or a value that its control does not offer."""
    check_names(controls, wanted)
    for name, value in wanted.items():
        allowed = _allowed(controls[name], value)
        if allowed is not None:
            raise ValueError(say("{name} must be {allowed}, not {value!r}", name=name, allowed=allowed, value=value))


def _allowed(control: widgets.ValueWidget, value: Any) -> str | None:
    """Return what a control allows, in words, or `None` where it allows `value`."""
    if hasattr(control, "options"):
        offered = [value for _, value in _options(control)]
        return None if value in offered else say("one of {values}", values=", ".join(map(str, offered)))
    if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
        return None if isinstance(value, bool) else say("True or False")
    if isinstance(control.value, tuple):
        text, (first, second) = "at most {most} pairs of a {first} and a {second}", control.sources
        return None if _are_pairs(control, value) else say(text, most=control.most, first=first, second=second)
    whole = isinstance(control.value, int)
    text = "a whole number from {low} to {high}" if whole else "a number from {low} to {high}"
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    fits = fits and control.min <= value <= control.max
    return None if fits else say(text, low=control.min, high=control.max)


def _are_pairs(control: widgets.ValueWidget, pairs: Any) -> bool:
    """Return whether these are not too many pairs of values that the control's two sources offer."""
    try:
        for pair in pairs:
            check_state(control.sources, dict(zip(control.sources, pair, strict=True)))
        return len(pairs) <= control.most
    except (TypeError, ValueError):
        return False


def _options(control: widgets.ValueWidget) -> list[tuple[str, Any]]:
    """Return the labels and values that a control offers."""
    return [option if isinstance(option, tuple) else (str(option), option) for option in control.options]


def words(control: widgets.ValueWidget, value: Any) -> str:
    """Return a setting as the control shows it: "gain 1.50", "scheme He normal"."""
    if hasattr(control, "options"):
        shown = next(label for label, offered in _options(control) if offered == value)
    elif isinstance(value, float):
        shown = format(value, control.readout_format)
    else:
        shown = str(value)
    return f"{control.description} {shown}"


def differences(controls: Controls, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the names of the controls whose values differ between two states."""
    return [name for name in controls if first[name] != second[name]]


def compared(controls: Controls, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return what differs between two states, in the words of the one and of the other."""
    names = differences(controls, first, second)
    told = [", ".join(words(controls[name], state[name]) for name in names) for state in (first, second)]
    return [differing or say("the same setting") for differing in told]


def can_play(control: widgets.ValueWidget) -> bool:
    """Whether a control has an order to run through by itself."""
    return hasattr(control, "max") or isinstance(control, widgets.SelectionSlider)


def following(control: widgets.ValueWidget) -> Any:
    """Return the value that Play takes next, or `None` at the end."""
    if hasattr(control, "options"):
        offered = [value for _, value in _options(control)]
        return next(iter(offered[offered.index(control.value) + 1 :]), None)
    if control.value >= control.max:
        return None
    stride = control.step * math.ceil(round((control.max - control.min) / control.step) / STEPS)
    return min(control.max, control.min + round((control.value - control.min) / stride + 1) * stride)


def first(control: widgets.ValueWidget) -> Any:
    """Return the value that Play begins with."""
    return _options(control)[0][1] if hasattr(control, "options") else control.min


def write(name: str, controls: Controls, state: Mapping[str, Any]) -> str:
    """Return a state as a short text: "name?scheme=he_normal&gain=1.5&pinned=gain:1.0"."""
    pairs = {key: _text(state[key]) for key in controls if state[key] != ()}
    if PINNED in state:
        kept = differences(controls, state[PINNED], state)
        pairs[PINNED] = ",".join(f"{key}:{quote(str(state[PINNED][key]), safe='')}" for key in kept)
    if state.get(PROJECTOR):
        pairs[PROJECTOR] = True
    return f"{name}?{urlencode(pairs, safe=':,/')}"


def _text(value: Any) -> Any:
    return ",".join(":".join(map(str, pair)) for pair in value) if isinstance(value, tuple) else value


def read(text: str, name: str, controls: Controls) -> dict[str, Any]:
    """Return the state of a text; `ValueError` for another explorer's state, or what the controls do not offer.

    Controls that the text leaves out are left out of the state too; without their words nothing is pinned, nothing for
    a projector, and there are no pairs.
    """
    owner, mark, query = text.strip().partition("?")
    if not mark or owner != name:
        words = "a state of this picture begins with {begin!r}, not {given!r}"
        raise ValueError(say(words, begin=f"{name}?", given=text.strip()[:40]))
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    pinned, projector = pairs.pop(PINNED, None), pairs.pop(PROJECTOR, "False")
    pairs_kept = [pair.partition(":")[::2] for pair in (pinned or "").split(",") if pair]
    kept = None if pinned is None else {name: unquote(value) for name, value in pairs_kept}
    return {
        **{name: () for name, control in controls.items() if isinstance(control.value, tuple)},
        **_parsed(controls, pairs),
        PINNED: None if kept is None else _parsed(controls, kept),
        PROJECTOR: _TRUTHS.get(projector, projector),
    }


def _parsed(controls: Controls, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that texts stand for, unchanged where a text is none of what its control offers."""
    state = {name: _parse(controls[name], text) if name in controls else text for name, text in texts.items()}
    check_state(controls, state)
    return state


def _parse(control: widgets.ValueWidget, text: str) -> Any:
    if hasattr(control, "options"):
        return next((value for _, value in _options(control) if str(value) == text), text)
    if isinstance(control.value, bool):
        return _TRUTHS.get(text, text)
    if isinstance(control.value, tuple):
        return tuple(tuple(map(_number, pair.split(":"))) for pair in text.split(",") if pair)
    try:
        return type(control.value)(text)
    except ValueError:
        return text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
