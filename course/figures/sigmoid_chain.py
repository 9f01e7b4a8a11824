"""A chain of one-unit sigmoid layers: where each sits on its sigmoid, its factor, and the product of the factors."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost
from course.live.words import number
from course.style import ACCENT, MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, course_style

DEEPEST = 20
DECADES = (16, 40, 120)
"""The axis of the gradient reaches down to 10^-d for one of these d, and up to 10^9."""


class _Panel:
    """Points and dashes over the chain's layers; a value of 0 is a triangle on the lower edge."""

    def __init__(self, axes: Axes, title: str, limits: tuple[float, float], scale: str):
        self.axes = axes
        axes.set_title(title)
        axes.set_yscale(scale)
        axes.set_xlabel("layer")
        axes.set_ylim(*limits)
        axes.minorticks_off()
        axes.axhline(1.0 if scale == "log" else 0.0, **REFERENCE_LINE)
        set_layer_axis(axes, DEEPEST)
        (self._dashes,) = axes.plot([], [], label="theory: at most", **PREDICTED_LINE)
        (self._points,) = axes.plot([], [], label="measured", **MEASURED_POINTS)
        (self._zeros,) = axes.plot([], [], color=ACCENT, linestyle="none", marker="v", markersize=6, clip_on=False)
        self.ghosts = [ghost(line) for line in (self._dashes, self._points)]

    @property
    def moving(self) -> list[Artist]:
        return [self._points, self._dashes, self._zeros]

    def update(self, measured: np.ndarray, predicted: np.ndarray) -> None:
        layers = np.arange(1, len(measured) + 1)
        logarithmic = self.axes.get_yscale() == "log"
        zeros = (measured == 0) & logarithmic
        self._points.set_data(layers[~zeros], measured[~zeros])
        self._dashes.set_data(layers, np.where((predicted == 0) & logarithmic, np.nan, predicted))
        self._zeros.set_data(layers[zeros], np.full(zeros.sum(), self.axes.get_ylim()[0]))


class ChainPicture:
    """Three panels over the layers: z, the size of the factor w σ'(z), and the size of ∂y/∂b."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 3.5))
            axes = figure.subplots(1, 3)
            figure.subplots_adjust(left=0.045, right=0.985, top=0.9, bottom=0.14, wspace=0.26)
            self._places = _Panel(axes[0], "z (grey: |z| below 4)", (-16, 16), "linear")
            self._factors = _Panel(axes[1], "Factor |w σ'(z)|", (1e-7, 10.0), "log")
            self._gradients = _Panel(axes[2], "Gradient |∂y/∂b|", (1e-16, 1e9), "log")
            axes[0].axhspan(-4, 4, color="#999999", alpha=0.16, linewidth=0)
            axes[1].legend(loc="lower left", borderaxespad=0.2, facecolor="white", frameon=True, edgecolor="none")
        self._decades = 0
        panels = self._places, self._factors, self._gradients
        moving = [artist for panel in panels for artist in panel.moving]
        self.canvas = Canvas(figure, moving, [kept for panel in panels for kept in panel.ghosts])

    def update(
        self,
        preactivations: np.ndarray,
        factors: np.ndarray,
        gradients: np.ndarray,
        greatest_factor: float,
        greatest_gradients: np.ndarray,
    ) -> Frame:
        """Show one chain, arrays of shape `(depth,)`; the greatest ones are those that theory allows."""
        sizes = np.abs(gradients)
        pinned = [kept.twin.get_ydata() for kept in self._gradients.ghosts]
        self._set_decades(np.concatenate([sizes, greatest_gradients, *pinned]))
        self._places.update(preactivations, np.full_like(preactivations, np.nan))
        self._factors.update(np.abs(factors), np.full_like(factors, greatest_factor))
        self._gradients.update(sizes, greatest_gradients)
        columns = {
            "layer": np.arange(1, len(factors) + 1),
            "z": preactivations,
            "factor w σ'(z)": factors,
            "gradient ∂y/∂b": gradients,
            "|∂y/∂b| at most, theory": greatest_gradients,
        }
        return Frame(self.canvas.render(), describe(preactivations, factors, sizes, greatest_gradients), columns)

    def _set_decades(self, values: np.ndarray) -> None:
        decades = step(DECADES, -np.log10(values[values > 0].min()))
        if decades != self._decades:
            self._decades = decades
            axes = self._gradients.axes
            axes.set_ylim(10.0**-decades, 1e9)
            axes.set_yticks(10.0 ** np.linspace(-decades, 0, 5))
            axes.minorticks_off()
            self.canvas.redraw_background()


def describe(preactivations: np.ndarray, factors: np.ndarray, gradients: np.ndarray, greatest: np.ndarray) -> str:
    """Say how much of the gradient reaches layer 1, and which layer above it passes least of it."""
    depth = len(factors)
    if depth == 1:
        return f"One layer only: z = {preactivations[0]:.1f}, and ∂y/∂b is the slope there, {number(gradients[0])}."
    if not factors.any():
        return f"With w = 0 no layer listens to the one below: only layer {depth} has a gradient."
    at_most = f"(theory: at most {number(greatest[0])})"
    here = (
        f"At layer 1 the gradient is {number(gradients[0])} {at_most}, at layer {depth} it is {number(gradients[-1])}"
    )
    sizes = np.abs(factors[1:])  # the gradient of b_1 does not pass through w_1
    tightest = int(np.argmin(sizes)) + 1
    smallest = f"Layer {tightest + 1}, at z = {preactivations[tightest]:.1f}, has the smallest factor, "
    factor = smallest if number(sizes.min()) != number(sizes.max()) else "Every layer above layer 1 has the factor "
    return f"{here}: layer 1 learns {_pace(gradients[0] / gradients[-1])}. {factor}{number(sizes.min())}."


def _pace(ratio: float) -> str:
    return f"{number(1 / ratio)} times slower" if ratio < 1 else f"{number(ratio)} times faster"
