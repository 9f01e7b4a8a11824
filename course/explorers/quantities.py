"""What pages ask a reader to predict: one quantity of a picture each, read off the explorer's table."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table


def _units(table: Table) -> float:
    weights = np.stack([values for name, values in table.items() if name.startswith("weight into unit")])
    return float(np.unique(weights[:, -1]).size)


def _best_strategy(table: Table) -> str:
    """Return the strategy with the least median, or "none" where a tenth of it covers them all."""
    medians = {name.removesuffix(": median"): values[-1] for name, values in table.items() if name.endswith(": median")}
    best = min(medians, key=medians.get)
    return "none" if max(medians.values()) < 1.1 * medians[best] else best


UNITS = Quantity("the number of different units", _units)
BEST_STRATEGY = Quantity("the strategy with the least median loss after twelve tries", _best_strategy)
