"""A network through time: a real one, run forward and back at every move, with its eigenvalues and the theory."""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from course import theory
from course.explorers.signals import by_layer, columns, pairs, theory_words, verdict
from course.live.axes import decades, growing, layers
from course.live.controls import SEED, checkbox, menu, slider, stops
from course.live.declare import explorer
from course.live.marks import curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.networks.recurrent import CHRONO, FORGET_BIASES, LSTM, gate_biases
from course.probes.recurrent import (
    CELLS,
    DEEPEST,
    RECURRENT,
    WIDTHS,
    RecurrentStats,
    eigenvalues,
    measure_recurrent,
)
from course.style import MEASURED_POINTS, PREDICTED_LINE, REFERENCE_LINE, look
from course.theory.recurrent import gated, unmixed

CURVES = {"forward": "mean square of the state, relative to the first", "gradient": "mean square of ∂C/∂state"}
STEPS, SIZES = layers(10, 25, 50, 100, label="step"), decades(4, 12, 40, 80)
PLANE = growing(1.5, 3, 6, symmetric=True)
UNITS = 24
"""Shares of 1 that stand for all units of a network with chrono initialization."""
ACTIVATIONS = {"linear": "linear", "tanh": "tanh", "ReLU": "relu"}
ANGLES = np.linspace(0, 2 * np.pi, 201)
CIRCLE = np.cos(ANGLES), np.sin(ANGLES)


def _unit_circle(axes: Axes) -> None:
    axes.plot(*CIRCLE, **REFERENCE_LINE)


def _by_step(key: str, title: str) -> Panel:
    panel = by_layer(key, title, STEPS, SIZES)
    if key != "gradient":
        return panel
    radius = curve("radius", look(**REFERENCE_LINE, linestyle=":"), "largest eigenvalue alone", pin=False)
    return panel._replace(marks=(*panel.marks, radius))


PICTURE = Picture(
    (
        Panel(
            "Eigenvalues of one step",
            PLANE,
            PLANE,
            (
                curve("eigenvalues", look(**{**MEASURED_POINTS, "markersize": 3}), "measured"),
                curve("eigenvalues.theory", PREDICTED_LINE, "theory", pin=False),
            ),
            backdrop=_unit_circle,
        ),
        _by_step("gradient", "Backward: mean square of ∂C/∂state"),
        _by_step("forward", "Forward: mean square of the state"),
    ),
    grids=("AB;AC", "ABC"),
    height=5.2,
    legend=("gradient.theory", "gradient", "radius"),
)


@explorer(
    "A network through time",
    {
        "cell": menu(CELLS),
        "weights": menu(tuple(RECURRENT)),
        "equal": checkbox(True, label="equal at all steps"),
        "gain": slider(1.0, 0.5, 2.0),
        "steps": slider(DEEPEST, 2, DEEPEST),
        "width": stops(WIDTHS, 128),
        "forget": stops(FORGET_BIASES, label="forget bias"),
        "seed": SEED,
    },
    PICTURE,
)
def recurrent(seed: int, equal: bool, **network) -> View:
    """Run a recurrent network at every move: its cell, recurrent weights, gain, steps, width and forget bias.

    `equal` says whether all steps have one matrix, `forget` is the bias of an LSTM's forget gate: "0", "1", "2" or
    "chrono". `state` sets controls by name.
    """
    points = eigenvalues(seed, **network)
    largest, steps = float(np.abs(points).max()), network["steps"]
    curves = pairs(_curves(measure_recurrent(seed, equal=equal, **network)), predicted(equal=equal, **network))
    table = Table({"step": ("step", np.arange(1, steps + 1)), **columns(curves, CURVES)})
    curves["eigenvalues"] = points.real, points.imag
    if (edge := _edge(**network)) is not None:
        curves["eigenvalues.theory"] = edge
    if equal:
        with np.errstate(over="ignore"):
            curves["radius"] = largest ** (2.0 * np.arange(steps - 1, -1, -1))
    return View(curves, describe(curves, largest, equal), table)


def _curves(found: RecurrentStats) -> dict[str, np.ndarray]:
    return {"forward": found.second_moment, "gradient": found.gradient}


@lru_cache(maxsize=256)
def predicted(
    *, equal: bool, cell: str, weights: str, gain: float, steps: int, forget: str, **_width: int
) -> dict[str, np.ndarray]:
    """Return the mean squares by step that theory predicts for a wide network, by the curves' keys."""
    if cell == LSTM:
        forward = _gated(equal, weights, gain, steps, forget)
        return {"forward": forward[1:], "gradient": forward[-2::-1]}
    if weights == "identity":
        return dict(zip(("forward", "gradient"), unmixed(ACTIVATIONS[cell], steps, gain), strict=True))
    return {
        "forward": theory.activation_second_moments(ACTIVATIONS[cell], steps, gain**2),
        "gradient": theory.gradient_variances(ACTIVATIONS[cell], steps + 1, gain**2)[1:],
    }


def _gated(equal: bool, weights: str, gain: float, steps: int, forget: str) -> np.ndarray:
    enter, kept = _open(forget, steps)
    if weights == "identity":
        return ((kept[:, None] + gain * enter[:, None] / 2) ** (2 * np.arange(steps + 1))).mean(axis=0)
    return gated(kept, enter, 0.5, gain, steps, equal=equal)


def _open(forget: str, steps: int) -> np.ndarray:
    """Return how far the input and the forget gate are open at small states, `(2, units)`."""
    units = UNITS if forget == CHRONO else 1
    return 1 / (1 + np.exp(-gate_biases(forget, (np.arange(units) + 0.5) / units, steps)[:2]))


def _edge(
    cell: str, weights: str, gain: float, forget: str, steps: int, **_width: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the circle that holds all eigenvalues of a wide network's step, where there is one (Girko 1984)."""
    if weights == "identity" or (cell == LSTM and forget == CHRONO):
        return None
    (enter,), (kept,) = _open(forget, steps) if cell == LSTM else ((2.0,), (0.0,))
    across, up = CIRCLE
    return kept + gain * enter / 2 * across, gain * enter / 2 * up


def describe(curves: dict[str, np.ndarray], largest: float, equal: bool) -> str:
    """Say what is left of the gradient and of the state, and what the largest eigenvalue alone would leave."""
    gradient, forward, steps = curves["gradient"], curves["forward"], len(curves["gradient"])
    words = [
        say(
            "Backward: step 1 receives {ratio} times the mean square that step {steps} does{theory}: {verdict}.",
            ratio=number(gradient[0] / gradient[-1]),
            steps=steps,
            theory=theory_words(curves["gradient.theory"][0]),
            verdict=verdict(gradient[0] / gradient[-1]),
        ),
        say(
            "Forward: {kept} of the first state's mean square is left{theory}.",
            kept=number(forward[-1]),
            theory=theory_words(curves["forward.theory"][-1]),
        ),
    ]
    if equal:
        text = "The largest eigenvalue of one step has the size {size:.3f}, and its power {power} is {value}."
        words.append(say(text, size=largest, power=2 * (steps - 1), value=number(curves["radius"][0])))
    return " ".join(words)
