"""nbgrader takes the pages as they are: it releases them, collects what students did, and grades every exercise."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from random_states import mostly_long

from course.exercises import judge, table
from course.handouts import pages
from course.handouts.nbgrader_course import assignment, write_course
from course.pages import notebooks, topic_of

if importlib.util.find_spec("nbgrader") is None and not os.environ.get("CI"):
    pytest.skip("nbgrader is not installed: it comes with the dependency group `teach`", allow_module_level=True)

NAMES = pages.names()
PAGE = "03_variance_of_a_sum"
EXERCISES = [name.replace(".", "-") for name in table.of_page(topic_of(PAGE))]
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", re.DOTALL)
MISTAKE = 300**-0.5
"""An answer to the first exercise of that page: for the standard deviation 1/√d, where the bound was asked for."""


def kinds(page, kind):
    """The cells that are of this kind to nbgrader, by their grade_id."""
    return {cell.metadata.nbgrader.grade_id: cell for cell in page.cells if cell.metadata.nbgrader[kind]}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A function: what nbgrader's own steps, with the course's settings, make of a source; they need no database."""
    from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, ClearSolutions, ComputeChecksums, LockCells
    from traitlets.config import PyFileConfigLoader

    folder = tmp_path_factory.mktemp("settings")
    write_course(folder, [PAGE])
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()

    def released(page):
        for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums):
            page, _ = step(config=settings).preprocess(page, {})
        return page

    return released


@pytest.mark.parametrize("name", mostly_long(NAMES, [PAGE]))
def test_nbgrader_finds_its_metadata_valid_with_an_answer_and_a_test_for_every_exercise(name):
    from nbgrader.nbgraderformat import MetadataValidator

    source = assignment(pages.read(name))
    nbformat.validate(source)
    MetadataValidator().validate_nb(source)
    exercises = [exercise.replace(".", "-") for exercise in table.of_page(topic_of(name))]
    assert list(kinds(source, "solution")) == [f"{exercise}-answer" for exercise in exercises]
    assert list(kinds(source, "grade")) == [f"{exercise}-test" for exercise in exercises]
    assert all(cell.metadata.nbgrader.points == 1 for cell in kinds(source, "grade").values())
    assert len(kinds(source, "locked")) == len(source.cells) - len(exercises)


@pytest.mark.parametrize("name", mostly_long(NAMES, [PAGE]))
def test_what_students_get_is_the_copy_without_solutions_with_tests_for_checks(name, release):
    released = release(assignment(pages.read(name))).cells
    copy = [cell for cell in pages.without(pages.read(name), "solution").cells if "progress(" not in cell.source]
    for given, own in zip(released, copy, strict=True):
        if "check" in pages.tags(own):
            assert given.source == f"print({own.source.replace('exercises.check', 'exercises.grade')})"
        else:
            assert given.source.removesuffix("\n") == own.source
        assert given.metadata.get("editable", True) == ("stub" in pages.tags(own))
        assert given.metadata.deletable is False


def exercise(stub="a = None", check='exercises.check("variance_of_a_sum.1", a)', solution="```python\na = 1\n```"):
    cells = new_code_cell(stub), new_code_cell(check), new_markdown_cell(solution)
    for cell, tag in zip(cells, ("stub", "check", "solution"), strict=True):
        cell.metadata.tags = [tag]
    return list(cells)


def test_code_to_be_mended_is_released_as_it_was(release):
    stub = "def f(x):\n    if x:\n        return 1 / 3  # a bug\n    return 0"
    page = new_notebook(cells=exercise(stub, solution="Why?\n\n```python\ndef f(x):\n    return 1\n```\n\nSo."))
    source = assignment(page)
    names = {}
    exec(source.cells[0].source, names)
    assert names["f"](2) == 1
    assert release(source).cells[0].source == f"{stub}\n"


