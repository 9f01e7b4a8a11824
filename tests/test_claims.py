"""The table of claims: every row names tests that exist, and the appendix of the course says what the table says."""

import ast
from pathlib import Path

import pytest
from claims import APPENDIX, CLAIMS, VERDICTS, appendix

from course.pages import notebooks

HERE = Path(__file__).parent


def functions_of(file: str) -> set[str]:
    tree = ast.parse((HERE / f"{file}.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:50])
def test_every_claim_is_asserted_by_tests_that_exist(claim):
    assert claim.tests
    for test in claim.tests:
        file, _, function = test.partition("::")
        assert function in functions_of(file)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:50])
def test_every_claim_has_a_verdict_and_a_page(claim):
    assert claim.verdict in VERDICTS
    assert claim.page in notebooks()
    assert all("|" not in field for field in claim[:6])  # it would end a cell of the appendix's table


def test_no_claim_stands_in_the_table_twice():
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)


def test_the_appendix_is_the_table():
    written = APPENDIX.read_text(encoding="utf-8")
    assert written == appendix(), "run `python tests/claims.py`"
