"""Writes the pages as a site to read anywhere: each page is run once, and its scenes are drawn beforehand."""

import hashlib
import io
import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from PIL import Image  # matplotlib, which draws the pictures, needs it too

from course.handouts import pages
from course.handouts.printing import placed, run_pages
from course.handouts.typesetting import as_html, code_style, title_of

HERE = Path(__file__).parent
SETUP = "from course.handouts import printed, baked; printed.use_paper(get_ipython(), baked.Baked({names!r}))"
"""Run in the kernel before a page."""
DARK_CODE = "github-dark"
"""A dark style of Pygments."""
COLOURS = 64
"""Of a picture in its file: as many as can be told apart in one."""
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
UNSIZED = re.compile(r'<img width="(\d+)" ([^>]*)src="(data:image/png;base64,([^"]+))"')
START = "python3 -m pip install uv && python3 -m uv run jupyter lab notebooks/{name}.ipynb"
ABOUT = (
    "This is the page as it was run once. The buttons and sliders under its pictures go through states that were drawn "
    "beforehand; in JupyterLab all of them move. In a copy of the course this line opens it there:\n\n```\n{start}\n```"
)
READ_ONLY = (
    "Here the exercises can only be read. In JupyterLab their cells can be edited, and `exercises.check` answers to "
    "what you have written:\n\n```\n{start}\n```"
)
INDEX = """\
# How should we initialize the weights of a deep network?

A course that begins at the slope of the sigmoid and goes by way of Xavier (Glorot) and He initialization to what practice
does today. A page takes about half an hour: predict, see, explain. What theory predicts is always drawn over what was
measured.
{live}
{contents}

These are the pages to read, on any device, without an installation and without a network. In JupyterLab every picture
is live and every exercise answers; in a copy of the course this line opens the first page there:

```
{start}
```
"""
LIVE = "\n**[The main explorer, live]({file})**: draw a network, move its gain and its depth, and see what is left.\n"


def write_site(folder: Path, wanted: Sequence[str] = ()) -> list[Path]:
    """Run the pages, all or those `wanted`, and write them as a site that begins at index.html; return the files' paths.

    It opens from a folder as from a server and asks nothing of any other. `ValueError` for the pages' own folder.
    """
    names = pages.names(wanted)
    texts = pages.texts(names)
    place = placed(names, texts)
    pages.require_writable([folder / "index.html"], force=True)
    titles = {name: title_of(pages.read(name)) for name in names}
    live = write_live_explorer(folder)
    files = [*live, *_publish(folder, "index", index(titles, [*texts], live))]
    for file, text in texts.items():
        files += _publish(folder, Path(file).stem, pages.relinked_page(_one_cell(text), place), above=_above())
    for name, page in run_pages(names, SETUP.format(names=names)):
        around = {"above": _above(), "below": _below(name, titles)}
        files += _publish(folder, name, pages.relinked_page(to_read(page, name), place), **around)
    return list(dict.fromkeys(files))


def write_live_explorer(folder: Path) -> list[Path]:
    """Write the main explorer as a file that a browser runs alone; return its path."""
    return []


def index(titles: dict[str, str], texts: Sequence[str], live: Sequence[Path]) -> NotebookNode:
    """Return the first page of the site: where everything is."""
    lines = [f"1. [{title}]({name}.html)" for name, title in titles.items()]
    lines += [f"\n[{title_of(_one_cell((pages.FOLDER / file).read_text('utf-8')))}]({Path(file).stem}.html)" for file in texts]
    linked = "".join(LIVE.format(file=path.name) for path in live)
    start = START.format(name=next(iter(titles)))
    return _one_cell(INDEX.format(live=linked, contents="\n".join(lines), start=start))


def to_read(page: NotebookNode, name: str) -> NotebookNode:
    """Return a page that says, at its top and above its exercises, what moves only in a kernel, and how it is opened."""
    start = START.format(name=name)
    cells = [page.cells[0], _said(ABOUT, start)]
    for cell in page.cells[1:]:
        cells.append(cell)
        if cell.cell_type == "markdown" and re.match(r"## Exercises\b", cell.source):
            cells.append(_said(READ_ONLY, start))
    return new_notebook(cells=cells, metadata=page.metadata)


def _said(text: str, start: str) -> NotebookNode:
    return new_markdown_cell(f'<aside class="live">\n\n{text.format(start=start)}\n\n</aside>')


def _one_cell(text: str) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell(text)])


def _above() -> str:
    return '<header><a href="index.html">All pages</a></header>'


def _below(name: str, titles: dict[str, str]) -> str:
    """Return the links to the page before this one and to the one after it."""
    names, links = list(titles), []
    at = names.index(name)
    for step, rel, sign in ((-1, "prev", "‹ {}"), (1, "next", "{} ›")):
        if 0 <= at + step < len(names):
            other = names[at + step]
            links.append(f'<a rel="{rel}" href="{other}.html">{sign.format(titles[other])}</a>')
    return f'<nav aria-label="Other pages">{"".join(links)}</nav>' if links else ""


def _publish(folder: Path, stem: str, page: NotebookNode, **around: str) -> list[Path]:
    """Write a page, and its pictures beside it; return the paths of both."""
    style = (HERE / "site.css").read_text("utf-8")
    dark = f"@media (prefers-color-scheme: dark) {{\n{code_style(DARK_CODE)}\n}}"
    script = (HERE / "site.js").read_text("utf-8")
    text = UNSIZED.sub(_sized, as_html(page, style=f"{dark}\n{style}", script=script, **around))
    pictures: dict[str, Path] = {}

    def kept(found: re.Match) -> str:
        if found[1] not in pictures:
            pictures[found[1]] = write_picture(folder / "pictures", b64decode(found[1]))
        return f"pictures/{pictures[found[1]].name}"

    text = PICTURE.sub(kept, text)
    return [*pages.write({folder / f"{stem}.html": text}, force=True), *pictures.values()]


def write_picture(folder: Path, png: bytes) -> Path:
    """Write a picture as WebP, under a name that its pixels decide; return its path."""
    path = folder / f"{hashlib.sha256(png).hexdigest()[:12]}.webp"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        few = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.convert("RGB").save(path, lossless=True, method=6)
    return path


def _sized(found: re.Match) -> str:
    """Return the beginning of an image with its height too, so that nothing jumps when it comes."""
    width, height = Image.open(io.BytesIO(b64decode(found[4]))).size
    shown = int(found[1])
    return f'<img width="{shown}" height="{round(shown * height / width)}" loading="lazy" {found[2]}src="{found[3]}"'
