"""What theory predicts where preactivations are normalized: the weights' size drops out, the gradient's factor stays.

With a normalization preactivations have mean 0 and variance 1, in a wide network z ~ N(0, 1), whatever the weights.
"""

from course.activations import Activation, named
from course.theory import expectations

DIVISORS = ("layer", "batch")
"""What is divided by: the deviation over the units of an example, or over the examples of a batch for each unit."""


def passed_variance(activation: str | Activation, normalization: str) -> float:
    """What the next normalization finds to divide by, per unit of weight variance.

    Layer normalization divides by the mean square E[φ(z)²]. Batch normalization first subtracts what all examples
    share, and where these have become strangers that is the mean: Var φ(z) is left.
    """
    if normalization not in DIVISORS:
        raise ValueError(f"normalization is {normalization!r}; allowed are {', '.join(DIVISORS)}")
    row = named(activation)
    shared = expectations.mean(row, 1.0) ** 2 if normalization == "batch" else 0.0
    return expectations.second_moment(row, 1.0) - shared


def gradient_growth(activation: str | Activation, normalization: str) -> float:
    """The factor on the gradient's mean square from a normalized layer to the one below it.

    The way back multiplies by E[φ'(z)²] and by the weights, whose variance the division has taken out again:
    E[φ'(z)²] / E[φ(z)²] for "layer", which is 1 for relu, and E[φ'(z)²] / Var φ(z) for "batch", which is
    π/(π − 1) = 1.467 for relu. In the limit of great width, and for "batch" of a large batch (Yang et al. 2019).
    """
    row = named(activation)
    return expectations.slope_second_moment(row, 1.0) / passed_variance(row, normalization)
