"""English text that every Python brings along: what its `help()` says of the language's topics."""

import ast
import functools
import importlib.util
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
"""The characters that are kept: the end of a line, and what ASCII can print."""
_ENOUGH = 400_000
"""As many characters are taken of docstrings where there are no topics."""


@functools.cache
def english() -> str:
    """Return some hundred thousand characters of English prose about Python, of `ALPHABET`.

    They are those of `pydoc_data.topics`, which CPython ships; where it is missing, docstrings of the standard library.
    """
    kept, text = set(ALPHABET), "\n\n".join(_topics() or _docstrings())
    return "".join(character for character in text if character in kept)


def _topics() -> list[str]:
    if importlib.util.find_spec("pydoc_data") is None:
        return []
    from pydoc_data.topics import topics

    return list(topics.values())


def _docstrings() -> Iterator[str]:
    """Yield docstrings of the standard library, read from its sources, until there is text enough."""
    length = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                yield text
                length += len(text)
        if length > _ENOUGH:
            return


def as_tokens(text: str) -> np.ndarray:
    """Return the place of each character in `ALPHABET`; `ValueError` for one that is not in it."""
    places = {character: place for place, character in enumerate(ALPHABET)}
    unknown = sorted(set(text) - set(places))
    if unknown:
        raise ValueError(f"text must have characters of ALPHABET only, not {unknown[0]!r}")
    return np.array([places[character] for character in text], np.int32)
