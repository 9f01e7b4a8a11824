"""What the page the_papers asks a reader to predict."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table


def _first_to_leave(table: Table) -> float:
    """Return the layer whose mean is away from the middle at the earliest record; 0 if none is, or several at once."""
    means = np.stack([means for key, means in table.items() if key.startswith("left.mean.")])
    away = np.abs(means - 0.5) > 0.05
    when = np.where(away.any(axis=1), away.argmax(axis=1), away.shape[1])
    return float(when.argmin() + 1) if (when == when.min()).sum() == 1 else 0.0


LEAVES_FIRST = Quantity("the layer whose mean is 0.05 away from 0.5 before the others'", _first_to_leave)
