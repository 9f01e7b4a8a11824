"""Two starts side by side: the picture's two halves can be compared, and its sentence says what they show."""

import numpy as np
import pytest
from random_states import canvas_of

from course import explorers, probes
from course.explorers.signals import Curves
from course.pages.xavier.two_schemes import describe


def curves(weight_gradient: list[float]) -> Curves:
    return Curves(np.ones(3), np.ones(3), np.array(weight_gradient))


def test_both_halves_of_the_picture_have_the_same_axes():
    explorer = explorers.two_schemes(left="normal_1", right="zeros", activation="relu", depth=7)
    for left, right in np.reshape(canvas_of(explorer).figure.axes, (4, 2)):
        assert left.get_xlim() == right.get_xlim()
        assert left.get_ylim() == right.get_ylim()
        assert left.get_title(loc="left") == right.get_title(loc="left")


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
    assert f"{words} on the left" in describe(("a", "b"), curves(variance), curves([1.0, 1.0, 5.0]))


def test_the_sentence_carries_the_numbers_of_the_networks_that_were_drawn():
    explorer = explorers.two_schemes(left="standard_uniform", right="he_normal", depth=4, seed=7)
    for scheme in ("standard_uniform", "he_normal"):
        stats = probes.measure(7, depth=4, width=128, activation="tanh", scheme=scheme)
        assert f"{stats.activation_rms[-1] ** 2:.2g}" in explorer.sentence
        assert f"{stats.preactivation_gradient_variance[0]:.2g}" in explorer.sentence
