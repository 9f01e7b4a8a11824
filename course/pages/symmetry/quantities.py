"""What the page symmetry asks a reader to predict."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table


def _units(table: Table) -> float:
    weights = np.stack([values for key, values in table.items() if key.startswith("unit.")])
    return float(np.unique(weights[:, -1]).size)


UNITS = Quantity("the number of different units", _units)
