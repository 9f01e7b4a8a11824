"""What a reader can do with an explorer besides moving a control: seeds, a pin, playing, predicting, saving."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from course.live import settings, tables
from course.live.expectation import Expected
from course.live.settings import PINNED, PROJECTOR

_CONTENT_TYPES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv"}


class Actions:
    """The actions of an explorer, which it has from here: most set its `state`, in one step.

    An explorer has `name`, `title`, `controls`, `canvas`, `screen`, `table` and `sentence`, its toolbar, the states of
    the beginning and of no choice, one lock, and a way to show itself.
    """

    def _actions(self) -> dict[str, Callable[[], object]]:
        seeds = {"new_seed": self.new_seed, "same_seed": self.same_seed} if "seed" in self.controls else {}
        saves = {form: lambda form=form: self.download(form) for form in _CONTENT_TYPES}
        return {"reset": self.reset, **seeds, **saves, "copy": self.copy}

    def reset(self) -> None:
        """Go back to where the explorer began, with nothing pinned that was not pinned then."""
        self.play(False)
        self.state = {PINNED: None, **self._start, PROJECTOR: self._toolbar.projector.value}

    def keep_in_view(self, names: Collection[str]) -> None:
        """Fold all controls away but these, behind a button that shows them; without names none is folded."""
        settings.check_names(self.controls, names)
        for name, control in self.controls.items():
            folded = names and name not in names
            (control.add_class if folded else control.remove_class)("course-folded")

    def begin(self, state: Mapping[str, Any]) -> None:
        """Begin anew in a state: controls that it leaves out go to their defaults, and `reset` comes back here."""
        self.play(False)
        self.state = {**self._defaults, PINNED: None, **state}
        self._start = self.state

    def new_seed(self) -> None:
        """Draw everything again with the next seed."""
        seed = self.controls["seed"]
        seed.value = seed.value + 1 if seed.value < seed.max else seed.min

    def same_seed(self) -> None:
        """Go back to the seed of the beginning, and so to the very draws that were seen then."""
        self.controls["seed"].value = self._start["seed"]

    @property
    def can_pin(self) -> bool:
        """Whether the picture has curves that can be kept for comparison."""
        return self.canvas.can_pin

    def pin(self) -> None:
        """Keep the present curves as ghosts, to compare others with them."""
        self.state = {PINNED: settings.values(self.controls)}

    def unpin(self) -> None:
        """Let the pinned curves go."""
        self.state = {PINNED: None}

    def expect(self, expected: Expected) -> None:
        """Draw what the reader expected into the picture, and say it after the sentence."""
        with self._answering("Your prediction could not be drawn"):
            self.canvas.expect(expected)
            self._expected = expected.words
            self._show()

    def forget(self) -> None:
        """Take away what the reader expected."""
        with self._answering():
            self.canvas.forget()
            self._expected = ""
            self._show()

    def play(self, on: bool = True) -> None:
        """Let the control that the toolbar names run by itself, each step after the picture before it was shown."""
        control = self.controls.get(self._toolbar.over.value)
        if on and settings.following(control) is None:
            control.value = settings.first(control)
        self.screen.playing = self._toolbar.play.value = on

    def _step(self, number: int) -> None:
        if not self.screen.playing or number != self.screen.number:  # a second page has already asked for this step
            return
        control = self.controls[self._toolbar.over.value]
        value = settings.following(control)
        if value is not None:
            control.value = value
        if self.exception is not None or settings.following(control) is None:
            self.play(False)

    def csv(self) -> str:
        """Return the numbers behind the picture as comma-separated values."""
        return tables.as_csv(self.table)

    def file(self, form: str) -> bytes:
        """Return the picture as "png" or "svg", with its sentence and state as metadata, or the numbers as "csv"."""
        if form not in _CONTENT_TYPES:
            raise ValueError(f"an explorer is saved as one of {', '.join(_CONTENT_TYPES)}, not {form!r}")
        with self._drawing:
            if form == "csv":
                return self.csv().encode()
            return self.canvas.file(form, title=self.title, sentence=self.sentence, source=self.state_string)

    def save(self, path: str | Path) -> None:
        """Write the file that the ending of `path` asks for: .png, .svg or .csv."""
        path = Path(path)
        path.write_bytes(self.file(path.suffix[1:]))

    def download(self, form: str) -> None:
        """Let the reader's browser save a file."""
        with self._answering("This could not be saved"):
            self.screen.offer(f"{self.name}.{form}", _CONTENT_TYPES[form], self.file(form))

    def copy(self) -> None:
        """Put the state string on the reader's clipboard."""
        self.screen.copy(self.state_string)
