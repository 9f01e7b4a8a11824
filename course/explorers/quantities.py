"""What pages ask a reader to predict: one quantity of a picture each, read off the explorer's table."""

from collections.abc import Callable

import numpy as np

from course import training
from course.live.quantities import Place, Quantity, Series
from course.live.tables import Table


def _last(column: str) -> Callable[[Table], float]:
    return lambda table: float(table[column][-1])


def _at_the_last(column: str) -> Callable[[float, Table], Place]:
    return lambda value, table: (float(table[column][-1]), value)


def _columns(table: Table, first: str, last: str) -> list[np.ndarray]:
    return [values for name, values in table.items() if name.startswith(first) and name.endswith(last)]


def _learned(losses: np.ndarray) -> np.ndarray:
    return losses < training.LEARNED * training.guessing_loss(training.Setup())


def _starts_that_learned(table: Table) -> float:
    return float(_learned(np.array([losses[-1] for losses in _columns(table, "", ": median loss")])).sum())


def _gains_that_learned(table: Table) -> float:
    (losses,) = _columns(table, "left", ": median loss")
    return float(np.unique(table["gain"][_learned(losses)]).size)


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
_SLOPE_AT_2 = float(np.exp(-2) / (1 + np.exp(-2)) ** 2)
LOST_SLOPE = Quantity(
    "the slope at z = 2 over the slope at the point",
    lambda table: _SLOPE_AT_2 / float(table["σ'(z)"][-1]),
    1,
    lambda value, table: (float(table["z"][-1]), _SLOPE_AT_2 / value),
)
CONDITION = Quantity(
    "the greatest stretch over the least",
    lambda table: float(table["normal: singular value"][0] / table["normal: singular value"][-1]),
    0,
    lambda value, table: (1.0, float(table["normal: singular value"][0]) / value),
)
RESIDUAL = Quantity(
    "the mean square after 50 residual blocks",
    _last("mean square E[x²], measured"),
    1,
    _at_the_last("block"),
)
STARTS = Quantity("the number of starts that learned, in the median of their seeds,", _starts_that_learned)
LEAVES_FIRST = Quantity("the layer whose mean is 0.05 away from 0.5 before the others'", _first_to_leave)
GAINS = Quantity(
    "the number of gains that learned at some rate, in the plain network on the left,", _gains_that_learned
)
BEST_STRATEGY = Quantity("the strategy with the least median loss after twelve tries", _best_strategy)
CAUSE = Quantity("the finding in the first layer", lambda table: str(table["finding"][0]))
