"""A point that the reader drags in a picture: it sets two controls of the explorer."""

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from course.live.explorer import Explorer
from course.live.plane import Plane


class Dragging:
    """Lets a place in a panel of the picture set the explorer's two controls `across` and `up`.

    The page sends one place at a time, and the next when the picture of the last is there; what the hand did in between
    is left out, except where it ends. The controls' own steps and limits hold, and the keyboard moves them.
    """

    def __init__(self, explorer: Explorer, plane: Plane, across: str, up: str):
        self._explorer, self._plane, self._names = explorer, plane, (across, up)
        explorer.screen.observe(self._place_region, "number")
        explorer.screen.on_message("point", self._moved)
        self._place_region()

    def _place_region(self, _change: object = None) -> None:
        self._explorer.screen.region = list(self._plane.region())

    def _moved(self, content: Mapping[str, Any]) -> None:
        try:
            values = self._plane.place(content["across"], content["up"])
            controls = [self._explorer.controls[name] for name in self._names]
            rounded = map(_on_a_step, controls, values)
            self._explorer.state = dict(zip(self._names, rounded, strict=True))
        finally:
            self._explorer.screen.answered = content["number"]


def _on_a_step(slider: widgets.FloatSlider, value: float) -> float:
    """The slider's own value that is nearest."""
    steps = round((value - slider.min) / slider.step)
    return min(max(round(slider.min + steps * slider.step, 9), slider.min), slider.max)
