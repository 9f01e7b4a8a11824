"""What the page asks a reader to predict, read off its explorers' tables."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table
from course.training.text import text_losses

LOOKS = Quantity(
    "the number of positions that a head of block 1 looks at",
    lambda table: float(table["looks"][0]),
    0,
    lambda value, _table: (1.0, value),
)


def _that_read(table: Table) -> float:
    losses = np.array([losses[-1] for key, losses in table.items() if key != "step"])
    return float(np.sum(losses < text_losses()[1]))


READ = Quantity("the number of transformers that read more than one character", _that_read)
