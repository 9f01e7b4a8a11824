"""Keep formulas whole that two threads set at once: those of a run's picture and those of a cell beside it.

matplotlib sets all formulas, the ticks of a logarithmic axis too, with one parser that has a state. Where two threads
use it at once, one of them fails with a `ParseException`, be it in the reader's own figure.
"""

import threading
from functools import wraps

from matplotlib.mathtext import MathTextParser


def keep_formulas_whole() -> None:
    """Let one thread at a time set a formula. Calling it twice changes nothing."""
    parse, turn = MathTextParser.parse, threading.RLock()
    if hasattr(parse, "__wrapped__"):
        return

    @wraps(parse)
    def alone(*arguments, **named):
        with turn:
            return parse(*arguments, **named)

    MathTextParser.parse = alone
