"""What theory predicts for transformers before training: how sharply attention looks, and the two passes by block.

Queries and keys of a wide network are normal, so that the logits of one query are T independent normal numbers, of a
variance s². Sums of powers of their softmax's weights have exact integrals: with 1/Zᵏ = ∫ uᵏ⁻¹ e^(−uZ) du / Γ(k) the
mean of a product over positions becomes a product of means, E[e^(kl) exp(−u e^l)], of one position each.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

_REACH = 8.5  # standard deviations; the normal distribution beyond them weighs 2e-17


class Softmax(NamedTuple):
    """Means over random logits: Σa², Σa³, (Σa²)², and the entropy −Σ a ln a."""

    squares: float
    cubes: float
    squares_squared: float
    entropy: float

    @property
    def gradient(self) -> float:
        """The squares of the softmax's slopes, summed over outputs: Σ_s Σ_r (∂a_s/∂l_r)².

        That is also the mean square length of the gradient for the logits, where the cost's gradient for the weights a
        is normal with variance 1.
        """
        return self.squares - 2 * self.cubes + self.squares_squared


def _bumps(variance: float, orders: int, positions: int) -> tuple[np.ndarray, float]:
    """Return E[(u e^l)ᵏ exp(−u e^l)] for k = 0, 1, … on a grid of ln u, shape `(orders, grid)`, and the grid's step.

    Sums over such grids are exact to many digits, as what is summed is smooth and vanishes at both ends.
    """
    std = math.sqrt(variance)
    step = min(0.1, 0.25 * max(std, 0.1))
    low = -math.log(positions) - _REACH * std - 40.0
    high = _REACH * std + 8.0
    grid = np.arange(low, high, step)
    reach = max(1, math.ceil(_REACH * std / step))
    z = step * np.arange(-reach, reach + 1)
    density = np.exp(-(z**2) / (2 * variance)) if variance > 0 else (z == 0).astype(float)
    density /= density.sum()
    wide = np.minimum(np.arange(-reach, len(grid) + reach) * step + low, 50.0)  # where exp(−exp) is 0 already
    fall = np.exp(-np.exp(wide))
    kinds = np.exp(np.arange(orders)[:, None] * wide) * fall
    size = 2 ** math.ceil(math.log2(len(wide)))
    folded = np.fft.irfft(np.fft.rfft(kinds, size) * np.fft.rfft(density, size), size)
    return np.clip(folded[:, 2 * reach : len(wide)], 0, None), step


@lru_cache(maxsize=4096)
def softmax_of_normal(variance: float, positions: int) -> Softmax:
    """Return what a softmax of `positions` independent logits from N(0, `variance`) does in the mean over draws."""
    if variance < 0 or positions < 2:
        raise ValueError(f"variance must be 0 or more and positions 2 or more, not {variance!r} and {positions!r}")
    moments = _moments(variance, positions)
    # E[ln Z] has the slope (1 − Σa²)/2 in the variance, and E[Σ a l] = s²(1 − Σa²), by parts (Stein).
    nodes, weights = np.polynomial.legendre.leggauss(24)
    through = math.sqrt(variance) * (nodes + 1) / 2  # in the std, where the slope is smooth
    slopes = [std * (1 - _moments(std**2, positions)[0]) for std in through]
    log_sum = math.log(positions) + math.sqrt(variance) / 2 * float(weights @ slopes)
    return Softmax(*moments, log_sum - variance * (1 - moments[0]))


@lru_cache(maxsize=4096)
def _moments(variance: float, positions: int) -> tuple[float, float, float]:
    bumps, step = _bumps(variance, 5, positions)
    others, pairs = bumps[0] ** (positions - 1), bumps[0] ** (positions - 2)
    squares, cubes, fourths = (positions * step * float(bumps[k] @ others) / math.gamma(k) for k in (2, 3, 4))
    crossed = positions * (positions - 1) * step * float(bumps[2] ** 2 @ pairs) / math.gamma(4)
    return squares, cubes, fourths + crossed


_TABLED = np.sinh(np.linspace(0, math.asinh(45.0), 240))
"""Standard deviations of logits between which the means are interpolated; sharper ones count as the last."""


@lru_cache(maxsize=4)
def _table(positions: int) -> np.ndarray:
    """The fields of `Softmax` at the tabled standard deviations, shape `(4, tabled)`."""
    moments = np.array([_moments(std**2, positions) for std in _TABLED]).T
    slopes = _TABLED * (1 - moments[0])
    steps = np.diff(_TABLED) * (slopes[1:] + slopes[:-1]) / 2
    log_sums = math.log(positions) + np.append(0.0, np.cumsum(steps))
    return np.vstack([moments, log_sums - _TABLED**2 * (1 - moments[0])])


@lru_cache(maxsize=16)
def _query_lengths(head_units: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of |q|²/d_k for normal queries, χ²/d_k, and their weights."""
    logs = np.linspace(-8, 8, 65) * math.sqrt(2 / head_units)
    density = head_units / 2 * (logs - np.exp(logs))
    weights = np.exp(density - density.max())
    lengths = np.exp(logs)
    return lengths / float(lengths @ weights / weights.sum()), weights / weights.sum()


