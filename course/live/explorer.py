"""What every explorer is: controls, a picture that answers to them, and a sentence that says what is seen."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import ipywidgets as widgets

from course import cells
from course.live import settings, tables
from course.live.actions import Actions
from course.live.canvas import Canvas, Frame
from course.live.controls import fitted
from course.live.kernel_thread import keep_figures_whole
from course.live.looks import Look
from course.live.screen import Screen
from course.live.settings import PINNED, PROJECTOR
from course.live.toolbar import Toolbar
from course.live.words import say


class Pinned(NamedTuple):
    """What is kept for comparison: the settings of the pinned curves, and the sentence they had."""

    settings: dict[str, Any]
    sentence: str


class Explorer(Actions, widgets.VBox):
    """Controls wired to a picture: one moves, the settings are read, drawn, and shown in the page by one message.

    `controls` maps names to ipywidgets, `draw(**settings)` draws on `canvas` and returns the `Frame` of a state;
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
        self.name, self.title, self.controls, self.canvas = name, title, dict(controls), canvas
        self.exception: Exception | None = None
        self.on_scene_step: Callable[[int], object] = lambda _step: None
        self.screen, self._table = Screen(title=title, heights=canvas.heights), widgets.HTML()
        self._draw, self._drawing, self._held = draw, threading.RLock(), False
        self._frame: Frame | None = None
        self._pinned: Pinned | None = None
        self._expected = ""
        self._toolbar = Toolbar(title, self.controls, self._actions(), can_pin=self.can_pin)
        self._text = self._toolbar.state
        self._defaults = settings.values(self.controls)
        self._go({**(settings.read(text, name, self.controls) if text else {}), **state})
        self._start = self.state
        self.children = self._children()
        self._listen()
        cells.made(self, lambda: (self._toolbar.pin, self._toolbar.play, self._toolbar.over))

    def _children(self) -> list[widgets.Widget]:
        box = widgets.GridBox([fitted(control) for control in self.controls.values()])
        return [self._toolbar, box, self.screen, self._table]

    def _listen(self) -> None:
        bar = self._toolbar
        for control in self.controls.values():
            self._hear(control, "value", self._moved)
        self._hear(bar.projector, "value", self._look_changed)
        for trait in ("pixel_ratio", "room"):
            self._hear(self.screen, trait, self._look_changed)
        self._hear(bar.pin, "value", lambda on: (self.pin if on else self.unpin)())
        self._hear(bar.state, "value", self._pasted)
        for switch in (bar.more, bar.table):
            self._hear(switch, "value", lambda _on: self._write())
        bar.play.observe(lambda change: self.play(change["new"]), "value")
        self.screen.on_message("step", lambda content: self._step(content["number"]))
        self.screen.on_message("scene", lambda content: self.on_scene_step(content["step"]))
        self.observe(lambda change: None if change["new"] else self._closed(), "comm")

    def _hear(self, widget: widgets.Widget, trait: str, answer: Callable[[Any], object]) -> None:
        """Answer to a change of a widget, but for those that the explorer makes itself."""

        def changed(change: Mapping[str, Any]) -> None:
            with self._drawing:
                if not self._held:
                    answer(change["new"])

        widget.observe(changed, trait)

    def _closed(self) -> None:
        self.canvas.release()

    @property
    def state(self) -> dict[str, Any]:
        """The values of all controls by name; assign a dict of some or all of them to move there in one step.

        While something is pinned, `pinned` holds its settings; with type for the back row, `projector` is `True`.
        A state that does not name these two leaves them as they are; `None` and `False` end them.
        """
        extras = {} if self._pinned is None else {PINNED: dict(self._pinned.settings)}
        projector = {PROJECTOR: True} if self._toolbar.projector.value else {}
        return settings.values(self.controls) | extras | projector

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

    @property
    def sentence(self) -> str:
        """What the picture shows, in words, and what is pinned in it."""
        return self.screen.sentence

    @property
    def alt(self) -> str:
        """The picture's alternative text in the page: its sentence."""
        return self.sentence

    @property
    def image(self) -> bytes:
        """The picture as PNG bytes."""
        return self.screen.image

    @property
    def table(self) -> tables.Table:
        """The numbers behind the picture: titles of columns to arrays of one shape `(rows,)`."""
        return self._frame.table

    def on_complete(self, call: Callable[[tables.Table], object]) -> None:
        """Call once with the numbers behind the present picture, as soon as it is complete: here, now."""
        call(self.table)

    @property
    def error(self) -> str | None:
        """What went wrong in the last move, in words, or `None`."""
        return self.screen.failure or None

    def _check(self, wanted: Mapping[str, Any]) -> None:
        settings.check_state(self.controls, {k: v for k, v in wanted.items() if k not in (PINNED, PROJECTOR)})
        if not isinstance(wanted.get(PINNED), Mapping | None):
            raise ValueError(say("pinned must be a dict of controls or None, not {value!r}", value=wanted[PINNED]))
        settings.check_state(self.controls, wanted.get(PINNED) or {})
        if wanted.get(PINNED) is not None and not self.can_pin:
            text = "{name} has no curves to pin, so pinned must be None, not {value!r}"
            raise ValueError(say(text, name=self.name, value=wanted[PINNED]))
        if not isinstance(wanted.get(PROJECTOR, False), bool):
            raise ValueError(say("projector must be True or False, not {value!r}", value=wanted[PROJECTOR]))

    @contextmanager
    def _answering(self, failed: str = "This setting could not be drawn") -> Iterator[None]:
        """Do what the reader asks for; a failure becomes the red line, in words, where a traceback would be lost."""
        with self._drawing:
            try:
                yield
            except Exception as exception:
                self.exception, self.screen.failure = exception, f"{say(failed)}: {exception}"
            else:
                self.exception, self.screen.failure = None, ""

    def _moved(self, _value: object = None) -> None:
        with self._answering():
            self._show()

    def _look_changed(self, _value: object) -> None:
        if self._look() != self.canvas.look:  # the page may change two parts of a look at once, and each is heard
            with self._answering():
                self._set_look()
                self._show()

    def _pasted(self, text: str) -> None:
        with self._answering("This state could not be read"):
            self._go(settings.read(text, self.name, self.controls))

    def _go(self, wanted: Mapping[str, Any]) -> None:
        self._check(wanted)
        with self._unheard():
            for name, control in self.controls.items():
                control.value = wanted.get(name, control.value)
            self._toolbar.projector.value = wanted.get(PROJECTOR, self._toolbar.projector.value)
            if PINNED in wanted:
                self._keep(wanted[PINNED])
        self._set_look()
        self._show()

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Change controls and switches without answering to each; Pin says whether something is pinned."""
        before, self._held = self._held, True
        try:
            yield
        finally:
            self._toolbar.pin.value = self._pinned is not None
            self._held = before

    def _keep(self, pinned: Mapping[str, Any] | None) -> None:
        """Keep the curves of some settings for comparison; what they do not name is as in the present state."""
        self.canvas.unpin()
        self._pinned = None
        if pinned is not None:
            named = {name: settings.rounded(self.controls[name], value) for name, value in pinned.items()}
            kept = settings.values(self.controls) | named
            self._pinned = Pinned(kept, self._draw(**kept).sentence)
            self.canvas.pin()

    def _look(self) -> Look:
        screen, projector = self.screen, self._toolbar.projector.value
        room = tuple(screen.room) or None
        return self.canvas.look._replace(pixel_ratio=screen.pixel_ratio, projector=projector, room=room)

    def _set_look(self) -> None:
        (self.add_class if self._toolbar.projector.value else self.remove_class)("course-projector")
        self.canvas.set_look(self._look())

    def _show(self) -> None:
        """Read the settings, draw them, and put the picture and its words into the page."""
        shown = settings.values(self.controls)
        compared = self._compare_with_pinned(shown)
        self._frame = self._draw(**shown)
        sentence = " ".join(filter(None, (self._frame.sentence, self._expected, compared)))
        self.screen.show(self._frame.image, self.canvas.page_size, sentence)
        self._write()

    def _write(self) -> None:
        """Write the state as a text and the numbers, where they are wanted."""
        if self._toolbar.more.value:
            with self._unheard():
                self._text.value = self.state_string
        self._table.value = tables.as_html(self.table, self.title) if self._toolbar.table.value else ""

    def _compare_with_pinned(self, shown: Mapping[str, Any]) -> str:
        """Write above the picture what differs from the pinned curves, and return what to say of them."""
        if self._pinned is None:
            return ""
        now, pinned = settings.compared(self.controls, shown, self._pinned.settings)
        self.canvas.caption(now, pinned)
        text = "Pinned for comparison, {settings}: {pinned}"
        return say(text, settings=pinned, pinned=self._pinned.sentence)
