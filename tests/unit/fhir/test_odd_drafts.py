"""What is being written in forms that FHIR does not have: read where its meaning is plain, else told to be lost."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir.prefetch import read_added, read_bundle
from cds_service.fhir.relevance import relevance
from cds_service.knowledge import Knowledge
from tests.helpers.patients import request_of
from tests.helpers.reading import B12, MOST, RXNORM, Json, answered, bundle, raw, resource, ucum

WHERE = "context.draftOrders"
DOSE = [{"text": "Inject 1000 mg IM once a month", "doseAndRate": [{"doseQuantity": ucum(1000, "mg")}]}]
NAMED = [DOSE[0] | {"text": "Inject cyanocobalamin 1000 mg IM once a month"}]
ORDER = resource("MedicationRequest", id="o", subject=None, status="draft", intent="order", dosageInstruction=DOSE)
CODED = {"coding": [{"system": RXNORM, "code": "309594"}]}
LISINOPRIL = {"coding": [{"system": RXNORM, "code": "314076", "display": "lisinopril 10 MG Oral Tablet"}]}


def without(body: Json, *names: str, **more: Any) -> Json:
    return {name: value for name, value in body.items() if name not in names} | more


def signed(knowledge: Knowledge, drafts: Any) -> dict[str, str]:
    """The cards' rules and variants when this is signed."""
    request = request_of("order-sign", "born 1957-03-14; PA", "")
    request["context"]["draftOrders"] = drafts
    found = answered(knowledge, request)
    return {card.source.topic.code: card.indicator for card in found.cards if card.source.topic}


PLAIN: dict[str, Any] = {
    "as FHIR has it": bundle(ORDER),
    "an order alone": ORDER,
    "an order in a wrapper": {"resource": ORDER},
    "an entry that is itself the order": {"resourceType": "Bundle", "entry": [ORDER]},
    "a Bundle in a wrapper": {"resource": bundle(ORDER)},
    "a Bundle in a Bundle": bundle(bundle(ORDER)),
    "a list": [ORDER],
    "a list in a wrapper": {"resource": [ORDER]},
    "entries without a type around them": {"entry": [{"resource": ORDER}]},
    "beside an empty entry": {"resourceType": "Bundle", "entry": [{}, {"fullUrl": "urn:x"}, {"resource": ORDER}]},
}
UNCLEAR: dict[str, Any] = {
    "no drug but in the instructions": bundle(without(ORDER, "medicationCodeableConcept", dosageInstruction=NAMED)),
    "an empty concept": bundle(ORDER | {"medicationCodeableConcept": {}, "dosageInstruction": NAMED}),
    "the drug of newer FHIR": bundle(without(ORDER, "medicationCodeableConcept", medication={"concept": B12})),
    "its code alone": bundle(without(ORDER, "medicationCodeableConcept", medication={"concept": CODED})),
    "no type": bundle(without(ORDER, "resourceType")),
    "no type, with a code alone": bundle(without(ORDER, "resourceType", medicationCodeableConcept=CODED)),
    "no type and no wrapper": {"resourceType": "Bundle", "entry": [without(ORDER, "resourceType")]},
    "no type, alone": without(ORDER, "resourceType"),
    "a type in small letters": bundle(ORDER | {"resourceType": "medicationrequest"}),
    "in another resource": bundle({"resourceType": "RequestGroup", "contained": [ORDER]}),
    "in three Bundles": bundle(bundle(bundle(ORDER))),
    "a list in a list": [[ORDER]],
}
NOTHING: dict[str, Any] = {
    "nothing": {},
    "a wrapper of nothing": {"resource": {}},
    "an empty Bundle": {"resourceType": "Bundle", "type": "collection"},
    "an empty Bundle without a type": {"type": "collection", "entry": []},
    "an empty list": [],
    "empty entries": {"resourceType": "Bundle", "entry": [{}, {"fullUrl": "urn:x"}]},
    "an empty Bundle in a Bundle": bundle({"resourceType": "Bundle"}),
    "another drug of newer FHIR": bundle(
        without(ORDER, "medicationCodeableConcept", medication={"concept": LISINOPRIL})
    ),
    "another drug without a type": bundle(without(ORDER, "resourceType", medicationCodeableConcept=LISINOPRIL)),
    "an order without any drug": bundle(without(ORDER, "medicationCodeableConcept")),
    "a room that is called so": bundle({"resourceType": "Location", "name": "Room B12"}),
    "a call for a patient": bundle({"resourceType": "CommunicationRequest", "note": [{"text": "remind of B12"}]}),
}


