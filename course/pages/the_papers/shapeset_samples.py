"""A sheet of Shapeset-3×2: what the networks of Glorot and Bengio looked at, new images at every seed."""

import jax
import numpy as np

from course import data
from course.live.axes import fixed
from course.live.controls import SEED
from course.live.declare import explorer
from course.live.marks import image
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say

COUNT, COLUMNS = 300, 12
"""How many images are drawn, and at most so many stand in a row."""
CLASSES = data.SHAPESET_CLASSES
ROWS = {place - 0.5: name for place, name in zip(range(len(CLASSES), 0, -1), CLASSES, strict=True)}


def _no_frame(axes) -> None:
    axes.set_frame_on(False)
    axes.tick_params(length=0)


SHEET = image("sheet", aspect="equal", interpolation="nearest", cmap="gray", vmin=0, vmax=1)
PICTURE = Picture(
    (Panel("", fixed(0, COLUMNS, ()), fixed(0, len(CLASSES), ROWS), (SHEET,), backdrop=_no_frame),),
    height=5.5,
    left=2.25,
    top=0.1,
)


@explorer("Images of Shapeset-3×2", {"seed": SEED}, PICTURE)
def shapeset_samples(seed: int) -> View:
    """Show the first images of each of the nine classes among 300 drawn; `state` sets controls by name."""
    images, labels = (np.asarray(part) for part in data.shapeset(jax.random.key(seed), COUNT))
    counts = np.bincount(labels, minlength=len(CLASSES))
    classes = [say(name) for name in CLASSES]
    sentence = say(
        "{count} images of {side} by {side} pixels in {classes} classes, {fewest} to {most} of each: {names}.",
        count=COUNT,
        side=images.shape[1],
        classes=len(classes),
        fewest=counts.min(),
        most=counts.max(),
        names=", ".join(classes),
    )
    table = Table({"class": ("class", np.array(classes)), "images": ("images", counts)})
    return View({"sheet": sheet(images, labels)}, sentence, table)


def sheet(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the first images of each class, of shape `(count, side, side)` and from 0 to 1, in rows on white."""
    side = images.shape[1] + 2
    tiles = np.ones((len(CLASSES), COLUMNS, side, side))
    for row, tile in enumerate(tiles):
        shown = images[labels == row][:COLUMNS]
        tile[: len(shown), 1:-1, 1:-1] = shown
    return tiles.transpose(0, 2, 1, 3).reshape(len(CLASSES) * side, -1)[::-1]
