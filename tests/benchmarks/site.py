"""Print how soon the pages of a site can be read on a slow phone: `python tests/benchmarks/site.py FOLDER [PAGE ...]`.

FOLDER is what `python -m course.handouts site FOLDER` has written; without PAGE, its first page and the first lesson
are opened. The phone is emulated: a processor 4 times slower, and a network of 1.6 Mbit/s with 150 ms to and fro (fast
3G); the server compresses texts, as GitHub Pages does. Given are the medians of some fresh starts.
"""

import argparse
import gzip
import http.server
import os
import statistics
import sys
import threading
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "browser"))
from lab import launched, required_browser

STARTS = 5
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3}
SEEN = """() => new Promise(resolve => new PerformanceObserver(list => {
    const entries = list.getEntries(), of = name => entries.find(entry => entry.name === name)?.startTime;
    if (of("first-contentful-paint")) resolve(of("first-contentful-paint"));
}).observe({type: "paint", buffered: true}))"""
LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
SHIFTED = """() => new Promise(resolve => {
    let sum = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => resolve(sum), 300);
})"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and its texts compressed."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html":
            return super().do_GET()
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip", "Content-Length": len(body)}
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def start(browser: Browser, url: str) -> tuple[float, float, float]:
    """Open a page with nothing kept; return ms to its first words and to its end, and how far things were shifted."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url)
    found = page.evaluate(SEEN), page.evaluate(LOADED), page.evaluate(SHIFTED)
    context.close()
    return found


def main() -> None:
    """Open the pages that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=["index", "00_start_here"])
    asked = parser.parse_args()
    files = [path for path in asked.folder.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.2f} MB")
    handler = partial(Handler, directory=str(asked.folder))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
        launched(playwright, required_browser(os.environ)) as browser,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in asked.pages:
            starts = [start(browser, f"http://127.0.0.1:{server.server_port}/{name}.html") for _ in range(STARTS)]
            first, whole, shifted = (statistics.median(part) for part in zip(*starts, strict=True))
            sent = len(gzip.compress((asked.folder / f"{name}.html").read_bytes())) / 1e3
            ends = f"first words {first:5.0f} ms, whole text {whole:5.0f} ms"
            print(f"{name:30} {sent:5.0f} kB, {ends}, shift {shifted:.3f}")
        server.shutdown()


if __name__ == "__main__":
    main()
