"""Findings about the size of weights, where it shows: too small, too large, and too large for a function that ends."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from course.diagnosis import starts, trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.answers import biases_decide, exponential
from course.diagnosis.findings.draws import strayed
from course.diagnosis.findings.found import Change, Found, deviations, scaling, severity
from course.diagnosis.findings.lengths import LOST, UNEQUAL
from course.diagnosis.functions import named
from course.live.words import number

ONE_SIDED = 0.1
"""Of ReLU's mean square, 1/π is that of the mean; odd functions have none."""
LITTLE_LESS = 0.95
"""A factor nearer to 1 changes nothing that counts."""
LARGE_STATE = 10.0
"""A recurrent layer's fan_in · Var w beyond this saturates its gates at once, whatever is measured by time step."""
FLAT, MOSTLY_FLAT = 0.3, 0.5
"""Of tanh's slopes 3 % are flat for preactivations of variance 1, and 14 % where PyTorch's gain lets them settle."""


def too_small(network: Network) -> Iterator[Found]:
    """Weights that let the signal or the gradient vanish, also where layers that widen make up for it backward."""
    yield from _unsuitable(network, "too small")
    for found in strayed(network):
        small = [layer for layer in found.layers if layer.weight_variance < trend.accepted(layer)[0]]
        mistake = _mistake(small, network)
        for layer in small if found.lecun else ():
            yield _described(layer, -1.0, found.severity, _reason(layer, small, mistake))


def too_large(network: Network) -> Iterator[Found]:
    """Weights that let the signal or the gradient explode, and branches that do so by adding up."""
    yield from _adding_up(network)
    yield from _unsuitable(network, "too large")
    for layer in network.layers:
        ratio, _each = layer.through_time
        most = starts.INPUTS[1] if ratio > UNEQUAL else LARGE_STATE
        if layer.kind == "recurrent" and layer.weight_variance > most:
            grave = severity(ratio > LOST)
            yield _described(layer, math.log(layer.weight_variance), grave, _alone(layer, network))
        distance = starts.distance(layer.weight_variance, trend.accepted(layer))
        if distance > 0 and exponential(layer, network) and not biases_decide(layer):
            yield _described(layer, distance, exponential(layer, network), _alone(layer, network))


def _adding_up(network: Network) -> Iterator[Found]:
    """Ends of residual branches without a scale, where what enters a layer has grown beyond what counts as lost."""
    sums = [layer for layer in network.layers[1:] if layer.added and math.isfinite(layer.input_second_moment)]
    most = max((layer.input_second_moment for layer in sums), default=0.0)
    if network.fresh or most <= math.exp(trend.LOST) * _least_sum(network):
        return
    if any(_grows_otherwise(layer, network) for layer in network.layers):
        return
    branches = [layer for layer in network.layers if _adds(layer, network)]
    for layer in branches:
        yield Found(
            layer.number,
            "fault",
            f"what the branches add up to has grown to a mean square of {number(most)}",
            "each branch adds its own mean square to that of what it receives",
            *_smaller_branch(layer, len(branches)),
        )


def _grows_otherwise(layer: Evidence, network: Network) -> bool:
    """Whether sums grow by something else: means that add up, biases in an exponential, a state that grows in time."""
    by_biases = exponential(layer, network) and biases_decide(layer)
    return by_biases or layer.common_growth > trend.KEPT or layer.through_time[0] > UNEQUAL


def _smaller_branch(layer: Evidence, count: int) -> tuple[str, Change | None]:
    """What to do about one of so many branches, in words and as a change of its last layer.

    Mean squares add, so 1/√count suits; where all branches answer above 0, they add up themselves, and 1/count does.
    What multiplies something as well, or is as small already, starts at 0.
    """
    share = f"{count}" if _is_one_sided(layer.activation) else f"√{count}"
    factor = math.sqrt(trend.advised(layer) / layer.weight_variance / count)
    factor /= math.sqrt(count) if _is_one_sided(layer.activation) else 1.0
    last = layer.parameter or "its last layer"
    if layer.normalized:
        return f"start the scale that follows {last} at 0, or normalize what enters the branches", None
    if layer.gated or factor > LITTLE_LESS:
        change = Change(layer.parameter, "zero")
        said = f"start {last}, the last layer of its branch, at 0, or normalize what enters the branches"
    else:
        change = Change(layer.parameter, "scale", factor)
        alone = f"multiply {last} by {factor:.3g}"
        if count == 1:
            said = f"{alone}, start it at 0, or normalize what enters its branch"
        else:
            all_of_them = f"scale all {count} branches by 1/{share} ({alone})"
            said = f"{all_of_them}, start their last layers at 0, or normalize what enters them"
    return said, change if layer.parameter else None


