"""Which medication is a B12 replacement, of what substance, form and strength: by code first, by name last."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.concept import Code, Concept
from cds_service.b12.product import B12Product, b12_product_of
from cds_service.b12.record import Product, Strength
from cds_service.b12.words import AmountKind, Form, Substance
from cds_service.knowledge import Knowledge, roots
from tests.helpers.jotted import SHELF, SUBSTANCES
from tests.helpers.reading import RXNORM, SNOMED


def coded(system: str, code: str, text: str = "") -> Concept:
    return Concept((Code(system, code),), text)


def named(text: str) -> Concept:
    return Concept((), text)


def product(knowledge: Knowledge, concept: Concept, *ingredients: Concept, **fields: object) -> B12Product | None:
    return b12_product_of(Product(concept, ingredients, **fields), knowledge.codes)  # type: ignore[arg-type] # a table's fields


MCG = {
    "cyanocobalamin 1 mg/mL": (Substance.CYANOCOBALAMIN, Form.INJECTION, "1000"),
    "cyanocobalamin 5 mg/mL": (Substance.CYANOCOBALAMIN, Form.INJECTION, "5000"),
    "hydroxocobalamin 1 mg/mL": (Substance.HYDROXOCOBALAMIN, Form.INJECTION, "1000"),
    "hydroxocobalamin 10 mg/2 mL ampoule": (Substance.HYDROXOCOBALAMIN, Form.INJECTION, "5000"),
    "cyanocobalamin 1 mg tablet": (Substance.CYANOCOBALAMIN, Form.ORAL, "1000"),
    "cyanocobalamin 6 mg sublingual tablet": (Substance.CYANOCOBALAMIN, Form.SUBLINGUAL, "6000"),
}


@pytest.mark.parametrize(("shelf", "expected"), MCG.items())
def test_a_product_code_tells_all(knowledge: Knowledge, shelf: str, expected: tuple[Substance, Form, str]) -> None:
    system, code, _ = SHELF[shelf]
    found = product(knowledge, coded(system, code))

    assert found
    assert found.strength
    assert (found.substance, found.form, found.strength.mcg) == (*expected[:2], Decimal(expected[2]))


@pytest.mark.parametrize("shelf", ["multivitamin with B12", "folic acid with B12", "B12 with cobalt-57"])
def test_a_code_of_something_more_or_else_is_no_replacement(knowledge: Knowledge, shelf: str) -> None:
    system, code, _ = SHELF[shelf]

    assert product(knowledge, coded(system, code, "vitamin B12")) is None


@pytest.mark.parametrize("name", SUBSTANCES)
def test_a_substance_code_tells_the_substance(knowledge: Knowledge, name: str) -> None:
    system, code, _ = SUBSTANCES[name]
    found = product(knowledge, coded(system, code))

    assert found
    assert (found.substance.value, found.form, found.strength) == (name, None, None)


def test_a_substance_by_code_takes_form_and_strength_from_its_words(knowledge: Knowledge) -> None:
    found = product(knowledge, coded(*SUBSTANCES["cyanocobalamin"][:2], "cyanocobalamin 1000 mcg/mL injection"))

    assert found
    assert found.form is Form.INJECTION
    assert found.strength == Strength(Decimal(1000), AmountKind.VOLUME, "product name")


def test_the_antidote_is_marked_by_code_and_by_name(knowledge: Knowledge) -> None:
    by_code = product(knowledge, coded(*SHELF["Cyanokit"][:2]))
    by_name = product(knowledge, named("Cyanokit (hydroxocobalamin 5 g)"))
    antidote = product(knowledge, coded("http://www.whocc.no/atc", "V03AB33"))

    assert [one.antidote for one in (by_code, by_name, antidote) if one] == [True, True, True]
    assert antidote
    assert antidote.substance is Substance.HYDROXOCOBALAMIN


def test_the_name_counts_only_where_no_code_is_known(knowledge: Knowledge) -> None:
    assert product(knowledge, coded("urn:local", "1", "Vitamin B12 injection"))
    assert product(knowledge, coded(SNOMED, "84027009", "Vitamin B12 injection")) is None
    assert product(knowledge, named("metformin")) is None
    assert product(knowledge, Concept()) is None


def test_a_code_of_a_single_ingredient_goes_before_a_name_that_speaks_of_others(knowledge: Knowledge) -> None:
    assert product(knowledge, coded(RXNORM, "309594", "B12 injection with lidocaine"))
    assert product(knowledge, coded("urn:local", "1", "B12 injection with lidocaine")) is None


def test_one_known_code_among_others_is_enough(knowledge: Knowledge) -> None:
    found = product(knowledge, Concept((Code("urn:local", "1"), Code(RXNORM, "309594")), "?"))

    assert found
    assert found.substance is Substance.CYANOCOBALAMIN


def test_one_ingredient_tells_the_substance_and_two_are_no_replacement(knowledge: Knowledge) -> None:
    brand, by_code, by_name = named("Rubramin"), coded(RXNORM, "11248"), named("hydroxocobalamin")
    first, second = product(knowledge, brand, by_code), product(knowledge, brand, by_name)

    assert first
    assert second
    assert (first.substance, second.substance) == (Substance.CYANOCOBALAMIN, Substance.HYDROXOCOBALAMIN)
    assert product(knowledge, brand, by_code, named("folic acid")) is None
    assert product(knowledge, named("vitamin B12"), by_code, named("folic acid")) is None
    assert product(knowledge, brand, named("folic acid")) is None
    assert product(knowledge, brand, by_code, named("Water for injection"), named("benzyl alcohol"))


def test_the_stated_form_goes_before_the_name(knowledge: Knowledge) -> None:
    found = product(knowledge, named("cyanocobalamin tablet"), form=named("solution for injection"))

    assert found
    assert found.form is Form.INJECTION


def test_the_ingredients_strength_goes_before_the_code_and_the_code_before_the_name(knowledge: Knowledge) -> None:
    concept = coded(RXNORM, "309594", "cyanocobalamin 1000 mcg/mL")
    own = Strength(Decimal(1000), AmountKind.VOLUME, "ingredient")
    first, second = product(knowledge, concept, strength=own), product(knowledge, concept)

    assert first
    assert second
    assert second.strength
    assert (first.strength, second.strength.source) == (own, "product code")


CODE, TABLET = Code(RXNORM, "309594"), Code(RXNORM, "309593")
AGREEING: dict[str, tuple[Concept, str, str | None]] = {
    "another unit": (Concept((CODE,), "Cyanocobalamin 1000 mcg/mL"), "1000", None),
    "the whole container": (Concept((CODE,), "Cyanocobalamin 10 mg/10 mL vial"), "1000", None),
    "the container beside it": (Concept((CODE,), "Cyanocobalamin 1000 mcg/mL 10 mL vial"), "1000", None),
    "the container first": (Concept((CODE,), "1 ML Cyanocobalamin 1 MG/ML Injection"), "1000", None),
    "both": (Concept((CODE,), "Cyanocobalamin 5 mg/5 mL (1000 mcg/mL)"), "1000", None),
    "a salt": (Concept((CODE,), "Hydroxocobalamin acetate 1.05 mg/mL"), "1000", None),
    "a mass alone": (Concept((CODE,), "Cyanocobalamin 5 mg injection"), "1000", None),
    "an ampoule": (Concept((CODE,), "Cyanocobalamin 1mg/1ml ampoules"), "1000", "1"),
    "another measure": (Concept((CODE,), "Cyanocobalamin 500 mcg/spray"), "1000", None),
    "a tablet": (Concept((TABLET,), "Vitamin B12 1000 mcg tablet"), "1000", None),
    "two tablets": (Concept((TABLET,), "Vitamin B12 1000 mcg tablet, 2 tablets = 2000 mcg"), "1000", None),
    "two codes": (Concept((CODE, Code("http://hl7.org/fhir/sid/ndc", "0143-9620-10")), "Cyanocobalamin"), "1000", None),
}


@pytest.mark.parametrize(("concept", "mcg", "container"), AGREEING.values(), ids=AGREEING)
def test_strengths_that_say_the_same_in_other_words_agree(
    knowledge: Knowledge, concept: Concept, mcg: str, container: str | None
) -> None:
    found = product(knowledge, concept)

    assert found
    assert found.strength
    assert (found.strength.mcg, found.contradictory) == (Decimal(mcg), ())
    assert found.strength.container_ml == (Decimal(container) if container else None)


CONTRADICTORY: dict[str, Concept] = {
    "the text": Concept((CODE,), "Cyanocobalamin 5 mg/mL"),
    "the display": Concept((Code(RXNORM, "309594", "vitamin B12 5 MG/ML Injectable Solution"),), "Cyanocobalamin"),
    "a thousandfold": Concept((CODE,), "Cyanocobalamin 1000 mg/mL"),
    "a tablet": Concept((TABLET,), "Vitamin B12 500 mcg tablet"),
    "two codes": Concept((CODE, Code(RXNORM, "2001499")), "Cyanocobalamin"),
    "words alone": Concept((Code("urn:local", "1", "cyanocobalamin 1 mg/mL"),), "cyanocobalamin 5 mg/mL"),
}


@pytest.mark.parametrize("concept", CONTRADICTORY.values(), ids=CONTRADICTORY)
def test_of_strengths_that_contradict_each_other_none_is_known(knowledge: Knowledge, concept: Concept) -> None:
    found = product(knowledge, concept)

    assert found
    assert found.strength is None
    assert len({one.mcg for one in found.contradictory}) == 2


def test_an_ingredients_strength_may_contradict_the_code(knowledge: Knowledge) -> None:
    own = Strength(Decimal(100), AmountKind.VOLUME, "ingredient")
    found = product(knowledge, coded(RXNORM, "309594"), strength=own)

    assert found
    assert found.strength is None
    assert [one.mcg for one in found.contradictory] == [100, 1000]


def displayed() -> list[tuple[str, str, str]]:
    """Every coding with words in the project's value sets and product lists, and on the shelf of the tests."""
    sets = [one for each in read_all("valuesets") for one in each["compose"]["include"]]
    in_sets = [(one["system"], each["code"], each.get("display", "")) for one in sets for each in one["concept"]]
    lists = read_all("codesystems")
    in_lists = [(each["supplements"], one["code"], one["display"]) for each in lists for one in each["concept"]]
    return [*in_sets, *in_lists, *(one for name, one in SHELF.items() if ", named " not in name)]


def read_all(folder: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((roots().fhir_profiles / folder).glob("*.json"))]


def test_no_words_of_ours_contradict_their_code(knowledge: Knowledge) -> None:
    found = [product(knowledge, Concept((Code(*one),), one[2])) for one in displayed()]
    b12 = [one for one in found if one]

    assert len(b12) > 50
    assert [one for one in b12 if one.contradictory] == []


def test_a_display_may_give_the_strength_that_the_text_lacks(knowledge: Knowledge) -> None:
    concept = Concept((Code("urn:local", "1", "cyanocobalamin 1 mg/mL injection"),), "cyanocobalamin")
    found = product(knowledge, concept)

    assert found
    assert found.strength
    assert found.strength.mcg == 1000
