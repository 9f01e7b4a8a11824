"""The exercises answer back: unanswered ones wait, and the solutions on the page are accepted."""

import contextlib
import io
import re
from pathlib import Path

import nbformat
import pytest

PAGES = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))[1:-1]
"""All pages but the first and the lab."""
CODE_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FEWEST = 3


def printed(code: str, names: dict) -> str:
    """Run code among the page's names, and give what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, names)
    return output.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_exercise_waits_for_an_answer_and_accepts_its_solution(page):
    names, last, solved = {"__name__": "__main__"}, "", 0
    for cell in nbformat.read(page, 4).cells:
        if cell.cell_type == "code":
            output, last = printed(cell.source, names), cell.source
        elif "<details>" in cell.source and (solution := CODE_BLOCK.search(cell.source)):
            assert "Not answered yet." in output
            exec(solution[1], names)
            assert "Right" in printed(last, names)
            solved += 1
    assert solved >= FEWEST
