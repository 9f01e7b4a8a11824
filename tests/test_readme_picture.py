"""The README's moving picture moves, is small, and is described by what the explorer shows today."""

import re
from pathlib import Path

import pytest
from PIL import Image

from course import explorers

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ALT, PATH = re.search(r"!\[([^\]]+)\]\(([^)]+\.webp)\)", README).groups()


def test_the_picture_moves_and_is_smaller_than_two_megabytes():
    assert (ROOT / PATH).stat().st_size < 2e6
    with Image.open(ROOT / PATH) as picture:
        assert picture.n_frames > 20
        assert picture.info["loop"] == 0


@pytest.mark.parametrize(
    ("gain", "said", "shown"),
    [
        (1.0, "leave 0.0073 of the signal's mean square", "layer 50 carries 0.0073 of"),
        (1.6, "with the gain at 1.6 they keep 0.39 of it", "layer 50 carries 0.39 of"),
        (1.6, "the gradient's variance explodes", "of the gradient's variance (theory: 1847): exploding"),
    ],
)
def test_its_description_says_what_the_explorer_shows(gain, said, shown):
    assert said in ALT
    assert shown in explorers.signal_propagation(gain=gain).sentence


def test_he_keeps_more_of_the_signal_than_xavier_on_relu():
    left = [
        explorers.signal_propagation(activation="relu", scheme=scheme).table["mean square E[h²], measured"][-1]
        for scheme in ("glorot_uniform", "he_normal")
    ]
    assert left[1] > 1e6 * left[0]