BROKEN = {
    "a stub without a check": (exercise()[:1] + exercise(), "in turn, not stub, stub, check, solution"),
    "a solution without an exercise": (exercise() + exercise()[2:], "in turn"),
    "a solution without code": (exercise(solution="One third."), "One third."),
    "a check of two lines": (exercise(check='exercises.check("variance_of_a_sum.1", a)\nprint(a)'), "one line"),
    "a check of something else": (exercise(check="assert a == 1"), "assert a == 1"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_page_whose_exercises_cannot_be_graded_is_named_with_its_fault(fault):
    cells, words = BROKEN[fault]
    with pytest.raises(ValueError, match=re.escape(words)):
        assignment(new_notebook(cells=cells))


def test_an_assignment_links_to_the_other_assignments_and_brings_the_texts_it_links_to(tmp_path):
    write_course(tmp_path, ["todays_networks", "whats_wrong"])
    name = notebooks()["whats_wrong"]
    folder = tmp_path / "source" / name
    assert {path.name for path in folder.iterdir()} == {f"{name}.ipynb", "claims.md"}
    links = [link for path in folder.iterdir() for link in re.findall(r"\]\((\S+\.(?:ipynb|md))\)", path.read_text())]
    assert "claims.md" in links
    assert f"../{name}/{name}.ipynb" in links
    assert [link for link in links if not (folder / link).is_file()] == []


def test_a_page_is_added_to_a_course_without_touching_its_settings_or_its_other_pages(tmp_path):
    write_course(tmp_path, ["variance_of_a_sum"])
    (tmp_path / "nbgrader_config.py").write_text("# a teacher's own")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    (added,) = write_course(tmp_path, ["he"])
    assert added == tmp_path / "source" / "06_he" / "06_he.ipynb"
    assert {path: path.read_bytes() for path in before} == before


class Course(NamedTuple):
    """A course that nbgrader has graded: its folder, and what `nbgrader validate` says to each student."""

    folder: Path
    said: dict[str, str]

    def submission(self, student):
        path = self.folder / "autograded" / student / PAGE / f"{PAGE}.ipynb"
        return {cell.metadata.nbgrader.grade_id: cell for cell in nbformat.read(path, 4).cells}

    def scores(self, student):
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
            grades = book.find_submission_notebook(PAGE, PAGE, student).grades
            return {grade.name: (grade.auto_score, grade.max_score) for grade in grades}


def nbgrader(folder, *arguments):
    """Run one of nbgrader's commands in a folder, without the settings of the person who tests."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # it calls alembic
    settings = {"JUPYTER_CONFIG_DIR": str(folder / "nobody"), "PYTHONWARNINGS": ""}  # its database has some
    environment = {**os.environ, "PATH": programs, **settings}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


WRONG, RIGHT, UNTOUCHED = EXERCISES[0], EXERCISES[1], EXERCISES[2:]
"""What the second student does: a wrong answer, a right one, and then no more."""
STUDENTS = ("all right", "half done")
VERDICT = re.compile(r"Success! Your notebook passes all the tests|VALIDATION FAILED ON \d+ CELL")
"""What `nbgrader validate` says of a page in the end."""


def handed_in(student, released, source):
    """The released page with a student's answers in it."""
    answers = {name: SOLUTION.search(cell.source)[1] for name, cell in kinds(source, "solution").items()}
    if student == "half done":
        answers = {f"{WRONG}-answer": f"bound = {MISTAKE}", f"{RIGHT}-answer": answers[f"{RIGHT}-answer"]}
    for name, cell in kinds(released, "solution").items():
        cell.source = answers.get(name, cell.source)
    return released


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of one page that two students have handed in; it is validated while it is graded."""
    folder = tmp_path_factory.mktemp("teacher") / "starts"
    write_course(folder, [PAGE])
    nbgrader(folder, "generate_assignment", PAGE)
    released, source = (folder / part / PAGE / f"{PAGE}.ipynb" for part in ("release", "source"))
    paths = [folder / "submitted" / student / PAGE / f"{PAGE}.ipynb" for student in STUDENTS]
    for student, path in zip(STUDENTS, paths, strict=True):
        path.parent.mkdir(parents=True)
        nbformat.write(handed_in(student, nbformat.read(released, 4), nbformat.read(source, 4)), path)
    with ThreadPoolExecutor() as pool:
        graded = pool.submit(nbgrader, folder, "autograde", PAGE)
        said = VERDICT.findall(nbgrader(folder, "validate", *map(str, paths)))
        graded.result()
    return Course(folder, dict(zip(STUDENTS, said, strict=True)))


@pytest.mark.long
def test_nbgrader_validate_says_how_many_exercises_are_not_right(course):
    assert course.said == {
        "all right": "Success! Your notebook passes all the tests",
        "half done": f"VALIDATION FAILED ON {len(EXERCISES) - 1} CELL",
    }


@pytest.mark.long
@pytest.mark.parametrize(("student", "missed"), [("all right", []), ("half done", [WRONG, *UNTOUCHED])], ids=STUDENTS)
def test_nbgrader_autograde_gives_a_point_for_each_exercise_that_is_right(student, missed, course):
    assert course.scores(student) == {f"{name}-test": (float(name not in missed), 1.0) for name in EXERCISES}


@pytest.mark.long
def test_a_student_reads_in_the_graded_page_what_was_wrong_and_what_was_right(course):
    wrong, right = (course.submission("half done")[f"{name}-test"].outputs for name in (WRONG, RIGHT))
    assert [output.ename for output in wrong] == ["NotRight"]
    assert judge(WRONG.replace("-", "."), MISTAKE).sentence in wrong[0].evalue
    assert [output.name for output in right] == ["stdout"]


@pytest.mark.long
def test_the_live_pictures_of_a_graded_page_run_without_a_browser(course):
    views = "application/vnd.jupyter.widget-view+json"
    outputs = [output for cell in course.submission("half done").values() for output in cell.get("outputs", ())]
    assert any(views in output.get("data", {}) for output in outputs)
    assert {output.ename for output in outputs if output.output_type == "error"} == {"NotRight"}


@pytest.mark.long
@pytest.mark.parametrize("part", ["submitted", "autograded"])
@pytest.mark.parametrize("student", STUDENTS)
def test_grading_leaves_no_file_beside_the_page(part, student, course):
    assert [path.name for path in (course.folder / part / student / PAGE).iterdir()] == [f"{PAGE}.ipynb"]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="nbgrader's exchange folder needs the file permissions of Unix")
def test_nbgrader_releases_and_collects_the_page_as_it_is(course, tmp_path):
    exchange, student = tmp_path / "exchange", tmp_path / "student"
    exchange.mkdir(mode=0o777)
    student.mkdir()
    shutil.copy(course.folder / "nbgrader_config.py", student)
    root = f"--Exchange.root={exchange}"
    nbgrader(course.folder, "release_assignment", PAGE, root)
    nbgrader(student, "fetch_assignment", PAGE, root)
    with (student / PAGE / f"{PAGE}.ipynb").open("a", encoding="utf-8") as page:
        page.write(" ")
    nbgrader(student, "submit", PAGE, root)
    nbgrader(course.folder, "collect", PAGE, root)
    collected = [path for path in (course.folder / "submitted").iterdir() if path.name not in STUDENTS]
    assert [(path / PAGE / f"{PAGE}.ipynb").read_bytes()[-1:] for path in collected] == [b" "]
