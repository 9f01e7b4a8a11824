"""What the page asks a reader to predict, read off its explorer's table."""

from course.live.quantities import Quantity

CAUSE = Quantity("the finding in the first layer", lambda table: str(table["finding"][0]))
