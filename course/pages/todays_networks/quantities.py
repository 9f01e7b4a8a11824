"""What the page asks a reader to predict, read off its explorers' tables."""

from course.live.quantities import Quantity

RESIDUAL = Quantity(
    "the mean square after 50 residual blocks",
    lambda table: float(table["forward"][-1]),
    1,
    lambda value, table: (float(table["block"][-1]), value),
)

NORMALIZED = Quantity(
    "the gradient's variance at block 1, in units of that at block 50",
    lambda table: float(table["gradient"][0] / table["gradient"][-1]),
    2,
    lambda value, table: (1.0, value * float(table["gradient"][-1])),
)
