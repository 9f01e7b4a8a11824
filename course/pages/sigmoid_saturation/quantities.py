"""What the page sigmoid_saturation asks a reader to predict."""

import numpy as np

from course.live.quantities import Quantity

_SLOPE_AT_2 = float(np.exp(-2) / (1 + np.exp(-2)) ** 2)
LOST_SLOPE = Quantity(
    "the slope at z = 2 over the slope at the point",
    lambda table: _SLOPE_AT_2 / float(table["slope"][-1]),
    1,
    lambda value, table: (float(table["z"][-1]), _SLOPE_AT_2 / value),
)
