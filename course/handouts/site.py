"""Writes the pages as a site to read anywhere: each page is run once, and its scenes are drawn beforehand."""

import hashlib
import io
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from PIL import Image, ImageChops  # matplotlib, which draws the pictures, needs it too

from course.handouts import pages
from course.handouts.baked import PIXEL_RATIOS
from course.handouts.printing import placed, run_pages
from course.handouts.typesetting import as_html, code_style, title_of

HERE = Path(__file__).parent
SETUP = "from course.handouts import printed, baked; printed.use_paper(get_ipython(), baked.Baked({names!r}))"
"""Run in the kernel before a page."""
DARK_CODE = "github-dark"
"""A dark style of Pygments."""
COLOURS = 64
"""Of a picture in its file: as many as can be told apart in one."""
FRAMES = re.compile(r'(?<=<script type="application/json">).*?(?=</script>)')
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
IMAGE = re.compile(r"<img [^>]*>")
WIDTH = re.compile(r'width="(\d+)"')
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

A course that begins at the slope of the sigmoid and goes by way of Xavier (Glorot) and He initialization to what
practice does today. A page takes about half an hour: predict, see, explain. What theory predicts is always drawn over
what was measured.
{live}
{contents}
"""
TO_READ = (
    "These are the pages to read, on any device, with nothing installed and without a network. In JupyterLab every "
    "picture is live and every exercise answers. In a copy of the course this line opens the first page there:"
    "\n\n```\n{start}\n```"
)
ABOVE = '<header><a href="index.html">All pages</a></header>'
LIVE = "\n**[The main explorer, live]({file})**: draw a network, move its gain and its depth, and see what is left.\n"


def write_site(folder: Path, wanted: Sequence[str] = ()) -> list[Path]:
    """Run the pages, all or those `wanted`, and write them as a site; return the files' paths, index.html first.

    It opens from a folder as from a server, and asks nothing of any other. `ValueError` for the pages' own folder.
    """
    names = pages.names(wanted)
    texts = pages.texts(names)
    place = placed(names, texts)
    pages.require_writable([folder / "index.html"], force=True)
    titles = {name: title_of(pages.read(name)) for name in names}
    live = write_live_explorer(folder)
    others = {Path(file).stem: _one_cell(pages.relinked(text, place)) for file, text in texts.items()}
    listed = titles | {name: title_of(page) for name, page in others.items()}
    files = [*_publish(folder, "index", index(listed, live)), *live]
    for name, page in others.items():
        files += _publish(folder, name, page, above=ABOVE)
    for name, page in run_pages(names, SETUP.format(names=names)):
        around = {"above": ABOVE, "below": _below(name, titles)}
        files += _publish(folder, name, pages.relinked_page(to_read(page, name), place), **around)
    return list(dict.fromkeys(files))


def write_live_explorer(folder: Path) -> list[Path]:
    """Write the main explorer as a file that a browser runs alone; return its path."""
    from course.handouts import playground  # which needs JAX, as no other part of a handout does

    return playground.hand_out(folder, force=True)


def index(titles: dict[str, str], live: Sequence[Path]) -> NotebookNode:
    """Return the first page of the site: where everything is; `titles` are those of pages and texts by file name."""
    contents = "\n".join(f"{number}. [{title}]({name}.html)" for number, (name, title) in enumerate(titles.items()))
    linked = "".join(LIVE.format(file=path.name) for path in live)
    page = _one_cell(INDEX.format(live=linked, contents=contents))
    return new_notebook(cells=[*page.cells, _said(TO_READ, START.format(name=next(iter(titles))))])


def to_read(page: NotebookNode, name: str) -> NotebookNode:
    """Return a page that says, at its top and above its exercises, what needs a kernel, and how to open it in one."""
    start = START.format(name=name)
    cells = [page.cells[0], _said(ABOUT, start)]
    for cell in page.cells[1:]:
        cells.append(cell)
        if cell.cell_type == "markdown" and re.match(r"## Exercises\b", cell.source):
            cells.append(_said(READ_ONLY, start))
    return new_notebook(cells=cells, metadata=page.metadata)


def _said(text: str, start: str) -> NotebookNode:
    return new_markdown_cell(f'<div class="live">\n\n{text.format(start=start)}\n\n</div>')


def _one_cell(text: str) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell(text)])


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
    text = as_html(page, style=f"{dark}\n{style}", script=script, **around)
    pictures: list[Path] = []

    def kept(source: str, ground: str = "") -> str:
        pictures.append(write_picture(folder / "pictures", _png(source), _png(ground)))
        return f"pictures/{pictures[-1].name}"

    def kept_frames(found: re.Match) -> str:
        slider = json.loads(found[0])
        ground = slider["frames"][slider["begin"]]
        for frame in slider["frames"]:
            frame |= {width: kept(frame[width], ground[width]) for width in PIXEL_RATIOS if frame is not ground}
        ground |= dict.fromkeys(PIXEL_RATIOS, "")
        return json.dumps(slider, ensure_ascii=False).replace("<", "\\u003c")

    text = FRAMES.sub(kept_frames, text)
    text = PICTURE.sub(lambda found: kept(found[0]), IMAGE.sub(_sized, text))
    return [*pages.write({folder / f"{stem}.html": text}, force=True), *pictures]


def _png(source: str) -> bytes:
    return b64decode(source.partition(",")[2])


def write_picture(folder: Path, png: bytes, ground: bytes = b"") -> Path:
    """Write a picture as WebP, or only what differs in it from one on which it is laid; return its path."""
    path = folder / f"{hashlib.sha256(png + ground).hexdigest()[:12]}.webp"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.open(io.BytesIO(png)).convert("RGB")
        few = image.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")
        if ground:
            changed = ImageChops.difference(image, Image.open(io.BytesIO(ground)).convert("RGB")).split()
            most = ImageChops.lighter(ImageChops.lighter(changed[0], changed[1]), changed[2])
            few.putalpha(most.point(lambda value: 255 * (value > 0)))
        few.save(path, lossless=True)
    return path


def _sized(found: re.Match) -> str:
    """Return an image with its height too, so that nothing jumps when it comes."""
    tag, source, shown = found[0], PICTURE.search(found[0]), WIDTH.search(found[0])
    if source is None or shown is None or ' height="' in tag:
        return tag
    width, height = Image.open(io.BytesIO(_png(source[0]))).size
    return tag.replace("<img ", f'<img height="{round(int(shown[1]) * height / width)}" loading="lazy" ', 1)
