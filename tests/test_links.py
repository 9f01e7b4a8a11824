"""A page's number stands in its file name alone: renaming the file puts it elsewhere, and every link follows."""

import re
import shutil

import pytest
from links import NAMED, mend, mended, texts

from course import pages
from course.pages import NOTEBOOKS, notebooks

MOVED = "todays_networks"
NUMBERED = re.compile(r"\b[Pp]ages? [01]\d\b|(?:check|grade|judge|progress|stage)\(\\?[\"']\d")


@pytest.fixture
def copy(tmp_path):
    """The pages and what names them, in another place."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*", "*.jsonl"))
    for path in NOTEBOOKS.parent.glob("*.md"):
        shutil.copy(path, tmp_path)
    return tmp_path / "notebooks"


def test_every_link_to_a_page_is_its_present_name():
    names = notebooks()
    for path in texts(NOTEBOOKS):
        text = path.read_text(encoding="utf-8")
        assert mended(text, names) == text, f"{path.name}: run `python tests/links.py`"
        assert set(NAMED.findall(text)) <= set(names), path.name


def test_a_page_is_put_between_two_others_by_renaming_its_file(copy):
    former = notebooks(copy)[MOVED]
    (copy / f"{former}.ipynb").rename(copy / f"06a_{MOVED}.ipynb")
    order = list(notebooks(copy))
    assert order[order.index(MOVED) - 1 : order.index(MOVED) + 2] == ["he", MOVED, "order_and_chaos"]
    changed = mend(copy)
    assert copy.parent / "README.md" in changed
    assert mend(copy) == []
    for path in texts(copy):
        text = path.read_text(encoding="utf-8")
        assert former not in text
        assert all((copy / f"{named[0]}.ipynb").is_file() for named in NAMED.finditer(text)), path.name


def test_topics_come_in_the_order_of_their_notebooks(copy, monkeypatch):
    (copy / f"{notebooks(copy)[MOVED]}.ipynb").rename(copy / f"00a_{MOVED}.ipynb")
    monkeypatch.setattr(pages, "notebooks", lambda: notebooks(copy))
    assert pages.topics()[:3] == ["start_here", MOVED, "sigmoid_saturation"]
    assert list(dict.fromkeys(scene.page for scene in pages.all_scenes()))[:2] == ["start_here", MOVED]


@pytest.mark.parametrize("folder", ["course", "tests", "notebooks"])
def test_no_text_calls_a_page_by_its_number(folder):
    root = NOTEBOOKS.parent / folder
    found = [
        f"{path.name}: {words}"
        for path in sorted([*root.rglob("*.py"), *root.glob("*.ipynb"), *root.glob("*.md")])
        for words in NUMBERED.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []
