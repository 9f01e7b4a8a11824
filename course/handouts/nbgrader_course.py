"""The pages as a course for nbgrader, which releases them, collects what students did, and grades the exercises.

One page is one assignment: a teacher releases it, and sets its date, when the lesson comes. The cell of an exercise
that students edit holds the solution, between marks of nbgrader's, after what the page gives them; the cell that
checks it is worth a point if the answer is right. All other cells are read-only.
"""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from course.handouts import pages

POINTS = 1
"""What an exercise is worth; a teacher may change it for each one, in the source's "Create Assignment" panel."""
CHECK = re.compile(r'exercises\.check\(("(\w+\.\d+)".*)\)')
SOLUTION = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
SETTINGS = """\
\"\"\"nbgrader's settings for the course; `nbgrader generate_config` lists all there are.\"\"\"

c = get_config()  # noqa: F821, a name that nbgrader gives

# The name under which students fetch the assignments.
c.CourseDirectory.course_id = {course!r}
# Where a solution is cut out, what the page gives the student stays as it is: nothing is put in its place.
c.ClearSolutions.code_stub = {{"python": ""}}
# Seconds that a cell may take: a page's longest computation, on a slow machine.
c.Execute.timeout = 300
"""


class Exercise(NamedTuple):
    """The cells of one exercise: what the student edits, the check, and the text with the solution."""

    stub: NotebookNode
    check: NotebookNode
    solution: NotebookNode


def exercises(page: NotebookNode) -> Iterator[Exercise]:
    """Return the exercises of a page in order; `ValueError` if a stub, a check or a solution has no others."""
    kinds = ("stub", "check", "solution")
    tagged = [(kind, cell) for cell in page.cells for kind in kinds if kind in pages.tags(cell)]
    order = [kind for kind, _ in tagged]
    if order != [*kinds] * (len(order) // len(kinds)):
        raise ValueError(f"the cells of exercises must be tagged {', '.join(kinds)} in turn, not {', '.join(order)}")
    cells = iter(cell for _, cell in tagged)
    yield from map(Exercise, cells, cells, cells)


def solved(exercise: Exercise) -> str:
    """Return the student's cell with the solution in it, between the marks that nbgrader's ClearSolutions looks for."""
    block = SOLUTION.search(exercise.solution.source)
    if block is None:
        raise ValueError(f"a solution must hold a block of Python, and here is none: {exercise.solution.source[:200]}")
    return f"{exercise.stub.source}\n### BEGIN SOLUTION\n{block[1]}\n### END SOLUTION"


def tested(exercise: Exercise) -> tuple[str, str]:
    """Return the exercise's name, "xavier.1", and its check as a test that fails unless the answer is right."""
    check = CHECK.fullmatch(exercise.check.source.strip())
    if check is None:
        raise ValueError(
            f'a check must be one line, exercises.check("xavier.1", answer), not {exercise.check.source!r}'
        )
    # Printed, for nbgrader would read the value of a test's last line as a number of points.
    return check[2], f"print(exercises.grade({check[1]}))"


def metadata(cell: NotebookNode, grade_id: str, **kind: Any) -> NotebookNode:
    """Return nbgrader's metadata (schema 3) of a cell, which is read-only unless `kind` says otherwise."""
    read_only = {"grade": False, "solution": False, "locked": True, "task": False}
    return NotebookNode(schema_version=3, grade_id=grade_id, cell_type=cell.cell_type, **{**read_only, **kind})


def assignment(page: NotebookNode) -> NotebookNode:
    """Return a page as the source of an assignment: solutions in the students' cells, tests, all else read-only."""
    source = deepcopy(page)
    for exercise in exercises(source):
        name, test = tested(exercise)
        stub, check, grade_id = exercise.stub, exercise.check, name.replace(".", "-")
        stub.source, check.source = solved(exercise), test
        stub.metadata.nbgrader = metadata(stub, f"{grade_id}-answer", solution=True, locked=False)
        check.metadata.nbgrader = metadata(check, f"{grade_id}-test", grade=True, points=POINTS)
    source = pages.without(source, "solution", pages.BOARD)
    for cell in source.cells:
        cell.metadata.setdefault("nbgrader", metadata(cell, cell.id))
    return source


def write_course(folder: Path, wanted: Sequence[str] = (), *, force: bool = False) -> list[Path]:
    """Write the folder of an nbgrader course: its settings, and an assignment for each page, or for those `wanted`.

    nbgrader's own `generate_assignment`, `release_assignment`, `collect` and `autograde` do the rest, there. Settings
    that are there already are kept; for any other file that is, `FileExistsError` unless `force`.
    """
    names, settings = pages.names(wanted), folder / "nbgrader_config.py"
    files = {} if settings.is_file() else {settings: SETTINGS.format(course=folder.resolve().name)}
    for name in names:
        files |= {folder / "source" / name / file: text for file, text in _assignment_files(name, names).items()}
    return pages.write(files, force=force)


def _assignment_files(name: str, names: Sequence[str]) -> dict[str, str]:
    """Return what stands in an assignment's folder; its links lead to the folders of the other assignments."""
    texts = pages.texts([name])

    def place(file: str) -> str | None:
        page = file.removesuffix(".ipynb")
        return f"../{page}/{file}" if page in names else file if file in texts else None

    source = pages.relinked_page(assignment(pages.read(name)), place)
    return {f"{name}.ipynb": nbformat.writes(source) + "\n"} | {
        file: pages.relinked(text, place) for file, text in texts.items()
    }
