"""A cell that is run again closes what it made before, with every part of it, and nothing that others have made."""

import gc
import weakref
from types import SimpleNamespace

import pytest
from ipywidgets.widgets.widget import _instances as open_widgets
from random_states import NAMES, ONE, mostly_long, opened

from course import cells, exercises, explorers
from course.live.predict import predict


@pytest.fixture
def run_cell(monkeypatch):
    """A function that runs code as a cell of a name, in a kernel."""
    shell, runs = SimpleNamespace(kernel=object(), request={}), iter(range(100))
    shell.get_parent = lambda: shell.request
    monkeypatch.setattr(cells, "get_ipython", lambda: shell)
    monkeypatch.setattr(cells, "_runs", {})

    def run(cell, code):
        shell.request = {"metadata": {"cellId": cell} if cell else {}, "header": {"msg_id": str(next(runs))}}
        return code()

    return run


def is_open(widget) -> bool:
    return widget.comm is not None


def test_a_cell_that_is_run_again_closes_what_it_made_and_nothing_else(run_cell):
    def two():
        return opened("sigmoid_chain"), opened("sigmoid_slope")

    other, nowhere = run_cell("other", lambda: opened("sigmoid_chain")), run_cell(None, lambda: opened("sigmoid_chain"))
    before = run_cell("cell", two)
    assert all(map(is_open, before))
    after = run_cell("cell", two)
    assert not any(map(is_open, before))
    assert all(map(is_open, (*after, other, nowhere)))


def test_a_kernel_does_not_grow_when_a_cell_is_run_again_and_again(run_cell):
    def cell():
        stage = explorers.stage("sigmoid_saturation")
        stage.step(1)
        predict("Which?", ["this", "that"], lambda: opened("sigmoid_chain")).choose("this")
        exercises.check("sigmoid_saturation.1", None)
        exercises.progress("sigmoid_saturation")

    run_cell("cell", cell)
    counted = len(open_widgets)
    for _ in range(3):
        run_cell("cell", cell)
        assert len(open_widgets) == counted


@pytest.mark.parametrize("name", mostly_long(NAMES, ONE))
def test_a_closed_explorer_leaves_no_widget_and_is_held_by_nobody(name):
    before = set(open_widgets)
    explorer = opened(name)
    held = weakref.ref(explorer)
    explorer.close()
    assert set(open_widgets) == before
    del explorer
    gc.collect()
    assert held() is None


def test_a_closed_stage_closes_the_explorers_that_are_off_it_too():
    before = set(open_widgets)
    stage = explorers.stage("sigmoid_saturation")
    shown = {stage.explorer}
    for _ in stage.scenes:
        stage.step(1)
        shown.add(stage.explorer)
    assert len(shown) > 1
    stage.close()
    assert set(open_widgets) == before


def test_a_closed_explorer_ends_its_run():
    explorer = opened("learning_time")
    explorer.run()
    explorer.close()
    if explorer._thread is not None:
        explorer._thread.join(60)
    assert not explorer.running
    assert not explorer.job.finished
