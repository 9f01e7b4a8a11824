"""Lazy or rich: one network from two output scales, how far its weights move, and what becomes of the sharpness."""

import functools

import numpy as np

from course import theory
from course.live.axes import fixed
from course.live.controls import slider, stops
from course.live.declare import explorer
from course.live.marks import Mark, curve, level, note
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import NOTE, PAIR, PREDICTED_LINE, marked_line
from course.training import output_scale
from course.training.output_scale import Descent

STEPS, RECORDS = 600, 30
RATES = (1.0, 2.0, 4.0, 6.0)
RICH, LAZY = (0.05, 0.1, 0.2, 0.5, 1.0), (1.0, 2.0, 4.0, 8.0)
SAME = 0.1
"""The scales are compared where the loss of training has fallen to this share of what it was."""
MARKERS = 12
_KEYS = ("rich", "lazy")


class Compared:
    """Two output scales of one network, and what theory says of a lazy one."""

    def __init__(self, scales: tuple[float, float], learning_rate: float, seed: int):
        self.scales, self.learning_rate = scales, learning_rate
        self.found: Descent = output_scale.descend(scales, learning_rate, seed, steps=STEPS, records=RECORDS)
        given = output_scale.problem(seed)
        kernel = theory.relu_kernel(given.inputs)
        self.theory = theory.linear_descent(kernel, given.targets, learning_rate, STEPS)

    def record(self, place: int) -> int | None:
        """Return the first record of a scale at which its loss is `SAME` times that of the beginning."""
        low = self.found.losses[place] <= SAME * self.found.losses[place, 0]
        return int(low.argmax()) if low.any() else None


compared = functools.lru_cache(maxsize=16)(Compared)


def _lines(panel: str) -> list[Mark]:
    return [
        curve(f"{panel}.{key}", marked_line(*look), "", pin=False, markers=(place, MARKERS))
        for place, (key, look) in enumerate(zip(_KEYS, PAIR[::-1], strict=True))
    ]


_X = fixed(-0.01 * STEPS, 1.01 * STEPS, label="step of gradient descent")
PICTURE = Picture(
    (
        Panel(
            "loss of training",
            _X,
            fixed(1e-4, 1, label="half the mean squared error", log=True),
            (*_lines("loss"), curve("loss.theory", PREDICTED_LINE, "theory: a lazy network", pin=False)),
        ),
        Panel(
            "weights: distance moved / size",
            _X,
            fixed(1e-3, 3, label="", log=True),
            (
                *_lines("moved"),
                *(curve(f"moved.{key}.theory", PREDICTED_LINE, "", pin=False) for key in _KEYS),
            ),
        ),
        Panel(
            "sharpness",
            _X,
            fixed(0, 2.2),
            (
                *_lines("sharpness"),
                level("sharpness.theory", PREDICTED_LINE),
                level("edge"),
                note("edge.name", "2/η", NOTE),
            ),
            key="sharpness",
        ),
    ),
    grids=("ABC",),
    height=4.3,
    legend=("loss.rich", "loss.lazy", "loss.theory"),
    columns=3,
    left=0.75,
    renamed=True,
)


@explorer(
    "Lazy or rich?",
    {
        "rich": stops(RICH, 0.1, label="output scale α"),
        "lazy": stops(LAZY, 8.0, label="another α"),
        "learning_rate": stops(RATES, 4.0, label="learning rate η"),
        "seed": slider(0, 0, 9),
    },
    PICTURE,
)
def lazy_or_rich(rich: float, lazy: float, learning_rate: float, seed: int) -> View:
    """Train one network from two output scales by gradient descent on all examples, and follow weights and sharpness.

    `state` sets controls by name.
    """
    pair = compared((rich, lazy), learning_rate, seed)
    found, steps = pair.found, np.arange(STEPS + 1)
    edge = 2 / learning_rate
    curves = {
        "loss.theory": (steps, pair.theory.losses),
        "sharpness.theory": pair.theory.sharpness,
        "edge": edge,
        "edge.name": (1.01 * STEPS, 1.04 * edge),
    }
    names, columns = {}, {"step": ("step", found.steps)}
    for place, (key, scale) in enumerate(zip(_KEYS, pair.scales, strict=True)):
        distance = pair.theory.distances / scale / output_scale.size_at_start()
        curves |= {
            f"loss.{key}": (found.steps, found.losses[place]),
            f"moved.{key}": (found.steps, found.moved[place]),
            f"moved.{key}.theory": (steps, distance),
            f"sharpness.{key}": (found.steps, found.sharpness[place]),
        }
        names[f"loss.{key}"] = say("α = {scale:g}", scale=scale)
        for field, title in _COLUMNS.items():
            columns[f"{key}.{field}"] = say(title, scale=scale), getattr(found, field)[place]
    top = max(1.25 * edge, 1.1 * float(np.max(found.sharpness, where=np.isfinite(found.sharpness), initial=0)))
    return View(curves, describe(pair), Table(columns), names, {"sharpness.y": _sharpness_axis(top)})


_COLUMNS = {
    "losses": "α = {scale:g}: loss of training",
    "test_losses": "α = {scale:g}: loss of other examples",
    "moved": "α = {scale:g}: distance moved",
    "along": "α = {scale:g}: share of the weights along the direction",
    "sharpness": "α = {scale:g}: sharpness",
}


@functools.cache
def _sharpness_axis_to(high: float):
    return fixed(0, high)


def _sharpness_axis(needed: float):
    return _sharpness_axis_to(next((high for high in (0.3, 0.5, 0.75, 1.5, 3.0) if needed <= high), 6.0))


def describe(pair: Compared) -> str:
    """Say for both scales what they are at the same loss, and how sharp it is at the end."""
    parts = [_of_one(pair, place) for place in range(len(pair.scales))]
    return say(
        "With the loss of training at a tenth of what it was: {parts}. Sharpness of a lazy network by theory {theory}, "
        "edge of stability 2/η = {edge:.2g}.",
        parts="; ".join(parts),
        theory=number(pair.theory.sharpness),
        edge=2 / pair.learning_rate,
    )


def _of_one(pair: Compared, place: int) -> str:
    at, scale, sharpness = pair.record(place), pair.scales[place], pair.found.sharpness[place, -1]
    if not np.isfinite(sharpness):
        return say("α = {scale:g} has diverged", scale=scale)
    if at is None:
        return say("α = {scale:g} is not there yet", scale=scale)
    return say(
        "α = {scale:g} has moved its weights by {moved}% and has {along:.0%} of them along the direction, loss of "
        "other examples {other} (sharpness at the end {sharpness})",
        scale=scale,
        moved=number(100 * pair.found.moved[place, at]),
        along=pair.found.along[place, at],
        other=number(pair.found.test_losses[place, at]),
        sharpness=number(sharpness),
    )
