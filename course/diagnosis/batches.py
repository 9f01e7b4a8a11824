"""A batch in the forms that people have it: an array, named arrays, inputs with targets, several inputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis.reading import NetworkReading


class Batch(NamedTuple):
    """The arguments of one call of a network, and the targets if there are any."""

    inputs: tuple[Any, ...]
    named: dict[str, Any]
    targets: np.ndarray | None = None

    def arrays(self) -> list[Any]:
        """Return all inputs, the first one first."""
        return [one for part in (*self.inputs, *self.named.values()) for one in leaves(part)]


def leaves(value: Any) -> list[Any]:
    """Return the arrays in lists, tuples and mappings."""
    return [one for _name, one in named_leaves(value)]


def named_leaves(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Return the arrays in lists, tuples and mappings, each with the name that the nearest mapping gives it, or ""."""
    if is_array(value):
        return [(name, value)]
    if isinstance(value, Mapping):
        return [one for key, part in value.items() for one in named_leaves(part, str(key))]
    if isinstance(value, list | tuple):
        return [one for part in value for one in named_leaves(part, name)]
    return []


def called(name: str, place: int) -> str:
    """Return what an array of the batch is called in a sentence; `place` counts from 1."""
    return f"the array {name} of the batch" if name else f"array {place} of the batch"


def held(value: Any) -> list[Any]:
    """Return the arrays that an object holds in its attributes, a graph for example."""
    content = value.to_dict() if hasattr(value, "to_dict") else getattr(value, "__dict__", {})
    return leaves(content)


def is_array(value: Any) -> bool:
    """Return whether a value is an array or a tensor of any framework."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def is_numbers(value: Any) -> bool:
    """Return whether a value is a list of numbers or words, or of lists of them, that makes an array."""
    if not isinstance(value, list) or leaves(value):
        return False
    try:
        return np.asarray(value).dtype.kind in "fiubU"
    except ValueError:  # rows of different lengths
        return False


def is_parts(batch: Any) -> bool:
    """Return whether a batch is a list of several arrays and not a list of numbers."""
    return isinstance(batch, list | tuple) and len(batch) > 0 and all(map(is_array, batch))


def split(batch: Any) -> tuple[Any, Any] | None:
    """Return inputs and targets of a batch that may be a pair of them, `None` for any other.

    Several inputs are one container: `((source, start), targets)`, or with names `({"source": …}, targets)`.
    """
    if not isinstance(batch, list | tuple) or len(batch) != 2 or not leaves(batch[0]):
        return None
    inputs, targets = batch
    targets = np.asarray(targets) if is_numbers(targets) else targets
    return (inputs, targets) if is_array(targets) else None


def as_array(value: Any) -> np.ndarray:
    """Return a NumPy array of whatever holds numbers."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        value = value.numpy()
    try:
        return np.asarray(value)
    except ValueError:  # rows of different lengths
        raise ValueError(f"the batch is {short(value)}; allowed is an array of numbers, examples first") from None


def short(value: Any) -> str:
    """Return a value in one line of at most 60 characters, for a sentence."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def checked(value: Any, *, examples: bool = True) -> None:
    """Raise a `ValueError` for what is no batch of finite numbers."""
    array = as_array(value)
    whole = jnp.issubdtype(array.dtype, jnp.integer) or array.dtype == bool
    if not (jnp.issubdtype(array.dtype, jnp.floating) or whole):
        raise ValueError(f"the batch holds {array.dtype}; allowed are real numbers")
    if (array.ndim < (1 if whole else 2) and examples) or array.size == 0:
        raise ValueError(f"the batch has shape {array.shape}; allowed is (examples, features), or more dimensions")
    if examples and len(array) < 2:
        raise ValueError(
            "the batch has 1 example; allowed are 2 or more, for units that are dead or alike show only then"
        )
    if not whole and not np.isfinite(np.asarray(array, float)).all():
        raise ValueError("the batch holds NaN or infinity; allowed are finite numbers")


def parted(batch: Any, takes: int, names: Sequence[str], *, any_name: bool = False) -> Batch:
    """Return what a network is called with that needs `takes` arguments and knows these `names`."""
    if isinstance(batch, Mapping):
        return _named(batch, takes, names, any_name=any_name)
    if not isinstance(batch, list | tuple) or not leaves(batch):
        return Batch((batch,), {})
    pair = split(batch)
    several = None if pair is None or is_array(pair[0]) else _several(pair[0], takes, names, any_name=any_name)
    if several is not None:
        return several._replace(targets=as_array(pair[1]))
    if takes > 1 and len(batch) >= takes:
        return Batch(tuple(batch[:takes]), {}, as_array(batch[takes]) if len(batch) > takes else None)
    if pair is not None:
        return Batch((batch[0],), {}, as_array(batch[1]))
    if len(batch) == 1:
        return Batch((batch[0],), {})
    raise ValueError(
        f"the batch is {len(batch)} arrays, and the network takes {takes}; allowed are its inputs, or (inputs, targets)"
    )


def _named(batch: Mapping, takes: int, names: Sequence[str], *, any_name: bool) -> Batch:
    if takes == 1 and len(batch) == 1 and not set(batch) <= set(names):
        return Batch(tuple(batch.values()), {})
    kept = {name: value for name, value in batch.items() if any_name or name in names}
    return Batch((), kept) if kept else Batch((batch,), {})


def _several(inputs: Any, takes: int, names: Sequence[str], *, any_name: bool) -> Batch | None:
    """Inputs that came with their targets: by name, by place, or as one; `None` if the network takes none of these."""
    if isinstance(inputs, Mapping):
        parts = _named(inputs, takes, names, any_name=any_name)
        return parts if parts.named or takes == 1 else None
    by_place = len(inputs) == takes or (isinstance(inputs, tuple) and takes < len(inputs) <= len(names))
    if by_place:
        return Batch(tuple(inputs), {})
    return Batch((inputs,), {}) if takes == 1 else None


def array_batch(batch: Any) -> Batch:
    """Return a batch of one array, perhaps with targets, checked."""
    parts = parted(batch, 1, ()) if is_parts(batch) or split(batch) else Batch((batch,), {})
    array = as_array(parts.inputs[0])
    checked(array)
    narrow = array.dtype == np.float64 and not jax.config.jax_enable_x64
    return Batch((array.astype(np.float32) if narrow else array,), {}, parts.targets)


def first_that_reads(readings: Sequence[Callable[[], NetworkReading]]) -> NetworkReading:
    """Return the first reading that succeeds; if none does, raise what was said of the first."""
    errors = []
    for reading in readings:
        try:
            return reading()
        except ValueError as error:
            if str(error).startswith("the targets "):
                raise
            errors.append(error)
    raise errors[0]


TOLD = "the network ", "the network's ", "the targets "
"""How sentences begin that say already what is wrong."""


def in_words(framework: str, batch: Any, reading: Callable[[], NetworkReading]) -> NetworkReading:
    """Read, and turn what the network itself raises on the batch into a sentence."""
    try:
        return reading()
    except Exception as exception:
        if isinstance(exception, ValueError) and str(exception).startswith(TOLD):
            raise
        first, *_ = [*str(exception).strip().splitlines(), "nothing"]
        where = "" if not is_array(batch) else f" of shape {tuple(batch.shape)} and type {_kind(batch)}"
        raise ValueError(
            f"the {framework} network could not be run on a batch{where}. {type(exception).__name__}: {first}"
        ) from exception


def _kind(batch: Any) -> str:
    return str(batch.dtype).removeprefix("torch.")
