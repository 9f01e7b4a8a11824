"""The main explorer as one file that needs no Python, no server and no network: `hand_out`.

Choices and words come from the explorer that the notebooks show, put into the page as data when it is written, and
networks are drawn and run by `engine.c`, compiled beforehand to `engine.wasm`: `compile_engine` says how.
"""

import html
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from string import Template

import numpy as np

from course import style
from course.explorers import described
from course.handouts import pages
from course.live import settings, toolbar
from course.live.words import say

HERE = Path(__file__).parent
NAME = "playground"
NOTEBOOK_LINE = 'from course import explorers; explorers.restore("{state}")'
COLOURS = {
    "measured": style.MEASURED,
    "measured-on-dark": style.SKY,
    "predicted": style.PREDICTED,
    "reference": style.REFERENCE,
    "accent": style.ACCENT,
}
LEGENDRE = 20
"""Nodes of a panel of the theory's quadrature."""
FLAGS = (
    *("--target=wasm32-freestanding", "-std=c17", "-O3", "-msimd128", "-mbulk-memory", "-mnontrapping-fptoint"),
    *("-fno-builtin", "-ffp-contract=off", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"),
)


def compile_engine(path: Path = HERE / "engine.wasm") -> Path:
    """Compile the engine to this file, by the package ziglang, whose every version has bytes of its own."""
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "-o", str(path.resolve()), "engine.c"]
    subprocess.run(command, cwd=HERE, check=True)
    return path


def given() -> dict:
    """Return what the page takes from the course."""
    nodes, weights = np.polynomial.legendre.leggauss(LEGENDRE)
    return described.main_explorer() | {
        "legendre": {"nodes": nodes.tolist(), "weights": weights.tolist()},
        "elsewhere": [settings.PINNED, settings.PROJECTOR],
        "notebook": NOTEBOOK_LINE,
    }


def page() -> str:
    """Return the page, an HTML document."""
    told = given()
    colours = " ".join(f"--{name}: {colour};" for name, colour in COLOURS.items())
    buttons = {name: toolbar.WORDS[name] for name in ("reset", "new_seed", "state")}
    texts = {"title": told["title"]}
    texts |= {name: say(words) for name, (words, _does) in buttons.items()}
    texts |= {f"{name}_does": say(does) for name, (_words, does) in buttons.items()}
    return Template(HERE.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        {name: html.escape(text) for name, text in texts.items()},
        style=f":root {{ {colours} }}\n{style.style_sheet(HERE / 'page.css')}",
        given=json.dumps(told, ensure_ascii=False).replace("<", r"\u003c"),
        engine=b64encode(HERE.joinpath("engine.wasm").read_bytes()).decode(),
        script=HERE.joinpath("page.js").read_text(encoding="utf-8"),
    )


def hand_out(folder: Path, *, force: bool = False) -> list[Path]:
    """Write the page into a folder; `FileExistsError` if it is there already, unless `force`."""
    return pages.write({folder / f"{NAME}.html": page()}, force=force)
