"""Fetching from two FHIR servers that nobody here wrote: what they bring is what prefetch would have brought."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cds_service.asking import AS_OF
from cds_service.fhir import client as fhir_client
from cds_service.fhir.fetching import PAGE_SIZE, Fetching
from cds_service.fhir.prefetch import Prefetched, read_prefetch
from cds_service.fhir.queries import FETCHED
from cds_service.fhir.templates import TEMPLATES
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from tests.helpers import on_server, wire
from tests.helpers.asking import SECONDS, answered, brought, by_reference, on, outcomes, rich
from tests.helpers.on_server import (
    asked,
    load,
    query_of,
    renamed,
    resources_of,
    search,
    unsearchable,
    unsent,
)
from tests.helpers.patients import request_of
from tests.helpers.processes import ROOT, running
from tests.properties import charts

Json = dict[str, Any]
EXAMPLES = {
    request["hook"] + " " + request["context"]["patientId"]: request for request in on_server.example_requests()
}


def kinds(found: Prefetched) -> Counter[str]:
    return Counter(one.type for one in found.resources)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_gets_the_same_cards_from_prefetch_and_from_the_server(
    service: FlaskClient, base: str, name: str
) -> None:
    sent = wire.ask(service, EXAMPLES[name])
    assert wire.ask(service, unsent(EXAMPLES[name], base)) == sent


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_each_key_that_was_not_sent_is_fetched(
    service: FlaskClient, fetching: Fetching, knowledge: Knowledge, base: str, key: str
) -> None:
    request = on(base, rich("order-sign", "1000 mg IM monthly"))
    whole = answered(service, request)
    assert whole["cards"]
    if key not in unsearchable(base):  # what comes of those that are is in test_sekmet.py
        assert answered(service, unsent(request, base, key)) == whole
        found = brought(fetching, request, base)
        assert outcomes(found)[key] == FETCHED
        assert ids(found, key) == ids(sent_with(request, knowledge), key) != set()


def sent_with(request: Json, knowledge: Knowledge) -> Prefetched:
    return read_prefetch(read_request(json.dumps(request).encode()).prefetch or {}, 1000, knowledge.matters)


def ids(found: Prefetched, key: str) -> set[str | None]:
    return {one.body.id for one in found.resources if one.type == TEMPLATES[key][0]}


def test_a_search_of_many_pages_is_followed_to_its_end(fetching: Fetching, base: str) -> None:
    days = "; ".join(
        f"lab 20{year:02}-{month:02}-01 B12 {200 + year} pg/mL" for year in range(5, 25) for month in range(1, 13)
    )
    request = on(base, renamed(asked(request_of("patient-view", days, ""))))
    query = f"{query_of('observations', request['context']['patientId'])}&_count={PAGE_SIZE}"
    assert len(search(base, query)["entry"]) < 240
    found = brought(fetching, request, base)
    assert kinds(found)["Observation"] == 240
    assert len({one.body.id for one in found.resources}) == 241
    assert set(outcomes(found).values()) == {FETCHED}
    assert not found.partial


def test_a_first_page_that_was_sent_is_followed_by_the_others(service: FlaskClient, base: str) -> None:
    request = on(base, rich())
    patient, key = request["context"]["patientId"], "observations"
    page = search(base, f"{query_of(key, patient)}&_count=1")
    assert len(page["entry"]) == 1
    assert "next" in {link["relation"] for link in page["link"]}
    part = request | {"prefetch": request["prefetch"] | {key: page}}
    assert answered(service, part | {"fhirServer": base}) == answered(service, request)
    assert answered(service, part) != answered(service, request)


def test_searches_too_long_for_an_address_are_posted(
    fetching: Fetching, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = on(base, rich())
    by_get = brought(fetching, request, base)
    monkeypatch.setattr(fhir_client, "LONGEST_GET", 10)
    by_post = brought(fetching, request, base)
    assert set(outcomes(by_post).values()) == {FETCHED}
    assert outcomes(by_post) == outcomes(by_get)
    assert kinds(by_post) == kinds(by_get)
    assert kinds(by_post)["Observation"] == 3


def test_of_all_laboratory_results_those_that_were_asked_for_are_brought(base: str) -> None:
    request = rich()
    patient = request["context"]["patientId"]
    other = {
        "resourceType": "Observation",
        "id": f"{patient}-other",
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "1751-7"}]},
    }
    load(base, [*resources_of(request), other])
    every = search(base, f"Observation?patient={patient}")
    ours = search(base, query_of("observations", patient))
    assert (every["total"], ours["total"]) == (4, 3)


def test_a_patient_named_with_the_type_is_fetched_like_one_without(service: FlaskClient, base: str) -> None:
    request = on(base, rich())
    patient = request["context"]["patientId"]
    whole = answered(service, unsent(request, base))
    assert whole["cards"]
    typed = request | {"context": request["context"] | {"patientId": f"Patient/{patient}"}}
    assert answered(service, unsent(typed, base)) == whole
    for form in (patient, f"Patient/{patient}"):
        assert search(base, f"MedicationAdministration?patient={form}")["total"] == 2


def test_drugs_named_only_by_reference_are_fetched_too(service: FlaskClient, base: str) -> None:
    request = on(base, by_reference())
    plain = json.loads(json.dumps(request))
    drugs = {f"Medication/{one['id']}": one for one in resources_of(request) if one["resourceType"] == "Medication"}
    assert len(drugs) == 2
    for value in plain["prefetch"].values():
        for entry in value.get("entry", []):
            named = entry["resource"].pop("medicationReference", None)
            if named:
                entry["resource"]["medicationCodeableConcept"] = drugs[named["reference"]]["code"]
    found, direct = answered(service, unsent(request, base)), answered(service, plain)
    assert wire.topics(found["cards"]) == wire.topics(direct["cards"])
    assert found["cards"]
    assert not [card for card in found["cards"] if "could not" in card["summary"]]


def test_the_drug_of_an_order_being_written_is_fetched_too(service: FlaskClient, base: str) -> None:
    request = rich("order-sign", "1000 mg IM monthly")
    patient = request["context"]["patientId"]
    [order] = [entry["resource"] for entry in request["context"]["draftOrders"]["entry"]]
    drug = {"resourceType": "Medication", "id": f"{patient}-drug", "code": order.pop("medicationCodeableConcept")}
    load(base, [*resources_of(request), drug])
    order["medicationReference"] = {"reference": f"Medication/{drug['id']}"}
    found = wire.topics(answered(service, unsent(request, base))["cards"])
    assert found["dose_unit_mismatch"] == "critical"


def test_bundles_with_included_resources_in_any_order_are_read(service: FlaskClient, base: str) -> None:
    request = on(base, by_reference())
    patient = request["context"]["patientId"]
    query = f"{query_of('medicationRequests', patient)}&_include=MedicationRequest:medication&_sort=-authoredon"
    sent = search(base, query)
    modes = Counter(entry["search"]["mode"] for entry in sent["entry"])
    assert modes == {"match": 1, "include": 1}
    part = unsent(request, base, "medicationRequests", "medications")
    part["prefetch"]["medicationRequests"] = sent
    assert answered(service, part) == answered(service, request)


def test_results_sorted_by_the_server_give_the_same_cards(service: FlaskClient, base: str) -> None:
    request = on(base, rich())
    patient = request["context"]["patientId"]
    whole = answered(service, request)
    for sort in ("date", "-date"):
        sent = search(base, f"{query_of('observations', patient)}&_sort={sort}")
        days = [entry["resource"]["effectiveDateTime"] for entry in sent["entry"]]
        assert days == sorted(days, reverse=sort == "-date")
        assert answered(service, request | {"prefetch": request["prefetch"] | {"observations": sent}}) == whole


def test_a_patient_unknown_to_the_server_is_refused_by_the_name_of_the_key(service: FlaskClient, base: str) -> None:
    request = unsent(rich(), base)
    [issue] = answered(service, request)["issue"]
    assert "patient" in issue["diagnostics"]


def test_a_patient_deleted_from_the_server_is_refused_like_an_unknown_one(service: FlaskClient, base: str) -> None:
    request = renamed(asked(request_of("patient-view", "born 1951-04-02", "")))
    patient = f"{base}/Patient/{request['context']['patientId']}"
    load(base, resources_of(request))
    assert requests.delete(patient, timeout=SECONDS).ok
    assert requests.get(patient, timeout=SECONDS).status_code == 410
    [issue] = answered(service, unsent(request, base))["issue"]
    assert "patient" in issue["diagnostics"]


KEPT = st.sets(st.sampled_from(sorted(TEMPLATES)), max_size=3)
MANY = 200


def test_prefetch_and_fetch_give_the_same_cards(service: FlaskClient, base: str) -> None:
    asking = [(call, kept, renamed(asked(request_of(call[0], seen(call[1]), call[2])))) for call, kept in many()]
    load(base, (one for _, _, request in asking for one in resources_of(request)))
    spoken, differ = 0, []
    for call, kept, request in asking:
        whole = answered(service, request)
        absent = request["prefetch"].keys() - kept - unsearchable(base)
        differ += [call] if answered(service, unsent(request, base, *absent)) != whole else []
        spoken += bool(whole["cards"])
    assert not differ
    assert spoken > MANY / 5, "mostly silence would show little"


def many() -> list[tuple[tuple[str, str, str], set[str]]]:
    """Calls about as many patients, always the same, with the keys that are sent all the same."""
    found: list[tuple[tuple[str, str, str], set[str]]] = []
    fixed = settings(max_examples=MANY, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    fixed(given(charts.calls(), KEPT)(lambda call, kept: found.append((call, kept))))()
    return found


def seen(record: str) -> str:
    """The record with nothing unseen: what is not sent is on the server."""
    return "; ".join(part for part in record.split("; ") if not part.startswith("unseen"))


def test_the_service_as_a_process_fetches_too(base: str, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
    environ = {"COBALAMIN_PRIVATE_NETWORKS": "true", "COBALAMIN_BUDGET_MS": "10000", "PYTHONPATH": str(ROOT)}
    with running(command, tmp_path, **environ) as started:
        for request in EXAMPLES.values():
            url = f"{started.url}/cds-services/b12-{request['hook']}"
            dated = request | {"extension": {AS_OF: wire.NOW.isoformat()}}
            sent, fetched = (
                requests.post(url, json=one, timeout=SECONDS).json()["cards"] for one in (dated, unsent(dated, base))
            )
            assert fetched == sent
            assert sent or request["hook"] == "order-sign"
