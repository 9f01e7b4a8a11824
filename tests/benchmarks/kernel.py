"""Print what a kernel with the main explorer takes, cold and again: `python tests/benchmarks/kernel.py`.

Seconds and memory of a fresh kernel up to the first picture, of the first moves, and of every corner of the controls.
The first kernel finds empty caches of programs and fonts, as on a machine that never ran it; the second finds what the
first one has left.
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
MOVES = """
import time
def move(depth):
    start = time.perf_counter()
    explorer.controls["depth"].value = depth
    return time.perf_counter() - start
first, *others = (move(depth) for depth in range(49, 18, -1))
assert explorer.exception is None, explorer.exception
print(f"first move {1e3 * first:.0f} ms, {first / sorted(others)[len(others) // 2]:.2f} times the median of 30 more")
"""
EVERY_CORNER = """
import itertools
widths = [width for _name, width in explorer.controls["width"].options]
for name, control in explorer.controls.items():
    offered = getattr(control, "options", None) or (control.min, control.max)
    for value in [row[1] if isinstance(row, tuple) else row for row in offered]:
        control.value = value
        assert explorer.exception is None, explorer.exception
explorer.state = {"networks": 1}
for width, scheme in itertools.product(widths, ("normal_1", "orthogonal")):
    for depth, gain, seed in itertools.product((1, 100), (0.1, 4.0), (0, 99)):
        explorer.state = dict(width=width, scheme=scheme, depth=depth, gain=gain, seed=seed)
        assert explorer.exception is None, explorer.exception
"""
MANY = """
for width in widths:
    explorer.state = dict(width=width, scheme="he_normal", depth=100, gain=1.0, networks=100)
    assert explorer.exception is None, explorer.exception
"""
BACK = "explorer.reset()"
PEAK = "import resource; print(f'highest {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB')"


class Kernel:
    """A kernel in folders of its own, and the processor time and memory of its process."""

    def __init__(self, folder: str):
        own = {"HOME": folder, "MPLCONFIGDIR": folder, "IPYTHONDIR": folder, "XDG_CACHE_HOME": folder}
        self._manager, self._client = start_new_kernel(env={**os.environ, **own})
        self._process = psutil.Process(self._manager.provisioner.process.pid)

    def run(self, title: str, code: str) -> None:
        """Run code, and print what it took and what the kernel holds then; an error in the code is raised here."""
        seconds, processor = time.perf_counter(), sum(self._process.cpu_times()[:2])
        reply = self._client.execute_interactive(code, timeout=600)["content"]
        if reply["status"] != "ok":
            raise RuntimeError("\n".join(reply["traceback"]))
        seconds, processor = time.perf_counter() - seconds, sum(self._process.cpu_times()[:2]) - processor
        memory = self._process.memory_info().rss / 1e6
        print(f"  {title}: {seconds:.1f} s, {processor:.1f} s of processor time, {memory:.0f} MB resident", flush=True)

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def main() -> None:
    """Start two kernels, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for start in ("first start", "second start"):
            print(f"{start} (goals: 5 s and 8 s of processor time to the picture, then 4; 500 MB, 700 MB at most)")
            kernel = Kernel(folder)
            try:
                kernel.run("a started kernel", "pass")
                kernel.run("imports and first picture", FIRST_PICTURE)
                kernel.run("31 moves (goal: the first at most 1.5 times the median)", MOVES)
                kernel.run("every corner", EVERY_CORNER)
                kernel.run("100 networks at every width", MANY)
                kernel.run("back where it began", BACK)
                kernel.run("in all", PEAK)
            finally:
                kernel.close()


if __name__ == "__main__":
    main()
