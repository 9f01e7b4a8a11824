"""What the page asks a reader to predict, read off the picture's numbers."""

from course.live.quantities import Quantity
from course.live.tables import Table
from course.pages.tuning.search_race import TITLES


def _best_strategy(table: Table) -> str:
    """Return the strategy with the least median, or "none" where a tenth of it covers them all."""
    medians = {title: table[f"{name}.median"][-1] for name, title in TITLES.items()}
    best = min(medians, key=medians.get)
    return "none" if max(medians.values()) < 1.1 * medians[best] else best


BEST_STRATEGY = Quantity("the strategy with the least median loss after twelve tries", _best_strategy)
