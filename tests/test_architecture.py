"""Which module of the course may know which: theory and measurement are independent and meet only in explorers."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

COURSE = Path(__file__).parent.parent / "course"


class Rule(NamedTuple):
    """What a module may import of the course, and which names from outside it never touches."""

    course: frozenset[str]
    never: tuple[str, ...] = ()


def rule(course: str = "", never: str = "") -> Rule:
    return Rule(frozenset(course.split()), tuple(never.split()))


DRAWING = "matplotlib ipywidgets IPython"
DOWNLOADS = "urllib http requests sklearn.datasets.fetch_*"
RULES = {
    "activations": rule(never=DRAWING),
    "theory": rule("activations", never=f"jax jaxlib random numpy.random {DRAWING}"),
    "blas": rule(never=DRAWING),
    "initializers": rule("blas", never=DRAWING),
    "networks": rule("activations", never=f"jax.jit {DRAWING}"),
    # `measure` runs on the digits unless told otherwise, so probes knows where they come from.
    "probes": rule("initializers networks activations data blas", never=DRAWING),
    "data": rule(never=f"{DOWNLOADS} {DRAWING}"),
    "training": rule("initializers networks activations data", never=DRAWING),
    "mistakes": rule("initializers data", never=f"jax {DRAWING}"),
    "tuning": rule(never=f"jax jaxlib {DRAWING}"),
    "figures": rule("live", never="jax jaxlib ipywidgets IPython"),
    "live": rule("cells", never="jax jaxlib"),
    # Everything of a page that is not its notebook.
    "pages": rule(
        "activations theory initializers networks probes data training tuning mistakes exercises diagnosis live "
        "figures explorers",
        never="matplotlib",
    ),
    "compilation_cache": rule(never=DRAWING),
    "cells": rule(never="jax matplotlib"),
    "explorers": rule(
        "activations theory initializers networks probes data training tuning mistakes diagnosis figures pages live "
        "compilation_cache",
        never="matplotlib",
    ),
    "exercises": rule("cells pages live", never="matplotlib"),  # of live its words alone
    # Copies, prints and lists of the pages: the pages themselves import the rest.
    "handouts": rule("explorers exercises pages", never="matplotlib"),
    # A list of weights is read by running it, and a table of fans is the initializers'.
    "diagnosis": rule(
        "theory initializers activations networks probes figures live", never="torch tensorflow keras flax equinox"
    ),
}
NEVER_ANYWHERE = ("matplotlib.pyplot", "pylab", "matplotlib.pylab")


class Use(NamedTuple):
    """A dotted name that a file imports or reaches through an import, and the line where it does so."""

    name: str
    line: int


def module_of(path: Path, course: Path) -> str:
    """The module of the course that a file belongs to: a folder's files belong to the folder."""
    return path.relative_to(course).parts[0].removesuffix(".py")


def package_of(path: Path, course: Path, level: int) -> str:
    """What `level` leading dots mean in this file, as a dotted name."""
    parts = ("course", *path.relative_to(course).parent.parts)
    return ".".join(parts[: len(parts) - level + 1])


class Import(NamedTuple):
    """One imported name: how the file calls it, what that stands for, and what was imported."""

    local: str
    bound: str
    name: str


def imported(node: ast.AST, path: Path, course: Path) -> Iterator[Import]:
    """The names of one import statement; `import a.b` binds `a`, and `import a.b as c` binds `a.b`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.split(".")[0]
            yield Import(alias.asname or top, alias.name if alias.asname else top, alias.name)
    elif isinstance(node, ast.ImportFrom):
        base = package_of(path, course, node.level) if node.level else ""
        origin = ".".join(part for part in (base, node.module) if part)
        for alias in node.names:
            name = f"{origin}.{alias.name}"
            yield Import(alias.asname or alias.name, name, name)


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` as text, if the expression is a chain of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (head := dotted(node.value)):
        return f"{head}.{node.attr}"
    return None


def uses(path: Path, course: Path) -> list[Use]:
    """Every import of a file, inside functions too, and every attribute reached through one (`np.random.normal`)."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    imports = [(item, node.lineno) for node in nodes for item in imported(node, path, course)]
    stands_for = {item.local: item.bound for item, _ in imports}
    found = [Use(item.name, line) for item, line in imports]
    for node in nodes:
        if isinstance(node, ast.Attribute) and (name := dotted(node)):
            head, _, rest = name.partition(".")
            if head in stands_for:
                found.append(Use(f"{stands_for[head]}.{rest}", node.lineno))
    return found


