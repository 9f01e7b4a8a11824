"""The papers' comparisons as a command: tiny, interrupted, gone on with, the same in the end."""

import subprocess
import sys

import numpy as np
import pytest

from course.training import papers
from course.training.papers import COMPARISONS, FRESH, Progress, main, tiny
from course.training.runs import Training

NAME = "glorot_tanh"


class Interruption(Exception):
    """Somebody pulls the plug."""


def contents(path) -> dict[str, np.ndarray]:
    with np.load(path) as kept:
        return {name: kept[name] for name in kept}


def test_the_first_papers_networks_have_the_size_that_it_gives():
    for name in ("glorot_sigmoid", "glorot_tanh"):
        comparison = COMPARISONS[name]
        assert (comparison.setup.width, comparison.setup.batch, comparison.steps) == (1000, 10, 100_000)
        assert len(comparison.rates) >= 4
    assert FRESH == 10_000


@pytest.mark.long
@pytest.mark.parametrize(("kept_every", "lost"), [(0.0, False), (60.0, False), (0.0, True)])
def test_a_run_that_is_interrupted_goes_on_and_ends_with_the_same_records(tmp_path, monkeypatch, kept_every, lost):
    """From the last record, from the one at which the state was kept, or from the beginning if that is lost."""
    monkeypatch.setattr(papers, "KEPT_EVERY", kept_every)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    main([str(whole), "--tiny", "--only", NAME])
    advance, calls = Training.advance, []

    def interrupted(training, seconds):
        calls.append(training.done)
        if training.done >= 2:
            raise Interruption
        advance(training, seconds)

    monkeypatch.setattr(Training, "advance", interrupted)
    with pytest.raises(Interruption):
        main([str(parts), "--tiny", "--only", NAME])
    assert 0 < len(contents(parts / f"{NAME}.npz")["steps"]) < 4
    if lost:
        (parts / f"{NAME}.state.npz").unlink()
    monkeypatch.setattr(Training, "advance", advance)
    main([str(parts), "--tiny", "--only", NAME])
    expected, found = contents(whole / f"{NAME}.npz"), contents(parts / f"{NAME}.npz")
    assert expected["steps"].tolist() == [0, 2, 4, 6]
    assert expected["losses"].shape == expected["fresh_errors"].shape == (4, 4)
    assert set(found) == set(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, err_msg=key)
    assert [path.name for path in parts.iterdir()] == [f"{NAME}.npz"]
    calls.clear()
    monkeypatch.setattr(Training, "advance", interrupted)
    main([str(parts), "--tiny", "--only", NAME])
    assert calls == []


def test_a_file_of_other_runs_is_refused_by_name(tmp_path):
    path = tmp_path / "glorot_tanh.npz"
    Progress(tiny(COMPARISONS[NAME]), path, 10).run()
    with pytest.raises(ValueError, match="glorot_tanh"):
        Progress(tiny(COMPARISONS["he_22"]), path, 10)


def test_the_command_needs_neither_widgets_nor_pictures():
    code = "import sys, course.training.papers; print({'ipywidgets', 'matplotlib', 'IPython'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
