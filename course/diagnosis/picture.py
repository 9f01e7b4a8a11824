"""The picture of a diagnosis: what is measured and what is expected by layer, and which layers are at fault."""

from collections.abc import Sequence

import numpy as np

from course.diagnosis.expectation import TITLES, Curve, Curves
from course.live.axes import decades, fixed, layers
from course.live.marks import band, bars, curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.style import MEASURED_POINTS, PREDICTED_LINE, STATES

LABELS = {"ok": "as it should be", "warning": "a warning", "fault": "a fault"}
MOST_SIGNS = 50
"""Of many layers that are as they should be only some are marked; a warning or a fault always is."""
LAYERS = layers(10, 15, 20, 25, 50, 100, 200)


def _by_layer(key: str) -> Panel:
    marks = (
        band(f"{key}.band", label="one draw"),
        curve(key, MEASURED_POINTS, "measured", edges=True),
        curve(f"{key}.expected", PREDICTED_LINE, "expected"),
    )
    return Panel(TITLES[key], LAYERS, decades(), marks, reference=1.0)


PICTURE = Picture(
    (
        _by_layer("forward"),
        _by_layer("gradient"),
        Panel(
            "Layers",
            LAYERS,
            fixed(0, 1, ()),
            (
                *(bars(f"{state}.cells", color=colour) for state, (colour, _sign) in STATES.items()),
                *(curve(state, sign, LABELS[state], pin=False) for state, (_colour, sign) in STATES.items()),
            ),
            backdrop=lambda axes: axes.grid(False),
        ),
    ),
    grids=("AB;CC",),
    height=4.1,
    heights=(1, 0.13),
    between=0.6,
    legend=("forward.expected", "forward", "forward.band", *STATES),
    columns=6,
)


def view(curves: Curves, states: Sequence[str], sentence: str, table: Table) -> View:
    """Return the view of a network whose layers are in these `states`, each "ok", "warning" or "fault"."""
    shown = {}
    for key, (measured, expected, low, high) in curves._asdict().items():
        shown |= {key: measured, f"{key}.expected": expected, f"{key}.band": (low, high)}
    for state in STATES:
        there = np.array(states) == state
        signs = np.flatnonzero(there)[:: max(1, len(states) // MOST_SIGNS) if state == "ok" else 1] + 1
        shown[f"{state}.cells"] = there.astype(float), np.arange(len(states) + 1) + 0.5
        shown[state] = signs, np.full(len(signs), 0.5)
    return View(shown, sentence, table)


__all__ = ["PICTURE", "Curve", "Curves", "view"]
