"""What the page order_and_chaos asks a reader to predict."""

from course.live.quantities import Series

COSINE = Series("the cosine between the two inputs", "cosine", 2)
