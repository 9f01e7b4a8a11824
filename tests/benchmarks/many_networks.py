"""Print what measuring many networks at once takes: `python tests/benchmarks/many_networks.py`.

Seconds and memory belong to a machine and to what else it does; only the ratios, of calls timed in turn, travel.
Nothing here is asserted.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import jax
import psutil

from course import probes

NETWORK = {"depth": 50, "activation": "tanh"}
SCHEMES = ("glorot_uniform", "he_normal", "orthogonal")
SEEDS = count(1)
"""Every call draws anew: a seed is never used twice."""


def megabytes() -> float:
    """Return the resident memory of this process."""
    return psutil.Process().memory_info().rss / 2**20


def seconds(action: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@contextmanager
def highest() -> Iterator[list[float]]:
    """Watch the memory every five milliseconds, and keep how far it rose above where it was."""
    start, done, rise = megabytes(), threading.Event(), [0.0]

    def watch():
        while not done.wait(0.005):
            rise[0] = max(rise[0], megabytes() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield rise
    finally:
        done.set()
        watcher.join()


def against_single_calls(scheme: str, networks: int, width: int, pairs: int = 5) -> None:
    """Print how many times longer so many calls of `measure` take than one of `measure_many`."""
    settings = {**NETWORK, "width": width, "scheme": scheme}

    def many():
        probes.measure_many(next(SEEDS), networks=networks, **settings)

    def single():
        for _ in range(networks):
            probes.measure(next(SEEDS), **settings)

    times = [(seconds(many), seconds(single)) for _ in range(pairs)]
    first, second = (statistics.median(column) for column in zip(*times, strict=True))
    times_longer = statistics.median(b / a for a, b in times)
    print(
        f"{scheme:16s} {networks} of width {width}: many {first:6.2f} s   single {second:6.2f} s   {times_longer:5.2f}"
    )


def at_width(width: int) -> None:
    """Print the time and the memory of what is affordable at a width with each scheme."""
    print(f"width {width}")
    for scheme in SCHEMES:
        networks = probes.affordable_networks(width, scheme)
        settings = {**NETWORK, "width": width, "scheme": scheme, "networks": networks}

        def call(settings=settings):
            probes.measure_many(next(SEEDS), **settings)

        with highest() as rise:
            first, *later = [seconds(call) for _ in range(4)]
        again, name = statistics.median(later), f"{scheme:16s} {networks:3d} networks"
        print(f"  {name}: first call {first:5.2f} s, later {again:5.2f} s, memory {rise[0]:+.0f} MB")


def main() -> None:
    """Print all of it."""
    machine = f"{os.cpu_count()} cores, {jax.device_count()} devices, a load of {os.getloadavg()[0]:.1f}"
    print(f"tanh, depth 50, batch 128, on {machine}")
    before = megabytes()
    compiling = seconds(lambda: probes.measure(0, **NETWORK, width=128, scheme=SCHEMES[0]))
    print(f"the one program, and a run of it: {compiling:.2f} s, {megabytes() - before:+.0f} MB")
    for width in sorted(probes.WIDTHS, key=lambda width: abs(width - 128)):
        at_width(width)
    print("one call for many networks against as many calls, and how many times longer those take")
    against_single_calls("glorot_uniform", 100, 128)
    against_single_calls("he_normal", 100, 128)
    against_single_calls("he_normal", 400, 100, pairs=3)


if __name__ == "__main__":
    main()
