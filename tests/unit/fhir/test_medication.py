"""Which product is meant: by code, contained, beside it, by reference of any form, or by its display alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.record import Product, Strength
from cds_service.b12.words import AmountKind
from cds_service.fhir import elements as fhir
from cds_service.fhir.medication import medications_of, read_product
from cds_service.fhir.prefetch import Sent
from tests.helpers.reading import Json, decoded, raw, ucum

BESIDE = {"resourceType": "Medication", "id": "m1", "code": {"text": "found"}}


def beside(medication: Json = BESIDE, full_url: str = "") -> Sent:
    return Sent(decoded(medication, fhir.Medication), "prefetch.x", 0, full_url)


def product(reference: str | None, *sent: Sent, contained: list[Any] | None = None) -> Product:
    inside = [raw(one) for one in contained or ()]
    return read_product(None, fhir.Reference(reference, "display"), inside, medications_of(sent))


REFERENCES = {
    "relative": ("Medication/m1", ""),
    "versioned": ("Medication/m1/_history/2", ""),
    "absolute": ("https://ehr.example/fhir/Medication/m1", "https://ehr.example/fhir/Medication/m1"),
    "absolute and versioned": (
        "https://ehr.example/fhir/Medication/m1/_history/2",
        "https://ehr.example/fhir/Medication/m1",
    ),
    "absolute, to a resource without address": ("https://ehr.example/fhir/Medication/m1", ""),
    "uuid as address": ("urn:uuid:1234", "urn:uuid:1234"),
    "uuid as id": ("urn:uuid:m1", ""),
}


@pytest.mark.parametrize(("reference", "full_url"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_of_any_form_finds_the_medication(reference: str, full_url: str) -> None:
    assert product(reference, beside(full_url=full_url)).concept.text == "found"


def test_only_medications_are_found() -> None:
    other = Sent(decoded({"resourceType": "Condition", "id": "m1"}, fhir.Condition), "prefetch.x", 0)

    assert medications_of([other]) == {}


STRAYS = {
    "another id": "Medication/m2",
    "another server": "https://other.example/fhir/Medication/m1",
    "nothing": None,
    "an id that is none": "Medication/None",
    "no Medication": "Substance/m1",
}


@pytest.mark.parametrize("reference", STRAYS.values(), ids=STRAYS)
def test_a_reference_that_finds_nothing_leaves_its_display(reference: str | None) -> None:
    sent = (beside(full_url="https://ehr.example/fhir/Medication/m1"), beside({"resourceType": "Medication"}))

    assert product(reference, *sent).concept.text == "display"


@pytest.mark.parametrize("inner_id", ["m1", "#m1"])
def test_a_contained_medication_is_found_among_other_things(inner_id: str) -> None:
    contained = [
        None,
        {"resourceType": "Practitioner", "id": "m1"},
        {"resourceType": "Medication"},
        BESIDE | {"id": inner_id},
    ]

    assert product("#m1", contained=contained).concept.text == "found"
    assert product("#m2", beside(), contained=contained).concept.text == "display"
    assert product("#", contained=contained).concept.text == "display"


def test_a_code_goes_before_a_reference_and_nothing_is_nothing() -> None:
    concept, reference = decoded({"text": "coded"}, fhir.CodeableConcept), fhir.Reference("Medication/m1")

    assert read_product(concept, reference, None, medications_of([beside()])).concept.text == "coded"
    assert read_product(None, None, None, {}) == Product(read_product(None, None, None, {}).concept)


def test_a_medication_without_name_takes_the_display_of_the_reference() -> None:
    assert product("Medication/m1", beside({"resourceType": "Medication", "id": "m1"})).concept.text == "display"


def strength(numerator: Json | None, denominator: Json | None, **ingredient: Any) -> Strength | None:
    item = {"itemCodeableConcept": {"text": "a"}, "strength": {"numerator": numerator, "denominator": denominator}}
    medication = BESIDE | {"ingredient": [item | ingredient]}
    return product("Medication/m1", beside(medication)).strength


STRENGTHS: list[tuple[Json, Json, str, AmountKind, str | None]] = [
    (ucum(1, "mg"), ucum(1, "mL"), "1000", AmountKind.VOLUME, None),
    (ucum(10, "mg"), ucum(2, "mL"), "5000", AmountKind.VOLUME, "2"),
    (ucum(50, "ug"), {"value": 1, "unit": "tablet"}, "50", AmountKind.COUNT, None),
    (ucum(50, "ug"), {"value": 1}, "50", AmountKind.COUNT, None),
    (ucum(1000, "ug"), {"value": 1, "unit": "mL"}, "1000", AmountKind.VOLUME, None),
]


@pytest.mark.parametrize(("numerator", "denominator", "mcg", "per", "container"), STRENGTHS)
def test_a_strength_is_micrograms_per_millilitre_or_piece(
    numerator: Json, denominator: Json, mcg: str, per: AmountKind, container: str | None
) -> None:
    expected = Strength(Decimal(mcg), per, "ingredient", Decimal(container) if container else None)

    assert strength(numerator, denominator) == expected


NO_STRENGTHS: dict[str, tuple[Json | None, Json | None]] = {
    "nothing": (None, None),
    "no denominator": (ucum(1, "mg"), None),
    "no number above": ({"unit": "mg"}, ucum(1, "mL")),
    "no number below": (ucum(1, "mg"), {"unit": "mL"}),
    "zero above": (ucum(0, "mg"), ucum(1, "mL")),
    "zero below": (ucum(1, "mg"), ucum(0, "mL")),
    "negative below": (ucum(1, "mg"), ucum(-1, "mL")),
    "not a number": ({"value": "NaN", "unit": "mg"}, ucum(1, "mL")),
    "no mass above": (ucum(1, "mL"), ucum(1, "mL")),
    "a mass below": (ucum(1, "mg"), ucum(1, "g")),
    "unknown unit": (ucum(1, "[iU]"), ucum(1, "mL")),
}


@pytest.mark.parametrize(("numerator", "denominator"), NO_STRENGTHS.values(), ids=NO_STRENGTHS)
def test_what_is_no_strength_is_none(numerator: Json | None, denominator: Json | None) -> None:
    assert strength(numerator, denominator) is None


def test_ingredients_are_named_by_code_or_by_reference_and_inactive_ones_left_out() -> None:
    medication = BESIDE | {
        "form": {"text": "injection"},
        "ingredient": [
            {"itemReference": {"reference": "Medication/salt"}},
            {"itemReference": {"display": "shown"}},
            {"itemReference": {"reference": "Medication/unknown"}},
            {"itemCodeableConcept": {"text": "coded"}, "isActive": True},
            {"itemCodeableConcept": {"text": "water"}, "isActive": False},
            {},
        ],
    }
    salt = beside({"resourceType": "Medication", "id": "salt", "code": {"text": "salt"}})
    found = product("Medication/m1", beside(medication), salt)

    assert [one.text for one in found.ingredients] == ["salt", "shown", "", "coded", ""]
    assert found.strength is None
    assert found.form
    assert found.form.text == "injection"
