"""The hook for a second language: every English text that a reader sees passes through `say`.

    with speaking({"depth": "深度"}.get): ...

Texts stand where they are used, in English; a catalogue, such as `gettext.translation("course", folder).gettext`,
gives them in another language. A text with fields in braces is translated first and filled in afterwards.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

Catalogue = Callable[[str], str | None]
"""A text in another language, or `None` where there is no translation: then the English one is shown."""

_catalogues: list[Catalogue] = []


def say(text: str, /, **fields: object) -> str:
    """Return a text in the language that is spoken, its fields filled in: `say("depth {depth}", depth=3)`."""
    spoken = (_catalogues[-1](text) if _catalogues and text else None) or text
    return spoken.format(**fields) if fields else spoken


@contextmanager
def speaking(catalogue: Catalogue) -> Iterator[None]:
    """Speak another language inside the block, or until the generator is dropped: `speaking(...).__enter__()`."""
    _catalogues.append(catalogue)
    try:
        yield
    finally:
        _catalogues.remove(catalogue)


def number(value: float) -> str:
    """Return a number with two digits, as a person would write it: 0.39, 12, 3.1e-09."""
    if np.isinf(value):
        return say("more than 3.4e38")
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.1e}"
