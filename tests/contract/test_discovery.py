"""Sections 1.2 and 1.3: discovery and its prefetch templates."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from cds_service.fhir.templates import TEMPLATES
from cds_service.web.services import SERVICES
from tests.helpers import wire

SUBSET = {"patient", "code"}
"""Search parameters used: a reference and a token, both of the common subset."""


@pytest.fixture
def services(client: FlaskClient) -> list[wire.Json]:
    response = client.get("/cds-services")
    wire.check("discovery", response.json)
    found: list[wire.Json] = response.get_json()["services"]
    return found


def queries(services: list[wire.Json]) -> list[str]:
    return [query for service in services for query in service["prefetch"].values()]


def test_07_discovery_is_always_available(client: FlaskClient) -> None:
    first, second = client.get("/cds-services"), client.get("/cds-services")
    assert first.status_code == second.status_code == 200
    assert first.data == second.data


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/", "//cds-services", "/cds-services//"])
def test_07_no_client_is_redirected_for_its_slashes(client: FlaskClient, path: str) -> None:
    assert client.get("/", base_url=f"http://localhost{path}").status_code == 404
    assert client.open(path=path, environ_overrides={"PATH_INFO": path}).status_code == 200


def test_08_the_answer_holds_a_list_of_services(services: list[wire.Json]) -> None:
    assert len(services) == 8


def test_09_every_service_has_hook_description_and_id(services: list[wire.Json]) -> None:
    assert [(one["hook"], one["id"]) for one in services] == [
        ("patient-view", "b12-patient-view"),
        ("encounter-start", "b12-encounter-start"),
        ("order-select", "b12-order-select"),
        ("order-sign", "b12-order-sign"),
        ("medication-refill", "b12-medication-refill"),
        ("encounter-discharge", "b12-encounter-discharge"),
        ("problem-list-item-create", "b12-problem-list-item-create"),
        ("allergyintolerance-create", "b12-allergyintolerance-create"),
    ]
    assert all(one["description"].strip() for one in services)


def test_10_every_service_has_a_title(services: list[wire.Json]) -> None:
    assert all(one["title"].strip() for one in services)


def test_11_prefetch_maps_keys_to_queries(services: list[wire.Json]) -> None:
    assert all(set(one["prefetch"]) <= set(TEMPLATES) for one in services)
    asked = {one["hook"]: set(one["prefetch"]) for one in services}
    assert asked["order-sign"] == set(TEMPLATES)
    assert asked["encounter-discharge"] == set(TEMPLATES) - {"serviceRequests", "carePlans", "familyHistory"}
    assert asked["allergyintolerance-create"] == {"patient", "conditions", "allergies", "medicationRequests"}


def test_12_usage_requirements_tell_what_happens_without_prefetch(services: list[wire.Json]) -> None:
    needs = {one["hook"]: one["usageRequirements"] for one in services}
    assert "412" in needs["patient-view"]
    assert "412" in needs["allergyintolerance-create"]
    assert "not seen" in needs["order-sign"]


def test_13_the_version_is_that_of_cds_hooks_as_a_semantic_version(services: list[wire.Json]) -> None:
    assert {one["version"] for one in services} == {"2.0.1"}


def test_14_no_hook_version_is_claimed(services: list[wire.Json]) -> None:
    assert not any("hookVersion" in one for one in services)


def test_15_every_service_is_reachable_under_its_id(client: FlaskClient, services: list[wire.Json]) -> None:
    for one in services:
        assert client.get(f"/cds-services/{one['id']}").status_code == 405


def test_16_no_two_services_share_an_id(services: list[wire.Json]) -> None:
    assert len({one["id"] for one in services}) == len(services) == len(SERVICES)


def test_17_extensions_in_discovery_are_objects(services: list[wire.Json]) -> None:
    assert all(isinstance(one.get("extension", {}), dict) for one in services)


def test_18_every_template_has_a_key_and_says_which_type_it_brings(services: list[wire.Json]) -> None:
    for service in services:
        for key, query in service["prefetch"].items():
            assert key
            assert re.split(r"[/?]", query)[0] == TEMPLATES[key][0]


def test_19_the_interface_is_described(client: FlaskClient) -> None:
    assert "/cds-services/b12-order-sign" in client.get("/openapi.json").get_json()["paths"]


def test_20_templates_are_relative_reads_and_searches(services: list[wire.Json]) -> None:
    assert all(re.match(r"[A-Z]\w+(/\{\{|\?\w+=)", query) for query in queries(services))


def test_21_22_23_24_the_only_token_is_a_first_level_field_of_the_context(services: list[wire.Json]) -> None:
    tokens = {token for query in queries(services) for token in re.findall(r"\{\{(.*?)\}\}", query)}
    assert tokens == {"context.patientId"}


def test_25_26_nothing_needs_fhirpath_or_another_key(services: list[wire.Json]) -> None:
    assert not any(sign in query for query in queries(services) for sign in ("%", "()", "today", "resolve", "ofType"))


def test_27_searches_keep_to_the_common_subset(services: list[wire.Json]) -> None:
    parameters = {
        pair.split("=")[0] for query in queries(services) if "?" in query for pair in query.split("?")[1].split("&")
    }
    assert parameters == SUBSET


def test_28_29_no_query_limits_or_sorts(services: list[wire.Json]) -> None:
    assert not any(word in query for query in queries(services) for word in ("_maxresults", "sort", "_count"))


@pytest.mark.parametrize("key", TEMPLATES)
def test_30_any_one_key_may_be_left_out_at_signing(client: FlaskClient, key: str) -> None:
    request = wire.example("order-sign-unit-mix-up")
    del request["prefetch"][key]
    assert wire.topics(wire.ask(client, request))["dose_unit_mismatch"] == "critical"


def test_31_a_result_with_a_next_page_is_named_as_not_wholly_seen(client: FlaskClient) -> None:
    request = wire.example("order-sign-unit-mix-up")
    request["prefetch"]["observations"]["link"] = [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]
    [card] = wire.ask(client, request)
    assert "Not seen for this check: laboratory results." in card["detail"]


def test_31_a_result_in_a_single_page_is_wholly_seen(client: FlaskClient) -> None:
    request = wire.example("order-sign-unit-mix-up")
    request["prefetch"]["observations"]["link"] = [{"relation": "self", "url": "https://ehr.example.org/fhir?page=1"}]
    [card] = wire.ask(client, request)
    assert "Not seen" not in card["detail"]
