"""Inputs for the networks, none of them downloaded.

Handwritten digits come inside a package; Shapeset-3×2, points of the plane, and noise are generated.
"""

from course.data.digits import digits, standardized, standardized_digits
from course.data.points import disc, spirals
from course.data.shapeset import SHAPESET_CLASSES, shapeset

INPUTS = ("digits", "gaussian")
"""What a network can be fed with: standardized digits, or independent N(0, 1) noise."""

__all__ = [
    "INPUTS",
    "SHAPESET_CLASSES",
    "digits",
    "disc",
    "shapeset",
    "spirals",
    "standardized",
    "standardized_digits",
]
