"""Networks as people have them: the sound ones are called healthy, the faults are named, and nothing is passed over."""

import importlib

import pytest
from random_states import mostly_long

from course.diagnosis import diagnose

PARTS, FIRST = 12, (0, 4, 8)


@pytest.fixture(scope="module")
def zoo():
    """The networks; PyTorch is imported for these tests alone, and not where all tests are listed."""
    pytest.importorskip("torch")
    return importlib.import_module("torch_zoo")


@pytest.mark.parametrize("part", mostly_long(range(PARTS), FIRST))
def test_the_networks_of_the_zoo_get_the_right_answers(zoo, part):
    wrong = {}
    for name in list(zoo.ZOO)[part::PARTS]:
        diagnosis, findings = diagnose(*zoo.build(name)), zoo.ZOO[name].findings
        first = diagnosis.primary.finding if diagnosis.primary else None
        if (first not in findings if findings else not diagnosis.healthy) or diagnosis.unread:
            wrong[name] = str(diagnosis)
    assert wrong == {}
