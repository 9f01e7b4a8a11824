"""Many draws of a ReLU network: the draws are real networks, and the picture says what they keep."""

import math

import numpy as np
import pytest

from course import data, explorers
from course.pages.he.many_draws import describe, ends
from course.probes.spread import he_relu_draws


def test_each_draw_is_a_relu_network_that_a_plain_loop_repeats():
    drawn = he_relu_draws(3, width=16, draws=2)
    rng, signals = np.random.default_rng(3), [data.standardized_digits(1, 16)[0].astype(float)] * 2
    for layer in range(5):
        weights = rng.standard_normal((2, 16, 16), np.float32) * math.sqrt(2 / 16)
        signals = [np.maximum(signal @ matrix, 0) for signal, matrix in zip(signals, weights, strict=True)]
        assert drawn[:, layer] == pytest.approx([np.mean(signal**2) for signal in signals], rel=1e-5)


def test_one_layer_keeps_the_mean_square_on_average_with_a_variance_of_5_over_width():
    first = he_relu_draws(0, width=64, draws=200)[:, 0]
    assert abs(first.mean() - 1) < 5 * math.sqrt(5 / 64 / 200)
    squares = (first - 1) ** 2
    assert abs(squares.mean() - 5 / 64) < 5 * squares.std() / math.sqrt(200)


@pytest.mark.parametrize("wrong", [{"width": 0}, {"width": 257}, {"width": 3.5}, {"width": 16, "draws": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be a whole number from 1 to"):
        he_relu_draws(0, **wrong)


def test_the_sentence_says_what_the_drawn_networks_keep():
    drawn = he_relu_draws(2, width=32)[:, 39]
    sentence = explorers.many_draws(width=32, depth=40, seed=2).sentence
    assert "At layer 40, 100 networks keep" in sentence
    assert f"less than {np.median(drawn):.2g}" in sentence


def test_the_sentence_explains_a_measured_mean_far_below_the_theorys():
    assert "too rare to be among these" in explorers.many_draws(width=16, depth=100, seed=3).sentence
    assert "too rare" not in explorers.many_draws(width=64, depth=10).sentence


def test_networks_whose_signal_dies_are_counted_in_the_lowest_bin():
    mean_squares = np.array([[1.0, 0.0, 0.0], [1.0, 0.5, 0.0], [1.0, 2.0, 3.0]])
    counts, edges = ends(mean_squares)
    assert (counts[0], counts.sum()) == (2, 3)
    assert (edges[0], edges[-1]) == (pytest.approx(1e-2), pytest.approx(10))
    found = {"mean": mean_squares.mean(axis=0), "median": np.median(mean_squares, axis=0), "low": np.zeros(3)}
    assert "keep 1 of the mean square" in describe(found)
    assert "half of them keep less than 0," in describe(found)
