"""The main explorer as one file: its size, its words, and the engine that it carries."""

import importlib.util
import json
import re

import pytest

from course.activations import ACTIVATIONS
from course.explorers import main, signals
from course.handouts import playground
from course.handouts.__main__ import main as command
from course.live import controls


@pytest.fixture(scope="module")
def page() -> str:
    return playground.page()


@pytest.fixture(scope="module")
def given(page) -> dict:
    return json.loads(re.search(r'id="given">(.*?)</script>', page)[1])


def test_it_is_one_file_of_150_kilobytes_at_most(tmp_path):
    written = playground.hand_out(tmp_path / "site")[0]
    assert 50_000 < written.stat().st_size <= 150_000
    assert list(tmp_path.rglob("*.*")) == [written]


def test_it_names_no_place_from_which_anything_could_be_loaded(page):
    assert re.findall(r"https?:|//\w[\w.-]+\.\w+/|\bimport\s*\(|\bfetch\(|XMLHttpRequest|WebSocket|@import", page) == []
    assert set(re.findall(r'(?:src|href)="(.*?)"|url\((.*?)\)', page)) == {("data:,", "")}


def test_the_command_writes_it_and_never_over_somebody_s_work(tmp_path, capsys):
    command(["playground", str(tmp_path)])
    assert "1 file written" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command(["playground", str(tmp_path)])
    assert "exists already" in capsys.readouterr().err


def test_its_controls_are_those_of_the_notebooks_explorer(given):
    widgets = controls.build(main.CONTROLS)
    assert {*given["controls"], *given["left_out"]} == {*widgets}
    for name, control in given["controls"].items():
        widget = widgets[name]
        assert (control["label"], control["value"]) == (widget.description, widget.value)
        if "options" in control:
            assert [tuple(option) for option in control["options"]] == list(widget.options)
        else:
            assert (control["min"], control["max"], control["step"]) == (widget.min, widget.max, widget.step)


def test_its_sentences_are_those_of_the_notebooks_explorer(given):
    for words in main.LAYER:
        assert words in given["words"].values()
    assert {main.NO_WAY_BACK, signals.THEORY} < {*given["words"].values()}
    assert tuple(given["verdicts"]) == signals.VERDICTS
    assert given["panels"] == [panel.title for panel in main.PICTURE.panels]


def test_its_program_has_no_words_about_networks_of_its_own():
    script = playground.HERE.joinpath("page.js").read_text(encoding="utf-8")
    code = re.sub(r"^\s*//.*|// .*", "", script, flags=re.MULTILINE)
    assert re.findall(r"exploding\"|vanishing\"|carries|receives|Glorot|Kaiming|Forward:|Backward:", code) == []


def test_engine_and_page_know_every_activation():
    engine, script = (playground.HERE.joinpath(name).read_text(encoding="utf-8") for name in ("engine.c", "page.js"))
    assert re.findall(r"EACH\((\d+), (\w+)\)", engine) == [(str(row), name) for row, name in enumerate(ACTIVATIONS)]
    table = re.search(r"const PHI = \{(.*?)\n\};", script, re.DOTALL)[1]
    assert re.findall(r"^  (\w+):", table, re.MULTILINE) == list(ACTIVATIONS)


@pytest.mark.long
def test_the_engine_is_what_its_source_compiles_to(tmp_path):
    if not importlib.util.find_spec("ziglang"):
        pytest.skip("ziglang is not installed; `uv sync --group engine` installs it")
    compiled = playground.compile_engine(tmp_path / "engine.wasm")
    assert compiled.read_bytes() == playground.HERE.joinpath("engine.wasm").read_bytes()
