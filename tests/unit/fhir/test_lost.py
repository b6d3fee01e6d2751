"""Drafts that cannot be read: those of B12 are never lost in silence, however they say that they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw

from cds_service.fhir.lens import Lens
from cds_service.fhir.lost import is_nameless, orders_b12
from cds_service.knowledge import Knowledge
from tests.helpers.reading import RXNORM, SNOMED, read, resource

CODED = {"coding": [{"system": RXNORM, "code": "309594"}]}
BESIDE = {"resourceType": "Medication", "id": "m", "code": CODED}
SUBSTANCE = {"coding": [{"system": SNOMED, "code": "419382002"}]}
OF_INGREDIENT = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": SUBSTANCE}]}
OTHER = {"resourceType": "Medication", "id": "m", "code": {"text": "Lisinopril 10 mg"}}
ORAL = {"coding": [{"system": RXNORM, "code": "314076", "display": "lisinopril 10 MG Oral Tablet"}]}
FAULTS: dict[str, dict[str, Any]] = {
    "in its dosage": {"dosageInstruction": "1000 mg IM monthly"},
    "in its head": {"status": ["draft"]},
    "of another patient": {"subject": {"reference": "Patient/p2"}},
}


def referring(reference: str, **fields: Any) -> dict[str, Any]:
    return {"medicationCodeableConcept": None, "medicationReference": {"reference": reference}} | fields


DRUGS: dict[str, tuple[dict[str, Any], tuple[Any, ...], tuple[int, int]]] = {
    "a code alone": ({"medicationCodeableConcept": CODED}, (), (1, 0)),
    "a code alone, without a list": ({"medicationCodeableConcept": {"coding": CODED["coding"][0]}}, (), (1, 0)),
    "a name alone": ({"medicationCodeableConcept": {"text": "hydroxocobalamin"}}, (), (1, 0)),
    "contained": (referring("#m", contained=[BESIDE]), (), (1, 0)),
    "contained by its ingredient": (referring("#m", contained=[OF_INGREDIENT]), (), (1, 0)),
    "beside it": (referring("Medication/m"), (BESIDE,), (1, 0)),
    "beside it, by its ingredient": (referring("https://e.org/fhir/Medication/m"), (OF_INGREDIENT,), (1, 0)),
    "not seen": (referring("Medication/m"), (), (0, 1)),
    "not contained": (referring("#m", contained=[OTHER | {"id": "x"}]), (), (0, 1)),
    "another drug beside it": (referring("Medication/m"), (OTHER,), (0, 0)),
    "another drug contained": (referring("#m", contained=[OTHER]), (), (0, 0)),
    "another drug by code": ({"medicationCodeableConcept": ORAL}, (), (0, 0)),
    "another drug by reference": (
        {
            "medicationCodeableConcept": None,
            "medicationReference": {"reference": "Medication/x", "display": "Lisinopril"},
        },
        (),
        (0, 0),
    ),
    "no drug": ({"medicationCodeableConcept": None}, (), (0, 0)),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(("drug", "beside", "expected"), DRUGS.values(), ids=DRUGS)
def test_an_order_that_is_not_read_is_lost_if_it_is_of_b12(
    knowledge: Knowledge,
    fault: dict[str, Any],
    drug: dict[str, Any],
    beside: tuple[Any, ...],
    expected: tuple[int, int],
) -> None:
    reading = read(knowledge, drafts=(resource("MedicationRequest", id="o", **drug, **fault), *beside))

    assert reading.record.drafts == ()
    assert (len(reading.lost_drafts), len(reading.nameless_drafts)) == expected


def test_a_medication_that_came_by_prefetch_tells_as_well(knowledge: Knowledge) -> None:
    draft = resource("MedicationRequest", id="o", **referring("Medication/m"), **FAULTS["in its dosage"])

    assert len(read(knowledge, BESIDE, drafts=(draft,)).lost_drafts) == 1


def test_a_code_that_came_as_a_number_tells_as_well(knowledge: Knowledge) -> None:
    coded = {"coding": [{"system": RXNORM, "code": 309594}]}

    assert len(read(knowledge, drafts=(resource("MedicationRequest", medicationCodeableConcept=coded),)).lost_drafts)


def test_what_is_nested_too_deeply_to_be_told_is_said_to_be_lost(knowledge: Knowledge) -> None:
    lens = Lens({}, knowledge.codes)
    deep = Raw(b'{"resourceType": "MedicationRequest", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}")

    assert orders_b12(deep, lens)
    assert not is_nameless(deep, lens)
    assert not orders_b12(Raw(b'{"resourceType": "MedicationRequest", "x": [[1e999]]}'), lens)


SLIPS: dict[str, dict[str, Any]] = {
    "as FHIR has it": {},
    "a frequency as a string": {"frequency": "1"},
    "a frequency with a point": {"frequency": 1.0},
    "a period as a string": {"period": "1"},
    "a count as a string": {"count": "3"},
    "a day without a list": {"dayOfWeek": "mon"},
    "a time without a list": {"timeOfDay": "08:00"},
    "an event of the day without a list": {"when": "MORN"},
}
TWISTED: dict[str, dict[str, Any]] = {
    "words for a number": {"frequency": "once"},
    "nothing for a number": {"frequency": ""},
    "a flag for a number": {"frequency": True},
    "a comma in a number": {"period": "1,5"},
    "a part of a number": {"frequency": 1.5},
    "several days in a string": {"dayOfWeek": "mon tue"},
    "several days with commas": {"dayOfWeek": "mon,tue"},
    "several times in a string": {"timeOfDay": "08:00 20:00"},
}


def timed(**repeat: Any) -> dict[str, Any]:
    said = {"frequency": 1, "period": 1, "periodUnit": "wk"} | repeat
    return resource("MedicationRequest", id="o", dosageInstruction=[{"timing": {"repeat": said}}])


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_one_value_of_a_neighbouring_type_does_not_lose_the_order(knowledge: Knowledge, slip: dict[str, Any]) -> None:
    [draft] = read(knowledge, drafts=(timed(**slip),)).record.drafts
    [instruction] = draft.instructions

    assert instruction.schedule
    assert instruction.schedule.interval == (Decimal(7), Decimal(7))


@pytest.mark.parametrize("twist", TWISTED.values(), ids=TWISTED)
def test_what_could_mean_something_else_is_not_guessed_at(knowledge: Knowledge, twist: dict[str, Any]) -> None:
    reading = read(knowledge, drafts=(timed(**twist),))

    assert (reading.record.drafts, len(reading.lost_drafts)) == ((), 1)


def test_dates_without_a_list_are_read_one_alone_and_several_not(knowledge: Knowledge) -> None:
    def on(event: str) -> int:
        draft = resource("MedicationRequest", id="o", dosageInstruction=[{"timing": {"event": event}}])
        return len(read(knowledge, drafts=(draft,)).record.drafts)

    assert (on("2026-12-01"), on("2026-12-01T08:00:00+01:00"), on("2026-12-01, 2026-12-08")) == (1, 1, 0)


def test_flags_and_numbers_of_the_order_may_be_strings(knowledge: Knowledge) -> None:
    supply = {"numberOfRepeatsAllowed": "2", "quantity": {"value": "10"}}
    said = resource("MedicationRequest", id="o", doNotPerform="true", dispenseRequest=supply)
    [draft] = read(knowledge, drafts=(said,)).record.drafts

    assert draft.supply
    assert (draft.do_not_perform, draft.supply.repeats, draft.supply.quantity) == (True, 2, Decimal(10))
    assert read(knowledge, drafts=(said | {"doNotPerform": "perhaps"},)).lost_drafts
