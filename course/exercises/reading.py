"""Readers' answers as numbers and arrays, whatever they come as; what cannot be read is answered in words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from course.live.words import say

LARGEST_ARRAY = 10_000_000
"""Numbers that an answer may hold: more than any exercise asks for, and few enough to be compared at once."""
SHORT = 6
"""As many values are spelled out in a sentence."""


class Unreadable(Exception):
    """An answer that is no answer to the question; the message is a sentence for the reader."""


def _unreadable(text: str, name: str, **fields: object) -> Unreadable:
    return Unreadable(say(text, name=say(name), **fields))


def is_blank(answer: Any) -> bool:
    """Return whether nothing was answered: `None` or `...`, alone or as all that a tuple, list or dict holds."""
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
        raise _unreadable("{name} should be one number, and this is {answer}.", name, answer=spelled(answer))
    value = float(values.reshape(()))
    if not math.isfinite(value):
        raise _unreadable("{name} should be a finite number, not {value}.", name, value=value)
    if not low <= value <= high:
        raise _unreadable("{name} should be {range}, not {value:.6g}.", name, range=_range(low, high), value=value)
    if whole and value != round(value):
        raise _unreadable("{name} should be a whole number, not {value:.6g}.", name, value=value)
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
        text = "{name} should be {wanted}, and {answer!r} is text. Leave out the quotes."
        raise _unreadable(text, name, wanted=say(wanted), answer=answer[:40])
    if callable(answer):
        text = "{name} should be {wanted}, and this is a function. Call it, with parentheses."
        raise _unreadable(text, name, wanted=say(wanted))
    if isinstance(answer, Mapping | set):
        raise _unreadable(
            "{name} should be {wanted}, not a {type}.", name, wanted=say(wanted), type=type(answer).__name__
        )
    if getattr(answer, "size", 0) > LARGEST_ARRAY:
        raise _unreadable("{name} holds {count:,} numbers: far more than were asked for.", name, count=answer.size)
    values = _as_floats(answer, name)
    if shape is not None and values.shape != shape:
        raise _unreadable("{name} should have the shape {shape}, not {found}.", name, shape=shape, found=values.shape)
    return values


def _as_floats(answer: Any, name: str) -> np.ndarray:
    try:
        if np.iscomplexobj(answer) or np.asarray(answer).dtype == bool:
            raise TypeError
        return np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        text = "{name} should be real numbers, and this is {answer}."
        raise _unreadable(text, name, answer=spelled(answer)) from None


def names(answer: Any, name: str = "the answer", *, known: Iterable[str]) -> set[str]:
    """Read a set of names among the `known` ones; one name alone, a list or a tuple will do."""
    parts = [answer] if isinstance(answer, str) else answer
    if not isinstance(parts, list | tuple | set | frozenset) or not all(isinstance(part, str) for part in parts):
        text = "{name} should be a set of names, such as {example}, not {answer}."
        raise _unreadable(text, name, example={next(iter(known))}, answer=spelled(answer))
    if unknown := sorted(set(parts) - set(known)):
        text = "{name} may hold {known}, and not {unknown}."
        raise _unreadable(text, name, known=", ".join(known), unknown=", ".join(unknown))
    return set(parts)


def function(answer: Any, name: str = "the answer") -> Any:
    """Read a function: anything that can be called, but no class of objects."""
    if not callable(answer) or isinstance(answer, type):
        raise _unreadable("{name} should be a function, and this is {answer}.", name, answer=spelled(answer))
    return answer


def spelled(value: Any) -> str:
    """Say a value in a few words: a long array by its shape, a long text cut."""
    if isinstance(value, np.random.Generator):
        return say("a generator")
    if str(getattr(value, "dtype", "")).startswith("key"):
        return say("a key")
    if callable(value):
        return say("a function")
    shape = getattr(value, "shape", None)
    if shape and math.prod(shape) > SHORT:
        return say("an array of shape {shape}", shape=tuple(shape))
    if isinstance(value, Mapping | list | tuple | set) and len(value) > SHORT:
        return say("a {type} of {count} items", type=type(value).__name__, count=len(value))
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
        return say("at least {low:g}", low=low)
    return say("at most {high:g}" if math.isinf(low) else "from {low:g} to {high:g}", low=low, high=high)
