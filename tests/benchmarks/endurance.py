"""Print how memory grows over thousands of moves of the main explorer: `python tests/benchmarks/endurance.py`.

First in one Python process, over all controls; then further explorers are opened in it; then in a real JupyterLab in
a browser, by keyboard on all sliders. Nothing is asserted. `--moves` and `--browser-moves` shorten it; 0 leaves out.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import psutil
from playwright.sync_api import Browser, sync_playwright

from course import explorers
from course.live.explorer import Explorer

sys.path.append(str(Path(__file__).parents[1] / "browser"))

from lab import Lab, Tab, launched, required_browser

SEED, REPORTS, OPENED = 0, 5, 10
MANY_SHARE = 0.01
"""How often a move is made with many networks, which take many times longer than one."""
LARGEST_STEP = 5
EXPLORER = "from course import explorers\nexplorer = explorers.signal_propagation()\nexplorer"
MEMORY = "(__import__('gc').collect(), __import__('psutil').Process().memory_info().rss / 2**20)[1]"
COUNT_ADDRESSES = """() => {
    const {createObjectURL, revokeObjectURL} = URL, held = window.course.addresses = new Set();
    URL.createObjectURL = blob => { const made = createObjectURL(blob); held.add(made); return made; };
    URL.revokeObjectURL = address => { held.delete(address); revokeObjectURL(address); };
}"""
MOVE = """async ([moves, seed]) => {
    const root = document.querySelector(".course-explorer"), picture = root.querySelector(".course-picture");
    const sliders = [...root.querySelectorAll(".widget-gridbox .noUi-handle")];
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let made = 0, number = picture.dataset.number; made < moves;) {
        const slider = sliders[Math.floor(random() * sliders.length)];
        const [key, keyCode] = random() < 0.5 ? ["ArrowLeft", 37] : ["ArrowRight", 39];
        const before = slider.getAttribute("aria-valuetext");
        slider.dispatchEvent(new KeyboardEvent("keydown", {key, keyCode, bubbles: true}));
        await new Promise(requestAnimationFrame);
        if (slider.getAttribute("aria-valuetext") === before) continue; // at its end
        while (picture.dataset.number === number) await new Promise(done => setTimeout(done, 2));
        number = picture.dataset.number;
        made++;
    }
}"""
"""Press arrow keys on sliders taken at random, each after the picture of the one before was shown."""


def megabytes() -> float:
    """Return the resident memory of this process."""
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def following(control: widgets.ValueWidget, chance: random.Random) -> Any:
    """Return a value a few steps from a control's own."""
    step = chance.choice([-1, 1]) * chance.randint(1, LARGEST_STEP)
    if hasattr(control, "options"):
        values = [option[1] if isinstance(option, tuple) else option for option in control.options]
        return values[(values.index(control.value) + step) % len(values)]
    return min(control.max, max(control.min, round(control.value + step * control.step, 9)))


def move(explorer: Explorer, chance: random.Random) -> None:
    """Move one control, or measure many networks and then one again; a failure ends it all."""
    if chance.random() < MANY_SHARE:
        explorer.state = {"networks": 100}
        explorer.state = {"networks": 1}
    else:
        name = chance.choice([name for name in explorer.controls if name != "networks"])
        explorer.state = {name: following(explorer.controls[name], chance)}
    if explorer.exception is not None:
        raise explorer.exception


def in_one_process(moves: int) -> None:
    """Move all controls at random, and print the memory now and then."""
    explorer, chance = explorers.signal_propagation(), random.Random(SEED)
    figures = [megabytes()]
    print(f"first picture: {figures[0]:.0f} MB")
    for part in range(REPORTS):
        began = time.perf_counter()
        for _ in range(moves // REPORTS):
            move(explorer, chance)
        figures.append(megabytes())
        milliseconds = 1e3 * (time.perf_counter() - began) / (moves // REPORTS)
        print(f"{(part + 1) * (moves // REPORTS)} moves: {figures[-1]:.0f} MB ({milliseconds:.0f} ms a move)")
    growth = (figures[-1] - figures[1]) / (moves * (1 - 1 / REPORTS)) * 1000
    print(f"growth after the first {moves // REPORTS} moves: {growth:.2f} MB for 1000 moves (goal: 0)")


def opened() -> None:
    """Open further explorers, keep them, and print what each adds."""
    start, kept = megabytes(), []
    for _ in range(OPENED):
        kept.append(explorers.signal_propagation())
    print(f"{OPENED} further explorers: {(megabytes() - start) / OPENED:.2f} MB each")


def measured(tab: Tab) -> dict[str, float]:
    """Return what the page and the kernel hold after a collection of garbage."""
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {
        "JavaScript heap, MB": metrics["JSHeapUsedSize"] / 2**20,
        "nodes": metrics["Nodes"],
        "event listeners": metrics["JSEventListeners"],
        "addresses of pictures": tab.page.evaluate("window.course.addresses.size"),
        "kernel, MB": tab.ask(MEMORY),
    }


def in_a_browser(browser: Browser, lab: Lab, moves: int) -> None:
    """Move all sliders at random in JupyterLab, and print what the page and the kernel hold before and after."""
    tab = Tab(lab, browser, lab.write("endurance.ipynb", [EXPLORER]))
    tab.page.evaluate(COUNT_ADDRESSES)
    tab.run_all()
    tab.page.locator(".course-picture[data-number]").wait_for()
    figures, done = [], 0
    for part in (moves // 10, moves - moves // 10):
        tab.page.evaluate(MOVE, [part, SEED + 1 + done])
        tab.settle()
        done += part
        figures.append(measured(tab))
        print(f"{done} moves: " + ", ".join(f"{name} {value:.4g}" for name, value in figures[-1].items()))
    growth = {name: 1000 * (figures[1][name] - figures[0][name]) / part for name in figures[0]}
    print("for 1000 moves: " + ", ".join(f"{name} {value:+.3g}" for name, value in growth.items()))
    for fault in tab.faults():
        print("fault:", fault)
    tab.close()


def main() -> None:
    """Print every figure once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=10_000, help="in one process")
    parser.add_argument("--browser-moves", type=int, default=2_000, help="in a browser")
    asked = parser.parse_args()
    if asked.moves:
        in_one_process(asked.moves)
        opened()
    if asked.browser_moves:
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(Path(folder))
            try:
                with sync_playwright() as playwright, launched(playwright, required_browser(os.environ)) as browser:
                    in_a_browser(browser, lab, asked.browser_moves)
            finally:
                lab.stop()


if __name__ == "__main__":
    main()
