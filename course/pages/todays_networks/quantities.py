"""What the page asks a reader to predict, read off its explorers' tables."""

from course.live.quantities import Quantity

RESIDUAL = Quantity(
    "the mean square after 50 residual blocks",
    lambda table: float(table["forward"][-1]),
    1,
    lambda value, table: (float(table["block"][-1]), value),
)
