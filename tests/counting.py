"""A job that counts, in a picture that shows how far it is: what runs in the tests of runs."""

import threading
import time
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from course.live.canvas import Canvas, Frame
from course.live.running import RunningExplorer
from course.style import course_style

PATIENCE = 20.0
"""Seconds after which something that should happen at once has not happened, on a busy machine too."""


class Counting:
    """A job that counts; it fails at step `fails_at`, once, and waits at each step while `gate` is closed."""

    def __init__(self, size, seed, fails_at=None, pace=0.0):
        self.size, self.seed, self.fails_at, self.pace = size, seed, fails_at, pace
        self.done, self.total, self.gate, self.threads = 0, size, threading.Event(), set()
        self.gate.set()

    @property
    def finished(self):
        return self.done >= self.total

    def advance(self, seconds):
        assert seconds <= 0.2
        assert self.gate.wait(PATIENCE)
        self.threads.add(threading.current_thread())
        if self.done == self.fails_at:
            self.fails_at = None
            raise ArithmeticError("the third wheel came off")
        time.sleep(self.pace)
        self.done += 1


def counting(begin=Counting, show=None, **state):
    """An explorer of jobs that count."""
    with course_style():
        figure = Figure(figsize=(2, 1))
        (line,) = figure.add_subplot(figure.add_gridspec(1, 1)[0]).plot([], [])
    canvas = Canvas(figure, [line])
    jobs = []

    def begin_and_keep(**settings):
        jobs.append(begin(**settings))
        return jobs[-1]

    def draw(job, view, **settings):
        line.set_data([0, job.done], [0, view])
        return Frame(canvas.render(), f"{job.done} of {job.total} seen from {view}", {"done": np.array([job.done])})

    controls = {
        "size": widgets.IntSlider(5, 1, 100_000, description="size"),
        "seed": widgets.IntSlider(0, 0, 100, description="seed"),
        "view": widgets.IntSlider(1, 1, 9, description="view"),
    }
    explorer = RunningExplorer(
        controls, begin_and_keep, show or draw, canvas, name="counting", title="Counting", views=("view",), state=state
    )
    return SimpleNamespace(explorer=explorer, jobs=jobs)


def until(condition):
    """Wait for a condition; fail after more patience than it can need."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "this did not happen in time"
        time.sleep(0.005)


def ended(explorer):
    """Wait for the explorer's thread to end."""
    until(lambda: not explorer.running)


def saw(explorer):
    """Let the explorer know that a page shows its picture."""
    explorer.screen._handle_custom_msg({"kind": "seen"}, [])
