"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers


def by_where(steps, losses, threshold):
    learned = losses < threshold
    return np.where(learned.any(axis=0), np.asarray(steps)[learned.argmax(axis=0)], np.inf)


def by_loops(steps, losses, threshold):
    times = []
    for run in np.asarray(losses).T:
        reached = [step for step, loss in zip(steps, run, strict=True) if loss < threshold]
        times.append(float(min(reached, default=math.inf)))
    return times


def places(_steps, losses, threshold):
    learned = losses < threshold
    return np.where(learned.any(axis=0), learned.argmax(axis=0), np.inf)


def zero_for_none(steps, losses, threshold):
    first = (losses < threshold).argmax(axis=0)
    return np.where(first > 0, steps[first], np.inf)


def for_good(steps, losses, threshold):
    times = []
    for run in losses.T:
        above = np.flatnonzero(run >= threshold)
        times.append(np.inf if above[-1] == len(run) - 1 else steps[above[-1] + 1])
    return times


def least(steps, losses, threshold):
    return np.where((losses < threshold).any(axis=0), steps[losses.argmin(axis=0)], np.inf)


def each(pick):
    """A comparison that gives `pick(losses of the start, all losses)` for every start."""
    return lambda losses: {start: pick(row, losses) for start, row in losses.items()}


ANSWERS = {
    1: Answers(
        right=[(16,), (16.0,)],
        wrong={
            "one in twenty": (15,),
            "one too many": (17,),
            "the share of ten seeds": (18,),
            "all": (20,),
            "half": (10,),
            "one in twenty, nearly": (14,),
        },
    ),
    2: Answers(
        right=[(by_where,), (by_loops,)],
        wrong={
            "never is step one": (lambda steps, losses, threshold: steps[(losses < threshold).argmax(axis=0)],),
            "places for steps": (places,),
            "at once is never": (zero_for_none,),
            "for good": (for_good,),
            "the step of the least loss": (least,),
            "how many records": (lambda _steps, losses, threshold: (losses < threshold).sum(axis=0),),
        },
    ),
    3: Answers(
        right=[(math.sqrt(3),), (1.73,), ((1 / 3) ** -0.5,)],
        wrong={
            "as it is": (1,),
            "variance for std": (3,),
            "the wrong way": (3**-0.5,),
            "a third": (1 / 3,),
            "He's factor": (2**0.5,),
            "half of 6": (6**0.5,),
        },
    ),
    4: Answers(
        right=[(each(lambda row, _losses: row.min()),), (each(lambda row, _losses: sorted(row)[0]),)],
        wrong={
            "the other one's rate": (each(lambda row, losses: row[losses["glorot_normal"].argmin()]),),
            "one compromise for all": (each(lambda row, losses: row[sum(losses.values()).argmin()]),),
            "the rate for its loss": (each(lambda row, _losses: row.argmin()),),
            "the mean over rates": (each(lambda row, _losses: row.mean()),),
            "the worst": (each(lambda row, _losses: row.max()),),
        },
    ),
}