def _is_one_sided(activation: str | None) -> bool:
    """Whether the mean of a function's answers to normal inputs makes up a good part of their mean square."""
    if activation in (None, "linear"):
        return False
    places, weights = np.polynomial.hermite_e.hermegauss(40)
    answers = named(activation).array_function(places)
    weights = weights / weights.sum()
    return float(weights @ answers) ** 2 > ONE_SIDED * float(weights @ answers**2)


def _adds(layer: Evidence, network: Network) -> bool:
    """Whether a layer ends a branch that learns; what is added to a frozen network is an adapter: see `whole`."""
    if any(not one.trainable and one.ends_branch and one.summed for one in network.layers):
        return False
    ends = layer.ends_branch and (layer.summed or not network.told) and layer.trainable
    ends = ends and layer.kind != "recurrent"  # its state is no branch
    return ends and layer.weight_variance > 0 and layer.activation_second_moment != 0


def _least_sum(network: Network) -> float:
    """What the sums began with: the data, or in a network whose values were followed at least a mean square of 1."""
    if network.told:
        entering = [layer.input_second_moment for layer in network.layers if layer.from_data]
        return max(1.0, network.layers[0].activation_second_moment, *entering)
    return network.inputs.second_moment


def saturated(network: Network) -> Iterator[Found]:
    """Weights so large that most slopes are flat, whether or not the gradient explodes for it."""
    found = *_unsuitable(network, "saturated"), *_flat(network)
    yield from sorted(found, key=lambda one: one.severity != "fault")


def _flat(network: Network) -> Iterator[Found]:
    """Layers whose weights are too large and leave most slopes flat."""
    for layer in network.layers:
        distance = starts.distance(layer.weight_variance, trend.accepted(layer))
        if (
            not layer.normalized
            and layer.kind not in trend.UNSCALED
            and layer.trainable
            and distance > math.log(2)
            and _kind(layer, distance) == "saturated"
        ):
            grave = severity(layer.saturated_share > MOSTLY_FLAT)
            yield _described(layer, distance, grave, _alone(layer, network))


def _unsuitable(network: Network, kind: str) -> Iterator[Found]:
    """Layers whose weight variance does not suit, in runs of layers where that shows."""
    limit = deviations(network)
    for run in trend.runs(network.layers):
        if run.by_weights < (trend.LOST if run.forgiven else trend.KEPT) + limit * run.error:
            continue
        blamed = [layer for layer, _ in run.blamed]
        mistake = _mistake(blamed, network)
        for layer, distance in run.blamed:
            if _kind(layer, distance) == kind and not layer.is_nulled:
                grave = severity(run.by_weights > trend.LOST)
                yield _described(layer, distance, grave, _reason(layer, blamed, mistake))


def _kind(layer: Evidence, distance: float) -> str:
    if distance < 0:
        return "too small"
    return "saturated" if layer.saturated_share > FLAT and named(layer.activation).saturates else "too large"


def _described(layer: Evidence, distance: float, severity: str, reason: str) -> Found:
    factor = math.sqrt(
        max(layer.weight_variance / trend.advised(layer), trend.advised(layer) / (layer.weight_variance or 1e-300))
    )
    times = f"{factor:.3g}" if factor < 1.1 else number(factor)
    seen = f"the standard deviation of its weights is {times} times too {'small' if distance < 0 else 'large'}"
    if layer.weight_variance == 0:
        seen = "all its weights are 0"
    if _kind(layer, distance) == "saturated":
        seen = f"{layer.saturated_share:.0%} of its slopes are flat, and {seen}"
    return Found(layer.number, severity, seen, reason, scaling(layer))


