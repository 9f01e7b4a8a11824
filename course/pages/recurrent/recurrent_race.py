"""Recurrent networks that learn to add side by side: same sequences, other initializations."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course.explorers.training_runs import PLACES, layer_lines, loss_curves, loss_lines, record_at, standing
from course.live.axes import fixed, powers
from course.live.controls import menu, slider, stops
from course.live.declare import explorer
from course.live.marks import level, note
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.networks.recurrent import CHRONO, LSTM
from course.style import MOMENT, NOTE, look
from course.training.adding import DEFAULT, GUESSING, AddingHistory, AddingTraining, AddingTrial
from course.training.round_robin import RoundRobin

RATES = (0.001, 0.003, 0.01, 0.03)
STEPS = (300, 500, 1000)
LOWEST, HIGHEST = 1e-4, 3.0
"""The axis of the mean squared error."""
BELOW = look(**{**NOTE, "xytext": (-3, -10)})
"""Words under the reference line, where most runs leave room."""
LEARNED = 0.5
"""A run has learned whose error is below this share of that of guessing."""


class Runner(NamedTuple):
    """One initialization: its name in the legend, and its trial."""

    title: str
    trial: AddingTrial


LINE_UPS: Mapping[str, Sequence[Runner]] = MappingProxyType(
    {
        "simple cells and LSTMs": (
            Runner("tanh, normal", AddingTrial()),
            Runner("tanh, orthogonal", AddingTrial(weights="orthogonal")),
            Runner("ReLU, identity", AddingTrial("ReLU", "identity")),
            Runner("LSTM, bias 0", AddingTrial(LSTM)),
            Runner("LSTM, bias 1", AddingTrial(LSTM, forget="1")),
            Runner("LSTM, chrono", AddingTrial(LSTM, forget=CHRONO)),
        ),
        "ReLU and LSTM, other weights": (
            Runner("ReLU, normal", AddingTrial("ReLU")),
            Runner("ReLU, orthogonal", AddingTrial("ReLU", "orthogonal")),
            Runner("ReLU, identity", AddingTrial("ReLU", "identity")),
            Runner("LSTM, bias 2", AddingTrial(LSTM, forget="2")),
            Runner("LSTM, bias 1, orthogonal", AddingTrial(LSTM, "orthogonal", "1")),
            Runner("LSTM, chrono, orthogonal", AddingTrial(LSTM, "orthogonal", CHRONO)),
        ),
    }
)
"""Who races, by the name in the menu: simple cells first, and then LSTMs."""


class Race(RoundRobin):
    """Simple cells and LSTMs, which have a program each, in turns."""

    def __init__(self, trials: Sequence[AddingTrial], steps: int):
        simple = [trial for trial in trials if trial.cell != LSTM]
        self._trainings = [
            AddingTraining(part, steps=steps) for part in (simple, [trial for trial in trials if trial.cell == LSTM])
        ]
        super().__init__(self._trainings)

    @property
    def history(self) -> AddingHistory:
        """What was recorded of all runs, of the same moments for all."""
        parts = [training.history for training in self._trainings]
        records = min(len(part.steps) for part in parts)
        losses, gradients = (
            np.concatenate([getattr(part, name)[:records] for part in parts], axis=1)
            for name in ("losses", "gradient_rms")
        )
        lost = np.concatenate([part.diverged_at for part in parts])
        return AddingHistory(parts[0].steps[:records], losses, gradients, lost)


PICTURE = Picture(
    (
        Panel(
            "Mean squared error on other sequences",
            fixed(0, 1),
            fixed(LOWEST, HIGHEST, log=True),
            (
                level("guessing"),
                level("moment", MOMENT, upright=True),
                note("guessing.name", "always 1", BELOW),
                *loss_lines(),
            ),
            key="loss",
        ),
        Panel(
            "rms of ∂C/∂state by step, at the moment",
            fixed(0.5, DEFAULT.length + 0.5, label="step of the sequence"),
            powers(1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 36),
            layer_lines("gradient"),
        ),
    ),
    grids=("AB",),
    height=4.4,
    legend=tuple(f"loss.{place}" for place in PLACES),
    columns=2,
    renamed=True,
)


def begin(line_up: str, learning_rate: float, seed: int, steps: int) -> Race:
    """Return the runs of a race."""
    return Race(
        [runner.trial._replace(learning_rate=learning_rate, seed=seed) for runner in LINE_UPS[line_up]], steps=steps
    )


@explorer(
    "Recurrent networks that learn to add",
    {
        "line_up": menu(tuple(LINE_UPS), label="initializations"),
        "learning_rate": stops(RATES, 0.01),
        "steps": stops(STEPS, 300),
        "seed": slider(0, 0, 9),
        "moment": slider(0.0, 0.0, 1.0),
    },
    PICTURE,
    begin=begin,
    views=("moment",),
)
def recurrent_race(race: Race, moment: float, line_up: str, **_settings) -> View:
    """Train six small recurrent networks side by side on the adding problem, with Adam and clipped gradients.

    `moment` is a share of the steps: gradients are shown as they were then. `state` sets controls by name.
    """
    history, runners = race.history, LINE_UPS[line_up]
    record, end = record_at(history.steps, moment, race.total), 1.01 * race.total
    curves = {
        "guessing": GUESSING,
        "guessing.name": (end, GUESSING),
        "moment": history.steps[record] if len(history.steps) else 0,
    }
    names, table = {}, {"step": ("step", history.steps)}
    for place, runner in enumerate(runners):
        curves |= _measured(place, history, record)
        title = say(runner.title)
        names[f"loss.{place}"] = say("{start}: {standing}", start=title, standing=standing(history, place, outcome))
        table[f"{place + 1}"] = say("{start}: mean squared error", start=title), history.losses[:, place]
    axes = {"loss.x": fixed(-0.01 * race.total, end, label="step of training")}
    return View(curves, describe(race, history, runners), Table(table), names, axes)


def _measured(place: int, history: AddingHistory, record: int) -> dict[str, np.ndarray | tuple]:
    if len(history.steps) == 0:
        return {}
    return loss_curves(history, place, HIGHEST) | {
        f"gradient.{place}": history.gradient_rms[record, place],
    }


def outcome(history: AddingHistory, place: int) -> str:
    """Return in words what a run has come to, by its last error and that of guessing."""
    if history.diverged_at[place] >= 0:
        return say("diverged by step {step}", step=history.diverged_at[place])
    return say("adds") if history.losses[-1, place] < LEARNED * GUESSING else say("guesses")


def describe(race: Race, history: AddingHistory, runners: Sequence[Runner]) -> str:
    """Say how far the race is and where each initialization stands."""
    if len(history.steps) == 0:
        text = "Nothing has run yet: {count} networks are ready for {steps} steps on sequences of {length}."
        return say(text, count=len(runners), steps=race.total, length=DEFAULT.length)
    standings = [
        say("{start}: {standing}", start=say(runner.title), standing=standing(history, place, outcome))
        for place, runner in enumerate(runners)
    ]
    return say(
        "After {step} of {steps} steps, mean squared error on other sequences (always 1: {guessing:.3f}): {standings}.",
        step=history.steps[-1],
        steps=race.total,
        guessing=GUESSING,
        standings="; ".join(standings),
    )
