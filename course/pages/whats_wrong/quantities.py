"""What the page asks a reader to predict, read off its explorer's table."""

from course.live.quantities import Quantity

FIRST_PATIENT = "fan_out"
"""Whose finding is asked for; its name would tell."""
CAUSE = Quantity("the finding in the first layer", lambda table: str(table["finding"][0]))
