"""How large a sum of many random terms is: one unit, drawn thousands of times, with the theory drawn over it."""

import ipywidgets as widgets
import numpy as np

from course import initializers, theory
from course.figures.sums import EDGE, SumPicture, SumStatistics
from course.initializers import SCHEMES, Scheme
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.probes.sums import FAN_INS, INPUTS, TERMS, sums_of_products
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


def sum_of_inputs(text: str = "", **state) -> Explorer:
    """Add up d inputs times random weights, 5,000 times: the spread of the sum, and its variance for every d.

    `state` sets controls by name: `d`, `weights`, `inputs` and `seed`.
    """
    picture = SumPicture(FAN_INS)

    def draw(d: int, weights: str, inputs: str, seed: int) -> Frame:
        scheme = WEIGHTS[weights]
        stds = np.array([initializers.standard_deviation(scheme, (fan_in, 1)) for fan_in in FAN_INS])
        z = stds[:, None] * sums_of_products(scheme.distribution, inputs, seed)
        return picture.update(d, z[FAN_INS.index(d)], measured(z), predicted(stds, scheme.distribution, inputs))

    return Explorer(
        _controls(),
        draw,
        picture.canvas,
        name="sum_of_inputs",
        title="A sum of many random terms",
        text=text,
        state=state,
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "d": widgets.SelectionSlider(options=FAN_INS, value=10, description="d"),
        "weights": widgets.Dropdown(options=[(title, name) for name, title in TITLES.items()], description="weights"),
        "inputs": widgets.Dropdown(options=tuple(INPUTS), value="normal", description="inputs"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


def measured(z: np.ndarray) -> SumStatistics:
    """Give the statistics of drawn sums of shape `(numbers of terms, draws)`."""
    centred = z - z.mean(axis=1, keepdims=True)
    variance = np.mean(centred**2, axis=1)
    return SumStatistics(variance, np.mean(centred**4, axis=1) / variance**2 - 3, np.mean(abs(z) > EDGE, axis=1))


def predicted(stds: np.ndarray, weights: str, inputs: str) -> SumStatistics:
    """Give what the theory says of the same sums, and of a normal variable the share beyond the edge.

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
