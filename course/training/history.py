"""What a sweep of training runs has shown so far, and in a word what became of each run."""

from typing import NamedTuple

import numpy as np

NOT_DIVERGED = -1
LEARNED, GUESSING = 0.5, 0.95
"""Shares of the loss of guessing: below the one a run has learned, above the other it is no better than guessing."""


class LayerHistory(NamedTuple):
    """The hidden layers along the way: arrays of shape `(records, runs, depth − 1)`, layer 1 first.

    Measured on examples held out. `preactivation_gradient_rms` is that of ∂C/∂z for the cost of one example,
    `weight_gradient_rms` that of ∂C/∂W for their mean cost; `saturated_share` is the share of values where the
    activation is saturated, its slope below `activations.SATURATION` of its greatest.
    """

    activation_mean: np.ndarray
    activation_std: np.ndarray
    activation_rms: np.ndarray
    saturated_share: np.ndarray
    preactivation_gradient_rms: np.ndarray
    weight_gradient_rms: np.ndarray


class History(NamedTuple):
    """What was recorded: at `steps` of shape `(records,)`, the first of them 0, before any training.

    `losses` and `accuracies` `(records, runs)` are those of the examples held out. `diverged_at` `(runs,)` is the
    step after which numbers were no longer finite, or −1; such a run's later rows are NaN. `guessing_loss` is what
    the best answer that ignores the inputs costs. `layers` is `None` where they were not to be recorded.
    """

    steps: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    layers: LayerHistory | None
    diverged_at: np.ndarray
    guessing_loss: float


def outcomes(history: History) -> list[str]:
    """Say in a word what became of each run, by its last loss.

    "diverged at step 12"; "learned" below half the loss of guessing; "no better than guessing" within 5 % of it;
    "worse than guessing" above; "still learning" is what lies between. Raises `ValueError` where nothing has run yet.
    """
    if len(history.losses) == 0:
        raise ValueError("the history has no records yet; call run() or advance() first")
    return [
        f"diverged at step {step}" if step != NOT_DIVERGED else _word(loss / history.guessing_loss)
        for loss, step in zip(history.losses[-1], history.diverged_at, strict=True)
    ]


def _word(share: float) -> str:
    if share < LEARNED:
        return "learned"
    if share < GUESSING:
        return "still learning"
    return "no better than guessing" if share < 1 / GUESSING else "worse than guessing"


def part_of(history: History, records: int, runs: slice) -> History:
    """Return the first `records` records of some of the runs."""
    layers = history.layers and LayerHistory(*(values[:records, runs] for values in history.layers))
    return history._replace(
        steps=history.steps[:records],
        losses=history.losses[:records, runs],
        accuracies=history.accuracies[:records, runs],
        layers=layers,
        diverged_at=history.diverged_at[runs],
    )
