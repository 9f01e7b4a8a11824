"""How large a sum of many random terms is: one unit, drawn thousands of times, with the theory drawn over it."""

from typing import NamedTuple

import numpy as np

from course import initializers, theory
from course.explorers.signals import columns, pairs
from course.initializers import SCHEMES, Scheme
from course.live.axes import fixed, growing, step
from course.live.controls import SEED, menu, stops
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.sums import FAN_INS, INPUTS, TERMS, sums_of_products
from course.style import MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, RING
from course.theory import sums

_UNSCALED = Scheme("uniform_1", "Uniform ±1, not scaled", 1 / 3, "fixed", "uniform", "a start that forgets the width")
WEIGHTS = {
    row.name: row for row in (SCHEMES["standard_uniform"], SCHEMES["lecun_normal"], _UNSCALED, SCHEMES["normal_1"])
}
TITLES = {
    "standard_uniform": "uniform ±1/√d",
    "lecun_normal": "normal, variance 1/d",
    "uniform_1": "uniform ±1, not scaled",
    "normal_1": "normal, variance 1, not scaled",
}
REACHES = (5, 20, 80, 160)
"""The axis of z ends at one of these; it has room for three and a half standard deviations."""
PEAK = 7.5
"""The density axis ends at this number over the reach, so that a curve keeps its place when the axis steps."""
BINS = 60
EDGE = 4.0
"""A unit beyond ±4 is counted as outside."""
NEARLY_NORMAL = 0.1
"""An excess kurtosis below this is called close to normal."""
COLUMNS = {"variance": "variance", "excess_kurtosis": "excess kurtosis", "share_outside": "share outside ±4"}


class SumStatistics(NamedTuple):
    """Of each sum, by number of terms: its variance, its excess kurtosis, and the share of it beyond ±`EDGE`."""

    variance: np.ndarray
    excess_kurtosis: np.ndarray
    share_outside: np.ndarray


PICTURE = Picture(
    (
        Panel(
            "One sum z: density of its draws",
            growing(*REACHES, symmetric=True, label="z"),
            fixed(0, 1),
            (
                curve("density", MEASURED_POINTS, "measured"),
                curve("density.normal", PREDICTED_LINE, "normal, predicted variance"),
            ),
            key="density",
            legend="upper right",
            columns=1,
            backdrop=lambda axes: [axes.axvline(edge, **REFERENCE_LINE) for edge in (-EDGE, EDGE)],
        ),
        Panel(
            "Variance of z for every d",
            fixed(0.7, 1400, {1: "1", 10: "10", 100: "100", 1000: "1000"}, label="d, inputs added up", log=True),
            fixed(0.01, 1e5, {0.01: "0.01", 1: "1", 100: "100", 10_000: "10,000"}, log=True),
            (
                curve("variance", MEASURED_POINTS, "measured"),
                curve("variance.theory", PREDICTED_LINE, "theory"),
                curve("here", RING, "shown on the left", pin=False),
            ),
            reference=1.0,
            legend="upper left",
            columns=1,
        ),
    ),
    grids=("AB",),
    height=3.7,
    widths=(1.35, 1),
)


@explorer(
    "A sum of many random terms",
    {
        "d": stops(FAN_INS, 10),
        "weights": menu({title: name for name, title in TITLES.items()}),
        "inputs": menu(tuple(INPUTS)),
        "seed": SEED,
    },
    PICTURE,
)
def sum_of_inputs(d: int, weights: str, inputs: str, seed: int) -> View:
    """Add up d inputs times random weights, 5,000 times: the spread of the sum, and its variance for every d.

    `state` sets controls by name: `d`, `weights`, `inputs` and `seed`.
    """
    scheme, place = WEIGHTS[weights], FAN_INS.index(d)
    stds = np.array([initializers.standard_deviation(scheme, (fan_in, 1)) for fan_in in FAN_INS])
    z = stds[:, None] * sums_of_products(scheme.distribution, inputs, seed)
    seen, expected = measured(z), predicted(stds, scheme.distribution, inputs)
    statistics = pairs(seen._asdict(), expected._asdict())
    reach = step(REACHES, 3.5 * np.sqrt(expected.variance[place]))
    variances = {key: (FAN_INS, statistics[key]) for key in ("variance", "variance.theory")}
    here = [SumStatistics(*(part[place] for part in rows)) for rows in (seen, expected)]
    return View(
        densities(z[place], expected.variance[place], reach) | variances | {"here": ([d], [seen.variance[place]])},
        describe(d, len(z[place]), *here),
        Table({"d": ("d, inputs added up", np.array(FAN_INS)), **columns(statistics, COLUMNS)}),
        axes={"density.y": growing(*(PEAK / other for other in REACHES[::-1] if other <= reach))},
    )


def densities(draws: np.ndarray, variance: float, reach: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the density of draws between −reach and reach, and that of a normal variable of a variance."""
    counts, edges = np.histogram(draws, BINS, range=(-reach, reach))
    density = np.where(counts > 0, counts, np.nan) / (len(draws) * (edges[1] - edges[0]))
    z = np.linspace(-reach, reach, 400)
    normal = np.exp(-(z**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return {"density": ((edges[1:] + edges[:-1]) / 2, density), "density.normal": (z, normal)}


def measured(z: np.ndarray) -> SumStatistics:
    """Return the statistics of drawn sums of shape `(numbers of terms, draws)`."""
    centred = z - z.mean(axis=1, keepdims=True)
    variance = np.mean(centred**2, axis=1)
    return SumStatistics(variance, np.mean(centred**4, axis=1) / variance**2 - 3, np.mean(abs(z) > EDGE, axis=1))


def predicted(stds: np.ndarray, weights: str, inputs: str) -> SumStatistics:
    """Return what the theory says of the same sums, and of a normal variable the share beyond the edge.

    `stds` are the weights' standard deviations, one for every number of terms.
    """
    mean_square, kurtoses = TERMS[inputs].second_moment, (TERMS[weights].kurtosis, TERMS[inputs].kurtosis)
    variances = [
        theory.preactivation_variances("linear", 1, fan_in * std**2, input_second_moment=mean_square)[0]
        for fan_in, std in zip(FAN_INS, stds, strict=True)
    ]
    excess = [sums.excess_kurtosis(fan_in, *kurtoses) for fan_in in FAN_INS]
    outside = [sums.normal_share_outside(EDGE, variance) for variance in variances]
    return SumStatistics(*map(np.array, (variances, excess, outside)))


def describe(terms: int, draws: int, measured: SumStatistics, predicted: SumStatistics) -> str:
    """Say how large the sum is, how far from normal, and how often it lies beyond ±`EDGE`."""
    near = abs(predicted.excess_kurtosis) < NEARLY_NORMAL
    return say(
        "The sum over {added} has variance {variance} (theory: {variance_theory}) and excess kurtosis {kurtosis:.2f} "
        "(theory: {kurtosis_theory:.2f}), {verdict}. {outside} % of {draws:,} draws lie outside [−4, 4] (a normal "
        "variable: {normal} %).",
        added=say("{terms} inputs", terms=terms) if terms > 1 else say("1 input"),
        variance=number(measured.variance),
        variance_theory=number(predicted.variance),
        kurtosis=measured.excess_kurtosis,
        kurtosis_theory=predicted.excess_kurtosis,
        verdict=say("close to a normal variable") if near else say("not yet a normal variable"),
        outside=number(100 * measured.share_outside),
        draws=draws,
        normal=number(100 * predicted.share_outside),
    )
