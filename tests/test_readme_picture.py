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
    ("state", "said", "shown"),
    [
        ({"gain": 0.8}, "At a gain of 0.8 they leave 3.5e-11 of the signal's mean square", "carries 3.5e-11 of"),
        ({"gain": 1.2}, "at 1.2 they keep 0.16 of it", "carries 0.16 of the input's mean square (theory: 0.17): kept"),
        (
            {"gain": 1.6},
            "at 1.6 the gradient's variance explodes",
            "variance (theory: 1847): exploding",
        ),
        ({"activation": "relu"}, "Xavier's leave 2.4e-16", "carries 2.4e-16 of"),
        (
            {"activation": "relu", "scheme": "he_uniform"},
            "He's keep 0.27",
            "carries 0.27 of the input's mean square (theory: 1): kept",
        ),
    ],
)
def test_its_description_says_what_the_explorer_shows(state, said, shown):
    assert said in ALT
    assert shown in explorers.signal_propagation(**state).sentence
