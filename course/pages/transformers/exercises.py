"""Exercises: how transformers are initialized."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.exercises import guard, reading
from course.exercises.judges import CANCELLED, Case, Mistake, function, generator, knowing, number, shared_part
from course.exercises.table import Exercise
from course.exercises.verdict import ALMOST, Verdict, almost, not_yet, right, wrong
from course.networks.transformer import KINDS, TRANSFORMER_SCALINGS
from course.probes.transformer import measure_transformer

_FUSED = number(
    0.25,
    {
        "three matrices": Mistake(
            1, "That is with a matrix for each of Q, K and V. The one for all three has a fan_out of 3n."
        ),
        "query alone": Mistake(0.5, "That is the variance of a query. A logit adds up products of a query and a key."),
        "fan_out alone": Mistake(1 / 9, "You have divided by fan_out alone. Xavier takes the mean of both fans, 2n."),
        "not divided": Mistake(16, "That is the variance of q · k. The division by √64 = 8 is still to come."),
        "divided once": Mistake(2, "Logits are divided by 8, and their variance therefore by 64."),
        "divided by d_k": Mistake(0.25 / 64, "The logits are divided by √d_k = 8, not by d_k."),
        "He initialization": Mistake(4, "That is with variance 2/n: no ReLU stands in front of these weights."),
    },
    praise="Queries and keys have the variance 1/2 each, and their logits a quarter of what three matrices give.",
    otherwise="Var w = 2/(n + 3n). What is the variance of one component of a query, and of one product?",
    low=0,
)

_TIED = number(
    768**-0.5,
    {
        "variance for std": Mistake(1 / 768, "That is the variance. The standard deviation is its root."),
        "GPT-2's": Mistake(0.02, "That is what GPT-2 has. The logits then have the variance 768 · 0.02² = 0.31."),
        "std 1": Mistake(1, "With std 1 a logit adds up 768 products of variance 1 and has the variance 768."),
        "the factor 2": Mistake(math.sqrt(2 / 768), "The factor 2 is for a ReLU in front, and there is none here."),
        "fan_out": Mistake(50257**-0.5, "You divide by the size of the vocabulary, but a logit adds up 768 products."),
        "both fans": Mistake(
            math.sqrt(2 / (768 + 50257)), "That is Xavier's compromise. The question is about the forward pass alone."
        ),
        "the root for its inverse": Mistake(math.sqrt(768), "That is the inverse of the answer."),
    },
    praise="1/√n, and the first loss is about ln V + 1/2.",
    otherwise="How many products does a logit add up, and what is the variance of one?",
    low=0,
)


def _sequences(rng: np.random.Generator) -> list[Case]:
    """Return queries, keys and values of sequences of different lengths."""
    sizes = rng.permutation([(3, 8), (5, 4), (6, 16)])
    return [tuple(1.5 * rng.standard_normal((3, *size))) for size in sizes]


def _softmax(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _divided(divisor: Callable[[np.ndarray], float]) -> Callable[..., np.ndarray]:
    """Return a head whose logits are divided by a function of the queries."""
    return lambda q, k, v: _softmax(q @ k.T / divisor(q)) @ v


_HEAD = function(
    _divided(lambda q: math.sqrt(q.shape[1])),
    _sequences,
    {
        "not divided": Mistake(_divided(lambda q: 1.0), "The logits are not divided by √d_k."),
        "divided by d_k": Mistake(
            _divided(lambda q: q.shape[1]), "You divide by d_k. The logits' standard deviation is √d_k."
        ),
        "positions for units": Mistake(
            _divided(lambda q: math.sqrt(len(q))),
            "You divide by the root of the number of positions. A logit adds up d_k products.",
        ),
        "softmax over queries": Mistake(
            lambda q, k, v: _softmax(q @ k.T / math.sqrt(q.shape[1]), axis=0) @ v,
            "Your softmax makes the columns add up to 1. Each query, a row, has its own weights.",
        ),
        "divided afterwards": Mistake(
            lambda q, k, v: _softmax(q @ k.T) @ v / math.sqrt(q.shape[1]),
            "You divide after the softmax, where it is too late: the weights are as sharp as without.",
        ),
        "keys for queries": Mistake(
            lambda q, k, v: _softmax(k @ q.T / math.sqrt(q.shape[1])) @ v,
            "Queries and keys have changed places: each query should weigh all keys.",
        ),
        "multiplied": Mistake(_divided(lambda q: 1 / math.sqrt(q.shape[1])), "You multiply by √d_k. Divide by it."),
        "no softmax": Mistake(
            lambda q, k, v: q @ k.T / math.sqrt(q.shape[1]) @ v, "The weights of a query should be a softmax."
        ),
    },
    praise="Each row of weights adds up to 1, and its sharpness does not depend on d_k.",
    otherwise="Each row of logits is q · k / √d_k for one query, and its softmax weighs the rows of v.",
    cancelled=CANCELLED,
)

_FALL = 0.1
"""The gradient's variance at block 1 has to be below this share of that at the last block."""

