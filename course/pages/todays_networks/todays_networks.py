"""Networks as they are built today: convolutions, residual branches and normalization, with the theory drawn over."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from course import initializers
from course.activations import ACTIVATIONS
from course.explorers.signals import (
    RANDOM_SCHEMES,
    Piece,
    backward_words,
    by_layer,
    columns,
    flat_slope_words,
    forward_words,
    pairs,
)
from course.live.axes import decades, fixed, layers
from course.live.controls import SEED, menu, slider
from course.live.declare import explorer
from course.live.marks import strip
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import say
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import SCALINGS
from course.probes.blocks import DEEPEST, STACKS, BlockStats, inputs_of, measure_blocks
from course.theory import residual

PLAIN, UNSCALED = "plain", "none"
KINDS = {
    "plain": PLAIN,
    "residual": UNSCALED,
    **{f"residual, {row.title}": name for name, row in SCALINGS.items() if name != UNSCALED},
}
DEFAULT_OF = {"standard_uniform": "PyTorch", "lecun_normal": "Flax", "glorot_uniform": "Keras"}
"""Which framework draws the weights of its layers by which scheme, when nothing is said."""
LIMITS = (-3.0, 3.0)
CURVES = {
    "forward": "mean square E[x²]",
    "gradient": "variance of ∂C/∂x",
    "weight_gradient": "variance of ∂C/∂W per example",
}
"""The curves' titles by their keys."""
BLOCKS = layers(label="block")
BLOCK = Piece(
    "block",
    overflow="Forward: overflow at block {place}.",
    nothing="Forward: nothing is left at block {place}.",
    forward="Forward: block {place} passes on {ratio} times the input's mean square{theory}: {verdict}.",
    backward="Backward: block 1 receives {ratio} times the gradient's variance{theory}: {verdict}.",
)
PICTURE = Picture(
    (
        Panel("Signal x that each block passes on", BLOCKS, fixed(*LIMITS), (strip("densities"),)),
        by_layer("forward", "Forward: mean square E[x²]", BLOCKS, decades()),
        by_layer("gradient", "Backward: variance of ∂C/∂x", BLOCKS, decades()),
        by_layer("weight_gradient", "Backward: variance of ∂C/∂W per example", BLOCKS, decades()),
    ),
    grids=("AB;CD", "ABCD"),
    height=5.6,
    legend=("forward.theory", "forward"),
)


def _title(title: str, scheme: str) -> str:
    return f"{title} ({DEFAULT_OF[scheme]})" if scheme in DEFAULT_OF else title


@explorer(
    "Today's networks",
    {
        "layer": menu(tuple(STACKS)),
        "blocks": menu(KINDS, UNSCALED),
        "normalization": menu(tuple(NORMALIZATIONS)),
        "scheme": menu({_title(*row): row[1] for row in RANDOM_SCHEMES.items()}, "he_normal"),
        "activation": menu(tuple(ACTIVATIONS), "relu"),
        "depth": slider(50, 1, DEEPEST),
        "gain": slider(1.0, 0.1, 4.0),
        "seed": SEED,
    },
    PICTURE,
)
def todays_networks(seed: int, layer: str, blocks: str, **network) -> View:
    """Run a network of blocks at every move: kinds of layer and block, normalization, scheme, activation, depth, gain.

    `blocks` is "plain" or a name of `SCALINGS`, for residual blocks. `state` sets controls by name.
    """
    branches = blocks != PLAIN
    scaling = blocks if branches else UNSCALED
    stats = measure_blocks(seed, layer=layer, branches=branches, scaling=scaling, limits=LIMITS, **network)
    curves = pairs(_measured(stats, layer), _predicted(layer=layer, blocks=blocks, **network))
    saturated, silent = stats.saturated_share, branches and not stats.first_weight_gradient_variance.any()
    table = Table(
        block=("block", np.arange(1, len(saturated) + 1)),
        **columns(curves, CURVES),
        saturated=("share of nearly flat slopes", saturated),
    )
    return View(curves | {"densities": stats.signal_shares}, describe(curves, saturated, silent), table)


def _measured(stats: BlockStats, layer: str) -> dict[str, np.ndarray]:
    """Return the curves of a run; the gradients of a block's weights are divided by the batch and the positions."""
    weights = _of_all_weights(stats.first_weight_gradient_variance, stats.last_weight_gradient_variance)
    examples = np.prod(STACKS[layer].signal_shape[:-1])
    return {
        "forward": stats.signal_second_moment,
        "gradient": stats.signal_gradient_variance,
        "weight_gradient": weights / examples,
    }


def _of_all_weights(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the mean over the two equal shapes of weights of a residual block; a plain one has the first alone."""
    return np.where(np.isnan(last), first, (first + last) / 2)


@lru_cache(maxsize=256)
def _predicted(
    *, layer: str, blocks: str, normalization: str, scheme: str, activation: str, depth: int, gain: float
) -> Mapping[str, np.ndarray]:
    """Return what theory predicts for the mean over draws of such a network."""
    shape = STACKS[layer].weight_shape
    fan_in, _ = initializers.fans(shape)
    variance = fan_in * initializers.standard_deviation(scheme, shape, gain) ** 2
    scaling = SCALINGS.get(blocks)
    inputs = inputs_of(STACKS[layer])
    images = {"second_moments": _profile(inputs), "padding": "zeros"} if layer == "convolution, zeros" else {}
    stack = residual.stack(
        activation,
        depth,
        variance * scaling.first(depth) ** 2 if scaling else variance,
        variance * scaling.last(depth) ** 2 if scaling else None,
        normalization=normalization,
        varying=float(np.mean(np.var(inputs, axis=tuple(range(inputs.ndim - 1))))),
        **images,
    )
    weights = _of_all_weights(stack.first_weight_gradient, stack.last_weight_gradient)
    return {"forward": stack.signal, "gradient": stack.signal_gradient, "weight_gradient": weights}


def _profile(images: np.ndarray) -> np.ndarray:
    """Return the mean square at each position, made the same from all four sides, as the weights' law is."""
    profile = np.mean(images**2, axis=(0, 3))
    turned = [np.rot90(profile, turns) for turns in range(4)]
    return np.mean([*turned, *(part.T for part in turned)], axis=0)


def describe(curves: Mapping[str, np.ndarray], saturated_share: np.ndarray, silent_first: bool) -> str:
    """Say what the network does to the signal and to the gradient, computed from the numbers of the picture.

    `silent_first` says that the first weights of all branches receive a gradient of exactly 0.
    """
    words = [forward_words(BLOCK, curves["forward"], curves["forward.theory"][-1])]
    if len(saturated_share) > 1:
        words.append(backward_words(BLOCK, curves["gradient"], curves["gradient.theory"][0]))
    if silent_first:
        words.append(say("The first weights of every branch get a gradient of exactly 0, the last ones do not."))
    return " ".join([*words, flat_slope_words(BLOCK, saturated_share)])
