"""Where nbgrader hands out and collects assignments, if the class has such a folder."""

import os

c = get_config()  # noqa: F821

if "COURSE_EXCHANGE" in os.environ:
    c.Exchange.root = os.environ["COURSE_EXCHANGE"]
