"""Number formats and the numbers of a network: which of them fit."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.figures.layers import DEPTH_STEPS, set_layer_axis, step
from course.live.canvas import Canvas, Frame
from course.live.ghosts import ghost, reach
from course.live.words import number
from course.style import ACCENT, MEASURED, MEASURED_POINTS, PREDICTED_LINE, REFERENCE, course_style

NARROW, WIDE = (1e-11, 1e7), (1e-48, 1e42)
"""The axis of sizes: for a format that ends within it, and for the others."""


class Format(NamedTuple):
    """A number format: its largest number, the smallest above 0 with all digits, and the smallest with any."""

    largest: float
    smallest_normal: float
    smallest_subnormal: float


class Magnitudes(NamedTuple):
    """Numbers of a network by layer, arrays of shape `(depth,)`.

    The measured rms of the finite ones, the smallest and the largest that is not 0 (NaN where there is none), the share
    too large for the format, the share wrongly 0, and the rms that theory predicts for numbers without limits.
    """

    rms: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray
    overflow_share: np.ndarray
    zero_share: np.ndarray
    predicted: np.ndarray


class PrecisionPicture:
    """Three panels: the ranges of the formats side by side, and a network's activations and gradients in one of them.

    `formats` maps names to formats, in the order of the bars.
    """

    def __init__(self, formats: Mapping[str, Format]):
        self._formats = dict(formats)
        with course_style():
            figure = Figure(figsize=(9.2, 4.2))
            grid = figure.add_gridspec(1, 3, width_ratios=(0.75, 1, 1))
            bars, *panels = [figure.add_subplot(cell) for cell in grid]
            figure.subplots_adjust(left=0.07, right=0.985, top=0.92, bottom=0.2, wspace=0.24)
            self._mark = self._build_bars(bars)
            titles = "Activations h", "Gradients ∂C/∂z"
            self._panels = [_SizePanel(axes, title) for axes, title in zip(panels, titles, strict=True)]
            first = self._panels[0]
            figure.legend(
                [first.measured, first.predicted, first.band, first.outside, first.rounded],
                ["measured rms", "theory", "smallest to largest", "out of range", "loses digits"],
                loc="lower center",
                ncols=5,
            )
        moving = [self._mark, *(artist for panel in self._panels for artist in panel.moving)]
        self.canvas = Canvas(figure, moving, [twin for panel in self._panels for twin in panel.ghosts])

    def _build_bars(self, axes: Axes) -> Artist:
        axes.set_title("What a format can hold")
        axes.set_yscale("log")
        axes.set_ylim(*WIDE)
        axes.set_yticks(10.0 ** np.arange(-40, 41, 20))
        axes.minorticks_off()
        axes.set_xticks(range(len(self._formats)), self._formats)
        axes.set_xlim(-0.6, len(self._formats) - 0.4)
        axes.grid(False, axis="x")
        for place, form in enumerate(self._formats.values()):
            axes.bar(place, form.largest - form.smallest_normal, 0.6, bottom=form.smallest_normal, color=REFERENCE)
            height = form.smallest_normal - form.smallest_subnormal
            axes.bar(place, height, 0.6, bottom=form.smallest_subnormal, color=REFERENCE, alpha=0.4)
        (mark,) = axes.plot([], [], color=ACCENT, marker="v", markersize=9, linestyle="none")
        return mark

    def update(self, name: str, activations: Magnitudes, gradients: Magnitudes) -> Frame:
        """Show a network whose numbers are stored in the format of this name."""
        form = self._formats[name]
        self._mark.set_data([list(self._formats).index(name)], [WIDE[1] / 300])
        depth = len(activations.rms)
        last = step(DEPTH_STEPS, max(depth, *(int(reach(panel.ghosts)[0]) for panel in self._panels)))
        both = zip(self._panels, (activations, gradients), strict=True)
        changed = [panel.update(sizes, form, last) for panel, sizes in both]
        if any(changed):
            self.canvas.redraw_background()
        sentence = describe(name, form, activations, gradients)
        return Frame(self.canvas.render(), sentence, table(activations, gradients))


class _SizePanel:
    """Sizes by layer on a logarithmic axis, over the range of a format."""

    def __init__(self, axes: Axes, title: str):
        self._axes, self._shown = axes, None
        axes.set_title(title)
        axes.set_yscale("log")
        axes.set_ylim(*NARROW)
        axes.set_xlabel("layer")
        out = {"color": ACCENT, "linewidth": 0}
        self.outside = axes.axhspan(1, 2, alpha=0.3, **out)
        self._below = axes.axhspan(1, 2, alpha=0.3, **out)
        self.rounded = axes.axhspan(1, 2, alpha=0.12, **out)
        self.band = axes.fill_between([], [], [], color=MEASURED, alpha=0.25, linewidth=0)
        (self.predicted,) = axes.plot([], [], **PREDICTED_LINE)
        (self.measured,) = axes.plot([], [], **MEASURED_POINTS)
        self.ghosts = [ghost(line) for line in (self.predicted, self.measured)]

    @property
    def moving(self) -> list[Artist]:
        return [self.band, self.measured, self.predicted]

    def update(self, sizes: Magnitudes, form: Format, last: int) -> bool:
        """Show one network's sizes; give whether the background has changed."""
        layers = np.arange(1, len(sizes.rms) + 1)
        drawn = sizes.rms > 0
        self.measured.set_data(layers[drawn], sizes.rms[drawn])
        self.predicted.set_data(layers, sizes.predicted)
        there = np.isfinite(sizes.smallest) & np.isfinite(sizes.largest)
        self.band.set_data(layers[there], sizes.smallest[there], sizes.largest[there])
        if self._shown == (form, last):
            return False
        self._shown = form, last
        low, high = NARROW if form.largest < NARROW[1] else WIDE
        self._axes.set_ylim(low, high)
        self._axes.set_yticks(10.0 ** (np.arange(-10, 7, 4) if low == NARROW[0] else np.arange(-40, 41, 20)))
        self._axes.minorticks_off()
        edges = [low, form.smallest_subnormal, form.smallest_normal, form.largest, high]
        for span, bottom, top in ((self._below, *edges[:2]), (self.rounded, *edges[1:3]), (self.outside, *edges[3:])):
            span.set_y(bottom)
            span.set_height(top - bottom)
        set_layer_axis(self._axes, last)
        return True


