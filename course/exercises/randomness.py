"""Whether a reader's function draws from the generator, the key or the seed that it is given, and from nothing else."""

import copy
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.exercises import guard
from course.exercises.verdict import Verdict, almost
from course.live.words import say

Case = tuple[Any, ...]


def is_key(value: Any) -> bool:
    """Return whether a value is a key of JAX."""
    return str(getattr(value, "dtype", "")).startswith("key")


def place(case: Case) -> int | None:
    """Return which argument is a generator or a key, or `None`."""
    return next((at for at, part in enumerate(case) if isinstance(part, np.random.Generator) or is_key(part)), None)


def ignored(answer: Callable[..., Any], case: Case, rng: np.random.Generator) -> Verdict | None:
    """Return a verdict on a function that ignores its source of randomness, or `None`.

    The source is the generator or the key among the arguments, or the first of them, a seed.
    """
    at = place(case) or 0

    def draw(source: Any) -> Any:
        own = copy.deepcopy(source) if isinstance(source, np.random.Generator) else source
        return guard.call(answer, *case[:at], own, *case[at + 1 :])

    first, again, other = draw(case[at]), draw(case[at]), draw(_another(case[at], rng))
    word = _word(case[at])
    if not _same(first, again):
        text = (
            "The same {source} gives other numbers the second time, so that no run could be repeated. Draw from the "
            "{source} that the function is given, and from nothing else."
        )
        return almost(say(text, source=say(word)), "another run each time")
    if _same(first, other):
        text = "The numbers are the same for every {source}: draw from the one that the function is given."
        return almost(say(text, source=say(word)), "a fixed seed")
    return None


def _another(source: Any, rng: np.random.Generator) -> Any:
    """Return another source of the same kind."""
    seed = int(rng.integers(2**31))
    if isinstance(source, np.random.Generator):
        return np.random.default_rng(seed)
    return jax.random.key(seed) if is_key(source) else seed


def _word(source: Any) -> str:
    return "generator" if isinstance(source, np.random.Generator) else "key" if is_key(source) else "seed"


def _same(one: Any, other: Any) -> bool:
    """Say whether two results, arrays in lists or tuples perhaps, hold the same numbers."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=False)
    return all(np.array_equal(np.asarray(left), np.asarray(right)) for left, right in pairs)
