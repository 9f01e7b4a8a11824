"""Runs a reader's function: an exception, an endless loop or a giant array becomes a sentence, and the kernel lives on.

The function runs in a thread of its own. After `SECONDS` it is told to stop, which ends any loop of Python; what is
inside a single call of a library goes on until that call returns, and the sentence then says so. On Linux the memory
that it may add is limited as well.
"""

import contextlib
import ctypes
import linecache
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course.exercises.reading import Unreadable
from course.live.words import say

SECONDS = 15.0
GRACE = 1.0
MEMORY = 2**30
"""Bytes that a reader's function may add to what the kernel holds."""
CALLED_WITH = "It was called with {case}."
"""How a note begins that says with which arguments a function failed."""
_OURS = (str(Path(__file__).parents[1]), *sysconfig.get_paths().values())
"""Folders of the course, of Python and of its packages: no code of the reader's."""


class ReaderFault(Exception):
    """The reader's function failed, or did not end; the message is a sentence for the reader."""


class _Stopped(BaseException):
    """Raised inside the reader's function when its time is over; no `except Exception` catches it."""


def call(function: Callable[..., Any], *arguments: Any, seconds: float = SECONDS) -> Any:
    """Return `function(*arguments)`; `ReaderFault`, in words, if it fails, or takes over `seconds` or 1 GiB.

    `Unreadable`, which has its words already, is passed on.
    """
    outcome: dict[str, Any] = {}
    ended = threading.Event()  # and not `Thread.join`, which takes a thread for dead when it is interrupted itself
    thread = threading.Thread(target=_keep, args=(outcome, ended, function, arguments), daemon=True)
    with _limited_memory():
        thread.start()
        try:
            _wait(ended, seconds)
        finally:  # the time is over, or the reader has interrupted the kernel
            stopped = ended.is_set() or _stop(thread, ended)
    if isinstance(outcome.get("failure"), Unreadable):
        raise outcome["failure"]
    if "failure" in outcome and not isinstance(outcome["failure"], _Stopped):
        raise ReaderFault(_sentence(outcome["failure"])) from None
    if "value" not in outcome:
        raise ReaderFault(_endless(seconds, stopped))
    return outcome["value"]


def _wait(ended: threading.Event, seconds: float) -> None:
    """Wait in short steps: an interrupt of the kernel is heard between them on every system."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not ended.wait(min(left, 0.1)):
        pass


def _keep(
    outcome: dict[str, Any], ended: threading.Event, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    try:
        with np.errstate(all="ignore"):  # what overflows is judged by its value, and no cause for a line of red
            outcome["value"] = function(*arguments)
    except BaseException as failure:  # also SystemExit: every failure becomes the caller's sentence
        outcome["failure"] = failure
    finally:
        ended.set()


def _stop(thread: threading.Thread, ended: threading.Event) -> bool:
    """Raise `_Stopped` in the thread, a few times for code that catches everything; say whether it has ended."""
    for _attempt in range(5):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped))
        if ended.wait(GRACE / 5):
            return True
    return False


def _endless(seconds: float, stopped: bool) -> str:
    text = "Your function did not come to an end within {seconds:g} seconds. {ending}. Is there a loop without an end?"
    ending = "It was stopped" if stopped else "It cannot be stopped from here: restart the kernel (Kernel menu)"
    return say(text, seconds=seconds, ending=say(ending))


@contextlib.contextmanager
def _limited_memory() -> Iterator[None]:
    """Let the process take no more than `MEMORY` on top of what it has, where the system can limit that (Linux)."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as sizes:
            present = int(sizes.read().split()[5]) * resource.getpagesize()
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = present + MEMORY
    if before[1] != resource.RLIM_INFINITY:
        allowed = min(allowed, before[1])
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _sentence(failure: BaseException) -> str:
    """Say what failed and in which line of the reader's."""
    if isinstance(failure, MemoryError) or "RESOURCE_EXHAUSTED" in str(failure):
        what = say("Your function asks for more memory than there is for it")
    else:
        what = say("Your function stopped with {error}: {words}", error=type(failure).__name__, words=failure)
    text = " ".join(what.split())
    text = text if len(text) <= 300 else f"{text[:297]}..."
    notes = [
        note for note in getattr(failure, "__notes__", ()) if note.startswith(say(CALLED_WITH).partition("{case}")[0])
    ]
    return " ".join([f"{text.rstrip('.')}.", *notes, _place(failure)]).rstrip()


def _place(failure: BaseException) -> str:
    """Say in which line of the reader's it happened: of a cell, or of a file of theirs."""
    own = [frame for frame in traceback.extract_tb(failure.__traceback__) if _is_the_readers(frame.filename)]
    if not own:
        text = "Does it take the arguments that the question names?"
        return say(text) if isinstance(failure, TypeError) else ""
    last = own[-1]
    code = (last.line or linecache.getline(last.filename, last.lineno)).strip()
    cell = _is_a_cell(last.filename)
    text = "This happened in line {line} of its cell" if cell else "This happened in line {line} of {file}"
    where = say(text, line=last.lineno, file=Path(last.filename).name)
    return f"{where}{': ' if code else '.'}{code}"


def _is_the_readers(filename: str) -> bool:
    return _is_a_cell(filename) or not filename.startswith(_OURS)


def _is_a_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<")
