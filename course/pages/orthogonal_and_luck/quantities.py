"""What the page asks a reader to predict, read off its explorers' tables."""

from course.live.quantities import Quantity

CONDITION = Quantity(
    "the greatest stretch over the least",
    lambda table: float(table["normal"][0] / table["normal"][-1]),
    0,
    lambda value, table: (1.0, float(table["normal"][0]) / value),
)
