"""The description of the interface agrees with the interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from cds_service.openapi import openapi_of
from cds_service.web.services import SERVICES
from tests.helpers import wire


@pytest.fixture
def description(client: FlaskClient) -> wire.Json:
    response = client.get("/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    found: wire.Json = response.get_json()
    return found


def test_it_is_openapi_31(description: wire.Json) -> None:
    assert description["openapi"].startswith("3.1")
    assert {"title", "version"} <= set(description["info"])


def test_every_address_is_described_and_no_other(app: Flask, description: wire.Json) -> None:
    served = {
        (str(rule).replace("<service_id>", service), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        for service in SERVICES
        if method in {"GET", "POST"} and str(rule).startswith(("/cds-services", "/health", "/version", "/openapi"))
    }
    described = {(path, method) for path, item in description["paths"].items() for method in item}
    assert served == described


def references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        for one in node.values():
            yield from references(one)


def test_every_reference_leads_somewhere_inside(description: wire.Json) -> None:
    found = set(references(description))
    assert len(found) > 20
    for reference in found:
        node: Any = description
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_operation_ids_are_unique(description: wire.Json) -> None:
    ids = [operation["operationId"] for item in description["paths"].values() for operation in item.values()]
    assert len(set(ids)) == len(ids)


REFUSALS = {"400", "413", "415", "429"}
STATUSES = {"discovery": set(), "call": REFUSALS | {"412"}, "feedback": REFUSALS | {"503"}}


@pytest.mark.parametrize(
    ("path", "method", "errors"),
    [
        ("/cds-services", "get", STATUSES["discovery"]),
        ("/cds-services/b12-order-sign", "post", STATUSES["call"]),
        ("/cds-services/b12-order-sign/feedback", "post", STATUSES["feedback"]),
        ("/health", "get", set()),
        ("/health/live", "get", set()),
        ("/version", "get", set()),
        ("/openapi.json", "get", set()),
    ],
)
def test_every_error_is_described_as_an_operation_outcome(
    description: wire.Json, path: str, method: str, errors: set[str]
) -> None:
    responses = description["paths"][path][method]["responses"]
    assert set(responses) - {"401"} == errors | {"200", "default"}
    for status in errors | {"default"}:
        schema = responses[status]["content"]["application/fhir+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/operation-outcome"}


@pytest.mark.parametrize("name", wire.examples())
def test_its_schemas_judge_as_those_of_the_project_do(client: FlaskClient, description: wire.Json, name: str) -> None:
    request = wire.example(name)
    operation = description["paths"][f"/cds-services/b12-{request['hook']}"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    reply = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert valid(description, body, request)
    assert not valid(description, body, request | {"hookInstance": "x"})
    assert valid(description, reply, wire.post(client, request).get_json())
    assert not valid(description, reply, {"cards": [{}]})


def valid(description: wire.Json, schema: wire.Json, instance: Any) -> bool:
    whole = {"components": description["components"]} | schema
    return Draft202012Validator(whole).is_valid(instance)


def test_a_stranger_gets_401_without_a_body(description: wire.Json) -> None:
    operation = description["paths"]["/cds-services/b12-order-sign"]["post"]
    assert "content" not in operation["responses"]["401"]


ASKED = {"/health": "health", "/health/live": "health-live", "/health/ready": "health-ready", "/version": "version"}


@pytest.mark.parametrize(("path", "schema"), ASKED.items(), ids=ASKED)
def test_what_an_operator_asks_is_answered_as_described(client: FlaskClient, path: str, schema: str) -> None:
    wire.check(schema, client.get(path).get_json())


@pytest.mark.parametrize(
    ("base", "servers"),
    [("", None), ("https://cds.example.org/b12/", [{"url": "https://cds.example.org/b12"}])],
)
def test_the_server_is_named_where_it_is_known(base: str, servers: list[wire.Json] | None) -> None:
    assert openapi_of(base, wire.SCHEMAS).get("servers") == servers


def test_making_it_leaves_the_schemas_alone() -> None:
    assert openapi_of("", wire.SCHEMAS) == openapi_of("", wire.SCHEMAS)
    assert wire.SCHEMAS["response"]["$id"].endswith("/response")
