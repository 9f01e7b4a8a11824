"""Print what a class on one machine takes: `python tests/benchmarks/class.py [STUDENTS]`.

A hub is started as for a trial, and students come at once: each has a server, a kernel and the main explorer, and moves
it over a websocket once a second, at a depth of its own; then all move at the same moment; then all run page training.
The students are simulated in this process, which takes some of the same machine; it is not counted.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from hub import Hub, Student, running, students

TRAINING = next((Path(__file__).parents[2] / "notebooks").glob("*_training.ipynb"))


class Meter:
    """Processor time and memory of the hub and of all that it has started."""

    def __init__(self, hub: Hub):
        self._hub, self._times = hub, {}
        self._start, self._used = time.perf_counter(), self.processor()

    def processor(self) -> float:
        """Return the processor time of all processes so far, those that have ended included."""
        for process in self._hub.processes():
            with contextlib.suppress(psutil.Error):
                self._times[process.pid] = sum(process.cpu_times()[:2])
        return sum(self._times.values())

    def report(self) -> str:
        """Return the seconds and the cores that were busy since the meter was made, and the memory held now."""
        seconds, processor = time.perf_counter() - self._start, self.processor() - self._used
        memory = [process.memory_full_info() for process in self._hub.processes() if process.is_running()]
        held, resident = (sum(getattr(one, kind) for one in memory) / 2**30 for kind in ("pss", "rss"))
        cores = f"{seconds:.1f} s, {processor:.1f} s of processor time ({processor / seconds:.2f} cores)"
        return f"{cores}, {held:.2f} GiB held ({resident:.2f} GiB if shared pages are counted once a process)"


async def come(student: Student) -> float:
    """Return the seconds until the student sees the first picture."""
    start = time.perf_counter()
    await student.arrive()
    await student.open_kernel()
    await student.see_first_picture()
    return time.perf_counter() - start


async def move(student: Student, number: int, steps: Iterable[int], pause: float) -> list[float | None]:
    """Return the seconds of moves, `None` for each that was lost."""
    seconds = []
    for step in steps:
        start = time.perf_counter()
        try:
            seconds.append(await student.move(10 + (3 * number + 7 * step) % 80))
        except TimeoutError:
            seconds.append(None)
        await asyncio.sleep(max(0.0, pause - (time.perf_counter() - start)))
    return seconds


async def each(there: list[Student], steps: Iterable[int], pause: float) -> list[float | None]:
    """Let every student make these steps, spread over the pause between two moves; return all seconds."""

    async def one(number: int, student: Student) -> list[float | None]:
        await asyncio.sleep(pause * number / len(there))
        return await move(student, number, steps, pause)

    rows = await asyncio.gather(*(one(number, student) for number, student in enumerate(there)))
    return [seconds for row in rows for seconds in row]


def say_moves(title: str, moves: Iterable[float | None], meter: Meter) -> None:
    """Print how long moves took."""
    moves = list(moves)
    times = sorted(1e3 * seconds for seconds in moves if seconds is not None)
    share = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else 99 * times
    figures = f"p50 {share[49]:.0f} ms, p95 {share[94]:.0f} ms, max {times[-1]:.0f} ms"
    print(f"{title}: {len(moves)} moves, {len(moves) - len(times)} lost, {figures}; {meter.report()}", flush=True)


async def run_all(student: Student) -> float:
    """Run every cell of page training, and return the seconds."""
    start = time.perf_counter()
    for cell in nbformat.read(TRAINING, 4).cells:
        if cell.cell_type == "code":
            await student.run(cell.source, patience=1200)
    return time.perf_counter() - start


async def measure(count: int, moves: int, page: bool) -> None:
    """Let a class come, move and run a page."""
    async with running() as hub:
        with students(hub, count) as there:
            first = await come(there[0])
            print(f"the first alone, the hub still importing: {first:.1f} s", flush=True)
            meter = Meter(hub)
            seconds = await asyncio.gather(*(come(student) for student in there[1:]))
            print(f"the others' first pictures: the last after {max(seconds, default=0):.1f} s; {meter.report()}")
            meter = Meter(hub)
            say_moves("a move a second each", await each(there, range(moves), 1.0), meter)
            meter = Meter(hub)
            bursts = [seconds for step in range(3) for seconds in await each(there, [moves + step], 0.0)]
            say_moves("all at the same moment", bursts, meter)
            if page:
                meter = Meter(hub)
                seconds = await asyncio.gather(*(run_all(student) for student in there))
                print(f"page training, Run All: the last after {max(seconds):.0f} s; {meter.report()}", flush=True)


def main() -> None:
    """Measure a class of as many students as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", nargs="?", type=int, default=30)
    parser.add_argument("--moves", type=int, default=34, help="moves of each student, one a second")
    parser.add_argument("--no-page", dest="page", action="store_false", help="leave page training out")
    asked = parser.parse_args()
    print(f"{asked.students} students on {psutil.cpu_count()} cores", flush=True)
    asyncio.run(measure(asked.students, asked.moves, asked.page))


if __name__ == "__main__":
    main()
