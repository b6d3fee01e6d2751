"""What a product is: B12, another drug that bears on it, or neither; and whether its words alone tell."""

from __future__ import annotations

import pytest

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Code, Concept
from cds_service.b12.kinds import kind_of, kinds_of
from cds_service.b12.record import ClinicalRecord, Order, Product, Use
from cds_service.b12.words import Evidence, RiskDrug, Substance
from cds_service.knowledge import Knowledge

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture(scope="module")
def codes(knowledge: Knowledge) -> CodeSets:
    return knowledge.codes


def concept(words: str, system: str = "", code: str = "") -> Concept:
    return Concept((Code(system, code),) if code else (), words)


B12 = Product(concept("Cyanocobalamin", RXNORM, "309594"))
METFORMIN = Product(concept("metformin 500 MG Oral Tablet", RXNORM, "860975"))
OTHER = Product(concept("Amoxicillin 500 mg"))
BY_NAME = {
    "by name": Product(concept("Cyanocobalamin 1000 mcg/mL")),
    "by name beside a code of the house": Product(concept("Vitamin B12 1000 mcg/mL", "local", "8")),
    "by the name of an ingredient": Product(concept(""), (concept("hydroxocobalamin"),)),
    "another drug by name": Product(concept("Metformin 500 mg")),
}
NOT_BY_NAME = {
    "by code": B12,
    "by the code of an ingredient": Product(concept("B12"), (concept("", RXNORM, "11248"),)),
    "something else": OTHER,
    "nothing": Product(Concept()),
}


def test_b12_is_no_other_drug_and_another_drug_no_b12(codes: CodeSets) -> None:
    b12, metformin, other = (kind_of(product, codes) for product in (B12, METFORMIN, OTHER))

    assert b12.b12
    assert (b12.b12.substance, b12.drugs) == (Substance.CYANOCOBALAMIN, ())
    assert (metformin.b12, metformin.drugs) == (None, (RiskDrug.METFORMIN,))
    assert (other.b12, other.drugs, other.antifolate) == (None, (), False)


@pytest.mark.parametrize("name", ["Pemetrexed 500 mg", "pralatrexate"])
def test_an_antifolate_with_a_schedule_of_its_own(codes: CodeSets, name: str) -> None:
    assert kind_of(Product(concept(name)), codes).antifolate


def test_an_antifolate_known_by_its_code_alone(codes: CodeSets) -> None:
    pemetrexed = Product(concept("", "http://www.whocc.no/atc", "L01BA04"))

    assert kind_of(pemetrexed, codes).antifolate


@pytest.mark.parametrize("product", BY_NAME.values(), ids=BY_NAME)
def test_known_by_name(codes: CodeSets, product: Product) -> None:
    assert kind_of(product, codes).in_words


@pytest.mark.parametrize("product", NOT_BY_NAME.values(), ids=NOT_BY_NAME)
def test_known_by_code_or_not_at_all(codes: CodeSets, product: Product) -> None:
    assert not kind_of(product, codes).in_words


def test_every_medication_of_a_record_has_its_kind(codes: CodeSets) -> None:
    record = ClinicalRecord(
        drafts=(Order("draft", B12, "draft", "order"),),
        orders=(Order("order", METFORMIN, "active", "order"),),
        uses=(Use("use", Evidence.ADMINISTERED, OTHER, "completed"), Use("again", Evidence.STATED, B12, "active")),
    )
    kinds = kinds_of(record, codes)

    assert {key: bool(kind.b12) for key, kind in kinds.items()} == {
        id(B12): True,
        id(METFORMIN): False,
        id(OTHER): False,
    }
