"""The row of buttons under the controls: what a person does with an explorer besides moving it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as widgets

from course.live import settings
from course.live.words import say

if TYPE_CHECKING:
    from course.live.explorer import Explorer


class Toolbar(widgets.HBox):
    """The explorer's buttons.

    `play` runs the control that `over` names from where it is to its end; `table` shows the numbers.
    """

    def __init__(self, explorer: "Explorer"):
        self._explorer = explorer
        self.pin = switch("Pin", "Keep these curves, to compare others with them")
        self.play = switch("Play", "Let a control run by itself")
        playable = [(c.description, name) for name, c in explorer.controls.items() if settings.can_play(c)]
        self.over = widgets.Dropdown(options=playable, description=say("over"), layout={"width": "auto"})
        self.over.style.description_width = "auto"
        self.projector = switch("Projector", "Large type, for the back row")
        self.table = switch("Table", "The numbers behind the picture")
        super().__init__(list(self._items()), layout={"flex_flow": "row wrap", "align_items": "center"})

    def _items(self) -> list[widgets.Widget]:
        explorer = self._explorer
        items = [button("Reset", "Back to where this picture began", explorer.reset)]
        if "seed" in explorer.controls:
            items.append(button("New seed", "Draw everything again, with the next seed", explorer.new_seed))
            items.append(button("Same seed", "Back to the seed of the beginning", explorer.same_seed))
        if self.over.options:
            items += [self.play, self.over]
        if explorer.can_pin:
            items.append(self.pin)
        saves = [
            button(f"Save {form.upper()}", f"Save the {what}", lambda form=form: explorer.download(form))
            for form, what in (("png", "picture"), ("svg", "picture, for print"), ("csv", "numbers"))
        ]
        return [*items, self.projector, self.table, *saves]


def button(name: str, tooltip: str, action: Callable[[], object]) -> widgets.Button:
    """Give a button that does one thing."""
    made = widgets.Button(description=say(name), tooltip=say(tooltip))
    made.on_click(lambda _button: action())
    return made


def switch(name: str, tooltip: str) -> widgets.ToggleButton:
    """Return a button that stays pressed."""
    return widgets.ToggleButton(description=say(name), tooltip=say(tooltip))
