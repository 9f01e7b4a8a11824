"""Right and wrong answers to every exercise: `<topic>.ANSWERS`, by the number of the exercise on its page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Given = tuple[Any, ...]
"""What is handed to `check` after the exercise's name: one answer, or several."""


class Answers(NamedTuple):
    """Ways to be right besides the page's own solution, and wrong answers by the name of their mistake."""

    right: Sequence[Given]
    wrong: Mapping[str, Given]
