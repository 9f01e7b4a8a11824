"""Exercises: how recurrent networks are initialized."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.exercises import guard, randomness, reading
from course.exercises.judges import CANCELLED, Case, Mistake, function, generator, knowing, number
from course.exercises.table import Exercise
from course.exercises.verdict import Verdict, almost, not_yet, right, wrong
from course.networks.recurrent import CHRONO, FORGET_BIASES
from course.probes.recurrent import CELLS, RECURRENT, measure_recurrent

_KEEP = 1 / (1 + math.exp(-1))

_FORGET = number(
    math.log(99),
    {
        "the share itself": Mistake(0.99, "That is how far the gate is open. Its bias is still to come."),
        "closed": Mistake(-math.log(99), "That gate is open by 1/100: the unit forgets nearly all in one step."),
        "the time itself": Mistake(100, "A bias of 100 never forgets: σ(100) is 1 to all digits of a float32."),
        "logarithm to base 10": Mistake(math.log10(99), "The natural logarithm: σ(b) has powers of e in it."),
        "logarithm to base 2": Mistake(math.log2(99), "That is the logarithm to base 2. σ(b) has powers of e in it."),
        "not the inverse": Mistake(1 / (1 + math.exp(-0.99)), "You have put 0.99 through σ. Which b has σ(b) = 0.99?"),
        "0.1 for 0.01": Mistake(math.log(9), "That gate is open by 0.9: the unit remembers for ten steps."),
    },
    praise="σ(b)/(1 − σ(b)) = eᵇ = 99, so b = ln 99.",
    otherwise="Which b has σ(b) = 1 − 1/100?",
)

_RADIUS = number(
    _KEEP + 0.25,
    {
        "the forget gate alone": Mistake(_KEEP, "That is the middle of the disc. How far does the disc reach?"),
        "the whole of W": Mistake(_KEEP + 1, "W comes in through two gates, and each is open by one half."),
        "one gate": Mistake(_KEEP + 0.5, "W's part goes through the input gate and through the output gate."),
        "variances added": Mistake(math.sqrt(_KEEP**2 + 0.0625), "That is for new weights at each step: squares add."),
        "all gates biased": Mistake(_KEEP + _KEEP**2, "Only the forget gate has the bias 1. The others have 0."),
        "bias 0": Mistake(0.75, "That is for a forget bias of 0: σ(0) = 1/2. What is σ(1)?"),
        "multiplied": Mistake(_KEEP / 4, "The two parts add up: c ← σ(1) c + ¼ cW."),
    },
    praise="Just below 1, so a gradient fades slowly. With a bias of 2 it would be above 1.",
    otherwise="For small states c ← σ(1) c + ½ · ½ · cW. Where does the disc of the eigenvalues end?",
    low=0,
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Return first states, recurrent weights and numbers of steps."""
    sizes = rng.permutation([(2, 5, 3), (4, 8, 7), (3, 6, 12)])
    return [
        (rng.standard_normal((batch, n)), rng.standard_normal((n, n)) / n**0.5, int(steps)) for batch, n, steps in sizes
    ]


def _ran(step: Callable[[np.ndarray, np.ndarray], np.ndarray], fewer: int = 0) -> Callable[..., np.ndarray]:
    def run(h: np.ndarray, w: np.ndarray, steps: int) -> np.ndarray:
        h = np.asarray(h)
        for _step in range(steps - fewer):
            h = step(h, np.asarray(w))
        return h

    return run


_RUN = function(
    _ran(lambda h, w: np.tanh(h @ w)),
    _cases,
    {
        "one step": Mistake(lambda h, w, steps: np.tanh(h @ w), "That is one step. The same weights are used again."),
        "a step too few": Mistake(_ran(lambda h, w: np.tanh(h @ w), 1), "You take one step too few."),
        "a step too many": Mistake(_ran(lambda h, w: np.tanh(h @ w), -1), "You take one step too many."),
        "no tanh": Mistake(_ran(lambda h, w: h @ w), "Each step ends with tanh."),
        "tanh at the end": Mistake(
            lambda h, w, steps: np.tanh(h @ np.linalg.matrix_power(w, steps)), "tanh belongs in each step."
        ),
        "transposed": Mistake(_ran(lambda h, w: np.tanh(h @ w.T)), "States are rows here: h @ w, not w @ h."),
        "added": Mistake(_ran(lambda h, w: h + np.tanh(h @ w)), "You keep the last state: this cell has no skip."),
        "tanh before": Mistake(_ran(lambda h, w: np.tanh(h) @ w), "tanh comes after the product."),
    },
    praise="The same lines with a new w at each step would be a deep network.",
    otherwise="Start with h, and put np.tanh(h @ w) in its place as often as there are steps.",
    cancelled=CANCELLED,
)

