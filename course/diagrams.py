"""Small drawings of what the pages talk about: a unit, a layer, the two passes, blocks, a border.

Each function returns a `Diagram`, which a notebook shows as a picture with its alternative text.
"""

import base64
import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.style import ACCENT, MEASURED, QUIET, REFERENCE, course_style

ARROW = {"arrowstyle": "-|>", "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0}
DPI = 150


class Diagram(NamedTuple):
    """A drawing: PNG bytes, their width in pixels of the page, and what is to be seen in words."""

    image: bytes
    width: int
    alt: str

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.image).decode()
        return f'<img width="{self.width}" alt="{self.alt}" src="data:image/png;base64,{source}">'

    def __repr__(self) -> str:
        return self.alt


def _blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure whose units are inches."""
    with course_style():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def _finished(figure: Figure, alt: str) -> Diagram:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return Diagram(stream.getvalue(), round(figure.get_size_inches()[0] * 100), alt)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = REFERENCE) -> None:
    axes.annotate("", end, start, arrowprops={**ARROW, "color": colour, "linewidth": 1.3})


def layer(inputs: int = 4, units: int = 3) -> Diagram:
    """Draw one layer: every input feeds every unit; the weights into one unit and out of one input stand out."""
    figure, axes = _blank(5.2, 2.3)
    left = [(1.0, 0.35 + 1.6 * place / (inputs - 1)) for place in range(inputs)]
    right = [(3.6, 0.35 + 1.6 * place / (units - 1)) for place in range(units)]
    for start in left:
        for end in right:
            colour = MEASURED if end == right[-1] else ACCENT if start == left[0] else REFERENCE
            axes.plot(*zip(start, end, strict=True), color=colour, linewidth=1.6 if colour != REFERENCE else 0.7)
    for place, (x, y) in enumerate(left):
        axes.plot(x, y, "o", color="white", markeredgecolor=QUIET, markersize=15)
        axes.text(x - 0.25, y, f"$h_{inputs - place}$", ha="right", va="center")
    for place, (x, y) in enumerate(right):
        axes.plot(x, y, "o", color="white", markeredgecolor=QUIET, markersize=15)
        axes.text(x + 0.25, y, f"$z_{units - place}$", va="center")
    axes.text(1.6, 2.1, "$n_{in}$ weights into a unit", color=MEASURED, fontsize=8.5)
    axes.text(0.75, 0.03, "$n_{out}$ weights out of an input", color=ACCENT, fontsize=8.5)
    return _finished(
        figure,
        f"{inputs} inputs on the left, {units} units on the right, a line for each weight. Blue: the {inputs} weights "
        f"into one unit. Orange: the {units} weights out of one input.",
    )


def _both_ways(axes: Axes, words: list[str], forward: dict[int, str], backward: dict[int, str]) -> None:
    """Write words in a row, with a blue arrow to the right and an orange one to the left between two neighbours.

    `forward` and `backward` hold what stands above the blue and below the orange arrow after a place.
    """
    for place, word in enumerate(words):
        axes.text(0.45 + 1.18 * place, 0.9, word, ha="center", va="center", fontsize=13)
    for place in range(len(words) - 1):
        x = 0.45 + 1.18 * place
        _arrow(axes, (x + 0.3, 1.05), (x + 0.88, 1.05), MEASURED)
        _arrow(axes, (x + 0.88, 0.75), (x + 0.3, 0.75), ACCENT)
        axes.text(x + 0.59, 1.2, forward.get(place, ""), ha="center", color=MEASURED)
        axes.text(x + 0.59, 0.6, backward.get(place, ""), ha="center", va="top", color=ACCENT)


def passes() -> Diagram:
    """Draw a deep network with its two passes: activations to the right, gradients of the cost to the left."""
    figure, axes = _blank(8.0, 1.75)
    words = ["$x$", "$h_1$", "$h_2$", "…", "$h_{L-1}$", "$z_L$", "$C$"]
    _both_ways(axes, words, {0: "$W_1$", 1: "$W_2$", 4: "$W_L$"}, {})
    axes.text(4.0, 1.6, "forward: the signal", ha="center", va="center", color=MEASURED)
    axes.text(4.0, 0.2, "backward: the gradient of the cost", ha="center", va="center", color=ACCENT)
    return _finished(
        figure,
        "A row from the input x over the activations of layers 1, 2 and so on to the last layer and the cost C. Blue "
        "arrows to the right, one weight matrix each: the forward pass. Orange arrows to the left: the backward pass.",
    )


def through_time() -> Diagram:
    """Draw a recurrent network, unrolled: one matrix W hands the state on at every step."""
    figure, axes = _blank(8.0, 1.45)
    words = ["$h_0$", "$h_1$", "$h_2$", "…", "$h_{T-1}$", "$h_T$", "$C$"]
    _both_ways(axes, words, dict.fromkeys(range(5), "$W$"), {})
    return _finished(
        figure,
        "A row from the first state h0 over the states of steps 1, 2 and so on to the last state hT and the cost C. "
        "Blue arrows to the right, all with the same matrix W: the forward pass. Orange arrows to the left: the "
        "gradient.",
    )


def unit() -> Diagram:
    """Draw one unit: its input, its preactivation and its output."""
    figure, axes = _blank(5.5, 1.0)
    axes.plot(3.1, 0.5, "o", color="white", markeredgecolor=QUIET, markersize=62)
    for x, word in ((0.5, "$x$"), (2.82, "$z$"), (3.38, "$y$"), (5.0, "$C$")):
        axes.text(x, 0.5, word, ha="center", va="center", fontsize=13)
    axes.text(3.1, 0.52, "$\\sigma$", ha="center", va="bottom", color=MEASURED)
    for start, end in ((0.7, 2.55), (2.95, 3.25), (3.65, 4.8)):
        _arrow(axes, (start, 0.5), (end, 0.5), MEASURED)
    axes.text(1.65, 0.61, "$z = w x + b$", ha="center", color=MEASURED)
    return _finished(
        figure,
        "An input x, times the weight w plus the bias b, becomes z; inside the unit the sigmoid "
        "makes the output y of it, and the cost C depends on y.",
    )


def chain() -> Diagram:
    """Draw four units in a row, with the factors that the gradient meets on its way from the cost to the first."""
    figure, axes = _blank(6.6, 1.45)
    words = ["$x$", "$y_1$", "$y_2$", "$y_3$", "$y_4$", "$C$"]
    forward = {place: f"$w_{place + 1},\\, b_{place + 1}$" for place in range(4)}
    backward = {place: f"$\\sigma'(z_{place + 1})\\,w_{place + 1}$" for place in range(1, 4)}
    _both_ways(axes, words, forward, backward | {0: "$\\sigma'(z_1)$", 4: "$\\partial C/\\partial y_4$"})
    return _finished(
        figure,
        "Four units in a row. Blue arrows from the input x over the outputs y1 to y4 to the cost C, each with a weight "
        "and a bias. Orange arrows back from C, each with the slope and the weight that the gradient is multiplied by.",
    )


def borders(
    points: np.ndarray, inside: np.ndarray, outputs: Mapping[str, Callable[[np.ndarray], np.ndarray]]
) -> Diagram:
    """Draw points of the square from −1 to 1, those inside filled, once under every title.

    `points` is `(points, 2)`, `inside` 1 or 0 for each. `outputs` gives f for many points; the line parts as many
    points with the largest f from the others as there are inside.
    """
    figure, axes = _blank(2.1 * len(outputs), 2.3)
    side = np.linspace(-1, 1, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    for place, (title, output) in enumerate(outputs.items()):
        x, y = 1.05 + 2.1 * place + 0.9 * points.T[0], 1.0 + 0.9 * points.T[1]
        axes.scatter(x, y, 14, np.where(inside, MEASURED, "white"), edgecolors=np.where(inside, MEASURED, REFERENCE))
        f = output(grid.reshape(-1, 2)).reshape(grid.shape[:2])
        border = np.quantile(output(points), 1 - np.mean(inside))
        if f.min() < border < f.max():
            axes.contour(
                1.05 + 2.1 * place + 0.9 * side, 1.0 + 0.9 * side, f, [border], colors=ACCENT, linestyles="solid"
            )
        axes.text(1.05 + 2.1 * place, 2.1, title, ha="center", fontsize=9)
    return _finished(
        figure,
        f"{len(points)} points of a square, {int(np.sum(inside))} of them filled: those inside a disc that lies "
        f"off the middle. Panels: {', '.join(outputs)}. Orange: the border that a network draws.",
    )


def residual_block() -> Diagram:
    """Draw a residual block: the signal goes on unchanged, and the branch is added to it."""
    figure, axes = _blank(7.0, 1.75)
    for x, word in ((0.35, "$x$"), (1.9, "$W_1$"), (3.2, "$\\varphi$"), (4.5, "$W_2$"), (5.6, "$+$"), (6.55, "$x$")):
        axes.text(x, 1.2 if 1 < x < 5 else 0.5, word, ha="center", va="center", fontsize=13)
    axes.plot(5.6, 0.5, "o", color="none", markeredgecolor=QUIET, markersize=21)
    _arrow(axes, (0.55, 0.5), (5.42, 0.5))
    _arrow(axes, (5.78, 0.5), (6.35, 0.5))
    axes.plot((0.9, 0.9), (0.5, 1.2), color=MEASURED, linewidth=1.3)
    for start, end in ((0.9, 1.62), (2.18, 3.02), (3.38, 4.22)):
        _arrow(axes, (start, 1.2), (end, 1.2), MEASURED)
    axes.plot((4.78, 5.6), (1.2, 1.2), color=MEASURED, linewidth=1.3)
    _arrow(axes, (5.6, 1.2), (5.6, 0.69), MEASURED)
    axes.text(3.2, 1.55, "the branch", ha="center", va="center", color=MEASURED)
    axes.text(3.2, 0.2, "the skip connection", ha="center", va="center", color=QUIET)
    return _finished(
        figure,
        "The signal x comes in on the left and takes two paths. Grey: the skip connection, which changes nothing. "
        "Blue: the branch, through the weights W1, the activation function and the weights W2. Where they meet, the "
        "branch's output is added, and the sum is the x of the next block.",
    )


def transformer_blocks() -> Diagram:
    """Draw a pre-LN and a post-LN block: what is added to the stream, and where it is normalized."""
    figure, axes = _blank(7.6, 2.9)
    for bottom, before, name in ((1.65, True, "pre-LN"), (0.2, False, "post-LN")):
        axes.text(0.4, bottom + 0.8, name, ha="center", va="center", color=QUIET)
        axes.text(0.4, bottom + 0.2, "$x$", ha="center", va="center", fontsize=13)
        axes.text(7.35, bottom + 0.2, "$x$", ha="center", va="center", fontsize=13)
        for left, branch in ((0.9, "attention"), (4.0, "ReLU layers")):
            _added_branch(axes, left, bottom, branch, before)
        _arrow(axes, (6.95, bottom + 0.2), (7.2, bottom + 0.2))
    return _finished(
        figure,
        "Two blocks of a transformer, one above the other. In both, the stream x runs from left to right and two "
        "branches are added to it, attention and then the two layers with ReLU. In the pre-LN block a layer "
        "normalization N is the first thing in each branch. In the post-LN block it stands after each sum, on the "
        "stream itself.",
    )


def _added_branch(axes: Axes, left: float, bottom: float, branch: str, before: bool) -> None:
    """Draw one branch that is added to the stream, with its normalization in front of it or after the sum."""
    stream, above, sum_at = bottom + 0.2, bottom + 0.85, left + 2.3
    _arrow(axes, (left - 0.3 if left < 1 else left - 0.15, stream), (sum_at - 0.18, stream))
    axes.plot((left, left), (stream, above), color=MEASURED, linewidth=1.3)
    words = f"$N$, {branch}" if before else branch
    axes.text(left + 1.2, above, words, ha="center", va="center", color=MEASURED)
    _arrow(axes, (left, above), (left + 0.45, above), MEASURED)
    axes.plot((left + 1.95, sum_at), (above, above), color=MEASURED, linewidth=1.3)
    _arrow(axes, (sum_at, above), (sum_at, stream + 0.19), MEASURED)
    axes.text(sum_at, stream, "$+$", ha="center", va="center", fontsize=13)
    axes.plot(sum_at, stream, "o", color="none", markeredgecolor=QUIET, markersize=21)
    after = "" if before else "$N$"
    axes.text(left + 2.75, stream, after, ha="center", va="center", fontsize=13, color=MEASURED)
    if before:
        axes.plot((sum_at + 0.18, left + 2.95), (stream, stream), color=REFERENCE, linewidth=1.3)


def ellipses(matrices: Mapping[str, np.ndarray]) -> Diagram:
    """Draw the ellipse to which each 2 × 2 matrix sends the unit circle, with its two half axes, under its title."""
    figure, axes = _blank(2.1 * len(matrices), 1.2)
    angles = np.linspace(0, 2 * np.pi, 201)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    inches = 0.95 / max(np.linalg.norm(matrix, 2) for matrix in matrices.values())
    for place, (title, matrix) in enumerate(matrices.items()):
        middle = np.array([1.05 + 2.1 * place, 0.45])
        for curve, colour in ((circle, REFERENCE), (matrix @ circle, MEASURED)):
            axes.plot(*(middle[:, None] + inches * curve), color=colour, linewidth=1.4)
        turned, stretches, _ = np.linalg.svd(matrix)
        for half_axis, stretch, colour in zip(turned.T, stretches, (ACCENT, QUIET), strict=True):
            _arrow(axes, tuple(middle), tuple(middle + inches * stretch * half_axis), colour)
        axes.text(middle[0], 1.0, title, ha="center", fontsize=9)
    stretched = "; ".join(
        f"{title}: {best:.3g} and {worst:.3g}"
        for title, (best, worst) in ((t, np.linalg.svd(m, compute_uv=False)) for t, m in matrices.items())
    )
    return _finished(
        figure,
        "Grey: the unit circle. Blue: the ellipse that a matrix makes of it. Arrows: its longer and its shorter half "
        f"axis. {stretched}.",
    )


def digits(pixels: np.ndarray, labels: np.ndarray) -> Diagram:
    """Draw handwritten digits in a row, each under its label: `pixels` is `(digits, 64)`, from 0 (white) to 16."""
    figure, axes = _blank(0.8 * len(pixels), 1.0)
    for place, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        left = 0.8 * place + 0.08
        axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16, extent=(left, left + 0.64, 0.05, 0.69))
        axes.text(left + 0.32, 0.82, str(label), ha="center", va="center")
    axes.set(xlim=(0, 0.8 * len(pixels)), ylim=(0, 1.0))
    return _finished(
        figure,
        f"{len(pixels)} handwritten digits as grey images of 8 by 8 pixels, with their labels: "
        f"{', '.join(map(str, labels))}.",
    )
