"""What pages ask a reader to predict: one quantity of a picture each, read off the explorer's table."""

import numpy as np

from course import training
from course.live.quantities import Quantity, Series
from course.live.tables import Table


def _units(table: Table) -> float:
    weights = np.stack([values for name, values in table.items() if name.startswith("weight into unit")])
    return float(np.unique(weights[:, -1]).size)


def _columns(table: Table, first: str, last: str) -> list[np.ndarray]:
    return [values for name, values in table.items() if name.startswith(first) and name.endswith(last)]


def _learned(losses: np.ndarray) -> np.ndarray:
    return losses < training.LEARNED * training.guessing_loss(training.Setup())


def _starts_that_learned(table: Table) -> float:
    return float(_learned(np.array([losses[-1] for losses in _columns(table, "", ": median loss")])).sum())


def _first_to_leave(table: Table) -> float:
    """Give the layer whose mean is away from the middle at the earliest record; 0 if none is, or several at once."""
    away = np.abs(np.stack(_columns(table, "standard: mean of h", "")) - 0.5) > 0.05
    when = np.where(away.any(axis=1), away.argmax(axis=1), away.shape[1])
    return float(when.argmin() + 1) if (when == when.min()).sum() == 1 else 0.0


def _best_strategy(table: Table) -> str:
    """Give the strategy with the least median, or "none" where a tenth of it covers them all."""
    medians = {name.removesuffix(": median"): values[-1] for name, values in table.items() if name.endswith(": median")}
    best = min(medians, key=medians.get)
    return "none" if max(medians.values()) < 1.1 * medians[best] else best


COSINE = Series("the cosine between the two inputs", "cosine, measured", 2)
UNITS = Quantity("the number of different units", _units)
STARTS = Quantity("the number of starts that learned, in the median of their seeds,", _starts_that_learned)
LEAVES_FIRST = Quantity("the layer whose mean is 0.05 away from 0.5 before the others'", _first_to_leave)
BEST_STRATEGY = Quantity("the strategy with the least median loss after twelve tries", _best_strategy)
