"""What the page asks a reader to predict, read off the picture's numbers."""

import numpy as np

from course import training
from course.live.quantities import Quantity
from course.live.tables import Table


def _gains_that_learned(table: Table) -> float:
    learned = table["left.loss"] < training.LEARNED * training.guessing_loss(training.Setup())
    return float(np.unique(table["gain"][learned]).size)


GAINS = Quantity(
    "the number of gains that learned at some rate, in the plain network on the left,", _gains_that_learned
)
