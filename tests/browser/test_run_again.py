"""A cell that is run again in a real page: the new picture answers, and the kernel holds no more than before."""

import pytest
from explorer import explorers
from lab import Lab, Tab
from playwright.sync_api import Browser

pytestmark = pytest.mark.long
CELLS = ["from course import explorers\nexplorers.sigmoid_chain()", "explorers.sigmoid_slope()"]
WIDGETS = "len(__import__('ipywidgets').widgets.widget._instances)"


def test_a_cell_that_is_run_again_leaves_no_widget_of_its_first_run(lab: Lab, browser: Browser):
    tab = Tab(lab, browser, lab.write("again.ipynb", CELLS))
    tab.run_all()
    before = tab.ask(WIDGETS)
    tab.run_cell(0)
    tab.page.wait_for_function("window.course.running === null")
    assert tab.ask(WIDGETS) == before
    for view in explorers(tab):
        view.controls()[0].press("ArrowRight")
        tab.settle()
        assert view.faults() == []
    assert tab.faults() == []
    tab.close()
