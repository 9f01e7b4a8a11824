"""The transformer: a real one, run forward and backward at every move, with the theory drawn over it."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from course.explorers.signals import by_layer, columns, pairs, theory_words, verdict
from course.live.axes import decades, fixed, layers
from course.live.controls import SEED, checkbox, menu, slider, stops
from course.live.declare import explorer
from course.live.panels import Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.networks.transformer import HIDDEN, KINDS, TRANSFORMER_SCALINGS
from course.probes.transformer import (
    DEEPEST,
    HEADS,
    LECUN,
    POSITIONS,
    WIDTHS,
    TransformerStats,
    matrix_stds,
    measure_transformer,
)
from course.theory import transformer as theory

STDS = (LECUN, "0.01", "0.02", "0.05", "0.1", "0.2")
CURVES = {
    "looks": "positions looked at, e^entropy",
    "forward": "mean square E[x²]",
    "gradient": "variance of ∂C/∂x",
    "weight_gradient": "variance of ∂C/∂W_down per position",
}
"""The curves' titles by their keys."""
BLOCKS = layers(12, 25, 50, 100, label="block")
PICTURE = Picture(
    (
        by_layer("looks", "Attention: positions that a head looks at", BLOCKS, fixed(0, 1.05 * POSITIONS)),
        by_layer("forward", "Forward: mean square E[x²] of the stream", BLOCKS, decades(2, 4, 12, 40, 80)),
        by_layer("gradient", "Backward: variance of ∂C/∂x", BLOCKS, decades(2, 4, 12, 40, 80)),
        by_layer("weight_gradient", "Backward: variance of ∂C/∂W_down", BLOCKS, decades(2, 4, 12, 40, 80)),
    ),
    grids=("AB;CD", "ABCD"),
    height=5.6,
    legend=("forward.theory", "forward"),
)


@explorer(
    "A transformer before training",
    {
        "kind": menu(tuple(KINDS), label="blocks"),
        "scaling": menu({row.title: name for name, row in TRANSFORMER_SCALINGS.items()}, "none"),
        "std": stops(STDS, label="std of weights"),
        "depth": slider(12, 1, DEEPEST),
        "width": stops(WIDTHS, 128),
        "heads": stops(HEADS, 4),
        "divided": checkbox(True, label="logits / √d_k"),
        "seed": SEED,
    },
    PICTURE,
)
def transformer(seed: int, **network) -> View:
    """Run a transformer at every move: kind of block, scaling, standard deviation, depth, width, heads.

    `std` is "1/√n" or a number, as a text; `divided` says whether logits are divided by √d_k. `state` sets controls by
    name.
    """
    stats = measure_transformer(seed, **_network(**network))
    curves = pairs(_curves(stats), _curves(predicted(**network)))
    found = {"block": ("block", np.arange(1, len(stats.entropy) + 1)), **columns(curves, CURVES)}
    found["correlation"] = "mean cosine of two positions", stats.correlation
    return View(curves, describe(curves, stats.correlation[-1]), Table(found))


def _network(*, std: str, **network) -> dict:
    return {**network, "std": std if std == LECUN else float(std)}


def _curves(found: TransformerStats | theory.Passes) -> dict[str, np.ndarray]:
    return {
        "looks": np.exp(found.entropy),
        "forward": found.second_moment,
        "gradient": found.gradient,
        "weight_gradient": found.weight_gradient,
    }


@lru_cache(maxsize=256)
def predicted(*, depth: int, width: int, heads: int, kind: str, std: str, scaling: str, divided: bool) -> theory.Passes:
    """Return what theory predicts on average over random initializations of a wide network with such variances."""
    row, head_units = TRANSFORMER_SCALINGS[scaling], width // heads
    queries, values, mixed, up, down = matrix_stds(std if std == LECUN else float(std), width) ** 2 * width
    inner, outer = row.inner(depth) ** 2, row.outer(depth) ** 2
    return theory.passes(
        theory.Transformer(
            depth,
            head_units,
            logits=queries**2 * (1 if divided else head_units),
            values=inner * values,
            mixed=outer * mixed,
            up=inner * up,
            down=outer * HIDDEN * down,
            before=KINDS[kind].before,
            after=KINDS[kind].after,
            skip=row.skip(depth),
            gate=row.gate(depth),
            positions=POSITIONS,
        )
    )


def describe(curves: Mapping[str, np.ndarray], cosine: float) -> str:
    """Say how sharply attention looks and what becomes of the stream and of the gradient."""
    words = [
        say(
            "A head of block 1 looks at {looks} of {positions} positions (theory: {theory}).",
            looks=number(curves["looks"][0]),
            positions=POSITIONS,
            theory=number(curves["looks.theory"][0]),
        ),
        _forward_words(curves["forward"], curves["forward.theory"][-1], cosine),
        _backward_words(curves["gradient"], curves["gradient.theory"]),
    ]
    if not curves["weight_gradient"].any():
        words.append(say("W_down gets a gradient of exactly 0 in every block."))
    return " ".join(words)


def _forward_words(second_moment: np.ndarray, predicted: float, cosine: float) -> str:
    infinite = np.isinf(second_moment)
    if infinite.any():
        return say("Forward: overflow at block {block}.", block=np.argmax(infinite) + 1)
    return say(
        "Forward: block {block} passes on the mean square {size} (theory: {predicted}), {verdict}; the mean cosine of "
        "two positions is {cosine:.2f}.",
        block=len(second_moment),
        size=number(second_moment[-1]),
        predicted=number(predicted),
        verdict=verdict(second_moment[-1]),
        cosine=cosine,
    )


def _backward_words(variance: np.ndarray, predicted: np.ndarray) -> str:
    infinite, nothing = np.isinf(variance), variance == 0
    if infinite.any():
        return say("Backward: the gradient overflows at block {block}.", block=np.flatnonzero(infinite)[-1] + 1)
    if nothing.any():
        text = "Backward: the gradient is exactly 0 at block {block} and below."
        return say(text, block=np.flatnonzero(nothing)[-1] + 1)
    ratio, theory_ratio = (values[0] / values[-1] for values in (variance, predicted))
    if len(variance) == 1:
        return say("Backward: block 1 receives the variance {value}.", value=number(variance[0]))
    return say(
        "Backward: block 1 receives {ratio} times the variance that block {block} does{theory}: {verdict}.",
        ratio=number(ratio),
        block=len(variance),
        theory=theory_words(theory_ratio),
        verdict=verdict(ratio),
    )
