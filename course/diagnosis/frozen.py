"""Which parameters of a network written in JAX are kept as they are, by `jax.lax.stop_gradient`."""

from collections.abc import Sequence

from course.diagnosis.traces import Step

STOP = "stop_gradient"


def frozen_parameters(steps: list[Step], outputs: list[int], origins: dict[int, int]) -> frozenset[int]:
    """Return the parameters from which every way to the outputs goes through a stop_gradient.

    Who stops the gradient of parameters means to keep them, and so does who stops that of another network's answers, a
    target. Where it is all that a learned layer receives, a chain has been cut, and its parameters are not meant.
    """
    if not any(step.operation == STOP for step in steps):
        return frozenset()
    learned = _behind(steps, outputs, through=False)
    frozen = set(origins.values()) & (_behind(steps, outputs) - learned)
    if _is_cut(steps, origins, set(origins.values()) & learned):
        kept = [step.inputs[0] for step in steps if step.operation == STOP and step.inputs[0] in origins]
        frozen &= _behind(steps, kept)
    return frozenset(frozen)


def _is_cut(steps: list[Step], origins: dict[int, int], learned: set[int]) -> bool:
    """Whether weights that are learned receive nothing but what has gone through a stop_gradient."""
    moving, cut = set(learned), set()
    for step in steps:
        signals = {number for number in step.inputs if number not in origins}
        if step.operation == STOP:
            cut.update(step.outputs if signals else ())
        elif cut & signals and not moving & signals:
            if any(origins[one.weights] in learned for one in step.applied):
                return True
            cut.update(step.outputs)
        elif not moving.isdisjoint(step.inputs):
            moving.update(step.outputs)
    return False


def _behind(steps: list[Step], numbers: Sequence[int], *, through: bool = True) -> set[int]:
    """All values that these are made of; without those before a stop_gradient if it is not to be gone through."""
    found = set(numbers)
    for step in reversed(steps):
        if not found.isdisjoint(step.outputs) and (through or step.operation != STOP):
            found.update(step.inputs)
    return found
