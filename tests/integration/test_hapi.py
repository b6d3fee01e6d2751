"""What only HAPI FHIR can show: pages kept at its base, and refusals where others look away."""

from __future__ import annotations

import re
from typing import Any

import requests
from flask.testing import FlaskClient

from tests.helpers.asking import SECONDS, answered, not_seen, on, rich
from tests.helpers.on_server import query_of, search, unsent

Json = dict[str, Any]


def first_page(base: str, request: Json) -> tuple[Json, Json]:
    """The first page of the laboratory results, and its link to the next one."""
    page = search(base, f"{query_of('observations', request['context']['patientId'])}&_count=1")
    [link] = [one for one in page["link"] if one["relation"] == "next"]
    return page, link


def with_results(request: Json, observations: Json) -> Json:
    return request | {"prefetch": request["prefetch"] | {"observations": observations}}


def test_pages_that_the_server_keeps_under_its_base_are_followed(service: FlaskClient, hapi_base: str) -> None:
    request = on(hapi_base, rich())
    page, link = first_page(hapi_base, request)
    assert link["url"].startswith(f"{hapi_base}?_getpages=")
    part = with_results(request, page) | {"fhirServer": hapi_base}
    whole = answered(service, request)
    assert whole["cards"]
    assert answered(service, part) == whole


def test_pages_that_the_server_no_longer_keeps_are_said_to_be_unseen(service: FlaskClient, hapi_base: str) -> None:
    request = on(hapi_base, rich())
    page, link = first_page(hapi_base, request)
    link["url"] = re.sub(r"_getpages=[^&]+", "_getpages=00000000-0000-4000-8000-000000000000", link["url"])
    assert requests.get(link["url"], timeout=SECONDS).status_code == 410
    found = answered(service, with_results(request, page) | {"fhirServer": hapi_base})
    assert found["cards"]
    assert not_seen(found) == {"Observation"}


def test_a_refused_search_that_was_sent_is_made_good_by_our_own(service: FlaskClient, hapi_base: str) -> None:
    request = on(hapi_base, rich())
    refused = requests.get(f"{hapi_base}/Observation?wonky=1", timeout=SECONDS)
    assert (refused.status_code, refused.json()["resourceType"]) == (400, "OperationOutcome")
    part = with_results(request, refused.json())
    assert not_seen(answered(service, part)) == {"Observation"}
    assert answered(service, part | {"fhirServer": hapi_base}) == answered(service, request)


def test_a_patient_is_not_served_to_the_call_of_another(service: FlaskClient, hapi_base: str) -> None:
    one, other = on(hapi_base, rich()), on(hapi_base, rich())
    mixed = unsent(one, hapi_base)
    mixed["prefetch"] = {"observations": search(hapi_base, query_of("observations", other["context"]["patientId"]))}
    found = answered(service, mixed)
    assert other["context"]["patientId"] not in str(found)
