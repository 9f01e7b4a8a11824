"""Scenes to step through: a row of buttons, the speaker's note, and the explorer that shows the present scene."""

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from course import cells
from course.live.explorer import Explorer
from course.live.running import RunningExplorer
from course.live.scene import Scene
from course.live.settings import PROJECTOR
from course.live.toolbar import button, row, switch
from course.live.words import say

_NOTE = '<p class="course-note">{}</p>'


class Stage(widgets.VBox):
    """An explorer that goes from scene to scene, by button or with the arrow keys (a presenter's keys too).

    `open_explorer(name, **state)` returns a new explorer; one is made for each name among the scenes, when first
    needed, and `explorer` is the one on the stage. `position` counts the scenes from 0. A run goes on when its scene
    has gone, until another one needs the cores; then it rests, and goes on when its scene is back.
    """

    def __init__(self, scenes: Sequence[Scene], open_explorer: Callable[..., Explorer]):
        self.scenes, self._open_explorer = list(scenes), open_explorer
        self._explorers: dict[str, Explorer] = {}
        self.position = 0
        pages = {say(page.replace("_", " ")): page for page in dict.fromkeys(scene.page for scene in self.scenes)}
        self.page = widgets.Dropdown(options=list(pages.items()), description=say("page"), layout={"width": "auto"})
        self.page.style.description_width = "auto"
        self.page.observe(lambda change: self._go_to_page(change["new"]), "value")
        self.notes = switch("Notes", "Show the speaker's notes")
        self.notes.observe(lambda _change: self._show_note(), "value")
        self._row = row([], "course-scenes")
        self._buttons = [self._button(place) for place in range(len(self.scenes))]
        self._before = button("‹", "Previous scene", lambda: self.step(-1))
        self._after = button("›", "Next scene", lambda: self.step(1))
        self._note = widgets.HTML()
        super().__init__(_dom_classes=("course-stage",))
        self.go(0)
        cells.made(self, lambda: (self.page, *self._buttons, *self._explorers.values()))

    @property
    def scene(self) -> Scene:
        """The present scene."""
        return self.scenes[self.position]

    @property
    def explorer(self) -> Explorer:
        """The explorer on the stage."""
        return self._explorers[self.scene.explorer]

    def go(self, position: int) -> None:
        """Open a scene; a position before the first or past the last one opens that one."""
        projector = self.explorer.state.get(PROJECTOR, False) if self._explorers else False
        self.position = min(max(position, 0), len(self.scenes) - 1)
        name, state = self.scene.explorer, {**self.scene.state, PROJECTOR: projector}
        if name in self._explorers:
            self.explorer.begin(state)
        else:  # opened in the scene's state, so that no other is drawn, and nothing compiled for it, first
            self._explorers[name] = self._open_explorer(name, **state)
            self.explorer.on_scene_step = self.step
        self.explorer.keep_in_view(self.scene.controls)
        self._let_the_others_rest()
        self._show()

    def step(self, step: int) -> None:
        """Open the scene that comes so many after the present one, or before it where `step` is negative."""
        self.go(self.position + step)

    def _let_the_others_rest(self) -> None:
        if isinstance(self.explorer, RunningExplorer):
            for other in self._explorers.values():
                if isinstance(other, RunningExplorer) and other is not self.explorer:
                    other.rest()

    def _go_to_page(self, page: str) -> None:
        if page != self.scene.page:
            self.go(next(place for place, scene in enumerate(self.scenes) if scene.page == page))

    def _show(self) -> None:
        self.page.value = self.scene.page
        for place, made in enumerate(self._buttons):
            (made.add_class if place == self.position else made.remove_class)("mod-active")
        self._show_note()
        self._row.children = self._row_items()
        self.children = (self._row, self._note, self.explorer)

    def _row_items(self) -> tuple[widgets.Widget, ...]:
        choice = [self.page] if len(self.page.options) > 1 else []
        pairs = zip(self.scenes, self._buttons, strict=True)
        scenes = [made for scene, made in pairs if scene.page == self.scene.page]
        return (*choice, self._before, *scenes, self._after, self.notes)

    def _button(self, place: int) -> widgets.Button:
        return button(self.scenes[place].title, say("Scene {number}", number=place + 1), lambda: self.go(place))

    def _show_note(self) -> None:
        self._note.value = _NOTE.format(html.escape(say(self.scene.note))) if self.notes.value else ""
