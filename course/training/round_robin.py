"""Several trainings that make one job of a growing picture."""

from collections.abc import Iterable

from course.training import Training


class RoundRobin:
    """Trainings of one length that take turns: the one that is behind goes on. One named twice is run once."""

    def __init__(self, trainings: Iterable[Training]):
        self._parts = list(dict.fromkeys(trainings))
        self.total = self._parts[0].total

    @property
    def done(self) -> int:
        """Steps that all have taken."""
        return min(part.done for part in self._parts)

    @property
    def finished(self) -> bool:
        """Whether every one is at its end."""
        return all(part.finished for part in self._parts)

    def advance(self, seconds: float) -> None:
        """Let the training that is behind go on for about so many seconds."""
        min((part for part in self._parts if not part.finished), key=lambda part: part.done).advance(seconds)
