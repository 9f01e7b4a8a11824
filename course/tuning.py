"""Tuning: ways to search a box of settings for the least loss, each from the tries that it has made so far."""

import itertools
import math
from collections.abc import Callable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

INITIAL_TRIES = 4
"""Bayesian optimization begins with so many random tries, its initial design."""
CANDIDATES = 512
"""Each of its later tries is the best of so many random points."""
LENGTH_SCALES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Length scales that its Gaussian process chooses from for each parameter, as shares of the parameter's range."""
NOISE_VARIANCE = 1e-3
"""The noise that it assumes, as a share of the variance of the losses seen."""
LENGTH_SCALE_BOUNDS = 1e-3, 1e3
"""Far outside `LENGTH_SCALES`, so that scikit-learn never has to warn of a length scale at its bound."""


class Parameter(NamedTuple):
    """A setting to be tuned, between `low` and `high`; with `log`, equal ratios count as equal distances."""

    low: float
    high: float
    log: bool = False

    def at(self, share: float) -> float:
        """Return the value at a share of the range: 0 is the low end, 1 the high end."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return float(self.low + (self.high - self.low) * share)


Space = Mapping[str, Parameter]


class Tries(NamedTuple):
    """What a strategy knows: `places` `(tries, parameters)` in shares of each range, `losses` `(tries,)`."""

    places: np.ndarray
    losses: np.ndarray


Strategy = Callable[[Tries, int, int], np.ndarray]
"""Returns the next place `(parameters,)` from the tries so far, the budget and the seed; the same for the same."""


class Search(NamedTuple):
    """What a search has tried, in order: its points by name, and their losses `(tries,)`, infinite if they diverged."""

    points: list[dict[str, float]]
    losses: np.ndarray

    @property
    def best_so_far(self) -> np.ndarray:
        """The least loss after each try, `(tries,)`."""
        return np.minimum.accumulate(self.losses)

    @property
    def best(self) -> dict[str, float]:
        """The point of the least loss, the first of them."""
        return self.points[int(np.argmin(self.losses))]


def grid_sides(budget: int, parameters: int) -> list[int]:
    """Return how many values a grid of at most `budget` points takes of each parameter, as equal as they can be."""
    sides = [math.floor(budget ** (1 / parameters) + 1e-9)] * parameters
    for place in range(parameters):
        if math.prod(sides) // sides[place] * (sides[place] + 1) <= budget:
            sides[place] += 1
    return sides


def grid(tries: Tries, budget: int, seed: int) -> np.ndarray:
    """Try the centres of the equal cells of a grid, in random order; what the budget leaves over is drawn at random."""
    parameters = tries.places.shape[1]
    axes = [(np.arange(side) + 0.5) / side for side in grid_sides(budget, parameters)]
    places = np.array(list(itertools.product(*axes)))
    if len(tries.losses) >= len(places):
        return random(tries, budget, seed)
    return np.random.default_rng(seed).permutation(places)[len(tries.losses)]


def random(tries: Tries, _budget: int, seed: int) -> np.ndarray:
    """Try points drawn uniformly from the box, each without a look at the others."""
    return _generator(tries, seed).random(tries.places.shape[1])


def bayesian(tries: Tries, budget: int, seed: int) -> np.ndarray:
    """Try where a Gaussian process, fitted to the tries so far, expects the greatest improvement on the best of them.

    The first `INITIAL_TRIES` tries are random. A loss that is infinite is taken as the largest finite one seen, or 0.
    """
    if len(tries.losses) < INITIAL_TRIES:
        return random(tries, budget, seed)
    losses = _capped(tries.losses)
    model = _gaussian_process(tries.places, losses)
    candidates = _generator(tries, seed).random((CANDIDATES, tries.places.shape[1]))
    mean, std = model.predict(candidates, return_std=True)
    return candidates[np.argmax(expected_improvement(mean, std, losses.min()))]


def expected_improvement(mean: np.ndarray, std: np.ndarray, best: float) -> np.ndarray:
    """Return E[max(best − loss, 0)] = (best − μ) Φ(u) + σ φ(u), with u = (best − μ)/σ, for normal losses of these μ, σ.

    Mockus, Tiesis and Zilinskas (1978); Jones, Schonlau and Welch (1998), equation 15.
    """
    from scipy.special import ndtr

    std = np.maximum(std, 1e-12)  # at a point already tried nothing is unknown
    u = (best - mean) / std
    return (best - mean) * ndtr(u) + std * np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)


STRATEGIES: Mapping[str, Strategy] = MappingProxyType({"grid": grid, "random": random, "bayesian": bayesian})
"""The ways to search, by name."""


def search(
    strategy: str, objective: Callable[[dict[str, float]], float], space: Space, budget: int, seed: int = 0
) -> Search:
    """Try `budget` points of the space, each chosen by the strategy, and return all of them with their losses.

    `objective` returns the loss of a point, a dict of values by the space's names; infinity stands for a run that has
    diverged, and is kept as a try like any other. Raises `ValueError` for a strategy, a space or a budget that there
    cannot be, and for a loss that is NaN: nothing can be said of it, and it must not be dropped.
    """
    _check(strategy, space, budget)
    places, points, losses = np.zeros((0, len(space))), [], []
    for _try in range(budget):
        place = STRATEGIES[strategy](Tries(places, np.array(losses)), budget, seed)
        points.append({name: space[name].at(share) for name, share in zip(space, place, strict=True)})
        losses.append(_loss(objective, points[-1]))
        places = np.vstack([places, place])
    return Search(points, np.array(losses))


def _loss(objective: Callable[[dict[str, float]], float], point: dict[str, float]) -> float:
    loss = float(objective(point))
    if math.isnan(loss) or loss == -math.inf:
        raise ValueError(f"the loss at {point} is {loss}; allowed are finite numbers, and inf for a run that diverged")
    return loss


def _check(strategy: str, space: Space, budget: int) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is {strategy!r}; allowed are {', '.join(STRATEGIES)}")
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"budget is {budget!r}; allowed is a whole number, 1 or more")
    if not space:
        raise ValueError("space is empty; a search needs at least one parameter")
    for name, (low, high, log) in space.items():
        if not all(isinstance(end, Real) and math.isfinite(end) for end in (low, high)) or low >= high:
            raise ValueError(f"{name} goes from {low!r} to {high!r}; allowed are finite numbers, the lower one first")
        if log and low <= 0:
            raise ValueError(f"{name} begins at {low!r}; on a log scale allowed are numbers above 0")


def _generator(tries: Tries, seed: int) -> np.random.Generator:
    """Return the generator of the next try: that of a seed and of how many tries were made."""
    return np.random.default_rng((seed, len(tries.losses)))


def _capped(losses: np.ndarray) -> np.ndarray:
    """Return the losses with the largest finite one, or 0 without any, in place of infinity."""
    finite = losses[np.isfinite(losses)]
    return np.where(np.isfinite(losses), losses, finite.max() if len(finite) else 0.0)


def _gaussian_process(places: np.ndarray, losses: np.ndarray):
    """Return scikit-learn's Gaussian process with a Matérn 5/2 kernel, fitted to the losses."""
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels  # here, for it takes a second to import

    lengths = np.full(places.shape[1], np.median(LENGTH_SCALES))
    kernel = kernels.Matern(lengths, LENGTH_SCALE_BOUNDS, nu=2.5)
    model = GaussianProcessRegressor(kernel, alpha=NOISE_VARIANCE, normalize_y=True, optimizer=_maximize_likelihood)
    return model.fit(places, losses)


def _maximize_likelihood(cost: Callable[..., float], start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the length scales of least cost, the negative log likelihood: coordinate descent, twice through all."""
    best = start
    for place in [*range(len(start))] * 2:
        choices = np.tile(best, (len(LENGTH_SCALES), 1))
        choices[:, place] = np.log(LENGTH_SCALES)
        best = min(choices, key=lambda theta: cost(theta, eval_gradient=False))
    return best, cost(best, eval_gradient=False)
