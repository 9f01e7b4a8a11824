"""Predict, then see: a question with stated alternatives, and a picture that opens when one is chosen."""

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets


class Prediction(widgets.VBox):
    """A question whose picture stays closed until the reader commits to an alternative.

    `choose` commits from code, as the button does; the choice then stays marked above the picture. The first
    choice counts: later ones are ignored.
    """

    def __init__(self, question: str, alternatives: Sequence[str], open_picture: Callable[[], widgets.Widget]):
        if len(alternatives) < 2:
            raise ValueError(f"alternatives must be at least two, not {list(alternatives)!r}")
        self.choice: str | None = None
        self._alternatives, self._open_picture = list(alternatives), open_picture
        wide = widgets.Layout(width="auto")
        self.radio = widgets.RadioButtons(options=self._alternatives, value=None, layout=wide)
        self.button = widgets.Button(description="That is my prediction", layout=wide, disabled=True)
        self.radio.observe(lambda change: setattr(self.button, "disabled", change["new"] is None), "value")
        self.button.on_click(lambda _button: self.choose(self.radio.value))
        super().__init__([widgets.HTML(f"<b>{html.escape(question)}</b>"), self.radio, self.button])

    def choose(self, alternative: str) -> None:
        """Commit to an alternative: it is marked, and the picture opens. `ValueError` for one not offered."""
        if alternative not in self._alternatives:
            raise ValueError(f"alternative must be one of {self._alternatives!r}, not {alternative!r}")
        if self.choice is not None:
            return
        self.choice = self.radio.value = alternative
        self.radio.disabled = True
        marked = widgets.HTML(f"You predicted: <mark>{html.escape(alternative)}</mark>. Now move the controls.")
        self.children = [self.children[0], self.radio, marked, self._open_picture()]


def predict(question: str, alternatives: Sequence[str], open_picture: Callable[[], widgets.Widget]) -> Prediction:
    """Ask before showing: `open_picture` is called, and its widget shown, once an alternative is chosen."""
    return Prediction(question, alternatives, open_picture)
