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


_FIRST = "left: variance of ∂C/∂W ÷ batch, measured"
COSINE = Series("the cosine between the two inputs", "cosine, measured", 2)
_SLOPE_AT_2 = float(np.exp(-2) / (1 + np.exp(-2)) ** 2)
LOST_SLOPE = Quantity(
    "the slope at z = 2 over the slope at the point",
    lambda table: _SLOPE_AT_2 / float(table["σ'(z)"][-1]),
    1,
    lambda value, table: (float(table["z"][-1]), _SLOPE_AT_2 / value),
)
UNITS = Quantity("the number of different units", _units)
VARIANCE = Quantity(
    "the variance at d = 1000 over that at d = 1",
    lambda table: float(table["variance, measured"][-1] / table["variance, measured"][0]),
    1,
    lambda value, table: (1000.0, value * float(table["variance, theory"][0])),
)
WEIGHT_GRADIENT = Quantity(
    "the variance of layer 1's weight gradients over layer 5's, with the start on the left",
    lambda table: float(table[_FIRST][0] / table[_FIRST][-1]),
    6,
    lambda value, table: (1.0, value * float(table[_FIRST][-1])),
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
CAUSE = Quantity("the finding in the first layer", lambda table: str(table["finding"][0]))
