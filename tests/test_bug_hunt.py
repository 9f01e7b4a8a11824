"""The bug hunt: the right line repairs its patient and no other line does; nothing is given away before it is asked."""

import random

import pytest
from random_states import mostly_long

from course import explorers
from course.diagnosis.findings import FINDINGS
from course.mistakes import MISTAKES


@pytest.fixture(scope="module")
def hunt():
    return explorers.bug_hunt()


@pytest.mark.parametrize("patient", mostly_long(MISTAKES, tuple(MISTAKES)[:6]))
def test_the_line_that_was_wrong_repairs_its_patient(patient, hunt):
    hunt.state = {"patient": patient, "mended": patient, "diagnosis": "shown", "seed": 7}
    assert "none of them is marked" in hunt.sentence
    assert f"That was it: {MISTAKES[patient].written}" in hunt.sentence
    assert "Healthy" in hunt.sentence


@pytest.mark.parametrize("patient", mostly_long(MISTAKES, tuple(MISTAKES)[:3]))
def test_no_other_line_changes_anything(patient, hunt):
    others = [other for other in MISTAKES if other != patient]
    hunt.state = {"patient": patient, "mended": "nothing", "diagnosis": "hidden", "seed": 0}
    before = hunt.image
    for other in random.Random(patient).sample(others, 3):
        hunt.state = {"mended": other}
        assert hunt.image == before
        assert "Nothing has changed" in hunt.sentence


@pytest.mark.parametrize("patient", mostly_long(MISTAKES, tuple(MISTAKES)[:3]))
def test_the_sentence_quotes_the_complaint_and_hides_the_finding_until_it_is_asked_for(patient, hunt):
    hunt.state = {"patient": patient, "mended": "nothing", "diagnosis": "hidden"}
    assert MISTAKES[patient].complaint in hunt.sentence
    assert not any(finding.name in hunt.sentence for finding in FINDINGS)
    hunt.state = {"diagnosis": "shown"}
    assert any(finding.name in hunt.sentence.lower() for finding in FINDINGS)


@pytest.mark.long
def test_every_seed_of_a_patient_is_marked(hunt):
    for seed in (1, 50, 99):
        for patient in MISTAKES:
            hunt.state = {"patient": patient, "mended": "nothing", "seed": seed}
            assert "marked, the first is layer" in hunt.sentence
