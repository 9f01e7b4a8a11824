"""Mistakes that have been published: what somebody wrote, what was meant, and the network that comes of it.

An initialization is a `Recipe`, one field a decision, right by default. A mistake spoils one of them, and fixing it
puts the right one back.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from course import data
from course.initializers import array_noise

Rule = Callable[[int, int, float], tuple[float, float]]
"""From fan_in, fan_out and gain to the mean and the standard deviation of a layer's weights."""
BATCH = 128


class Weights(NamedTuple):
    """One layer as `diagnose` takes it: weights `(fan_in, fan_out)`, biases `(fan_out,)`, the activation's name."""

    weights: np.ndarray
    biases: np.ndarray
    activation: str | None


class Case(NamedTuple):
    """A network and the batch `(examples, features)` that it is fed."""

    layers: list[Weights]
    batch: np.ndarray


def _right(fan_in: int, _fan_out: int, gain: float) -> tuple[float, float]:
    return 0.0, gain / math.sqrt(fan_in)


def _glorot(fan_in: int, fan_out: int, _gain: float) -> tuple[float, float]:
    return 0.0, math.sqrt(2 / (fan_in + fan_out))


class Recipe(NamedTuple):
    """How a network is initialized: these defaults are right, He's rule for ReLU.

    `widths` are the features and the units of each layer. `distribution` is one of those of `initializers`;
    `bias` is the mean of the biases, `bias_std` their spread in units of the weights'. With `one_key` every layer is
    drawn from the same key. The batch is standardized unless it is pixels as they come, from 0 to `brightest`. `dtype`
    is that of all numbers.
    """

    widths: tuple[int, ...] = (64, 256, 192, 160, 128, 112, 96, 80, 64, 48, 32, 16, 10)
    activation: str = "relu"
    gain: float = math.sqrt(2.0)
    rule: Rule = _right
    distribution: str = "normal"
    bias: float = 0.0
    bias_std: float = 0.0
    one_key: bool = False
    brightest: float | None = None
    dtype: type[np.floating] = np.float32


SQUARE = (64, *(128,) * 20, 10)
"""Widths of a deep network whose hidden layers are all alike."""
TAPERED = (1024, 768, 512, 384, 256, 192, 128, 96, 64, 32, 16, 10)
"""Widths of a network that narrows from layer to layer."""


class Mistake(NamedTuple):
    """A row of the table: the decision that it spoils, what stood in the code, and what was meant.

    `spoiled` are the fields of the `Recipe` that the line decides; `setting` are other fields of the network where it
    was found. `complaint` is what its owner says, and gives nothing away.
    """

    name: str
    complaint: str
    written: str
    meant: str
    spoiled: Mapping[str, Any]
    setting: Mapping[str, Any] = MappingProxyType({})


