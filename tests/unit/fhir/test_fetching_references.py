"""References to Medications: asked for in one search where nothing sent resolves them and they may be B12."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.fhir.prefetch import Prefetched, read_bundle
from tests.helpers.fetching import PATIENT, fetched, ids, nothing_but, outcomes
from tests.helpers.fhir_server import FhirServer, Reply, outcome, serving
from tests.helpers.reading import B12, bundle, raw

Json = dict[str, Any]


def medication(number: int | str, **fields: Any) -> Json:
    return {"resourceType": "Medication", "id": f"m{number}", "code": B12} | fields


def order(reference: str, display: str = "", **fields: Any) -> Json:
    named = {"reference": reference} | ({"display": display} if display else {})
    return {
        "resourceType": "MedicationRequest", "id": "o-" + reference[-6:].replace("/", "-"), "status": "active",
        "intent": "order", "subject": {"reference": f"Patient/{PATIENT}"}, "medicationReference": named,
    } | fields  # fmt: skip


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with serving([medication(number) for number in range(3)]) as running:
        yield running


def sent(*orders: Json) -> Json:
    return nothing_but() | {"medicationRequests": bundle(*orders)}


def searched(server: FhirServer) -> list[str]:
    return [seen.query for seen in server.seen]


def test_several_references_are_resolved_in_one_search(server: FhirServer) -> None:
    found = fetched(server, sent(order("Medication/m1"), order("Medication/m0"), order("Medication/m1")))
    assert searched(server) == ["_id=m0,m1&_count=200"]
    assert ids(found)[-2:] == ["Medication/m0", "Medication/m1"]
    assert (outcomes(found), found.partial) == ({"medications": "fetched"}, frozenset())


def test_references_of_what_was_fetched_are_resolved_too(server: FhirServer) -> None:
    server.resources.append(order("Medication/m2"))
    found = fetched(server, nothing_but("medicationRequests"))
    assert outcomes(found) == {"medicationRequests": "fetched", "medications": "fetched"}
    assert ids(found) == ["MedicationRequest/o-ion-m2", "Medication/m2"]


def test_references_of_drafts_are_resolved_too(server: FhirServer) -> None:
    drafts = read_bundle(raw(bundle(order("Medication/m0"))), "context.draftOrders", 10)
    assert ids(fetched(server, nothing_but(), drafts=drafts)) == ["Medication/m0"]


LEFT_ALONE = {
    "contained": order("#m1", contained=[medication("1")]),
    "named as another drug": order("Medication/m1", "metoprolol 25 mg tablet"),
    "on another host": order("https://evil.example/fhir/Medication/m1"),
    "above the base": order("http://127.0.0.1:1/Medication/m1"),
    "of another type": order("Substance/m1"),
    "a urn": order("urn:uuid:m1"),
    "a way out": order("Medication/.."),
    "with more behind it": order("Medication/m1?x=1"),
    "nothing": order(""),
    "beside a concept": order("Medication/m1", medicationCodeableConcept=B12),
}


@pytest.mark.parametrize("one", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_need_not_or_must_not_be_asked_for_is_not(server: FhirServer, one: Json) -> None:
    fetched(server, sent(one))
    assert server.seen == []


def test_what_was_sent_beside_it_is_not_asked_for(server: FhirServer) -> None:
    fetched(server, sent(order("Medication/m1"), medication(1)))
    assert server.seen == []


ASKED = {
    "without a display": "Medication/m1",
    "of a version": "Medication/m1/_history/3",
    "by its full address": "{base}/Medication/m1",
}


@pytest.mark.parametrize("reference", ASKED.values(), ids=ASKED)
def test_a_reference_is_understood_in_each_form(server: FhirServer, reference: str) -> None:
    found = fetched(server, sent(order(reference.format(base=server.base))))
    assert searched(server) == ["_id=m1&_count=200"]
    assert ids(found)[-1] == "Medication/m1"


def test_a_drug_named_as_b12_is_asked_for_because_its_strength_is_not_known(server: FhirServer) -> None:
    fetched(server, sent(order("Medication/m1", "Vitamin B12 injection")))
    assert searched(server) == ["_id=m1&_count=200"]


def test_a_server_that_searches_no_medications_is_asked_one_by_one(server: FhirServer) -> None:
    server.faults.append(lambda seen: Reply(outcome(), 404) if seen.query else None)
    found = fetched(server, sent(order("Medication/m0"), order("Medication/m2")))
    assert {seen.path for seen in server.seen[1:]} == {"/fhir/Medication/m0", "/fhir/Medication/m2"}  # at once
    assert ids(found)[-2:] == ["Medication/m0", "Medication/m2"]
    assert outcomes(found) == {"medications": "status-404", "medications.0": "fetched", "medications.1": "fetched"}


@pytest.mark.parametrize("reply", [Reply({}, 500), Reply({"resourceType": "Bundle"})], ids=["broken", "not there"])
def test_what_is_not_found_stays_a_reference(server: FhirServer, reply: Reply) -> None:
    server.fail(reply)
    found = fetched(server, sent(order("Medication/m0")))
    assert ids(found) == ["MedicationRequest/o-ion-m0"]
    assert found.fetched[-1].key == "medications"


def test_of_very_many_the_nameless_are_asked_for_first() -> None:
    with serving([medication(f"{number:03}") for number in range(110)]) as server:
        orders = [
            order(f"Medication/m{number:03}", "B12" if number < 20 else "", id=f"o{number}") for number in range(110)
        ]
        found = [one for one in ids(fetched(server, sent(*orders))) if one.startswith("Medication/")]
    assert len(found) == 100
    assert found[-90:] == [f"Medication/m{number:03}" for number in range(20, 110)]


def test_without_references_nothing_more_is_asked(server: FhirServer) -> None:
    assert fetched(server, nothing_but()).resources == Prefetched().resources
    assert server.seen == []
