"""What the page asks a reader to predict, read off the picture's numbers."""

import numpy as np

from course.live.quantities import Quantity
from course.live.tables import Table


def _factor(table: Table) -> float:
    """Return by what the best rate is divided from the least to the greatest width, with one rate for all layers."""
    widths, rates, losses = table["width"], table["rate"], table["standard"]
    narrow, wide = (
        rates[widths == width][np.argmin(losses[widths == width])] for width in (widths.min(), widths.max())
    )
    return float(narrow / wide)


FACTOR = Quantity("the best rate at width 32 over that at width 512, both in the standard parametrization,", _factor)
