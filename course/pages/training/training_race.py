"""The race: several initializations of one network, trained side by side on the same batches, several seeds each."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from course import initializers
from course.activations import ACTIVATIONS
from course.explorers.training_runs import (
    PLACES,
    SEEDS_CONTROL,
    Race,
    Start,
    layer_lines,
    loss_lines,
    outcome_words,
    predicted_rms,
    record_at,
    seed_group,
    seed_range,
)
from course.live.axes import fixed, layers, powers
from course.live.controls import menu, slider, stops
from course.live.declare import explorer
from course.live.marks import band, curve, level
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.style import MOMENT, PREDICTED_LINE, STARTS, seed_band
from course.training import OPTIMIZERS, TASKS, History, Setup

WIDTH, BATCH, SEEDS = 64, 32, 5
DEPTHS = (2, 3, 5, 10, 15, 20, 30, 50)
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
STEPS = (300, 1000, 3000)
TOP = 1.6
"""The axis of the loss ends at this many times the loss of guessing."""


def _scheme(name: str) -> Start:
    return Start(initializers.named(name).title, name)


LINE_UPS: Mapping[str, Sequence[Start]] = MappingProxyType(
    {
        "six schemes": tuple(
            _scheme(name)
            for name in ("normal_0.01", "standard_uniform", "glorot_uniform", "he_normal", "orthogonal", "normal_1")
        ),
        "Xavier and He": (_scheme("glorot_normal"), _scheme("he_normal")),
        "He initialization times a gain": tuple(
            Start(f"He initialization times {gain}", "he_normal", gain) for gain in (0.5, 0.7, 1.0, 1.4, 2.0)
        ),
        "ReLU and SELU": (
            Start("ReLU with He initialization", "he_normal", activation="relu"),
            Start("SELU with LeCun initialization", "lecun_normal", activation="selu"),
        ),
    }
)
"""Who races, by the name in the menu."""

LAYERS = layers(5, 10, 20, 30, 50, 100)


def _by_layer(key: str, title: str) -> Panel:
    marks = layer_lines(key)
    marks += [curve(f"{key}.{place}.theory", PREDICTED_LINE, "theory, before training", pin=False) for place in PLACES]
    return Panel(title, LAYERS, powers(1, 2, 3, 4, 6, 8, 12, 16, 24, 38), marks)


PICTURE = Picture(
    (
        Panel(
            "Loss, held out: median and range of the seeds",
            fixed(0, 1),
            fixed(0, 1),
            (
                level("guessing", label="guessing"),
                level("moment", MOMENT, upright=True),
                *(band(f"loss.{place}.range", seed_band(colour)) for place, (colour, _) in enumerate(STARTS)),
                *loss_lines(),
            ),
            key="loss",
        ),
        _by_layer("signal", "rms of the activations h, at the moment"),
        _by_layer("gradient", "rms of ∂C/∂z, at the moment"),
    ),
    grids=("AB;AC", "ABC"),
    height=5.6,
    widths=(1.25, 1),
    legend=(*(f"loss.{place}" for place in PLACES), "signal.0.theory", "guessing"),
    columns=2,
    renamed=True,
)


def begin(line_up: str, learning_rate: float, seed: int, steps: int, **setup) -> Race:
    """Return the runs of a race, five seeds of each start."""
    setup = Setup(width=WIDTH, batch=BATCH, **setup)
    return Race(LINE_UPS[line_up], setup, seed_group(seed, SEEDS), learning_rate=learning_rate, steps=steps)


@explorer(
    "A race of initializations",
    {
        "line_up": menu(tuple(LINE_UPS), label="initializations"),
        "activation": menu(tuple(ACTIVATIONS), "relu"),
        "depth": stops(DEPTHS, 10),
        "learning_rate": stops(RATES, 0.05),
        "optimizer": menu(tuple(OPTIMIZERS), "sgd"),
        "task": menu(tuple(TASKS), "digits"),
        "steps": stops(STEPS, 300),
        "seed": SEEDS_CONTROL,
        "moment": slider(0.0, 0.0, 1.0),
    },
    PICTURE,
    begin=begin,
    views=("moment",),
)
def training_race(race: Race, moment: float, **_settings) -> View:
    """Train one network with several initializations side by side, on the same batches, with five seeds each.

    `moment` is a share of the steps: the layers are shown as they were then. `state` sets controls by name.
    """
    histories = race.histories()
    steps, guessing = histories[0].steps, histories[0].guessing_loss
    record = record_at(steps, moment, race.total)
    end = 1.01 * race.total
    curves = {
        "guessing": guessing,
        "moment": steps[record] if len(steps) else 0,
    }
    names, table = {}, {"step": ("step", steps)}
    for place, (start, setup, history) in enumerate(zip(race.starts, race.setups, histories, strict=True)):
        curves |= _predicted(place, start, setup, history) | _measured(place, history, record)
        names[f"loss.{place}"] = say("{start}: {outcome}", start=say(start.title), outcome=outcome_words(history))
        table |= _columns(f"{place + 1}", start, history)
    axes = {"loss.x": fixed(-0.01 * race.total, end, label="step of training"), "loss.y": fixed(0, TOP * guessing)}
    return View(curves, describe(race, histories), Table(table), names, axes)


def _predicted(place: int, start: Start, setup: Setup, history: History) -> dict[str, np.ndarray]:
    """Return what theory says of a start's layers; of gradients it says what they are relative to the last layer's."""
    signal, gradient = predicted_rms(start, setup)
    curves = {f"signal.{place}.theory": signal}
    if len(history.steps):
        last = _median(history.layers.preactivation_gradient_rms[0])[-1]
        curves[f"gradient.{place}.theory"] = gradient * last
    return curves


def _measured(place: int, history: History, record: int) -> dict[str, np.ndarray | tuple]:
    if len(history.steps) == 0:
        return {}
    low, median, high = seed_range(history.losses)
    first_lost = np.sort(history.diverged_at[history.diverged_at >= 0])[:1]
    return {
        f"loss.{place}": (history.steps, median),
        f"loss.{place}.range": (history.steps, low, high),
        f"loss.{place}.lost": (first_lost, np.full(len(first_lost), TOP * history.guessing_loss)),
        f"signal.{place}": _median(history.layers.activation_rms[record]),
        f"gradient.{place}": _median(history.layers.preactivation_gradient_rms[record]),
    }


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over seeds that still run, `(hidden,)` of `(seeds, hidden)`; NaN where none does."""
    alive = np.isfinite(values).all(axis=1)
    return np.median(values[alive], axis=0) if alive.any() else np.full(values.shape[1], np.nan)


