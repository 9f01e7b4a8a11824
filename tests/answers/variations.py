"""The same answer in other clothes: 32 or 64 bits, lists or arrays of NumPy or JAX, counts as NumPy's integers."""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

CLOTHES: Mapping[str, Callable[[np.ndarray], Any]] = {
    "float64": lambda values: values.astype(np.float64),
    "float32": lambda values: values.astype(np.float32),
    "list": lambda values: values.tolist(),
    "jax": lambda values: jnp.asarray(values, dtype=jnp.float32),
}
SETS = (list, tuple, set, frozenset)


def varied(answer: Any, rng: np.random.Generator) -> Any:
    """Dress an answer anew: numbers, lists and arrays, sets of names, dicts of these, and what a function returns."""
    return dressed(answer, CLOTHES[rng.choice(list(CLOTHES))], SETS[rng.integers(len(SETS))])


def dressed(answer: Any, clothes: Callable[[np.ndarray], Any], kind: type) -> Any:
    """Return the answer with its numbers in these clothes, and its sets of names as this kind of collection."""
    if callable(answer):
        return lambda *arguments, **named: dressed(answer(*arguments, **named), clothes, kind)
    if isinstance(answer, Mapping):
        return {name: dressed(value, clothes, kind) for name, value in answer.items()}
    if isinstance(answer, set | frozenset):
        return kind(answer)
    if isinstance(answer, tuple) and hasattr(answer, "_fields"):
        return type(answer)(*(dressed(part, clothes, kind) for part in answer))
    if is_numbers(answer):
        return clothes(np.asarray(answer)) if np.asarray(answer).dtype.kind == "f" else answer
    if isinstance(answer, list | tuple):
        return type(answer)(dressed(part, clothes, kind) for part in answer)
    return answer


def is_numbers(answer: Any) -> bool:
    """Say whether this is a number or an array of numbers, as a list perhaps."""
    if isinstance(answer, list | tuple):
        return bool(answer) and all(isinstance(part, int | float | np.number) for part in answer)
    return isinstance(answer, int | float | np.number | np.ndarray | jnp.ndarray) and not isinstance(answer, bool)
