"""How the widgets of a page look on paper: a picture with its sentence, a list of scenes, a question."""

import html
import time
from base64 import b64encode
from typing import Any

import ipywidgets as widgets
from IPython.core.interactiveshell import InteractiveShell

from course.live.explorer import Explorer
from course.live.predict import Prediction
from course.live.running import RunningExplorer
from course.live.stage import Stage

PIXEL_RATIO = 2
"""Pixels of a printed picture to one of the page: sharp on paper."""
PATIENCE = 60.0
"""Seconds that a run may take before it is printed as far as it is."""


class Paper:
    """Turns widgets into HTML that needs no kernel; a picture that is there already is not printed twice."""

    def __init__(self, patience: float = PATIENCE):
        self._patience = patience
        self._printed: set[str] = set()

    def explorer(self, explorer: Explorer) -> str:
        """Return the picture of an explorer's state, with its sentence as caption and as alternative text."""
        if explorer.state_string in self._printed:
            return "<p>The picture is the one above.</p>"
        self._printed.add(explorer.state_string)
        unfinished = self.finish(explorer)
        explorer.screen.pixel_ratio = PIXEL_RATIO
        width = explorer.screen.width
        source = f"data:image/png;base64,{b64encode(explorer.image).decode()}"
        return (
            f'<figure class="picture"><img src="{source}" width="{width}" alt="{html.escape(explorer.alt)}">'
            f"<figcaption><b>{html.escape(explorer.title)}</b><br>{html.escape(explorer.sentence)}{unfinished}"
            "</figcaption></figure>"
        )

    def finish(self, explorer: Explorer) -> str:
        """Run an explorer that runs to its end, or for as long as there is patience; then say how far it came."""
        return _finish(explorer, self._patience) if isinstance(explorer, RunningExplorer) else ""

    def stage(self, stage: Stage) -> str:
        """Return the picture of the first scene, and all scenes with their notes."""
        scenes = [scene for scene in stage.scenes if scene.page == stage.scene.page]
        notes = (f"<li><b>{html.escape(scene.title)}.</b> {html.escape(scene.note)}</li>" for scene in scenes)
        return f'{self.explorer(stage.explorer)}<p>The scenes:</p><ol class="scenes">{"".join(notes)}</ol>'

    def prediction(self, prediction: Prediction) -> str:
        """Return the question with its alternatives, and the picture that answers it."""
        prediction.skip()
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in prediction.alternatives)
        asked = f"<p><b>{html.escape(prediction.question)}</b></p>" + (f"<ul>{choices}</ul>" if choices else "")
        return f'<div class="question">{asked}</div>{self.widget(prediction.picture)}'

    def widget(self, widget: widgets.Widget) -> str:
        """Return whatever of a widget can be read on paper: nothing, for one that is only a control."""
        for kind, form in ((Prediction, self.prediction), (Stage, self.stage), (Explorer, self.explorer)):
            if isinstance(widget, kind):
                return form(widget)
        return "".join(self.widget(child) for child in getattr(widget, "children", ()))


def _finish(explorer: RunningExplorer, patience: float) -> str:
    explorer.run()
    deadline = time.monotonic() + patience
    while explorer.running and time.monotonic() < deadline:
        time.sleep(0.05)
    explorer.stop()
    while explorer.running:
        time.sleep(0.05)
    job = explorer.job
    return "" if job.finished else f" (Printed after {job.done} of {job.total} steps.)"


def use_paper(shell: InteractiveShell, paper: Paper) -> None:
    """Let a shell show widgets as HTML that can be printed, and everything else as before."""

    def bundle(widget: widgets.Widget, **_formats: Any) -> dict[str, str]:
        return {"text/html": paper.widget(widget)}

    shell.display_formatter.mimebundle_formatter.for_type(widgets.Widget, bundle)
