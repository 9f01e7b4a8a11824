"""What the page variance_of_a_sum asks a reader to predict."""

from course.live.quantities import Quantity

VARIANCE = Quantity(
    "the variance at d = 1000 over that at d = 1",
    lambda table: float(table["variance"][-1] / table["variance"][0]),
    1,
    lambda value, table: (1000.0, value * float(table["variance.theory"][0])),
)
