"""Exercises: the course in four questions."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course import probes, theory
from course.exercises import reading
from course.exercises.judges import (
    Case,
    Mistake,
    function,
    generator,
    knowing,
    number,
    recognized,
    shared_part,
    standard_error,
)
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, right, wrong

_STD = number(
    math.sqrt(2 / 256),
    {
        "variance for std": Mistake(2 / 256, "That is the variance. The standard deviation was asked for: its root."),
        "fan_out for fan_in": Mistake(math.sqrt(2 / 64), "That is fan_out, the 64, where fan_in belongs."),
        "the factor 2 is missing": Mistake(
            1 / 16, "The factor 2 for ReLU is missing: this keeps a linear layer's signal."
        ),
        "Xavier for He": Mistake(
            math.sqrt(2 / 320), "That is Xavier's: behind this ReLU layer it keeps 0.8 of the mean square."
        ),
        "the bound": Mistake(math.sqrt(6 / 256), "That is the bound of uniform weights, √3 times their std."),
        "the root of 2 alone": Mistake(math.sqrt(2) / 256, "The root belongs to all of it, to fan_in as well."),
        "the mean of both fans": Mistake(
            math.sqrt(4 / 320),
            "You divide by the mean of both fans. What keeps the signal in the forward pass is fan_in, the 256.",
        ),
    },
    praise="Var w = 2/fan_in: ReLU takes half of the mean square, and the weights make up for it.",
    otherwise="Half of fan_in · Var w has to be 1.",
    low=0,
    digits=3,
)


def _networks(rng: np.random.Generator) -> list[Case]:
    """Return keys and units of a network that narrows and of one that widens, behind layers of one shape."""
    narrow, wide = sorted(rng.choice([120, 160, 200], size=2, replace=False).tolist())  # JAX compiles for every shape
    pairs = ((wide, narrow), (narrow, wide))
    return [(jax.random.key(int(rng.integers(2**31))), [a, a, a, b]) for a, b in pairs]


def _variances_and_likeness(layers: Any, _key: object, widths: list[int]) -> np.ndarray:
    """Return what each layer multiplies a ReLU signal by, and how alike two layers are: 1 if not at all, 2 for copies.

    What all weights of a row or a column of one layer share, such as a mean that is not 0, counts in the same way.
    """
    shapes = list(itertools.pairwise(widths))
    if not isinstance(layers, list | tuple) or len(layers) != len(shapes):
        raise reading.Unreadable(f"Your function should give a list of {len(shapes)} arrays for {widths}.")
    read = [reading.array(layer, "a layer", shape) for layer, shape in zip(layers, shapes, strict=True)]
    factors = [shape[0] * np.mean(layer**2) / 2 for layer, shape in zip(read, shapes, strict=True)]
    likeness = np.corrcoef(read[0].ravel(), read[1].ravel())[0, 1]
    return np.array([*factors, 1 + max(likeness, *map(shared_part, read), key=abs)])


_WIDE = math.sqrt(3)
"""How far uniform numbers of variance 1 reach."""


def _times(
    std: Callable[[int, int], float], low: float = -_WIDE, high: float = _WIDE, *, one_key: bool = False
) -> Callable[..., list[np.ndarray]]:
    """Return a function that draws layers of weights, `std(fan_in, fan_out)` times uniform numbers."""

    def layers(key: Any, widths: list[int]) -> list[np.ndarray]:
        rng = generator(key)
        shapes = itertools.pairwise(widths)
        return [std(*shape) * (generator(key) if one_key else rng).uniform(low, high, shape) for shape in shapes]

    return layers


def _orthogonal(key: Any, widths: list[int]) -> list[np.ndarray]:
    """Return √2 times weights whose rows, or columns where there are fewer of them, are orthonormal."""
    normal = _times(lambda _n, _m: 1)(key, widths)
    turned = [np.linalg.svd(weights, full_matrices=False) for weights in normal]
    return [math.sqrt(2) * u @ v for u, _s, v in turned]


_DRAW = function(
    lambda _key, widths: [1] * len(widths),
    _networks,
    {
        "as given": Mistake(
            _times(lambda _n, _m: 1, one_key=True),
            "These are standard normal numbers still, and the same ones in every layer of one shape.",
            NOT_YET,
        ),
        "the same key for every layer": Mistake(
            _times(lambda n, _m: math.sqrt(2 / n), one_key=True),
            "The variance is right, and layers of one shape are copies: the same key for every layer. Split it.",
        ),
        "the factor 2 is missing": Mistake(
            _times(lambda n, _m: math.sqrt(1 / n)),
            "The factor 2 for ReLU is missing: every layer halves the mean square.",
        ),
        "fan_out for fan_in": Mistake(
            _times(lambda _n, m: math.sqrt(2 / m)), "Right for square layers only: fan_out stands where fan_in belongs."
        ),
        "variance for std": Mistake(
            _times(lambda n, _m: 2 / n),
            "You multiply by the variance 2/n. What multiplies standard normal numbers is their std, its root.",
        ),
        "Xavier for He": Mistake(
            _times(lambda n, m: math.sqrt(2 / (n + m))),
            "That is Xavier's variance 2/(fan_in + fan_out), in a square layer half of what ReLU needs.",
        ),
        "standard normal": Mistake(
            _times(lambda _n, _m: 1),
            "These weights have variance 1: every layer multiplies the mean square by half of fan_in.",
        ),
        "the factor 2 is missing, and one key": Mistake(
            _times(lambda n, _m: math.sqrt(1 / n), one_key=True),
            "Two things are left: the factor 2 for ReLU, and the same key, which makes layers of one shape copies.",
        ),
        "variance for std, and one key": Mistake(
            _times(lambda n, _m: 2 / n, one_key=True),
            "Two things are left: what multiplies is the std, the root of 2/n, and the same key makes copies.",
        ),
        "Xavier for He, and one key": Mistake(
            _times(lambda n, m: math.sqrt(2 / (n + m)), one_key=True),
            "Two things are left: Xavier's variance, in a square layer half of what ReLU needs, and one key for all.",
        ),
        "fan_out for fan_in, and one key": Mistake(
            _times(lambda _n, m: math.sqrt(2 / m), one_key=True),
            "Two things are left: fan_out stands where fan_in belongs, and the same key makes copies.",
        ),
        "orthogonal": Mistake(
            _orthogonal,
            "√2 times orthogonal weights keep the length of a signal. A layer that widens spreads it over more units, "
            "and so the mean square falls: multiply by the root of fan_out/fan_in there.",
        ),
        "std for bound": Mistake(
            _times(lambda n, _m: math.sqrt(2 / n), -1, 1),
            "√(2/fan_in) is the std. As the bound of uniform weights it gives a third of the variance.",
        ),
        "only one sign": Mistake(
            _times(lambda n, _m: math.sqrt(2 / n), 0),
            "These weights have one sign only: their mean is not 0, and the terms of a sum do not cancel.",
        ),
    },
    praise="Every layer keeps the mean square of a ReLU signal on average, and no two layers are alike.",
    otherwise="These numbers, half of fan_in · Var w for each layer, and the last one for no likeness, should be 1.",
    # Normal or uniform: a normal sample's variance strays the most. The likeness strays by 1/√(numbers), which is less.
    tolerance=lambda _key, widths: 5 * standard_error(min(n * m for n, m in itertools.pairwise(widths))),
    read=_variances_and_likeness,
)

_DEPTH, _KEPT = 50, 10
_GAIN_MISTAKES = {
    "Xavier as it is": Mistake(
        1, "Gain 1 is Xavier's own. Elu flattens what is negative, and every layer loses a little."
    ),
    "He's factor": Mistake(
        math.sqrt(2), "√2 makes up for ReLU, which outputs 0 for half of its inputs. Elu keeps something of all."
    ),
    "variance for std": Mistake(
        theory.gain("elu") ** 2, "That is the factor of the variance. The gain multiplies the weights."
    ),
    "the gain for tanh": Mistake(5 / 3, "5/3 is what PyTorch calls the gain of tanh."),
}


@knowing(_GAIN_MISTAKES)
def _elu_gain(rng: np.random.Generator, answer: object) -> Verdict:
    gain = reading.number(answer, "the gain", low=0.01, high=10)
    signal = float(theory.activation_second_moments("elu", _DEPTH, gain**2)[-1])
    gradient = float(theory.gradient_variances("elu", _DEPTH, gain**2)[0])
    kept = f"On average the signal keeps {signal:.2g} and the gradient {gradient:.2g}"
    if known := recognized(gain, _GAIN_MISTAKES, f"{kept}."):
        return known
    if not all(1 / _KEPT <= part <= _KEPT for part in (signal, gradient)):
        return wrong(f"{kept}: the gain is too {'large' if max(signal, gradient) > _KEPT else 'small'}.")
    network = {"depth": _DEPTH, "width": 128, "activation": "elu", "scheme": "glorot_normal", "gain": gain}
    drawn = probes.measure(int(rng.integers(100)), **network).activation_rms[-1] ** 2
    return right(f"{kept}. One network, just drawn, keeps {drawn:.2g} of the signal.")


def _images(rng: np.random.Generator) -> list[Case]:
    """Return grey values `(examples, pixels)` of any brightness and contrast."""
    return [(rng.uniform(5, 50) + rng.uniform(2, 60) * rng.random(rng.integers(3, 12, 2)),) for _batch in range(5)]


_STANDARDIZE = function(
    lambda images: (images - images.mean()) / images.std(),
    _images,
    {
        "as given": Mistake(
            lambda images: (images - images.mean()) / images.var(),
            "This is the function as it was given. Which variance do its images have?",
            NOT_YET,
        ),
        "only shifted": Mistake(lambda images: images - images.mean(), "The mean is 0 now. What about the variance?"),
        "only scaled": Mistake(
            lambda images: images / images.std(),
            "The variance is 1, and the mean is not 0: it counts in the mean square that the first layer meets.",
        ),
        "the range from 0 to 1": Mistake(
            lambda images: (images - images.min()) / np.ptp(images),
            "These lie between 0 and 1, with a mean and a small variance. Mean 0 and variance 1 were asked for.",
        ),
        "the rms for the std": Mistake(
            lambda images: (images - images.mean()) / np.sqrt(np.mean(images**2)),
            "You divide by the root of the mean square of the images as they were, with their mean in it.",
        ),
        "the range from −1 to 1": Mistake(
            lambda images: 2 * (images - images.min()) / np.ptp(images) - 1,
            "These lie between −1 and 1. A range is not a variance: 1 was asked for.",
        ),
        "each pixel by itself": Mistake(
            lambda images: (images - images.mean(axis=0)) / images.std(axis=0),
            "This standardizes each pixel by itself. All numbers together were asked for: no axis.",
        ),
        "each image by itself": Mistake(
            lambda images: (images - images.mean(axis=1, keepdims=True)) / images.std(axis=1, keepdims=True),
            "This standardizes each image by itself. All numbers together were asked for: no axis.",
        ),
        "one less than the count": Mistake(
            lambda images: (images - images.mean()) / images.std(ddof=1),
            "ddof=1 estimates the variance of what these numbers were drawn from. They themselves should have 1.",
        ),
        "divided by 255": Mistake(
            lambda images: images / 255,
            "A fixed 255 knows nothing of these images: subtract their mean, and divide by their std.",
        ),
        "only the mean divided": Mistake(
            lambda images: images - images.mean() / images.std(),
            "Division binds first: only the mean is divided here. Put the difference in parentheses.",
        ),
        "multiplied": Mistake(
            lambda images: (images - images.mean()) * images.std(),
            "Multiplying makes a large spread larger still: divide.",
        ),
    },
    praise="The first layer meets inputs of mean 0 and mean square 1, as every derivation of the course assumes.",
    otherwise="What has to be subtracted, and by what divided, for a mean of 0 and a variance of 1?",
)

EXERCISES = (
    Exercise(
        "He initialization by hand",
        "compute",
        _STD,
        "Which of the two fans counts in the forward pass?",
        "Var w = 2/fan_in, and the std is its root.",
    ),
    Exercise(
        "a network's weights",
        "write",
        _DRAW,
        "Each layer needs a key of its own: `jax.random.split`.",
        "`jax.random.normal(key, (fan_in, fan_out))` has std 1; He's has √(2/fan_in).",
    ),
    Exercise(
        "an activation without a rule",
        "change",
        _elu_gain,
        "Open the first scene of page start_here, set elu, 50 layers, Glorot normal, and move the gain.",
        "`theory.gain` computes it for any activation: one over the root of E[φ(z)²].",
    ),
    Exercise(
        "inputs that are not standardized",
        "find the bug",
        _STANDARDIZE,
        "Take images of std 10: which std do they have afterwards?",
        "The variance of x/s is Var x / s².",
    ),
)
