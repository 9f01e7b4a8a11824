"""A site of one page, written without a kernel, and the places to which a site leads: shared by several files."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from random_states import opened

from course.handouts import pages, printing, site
from course.handouts.baked import Baked
from course.live.stage import Stage
from course.pages import scenes, topic_of

NAME = "01_sigmoid_saturation"
PLACE = re.compile(r'\b(href|src|srcset|id)="([^"]*)"')
STYLES = re.compile(r"@import|url\(")


def stage() -> Stage:
    """The scenes of the page; their sliders have three values."""
    of_page = scenes(topic_of(NAME))
    few = [{name: (values[0], values[2], values[3]) for name, values in scene.slides.items()} for scene in of_page]
    return Stage([scene._replace(slides=slides) for scene, slides in zip(of_page, few, strict=True)], opened)


def baked_pages(names: Sequence[str], _setup: str) -> Iterator[tuple[str, NotebookNode]]:
    """What a kernel would return of the page, but for the outputs of all other cells."""
    page = printing.readable(pages.read(NAME))
    (cell,) = (cell for cell in page.cells if cell.source.startswith("explorers.stage("))
    cell.outputs = [new_output("display_data", {"text/html": Baked(names).stage(stage())})]
    yield NAME, page


def write_small_site(folder: Path) -> None:
    """Write the site; what is there is what it says it has written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "run_pages", baked_pages)
        files = site.write_site(folder, [NAME])
    assert sorted(files) == sorted(path for path in folder.rglob("*") if path.is_file())


def sliders(text: str) -> list[dict]:
    """Return what the sliders of a page go through."""
    return [json.loads(found) for found in site.FRAMES.findall(text)]


def faults(folder: Path) -> list[str]:
    """Return every place of a site that is not there, and everything that would be asked of another server."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    named = {name: {place for kind, place in PLACE.findall(text) if kind == "id"} for name, text in texts.items()}
    wrong = [f"{name}: {found}" for name, text in texts.items() for found in STYLES.findall(text)]
    for name, text in texts.items():
        places = [(kind, place) for kind, place in PLACE.findall(text) if kind != "id"]
        frames = [frame for slider in sliders(text) for frame in slider["frames"]]
        places += [("src", frame[width]) for frame in frames for width in ("wide", "narrow") if frame[width]]
        for kind, place in places:
            url = urlsplit(place)
            target = url.path or name
            if url.scheme or url.netloc:
                there = url.scheme == "data" or (kind == "href" and url.scheme in {"http", "https"})
            else:
                there = (folder / target).is_file() and (not url.fragment or url.fragment in named[target])
            wrong += [] if there else [f"{name}: {kind} {place}"]
    return wrong