_WHY_LEVEL = {
    "1/√2L": ("small branches", "Branches divided by √(2L) hardly change the sum that is normalized."),
    "deepnorm": (
        "a stronger skip",
        "DeepNorm multiplies the stream, so that the normalization after the sum divides by little else.",
    ),
    "t-fixup": ("T-Fixup", "T-Fixup's factors make the branches small."),
}
"""Why the gradient of a post-LN network stays level: the mistake's name, and what to say."""


@knowing(
    examples={
        "no normalization": ("no LN", "none", 12),
        "normalized in front": ("pre-LN", "none", 48),
        "too few blocks": ("post-LN", "none", 4),
        "small branches": ("post-LN", "1/√2L", 48),
        "branches of zero": ("post-LN", "zero", 48),
        "a stronger skip": ("post-LN", "deepnorm", 48),
        "T-Fixup": ("post-LN", "t-fixup", 48),
    }
)
def _fading(_rng: np.random.Generator, kind: object, scaling: object, blocks: object) -> Verdict:
    kind = _one_of(kind, "the kind", tuple(KINDS))
    scaling = _one_of(scaling, "the scaling", tuple(TRANSFORMER_SCALINGS))
    blocks = reading.whole(blocks, "the number of blocks", low=2, high=100)
    run = measure_transformer(0, depth=blocks, kind=kind, scaling=scaling)
    left = run.gradient[0] / run.gradient[-1]
    seen = f"Block 1 receives {left:.2g} times the variance that block {blocks} does"
    if kind == "no LN":
        return almost(f"{seen}, but the claim is about networks with layer normalization.", "no normalization")
    if kind == "pre-LN":
        text = "There the sum goes past every normalization, and so does the gradient."
        return almost(f"{seen}. {text}", "normalized in front")
    if left < _FALL:
        return right(f"{seen}, with layer normalization after every branch.")
    if scaling == "none":
        return almost(f"{seen}. You have the right kind of block: take more of them.", "too few blocks")
    name, text = _WHY_LEVEL.get(scaling, ("branches of zero", "A branch that adds nothing takes nothing away."))
    return Verdict(ALMOST, f"{seen}. {text}", name)


def _one_of(answer: object, name: str, known: tuple[str, ...]) -> str:
    found = reading.names(answer, name, known=known)
    if len(found) != 1:
        raise reading.Unreadable(f"{name} should be one of {', '.join(known)}.")
    return found.pop()


_N, _R = 64, 4


def _pair(down: Callable[[np.random.Generator], Any], up: Callable[[np.random.Generator], Any]) -> Callable[[Any], Any]:
    """Return an adapter whose two matrices are drawn by a generator of its key."""

    def adapter(key: Any) -> tuple[Any, Any]:
        rng = generator(key)
        return down(rng), up(rng)

    return adapter


def _normal(*shape: int, std: float = 1 / 8) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.normal(0, std, shape)