class Hint(NamedTuple):
    """A mistake that a weight variance gives away: what it makes of the right variance, and what was done.

    In the words `suits` is fan_in · Var w as it should be, and `bound` fan_in times the square of a bound for that.
    """

    variance: Callable[[float, int, int], float]
    words: str
    uniform: bool = False


HINTS = (
    Hint(lambda right, fan_in, _out: right / fan_in, "1/fan_in stands where 1/√fan_in belongs: the root was forgotten"),
    Hint(
        lambda right, fan_in, _out: right**2 / fan_in,
        "{suits}/fan_in stands where √({suits}/fan_in) belongs: the root was forgotten",
    ),
    Hint(lambda right, _in, _out: right**2, "the gain was squared"),
    Hint(lambda right, _in, _out: 9 * right, "the bound is 3·√({bound}/fan_in) where √({bound}/fan_in) belongs", True),
    Hint(lambda right, _in, _out: right / 9, "the bound is √({bound}/fan_in)/3 where √({bound}/fan_in) belongs", True),
    Hint(lambda right, _in, _out: right / 3, "the bound is √({suits}/fan_in) where √({bound}/fan_in) belongs", True),
    Hint(lambda right, fan_in, _out: right * fan_in, "the weights were not divided by √fan_in"),
    Hint(lambda _right, fan_in, _out: float(fan_in), "the variance is 1: the weights were not scaled at all"),
    Hint(lambda right, _in, _out: right / 2, "this suits a function that lets everything through, not this one"),
    Hint(lambda right, fan_in, out: right * fan_in / out, "the fan_out stands where the fan_in belongs"),
    Hint(
        lambda _right, _in, _out: 1 / 3, "a bound of 1/√fan_in, the default of some libraries, is too narrow here", True
    ),
)
"""Known ways to miss the right variance, the more telling first; those of a bound are for weights that have one."""
CLOSE = 0.2
"""A hint is not given for a variance farther from its own, in the logarithm, however little is known of it."""


def _reason(layer: Evidence, blamed: Sequence[Evidence], mistake: Hint | None) -> str:
    """Why a layer's variance is off: the mistake that explains all that are blamed with it, or the number."""
    suits = trend.advised(layer)
    if mistake is not None:
        return mistake.words.format(suits=f"{suits:.3g}", bound=f"{3 * suits:.3g}")
    adds_up = ", and that adds up over the layers" if len(blamed) > 1 else ""
    return f"its fan_in · Var w is {number(layer.weight_variance)} where {number(suits)} suits{adds_up}"


def _alone(layer: Evidence, network: Network) -> str:
    """The reason of a layer that is judged by itself."""
    return _reason(layer, [layer], _mistake([layer], network))


def _mistake(blamed: Sequence[Evidence], network: Network) -> Hint | None:
    """Return what explains all that are blamed best, if anything does, at more than one fan.

    At one fan a mistake and a standard deviation that somebody took for all layers cannot be told apart.
    """
    told = [hint for hint in HINTS if _explains(hint, blamed, network)]
    return min(told, key=lambda hint: sum(_away(hint, one) / one.weight_error for one in blamed), default=None)


def _explains(hint: Hint, blamed: Sequence[Evidence], network: Network) -> bool:
    """Whether a mistake explains all that are blamed, and layers of more than one fan."""
    limit = deviations(network)
    explained = [one for one in network.layers if _away(hint, one) < min(limit * one.weight_error, CLOSE)]
    fans = {one.fan_in for one in explained}
    return len(fans) > 1 and {one.number for one in explained}.issuperset(one.number for one in blamed)


def _away(hint: Hint, layer: Evidence) -> float:
    """How far a layer's variance is from what a mistake makes of the right one, as a logarithm; orthogonal is none."""
    suits = trend.advised(layer)
    made = hint.variance(suits, layer.fan_in, layer.fan_out)
    if layer.weight_variance == 0 or layer.orthogonal or made == suits or (hint.uniform and not layer.uniform):
        return math.inf
    return abs(math.log(layer.weight_variance / made))
