"""An explorer whose picture grows while a computation goes on: it runs in a thread, can be stopped, and is kept."""

import atexit
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import ipywidgets as widgets

from course.live.canvas import Canvas, Frame
from course.live.explorer import Explorer
from course.live.formulas import keep_formulas_whole
from course.live.progress import Progress
from course.live.settings import values
from course.live.tables import Table
from course.live.toolbar import button, row, switch
from course.live.words import say

SLICE_SECONDS = 0.15
"""Seconds of work between two pictures; a run can be stopped this often."""
KEPT_JOBS = 8
"""As many settings keep what was computed for them."""
_OPEN: weakref.WeakSet["RunningExplorer"] = weakref.WeakSet()


class Job(Protocol):
    """A computation in small pieces: `done` of `total` steps are behind, `advance` goes on for about so long."""

    done: int
    total: int

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    def advance(self, seconds: float) -> None:
        """Go on for about so many seconds."""


class RunningExplorer(Explorer):
    """Controls wired to a computation that takes seconds, and to a picture of what it has so far.

    `begin(**settings)` returns the job of some settings, cheaply; `show(job, **settings)` draws what the job has, also
    before its first step. Controls named in `views` choose what is shown of a job and not which. Where `begin` is a
    `functools.cache`, all pictures show one job, until one of them runs it anew. The run starts when
    the picture is first seen in a page, follows the controls, and ends by the Stop button, within one piece of work;
    what was computed is kept, for the last settings too, and Run goes on from there. Other arguments as in `Explorer`.
    """

    def __init__(
        self,
        controls: Mapping[str, widgets.ValueWidget],
        begin: Callable[..., Job],
        show: Callable[..., Frame],
        canvas: Canvas,
        *,
        name: str,
        title: str,
        views: Collection[str] = (),
        text: str = "",
        state: Mapping[str, Any] = MappingProxyType({}),
    ):
        keep_formulas_whole()
        self._begin_job, self._views = begin, frozenset(views)
        self._jobs: OrderedDict[tuple, Job] = OrderedDict()
        self._automatic, self._wanted, self._seen, self._resting = False, False, False, False
        self._waiting: list[tuple[dict[str, Any], Callable[[Table], object]]] = []
        self._thread: threading.Thread | None = None
        self._run_button = switch("Run", "Start, stop, or go on with this run")
        self._again = button("Run anew", "Forget what was computed for these settings, and start over", self.run_anew)
        self._progress = Progress()

        def draw(**settings: Any) -> Frame:
            return show(self._job_for(settings), **settings)

        super().__init__(controls, draw, canvas, name=name, title=title, text=text, state=state)
        self._run_button.observe(self._pressed, "value")
        self.screen.on_message("seen", lambda _content: self._first_seen())
        _OPEN.add(self)

    def _closed(self) -> None:
        self.stop()
        super()._closed()

    @property
    def job(self) -> Job:
        """The computation of the present settings."""
        return self._job_for(values(self.controls))

    @property
    def running(self) -> bool:
        """Whether a thread computes for this picture."""
        return self._thread is not None

    def run(self) -> None:
        """Start, or go on, in a thread of its own; from now on a moved control starts its own run too."""
        with self._answering(say("This run failed")):
            self._automatic, self._resting = True, False
            if not self.job.finished:
                self._wanted = True
                self._start_thread()
            self._say()

    def _start_thread(self) -> None:
        if self._thread is None:
            self._progress.begin()
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the run after the present piece of work, and start no other until Run is pressed."""
        with self._drawing:
            self._automatic = self._wanted = False
            self._say()

    def rest(self) -> None:
        """End the run after the present piece of work; it goes on when the explorer begins anew in a state."""
        with self._drawing:
            self._wanted, self._resting = False, True
            self._say()

    def begin(self, state: Mapping[str, Any]) -> None:
        """Begin anew in a state; a run that rests goes on."""
        self._resting = False
        super().begin(state)

    def run_anew(self) -> None:
        """Forget what was computed for the present settings, and start over."""
        with self._drawing:
            self._jobs.pop(self._key(values(self.controls)), None)
            if hasattr(self._begin_job, "cache_clear"):
                self._begin_job.cache_clear()
        self._moved()
        self.run()

    def finish(self) -> None:
        """Go on to the end before returning; a failure is raised."""
        self.stop()
        thread = self._thread
        if thread is not None:
            thread.join()
        while not self.job.finished:
            self.job.advance(SLICE_SECONDS)
        self._moved()

    def on_complete(self, call: Callable[[Table], object]) -> None:
        """Call once with the numbers behind the present picture, at the end of its run, in whatever thread that is.

        Where other settings are shown by then, the call waits until these are shown again.
        """
        with self._drawing:
            self._waiting.append((values(self.controls), call))
            if self.job.finished:
                self._show()

    def _ended(self) -> list[tuple[Callable[[Table], object], Table]]:
        """Return the calls whose run is the present one and has ended, with what they wait for; they wait no longer."""
        if not self._waiting or not self.job.finished:
            return []
        key = self._key(values(self.controls))
        ended = [(asked, call) for asked, call in self._waiting if self._key(asked) == key]
        self._waiting = [pair for pair in self._waiting if pair not in ended]
        return [(call, self._draw(**asked).table) for asked, call in ended]

    def _children(self) -> list[widgets.Widget]:
        run = row([self._run_button, self._again, self._progress], "course-run")
        self._toolbar.often.children = (*self._toolbar.often.children, run)
        return super()._children()

    def _show(self) -> None:
        ended = self._ended()
        super()._show()
        (self.run if self._automatic and not self._resting else self._say)()
        for call, table in ended:
            call(table)

    def _key(self, settings: Mapping[str, Any]) -> tuple:
        return tuple((name, value) for name, value in settings.items() if name not in self._views)

    def _job_for(self, settings: Mapping[str, Any]) -> Job:
        with self._drawing:
            key = self._key(settings)
            if key not in self._jobs:
                self._jobs[key] = self._begin_job(**{n: v for n, v in settings.items() if n not in self._views})
            self._jobs.move_to_end(key)
            if len(self._jobs) > KEPT_JOBS:
                *others, _ = self._jobs.items()
                idle = [other for other, job in others if job.done == 0]  # a control was only dragged past these
                del self._jobs[idle[0] if idle else others[0][0]]
            return self._jobs[key]

    def _work(self) -> None:
        going_on = True
        while going_on:
            try:
                going_on = self._take_a_piece()
            except Exception as exception:
                self._wanted = self._automatic = False
                self._fail(exception)
        self._say()

    def _take_a_piece(self) -> bool:
        """Go on with the job of the present settings and draw it; return whether there was anything to do."""
        with self._drawing:
            job = self.job if self._wanted else None
            if job is None or job.finished:
                self._thread, self._wanted = None, False
                if job is not None:
                    self._moved()  # another picture of the same job may have brought it to its end
                return False
        job.advance(SLICE_SECONDS)
        self._moved()
        return True

    def _fail(self, exception: Exception) -> None:
        with self._answering(say("This run failed")):
            raise exception

    def _pressed(self, change: Mapping[str, Any]) -> None:
        if change["new"] != self._wanted:
            (self.run if change["new"] else self.stop)()

    def _first_seen(self) -> None:
        if not self._seen:
            self._seen = self._automatic = True
            if not self._resting:
                self.run()

    def _say(self) -> None:
        """Let the button and the bar say how far the run is."""
        with self._drawing:
            job = self._jobs.get(self._key(values(self.controls)))  # none where `begin` has refused these settings
            if job is not None:
                self._progress.show(job, self._word(job), running=self._wanted)
            self._run_button.value = self._wanted
            self._run_button.description = say("Stop") if self._wanted else say("Run")
            self._run_button.disabled = job is None or job.finished

    def _word(self, job: Job) -> str:
        if job.finished:
            return say("done")
        if self._wanted:
            return say("running") if job.done else say("compiling")
        return say("stopped at {step}", step=job.done) if job.done else say("not started")


def _stop_all() -> None:
    for explorer in _OPEN:
        thread = explorer._thread
        explorer.stop()
        if thread is not None:
            thread.join(timeout=30)  # it may be compiling, which cannot be cut short


atexit.register(_stop_all)  # a thread inside a compiled call must not outlive the interpreter
