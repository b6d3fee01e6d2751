"""The records that are known by words alone are marked, and no others."""

from __future__ import annotations

import pytest

from cds_service.b12.chart import Allergy
from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Code, Concept
from cds_service.b12.in_words import refs_in_words
from cds_service.b12.record import ClinicalRecord, Condition, Procedure
from cds_service.fhir.terminology import load_code_sets
from cds_service.knowledge import roots
from tests.helpers.reading import standing

SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture(scope="module")
def codes() -> CodeSets:
    return load_code_sets(roots().fhir_profiles)


def concept(words: str, system: str = "", code: str = "") -> Concept:
    return Concept((Code(system, code),) if code else (), words)


def test_problems_operations_and_relatives(codes: CodeSets) -> None:
    record = ClinicalRecord(
        conditions=(
            Condition("said", concept("Pernicious anaemia")),
            Condition("coded", concept("Pernicious anaemia", SNOMED, "84027009")),
            Condition("other", concept("Gout")),
        ),
        procedures=(
            Procedure("done", concept("total gastrectomy"), "completed"),
            Procedure("other", concept("appendectomy"), "completed"),
        ),
        relatives=(Condition("kin", concept("LHON")),),
    )

    assert refs_in_words(record, codes) == {"said", "done", "kin"}


def test_allergies(codes: CodeSets) -> None:
    record = ClinicalRecord(
        allergies=(
            Allergy("said", (concept("B12 injection"), concept("Cobalt", "local", "7"))),
            Allergy("coded", (concept("cyanocobalamin"), concept("", RXNORM, "11248"))),
        )
    )

    assert refs_in_words(record, codes) == {"said"}


def test_an_episode_tells_which_of_its_records_they_are() -> None:
    found = standing('PA; ordered 2026-03-01 "Vitamin B12 1000 mcg/mL injection" 1000 mcg IM monthly')

    assert found.by_text == {found.orders[0].ref}