def _zeros(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda _rng: np.zeros(shape)


_DOWN, _UP = (_N, _R), (_R, _N)


@knowing(
    examples={
        "both random": _pair(_normal(*_DOWN), _normal(*_UP)),
        "nearly zero": _pair(_normal(*_DOWN), _normal(*_UP, std=1e-4)),
        "equal columns": _pair(lambda _rng: np.full(_DOWN, 0.1), _zeros(*_UP)),
        "one sign": _pair(lambda rng: rng.uniform(0, 0.2, _DOWN), _zeros(*_UP)),
        "too large": _pair(_normal(*_DOWN, std=1), _zeros(*_UP)),
        "one key for all": lambda _key: (np.random.default_rng(0).normal(0, 1 / 8, _DOWN), np.zeros(_UP)),
    }
)
def _adapter(rng: np.random.Generator, answer: object) -> Verdict:
    adapter = reading.function(answer)
    keys = [jax.random.key(int(rng.integers(2**31))) for _draw in range(2)]
    drawn = guard.call(lambda: [adapter(key) for key in keys])
    if all(reading.is_blank(pair) for pair in drawn):
        return not_yet()
    (down, up), other = (_both(pair) for pair in drawn)
    if not (np.isfinite(down).all() and np.isfinite(up).all()):
        return wrong("Some of the weights are not finite numbers.")
    if not down.any() and not up.any():
        return not_yet("Both are zero, as given: each gradient has the other matrix as a factor, so both are 0.")
    if down.any() and up.any():
        added = float(np.abs(down @ up).max())
        if added < 1e-3:
            return almost(f"The product is small (up to {added:.1g}), and it can be exactly zero.", "nearly zero")
        return almost(f"The product changes the network by weights of up to {added:.2g}.", "both random")
    if down.any():
        return _random_part(down, other[0], "A", _N)
    return _random_part(up.T, other[1].T, "B", _R)


def _random_part(random: np.ndarray, again: np.ndarray, name: str, fan_in: int) -> Verdict:
    """Judge the matrix that is not zero, with a row for each of n units."""
    if np.ptp(random, axis=1).max() == 0:
        lines = "columns" if name == "A" else "rows"
        return almost(
            f"All {_R} {lines} are equal, so the pair learns one direction only (page symmetry).", "equal columns"
        )
    if shared_part(random) > 0.5:
        return almost("These weights have one sign only, so their mean is not 0.", "one sign")
    if np.array_equal(random, again):
        return almost(
            "Two keys give the same weights, so all pairs would be copies. Draw with the key.", "one key for all"
        )
    size = fan_in * float(np.mean(random**2))
    if size > 8:
        return almost(
            f"With std {np.std(random):.2g} this matrix makes a mean square of {size:.2g} out of 1.", "too large"
        )
    return right(f"The product is exactly zero, and {'B' if name == 'A' else 'A'} has a gradient at the first step.")


def _both(pair: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise reading.Unreadable(f"Your function should return A and B, not {reading.spelled(pair)}.")
    return reading.array(pair[0], "A", _DOWN), reading.array(pair[1], "B", _UP)


EXERCISES = (
    Exercise(
        "logits of a fused projection",
        "compute",
        _FUSED,
        "Xavier initialization divides by the mean of both fans. They are n and 3n here.",
        "Var w = 1/(2n), so a query's components have variance 1/2, and a key's.",
    ),
    Exercise(
        "embeddings of a tied head",
        "compute",
        _TIED,
        "A logit is the product of a normalized stream and an embedding, over 768 units.",
        "768 · Var w = 1.",
    ),
    Exercise(
        "an attention head",
        "write",
        _HEAD,
        "The logits of all queries at once are q @ k.T, a row for each query.",
        "Divide by √d_k, where d_k is q.shape[1], take the softmax of each row, and multiply by v.",
    ),
    Exercise(
        "a normalized network whose gradient fades",
        "break",
        _fading,
        "Which kind of block divides the gradient by what its branches have added?",
        "Normalize after the sums, scale nothing, and take two dozen blocks or more.",
    ),
    Exercise(
        "an adapter that cannot learn",
        "find the bug",
        _adapter,
        "The gradient for A has B as a factor, the one for B has A.",
        "One of the two has to be zero, so that the product is. The other has to be random.",
    ),
)
