"""A sheet of samples: images that a network learns from, a row for each class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.style import course_style

COLUMNS = 12
"""At most so many images stand in a row."""


class SamplesPicture:
    """A grid of grey images, one row a class, with the class's name before it."""

    def __init__(self, classes: Sequence[str]):
        self._classes = list(classes)
        with course_style():
            figure = Figure(figsize=(9.2, 0.55 * len(self._classes) + 0.3))
            axes = figure.add_subplot()
            figure.subplots_adjust(left=0.245, right=0.985, top=0.99, bottom=0.01)
            self._rows = axes.imshow(np.zeros((1, 1)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            self._rows.set_extent((0, COLUMNS, len(self._classes), 0))
            axes.set_yticks(np.arange(len(self._classes)) + 0.5, self._classes)
            axes.set_xticks([])
            axes.tick_params(length=0)
            axes.grid(False)
            axes.set_frame_on(False)
        self.canvas = Canvas(figure, [self._rows])

    def update(self, images: np.ndarray, labels: np.ndarray) -> Frame:
        """Show the first images of each class: `images` `(count, side, side)` from 0 to 1, `labels` `(count,)`."""
        side = images.shape[1]
        tiles = np.ones((len(self._classes), COLUMNS, side + 2, side + 2))
        for row in range(len(self._classes)):
            shown = images[labels == row][:COLUMNS]
            tiles[row, : len(shown), 1:-1, 1:-1] = shown
        self._rows.set_data(tiles.transpose(0, 2, 1, 3).reshape(len(self._classes) * (side + 2), -1))
        counts = np.bincount(labels, minlength=len(self._classes))
        sentence = (
            f"{len(labels)} images of {side} by {side} pixels in {len(self._classes)} classes, "
            f"{counts.min()} to {counts.max()} of each: {', '.join(self._classes)}."
        )
        return Frame(self.canvas.render(), sentence, {"class": np.array(self._classes), "images": counts})
