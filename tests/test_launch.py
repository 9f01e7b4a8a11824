"""The ways in: the README's commands, pip, conda, Binder, and the files that each of them relies on."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import get_settings

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES = PROJECT["project"]["dependencies"]
TOP_LEVEL = {
    ".ci",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "binder",
    "course",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
    "tests",
}
# Put together here, so that this file does not name what it forbids.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/" + r"(root|work|home|Users)\b|\b[A-Z]:\\\\?Users")
REGISTRY_HOST = re.compile(
    r"\b("
    + "|".join(
        name + r"\." + domain
        for name, domain in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("anaconda", "(org|com)"),
            ("npmjs", "(org|com)"),
            ("debian", "org"),
        ]
    )
    + r")\b"
)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def repository_files() -> list[str]:
    """Every file that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


needs_git = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="an unpacked archive does not say which files belong to it"
)


def pip_list(environment: str) -> list[str]:
    """What an environment file hands to pip."""
    return yaml.safe_load(read(environment))["dependencies"][-1]["pip"]


def commands(markdown: str) -> list[str]:
    """The lines of all fenced code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", markdown, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_binder_installs_exactly_the_dependencies_of_the_project():
    assert pip_list("binder/environment.yml") == DEPENDENCIES


def test_conda_installs_the_project_itself_so_its_list_cannot_differ():
    assert pip_list("environment.yml") == ["-e ."]


def test_binder_and_conda_differ_in_nothing_but_what_pip_installs():
    top, binder = (yaml.safe_load(read(f"{folder}environment.yml")) for folder in ("", "binder/"))
    top["dependencies"].pop()
    binder["dependencies"].pop()
    assert top == binder
    assert "pip" in top["dependencies"]


def test_every_dependency_has_a_lower_and_an_upper_bound():
    assert [line for line in DEPENDENCIES if not re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line)] == []


def test_the_day_that_fixes_the_versions_is_set_and_past():
    day = datetime.fromisoformat(PROJECT["tool"]["uv"]["exclude-newer"])
    assert day < datetime.now(UTC)
    assert f"--uploaded-prior-to {PROJECT['tool']['uv']['exclude-newer']}" in read("README.md")


def test_the_readme_opens_the_first_page_with_one_command_and_tests_with_another():
    page = "notebooks/00_start_here.ipynb"
    lines = commands(read("README.md"))
    assert f"python3 -m pip install uv && python3 -m uv run jupyter lab {page}" in lines
    assert "python3 -m pip install uv && python3 -m uv run --group teach pytest" in lines
    assert f"py -m uv run jupyter lab {page}" in lines
    assert (ROOT / page).is_file()


def test_the_checks_run_the_test_command_of_the_readme():
    command = next(line for line in commands(read("README.md")) if line.endswith("uv run --group teach pytest"))
    steps = [line for line in read(".ci/run").splitlines() if line.startswith("python3")]
    style = ["python3 -m uv run ruff check", "python3 -m uv run ruff format --check"]
    assert [step for step in steps if step not in style] == command.split(" && ")
    assert set(style) < set(steps)


def test_the_workflow_runs_the_same_commands_on_three_systems_on_push_and_monthly():
    workflow = yaml.load(read(".github/workflows/tests.yml"), Loader=yaml.BaseLoader)
    job = workflow["jobs"]["uv"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    windows = [line.strip("`") for line in re.findall(r"`py [^`]*`", read("README.md"))]
    assert runs == ["bash .ci/run", *windows]
    assert set(workflow["on"]) == {"push", "pull_request", "schedule"}
    assert workflow["on"]["schedule"][0]["cron"].split()[2:] == ["1", "*", "*"]
    assert len(job["strategy"]["matrix"]["os"]) == 3


def test_every_file_that_the_readme_points_to_exists():
    text = read("README.md")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    paths = re.findall(r"(?<=python )\S+\.py\b", text) + re.findall(r"^\| `([^|]+)` \|", text, re.MULTILINE)
    names = links + [name for path in paths for name in path.replace("`", "").split(", ")]
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_course_and_its_jupyterlab_setting_are_installed():
    installed = Path(sys.prefix, "share/jupyter/lab/settings/overrides.d/course.json")
    assert json.loads(installed.read_text()) == json.loads(read("course/jupyterlab_overrides.json"))
    assert metadata.version("course") == PROJECT["project"]["version"]


def test_jupyterlab_itself_reads_the_setting_that_keeps_sliders_off_other_threads(tmp_path):
    app = Path(get_app_dir())
    settings, warnings = get_settings(
        str(app / "settings"),
        str(app / "schemas"),
        str(tmp_path),
        schema_name="@jupyterlab/apputils-extension:kernels-settings",
    )
    assert not any(warnings)
    assert settings["schema"]["properties"]["commsOverSubshells"]["default"] == "disabled"


def test_the_citation_names_the_version_and_the_licence_of_the_project():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert (citation["version"], citation["license"]) == (PROJECT["project"]["version"], PROJECT["project"]["license"])
    assert citation["title"] in PROJECT["project"]["description"]


@needs_git
def test_the_top_level_holds_only_what_a_newcomer_expects():
    assert {name.split("/")[0] for name in repository_files()} == TOP_LEVEL


@needs_git
@pytest.mark.parametrize("forbidden", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_file_names_a_machine_or_a_registry(forbidden):
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in repository_files()}
    assert {name: found[0] for name, text in texts.items() if (found := forbidden.search(text))} == {}


@pytest.mark.parametrize(
    "text",
    ["open('" + "/ho" + "me/ann/x')", "see " + "/wo" + "rk/x", "C:" + "\\Users\\ann"],
)
def test_a_machine_path_would_be_found(text):
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("host", ["https://py" + "pi.org/x", "files.python" + "hosted.org"])
def test_a_registry_host_would_be_found(host):
    assert REGISTRY_HOST.search(host)


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker runs on Linux and macOS only")
def test_binder_builds_from_its_own_environment_file_and_runs_its_post_build(tmp_path):
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    rendered = subprocess.run(
        [
            *(sys.executable, "-m", "repo2docker", "--no-build", "--no-run", "--debug"),
            *("--user-id", "1000", "--user-name", "jovyan", "."),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    steps = rendered.stdout
    install = steps.index("env update -p ${NB_PYTHON_PREFIX} --file")
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in steps
    assert "py-2d3-2e12" in steps, "the Python that binder/environment.yml asks for"
    # The list is installed before the repository is copied: that is what keeps the layer.
    copy = steps.index("COPY --chown=1000:1000 src/ ${REPO_DIR}/")
    assert install < copy < steps.index("RUN ./binder/postBuild")


def test_post_build_adds_the_course_and_no_dependency():
    lines = read("binder/postBuild").splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "python -m pip install --no-deps ." in lines
    assert sum("pip install" in line for line in lines) == 1


def test_the_recipes_name_at_most_two_files_each_and_all_are_there():
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+) \|", read("CONTRIBUTING.md"), re.MULTILINE)
    files = [re.findall(r"`([^`]+)`", row) for row in rows]
    assert len(files) == 13
    assert all(len(names) <= 2 for names in files)
    assert [name for names in files for name in names if "<" not in name and not (ROOT / name).exists()] == []
