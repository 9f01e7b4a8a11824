"""A panel in which a point can be dragged: where it lies in the picture, and what a place in it stands for."""

from typing import NamedTuple

from matplotlib.axes import Axes


class Region(NamedTuple):
    """Where the panel lies, as shares of the picture's width and height, counted from its top left corner."""

    left: float
    top: float
    width: float
    height: float


class Plane(NamedTuple):
    """The panel; its limits may change, and with the look of the picture its place does."""

    axes: Axes

    def region(self) -> Region:
        """Return where the panel lies in the picture now."""
        box = self.axes.get_position()
        return Region(box.x0, 1.0 - box.y1, box.width, box.height)

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Return the two values for which a place stands, as shares of the panel's sides from its lower left corner."""
        x, y = self.axes.transData.inverted().transform(self.axes.transAxes.transform((across, up)))
        return float(x), float(y)