def _columns(key: str, start: Start, history: History) -> dict[str, tuple[str, np.ndarray]]:
    low, median, high = seed_range(history.losses)
    title = say(start.title)
    return {
        f"{key}.least": (say("{start}: least loss", start=title), low),
        f"{key}.median": (say("{start}: median loss", start=title), median),
        f"{key}.greatest": (say("{start}: greatest loss", start=title), high),
    }


def describe(race: Race, histories: Sequence[History]) -> str:
    """Say how far the race is and where each start stands."""
    steps = histories[0].steps
    if len(steps) == 0:
        return say(
            "Nothing has run yet: {starts} initializations with {seeds} seeds each are ready for {steps} steps. Black "
            "dashes are what theory predicts of each, by layer.",
            starts=len(race.starts),
            seeds=len(race.seeds),
            steps=race.total,
        )
    standings = [
        say("{start}: {standing}", start=say(start.title), standing=_standing(history))
        for start, history in zip(race.starts, histories, strict=True)
    ]
    return say(
        "After {step} of {steps} steps, {seeds} seeds each, median loss on examples held out (guessing: "
        "{guessing:.2f}): {standings}.",
        step=steps[-1],
        steps=race.total,
        seeds=len(race.seeds),
        guessing=histories[0].guessing_loss,
        standings="; ".join(standings),
    )


def _standing(history: History) -> str:
    median, words = seed_range(history.losses[-1:])[1][0], outcome_words(history)
    return words if np.isnan(median) else f"{number(median)}, {words}"
