"""The table of claims: every row names tests that exist, and the appendix of the course says what the table says."""

import ast
import re
from pathlib import Path

import pytest
from claims import APPENDIX, ARTICLES, CLAIMS, VERDICTS, appendix

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


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:50])
def test_every_source_can_be_found(claim):
    """An article with a short name, a paper with its year, or the documentation of a library."""
    assert re.search(r"\bS\d\b|\b(19|20)\d\d\b|PyTorch|JAX", claim.source), claim.source
    assert set(re.findall(r"\bS\d\b", claim.source)) <= set(ARTICLES)


def test_every_page_that_explains_something_has_claims():
    assert set(notebooks()) - {claim.page for claim in CLAIMS} == {"start_here", "lab"}


def test_no_claim_stands_in_the_table_twice():
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)


def test_the_appendix_is_the_table():
    written = APPENDIX.read_text(encoding="utf-8")
    assert written == appendix(), "run `python tests/claims.py`"
