"""Which browser the tests take, and that they see what goes wrong."""

from collections.abc import Iterator

import pytest
from lab import Lab, Tab, find_browser, required_browser
from playwright.sync_api import Browser

FAULTY = {
    "a cell that fails": ("1 / 0", "ZeroDivisionError"),
    "a cell that warns": ("import warnings; warnings.warn('look out')", "look out"),
    "a script that fails": ("from IPython.display import HTML, display\ndisplay(HTML('<img src=nowhere.png>'))", "404"),
    "a callback that fails": (
        "import ipywidgets\nbox = ipywidgets.Checkbox(); box.observe(lambda change: [].pop(), 'value'); display(box)",
        "IndexError",
    ),
    "a kernel that complains": ("import os; os.write(2, b'ERROR in the depths\\n')", "ERROR in the depths"),
}


def executable(path):
    path.write_text("")
    path.chmod(0o755)
    return str(path)


def test_the_browser_named_in_the_environment_is_taken_before_any_other(tmp_path):
    named, _other = (executable(tmp_path / name) for name in ("named.exe", "chromium"))
    assert find_browser({"COURSE_BROWSER": named, "PATH": str(tmp_path)}) == named


def test_a_browser_is_found_on_the_search_path(tmp_path):
    assert find_browser({"PATH": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}) in (None, find_browser({"PATH": ""}))
    chromium = executable(tmp_path / "chromium")
    assert find_browser({"PATH": str(tmp_path)}) == chromium


def test_a_named_browser_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"COURSE_BROWSER .* not 'no-such-browser'"):
        find_browser({"COURSE_BROWSER": "no-such-browser"})


@pytest.mark.parametrize(
    ("environ", "outcome"), [({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)], ids=["here", "CI"]
)
def test_without_a_browser_tests_are_skipped_and_fail_in_ci(environ, outcome, monkeypatch):
    monkeypatch.setattr("lab.find_browser", lambda environ: None)
    with pytest.raises(outcome, match="no Chrome or Chromium was found"):
        required_browser(environ)


@pytest.fixture(scope="module")
def faulty(lab: Lab, browser: Browser) -> Iterator[Tab]:
    """A page with a fault in every cell."""
    tab = Tab(lab, browser, lab.write("faulty.ipynb", [source for source, _ in FAULTY.values()]))
    yield tab
    tab.close()


@pytest.mark.long
@pytest.mark.parametrize("name", FAULTY)
def test_what_goes_wrong_is_seen(name, faulty):
    number, (_, words) = list(FAULTY).index(name), FAULTY[name]
    before = faulty.faults()
    faulty.run_cell(number)
    faulty.settle()
    if name == "a callback that fails":
        faulty.page.get_by_role("checkbox").press("Space")
        faulty.settle()
    assert any(words in fault for fault in faulty.faults() if fault not in before), faulty.faults()
