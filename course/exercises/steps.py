"""How far a reader has come: a line a step in a small file beside the pages, about the exercises and nothing else.

The file is only ever added to, so that two open pages cannot lose each other's lines; it is never sent anywhere.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from course.exercises.verdict import NOT_YET, STATES
from course.live.words import say

FILE = "progress.jsonl"
FORMER = (
    "start_here",
    "sigmoid_saturation",
    "symmetry",
    "variance_of_a_sum",
    "vanishing_exploding",
    "xavier",
    "he",
    "order_and_chaos",
    "orthogonal_and_luck",
    "training",
    "the_papers",
    "start_or_learning_rate",
    "todays_networks",
    "whats_wrong",
    "tuning",
    "lab",
)
"""The pages by the numbers that older files of progress call them by."""
_unsaved: list[dict[str, str]] = []
"""Steps of this session that could not be written."""


def path() -> Path:
    """The file, in the folder in which the page runs."""
    return Path.cwd() / FILE


def states() -> dict[str, str]:
    """The best state that each exercise has reached since it was last reset: `{"xavier.1": "right"}`."""
    best: dict[str, str] = {}
    for step in _steps():
        if "reset" in step:
            best = {name: state for name, state in best.items() if not name.startswith(f"{step['reset']}.")}
        elif STATES.index(step["state"]) > STATES.index(best.get(step["exercise"], NOT_YET)):
            best[step["exercise"]] = step["state"]
    return best


def record(exercise: str, state: str) -> str:
    """Keep a state if it is the best so far; give a sentence where the file cannot be written, else ""."""
    if STATES.index(state) <= STATES.index(states().get(exercise, NOT_YET)):
        return ""
    return _add({"exercise": exercise, "state": state})


def reset(page: str) -> str:
    """Forget the progress of one page, "xavier"; give a sentence where the file cannot be written, else ""."""
    return _add({"reset": page})


def _add(step: dict[str, str]) -> str:
    try:
        with path().open("a", encoding="utf-8") as file:
            file.write(json.dumps(step) + "\n")
    except OSError as failure:
        _unsaved.append(step)
        text = "Your progress is kept for this session only: {file} could not be written ({failure})."
        return say(text, file=FILE, failure=failure.strerror)
    return ""


def _lines() -> list[str]:
    try:
        return path().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no file yet, or none that can be read: `record` says so when it writes
        return []


def _steps() -> Iterator[dict[str, str]]:
    """All steps in order; a line that is not one of ours, as after a crash while it was written, is passed over."""
    for line in _lines():
        try:
            step = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(step, dict) and ("reset" in step or ("exercise" in step and step.get("state") in STATES)):
            yield {key: value if key == "state" else _renamed(value) for key, value in step.items()}
    yield from _unsaved


def _renamed(name: str) -> str:
    """Return "xavier.1" for the "05.1" of an older file."""
    page, dot, number = str(name).partition(".")
    former = page.isdecimal() and int(page) < len(FORMER)
    return (FORMER[int(page)] if former else page) + dot + number
