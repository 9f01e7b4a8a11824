"""Small language models that learn English side by side: same text, same batches, other initializations."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course.explorers.training_runs import PLACES, layer_lines, loss_curves, loss_lines, record_at, standing
from course.live.axes import fixed, layers, powers
from course.live.controls import menu, slider, stops
from course.live.declare import explorer
from course.live.marks import level, note
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.style import MOMENT, NOTE, look
from course.training.text import LECUN, TextHistory, TextSetup, TextTraining, TextTrial

SETUP = TextSetup(blocks=4)
RATES = (0.001, 0.002, 0.005, 0.01, 0.02)
STEPS = (150, 300, 600)
WARMUP = 1 / 3
"""The share of all steps over which a warm-up lets the learning rate rise."""
LOWEST, HIGHEST = 1.5, 5.0
"""The axis of the loss, in nats a character."""
BELOW = look(**{**NOTE, "xytext": (-3, -10)})
BELOW_LEFT = look(**{**NOTE, "xytext": (3, -10), "ha": "left"})
"""Words under a reference line, where losses leave room."""
EMBEDDING = 1 / math.sqrt(SETUP.width)


class Runner(NamedTuple):
    """One initialization: its name in the legend, its trial, and whether its learning rate rises at first."""

    title: str
    trial: TextTrial
    warms_up: bool = False


LINE_UPS: Mapping[str, Sequence[Runner]] = MappingProxyType(
    {
        "where the normalization stands": (
            Runner("pre-LN", TextTrial("pre-LN", embedding_std=EMBEDDING)),
            Runner("post-LN", TextTrial("post-LN", embedding_std=EMBEDDING)),
            Runner("post-LN, warm-up", TextTrial("post-LN", embedding_std=EMBEDDING), warms_up=True),
            Runner("no LN", TextTrial("no LN", embedding_std=EMBEDDING)),
            Runner("no LN, ReZero", TextTrial("no LN", "rezero", embedding_std=EMBEDDING)),
            Runner("DeepNorm", TextTrial("post-LN", "deepnorm", embedding_std=EMBEDDING)),
        ),
        "pre-LN, other weights": (
            Runner("all 1/√n", TextTrial(std=LECUN, embedding_std=EMBEDDING)),
            Runner("GPT-2's", TextTrial(std=0.02, scaling="1/√2L", embedding_std=0.02)),
            Runner("outputs zero", TextTrial(scaling="zero", embedding_std=EMBEDDING)),
            Runner("embeddings of std 1", TextTrial(embedding_std=1.0)),
            Runner("all of std 1", TextTrial(std=1.0, embedding_std=EMBEDDING)),
            Runner("logits not divided", TextTrial(divided=False, embedding_std=EMBEDDING)),
        ),
    }
)
"""Who races, by the name in the menu."""
BLOCKS = layers(5, label="block")


def _by_block(key: str, title: str) -> Panel:
    return Panel(title, BLOCKS, powers(1, 2, 3, 4, 6, 8, 12, 16, 24, 38), layer_lines(key))


PICTURE = Picture(
    (
        Panel(
            "Loss on text held out, in nats a character",
            fixed(0, 1),
            fixed(LOWEST, HIGHEST),
            (
                level("guessing"),
                level("pairs"),
                level("moment", MOMENT, upright=True),
                note("guessing.name", "frequencies of characters", BELOW),
                note("pairs.name", "last character alone", BELOW_LEFT),
                *loss_lines(),
            ),
            key="loss",
        ),
        _by_block("stream", "rms of the stream x, at the moment"),
        _by_block("gradient", "rms of ∂C/∂x, at the moment"),
    ),
    grids=("AB;AC", "ABC"),
    height=5.6,
    widths=(1.25, 1),
    legend=tuple(f"loss.{place}" for place in PLACES),
    columns=2,
    renamed=True,
)


def begin(line_up: str, learning_rate: float, seed: int, steps: int) -> TextTraining:
    """Return the runs of a race."""
    trials = [
        runner.trial._replace(
            learning_rate=learning_rate, seed=seed, warmup=round(WARMUP * steps) if runner.warms_up else 1
        )
        for runner in LINE_UPS[line_up]
    ]
    return TextTraining(trials, SETUP, steps=steps)


@explorer(
    "Transformers that learn English",
    {
        "line_up": menu(tuple(LINE_UPS), label="initializations"),
        "learning_rate": stops(RATES, 0.005),
        "steps": stops(STEPS, 300),
        "seed": slider(0, 0, 9),
        "moment": slider(0.0, 0.0, 1.0),
    },
    PICTURE,
    begin=begin,
    views=("moment",),
)
def transformer_race(race: TextTraining, moment: float, line_up: str, **_settings) -> View:
    """Train six small transformers side by side on the same text, with Adam.

    `moment` is a share of the steps: blocks are shown as they were then. `state` sets controls by name.
    """
    history, runners = race.history, LINE_UPS[line_up]
    steps = history.steps
    record = record_at(steps, moment, race.total)
    end = 1.01 * race.total
    curves = {
        "guessing": history.guessing_loss,
        "guessing.name": (end, history.guessing_loss),
        "pairs": history.pair_loss,
        "pairs.name": (0.0, history.pair_loss),
        "moment": steps[record] if len(steps) else 0,
    }
    names, table = {}, {"step": ("step", steps)}
    for place, runner in enumerate(runners):
        curves |= _measured(place, history, record)
        title = say(runner.title)
        names[f"loss.{place}"] = say("{start}: {standing}", start=title, standing=standing(history, place, outcome))
        table[f"{place + 1}"] = say("{start}: loss", start=title), history.losses[:, place]
    axes = {"loss.x": fixed(-0.01 * race.total, end, label="step of training")}
    return View(curves, describe(race, history, runners), Table(table), names, axes)


def _measured(place: int, history: TextHistory, record: int) -> dict[str, np.ndarray | tuple]:
    if len(history.steps) == 0:
        return {}
    return loss_curves(history, place, HIGHEST) | {
        f"stream.{place}": history.stream_rms[record, place],
        f"gradient.{place}": history.gradient_rms[record, place],
    }


def outcome(history: TextHistory, place: int) -> str:
    """Return in words what a run has come to, by its last loss and the two losses that need no network."""
    if history.diverged_at[place] >= 0:
        return say("diverged by step {step}", step=history.diverged_at[place])
    loss = history.losses[-1, place]
    if loss < history.pair_loss:
        return say("reads more than one character")
    return say("reads one character") if loss < 0.95 * history.guessing_loss else say("no better than frequencies")


def describe(race: TextTraining, history: TextHistory, runners: Sequence[Runner]) -> str:
    """Say how far the race is and where each initialization stands."""
    if len(history.steps) == 0:
        return say(
            "Nothing has run yet: {count} transformers of {blocks} blocks are ready for {steps} steps.",
            count=len(runners),
            blocks=race.setup.blocks,
            steps=race.total,
        )
    standings = [
        say("{start}: {standing}", start=say(runner.title), standing=standing(history, place, outcome))
        for place, runner in enumerate(runners)
    ]
    return say(
        "After {step} of {steps} steps, loss on text held out (frequencies: {guessing:.2f}, the last character alone: "
        "{pairs:.2f}): {standings}.",
        step=history.steps[-1],
        steps=race.total,
        guessing=history.guessing_loss,
        pairs=history.pair_loss,
        standings="; ".join(standings),
    )
