"""How long the phase diagram takes, and one move of its point in the kernel; half a minute.

    uv run python tests/benchmarks/phases.py

Prints, for each activation, the seconds of a 64 by 64 diagram that nobody has asked for yet; and for the dragged point
the median and the 90th percentile of 100 moves along a spiral, beside those of the main explorer's gain, in
milliseconds. Goals: a diagram under 1 s, and a move no slower than one of the main explorer. Nothing is asserted.
"""

import time
from collections.abc import Callable, Iterable

import numpy as np

from course import explorers, theory
from course.activations import ACTIVATIONS

MOVES = 100


def seconds(action: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    before = time.perf_counter()
    action()
    return time.perf_counter() - before


def diagram_seconds(activation: str) -> float:
    """Time a diagram over an uneven plane, on which none was computed before."""
    weights, biases = np.linspace(0.0131, 5.0, 64), np.linspace(0.0, 1.0131, 64)
    return seconds(lambda: theory.phase_diagram(activation, weights, biases))


def move_milliseconds(explorer: explorers.Explorer, states: Iterable[dict]) -> np.ndarray:
    """Return the median and the 90th percentile of moves from state to state."""
    moves = [1000 * seconds(lambda state=state: setattr(explorer, "state", state)) for state in states]
    return np.quantile(moves[5:], [0.5, 0.9])


def spiral() -> list[dict]:
    """Return places that no two of a run share."""
    turn = np.linspace(0.0, 4 * np.pi, MOVES)
    weights, biases = 2.5 + turn / 6 * np.cos(turn), 0.5 + turn / 30 * np.sin(turn)
    return [{"weight_variance": w, "bias_variance": b} for w, b in zip(weights.tolist(), biases.tolist(), strict=True)]


def main() -> None:
    """Measure, and print the figures."""
    for name in ACTIVATIONS:
        print(f"{name:>10}: diagram of 64 by 64 in {diagram_seconds(name):.2f} s")
    plane, main_explorer = explorers.order_and_chaos(), explorers.signal_propagation()
    gains = [{"gain": float(gain)} for gain in np.linspace(0.8, 1.4, MOVES)]
    for name, explorer, states in (("dragged point", plane, spiral()), ("main explorer", main_explorer, gains)):
        print("{:>13}: median {:.0f} ms, 90th percentile {:.0f} ms".format(name, *move_milliseconds(explorer, states)))


if __name__ == "__main__":
    main()
