"""Networks as they are built today: convolutions, residual branches and normalization, with the theory drawn over."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from course import initializers
from course.activations import ACTIVATIONS
from course.figures.blocks import BlockCurves, BlocksPicture
from course.initializers import SCHEMES
from course.live.canvas import Frame
from course.live.explorer import Explorer
from course.networks.normalization import NORMALIZATIONS
from course.networks.residual import SCALINGS
from course.probes import blocks
from course.probes.blocks import STACKS, BlockStats, inputs_of, measure_blocks
from course.theory import residual

PLAIN = "plain"
DEFAULT_OF = {"standard_uniform": "PyTorch", "lecun_normal": "Flax", "glorot_uniform": "Keras"}
"""Which framework draws the weights of its layers by which scheme, when nothing is said."""
LIMITS = (-3.0, 3.0)


def todays_networks(text: str = "", **state) -> Explorer:
    """Run a network of blocks at every move: kinds of layer and block, normalization, scheme, activation, depth, gain.

    `blocks` is "plain" or a name of `SCALINGS`, for residual blocks. `state` sets controls by name.
    """
    picture = BlocksPicture()

    def draw(seed: int, **network) -> Frame:
        stats = _measured(seed, **network)
        silent = network["blocks"] != PLAIN and not stats.first_weight_gradient_variance.any()
        predicted = _predicted(**network)
        return picture.update(
            _curves(stats, network["layer"]), predicted, stats.signal_shares, LIMITS, stats.saturated_share, silent
        )

    return Explorer(
        _controls(), draw, picture.canvas, name="todays_networks", title="Today's networks", text=text, state=state
    )


def _controls() -> dict[str, widgets.ValueWidget]:
    kinds = [("plain", PLAIN), ("residual", "none")]
    kinds += [(f"residual, {row.title}", name) for name, row in SCALINGS.items() if name != "none"]
    schemes = [(_title(name), name) for name, row in SCHEMES.items() if row.distribution != "constant"]
    return {
        "layer": widgets.Dropdown(options=list(STACKS), value="fully connected", description="layer"),
        "blocks": widgets.Dropdown(options=kinds, value="none", description="blocks"),
        "normalization": widgets.Dropdown(options=list(NORMALIZATIONS), value="none", description="normalization"),
        "scheme": widgets.Dropdown(options=schemes, value="he_normal", description="scheme"),
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="relu", description="activation"),
        "depth": widgets.IntSlider(50, 1, blocks.DEEPEST, description="depth"),
        "gain": widgets.FloatSlider(1.0, min=0.1, max=4.0, step=0.01, description="gain"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
    }


def _title(scheme: str) -> str:
    title = SCHEMES[scheme].title
    return f"{title} ({DEFAULT_OF[scheme]})" if scheme in DEFAULT_OF else title


def _measured(seed: int, *, blocks: str, **network) -> BlockStats:
    scaling = "none" if blocks == PLAIN else blocks
    return measure_blocks(seed, branches=blocks != PLAIN, scaling=scaling, limits=LIMITS, **network)


def _curves(stats: BlockStats, layer: str) -> BlockCurves:
    """Give what a run has measured; the gradients of a block's weights are divided by the batch and the positions."""
    weights = _of_all_weights(stats.first_weight_gradient_variance, stats.last_weight_gradient_variance)
    examples = np.prod(STACKS[layer].signal_shape[:-1])
    return BlockCurves(stats.signal_second_moment, stats.signal_gradient_variance, weights / examples)


def _of_all_weights(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Give the mean over the two equal shapes of weights of a residual block; a plain one has the first alone."""
    return np.where(np.isnan(last), first, (first + last) / 2)


@lru_cache(maxsize=256)
def _predicted(
    *, layer: str, blocks: str, normalization: str, scheme: str, activation: str, depth: int, gain: float
) -> BlockCurves:
    """Give what theory predicts for the mean over draws of such a network."""
    shape = STACKS[layer].weight_shape
    fan_in, _ = initializers.fans(shape)
    variance = fan_in * initializers.standard_deviation(scheme, shape, gain) ** 2
    plain = blocks == PLAIN
    scaling = SCALINGS["none" if plain else blocks]
    first, last = variance * scaling.first(depth) ** 2, variance * scaling.last(depth) ** 2
    inputs = inputs_of(STACKS[layer])
    images = {"second_moments": _profile(inputs), "padding": "zeros"} if layer == "convolution, zeros" else {}
    stack = residual.stack(
        activation,
        depth,
        variance if plain else first,
        None if plain else last,
        normalization=normalization,
        varying=float(np.mean(np.var(inputs, axis=tuple(range(inputs.ndim - 1))))),
        **images,
    )
    weights = _of_all_weights(stack.first_weight_gradient, stack.last_weight_gradient)
    return BlockCurves(stack.signal, stack.signal_gradient, weights)


def _profile(images: np.ndarray) -> np.ndarray:
    """Give the mean square at each position, made the same from all four sides, as the weights' law is."""
    profile = np.mean(images**2, axis=(0, 3))
    turned = [np.rot90(profile, turns) for turns in range(4)]
    return np.mean([*turned, *(part.T for part in turned)], axis=0)
