"""What every explorer is: controls, a picture that answers to them, and a sentence that says what is seen."""

import html
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets

from course import cells
from course.live import settings, tables
from course.live.canvas import Canvas, Frame
from course.live.display import Display, Expected
from course.live.kernel_thread import keep_figures_whole
from course.live.settings import PINNED, PROJECTOR
from course.live.toolbar import Toolbar, button
from course.live.words import say

_COLUMNS = "repeat(auto-fill, minmax(265px, 1fr))"
_CONTENT_TYPES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv"}


class Explorer(widgets.VBox):
    """Controls wired to a picture: when one moves, the whole state is read and the picture drawn anew.

    `controls` maps names to ipywidgets, `draw(**settings)` draws on `canvas` and gives the `Frame` of a state;
    `text`, a state string, or `state` is where to start: `ValueError` for a name or a value that the controls do not
    offer. A failure in `draw` during a move is shown as one red line, `error`, with the last good picture kept; the
    exception itself is in `exception`. The first picture is drawn here, and a failure of it is raised.
    """

    def __init__(
        self,
        controls: Mapping[str, widgets.ValueWidget],
        draw: Callable[..., Frame],
        canvas: Canvas,
        *,
        name: str,
        title: str,
        text: str = "",
        state: Mapping[str, Any] = MappingProxyType({}),
    ):
        keep_figures_whole()
        super().__init__(_dom_classes=("course-explorer",))
        self.name, self.title, self.controls = name, title, dict(controls)
        self.exception: Exception | None = None
        self.on_scene_step: Callable[[int], object] = lambda _step: None
        self._display, self._drawing = Display(self.controls, draw, canvas, title), threading.RLock()
        self._failed, self._held = "", False
        self._defaults = self._settings()
        self.screen, self._table = self._display.screen, widgets.HTML()
        self._toolbar = Toolbar(self)
        self._text = widgets.Text(
            description=say("state"), continuous_update=False, layout={"width": "auto", "flex": "1"}
        )
        self._go({**(settings.read(text, name, self.controls) if text else {}), **state})
        self._start = self.state
        self.children = self._children()
        self._listen()
        cells.made(self, lambda: (self._toolbar.pin, self._toolbar.play, self._toolbar.over))

    def _children(self) -> list[widgets.Widget]:
        labelled = [control for control in self.controls.values() if hasattr(control.style, "description_width")]
        longest = max(len(control.description) for control in labelled)
        for control in labelled:
            control.layout.width, control.style.description_width = "auto", f"{max(5.5, 0.58 * longest)}em"
        grid = widgets.Layout(grid_template_columns=_COLUMNS)
        heading = widgets.HTML(f"<b>{html.escape(self.title)}</b>")
        copy = button("Copy", "Copy this state, for another picture's line or for explorers.restore", self.copy)
        share = widgets.HBox([self._text, copy], _dom_classes=("course-state",))
        box = widgets.GridBox(list(self.controls.values()), layout=grid)
        return [heading, box, self._toolbar, self.screen, self._table, share]

    def _listen(self) -> None:
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self._text.observe(lambda change: self._pasted(change["new"]), "value")
        self._toolbar.pin.observe(self._pin_pressed, "value")
        self._toolbar.projector.observe(self._moved, "value")
        self._toolbar.table.observe(lambda _change: self._show_table(), "value")
        self._toolbar.play.observe(lambda change: self.play(change["new"]), "value")
        self.screen.observe(self._moved, "pixel_ratio")
        self.screen.on_message("step", lambda content: self._step(content["number"]))
        self.screen.on_message("scene", lambda content: self.on_scene_step(content["step"]))
        self.observe(lambda change: None if change["new"] else self._closed(), "comm")

    def _closed(self) -> None:
        self._display.canvas.release()

    @property
    def state(self) -> dict[str, Any]:
        """The values of all controls by name; assign a dict of some or all of them to move there in one step.

        While something is pinned, `pinned` holds its settings; with type for the back row, `projector` is `True`.
        A state that does not name these two leaves them as they are; `None` and `False` end them.
        """
        extras = {} if self._display.pinned is None else {PINNED: dict(self._display.pinned.settings)}
        return self._settings() | extras | ({PROJECTOR: True} if self._toolbar.projector.value else {})

    @state.setter
    def state(self, wanted: Mapping[str, Any]) -> None:
        self._check(wanted)
        with self._answering():
            self._go(wanted)

    @property
    def state_string(self) -> str:
        """The whole state as a short text, which `restore` and every explorer's function take."""
        return settings.write(self.name, self.controls, self.state)

    def restore(self, text: str) -> None:
        """Bring back the state that a text describes; `ValueError` for one that is not of this explorer."""
        self.state = settings.read(text, self.name, self.controls)

    def reset(self) -> None:
        """Go back to where the explorer began, with nothing pinned that was not pinned then."""
        self.play(False)
        self.state = {PINNED: None, **self._start, PROJECTOR: self._toolbar.projector.value}

    def begin(self, state: Mapping[str, Any]) -> None:
        """Begin anew in a state: controls that it leaves out go to their defaults, and `reset` comes back here."""
        self.play(False)
        self.state = {**self._defaults, PINNED: None, **state}
        self._start = self.state

    def new_seed(self) -> None:
        """Draw everything again with the next seed."""
        seed = self.controls["seed"]
        seed.value = seed.value + 1 if seed.value < seed.max else seed.min

    def same_seed(self) -> None:
        """Go back to the seed of the beginning, and so to the very draws that were seen then."""
        self.controls["seed"].value = self._start["seed"]

    @property
    def can_pin(self) -> bool:
        """Whether the picture has curves that can be kept for comparison."""
        return self._display.canvas.can_pin

    def pin(self) -> None:
        """Keep the present curves as ghosts, to compare others with them."""
        self.state = {PINNED: self._settings()}

    def unpin(self) -> None:
        """Let the pinned curves go."""
        self.state = {PINNED: None}

    def expect(self, expected: Expected) -> None:
        """Draw what the reader expected into the picture, and say it after the sentence."""
        with self._answering("Your prediction could not be drawn"):
            self._display.canvas.expect(expected.panel, expected.x, expected.y, expected.label)
            self._display.expected = expected.words
            self._show()

    def forget(self) -> None:
        """Take away what the reader expected."""
        with self._answering():
            self._display.canvas.forget()
            self._display.expected = ""
            self._show()

    def play(self, on: bool = True) -> None:
        """Let the control that the toolbar names run by itself, each step after the picture before it was shown."""
        control = self.controls.get(self._toolbar.over.value)
        if on and settings.following(control) is None:
            control.value = settings.first(control)
        self.screen.playing = self._toolbar.play.value = on

    def _step(self, number: int) -> None:
        if not self.screen.playing or number != self.screen.number:  # a second page has already asked for this step
            return
        control = self.controls[self._toolbar.over.value]
        value = settings.following(control)
        if value is not None:
            control.value = value
        if self.exception is not None or settings.following(control) is None:
            self.play(False)

    @property
    def sentence(self) -> str:
        """What the picture shows, in words, and what is pinned in it."""
        return self._display.sentence

    @property
    def alt(self) -> str:
        """The picture's alternative text in the page: its sentence."""
        return self.sentence

    @property
    def image(self) -> bytes:
        """The picture as PNG bytes."""
        return self._display.frame.image

    @property
    def table(self) -> tables.Table:
        """The numbers behind the picture: titles of columns to arrays of one shape `(rows,)`."""
        return self._display.frame.table

    def when_whole(self, call: Callable[[tables.Table], object]) -> None:
        """Call once with the numbers behind the present picture, as soon as it shows all that it will: here, now."""
        call(self.table)

    def csv(self) -> str:
        """Give the numbers behind the picture as comma-separated values."""
        return tables.as_csv(self.table)

    def file(self, form: str) -> bytes:
        """Give the picture as "png" or "svg", with its sentence and its state as metadata, or the numbers as "csv"."""
        with self._drawing:
            if form not in _CONTENT_TYPES:
                raise ValueError(f"an explorer is saved as one of {', '.join(_CONTENT_TYPES)}, not {form!r}")
            if form == "csv":
                return self.csv().encode()
            return self._display.file(form, self.state_string)

    def save(self, path: str | Path) -> None:
        """Write the file that the ending of `path` asks for: .png, .svg or .csv."""
        path = Path(path)
        path.write_bytes(self.file(path.suffix[1:]))

    def download(self, form: str) -> None:
        """Let the reader's browser save a file."""
        with self._answering("This could not be saved"):
            self.screen.offer(f"{self.name}.{form}", _CONTENT_TYPES[form], self.file(form))

    def copy(self) -> None:
        """Put the state string on the reader's clipboard."""
        self.screen.copy(self.state_string)

    @property
    def error(self) -> str | None:
        """What went wrong in the last move, in words, or `None`."""
        return None if self.exception is None else f"{say(self._failed)}: {self.exception}"

    def _settings(self) -> dict[str, Any]:
        return {name: settings.value(control) for name, control in self.controls.items()}

    def _check(self, wanted: Mapping[str, Any]) -> None:
        settings.check_state(self.controls, {k: v for k, v in wanted.items() if k not in (PINNED, PROJECTOR)})
        if not isinstance(wanted.get(PINNED), Mapping | None):
            raise ValueError(f"pinned must be a dict of controls or None, not {wanted[PINNED]!r}")
        settings.check_state(self.controls, wanted.get(PINNED) or {})
        if wanted.get(PINNED) is not None and not self.can_pin:
            raise ValueError(f"{self.name} has no curves to pin, so pinned must be None, not {wanted[PINNED]!r}")
        if not isinstance(wanted.get(PROJECTOR, False), bool):
            raise ValueError(f"projector must be True or False, not {wanted[PROJECTOR]!r}")

    @contextmanager
    def _answering(self, failed: str = "This setting could not be drawn") -> Iterator[None]:
        """Do what the reader asks for; a failure becomes the red line, in words, where a traceback would be lost."""
        with self._drawing:
            try:
                yield
            except Exception as exception:
                self.exception, self._failed = exception, failed
            else:
                self.exception = None
            self.screen.failure = self.error or ""

    def _moved(self, _change: object = None) -> None:
        if not self._held:
            with self._answering():
                self._show()

    def _pin_pressed(self, change: Mapping[str, Any]) -> None:
        if not self._held:
            (self.pin if change["new"] else self.unpin)()

    def _pasted(self, text: str) -> None:
        with self._answering("This state could not be read"):
            if text != self.state_string:
                self._go(settings.read(text, self.name, self.controls))

    def _go(self, wanted: Mapping[str, Any]) -> None:
        self._check(wanted)
        before, self._held = self._held, True
        try:
            for name, value in wanted.items():
                if name in self.controls:
                    self.controls[name].value = value
            self._toolbar.projector.value = wanted.get(PROJECTOR, self._toolbar.projector.value)
            if PINNED in wanted:
                self._keep(wanted[PINNED])
        finally:
            self._toolbar.pin.value = self._display.pinned is not None
            self._held = before
        self._show()

    def _keep(self, pinned: Mapping[str, Any] | None) -> None:
        """Keep the curves of some settings for comparison; what they do not name is as in the present state."""
        if pinned is not None:
            named = {name: settings.settled(self.controls[name], value) for name, value in pinned.items()}
            pinned = {**self._settings(), **named}
        self._display.keep(pinned)

    def _show(self) -> None:
        projector = self._toolbar.projector.value
        (self.add_class if projector else self.remove_class)("course-projector")
        self._display.show(self._settings(), projector=projector)
        self._text.value = self.state_string
        self._show_table()

    def _show_table(self) -> None:
        self._table.value = tables.as_html(self.table, self.title) if self._toolbar.table.value else ""
