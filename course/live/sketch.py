"""A curve to be sketched: a few points over the layers, each to be moved up and down by mouse, touch or keyboard."""

import math
from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets

from course.live.words import say
from course.style import style_sheet


class Sketch(anywidget.AnyWidget):
    """Points at `places`, layers from 1 on, with `levels` in `range`: decimal logarithms if `logarithmic`."""

    _esm = Path(__file__).with_name("sketch.js")
    _css = style_sheet(Path(__file__).with_name("sketch.css"))
    title = traitlets.Unicode().tag(sync=True)
    places = traitlets.List(traitlets.Int()).tag(sync=True)
    levels = traitlets.List(traitlets.Float()).tag(sync=True)
    range = traitlets.List(traitlets.Float()).tag(sync=True)
    logarithmic = traitlets.Bool(True).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    @traitlets.default("words")
    def _words(self) -> dict[str, str]:
        return {"layer": say("layer"), "place": say("layer {place}"), "power": say("10 to the power {exponent}")}

    @property
    def values(self) -> list[float]:
        """What was sketched at each place."""
        return [10.0**level if self.logarithmic else level for level in self.levels]

    def draw(self, values: Sequence[float]) -> None:
        """Move the points to these values: what a hand does, from code."""
        self.levels = [math.log10(value) if self.logarithmic else float(value) for value in values]
