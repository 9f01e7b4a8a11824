"""Learning time against depth, for deep linear networks: orthogonal weights against scaled Gaussian ones."""

import ipywidgets as widgets
import numpy as np

from course.figures.learning_time import LearningTimePicture, Times
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.pages.the_papers.papers import HERE, PAPER, SAXE, SAXE_STARTS, SEEDS, LearningTimes, fastest


def learning_time(text: str = "", **state) -> RunningExplorer:
    """Train linear networks of growing depth from two starts, ten seeds and a grid of learning rates for each.

    Shown are the steps until the loss is half of that of guessing, at the rate that is fastest for the depth.
    `state` sets controls by name.
    """
    picture = LearningTimePicture()

    def begin(size: str, seed: int) -> LearningTimes:
        return LearningTimes(SAXE[size], range(SEEDS * seed, SEEDS * (seed + 1)))

    def show(run: LearningTimes, **_settings) -> Frame:
        sweep, steps = run.sweep, run.steps()
        times = [_times(title, steps[:, place], sweep.rates) for place, title in enumerate(SAXE_STARTS)]
        return picture.update(times, sweep.depths, sweep.rates, sweep.steps, 2 * sweep.every)

    return RunningExplorer(
        _controls(),
        begin,
        show,
        picture.canvas,
        name="learning_time",
        title="Learning time and depth",
        text=text,
        state=state,
    )


def _times(title: str, steps: np.ndarray, rates: tuple[float, ...]) -> Times:
    best, places = fastest(steps)
    ended = np.isfinite(np.median(best, axis=1)) if len(best) else np.zeros(0, bool)
    return Times(title, best, np.where(ended, np.array(rates)[places], np.nan))


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "size": widgets.ToggleButtons(options=(HERE, PAPER), description="size"),
        "seed": widgets.IntSlider(0, 0, 9, description="seeds"),
    }
