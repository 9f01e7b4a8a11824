"""IPython's events around a widget's message: announced on the main thread, kept away from a running cell."""

import threading
from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager, available_events

from course.live import kernel_thread
from course.live.kernel_thread import keep_figures_whole


@pytest.fixture
def shell(monkeypatch):
    """A kernel's shell as far as its events go: it notes each that is announced."""
    made = SimpleNamespace(kernel=object(), message="execute_request", heard=[])
    made.get_parent = lambda: {"header": {"msg_type": made.message}}
    made.events = EventManager(made, available_events)
    for event in ("pre_execute", "post_execute", "post_run_cell"):
        made.events.register(event, lambda *_given, event=event: made.heard.append(event))
    monkeypatch.setattr(kernel_thread, "get_ipython", lambda: made)
    return made


def announce(shell, message: str, *, beside_the_cells: bool) -> list[str]:
    """Announce the events around a message of this kind on a thread, and give those that were heard."""
    shell.message, shell.heard[:] = message, []

    def run():
        shell.events.trigger("pre_execute")
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", None)

    if beside_the_cells:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        run()
    return list(shell.heard)


ALL = ["pre_execute", "post_execute", "post_run_cell"]


def test_without_the_remedy_a_widgets_message_on_another_thread_announces_the_end_of_code(shell):
    assert announce(shell, "comm_msg", beside_the_cells=True) == ALL


def test_a_widgets_message_on_another_thread_no_longer_announces_that_code_was_executed(shell):
    keep_figures_whole()
    assert announce(shell, "comm_msg", beside_the_cells=True) == ["post_run_cell"]


@pytest.mark.parametrize(
    ("message", "beside_the_cells"), [("comm_msg", False), ("execute_request", False), ("execute_request", True)]
)
def test_cells_on_every_thread_and_messages_between_them_announce_as_before(shell, message, beside_the_cells):
    keep_figures_whole()
    assert announce(shell, message, beside_the_cells=beside_the_cells) == ALL


def test_calling_it_twice_changes_nothing(shell):
    keep_figures_whole()
    once = shell.events.trigger
    keep_figures_whole()
    assert shell.events.trigger is once


def test_a_shell_that_is_no_kernel_is_left_alone(shell):
    del shell.kernel
    before = shell.events.trigger
    keep_figures_whole()
    assert shell.events.trigger == before


def test_outside_ipython_nothing_happens(monkeypatch):
    monkeypatch.setattr(kernel_thread, "get_ipython", lambda: None)
    keep_figures_whole()
