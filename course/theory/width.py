"""How a step of training changes with the width: the powers of the width n, when n is large.

A network of three layers, inputs → n units → n units → outputs, whose weights have a std proportional to the powers
`std` = (s₁, s₂, s₃) of n, and learning rates proportional to `rates` = (c₁, c₂, c₃); s₁ = 0 and s₂ = −1/2, so that the
activations keep their size. The argument is that of Yang and Hu (2021): a sum over n terms that are random grows as √n,
and one whose terms are correlated, as those of a gradient are with what the layer is fed, grows as n.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

STEPPED = ("sgd", "adam")
"""The optimizers whose first step is known: a gradient times the rate, or its sign times the rate."""


class Slopes(NamedTuple):
    """The powers of the width with which one step changes the activations of both hidden layers, and the outputs."""

    first: float
    second: float
    outputs: float


def step_slopes(std: Sequence[float], rates: Sequence[float], optimizer: str) -> Slopes:
    """Return with which powers of the width the first step changes activations and outputs.

    SGD steps by the gradient, which is proportional to the weights behind it, n^s₃; Adam's first step is its sign.
    Each change has two causes: the layer's own weights, and what its inputs have changed by. Raises `ValueError` for
    another optimizer.
    """
    if optimizer not in STEPPED:
        raise ValueError(f"optimizer is {optimizer!r}; allowed are {', '.join(STEPPED)}")
    behind = std[2] if optimizer == "sgd" else 0.0
    first = rates[0] + behind
    # Δz₂ = h₁ ΔW₂, n terms of one sign; W₂ keeps the size of what comes from below
    second = max(1 + rates[1] + behind, first)
    # Δf = h₂ ΔW₃, n terms of one sign; Δh₂ is along W₃, so that W₃ Δh₂ are n terms of one sign too
    outputs = max(1 + rates[2], 1 + std[2] + second)
    return Slopes(first, second, outputs)


def rate_slope(std: Sequence[float], rates: Sequence[float], optimizer: str) -> float:
    """Return the power of the width that a learning rate has to follow so that no hidden layer's first step grows."""
    slopes = step_slopes(std, rates, optimizer)
    return -max(slopes.first, slopes.second)


def relu_kernel(inputs: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Return the tangent kernel of f(x) = Σ a φ(w·x/√d)/√n with ReLU and N(0, 1) weights, for a great width n.

    `inputs` `(examples, d)`; the kernel is `(examples, len(others))`, of the inputs with themselves where there are no
    others. It is ∂f/∂θ(x) · ∂f/∂θ(x'): with the angle ϑ between x and x', |x||x'|/d times
    (sin ϑ + 2 (π − ϑ) cos ϑ)/2π. Cho and Saul (2009), equations 3 to 6; Jacot, Gabriel and Hongler (2018).
    """
    others = inputs if others is None else others
    lengths = np.outer(np.linalg.norm(inputs, axis=1), np.linalg.norm(others, axis=1))
    cosines = np.clip(inputs @ others.T / lengths, -1, 1)
    angles = np.arccos(cosines)
    return lengths / inputs.shape[1] * (np.sin(angles) + 2 * (np.pi - angles) * cosines) / (2 * np.pi)


class Linear(NamedTuple):
    """What gradient descent makes of a network that stays linear in its weights.

    `losses` `(steps + 1,)` are those of training, `distances` `(steps + 1,)` how far the weights have gone, times the
    output scale, and `sharpness` is the greatest eigenvalue of the loss's Hessian, the same at every step.
    """

    losses: np.ndarray
    distances: np.ndarray
    sharpness: float


def linear_descent(kernel: np.ndarray, targets: np.ndarray, learning_rate: float, steps: int) -> Linear:
    """Return gradient descent on half the mean squared error where the kernel stays what it was: lazy training.

    Along an eigenvector of K/examples with eigenvalue λ the error is multiplied by 1 − ηλ in each step
    (Chizat, Oyallon and Bach 2019). The weights' distance is ‖Jᵀ Σ errors‖ η/examples.
    """
    examples = len(targets)
    values, vectors = np.linalg.eigh(kernel / examples)
    values = np.maximum(values, 0)
    errors = vectors.T @ targets
    left = (1 - learning_rate * values) ** np.arange(steps + 1)[:, None]
    losses = np.sum((left * errors) ** 2, axis=1) / (2 * examples)
    # Σ over steps of η (1 − ηλ)^t errors = errors (1 − left)/λ, and ‖Jᵀv‖² = examples · vᵀ (K/examples) v
    gone = np.divide(1 - left, np.sqrt(values), out=np.zeros_like(left), where=values > 1e-12)
    distances = np.sqrt(np.sum((gone * errors) ** 2, axis=1) / examples)
    return Linear(losses, distances, float(values[-1]))
