"""Section 1.6 while ordering: other orders cost the EHR no query, and a drug known by reference only is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wsgi import fetching_of, outbound_of
from tests.helpers import wire
from tests.helpers.fhir_server import FhirServer, Reply, serving
from tests.helpers.reading import B12

METOPROLOL = {
    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "866427"}],
    "text": "metoprolol",
}


def medication(code: wire.Json, **fields: Any) -> wire.Json:
    return {"resourceType": "Medication", "id": "m1", "code": code} | fields


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with serving([{"resourceType": "Patient", "id": wire.PATIENT}, medication(B12)]) as running:
        yield running


@pytest.fixture
def client(knowledge: Knowledge, settings: Settings) -> Iterator[FlaskClient]:
    set_so = settings.model_copy(update={"budget_ms": 10_000, "private_networks": True})
    with closing(outbound_of(set_so)) as outbound, closing(fetching_of(set_so, knowledge, outbound)) as fetching:
        yield wire.application(knowledge, set_so, fetching=fetching).test_client()


def by_reference(display: str = "", **fields: Any) -> wire.Json:
    named = {"reference": "Medication/m1"} | ({"display": display} if display else {})
    return wire.draft(medicationCodeableConcept=None, medicationReference=named, **fields)


def test_a_b12_order_without_prefetch_is_judged_by_what_is_fetched(client: FlaskClient, server: FhirServer) -> None:
    cards = wire.ask(client, wire.sign(wire.draft(), fhirServer=server.base))
    assert "dose_unit_mismatch" in wire.topics(cards)
    assert "notSeen" not in cards[0]["extension"]["org.cobalamin-cds.trace"]
    assert len(server.seen) == 12


NO_CONCERN = {
    "of another drug": [wire.draft(medicationCodeableConcept=METOPROLOL)],
    "by reference to another drug beside it": [by_reference(), medication(METOPROLOL)],
    "by reference to another drug within it": [
        by_reference() | {"contained": [medication(METOPROLOL)], "medicationReference": {"reference": "#m1"}}
    ],
    "by ingredients of another drug": [
        by_reference(), {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": METOPROLOL}]}
    ],
}  # fmt: skip


@pytest.mark.parametrize("drafts", NO_CONCERN.values(), ids=NO_CONCERN)
def test_an_order_that_is_no_concern_of_ours_costs_the_ehr_no_query(
    client: FlaskClient, server: FhirServer, drafts: list[wire.Json]
) -> None:
    assert wire.ask(client, wire.sign(*drafts, fhirServer=server.base)) == []
    assert server.seen == []


CONCERN = {
    "by reference to B12 beside it": [by_reference(), medication(B12)],
    "by reference to B12 within it": [
        by_reference() | {"contained": [medication(B12)], "medicationReference": {"reference": "#m1"}}
    ],
    "by ingredients": [
        by_reference(), {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": B12}]}
    ],
    "by the words of the reference": [by_reference("vitamin B12 injection"), medication(METOPROLOL)],
    "by its notes": [
        wire.draft(medicationCodeableConcept=METOPROLOL), wire.draft(id="o2"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("drafts", CONCERN.values(), ids=CONCERN)
def test_an_order_that_may_be_b12_is_looked_into(
    client: FlaskClient, server: FhirServer, drafts: list[wire.Json]
) -> None:
    wire.ask(client, wire.sign(*drafts, fhirServer=server.base))
    assert len(server.seen) == 12


@pytest.mark.parametrize("display", ["", "vitamin B12 injection"])
def test_a_draft_whose_drug_is_only_on_the_server_is_judged(
    client: FlaskClient, server: FhirServer, display: str
) -> None:
    cards = wire.ask(client, wire.sign(by_reference(display), fhirServer=server.base))
    assert "dose_unit_mismatch" in wire.topics(cards)
    assert server.asked().count("Medication") == 1


def test_where_that_cannot_be_fetched_a_draft_named_b12_is_judged_by_its_name(
    client: FlaskClient, server: FhirServer
) -> None:
    server.fail(Reply({}, 500))
    cards = wire.ask(client, wire.sign(by_reference("vitamin B12 injection"), fhirServer=server.base))
    assert "dose_unit_mismatch" in wire.topics(cards)
    assert "Observation" in cards[0]["extension"]["org.cobalamin-cds.trace"]["notSeen"]


def test_a_patient_who_looks_at_the_own_chart_costs_no_query(client: FlaskClient, server: FhirServer) -> None:
    own = wire.context(userId=f"Patient/{wire.PATIENT}")
    assert wire.ask(client, wire.call("patient-view", own, fhirServer=server.base)) == []
    assert server.seen == []
