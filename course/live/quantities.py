"""What a prediction asks about: one quantity or curve of a picture, and where a value of it lies in a panel."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course.live.tables import Table

Place = tuple[float, float]


class Quantity(NamedTuple):
    """A number that a picture shows, or a word.

    `words` call it by its name in a sentence. `found` reads it off the explorer's table. `place` says where in panel
    `panel`, counted from 0, a value of it would be seen, given the table too; `None` if there is no such place.
    """

    words: str
    found: Callable[[Table], float | str]
    panel: int = 0
    place: Callable[[float, Table], Place] | None = None


class Series(NamedTuple):
    """A curve over the layers that a picture shows: a column of its table, by its words, and its panel."""

    words: str
    column: str
    panel: int

    def at(self, table: Table, layers: np.ndarray) -> np.ndarray:
        """Return the measured values at these layers, which count from 1."""
        return np.asarray(table[self.column])[layers - 1]
