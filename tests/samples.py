"""What is measured of many draws, against what is expected of them."""

import math

import numpy as np

from course.probes import LayerStats


def assert_mean(sample, expected, slack=0.0) -> None:
    """The mean over draws lies within five standard errors of the expected one, and `slack`, in every layer."""
    error = np.std(sample, axis=0, ddof=1) / math.sqrt(len(sample))
    assert np.all(np.abs(np.mean(sample, axis=0) - expected) <= 5 * error + slack)


def gradient_ratio(stats: LayerStats) -> float:
    """By how much the gradient's variance at layer 1 differs from that at the last."""
    return stats.preactivation_gradient_variance[0] / stats.preactivation_gradient_variance[-1]