_ROWS = (
    Mistake(
        "std_as_mean",
        "The loss has more than twenty digits before the first step.",
        "weights.normal_(std)",
        "weights.normal_(0, std)",
        {"rule": lambda fan_in, _fan_out, gain: (gain / math.sqrt(fan_in), 1.0)},
    ),
    Mistake(
        "fan_out",
        "It trains when all layers are equally wide. In this shape it does not.",
        "fan = weights.shape[1]",
        "fan = weights.shape[0]",
        {"rule": lambda _fan_in, fan_out, gain: (0.0, gain / math.sqrt(fan_out))},
        {"widths": TAPERED},
    ),
    Mistake(
        "gain_squared",
        "Ten layers were fine. With twenty-one the gradients explode.",
        "std = gain**2 / sqrt(fan_in)",
        "std = gain / sqrt(fan_in)",
        {"rule": lambda fan_in, _fan_out, gain: (0.0, gain**2 / math.sqrt(fan_in))},
        {"widths": SQUARE},
    ),
    Mistake(
        "root_forgotten",
        "The loss does not move, whatever the learning rate.",
        "std = gain / fan_in",
        "std = gain / sqrt(fan_in)",
        {"rule": lambda fan_in, _fan_out, gain: (0.0, gain / fan_in)},
    ),
    Mistake(
        "three_times_the_bound",
        "The formula says uniform, and so did I. Now every loss is infinite.",
        "bound = 3 * gain * sqrt(3 / fan_in)",
        "bound = gain * sqrt(3 / fan_in)",
        {"rule": lambda fan_in, _fan_out, gain: (0.0, 3 * gain / math.sqrt(fan_in))},
        {"distribution": "uniform"},
    ),
    Mistake(
        "precedence",
        "I typed the bound exactly as the article prints it.",
        "bound = sqrt(6 / fan_in + fan_out)",
        "bound = sqrt(6 / (fan_in + fan_out))",
        {"rule": lambda fan_in, fan_out, _gain: (0.0, math.sqrt((6 / fan_in + fan_out) / 3))},
        {"distribution": "uniform", "activation": "tanh", "gain": 1.0, "widths": (*SQUARE[:9], 10), "rule": _glorot},
    ),
    Mistake(
        "gain_of_another",
        "The same initialization worked with tanh. With ReLU the first layers never change.",
        "gain = 1.0",
        "gain = sqrt(2)",
        {"gain": 1.0},
        {"widths": SQUARE},
    ),
    Mistake(
        "same_for_all",
        "A hundred units, and it learns no more than one unit would.",
        "weights = full(shape, 1 / fan_in)",
        "weights = std * random.normal(key, shape)",
        {"distribution": "constant", "rule": lambda fan_in, _fan_out, _gain: (0.0, 1 / fan_in)},
    ),
    Mistake(
        "one_key",
        "All statistics look right. Printed side by side, the layers look a little too much alike.",
        "key = random.key(0)  # inside draw_layer",
        "key, layer_key = random.split(key)",
        {"one_key": True},
        {"widths": SQUARE},
    ),
    Mistake(
        "negative_biases",
        "Most of the units output 0, whatever I feed in.",
        "biases = full(fan_out, -1.0)",
        "biases = zeros(fan_out)",
        {"bias": -1.0},
    ),
    Mistake(
        "raw_pixels",
        "The weights are He's, I checked them twice. The loss starts in the hundreds.",
        "batch = pixels",
        "batch = (pixels - mean) / std",
        {"brightest": 255.0},
    ),
    Mistake(
        "half_precision",
        "In float32 it ran, badly. Since we went to float16 for the new 15-bit camera, it gives no numbers at all.",
        "batch = pixels.astype(float16)",
        "batch = ((pixels - mean) / std).astype(float16)",
        {"brightest": 32767.0},
        {"dtype": np.float16},
    ),
)

MISTAKES: Mapping[str, Mistake] = MappingProxyType({row.name: row for row in _ROWS})
"""Every mistake by name, in the order of the hunt."""


def named(mistake: str) -> Mistake:
    """The mistake of this name; `ValueError` for a name that is not in the table."""
    if mistake not in MISTAKES:
        raise ValueError(f"mistake is {mistake!r}; allowed are {', '.join(MISTAKES)}")
    return MISTAKES[mistake]


def recipe(mistake: str, *, fixed: bool = False) -> Recipe:
    """The recipe of the network in which a mistake was found, with it or with its line fixed."""
    row = named(mistake)
    return Recipe()._replace(**{**row.setting, **({} if fixed else row.spoiled)})


def draw(recipe: Recipe, seed: int = 0) -> Case:
    """Draw the network of a recipe, and its batch of digits; the last layer has no nonlinearity.

    Biases and weights of a layer come from a generator of their own, (seed, layer), or all layers' from the first.
    """
    shapes = list(itertools.pairwise(recipe.widths))
    layers = [_layer(recipe, shape, (seed, 1 if recipe.one_key else layer)) for layer, shape in enumerate(shapes, 1)]
    layers[-1] = layers[-1]._replace(activation=None)
    return Case(layers, _batch(recipe))


def _layer(recipe: Recipe, shape: tuple[int, int], seed: tuple[int, int]) -> Weights:
    random = np.random.default_rng(seed)
    mean, std = recipe.rule(*shape, recipe.gain)
    weights = mean + std * array_noise(random, recipe.distribution, shape)
    biases = recipe.bias + recipe.bias_std * std * random.standard_normal(shape[1])
    return Weights(weights.astype(recipe.dtype), biases.astype(recipe.dtype), recipe.activation)


def _batch(recipe: Recipe) -> np.ndarray:
    if recipe.brightest is None:
        return data.standardized_digits(BATCH, recipe.widths[0]).astype(recipe.dtype)
    pixels, _labels = data.digits()
    return (pixels[:BATCH] * (recipe.brightest / pixels.max())).astype(recipe.dtype)
