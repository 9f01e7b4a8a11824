"""Links between the pages: only a notebook's file name holds its number, so links follow when it is renamed.

`python tests/links.py` writes the names that the notebooks have now into every link to them, after
`git mv notebooks/12_width.ipynb notebooks/06a_width.ipynb`, say, which puts that page after 06.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from course.pages import NOTEBOOKS, notebooks

NAMED = re.compile(r"\b\d+[a-z]?_(\w+)(?=\.ipynb\b)")


def mended(text: str, names: Mapping[str, str]) -> str:
    """Return the text with the name that each notebook has now; one that there is not stays as it is."""
    return NAMED.sub(lambda named: names.get(named[1], named[0]), text)


def texts(folder: Path) -> Iterator[Path]:
    """Yield all files in which a notebook is named: the pages, the texts beside them, and what stands above them."""
    yield from sorted([*folder.glob("*.ipynb"), *folder.glob("*.md"), *folder.parent.glob("*.md")])


def mend(folder: Path = NOTEBOOKS) -> list[Path]:
    """Mend every link, and return the files that had to be changed."""
    names, changed = notebooks(folder), []
    for path in texts(folder):
        before = path.read_text(encoding="utf-8")
        if (after := mended(before, names)) != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


if __name__ == "__main__":
    print(*mend(), sep="\n")
