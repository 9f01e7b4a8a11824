"""Units that stay identical: a hidden layer trained from zero, constant or random weights, every step kept."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import data, training
from course.figures.units import MOST_UNITS, UnitsPicture, UnitsPrediction, UnitsRun
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.training import HiddenLayer, Run

STEPS = 1000
ACTIVATIONS = ("tanh", "relu", "sigmoid")
PERTURBATIONS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def identical_units(text: str = "", **state) -> Explorer:
    """Train one hidden layer to tell the points inside a disc from those outside, by plain gradient descent.

    `state` sets controls by name. A whole run is computed once a setting, so that moving `steps` only shows
    more of it.
    """
    picture = UnitsPicture()

    def draw(steps: int, activation: str, **start) -> Frame:
        run = _trained(activation, **start)
        seed = start["seed"] if start["start"] == "random" else 0
        alike = _trained_alike(activation, start["start"], start["units"], seed)
        shown = slice(steps + 1)
        first = run.layers.weights[:, 0]
        measured = UnitsRun(first[shown], training.largest_difference(run.layers)[shown], run.losses[shown])
        predicted = UnitsPrediction(alike.layers.weights[shown, 0, 0], alike.losses[shown])
        last = HiddenLayer(*(part[steps] for part in run.layers))
        return picture.update(measured, predicted, training.distinct_units(last), np.abs(first).max())

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="identical_units",
        title="Do identical units ever differ?",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    sizes = [("none" if size == 0 else f"{size:g}", size) for size in PERTURBATIONS]
    return {
        "start": widgets.Dropdown(options=tuple(training.STARTS), value="constant", description="start"),
        "activation": widgets.Dropdown(options=ACTIVATIONS, value="tanh", description="activation"),
        "perturbation": widgets.SelectionSlider(options=sizes, value=0.0, description="noise"),
        "perturbed": widgets.Dropdown(options=training.PERTURBED, value="weights", description="noise in"),
        "units": widgets.IntSlider(MOST_UNITS, 2, MOST_UNITS, description="units"),
        "steps": widgets.IntSlider(STEPS, 0, STEPS, step=10, description="steps"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


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
