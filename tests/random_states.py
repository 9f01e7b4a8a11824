"""Random states of explorers, and the parts of an explorer that a reader presses: shared by several files."""

import io
import random
from collections.abc import Iterator, Sequence
from typing import Any

import ipywidgets as widgets
import pytest
from PIL import Image

from course import explorers
from course.live.canvas import Canvas
from course.live.explorer import Explorer

NAMES = explorers.__all__
RUNNING = [
    "batch_sizes",
    "layers_in_training",
    "learning_time",
    "loss_map",
    "rates_by_width",
    "recurrent_race",
    "search_race",
    "training_race",
    "transformer_race",
]
"""Those whose picture grows while a run goes on; here nothing is run, and they show what is there before."""
WITHOUT_PIN = (*RUNNING, "coordinate_check", "lazy_or_rich", "luck", "shapeset_samples", "two_schemes")
PINNING = [name for name in NAMES if name not in WITHOUT_PIN]
FEW = ("sigmoid_chain", "learning_time")
"""These stand for all where what is tested is no explorer's own: one that pins, and one that runs."""
ONE = FEW[:1]
"""The first of these."""
WITH_MAIN = ("signal_propagation", *FEW)
"""The same, and the explorer that most pages show."""
QUICK = {"networks": 1, "width": 128}
"""Set in every random state of the main explorer: one program serves them all."""


def mostly_long(names: Sequence[str], always: Sequence[str] = FEW) -> list:
    """Return all names as parameters, but for these in the second tier alone."""
    long = pytest.mark.long
    return [
        name if name in always else pytest.param(*(name if isinstance(name, tuple) else [name]), marks=long)
        for name in names
    ]


def opened(name: str, text: str = "", **state: Any) -> Explorer:
    """Open an explorer of a name."""
    return getattr(explorers, name)(text, **state)


def canvas_of(explorer: Explorer) -> Canvas:
    """Return what an explorer draws on."""
    return explorer.canvas


def somewhere(explorer: Explorer, chance: random.Random) -> dict[str, Any]:
    """Return a random value of every control."""
    state = {name: anywhere(control, chance) for name, control in explorer.controls.items()}
    return state | QUICK if explorer.name == "signal_propagation" else state


def anywhere(control: widgets.ValueWidget, chance: random.Random) -> Any:
    """Return a random value of a control."""
    if hasattr(control, "options"):
        return chance.choice([option[1] if isinstance(option, tuple) else option for option in control.options])
    if isinstance(control.value, bool):
        return chance.choice([False, True])
    if isinstance(control.value, tuple):
        pairs = range(chance.randint(0, control.most))
        return tuple(tuple(anywhere(source, chance) for source in control.sources.values()) for _pair in pairs)
    value = control.min + control.step * chance.randint(0, round((control.max - control.min) / control.step))
    return min(control.max, round(value, 9))


def pixels(image: bytes) -> tuple[tuple[int, int], bytes]:
    """Return the size and the pixels of an image."""
    read = Image.open(io.BytesIO(image))
    return read.size, read.tobytes()


def parts(box: widgets.Box) -> Iterator[widgets.Widget]:
    """Return every widget inside a box."""
    for child in box.children:
        yield child
        yield from parts(child) if isinstance(child, widgets.Box) else ()


def part(box: widgets.Box, name: str) -> widgets.Widget:
    """Return the button or the field of a name."""
    return next(found for found in parts(box) if getattr(found, "description", None) == name)
