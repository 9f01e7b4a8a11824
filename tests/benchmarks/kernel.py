"""Print the wait for the first picture in a fresh kernel, and its memory: `python tests/benchmarks/kernel.py`.

The compilation and font caches of the kernel are put into empty folders, as on a machine that never ran it.
"""

import os
import tempfile
import time

import psutil
from jupyter_client.manager import start_new_kernel

FIRST_PICTURE = """
from course import explorers
explorer = explorers.signal_propagation()
"""
EVERY_CORNER = """
import itertools
explorer.controls["width"].options
for name, control in explorer.controls.items():
    offered = getattr(control, "options", None) or (control.min, control.max)
    for value in [row[1] if isinstance(row, tuple) else row for row in offered]:
        control.value = value
        assert explorer.exception is None, explorer.exception
sliders = ("depth", "gain", "seed")
for width, scheme in itertools.product(explorer.controls["width"].options, ("normal_1", "orthogonal")):
    for depth, gain, seed in itertools.product((1, 100), (0.1, 4.0), (0, 99)):
        explorer.state = dict(width=width, scheme=scheme, depth=depth, gain=gain, seed=seed)
        assert explorer.exception is None, explorer.exception
"""


def run(client, code: str) -> float:
    """Run code in the kernel and give the seconds it took; an error in it is raised here."""
    start = time.perf_counter()
    reply = client.execute_interactive(code, timeout=600)["content"]
    if reply["status"] != "ok":
        raise RuntimeError("\n".join(reply["traceback"]))
    return time.perf_counter() - start


def memory(manager) -> str:
    """Say how much memory the kernel's process has: in all, and without the libraries' files that are mapped in."""
    figures = psutil.Process(manager.provisioner.process.pid).memory_info()
    return f"{figures.rss / 1e6:.0f} MB, {(figures.rss - figures.shared) / 1e6:.0f} MB without mapped libraries"


def main() -> None:
    """Open the first picture, then visit every corner of the main explorer."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "HOME": empty, "MPLCONFIGDIR": empty, "IPYTHONDIR": empty}
        manager, client = start_new_kernel(env=environment)
        try:
            run(client, "pass")
            print(f"a started kernel: {memory(manager)}")
            seconds = run(client, FIRST_PICTURE)
            print(f"imports and first picture: {seconds:.1f} s (goal: at most 5), {memory(manager)}")
            seconds = run(client, EVERY_CORNER)
            print(f"every corner: {seconds:.1f} s, {memory(manager)} (goal: at most 500 MB)")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
