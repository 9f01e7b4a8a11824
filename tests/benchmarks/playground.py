"""Print how fast the playground is in a browser: `python tests/benchmarks/playground.py`.

The first picture is timed from the start of the page's loading, a move from the hand's event to the painted picture.
"""

import os
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from course.handouts import playground
from course.handouts.browsers import find_browser

MOVES = 30
NETWORKS = {
    "50 layers of 128 units": {},
    "another seed": {"over": "seed"},
    "100 layers of 128 units": {"depth": 100},
    "50 layers of 512 units": {"width": 512},
}
MOVE = """async ([state, moves]) => {
    const { over = "gain", ...rest } = state, times = [];
    const start = { gain: 1, depth: 50, width: 128, seed: 0, ...rest };
    for (let move = 0; move < moves; move++) {
        playground.go({ ...start, ...(over === "seed" ? { seed: move % 100 } : { gain: 1 + move / 100 }) });
        while (!playground.shown) await new Promise(resolve => setTimeout(resolve, 1));
        times.push(playground.shown.milliseconds);
    }
    return times;
}"""


def first_picture(page: Page, file: Path) -> float:
    """Return milliseconds from the start of loading to the first picture."""
    page.goto(file.as_uri())
    return page.wait_for_function("playground.shown?.painted").json_value()


def main() -> None:
    """Print sizes and times."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = playground.hand_out(Path(folder))[0]
        engine = playground.HERE.joinpath("engine.wasm").stat().st_size
        print(f"page {file.stat().st_size / 1e3:.0f} kB, of which the engine {engine / 1e3:.0f} kB before base64")
        browser = playwright.chromium.launch(executable_path=find_browser(os.environ), args=["--disable-gpu"])
        for slower in (1, 4):
            page = browser.new_page(viewport={"width": 390, "height": 844} if slower > 1 else None)
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            first = statistics.median(first_picture(page, file) for _ in range(3))
            print(f"processor {slower} × slower: first picture {first:.0f} ms")
            for name, state in NETWORKS.items() if slower == 1 else list(NETWORKS.items())[:1]:
                times = sorted(page.evaluate(MOVE, [state, MOVES]))
                median, most = statistics.median(times), times[MOVES * 9 // 10]
                print(
                    f"  {name}: a move {median:.0f} ms, 9 of 10 in {most:.0f} ms, the fastest {times[0]:.0f} ms",
                    flush=True,
                )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
