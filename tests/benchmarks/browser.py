"""Print how long the eye waits for the hand in a real JupyterLab: `python tests/benchmarks/browser.py`.

A move is timed in the page, from the key on a slider's handle to the load of the changed picture, which is when the
browser can paint it. The three ways take turns, so that a busy machine slows all of them. Nothing is asserted.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Locator, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "browser"))

from explorer import ExplorerView, explorers, pixels_of
from lab import Lab, Tab, launched, required_browser

MOVES, RESTARTS, DRAG_SECONDS = 30, 3, 3.0
MAIN = """
from course import explorers
explorer = explorers.signal_propagation()
explorer
"""
USUAL = """
import ipywidgets as widgets
import matplotlib.pyplot as plt
from course import probes
from course.explorers.signals import measured_curves, predicted_curves

def draw(gain=1.0):
    network = {"depth": 50, "width": 128, "activation": "tanh", "scheme": "glorot_uniform", "gain": gain}
    stats, histograms = probes.observe(0, limits=probes.LIMITS, **network)
    figure, axes = plt.subplots(2, 2, figsize=(9.2, 5.4))
    axes[0, 0].imshow(histograms.activations.T, aspect="auto", origin="lower", cmap="Blues", extent=(0.5, 50.5, -1, 1))
    axes[0, 0].set(title="Activations h of each layer", xlabel="layer")
    titles = "Forward: mean square E[h²]", "Backward: variance of ∂C/∂z", "Backward: variance of ∂C/∂W per example"
    rows = zip(axes.flat[1:], titles, measured_curves(stats), predicted_curves(**network))
    for panel, title, measured, predicted in rows:
        panel.semilogy(range(1, 51), measured, "o", markersize=4, label="measured")
        panel.semilogy(range(1, 51), predicted, "k--", label="theory")
        panel.axhline(1, color="grey")
        panel.set(title=title, xlabel="layer", ylim=(1e-4, 1e4))
        panel.grid(True)
    axes[1, 0].legend()
    plt.tight_layout()
    plt.show()

widgets.interact(draw, gain=(0.1, 4.0, 0.01));
"""
BARE = """
slider, label = widgets.IntSlider(0, 0, 1000), widgets.Label("0")
slider.observe(lambda change: setattr(label, "value", str(change["new"])), "value")
widgets.VBox([slider, label])
"""
WAIT = """(element, watched) => new Promise((resolve, reject) => {
    let start = null;
    const done = () => {
        if (start === null) return;
        document.removeEventListener("load", loaded, true);
        watcher.disconnect();
        resolve(performance.now() - start);
    };
    const area = element.closest(".jp-Cell");
    const loaded = event => { if (area.contains(event.target)) done(); };
    const watcher = new MutationObserver(done);
    element.addEventListener("keydown", () => start = performance.now(), {capture: true, once: true});
    document.addEventListener("load", loaded, true);
    if (watched) watcher.observe(area.querySelector(watched), {childList: true, characterData: true, subtree: true});
    setTimeout(() => reject(new Error("nothing has changed in 20 s")), 20_000);
})"""
"""Wait for a picture to load in the handle's cell, or for the text of the `watched` element to change."""
PRINTED = ".widget-vbox > .widget-label"


def milliseconds(tab: Tab, handle: Locator, watched: str = "", key: str = "ArrowRight") -> float:
    """Press a key on a slider's handle, and give the time until the answer is seen."""
    handle.evaluate(f"(element, watched) => {{ window.course.answer = ({WAIT})(element, watched); }}", watched)
    handle.focus()
    tab.page.keyboard.press(key)
    taken = tab.page.evaluate("window.course.answer")
    tab.settle()
    return taken


def handle_in(tab: Tab, cell: int, label: str = "") -> Locator:
    """Return a slider's handle in the output of the code cell of this number."""
    return tab.page.locator(".jp-CodeCell").nth(cell).locator(f".widget-slider:has-text('{label}') .noUi-handle").first


def report(what: str, goal: str, value: float) -> None:
    """Print one figure beside its goal."""
    print(f"{what:64s} {value:8.2f}   goal: {goal}")


