"""How the widgets of a page look on the site: pictures drawn beforehand, of every scene and along its slider."""

import html
import json
from base64 import b64encode
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from course.handouts.printed import Paper
from course.live import settings
from course.live.explorer import Explorer
from course.live.predict import Prediction
from course.live.scene import Scene
from course.live.stage import Stage
from course.pages import notebooks

PHONE_ROOM = (400, 1)
"""A phone's width, in pixels of the page; there a picture is as high as its panels need."""
PIXEL_RATIOS = {"wide": 1.5, "narrow": 2.0}
PATIENCE = 300.0
"""Seconds that a run may take."""


class Picture(NamedTuple):
    """A picture for a width of the page: its source, and its size in pixels of the page."""

    source: str
    width: int
    height: int


class Baked(Paper):
    """Turns widgets into HTML in which buttons, arrow keys and sliders go through pictures that are there already.

    `names` are the notebooks that the site has, to whose scenes a stage of several pages leads.
    """

    def __init__(self, names: Sequence[str] = (), patience: float = PATIENCE):
        super().__init__(patience)
        self._names = names

    def explorer(self, explorer: Explorer) -> str:
        """Return the pictures of an explorer's state for a screen and for a phone, its sentence, and its state."""
        return f'<figure class="picture">{self._shown(explorer, explorer.title)}</figure>'

    def stage(self, stage: Stage) -> str:
        """Return all scenes of a page, or links to those of several pages."""
        if len({scene.page for scene in stage.scenes}) > 1:
            return self._contents(stage.scenes)
        scenes = "".join(self._scene(stage, position) for position in range(len(stage.scenes)))
        return f'<section class="stage" aria-label="Scenes">{scenes}</section>'

    def prediction(self, prediction: Prediction) -> str:
        """Return the question with its alternatives, and the picture that answers it folded away."""
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in prediction.alternatives)
        prediction.skip()
        asked = f"<p><b>{html.escape(prediction.question)}</b></p>" + (f"<ul>{choices}</ul>" if choices else "")
        answer = f"<details><summary>Just show me</summary>{self.widget(prediction.picture)}</details>"
        return f'<div class="question">{asked}{answer}</div>'

    def _shown(self, explorer: Explorer, title: str, note: str = "") -> str:
        unfinished = self.finish(explorer)
        told = f"<details><summary>For the speaker</summary><p>{html.escape(note)}</p></details>" if note else ""
        return (
            f"{_as_html(pictures(explorer), explorer.alt)}<figcaption><b>{html.escape(title)}</b><br>"
            f'<span class="sentence">{html.escape(explorer.sentence)}</span>{unfinished}'
            f"<details><summary>Open it in a notebook</summary><code>{html.escape(_call(explorer))}</code></details>"
            f"{told}</figcaption>"
        )

    def _scene(self, stage: Stage, position: int) -> str:
        stage.go(position)
        title, note = stage.scene.title, stage.scene.note
        shown = self._shown(stage.explorer, title, note)
        sliders = "".join(self._slider(stage.explorer, *slide) for slide in stage.scene.slides.items())
        name = f'id="scene-{position + 1}" data-title="{html.escape(title)}"'
        return f'<figure class="picture" {name}>{shown}{sliders}</figure>'

    def _slider(self, explorer: Explorer, name: str, values: Sequence[Any]) -> str:
        """Return, as data for the page's script, what the picture shows at each value of a control."""
        begin, frames = explorer.state[name], []
        for value in values:
            explorer.state = {name: value}
            self.finish(explorer)
            words = {"sentence": explorer.sentence, "call": _call(explorer)}
            label = settings.words(explorer.controls[name], value)
            sources = {width: picture.source for width, picture in pictures(explorer).items()}
            frames.append({"label": label, **sources, **words})
        control = explorer.controls[name].description
        data = json.dumps({"name": control, "begin": list(values).index(begin), "frames": frames}, ensure_ascii=False)
        return '<script type="application/json">{}</script>'.format(data.replace("<", "\\u003c"))

    def _contents(self, scenes: Sequence[Scene]) -> str:
        parts = []
        for page, of_page in groupby(scenes, key=lambda scene: scene.page):
            if (name := notebooks()[page]) in self._names:
                places = enumerate(of_page, start=1)
                links = (f'<a href="{name}.html#scene-{n}">{html.escape(scene.title)}</a>' for n, scene in places)
                parts.append(f"<li>{html.escape(page.replace('_', ' '))}: {', '.join(links)}</li>")
        return f'<p>The scenes, each on its page:</p><ul class="scenes">{"".join(parts)}</ul>'


def pictures(explorer: Explorer) -> dict[str, Picture]:
    """Return an explorer's picture as it is on a wide screen and on a phone."""
    return {"wide": _picture(explorer, (), "wide"), "narrow": _picture(explorer, PHONE_ROOM, "narrow")}


def _picture(explorer: Explorer, room: Sequence[int], name: str) -> Picture:
    screen = explorer.screen
    with screen.hold_trait_notifications():
        screen.pixel_ratio, screen.room = PIXEL_RATIOS[name], list(room)
    return Picture(f"data:image/png;base64,{b64encode(explorer.image).decode()}", screen.width, screen.height)


def _as_html(shown: dict[str, Picture], alt: str) -> str:
    wide, narrow = shown["wide"], shown["narrow"]
    phone = f'<source media="(max-width: 600px)" srcset="{narrow.source}" {_size(narrow)}>'
    image = f'<img src="{wide.source}" {_size(wide)} loading="lazy" alt="{html.escape(alt)}">'
    return f"<picture>{phone}{image}</picture>"


def _size(picture: Picture) -> str:
    return f'width="{picture.width}" height="{picture.height}"'


def _call(explorer: Explorer) -> str:
    """Return the line of a notebook that opens an explorer's present state."""
    return f'explorers.restore("{explorer.state_string}")'
