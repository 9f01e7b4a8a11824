"""Many networks with the same start: what He's rule keeps on average, and what a single draw keeps."""

from collections.abc import Mapping

import numpy as np

from course.live.axes import Axis, Range, fixed, layers, step
from course.live.controls import slider, stops
from course.live.declare import explorer
from course.live.marks import bars, curve, level, paths
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.draws import DEEPEST
from course.probes.spread import he_relu_draws
from course.style import ACCENT_LINE, MEASURED_POINTS, PREDICTED_LINE, THIN_LINES

DECADES = (2, 4, 8, 16, 32)
"""The vertical axis reaches down to 10^-d for one of these d, and up to the root of 10^d."""
NETWORKS, BINS = 100, 24
TITLES = {"mean": "mean of the networks", "median": "median", "low": "one in ten is below"}


def _range(values: np.ndarray) -> Range:
    decades = step(DECADES, -np.log10(values.min(initial=1.0)))
    return Range(10.0**-decades, 10.0 ** (decades / 2), 10.0 ** np.linspace(-decades, decades / 2, 4))


MEAN_SQUARES = Axis("", _range, log=True)
PICTURE = Picture(
    (
        Panel(
            "Mean square E[h²] of each network",
            layers(),
            MEAN_SQUARES,
            (
                paths("networks", THIN_LINES),
                level("theory", PREDICTED_LINE, "theory: mean over all draws"),
                curve("median", ACCENT_LINE, "measured median"),
                curve("mean", MEASURED_POINTS, "measured mean"),
            ),
        ),
        Panel(
            "Networks at the last layer",
            fixed(0, 0.6 * NETWORKS, label="how many"),
            MEAN_SQUARES,
            (bars("ends", orientation="horizontal", alpha=0.6),),
            reference=1.0,
        ),
    ),
    grids=("AB",),
    height=3.9,
    widths=(3, 1.1),
    legend=("mean", "median", "theory"),
)


@explorer(
    "100 networks, drawn by the same rule",
    {"depth": slider(50, 1, DEEPEST), "width": stops((16, 32, 64), 32), "seed": slider(0, 0, 4)},
    PICTURE,
)
def many_draws(depth: int, width: int, seed: int) -> View:
    """Draw 100 ReLU networks with He's weights, and follow one input through each of them.

    `state` sets controls by name: `depth`, `width`, and `seed`, another 100 networks each.
    """
    mean_squares = he_relu_draws(seed, width=width, draws=NETWORKS)[:, :depth]
    low, median = np.quantile(mean_squares, [0.1, 0.5], axis=0)
    found = {"mean": mean_squares.mean(axis=0), "median": median, "low": low}
    return View(
        {"networks": mean_squares, "theory": 1.0, "median": median, "mean": found["mean"], "ends": ends(mean_squares)},
        describe(found),
        Table(
            {"layer": ("layer", np.arange(1, depth + 1))}
            | {key: (say("E[h²], {what}", what=say(TITLES[key])), values) for key, values in found.items()}
        ),
    )


def ends(mean_squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many networks end in each bin of the axis, those beyond it in the outermost, and the bins' edges."""
    low, high, _ticks = _range(mean_squares[mean_squares > 0])
    edges = np.geomspace(low, high, BINS + 1)
    return np.histogram(np.clip(mean_squares[:, -1], low, high), edges)


def describe(found: Mapping[str, np.ndarray]) -> str:
    """Say what the mean, the middle and the unlucky tenth of the networks keep at the last layer."""
    text = say(
        "At layer {depth}, {networks} networks keep {mean} of the mean square on average (theory: 1); half of them "
        "keep less than {median}, one in ten less than {low}.",
        depth=len(found["mean"]),
        networks=NETWORKS,
        **{key: number(values[-1]) for key, values in found.items()},
    )
    if found["mean"][-1] >= 0.5:
        return text
    return f"{text} {say('The draws that would lift the mean to 1 are too rare to be among these.')}"
