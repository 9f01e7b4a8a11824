"""The bug hunt: networks with a published mistake in them, their layer pictures, and the line of code to fix."""

import math
from functools import lru_cache

from course import mistakes
from course.diagnosis import picture, read
from course.diagnosis.judging import Judgement
from course.live.controls import SEED, buttons, menu
from course.live.declare import explorer
from course.live.panels import View
from course.live.words import number, say
from course.mistakes import MISTAKES, Mistake

NOTHING = "nothing"
LINES = (("nothing yet", NOTHING), *((row.meant, name) for name, row in MISTAKES.items()))
HIDDEN, SHOWN = "hidden", "shown"


@explorer(
    "What is wrong here?",
    {
        "patient": menu({str(place): name for place, name in enumerate(MISTAKES, 1)}),
        "mended": menu(LINES, label="fix"),
        "diagnosis": buttons((HIDDEN, SHOWN)),
        "seed": SEED,
    },
    picture.PICTURE,
)
def bug_hunt(patient: str, mended: str, diagnosis: str, seed: int) -> View:
    """Look at a network that starts with a mistake, `patient`, and fix one line of the code that drew it.

    `mended` names the mistake whose line is put right, "nothing" at first; `diagnosis` hides or shows what `diagnose`
    says. `state` sets controls by name.
    """
    judgement = _judgement(patient, mended == patient, seed)
    return judgement.view(describe(MISTAKES[patient], mended, judgement, shown=diagnosis == SHOWN))


@lru_cache(maxsize=64)
def _judgement(patient: str, fixed: bool, seed: int) -> Judgement:
    return Judgement(read(*mistakes.draw(mistakes.recipe(patient, fixed=fixed), seed)))


def describe(mistake: Mistake, mended: str, judgement: Judgement, *, shown: bool) -> str:
    """Say what the owner says, what is seen, what the fixed line has changed, and the diagnosis if wanted."""
    parts = [say("“{complaint}”", complaint=say(mistake.complaint)), _seen(judgement)]
    if mended == mistake.name:
        text = "That was it: {written} stood where {meant} belongs."
        parts.append(say(text, written=mistake.written, meant=mistake.meant))
    elif mended != NOTHING:
        text = "Nothing has changed: the line {line} was right already."
        parts.append(say(text, line=MISTAKES[mended].meant))
    if shown:
        parts.append(say("Diagnosis: {sentence}", sentence=judgement.sentence))
    return " ".join(parts)


def _seen(judgement: Judgement) -> str:
    """Describe the curves and the marks, without naming a cause."""
    forward, backward = (curve.measured for curve in judgement.curves)
    return say(
        "{depth} layers: the mean square is {first} in the first and {last} in the last, the gradient's in the "
        "first {received} of that in the last; {marks}.",
        depth=len(forward),
        first=_size(forward[0]),
        last=_size(forward[-1]),
        received=_size(backward[0]),
        marks=_marked([layer.layer for layer in judgement.layers if layer.state != "ok"]),
    )


def _marked(layers: list[int]) -> str:
    if not layers:
        return say("none of them is marked")
    if len(layers) == 1:
        return say("1 of them is marked, the first is layer {first}", first=layers[0])
    return say("{count} of them are marked, the first is layer {first}", count=len(layers), first=layers[0])


def _size(value: float) -> str:
    return say("no number any more") if math.isnan(value) else number(value)
