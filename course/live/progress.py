"""How far a computation is, in the page: a word and a bar, and the time that it has taken and will still take."""

import time
from typing import Protocol

import ipywidgets as widgets

from course.live.words import number, say


class Counted(Protocol):
    """What has `done` of `total` steps behind it."""

    done: int
    total: int


class Progress(widgets.HBox):
    """A bar for one job at a time; times count from where a run was first shown."""

    def __init__(self):
        self.bar = widgets.IntProgress(style={"description_width": "initial"}, layout={"width": "12em"})
        # As wide as they ever are: the row breaks where it will break, and nothing below it moves during a run.
        self.count, self.times = widgets.HTML(layout={"min_width": "8em"}), widgets.HTML(layout={"min_width": "19em"})
        super().__init__([self.bar, self.count, self.times], layout={"width": "auto", "align_items": "center"})
        self.begin()

    def begin(self) -> None:
        """Let another run begin, perhaps of the same job."""
        self._job: Counted | None = None

    def show(self, job: Counted, word: str, *, running: bool) -> None:
        """Say how far a job is; the times of one that has stopped stay."""
        if job is not self._job:
            self._job, self._first, self._began = job, job.done, time.monotonic()
            self.times.value = ""
        self.bar.max, self.bar.value, self.bar.description = job.total, job.done, word
        self.count.value = say("{done} of {total}", done=job.done, total=job.total)
        if running:
            self.times.value = self._times(time.monotonic() - self._began)

    def _times(self, gone: float) -> str:
        """Say how long the run has taken, and will still take where it goes on as fast."""
        steps = self._job.done - self._first
        if not steps:
            return say("{gone} gone", gone=_clock(gone))
        left = gone * (self._job.total - self._job.done) / steps
        text = "{gone} gone, {left} to go, {rate} a second"
        return say(text, gone=_clock(gone), left=_clock(left), rate=number(steps / max(gone, 1e-9)))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"
