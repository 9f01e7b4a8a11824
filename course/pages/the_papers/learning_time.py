"""Learning time against depth, for deep linear networks: orthogonal weights against scaled Gaussian ones."""

from collections.abc import Mapping

import numpy as np

from course.explorers.training_runs import SEEDS_CONTROL, seed_group
from course.live.axes import Axis, fixed
from course.live.controls import buttons
from course.live.declare import explorer
from course.live.marks import curve, paths
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.pages.the_papers.papers import HERE, PAPER, SAXE, SAXE_STARTS, SEEDS, DepthSweep, LearningTimes, fastest
from course.style import PAIR, look, marked_line, never_point

TICKS = (10, 30, 100, 300, 1000, 3000)
NEVER = 1.6
"""A start that does not get there is a triangle on the upper edge, this many times the steps of a run."""
ANY = fixed(1, 10, log=True)
"""In place of an axis of which each size has its own."""
LOOKS = dict(zip(SAXE_STARTS.values(), PAIR, strict=True))

_RANGES = [paths(f"{key}.range", look(color=colour, linewidth=1.4), upright=True) for key, (colour, _) in LOOKS.items()]
_MEDIANS = [curve(f"{key}.median", marked_line(*pair, markersize=6), pin=False) for key, pair in LOOKS.items()]
_NEVER = [curve(f"{key}.never", never_point(colour), pin=False) for key, (colour, _) in LOOKS.items()]
_RATES = [curve(f"{key}.rate", marked_line(*pair, markersize=6), pin=False) for key, pair in LOOKS.items()]
PICTURE = Picture(
    (
        Panel(
            "Steps until learned: median and range of the seeds", ANY, ANY, [*_RANGES, *_MEDIANS, *_NEVER], key="time"
        ),
        Panel("The fastest learning rate", ANY, ANY, _RATES, key="rate"),
    ),
    grids=("AB",),
    widths=(1.35, 1),
    legend=[f"{key}.median" for key in LOOKS],
    columns=2,
)


def begin(size: str, seed: int) -> LearningTimes:
    """Return the runs of all depths, ten seeds of each start and each learning rate."""
    return LearningTimes(SAXE[size], seed_group(seed, SEEDS))


@explorer(
    "Learning time and depth",
    {"size": buttons((HERE, PAPER)), "seed": SEEDS_CONTROL},
    PICTURE,
    begin=begin,
)
def learning_time(run: LearningTimes, **_settings) -> View:
    """Train linear networks of growing depth from two starts, ten seeds and a grid of learning rates for each.

    Shown are the steps until the loss is half of that of guessing, at the rate that is fastest for the depth.
    `state` sets controls by name.
    """
    steps, sweep = run.steps(), run.sweep
    depths = np.array(sweep.depths[: len(steps)])
    columns, curves, names = {"depth": ("depth", depths)}, {}, {}
    for place, (title, key) in enumerate(SAXE_STARTS.items()):
        best, rates = fastest(steps[:, place])
        columns |= _columns(key, say(title), best, np.array(sweep.rates)[rates])
        curves |= _curves(key, depths * (1.015 if place else 1 / 1.015), best, columns, NEVER * sweep.steps)
        names[f"{key}.median"] = say("{start} (▲ not within {steps} steps)", start=say(title), steps=sweep.steps)
    table = Table(columns)
    return View(curves, describe(sweep, table), table, names, _axes(sweep))


def _columns(key: str, title: str, steps: np.ndarray, rates: np.ndarray) -> dict[str, tuple[str, np.ndarray]]:
    median = np.median(steps, axis=1)
    return {
        f"{key}.fewest": (say("{start}: fewest steps", start=title), steps.min(axis=1)),
        f"{key}.median": (say("{start}: median steps", start=title), median),
        f"{key}.most": (say("{start}: most steps", start=title), steps.max(axis=1)),
        f"{key}.rate": (
            say("{start}: fastest learning rate", start=title),
            np.where(np.isfinite(median), rates, np.nan),
        ),
    }


def _curves(
    key: str, x: np.ndarray, steps: np.ndarray, columns: Mapping[str, tuple[str, np.ndarray]], edge: float
) -> dict[str, tuple]:
    fewest, median, rates = (columns[f"{key}.{what}"][1] for what in ("fewest", "median", "rate"))
    ended = np.isfinite(median)
    last_to_learn = np.where(np.isfinite(steps), steps, 0).max(axis=1)
    return {
        f"{key}.range": (x, fewest, last_to_learn),
        f"{key}.median": (x[ended], median[ended]),
        f"{key}.never": (x[~ended], np.full(np.sum(~ended), edge)),
        f"{key}.rate": (x, rates),
    }


def _axes(sweep: DepthSweep) -> dict[str, Axis]:
    (*_, deepest), least, edge = sweep.depths, 2 * sweep.every, NEVER * sweep.steps
    depths = {depth: str(depth) for depth in sweep.depths}
    steps = {tick: str(tick) for tick in TICKS if least <= tick <= edge}
    rates = {rate: f"{rate:.2g}" for rate in sweep.rates[:: max(1, len(sweep.rates) // 5)]}
    depth = fixed(sweep.depths[0] / 1.2, deepest * 1.2, depths, label="depth: weight layers", log=True)
    return {
        "time.x": depth,
        "time.y": fixed(least, edge, steps, log=True),
        "rate.x": depth,
        "rate.y": fixed(sweep.rates[0] / 1.5, sweep.rates[-1] * 1.5, rates, log=True),
    }


def describe(sweep: DepthSweep, table: Table) -> str:
    """Say how long each start took at the least and at the greatest depth that has run."""
    first, second = (say(title) for title in SAXE_STARTS)
    done, count = len(table["depth"]), len(sweep.depths)
    if done == 0:
        return say(
            "Nothing has run yet: {first} and {second} are ready, at {count} depths from {least} to {greatest}.",
            first=first,
            second=second,
            count=count,
            least=sweep.depths[0],
            greatest=sweep.depths[-1],
        )
    times = [
        say("{start}: {times}", start=say(title), times=_times(table["depth"], table[f"{key}.median"], sweep.steps))
        for title, key in SAXE_STARTS.items()
    ]
    return say(
        "{done} of {count} depths have run. Median steps until learned, at the fastest rate: {times}.",
        done=done,
        count=count,
        times="; ".join(times),
    )


def _times(depths: np.ndarray, medians: np.ndarray, last: int) -> str:
    said = [
        say("{steps:.0f} with {depth} layers", steps=median, depth=depth)
        if np.isfinite(median)
        else say("not within {steps} with {depth} layers", steps=last, depth=depth)
        for depth, median in zip(depths, medians, strict=True)
    ]
    return said[0] if len(said) == 1 else f"{said[0]}, {said[-1]}"
