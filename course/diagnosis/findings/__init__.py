"""What can be wrong with a start: one row a finding, in the order in which causes come before effects."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from course.diagnosis.evidence import Network
from course.diagnosis.findings import answers, draws, numbers, sizes
from course.diagnosis.findings.found import Found, deviations

__all__ = ["FINDINGS", "Finding", "Found", "deviations"]


class Finding(NamedTuple):
    """A row of the table; `search` looks for it in a network, and finds it at most once in a layer."""

    name: str
    search: Callable[[Network], Iterator[Found]]


FINDINGS = (
    Finding("half precision out of range", numbers.half_precision),
    Finding("unscaled inputs", numbers.unscaled_inputs),
    Finding("identical units", draws.identical_units),
    Finding("repeated weights", draws.repeated_weights),
    Finding("weights not centred", draws.not_centred),
    Finding("wrong fan", draws.wrong_fan),
    Finding("saturated", sizes.saturated),
    Finding("too large", sizes.too_large),
    Finding("too small", sizes.too_small),
    Finding("biases out of scale", answers.biases),
    Finding("dead units", answers.dead_units),
    Finding("overflow", numbers.overflow),
    Finding("gradient off by a factor", answers.gradient),
)
"""Every finding, causes before their effects."""
