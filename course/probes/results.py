"""What a run gives back: its rows, put together in float64 as named arrays."""

from typing import NamedTuple

import numpy as np

from course.probes import engine


class LayerStats(NamedTuple):
    """What a batch and its gradients look like in each layer: float64 arrays of shape `(depth,)`, layer 1 first.

    Mean, variance and rms are over all units and examples; a value past the range of float32 is `inf`, one
    below it 0. A unit is saturated for an example where its slope is below 5 % of the activation's steepest
    slope, and dead where it is saturated for every example of the batch.
    """

    preactivation_variance: np.ndarray
    activation_mean: np.ndarray
    activation_rms: np.ndarray
    saturated_share: np.ndarray
    dead_share: np.ndarray
    preactivation_gradient_variance: np.ndarray
    weight_gradient_variance: np.ndarray


class LayerHistograms(NamedTuple):
    """Shares of a layer's values in `engine.BINS` equal bins: arrays of shape `(depth, BINS)` whose rows sum to 1.

    Counted are all units of the first examples (all inputs' first rows, for weight gradients), about
    8,192 values a layer. A value beyond the limits falls into the first or last bin, one that is no number
    (∞ − ∞, after an overflow) into none, so that a row without any number is all zeros.
    """

    activations: np.ndarray
    preactivation_gradients: np.ndarray
    weight_gradients: np.ndarray


class Limits(NamedTuple):
    """The ranges that the histograms cover, each a pair (lowest, highest), or `None` for one that is not asked for."""

    activations: tuple[float, float] | None = (-3.0, 3.0)
    preactivation_gradients: tuple[float, float] | None = (-3.0, 3.0)
    weight_gradients: tuple[float, float] | None = (-30.0, 30.0)


LIMITS = Limits()
NO_HISTOGRAMS = Limits(None, None, None)


class Observation(NamedTuple):
    """One run of one network: the numbers and the histograms of every layer."""

    stats: LayerStats
    histograms: LayerHistograms


def _moment(moments: np.ndarray, unit: np.ndarray, order: int) -> np.ndarray:
    """Return a moment in float64, out of its unit; what is no number any more counts as infinite."""
    with np.errstate(invalid="ignore"):
        moment = moments[:, order - 1].astype(np.float64) * unit.astype(np.float64) ** order
    return np.where(np.isnan(moment), np.inf, moment)


def _variance(moments: np.ndarray, unit: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        variance = _moment(moments, unit, 2) - _moment(moments, unit, 1) ** 2
    return np.where(np.isnan(variance), np.inf, np.maximum(variance, 0))


def layer_stats(forward: engine.ForwardRow, backward: engine.BackwardRow) -> LayerStats:
    """Put the rows of both ways together."""
    return LayerStats(
        _variance(forward.preactivations, forward.preactivation_unit),
        _moment(forward.activations, forward.activation_unit, 1),
        np.sqrt(_moment(forward.activations, forward.activation_unit, 2)),
        forward.saturated.astype(np.float64),
        forward.dead.astype(np.float64),
        _variance(backward.preactivation_gradients, backward.preactivation_gradient_unit),
        _variance(backward.weight_gradients, backward.weight_gradient_unit),
    )


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def layer_histograms(forward: engine.ForwardRow, backward: engine.BackwardRow) -> LayerHistograms:
    """Turn the rows' counts into shares."""
    return LayerHistograms(
        _shares(forward.counts),
        _shares(backward.preactivation_gradient_counts),
        _shares(backward.weight_gradient_counts),
    )
