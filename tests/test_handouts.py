"""Handouts: students' copies hold all but the solutions, and nothing that somebody has written is lost."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.handouts import pages
from course.handouts.__main__ import main
from course.handouts.copies import write_copies

NAMES = pages.names()
HEADING = re.compile(r"^#+ .+$", re.MULTILINE)
ANY_LINK = re.compile(r"\]\(([^):#\s]+\.\w+)[^)\s]*\)")


def headings(page):
    return [heading for cell in page.cells if cell.cell_type == "markdown" for heading in HEADING.findall(cell.source)]


def prose(page):
    return "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")


def links(path):
    """The files to which a page, or a text, links."""
    text = path.read_text(encoding="utf-8")
    return ANY_LINK.findall(prose(nbformat.reads(text, 4)) if path.suffix == ".ipynb" else text)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_the_page_without_its_solutions(name):
    page = pages.read(name)
    copy = pages.without(page, "solution")
    assert copy.cells == [cell for cell in page.cells if "solution" not in cell.metadata.get("tags", [])]
    assert not any("<summary>Solution" in cell.source for cell in copy.cells)
    assert headings(copy) == headings(page)


@pytest.mark.parametrize("wanted", [(), ("whats_wrong", "06_he", "05")], ids=["all pages", "three pages"])
def test_every_link_of_the_copies_leads_to_a_file_that_is_there(tmp_path, wanted):
    written = write_copies(tmp_path, wanted)
    present = [(path, link) for path in written for link in links(path)]
    assert present
    assert [(path.name, link) for path, link in present if not (path.parent / link).exists()] == []


def test_copies_of_all_pages_keep_every_link_but_those_of_the_solutions(tmp_path):
    write_copies(tmp_path)
    for name in NAMES:
        assert links(tmp_path / f"{name}.ipynb") == ANY_LINK.findall(prose(pages.without(pages.read(name), "solution")))


def test_only_the_pages_that_are_asked_for_are_copied_in_the_readers_order(tmp_path):
    written = write_copies(tmp_path, ["06_he", "variance_of_a_sum"])
    assert [path.name for path in written] == ["03_variance_of_a_sum.ipynb", "06_he.ipynb"]
    assert sorted(tmp_path.iterdir()) == written


def test_a_link_to_a_page_that_was_not_asked_for_keeps_its_words():
    page = new_notebook(cells=[new_markdown_cell("See [page 4](04_x.ipynb#part) and [5](05_y.ipynb).")])
    copy = pages.relinked_page(page, lambda file: file if file == "05_y.ipynb" else None)
    assert copy.cells[0].source == "See page 4 and [5](05_y.ipynb)."


def test_a_link_in_code_is_left_alone():
    page = new_notebook(cells=[new_code_cell("rows[0](a.ipynb) + '[x](04_x.ipynb)'")])
    assert pages.relinked_page(page, lambda file: None) == page


def test_what_is_for_the_teacher_is_not_handed_out(tmp_path, monkeypatch):
    (tmp_path / "instructor.md").write_text("Expect these wrong answers.")
    page = new_notebook(cells=[new_markdown_cell("For [teachers](instructor.md).")])
    nbformat.write(page, tmp_path / "00_a.ipynb")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    (copy,) = write_copies(tmp_path.parent / "copies")
    assert prose(nbformat.read(copy, 4)) == "For teachers."


def test_a_file_that_is_there_is_kept_and_none_is_written_beside_it(tmp_path):
    work = tmp_path / "06_he.ipynb"
    work.write_text("an afternoon's work")
    with pytest.raises(FileExistsError, match=r"06_he\.ipynb exists already.*Nothing was written"):
        write_copies(tmp_path, ["variance_of_a_sum", "he"])
    assert list(tmp_path.iterdir()) == [work]
    assert work.read_text() == "an afternoon's work"


def test_a_file_that_is_there_is_overwritten_when_that_is_asked_for(tmp_path):
    (tmp_path / "06_he.ipynb").write_text("out of date")
    (tmp_path / "notes.txt").write_text("not ours")
    write_copies(tmp_path, ["he"], force=True)
    assert headings(nbformat.read(tmp_path / "06_he.ipynb", 4)) == headings(pages.read("06_he"))
    assert (tmp_path / "notes.txt").read_text() == "not ours"


@pytest.mark.parametrize("inside", ["", "copies"])
def test_the_pages_themselves_are_never_written_to(inside, tmp_path, monkeypatch):
    page = tmp_path / "00_a.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A page?", metadata={"tags": ["solution"]})]), page)
    before = page.read_bytes()
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="among the pages themselves"):
        write_copies(tmp_path / inside, force=True)
    assert page.read_bytes() == before
    assert list(tmp_path.iterdir()) == [page]


REFUSALS = {
    "an unknown page": (["students", "{folder}/new", "--pages", "variance_of_a_sum", "33"], "not 33"),
    "a file for a folder": (["students", "{folder}/file"], "is a file: choose a folder"),
    "a folder inside a file": (["nbgrader", "{folder}/file/in/it"], "is a file: choose a folder"),
    "work that is there": (["students", "{folder}", "--pages", "he"], "--force"),
    "an assignment that is there": (
        ["nbgrader", "{folder}", "--pages", "variance_of_a_sum", "he"],
        "06_he.ipynb exists already",
    ),
    "an unknown page to print": (["print", "{folder}/new", "--pages", "her"], "not her"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_done_is_said_in_words_and_nothing_is_written(refusal, tmp_path, capsys):
    present = {tmp_path / name: name for name in ("file", "06_he.ipynb", "source/06_he/06_he.ipynb")}
    for path, text in present.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    arguments, words = REFUSALS[refusal]
    with pytest.raises(SystemExit) as end:
        main([argument.format(folder=tmp_path) for argument in arguments])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == present


def test_where_there_are_no_pages_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "site-packages" / "notebooks")
    with pytest.raises(FileNotFoundError, match=r"There are no pages in .*They come with a copy of the repository"):
        write_copies(tmp_path)


def test_the_command_says_how_many_files_it_wrote_and_where(tmp_path, capsys):
    main(["students", str(tmp_path / "copies"), "--pages", "variance_of_a_sum"])
    assert capsys.readouterr().out == f"1 file written to {tmp_path / 'copies'}\n"
    assert [path.name for path in Path(tmp_path / "copies").iterdir()] == ["03_variance_of_a_sum.ipynb"]
