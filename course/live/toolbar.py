"""The buttons above the controls: what a person does with an explorer besides moving it."""

import html
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from course.live import settings
from course.live.settings import Controls
from course.live.words import say

WORDS = {
    "reset": ("Reset", "Back to where this picture began"),
    "new_seed": ("New seed", "Draw everything again, with the next seed"),
    "same_seed": ("Same seed", "Back to the seed of the beginning"),
    "play": ("Play", "Let a control run by itself"),
    "over": ("over", "The control that runs"),
    "pin": ("Pin", "Keep these curves, to compare others with them"),
    "unfold": ("All settings", "Show the controls that this scene does not need, too"),
    "more": ("More", "Large type, numbers, files, and the state as a text"),
    "projector": ("Projector", "Large type, for the back row"),
    "table": ("Table", "The numbers behind the picture"),
    "png": ("Save PNG", "Save the picture"),
    "svg": ("Save SVG", "Save the picture, for print"),
    "csv": ("Save CSV", "Save the numbers"),
    "state": ("state", "The state as a text; another one that is put here is opened"),
    "copy": ("Copy", "Copy this state, for another picture's line or for explorers.restore"),
}
"""What each part is called, and what it does."""


class Toolbar(widgets.VBox):
    """The explorer's title, its buttons, which call `actions` by name, its switches, and its state as a text.

    `play` runs the control that `over` names from where it is to its end; `more` opens the row of what is seldom used,
    where `table` shows the numbers; `unfold` shows controls that are folded away.
    """

    def __init__(self, title: str, controls: Controls, actions: Mapping[str, Callable[[], object]], *, can_pin: bool):
        switches = (switch(*WORDS[name]) for name in ("play", "pin", "projector", "table"))
        self.play, self.pin, self.projector, self.table = switches
        self.unfold, self.more = switch(*WORDS["unfold"], "course-unfold"), switch(*WORDS["more"], "course-more")
        playable = [(control.description, name) for name, control in controls.items() if settings.can_play(control)]
        self.over = widgets.Dropdown(options=playable, layout={"width": "auto"}, **_words("over"))
        self.over.style.description_width = "auto"
        self.state = widgets.Text(continuous_update=False, layout={"width": "auto", "flex": "1"}, **_words("state"))
        made = {name: button(*WORDS[name], action) for name, action in actions.items()}
        seeds = [made[name] for name in ("new_seed", "same_seed") if name in made]
        playing = [self.play, self.over] if playable else []
        pinning = [self.pin] if can_pin else []
        saving = [made[form] for form in ("png", "svg", "csv")]
        heading = widgets.HTML(f"<b>{html.escape(title)}</b>")
        self.often = row([heading, made["reset"], *seeds, *playing, *pinning, self.unfold, self.more])
        seldom = row([self.projector, self.table, *saving, self.state, made["copy"]], "course-seldom")
        super().__init__([self.often, seldom], _dom_classes=("course-toolbar",))


def row(children: Sequence[widgets.Widget], name: str = "") -> widgets.HBox:
    """Return a row that goes on in a second line where there is no room; `name` is its class in the page."""
    layout = {"flex_flow": "row wrap", "align_items": "center"}
    return widgets.HBox(list(children), layout=layout, _dom_classes=(name,) if name else ())


def _words(name: str) -> dict[str, str]:
    description, tooltip = WORDS[name]
    return {"description": say(description), "tooltip": say(tooltip)}


def button(name: str, tooltip: str, action: Callable[[], object]) -> widgets.Button:
    """Return a button that does one thing."""
    made = widgets.Button(description=say(name), tooltip=say(tooltip))
    made.on_click(lambda _button: action())
    return made


def switch(name: str, tooltip: str, *classes: str) -> widgets.ToggleButton:
    """Return a button that stays pressed."""
    return widgets.ToggleButton(description=say(name), tooltip=say(tooltip), _dom_classes=classes)
