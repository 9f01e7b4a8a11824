"""Record the README's moving picture from the real thing: `python .github/record_signal_propagation.py`.

The main explorer is opened in a real JupyterLab in a browser, its controls are moved, and what the page shows after
each move is one frame. Nothing is drawn here; the buttons and the line of the state are left out of the frames.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "tests" / "browser"))

from explorer import ExplorerView, explorers
from lab import Lab, Tab, launched, required_browser

TARGET = Path(__file__).with_name("signal_propagation.webp")
EXPLORER = "from course import explorers\nexplorers.signal_propagation()"
UNSEEN = ".course-explorer > .widget-hbox { display: none } .course-explorer { padding: 6px 8px }"
SHORT, LONG = 100, 1300
"""Milliseconds that a frame on the way is shown, and one to be read."""
STEP = 4
"""Steps of the slider between two frames."""


def frame(view: ExplorerView) -> Image.Image:
    """Take a picture of the explorer as the page shows it now."""
    view.tab.settle()
    view.picture.evaluate("image => image.decode()")
    return Image.open(io.BytesIO(view.root.screenshot())).convert("RGB")


def slide(view: ExplorerView, name: str, frames: int, key: str) -> Iterator[tuple[Image.Image, int]]:
    """Move a slider by keyboard, some steps a frame, and stay at the last."""
    for number in range(frames):
        for _ in range(STEP):
            view.control(name).press(key)
        yield frame(view), LONG if number == frames - 1 else SHORT


def choose(view: ExplorerView, name: str, label: str) -> tuple[Image.Image, int]:
    """Choose an entry of a menu."""
    menu = view.control(name).element
    menu.focus()
    menu.select_option(label=label)
    return frame(view), LONG


def story(view: ExplorerView) -> Iterator[tuple[Image.Image, int]]:
    """Glorot on tanh at gains 1, 0.8, 1.2 and 1.6, then Glorot and He on ReLU: frames, and how long each is shown."""
    yield frame(view), LONG
    yield from slide(view, "gain", 5, "ArrowLeft")
    yield from slide(view, "gain", 10, "ArrowRight")
    yield from slide(view, "gain", 10, "ArrowRight")
    yield from slide(view, "gain", 15, "ArrowLeft")
    yield choose(view, "activation", "relu")
    yield choose(view, "scheme", "He (Kaiming), uniform")


def record() -> list[tuple[Image.Image, int]]:
    """Open the explorer and give the frames of its story."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        try:
            with launched(playwright, required_browser({"CI": "true"})) as browser:
                tab = Tab(lab, browser, lab.write("record.ipynb", [EXPLORER]), viewport={"width": 1120, "height": 1000})
                tab.run_all()
                tab.page.add_style_tag(content=UNSEEN)
                return list(story(explorers(tab)[0]))
        finally:
            lab.stop()


def main() -> None:
    """Write the moving picture, and say how large it is."""
    frames, durations = zip(*record(), strict=True)
    frames[0].save(
        TARGET,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        lossless=True,  # flat colours: smaller than lossy, and sharp
        method=6,
        minimize_size=True,
    )
    print(f"{TARGET.name}: {len(frames)} frames, {sum(durations) / 1000:.1f} s, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