def is_under(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def faults(course: Path) -> list[str]:
    """Everything under the folder that the table does not allow, one line each."""
    found = []
    for path in sorted(course.rglob("*.py")):
        module = module_of(path, course)
        if module not in RULES and path != course / "__init__.py":
            found.append(f"{module} is not in the table")
            continue
        allowed, never = RULES.get(module, rule())
        for name, line in uses(path, course):
            if is_under(name, "course") and not any(is_under(name, f"course.{m}") for m in (module, *allowed)):
                found.append(f"{path.relative_to(course)}:{line} {module} imports {name}")
            if any(is_under(name, pattern) for pattern in (*never, *NEVER_ANYWHERE)):
                found.append(f"{path.relative_to(course)}:{line} {module} must not know {name}")
    return found


def test_every_module_of_the_course_imports_only_what_the_table_allows():
    assert faults(COURSE) == []


def test_the_course_has_no_drawer_for_odds_and_ends():
    assert [path.name for path in COURSE.rglob("*.py") if path.stem in {"utils", "helpers", "common", "misc"}] == []


def test_the_table_lets_theory_and_measurement_meet_only_where_they_are_compared():
    both = {name for name, (course, _) in RULES.items() if {"theory", "probes"} <= course}
    assert both == {"explorers", "diagnosis", "pages"}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("theory.py", "from course import probes"),
        ("theory.py", "from course.probes import measure"),
        ("theory.py", "import course.probes"),
        ("theory.py", "from . import probes"),
        ("theory.py", "from .probes import measure"),
        ("theory.py", "def f():\n    from course import probes"),
        ("theory.py", "import jax.numpy as jnp"),
        ("theory.py", "from jax import numpy"),
        ("theory.py", "import numpy as np\nx = np.random.normal()"),
        ("networks.py", "import jax\n@jax.jit\ndef f(): ..."),
        ("figures.py", "import jax"),
        ("figures/strip.py", "from ..probes import measure"),
        ("figures/strip.py", "from course.theory import gain"),
        ("probes.py", "from matplotlib.figure import Figure"),
        ("explorers/chain.py", "from matplotlib import pyplot as plt"),
        ("explorers/chain.py", "import matplotlib.pyplot"),
        ("explorers/chain.py", "from ..exercises import check"),
        ("data.py", "from sklearn.datasets import fetch_openml"),
        ("data.py", "import sklearn.datasets\nsklearn.datasets.fetch_openml()"),
        ("__init__.py", "from course import theory"),
        ("utils.py", "x = 1"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, file, line):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    assert len(faults(tmp_path)) >= 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("theory.py", "import numpy as np\nfrom course.activations import ACTIVATIONS\nx = np.sqrt(2)"),
        ("probes.py", "import jax\nfrom course import initializers, networks\nf = jax.jit(networks.forward)"),
        ("figures/strip.py", "from matplotlib.figure import Figure\nfrom .axes import lines\nfrom . import axes"),
        ("explorers/chain.py", "from .base import Explorer\nfrom .. import figures, probes, theory"),
        ("explorers/chain.py", "from course.live.explorer import Explorer"),
        ("data.py", "from sklearn.datasets import load_digits"),
        ("__init__.py", '"""The map."""'),
    ],
)
def test_an_allowed_import_is_not_found(tmp_path, file, line):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    assert faults(tmp_path) == []


def test_the_package_explains_where_everything_is():
    text = ast.get_docstring(ast.parse((COURSE / "__init__.py").read_text(encoding="utf-8")))
    named = set(re.findall(r"^- `(\w+)`", text, re.MULTILINE))
    assert named == {module_of(path, COURSE) for path in COURSE.rglob("*.py")} - {"__init__"}
