"""What the page training asks a reader to predict."""

import numpy as np

from course import training
from course.live.quantities import Quantity
from course.live.tables import Table


def _schemes_that_learned(table: Table) -> float:
    losses = np.array([losses[-1] for key, losses in table.items() if key.endswith(".median")])
    return float(np.sum(losses < training.LEARNED * training.guessing_loss(training.Setup())))


LEARNED = Quantity("the number of initializations that learned, in the median of their seeds,", _schemes_that_learned)
