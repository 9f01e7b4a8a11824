"""The lines that a page gives to take home run as they stand, those for PyTorch where it is installed."""

import importlib.util
import re

import nbformat
import pytest

from course.pages import NOTEBOOKS, notebooks

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> list:
    """Every block of code under a heading "Take it home", by its page."""
    found = []
    for topic, name in notebooks().items():
        cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
        texts = [cell.source for cell in cells if cell.source.startswith("## Take it home")]
        found += [pytest.param(code, id=topic) for text in texts for code in BLOCK.findall(text)]
    return found


@pytest.mark.parametrize("code", blocks())
def test_the_lines_to_take_home_run_in_a_fresh_session(code):
    if "torch" in code and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    exec(code, {})