class Heads(NamedTuple):
    """What the heads of a layer do in the mean over weights.

    `squares` Σa² of one query's weights and `overlap` Σ a a' of two, the softmax's squared slopes of one query and of
    two, `slopes` and `crossed`, `stretched` the former times the query's relative mean square; and the entropy.
    """

    squares: float
    overlap: float
    slopes: float
    stretched: float
    crossed: float
    entropy: float


def heads_of(variance: float, correlation: float, head_units: int, positions: int) -> Heads:
    """Return what heads do whose logits differ by this variance; queries have a mean cosine of `correlation`."""
    lengths, shares = _query_lengths(head_units)
    stds = np.sqrt(variance * lengths)
    squares, cubes, squared, entropy = (np.interp(stds, _TABLED, row) for row in _table(positions))
    slopes = squares - 2 * cubes + squared
    first, sloped = float(shares @ squares), float(shares @ slopes)
    # Of independent queries the weights are independent too; equal ones have equal weights. Between these the means
    # are powers, as for exp(l): E[e^(l + l')] = e^((1 + ρ) s²).
    apart = (1 - first) ** 2 / (positions - 1)
    overlap = positions**-1.0 * (positions * first) ** correlation
    crossed = apart ** (1 - correlation) * sloped**correlation
    return Heads(first, overlap, sloped, float(shares @ (lengths * slopes)), crossed, float(shares @ entropy))


class Transformer(NamedTuple):
    """A transformer as its two passes see it; variances are fan_in · Var w.

    `logits` is the product of those of Q and K, times d_k · factor², so 1 with Var w = 1/n in both and 1/√d_k.
    """

    depth: int
    head_units: int
    logits: float
    values: float
    mixed: float
    up: float
    down: float
    before: bool
    after: bool
    skip: float = 1.0
    gate: float = 1.0
    positions: int = 64


class Passes(NamedTuple):
    """What theory predicts of every block, `(depth,)`, for a stream that begins with independent positions of size 1.

    The mean square of the stream and the mean cosine of two positions; the attention's entropy; the mean square of
    ∂C/∂x for a cost whose gradient at the end has mean square 1, and of ∂C/∂W_down over the number of positions.
    """

    second_moment: np.ndarray
    correlation: np.ndarray
    entropy: np.ndarray
    gradient: np.ndarray
    weight_gradient: np.ndarray


class _Pair(NamedTuple):
    """A mean square, and the mean product of two positions."""

    own: float
    shared: float

    def times(self, factor: float) -> "_Pair":
        return _Pair(factor * self.own, factor * self.shared)

    def plus(self, other: "_Pair") -> "_Pair":
        return _Pair(self.own + other.own, self.shared + other.shared)

    @property
    def cosine(self) -> float:
        return min(max(self.shared / self.own, 0.0), 1.0) if 0 < self.own < math.inf else 0.0


class _Branch(NamedTuple):
    """One branch forward: what it read, how often larger it was, what it added, and the sum's mean square."""

    read: _Pair
    divisor: float
    heads: Heads | None
    total: float