_LEVEL = 0.2
"""The gradient's mean square at step 1 has to be at least this share of that at the last, and at most its inverse."""
_SEEDS = range(5)


@knowing(
    examples={
        "no nonlinearity": ("linear", "orthogonal", 1.0, "0"),
        "normal weights": ("tanh", "normal", 1.0, "0"),
        "exploding": ("ReLU", "identity", 1.2, "0"),
        "vanishing": ("ReLU", "identity", 0.9, "0"),
        "ReLU without the identity": ("ReLU", "orthogonal", 1.0, "0"),
        "forget bias 0": ("LSTM", "normal", 1.0, "0"),
        "forget bias 1": ("LSTM", "normal", 1.0, "1"),
        "forget bias 2": ("LSTM", "normal", 1.0, "2"),
    }
)
def _lasting(_rng: np.random.Generator, cell: object, weights: object, gain: object, forget: object) -> Verdict:
    cell, weights = _one_of(cell, "the cell", CELLS), _one_of(weights, "the weights", tuple(RECURRENT))
    gain = reading.number(gain, low=0, high=3)
    forget = _one_of(str(forget), "the forget bias", FORGET_BIASES)
    if cell == "linear":
        return almost(
            "A linear network may keep it, but it can compute nothing that one matrix cannot.", "no nonlinearity"
        )
    runs = [
        measure_recurrent(seed, steps=100, cell=cell, weights=weights, gain=gain, forget=forget).gradient
        for seed in _SEEDS
    ]
    ratios = [float(run[0] / run[-1]) for run in runs]
    least, greatest = min(ratios), max(ratios)
    seen = f"Over {len(ratios)} seeds step 1 receives {least:.2g} to {greatest:.2g} times what step 100 does"
    if least >= _LEVEL and greatest <= 1 / _LEVEL:
        return right(f"{seen}.")
    return almost(*_why(cell, weights, gain, forget, seen, greatest > 1 / _LEVEL))


def _why(cell: str, weights: str, gain: float, forget: str, seen: str, explodes: bool) -> tuple[str, str]:
    """Return what to say of a gradient that is not level, and the mistake's name."""
    if cell == "LSTM":
        text = "The longest memories are 100 steps here, so little is left."
        if forget != CHRONO:
            kept = 1 / (1 + math.exp(-float(forget))) + gain / 4
            text = f"One step keeps up to σ({forget}) + {gain:g}/4 = {kept:.2f} of a small state."
        return f"{seen}. {text}", f"forget bias {forget}"
    if weights == "identity" and cell == "ReLU":
        word, name = ("grows", "exploding") if explodes else ("shrinks", "vanishing")
        return f"{seen}. Each unit {word} by the gain {gain:g} at every step.", name
    if cell == "ReLU":
        text = "Each step silences other units. Which weights leave every unit to itself?"
        return f"{seen}. {text}", "ReLU without the identity"
    return f"{seen}. tanh takes a little at every step, and a larger eigenvalue may outweigh that.", "normal weights"


def _one_of(answer: object, name: str, known: tuple[str, ...]) -> str:
    found = reading.names(answer, name, known=known)
    if len(found) != 1:
        raise reading.Unreadable(f"{name} should be one of {', '.join(known)}.")
    return found.pop()


_UNITS, _LONGEST = 64, 200


def _biases(forget: Callable[[np.random.Generator], Any], enter: Callable[[np.ndarray], Any]) -> Callable[[Any], Any]:
    """Return an answer: biases of the forget gate, drawn, and of the input gate, from these."""

    def draw(key: Any) -> tuple[Any, Any]:
        found = np.asarray(forget(generator(key)))
        return found, enter(found)

    return draw