def table(activations: Magnitudes, gradients: Magnitudes) -> dict[str, np.ndarray]:
    """Give the numbers behind the picture, a row a layer."""
    columns = {"layer": np.arange(1, len(activations.rms) + 1)}
    for what, sizes in (("h", activations), ("∂C/∂z", gradients)):
        columns |= {
            f"rms of {what}, measured": sizes.rms,
            f"rms of {what}, theory": sizes.predicted,
            f"smallest |{what}|": sizes.smallest,
            f"largest |{what}|": sizes.largest,
            f"share of {what} too large": sizes.overflow_share,
            f"share of {what} rounded to 0": sizes.zero_share,
        }
    return columns


def describe(name: str, form: Format, activations: Magnitudes, gradients: Magnitudes) -> str:
    """Say at which layers the numbers leave the format, in the order in which they are computed."""
    overflown = np.flatnonzero(activations.overflow_share)
    if len(overflown):
        return (
            f"In {name} activations overflow at layer {overflown[0] + 1}, past the largest number "
            f"{number(form.largest)}. No gradient of this network is worth anything."
        )
    forward = f"In {name} {_small_words('activations', activations, form, 0)}."
    overflown = np.flatnonzero(gradients.overflow_share)
    if len(overflown):
        return f"{forward} Backward, gradients overflow at layer {overflown[-1] + 1}."
    return f"{forward} Backward, {_small_words('gradients', gradients, form, -1)}; {_zero_words(gradients)}."


def _small_words(what: str, sizes: Magnitudes, form: Format, first: int) -> str:
    """Say where numbers lose digits; `first` is 0 if layer 1 is computed first, and −1 if the last one is."""
    small = np.flatnonzero(sizes.rms < form.smallest_normal)
    if not len(small):
        return f"{what} keep their digits at every layer"
    return f"{what} fall below {number(form.smallest_normal)} and lose digits at layer {small[first] + 1}"


def _zero_words(gradients: Magnitudes) -> str:
    share = gradients.zero_share[0]
    if share == 0:
        return "none of layer 1 is rounded to 0"
    return f"{'less than 1 %' if share < 0.01 else f'{share:.0%}'} of layer 1 are rounded to 0"
