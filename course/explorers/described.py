"""The main explorer as plain data, for a program that shows it without Python: its choices, its words, its digits."""

import math
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np

from course import data
from course.activations import ACTIVATIONS, SATURATION
from course.distributions import DISTRIBUTIONS, Distribution
from course.explorers import main, signals
from course.initializers import SCHEMES
from course.live import axes, controls
from course.live.words import number, say
from course.probes import engine

LEFT_OUT = ("networks",)
"""Controls for which one network is not enough."""


def main_explorer() -> dict[str, Any]:
    """Return all that the main explorer takes from tables, as numbers, texts, lists and dicts."""
    built = controls.build(main.CONTROLS)
    words = {name: say(text) for name, text in main.LAYER._asdict().items()}
    words |= {"no_way_back": say(main.NO_WAY_BACK), "said_by_theory": say(signals.THEORY), "infinite": number(math.inf)}
    return {
        "name": main.signal_propagation.view.__name__,
        "title": say(main.TITLE),
        "controls": {name: _control(widget) for name, widget in built.items() if name not in LEFT_OUT},
        "left_out": {name: built[name].value for name in LEFT_OUT},
        "schemes": {name: _scheme(row) for name, row in SCHEMES.items()},
        "activations": {
            name: {"row": place, "flat": SATURATION * row.peak_slope, "shown": row.shown}
            for place, (name, row) in enumerate(ACTIVATIONS.items())
        },
        "directions": _draws(DISTRIBUTIONS["normal"]),
        "batch": signals.BATCH,
        "bins": engine.BINS,
        "counted": engine.COUNTED,
        "digits": _digits(signals.BATCH),
        "panels": [say(panel.title) for panel in main.PICTURE.panels],
        "legend": [say(mark.label) for mark in main.PICTURE.panels[1].marks if mark.label],
        "across": say(main.LAYERS.label),
        "depths": axes.DEPTHS,
        "decades": axes.DECADES,
        "words": words,
        "verdicts": [say(word) for word in signals.VERDICTS],
        "kept": signals.KEPT,
    }


def _control(widget: widgets.ValueWidget) -> dict[str, Any]:
    told = {"label": widget.description, "value": widget.value}
    if hasattr(widget, "options"):
        kind = "stops" if isinstance(widget, widgets.SelectionSlider) else "menu"
        return told | {"kind": kind, "options": [(label, value) for label, value in widget.options]}
    kind = "whole" if isinstance(widget.value, int) else "real"
    return told | {"kind": kind, "min": widget.min, "max": widget.max, "step": widget.step}


def _scheme(row) -> Mapping[str, Any]:
    predicted = row.distribution != "constant" or row.scale == 0
    square = {"scale": row.scale, "over_width": row.mode != "fixed", "predicted": predicted}
    return square | _draws(DISTRIBUTIONS[row.distribution])


def _draws(row: Distribution) -> dict[str, Any]:
    """Return how the numbers of a distribution are drawn, and what they are multiplied by and clipped to then."""
    shares = {"low": float(row.shares.low), "high": float(row.shares.high), "normal": row.shares.normal}
    if orthogonal := row.name == "orthogonal":
        return shares | {"unit": 1.0, "edge": 1e9, "orthogonal": orthogonal}
    unit, edge = row.finish(np, np.float32([[1, 1e9]]), (1, 2))[0].tolist()
    return shares | {"unit": unit, "edge": edge, "orthogonal": orthogonal}


def _digits(batch: int) -> dict[str, Any]:
    """Return the pixels that ever change of the first digits, a byte each, with their means and deviations."""
    pixels = data.digits()[0]
    changing = pixels[:, pixels.std(axis=0) > 0]
    return {
        "pixels": b64encode(changing[:batch].astype(np.uint8).tobytes()).decode(),
        "mean": changing.mean(axis=0).tolist(),
        "deviation": changing.std(axis=0).tolist(),
    }
