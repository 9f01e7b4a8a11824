"""Units that stay identical: a hidden layer trained from zero, constant or random weights, every step kept."""

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course import data, training
from course.live.axes import Axis, Range, fixed, growing, step
from course.live.controls import SEED, menu, slider, stops
from course.live.declare import explorer
from course.live.marks import NOTHING, Live, Mark, Values, curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import GROUND, LINE_NUMBER, MEASURED_LINE, MEASURED_POINTS, PREDICTED_LINE, ZERO
from course.training import HiddenLayer, Run

STEPS = 1000
MOST_UNITS = 8
UNITS = range(1, MOST_UNITS + 1)
ACTIVATIONS = ("tanh", "relu", "sigmoid")
PERTURBATIONS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
STEP_STEPS = (50, 200, 1000)
LOWEST, HIGHEST = 1e-8, 1e2
"""The axis of the differences; a difference of exactly 0 is a triangle on its lower edge."""


class Numbers(Live):
    """A number for each of several lines, at places of its own, so that equal lines can be counted.

    Data are the lines' heights of shape `(steps, lines)`, for which the axis has room, and the last step shown.
    """

    def __init__(self, axes: Axes):
        (self._ground,) = axes.plot([], [], **GROUND)
        self._numbers = [axes.plot([], [], marker=f"${unit}$", **LINE_NUMBER)[0] for unit in UNITS]
        super().__init__(axes, [*self._numbers, self._ground])
        self.moving = [self._ground, *self._numbers]

    def extent(self, data: tuple[np.ndarray, int]) -> Values:
        return np.empty(0), data[0].ravel()

    def show(self, data: tuple[np.ndarray, int]) -> None:
        heights, last = data
        spacing, units = round(self.axes.get_xlim()[1] / 1.02) // 14, heights.shape[1]
        places = [np.arange(unit * spacing, last - spacing // 3, (units + 1) * spacing) for unit in UNITS[:units]]
        spots = [(place, heights[place, unit]) for unit, place in enumerate(places)]
        for line, spot in zip(self._numbers, spots + [NOTHING] * (MOST_UNITS - units), strict=True):
            line.set_data(*spot)
        self._ground.set_data(*np.concatenate(spots, axis=1))


def _steps(values: np.ndarray) -> Range:
    last = step(STEP_STEPS, values.max(initial=0))
    return Range(-0.02 * last, 1.02 * last, np.linspace(0, last, 5 if last % 4 == 0 else 6))


TRAINING = Axis("step of training", _steps)
PICTURE = Picture(
    (
        Panel(
            "Weight of each unit's first input",
            TRAINING,
            growing(1, 3, 5, 10, 20, symmetric=True),
            (
                *(curve(f"unit.{unit}", MEASURED_LINE) for unit in UNITS),
                curve("weight.identical", PREDICTED_LINE, "predicted if all stay identical"),
                Mark("numbers", Numbers, "a unit: its number on its line"),
                curve("ends", MEASURED_POINTS, "measured", pin=False),
            ),
            reference=0.0,
        ),
        Panel(
            "Largest difference of two units",
            TRAINING,
            fixed(LOWEST, HIGHEST, 10.0 ** np.arange(-8, 3, 2), log=True),
            (curve("difference", MEASURED_POINTS), curve("zero", ZERO, "exactly 0")),
        ),
        Panel(
            "Loss",
            TRAINING,
            growing(0.8, 1.8),
            (curve("loss", MEASURED_POINTS), curve("loss.identical", PREDICTED_LINE)),
        ),
    ),
    grids=("ABC",),
    height=3.7,
    widths=(1.5, 1, 1),
    legend=("numbers", "ends", "weight.identical", "zero"),
)


@explorer(
    "Do identical units ever differ?",
    {
        "start": menu(tuple(training.STARTS), "constant"),
        "activation": menu(ACTIVATIONS),
        "perturbation": stops({f"{size:g}" if size else "none": size for size in PERTURBATIONS}, label="noise"),
        "perturbed": menu(training.PERTURBED, "weights", label="noise in"),
        "units": slider(MOST_UNITS, 2, MOST_UNITS),
        "steps": slider(STEPS, 0, STEPS, step=10),
        "seed": SEED,
    },
    PICTURE,
)
def identical_units(steps: int, activation: str, units: int, **start: Any) -> View:
    """Train one hidden layer to tell the points inside a disc from those outside, by plain gradient descent.

    `state` sets controls by name. A whole run is computed once a setting, so that moving `steps` only shows
    more of it.
    """
    run = _trained(activation, units=units, **start)
    alike = _trained_alike(activation, start["start"], units, start["seed"] if start["start"] == "random" else 0)
    weights, so_far = run.layers.weights[:, 0], np.arange(steps + 1)
    shown = np.append(np.arange(0, steps, step(STEP_STEPS, steps) // 25), steps)
    lines = {f"unit.{unit}": path for unit, path in zip(UNITS, weights.T, strict=False)}
    identical = {"weight.identical": alike.layers.weights[:, 0, 0], "loss.identical": alike.losses}
    points = {"difference": training.largest_difference(run.layers), "loss": run.losses}
    exactly_0 = shown[points["difference"][shown] == 0]
    last = HiddenLayer(*(part[steps] for part in run.layers))
    return View(
        {key: (so_far, values[so_far]) for key, values in (lines | identical).items()}
        | {key: (shown, values[shown]) for key, values in points.items()}
        | {
            "zero": (exactly_0, np.full(exactly_0.shape, LOWEST)),
            "numbers": (weights, steps),
            "ends": (np.full(units, steps), weights[steps]),
        },
        describe(steps, units, training.distinct_units(last), points["difference"][steps], run.losses, alike.losses),
        _table(shown, lines | points | identical),
    )


@lru_cache(maxsize=64)
def _trained(activation: str, start: str, units: int, perturbation: float, perturbed: str, seed: int) -> Run:
    layer = training.starting_layer(start, units, perturbation=perturbation, perturbed=perturbed, seed=seed)
    return training.train(layer, *data.disc(), activation, steps=STEPS)


@lru_cache(maxsize=64)
def _trained_alike(activation: str, start: str, units: int, seed: int) -> Run:
    """Train the layer's first unit alone and count it `units` times: what units that stay identical must do."""
    layer = training.starting_layer(start, units, seed=seed)
    first = HiddenLayer(layer.weights[:, :1], layer.biases[:1], layer.outgoing[:1], layer.output_bias)
    return training.train(first, *data.disc(), activation, steps=STEPS, copies=units)


def _table(shown: np.ndarray, curves: dict[str, np.ndarray]) -> Table:
    titles = {f"unit.{unit}": say("weight into unit {unit}", unit=unit) for unit in UNITS} | {
        "difference": "largest difference",
        "weight.identical": "weight, if all stay identical",
        "loss.identical": "loss, if all stay identical",
    }
    columns = {key: (titles.get(key, key), values[shown]) for key, values in curves.items()}
    return Table({"step": ("step", shown), **columns})


def describe(
    steps: int, units: int, distinct: int, difference: float, losses: np.ndarray, identical: np.ndarray
) -> str:
    """Say how many different units there are at the last step, how far apart they are, and what the loss is."""
    if difference == 0:
        text = "{when} the {units} units are 1 distinct unit: no weight of theirs differs in any digit, and {loss}."
    elif distinct == 1:
        text = "{when} the {units} units still act as 1 unit: {apart}, less than can be seen, and {loss}."
    else:
        text = "{when} the {units} units are {distinct} distinct units: {apart}, and {loss}."
    loss = "the loss is {loss:.3f} (identical units: {identical:.3f})"
    return say(
        text,
        when=say("After {steps} steps of training", steps=steps) if steps else say("Before training"),
        units=units,
        distinct=distinct,
        apart=say("weights of two of them differ by up to {difference}", difference=number(difference)),
        loss=say(loss, loss=losses[steps], identical=identical[steps]),
    )
