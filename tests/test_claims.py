"""The table of claims: every row is asserted by a test that names it, and says whose it is and what is so."""

import ast
import re
from pathlib import Path

import pytest
from claims import TABLE, claims, terms

from course.pages import notebooks

HEAD = ("| claim | who says it | verdict | what is so | page |", "| --- | --- | --- | --- | --- |")
VERDICTS = ("right", "half right", "wrong", "not reproduced")
ASSERTED = [
    argument.value
    for path in Path(__file__).parent.rglob("test_*.py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    for decorator in getattr(node, "decorator_list", ())
    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "asserts"
    for argument in decorator.args
]
"""The beginnings of the claims that tests assert."""


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.text[:50])
def test_every_claim_is_asserted_by_a_test(claim):
    assert any(claim.text.startswith(beginning) for beginning in ASSERTED)


@pytest.mark.parametrize("beginning", sorted(set(ASSERTED)))
def test_what_a_test_asserts_is_one_claim(beginning):
    assert sum(claim.text.startswith(beginning) for claim in claims()) == 1


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.text[:50])
def test_every_claim_has_a_verdict_a_page_and_a_source_that_can_be_found(claim):
    """An article with a short name, a paper with its year, or the documentation of a library."""
    assert claim.verdict in VERDICTS
    assert claim.page in notebooks()
    assert re.search(r"\bS\d\b|\b(19|20)\d\d\b|PyTorch|JAX", claim.source), claim.source
    assert set(re.findall(r"\bS\d\b", claim.source)) <= set(terms())


def test_every_line_of_the_tables_is_a_claim_and_every_verdict_is_explained():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    topics = sum(line.startswith("## ") for line in lines)
    assert [lines.count(head) for head in HEAD] == [topics, topics]
    assert sum(line.startswith("|") for line in lines) == len(claims()) + 2 * topics
    assert set(VERDICTS) <= set(terms())


def test_every_page_that_explains_something_has_claims():
    assert set(notebooks()) - {claim.page for claim in claims()} == {"start_here", "lab"}


def test_no_claim_stands_in_the_table_twice():
    assert len({claim.text for claim in claims()}) == len(claims())