@pytest.mark.parametrize("drafts", PLAIN.values(), ids=PLAIN)
def test_a_thousandfold_dose_is_seen_in_every_form_whose_meaning_is_plain(knowledge: Knowledge, drafts: Any) -> None:
    assert signed(knowledge, drafts)["dose_unit_mismatch"] == "critical"


@pytest.mark.parametrize("drafts", UNCLEAR.values(), ids=UNCLEAR)
def test_an_order_of_b12_that_cannot_be_read_is_told(knowledge: Knowledge, drafts: Any) -> None:
    assert signed(knowledge, drafts) == {"order_not_seen": "warning"}


@pytest.mark.parametrize("drafts", NOTHING.values(), ids=NOTHING)
def test_what_orders_no_b12_is_passed_over_in_silence(knowledge: Knowledge, drafts: Any) -> None:
    assert signed(knowledge, drafts) == {}


def test_a_drug_of_newer_fhir_by_reference_to_what_was_not_seen_is_nameless(knowledge: Knowledge) -> None:
    newer = without(ORDER, "medicationCodeableConcept", medication={"reference": {"reference": "Medication/x"}})

    assert signed(knowledge, bundle(newer)) == {"order_not_seen": "info"}


def test_the_places_in_a_bundle_in_a_bundle_are_told_apart() -> None:
    found = read_bundle(raw(bundle(bundle(ORDER), ORDER)), WHERE, MOST)

    assert [one.where for one in found.resources] == [f"{WHERE}.entry[0].resource.entry[0]", f"{WHERE}.entry[1]"]
    assert found.count == 3


COBALT = {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "Cobalt"}, "criticality": "high"}
INHALED = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F18.10"}
GAS = {"resourceType": "Condition", "id": "c", "code": {"coding": [INHALED]}}
CROHN = {"coding": [{"system": "http://snomed.info/sct", "code": "34000006"}]}
ADDED: dict[str, tuple[str, Any, str]] = {
    "an allergy in a list": ("allergyintolerance-create", [COBALT], "allergy_conflict"),
    "an allergy without a type": ("allergyintolerance-create", without(COBALT, "resourceType"), "order_not_seen"),
    "an unreadable allergy": ("allergyintolerance-create", COBALT | {"reaction": "?"}, "order_not_seen"),
    "an allergy to another": ("allergyintolerance-create", COBALT | {"code": {"text": "Nuts"}, "reaction": "?"}, ""),
    "an allergy to a drug that B12 falls with": (
        "allergyintolerance-create",
        COBALT | {"code": {"text": "Metformin"}, "reaction": "?"},
        "",
    ),
    "a problem in a list": ("problem-list-item-create", [GAS], "nitrous_oxide_exposure"),
    "a problem without a type": ("problem-list-item-create", without(GAS, "resourceType"), "order_not_seen"),
    "an unreadable problem": (
        "problem-list-item-create",
        GAS | {"code": CROHN, "onsetDateTime": 7},
        "order_not_seen",
    ),
    "another patient's": (
        "problem-list-item-create",
        GAS | {"code": CROHN, "subject": {"reference": "Patient/other"}},
        "",
    ),
    "another problem": (
        "problem-list-item-create",
        GAS | {"code": {"text": "Hypertension"}, "onsetDateTime": 7},
        "",
    ),
    "nothing": ("problem-list-item-create", [], ""),
}


@pytest.mark.parametrize(("hook", "added", "told"), ADDED.values(), ids=ADDED)
def test_what_is_written_into_the_chart_is_read_or_told(knowledge: Knowledge, hook: str, added: Any, told: str) -> None:
    request = request_of(hook, "ordered 2026-01-05 1000 mcg IM monthly" if "allergy" in hook else "", "")
    request["context"] |= {"allergyIntolerance": added} if "allergy" in hook else {"conditions": added}

    assert [card.source.topic.code for card in answered(knowledge, request).cards if card.source.topic][:1] == (
        [told] if told else []
    )


def test_what_is_being_charted_is_marked_so(knowledge: Knowledge) -> None:
    assert read_added(raw([COBALT]), "context.x", MOST, relevance(knowledge.codes)).charted
    assert not read_bundle(raw([ORDER]), WHERE, MOST).charted
