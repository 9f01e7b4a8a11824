"""What every explorer is: controls, a picture that answers to them, and a sentence that says what is seen."""

import base64
import html
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets

from course.figures.canvas import Frame

_COLUMNS = "repeat(auto-fill, minmax(300px, 1fr))"
_SENTENCE = '<p style="margin: 0.3em 0 0.6em; line-height: 1.45; font-size: 14px">{}</p>'
_FAILURE = '<p role="alert" style="color: #b00020; font-weight: bold; margin: 0.3em 0">{}</p>'
_IMAGE = '<img alt="{}" src="data:image/png;base64,{}" style="max-width: 100%; height: auto; background: white">'


class Explorer(widgets.VBox):
    """Controls wired to a picture: when one moves, the whole state is read and the picture drawn anew.

    `controls` maps names to ipywidgets, `draw(**state)` gives the `Frame` of a state, and `state` is where to
    start: `ValueError` for a name or a value that the controls do not offer. A failure in `draw`
    during a move is shown as one red line, `error`, with the last good picture kept; the exception itself is
    in `exception`. The first picture is drawn here, and a failure of it is raised.
    """

    def __init__(
        self,
        controls: Mapping[str, widgets.ValueWidget],
        draw: Callable[..., Frame],
        *,
        title: str,
        state: Mapping[str, Any] = MappingProxyType({}),
    ):
        self.controls = dict(controls)
        self._move_to(state)
        self.exception: Exception | None = None
        self._draw, self._drawing = draw, threading.RLock()
        self._held = False
        self._picture, self._sentence, self._failure = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._frame: Frame | None = None
        self._show(draw(**self.state))
        for control in self.controls.values():
            control.layout.width, control.style.description_width = "auto", "5.5em"
        box = widgets.GridBox(list(self.controls.values()), layout=widgets.Layout(grid_template_columns=_COLUMNS))
        heading = widgets.HTML(f"<b>{html.escape(title)}</b>")
        super().__init__([heading, box, self._failure, self._picture, self._sentence])
        for control in self.controls.values():
            control.observe(self._moved, "value")

    @property
    def state(self) -> dict[str, Any]:
        """The values of all controls by name; assign a dict of some or all of them to move there in one step."""
        return {name: control.value for name, control in self.controls.items()}

    @state.setter
    def state(self, wanted: Mapping[str, Any]) -> None:
        with self._drawing:
            self._held = True
            try:
                self._move_to(wanted)
            finally:
                self._held = False
            self._moved()

    def _move_to(self, wanted: Mapping[str, Any]) -> None:
        check_state(self.controls, wanted)
        for name, value in wanted.items():
            self.controls[name].value = value

    @property
    def sentence(self) -> str:
        """What the picture shows, in words."""
        return self._frame.sentence

    @property
    def alt(self) -> str:
        """The picture's alternative text in the page: its sentence."""
        return self._frame.sentence

    @property
    def image(self) -> bytes:
        """The picture as PNG bytes."""
        return self._frame.image

    @property
    def error(self) -> str | None:
        """What went wrong in the last move, in words, or `None`."""
        return None if self.exception is None else f"This setting could not be drawn: {self.exception}"

    def _moved(self, _change: object = None) -> None:
        if self._held:
            return
        with self._drawing:
            try:
                frame = self._draw(**self.state)
            except Exception as exception:  # shown in the page, where a traceback would be lost
                self.exception = exception
            else:
                self.exception = None
                self._show(frame)
            self._failure.value = "" if self.error is None else _FAILURE.format(html.escape(self.error))

    def _show(self, frame: Frame) -> None:
        self._frame = frame
        encoded = base64.b64encode(frame.image).decode("ascii")
        self._picture.value = _IMAGE.format(html.escape(frame.sentence, quote=True), encoded)
        self._sentence.value = _SENTENCE.format(html.escape(frame.sentence))


def check_state(controls: Mapping[str, widgets.ValueWidget], wanted: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a name that is no control, or a value that its control does not offer."""
    for name, value in wanted.items():
        if name not in controls:
            raise ValueError(f"{name!r} is no control of this explorer; there are {', '.join(controls)}")
        allowed = _allowed(controls[name], value)
        if allowed is not None:
            raise ValueError(f"{name} must be {allowed}, not {value!r}")


def _allowed(control: widgets.ValueWidget, value: Any) -> str | None:
    """Say what a control allows, or give `None` where it allows `value`."""
    if hasattr(control, "options"):
        offered = [option[1] if isinstance(option, tuple) else option for option in control.options]
        return None if value in offered else "one of " + ", ".join(map(str, offered))
    if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
        return None if isinstance(value, bool) else "True or False"
    if not isinstance(value, int | float) or isinstance(value, bool) or not control.min <= value <= control.max:
        return f"a number from {control.min} to {control.max}"
    if isinstance(control.value, int) and not isinstance(value, int):
        return f"a whole number from {control.min} to {control.max}"
    return None
