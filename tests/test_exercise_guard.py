"""A reader's function cannot take the kernel down unheard: it fails, loops and overflows memory in words."""

import _thread
import contextlib
import mmap
import signal
import sys
import threading
import time

import numpy as np
import pytest

from course.exercises.guard import MEMORY, ReaderFault, call

SHORT = 0.3


def endless():
    while True:
        pass


def endless_and_deaf():
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


def assert_ended(before):
    """The threads that were started are gone, within the moment that a thread takes to end."""
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_what_a_function_gives_is_given():
    assert call(lambda a, b: a + b, 1, 2) == 3


def test_a_function_runs_in_a_thread_of_its_own():
    assert call(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("function", [endless, endless_and_deaf])
def test_an_endless_loop_is_stopped_and_its_thread_ends(function):
    before = threading.active_count()
    with pytest.raises(ReaderFault, match=r"did not come to an end within 0\.3 seconds\. It was stopped"):
        call(function, seconds=SHORT)
    assert_ended(before)


def test_an_interrupted_kernel_stops_the_function_too():
    before, handler = threading.active_count(), signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(SHORT, _thread.interrupt_main)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call(endless, seconds=30)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert_ended(before)


def test_a_call_that_cannot_be_stopped_is_left_behind_and_said_so():
    released = threading.Event()
    with pytest.raises(ReaderFault, match="cannot be stopped from here: restart the kernel"):
        call(lambda: released.wait(30), seconds=SHORT)
    released.set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_addresses_that_a_library_reserves_and_does_not_use_are_no_memory():
    def reserving():  # as JAX does for each of its threads, the first time that a function uses it
        with mmap.mmap(-1, 4 * MEMORY, flags=mmap.MAP_PRIVATE, prot=0) as reserved:
            return len(reserved)

    assert call(reserving) == 4 * MEMORY


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_giant_array_is_refused_before_it_takes_the_memory():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(ReaderFault, match="asks for more memory than there is"):
        call(np.ones, 2 * MEMORY // 8)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert call(np.ones, 10).size == 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_list_that_grows_without_end_is_refused():
    def growing():
        kept = []
        while True:
            kept.append(bytes(10_000_000))

    with pytest.raises(ReaderFault, match="asks for more memory than there is"):
        call(growing)


@pytest.mark.parametrize("failure", [ZeroDivisionError, ValueError, SystemExit, KeyboardInterrupt, RecursionError])
def test_an_exception_becomes_a_sentence_with_its_name(failure):
    def failing():
        raise failure("no luck")

    with pytest.raises(ReaderFault, match=f"stopped with {failure.__name__}: no luck"):
        call(failing)


def test_the_sentence_quotes_the_readers_line_and_no_line_of_the_course():
    names = {}
    exec(compile("def answer(x):\n    y = x + 1\n    return y / 0", "<cell>", "exec"), names)
    with pytest.raises(ReaderFault, match="line 3 of its cell") as fault:
        call(names["answer"], 1)
    assert "guard" not in str(fault.value)


def test_a_long_message_is_cut():
    def failing():
        raise ValueError("x" * 10_000)

    with pytest.raises(ReaderFault) as fault:
        call(failing)
    assert len(str(fault.value)) < 400
