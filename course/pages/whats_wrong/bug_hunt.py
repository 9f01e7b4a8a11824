"""The bug hunt: networks with a published mistake in them, their layer pictures, and the line of code to mend."""

import math
from functools import lru_cache

import ipywidgets as widgets

from course import diagnosis, mistakes
from course.diagnosis.judging import Judgement
from course.figures.diagnosis import DiagnosisPicture
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.live.words import number
from course.mistakes import MISTAKES, Mistake

NOTHING = "nothing"
HIDDEN, SHOWN = "hidden", "shown"


def bug_hunt(text: str = "", **state) -> Explorer:
    """Look at a network that starts with a mistake, `patient`, and mend one line of the code that drew it.

    `mended` names the mistake whose line is put right, "nothing" at first; `diagnosis` hides or shows what `diagnose`
    says. `state` sets controls by name.
    """
    picture = DiagnosisPicture()

    def draw(patient: str, mended: str, diagnosis: str, seed: int) -> Frame:
        judgement = _judgement(patient, mended == patient, seed)
        sentence = describe(MISTAKES[patient], mended, judgement, shown=diagnosis == SHOWN)
        states = [layer.state for layer in judgement.layers]
        return picture.update(*judgement.curves, states, sentence, judgement.table)

    return Explorer(
        _controls(), draw, picture.canvas, name="bug_hunt", title="What is wrong here?", text=text, state=state
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    patients = [(f"{place}", name) for place, name in enumerate(MISTAKES, 1)]
    lines = [("nothing yet", NOTHING), *((row.meant, name) for name, row in MISTAKES.items())]
    return {
        "patient": widgets.Dropdown(options=patients, description="patient"),
        "mended": widgets.Dropdown(options=lines, description="mend"),
        "diagnosis": widgets.ToggleButtons(options=[HIDDEN, SHOWN], description="diagnosis"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


@lru_cache(maxsize=64)
def _judgement(patient: str, mended: bool, seed: int) -> Judgement:
    return Judgement(diagnosis.read(*mistakes.draw(mistakes.recipe(patient, mended=mended), seed)))


def describe(mistake: Mistake, mended: str, judgement: Judgement, *, shown: bool) -> str:
    """Say what the owner says, what is seen, what the mended line has changed, and the diagnosis if wanted."""
    parts = [f"“{mistake.complaint}”", _seen(judgement)]
    if mended == mistake.name:
        parts.append(f"That was it: {mistake.written} stood where {mistake.meant} belongs.")
    elif mended != NOTHING:
        parts.append(f"Nothing has changed: the line {MISTAKES[mended].meant} was right already.")
    return " ".join([*parts, f"Diagnosis: {judgement.sentence}"] if shown else parts)


def _seen(judgement: Judgement) -> str:
    """Describe the curves and the marks, without naming a cause."""
    forward, backward = (curve.measured for curve in judgement.curves)
    odd = [layer.layer for layer in judgement.layers if layer.state != "ok"]
    marks = "none of them is marked"
    if odd:
        marks = f"{len(odd)} of them {'is' if len(odd) == 1 else 'are'} marked, the first is layer {odd[0]}"
    first, last, received = map(_size, (forward[0], forward[-1], backward[0]))
    return (
        f"{len(forward)} layers: the mean square is {first} in the first and {last} in the last, the gradient's in the "
        f"first {received} of that in the last; {marks}."
    )


def _size(value: float) -> str:
    return "no number any more" if math.isnan(value) else number(value)
