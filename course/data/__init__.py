"""Inputs for the networks, none of them downloaded.

Handwritten digits come inside a package, English text with Python; Shapeset-3×2, points of the plane, and noise are
generated.
"""

from course.data.digits import digits, standardized, standardized_digits
from course.data.points import disc, spirals
from course.data.shapeset import SHAPESET_CLASSES, shapeset
from course.data.text import ALPHABET, as_tokens, english

INPUTS = ("digits", "gaussian")
"""What a network can be fed with: standardized digits, or independent N(0, 1) noise."""

__all__ = [
    "ALPHABET",
    "INPUTS",
    "SHAPESET_CLASSES",
    "as_tokens",
    "digits",
    "disc",
    "english",
    "shapeset",
    "spirals",
    "standardized",
    "standardized_digits",
]
