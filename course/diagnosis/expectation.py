"""The curves that a suitable start would show in the layer picture, with what one draw of these widths may stray."""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.functions import named
from course.diagnosis.trend import Run
from course.theory import finite_width

TITLES = {
    "forward": "Forward: mean square E[h²]",
    "gradient": "Backward: mean square of ∂C/∂z (last layer: 1)",
}


class Curve(NamedTuple):
    """A mean square by layer, measured and expected: arrays of shape `(layers,)`, nan where nothing is expected."""

    measured: np.ndarray
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Curves(NamedTuple):
    """E[h²] after each layer, and the gradient's mean square over the last layer's; nan where theory says nothing."""

    forward: Curve
    gradient: Curve


DEVIATIONS = 2.5
"""Half the width of the shaded band in standard deviations of the logarithm: one draw in eighty is outside."""
USUAL_INPUTS = 1e-4, 10.0
"""Data of a mean square between these are taken as they are; others should have been standardized, to 1."""


def curves(network: Network) -> Curves:
    """Return the measured curves, and those that are expected of each stretch of layers that theory knows."""
    layers = network.layers
    if not layers:
        return Curves(*[Curve(*[np.zeros(0)] * 4)] * 2)
    forward = np.array([layer.activation_second_moment for layer in layers])
    gradient = np.array([layer.gradient_second_moment for layer in layers])
    with np.errstate(all="ignore"):
        gradient = gradient / gradient[-1]
    expected = np.full((2, 3, len(layers)), np.nan)
    for run in trend.runs(layers):
        where = [layer.number - 1 for layer in run.layers]
        expected[:, :, where] = _expected(run, gradient[where[-1]])
    return Curves(Curve(forward, *expected[0]), Curve(gradient, *expected[1]))


def _expected(run: Run, last_gradient: float) -> np.ndarray:
    """Centre, lower and upper edge, forward and backward: an array of shape `(2, 3, layers)`."""
    variances = _variances(run)
    fans = np.array([layer.fan_out / layer.fan_in for layer in run.layers])
    # theory's backward factor is fan_out · Var w where its forward one is fan_in · Var w
    shapes = np.append(np.cumsum(np.log(fans[1:])[::-1])[::-1], 0.0)
    forward, backward = trend.propagated(run.layers, variances, _biases(run))
    end = math.log(last_gradient) if 0 < last_gradient < math.inf else 0.0
    centres = forward + math.log(_inputs(run.layers[0])), backward + shapes + end
    with np.errstate(over="ignore"):
        return np.exp(
            [
                (centre, *(centre + mean + side * np.sqrt(variance) for side in (-DEVIATIONS, DEVIATIONS)))
                for centre, (mean, variance) in zip(centres, _strays(run, variances), strict=True)
            ]
        )


def _variances(run: Run) -> np.ndarray:
    """The weight variances as they are where they suit, and the advised ones where they do not."""
    rows = zip(run.layers, run.distances, strict=True)
    return np.array([trend.advised(layer) if distance else layer.weight_variance for layer, distance in rows])


def _biases(run: Run) -> np.ndarray:
    return np.minimum([layer.bias_second_moment for layer in run.layers], trend.SMALL_BIASES)


def _inputs(first: Evidence) -> float:
    """The mean square that the run should have received."""
    given = first.input_second_moment
    low, high = USUAL_INPUTS
    return given if low < given < high or (first.number > 1 and 0 < given < math.inf) else 1.0


def _strays(run: Run, variances: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of the logarithms, forward and backward, taking the commonest activation for all."""
    names = Counter(layer.activation for layer in run.layers if layer.activation is not None)
    if len(names) > 1:
        del names["linear"]
    activation = names.most_common(1)[0][0] if names else "linear"
    variances = variances * np.array([layer.factor for layer in run.layers]) ** 2
    start = (named(activation), len(run.layers), [layer.units for layer in run.layers], variances, _biases(run))
    moment = _inputs(run.layers[0])
    means = finite_width.log_means(*start, input_second_moment=moment)
    spread = finite_width.log_variances(*start, input_second_moment=moment)
    return [(means.activations, spread.activations), (means.gradients, spread.gradients)]
