"""Google Colab: the wheel in an environment that has JAX and no JupyterLab, and a page that runs there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
(INSTALL,) = re.findall(r"^```python\n(try:\n    import course\n.*?)^```", README, re.M | re.S)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WITHOUT = ("jupyterlab", "nbval")


def test_every_page_has_a_link_of_the_documented_form():
    (form,) = re.findall(r"^https://colab.research.google.com/github/OWNER/REPOSITORY/blob/HEAD/(\S+)$", README, re.M)
    assert (ROOT / form).is_file()


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """The Python of an environment with the wheel, and with all that it needs but JupyterLab and the tests' nbval."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or sys.platform == "win32":
        pytest.skip("uv, which builds the wheel and the environment, is not on this machine")
    folder = tmp_path_factory.mktemp("colab")
    python = folder / "env" / "bin" / "python"
    needed = [line for line in PROJECT["dependencies"] if not line.startswith(WITHOUT)]
    for command in (
        ["build", "--wheel", "--out-dir", folder, ROOT],
        ["venv", "--python", sys.executable, folder / "env"],
        ["pip", "install", "--python", python, "ipykernel", *needed],
        ["pip", "install", "--python", python, "--no-deps", folder / f"course-{PROJECT['version']}-py3-none-any.whl"],
    ):
        subprocess.run([uv, *command], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": ""})
    return python


@pytest.mark.long
def test_page_xavier_runs_behind_the_install_cell_where_there_is_no_jupyterlab(python, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert subprocess.run([python, "-c", "import jupyterlab"], capture_output=True).returncode != 0
    page = nbformat.read(ROOT / "notebooks" / "05_xavier.ipynb", as_version=4)
    where = "import course; assert 'site-packages' in course.__file__, course.__file__"
    page.cells = [nbformat.v4.new_code_cell(text) for text in (INSTALL, where)] + page.cells
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = tmp_path / "kernels" / "colab" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": command, "display_name": "Colab", "language": "python"}), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    resources = {"metadata": {"path": str(tmp_path)}}
    done = NotebookClient(page, kernel_name="colab", timeout=300, resources=resources).execute()
    shown = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert [output for output in shown if output.output_type == "error"] == []
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in shown)
