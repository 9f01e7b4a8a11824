"""Print what *Run All* takes of every page, in a fresh kernel: `python tests/benchmarks/pages.py [PAGE ...]`.

Runs that explorers start when a browser shows them are not part of it. Programs that one page has compiled serve the
next, as for somebody who goes through the course; `--cold` gives every page an empty cache.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SLOWEST = 5


def measure(path: Path, cache: str) -> None:
    """Run a page, and print its seconds, its kernel's memory, and its slowest cells."""
    page, began, cells = nbformat.read(path, 4), {}, {}
    client = NotebookClient(page, timeout=1200, resources={"metadata": {"path": str(NOTEBOOKS)}})
    client.on_cell_execute = lambda cell, cell_index: began.update({cell_index: time.perf_counter()})
    client.on_cell_executed = lambda cell, cell_index, execute_reply: cells.update(
        {cell_index: time.perf_counter() - began[cell_index]}
    )
    os.environ["XDG_CACHE_HOME"] = cache
    with client.setup_kernel():
        start = time.perf_counter()
        for index, cell in enumerate(page.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        process = psutil.Process(client.km.provisioner.process.pid)
        memory, processor = process.memory_info().rss / 1e6, sum(process.cpu_times()[:2])
    slowest = sorted(cells, key=cells.get, reverse=True)[:SLOWEST]
    listed = ", ".join(f"cell {index}: {cells[index]:.1f}" for index in slowest)
    figures = f"{seconds:6.1f} s, {processor:6.1f} s of processor time, {memory:5.0f} MB resident"
    print(f"{path.stem:30} {figures}  ({listed})", flush=True)


def main() -> None:
    """Run all pages, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="how their names begin")
    parser.add_argument("--cold", action="store_true", help="an empty cache for every page")
    asked = parser.parse_args()
    paths = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if path.stem.startswith(tuple(asked.pages or [""]))]
    with tempfile.TemporaryDirectory() as shared:
        for path in paths:
            with tempfile.TemporaryDirectory() as own:
                measure(path, own if asked.cold else shared)


if __name__ == "__main__":
    main()
