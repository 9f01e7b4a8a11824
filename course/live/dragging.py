"""A point that the reader drags in a panel of the picture: it sets two controls of the explorer."""

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
from matplotlib.axes import Axes

from course.live.explorer import Explorer


class Dragging:
    """Lets a place in a panel set the explorer's two controls `across` and `up`, which are its axes.

    The page sends one place at a time, and the next when the picture of the last is there; what the hand did in between
    is left out, except where it ends. The controls' own steps and limits hold, and the keyboard moves them.
    """

    def __init__(self, explorer: Explorer, panel: Axes, across: str, up: str):
        self._explorer, self._panel, self._names = explorer, panel, (across, up)
        explorer.screen.observe(self._place_region, "number")
        explorer.screen.on_message("point", self._moved)
        self._place_region()

    def _place_region(self, _change: object = None) -> None:
        """Tell the page where the panel lies: left, top, width and height, as shares of the picture's sides."""
        box = self._panel.get_position()
        self._explorer.screen.region = [box.x0, 1.0 - box.y1, box.width, box.height]

    def _moved(self, content: Mapping[str, Any]) -> None:
        """Set the controls to a place, given in shares of the panel's sides from its lower left corner."""
        try:
            shares = self._panel.transAxes.transform((content["across"], content["up"]))
            values = self._panel.transData.inverted().transform(shares).tolist()
            controls = [self._explorer.controls[name] for name in self._names]
            steps = map(_on_a_step, controls, values)
            self._explorer.state = dict(zip(self._names, steps, strict=True))
        finally:
            self._explorer.screen.answered = content["number"]


def _on_a_step(slider: widgets.FloatSlider, value: float) -> float:
    """Return the slider's own value that is nearest."""
    steps = round((value - slider.min) / slider.step)
    return min(max(round(slider.min + steps * slider.step, 9), slider.min), slider.max)
