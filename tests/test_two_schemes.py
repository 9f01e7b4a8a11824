"""Two starts side by side: the picture's two halves can be compared, and its sentence says what they show."""

import numpy as np
import pytest
from course.figures.signal import Curves
from matplotlib.figure import Figure

from course import explorers, probes
from course.figures import comparison, layers


def side(title, weight_gradient_variance):
    curve = np.ones(3)
    curves = Curves(curve, curve, np.array(weight_gradient_variance))
    shares = np.full((3, 5), 0.2)
    return comparison.Side(title, comparison.Strips(shares, shares, shares), curves, curves)


def test_a_panel_makes_room_for_the_curves_beside_it():
    axes = Figure().subplots()
    panel = layers.LogPanel(axes, "title")
    panel.update(np.ones(3), np.ones(3), 5, beside=[np.array([1e-9, 0.0, np.inf])])
    assert axes.get_ylim() == pytest.approx((1e-12, 1e12))


def test_both_halves_of_the_picture_have_the_same_axes():
    picture = comparison.ComparisonPicture()
    limits = comparison.Strips((-1.0, 1.0), (-3.0, 3.0), (-20.0, 20.0))
    picture.update((side("small", [1e-9, 1e-9, 1e-9]), side("large", [1.0, 2.0, 3.0])), limits)
    grid = np.reshape(picture.canvas.figure.axes, (4, 2))
    for left, right in grid:
        assert left.get_xlim() == right.get_xlim()
        assert left.get_ylim() == right.get_ylim()


@pytest.mark.parametrize(
    ("variance", "words"),
    [
        ([1.0, 2.0, 3.0], "is 3 times as large at layer 3 as at layer 1"),
        ([1.0, 0.0, 3.0], "is exactly 0 at layer 2"),
        ([1.0, 2.0, np.inf], "overflows at layer 3"),
        ([2.0, 2.0, 2.0], "is 2 times the batch size"),
    ],
)
def test_the_sentence_says_how_the_weight_gradients_differ_between_layers(variance, words):
    assert words in comparison.describe(side("a", variance), side("b", [1.0, 1.0, 5.0]))


def test_the_sentence_carries_the_numbers_of_the_networks_that_were_drawn():
    explorer = explorers.two_schemes(left="standard_uniform", right="he_normal", depth=4, seed=7)
    for scheme in ("standard_uniform", "he_normal"):
        stats = probes.measure(7, depth=4, width=128, activation="tanh", scheme=scheme)
        assert f"{stats.activation_rms[-1] ** 2:.2g}" in explorer.sentence
        assert f"{stats.preactivation_gradient_variance[0]:.2g}" in explorer.sentence
