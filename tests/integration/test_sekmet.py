"""What only sekmet-fhir can show: backend services, absolute references, links elsewhere, and what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from cds_service.fhir import client as fhir_client
from cds_service.fhir.fetching import Fetching
from cds_service.fhir.templates import TEMPLATES
from tests.helpers import sekmet
from tests.helpers.asking import answered, brought, by_reference, not_seen, on, outcomes, rich
from tests.helpers.on_server import query_of, search, unsearchable, unsent
from tests.helpers.sekmet import Sekmet

Json = dict[str, Any]
EVERYTHING = "system/*.*"


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, key: ec.EllipticCurvePrivateKey) -> Iterator[Sekmet]:
    """A server that lets nobody in without a token of SMART backend services."""
    with sekmet.serving(tmp_path_factory.mktemp("guarded"), **sekmet.smart(key)) as server:
        yield server


def about(server: Sekmet, request: Json, since: int) -> list[str]:
    """What the server was asked about the patient of a request, after the first so many requests."""
    return [one for one in server.requests()[since:] if request["context"]["patientId"] in one]


def test_only_what_was_not_sent_is_asked_for(service: FlaskClient, sekmet_server: Sekmet) -> None:
    request = on(sekmet_server.base, rich())
    before = len(sekmet_server.requests())
    answered(service, unsent(request, sekmet_server.base, "conditions", "allergies"))
    asked = about(sekmet_server, request, before)
    assert sorted(one.partition("?")[0] for one in asked) == ["GET /fhir/AllergyIntolerance", "GET /fhir/Condition"]


def test_all_drugs_named_by_reference_are_asked_for_in_one_search(service: FlaskClient, sekmet_server: Sekmet) -> None:
    request = on(sekmet_server.base, by_reference())
    before = len(sekmet_server.requests())
    answered(service, unsent(request, sekmet_server.base))
    [asked] = [one for one in about(sekmet_server, request, before) if "/Medication?" in one or "/Medication/" in one]
    patient = request["context"]["patientId"]
    assert {f"{patient}-a", f"{patient}-b"} <= set(
        asked.replace("%2C", ",").replace("=", ",").replace("&", ",").split(",")
    )


def test_a_long_search_is_posted(fetching: Fetching, sekmet_server: Sekmet, monkeypatch: pytest.MonkeyPatch) -> None:
    request = on(sekmet_server.base, rich())
    before = len(sekmet_server.requests())
    address = f"{sekmet_server.base}/{query_of('conditions', request['context']['patientId'])}&_count=200"
    monkeypatch.setattr(fhir_client, "LONGEST_GET", len(address) + 30)
    brought(fetching, request, sekmet_server.base)
    asked = sekmet_server.requests()[before:]
    assert "POST /fhir/Observation/_search" in asked
    assert [one for one in asked if one.startswith("GET /fhir/Condition?")]
    assert not [one for one in asked if one.startswith("GET /fhir/Observation")]


def test_an_outcome_beside_the_results_is_passed_over(service: FlaskClient, sekmet_server: Sekmet) -> None:
    request = on(sekmet_server.base, rich())
    sent = search(sekmet_server.base, f"{query_of('observations', request['context']['patientId'])}&wonky=1")
    assert [entry["search"]["mode"] for entry in sent["entry"]] == ["match", "match", "match", "outcome"]
    whole = answered(service, request)
    assert whole["cards"]
    assert answered(service, request | {"prefetch": request["prefetch"] | {"observations": sent}}) == whole


def test_a_search_that_the_server_does_not_narrow_to_the_patient_counts_for_nobody_else(
    service: FlaskClient, sekmet_server: Sekmet
) -> None:
    assert unsearchable(sekmet_server.base) == {"familyHistory"}
    other, request = on(sekmet_server.base, rich()), on(sekmet_server.base, rich())
    found = search(sekmet_server.base, f"{query_of('familyHistory', request['context']['patientId'])}&_count=200")
    whose = {entry["resource"].get("patient", {}).get("reference", "") for entry in found["entry"]}
    assert f"Patient/{other['context']['patientId']}" in whose
    fetched = answered(service, unsent(request, sekmet_server.base, "familyHistory"))
    assert not_seen(fetched) == {"FamilyMemberHistory"}
    assert [card["summary"] for card in fetched["cards"]] == [
        card["summary"] for card in answered(service, request)["cards"]
    ]
    assert other["context"]["patientId"] not in str(fetched)


def test_absolute_references_are_those_of_this_server(service: FlaskClient, tmp_path: Path) -> None:
    with sekmet.serving(tmp_path, server_behaviour={"absolute_references": True}) as server:
        for request in (on(server.base, rich()), on(server.base, by_reference())):
            patient = request["context"]["patientId"]
            [entry] = search(server.base, query_of("medicationRequests", patient))["entry"]
            assert entry["resource"]["subject"]["reference"] == f"{server.base}/Patient/{patient}"
            whole = answered(service, request)
            assert whole["cards"]
            assert answered(service, unsent(request, server.base)) == whole


def test_a_next_page_at_another_address_is_not_followed_and_said_to_be_unseen(
    service: FlaskClient, tmp_path: Path
) -> None:
    with sekmet.serving(tmp_path, base_url="http://inside.example.org/fhir") as server:
        request = on(server.base, rich())
        page = search(server.base, f"{query_of('observations', request['context']['patientId'])}&_count=1")
        [url] = [one["url"] for one in page["link"] if one["relation"] == "next"]
        assert url.startswith("http://inside.example.org/")
        before = len(server.requests())
        part = request | {"prefetch": request["prefetch"] | {"observations": page}, "fhirServer": server.base}
        assert not_seen(answered(service, part)) == {"Observation"}
        assert len(server.requests()) == before


def test_the_token_of_the_call_opens_the_server(
    service: FlaskClient, guarded: Sekmet, key: ec.EllipticCurvePrivateKey
) -> None:
    request = on(guarded.base, rich(), sekmet.token(guarded, key, EVERYTHING))
    reading = sekmet.token(guarded, key, "system/*.rs")
    whole = answered(service, request)
    assert whole["cards"]
    assert answered(service, unsent(request, guarded.base, token=reading)) == whole


def test_what_the_token_does_not_open_is_named_as_unseen(
    service: FlaskClient, guarded: Sekmet, key: ec.EllipticCurvePrivateKey
) -> None:
    request = on(guarded.base, rich(), sekmet.token(guarded, key, EVERYTHING))
    kinds = {TEMPLATES[one][0] for one in TEMPLATES} - {"Observation", "Condition"}
    narrow = sekmet.token(guarded, key, " ".join(f"system/{kind}.rs" for kind in sorted(kinds)))
    found = answered(service, unsent(request, guarded.base, token=narrow))
    assert found["cards"]
    assert not_seen(found) == {"Observation", "Condition"}
    assert all("Not seen" in card["detail"] for card in found["cards"])


@pytest.mark.parametrize("scope", ["system/Observation.rs", ""])
def test_a_token_that_does_not_open_what_is_required_gets_a_refusal_that_names_it(
    service: FlaskClient, guarded: Sekmet, key: ec.EllipticCurvePrivateKey, scope: str
) -> None:
    request = on(guarded.base, rich(), sekmet.token(guarded, key, EVERYTHING))
    narrow = sekmet.token(guarded, key, scope) if scope else ""
    [issue] = answered(service, unsent(request, guarded.base, token=narrow))["issue"]
    assert "medicationRequests" in issue["diagnostics"]
    assert "patient" in issue["diagnostics"]


def test_a_server_that_refuses_is_told_apart_from_one_that_has_nothing(
    fetching: Fetching, guarded: Sekmet, key: ec.EllipticCurvePrivateKey
) -> None:
    request = on(guarded.base, rich(), sekmet.token(guarded, key, EVERYTHING))
    assert set(outcomes(brought(fetching, request, guarded.base)).values()) == {"status-401"}
