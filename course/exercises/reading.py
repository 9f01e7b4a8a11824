"""Readers' answers as numbers and arrays, whatever they come as; what cannot be read is answered in words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

LARGEST_ARRAY = 10_000_000
"""Numbers that an answer may hold: more than any exercise asks for, and few enough to be compared at once."""
SHORT = 6
"""As many values are spelled out in a sentence."""


class Unreadable(Exception):
    """An answer that is no answer to the question; the message is a sentence for the reader."""


def is_blank(answer: Any) -> bool:
    """Say whether nothing was answered: `None` or `...`, alone or as all that a tuple, list or dict holds."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, tuple | list) and len(answer) > 0:
        return all(is_blank(part) for part in answer[:100])
    return answer is None or answer is Ellipsis


def number(
    answer: Any, name: str = "the answer", *, low: float = -math.inf, high: float = math.inf, whole: bool = False
) -> float:
    """Read one finite number from `low` to `high`, `whole` if so asked; a list or array of one number will do."""
    values = array(answer, name, wanted="a number")
    if values.size != 1:
        raise Unreadable(f"{name} should be one number, and this is {spelled(answer)}.")
    value = float(values.reshape(()))
    if not math.isfinite(value):
        raise Unreadable(f"{name} should be a finite number, not {value}.")
    if not low <= value <= high:
        raise Unreadable(f"{name} should be {_range(low, high)}, not {value:.6g}.")
    if whole and value != round(value):
        raise Unreadable(f"{name} should be a whole number, not {value:.6g}.")
    return value


def whole(answer: Any, name: str = "the answer", *, low: float = -math.inf, high: float = math.inf) -> int:
    """Read one whole number between `low` and `high`."""
    return int(number(answer, name, low=low, high=high, whole=True))


def array(
    answer: Any,
    name: str = "the answer",
    shape: tuple[int, ...] | None = None,
    *,
    wanted: str = "a number or an array of numbers",
) -> np.ndarray:
    """Read real numbers as a float64 array, of this shape if one is given; `wanted` says what is expected."""
    if isinstance(answer, str):
        raise Unreadable(f"{name} should be {wanted}, and {answer[:40]!r} is text. Leave out the quotes.")
    if callable(answer):
        raise Unreadable(f"{name} should be {wanted}, and this is a function. Call it, with parentheses.")
    if isinstance(answer, Mapping | set):
        raise Unreadable(f"{name} should be {wanted}, not a {type(answer).__name__}.")
    if getattr(answer, "size", 0) > LARGEST_ARRAY:
        raise Unreadable(f"{name} holds {answer.size:,} numbers: far more than were asked for.")
    values = _as_floats(answer, name)
    if shape is not None and values.shape != shape:
        raise Unreadable(f"{name} should have the shape {shape}, not {values.shape}.")
    return values


def _as_floats(answer: Any, name: str) -> np.ndarray:
    try:
        if np.iscomplexobj(answer) or np.asarray(answer).dtype == bool:
            raise TypeError
        return np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise Unreadable(f"{name} should be real numbers, and this is {spelled(answer)}.") from None


def names(answer: Any, name: str = "the answer", *, known: Iterable[str]) -> set[str]:
    """Read a set of names among the `known` ones; one name alone, a list or a tuple will do."""
    parts = [answer] if isinstance(answer, str) else answer
    if not isinstance(parts, list | tuple | set | frozenset) or not all(isinstance(part, str) for part in parts):
        raise Unreadable(f"{name} should be a set of names, such as {{{next(iter(known))!r}}}, not {spelled(answer)}.")
    if unknown := sorted(set(parts) - set(known)):
        raise Unreadable(f"{name} may hold {', '.join(known)}, and not {', '.join(unknown)}.")
    return set(parts)


def function(answer: Any, name: str = "the answer") -> Any:
    """Read a function: anything that can be called, but no class of objects."""
    if not callable(answer) or isinstance(answer, type):
        raise Unreadable(f"{name} should be a function, and this is {spelled(answer)}.")
    return answer


def spelled(value: Any) -> str:
    """Say a value in a few words: a long array by its shape, a long text cut."""
    if isinstance(value, np.random.Generator):
        return "a generator"
    if str(getattr(value, "dtype", "")).startswith("key"):
        return "a key"
    if callable(value):
        return "a function"
    shape = getattr(value, "shape", None)
    if shape and math.prod(shape) > SHORT:
        return f"an array of shape {tuple(shape)}"
    if isinstance(value, Mapping | list | tuple | set) and len(value) > SHORT:
        return f"a {type(value).__name__} of {len(value)} items"
    if isinstance(value, float | np.floating):
        return f"{value:.5g}"
    if shape is not None:
        return _numbers(np.asarray(value))
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _numbers(values: np.ndarray) -> str:
    """Say a few numbers in brackets: "[2, 3.5, 4]"."""
    if values.ndim:
        return f"[{', '.join(_numbers(part) for part in values)}]"
    return f"{float(values):.4g}" if values.dtype.kind in "iuf" else str(values)


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: "elu, gelu and relu"."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"from {low:g} to {high:g}"
