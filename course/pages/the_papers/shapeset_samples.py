"""A sheet of Shapeset-3×2: what the networks of Glorot and Bengio looked at, new images at every seed."""

import ipywidgets as widgets
import jax
import numpy as np

from course import data
from course.figures.samples import SamplesPicture
from course.live.canvas import Frame
from course.live.explorer import Explorer

COUNT = 300


def shapeset_samples(text: str = "", **state) -> Explorer:
    """Show the first images of each of the nine classes among 300 drawn; `state` sets controls by name."""
    picture = SamplesPicture(data.SHAPESET_CLASSES)

    def draw(seed: int) -> Frame:
        images, labels = data.shapeset(jax.random.key(seed), COUNT)
        return picture.update(np.asarray(images), np.asarray(labels))

    return Explorer(
        {"seed": widgets.IntSlider(0, 0, 99, description="seed")},
        draw,
        picture.canvas,
        name="shapeset_samples",
        title="Images of Shapeset-3×2",
        text=text,
        state=state,
    )
