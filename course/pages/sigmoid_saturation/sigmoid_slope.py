"""The sigmoid and its slope: one point to move, and how fast a unit learns there."""

import ipywidgets as widgets
import numpy as np

from course.activations import ACTIVATIONS
from course.figures.sigmoid import Point, SlopeCurves, SlopePicture
from course.live.canvas import Frame
from course.live.explorer import Explorer

FARTHEST = 12.0
RUN = 1e-3
"""The measured slope is the rise of σ over a run this short."""


def sigmoid_slope(text: str = "", **state) -> Explorer:
    """Move a point z along the sigmoid, and the edge `limit` of a band round 0; `state` sets controls by name."""
    sigmoid = ACTIVATIONS["sigmoid"]
    picture = SlopePicture(_curves())

    def draw(z: float, limit: float, axis: str) -> Frame:
        point = Point(z, float(sigmoid.array_function(z)), float(sigmoid.array_slope(z)))
        return picture.update(
            point, sigmoid.peak_slope, limit, float(sigmoid.array_slope(limit)), axis == "logarithmic"
        )

    return Explorer(
        _controls(), draw, picture.canvas, name="sigmoid_slope", title="The slope of a sigmoid", text=text, state=state
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "z": widgets.FloatSlider(2.0, min=-FARTHEST, max=FARTHEST, step=0.1, readout_format=".1f", description="z"),
        "limit": widgets.FloatSlider(4.0, min=0.5, max=8.0, step=0.1, readout_format=".1f", description="band ±"),
        "axis": widgets.ToggleButtons(options=["linear", "logarithmic"], value="linear", description="slope axis"),
    }


def _curves() -> SlopeCurves:
    sigmoid = ACTIVATIONS["sigmoid"]
    grid = np.linspace(-FARTHEST, FARTHEST, 481)
    coarse = np.linspace(-FARTHEST, FARTHEST, 49)
    rise = sigmoid.array_function(coarse + RUN / 2) - sigmoid.array_function(coarse - RUN / 2)
    return SlopeCurves(grid, sigmoid.array_function(grid), sigmoid.array_slope(grid), coarse, rise / RUN)
