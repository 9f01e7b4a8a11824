"""Keep widgets' messages that arrive on a thread of their own away from a running cell's figures.

JupyterLab 4.4 and later may have the kernel handle these messages on another thread than cells. There too, IPython
announces "code was executed" after each of them, and matplotlib then shows and closes all figures of pyplot: those
that a cell is still drawing come out half done. The course's setting for JupyterLab prevents it where it is
installed; a kernel that is reached from a JupyterLab elsewhere needs the remedy of this module.
"""

import threading
from collections.abc import Callable
from functools import wraps

from IPython import get_ipython

BETWEEN_CELLS = ("pre_execute", "post_execute")
"""The events that IPython announces around a cell, and around every widget's message too."""
WIDGET_MESSAGES = ("comm_open", "comm_msg", "comm_close")


def keep_figures_whole() -> None:
    """Let IPython announce the end of a widget's message on the main thread alone, where no cell can be running.

    Cells announce theirs on every thread. Calling it twice changes nothing, and outside a kernel nothing happens.
    """
    shell = get_ipython()
    if hasattr(shell, "kernel") and not hasattr(shell.events.trigger, "__wrapped__"):
        shell.events.trigger = _quiet_beside_cells(shell.events.trigger, shell.get_parent)


def _quiet_beside_cells(trigger: Callable[..., None], message: Callable[[], dict]) -> Callable[..., None]:
    @wraps(trigger)
    def quiet(event: str, *args: object, **kwargs: object) -> None:
        elsewhere = threading.current_thread() is not threading.main_thread()
        if event in BETWEEN_CELLS and elsewhere and message()["header"]["msg_type"] in WIDGET_MESSAGES:
            return
        trigger(event, *args, **kwargs)

    return quiet
