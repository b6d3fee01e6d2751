"""Which recorded allergies speak against B12."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.b12.allergies import Culprit, Sensitivity, Weight, sensitivities_of
from cds_service.b12.chart import Allergy
from cds_service.b12.codes import CodeSets, ProductFacts
from cds_service.b12.concept import Code, Concept
from cds_service.b12.words import Substance
from cds_service.fhir.terminology import load_code_sets
from cds_service.knowledge import roots
from tests.helpers.patients import knowledge
from tests.helpers.reading import standing

CYANO, HYDROXO, ANY = Substance.CYANOCOBALAMIN, Substance.HYDROXOCOBALAMIN, Substance.UNSPECIFIED


def found(record: str) -> tuple[Sensitivity, ...]:
    known = standing(record).allergies
    assert known is not None
    return known


TO = {
    "cyanocobalamin": {CYANO},
    "hydroxocobalamin": {HYDROXO},
    "vitamin B12": {ANY},
    '"B12 injection"': {ANY},
    '"Cyanocobalamin (vitamin B12)"': {CYANO},
    '"Cyanocobalamin (benzyl alcohol)"': {CYANO, Culprit.BENZYL_ALCOHOL},
    "cobalt": {Culprit.COBALT},
    '"cobaltous chloride"': {Culprit.COBALT},
    '"Folic acid with vitamin B12"': {Culprit.MIXTURE},
    "benzyl alcohol": {Culprit.BENZYL_ALCOHOL},
}


@pytest.mark.parametrize(("allergen", "to"), TO.items())
def test_what_an_allergy_is_to(allergen: str, to: set[Substance | Culprit]) -> None:
    assert [one.to for one in found(f"allergic to {allergen}")] == [frozenset(to)]


@pytest.mark.parametrize("allergen", ["penicillin", '"Nickel"', '"Cobalt-57"', '"cobalt 57"', '"Vitamin C"'])
def test_what_does_not_bear_on_b12(allergen: str) -> None:
    assert found(f"allergic to {allergen}") == ()


@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "resolved", "inactive", "of another patient"])
def test_what_does_not_count(status: str) -> None:
    assert found(f"allergic to cyanocobalamin {status}") == ()


WEIGHTS = {
    "": Weight.ALLERGY,
    "mild": Weight.ALLERGY,
    "intolerance": Weight.INTOLERANCE,
    "intolerance mild": Weight.MILD,
    "intolerance moderate": Weight.INTOLERANCE,
    "intolerance severe": Weight.ALLERGY,
    "intolerance mild high criticality": Weight.ALLERGY,
    "intolerance mild low criticality": Weight.MILD,
}


@pytest.mark.parametrize(("said", "weight"), WEIGHTS.items())
def test_how_much_it_weighs(said: str, weight: Weight) -> None:
    assert [one.weight for one in found(f"allergic to cyanocobalamin {said}")] == [weight]


def test_the_heaviest_comes_first() -> None:
    record = "allergic to cyanocobalamin intolerance mild; allergic to cobalt; allergic to mecobalamin intolerance"

    assert [one.weight for one in found(record)] == [Weight.ALLERGY, Weight.INTOLERANCE, Weight.MILD]


AGAINST = {
    ("cyanocobalamin", CYANO): True,
    ("cyanocobalamin", HYDROXO): False,
    ("cyanocobalamin", ANY): True,
    ("vitamin B12", HYDROXO): True,
    ("cobalt", HYDROXO): True,
    ("cobalt", ANY): True,
    ("benzyl alcohol", CYANO): False,
    ("benzyl alcohol", ANY): False,
    ('"Multivitamin with B12"', ANY): False,
}


@pytest.mark.parametrize(("pair", "speaks"), AGAINST.items())
def test_what_it_speaks_against(pair: tuple[str, Substance], speaks: bool) -> None:  # noqa: FBT001 - a table's cell
    allergen, substance = pair

    assert found(f"allergic to {allergen}")[0].against(substance) is speaks


@pytest.mark.parametrize(
    ("allergen", "of_one"),
    [("hydroxocobalamin", True), ('"Cyanocobalamin (benzyl alcohol)"', True), ("cobalt", False)],
)
def test_an_allergy_to_some_cobalamin_bears_on_the_others(allergen: str, *, of_one: bool) -> None:
    assert found(f"allergic to {allergen}")[0].of_another_cobalamin is of_one


def test_a_list_that_was_not_sent_is_not_an_empty_one() -> None:
    assert standing("").allergies == ()
    assert standing("unseen allergies").allergies is None


CODED = {
    ("http://snomed.info/sct", "54808007"): Culprit.COBALT,
    ("http://fdasis.nlm.nih.gov", "LKG8494WBH"): Culprit.BENZYL_ALCOHOL,
    ("http://snomed.info/sct", "304111003"): ANY,
    ("http://snomed.info/sct", "409258004"): HYDROXO,
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "317106"): HYDROXO,
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "199240"): Culprit.MIXTURE,
    ("http://www.whocc.no/atc", "B03BA51"): Culprit.MIXTURE,
    ("urn:oid:1.2.3", "allergy to B12"): ANY,
}


@pytest.mark.parametrize(("coding", "to"), CODED.items())
def test_a_code_needs_no_words(tmp_path: Path, coding: tuple[str, str], to: Substance | Culprit) -> None:
    site: dict[str, Any] = {"id": "allergen-cobalamin", "url": "x", "title": "x"}
    site |= {"compose": {"include": [{"system": "urn:oid:1.2.3", "concept": [{"code": "allergy to B12"}]}]}}
    (tmp_path / "own.json").write_text(json.dumps(site), "utf-8")
    codes = load_code_sets(roots().fhir_profiles, tmp_path)
    allergy = Allergy("a", (Concept((Code(*coding),)),), "active", "confirmed")

    assert [one.to for one in sensitivities_of([allergy], codes)] == [frozenset({to})]


def test_a_product_with_other_active_ingredients_is_a_mixture() -> None:
    codes = CodeSets({}, {("urn:x", "1"): ProductFacts(CYANO, single=False)}, {})
    allergy = Allergy("a", (Concept((Code("urn:x", "1"),)),), "active", "confirmed")

    assert [one.to for one in sensitivities_of([allergy], codes)] == [frozenset({Culprit.MIXTURE})]


def test_it_has_the_first_name_in_the_chart() -> None:
    unnamed, named = Concept((Code("http://snomed.info/sct", "304111003"),)), Concept(text="Vitamin B12 shots")
    allergy = Allergy("a", (unnamed, named), "active", "confirmed")

    assert [one.name for one in sensitivities_of([allergy], knowledge().codes)] == ["Vitamin B12 shots"]
