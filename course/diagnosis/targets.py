"""Targets beside a network's first answers: what these cost, how far they are, and what cannot be their targets."""

import jax.numpy as jnp
import numpy as np

from course.diagnosis.batches import as_array, is_array, short
from course.diagnosis.reading import by_class, first_distance, first_loss

ELSE = ". Where these are no targets of the answers, give the inputs alone"


def beside(
    outputs: np.ndarray, targets: np.ndarray | None, examples: int, *, alone: bool
) -> tuple[tuple[float, int] | None, float | None, float | None]:
    """Return the `loss`, the `distance` and `of_targets` of a `NetworkReading`.

    `examples` counts those of the batch; `alone` says that the network answers with nothing else, and only then are
    the targets certain to be those of `outputs`. Raises `ValueError` for targets that are no numbers or do not fit.
    """
    if targets is None:
        return None, None, None
    targets = _checked(targets)
    unknown = _unknown_class(outputs, targets)
    if alone and outputs.ndim:
        _check_shape(outputs, targets, examples)
        if unknown is not None:
            last = by_class(outputs, targets)[0].shape[-1] - 1
            raise ValueError(f"the targets hold the class {unknown}; allowed are 0 to {last}{ELSE}")
        if targets.size == outputs.size:
            targets = targets.astype(float)
    loss = first_loss(outputs, targets) if unknown is None else None
    return loss, first_distance(outputs, targets), first_distance(np.zeros(outputs.shape), targets)


def _checked(targets: np.ndarray) -> np.ndarray:
    array = as_array(targets) if is_array(targets) else np.array(None)
    if not (jnp.issubdtype(array.dtype, jnp.floating) or array.dtype.kind in "iub"):
        raise ValueError(f"the targets are {short(targets)}; allowed is an array of numbers, examples first")
    if array.dtype.kind not in "iub" and not np.isfinite(array.astype(float)).all():
        raise ValueError("the targets hold NaN or infinity; allowed are finite numbers")
    return array


def _check_shape(outputs: np.ndarray, targets: np.ndarray, examples: int) -> None:
    """Raise a `ValueError` for targets of another number of examples, or of more numbers than are answered."""
    places = outputs.size, outputs.size // outputs.shape[-1]
    length = len(targets) if targets.ndim else 0
    fits = length and (length in (examples, *outputs.shape[:2]) or targets.size in places or len(outputs) % length == 0)
    both = outputs.ndim == targets.ndim == 2 and len(outputs) == length
    if not fits or (both and targets.shape[1] > outputs.shape[1]):
        raise ValueError(
            f"the targets have shape {targets.shape}, and the answers to {examples} examples {outputs.shape}; "
            f"allowed is a number for each answer, or a class for each example{ELSE}"
        )


def _unknown_class(outputs: np.ndarray, targets: np.ndarray) -> int | None:
    """The first number that can be no class; negative ones do not count, nor does one above beside others, as 255."""
    rows = by_class(outputs, targets)
    if rows is None:
        return None
    classes, known = rows[0].shape[-1], rows[1][rows[1] >= 0]
    above = np.unique(known[known >= classes])
    from_one = classes in above and 0 not in known
    ignored = len(above) == 0 or (len(above) == 1 and len(above) < len(np.unique(known)) and not from_one)
    return None if ignored else int(above[0])
