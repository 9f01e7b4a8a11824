"""What pages ask a reader to predict: one quantity of a picture each, read off the explorer's table."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table


def _units(table: Table) -> float:
    weights = np.stack([values for name, values in table.items() if name.startswith("weight into unit")])
    return float(np.unique(weights[:, -1]).size)


UNITS = Quantity("the number of different units", _units)
