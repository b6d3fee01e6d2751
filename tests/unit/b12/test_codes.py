"""What codes mean: every code of a concept counts, and words only where there is none."""

from __future__ import annotations

import pytest

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Code, Concept
from cds_service.knowledge import Knowledge

LOCAL = Code("urn:local", "1", "Pregnant")
PREGNANT = Code("http://snomed.info/sct", "77386006")
NEUROPATHY = Code("http://snomed.info/sct", "386033004")
INJECTION = Code("http://www.nlm.nih.gov/research/umls/rxnorm", "309594")


@pytest.fixture
def codes(knowledge: Knowledge) -> CodeSets:
    return knowledge.codes


IDEAS = [
    (Concept((PREGNANT,)), {"pregnancy"}),
    (Concept((LOCAL, PREGNANT)), {"pregnancy"}),
    (Concept((NEUROPATHY, PREGNANT)), {"neurological-signs", "pregnancy"}),
    (Concept((LOCAL,), "Pregnant"), set()),
    (Concept((), "Pregnant"), {"pregnancy"}),
    (Concept(), set()),
]


@pytest.mark.parametrize(("concept", "ideas"), IDEAS)
def test_every_code_counts_and_words_without_one(codes: CodeSets, concept: Concept, ideas: set[str]) -> None:
    assert codes.ideas_of(concept) == ideas
    assert codes.by_text(concept) is bool(ideas and not concept.codes)


def test_the_first_known_product_code_tells_the_product(codes: CodeSets) -> None:
    alone = codes.product_of(Concept((INJECTION,)))

    assert alone
    assert codes.product_of(Concept((LOCAL, INJECTION))) == alone
    assert codes.product_of(Concept((LOCAL,))) is None


@pytest.mark.parametrize(("code", "known"), [(PREGNANT, True), (INJECTION, True), (LOCAL, False)])
def test_a_code_of_ours_is_known(codes: CodeSets, code: Code, *, known: bool) -> None:
    assert codes.knows(Concept((Code("urn:other", "2"), code))) is known
