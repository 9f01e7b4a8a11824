"""Theory against drawn networks of width 1024: every activation, over the plane of weight and bias variances.

One draw of weights and biases serves all activations and places. Draws are independent, so that the mean over them has
the standard error that their spread says.
"""

import math

import numpy as np
import pytest

from course import theory
from course.activations import ACTIVATIONS

WIDTH, DEPTH, DRAWS, COSINE = 1024, 4, 40, 0.3
PLACES = [(0.5, 0.1), (1.0, 0.0), (1.5, 0.05), (2.0, 0.0), (2.5, 0.3), (4.0, 1.0)]
"""Pairs of a weight and a bias variance: order, chaos, and both critical points without biases."""
CASES = [(name, *place) for name in ACTIVATIONS for place in PLACES]
each_case = pytest.mark.parametrize("case", CASES, ids=[f"{name}-{w}-{b}" for name, w, b in CASES])


def two_inputs(rng):
    """Two rows of mean square 1 with exactly this cosine."""
    first, other = rng.normal(size=(2, WIDTH))
    first /= np.linalg.norm(first)
    other -= first * (first @ other)
    other /= np.linalg.norm(other)
    return math.sqrt(WIDTH) * np.array([first, COSINE * first + math.sqrt(1 - COSINE**2) * other])


def activate(method, z):
    """Each case's own function on its two rows."""
    return np.stack([getattr(ACTIVATIONS[name], method)(rows) for (name, _, _), rows in zip(CASES, z, strict=True)])


def through_layers(rows, weights):
    """`(cases, 2, width)` times one matrix, in one product."""
    return (rows.reshape(-1, WIDTH).astype(np.float32) @ weights).reshape(rows.shape).astype(float)


def one_draw(seed):
    """E[z²], E[h h'] and E[h²], and E[(∂C/∂z)²] by layer for v·z as the cost: shape `(cases, 4, depth)`."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((DEPTH, WIDTH, WIDTH), np.float32) / np.float32(math.sqrt(WIDTH))
    biases = rng.standard_normal((DEPTH, WIDTH))
    weight_std, bias_std = (np.sqrt([case[at] for case in CASES])[:, None, None] for at in (1, 2))
    signal = np.broadcast_to(two_inputs(rng), (len(CASES), 2, WIDTH))
    found, slopes = np.empty((len(CASES), 4, DEPTH)), []
    for layer in range(DEPTH):
        z = weight_std * through_layers(signal, weights[layer]) + bias_std * biases[layer]
        signal = activate("array_function", z)
        slopes.append(activate("array_slope", z))
        products = np.mean(signal[:, 0] * signal[:, 1], axis=1)
        found[:, :3, layer] = np.array([np.mean(z**2, axis=(1, 2)), products, np.mean(signal**2, axis=(1, 2))]).T
    gradients = np.broadcast_to(rng.normal(size=(2, WIDTH)), signal.shape)
    for layer in reversed(range(DEPTH)):
        found[:, 3, layer] = np.mean(gradients**2, axis=(1, 2))
        if layer:
            gradients = weight_std * through_layers(gradients, weights[layer].T) * slopes[layer - 1]
    return found


@pytest.fixture(scope="module")
def measured():
    """All draws, by case."""
    drawn = np.stack([one_draw(seed) for seed in range(DRAWS)])
    return {case: drawn[:, number] for number, case in enumerate(CASES)}


def assert_mean(samples, expected):
    """The mean over draws, of samples of shape `(draws, depth)`, lies within five standard errors in every layer."""
    errors = np.std(samples, axis=0, ddof=1) / math.sqrt(DRAWS)
    assert np.all(errors > 0)
    assert np.all(np.abs(np.mean(samples, axis=0) - expected) < 5 * errors)


@each_case
def test_lengths_are_those_of_theory(measured, case):
    assert_mean(measured[case][:, 0], theory.preactivation_variances(case[0], DEPTH, *case[1:]))


@each_case
def test_two_inputs_have_the_cosine_of_theory(measured, case):
    # E[h h'] - c E[h²] has the mean 0, with c the predicted cosine.
    _, products, squares, _ = measured[case].swapaxes(0, 1)
    cosines = theory.correlations(case[0], DEPTH, *case[1:], correlation=COSINE)
    if case[0] == "linear" and case[2] == 0:  # a matrix acts on both alike: what is left is the matrix's own chance
        assert cosines == pytest.approx(COSINE, rel=1e-9)
    assert_mean(products - cosines * squares, 0.0)


@each_case
def test_gradients_are_those_of_theory(measured, case):
    assert_mean(measured[case][:, 3], theory.gradient_variances(case[0], DEPTH, *case[1:]))
