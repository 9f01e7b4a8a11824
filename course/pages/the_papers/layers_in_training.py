"""Two starts that a paper compares, trained side by side: the activations of their layers, and their loss."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course.explorers.training_runs import (
    SEEDS_CONTROL,
    Race,
    Start,
    outcome_words,
    predicted_rms,
    seed_group,
    seed_range,
)
from course.live.axes import Axis, fixed
from course.live.controls import buttons, menu
from course.live.declare import explorer
from course.live.marks import band, curve, every, level, paths
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.pages.the_papers.papers import EXPERIMENTS, HERE, PAPER, SEEDS, reproduction
from course.style import LAYERS, PAIR, PREDICTED_DASHES, look, marked_line, seed_band
from course.training import History, Setup


class Lower(NamedTuple):
    """What the lower panels show: a field of `LayerHistory`, in words, a share or values on a logarithmic axis."""

    field: str
    words: str
    share: bool = False


LOWER: Mapping[str, Lower] = MappingProxyType(
    {
        "saturated share": Lower("saturated_share", "share of h that is saturated", share=True),
        "gradients ∂C/∂z": Lower("preactivation_gradient_rms", "rms of ∂C/∂z"),
        "weight gradients ∂C/∂W": Lower("weight_gradient_rms", "rms of ∂C/∂W"),
    }
)
LIMITS = MappingProxyType({"sigmoid": (0.0, 1.0), "tanh": (-1.05, 1.05), "relu": (-2.0, 4.0), "selu": (-2.0, 4.0)})
"""The axis of the activations."""
TANH = "Glorot and Bengio 2010: tanh, 5 hidden layers"
SIDES = {"left": PAIR[0], "right": PAIR[1]}
BARS = 8
"""At most so many vertical bars and markers stand on each line."""
TOP = 1.25
"""The axis of the loss ends at this many times the loss of guessing."""
SHARES, GRADIENTS = fixed(-0.02, 1.02), fixed(1e-6, 1e1, log=True)
"""The axes of the lower panels; what lies below or above is not drawn."""
ANY = fixed(0, 1)
"""In place of an axis of which each experiment has its own."""


def _lines(key: str) -> list:
    looks = [marked_line(*layer, linewidth=1.2) for layer in LAYERS]
    return [curve(f"{key}.{place}", look, pin=False, markers=(0, BARS)) for place, look in enumerate(looks)]


def _upper(side: str) -> Panel:
    bars = [
        paths(f"{side}.std.{place}", look(color=colour, linewidth=1.2), upright=True)
        for place, (colour, _) in enumerate(LAYERS)
    ]
    return Panel("", ANY, ANY, [*bars, *_lines(f"{side}.mean")], key=f"{side}.mean")


def _lower(side: str) -> Panel:
    theory = curve(f"{side}.theory", PREDICTED_DASHES, pin=False)
    return Panel("", ANY, ANY, [*_lines(f"{side}.lower"), theory], key=f"{side}.lower")


def _of_both(key: str) -> list:
    return [curve(f"{side}.{key}", marked_line(*pair), pin=False, markers=(0, BARS)) for side, pair in SIDES.items()]


_RANGES = [band(f"{side}.loss.range", seed_band(colour)) for side, (colour, _) in SIDES.items()]
PICTURE = Picture(
    (
        _upper("left"),
        _upper("right"),
        Panel("Loss, held out", ANY, ANY, [level("guessing"), *_RANGES, *_of_both("loss")], key="loss"),
        _lower("left"),
        _lower("right"),
        Panel("Error, held out", ANY, fixed(0, 1), _of_both("error"), key="error"),
    ),
    grids=("ABC;DEF", "ABCDEF"),
    height=5.6,
    legend=(*(f"left.mean.{place}" for place in range(len(LAYERS))), "left.loss", "right.loss", "left.theory"),
    between=0.52,
)


def begin(experiment: str, size: str, seed: int) -> Race:
    """Return the runs of an experiment, ten seeds of each start."""
    chosen = EXPERIMENTS[experiment]
    return reproduction(chosen, chosen.sizes[size], seed_group(seed, SEEDS))


@explorer(
    "Layers while they train",
    {
        "experiment": menu(tuple(EXPERIMENTS), TANH),
        "size": buttons((HERE, PAPER)),
        "lower": menu(tuple(LOWER), label="below"),
        "seed": SEEDS_CONTROL,
    },
    PICTURE,
    begin=begin,
    views=("lower",),
)
def layers_in_training(race: Race, lower: str, **_settings) -> View:
    """Train the two starts that a paper compares, ten seeds each, and follow up to five of their layers.

    `size` is that of the paper or one that finishes within a minute; `lower` chooses what the lower panels show.
    `state` sets controls by name.
    """
    histories, layers, below = race.histories(), layers_shown(race.setups[0].depth - 1), LOWER[lower]
    columns, names = {"step": ("step", histories[0].steps)}, {}
    curves = {"guessing": histories[0].guessing_loss}
    for side, start, setup, history in zip(SIDES, race.starts, race.setups, histories, strict=True):
        found = _columns(side, say(start.title), history, layers, below)
        numbers = {key: values for key, (_title, values) in found.items()}
        columns |= found
        curves |= _curves(side, history, numbers, layers, race.total)
        if below.field == "preactivation_gradient_rms" and len(history.steps):
            curves[f"{side}.theory"] = np.zeros(len(layers)), gradients_at_start(start, setup, history)[layers - 1]
            names["left.theory"] = say("theory, at step 0")
        names |= _names(side, say(start.title), below)
    names |= {f"left.mean.{place}": say("layer {layer}", layer=layer) for place, layer in enumerate(layers)}
    table = Table(columns)
    return View(curves, describe(race, histories, table, layers, below), table, names, _axes(race, histories[0], below))


def layers_shown(hidden: int) -> np.ndarray:
    """Return the numbers of at most five hidden layers, evenly spread, the first and the last among them."""
    return np.unique(np.rint(np.linspace(1, hidden, min(hidden, len(LAYERS)))).astype(int))


def mean_of_seeds(values: np.ndarray) -> np.ndarray:
    """Return the mean over runs that are still finite, `(records, layers)` of `(records, runs, layers)`, else NaN."""
    alive = np.isfinite(values).all(axis=2, keepdims=True)
    counts = alive.sum(axis=1)
    return np.where(counts > 0, np.where(alive, values, 0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def gradients_at_start(start: Start, setup: Setup, history: History) -> np.ndarray:
    """Return what theory says of the gradients before training, by layer; the last layer's are taken as measured."""
    last = mean_of_seeds(history.layers.preactivation_gradient_rms[:1])[0, -1]
    return predicted_rms(start, setup)[1] * last


