"""Who may import whom: theory and measurement are independent and meet only where they are compared.

The contracts stand in pyproject.toml, under `tool.importlinter`; `lint-imports` checks them too.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent / "course"
NEVER = {
    ".": r"(from|import) .*\bpyplot\b|\bmatplotlib\.pyplot\b|\bpylab\b|\bfetch_\w+",
    "data": r"\burllib\b",
    "networks": r"\bjax\.jit\b|jax import .*\bjit\b",
    "theory": r"\b(np|numpy)\.random\b|numpy import .*\brandom\b",
}
"""Names that a folder's files never use, where only a part of a module is forbidden."""


def test_every_module_of_the_course_keeps_the_contracts():
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    run = subprocess.run(lint, cwd=COURSE.parent, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("folder", NEVER)
def test_a_folder_never_uses_what_is_forbidden_there(folder):
    lines = [(path, line) for path in (COURSE / folder).rglob("*.py") for line in path.read_text("utf-8").splitlines()]
    assert lines
    assert [f"{path}: {line}" for path, line in lines if re.search(NEVER[folder], line)] == []


def test_the_course_has_no_drawer_for_odds_and_ends():
    assert [path.name for path in COURSE.rglob("*.py") if path.stem in {"utils", "helpers", "common", "misc"}] == []


def test_the_package_explains_where_everything_is():
    text = ast.get_docstring(ast.parse((COURSE / "__init__.py").read_text(encoding="utf-8")))
    named = set(re.findall(r"^- `(\w+)`", text, re.MULTILINE))
    files = [path.relative_to(COURSE).parts[0].removesuffix(".py") for path in COURSE.rglob("*.py")]
    assert named == {*files} - {"__init__"}