def _times(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(1, _LONGEST - 1, _UNITS)


@knowing(
    examples={
        "no logarithm": _biases(_times, np.negative),
        "input gate open": _biases(lambda rng: np.log(_times(rng)), np.zeros_like),
        "input gate alike": _biases(lambda rng: np.log(_times(rng)), lambda forget: forget),
        "one for all": _biases(lambda _rng: np.full(_UNITS, math.log(_LONGEST - 1)), np.negative),
        "evenly spread": _biases(lambda rng: rng.uniform(0, math.log(_LONGEST - 1), _UNITS), np.negative),
        "one sign wrong": _biases(lambda rng: -np.log(_times(rng)), np.negative),
    }
)
def _chrono(rng: np.random.Generator, answer: object) -> Verdict:
    draw = reading.function(answer)
    key = jax.random.key(int(rng.integers(2**31)))
    drawn = guard.call(draw, key)
    if reading.is_blank(drawn):
        return not_yet()
    forget, enter = _both(drawn)
    if not forget.any():
        return not_yet("The biases are zero, as given: every unit forgets half at every step.")
    fault = _fault(forget, enter) or randomness.ignored(draw, (key,), rng)
    return fault or right("Each unit keeps 1 − 1/τ of its state at a step and takes in 1/τ, with a τ of its own.")


def _fault(forget: np.ndarray, enter: np.ndarray) -> Verdict | None:
    """Return what is wrong with the biases of one draw, or `None`."""
    if np.ptp(forget) == 0:
        return almost("All units have one memory. Draw a time for each, so that some are short.", "one for all")
    if np.median(forget) > 20:
        return almost(f"A bias of {np.median(forget):.3g} is a time, not its logarithm.", "no logarithm")
    if np.median(forget) < 0:
        return almost(
            "Forget gates with negative biases forget. The input gates get the negative ones.", "one sign wrong"
        )
    shares = np.exp(np.sort(forget)) / _LONGEST
    expected = (np.arange(_UNITS) + 0.5) / _UNITS
    if np.mean(shares) < 0.33:
        return almost(
            "Most of your units forget early. Draw the times evenly, then take the logarithm.", "evenly spread"
        )
    if np.abs(shares - expected).max() > 0.3 or shares[-1] > 1:
        return wrong(f"Your times reach from {np.exp(forget.min()):.3g} to {np.exp(forget.max()):.3g} steps.")
    if np.allclose(enter, forget):
        return almost(
            "The input gates are as open as the forget gates. They should be closed as far.", "input gate alike"
        )
    if not np.allclose(enter, -forget, rtol=1e-3, atol=1e-3):
        return almost("The input gates should get the negative of the forget gates' biases.", "input gate open")
    return None


def _both(pair: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise reading.Unreadable(f"Your function should return two arrays of biases, not {reading.spelled(pair)}.")
    shape = (_UNITS,)
    return reading.array(pair[0], "the forget gate's biases", shape), reading.array(pair[1], "the input gate's", shape)


EXERCISES = (
    Exercise(
        "a memory of 100 steps",
        "compute",
        _FORGET,
        "A unit that keeps the share f at every step remembers for about 1/(1 − f) steps.",
        "σ(b) = 0.99 means eᵇ = 0.99/0.01.",
    ),
    Exercise(
        "where the disc ends",
        "compute",
        _RADIUS,
        "tanh(c) ≈ c for small c, and the gates without a bias are open by one half.",
        "The eigenvalues of ¼ W fill a disc of radius ¼, and σ(1) moves its middle.",
    ),
    Exercise(
        "a cell that is run again and again",
        "write",
        _RUN,
        "One step is np.tanh(h @ w).",
        "Write a loop of so many steps, in which h is replaced.",
    ),
    Exercise(
        "a hundred steps without loss",
        "break",
        _lasting,
        "Which cell and which weights hand a state on unchanged?",
        "Take the weights that do not mix the units, with a function that leaves half of all numbers alone.",
    ),
    Exercise(
        "biases for long memories",
        "find the bug",
        _chrono,
        "The times should be spread evenly from 1 to T − 1. What turns a time into a bias?",
        "The forget gate gets the logarithm of the time, the input gate its negative.",
    ),
)
