"""What the page asks a reader to predict, read off its explorers' tables."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table
from course.training.adding import GUESSING

RATIO = Quantity(
    "the mean square of ∂C/∂h at step 1 over that at step 100",
    lambda table: float(table["gradient"][0] / table["gradient"][-1]),
    1,
    lambda value, table: (1.0, value * float(table["gradient"][-1])),
)


def _that_add(table: Table) -> float:
    errors = np.array([errors[-1] for key, errors in table.items() if key != "step"])
    return float(np.sum(errors < GUESSING / 2))


ADDING = Quantity("the number of networks that add", _that_add)
