"""An explorer is one decorated function: declared controls and a picture, and a function of the controls' values.

    @explorer("Signal propagation", {"depth": slider(50, 1, 100), "seed": SEED}, PICTURE)
    def signal_propagation(depth: int, seed: int) -> View:
        ...

The name then stands for the function that opens it: `signal_propagation(text="", **state) -> Explorer`.
"""

import functools
from collections.abc import Callable, Collection, Mapping

from course.live.canvas import Frame
from course.live.controls import Control, build
from course.live.dragging import Dragging
from course.live.explorer import Explorer
from course.live.panels import Drawing, Picture, View
from course.live.running import Job, RunningExplorer
from course.live.words import say

Open = Callable[..., Explorer]
"""`open(text="", **state)`: in the state of a state string, or with some controls set."""


def explorer(
    title: str,
    controls: Mapping[str, Control],
    picture: Picture,
    *,
    begin: Callable[..., Job] | None = None,
    views: Collection[str] = (),
    drag: tuple[str, str, int] | None = None,
) -> Callable[[Callable[..., View]], Open]:
    """Declare an explorer by the function that returns the `View` of some controls' values.

    Where it takes seconds to compute, `begin(**values)` returns the job, which the function gets before the values;
    controls named in `views` then choose what is shown of a job, and begin no other. A class as `begin` is called for
    each explorer, to return what begins the jobs of this one. `drag=("across", "up", 0)` lets a hand move two controls
    at once, in the panel of this number.
    """

    def declare(view: Callable[..., View]) -> Open:
        def open_explorer(text: str = "", **state) -> Explorer:
            drawing = Drawing(picture)

            def draw(*job: Job, **values) -> Frame:
                return drawing.show(view(*job, **values))

            rest = {"name": view.__name__, "title": say(title), "text": text, "state": state}
            if begin is not None:
                begin_job = begin() if isinstance(begin, type) else begin
                return RunningExplorer(build(controls), begin_job, draw, drawing.canvas, views=views, **rest)
            opened = Explorer(build(controls), draw, drawing.canvas, **rest)
            if drag is not None:
                *names, panel = drag
                Dragging(opened, drawing.figure.axes[panel], *names)
            return opened

        functools.update_wrapper(open_explorer, view, ("__module__", "__name__", "__qualname__", "__doc__"))
        del open_explorer.__wrapped__
        open_explorer.view = view
        return open_explorer

    return declare
