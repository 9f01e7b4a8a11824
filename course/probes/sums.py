"""Sums of many random terms: what one unit adds up, drawn again and again."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from course.distributions import DISTRIBUTIONS
from course.probes.requests import whole

FAN_INS = (1, 2, 3, 5, 10, 30, 100, 300, 1000)
"""The numbers of terms after which a sum is kept."""
DRAWS = 5000


class Terms(NamedTuple):
    """How numbers are spread: a function from generator and count to draws, and two exact moments of a draw."""

    draw: Callable[[np.random.Generator, int], np.ndarray]
    second_moment: float
    fourth_moment: float

    @property
    def kurtosis(self) -> float:
        """The fourth moment over the square of the second, E[x⁴]/E[x²]²: 3 for a normal x of mean 0."""
        return self.fourth_moment / self.second_moment**2


INPUTS: Mapping[str, Terms] = MappingProxyType(
    {
        "normal": Terms(lambda rng, count: rng.standard_normal(count), 1.0, 3.0),
        "uniform": Terms(lambda rng, count: rng.uniform(-(3**0.5), 3**0.5, count), 1.0, 9 / 5),
        "coin": Terms(lambda rng, count: rng.choice([-1.0, 1.0], count), 1.0, 1.0),
        "normal of mean 1": Terms(lambda rng, count: rng.normal(1.0, 1.0, count), 2.0, 10.0),
    }
)
"""Numbers of variance 1, spread in different ways; all but the last have mean 0."""
TERMS: Mapping[str, Terms] = MappingProxyType(
    {row.name: Terms(row.array_noise, 1.0, row.fourth_moment) for row in DISTRIBUTIONS.values() if row.fourth_moment}
    | dict(INPUTS)
)
"""These, and whatever weights can be spread like, independently."""


@lru_cache(maxsize=32)
def sums_of_products(weights: str, inputs: str, seed: int) -> np.ndarray:
    """Return Σ w x over the first d terms for each d of `FAN_INS`: read-only, of shape `(9, DRAWS)`.

    `weights` and `inputs` are names in `TERMS`; every draw continues its own sum from one d to the next.
    Raises `ValueError` for another name, and for a seed that is no whole number from 0 to 2³² − 1.
    """
    for name, value in (("weights", weights), ("inputs", inputs)):
        if value not in TERMS:
            raise ValueError(f"{name} must be one of {', '.join(TERMS)}, not {value!r}")
    rng = np.random.default_rng(whole("seed", seed, 0, 2**32 - 1))
    total, kept = np.zeros(DRAWS), []
    for added in np.diff(FAN_INS, prepend=0):
        for _ in range(added):
            total += TERMS[weights].draw(rng, DRAWS) * TERMS[inputs].draw(rng, DRAWS)
        kept.append(total.copy())
    sums = np.stack(kept)
    sums.setflags(write=False)
    return sums
