"""What the page xavier asks a reader to predict."""

from course.live.quantities import Quantity

_FIRST = "left.weight_gradient"
WEIGHT_GRADIENT = Quantity(
    "the variance of layer 1's weight gradients over layer 5's, with the initialization on the left",
    lambda table: float(table[_FIRST][0] / table[_FIRST][-1]),
    6,
    lambda value, table: (1.0, value * float(table[_FIRST][-1])),
)
