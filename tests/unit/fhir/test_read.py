"""The record of one patient: whose resources count, what is read once, and what was lost."""

from __future__ import annotations

import pytest

from cds_service.errors import WrongPatient
from cds_service.fhir.prefetch import read_bundle, read_prefetch
from cds_service.fhir.read import OTHER_PATIENT, read_record
from cds_service.knowledge import Knowledge
from tests.helpers.reading import MOST, PATIENT, bundle, raw, read, resource

OURS = {
    "relative": f"Patient/{PATIENT}",
    "relative and versioned": f"Patient/{PATIENT}/_history/2",
    "absolute": f"https://ehr.example/fhir/Patient/{PATIENT}",
    "absolute and versioned": f"https://ehr.example/fhir/Patient/{PATIENT}/_history/2",
    "from the root": f"/Patient/{PATIENT}",
    "with a slash at its end": f"Patient/{PATIENT}/",
    "absolute, with a slash at its end": f"https://ehr.example/fhir/Patient/{PATIENT}/",
    "a uuid": f"urn:uuid:{PATIENT}",
    "an id": PATIENT,
    "nobody": None,
}
OTHERS = {
    "another": "Patient/p2",
    "another, absolute": "https://ehr.example/fhir/Patient/p2",
    "another, from the root": "/Patient/p2",
    "another, with a slash at its end": "Patient/p2/",
    "a group with a slash at its end": f"Group/{PATIENT}/",
    "a longer id": f"Patient/{PATIENT}0",
    "an id that ends alike": f"Patient/x{PATIENT}",
    "a group": "Group/1",
    "a group of the patient's id": f"Group/{PATIENT}",
    "a contained patient": "#p",
    "a part of the patient": f"Patient/{PATIENT}/x",
    "another's version": "Patient/p2/_history/2",
}


@pytest.mark.parametrize("reference", OURS.values(), ids=OURS)
def test_a_resource_of_the_patient_is_read(knowledge: Knowledge, reference: str | None) -> None:
    reading = read(knowledge, resource("MedicationRequest", subject={"reference": reference}))

    assert len(reading.record.orders) == 1
    assert reading.record.unread == ()


@pytest.mark.parametrize("reference", OTHERS.values(), ids=OTHERS)
def test_a_resource_of_anybody_else_is_dropped_and_noted(knowledge: Knowledge, reference: str) -> None:
    reading = read(knowledge, resource("MedicationRequest", subject={"reference": reference}))

    assert reading.record.orders == ()
    assert [one.reason for one in reading.record.unread] == [OTHER_PATIENT]
    assert reading.lost_drafts == ()


def test_the_address_of_the_patient_names_the_patient(knowledge: Knowledge) -> None:
    patient = {"fullUrl": "urn:uuid:77", "resource": {"resourceType": "Patient", "id": PATIENT}}
    order = {"resource": resource("MedicationRequest", subject={"reference": "urn:uuid:77"})}
    sent = read_prefetch({"x": raw({"resourceType": "Bundle", "entry": [patient, order]})}, MOST)

    reading = read_record(PATIENT, sent, read_bundle(raw(bundle()), "d", MOST), knowledge.codes)

    assert len(reading.record.orders) == 1


def test_another_patient_is_refused_and_one_without_id_is_taken(knowledge: Knowledge) -> None:
    with pytest.raises(WrongPatient, match="another patient"):
        read(knowledge, {"resourceType": "Patient", "id": "p2"})
    assert read(knowledge, {"resourceType": "Patient"}).record.patient


def test_a_resource_sent_twice_is_read_once_and_one_without_id_each_time(knowledge: Knowledge) -> None:
    named, nameless = resource("MedicationRequest", id="o"), resource("MedicationRequest")

    assert len(read(knowledge, named, named, nameless, nameless).record.orders) == 3


def test_a_resource_of_another_patient_hides_none_of_the_same_id(knowledge: Knowledge) -> None:
    other = resource("MedicationRequest", id="o", subject={"reference": "Patient/p2"}, status="stopped")
    reading = read(
        knowledge, other, resource("MedicationRequest", id="o"), drafts=(other, resource("MedicationRequest", id="o"))
    )

    assert len(reading.record.orders) == 1
    assert b"p2" not in bytes(reading.originals["MedicationRequest/o"])


def test_of_two_drafts_of_one_id_the_first_is_read_and_kept(knowledge: Knowledge) -> None:
    first, second = (resource("MedicationRequest", id="o", authoredOn=day) for day in ("2026-03-01", "2026-04-01"))
    reading = read(knowledge, drafts=(first, second))

    assert len(reading.record.drafts) == 1
    assert b"2026-03-01" in bytes(reading.originals["MedicationRequest/o"])


def test_a_medication_beside_the_drafts_is_found(knowledge: Knowledge) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Vitamin B12"}}
    draft = resource("MedicationRequest", id="o", medicationReference={"reference": "Medication/m"})

    assert read(knowledge, drafts=(draft, medication)).record.drafts[0].product.concept.text == "Vitamin B12"


LOST = {
    "of another patient": ({"subject": {"reference": "Patient/p2"}}, 1),
    "unreadable": ({"status": ["draft"]}, 1),
    "unreadable, of another drug": (
        {"status": ["draft"], "medicationCodeableConcept": {"text": "metformin"}},
        0,
    ),
    "readable": ({}, 0),
}


@pytest.mark.parametrize(("fields", "count"), LOST.values(), ids=LOST)
def test_a_draft_that_names_b12_and_is_not_read_is_lost(
    knowledge: Knowledge, fields: dict[str, object], count: int
) -> None:
    reading = read(knowledge, drafts=(resource("MedicationRequest", id="o", **fields),))

    assert len(reading.lost_drafts) == count


def test_a_note_of_what_is_unread_holds_no_value(knowledge: Knowledge) -> None:
    secret = resource("MedicationRequest", id="o", authoredOn={"Smith": "secret"})
    [note] = read(knowledge, drafts=(secret,)).record.unread

    assert note.where == "context.draftOrders.entry[0]"
    assert "secret" not in note.reason
    assert "Smith" not in note.reason


def test_a_list_with_a_drug_that_nothing_names_is_not_wholly_seen(knowledge: Knowledge) -> None:
    unknown = {"medicationCodeableConcept": None, "medicationReference": {"reference": "Medication/elsewhere"}}
    spoken = {"medicationReference": {"reference": "Medication/elsewhere", "display": "Vitamin B12 1000 mcg/mL"}}

    assert read(knowledge, resource("MedicationRequest", **unknown)).record.partial == {"MedicationRequest"}
    assert read(knowledge, resource("MedicationRequest", **unknown | spoken)).record.partial == frozenset()
