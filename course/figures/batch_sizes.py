"""Batch sizes compared: examples a second, and the loss; powers of two have a marker of their own."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.live.words import number
from course.style import ACCENT, MEASURED_POINTS, REFERENCE_LINE, course_style

LOSSES = 0.05, 5.0
"""The axis of the losses goes from the one to the other; what is above is shown on its edge."""
LOSS_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
TOPS = (1, 2, 5)
"""The axis of the speeds ends at one of these times a power of ten."""


class Measured(NamedTuple):
    """What was measured of each batch size, arrays `(sizes,)`: low, middle and high; NaN where it is not there yet."""

    low: np.ndarray
    median: np.ndarray
    high: np.ndarray


class BatchSizesPicture:
    """Two panels over the batch size: examples a second with quartiles, and the loss with the range of the seeds."""

    def __init__(self):
        with course_style():
            figure = Figure(figsize=(9.2, 4.2))
            speed, loss = figure.subplots(1, 2)
            figure.subplots_adjust(left=0.07, right=0.985, top=0.92, bottom=0.235, wspace=0.17)
            self._speed, self._loss = _Panel(speed), _Panel(loss)
            speed.set_title("Million examples a second: median, quartiles")
            loss.set_yscale("log")
            loss.set_ylim(*LOSSES)
            loss.set_yticks(LOSS_TICKS, [f"{tick:g}" for tick in LOSS_TICKS])
            loss.minorticks_off()
            self._guess = loss.axhline(1.0, **REFERENCE_LINE)
            names = ["powers of two", "other sizes", "the loss of guessing"]
            figure.legend([*self._speed.named, self._guess], names, loc="lower center", ncols=3)
        self.canvas = Canvas(figure, [*self._speed.moving, *self._loss.moving])
        self._axis: tuple = ()

    def update(self, sizes: np.ndarray, speed: Measured, loss: Measured, after: str, guessing_loss: float) -> Frame:
        """Show speeds in examples a second, and the losses `after` so much training, in words."""
        self._set_axes(sizes, top(speed.high / 1e6), after, guessing_loss)
        self._speed.update(sizes, Measured(*(values / 1e6 for values in speed)))
        self._loss.update(sizes, Measured(*(np.minimum(values, LOSSES[1]) for values in loss)))
        columns = {"batch": sizes} | {
            f"{name}, {part}": values
            for name, measured in (("examples a second", speed), ("loss", loss))
            for part, values in zip(("low", "median", "high"), measured, strict=True)
        }
        return Frame(self.canvas.render(), describe(sizes, speed, loss, after), columns)

    def _set_axes(self, sizes: np.ndarray, highest: float, after: str, guessing_loss: float) -> None:
        axis = tuple(sizes), highest, after, guessing_loss
        if axis == self._axis:
            return
        self._axis = axis
        with course_style():
            self._speed.axes.set_ylim(0, highest)
            self._loss.axes.set_title(f"Loss after {after}: median, range")
            self._guess.set_ydata([guessing_loss] * 2)
            for panel in (self._speed, self._loss):
                panel.set_sizes(sizes)
        self.canvas.redraw_background()


class _Panel:
    def __init__(self, axes: Axes):
        self.axes = axes
        axes.set_xscale("log", base=2)
        axes.set_xlabel("batch size")
        self._bars = axes.vlines([], [], [], color="#777777", linewidth=1.3)
        (self._line,) = axes.plot([], [], **REFERENCE_LINE)
        hollow = {"markerfacecolor": "none", "markeredgewidth": 1.8, "markersize": 10}
        (self._powers,) = axes.plot([], [], color=ACCENT, marker="s", linestyle="none", **hollow)
        (self._others,) = axes.plot([], [], **MEASURED_POINTS)
        self.moving = [self._line, self._bars, self._powers, self._others]
        self.named = [self._powers, self._others]

    def set_sizes(self, sizes: np.ndarray) -> None:
        self.axes.set_xlim(sizes[0] / 1.15, sizes[-1] * 1.15)
        powers = sizes[is_power_of_two(sizes)]
        self.axes.set_xticks(powers, [str(size) for size in powers])
        self.axes.minorticks_off()

    def update(self, sizes: np.ndarray, measured: Measured) -> None:
        powers = is_power_of_two(sizes)
        self._line.set_data(sizes, measured.median)
        self._powers.set_data(sizes[powers], measured.median[powers])
        self._others.set_data(sizes[~powers], measured.median[~powers])
        ends = zip(sizes, measured.low, measured.high, strict=True)
        self._bars.set_segments([[(x, low), (x, high)] for x, low, high in ends if np.isfinite(low + high)])


def is_power_of_two(sizes: np.ndarray) -> np.ndarray:
    """Say for each whole number whether it is a power of two."""
    return np.log2(sizes) % 1 == 0


def top(values: np.ndarray) -> float:
    """Give where an axis for these values ends: 1, 2 or 5 times a power of ten, and 1 where none is known."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 1.0
    power = 10.0 ** np.floor(np.log10(known.max()))
    return next(step * power for step in (*TOPS, 10) if step * power >= known.max())


def between_neighbours(sizes: np.ndarray, values: np.ndarray) -> dict[int, float]:
    """Give, for each power of two 2^k with both 2^k − 1 and 2^k + 1, its value over the mean of these two."""
    known = dict(zip(sizes.tolist(), values.tolist(), strict=True))
    powers = [n for n in known if n - 1 in known and n + 1 in known and n & (n - 1) == 0]
    return {n: 2 * known[n] / (known[n - 1] + known[n + 1]) for n in powers}


def describe(sizes: np.ndarray, speed: Measured, loss: Measured, after: str) -> str:
    """Say how the powers of two compare with their neighbours, in speed and in loss."""
    done = int(np.isfinite(loss.median).sum())
    if done < len(sizes):
        return f"The losses of {done} of {len(sizes)} batch sizes have been measured, their speeds come after."
    shown = sizes[is_power_of_two(sizes)]
    losses = ", ".join(f"{number(loss.median[sizes == size][0])} at {size}" for size in shown)
    apart = [abs(ratio - 1) for ratio in between_neighbours(sizes, loss.median).values()]
    text = f"Median loss after {after}: {losses}; a power of two is at most {max(apart):.0%} off its neighbours' mean."
    if np.isnan(speed.median).any():
        return f"{text} The speeds come next."
    ratios = [f"{size}: {ratio:.2f}" for size, ratio in between_neighbours(sizes, speed.median).items()]
    fastest = sizes[np.argmax(speed.median)]
    return (
        f"Speed of a power of two over that of its neighbours one below and one above: {', '.join(ratios)}. "
        f"The most examples a second, {speed.median.max() / 1e6:.2g} million, come at {fastest}. {text}"
    )