def three_ways(tab: Tab) -> None:
    """Compare the explorer, the usual way and the bare round trip, in turns."""
    ways = (handle_in(tab, 0, "gain"), ""), (handle_in(tab, 1), ""), (handle_in(tab, 2), PRINTED)
    for handle, watched in ways:
        milliseconds(tab, handle, watched)
    turns = [[milliseconds(tab, *way) for way in ways] for _ in range(MOVES)]
    explorer, usual, bare = (statistics.median(column) for column in zip(*turns, strict=True))
    print(f"medians of {MOVES} moves: explorer {explorer:.1f} ms, usual way {usual:.1f} ms, bare {bare:.1f} ms")
    report("interact and a fresh pyplot figure / the explorer", "at least 8", usual / explorer)
    report("the explorer / the bare round trip of a message", "at most 4", explorer / bare)
    for label, key in (("depth", "ArrowLeft"), ("seed", "ArrowRight")):
        handle = handle_in(tab, 0, label)
        median = statistics.median(milliseconds(tab, handle, key=key) for _ in range(MOVES))
        print(f"the explorer's {label}: median {median:.1f} ms")


def drag(tab: Tab, view: ExplorerView) -> None:
    """Drag the gain's handle to and fro with the mouse, and see how many pictures come, and which is the last."""
    handle = view.control("gain").element
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
    grip, mouse = handle.bounding_box(), tab.page.mouse
    mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    mouse.down()
    began = tab.page.evaluate("performance.now()")
    steps = 0
    while (now := tab.page.evaluate("performance.now()")) < began + 1e3 * DRAG_SECONDS:
        share = 0.15 + 0.4 * abs((now - began) % 2000 / 1000 - 1)
        mouse.move(track["x"] + share * track["width"], track["y"])
        steps += 1
    mouse.up()
    shown = tab.page.evaluate(f"window.course.loads.filter(time => time > {began} && time < {now}).length")
    tab.settle()
    seconds = (now - began) / 1e3
    gain, image = tab.ask("[explorer.state['gain'], __import__('base64').b64encode(explorer.image).decode()]")
    print(f"a drag of {seconds:.1f} s, {steps / seconds:.0f} positions a second")
    report("pictures a second", "at least 12", shown / seconds)
    same = f"{gain:.2f}" == view.control("gain").value and pixels_of(tab, image) == view.pixels()
    print(f"the last position, {gain:.2f}, is the one shown: {'yes' if same else 'NO'} (goal: always)")


def first_moves(tab: Tab) -> None:
    """Compare the first move after a fresh start with the moves that follow it."""
    ratios = []
    for _ in range(RESTARTS):
        tab.command("notebook:clear-all-cell-outputs")
        tab.restart()
        tab.run_cell(0)
        tab.page.wait_for_function("window.course.running === null")
        tab.page.locator(".course-picture[data-number]").first.wait_for()
        tab.settle()
        handle = handle_in(tab, 0, "gain")
        first, *others = (milliseconds(tab, handle) for _ in range(MOVES))
        ratios.append(first / statistics.median(others))
        print(
            f"fresh start: first move {first:.0f} ms, median {statistics.median(others):.0f}, longest {max(others):.0f}"
        )
    report("first move / median of the others, median of fresh starts", "about 1", statistics.median(ratios))


def run(lab: Lab, browser: Browser) -> None:
    """Open one page with all three ways, and measure."""
    tab = Tab(lab, browser, lab.write("ways.ipynb", [MAIN, USUAL, BARE]))
    tab.run_all()
    # The programs of the other widths are compiled in the background: let that end.
    tab.page.wait_for_timeout(20_000)
    three_ways(tab)
    for _ in range(3):
        drag(tab, explorers(tab)[0])
    first_moves(tab)
    for fault in tab.faults():
        print("fault:", fault)
    tab.close()


def main() -> None:
    """Run JupyterLab and a browser, and print every figure once."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        try:
            with sync_playwright() as playwright, launched(playwright, required_browser(os.environ)) as browser:
                print(f"JupyterLab in {browser.browser_type.name} {browser.version}, on {os.cpu_count()} cores")
                run(lab, browser)
        finally:
            lab.stop()


if __name__ == "__main__":
    main()
