"""What an answer was found to be: a state, a sentence, and the name of the mistake that was recognized in it."""

from typing import NamedTuple

NOT_YET, WRONG, ALMOST, RIGHT = "not yet", "not right", "almost", "right"
STATES = (NOT_YET, WRONG, ALMOST, RIGHT)
"""From untouched to done. An answer is almost right if it is one known step away, or right in some cases only."""
NOTHING_YET = "Write your answer into the cell above, run it, then run this one."


class Verdict(NamedTuple):
    """One of `STATES`, a sentence that says why, and which of the exercise's known mistakes was made, if one was."""

    state: str
    sentence: str
    mistake: str = ""


def not_yet(sentence: str = NOTHING_YET) -> Verdict:
    """Nothing was answered, or the code is still as it was given."""
    return Verdict(NOT_YET, sentence)


def wrong(sentence: str, mistake: str = "") -> Verdict:
    """The answer is not right; `mistake` names what was recognized in it."""
    return Verdict(WRONG, sentence, mistake)


def almost(sentence: str, mistake: str = "") -> Verdict:
    """The answer is one step from right; `mistake` names the step."""
    return Verdict(ALMOST, sentence, mistake)


def right(sentence: str) -> Verdict:
    """The answer is right, and this is what to take along."""
    return Verdict(RIGHT, sentence)
