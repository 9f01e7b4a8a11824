"""What theory predicts of a network through time, whose matrices are equal at all steps.

A product of independent matrices of variance 1/n and a power of one such matrix have the same singular values as long
as the width n is infinite (Alexeev, Götze and Tikhomirov 2010). At a finite width they part after about √n steps.
"""

import math

import numpy as np

from course.activations import named
from course.theory.checks import checked_count, frozen


def power_growth(steps: int, width: int) -> float:
    """Return the mean of |Wᵏv|²/|v|² for a wide matrix of independent normal weights of variance 1/n.

    It counts the orders in which one path through n units can be walked: the difference of n(n+1)…(n+k+1) and
    n(n−1)…(n−k−1), over (k+1)(k+2) nᵏ⁺¹, which is about sinh(y)/y with y = k²/2n and exact for complex weights. Real
    ones have also pairs within each of two paths, about k³/4n², here without those of order 1/n³.
    """
    steps, width = checked_count("steps", steps), checked_count("width", width)
    ways = [math.prod(1 + sign * step / width for step in range(steps + 2)) for sign in (1, -1)]
    within = math.ceil(steps * (2 * steps**2 - steps - 2) / 8)
    return width * (ways[0] - ways[1]) / ((steps + 1) * (steps + 2)) + within / width**2


def gated(
    forget: np.ndarray, enter: np.ndarray, leave: float, gain: float, steps: int, *, equal: bool = True
) -> np.ndarray:
    """Return the mean square of an LSTM's cell state after 0, 1, … `steps` steps, `(steps + 1,)`, that begins as 1.

    `forget` and `enter`, of shape `(units,)`, are how far these gates are open in units that stand for all others, and
    `leave` is the same for the output gate. The state is small, so that c ← f c + i W (o c) with normal or orthogonal
    weights of gain `gain`, `equal` at all steps or new ones at each. A wide network adds to each unit a normal signal,
    whose products at two steps are those of the states (as in Sompolinsky, Crisanti and Sommers 1988). The transposed
    way back has the same mean squares.
    """
    coupling, count = (gain * leave) ** 2, steps + 1
    state = np.zeros((len(forget), count, count))  # ⟨c(t) c(t')⟩ in each unit
    signal = np.zeros((count, count))  # ⟨ξ(t) ξ(t')⟩ of what comes in through W, the same in every unit
    crossed = np.zeros((len(forget), count, count))  # ⟨c(t) ξ(t')⟩
    ages = np.arange(count)[:, None] - np.arange(count) - 1
    kept = np.where(ages >= 0, forget[:, None, None] ** np.maximum(ages, 0), 0) * enter[:, None, None]
    state[:, 0, 0] = 1
    for now in range(count):
        if now:
            last, before = now - 1, slice(0, now)
            state[:, now, before] = forget[:, None] * state[:, last, before] + enter[:, None] * crossed[:, before, last]
            state[:, before, now] = state[:, now, before]
            state[:, now, now] = forget * state[:, last, now] + enter * crossed[:, now, last]
        row = coupling * state[:, now].mean(axis=0)
        signal[now] = signal[:, now] = row if equal else np.where(np.arange(count) == now, row, 0)
        crossed[:, :, now] = kept @ signal[:, now]
    return frozen(state.diagonal(axis1=1, axis2=2).mean(axis=0))


def unmixed(activation: str, steps: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what recurrent weights gain · I do to units that begin as N(0, 1): each is a network by itself.

    Mean squares of h after each step, and of ∂C/∂h of each step relative to the last, both `(steps,)`.
    """
    h, row = np.linspace(-8, 8, 4000), named(activation)  # fine, as units that begin near 0 keep their gradient longest
    shares = np.exp(-(h**2) / 2)
    shares /= shares.sum()
    states, slopes = [], []
    with np.errstate(over="ignore"):
        for _step in range(steps):
            z = gain * h
            h = row.array_function(z)
            states.append(shares @ h**2)
            slopes.append(gain * row.array_slope(z))
        back = np.cumprod([np.ones_like(h), *slopes[:0:-1]], axis=0)[::-1]
        return frozen(np.array(states)), frozen(back**2 @ shares)
