"""The picture of a training run that is watched: the loss against guessing, and updates over weights, by step."""

import base64
import html
import math
from typing import Any

import numpy as np

from course.diagnosis.watching import USUAL
from course.live.axes import decades, growing
from course.live.marks import curve
from course.live.panels import Drawing, Panel, Picture, View
from course.style import MEASURED_POINTS, PREDICTED_LINE, look

LINE = look(linewidth=1.0, marker="o", markersize=3)
STEPS = growing(50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, label="step")
LOSSES = growing(1, 2, 3, 5, 10, 20, 50, 100, 1000, label="")
PICTURE = Picture(
    (
        Panel(
            "Loss",
            STEPS,
            LOSSES,
            (curve("loss", MEASURED_POINTS, "measured"), curve("guessing", PREDICTED_LINE, "guessing")),
        ),
        Panel(
            "Update over weights (most, median, least)",
            STEPS,
            decades(),
            (
                curve("median", MEASURED_POINTS, pin=False),
                curve("most", LINE, pin=False),
                curve("least", LINE, pin=False),
                curve("usual", PREDICTED_LINE, "about 1/1000", pin=False),
            ),
        ),
    ),
    grids=("AB",),
    height=3.2,
    legend=("loss", "guessing", "usual"),
    columns=3,
)


def drawn(run: Any) -> bytes:
    """Return a run's picture as PNG bytes."""
    table = run.table
    steps = np.asarray(table["step"], float)
    ends = steps[[0, -1]] if len(steps) else np.zeros(0)
    shown = {"loss": (steps, np.asarray(table["loss"], float)), "usual": (ends, np.full(len(ends), USUAL))}
    guessing = math.nan if run.classes is None else math.log(run.classes)
    shown["guessing"] = ends, np.full(len(ends), guessing)
    shown |= {word: (steps, np.asarray(table[f"updates.{word}"], float)) for word in ("median", "most", "least")}
    return Drawing(PICTURE).show(View(shown, run.sentence, table)).image


def as_html(run: Any) -> str:
    """Return a run's picture and sentence for a page."""
    picture, sentence = base64.b64encode(drawn(run)).decode(), html.escape(run.sentence, quote=True)
    alt = f"Loss and updates over weights by step. {sentence}"
    return f'<img src="data:image/png;base64,{picture}" alt="{alt}" style="max-width:100%"><p>{sentence}</p>'
