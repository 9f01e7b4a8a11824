"""The sigmoid and its slope: one point to move, and how fast a unit learns there."""

import numpy as np
from matplotlib.axes import Axes

from course.activations import ACTIVATIONS
from course.live.axes import fixed
from course.live.controls import buttons, slider
from course.live.declare import explorer
from course.live.marks import Mark, curve, span
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.style import ACCENT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE, look

SIGMOID = ACTIVATIONS["sigmoid"]
FARTHEST = 12.0
RUN = 1e-3
"""The measured slope is the rise of σ over a run this short."""
TANGENT = 1.8
"""The tangent is drawn this far to either side of the point."""
SHORTEST = 1e-6
"""Where the logarithmic axis of the slope ends."""
GRID, COARSE = np.linspace(-FARTHEST, FARTHEST, 481), np.linspace(-FARTHEST, FARTHEST, 49)
Z = fixed(-FARTHEST, FARTHEST, np.arange(-FARTHEST, FARTHEST + 1, 4), label="z, what the unit receives")
LINE = look(color=ACCENT, linewidth=2.0)
POINT = look(color=ACCENT, marker="D", markersize=8, linestyle="none", clip_on=False)


def _band(key: str) -> Mark:
    return span(key, look(color=REFERENCE, alpha=0.16, linewidth=0), upright=True)


def _slopes(axes: Axes) -> None:
    """Draw the slope, measured points over the formula, with their names."""
    rise = SIGMOID.array_function(COARSE + RUN / 2) - SIGMOID.array_function(COARSE - RUN / 2)
    axes.plot(COARSE, rise / RUN, label=say("measured: rise over run"), **MEASURED_POINTS)
    axes.plot(GRID, SIGMOID.array_slope(GRID), label=say("theory: σ(1 − σ)"), **PREDICTED_LINE)
    axes.legend(loc="upper right", borderaxespad=0.0)


PICTURE = Picture(
    (
        Panel(
            "The sigmoid σ(z), and its tangent at the point",
            Z,
            fixed(-0.12, 1.12),
            (_band("left.band"), curve("tangent", LINE), curve("value", POINT)),
            reference=0.0,
            backdrop=lambda axes: axes.plot(GRID, SIGMOID.array_function(GRID), color=REFERENCE, linewidth=1.6),
        ),
        Panel(
            "The slope σ'(z)",
            Z,
            fixed(-0.012, 0.3),
            (_band("right.band"), curve("drop", LINE), curve("slope", POINT)),
            key="slope",
            reference=0.0,
            backdrop=_slopes,
        ),
    ),
    grids=("AB",),
    height=3.6,
)


@explorer(
    "The slope of a sigmoid",
    {
        "z": slider(2.0, -FARTHEST, FARTHEST, step=0.1),
        "limit": slider(4.0, 0.5, 8.0, step=0.1, label="band ±"),
        "axis": buttons(("linear", "logarithmic"), label="slope axis"),
    },
    PICTURE,
)
def sigmoid_slope(z: float, limit: float, axis: str) -> View:
    """Move a point z along the sigmoid, and the edge `limit` of a band round 0; `state` sets controls by name."""
    value, slope = float(SIGMOID.array_function(z)), float(SIGMOID.array_slope(z))
    logarithmic, run = axis == "logarithmic", np.array([-TANGENT, TANGENT])
    curves = {
        "left.band": (-limit, limit),
        "right.band": (-limit, limit),
        "tangent": (z + run, value + slope * run),
        "value": ([z], [value]),
        "drop": ([z, z], [SHORTEST if logarithmic else 0, slope]),
        "slope": ([z], [slope]),
    }
    lost = SIGMOID.peak_slope / slope
    row = {"z": ("z", z), "value": ("σ(z)", value), "slope": ("σ'(z)", slope)}
    row["lost"] = "slope at the peak over σ'(z)", lost
    table = Table({key: (title, np.array([number])) for key, (title, number) in row.items()})
    scale = {"slope.y": fixed(SHORTEST, 10.0, log=True)} if logarithmic else {}
    return View(curves, describe(z, value, slope, limit), table, axes=scale)


def describe(z: float, value: float, slope: float, limit: float) -> str:
    """Say how steep the sigmoid is at the point and at the band's edge, and how fast a unit learns there."""
    edge = float(SIGMOID.array_slope(limit))
    return say(
        "At z = {z:.1f} the unit outputs {value:.5g} and the slope is {slope:.3g}, 1/{inverse}: it learns {pace}. At "
        "the edge of the grey band, z = ±{limit:.1f}, the slope is 1/{edge}, {edge_pace}.",
        z=z,
        value=value,
        slope=slope,
        inverse=_inverse(slope),
        pace=_pace(SIGMOID.peak_slope / slope),
        limit=limit,
        edge=_inverse(edge),
        edge_pace=_pace(SIGMOID.peak_slope / edge),
    )


def _inverse(slope: float) -> str:
    return f"{1 / slope:.0f}" if slope < 0.001 else f"{1 / slope:.3g}"


def _pace(times_slower: float) -> str:
    if times_slower < 1.005:
        return say("as fast as at the peak")
    times = f"{times_slower:.0f}" if times_slower >= 100 else f"{times_slower:.3g}"
    return say("{times} times slower than at the peak", times=times)