def passes(network: Transformer) -> Passes:
    """Follow the stream through all blocks, and a gradient of mean square 1 back, in the limit of great width."""
    stream, ways, rows = _Pair(1.0, 0.0), [], []
    with np.errstate(all="ignore"):
        for _block in range(network.depth):
            for branch in (_attended, _fed):
                stream, way = _forward(network, stream, branch)
                ways.append(way)
            rows.append((stream.own, stream.cosine, ways[-2].heads.entropy))
        gradient = _Pair(1 / stream.own if network.before and stream.own > 0 else 1.0, 0.0)
        back = []
        for attended, fed in zip(ways[-2::-2], ways[::-2], strict=True):
            back.append((gradient.own, _down_gradient(network, fed, gradient)))
            gradient = _backward(network, fed, _fed_back, gradient)
            gradient = _backward(network, attended, _attended_back, gradient)
    return Passes(*np.array(rows).T, *np.array(back[::-1]).T)


def _forward(network: Transformer, stream: _Pair, branch) -> tuple[_Pair, _Branch]:
    divisor = stream.own if network.before else 1.0
    read = stream.times(1 / divisor)
    added, heads = branch(network, read)
    total = stream.times(network.skip**2).plus(added.times(network.gate**2))
    way = _Branch(read, divisor, heads, total.own)
    return (total.times(1 / total.own) if network.after else total), way


def _attended(network: Transformer, read: _Pair) -> tuple[_Pair, Heads]:
    apart = read.own - read.shared
    heads = heads_of(network.logits * read.own * apart, read.cosine, network.head_units, network.positions)
    own, shared = (read.shared + apart * part for part in (heads.squares, heads.overlap))
    return _Pair(own, shared).times(network.values * network.mixed), heads


def _relu_product(cosine: float) -> float:
    """E[relu(u) relu(u')] for normal u and u' of variance 1 (Cho and Saul 2009)."""
    angle = math.acos(cosine)
    return (math.sin(angle) + (math.pi - angle) * cosine) / (2 * math.pi)


def _fed(network: Transformer, read: _Pair) -> tuple[_Pair, None]:
    both = read.own * network.up * network.down
    return _Pair(both / 2, both * _relu_product(read.cosine)), None


def _backward(network: Transformer, way: _Branch, back, gradient: _Pair) -> _Pair:
    """Take a gradient of the stream after a branch to that before it."""
    if network.after:
        gradient = gradient.times(1 / way.total)
    through = back(network, way, gradient.times(network.gate**2)).times(1 / way.divisor)
    return gradient.times(network.skip**2).plus(through)


def _fed_back(network: Transformer, way: _Branch, gradient: _Pair) -> _Pair:
    both_slopes = (math.pi - math.acos(way.read.cosine)) / (2 * math.pi)
    return _Pair(gradient.own / 2, gradient.shared * both_slopes).times(network.up * network.down)


def _attended_back(network: Transformer, way: _Branch, gradient: _Pair) -> _Pair:
    """Add up the three ways back to what attention read: through the values, the queries and the keys."""
    heads, others = way.heads, network.positions - 1
    (own, shared), read = gradient, way.read
    apart = read.own - read.shared
    values = _Pair(
        own * heads.squares + others * shared * heads.overlap,
        own * (1 - heads.squares) / others + shared * (1 - heads.overlap),
    )
    queries = _Pair(own * heads.slopes, shared * heads.crossed).times(apart**2)
    to_keys = apart * (read.own * own * heads.stretched + others * read.shared * shared * heads.crossed)
    keys = _Pair(to_keys, -to_keys / others)  # one query's slopes add up to 0 over the positions
    logits = queries.plus(keys).times(network.logits)
    return values.plus(logits).times(network.values * network.mixed)


def _down_gradient(network: Transformer, way: _Branch, gradient: _Pair) -> float:
    """E[(∂C/∂W_down)²] over the number of positions: hᵀg, where the hidden units h of two positions are alike."""
    own, shared = gradient.times(network.gate**2 / (way.total if network.after else 1.0))
    hidden, both = network.up * way.read.own / 2, network.up * way.read.own * _relu_product(way.read.cosine)
    return own * hidden + (network.positions - 1) * shared * both
