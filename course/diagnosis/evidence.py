"""All that is judged: every layer in numbers, the batch, and what the network answered, as records."""

import math
from typing import NamedTuple

import numpy as np

from course.diagnosis.reading import ParameterReading

SCALE_FREE = 1e-5
"""A gradient at right angles to its parameter, but for rounding: its scale does not change the answer."""
UNIFORM = 1.6, 2.1
"""Weights of a kurtosis between these are uniform, 1.8; those of two values have 1, normal ones 2.4 to 3."""


class Evidence(NamedTuple):
    """One layer of weights in numbers; `number` counts from 1.

    `parent` is the number of the layer whose answers are its inputs, and nothing else; `fed_by` is then the name of
    that layer's activation, and `passed` the factor of the mean square in between. `ends_branch` says that nobody
    follows it for certain: its answers are added to others, multiplied with them, or go through something unknown.
    `groups` counts the parts into which its units fall by the inputs that they see.
    `weights` counts them, `weight_variance` is fan_in · E[w²], and `weight_error` how far that of one draw strays,
    relative to itself. `exponential` and `time_steps` are the reading's. `distinct_units` answer differently,
    `different_units` do or have another gradient, and `projections` are the weighted sums that they make of inputs,
    which are multiples of one sum where the weights have `rank_one`;
    `dead_share` of the units answer 0 to the whole batch, and `dead_by_chance` would with biases of 0 and inputs as
    alike as these. `noise` holds the first weights over their standard deviation. Second moments are taken over the
    batch and the units, the `differing` one of inputs less their mean over the batch; they are inf or nan where
    numbers are out of range. `times` is that of `LayerDefinition`, `tied` says that the parameter is a table of
    inputs too, `radial` and `shape` are those of `ParameterReading`; `positive` says that the network makes the weights
    so, whatever their parameter is, `orthogonal` that its units are more than its inputs, whose weights stand at right
    angles, `picks` that each unit takes one channel of several, as an identity does; `made_of` and what is below it are
    the definition's, `sources` the numbers of the layers of whose answers its inputs are made.
    """

    number: int
    name: str
    fan_in: int
    fan_out: int
    units: int
    groups: int
    weights: int
    dtype: str
    activation: str | None
    fed_by: str | None
    parent: int | None
    passed: float
    ends_branch: bool
    summed: bool
    plus: bool
    gated: bool
    added: bool
    evened: bool
    from_data: bool
    sees_data: bool
    straight: bool
    squared: bool
    leveled: str
    last: bool
    kind: str
    trainable: bool
    step: float | None
    exponential: float | None
    time_steps: tuple[float, ...]
    parameter: str
    bias: str
    own_fan_in: int
    normalized: bool
    shared_with: str | None
    weight_mean: float
    weight_std: float
    weight_variance: float
    weight_error: float
    distinct_units: int
    different_units: int
    projections: int
    rank_one: bool
    bias_mean: float
    bias_second_moment: float
    input_second_moment: float
    differing_second_moment: float
    preactivation_second_moment: float
    activation_second_moment: float
    gradient_second_moment: float
    greatest: float
    slope_second_moment: float
    saturated_share: float
    dead_share: float
    dead_by_chance: float
    gradient_norm: float
    places: int
    noise: np.ndarray
    times: float | None = 1.0
    tied: bool = False
    radial: float = math.nan
    shape: tuple[int, ...] = ()
    factor: float = 1.0
    keeps: float = math.nan
    positive: bool = False
    orthogonal: bool = False
    picks: bool = False
    made_of: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    scales_before: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()

    @property
    def scaled_by(self) -> str:
        """The parameter that scales its weights: its own, or the one other if its own is brought to a length."""
        others = [one for one in self.made_of if one != self.parameter]
        return others[0] if len(others) == 1 and abs(self.radial) < SCALE_FREE else self.parameter

    @property
    def is_nulled(self) -> bool:
        """Whether its weights are 0 though its parameter is not: something else that they are made of is."""
        return self.weight_variance == 0 and self.times is None

    @property
    def uniform(self) -> bool:
        """Whether its weights look drawn evenly between two bounds."""
        return UNIFORM[0] < 1.0 + self.weights * self.weight_error**2 < UNIFORM[1]

    @property
    def chained(self) -> bool:
        """Whether its inputs are one layer's answers, and nothing else."""
        return self.parent is not None

    @property
    def weighted_inputs(self) -> float:
        """The mean square of what its weights make of its inputs, without the biases."""
        return self.weight_variance * self.input_second_moment

    @property
    def through_time(self) -> tuple[float, float]:
        """How many times longer the gradient is at the first time step than at the last, in all and per time step."""
        if len(self.time_steps) < 2 or not (self.time_steps[0] >= 0 and 0 < self.time_steps[-1] < math.inf):
            return 1.0, 1.0
        ratio = self.time_steps[0] / self.time_steps[-1]
        return ratio, ratio ** (1 / (len(self.time_steps) - 1))

    @property
    def common_growth(self) -> float:
        """By what positive weights multiply the square of what all inputs have in common, as a logarithm; 0 of others.

        It is fan_in times their mean: 1 keeps it, as a softmax's weights do.
        """
        return 2 * math.log(self.fan_in * self.weight_mean) if self.positive else 0.0

    @property
    def finite(self) -> bool:
        """Whether every number of the forward pass is within range."""
        return math.isfinite(self.input_second_moment) and math.isfinite(self.preactivation_second_moment)


class Inputs(NamedTuple):
    """The batch as the first layer receives it.

    `common_share` of its mean square is the same for all examples, and `loudest_share` comes from one feature. `uneven`
    says that features differ so much, in their mean squares or in their means, that no one factor and shift suit all.
    """

    examples: int
    features: int
    mean: float
    std: float
    second_moment: float
    common_share: float
    loudest_share: float
    uneven: bool = False


class Network(NamedTuple):
    """All that is judged.

    `inputs` is `None` where the batch is no array of real numbers that the first layer receives as they are; `varied`
    says that its examples differ, `others` are further arrays' names and mean squares, `told`
    says that the values of the network were followed.
    """

    layers: tuple[Evidence, ...]
    inputs: Inputs | None
    framework: str
    parameters: tuple[ParameterReading, ...] = ()
    outputs: np.ndarray | None = None
    fresh: bool = False
    loss: tuple[float, int] | None = None
    told: bool = False
    note: str = ""
    distance: float | None = None
    varied: bool = True
    others: tuple[tuple[str, float], ...] = ()
    examples: int | None = None
    of_targets: float | None = None