def _columns(
    side: str, title: str, history: History, layers: np.ndarray, below: Lower
) -> dict[str, tuple[str, np.ndarray]]:
    found = {
        f"{side}.loss": (say("{start}: median loss", start=title), seed_range(history.losses)[1]),
        f"{side}.error": (say("{start}: median error", start=title), seed_range(1 - history.accuracies)[1]),
    }
    parts = {
        "mean": (say("mean of h"), history.layers.activation_mean),
        "std": (say("std of h"), history.layers.activation_std),
        "lower": (say(below.words), getattr(history.layers, below.field)),
    }
    means = {key: mean_of_seeds(values[..., layers - 1]) for key, (_words, values) in parts.items()}
    for place, layer in enumerate(layers):
        for key, (words, _values) in parts.items():
            words = say("{start}: {what}, layer {layer}", start=title, what=words, layer=layer)
            found[f"{side}.{key}.{layer}"] = words, means[key][:, place]
    return found


def _curves(
    side: str, history: History, numbers: Mapping[str, np.ndarray], layers: np.ndarray, total: int
) -> dict[str, tuple]:
    steps, (low, median, high) = history.steps, seed_range(history.losses)
    curves = {
        f"{side}.loss": (steps, median),
        f"{side}.loss.range": (steps, low, high),
        f"{side}.error": (steps, numbers[f"{side}.error"]),
    }
    barred = slice(None, None, every(BARS, len(steps)))
    for place, layer in enumerate(layers):
        mean, std, lower = (numbers[f"{side}.{key}.{layer}"] for key in ("mean", "std", "lower"))
        aside = steps + (place - len(LAYERS) / 2) * 0.012 * total
        curves[f"{side}.mean.{place}"] = aside, mean
        curves[f"{side}.std.{place}"] = aside[barred], (mean - std)[barred], (mean + std)[barred]
        curves[f"{side}.lower.{place}"] = aside, lower
    return curves


def _names(side: str, title: str, below: Lower) -> dict[str, str]:
    return {
        f"{side}.mean": say("{start}: mean ± std of h", start=title),
        f"{side}.lower": say(below.words),
        f"{side}.loss": title,
    }


def _axes(race: Race, history: History, below: Lower) -> dict[str, Axis]:
    span = -0.045 * race.total, 1.045 * race.total, np.linspace(0, race.total, 3)
    step, unnamed_step = fixed(*span, label="step of training"), fixed(*span)
    axes = {"loss.x": unnamed_step, "loss.y": fixed(0, TOP * history.guessing_loss), "error.x": step}
    for side in SIDES:
        axes |= {f"{side}.mean.x": unnamed_step, f"{side}.mean.y": fixed(*LIMITS[race.setups[-1].activation])}
        axes |= {f"{side}.lower.x": step, f"{side}.lower.y": SHARES if below.share else GRADIENTS}
    return axes


def describe(race: Race, histories: list[History], table: Table, layers: np.ndarray, below: Lower) -> str:
    """Say how far the training is, and where each start and its first and last layer stand."""
    size = {"seeds": len(race.seeds), "steps": race.total}
    first, second = (say(start.title) for start in race.starts)
    if len(table["step"]) == 0:
        text = "Nothing has run yet: {first} and {second} are ready, {seeds} seeds each, {steps} steps."
        return say(text, first=first, second=second, **size)
    outcomes = [outcome_words(history) for history in histories]
    standings = [
        say("{start}: {standing}", start=start, standing=_standing(side, outcome, table, layers, below))
        for side, start, outcome in zip(SIDES, (first, second), outcomes, strict=True)
    ]
    text = "After {step} of {steps} steps, {seeds} seeds each: {standings}."
    return say(text, step=table["step"][-1], standings="; ".join(standings), **size)


def _standing(side: str, outcome: str, table: Table, layers: np.ndarray, below: Lower) -> str:
    if np.isnan(table[f"{side}.loss"][-1]):
        return outcome
    said = [
        say(
            "layer {layer} has h = {mean:.2f} ± {std:.2f}, {what} {value}",
            layer=layer,
            mean=table[f"{side}.mean.{layer}"][-1],
            std=table[f"{side}.std.{layer}"][-1],
            what=say(below.words),
            value=number(table[f"{side}.lower.{layer}"][-1]),
        )
        for layer in layers[[0, -1]]
    ]
    return say(
        "{outcome}, median loss {loss}, error {error:.0%}; {layers}",
        outcome=outcome,
        loss=number(table[f"{side}.loss"][-1]),
        error=table[f"{side}.error"][-1],
        layers=", ".join(said),
    )
